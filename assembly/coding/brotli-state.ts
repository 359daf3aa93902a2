/**
 * Memory of a brotli decoder (RFC 7932), and where its parts stand.
 *
 *   state:   | Brotli | code lengths | table of code length codes | scratch table | tables of block switches |
 *            | context modes | context maps | tables by block type | tables of the current types | a word |
 *   tables:  | literal tables | command tables | distance tables |    (a second allocation, by what a metablock has)
 *
 * The window belongs to the frame (stream.ts, history.ts).
 */
import { Stream } from './stream';

// ── states: what comes next in the data; brotli.ts has the table ──
export const STATE_COMMAND: u32 = 0;
export const STATE_COMMAND_EXTRA: u32 = 1;
export const STATE_LITERALS: u32 = 2;
export const STATE_DISTANCE: u32 = 3;
export const STATE_DISTANCE_EXTRA: u32 = 4;
export const STATE_REFERENCE: u32 = 5;
export const STATE_COPY: u32 = 6;
export const STATE_WORD: u32 = 7;
export const STATE_SWITCH_TYPE: u32 = 8;
export const STATE_SWITCH_COUNT: u32 = 9;
export const STATE_SWITCH_EXTRA: u32 = 10;
export const STATE_STORED: u32 = 11;
// ── from here on states of headers ──
export const STATE_WINDOW: u32 = 12;
export const STATE_METABLOCK: u32 = 13;
export const STATE_LAST_EMPTY: u32 = 14;
export const STATE_NIBBLES: u32 = 15;
export const STATE_LENGTH: u32 = 16;
export const STATE_STORED_BIT: u32 = 17;
export const STATE_METADATA: u32 = 18;
export const STATE_METADATA_LENGTH: u32 = 19;
export const STATE_SKIP: u32 = 20;
export const STATE_TYPES: u32 = 21;
export const STATE_TYPE_CODE: u32 = 22;
export const STATE_COUNT_CODE: u32 = 23;
export const STATE_DISTANCE_BITS: u32 = 24;
export const STATE_MODES: u32 = 25;
export const STATE_TREES: u32 = 26;
export const STATE_MAP_RUNS: u32 = 27;
export const STATE_MAP: u32 = 28;
export const STATE_MAP_RUN: u32 = 29;
export const STATE_MAP_MOVED: u32 = 30;
export const STATE_TABLES: u32 = 31;
export const STATE_NEXT_TABLE: u32 = 32;
// ── a prefix code ──
export const STATE_CODE: u32 = 33;
export const STATE_CODE_SIMPLE: u32 = 34;
export const STATE_CODE_SYMBOLS: u32 = 35;
export const STATE_LENGTH_CODES: u32 = 36;
export const STATE_LENGTHS: u32 = 37;
// ── the end ──
export const STATE_FINISH: u32 = 38;
export const STATE_ENDED: u32 = 39;

// ── categories of blocks (RFC 7932 §2) ──
export const LITERALS: u32 = 0;
export const COMMANDS: u32 = 1;
export const DISTANCES: u32 = 2;
export const CATEGORIES: u32 = 3;

/** Most block types of a category, and most prefix codes of one. */
export const TYPES_MAX: u32 = 256;
export const LITERAL_CONTEXTS: u32 = 64;
export const DISTANCE_CONTEXTS: u32 = 4;
/** A block that ends with the metablock: all of a category, if it has one type. */
export const ENDLESS: u32 = 0xffffffff;

/** Index bits of all tables but that of code length codes. */
export const ROOT_BITS: u32 = 8;
export const LENGTH_ROOT_BITS: u32 = 5;

// ── symbols of each alphabet ──
export const LENGTH_SYMBOLS: u32 = 18;
export const COUNT_SYMBOLS: u32 = 26;
export const LITERAL_SYMBOLS: u32 = 256;
export const COMMAND_SYMBOLS: u32 = 704;
/** The most distance symbols there can be: 16 + 120 + (48 << 3). */
export const DISTANCE_SYMBOLS_MAX: u32 = 520;

// ── entries that any valid code needs with ROOT_BITS, subtables included: those of so many symbols ──
export const ENTRIES_26: usize = 396;
export const ENTRIES_256: usize = 632;
export const ENTRIES_272: usize = 646;
export const ENTRIES_520: usize = 920;
export const ENTRIES_704: usize = 1080;
export const LITERAL_TABLE_OCTETS: usize = ENTRIES_256 * 2;
export const COMMAND_TABLE_OCTETS: usize = ENTRIES_704 * 8;
export const DISTANCE_TABLE_OCTETS: usize = ENTRIES_520 * 8;

/** Octets that a word of the dictionary can become: 24 and the longest prefix and suffix, with room for wide stores. */
export const WORD_OCTETS: usize = 64;

@unmanaged
export class Brotli extends Stream {
  /** Bits that were read and not yet used, the next one lowest; all above `bits` are zero. */
  hold: u64;
  /** How many bits `hold` has: at most seven between two elements of the format. */
  bits: u32;
  /** STATE_*, and the state that follows a prefix code or a block switch. */
  state: u32;
  after: u32;
  /** Largest distance that is not a word's. */
  reach: u32;

  // ── metablock ──
  /** 1: it is the last. */
  last: u32;
  /** Octets it still makes, or (metadata) that are still to be skipped. */
  left: u32;
  /** How many nibbles or octets say its length. */
  nibbles: u32;

  // ── blocks, by category ──
  literalTypes: u32;
  commandTypes: u32;
  distanceTypes: u32;
  /** Elements left in the block. */
  literalsLeft: u32;
  commandsLeft: u32;
  distancesLeft: u32;
  /** Type of the block, and of the one before it in its category. */
  literalType: u32;
  commandType: u32;
  distanceType: u32;
  literalBefore: u32;
  commandBefore: u32;
  distanceBefore: u32;
  /** The category whose switch or header is read. */
  category: u32;

  // ── the current types ──
  /** Table of every context, or 0: it depends on the context, by `mode`. */
  literalTable: usize;
  /** 512 octets: what the last octet, and the one before it, add to the context. */
  mode: usize;
  commandTable: usize;

  // ── command ──
  /** Literals still to be inserted, octets of the copy, its distance. */
  insert: u32;
  copy: u32;
  distance: u32;
  /** Low word of the command's entry. */
  command: u32;
  /** Low word and high word of the distance's entry. */
  distanceEntry: u32;
  distanceBase: u32;
  /** 1: the distance is to be remembered. */
  isNew: u32;
  /** Distances used last, a ring of four, and where the next one goes. */
  recent0: u32;
  recent1: u32;
  recent2: u32;
  recent3: u32;
  recentAt: u32;
  /** Octets of the word, and how many were handed on. */
  wordOctets: u32;
  wordDone: u32;

  // ── distances (RFC 7932 §4) ──
  postfixBits: u32;
  directCodes: u32;

  // ── context maps ──
  literalTrees: u32;
  distanceTrees: u32;
  mapAt: u32;
  mapOctets: u32;
  mapTrees: u32;
  runsMax: u32;
  /** Symbol whose extra bits come next. */
  pending: u32;

  // ── the prefix code that is read ──
  /** TABLE_*. */
  kind: u32;
  table: usize;
  symbols: u32;
  symbolBits: u32;
  /** Simple code: its symbols. */
  count: u32;
  /** Complex code: the place among code length codes, what is left of the code space, how many codes there are. */
  at: u32;
  space: i32;
  codes: u32;
  /** Complex code: the last length that was not zero, the length that is repeated, how often. */
  lengthBefore: u32;
  repeated: u32;
  repeats: u32;

  // ── tables ──
  tables: usize;
  tablesOctets: usize;
  /** Where the next table goes, and which of the category it is. */
  tablesAt: usize;
  tree: u32;
}

const LENGTHS_AT: usize = (offsetof<Brotli>() + 15) & ~15;
const LENGTH_TABLE_AT: usize = LENGTHS_AT + 704;
const SCRATCH_AT: usize = LENGTH_TABLE_AT + 64;
const SWITCHES_AT: usize = SCRATCH_AT + ENTRIES_272 * 4;
const SWITCH_OCTETS: usize = (ENTRIES_272 + ENTRIES_26) * 4;
const MODES_AT: usize = SWITCHES_AT + 3 * SWITCH_OCTETS;
const LITERAL_MAP_AT: usize = MODES_AT + TYPES_MAX;
const DISTANCE_MAP_AT: usize = LITERAL_MAP_AT + TYPES_MAX * LITERAL_CONTEXTS;
const TREES_AT: usize = DISTANCE_MAP_AT + TYPES_MAX * DISTANCE_CONTEXTS;
const LITERAL_TABLES_AT: usize = TREES_AT + 3 * TYPES_MAX * 4;
const DISTANCE_TABLES_AT: usize = LITERAL_TABLES_AT + LITERAL_CONTEXTS * 4;
const WORD_AT: usize = DISTANCE_TABLES_AT + DISTANCE_CONTEXTS * 4;
/** Octets of a decoder without its tables and its window. */
export const BROTLI_OCTETS: usize = WORD_AT + WORD_OCTETS;

/** Code lengths, an octet each; of a simple code, its symbols, two octets each. */
export function lengthsOf(d: Brotli): usize {
  return changetype<usize>(d) + LENGTHS_AT;
}

/** The table of code length codes, entries of two octets. */
export function lengthTableOf(d: Brotli): usize {
  return changetype<usize>(d) + LENGTH_TABLE_AT;
}

/** The table of a context map's code, entries of four octets. */
export function scratchOf(d: Brotli): usize {
  return changetype<usize>(d) + SCRATCH_AT;
}

/** The table of a category's block types, entries of four octets. */
export function typeTableOf(d: Brotli, category: u32): usize {
  return changetype<usize>(d) + SWITCHES_AT + category * SWITCH_OCTETS;
}

/** The table of a category's block counts, entries of four octets. */
export function countTableOf(d: Brotli, category: u32): usize {
  return typeTableOf(d, category) + ENTRIES_272 * 4;
}

/** Context modes of the literal block types, an octet each. */
export function modesOf(d: Brotli): usize {
  return changetype<usize>(d) + MODES_AT;
}

/** Context maps of literals and of distances, an octet per type and context. */
export function literalMapOf(d: Brotli): usize {
  return changetype<usize>(d) + LITERAL_MAP_AT;
}

export function distanceMapOf(d: Brotli): usize {
  return changetype<usize>(d) + DISTANCE_MAP_AT;
}

/** Where the tables of a category stand, four octets each. */
export function treesOf(d: Brotli, category: u32): usize {
  return changetype<usize>(d) + TREES_AT + category * (TYPES_MAX * 4);
}

/** Tables of the current literal type by context. */
export function literalTablesOf(d: Brotli): usize {
  return changetype<usize>(d) + LITERAL_TABLES_AT;
}

/** Tables of the current distance type by context. */
export function distanceTablesOf(d: Brotli): usize {
  return changetype<usize>(d) + DISTANCE_TABLES_AT;
}

export function wordOf(d: Brotli): usize {
  return changetype<usize>(d) + WORD_AT;
}

// ── members that exist once per category ──

function perCategory(d: Brotli, member: usize, category: u32): usize {
  return changetype<usize>(d) + member + (category << 2);
}

export function typesOf(d: Brotli, category: u32): u32 {
  return load<u32>(perCategory(d, offsetof<Brotli>('literalTypes'), category));
}

export function setTypes(d: Brotli, category: u32, types: u32): void {
  store<u32>(perCategory(d, offsetof<Brotli>('literalTypes'), category), types);
}

export function setElementsLeft(d: Brotli, category: u32, left: u32): void {
  store<u32>(perCategory(d, offsetof<Brotli>('literalsLeft'), category), left);
}

export function typeOf(d: Brotli, category: u32): u32 {
  return load<u32>(perCategory(d, offsetof<Brotli>('literalType'), category));
}

export function typeBefore(d: Brotli, category: u32): u32 {
  return load<u32>(perCategory(d, offsetof<Brotli>('literalBefore'), category));
}

export function setType(d: Brotli, category: u32, type: u32, before: u32): void {
  store<u32>(perCategory(d, offsetof<Brotli>('literalType'), category), type);
  store<u32>(perCategory(d, offsetof<Brotli>('literalBefore'), category), before);
}

// ── distances used last ──

/** The distance used `back` distances before the next one; 1: the last. */
export function recentDistance(d: Brotli, at: u32, back: u32): u32 {
  return load<u32>(changetype<usize>(d) + offsetof<Brotli>('recent0') + (((at - back) & 3) << 2));
}

export function setRecentDistance(d: Brotli, at: u32, distance: u32): void {
  store<u32>(changetype<usize>(d) + offsetof<Brotli>('recent0') + ((at & 3) << 2), distance);
}

// ── bits ──

/** Takes octets until `hold` has `bits` bits. @returns false if the input ends before. */
export function fetch(d: Brotli, bits: u32): bool {
  while (d.bits < bits) {
    if (d.input == d.inputEnd) return false;
    d.hold |= (<u64>load<u8>(d.input++)) << d.bits;
    d.bits += 8;
  }
  return true;
}

/** Uses the next `bits` bits (at most 32), which `fetch` brought. */
export function takeBits(d: Brotli, bits: u32): u32 {
  const value = <u32>(d.hold & (((<u64>1) << bits) - 1));
  d.hold >>= bits;
  d.bits -= bits;
  return value;
}
