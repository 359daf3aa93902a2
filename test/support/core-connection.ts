/**
 * Drives a core connection as a host does, and writes down what came out in a form that does not depend on how the input
 * was cut: body octets are joined, whether they came as DATA or were passed; everything else stays in order.
 */
import * as abi from '../../assembly/abi.js';
import type { Core } from './core-module.js';

/** A field line: name, value, and the id the core gave it. */
export type FieldLine = readonly [name: string, value: string, id: number];

export interface HeadEntry {
  readonly kind: 'head' | 'interim';
  readonly stream: number;
  readonly code: number;
  readonly flags: number;
  readonly c: number;
  readonly line: string;
  readonly fields: readonly FieldLine[];
}
export interface EndEntry {
  readonly kind: 'end';
  readonly stream: number;
  readonly reusable: boolean;
  readonly trailers: readonly FieldLine[];
}
export interface ErrorEntry {
  readonly kind: 'error';
  readonly stream: number;
  readonly rule: number;
  readonly offset: number;
  readonly octet: number;
  readonly limit: number;
}
export type Entry =
  | HeadEntry
  | EndEntry
  | ErrorEntry
  | { readonly kind: 'body' | 'upgrade'; readonly stream: number; readonly octets: string }
  | { readonly kind: 'writable'; readonly stream: number };

export interface Outcome {
  readonly log: readonly Entry[];
  readonly canOpen: boolean;
  readonly closeReason: number;
}

export interface Exchange {
  /** OPEN_* bits of the request. Default: a request without body. */
  readonly open?: number;
  readonly role?: number;
  readonly headOctets?: number;
  readonly fields?: number;
  readonly interim?: number;
  /** The peer closes after the input. */
  readonly closes?: boolean;
}

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
export const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** One connection of a core, with the host's duties: copying in, passing body octets by. */
export class Driver {
  readonly handle: number;
  readonly log: Entry[] = [];
  readonly #core: Core;
  #passing = 0;

  constructor(core: Core, exchange: Exchange = {}) {
    this.#core = core;
    this.handle = core.connectionCreate(
      abi.PROTOCOL_HTTP_1_1,
      exchange.role ?? abi.ROLE_CLIENT,
      exchange.headOctets ?? 65536,
      exchange.fields ?? 256,
      exchange.interim ?? 16,
    );
  }

  open(bits: number = abi.OPEN_END_STREAM): number {
    return this.#core.connectionOpen(this.handle, bits);
  }

  /** Gives octets as they would come from a socket, at most an input area at a time. */
  feed(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      if (this.#passing > 0) {
        const length = Math.min(this.#passing, bytes.length - from);
        this.#add('body', this.#stream, bytes.subarray(from, from + length));
        this.#passing -= length;
        from += length;
        if (this.#passing === 0) this.#take(this.#core.connectionPassed(this.handle), bytes, from);
        continue;
      }
      const piece = bytes.subarray(from, from + abi.INPUT_OCTETS);
      // One octet is put elsewhere than at the start now and then, so that no call depends on where its input stands.
      const at = piece.length < 64 ? 5 : 0;
      new Uint8Array(this.#core.memory.buffer).set(piece, this.#core.inputOffset() + at);
      const count = this.#core.connectionReceive(this.handle, at, at + piece.length);
      this.#take(count, piece, at);
      from += piece.length;
    }
  }

  close(): void {
    this.#passing = 0;
    this.#take(this.#core.connectionReceiveEnd(this.handle), new Uint8Array(0), 0);
  }

  end(stream: number): number {
    return this.#core.connectionEnd(this.handle, stream);
  }

  cancel(stream: number): void {
    this.#core.connectionCancel(this.handle, stream);
  }

  /** Body octets that the host still has to pass by. */
  get passing(): number {
    return this.#passing;
  }

  get canOpen(): boolean {
    return this.#core.connectionCanOpen(this.handle) === 1;
  }

  get closeReason(): number {
    return this.#core.connectionCloseReason(this.handle);
  }

  outcome(): Outcome {
    return { log: this.log, canOpen: this.canOpen, closeReason: this.closeReason };
  }

  free(): void {
    this.#core.connectionFree(this.handle);
  }

  #stream = 0;

  /** Reads the records of a call whose input `given` stood at `at` of the input area. */
  #take(count: number, given: Uint8Array, at: number): void {
    if (count === 0) return;
    const { buffer } = this.#core.memory;
    const view = new DataView(buffer, this.#core.eventsOffset(), count * abi.EVENT_OCTETS);
    for (let i = 0; i < count; i++) {
      const word = (field: number): number => view.getUint32(i * abi.EVENT_OCTETS + field, true);
      this.#record(word, given, at);
    }
  }

  #record(word: (field: number) => number, given: Uint8Array, at: number): void {
    const stream = word(abi.EVENT_STREAM);
    const code = word(abi.EVENT_CODE);
    const offset = word(abi.EVENT_OFFSET);
    const length = word(abi.EVENT_LENGTH);
    const kind = word(abi.EVENT_KIND);
    switch (kind) {
      case abi.KIND_HEAD:
      case abi.KIND_INTERIM: {
        const { text, fields } = this.#section(offset, length, word(abi.EVENT_B));
        const line = text.slice(0, text.indexOf('\r\n'));
        const name = kind === abi.KIND_HEAD ? 'head' : 'interim';
        this.log.push({ kind: name, stream, code, flags: word(abi.EVENT_A), c: word(abi.EVENT_C), line, fields });
        break;
      }
      case abi.KIND_DATA: {
        const moved = word(abi.EVENT_A) === 1;
        const input = new Uint8Array(this.#core.memory.buffer, this.#core.inputOffset(), abi.INPUT_OCTETS);
        this.#add(
          'body',
          stream,
          moved ? input.subarray(offset, offset + length) : this.#given(given, at, offset, length),
        );
        break;
      }
      case abi.KIND_PASS: {
        this.#add('body', stream, this.#given(given, at, offset, length));
        const high = word(abi.EVENT_C);
        this.#passing = high === abi.PASS_UNLIMITED ? Number.POSITIVE_INFINITY : word(abi.EVENT_B) + high * 2 ** 32;
        this.#stream = stream;
        break;
      }
      case abi.KIND_UPGRADE:
        this.#add('upgrade', stream, this.#given(given, at, offset, length));
        break;
      case abi.KIND_END:
        this.log.push({
          kind: 'end',
          stream,
          reusable: code === 1,
          trailers: length === 0 ? [] : this.#section(offset, length, word(abi.EVENT_B)).fields,
        });
        break;
      case abi.KIND_WRITABLE:
        this.log.push({ kind: 'writable', stream });
        break;
      case abi.KIND_ERROR:
        this.log.push({
          kind: 'error',
          stream,
          rule: code,
          offset,
          octet: word(abi.EVENT_A),
          limit: word(abi.EVENT_B),
        });
        break;
      default:
        throw new Error(`Cannot read a record: kind ${kind}`);
    }
  }

  /** Unmoved octets are taken from what was given, and must still stand in the input area. */
  #given(given: Uint8Array, at: number, offset: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const bytes = given.subarray(offset - at, offset - at + length);
    const input = new Uint8Array(this.#core.memory.buffer, this.#core.inputOffset() + offset, length);
    if (Buffer.compare(bytes, input) !== 0) throw new Error(`Cannot take octets at ${offset}: they were overwritten`);
    return bytes;
  }

  #section(offset: number, length: number, count: number): { text: string; fields: FieldLine[] } {
    const bytes = new Uint8Array(this.#core.memory.buffer, offset, length);
    const view = new DataView(this.#core.memory.buffer, offset, length);
    const head = count * abi.FIELD_OCTETS;
    const text = latin1(bytes.subarray(head));
    const fields: FieldLine[] = [];
    for (let i = 0; i < count; i++) {
      const [first, second, third] = [0, 4, 8].map((o) => view.getUint32(i * abi.FIELD_OCTETS + o, true)) as [
        number,
        number,
        number,
      ];
      const name = first & 0xffffff;
      const value = second & 0xffffff;
      const nameLength = (second >>> 24) | ((third >>> 24) << 8);
      fields.push([text.slice(name, name + nameLength), text.slice(value, value + (third & 0xffffff)), first >>> 24]);
    }
    return { text, fields };
  }

  #add(kind: 'body' | 'upgrade', stream: number, bytes: Uint8Array): void {
    const last = this.log.at(-1);
    const before = last?.kind === kind && last.stream === stream ? last.octets : '';
    if (last?.kind === kind && last.stream === stream) this.log.pop();
    else if (kind === 'body' && bytes.length === 0) return;
    this.log.push({ kind, stream, octets: before + latin1(bytes) });
  }
}

/** Runs one exchange with the input cut before each of `cuts` (ascending). */
export function run(core: Core, input: Uint8Array, exchange: Exchange = {}, cuts: readonly number[] = []): Outcome {
  const driver = new Driver(core, exchange);
  try {
    if ((exchange.role ?? abi.ROLE_CLIENT) === abi.ROLE_CLIENT) driver.open(exchange.open);
    let from = 0;
    for (const cut of [...cuts, input.length]) {
      driver.feed(input.subarray(from, cut));
      from = cut;
    }
    if (exchange.closes) driver.close();
    return driver.outcome();
  } finally {
    driver.free();
  }
}

/** Octet by octet: a cut before each octet but the first. */
export const everyOctet = (input: Uint8Array): number[] =>
  Array.from({ length: Math.max(0, input.length - 1) }, (_, i) => i + 1);

const SPLIT_OCTETS_MAX = 4096;
const SEEDED_CUTS = 500;
const EDGE_OCTETS = 64;

/** Numbers in [0, 1) that are the same in every run. */
export function* seeded(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/**
 * The cuttings under which an input must give one and the same log: octet by octet and each two-way split; of inputs over
 * 4 KiB 500 seeded splits and each in the first and last 64 octets.
 */
export function* cuttings(input: Uint8Array, seededCuts: number = SEEDED_CUTS): Generator<readonly number[]> {
  const { length } = input;
  if (length <= SPLIT_OCTETS_MAX) {
    yield everyOctet(input);
    for (let cut = 1; cut < length; cut++) yield [cut];
    return;
  }
  const random = seeded(length);
  for (let i = 0; i < seededCuts; i++) yield [1 + Math.floor(random.next().value * (length - 1))];
  for (let i = 1; i <= Math.min(EDGE_OCTETS, seededCuts); i++) yield* [[i], [length - i]];
}

/** Runs an input whole and under every cutting; the logs must be equal and nothing may stay allocated. */
export function everySplit(core: Core, input: Uint8Array, exchange: Exchange = {}, seededCuts?: number): Outcome {
  const live = core.liveOctets();
  const whole = run(core, input, exchange);
  const wanted = JSON.stringify(whole);
  for (const cuts of cuttings(input, seededCuts)) {
    const found = JSON.stringify(run(core, input, exchange, cuts));
    if (found !== wanted) {
      const where = cuts.length === 1 ? `cut at ${cuts[0]}` : 'octet by octet';
      throw new Error(`Cannot agree with the whole input, ${where}:\n  whole ${wanted}\n  cut   ${found}`);
    }
  }
  if (core.liveOctets() !== live)
    throw new Error(`Cannot account for ${core.liveOctets() - live} octets still allocated`);
  return whole;
}
