/**
 * Content decoders of the core as objects: octets in, decoded octets out (RFC 9110 §8.4.1). gzip and deflate are decoded in
 * the first module, brotli and zstd in an instance of the second, which has to be loaded before.
 *
 * Invariants: a decoder takes constant memory of its instance, gives it back once, by `free` or when it is collected, and
 * hands out copies only.
 */
import * as abi from '../assembly/abi.js';
import {
  borrowCodings,
  Codings,
  core,
  coreFailure,
  type DecoderExports,
  type Instance,
  loadCodings,
} from './core-instance.js';
import { DecodingError } from './exceptions.js';
import { describeRule } from './rule-errors.js';

/** Every coding that can be decoded, by name. */
const CODINGS: ReadonlyMap<string, number> = new Map([
  ['gzip', abi.CODING_GZIP],
  ['x-gzip', abi.CODING_GZIP],
  ['deflate', abi.CODING_DEFLATE],
  ['deflate-raw', abi.CODING_DEFLATE_RAW],
  ['br', abi.CODING_BROTLI],
  ['zstd', abi.CODING_ZSTD],
]);
/** Limits on what decoding makes of a body; `null`: none. */
export interface DecodeLimits {
  readonly decodedOctets: number | null;
  readonly decodedRatio: number | null;
  /** Largest window that brotli or zstd data may ask for; `null` or not given: 8 MiB (RFC 9659). */
  readonly windowOctets?: number | null;
}

function isInSecondModule(coding: number): boolean {
  return coding === abi.CODING_BROTLI || coding === abi.CODING_ZSTD;
}

/** Whether decoders of these codings can be made now; if not, what they need begins to load. @throws LoadError */
export function areLoaded(codings: readonly string[]): boolean {
  return !codings.some((coding) => isInSecondModule(CODINGS.get(coding) ?? 0)) || loadCodings() === null;
}

/** Waits for what these codings need. Rejects with a LoadError. */
export async function loaded(codings: readonly string[]): Promise<void> {
  if (!areLoaded(codings)) await loadCodings();
}

/** What a decoder has of its instance. */
class Share {
  readonly instance: Instance<DecoderExports>;
  handle = 0;

  constructor(instance: Instance<DecoderExports>) {
    this.instance = instance;
  }

  /** Gives it back; idempotent. */
  free(): void {
    const { instance, handle } = this;
    if (handle === 0) return;
    this.handle = 0;
    if (instance.broken === null) {
      try {
        instance.exports.decoderFree(handle);
      } catch (error) {
        instance.discard(error);
      }
    }
    if (instance instanceof Codings) instance.giveBack();
  }
}

/** Frees what the decoders had that were dropped in the middle of their data. */
const dropped = new FinalizationRegistry<Share>((share) => share.free());

/** What one call made of its input. */
export interface Decoded {
  /** Octets of the input that were taken. */
  readonly consumed: number;
  /** It belongs to the caller: in the room that was given, where it fits, or in memory of its own. */
  readonly output: Uint8Array<ArrayBuffer> | null;
  /** Call again, even without new input. */
  readonly more: boolean;
}

/** A copy of octets that stand at `offset`, in `room` where they fit. */
function copied(
  memory: Uint8Array,
  offset: number,
  octets: number,
  room: Uint8Array<ArrayBuffer> | null,
): Uint8Array<ArrayBuffer> {
  if (room === null || octets > room.length) return memory.slice(offset, offset + octets) as Uint8Array<ArrayBuffer>;
  room.set(memory.subarray(offset, offset + octets));
  return room.subarray(0, octets);
}

/** One content decoder, streaming. */
export class Decoder {
  readonly coding: string;
  readonly #limits: DecodeLimits;
  readonly #share: Share;

  /** @throws DecodingError where there is no memory; Error for a coding that is unknown or was not loaded. */
  constructor(coding: string, limits: DecodeLimits) {
    this.coding = coding;
    this.#limits = limits;
    const code = CODINGS.get(coding);
    if (code === undefined) throw new Error(`Cannot decode ${coding}: unknown content coding`);
    const { decodedOctets, decodedRatio, windowOctets = null } = limits;
    const instance = this.#instanceFor(code, windowOctets);
    this.#share = new Share(instance);
    try {
      this.#share.handle = instance.guarded((exports) =>
        exports.decoderCreate(code, decodedOctets ?? 0, decodedRatio ?? 0, windowOctets ?? 0),
      );
      if (this.#share.handle === 0) throw this.#withoutMemory(undefined);
    } catch (error) {
      if (instance instanceof Codings) instance.giveBack();
      throw error;
    }
    instance.refresh();
    dropped.register(this, this.#share, this);
  }

  /** A window that is larger than usual is not for an instance that others use. */
  #instanceFor(code: number, windowOctets: number | null): Instance<DecoderExports> {
    try {
      if (!isInSecondModule(code)) return core();
      return borrowCodings((windowOctets ?? 0) > abi.WINDOW_OCTETS_DEFAULT);
    } catch (error) {
      throw error instanceof RangeError ? this.#withoutMemory(error) : error;
    }
  }

  #withoutMemory(cause: unknown): DecodingError {
    return new DecodingError(`Cannot decode ${this.coding}: the host gave the decoder no memory`, { cause });
  }

  /**
   * Decodes bytes[from, …) until some output is there or the input is used up. `room`: memory of the caller's for the output.
   * @throws DecodingError when the data is wrong or a limit is met.
   */
  decode(bytes: Uint8Array, from: number, room: Uint8Array<ArrayBuffer> | null = null): Decoded {
    const { instance, handle } = this.#share;
    if (instance.broken !== null) throw coreFailure(`Cannot decode ${this.coding}`, instance.broken);
    const given = Math.min(bytes.length - from, abi.INPUT_OCTETS);
    if (instance.octets.length === 0) instance.refresh();
    instance.octets.set(bytes.subarray(from, from + given), instance.input);
    let status: number;
    try {
      status = instance.exports.decoderDecode(handle, 0, given);
    } catch (error) {
      throw coreFailure(`Cannot decode ${this.coding}`, instance.discard(error));
    }
    instance.refresh();
    const offset = instance.record(0, 3);
    const octets = instance.record(0, 4);
    // What was decoded before an error is handed out first, wherever the input was cut; the next call repeats the error.
    if (status === abi.DECODE_ERROR && octets === 0) throw this.#error(instance.record(0, 6));
    return {
      consumed: instance.record(0, 5),
      output: octets === 0 ? null : copied(instance.octets, offset, octets, room),
      more: status !== abi.DECODE_NEEDS_INPUT,
    };
  }

  /** No more input will come. @throws DecodingError if the data is not complete. */
  end(): void {
    const { instance, handle } = this.#share;
    if (instance.broken !== null) throw coreFailure(`Cannot decode ${this.coding}`, instance.broken);
    const rule = instance.guarded((exports) => exports.decoderEnd(handle));
    if (rule !== 0) throw this.#error(rule);
  }

  /** Gives its memory back; idempotent. */
  free(): void {
    if (this.#share.handle === 0) return;
    dropped.unregister(this);
    this.#share.free();
  }

  /** The error of data that grows beyond the limit on the ratio, for who looks after several decoders. */
  beyondRatio(): DecodingError {
    return this.#error(abi.RULE_CODING_RATIO_LIMIT);
  }

  #error(rule: number): DecodingError {
    const sentence = describeRule(rule, abi.NONE, this.#limitOf(rule) ?? abi.NONE);
    return new DecodingError(sentence.replace(/^Cannot decode [a-z]+:/, `Cannot decode ${this.coding}:`));
  }

  #limitOf(rule: number): number | null {
    const { decodedOctets, decodedRatio, windowOctets } = this.#limits;
    if (rule === abi.RULE_CODING_OCTETS_LIMIT) return decodedOctets;
    if (rule === abi.RULE_CODING_RATIO_LIMIT) return decodedRatio;
    if (rule === abi.RULE_CODING_WINDOW_LIMIT) return windowOctets ?? abi.WINDOW_OCTETS_DEFAULT;
    return null;
  }
}
