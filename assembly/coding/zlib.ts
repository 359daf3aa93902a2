/**
 * The zlib wrapper (RFC 1950), and what HTTP calls deflate (RFC 9110 §8.4.1.2): zlib as well, but servers that send the
 * compressed data bare are many, so the first two octets decide. Octet by octet; knows nothing of what lies between
 * header and trailer.
 */
import {
  CODING_DEFLATE_RAW,
  CODING_ZLIB,
  RULE_CODING_ADLER,
  RULE_CODING_ZLIB_DICTIONARY,
  RULE_CODING_ZLIB_HEADER,
} from '../abi';
import { beginInflate } from './inflate';
import {
  Decoder,
  PHASE_BODY,
  PHASE_DEFLATE_FIRST,
  PHASE_DEFLATE_SECOND,
  PHASE_DONE,
  PHASE_ZLIB_FLAGS,
  PHASE_ZLIB_METHOD,
  PHASE_ZLIB_TRAILER,
  STEP_ON,
} from './state';

const METHOD_DEFLATE: u32 = 8;
const WINDOW_BITS_MAX: u32 = 7;
const HEADER_MODULUS: u32 = 31;
const FLAG_DICTIONARY: u32 = 32;

/** The compressed data ended. */
export function beginZlibTrailer(d: Decoder): void {
  d.phase = PHASE_ZLIB_TRAILER;
  d.number = 0;
  d.left = 4;
}

/** An octet of header or trailer. Answers STEP_ON or the rule that was broken. */
export function zlibOctet(d: Decoder, octet: u32): u32 {
  switch (d.phase) {
    case PHASE_ZLIB_METHOD:
      d.number = octet;
      d.phase = PHASE_ZLIB_FLAGS;
      return STEP_ON;
    case PHASE_ZLIB_FLAGS:
      return endHeader(d, octet);
    case PHASE_DEFLATE_FIRST:
      d.number = octet;
      if ((octet & 15) == METHOD_DEFLATE) d.phase = PHASE_DEFLATE_SECOND;
      else beginRaw(d, octet, 8);
      return STEP_ON;
    case PHASE_DEFLATE_SECOND:
      if (((d.number << 8) | octet) % HEADER_MODULUS == 0) return endHeader(d, octet);
      beginRaw(d, d.number | (octet << 8), 16);
      return STEP_ON;
    default:
      assert(d.phase == PHASE_ZLIB_TRAILER, 'zlibOctet: no such phase');
      d.number = (d.number << 8) | octet;
      if (--d.left) return STEP_ON;
      d.phase = PHASE_DONE;
      return d.number == d.sum ? STEP_ON : RULE_CODING_ADLER;
  }
}

/** Both octets of the header are there: the first in `number`. */
function endHeader(d: Decoder, flags: u32): u32 {
  const method = d.number;
  const valid =
    ((method << 8) | flags) % HEADER_MODULUS == 0 && (method & 15) == METHOD_DEFLATE && method >>> 4 <= WINDOW_BITS_MAX;
  if (!valid) return RULE_CODING_ZLIB_HEADER;
  if (flags & FLAG_DICTIONARY) return RULE_CODING_ZLIB_DICTIONARY;
  d.coding = CODING_ZLIB;
  d.sum = 1; // of no octets
  d.phase = PHASE_BODY;
  beginInflate(d);
  return STEP_ON;
}

/** There is no header: the octets that were taken for one are compressed data. */
function beginRaw(d: Decoder, octets: u32, bits: u32): void {
  d.coding = CODING_DEFLATE_RAW;
  d.hold = octets;
  d.bits = bits;
  d.phase = PHASE_BODY;
  beginInflate(d);
}
