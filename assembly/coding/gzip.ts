/**
 * The gzip wrapper (RFC 1952): members one after the other, each with header and trailer; zero octets after the last
 * are padding. Octet by octet; knows nothing of what lies between header and trailer.
 */
import {
  RULE_CODING_CRC,
  RULE_CODING_GZIP_FLAGS,
  RULE_CODING_GZIP_HEADER_CRC,
  RULE_CODING_GZIP_MAGIC,
  RULE_CODING_GZIP_METHOD,
  RULE_CODING_LENGTH,
  RULE_CODING_TRAILING,
} from '../abi';
import { CRC_OF_NOTHING, crcOctet } from './checksum';
import { beginInflate } from './inflate';
import {
  Decoder,
  PHASE_BODY,
  PHASE_DONE,
  PHASE_GZIP_COMMENT,
  PHASE_GZIP_CRC,
  PHASE_GZIP_EXTRA,
  PHASE_GZIP_EXTRA_LENGTH,
  PHASE_GZIP_FIRST,
  PHASE_GZIP_FLAGS,
  PHASE_GZIP_HEADER_CRC,
  PHASE_GZIP_LENGTH,
  PHASE_GZIP_METHOD,
  PHASE_GZIP_NAME,
  PHASE_GZIP_NEXT,
  PHASE_GZIP_SECOND,
  PHASE_GZIP_SKIPPED,
  STEP_ON,
} from './state';

const MAGIC_FIRST: u32 = 0x1f;
const MAGIC_SECOND: u32 = 0x8b;
const METHOD_DEFLATE: u32 = 8;
const FLAG_HEADER_CRC: u32 = 2;
const FLAG_EXTRA: u32 = 4;
const FLAG_NAME: u32 = 8;
const FLAG_COMMENT: u32 = 16;
const FLAGS_RESERVED: u32 = 0xe0;
/** Modification time, extra flags and operating system, which are skipped. */
const SKIPPED_OCTETS: u32 = 6;

/** Ready for a member: for its first octet, or for the second if the first was just seen. */
export function beginMember(d: Decoder, phase: u32): void {
  d.phase = phase;
  d.sum = 0;
  d.memberOctets = 0;
  d.headerSum = phase == PHASE_GZIP_SECOND ? crcOctet(CRC_OF_NOTHING, MAGIC_FIRST) : CRC_OF_NOTHING;
  d.members++;
}

/** The compressed data of a member ended. */
export function beginGzipTrailer(d: Decoder): void {
  beginNumber(d, PHASE_GZIP_CRC, 4);
}

/** An octet of header or trailer. Answers STEP_ON or the rule that was broken. */
export function gzipOctet(d: Decoder, octet: u32): u32 {
  switch (d.phase) {
    case PHASE_GZIP_HEADER_CRC:
      if (!endsNumber(d, octet)) return STEP_ON;
      beginBody(d);
      return d.number == (~d.headerSum & 0xffff) ? STEP_ON : RULE_CODING_GZIP_HEADER_CRC;
    case PHASE_GZIP_CRC:
      if (!endsNumber(d, octet)) return STEP_ON;
      if (d.number != d.sum) return RULE_CODING_CRC;
      beginNumber(d, PHASE_GZIP_LENGTH, 4);
      return STEP_ON;
    case PHASE_GZIP_LENGTH:
      if (!endsNumber(d, octet)) return STEP_ON;
      d.phase = PHASE_GZIP_NEXT;
      return d.number == d.memberOctets ? STEP_ON : RULE_CODING_LENGTH;
    case PHASE_GZIP_NEXT:
      if (octet == MAGIC_FIRST) beginMember(d, PHASE_GZIP_SECOND);
      else if (octet) return RULE_CODING_TRAILING;
      else d.phase = PHASE_DONE;
      return STEP_ON;
    default:
      d.headerSum = crcOctet(d.headerSum, octet);
      return headerOctet(d, octet);
  }
}

/** An octet of the header before its own checksum. */
function headerOctet(d: Decoder, octet: u32): u32 {
  switch (d.phase) {
    case PHASE_GZIP_FIRST:
      if (octet != MAGIC_FIRST) return RULE_CODING_GZIP_MAGIC;
      d.phase = PHASE_GZIP_SECOND;
      break;
    case PHASE_GZIP_SECOND:
      if (octet != MAGIC_SECOND) return d.members == 1 ? RULE_CODING_GZIP_MAGIC : RULE_CODING_TRAILING;
      d.phase = PHASE_GZIP_METHOD;
      break;
    case PHASE_GZIP_METHOD:
      if (octet != METHOD_DEFLATE) return RULE_CODING_GZIP_METHOD;
      d.phase = PHASE_GZIP_FLAGS;
      break;
    case PHASE_GZIP_FLAGS:
      if (octet & FLAGS_RESERVED) return RULE_CODING_GZIP_FLAGS;
      d.flags = octet;
      beginNumber(d, PHASE_GZIP_SKIPPED, SKIPPED_OCTETS);
      break;
    case PHASE_GZIP_SKIPPED:
      if (!--d.left) beginPart(d, PHASE_GZIP_EXTRA_LENGTH);
      break;
    case PHASE_GZIP_EXTRA_LENGTH:
      if (!endsNumber(d, octet)) break;
      d.left = d.number;
      if (d.left) d.phase = PHASE_GZIP_EXTRA;
      else beginPart(d, PHASE_GZIP_NAME);
      break;
    case PHASE_GZIP_EXTRA:
      if (!--d.left) beginPart(d, PHASE_GZIP_NAME);
      break;
    case PHASE_GZIP_NAME:
      if (!octet) beginPart(d, PHASE_GZIP_COMMENT);
      break;
    default:
      assert(d.phase == PHASE_GZIP_COMMENT, 'headerOctet: no such phase');
      if (!octet) beginPart(d, PHASE_GZIP_HEADER_CRC);
  }
  return STEP_ON;
}

/** The first part of the header, from `phase` on, that the flags announce; without any, the compressed data. */
function beginPart(d: Decoder, phase: u32): void {
  if (phase <= PHASE_GZIP_EXTRA_LENGTH && d.flags & FLAG_EXTRA) beginNumber(d, PHASE_GZIP_EXTRA_LENGTH, 2);
  else if (phase <= PHASE_GZIP_NAME && d.flags & FLAG_NAME) d.phase = PHASE_GZIP_NAME;
  else if (phase <= PHASE_GZIP_COMMENT && d.flags & FLAG_COMMENT) d.phase = PHASE_GZIP_COMMENT;
  else if (d.flags & FLAG_HEADER_CRC) beginNumber(d, PHASE_GZIP_HEADER_CRC, 2);
  else beginBody(d);
}

/** The header ended. */
function beginBody(d: Decoder): void {
  d.phase = PHASE_BODY;
  d.hold = 0;
  d.bits = 0;
  beginInflate(d);
}

/** `octets` octets follow that are one number, the lowest octet first. */
function beginNumber(d: Decoder, phase: u32, octets: u32): void {
  d.phase = phase;
  d.number = 0;
  d.left = octets;
  d.numberBits = 0;
}

/** An octet of a number. @returns true if it was the last: `number` is complete. */
function endsNumber(d: Decoder, octet: u32): bool {
  d.number |= octet << d.numberBits;
  d.numberBits += 8;
  return !--d.left;
}
