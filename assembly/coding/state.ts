/**
 * Memory of one decoder, and the words its parts speak to each other.
 *
 *   block:   | Decoder | code lengths | literal/length table | distance table |        (one allocation)
 *   window:  | history, up to 32 KiB | fresh output … |                  (a second one, made at first output)
 *
 * The window is the output area: what a call made lies at [handed, out). `history` is where the octets begin that a
 * match may reach. Everything between `unsummed` and `out` is still to be counted into the checksum.
 */
import { DECODED_OCTETS_PER_CALL } from '../abi';

// ── what a step ended with; a RULE_* (all are larger) is an error ──
/** Every input octet was taken, and more are needed. */
export const STEP_INPUT: u32 = 0;
/** Go on with the next step. */
export const STEP_ON: u32 = 1;
/** An octet is ready, and there is no room for it. */
export const STEP_FULL: u32 = 2;
/** The final block ended, or the first has not begun. */
export const STEP_END: u32 = 3;

// ── states of inflate; inflate.ts has the table ──
export const STATE_SYMBOL: u32 = 0;
export const STATE_STORED: u32 = 1;
export const STATE_MATCH: u32 = 2;
export const STATE_BLOCK: u32 = 3;
export const STATE_STORED_LENGTH: u32 = 4;
export const STATE_COUNTS: u32 = 5;
export const STATE_CODE_LENGTHS: u32 = 6;
export const STATE_LENGTHS: u32 = 7;
/** No compressed data: before them and after. */
export const STATE_ENDED: u32 = 8;

// ── phases: what the next octet belongs to. Those of a gzip header stand in the order of the format ──
/** Compressed data. */
export const PHASE_BODY: u32 = 0;
export const PHASE_ZLIB_METHOD: u32 = 1;
export const PHASE_ZLIB_FLAGS: u32 = 2;
export const PHASE_ZLIB_TRAILER: u32 = 3;
/** HTTP's deflate: zlib or bare, which its first two octets tell. */
export const PHASE_DEFLATE_FIRST: u32 = 4;
export const PHASE_DEFLATE_SECOND: u32 = 5;
export const PHASE_GZIP_FIRST: u32 = 6;
export const PHASE_GZIP_SECOND: u32 = 7;
export const PHASE_GZIP_METHOD: u32 = 8;
export const PHASE_GZIP_FLAGS: u32 = 9;
/** Modification time, extra flags, operating system. */
export const PHASE_GZIP_SKIPPED: u32 = 10;
export const PHASE_GZIP_EXTRA_LENGTH: u32 = 11;
export const PHASE_GZIP_EXTRA: u32 = 12;
export const PHASE_GZIP_NAME: u32 = 13;
export const PHASE_GZIP_COMMENT: u32 = 14;
export const PHASE_GZIP_HEADER_CRC: u32 = 15;
export const PHASE_GZIP_CRC: u32 = 16;
export const PHASE_GZIP_LENGTH: u32 = 17;
// ── from here on the data may end ──
/** A member ended: another may follow. */
export const PHASE_GZIP_NEXT: u32 = 18;
/** Only padding may follow: octets of zero. */
export const PHASE_DONE: u32 = 19;
/** A rule was broken. */
export const PHASE_FAILED: u32 = 20;

/** Farthest distance of a match (RFC 1951 §3.2.5). */
export const HISTORY_OCTETS: usize = 32768;
/** Most octets one call makes: a little less than allowed, so that the window fills a size class of the allocator. */
export const FRESH_OCTETS: usize = DECODED_OCTETS_PER_CALL - 512;
/** Window of a body that stays small, and of one that does not. */
export const WINDOW_SMALL_OCTETS: usize = 12272;
export const WINDOW_OCTETS: usize = HISTORY_OCTETS + FRESH_OCTETS;

/**
 * Index bits of the tables, and the entries that any complete set of code lengths needs with them (subtables included).
 */
export const LITERAL_TABLE_BITS: u32 = 11;
export const LITERAL_TABLE_ENTRIES: usize = 2342;
export const DISTANCE_TABLE_BITS: u32 = 8;
export const DISTANCE_TABLE_ENTRIES: usize = 402;

/** Most code lengths one dynamic block names: 286 + 30, with room for the 32 that can be announced. */
export const CODE_LENGTHS_MAX: usize = 320;

@unmanaged
export class Decoder {
  // ── inflate ──
  /** Bits that were read and not yet used; the next one is the lowest. All above `bits` are zero between steps. */
  hold: u64;
  /** How many bits `hold` has. */
  bits: u32;
  /** Bits that must be held before the next code can be looked up: those known to be too few are not tried again. */
  needed: u32;
  /** Bits of the block's shortest literal/length code and of its shortest distance code. */
  shortest: u32;
  shortestDistance: u32;
  /** STATE_*. */
  state: u32;
  /** Input of this call: next octet and end. */
  input: usize;
  inputEnd: usize;
  /** Next octet of output, and the end of what may be written now. */
  out: usize;
  outEnd: usize;
  /** Tables of the block. */
  literals: usize;
  distances: usize;
  /** Oldest octet that a match may copy. */
  history: usize;
  /**
   * Octets left of the match or of the stored block (in STATE_SYMBOL not 0: its distance comes next); distance of the
   * match.
   */
  length: u32;
  distance: u32;
  /** 1: the block is the last. */
  final: u32;
  /** Dynamic block header: literal/length codes, distance codes, code length codes; lengths read so far. */
  literalCodes: u32;
  distanceCodes: u32;
  lengthCodes: u32;
  lengthsRead: u32;

  // ── window ──
  window: usize;
  windowEnd: usize;
  /** Start of the part of the window that is filled before the next slide. */
  fresh: usize;
  /** First octet that this call made. */
  handed: usize;
  /** First octet that is not yet in the checksum. */
  unsummed: usize;

  // ── wrapper ──
  /** CODING_*; of CODING_DEFLATE, what it was found to be. */
  coding: u32;
  /** PHASE_*. */
  phase: u32;
  /** CRC-32 or Adler-32 of the output. */
  sum: u32;
  /** Octets of output of this gzip member, modulo 2^32. */
  memberOctets: u32;
  /** gzip members begun. */
  members: u32;
  /**
   * Header and trailer: flags, octets left of a part, the number being read and its bits so far, CRC-32 of the header.
   */
  flags: u32;
  left: u32;
  number: u32;
  numberBits: u32;
  headerSum: u32;

  // ── limits ──
  /** The rule that was broken, which every later call repeats. */
  rule: u32;
  /** Octets that were taken before this call, and where in the input area this call's begin. */
  taken: u64;
  inputFrom: usize;
  /** Octets that were made before `fresh`. */
  made: u64;
  decodedMax: u64;
  /** 0: no limit. */
  ratioMax: f64;
}

const LENGTHS_OFFSET: usize = (offsetof<Decoder>() + 15) & ~15;
const LITERALS_OFFSET: usize = LENGTHS_OFFSET + CODE_LENGTHS_MAX;
const DISTANCES_OFFSET: usize = LITERALS_OFFSET + LITERAL_TABLE_ENTRIES * 4;
/** Octets of a decoder without its window. */
export const DECODER_OCTETS: usize = DISTANCES_OFFSET + DISTANCE_TABLE_ENTRIES * 4;

/** The code lengths of a dynamic block, an octet each. */
export function lengthsOf(d: Decoder): usize {
  return changetype<usize>(d) + LENGTHS_OFFSET;
}

/** The decoder's own literal/length table. */
export function literalTableOf(d: Decoder): usize {
  return changetype<usize>(d) + LITERALS_OFFSET;
}

/** The decoder's own distance table; until that is built, the table of code length codes stands there. */
export function distanceTableOf(d: Decoder): usize {
  return changetype<usize>(d) + DISTANCES_OFFSET;
}
