/**
 * One request and its response on a connection: what the connection tells is kept here for the flow that waits. No flow
 * runs in what the connection calls; only fields change.
 */
import type { ByteSource } from './body.js';
import type { HttpConnection } from './connection.js';
import type { Head, StreamId } from './core.js';
import { arm, type DeadlineList, disarm } from './deadlines.js';
import { ReadTimeout, StreamClosed } from './exceptions.js';
import { type Flow, Park } from './flow.js';
import type { NetworkStream } from './network-stream.js';
import { Sending } from './sending.js';
import { WaitingPieces } from './waiting-pieces.js';

/** The time limits of one call, as deadline lists of its client; `null`: no limit. */
export interface CallLimits {
  readonly connect: DeadlineList | null;
  readonly read: DeadlineList | null;
  readonly write: DeadlineList | null;
  readonly pool: DeadlineList | null;
}

/** Octets of one unread body that are buffered before reading pauses. */
const BUFFERED_OCTETS_MAX = 262144;
/**
 * Lent memory is kept only for pieces at least this large, and a quarter of it; others are copied, many smaller ones
 * together while they wait.
 */
const KEPT_OCTETS_MIN = 8192;

const copy = Uint8Array.prototype.slice as (this: Uint8Array, from: number, to: number) => Uint8Array<ArrayBuffer>;
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** An interim response that came (RFC 9110 §15.2). */
export interface Interim {
  readonly status: number;
  readonly head: Head;
}

/** Where several send: it may send a frame, has sent it, or wants to send another. */
export type Turn = 'free' | 'due' | 'taken' | 'waiting';

/**
 * One request and its response: what the flow parks on, the node of its read or write deadline, the source of its body.
 */
export class Exchange extends Park implements ByteSource {
  readonly connection: HttpConnection;
  readonly limits: CallLimits;
  stream: StreamId = 0;
  /** Of the final response; 0: has not come. */
  status = 0;
  flags = 0;
  head: Head | null = null;
  trailers: Head | null = null;
  error: unknown = null;
  /** The response is complete. */
  ended = false;
  /** The peer, or the core, has ended the stream by itself, whatever was under way (HTTP/2). */
  over = false;
  /** The error code of the peer's RST_STREAM or GOAWAY that ended it (HTTP/2). */
  resetCode: number | null = null;
  /** The peer did nothing with the request (RFC 9113 §8.7): to send it again is safe. */
  unprocessed = false;
  /** The body may be sent. */
  writable = true;
  /** How much of the request left this host. */
  sent: 'none' | 'partial' | 'full' = 'none';
  /** Octets of the body that left together with the head. */
  inlined = 0;
  /** The source of the body was asked for a piece. */
  bodyBegun = false;
  /** Octets of a response have come, an interim one included. */
  answered = false;
  networkStream: NetworkStream | null = null;
  onInterim: ((interim: Interim) => void) | null = null;
  interims: Interim[] | null = null;
  /** Clock readings, ms; 0: not reached. */
  sentAt = 0;
  firstByteAt = 0;
  endAt = 0;
  /** Body octets handed on, encoded as they came. */
  downloaded = 0;
  /** Body octets that were taken as they came, and for which the connection is to give credit back. */
  credit = 0;
  /** The connection's note that the records it consumes are about this exchange. */
  told = false;
  /** The connection's note on its turn to send, where others want to. */
  turn: Turn = 'free';
  #chunk: Uint8Array<ArrayBuffer> | null = null;
  /** What came behind it while it was unread. */
  #more: WaitingPieces | null = null;
  /** The memory of the read that the last piece kept. */
  #kept: Uint8Array | null = null;
  #buffered = 0;
  /** Reading paused for what its reader has taken since, who has not asked for more (HTTP/1.1). */
  #isHeld = false;
  #whole = false;
  #view: Uint8Array | null = null;
  #filled = 0;
  #sending: Sending | null = null;

  constructor(connection: HttpConnection, limits: CallLimits) {
    super();
    this.connection = connection;
    this.limits = limits;
  }

  // ── what the connection tells; no flow runs in these ──

  /** @internal Body octets; true: the lent memory was kept. */
  take(bytes: Uint8Array, from: number, to: number, lent: boolean): boolean {
    const view = this.#view;
    if (view !== null && this.#filled < view.length) {
      const share = Math.min(to - from, view.length - this.#filled);
      view.set(bytes.subarray(from, from + share), this.#filled);
      this.#filled += share;
      this.credit += share;
      from += share;
      if (from === to) return false;
    }
    const octets = to - from;
    if (bytes === this.#kept) {
      this.#extend(bytes, from, to);
      return false;
    }
    this.#buffered += octets;
    if (this.#whole) this.credit += octets;
    if (this.#chunk !== null && octets < KEPT_OCTETS_MIN) {
      this.#kept = null;
      this.#more ??= new WaitingPieces();
      this.#more.gather(bytes, from, to);
      return false;
    }
    const keep = lent && octets >= KEPT_OCTETS_MIN && octets * 4 >= bytes.length;
    const piece = keep ? (bytes.subarray(from, to) as Uint8Array<ArrayBuffer>) : copy.call(bytes, from, to);
    this.#kept = keep ? bytes : null;
    if (this.#chunk === null) this.#chunk = piece;
    else {
      this.#more ??= new WaitingPieces();
      this.#more.push(piece);
    }
    return keep;
  }

  /** More octets of the read whose memory the last piece has: they are moved up to it, so that both are one piece. */
  #extend(bytes: Uint8Array, from: number, to: number): void {
    const behind = this.#more?.last ?? null;
    const last = behind ?? (this.#chunk as Uint8Array);
    const start = last.byteOffset - bytes.byteOffset;
    const end = start + last.length;
    bytes.copyWithin(end, from, to);
    const piece = bytes.subarray(start, end + to - from) as Uint8Array<ArrayBuffer>;
    if (behind === null) this.#chunk = piece;
    else this.#more?.replaceLast(piece);
    this.#buffered += to - from;
    if (this.#whole) this.credit += to - from;
  }

  /** @internal Octets have come that its reader has not asked for yet, or that come when it asks for more. */
  get awaitsReader(): boolean {
    return this.#isHeld || (this.#chunk !== null && !this.#whole);
  }

  /** @internal More is buffered than is wanted now. */
  get full(): boolean {
    return this.#buffered >= BUFFERED_OCTETS_MAX && !this.#whole;
  }

  /** @internal Its reader takes all that comes, and waits for more. */
  get readsAll(): boolean {
    return this.#whole && !this.ended && this.error === null;
  }

  /** @internal The flow that is parked here has something to do. */
  get ready(): boolean {
    return this.ended || this.error !== null || (this.status !== 0 && !this.#whole);
  }

  /** @internal Wakes its flows that can go on; one that reads a body has its time anew. */
  goOn(now: number): void {
    const sending = this.#sending;
    if (sending !== null && sending.run !== null && sending.ready) sending.wake();
    if (this.run !== null && this.ready) this.wake();
    else if (this.list !== null && this.status !== 0) arm(this, this.list, now);
  }

  /**
   * @internal Tells the user, who may end the call or the client, of interim responses. What is thrown wins over a final
   * response that came as well.
   */
  tellInterims(): void {
    const interims = this.interims as Interim[];
    this.interims = null;
    for (const interim of interims) {
      try {
        this.onInterim?.(interim);
      } catch (error) {
        if (this.error === null) this.error = error;
        this.status = 0;
        this.connection.abandon(this);
      }
      if (this.error !== null) return;
    }
  }

  /** Nothing more of the request is to be sent: the response is no success, or complete, or all has left. */
  get unwanted(): boolean {
    if (this.status === 0) return false;
    return this.ended || this.status >= 300 || this.sent === 'full' || this.#sending?.isOver === true;
  }

  /** Where the flow that sends the body waits. */
  get sending(): Sending {
    this.#sending ??= new Sending(this);
    return this.#sending;
  }

  /** @internal The same, if there is one. */
  get sendingNow(): Sending | null {
    return this.#sending;
  }

  /** Who sends goes first: its source is let go before the flow of the call may open it again. */
  override wake(): void {
    this.#sending?.wake();
    super.wake();
  }

  override onExpire(ms: number): void {
    if (this.ended || this.error !== null) return;
    const { origin } = this.connection;
    const behind = this.#sending?.notTaken ?? '';
    const message =
      this.status === 0
        ? `Cannot read the response from ${origin}: no complete head after ${ms} ms (timeout.read)`
        : `Cannot read the response body from ${origin}: no octets for ${ms} ms (timeout.read)${behind}`;
    this.fail(new ReadTimeout(message, { phase: 'read' }).namingRequest(), ms);
  }

  /** Ends the exchange with an error, and its part of the connection, and wakes who waits. */
  fail(error: unknown, silentMs: number | null = null): void {
    if (this.error === null && !this.ended) this.error = error;
    this.connection.abandon(this, silentMs);
    this.wake();
  }

  // ── what flows use ──

  override block(timeoutMs: number | null): boolean {
    const { socket } = this.connection;
    if (socket.blocking) socket.wait(timeoutMs);
    return socket.blocking;
  }

  /** Says that octets are wanted, and starts the read deadline unless it runs, or some of the request is being sent. */
  demand(): void {
    const { connection } = this;
    if (this.#isHeld) {
      this.#isHeld = false;
      this.#sending?.restart();
    }
    if (this.status !== 0) connection.want(this);
    connection.socket.demand();
    if (this.sent === 'full' || this.unwanted || this.#sending?.awaitsSource === true) this.#startReading();
  }

  /** All of the request has left. */
  wholeSent(): void {
    this.sent = 'full';
    this.nothingSent();
  }

  /** Nothing of the request is being sent, or will be: who waits for the response has its time from now on. */
  nothingSent(): void {
    if (this.run !== null) this.#startReading();
  }

  #startReading(): void {
    const { connection, limits } = this;
    if (limits.read !== null && this.list === null) arm(this, limits.read, connection.deadlines.tick());
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    const chunk = this.#chunk;
    if (chunk === null) return null;
    this.#kept = null;
    this.#took(chunk.length);
    this.#chunk = this.#more === null ? null : this.#more.shift();
    return chunk;
  }

  /**
   * Octets leave the buffer: those that had no credit yet are given it. A peer of whose octets much lay unread may have waited
   * for that, and has the time to take what is sent anew from then on; one from which nothing was read any more, from when more
   * is wanted.
   */
  #took(octets: number): void {
    const wasFull = this.full;
    this.#buffered -= octets;
    this.downloaded += octets;
    if (!this.connection.multiplexes) this.#isHeld ||= wasFull;
    else if (!this.#whole) {
      this.connection.release(this, octets);
      if (wasFull) this.#sending?.restart();
    }
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    try {
      for (;;) {
        const chunk = this.readNow();
        if (chunk !== null) return chunk;
        if (this.error !== null) throw this.error;
        if (this.ended) return null;
        this.demand();
        yield this;
      }
    } finally {
      disarm(this);
    }
  }

  /** The whole body, encoded as it came. */
  *readAll(): Flow<Uint8Array<ArrayBuffer>> {
    this.#releaseBuffered();
    if (this.full) this.#sending?.restart();
    this.#whole = true;
    try {
      while (!this.ended) {
        if (this.error !== null) throw this.error;
        this.demand();
        yield this;
      }
    } finally {
      disarm(this);
    }
    return this.takeAll();
  }

  /** All that is buffered, as one; only once `ended`. */
  takeAll(): Uint8Array<ArrayBuffer> {
    const first = this.#chunk;
    if (this.#more === null || this.#more.isEmpty) {
      this.#chunk = null;
      if (first === null) return NOTHING;
      this.#took(first.length);
      return first;
    }
    const all = new Uint8Array(this.#buffered);
    let at = 0;
    for (let chunk = this.readNow(); chunk !== null; chunk = this.readNow()) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  *fill(view: Uint8Array): Flow<number> {
    const chunk = this.#chunk;
    if (!this.ended && this.error === null) this.connection.socket.lend = false;
    if (chunk !== null) {
      const share = Math.min(chunk.length, view.length);
      view.set(share === chunk.length ? chunk : chunk.subarray(0, share));
      if (share === chunk.length) this.readNow();
      else {
        this.#chunk = chunk.subarray(share);
        this.#took(share);
      }
      return share;
    }
    this.#view = view;
    this.#filled = 0;
    try {
      while (this.#filled === 0) {
        if (this.error !== null) throw this.error;
        if (this.ended) return 0;
        this.demand();
        yield this;
      }
      this.downloaded += this.#filled;
      return this.#filled;
    } finally {
      this.#view = null;
      disarm(this);
    }
  }

  lend(): void {
    if (!this.ended && this.error === null) this.connection.socket.lend = true;
  }

  /** What is buffered is taken, or dropped, as one. */
  #releaseBuffered(): void {
    if (!this.#whole && this.connection.multiplexes) this.connection.release(this, this.#buffered);
  }

  close(): void {
    const unread = this.#chunk !== null || !this.ended;
    this.#releaseBuffered();
    this.#chunk = null;
    this.#more = null;
    this.#buffered = 0;
    disarm(this);
    if (unread && this.error === null) this.error = new StreamClosed();
    if (this.ended) return;
    this.connection.abandon(this);
    this.wake();
  }
}
