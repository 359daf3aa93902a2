/**
 * One socket, one protocol connection, and the exchanges on it: one at a time (HTTP/1.1), or any number (HTTP/2), which are
 * `Streams`. The socket pushes octets in; the core says what they mean; an Exchange keeps that for the flow that waits.
 *
 * Invariants: a read is always armed, idle included; no flow runs while records are being consumed (they set fields, the
 * flows that can go on are woken afterwards, in the same step); octets on an idle connection of HTTP/1.1 end it; what the
 * core made to be written is written in the step that made it, unless the socket is behind and it is the core's own answer.
 */
import { OPEN_CONNECT, RULE_CLOSED_EARLY, RULE_H2_PEER_CLOSED, RULE_H2_PREFACE } from '../assembly/abi.js';
import type { CertTypes, VerifyTypes } from './config.js';
import type { Streams } from './connection-streams.js';
import type { Events, Head, HeadLimits, Connection as Protocol, RequestHead, StreamId } from './core.js';
import { openHttp1 } from './core-http1.js';
import { DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import type { ConnectionMessage } from './diagnostics.js';
import {
  CloseError,
  LocalProtocolError,
  ProtocolError,
  RemoteProtocolError,
  type TransportError,
} from './exceptions.js';
import { type CallLimits, Exchange } from './exchange.js';
import type { MaybePromise, Sink, Socket, TlsTarget } from './hosts/socket.js';
import { GO_ON, KEPT, STOP } from './hosts/socket.js';
import { Late } from './late.js';
import type { Version } from './negotiation.js';
import { NetworkStream } from './network-stream.js';
import { otherProtocol } from './other-protocol.js';
import { toldError } from './told-error.js';

/** HTTP/2, and TLS over what was HTTP. */
const HTTP2 = new Late(() => import('./connection-streams.js'));
const TLS = new Late(() => import('./tls-material.js'));

const copy = Uint8Array.prototype.slice as (this: Uint8Array, from: number, to: number) => Uint8Array<ArrayBuffer>;

/** What a connection tells its pool. */
export interface ConnectionOwner {
  readonly deadlines: Deadlines;
  /** An exchange is over, and the connection can serve another; called outside the core. */
  released(connection: HttpConnection): void;
  /** How many exchanges the connection can serve has changed, by what its peer said; called outside the core. */
  placesChanged(connection: HttpConnection): void;
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
  /** Counts the pool's connections. */
  readonly number: number;
  closed = false;
  /** A response has come on it, or will: to find it dead is no news about the peer. */
  hasServed = false;
  /** Its peer broke the protocol: it did not just go away. */
  breached = false;
  /** Seconds that the peer said it keeps idle connections, or `null`. */
  keepAliveSeconds: number | null = null;
  /** Places given away on which no exchange was begun yet. */
  reserved = 0;
  /** The pool's notes on an idle connection. */
  idle = false;
  idleSince = 0;
  releasedIn = -1;
  referenced = true;
  /** It was idle, and who has a place on it is still waiting for what may have come meanwhile. */
  unseen = false;
  /** The host's answer to the latest write: `undefined`: taken; else a promise of that. */
  written: MaybePromise<void> = undefined;
  readonly #protocol: Protocol;
  /** The exchange under way, of a protocol that has one at a time. */
  #exchange: Exchange | null = null;
  /** Those of a protocol that has many at a time; else `null`. */
  readonly #streams: Streams | null;
  #tunnel: NetworkStream | null = null;
  #reusable = false;
  /** The first octet that came; -1: none has. */
  #first = -1;
  #failure: TransportError | null = null;
  /** Octets are being delivered: who waits for a connection is woken at the end of that. */
  #delivering = false;

  constructor(
    socket: Socket,
    owner: ConnectionOwner,
    origin: string,
    site: unknown,
    number: number,
    version: Version,
    limits: HeadLimits,
  ) {
    super();
    this.socket = socket;
    this.owner = owner;
    this.origin = origin;
    this.site = site;
    this.number = number;
    this.deadlines = owner.deadlines;
    const failed = (error: Error) => this.#coreFailed(error);
    if (version === 'h2') {
      const { openHttp2, Streams } = HTTP2.module;
      this.#protocol = openHttp2(limits, origin.slice(0, origin.indexOf(':')), failed);
      this.#streams = new Streams(this, this.#protocol);
    } else {
      this.#protocol = openHttp1(limits, failed);
      this.#streams = null;
    }
    socket.sink = this;
    socket.demand();
  }

  get httpVersion(): string {
    return this.#protocol.httpVersion;
  }

  /** It serves any number of exchanges at a time. */
  get multiplexes(): boolean {
    return this.#streams !== null;
  }

  /** Nothing is under way on it, or about to be. */
  get empty(): boolean {
    return this.reserved === 0 && this.#exchange === null && (this.#streams === null || this.#streams.isEmpty);
  }

  /** The head of a response came whose body is not over. */
  get hasOpenResponse(): boolean {
    return this.#streams === null ? (this.#exchange?.head ?? null) !== null : this.#streams.hasOpenResponse;
  }

  /** Who has a place on it may begin an exchange. */
  get canOpen(): boolean {
    return !this.closed && (this.#streams === null || this.#streams.canOpen);
  }

  /** The peer's limit on concurrent exchanges, once it is known. */
  get streamsMax(): number | null {
    return this.#streams === null ? null : this.#streams.max;
  }

  /** Its peer has not said yet how many exchanges it can serve. */
  get settling(): boolean {
    return !this.closed && this.#streams?.settling === true;
  }

  /** Its peer takes no exchange for now, and it is worth waiting for: not so where sockets block, since nobody can wait. */
  get paused(): boolean {
    return !this.closed && !this.socket.blocking && this.#streams?.paused === true;
  }

  /** How many exchanges could be begun on it, beside those for which a place is reserved. */
  get places(): number {
    if (this.closed) return 0;
    if (this.#streams === null) return this.#exchange === null && this.reserved === 0 ? 1 : 0;
    return Math.max(0, this.#streams.places - this.reserved);
  }

  /** Begins an exchange: the head, and as much of `body` as can go behind it, leave in one write (`Exchange.inlined`). */
  open(head: RequestHead, body: Uint8Array | null, endStream: boolean, limits: CallLimits): Exchange {
    if (this.closed || this.#exchange !== null)
      throw new CloseError(`Cannot send the request: the connection to ${this.origin} is closed`);
    if (this.#streams !== null && (head.open & OPEN_CONNECT) !== 0) {
      throw new LocalProtocolError(
        'Cannot send the request: CONNECT goes over HTTP/1.1 alone, set http2 to false for it',
      );
    }
    const exchange = new Exchange(this, limits);
    const protocol = this.#protocol;
    exchange.stream = protocol.open(head, endStream);
    this.reserved--;
    if (this.#streams === null) this.#exchange = exchange;
    else this.#streams.add(exchange);
    exchange.sentAt = this.deadlines.now;
    let whole = endStream;
    let inlined = body;
    if (body !== null) {
      exchange.inlined = protocol.send(exchange.stream, body.length);
      whole = exchange.inlined === body.length;
      if (whole) protocol.end(exchange.stream, null);
      else inlined = exchange.inlined === 0 ? null : body.subarray(0, exchange.inlined);
    }
    exchange.sent = whole ? 'full' : 'partial';
    this.written = this.socket.write(protocol.takeOutput() ?? '', inlined);
    return exchange;
  }

  /** Sends as much of body[from, …) as the stream takes now, its framing before it: how many octets that were. */
  send(exchange: Exchange, body: Uint8Array, from: number): number {
    const protocol = this.#protocol;
    if (exchange.turn === 'taken') {
      exchange.turn = 'waiting';
      return 0;
    }
    const octets = protocol.send(exchange.stream, body.length - from);
    if (octets === 0) return 0;
    if (exchange.turn === 'due') exchange.turn = 'taken';
    const whole = from === 0 && octets === body.length;
    this.written = this.socket.write(protocol.takeOutput() ?? '', whole ? body : body.subarray(from, from + octets));
    return octets;
  }

  /** Ends the body. */
  end(exchange: Exchange): void {
    const protocol = this.#protocol;
    protocol.end(exchange.stream, null);
    exchange.wholeSent();
    const output = protocol.takeOutput();
    this.written = output === null ? undefined : this.socket.write(output, null);
  }

  /** Content was taken, or will not be: the peer may send as much again. Not while records are being consumed. */
  release(exchange: Exchange, octets: number): void {
    if (!this.closed && octets > 0) this.#streams?.release(exchange, octets);
  }

  /** Its reader waits for content. */
  want(exchange: Exchange): void {
    if (!this.closed) this.#streams?.want(exchange);
  }

  /**
   * The exchange's user gave up, after `silentMs` without an answer perhaps: a connection of one exchange is closed by it,
   * one of many goes on without it; but nothing is begun any more on one that was silent as a whole.
   */
  abandon(exchange: Exchange, silentMs: number | null = null): void {
    if (this.#streams === null) {
      if (this.#exchange !== exchange) return;
      if (!this.closed) this.#protocol.cancel(exchange.stream);
      this.close();
      return;
    }
    if (this.#streams.abandon(exchange, silentMs) && !this.#delivering) this.owner.wakeWaiters();
  }

  /** Closes the connection; an exchange that is not complete fails with `error`. */
  close(error: TransportError | null = null): void {
    if (this.closed) return;
    const isOurs = error === null || error instanceof CloseError;
    const isTold = isOurs && this.#streams?.takeLeave() === true;
    this.closed = true;
    disarm(this);
    this.#closeSocket(isTold);
    this.#protocol.free();
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null && !exchange.ended && exchange.error === null) {
      exchange.error = error ?? new CloseError(`The connection to ${this.origin} was closed`);
    }
    this.#streams?.failAll(error);
    this.#tunnel?.broken(error);
    this.owner.dropped(this);
    this.tell('closed', error);
    if (!this.#delivering) this.owner.wakeWaiters();
  }

  /** A peer that is told of it is left in order, for which the process is not kept: but see `Socket.leave`. */
  #closeSocket(isTold: boolean): void {
    const { socket } = this;
    if (!isTold || socket.leave === undefined) socket.close();
    else {
      socket.ref(false);
      socket.leave();
    }
  }

  /**
   * Tells who watches the process, on an event loop in a moment of its own: what they do about it may be anything, and here
   * records may be being consumed.
   */
  tell(state: ConnectionMessage['state'], error: unknown): void {
    const { connection: channel } = this.deadlines.host.diagnostics;
    if (!channel.hasSubscribers) return;
    const message: ConnectionMessage = Object.freeze({
      state,
      origin: this.origin,
      httpVersion: this.httpVersion,
      error: error === null ? null : toldError(error),
    });
    if (this.socket.blocking) channel.publish(message);
    else queueMicrotask(() => channel.publish(message));
  }

  /** Closes the connection and lets the flows on it see the error. */
  closeWith(error: TransportError | null): void {
    const exchange = this.#exchange;
    const others = this.#streams?.all;
    this.close(error);
    exchange?.wake();
    for (const other of others ?? []) other.wake();
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

  /** TLS towards `hostname` over what was HTTP, as `verify` and `cert` say. @throws what TlsSettings throws */
  tlsTo(hostname: string, verify: VerifyTypes, cert: CertTypes | null, alpn: readonly string[]): TlsTarget {
    return new TLS.module.TlsSettings(this.deadlines.host, verify, cert, true).target(hostname, null, alpn, null);
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
    if (this.#first < 0) this.#first = bytes[0] as number;
    if (this.#streams !== null) {
      const kept = this.#protocol.receive(bytes, length, lent, now, this) ? KEPT : GO_ON;
      this.#streams.settle(now, this.#failure);
      // Reading never pauses: what may come is bounded by the windows.
      return kept;
    }
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
      exchange.tellInterims();
      if (this.closed) {
        exchange.wake();
        return kept;
      }
    }
    if (this.#failure !== null) this.close(this.#failure);
    else if (exchange.ended && exchange.networkStream === null) this.#finish();
    exchange.goOn(now);
    const isHeld = exchange.networkStream !== null && this.socket.holdsReads === true;
    return kept | (isHeld || (exchange.full && !exchange.ended) ? STOP : GO_ON);
  }

  ended(error: TransportError | null): void {
    if (this.closed) return;
    const now = this.deadlines.tick();
    this.owner.turned();
    if (this.#tunnel !== null) {
      this.#tunnel.ended(error);
      return;
    }
    if (this.#streams !== null) {
      const { farewell } = this.#streams;
      if (error === null) this.#protocol.receiveEnd(this);
      else error.message += farewell;
      this.#streams.settle(now, this.#failure);
      this.closeWith(error ?? new RemoteProtocolError(`${this.origin} closed the connection${farewell}`));
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

  /** The one exchange is over: its place is free again, or the connection is done with. */
  #finish(): void {
    this.#exchange = null;
    this.socket.lend = false;
    if (this.#reusable) this.owner.released(this);
    else this.close();
  }

  // ── Events ──

  #of(stream: StreamId): Exchange | null {
    if (this.#streams !== null) return this.#streams.told(stream);
    const exchange = this.#exchange;
    return exchange !== null && exchange.stream === stream ? exchange : null;
  }

  onHead(stream: StreamId, status: number, flags: number, head: Head): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    this.hasServed = true;
    exchange.answered = true;
    exchange.status = status;
    exchange.flags = flags;
    exchange.head = head;
    this.keepAliveSeconds = head.keepAliveSeconds;
  }

  onInterim(stream: StreamId, status: number, head: Head): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    exchange.answered = true;
    if (exchange.onInterim === null) return;
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

  onReset(stream: StreamId, error: number, unprocessed: boolean): void {
    const exchange = this.#of(stream);
    if (exchange === null) return;
    exchange.over = true;
    exchange.resetCode = error;
    exchange.unprocessed = unprocessed;
    if (exchange.ended || exchange.error !== null) return;
    const what = unprocessed ? 'did not process the request' : 'reset the stream';
    exchange.error = new RemoteProtocolError(`${this.origin} ${what}${this.#streams?.reasonOf(error) ?? ''}`);
  }

  onGoaway(lastStream: StreamId, code: number, debug: string): void {
    if (lastStream > 0) this.hasServed = true;
    this.#streams?.leave(code, debug);
  }

  onStreamsMax(streams: number): void {
    this.#streams?.limit(streams);
  }

  onStreamError(stream: StreamId, error: ProtocolError): void {
    const exchange = this.#of(stream);
    error.message += `; the peer is ${this.origin}`;
    if (exchange === null) return;
    exchange.over = true;
    // What came is an answer, or meant as one: it would come again.
    exchange.answered = true;
    if (!exchange.ended && exchange.error === null) exchange.error = error;
  }

  onError(error: ProtocolError, rule: number, stream: StreamId): void {
    const exchange = this.#exchange;
    const other = otherProtocol(this.#first, this.multiplexes);
    error.message += `; the peer is ${this.origin}${other}${this.#streams?.farewell ?? ''}`;
    if (exchange !== null && !exchange.ended && exchange.error === null) {
      const hint = this.hasServed || !this.origin.startsWith('http:') ? '' : '; a port of TLS closes so, too';
      exchange.error =
        rule === RULE_CLOSED_EARLY
          ? new RemoteProtocolError(`${this.origin} closed the connection without sending a response${hint}`)
          : error;
    }
    this.breached = rule !== RULE_CLOSED_EARLY && rule !== RULE_H2_PEER_CLOSED;
    // What came is an answer, or one of another protocol: it would come again.
    const refused = this.#streams?.told(stream) ?? null;
    if (refused !== null) refused.answered = true;
    if (rule === RULE_H2_PREFACE || other !== '') for (const each of this.#streams?.all ?? []) each.answered = true;
    this.#failure = error;
  }
}
