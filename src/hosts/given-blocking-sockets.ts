/**
 * Sockets that whoever embeds the engine gives for a thread that blocks: a component in a sandbox, where nothing goes on while
 * a call is being answered. Each call of theirs says how long it may take; connecting, and all that is delivered, happens
 * inside `wait`. While octets wait to be sent the peer is heard, too: it may stop taking them until it is.
 */
import { CloseError, ConnectError, ReadError, WriteError } from '../exceptions.js';
import { connectError, messageOf, placeOf } from './connect-error.js';
import { CANNOT, type GivenAddress, together } from './given-sockets.js';
import type { Address, Cancel, Connector, MaybePromise, Octets, Sink, Socket } from './socket.js';
import { STOP } from './socket.js';
import { Pending } from './waitable.js';

/** How long one write waits before the peer is heard, ms. */
const UNHEARD_MS = 20;
/** How many octets one write is given: the peer is heard after each. */
const WRITTEN_OCTETS_MAX = 262144;

/** A connection whose methods block. What one of them throws ends it. */
export interface GivenBlockingSocket {
  /** The protocol that TLS negotiated, where it did. */
  readonly alpn?: string | null;
  /**
   * The next octets, which are the caller's from then on; none: nothing came within `timeoutMs`; `null`: the peer closed its
   * side. `timeoutMs`: 0 waits for nothing, `null` for as long as it takes.
   */
  read(timeoutMs: number | null): Uint8Array | null;
  /** Sends the first of these octets, as many as are taken within `timeoutMs` (as in `read`). How many those were. */
  write(octets: Uint8Array, timeoutMs: number | null): number;
  /** Closes our side only. */
  closeWrite?(): void;
  /** Closes both sides. */
  close(): void;
}

/**
 * Opens a connection; `null`: it did not come within `timeoutMs`, and will not (`null`: as long as it takes). What it throws is
 * the cause of a ConnectError.
 */
export type ConnectBlocking = (address: GivenAddress, timeoutMs: number | null) => GivenBlockingSocket | null;

let given: ConnectBlocking | null = null;

/** From now on `Client` connects by `connect`, where the host has no blocking sockets of its own. `null`: no longer. */
export function provideBlockingSockets(connect: ConnectBlocking | null): void {
  given = connect;
}

class OwnBlockingSocket implements Socket {
  readonly blocking = true;
  readonly alpn: string | null;
  sink: Sink | null = null;
  lend = false;
  peer: string;
  readonly #socket: GivenBlockingSocket;
  #stopped = true;
  /** The peer closed its side, or the connection failed, or `close` was called: nothing is read any more. */
  #over = false;
  #held: Uint8Array[] = [];
  /** One for all writes that wait. */
  #draining: Pending<void> | null = null;
  /** Why nothing can be sent any more. */
  #unsent: WriteError | null = null;

  constructor(peer: string, socket: GivenBlockingSocket) {
    this.peer = peer;
    this.#socket = socket;
    this.alpn = socket.alpn ?? null;
  }

  demand(): void {
    this.#stopped = false;
  }

  /** @throws Error if nothing can ever happen: our mistake, which would block for ever. */
  wait(timeoutMs: number | null): boolean {
    const sink = this.#stopped || this.#over ? null : this.sink;
    if (this.#draining !== null) {
      // What the peer said before nothing could be sent any more is heard first: it may be why.
      if (sink !== null && this.#deliver(sink, 0)) return true;
      return this.#drain(Math.min(timeoutMs ?? UNHEARD_MS, UNHEARD_MS));
    }
    if (sink !== null) return this.#deliver(sink, timeoutMs);
    if (timeoutMs === null) throw new Error(`Cannot wait for ${this.peer}: nothing is being read or written`);
    return false;
  }

  #deliver(sink: Sink, timeoutMs: number | null): boolean {
    let octets: Uint8Array | null;
    try {
      octets = this.#socket.read(timeoutMs);
    } catch (cause) {
      this.#over = true;
      sink.ended(new ReadError(`Cannot read from ${this.peer}: ${messageOf(cause)}`, { cause }));
      return true;
    }
    if (octets === null) {
      this.#over = true;
      sink.ended(null);
      return true;
    }
    if (octets.length === 0) return false;
    this.#stopped = true;
    // They are the sink's: it may keep them.
    if ((sink.octets(octets, octets.length, true) & STOP) === 0) this.#stopped = false;
    return true;
  }

  write(head: Octets, body: Uint8Array | null): MaybePromise<void> {
    if (this.#unsent === null) this.#held.push(together(head, body));
    if (this.#draining === null && this.#unsent === null && this.#sendHeld(0)) return undefined;
    this.#draining ??= new Pending<void>(this);
    return this.#draining;
  }

  /** Sends some of what is held. True: all of it has left. */
  #sendHeld(timeoutMs: number): boolean {
    const [first] = this.#held;
    if (first === undefined || this.#unsent !== null) return false;
    try {
      const taken = this.#socket.write(first.subarray(0, WRITTEN_OCTETS_MAX), timeoutMs);
      if (taken < first.length) this.#held[0] = first.subarray(taken);
      else this.#held.shift();
    } catch (cause) {
      this.#unsent = new WriteError(`Cannot send to ${this.peer}: ${messageOf(cause)}`, { cause });
    }
    return this.#held.length === 0;
  }

  /** Sends on, and settles what waits for it; a failure not before the peer was heard once more. False: not all has left. */
  #drain(timeoutMs: number): boolean {
    const failure = this.#unsent;
    if (failure === null && !this.#sendHeld(timeoutMs)) return false;
    const draining = this.#draining as Pending<void>;
    this.#draining = null;
    this.#held = [];
    if (failure === null) draining.resolve();
    else draining.reject(failure);
    return true;
  }

  closeWrite(): Pending<void> {
    const sent = this.#draining ?? new Pending<void>(this);
    if (this.#draining === null) sent.resolve();
    return sent.then(() => this.#endWriting());
  }

  #endWriting(): void {
    try {
      this.#socket.closeWrite?.();
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
    this.#held = [];
    this.#unsent ??= new WriteError(`Cannot send to ${this.peer}: the connection was closed`);
    this.#socket.close();
  }

  ref(): void {}

  info(name: string): unknown {
    return name === 'is_readable' ? this.#over : undefined;
  }
}

/** Connects inside `wait`, where it is known how long that may take. */
function connectBy(connect: ConnectBlocking, address: Address, cancel: Cancel): Pending<Socket> {
  const { host, port, tls } = address;
  const where = placeOf(address);
  const target = tls === null ? null : { serverName: tls.hostname, alpn: tls.alpn };
  cancel.phase = tls === null ? 'connect' : 'tls';
  const opening: Pending<Socket> = new Pending<Socket>({
    wait(timeoutMs) {
      try {
        const socket = connect({ host, port, tls: target }, timeoutMs);
        if (socket === null) return false;
        cancel.connectedAt = cancel.now();
        if (tls !== null) cancel.securedAt = cancel.connectedAt;
        opening.resolve(new OwnBlockingSocket(where, socket));
      } catch (error) {
        opening.reject(connectError(where, cancel.phase, error, true));
      }
      return true;
    },
  });
  return opening;
}

function noSockets(address: Address): never {
  throw new ConnectError(
    `Cannot connect to ${placeOf(address)}: a thread of this host cannot block until octets come; use AsyncClient, give ` +
      'Client a transport that answers at once, such as MockTransport, or provideBlockingSockets of httpx-wasm/polyfill',
    { retryable: false },
  );
}

/** Connects by what was provided last; while nothing is, who asks for a connection is told. */
export const givenBlockingConnector: Connector = {
  blocking: true,
  get cannot() {
    return given === null ? [] : CANNOT;
  },
  connect(address, cancel) {
    return given === null ? noSockets(address) : connectBy(given, address, cancel);
  },
  close() {},
};
