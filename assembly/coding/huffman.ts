/**
 * Decoding tables for the prefix codes of RFC 1951 §3.2. Which sets of code lengths are valid follows zlib: a set must
 * be complete, but for one code of one bit, or (distances only) no code at all; then the unused codes decode to an
 * error.
 *
 * A table is indexed by the next bits of the input, the first bit lowest. Codes longer than the index lead to a
 * subtable.
 *
 *   31 LITERAL | 30..16 literal, base, or first entry of the subtable | 15 EXCEPTION | 14 SUBTABLE | 13 END |
 *   11..8 bits of the code (of a subtable: bits of its index) | 5..0 bits of the code and of the extra bits together
 *
 * What leads to a subtable takes, as it says, more bits than are ever held: so whoever asks whether an entry's bits are there
 * need not ask first what it is. In a subtable the bits that led to it count no more.
 */
import { DISTANCE_TABLE_BITS, LITERAL_TABLE_BITS } from './state';

export const ENTRY_LITERAL: u32 = 0x80000000;
/** Neither literal nor length nor distance: a subtable, the end of the block, or (no other flag) an invalid code. */
export const ENTRY_EXCEPTION: u32 = 0x8000;
export const ENTRY_SUBTABLE: u32 = 0x4000;
export const ENTRY_END: u32 = 0x2000;
/** Mask of the bits an entry takes in all. */
export const ENTRY_TAKES: u32 = 63;

/** Index bits of the table of code length codes, whose longest code it equals. */
export const LENGTH_TABLE_BITS: u32 = 7;

const CODE_BITS_MAX: u32 = 15;
/** A code's bits stand in an entry twice: alone, and as part of what it takes in all. */
const CODE_BIT: u32 = 0x101;

// ── what a symbol decodes to, before the bits of its code are added ──
const LENGTHS: usize = memory.data<u32>([
  0x30000, 0x40000, 0x50000, 0x60000, 0x70000, 0x80000, 0x90000, 0xa0000, 0xb0001, 0xd0001, 0xf0001, 0x110001, 0x130002,
  0x170002, 0x1b0002, 0x1f0002, 0x230003, 0x2b0003, 0x330003, 0x3b0003, 0x430004, 0x530004, 0x630004, 0x730004,
  0x830005, 0xa30005, 0xc30005, 0xe30005, 0x1020000, 0x8000, 0x8000,
]);
const DISTANCES: usize = memory.data<u32>([
  0x10000, 0x20000, 0x30000, 0x40000, 0x50001, 0x70001, 0x90002, 0xd0002, 0x110003, 0x190003, 0x210004, 0x310004,
  0x410005, 0x610005, 0x810006, 0xc10006, 0x1010007, 0x1810007, 0x2010008, 0x3010008, 0x4010009, 0x6010009, 0x801000a,
  0xc01000a, 0x1001000b, 0x1801000b, 0x2001000c, 0x3001000c, 0x4001000d, 0x6001000d, 0x8000, 0x8000,
]);

export const KIND_CODE_LENGTHS: u32 = 0;
export const KIND_LITERALS: u32 = 1;
export const KIND_DISTANCES: u32 = 2;

// Scratch of one `buildTable`: how many codes each length has, where they begin in `sorted`, symbols by code.
const SYMBOLS_MAX: u32 = 288;
const counts: usize = memory.data(32, 16);
const starts: usize = memory.data(32, 16);
const sorted: usize = memory.data(576, 16);

let shortest: u32 = 0;

/** Bits of the shortest code in the table that was built last. */
export function shortestCode(): u32 {
  return shortest;
}

/** What `symbol` decodes to; the bits of its code are still to be added. */
function entryOf(kind: u32, symbol: u32): u32 {
  if (kind == KIND_CODE_LENGTHS) return symbol << 16;
  if (kind == KIND_DISTANCES) return load<u32>(DISTANCES + (symbol << 2));
  if (symbol < 256) return ENTRY_LITERAL | (symbol << 16);
  if (symbol == 256) return ENTRY_EXCEPTION | ENTRY_END;
  return load<u32>(LENGTHS + ((symbol - 257) << 2));
}

/** The code after `code` among those of `bits` bits, both with the first bit lowest. `code` is not the last one. */
function codeAfter(code: u32, bits: u32): u32 {
  const highest: u32 = 0x80000000 >>> clz(code ^ ((1 << bits) - 1));
  return (code & (highest - 1)) | highest;
}

/** Answer of `sortSymbols` to a set that over-subscribes the code or leaves it incomplete. */
const NONE_VALID: u32 = 16;

/** Counts the lengths and sorts the symbols by code. Answers the bits of the longest code; 0: there is no code. */
function sortSymbols(kind: u32, lengths: usize, symbols: u32): u32 {
  memory.fill(counts, 0, 32);
  for (let i: u32 = 0; i < symbols; i++) {
    const at = counts + ((<usize>load<u8>(lengths + i)) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  let longest: u32 = CODE_BITS_MAX;
  while (longest && !load<u16>(counts + (longest << 1))) longest--;
  shortest = 1;
  if (!longest) return kind == KIND_DISTANCES ? 0 : NONE_VALID;
  while (!load<u16>(counts + (shortest << 1))) shortest++;
  let unused: i32 = 1;
  let start: u32 = 0;
  for (let bits: u32 = 1; bits <= longest; bits++) {
    const count = <u32>load<u16>(counts + (bits << 1));
    unused = (unused << 1) - count;
    if (unused < 0) return NONE_VALID;
    store<u16>(starts + (bits << 1), <u16>start);
    start += count;
  }
  if (unused > 0 && (kind == KIND_CODE_LENGTHS || longest != 1)) return NONE_VALID;
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
 * Fills a table whose set has one code of one bit, or none: what no code leads to is an error. The first two entries
 * are all there is to say; the rest of the table, which an index of all its bits may reach, are copies that double.
 */
function fillSparse(kind: u32, table: usize, tableBits: u32, codes: u32): void {
  const invalid = ENTRY_EXCEPTION + CODE_BIT;
  const valid = codes ? entryOf(kind, load<u16>(sorted)) + CODE_BIT : invalid;
  store<u32>(table, valid);
  store<u32>(table, invalid, 4);
  const octets: usize = (<usize>4) << tableBits;
  for (let done: usize = 8; done < octets; done <<= 1) memory.copy(table + done, table, done);
}

/**
 * Builds the decoding table of `symbols` code lengths (an octet each; 0: the symbol has no code).
 * @returns false if the lengths over-subscribe the code or leave it incomplete.
 */
export function buildTable(kind: u32, lengths: usize, symbols: u32, table: usize, tableBits: u32): bool {
  assert(symbols <= SYMBOLS_MAX, 'buildTable: too many symbols');
  const longest = sortSymbols(kind, lengths, symbols);
  if (longest == NONE_VALID) return false;
  if (!longest || (longest == 1 && load<u16>(counts, 2) == 1)) {
    fillSparse(kind, table, tableBits, longest);
    return true;
  }
  // Codes in order of length. Before those of `bits` bits are entered, the table of the shorter ones is doubled, so
  // that each entry is written once and then copied.
  let next = sorted;
  let code: u32 = 0;
  const direct = min(longest, tableBits);
  for (let bits: u32 = 1; bits <= tableBits; bits++) {
    const half = (<usize>2) << bits;
    if (next != sorted) memory.copy(table + half, table, half);
    if (bits > direct) continue;
    for (let count = <u32>load<u16>(counts + (bits << 1)); count; count--) {
      store<u32>(table + (code << 2), entryOf(kind, load<u16>(next)) + bits * CODE_BIT);
      next += 2;
      if (code == <u32>(1 << bits) - 1) break; // the last code of all: only doubling remains
      code = codeAfter(code, bits);
    }
  }
  if (longest > tableBits) fillSubtables(kind, table, tableBits, longest, code, next);
  return true;
}

/** Enters the codes longer than the index, from `code` on, into subtables behind the table. */
function fillSubtables(kind: u32, table: usize, tableBits: u32, longest: u32, code: u32, next: usize): void {
  const mask: u32 = (1 << tableBits) - 1;
  let prefix: u32 = u32.MAX_VALUE;
  let start: u32 = 0;
  let end: u32 = 1 << tableBits;
  for (let bits = tableBits + 1; bits <= longest; bits++) {
    for (let count = <u32>load<u16>(counts + (bits << 1)); count; count--) {
      if ((code & mask) != prefix) {
        prefix = code & mask;
        // The subtable is as large as the codes left can make it: they fill it exactly, since the set is complete.
        let indexBits = bits - tableBits;
        let used = count;
        while (used < <u32>(1 << indexBits)) {
          indexBits++;
          used = (used << 1) + <u32>load<u16>(counts + ((tableBits + indexBits) << 1));
        }
        start = end;
        end = start + (1 << indexBits);
        const entry = ENTRY_EXCEPTION | ENTRY_SUBTABLE | (start << 16) | (indexBits << 8) | ENTRY_TAKES;
        store<u32>(table + (prefix << 2), entry);
      }
      const entry = entryOf(kind, load<u16>(next)) + (bits - tableBits) * CODE_BIT;
      const stride: u32 = 1 << (bits - tableBits);
      for (let i = start + (code >>> tableBits); i < end; i += stride) store<u32>(table + (i << 2), entry);
      next += 2;
      if (code == <u32>(1 << bits) - 1) return;
      code = codeAfter(code, bits);
    }
  }
}

// ── the fixed codes (RFC 1951 §3.2.6): one pair of tables for all decoders, made when first needed ──
export const FIXED_LITERALS: usize = memory.data(8192, 16);
export const FIXED_DISTANCES: usize = memory.data(1024, 16);
/** Bits of the shortest fixed codes. */
export const FIXED_SHORTEST: u32 = 7;
export const FIXED_SHORTEST_DISTANCE: u32 = 5;
const fixedLengths: usize = memory.data(288, 16);
let fixedBuilt = false;

/** Makes FIXED_LITERALS and FIXED_DISTANCES usable. */
export function buildFixedTables(): void {
  if (fixedBuilt) return;
  fixedBuilt = true;
  memory.fill(fixedLengths, 8, 144);
  memory.fill(fixedLengths + 144, 9, 112);
  memory.fill(fixedLengths + 256, 7, 24);
  memory.fill(fixedLengths + 280, 8, 8);
  buildTable(KIND_LITERALS, fixedLengths, 288, FIXED_LITERALS, LITERAL_TABLE_BITS);
  memory.fill(fixedLengths, 5, 32);
  buildTable(KIND_DISTANCES, fixedLengths, 32, FIXED_DISTANCES, DISTANCE_TABLE_BITS);
}
