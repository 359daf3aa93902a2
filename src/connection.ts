/**
 * One socket, one protocol connection, and the exchanges on it. The socket pushes octets in; the core says what they mean;
 * an Exchange keeps that for the flow that waits for it.
 *
 * Invariants: a read is always armed, idle included; no flow runs while records are being consumed (they set fields, the
 * flows that can go on are woken afterwards, in the same step); octets on an idle connection end it; what the core made to
 * be written is written in the step that made it.
 */
import { RULE_CLOSED_EARLY } from '../assembly/abi.js';
import type { Events, Head, HeadLimits, Connection as Protocol, RequestHead, StreamId } from './core.js';
import { openHttp1 } from './core.js';
import { arm, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import { CloseError, ProtocolError, RemoteProtocolError, type TransportError } from './exceptions.js';
import { type CallLimits, Exchange, type Interim } from './exchange.js';
import type { MaybePromise, Sink, Socket } from './hosts/socket.js';
import { GO_ON, KEPT, STOP } from './hosts/socket.js';
import { NetworkStream } from './network-stream.js';

const copy = Uint8Array.prototype.slice as (this: Uint8Array, from: number, to: number) => Uint8Array<ArrayBuffer>;

/** What a connection tells its pool. */
export interface ConnectionOwner {
  readonly deadlines: Deadlines;
  /** The exchange is over and the connection can serve another; called outside the core. */
  released(connection: HttpConnection): void;
  /** The connection is closed and must not be used again; called once. */
  dropped(connection: HttpConnection): void;
  /** Flows may run now: those who wait for a connection can be woken. */
  wakeWaiters(): void;
  /** Octets came from some socket: what was idle before may have changed since. */
  turned(): void;
}

/** A socket and its protocol connection. Its own deadline is the keep-alive expiry. */
export class HttpConnection extends DeadlineNode implements Sink, Events {
  socket: Socket;
  readonly owner: ConnectionOwner;
  /** For messages. */
  readonly origin: string;
  readonly deadlines: Deadlines;
  /** Which of the pool's sites it belongs to; the pool's business. */
  readonly site: unknown;
  closed = false;
  /** Exchanges begun. */
  uses = 0;
  /** Seconds that the peer said it keeps idle connections, or `null`. */
  keepAliveSeconds: number | null = null;
  /** The pool's notes on an idle connection. */
  idle = false;
  idleSince = 0;
  releasedIn = -1;
  referenced = true;
  /** The host's answer to the latest write: `undefined`: taken; else a promise of that. */
  written: MaybePromise<void> = undefined;
  readonly #protocol: Protocol;
  #exchange: Exchange | null = null;
  #tunnel: NetworkStream | null = null;
  #reusable = false;
  #failure: TransportError | null = null;
  /** Octets are being delivered: who waits for a connection is woken at the end of that. */
  #delivering = false;

  constructor(socket: Socket, owner: ConnectionOwner, origin: string, site: unknown, limits: HeadLimits) {
    super();
    this.socket = socket;
    this.owner = owner;
    this.origin = origin;
    this.site = site;
    this.deadlines = owner.deadlines;
    this.#protocol = openHttp1(limits, (error) => this.#coreFailed(error));
    socket.sink = this;
    socket.demand();
  }

  get httpVersion(): string {
    return this.#protocol.httpVersion;
  }

  /** Begins an exchange: the head, and `body` behind it, leave in one write. */
  open(head: RequestHead, body: Uint8Array | null, endStream: boolean, limits: CallLimits): Exchange {
    if (this.closed || this.#exchange !== null)
      throw new CloseError(`Cannot send the request: the connection to ${this.origin} is closed`);
    const exchange = new Exchange(this, limits);
    const protocol = this.#protocol;
    exchange.stream = protocol.open(head, endStream);
    this.uses++;
    this.#exchange = exchange;
    exchange.sentAt = this.deadlines.now;
    if (body !== null) {
      protocol.send(exchange.stream, body.length);
      protocol.end(exchange.stream, null);
    }
    exchange.sent = endStream || body !== null ? 'full' : 'partial';
    this.written = this.socket.write(protocol.takeOutput() ?? '', body);
    return exchange;
  }

  /** Sends as much of body[from, …) as the stream takes now, its framing before it: how many octets that were. */
  send(exchange: Exchange, body: Uint8Array, from: number): number {
    const protocol = this.#protocol;
    const octets = protocol.send(exchange.stream, body.length - from);
    if (octets === 0) return 0;
    const whole = from === 0 && octets === body.length;
    this.written = this.socket.write(protocol.takeOutput() ?? '', whole ? body : body.subarray(from, from + octets));
    return octets;
  }

  /** Ends the body. */
  end(exchange: Exchange): void {
    const protocol = this.#protocol;
    protocol.end(exchange.stream, null);
    exchange.sent = 'full';
    const output = protocol.takeOutput();
    this.written = output === null ? undefined : this.socket.write(output, null);
  }

  /** The exchange's user gave up: HTTP/1.1 can only close the connection. */
  abandon(exchange: Exchange): void {
    if (this.#exchange !== exchange) return;
    if (!this.closed) this.#protocol.cancel(exchange.stream);
    this.close();
  }

  /** Closes the connection; an exchange that is not complete fails with `error`. */
  close(error: TransportError | null = null): void {
    if (this.closed) return;
    this.closed = true;
    disarm(this);
    this.socket.close();
    this.#protocol.free();
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null && !exchange.ended && exchange.error === null) {
      exchange.error = error ?? new CloseError(`The connection to ${this.origin} was closed`);
    }
    this.#tunnel?.broken(error);
    this.owner.dropped(this);
    if (!this.#delivering) this.owner.wakeWaiters();
  }

  /** Closes the connection and lets the flow on it see the error. */
  closeWith(error: TransportError): void {
    const exchange = this.#exchange;
    this.close(error);
    exchange?.wake();
  }

  override onExpire(): void {
    this.close();
  }

  /** A trap in the core: our bug, and the end of every connection of that instance. */
  #coreFailed(error: Error): void {
    this.closeWith(
      new ProtocolError(`The connection to ${this.origin} was closed: ${error.message}`, { cause: error }),
    );
  }

  /** The tunnel goes on over `socket`, which stands on the one before (TLS). */
  continueOver(socket: Socket): void {
    this.socket = socket;
    socket.sink = this;
    socket.demand();
  }

  // ── Sink ──

  octets(bytes: Uint8Array, length: number, lent: boolean): number {
    if (this.closed) return GO_ON;
    this.#delivering = true;
    try {
      return this.#deliver(bytes, length, lent);
    } finally {
      this.#delivering = false;
      this.owner.wakeWaiters();
    }
  }

  #deliver(bytes: Uint8Array, length: number, lent: boolean): number {
    const now = this.deadlines.tick();
    this.owner.turned();
    if (this.#tunnel !== null) return this.#tunnel.octets(bytes, length);
    const exchange = this.#exchange;
    if (exchange === null) {
      this.close(new RemoteProtocolError(`${this.origin} sent octets that no request asked for`));
      return GO_ON;
    }
    if (!exchange.answered) {
      exchange.answered = true;
      exchange.firstByteAt = now;
    }
    const kept = this.#protocol.receive(bytes, length, lent, now, this) ? KEPT : GO_ON;
    if (exchange.interims !== null) {
      this.#tellInterims(exchange);
      if (this.closed) {
        exchange.wake();
        return kept;
      }
    }
    if (this.#failure !== null) this.close(this.#failure);
    else if (exchange.ended && exchange.networkStream === null) this.#finish();
    if (exchange.run !== null && exchange.ready) exchange.wake();
    else if (exchange.list !== null && exchange.status !== 0) arm(exchange, exchange.list, now);
    return kept | (exchange.full && !exchange.ended ? STOP : GO_ON);
  }

  ended(error: TransportError | null): void {
    if (this.closed) return;
    this.deadlines.tick();
    this.owner.turned();
    if (this.#tunnel !== null) {
      this.#tunnel.ended(error);
      return;
    }
    const exchange = this.#exchange;
    if (exchange !== null && error === null) this.#protocol.receiveEnd(this);
    if (exchange !== null && !exchange.ended && exchange.error === null) {
      exchange.error = error ?? this.#failure ?? new RemoteProtocolError(`${this.origin} closed the connection`);
    }
    this.close(error);
    exchange?.wake();
  }

  #finish(): void {
    this.#exchange = null;
    this.socket.lend = false;
    if (this.#reusable) this.owner.released(this);
    else this.close();
  }

  /** Calls the user, who may end the call or the client. What is thrown wins over a final response that came as well. */
  #tellInterims(exchange: Exchange): void {
    const interims = exchange.interims as Interim[];
    exchange.interims = null;
    for (const interim of interims) {
      try {
        exchange.onInterim?.(interim);
      } catch (error) {
        if (exchange.error === null) exchange.error = error;
        exchange.status = 0;
        this.close();
      }
      if (this.closed) return;
    }
  }

  // ── Events ──

  #of(stream: StreamId): Exchange | null {
    const exchange = this.#exchange;
    return exchange !== null && exchange.stream === stream ? exchange : null;
  }

  onHead(stream: StreamId, status: number, flags: number, head: Head): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    exchange.status = status;
    exchange.flags = flags;
    exchange.head = head;
    this.keepAliveSeconds = head.keepAliveSeconds;
  }

  onInterim(stream: StreamId, status: number, head: Head): void {
    const exchange = this.#of(stream);
    if (exchange === null || exchange.onInterim === null) return;
    exchange.interims ??= [];
    exchange.interims.push({ status, head });
  }

  onData(stream: StreamId, bytes: Uint8Array, from: number, to: number, lent: boolean): boolean {
    return this.#of(stream)?.take(bytes, from, to, lent) ?? false;
  }

  onEnd(stream: StreamId, keepAlive: boolean, trailers: Head | null): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    exchange.ended = true;
    exchange.trailers = trailers;
    exchange.endAt = this.deadlines.now;
    this.#reusable = keepAlive;
  }

  onWritable(stream: StreamId): void {
    const exchange = this.#of(stream);
    if (exchange !== null) exchange.writable = true;
  }

  onUpgrade(stream: StreamId, bytes: Uint8Array, from: number, to: number): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    exchange.ended = true;
    exchange.endAt = this.deadlines.now;
    const tunnel = new NetworkStream(this, copy.call(bytes, from, to));
    exchange.networkStream = tunnel;
    this.#tunnel = tunnel;
    this.#exchange = null;
  }

  onReset(stream: StreamId, error: number, _unprocessed: boolean): void {
    const exchange = this.#of(stream);
    if (exchange !== null && exchange.error === null) {
      exchange.error = new RemoteProtocolError(`${this.origin} reset the stream (error code ${error})`);
    }
  }

  onGoaway(): void {
    this.#reusable = false;
  }

  onStreamsMax(): void {}

  onStreamError(stream: StreamId, error: ProtocolError): void {
    const exchange = this.#of(stream);
    error.message += `; the peer is ${this.origin}`;
    if (exchange !== null && exchange.error === null) exchange.error = error;
  }

  onError(error: ProtocolError, rule: number): void {
    const exchange = this.#exchange;
    error.message += `; the peer is ${this.origin}`;
    if (exchange !== null && !exchange.ended && exchange.error === null) {
      exchange.error =
        rule === RULE_CLOSED_EARLY
          ? new RemoteProtocolError(`${this.origin} closed the connection without sending a response`, { cause: error })
          : error;
    }
    this.#failure = error;
  }
}
