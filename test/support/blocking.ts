/** Blocking sockets driven by hand: a sink that records, and waits that never outlast a test. */
import { onTestFinished } from 'vitest';
import { openConnector } from '#blocking';
import type { TransportError } from '../../src/exceptions.js';
import type { Address, Cancel, Connector, MaybePromise, Sink, Socket, Waitable } from '../../src/hosts/socket.js';
import { GO_ON } from '../../src/hosts/socket.js';
import { textOf } from './octets.js';
import type { ScriptedServer } from './scripted-server.js';

/** Longest that a test waits for something on a socket. */
const WAIT_MS = 30_000;

export function cancelOf(): Cancel & { cancelled: boolean } {
  return {
    cancelled: false,
    onCancel: null,
    phase: 'dns',
    now: () => performance.now(),
    resolvedAt: 0,
    connectedAt: 0,
    securedAt: 0,
  };
}

export function addressOf(port: number, more: Partial<Address> = {}): Address {
  const nowhere = { uds: null, localAddress: null, socketOptions: null, tls: null, resolve: null, allowAddress: null };
  return { host: '127.0.0.1', port, ...nowhere, ...more };
}

/** A connector that is closed when the test ends. */
export function connectorOf(): Connector {
  const connector = openConnector();
  onTestFinished(() => connector.close());
  return connector;
}

/** Waits for what was promised. @throws what it was rejected with; Error if it takes too long. */
export function settled<T>(promised: MaybePromise<T>, mostMs: number = WAIT_MS): T {
  if (typeof (promised as Waitable<T> | undefined)?.wait !== 'function') return promised as T;
  const waitable = promised as Waitable<T>;
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  waitable.then(
    (value) => {
      outcome = { value };
    },
    (error) => {
      outcome = { error };
    },
  );
  const end = performance.now() + mostMs;
  while (outcome === null) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) throw new Error(`Not settled within ${mostMs} ms`);
    waitable.wait(leftMs);
  }
  const { value, error } = outcome as { readonly value?: T; readonly error?: unknown };
  if (error !== undefined) throw error;
  return value as T;
}

/** What the socket said, in order. */
export class Heard implements Sink {
  readonly pieces: Uint8Array[] = [];
  readonly ends: (TransportError | null)[] = [];
  /** What the next deliveries are answered with. */
  answer: number = GO_ON;
  /** Called inside each delivery. */
  onOctets: ((bytes: Uint8Array, length: number) => void) | null = null;
  octetsHeard = 0;

  octets(bytes: Uint8Array, length: number): number {
    this.pieces.push(bytes.slice(0, length));
    this.octetsHeard += length;
    this.onOctets?.(bytes, length);
    return this.answer;
  }

  ended(error: TransportError | null): void {
    this.ends.push(error);
  }

  get octetsInAll(): Uint8Array {
    return Buffer.concat(this.pieces);
  }

  get text(): string {
    return textOf(this.octetsInAll);
  }
}

/** A connected socket and its sink, both in use. */
export interface Line {
  readonly socket: Socket;
  readonly heard: Heard;
}

export function lineOf(socket: Socket): Line {
  const heard = new Heard();
  socket.sink = heard;
  socket.demand();
  return { socket, heard };
}

export function connectTo(port: number, more: Partial<Address> = {}, connector: Connector = connectorOf()): Line {
  return lineOf(settled(connector.connect(addressOf(port, more), cancelOf())));
}

/** Waits on the socket until `question` answers true. @throws Error if that takes too long. */
export function waitUntil({ socket }: Line, question: () => boolean, mostMs: number = WAIT_MS): void {
  const end = performance.now() + mostMs;
  while (!question()) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) throw new Error(`Not within ${mostMs} ms: ${question}`);
    socket.wait(leftMs);
  }
}

/** Resolves when there was a connection to the server and none is open any more. */
export function goneFrom(server: ScriptedServer): Promise<void> {
  return server.until(() => server.accepted > 0 && server.openSockets === 0);
}
