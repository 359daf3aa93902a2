/**
 * HTTP/2 connections of the core as objects (RFC 9113): the same shape as HTTP/1.1, any number of streams. The core makes
 * every octet that goes but those of bodies, and sees every octet that comes but those: of a read, only frame heads and
 * what is not DATA is copied into it, in small pieces, since a DATA frame that begins in a piece is then passed by.
 */
import * as abi from '../assembly/abi.js';
import type { Connection, Events, Head, HeadLimits, RequestHead, StreamId } from './core.js';
import { type Core, type CoreExports, core, coreFailure } from './core-instance.js';
import { LocalProtocolError } from './exceptions.js';
import { latin1, putLatin1 } from './latin1.js';
import { describeRule, protocolError } from './rule-errors.js';
import { TableFields } from './table-fields.js';

/** What the core is given of a read at first, and after octets that were passed by. */
const PIECE_OCTETS = 1024;

/** Whose content it is that nobody wants any more. */
const NO_STREAM: StreamId = 0;

class Http2Connection implements Connection {
  readonly onCoreFailed: (error: Error) => void;
  readonly #core: Core;
  readonly #scheme: string;
  #handle: number;
  /** Content octets that go by without the core: announced by KIND_PASS. */
  #passing = 0;
  #passingStream: StreamId = NO_STREAM;
  /** The core has more to tell of what it was given. */
  #paused = false;
  /** A piece of the lent memory of this read was kept: the other pieces of it are not lent, so that each owns its memory. */
  #keeping = false;
  /** Fields of the peer's HPACK table, whose size we leave as it is. */
  readonly #known = new TableFields(abi.HPACK_TABLE_OCTETS_DEFAULT);
  /** The final head before, for FLAG_SAME_FIELDS. */
  #head: Head = NO_HEAD;

  constructor(limits: HeadLimits, scheme: string, onCoreFailed: (error: Error) => void) {
    this.onCoreFailed = onCoreFailed;
    this.#scheme = scheme;
    this.#core = core();
    this.#handle = this.#core.createConnection(abi.PROTOCOL_HTTP_2, limits, this);
  }

  get httpVersion(): string {
    return 'HTTP/2';
  }

  get canOpen(): boolean {
    return this.placesFree > 0;
  }

  get placesFree(): number {
    const places = this.#call((exports, handle) => exports.connectionPlacesFree(handle));
    return Math.max(0, places);
  }

  get closeReason(): number {
    const reason = this.#call((exports, handle) => exports.connectionCloseReason(handle));
    return reason < 0 ? abi.CLOSE_CANCELLED : reason;
  }

  open(head: RequestHead, endStream: boolean): StreamId {
    const { protocol } = head;
    const line = `${head.method} ${head.target} ${this.#scheme}${protocol === null ? '' : ` ${protocol}`}\r\n`;
    const octets = this.#put(line + head.block);
    const bits = endStream ? head.open | abi.OPEN_END_STREAM : head.open;
    const stream = this.#call((exports, handle) => exports.connectionOpen(handle, bits, 0, octets));
    if (stream > 0) return stream;
    if (stream < 0 && this.#isUsable) throw new LocalProtocolError(describeRule(-stream));
    throw new LocalProtocolError('Cannot send a request: the connection is busy or closed', {
      cause: this.#core.broken ?? undefined,
    });
  }

  send(stream: StreamId, octets: number): number {
    const now = this.#call((exports, handle) => exports.connectionSend(handle, stream, octets));
    if (now < 0 && this.#isUsable) throw new LocalProtocolError(describeRule(-now), { sent: 'partial' });
    return Math.max(0, now);
  }

  end(stream: StreamId, trailers: string | null): void {
    const octets = this.#put(trailers ?? '');
    const answer = this.#call((exports, handle) => exports.connectionEnd(handle, stream, 0, octets));
    if (answer < 0 && this.#isUsable) throw new LocalProtocolError(describeRule(-answer), { sent: 'partial' });
  }

  release(stream: StreamId, octets: number): void {
    this.#call((exports, handle) => exports.connectionRelease(handle, stream, octets));
  }

  want(stream: StreamId): boolean {
    return this.#call((exports, handle) => exports.connectionWant(handle, stream)) > 0;
  }

  cancel(stream: StreamId): void {
    this.#call((exports, handle) => exports.connectionCancel(handle, stream));
    // What is still under way of it goes to nobody.
    if (this.#passingStream === stream) this.#passingStream = NO_STREAM;
  }

  goAway(): void {
    this.#call((exports, handle) => exports.connectionGoAway(handle));
  }

  takeOutput(): string | null {
    if (this.#call((exports, handle) => exports.connectionTakeOutput(handle)) <= 0) return null;
    const inner = this.#core;
    const offset = inner.record(0, 3);
    return latin1(inner.octets, offset, offset + inner.record(0, 4));
  }

  free(): void {
    this.#call((exports, handle) => exports.connectionFree(handle));
    this.#handle = 0;
    this.#core.connections.delete(this);
  }

  get #isUsable(): boolean {
    return this.#handle !== 0 && this.#core.broken === null;
  }

  /** Puts text into the input area: how many octets it has. @throws LocalProtocolError if it has no room there. */
  #put(text: string): number {
    if (text.length > abi.INPUT_OCTETS) {
      throw new LocalProtocolError(
        `Cannot send the field section: it has ${text.length} octets, the limit is ${abi.INPUT_OCTETS} octets`,
      );
    }
    const inner = this.#core;
    if (text.length > 0 && inner.broken === null) {
      if (inner.octets.length === 0) inner.refresh();
      putLatin1(inner.octets, text, inner.input);
    }
    return text.length;
  }

  /** What a call answers, as a signed number; -1: the core failed, or the connection is gone. */
  #call(work: (exports: CoreExports, handle: number) => number): number {
    const inner = this.#core;
    if (inner.broken !== null || this.#handle === 0) return -1;
    try {
      const answer = work(inner.exports, this.#handle);
      if (inner.octets.length === 0) inner.refresh();
      return answer;
    } catch (error) {
      inner.discard(error);
      return -1;
    }
  }

  receive(bytes: Uint8Array, length: number, lent: boolean, nowMs: number, to: Events): boolean {
    this.#keeping = false;
    const inner = this.#core;
    const now = nowMs >>> 0;
    let at = 0;
    let piece = PIECE_OCTETS;
    while ((at < length || this.#paused) && this.#handle !== 0) {
      if (this.#passing > 0) {
        at = this.#passBy(bytes, at, length, lent, to);
        piece = PIECE_OCTETS;
        continue;
      }
      const end = Math.min(length, at + piece);
      if (inner.octets.length === 0) inner.refresh();
      inner.octets.set(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), inner.input);
      const octets = end - at;
      const records = this.#call((exports, handle) => exports.connectionReceiveAt(handle, 0, octets, now));
      at = this.#report(records, bytes, at, end, length, lent, to);
      piece = at === end && !this.#paused ? Math.min(piece * 2, abi.INPUT_OCTETS) : PIECE_OCTETS;
    }
    return this.#keeping;
  }

  receiveEnd(to: Events): void {
    this.#passing = 0;
    if (this.#handle === 0) return;
    do {
      const records = this.#call((exports, handle) => exports.connectionReceiveEnd(handle, 0));
      this.#report(records, NOTHING, 0, 0, 0, false, to);
    } while (this.#paused);
  }

  /** Passes content octets by, from bytes[at] on: where those after them begin. */
  #passBy(bytes: Uint8Array, at: number, length: number, lent: boolean, to: Events): number {
    const end = Math.min(length, at + this.#passing);
    this.#passing -= end - at;
    if (end > at) this.#data(this.#passingStream, bytes, at, end, lent, to);
    if (this.#passing > 0) return end;
    const records = this.#call((exports, handle) => exports.connectionPassed(handle, 0));
    return this.#report(records, bytes, end, end, length, lent, to);
  }

  #data(stream: StreamId, bytes: Uint8Array, from: number, to: number, lent: boolean, events: Events): void {
    if (stream === NO_STREAM) this.release(stream, to - from);
    else if (events.onData(stream, bytes, from, to, lent && !this.#keeping)) this.#keeping = true;
  }

  /**
   * Turns records into calls, and answers where the octets that the core has not seen begin in `bytes`, of which it was
   * given [base, end).
   */
  #report(
    records: number,
    bytes: Uint8Array,
    base: number,
    end: number,
    length: number,
    lent: boolean,
    to: Events,
  ): number {
    this.#paused = false;
    if (records === 0) return end;
    const inner = this.#core;
    if (records === 1 && inner.record(0, 0) === abi.KIND_PASS) return base + this.#pass(0);
    return this.#reportAll(records, bytes, base, end, length, lent, to);
  }

  /** Content is to go by without the core: where in what the core was given it begins. */
  #pass(index: number): number {
    const inner = this.#core;
    this.#passingStream = inner.record(index, 2);
    this.#passing = inner.record(index, 4) + inner.record(index, 6);
    return inner.record(index, 3);
  }

  /** As #report, which does alone what most reads of a body come to: one record, of content to pass by. */
  #reportAll(
    records: number,
    bytes: Uint8Array,
    base: number,
    end: number,
    length: number,
    lent: boolean,
    to: Events,
  ): number {
    const inner = this.#core;
    if (records < 0) {
      if (inner.broken !== null) to.onError(coreFailure('Cannot read the response', inner.broken), 0, 0);
      return length;
    }
    for (let i = 0; i < records; i++) {
      const stream = inner.record(i, 2);
      const offset = base + inner.record(i, 3);
      switch (inner.record(i, 0)) {
        case abi.KIND_PASS:
          return base + this.#pass(i);
        case abi.KIND_DATA:
          this.#data(stream, bytes, offset, offset + inner.record(i, 4), lent, to);
          break;
        case abi.KIND_PAUSE:
          this.#paused = true;
          return offset;
        case abi.KIND_ERROR: {
          const rule = inner.record(i, 1);
          to.onError(protocolError(rule, inner.record(i, 5), inner.record(i, 6)), rule, stream);
          return length;
        }
        default:
          this.#tell(i, stream, to);
      }
    }
    return end;
  }

  /** Turns a record that is not about octets of the input into its call. */
  #tell(index: number, stream: StreamId, to: Events): void {
    const inner = this.#core;
    const code = inner.record(index, 1);
    const a = inner.record(index, 5);
    switch (inner.record(index, 0)) {
      case abi.KIND_HEAD:
        if ((a & abi.FLAG_SAME_FIELDS) === 0) this.#head = this.#headOf(index);
        to.onHead(stream, code, a, this.#head);
        break;
      case abi.KIND_END:
        to.onEnd(stream, code === 1, inner.record(index, 4) === 0 ? null : this.#headOf(index));
        break;
      case abi.KIND_INTERIM:
        to.onInterim(stream, code, this.#headOf(index));
        break;
      case abi.KIND_WRITABLE:
        to.onWritable(stream);
        break;
      case abi.KIND_RESET:
        to.onReset(stream, code, a === 1);
        break;
      case abi.KIND_STREAM_ERROR:
        to.onStreamError(stream, protocolError(code, a, inner.record(index, 6)), code);
        break;
      case abi.KIND_GOAWAY:
        to.onGoaway(a, code, this.#textOf(index));
        break;
      case abi.KIND_STREAMS_MAX:
        to.onStreamsMax(a);
    }
  }

  #headOf(index: number): Head {
    const text = this.#textOf(index);
    return { text, fields: this.#core.record(index, 6), known: this.#known, keepAliveSeconds: null };
  }

  #textOf(index: number): string {
    const inner = this.#core;
    const offset = inner.record(index, 3);
    return latin1(inner.octets, offset, offset + inner.record(index, 4));
  }
}

const NOTHING = new Uint8Array(0);
const NO_HEAD: Head = { text: '', fields: 0, known: null, keepAliveSeconds: null };

/**
 * A connection that speaks HTTP/2 as a client; its preface is the first output. `scheme` is that of the requests on it,
 * 'http' or 'https'. `onCoreFailed`: a trap has ended it, and every other one.
 */
export function openHttp2(limits: HeadLimits, scheme: string, onCoreFailed: (error: Error) => void): Connection {
  return new Http2Connection(limits, scheme, onCoreFailed);
}
