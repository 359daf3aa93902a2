/**
 * The exchanges of a connection that has many at a time (HTTP/2): which there are, which of them the records being consumed
 * are about, and what follows for each once those are consumed. What a record says is noted in the exchange by the
 * connection, for one at a time as for many; so is how it ends.
 */
import type { HttpConnection } from './connection.js';
import type { Connection as Protocol, StreamId } from './core.js';
import { CloseError, type TransportError } from './exceptions.js';
import type { Exchange } from './exchange.js';
import { isThenable } from './flow.js';
import { errorCodeName, goawayInWords } from './http2-errors.js';
import { ownOf } from './own-error.js';

export { openHttp2 } from './core-http2.js';

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

/** The many exchanges of one connection. */
export class Streams {
  /** The peer's limit on concurrent ones, once it is known. */
  max: number | null = null;
  readonly #connection: HttpConnection;
  readonly #protocol: Protocol;
  readonly #open = new Map<StreamId, Exchange>();
  /** Those that the records being consumed were about. */
  #told: Exchange[] = [];
  /** Nothing more is begun; the connection is closed after the last. */
  #retiring = false;
  #placesChanged = false;
  /** What the peer said when it ended the connection, in words, or `null`. */
  #goaway: string | null = null;
  /** The socket has not taken the core's latest answer yet. */
  #behind = false;
  /** When octets last came, but SETTINGS alone. */
  #heardAt = 0;
  /** The records being consumed are about streams. */
  #heard = false;

  constructor(connection: HttpConnection, protocol: Protocol) {
    this.#connection = connection;
    this.#protocol = protocol;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** The head of a response came whose body is not over. */
  get hasOpenResponse(): boolean {
    return this.all.some(({ head }) => head !== null);
  }

  /** Those under way, for who wakes them after they are gone. */
  get all(): Exchange[] {
    return [...this.#open.values()];
  }

  get canOpen(): boolean {
    return !this.#retiring && this.#protocol.canOpen;
  }

  /** How many could be begun: one, and no other beside it, until the peer has said how many it takes. */
  get places(): number {
    if (this.#retiring || (this.max === null && this.#open.size > 0)) return 0;
    return this.max === null ? 1 : this.#protocol.placesFree;
  }

  /** The peer has not said yet how many there may be. */
  get settling(): boolean {
    return this.max === null && !this.#retiring;
  }

  /** The peer takes none for now; it may take some later (RFC 9113 §6.5.2). */
  get paused(): boolean {
    return this.max === 0 && !this.#retiring;
  }

  /** What the peer had said when the connection ended: to be added to messages. */
  get farewell(): string {
    return this.#goaway === null ? '' : `; the peer had said ${this.#goaway}`;
  }

  /** Why the peer reset a stream, behind what else is said of it. */
  reasonOf(code: number): string {
    return ` (${errorCodeName(code)})${this.farewell}`;
  }

  add(exchange: Exchange): void {
    this.#open.set(exchange.stream, exchange);
  }

  /** Content was taken, or will not be: the peer may send as much again. */
  release(exchange: Exchange, octets: number): void {
    this.#protocol.release(exchange.stream, octets);
    this.#flush();
  }

  /** Its reader waits: what nobody reads of others is not to hold it up. */
  want(exchange: Exchange): void {
    if (this.#protocol.want(exchange.stream)) this.#flush();
  }

  /** Its user gave up, after `silentMs` without an answer perhaps. False: it was over. */
  abandon(exchange: Exchange, silentMs: number | null): boolean {
    if (!this.#open.delete(exchange.stream)) return false;
    this.#protocol.cancel(exchange.stream);
    this.#flush();
    if (silentMs !== null && this.#heardAt <= this.#connection.deadlines.now - silentMs) this.#retiring = true;
    this.#vacated();
    return true;
  }

  /**
   * The connection is about to be closed by us: says so (RFC 9113 §6.8), behind what the core kept while the socket was. True:
   * it matters to the peer, who has not said so itself.
   */
  takeLeave(): boolean {
    this.#protocol.goAway();
    const output = this.#protocol.takeOutput();
    const taken = output === null ? undefined : this.#connection.socket.write(output, null);
    // Nobody waits for it, and a socket that cannot take it is closed all the same.
    if (isThenable(taken)) taken.then(undefined, () => {});
    return !this.#retiring;
  }

  /** The connection is closed: each gets an error of its own. */
  failAll(error: TransportError | null): void {
    const shared = error ?? new CloseError(`The connection to ${this.#connection.origin} was closed`);
    for (const exchange of this.#open.values()) {
      if (!exchange.ended && exchange.error === null) {
        exchange.error = this.#open.size === 1 ? shared : ownOf(shared);
      }
    }
    this.#open.clear();
  }

  /** The peer ends the connection. */
  leave(code: number, debug: string): void {
    this.#goaway = goawayInWords(code, debug);
    this.#retiring = true;
    this.#placesChanged = true;
  }

  /** The peer's limit on concurrent ones. */
  limit(streams: number): void {
    if (this.max === null) for (const stream of this.#open.keys()) this.#note(stream);
    this.max = streams;
    this.#placesChanged = true;
  }

  /** The exchange of a stream; it is noted that the records are about it. */
  told(stream: StreamId): Exchange | null {
    this.#heard = true;
    return this.#note(stream);
  }

  #note(stream: StreamId): Exchange | null {
    const exchange = this.#open.get(stream);
    if (exchange === undefined) return null;
    if (!exchange.told) {
      exchange.told = true;
      this.#told.push(exchange);
      if (!exchange.answered) exchange.firstByteAt = this.#connection.deadlines.now;
    }
    return exchange;
  }

  /** After the records: what the core made is written, then the flows are woken that can go on. */
  settle(now: number, failure: TransportError | null): void {
    const connection = this.#connection;
    const told = this.#told;
    // SETTINGS come from the peer's stack, whether or not there is anybody behind it.
    if (this.#heard || !this.#placesChanged) this.#heardAt = now;
    this.#heard = false;
    this.#told = [];
    for (const exchange of told) {
      exchange.told = false;
      if (exchange.credit === 0) continue;
      this.#protocol.release(exchange.stream, exchange.credit);
      exchange.credit = 0;
      // Its reader said once that it waits, and the core forgot that with the content that came.
      if (exchange.readsAll) this.#protocol.want(exchange.stream);
    }
    this.#flush();
    if (failure !== null) {
      connection.closeWith(failure);
      return;
    }
    for (const exchange of told) {
      if (exchange.interims !== null) exchange.tellInterims();
      if (exchange.ended || exchange.error !== null) this.#finish(exchange);
    }
    if (this.#placesChanged && !connection.closed) {
      this.#placesChanged = false;
      if (this.#retiring && connection.empty) connection.close();
      else connection.owner.placesChanged(connection);
    }
    if (told.length > 1) {
      const senders = told.filter(({ sendingNow, writable }) => writable && sendingNow?.awaitsWritable === true);
      if (senders.length > 1) takeTurns(senders);
    }
    for (const exchange of told) exchange.goOn(now);
  }

  /** One is over: its place is free again. */
  #finish(exchange: Exchange): void {
    if (!this.#open.delete(exchange.stream)) return;
    if (exchange.sent !== 'full' && !exchange.over) {
      this.#protocol.cancel(exchange.stream);
      this.#flush();
    }
    this.#vacated();
  }

  #vacated(): void {
    const connection = this.#connection;
    if (this.#open.size === 0) connection.socket.lend = false;
    if (this.#retiring && connection.empty) connection.close();
    else connection.owner.released(connection);
  }

  /** Writes what the core answers by itself. While the socket is behind the core keeps it, within its limit. */
  #flush(): void {
    const connection = this.#connection;
    if (connection.closed || this.#behind) return;
    const output = this.#protocol.takeOutput();
    if (output === null) return;
    const taken = connection.socket.write(output, null);
    if (!isThenable(taken)) return;
    this.#behind = true;
    const caughtUp = () => {
      this.#behind = false;
      this.#flush();
    };
    taken.then(caughtUp, () => {});
  }
}
