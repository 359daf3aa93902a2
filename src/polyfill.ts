/**
 * The entry `httpx-wasm/polyfill`: what the client takes for granted of a host, put into the global object where it is absent,
 * and only there. For engines that are JavaScript and nothing else (QuickJS); imported before anything else of the package.
 *
 * - Streams are those of web-streams-polyfill, URLs of whatwg-url (UTS 46 included), encodings of @exodus/bytes. Small things
 *   that no package of today makes alone are ours, in `polyfill/`.
 * - What no script can make must come from who embeds the engine: `setTimeout` and `clearTimeout` where there are timeouts, and
 *   `crypto.getRandomValues` for forms with files and Digest. Nothing that only looks like it is put there.
 * - Sockets come from there as well, in a few methods: by `provideSockets`, and by `provideBlockingSockets` for `Client`.
 * - Not a host's `fetch` with its classes, nor compression streams: what is made of these says that they are absent.
 */

import './polyfill/text.js';

import * as streams from 'web-streams-polyfill';
import { URL, URLSearchParams } from 'whatwg-url';
import { AbortController, AbortSignal } from './polyfill/abort.js';
import { atob, btoa } from './polyfill/base64.js';
import { DOMException } from './polyfill/dom-exception.js';
import { install, installed as names } from './polyfill/install.js';
import { takeAway } from './polyfill/shared-memory.js';

export type { ConnectBlocking, GivenBlockingSocket } from './hosts/given-blocking-sockets.js';
export { provideBlockingSockets } from './hosts/given-blocking-sockets.js';
export type { Connect, GivenAddress, GivenSocket } from './hosts/given-sockets.js';
export { provideSockets } from './hosts/given-sockets.js';

/** Names of the globals that were absent, and are there now. */
export const installed: readonly string[] = names;

const {
  ReadableStream,
  ReadableStreamDefaultReader,
  ReadableStreamBYOBReader,
  ReadableStreamDefaultController,
  ReadableByteStreamController,
  ReadableStreamBYOBRequest,
  WritableStream,
  WritableStreamDefaultWriter,
  WritableStreamDefaultController,
  TransformStream,
  TransformStreamDefaultController,
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
} = streams;

/** A clock that never goes back, in milliseconds since it was made. */
function clock(): { now(): number } {
  const began = Date.now();
  let latest = 0;
  return {
    now() {
      latest = Math.max(latest, Date.now() - began);
      return latest;
    },
  };
}

/** A console that nobody reads. */
const SILENT = { log() {}, info() {}, debug() {}, warn() {}, error() {} };

takeAway();
for (const name of ['dispose', 'asyncDispose']) {
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
}
install({ DOMException });
install({ atob });
install({ btoa });
install({ queueMicrotask: (run: () => void): void => void Promise.resolve().then(run) });
install({ performance: clock() });
install({ console: SILENT });
install({ AbortController, AbortSignal });
install({ URL, URLSearchParams });
install({
  ReadableStream,
  ReadableStreamDefaultReader,
  ReadableStreamBYOBReader,
  ReadableStreamDefaultController,
  ReadableByteStreamController,
  ReadableStreamBYOBRequest,
  WritableStream,
  WritableStreamDefaultWriter,
  WritableStreamDefaultController,
  TransformStream,
  TransformStreamDefaultController,
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
});
