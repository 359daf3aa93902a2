/** Drives the core's decoders as a host does: octets in, pieces out, at whatever cuts a test asks for. */
import * as abi from '../../../assembly/abi.js';
import { type Build, type Core, type CoreModule, instanceOf, loadCore } from '../../support/core-module.js';

export interface DecoderCore extends Core {
  /** `windowOctetsMax`: in the second module only. */
  decoderCreate(coding: number, decodedOctetsMax: number, decodedRatioMax: number, windowOctetsMax?: number): number;
  decoderDecode(handle: number, from: number, to: number): number;
  decoderEnd(handle: number): number;
  decoderFree(handle: number): void;
}

export const loadDecoders = (build: Build, module: CoreModule = 'core'): DecoderCore =>
  loadCore(build, module) as DecoderCore;
export const decodersOf = (octets: Uint8Array<ArrayBuffer>): DecoderCore => instanceOf(octets) as DecoderCore;

export interface Limits {
  readonly octets?: number;
  readonly ratio?: number;
  /** Largest window, in the second module. */
  readonly window?: number;
}

export interface Decoded {
  /** 0, or the RULE_* that was broken. */
  readonly rule: number;
  readonly octets: Uint8Array;
  /** Octets of the input that were taken. */
  readonly taken: number;
  /** Most octets that one call made. */
  readonly mostPerCall: number;
}

/** Takes each piece of output, which is valid only inside the call. @returns false to stop. */
type Sink = (piece: Buffer) => boolean;

/** One body: octets go in by `feed`, output goes to the sink. */
export class Decoding {
  readonly handle: number;
  rule = 0;
  taken = 0;
  mostPerCall = 0;
  readonly #core: DecoderCore;
  readonly #sink: Sink;
  #memory = Buffer.alloc(0);
  #events = new Uint32Array(0);

  constructor(core: DecoderCore, coding: number, sink: Sink, limits: Limits = {}) {
    this.#core = core;
    this.#sink = sink;
    this.handle = core.decoderCreate(coding, limits.octets ?? 0, limits.ratio ?? 0, limits.window ?? 0);
    if (this.handle === 0) this.rule = abi.RULE_CODING_MEMORY;
    this.#refresh();
  }

  /** Gives input[from, to). @returns false once a rule was broken or the sink had enough. */
  feed(input: Uint8Array, from: number, to: number): boolean {
    const core = this.#core;
    if (this.#memory.length === 0) this.#refresh(); // another decoder let the memory grow
    let at = from;
    do {
      if (this.rule !== 0) return false;
      const given = Math.min(abi.INPUT_OCTETS, to - at);
      // Octets are put elsewhere than at the start now and then, so that nothing depends on where the input stands.
      const start = given < 64 ? 3 : 0;
      const inputArea = core.inputOffset() + start;
      if (this.#memory.length === 0) this.#refresh();
      if (given === 1) this.#memory[inputArea] = input[at] as number;
      else this.#memory.set(at === 0 && given === input.length ? input : input.subarray(at, at + given), inputArea);
      let taken = 0;
      let code: number;
      do {
        code = core.decoderDecode(this.handle, start + taken, start + given);
        if (this.#events.length === 0) this.#refresh();
        const [kind, said, , offset, length, consumed, rule] = this.#events as unknown as number[];
        if (kind !== abi.KIND_DECODED || said !== code) throw new Error('The record is not that of the call');
        if ((length as number) > this.mostPerCall) this.mostPerCall = length as number;
        if ((length as number) > 0 && !this.#sink(this.#piece(offset as number, length as number))) return false;
        taken += consumed as number;
        this.taken += consumed as number;
        if (code === abi.DECODE_ERROR) this.rule = rule as number;
      } while (code === abi.DECODE_HAS_OUTPUT);
      if (code === abi.DECODE_ERROR) return false;
      if (taken !== given) throw new Error(`The core took ${taken} of ${given} octets and wants more`);
      at += given;
    } while (at < to);
    return true;
  }

  /** Ends the input and frees the decoder. @returns the rule that was broken, or 0. */
  end(): number {
    if (this.handle === 0) return this.rule;
    const rule = this.#core.decoderEnd(this.handle);
    this.#core.decoderFree(this.handle);
    if (this.rule !== 0 && rule !== this.rule) throw new Error(`decoderEnd says ${rule} after ${this.rule}`);
    return rule;
  }

  #piece(offset: number, length: number): Buffer {
    if (this.#memory.length === 0) this.#refresh();
    return this.#memory.subarray(offset, offset + length);
  }

  #refresh(): void {
    const { buffer } = this.#core.memory;
    this.#memory = Buffer.from(buffer);
    this.#events = new Uint32Array(buffer, this.#core.eventsOffset(), 8);
  }
}

/** Decodes `input`, cut before each of `cuts`. */
export function decode(
  core: DecoderCore,
  coding: number,
  input: Uint8Array,
  cuts: Iterable<number> = [],
  limits: Limits = {},
): Decoded {
  const pieces: Buffer[] = [];
  const decoding = new Decoding(core, coding, (piece) => pieces.push(Buffer.from(piece)) > 0, limits);
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    if (!decoding.feed(input, from, cut)) break;
    from = cut;
  }
  const { taken, mostPerCall } = decoding;
  return { rule: decoding.end(), octets: Buffer.concat(pieces), taken, mostPerCall };
}

/** What differs from `expected` when `input` is cut before each of `cuts`; `null`: nothing. Keeps no octets. */
export function differenceAt(
  core: DecoderCore,
  coding: number,
  input: Uint8Array,
  cuts: Iterable<number>,
  expected: Decoded,
  limits: Limits = {},
): string | null {
  let made = 0;
  let same = true;
  const decoding = new Decoding(
    core,
    coding,
    (piece) => {
      same = piece.equals(expected.octets.subarray(made, made + piece.length));
      made += piece.length;
      return same;
    },
    limits,
  );
  let from = 0;
  for (const cut of cuts) {
    if (!decoding.feed(input, from, cut)) break;
    from = cut;
  }
  if (same && decoding.rule === 0) decoding.feed(input, from, input.length);
  const rule = decoding.end();
  if (!same) return `other octets before ${made}`;
  if (made !== expected.octets.length) return `${made} octets instead of ${expected.octets.length}`;
  if (rule !== expected.rule) return `rule ${rule} instead of ${expected.rule}`;
  return decoding.taken === expected.taken ? null : `${decoding.taken} octets taken instead of ${expected.taken}`;
}

/** Every place where an input of `length` octets can be cut, in order. */
export function* everyOctet(length: number): Generator<number> {
  for (let at = 1; at < length; at++) yield at;
}

/** Numbers below `below`, the same for the same seed (xorshift32). */
export function numbersOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
