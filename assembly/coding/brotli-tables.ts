/**
 * Decoding tables for the prefix codes of brotli (RFC 7932 §3). A code is complete, or has one symbol, which then takes
 * no bits: whoever calls has seen to that, so that every entry of a table is written.
 *
 * A table is indexed by the next bits of the input, the first bit lowest. An entry's low octet is how many bits the
 * code takes; where that is more than the table's index, the entry leads to a subtable, whose index is the difference.
 *
 *   literals (u16):                     | 15..8 literal                                         | 7..0 bits |
 *   types, counts, maps (u32):          | 31..8 symbol                                          | 7..0 bits |
 *   insert&copy commands (u64):         | 63..48 copy | 47..32 insert | 25..24 context of the distance, 23 the distance
 *                                         is the last one | 20..16 extra bits of copy | 15..8 of insert | 7..0 bits |
 *   distances (u64):                    | 63..32 distance, or what is added to an earlier one | 24 to be remembered |
 *                                         18..16 how many distances back, 0 none | 15..8 extra bits | 7..0 bits |
 *   one that leads to a subtable (any): | … half the subtable's place behind the table          | 7..0 bits |
 *
 * In a subtable the bits that led to it count no more.
 */
import { COMMAND_SYMBOLS, DISTANCE_SYMBOLS_MAX } from './brotli-state';

export const COMMAND_IMPLICIT: u32 = 1 << 23;
export const DISTANCE_NEW: u32 = 1 << 24;

export const TABLE_LENGTHS: u32 = 0;
export const TABLE_SCRATCH: u32 = 1;
export const TABLE_LITERALS: u32 = 2;
export const TABLE_COMMANDS: u32 = 3;
export const TABLE_DISTANCES: u32 = 4;

export const CODE_BITS_MAX: u32 = 15;

// Scratch of one `buildTable`: how many codes each length has, where they begin in `sorted`, symbols by code.
const counts: usize = memory.data(32, 16);
const starts: usize = memory.data(32, 16);
const sorted: usize = memory.data(1408, 16);

// ── what commands and distances decode to, before the bits of their codes are added ──
const commandValues: usize = memory.data(5632, 16);
let commandValuesMade = false;
const distanceValues: usize = memory.data(4160, 16);
/** The parameters they were made for; no parameters at first. */
let distanceValuesFor: u32 = 0xffffffff;

/** Insert lengths by code: 31..16 extra bits, 15..0 least length (RFC 7932 §5). */
const INSERTS: usize = memory.data<u32>([
  0, 1, 2, 3, 4, 5, 0x10006, 0x10008, 0x2000a, 0x2000e, 0x30012, 0x3001a, 0x40022, 0x40032, 0x50042, 0x50062, 0x60082,
  0x700c2, 0x80142, 0x90242, 0xa0442, 0xc0842, 0xe1842, 0x185842,
]);
/** Copy lengths by code, likewise. */
const COPIES: usize = memory.data<u32>([
  2, 3, 4, 5, 6, 7, 8, 9, 0x1000a, 0x1000c, 0x2000e, 0x20012, 0x30016, 0x3001e, 0x40026, 0x40036, 0x50046, 0x50066,
  0x60086, 0x700c6, 0x80146, 0x90246, 0xa0446, 0x180846,
]);
/** By the upper bits of a command: 7..4 first insert code, 3..0 first copy code, each divided by eight. */
const CELLS: usize = memory.data<u8>([0x00, 0x01, 0x00, 0x01, 0x10, 0x11, 0x02, 0x20, 0x12, 0x21, 0x22]);
/** Commands below this repeat the last distance. */
const EXPLICIT_COMMANDS: u32 = 128;

/** By short distance code: how many distances back, and what is added (RFC 7932 §4). */
const SHORT_BACK: usize = memory.data<u8>([1, 2, 3, 4, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
const SHORT_ADDS: usize = memory.data<i8>([0, 0, 0, 0, -1, 1, -2, 2, -3, 3, -1, 1, -2, 2, -3, 3]);
const SHORT_CODES: u32 = 16;

function makeCommandValues(): void {
  if (commandValuesMade) return;
  commandValuesMade = true;
  for (let symbol: u32 = 0; symbol < COMMAND_SYMBOLS; symbol++) {
    const cell = <u32>load<u8>(CELLS + (symbol >>> 6));
    const copyCode = ((cell & 15) << 3) + (symbol & 7);
    const insert = load<u32>(INSERTS + ((((cell >>> 4) << 3) + ((symbol >>> 3) & 7)) << 2));
    const copy = load<u32>(COPIES + (copyCode << 2));
    const high = ((copy & 0xffff) << 16) | (insert & 0xffff);
    let low = (min<u32>(copyCode, 3) << 24) | (copy & 0xff0000) | ((insert >>> 16) << 8);
    if (symbol < EXPLICIT_COMMANDS) low |= COMMAND_IMPLICIT;
    store<u64>(commandValues + (symbol << 3), ((<u64>high) << 32) | low);
  }
}

function makeDistanceValues(postfixBits: u32, directCodes: u32): void {
  const parameters = (directCodes << 2) | postfixBits;
  if (parameters == distanceValuesFor) return;
  distanceValuesFor = parameters;
  let at = distanceValues;
  for (let symbol: u32 = 0; symbol < SHORT_CODES; symbol++, at += 8) {
    store<u32>(at, ((<u32>load<u8>(SHORT_BACK + symbol)) << 16) | (symbol ? DISTANCE_NEW : 0));
    store<i32>(at, load<i8>(SHORT_ADDS + symbol), 4);
  }
  for (let distance: u32 = 1; distance <= directCodes; distance++, at += 8) {
    store<u32>(at, DISTANCE_NEW);
    store<u32>(at, distance, 4);
  }
  for (let code: u32 = 0; code < (<u32>48) << postfixBits; code++, at += 8) {
    const high = code >>> postfixBits;
    const extraBits = 1 + (high >>> 1);
    const least = ((2 + (high & 1)) << extraBits) - 4;
    store<u32>(at, DISTANCE_NEW | (extraBits << 8));
    store<u32>(at, (least << postfixBits) + (code & ((1 << postfixBits) - 1)) + directCodes + 1, 4);
  }
  assert(at <= distanceValues + DISTANCE_SYMBOLS_MAX * 8, 'makeDistanceValues: too many symbols');
}

/** What `symbol` decodes to; the bits of its code are still to be added. */
function valueOf<T>(kind: u32, symbol: u32): T {
  if (sizeof<T>() < 8) return <T>(symbol << 8);
  return <T>load<u64>((kind == TABLE_COMMANDS ? commandValues : distanceValues) + (symbol << 3));
}

/** The code after `code` among those of `bits` bits, both with the first bit lowest. `code` is not the last one. */
function codeAfter(code: u32, bits: u32): u32 {
  const highest: u32 = 0x80000000 >>> clz(code ^ ((1 << bits) - 1));
  return (code & (highest - 1)) | highest;
}

/** Counts the lengths and sorts the symbols by code. Answers the bits of the longest code. */
function sortSymbols(lengths: usize, symbols: u32): u32 {
  memory.fill(counts, 0, 32);
  for (let i: u32 = 0; i < symbols; i++) {
    const at = counts + ((<usize>load<u8>(lengths + i)) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  let longest: u32 = 0;
  let start: u32 = 0;
  for (let bits: u32 = 1; bits <= CODE_BITS_MAX; bits++) {
    const count = <u32>load<u16>(counts + (bits << 1));
    if (count) longest = bits;
    store<u16>(starts + (bits << 1), <u16>start);
    start += count;
  }
  for (let i: u32 = 0; i < symbols; i++) {
    const bits = <usize>load<u8>(lengths + i);
    if (!bits) continue;
    const at = <u32>load<u16>(starts + (bits << 1));
    store<u16>(starts + (bits << 1), <u16>(at + 1));
    store<u16>(sorted + (at << 1), <u16>i);
  }
  return longest;
}

/**
 * Builds the table of a complete code of `symbols` code lengths (an octet each; 0: the symbol has no code).
 * @returns the octets it fills.
 */
function build<T>(kind: u32, lengths: usize, symbols: u32, table: usize, rootBits: u32): usize {
  const size = alignof<T>();
  const longest = sortSymbols(lengths, symbols);
  // Codes in order of length. Before those of `bits` bits are entered, the table of the shorter ones is doubled, so
  // that each entry is written once and then copied.
  let next = sorted;
  let code: u32 = 0;
  const direct = min(longest, rootBits);
  for (let bits: u32 = 1; bits <= rootBits; bits++) {
    const half = (<usize>1) << (bits - 1 + size);
    if (next != sorted) memory.copy(table + half, table, half);
    if (bits > direct) continue;
    for (let count = <u32>load<u16>(counts + (bits << 1)); count; count--) {
      store<T>(table + ((<usize>code) << size), valueOf<T>(kind, load<u16>(next)) + <T>bits);
      next += 2;
      if (code == <u32>(1 << bits) - 1) break; // the last code of all: only doubling remains
      code = codeAfter(code, bits);
    }
  }
  const end = longest > rootBits ? fillSubtables<T>(kind, table, rootBits, longest, code, next) : (<u32>1) << rootBits;
  return (<usize>end) << size;
}

/** Enters the codes longer than the index, from `code` on, into subtables behind the table. Answers their end. */
function fillSubtables<T>(kind: u32, table: usize, rootBits: u32, longest: u32, code: u32, next: usize): u32 {
  const size = alignof<T>();
  const root: u32 = 1 << rootBits;
  let prefix: u32 = u32.MAX_VALUE;
  let start: u32 = 0;
  let end = root;
  for (let bits = rootBits + 1; bits <= longest; bits++) {
    for (let count = <u32>load<u16>(counts + (bits << 1)); count; count--) {
      if ((code & (root - 1)) != prefix) {
        prefix = code & (root - 1);
        // The subtable is as large as the codes left can make it: they fill it exactly, since the code is complete.
        let indexBits = bits - rootBits;
        let used = count;
        while (used < <u32>(1 << indexBits)) {
          indexBits++;
          used = (used << 1) + <u32>load<u16>(counts + ((rootBits + indexBits) << 1));
        }
        start = end;
        end = start + (1 << indexBits);
        store<T>(table + ((<usize>prefix) << size), <T>(((start - root) << 7) | (rootBits + indexBits)));
      }
      const entry = valueOf<T>(kind, load<u16>(next)) + <T>(bits - rootBits);
      const stride: u32 = 1 << (bits - rootBits);
      for (let i = start + (code >>> rootBits); i < end; i += stride) store<T>(table + ((<usize>i) << size), entry);
      next += 2;
      if (code == <u32>(1 << bits) - 1) return end;
      code = codeAfter(code, bits);
    }
  }
  return end;
}

/** The table of a code of one symbol. Answers the octets it fills. */
function fill<T>(kind: u32, symbol: u32, table: usize, rootBits: u32): usize {
  const end = table + ((<usize>1) << (rootBits + alignof<T>()));
  const value = valueOf<T>(kind, symbol);
  for (let at = table; at < end; at += sizeof<T>()) store<T>(at, value);
  return end - table;
}

/** Makes what commands or distances decode to; needed before a table of either kind is built. */
export function makeValues(kind: u32, postfixBits: u32, directCodes: u32): void {
  if (kind == TABLE_COMMANDS) makeCommandValues();
  else if (kind == TABLE_DISTANCES) makeDistanceValues(postfixBits, directCodes);
}

/**
 * Builds the table of `symbols` code lengths, an octet each, which are a complete code.
 * @returns the octets it fills.
 */
export function buildTable(kind: u32, lengths: usize, symbols: u32, table: usize, rootBits: u32): usize {
  assert(symbols <= COMMAND_SYMBOLS, 'buildTable: too many symbols');
  if (kind == TABLE_SCRATCH) return build<u32>(kind, lengths, symbols, table, rootBits);
  if (kind >= TABLE_COMMANDS) return build<u64>(kind, lengths, symbols, table, rootBits);
  return build<u16>(kind, lengths, symbols, table, rootBits);
}

/** Builds the table of a code whose one symbol takes no bits. @returns the octets it fills. */
export function buildSingle(kind: u32, symbol: u32, table: usize, rootBits: u32): usize {
  if (kind == TABLE_SCRATCH) return fill<u32>(kind, symbol, table, rootBits);
  if (kind >= TABLE_COMMANDS) return fill<u64>(kind, symbol, table, rootBits);
  return fill<u16>(kind, symbol, table, rootBits);
}
