/**
 * Sockets that whoever embeds the engine gives, on hosts that have none of their own: an engine in a process, a component in a
 * sandbox. Octets are pulled, one read in flight, and pushed on. Names are resolved, and TLS is spoken, by who gives them.
 */
import { CloseError, ConnectError, ReadError, type TransportError, WriteError } from '../exceptions.js';
import { connectError, messageOf, placeOf } from './connect-error.js';
import type { Address, Cancel, Connector, MaybePromise, Octets, Sink, Socket } from './socket.js';
import { STOP } from './socket.js';

/** Where to connect. */
export interface GivenAddress {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS that is to be spoken: the name that the certificate must have, and what is offered by ALPN; `null`: none. */
  readonly tls: { readonly serverName: string; readonly alpn: readonly string[] } | null;
}

/** A connection. What a method rejects with, or throws, ends it. */
export interface GivenSocket {
  /** The protocol that TLS negotiated, where it did. */
  readonly alpn?: string | null;
  /** The next octets, at least one, which are the caller's from then on; `null`: the peer closed its side. One call at a time. */
  read(): MaybePromise<Uint8Array | null>;
  /** Sends octets, which stay as they are; settles when more may be written. Calls come in order, without waiting. */
  write(octets: Uint8Array): MaybePromise<void>;
  /** Closes our side only. */
  closeWrite?(): MaybePromise<void>;
  /** Closes both sides; a `read` in flight settles as it may. */
  close(): void;
}

/** Opens a connection. What it rejects with, or throws, is the cause of a ConnectError. */
export type Connect = (address: GivenAddress) => MaybePromise<GivenSocket>;

/** Options that would need what is not asked of who gives sockets. */
export const CANNOT: readonly string[] = [
  'verify',
  'cert',
  'uds',
  'localAddress',
  'socketOptions',
  'resolve',
  'allowAddress',
];

let given: Connect | null = null;

/**
 * From now on clients that are made connect by `connect`, where the host has no sockets of its own; elsewhere this changes
 * nothing. `null`: they have none again.
 */
export function provideSockets(connect: Connect | null): void {
  given = connect;
}

/** Head and body in memory of their own: what is written may be changed by its owner as soon as `write` returns. */
export function together(head: Octets, body: Uint8Array | null): Uint8Array {
  const whole = new Uint8Array(head.length + (body?.length ?? 0));
  if (typeof head !== 'string') whole.set(head);
  else for (let at = 0; at < head.length; at++) whole[at] = head.charCodeAt(at);
  if (body !== null) whole.set(body, head.length);
  return whole;
}

class OwnSocket implements Socket {
  readonly blocking = false;
  readonly alpn: string | null;
  sink: Sink | null = null;
  lend = false;
  peer: string;
  readonly #socket: GivenSocket;
  #reading = false;
  #wanted = false;
  #over = false;

  constructor(peer: string, socket: GivenSocket) {
    this.peer = peer;
    this.#socket = socket;
    this.alpn = socket.alpn ?? null;
  }

  demand(): void {
    this.#wanted = true;
    if (this.#reading || this.#over) return;
    this.#reading = true;
    this.#pump().then(undefined, (cause: unknown) =>
      this.#tell(new ReadError(`Cannot read from ${this.peer}: ${messageOf(cause)}`, { cause })),
    );
  }

  async #pump(): Promise<void> {
    while (this.#wanted && !this.#over) {
      const octets = await this.#socket.read();
      if (this.#over) return;
      if (octets === null) {
        this.#tell(null);
        return;
      }
      // They are the sink's: it may keep them.
      const answer = this.sink?.octets(octets, octets.length, true) ?? STOP;
      if ((answer & STOP) !== 0) this.#wanted = false;
    }
    this.#reading = false;
  }

  #tell(error: TransportError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.sink?.ended(error);
  }

  wait(): boolean {
    return false;
  }

  async write(head: Octets, body: Uint8Array | null): Promise<void> {
    try {
      await this.#socket.write(together(head, body));
    } catch (cause) {
      throw new WriteError(`Cannot send to ${this.peer}: ${messageOf(cause)}`, { cause });
    }
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#socket.closeWrite?.();
    } catch (cause) {
      throw new CloseError(`Cannot close our side to ${this.peer}: ${messageOf(cause)}`, { cause });
    }
  }

  startTls(): never {
    throw connectError(this.peer, 'tls', new Error('the sockets given to this host cannot begin TLS later'));
  }

  close(): void {
    this.#over = true;
    this.sink = null;
    this.#socket.close();
  }

  ref(): void {}

  info(name: string): unknown {
    return name === 'is_readable' ? this.#over : undefined;
  }
}

/** The connection, unless who waits for it gives up: it is then closed when it comes. */
async function connected(connect: Connect, address: GivenAddress, cancel: Cancel): Promise<GivenSocket> {
  let giveUp!: (error: Error) => void;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const coming = Promise.resolve(connect(address));
  cancel.onCancel = () => {
    giveUp(new Error('the attempt was given up'));
    coming.then((socket) => socket.close()).catch(() => {});
  };
  try {
    return await Promise.race([coming, givenUp]);
  } finally {
    cancel.onCancel = null;
  }
}

async function connectBy(connect: Connect, address: Address, cancel: Cancel): Promise<Socket> {
  const { host, port, tls } = address;
  const where = placeOf(address);
  cancel.phase = tls === null ? 'connect' : 'tls';
  const target = tls === null ? null : { serverName: tls.hostname, alpn: tls.alpn };
  try {
    const socket = new OwnSocket(where, await connected(connect, { host, port, tls: target }, cancel));
    cancel.connectedAt = cancel.now();
    if (tls !== null) cancel.securedAt = cancel.connectedAt;
    return socket;
  } catch (error) {
    throw connectError(where, cancel.phase, error, true);
  }
}

function noSockets(address: Address): never {
  throw new ConnectError(
    `Cannot connect to ${placeOf(address)}: this host has no sockets; use FetchTransport, a transport of your own, or ` +
      'provideSockets of httpx-wasm/polyfill',
    { retryable: false },
  );
}

/** Connects by what was provided last; while nothing is, who asks for a connection is told. */
export const givenConnector: Connector = {
  blocking: false,
  get onlyFetches() {
    return given === null;
  },
  get cannot() {
    return given === null ? [] : CANNOT;
  },
  connect(address, cancel) {
    return given === null ? noSockets(address) : connectBy(given, address, cancel);
  },
  close() {},
};
