/**
 * One socket, one protocol connection, and the exchanges on it: one at a time (HTTP/1.1), or any number (HTTP/2). The
 * socket pushes octets in; the core says what they mean; an Exchange keeps that for the flow that waits for it.
 *
 * Invariants: a read is always armed, idle included; no flow runs while records are being consumed (they set fields, the
 * flows that can go on are woken afterwards, in the same step); octets on an idle connection of HTTP/1.1 end it; what the
 * core made to be written is written in the step that made it, unless the socket is behind and it is the core's own answer.
 */
import { OPEN_CONNECT, RULE_CLOSED_EARLY, RULE_H2_PREFACE } from '../assembly/abi.js';
import type { Events, Head, HeadLimits, Connection as Protocol, RequestHead, StreamId } from './core.js';
import { openHttp1 } from './core.js';
import { openHttp2 } from './core-http2.js';
import { arm, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import type { ConnectionMessage } from './diagnostics.js';
import {
  CloseError,
  LocalProtocolError,
  ProtocolError,
  RemoteProtocolError,
  type TransportError,
} from './exceptions.js';
import { type CallLimits, Exchange, type Interim } from './exchange.js';
import { isThenable } from './flow.js';
import type { MaybePromise, Sink, Socket } from './hosts/socket.js';
import { GO_ON, KEPT, STOP } from './hosts/socket.js';
import { errorCodeName } from './http2-rules.js';
import type { Version } from './negotiation.js';
import { NetworkStream } from './network-stream.js';
import { ownOf } from './own-error.js';
import { toldError } from './told-error.js';

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

/** Wakes the flows of an exchange that can go on; one that reads a body has its time anew. */
function wakeReady(exchange: Exchange, now: number): void {
  if (exchange.run !== null && exchange.ready) exchange.wake();
  else if (exchange.list !== null && exchange.status !== 0) arm(exchange, exchange.list, now);
  const sending = exchange.sendingNow;
  if (sending !== null && sending.run !== null && sending.ready) sending.wake();
}

/** Exchanges that wait for a window that they share send a frame each, round by round, until it is used up. */
function takeTurns(senders: readonly Exchange[]): void {
  let round = senders;
  while (round.length > 1) {
    for (const exchange of round) {
      exchange.turn = 'due';
      exchange.writable = true;
      exchange.sending.wake();
    }
    const before = round;
    round = before.filter(({ turn }) => turn === 'waiting');
    for (const exchange of before) exchange.turn = 'free';
  }
  for (const exchange of round) exchange.writable = true;
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
  /** A response has come on it: to find it dead is no news about the peer. */
  hasServed = false;
  /** Seconds that the peer said it keeps idle connections, or `null`. */
  keepAliveSeconds: number | null = null;
  /** The peer's limit on concurrent exchanges, once it is known. */
  streamsMax: number | null = null;
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
  /** The exchanges under way, of a protocol that has many; else `null`. */
  readonly #streams: Map<StreamId, Exchange> | null;
  /** Those of many that the records being consumed were about. */
  #told: Exchange[] = [];
  #tunnel: NetworkStream | null = null;
  #reusable = false;
  /** Nothing more is begun on it; it is closed after the last exchange. */
  #retiring = false;
  #placesChanged = false;
  #failure: TransportError | null = null;
  /** What the peer said when it ended the connection: its error code, or `null`. */
  #goaway: number | null = null;
  /** The socket has not taken the core's latest answer yet. */
  #behind = false;
  #heardAt = 0;
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
    const many = version === 'h2';
    this.#protocol = many ? openHttp2(limits, origin.slice(0, origin.indexOf(':')), failed) : openHttp1(limits, failed);
    this.#streams = many ? new Map() : null;
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
    return this.reserved === 0 && this.#exchange === null && (this.#streams === null || this.#streams.size === 0);
  }

  /** Who has a place on it may begin an exchange. */
  get canOpen(): boolean {
    return !this.closed && !this.#retiring && (this.#streams === null || this.#protocol.canOpen);
  }

  /** Its peer has not said yet how many exchanges it can serve. */
  get settling(): boolean {
    return this.streamsMax === null && this.#streams !== null && !this.closed && !this.#retiring;
  }

  /** How many exchanges could be begun on it, beside those for which a place is reserved. */
  get places(): number {
    if (this.closed || this.#retiring) return 0;
    if (this.#streams === null) return this.#exchange === null && this.reserved === 0 ? 1 : 0;
    return Math.max(0, this.#protocol.placesFree - this.reserved);
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
    else this.#streams.set(exchange.stream, exchange);
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
    exchange.sent = 'full';
    const output = protocol.takeOutput();
    this.written = output === null ? undefined : this.socket.write(output, null);
  }

  /** Content was taken, or will not be: the peer may send as much again. Not while records are being consumed. */
  release(exchange: Exchange, octets: number): void {
    if (this.closed || octets === 0) return;
    this.#protocol.release(exchange.stream, octets);
    this.#flush();
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
    if (!this.#streams.delete(exchange.stream)) return;
    this.#protocol.cancel(exchange.stream);
    this.#flush();
    if (silentMs !== null && this.#heardAt <= this.deadlines.now - silentMs) this.#retiring = true;
    this.#vacated();
    if (!this.#delivering) this.owner.wakeWaiters();
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
    if (this.#streams !== null) this.#failAll(this.#streams, error);
    this.#tunnel?.broken(error);
    this.owner.dropped(this);
    this.tell('closed', error);
    if (!this.#delivering) this.owner.wakeWaiters();
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

  /** Each of many gets an error of its own. */
  #failAll(streams: Map<StreamId, Exchange>, error: TransportError | null): void {
    const shared = error ?? new CloseError(`The connection to ${this.origin} was closed`);
    for (const exchange of streams.values()) {
      if (!exchange.ended && exchange.error === null) {
        exchange.error = streams.size === 1 ? shared : ownOf(shared);
      }
    }
    streams.clear();
  }

  /** Closes the connection and lets the flows on it see the error. */
  closeWith(error: TransportError | null): void {
    const exchange = this.#exchange;
    const others = this.#streams === null ? null : [...this.#streams.values()];
    this.close(error);
    exchange?.wake();
    if (others !== null) for (const other of others) other.wake();
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

  /** Writes what the core answers by itself. While the socket is behind the core keeps it, within its limit. */
  #flush(): void {
    if (this.closed || this.#behind) return;
    const output = this.#protocol.takeOutput();
    if (output === null) return;
    const taken = this.socket.write(output, null);
    if (!isThenable(taken)) return;
    this.#behind = true;
    const caughtUp = () => {
      this.#behind = false;
      this.#flush();
    };
    taken.then(caughtUp, () => {});
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
    if (this.#streams !== null) return this.#deliverToMany(bytes, length, lent, now);
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
    else if (exchange.ended && exchange.networkStream === null) this.#finish(exchange);
    wakeReady(exchange, now);
    return kept | (exchange.full && !exchange.ended ? STOP : GO_ON);
  }

  /** Reading never pauses here: what may come is bounded by the windows. */
  #deliverToMany(bytes: Uint8Array, length: number, lent: boolean, now: number): number {
    this.#heardAt = now;
    const kept = this.#protocol.receive(bytes, length, lent, now, this) ? KEPT : GO_ON;
    this.#settle(now);
    return kept;
  }

  /** After the records: what the core made is written, then the flows are woken that can go on. */
  #settle(now: number): void {
    const told = this.#told;
    this.#told = [];
    for (const exchange of told) {
      exchange.told = false;
      if (exchange.credit === 0) continue;
      this.#protocol.release(exchange.stream, exchange.credit);
      exchange.credit = 0;
    }
    this.#flush();
    if (this.#failure !== null) {
      this.closeWith(this.#failure);
      return;
    }
    for (const exchange of told) {
      if (exchange.interims !== null) this.#tellInterims(exchange);
      if (exchange.ended || exchange.error !== null) this.#finish(exchange);
    }
    if (this.#placesChanged && !this.closed) {
      this.#placesChanged = false;
      if (this.#retiring && this.empty) this.close();
      else this.owner.placesChanged(this);
    }
    if (told.length > 1) {
      const senders = told.filter(({ sendingNow, writable }) => writable && sendingNow?.awaitsWritable === true);
      if (senders.length > 1) takeTurns(senders);
    }
    for (const exchange of told) wakeReady(exchange, now);
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
      if (error === null) this.#protocol.receiveEnd(this);
      this.#settle(now);
      this.closeWith(error ?? new RemoteProtocolError(`${this.origin} closed the connection${this.#farewell()}`));
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

  /** What the peer said before it closed. */
  #farewell(): string {
    return this.#goaway === null ? '' : ` after GOAWAY (${errorCodeName(this.#goaway)})`;
  }

  /** The exchange is over: its place is free again, or the connection is done with. */
  #finish(exchange: Exchange): void {
    if (this.#streams === null) {
      this.#exchange = null;
      this.socket.lend = false;
      if (this.#reusable) this.owner.released(this);
      else this.close();
      return;
    }
    if (!this.#streams.delete(exchange.stream)) return;
    if (exchange.sent !== 'full' && !exchange.over) {
      this.#protocol.cancel(exchange.stream);
      this.#flush();
    }
    this.#vacated();
  }

  /** One of many is over. */
  #vacated(): void {
    if (this.#streams?.size === 0) this.socket.lend = false;
    if (this.#retiring && this.empty) this.close();
    else this.owner.released(this);
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
        this.abandon(exchange);
      }
      if (exchange.error !== null) return;
    }
  }

  // ── Events ──

  /** The exchange of a stream; of many, it is noted that the records are about it. */
  #of(stream: StreamId): Exchange | null {
    if (this.#streams === null) {
      const exchange = this.#exchange;
      return exchange !== null && exchange.stream === stream ? exchange : null;
    }
    const exchange = this.#streams.get(stream);
    if (exchange === undefined) return null;
    if (!exchange.told) {
      exchange.told = true;
      this.#told.push(exchange);
      if (!exchange.answered) exchange.firstByteAt = this.deadlines.now;
    }
    return exchange;
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
    exchange.error = new RemoteProtocolError(`${this.origin} ${what} (${errorCodeName(error)})`);
  }

  onGoaway(_lastStream: StreamId, code: number): void {
    this.#goaway = code;
    this.#retiring = true;
    this.#placesChanged = true;
  }

  onStreamsMax(streams: number): void {
    this.streamsMax = streams;
    this.#placesChanged = true;
  }

  onStreamError(stream: StreamId, error: ProtocolError): void {
    const exchange = this.#of(stream);
    error.message += `; the peer is ${this.origin}`;
    if (exchange === null) return;
    exchange.over = true;
    if (!exchange.ended && exchange.error === null) exchange.error = error;
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
    // What came is an answer, of another protocol: it would come again.
    if (rule === RULE_H2_PREFACE) for (const each of this.#streams?.values() ?? []) each.answered = true;
    this.#failure = error;
  }
}
