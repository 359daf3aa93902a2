/**
 * The content decoders for their own sake (`httpx-wasm/core`): octets in memory, decoded as a whole. Nothing here reads or
 * waits but for the module that brotli and zstd need, on hosts that can only compile it asynchronously.
 */
import { WINDOW_OCTETS_CEILING } from '../assembly/abi.js';
import type { Decoders } from './codings.js';
import { checkFields, Limits, own, typeNameOf } from './config.js';
import { areLoaded, type DecodeLimits, Decoder, loaded } from './core-decoders.js';
import { concatenated, joined } from './pieces.js';

/** What can be decoded. `deflate` is zlib, or raw deflate where the data is that, as in HTTP; `deflate-raw` is the latter alone. */
export type Coding = 'gzip' | 'deflate' | 'deflate-raw' | 'br' | 'zstd';

const CODINGS: readonly string[] = ['gzip', 'deflate', 'deflate-raw', 'br', 'zstd'] satisfies readonly Coding[];

/** Limits of decoding; `null` and a missing name mean the default. */
export interface DecodeOptions {
  /** Octets that decoding may make; no limit by default. */
  readonly decodedOctets?: number | null | undefined;
  /** How many times larger than the coded data the decoded may become, from 64 KiB on; no limit by default. */
  readonly decodedRatio?: number | null | undefined;
  /** Largest window, in octets, that zstd data may ask for: 8 MiB by default (RFC 9659), 128 MiB at the most. */
  readonly windowOctets?: number | null | undefined;
}

const OPTIONS = ['decodedOctets', 'decodedRatio', 'windowOctets'] as const satisfies readonly (keyof DecodeOptions)[];

/** @throws TypeError for what is no coding. */
export function codingOf(given: unknown): Coding {
  if (CODINGS.includes(given as string)) return given as Coding;
  const said = typeof given === 'string' ? JSON.stringify(given) : typeNameOf(given);
  throw new TypeError(`Cannot decode: expected one of ${CODINGS.join(', ')} as the coding, got ${said}`);
}

/** @throws TypeError, RangeError for what is no limit. */
export function limitsOf(options: DecodeOptions | null | undefined): DecodeLimits {
  checkFields(options, OPTIONS, 'decode');
  const { decodedOctets, decodedRatio } = new Limits({
    decodedOctets: own(options, 'decodedOctets'),
    decodedRatio: own(options, 'decodedRatio'),
  });
  const windowOctets = own(options, 'windowOctets') ?? null;
  if (windowOctets !== null) {
    if (typeof windowOctets !== 'number') {
      throw new TypeError(`Cannot set windowOctets: expected a number, got ${typeNameOf(windowOctets)}`);
    }
    if (!Number.isInteger(windowOctets) || windowOctets < 1 || windowOctets > WINDOW_OCTETS_CEILING) {
      const most = `from 1 to ${WINDOW_OCTETS_CEILING}`;
      throw new RangeError(`Cannot set windowOctets: expected an integer ${most}, got ${windowOctets}`);
    }
  }
  return { decodedOctets, decodedRatio, windowOctets };
}

/** Octets of a buffer or a view, as they stand. @throws TypeError for anything else. */
export function octetsOf(given: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (given instanceof Uint8Array) return given;
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  throw new TypeError(`Cannot decode: expected octets, got ${typeNameOf(given)}`);
}

/** Most times its coded size, and most octets, that memory is taken ahead for, on the word of data that may lie. */
const FORETOLD_RATIO_MAX = 64;
const FORETOLD_OCTETS_MAX = 1073741824;
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Octets that coded data says it decodes to, 0 if it says nothing that can be relied on: the last four octets of gzip (RFC
 * 1952 §2.3.1), the frame header of zstd (RFC 8878 §3.1.1.1) where it gives them in at most four octets.
 */
function foretold(coding: string, octets: Uint8Array, limits: DecodeLimits): number {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let size = 0;
  if (coding === 'gzip' && octets.length >= 18) size = view.getUint32(octets.length - 4, true);
  else if (coding === 'zstd' && octets.length >= 18 && view.getUint32(0, true) === ZSTD_MAGIC) {
    const descriptor = octets[4] as number;
    const isSingleSegment = (descriptor & 32) !== 0;
    const at = 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number);
    if (descriptor >> 6 === 2) size = view.getUint32(at, true);
    else if (descriptor >> 6 === 1) size = view.getUint16(at, true) + 256;
    else if (descriptor >> 6 === 0 && isSingleSegment) size = octets[at] as number;
  }
  const most = Math.min(FORETOLD_RATIO_MAX * octets.length, limits.decodedOctets ?? FORETOLD_OCTETS_MAX);
  return size > Math.min(most, FORETOLD_OCTETS_MAX) ? 0 : size;
}

/**
 * Octets of one coding that are all there, decoded: into one piece of memory if they say truly how large it must be.
 * @throws DecodingError
 */
function wholeOf(coding: string, octets: Uint8Array, limits: DecodeLimits): Uint8Array<ArrayBuffer> {
  const decoder = new Decoder(coding, limits);
  try {
    const room = new Uint8Array(foretold(coding, octets, limits));
    const beyond: Uint8Array<ArrayBuffer>[] = [];
    let made = 0;
    let roomUsed = 0;
    let more = false;
    for (let at = 0; at < octets.length || more; ) {
      const left = beyond.length === 0 ? room.subarray(roomUsed) : null;
      const decoded = decoder.decode(octets, at, left);
      at += decoded.consumed;
      more = decoded.more;
      const { output } = decoded;
      if (output === null) continue;
      made += output.length;
      if (output.buffer === room.buffer) roomUsed += output.length;
      else beyond.push(output);
    }
    decoder.end();
    if (made === room.length) return room;
    return roomUsed === 0 ? joined(beyond, made) : concatenated([room.subarray(0, roomUsed), ...beyond], made);
  } finally {
    decoder.free();
  }
}

/** The core's decoders, for bodies. */
export const coreDecoders: Decoders = {
  areLoaded,
  loaded,
  decoderOf: (coding, limits) => new Decoder(coding, limits),
  wholeOf,
};

/**
 * Decodes data that is all there. Several gzip members or zstd frames are decoded whole; no octets at all decode to none.
 * Rejects with DecodingError for data that is damaged, cut short, followed by something else or beyond a limit; with
 * TypeError, RangeError for what is no coding, octets or limit.
 */
export async function decode(
  coding: Coding,
  octets: ArrayBuffer | ArrayBufferView,
  options?: DecodeOptions | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const name = codingOf(coding);
  const given = octetsOf(octets);
  const limits = limitsOf(options);
  await loaded([name]);
  return wholeOf(name, given, limits);
}

/**
 * As `decode`, at once.
 * @throws DecodingError, TypeError, RangeError as `decode` rejects with; Error for brotli and zstd on hosts that load their
 *   decoder asynchronously, until `decode` or a `DecoderStream` has used it
 */
export function decodeSync(
  coding: Coding,
  octets: ArrayBuffer | ArrayBufferView,
  options?: DecodeOptions | null,
): Uint8Array<ArrayBuffer> {
  const name = codingOf(coding);
  const given = octetsOf(octets);
  const limits = limitsOf(options);
  if (!areLoaded([name])) {
    throw new Error(`Cannot decode ${name} at once: this host loads its decoder asynchronously, await decode() first`);
  }
  return wholeOf(name, given, limits);
}
