/**
 * Drives an HTTP/2 connection of the core as a host does, and writes down what came out in a form that does not depend on how
 * the input was cut: content is joined, records are in order, and the frames that are to be written are in one list of their
 * own.
 */
import * as abi from '../../assembly/abi.js';
import type { FieldLine } from './core-connection.js';
import { cuttings } from './core-connection.js';
import type { Core } from './core-module.js';

export type Http2Entry =
  | {
      readonly kind: 'head' | 'interim';
      readonly stream: number;
      readonly status: number;
      readonly flags: number;
      readonly fields: readonly FieldLine[];
    }
  | { readonly kind: 'content'; readonly stream: number; readonly octets: string }
  | {
      readonly kind: 'end';
      readonly stream: number;
      readonly reusable: boolean;
      readonly trailers: readonly FieldLine[];
    }
  | { readonly kind: 'writable'; readonly stream: number }
  | { readonly kind: 'reset'; readonly stream: number; readonly code: number; readonly unprocessed: boolean }
  | { readonly kind: 'stream error'; readonly stream: number; readonly rule: number; readonly code: number }
  | { readonly kind: 'goaway'; readonly last: number; readonly code: number; readonly debug?: string }
  | { readonly kind: 'streams max'; readonly streams: number }
  | { readonly kind: 'error'; readonly stream: number; readonly rule: number; readonly code: number };

/** A frame that was written; `payload` in hexadecimal. */
export interface WrittenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: string;
}

export interface Http2Limits {
  readonly headOctets?: number;
  readonly fields?: number;
  readonly interim?: number;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Field lines of a request whose first line `open` makes. */
export const HOST = 'Host: example.org\r\n';

/** One connection of a core. */
export class Http2Driver {
  readonly handle: number;
  readonly log: Http2Entry[] = [];
  /** Frames written so far, the preface cut off. */
  readonly frames: WrittenFrame[] = [];
  /** Milliseconds that octets come at. */
  now = 0;
  /** Content is released as it comes. */
  releases = true;
  /** Output is taken when octets have come. */
  takes = true;
  readonly #core: Core;
  #passing = 0;
  #passingStream = 0;
  #written: Buffer = Buffer.alloc(0);
  #begun = false;
  #head: readonly FieldLine[] = [];

  constructor(core: Core, limits: Http2Limits = {}) {
    this.#core = core;
    this.handle = core.connectionCreate(
      abi.PROTOCOL_HTTP_2,
      abi.ROLE_CLIENT,
      limits.headOctets ?? 65536,
      limits.fields ?? 256,
      limits.interim ?? 16,
    );
  }

  /** Opens a stream; `bits`: OPEN_*. */
  open(method = 'GET', target = '/', lines: string = HOST, bits: number = abi.OPEN_END_STREAM, protocol = ''): number {
    const text = `${method} ${target} https${protocol === '' ? '' : ` ${protocol}`}\r\n${lines}`;
    const length = this.#put(text);
    const kind = method === 'HEAD' ? abi.OPEN_HEAD : method === 'CONNECT' ? abi.OPEN_CONNECT : 0;
    const stream = this.#core.connectionOpen(this.handle, bits | kind, 0, length);
    this.flush();
    return stream;
  }

  /** Sends as much of the body as may go now, frame by frame: how many octets that were. */
  send(stream: number, body: string): number {
    let sent = 0;
    while (sent < body.length) {
      const octets = this.#core.connectionSend(this.handle, stream, body.length - sent);
      if (octets < 0) return octets;
      if (octets === 0) break;
      this.flush(body.slice(sent, sent + octets));
      sent += octets;
    }
    return sent;
  }

  end(stream: number, trailers = ''): number {
    const answer = this.#core.connectionEnd(this.handle, stream, 0, this.#put(trailers));
    this.flush();
    return answer;
  }

  release(stream: number, octets: number): void {
    this.#core.connectionRelease(this.handle, stream, octets);
    this.flush();
  }

  want(stream: number): number {
    const answer = this.#core.connectionWant(this.handle, stream);
    this.flush();
    return answer;
  }

  cancel(stream: number): void {
    this.#core.connectionCancel(this.handle, stream);
    this.flush();
  }

  goAway(): void {
    this.#core.connectionGoAway(this.handle);
    this.flush();
  }

  /** Takes what is to be written, and `body` behind it. */
  flush(body = ''): void {
    const count = this.#core.connectionTakeOutput(this.handle);
    const octets = count === 0 ? new Uint8Array(0) : this.#output();
    this.#written = Buffer.concat([this.#written, octets, Buffer.from(body, 'latin1')]);
    this.#readFrames();
  }

  /** Gives octets as they would come from a socket; `pieceOctets`: at most so many at a time. */
  feed(bytes: Uint8Array, pieceOctets: number = abi.INPUT_OCTETS): void {
    let from = 0;
    let paused = false;
    while (from < bytes.length || paused) {
      if (this.#passing > 0) {
        from = this.#pass(bytes, from);
        continue;
      }
      const piece = bytes.subarray(from, from + pieceOctets);
      new Uint8Array(this.#core.memory.buffer).set(piece, this.#core.inputOffset());
      const count = this.#core.connectionReceiveAt(this.handle, 0, piece.length, this.now);
      const taken = this.#records(count, piece);
      paused = taken !== null;
      from += taken ?? piece.length;
    }
    if (this.takes) this.flush();
  }

  close(): void {
    this.#passing = 0;
    let paused = true;
    while (paused) {
      paused = this.#records(this.#core.connectionReceiveEnd(this.handle), new Uint8Array(0)) !== null;
    }
  }

  get placesFree(): number {
    return this.#core.connectionPlacesFree(this.handle);
  }

  get closeReason(): number {
    return this.#core.connectionCloseReason(this.handle);
  }

  free(): void {
    this.#core.connectionFree(this.handle);
  }

  #put(text: string): number {
    new Uint8Array(this.#core.memory.buffer).set(Buffer.from(text, 'latin1'), this.#core.inputOffset());
    return text.length;
  }

  #word(record: number, field: number): number {
    const view = new DataView(this.#core.memory.buffer, this.#core.eventsOffset() + record * abi.EVENT_OCTETS);
    return view.getUint32(field, true);
  }

  #output(): Uint8Array {
    const offset = this.#word(0, abi.EVENT_OFFSET);
    return new Uint8Array(this.#core.memory.buffer, offset, this.#word(0, abi.EVENT_LENGTH)).slice();
  }

  #readFrames(): void {
    if (!this.#begun && this.#written.length > 0) {
      if (latin1(this.#written.subarray(0, 24)) !== PREFACE) throw new Error('Cannot read output: no preface');
      this.#written = this.#written.subarray(24);
      this.#begun = true;
    }
    while (this.#written.length >= 9) {
      const length = this.#written.readUIntBE(0, 3);
      if (this.#written.length < 9 + length) return;
      this.frames.push({
        type: this.#written[3] as number,
        flags: this.#written[4] as number,
        stream: this.#written.readUInt32BE(5),
        payload: this.#written.subarray(9, 9 + length).toString('hex'),
      });
      this.#written = this.#written.subarray(9 + length);
    }
  }

  #pass(bytes: Uint8Array, from: number): number {
    const length = Math.min(this.#passing, bytes.length - from);
    this.#content(this.#passingStream, bytes.subarray(from, from + length));
    this.#passing -= length;
    if (this.#passing === 0) this.#records(this.#core.connectionPassed(this.handle), bytes);
    return from + length;
  }

  /** Reads the records of a call: where it stopped in what it was given, if that was before the end. */
  #records(count: number, given: Uint8Array): number | null {
    for (let i = 0; i < count; i++) {
      const offset = this.#word(i, abi.EVENT_OFFSET);
      const length = this.#word(i, abi.EVENT_LENGTH);
      const stream = this.#word(i, abi.EVENT_STREAM);
      switch (this.#word(i, abi.EVENT_KIND)) {
        case abi.KIND_PAUSE:
          return offset;
        case abi.KIND_DATA:
          this.#content(stream, given.subarray(offset, offset + length));
          break;
        case abi.KIND_PASS:
          this.#passing = this.#word(i, abi.EVENT_B);
          this.#passingStream = stream;
          this.#content(stream, given.subarray(offset, offset + length));
          break;
        default:
          this.log.push(this.#entry(i, stream));
      }
    }
    return null;
  }

  #entry(i: number, stream: number): Http2Entry {
    const code = this.#word(i, abi.EVENT_CODE);
    const a = this.#word(i, abi.EVENT_A);
    const kind = this.#word(i, abi.EVENT_KIND);
    switch (kind) {
      case abi.KIND_HEAD:
        if ((a & abi.FLAG_SAME_FIELDS) === 0) this.#head = this.#fields(i);
        return { kind: 'head', stream, status: code, flags: a & ~abi.FLAG_SAME_FIELDS, fields: this.#head };
      case abi.KIND_INTERIM:
        return { kind: 'interim', stream, status: code, flags: a, fields: this.#fields(i) };
      case abi.KIND_END:
        return { kind: 'end', stream, reusable: code === 1, trailers: this.#fields(i) };
      case abi.KIND_WRITABLE:
        return { kind: 'writable', stream };
      case abi.KIND_RESET:
        return { kind: 'reset', stream, code, unprocessed: a === 1 };
      case abi.KIND_STREAM_ERROR:
        return { kind: 'stream error', stream, rule: code, code: this.#word(i, abi.EVENT_C) };
      case abi.KIND_GOAWAY:
        return { kind: 'goaway', last: a, code, ...this.#debug(i) };
      case abi.KIND_STREAMS_MAX:
        return { kind: 'streams max', streams: a };
      case abi.KIND_ERROR:
        return { kind: 'error', stream, rule: code, code: this.#word(i, abi.EVENT_C) };
      default:
        throw new Error(`Cannot read a record: kind ${kind}`);
    }
  }

  #debug(i: number): { readonly debug?: string } {
    const octets = new Uint8Array(
      this.#core.memory.buffer,
      this.#word(i, abi.EVENT_OFFSET),
      this.#word(i, abi.EVENT_LENGTH),
    );
    return octets.length === 0 ? {} : { debug: latin1(octets) };
  }

  #fields(i: number): readonly FieldLine[] {
    const length = this.#word(i, abi.EVENT_LENGTH);
    if (length === 0) return [];
    const count = this.#word(i, abi.EVENT_B);
    const view = new DataView(this.#core.memory.buffer, this.#word(i, abi.EVENT_OFFSET), length);
    const text = latin1(
      new Uint8Array(view.buffer, view.byteOffset + count * abi.FIELD_OCTETS, length - count * abi.FIELD_OCTETS),
    );
    return Array.from({ length: count }, (_, entry): FieldLine => {
      const at = entry * abi.FIELD_OCTETS;
      const [first, second, third] = [0, 4, 8].map((o) => view.getUint32(at + o, true)) as [number, number, number];
      const [name, value] = [first & 0xffffff, second & 0xffffff];
      const nameLength = (second >>> 24) | ((third >>> 24) << 8);
      return [text.slice(name, name + nameLength), text.slice(value, value + (third & 0xffffff)), first >>> 24];
    });
  }

  #content(stream: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.releases) this.#core.connectionRelease(this.handle, stream, bytes.length);
    const last = this.log.at(-1);
    const before = last?.kind === 'content' && last.stream === stream ? last.octets : '';
    if (before !== '') this.log.pop();
    this.log.push({ kind: 'content', stream, octets: before + latin1(bytes) });
  }
}

/** What came of a script, however it was cut. */
export interface Http2Outcome {
  readonly log: readonly Http2Entry[];
  readonly frames: readonly WrittenFrame[];
  readonly closeReason: number;
}

/** Runs `begin` on a new connection, then gives it `input`, cut before each of `cuts`, then runs `after`. */
export function runHttp2(
  core: Core,
  input: Uint8Array,
  begin: (driver: Http2Driver) => void,
  cuts: readonly number[] = [],
  after: (driver: Http2Driver) => void = () => {},
  limits: Http2Limits = {},
): Http2Outcome {
  const driver = new Http2Driver(core, limits);
  try {
    begin(driver);
    let from = 0;
    for (const cut of [...cuts, input.length]) {
      driver.feed(input.subarray(from, cut));
      from = cut;
    }
    after(driver);
    return { log: driver.log, frames: driver.frames, closeReason: driver.closeReason };
  } finally {
    driver.free();
  }
}

/** Runs a script whole and under every cutting; what comes of it must be the same, and nothing may stay allocated. */
export function everyHttp2Split(
  core: Core,
  input: Uint8Array,
  begin: (driver: Http2Driver) => void,
  after: (driver: Http2Driver) => void = () => {},
  limits: Http2Limits = {},
  seededCuts?: number,
): Http2Outcome {
  const live = core.liveOctets();
  const whole = runHttp2(core, input, begin, [], after, limits);
  const wanted = JSON.stringify(whole);
  for (const cuts of cuttings(input, seededCuts)) {
    const found = JSON.stringify(runHttp2(core, input, begin, cuts, after, limits));
    if (found !== wanted) {
      const where = cuts.length === 1 ? `cut at ${cuts[0]}` : 'octet by octet';
      throw new Error(`Cannot agree with the whole input, ${where}:\n  whole ${wanted}\n  cut   ${found}`);
    }
  }
  if (core.liveOctets() !== live) {
    throw new Error(`Cannot account for ${core.liveOctets() - live} octets still allocated`);
  }
  return whole;
}
