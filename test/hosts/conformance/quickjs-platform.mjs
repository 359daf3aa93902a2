// What an engine has of its embedder, as the platform's own names: timers, randomness, hashes, and sockets. `embedder.call`
// begins something in quickjs.mjs, which answers by `settle`, or by `fire` when a timer is due.
import { installed, provideSockets } from 'httpx-wasm/polyfill';

const calls = new Map();
const timers = new Map();
let numbers = 0;

function call(name, words, octets = null) {
  const id = ++numbers;
  return new Promise((resolve, reject) => {
    calls.set(id, { resolve, reject });
    embedder.call(id, name, JSON.stringify(words), octets === null ? undefined : octets.slice().buffer);
  });
}

globalThis.embedded = {
  /** Whether the engine had nothing of its own. */
  isBare: ['ReadableStream', 'URL', 'TextDecoder', 'AbortController'].every((name) => installed.includes(name)),
  settle(id, error, value) {
    const { resolve, reject } = calls.get(id);
    calls.delete(id);
    if (error === null) resolve(value instanceof ArrayBuffer ? new Uint8Array(value) : value);
    else reject(new Error(error));
  },
  fire(id) {
    const run = timers.get(id);
    timers.delete(id);
    run?.();
  },
};

globalThis.setTimeout = (run, ms = 0) => {
  const id = ++numbers;
  timers.set(id, run);
  embedder.after(id, ms);
  return id;
};
globalThis.clearTimeout = (id) => {
  timers.delete(id);
};
globalThis.crypto = {
  getRandomValues(view) {
    view.set(new Uint8Array(embedder.random(view.length)));
    return view;
  },
  subtle: {
    digest: async (_, octets) => embedder.sha256(octets.slice().buffer),
  },
};

provideSockets(async ({ host, port, tls }) => {
  if (tls !== null) throw new Error('the embedder has no TLS');
  const id = await call('connect', [host, port]);
  return {
    read: () => call('read', [id]),
    write: (octets) => call('write', [id], octets),
    closeWrite: () => call('closeWrite', [id]),
    close: () => void call('close', [id]),
  };
});
