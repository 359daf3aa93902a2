// The client over wasi:sockets: our own core does the HTTP. TLS is none of its affairs.
import './engine.mjs';
import './loaded.mjs';

import { instanceNetwork } from 'wasi:sockets/instance-network@0.2.12';
import { resolveAddresses } from 'wasi:sockets/ip-name-lookup@0.2.12';
import { createTcpSocket } from 'wasi:sockets/tcp-create-socket@0.2.12';
import * as httpx from 'httpx-wasm';
import { provideBlockingSockets } from 'httpx-wasm/polyfill';
import { clientOf } from './client.mjs';
import { countdown, drop, isReady, readFrom, writeTo } from './wasi.mjs';

/** What `attempt` gives, asked again whenever it may be there; `undefined`: not within that time. */
function awaited(attempt, subscribe, left) {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (error.payload !== 'would-block') throw error;
      if (!isReady(subscribe, left())) return undefined;
    }
  }
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** The addresses of a host, one after the other. `undefined`: it took too long. */
function* addressesOf(network, host, left) {
  if (IPV4.test(host)) {
    yield { tag: 'ipv4', val: host.split('.').map(Number) };
    return;
  }
  const names = resolveAddresses(network, host);
  try {
    for (;;) {
      const address = awaited(
        () => names.resolveNextAddress(),
        () => names.subscribe(),
        left,
      );
      if (address === null) return;
      yield address;
      if (address === undefined) return;
    }
  } finally {
    drop(names);
  }
}

function socketAddress({ tag, val: address }, port) {
  return { tag, val: tag === 'ipv4' ? { port, address } : { port, flowInfo: 0, address, scopeId: 0 } };
}

/** A connection to an address; `null`: not within that time. */
function connected(network, address, left) {
  const socket = createTcpSocket(address.tag);
  try {
    socket.startConnect(network, address.remote);
    const streams = awaited(
      () => socket.finishConnect(),
      () => socket.subscribe(),
      left,
    );
    if (streams !== undefined) return [socket, ...streams];
  } catch (error) {
    drop(socket);
    throw new Error(error.payload ?? error.message);
  }
  drop(socket);
  return null;
}

function opened(host, port, left) {
  const network = instanceNetwork();
  let failure = new Error('it has no address');
  try {
    for (const address of addressesOf(network, host, left)) {
      if (address === undefined) return null;
      try {
        return connected(network, { tag: address.tag, remote: socketAddress(address, port) }, left);
      } catch (error) {
        failure = error;
      }
    }
  } finally {
    drop(network);
  }
  throw failure;
}

provideBlockingSockets(({ host, port, tls }, timeoutMs) => {
  if (tls !== null) {
    throw new httpx.ConnectError(`Cannot connect to ${host}:${port}: there is no TLS here`, { retryable: false });
  }
  const resources = opened(host, port, countdown(timeoutMs));
  if (resources === null) return null;
  const [, input, output] = resources;
  return {
    read: (ms) => readFrom(input, ms),
    write: (octets, ms) => writeTo(output, octets, ms),
    // Streams are children of their socket: they go first.
    close: () => resources.splice(0).reverse().forEach(drop),
  };
});

export const client = clientOf(() => new httpx.Client());
