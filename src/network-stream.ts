/**
 * A connection that is no longer HTTP (101, or 2xx to CONNECT; httpx: the `network_stream` extension). Octets that came
 * with the response are read first. It knows nothing of the protocol that follows.
 *
 * Invariants: reads are served in the order of their calls, and every read ends: with octets, at the end, at its limit, or
 * when the stream is closed. Once both sides have ended the connection is closed, and its place in the pool free.
 */
import { checkFields, type Duration, durationMs, own } from './config.js';
import type { HttpConnection } from './connection.js';
import { arm, type DeadlineList, disarm } from './deadlines.js';
import {
  CloseError,
  LocalProtocolError,
  ReadError,
  ReadTimeout,
  TransportError,
  WriteError,
  WriteTimeout,
} from './exceptions.js';
import { type Flow, isThenable, runAsync, runSync } from './flow.js';
import type { MaybePromise, Socket, Waitable } from './hosts/socket.js';
import { GO_ON, STOP } from './hosts/socket.js';
import { Handshake, Waiting } from './network-stream-waits.js';
import { alpnGiven, hostnameGiven, START_TLS_OPTIONS, type StartTlsOptions } from './start-tls.js';

/** Octets that wait for a reader before reading pauses. */
const BUFFERED_OCTETS_MAX = 262144;
/** What one read gives at the most, unless it asks for more. */
const READ_OCTETS = 65536;

/** How long a call that blocks waits for what was written to leave, when the writing side is ended. */
const LEAVING_MS = 1000;

/** Limits of one `read` or `write`. */
export interface NetworkStreamOptions {
  /** How long this one call may take, in milliseconds or with a unit; no limit by default. */
  readonly timeout?: Duration | null | undefined;
}

const LIMIT_NAMES = ['timeout'];

/** Raw octets both ways over what was an HTTP connection. */
export class NetworkStream {
  readonly #connection: HttpConnection;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #buffered = 0;
  /** Reads that wait, in order; none of them could be served. */
  readonly #reads: Waiting[] = [];
  #writes = 0;
  #handshake: Handshake | null = null;
  /** The peer said that nothing more comes, or nobody wants it. */
  #ended = false;
  #writeEnded = false;
  /** `close` was called. */
  #closed = false;
  #error: TransportError | null = null;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #source: ReadableByteStreamController | null = null;
  #drain: WritableStreamDefaultController | null = null;

  /** @internal The host of the request's URL, whichever proxy forwarded it: set before the stream is anybody's. */
  hostname = '';

  /** @internal */
  constructor(connection: HttpConnection, first: Uint8Array<ArrayBuffer>) {
    this.#connection = connection;
    if (first.length > 0) this.#push(first);
  }

  /**
   * At most `maxOctets` octets, as soon as some are there; empty at the end. Reads may overlap: they get what comes in the
   * order of their calls.
   * @throws ReadTimeout, ReadError; CloseError once the stream is closed; RangeError unless at least one octet is wanted
   */
  read(maxOctets: number = READ_OCTETS, options?: NetworkStreamOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#run(this.#reading(maxOctets, options));
  }

  /**
   * Sends octets; settles when the host took them, until when they must not be changed.
   * @throws WriteTimeout, WriteError; CloseError once the stream, or its writing side, is closed
   */
  write(octets: Uint8Array, options?: NetworkStreamOptions): Promise<void> {
    return this.#run(this.#writing(octets, options));
  }

  /**
   * Says that nothing more will be written; reading goes on. It does not wait for what was written to leave. Of `Client` it
   * does, but a second at the most: what the peer has not taken by then goes on leaving while later calls wait.
   * @throws WriteError, CloseError (of `Client`) if that failed while it waited
   */
  closeWrite(): void {
    if (this.#connection.closed) return;
    const ending = this.#endWriting();
    const { socket, deadlines } = this.#connection;
    if (ending === null || !socket.blocking) return;
    try {
      runSync(this.#until(ending, deadlines.of(LEAVING_MS)), deadlines);
    } catch (error) {
      if (!(error instanceof WriteTimeout)) throw error;
    }
  }

  /** What ends when the host sent what was written, and the end; `null`: there is nothing to wait for. */
  #endWriting(): Waiting | null {
    if (this.#writeEnded) return null;
    this.#writeEnded = true;
    const sent = this.#connection.socket.closeWrite();
    if (!isThenable(sent)) {
      this.#closeIfOver();
      return null;
    }
    return this.#sending(sent, 'Cannot end the writing side: what was written did not leave');
  }

  /** A write that the host has promised to take. `action`: what its lateness is called. */
  #sending(taken: PromiseLike<void>, action: string): Waiting {
    const late = (ms: number) => new WriteTimeout(`${action} within ${ms} ms (timeout)`, { phase: 'write' });
    const write = new Waiting(this.#connection.socket, late);
    this.#writes++;
    const ended = (error: unknown) => {
      this.#writes--;
      write.settle(error);
      this.#closeIfOver();
    };
    taken.then(() => ended(null), ended);
    return write;
  }

  /** Drives a flow in the way of the connection: of one that blocks, the value itself is returned (SyncNetworkStream). */
  #run<T>(flow: Flow<T>): Promise<T> {
    const { socket, deadlines } = this.#connection;
    return socket.blocking ? (runSync(flow, deadlines) as unknown as Promise<T>) : runAsync(flow);
  }

  /** Closes the connection; what waits fails with CloseError. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunks = [];
    this.#buffered = 0;
    this.#connection.close();
    // The connection may have ended before, on its own.
    this.#settle();
  }

  /** What the peer sends, as a byte stream; nothing is read ahead of who asks. To cancel it closes the reading side. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#readable ??= new ReadableStream(
      {
        type: 'bytes',
        start: (controller) => {
          this.#source = controller;
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#cancelReading(),
      },
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  /** Where octets for the peer go, one write after the other. To close it is `closeWrite`; to abort it is `close`. */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream({
      start: (controller) => {
        this.#drain = controller;
      },
      write: (octets) => this.write(octets),
      close: () => {
        if (!this.#writeEnded && this.#connection.closed) throw this.#notWritable();
        if (this.#connection.socket.blocking) return this.closeWrite();
        return runAsync(this.#endingWriting());
      },
      abort: () => this.close(),
    });
    return this.#writable;
  }

  /**
   * Sets up TLS over this stream, which goes on over it and is returned (httpx: `start_tls`). The certificate is checked
   * unless `verify` is false. What came in the clear must have been read, and no call may be waiting: octets of somebody in
   * between would count as the peer's (RFC 3207 §6). If it fails the connection is closed.
   * @throws ConnectError, ConnectTimeout; LocalProtocolError, CloseError if TLS cannot be started now; TypeError for names that are none
   */
  startTls(options?: StartTlsOptions): Promise<this> {
    return this.#run(this.#securing(options));
  }

  /** As httpx: 'client_addr', 'server_addr', 'socket', 'ssl_object', 'is_readable'; `undefined` where the host knows none. */
  getExtraInfo(name: string): unknown {
    return this.#connection.socket.info(name);
  }

  // ── flows ──

  #limitOf(options: NetworkStreamOptions | undefined): DeadlineList | null {
    return this.#connection.deadlines.ofLimit(durationMs(own(options, 'timeout') ?? null, 'timeout'));
  }

  /** Waits until `waiting` has ended. */
  *#until(waiting: Waiting, limit: DeadlineList | null): Flow<void> {
    if (limit !== null && !waiting.done) arm(waiting, limit, this.#connection.deadlines.tick());
    try {
      while (!waiting.done) yield waiting;
    } finally {
      disarm(waiting);
    }
    if (waiting.error !== null) throw waiting.error;
  }

  *#reading(maxOctets: number, options: NetworkStreamOptions | undefined): Flow<Uint8Array<ArrayBuffer>> {
    if (!Number.isInteger(maxOctets) || maxOctets < 1) {
      throw new RangeError(`Cannot read from the peer: expected a number of octets of at least 1, got ${maxOctets}`);
    }
    checkFields(options, LIMIT_NAMES, 'read from the peer');
    const limit = this.#limitOf(options);
    this.#refuseDuringHandshake('read from');
    const { socket } = this.#connection;
    const read = new Waiting(
      socket,
      (ms) => new ReadTimeout(`Cannot read from the peer: no octets for ${ms} ms (timeout)`, { phase: 'read' }),
      maxOctets,
    );
    this.#reads.push(read);
    this.#serve();
    try {
      if (!read.done) socket.demand();
      yield* this.#until(read, limit);
      return read.octets;
    } finally {
      const index = this.#reads.indexOf(read);
      if (index >= 0) this.#reads.splice(index, 1);
    }
  }

  *#writing(octets: Uint8Array, options: NetworkStreamOptions | undefined): Flow<void> {
    if (!(octets instanceof Uint8Array)) {
      throw new TypeError(`Cannot write to the peer: expected a Uint8Array, got ${typeof octets}`);
    }
    checkFields(options, LIMIT_NAMES, 'write to the peer');
    const limit = this.#limitOf(options);
    this.#refuseDuringHandshake('write to');
    if (this.#writeEnded || this.#connection.closed) throw this.#notWritable();
    if (octets.length === 0) return;
    const taken = this.#connection.socket.write(octets, null);
    if (!isThenable(taken)) return;
    const write = this.#sending(taken as PromiseLike<void>, 'Cannot write to the peer: octets were not taken');
    yield* this.#until(write, limit);
  }

  *#endingWriting(): Flow<void> {
    const ending = this.#endWriting();
    if (ending !== null) yield* this.#until(ending, null);
  }

  *#securing(options: StartTlsOptions | undefined): Flow<this> {
    const connection = this.#connection;
    checkFields(options, START_TLS_OPTIONS, 'start TLS with the peer');
    const limit = this.#limitOf(options);
    const name = hostnameGiven(own(options, 'serverHostname'));
    const alpn = alpnGiven(own(options, 'alpn'));
    this.#refuseDuringHandshake('start TLS with');
    if (this.#writeEnded || this.#ended || connection.closed) throw this.#notWritable();
    const unread = this.#buffered;
    if (unread > 0 || this.#reads.length > 0 || this.#writes > 0) {
      const why = unread > 0 ? `${unread} octets in the clear are unread` : 'a read or a write is under way';
      throw new LocalProtocolError(`Cannot start TLS with the peer: ${why}`);
    }
    const { host } = connection.deadlines;
    const verify = own(options, 'verify') ?? true;
    const target = connection.tlsTo(name ?? this.hostname, verify, own(options, 'cert') ?? null, alpn);
    const handshake = new Handshake(connection.socket, connection.origin, () => host.now());
    this.#handshake = handshake;
    try {
      this.#begin(handshake, connection.socket.startTls(target, handshake));
      yield* this.#until(handshake, limit);
      connection.continueOver(handshake.socket as Socket);
      return this;
    } catch (error) {
      handshake.cancel(new CloseError('Cannot set up TLS: the stream was closed'));
      connection.close(error instanceof TransportError ? error : null);
      throw error;
    } finally {
      this.#handshake = null;
    }
  }

  #begin(handshake: Handshake, made: MaybePromise<Socket>): void {
    const secured = (socket: Socket) => {
      if (handshake.cancelled) {
        socket.close();
        return;
      }
      handshake.socket = socket;
      handshake.settle(null);
    };
    if (this.#connection.socket.blocking && isThenable(made)) handshake.securing = made as Waitable<Socket>;
    if (isThenable(made)) (made as PromiseLike<Socket>).then(secured, (error) => handshake.settle(error));
    else secured(made as Socket);
  }

  #refuseDuringHandshake(action: string): void {
    if (this.#handshake !== null) throw new LocalProtocolError(`Cannot ${action} the peer: TLS is being set up`);
  }

  #notWritable(): TransportError {
    if (this.#writeEnded && !this.#closed) {
      return new CloseError('Cannot write to the peer: closeWrite was called', { phase: 'write' });
    }
    const cause = this.#error;
    return cause === null || cause instanceof CloseError
      ? new CloseError('Cannot write to the peer: the connection is closed', { cause, phase: 'write' })
      : new WriteError(`Cannot write to the peer: ${cause.message}`, { cause });
  }

  // ── WHATWG streams ──

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest;
    const view = request?.view ?? null;
    const octets = await this.read(view?.byteLength ?? READ_OCTETS);
    if (octets.length === 0) {
      controller.close();
      request?.respond(0);
    } else if (request === null || view === null) controller.enqueue(octets);
    else {
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(octets);
      request.respond(octets.length);
    }
  }

  /** What comes from now on is dropped; the peer's end is still waited for unless we have said ours. */
  #cancelReading(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#buffered = 0;
    this.#serve();
    if (this.#connection.closed) return;
    this.#connection.socket.demand();
    this.#closeIfOver();
  }

  // ── what came ──

  /** Serves the reads that can be served, in order. */
  #serve(): void {
    for (let read = this.#reads[0]; read !== undefined; read = this.#reads[0]) {
      const chunk = this.#chunks[0];
      let error: TransportError | null = null;
      if (this.#closed) error = new CloseError('Cannot read from the peer: the stream was closed', { phase: 'read' });
      else if (chunk !== undefined) {
        if (!read.done) read.octets = this.#take(chunk, read.maxOctets);
      } else if (!this.#ended) {
        if (!this.#connection.closed) return;
        error = this.#error ?? new ReadError('Cannot read from the peer: the connection is closed');
      }
      this.#reads.shift();
      read.settle(error);
    }
  }

  #take(chunk: Uint8Array<ArrayBuffer>, maxOctets: number): Uint8Array<ArrayBuffer> {
    if (chunk.length <= maxOctets) {
      this.#chunks.shift();
      this.#buffered -= chunk.length;
      return chunk;
    }
    this.#chunks[0] = chunk.subarray(maxOctets);
    this.#buffered -= maxOctets;
    return chunk.slice(0, maxOctets);
  }

  #push(octets: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(octets);
    this.#buffered += octets.length;
  }

  /** Both sides have ended: nothing more can happen on the connection. */
  #closeIfOver(): void {
    if (this.#ended && this.#writeEnded && this.#writes === 0) this.#connection.close();
  }

  /** The connection is closed: whoever waits is told. */
  #settle(): void {
    this.#handshake?.cancel(new CloseError('Cannot set up TLS: the stream was closed', { phase: 'tls' }));
    this.#serve();
    // What is buffered is read first: the reads say then how it ended.
    if (this.#closed || (!this.#ended && this.#buffered === 0)) {
      this.#source?.error(this.#error ?? new CloseError('The stream was closed', { phase: 'read' }));
    }
    if (!this.#writeEnded || this.#closed) this.#drain?.error(this.#notWritable());
  }

  /** @internal */
  octets(bytes: Uint8Array, length: number): number {
    if (this.#ended) return GO_ON;
    this.#push(Uint8Array.prototype.slice.call(bytes, 0, length) as Uint8Array<ArrayBuffer>);
    this.#serve();
    const waits = this.#reads.length > 0 || this.#connection.socket.holdsReads !== true;
    return waits && this.#buffered < BUFFERED_OCTETS_MAX ? GO_ON : STOP;
  }

  /** @internal The peer closed its side, or the connection failed. */
  ended(error: TransportError | null): void {
    if (error !== null) {
      this.#connection.close(error);
      return;
    }
    this.#ended = true;
    this.#serve();
    this.#closeIfOver();
  }

  /** @internal The connection is closed. */
  broken(error: TransportError | null): void {
    this.#error ??= error;
    this.#settle();
  }
}

/** A network stream of `Client`: its calls block, and return what those of a `NetworkStream` promise. */
export interface SyncNetworkStream extends Omit<NetworkStream, 'read' | 'write' | 'startTls'> {
  /** @throws ReadTimeout, ReadError; CloseError once the stream is closed; RangeError unless at least one octet is wanted */
  read(maxOctets?: number, options?: NetworkStreamOptions): Uint8Array<ArrayBuffer>;
  /** @throws WriteTimeout, WriteError; CloseError once the stream, or its writing side, is closed */
  write(octets: Uint8Array, options?: NetworkStreamOptions): void;
  /** @throws ConnectError, ConnectTimeout; LocalProtocolError, CloseError if TLS cannot be started now; TypeError for names that are none */
  startTls(options?: StartTlsOptions): this;
}
