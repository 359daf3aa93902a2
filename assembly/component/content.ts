/**
 * `interface codings` of wasm/http-core.wit over the decoders of both modules (coding/decoder.ts, coding/stream-decoder.ts). A
 * decoder is the address of its state, which is a multiple of 16, and 1 more if it is of the second module; 0 without memory,
 * which says just that.
 *
 *   decoded   | list octets | u32 taken | u8 case | . . . | fault |
 */
import {
  CODING_BROTLI,
  CODING_DEFLATE,
  CODING_DEFLATE_RAW,
  CODING_GZIP,
  CODING_ZLIB,
  CODING_ZSTD,
  DECODE_HAS_OUTPUT,
  DECODE_NEEDS_INPUT,
  INPUT_OCTETS,
  NONE,
} from '../abi';
import * as inflated from '../coding/decoder';
import * as streamed from '../coding/stream-decoder';
import { EVENTS, INPUT } from '../memory';
import { broken, RESULT, storeFault, storeList, well } from './values';

const STREAMED: u32 = 1;

/** CODING_* of each case of `enum coding`. */
const CODINGS: usize = memory.data<u8>([
  <u8>CODING_GZIP,
  <u8>CODING_DEFLATE,
  <u8>CODING_DEFLATE_RAW,
  <u8>CODING_ZLIB,
  <u8>CODING_BROTLI,
  <u8>CODING_ZSTD,
]);

// Cases of `variant progress` are those of DECODE_*.

/** A decoder; limits of 0 are none. */
export function create(coding: u32, octetsMax: f64, ratioMax: f64, windowMax: f64): u32 {
  const code = <u32>load<u8>(CODINGS + coding); // SAFE: the host gives a case of the enum
  if (code != CODING_BROTLI && code != CODING_ZSTD) return inflated.decoderCreate(code, octetsMax, ratioMax);
  const handle = streamed.decoderCreate(code, octetsMax, ratioMax, windowMax);
  return handle ? handle | STREAMED : 0;
}

export function drop(self: u32): void {
  if (self & STREAMED) streamed.decoderFree(self ^ STREAMED);
  else inflated.decoderFree(self);
}

/** Decodes what it takes of the octets: `record decoded`. */
export function decode(self: u32, octets: usize, length: usize): usize {
  const given = <u32>min(length, <usize>INPUT_OCTETS);
  memory.copy(INPUT, octets, given);
  if (self & STREAMED) streamed.decoderDecode(self ^ STREAMED, 0, given);
  else inflated.decoderDecode(self, 0, given);
  // SAFE: the record of a decoder: code, offset, length, octets taken, rule.
  const code = load<u32>(EVENTS, 4);
  const taken = load<u32>(EVENTS, 20);
  const rule = load<u32>(EVENTS, 24);
  storeList(RESULT, load<u32>(EVENTS, 12), load<u32>(EVENTS, 16));
  store<u32>(RESULT, taken, 8);
  // Octets beyond what was given are left: there is more to do.
  store<u32>(RESULT, code == DECODE_NEEDS_INPUT && given < length ? DECODE_HAS_OUTPUT : code, 12);
  if (rule) storeFault(RESULT + 16, rule, NONE, NONE, NONE);
  return RESULT;
}

/** Whether the content is complete: a result. */
export function end(self: u32): usize {
  const rule = self & STREAMED ? streamed.decoderEnd(self ^ STREAMED) : inflated.decoderEnd(self);
  return rule ? broken(rule, NONE) : well(0);
}
