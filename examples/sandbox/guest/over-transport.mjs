// The client over the host's `transport`: our own core does the HTTP. The engine has no WASI: time and randomness come from
// there as well.
import './engine.mjs';
import './loaded.mjs';

import * as transport from 'httpx-wasm:sandbox/transport@0.1.0';
import * as httpx from 'httpx-wasm';
import { provideBlockingSockets } from 'httpx-wasm/polyfill';
import { clientOf } from './client.mjs';

const now = () => Number(transport.now());
Date.now = now;
globalThis.performance = { now };
globalThis.crypto = {
  getRandomValues(view) {
    view.set(transport.random(view.length));
    return view;
  },
};

const wholeMs = (timeoutMs) => (timeoutMs === null ? undefined : Math.min(Math.ceil(timeoutMs), 0xffffffff));

provideBlockingSockets(({ host, port, tls }, timeoutMs) => {
  if (tls !== null) {
    throw new httpx.ConnectError(`Cannot connect to ${host}:${port}: the transport has no TLS`, { retryable: false });
  }
  const connection = transport.connect(host, port, wholeMs(timeoutMs));
  if (connection === 0) return null;
  return {
    read(ms) {
      const [octets, isClosed] = transport.read(connection, wholeMs(ms));
      return isClosed && octets.length === 0 ? null : octets;
    },
    write: (octets, ms) => transport.write(connection, octets, wholeMs(ms)),
    close: () => transport.close(connection),
  };
});

export const client = clientOf(() => new httpx.Client());
