/**
 * CRC-32 (RFC 1952 §8) and Adler-32 (RFC 1950 §8), continued from a value over [from, end).
 *
 * The CRC takes sixteen octets at a time through sixteen tables: table k gives what an octet contributes when k octets
 * follow it in its group. The tables are made when first needed: the first for any CRC, the others for a long piece.
 *
 * With SIMD a long piece is first made short. The polynomial divides x^89 + x^88 + x^41 + x^36 + x^16 + x^13 + x^5 + 1, and
 * so its 128th power, in which every exponent is 128 times as large: what a group of sixteen octets contributes, groups at
 * seven distances behind it contribute, if it is added to them. That leaves the last 89 groups for the tables.
 */

/** The polynomial, its lowest power in the highest bit. */
const CRC_POLYNOMIAL: u32 = 0xedb88320;
const CRC_TABLE_OCTETS: usize = 1024;
const CRC_TABLES: usize = memory.data(16384, 16);
/** A piece from this size on is worth sixteen tables. */
const CRC_LONG_OCTETS: usize = 256;
/** Mask of an octet that was shifted to index four-octet entries. */
const ENTRY_MASK: u32 = 0x3fc;

let crcTables: u32 = 0;

/** Table 0. Entries are linear: that of two bits together is that of each, added. */
function buildFirstTable(): void {
  let value: u32 = 1;
  for (let bit: u32 = 128; bit; bit >>= 1) {
    value = (value >>> 1) ^ (value & 1 ? CRC_POLYNOMIAL : 0);
    const stride = bit << 1;
    for (let i: u32 = 0; i < 256; i += stride) {
      store<u32>(CRC_TABLES + ((i + bit) << 2), load<u32>(CRC_TABLES + (i << 2)) ^ value);
    }
  }
  crcTables = 1;
}

/** Tables 1 to 15: entry n of each is that of the table before with one more zero octet behind. */
function buildLongTables(): void {
  const end = CRC_TABLES + 16 * CRC_TABLE_OCTETS;
  for (let at = CRC_TABLES + CRC_TABLE_OCTETS; at < end; at += 4) {
    const before = load<u32>(at - CRC_TABLE_OCTETS);
    store<u32>(at, (before >>> 8) ^ load<u32>(CRC_TABLES + ((before << 2) & ENTRY_MASK)));
  }
  crcTables = 16;
}

/** What `crcOctet` begins with. */
export const CRC_OF_NOTHING: u32 = 0xffffffff;

/** One octet more, on the complement of the CRC-32. */
export function crcOctet(complement: u32, octet: u32): u32 {
  if (!crcTables) buildFirstTable();
  return (complement >>> 8) ^ load<u32>(CRC_TABLES + (((complement ^ octet) << 2) & ENTRY_MASK));
}

const GROUP: usize = 16;
/** The highest exponent of the multiple: octets that a piece is shortened to. */
const FOLD_OCTETS: usize = 89 * GROUP;
/** Pieces from this size on are shortened, those above the second in parts of it. */
const FOLD_OCTETS_MIN: usize = 4 * FOLD_OCTETS;
const FOLD_OCTETS_MAX: usize = 32768;
/** What was added up for each group, behind as many empty ones as are looked back to. */
const FOLDED: usize = memory.data(<i32>(FOLD_OCTETS + FOLD_OCTETS_MAX), 16);

/** Sum of what groups before contribute to the one that stands `FOLD_OCTETS` behind `p`: each at its exponent. */
function foldedInto(p: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(p), v128.load(p, 5 * GROUP)),
      v128.xor(v128.load(p, 13 * GROUP), v128.load(p, 16 * GROUP)),
    ),
    v128.xor(v128.xor(v128.load(p, 36 * GROUP), v128.load(p, 41 * GROUP)), v128.load(p, 88 * GROUP)),
  );
}

/**
 * Shortens so many octets at `from`, whole groups, at least FOLD_OCTETS_MIN, to FOLD_OCTETS whose CRC, continued from nothing,
 * is that of all continued from the complement `crc`. Answers where they stand.
 */
function shortened(crc: u32, from: usize, octets: usize): usize {
  memory.fill(FOLDED, 0, FOLD_OCTETS);
  // Only the first group looks here.
  store<u32>(FOLDED, crc);
  let p = FOLDED;
  const shortEnd = FOLDED + octets;
  for (const last = shortEnd - FOLD_OCTETS; p < last; p += GROUP, from += GROUP) {
    v128.store(p, v128.xor(v128.load(from, 0, 1), foldedInto(p)), FOLD_OCTETS);
  }
  // The last groups contribute nothing to each other. They are put where no later one looks.
  memory.fill(shortEnd, 0, FOLD_OCTETS);
  for (; p < shortEnd; p += GROUP, from += GROUP) {
    v128.store(p, v128.xor(v128.load(from, 0, 1), foldedInto(p)));
  }
  return shortEnd - FOLD_OCTETS;
}

/** CRC-32 of what `crc` stands for (0: nothing) and of [from, end). */
export function crc32(crc: u32, from: usize, end: usize): u32 {
  if (!crcTables) buildFirstTable();
  crc = ~crc;
  if (end - from >= CRC_LONG_OCTETS) {
    if (crcTables == 1) buildLongTables();
    if (ASC_FEATURE_SIMD) {
      while (end - from >= FOLD_OCTETS_MIN) {
        const octets = min(end - from, FOLD_OCTETS_MAX) & ~(GROUP - 1);
        const short = shortened(crc, from, octets);
        crc = crcOfGroups(0, short, short + FOLD_OCTETS);
        from += octets;
      }
    }
    crc = crcOfGroups(crc, from, end);
    from = end - ((end - from) & (GROUP - 1));
  }
  while (from < end) {
    crc = (crc >>> 8) ^ load<u32>(CRC_TABLES + (((crc ^ load<u8>(from++)) << 2) & ENTRY_MASK));
  }
  return ~crc;
}

/** The complement of the CRC-32, continued over the whole groups at the start of [from, end). */
function crcOfGroups(crc: u32, from: usize, end: usize): u32 {
  // SAFE: from + 16 <= end.
  for (; from + GROUP <= end; from += GROUP) {
    const first = load<u32>(from, 0, 1) ^ crc;
    const second = load<u32>(from, 4, 1);
    const third = load<u32>(from, 8, 1);
    const fourth = load<u32>(from, 12, 1);
    crc = crcOfWord(first, 15) ^ crcOfWord(second, 11) ^ crcOfWord(third, 7) ^ crcOfWord(fourth, 3);
  }
  return crc;
}

/** What four octets contribute of which the first has `following` octets of the group behind it. */
function crcOfWord(word: u32, following: usize): u32 {
  const table = CRC_TABLES + following * CRC_TABLE_OCTETS;
  return (
    load<u32>(table + ((word << 2) & ENTRY_MASK)) ^
    load<u32>(table - CRC_TABLE_OCTETS + ((word >>> 6) & ENTRY_MASK)) ^
    load<u32>(table - 2 * CRC_TABLE_OCTETS + ((word >>> 14) & ENTRY_MASK)) ^
    load<u32>(table - 3 * CRC_TABLE_OCTETS + ((word >>> 22) & ENTRY_MASK))
  );
}

const ADLER_MODULUS: u64 = 65521;
/** Most octets between two divisions: the weighted sum stays below 2^63. */
const ADLER_PIECE_OCTETS: usize = 1 << 24;
/** Every second octet of a word, each in a lane of two. */
const LANES: u64 = 0x00ff00ff00ff00ff;
/** Multiplying by it leaves the sum of the four lanes in the highest. */
const LANE_SUM: u64 = 0x0001000100010001;
/** The same, each lane weighted by how often its octets enter the second sum: even places 8 6 4 2, odd ones 7 5 3 1. */
const LANE_WEIGHTS_EVEN: u64 = 0x0008000600040002;
const LANE_WEIGHTS_ODD: u64 = 0x0007000500030001;

/** Adler-32 of what `adler` stands for (1: nothing) and of [from, end). */
export function adler32(adler: u32, from: usize, end: usize): u32 {
  let first: u64 = adler & 0xffff;
  let second: u64 = adler >>> 16;
  while (from < end) {
    const pieceEnd = from + min(end - from, ADLER_PIECE_OCTETS);
    const wordsEnd = from + ((pieceEnd - from) & ~7);
    for (; from < wordsEnd; from += 8) {
      // SAFE: from + 8 <= wordsEnd <= end. No lane overflows: 255 * (8 + 6 + 4 + 2) < 2^16.
      const word = load<u64>(from, 0, 1);
      const even = word & LANES;
      const odd = (word >> 8) & LANES;
      second += (first << 3) + ((even * LANE_WEIGHTS_EVEN) >> 48) + ((odd * LANE_WEIGHTS_ODD) >> 48);
      first += ((even + odd) * LANE_SUM) >> 48;
    }
    for (; from < pieceEnd; from++) {
      first += load<u8>(from);
      second += first;
    }
    first %= ADLER_MODULUS;
    second %= ADLER_MODULUS;
  }
  return <u32>((second << 16) | first);
}
