/**
 * Strings in the Huffman code of RFC 7541 §5.2 and appendix B.
 *
 * Decoding looks up eleven bits at once, which are one or two symbols; longer codes, rare in field lines, are found by the
 * order of the code, which is canonical. The tables for that are made from the code lengths when first needed:
 *
 *   entry:   | 26..25 how many symbols | 24..21 bits of the first | 20..16 bits of all | 15..8 second | 7..0 first |
 *            0: the code is longer
 */
import { CODE_BITS, CODE_BITS_MAX, CODES, EOS, SYMBOLS } from './huffman-table';

const INDEX_BITS: u32 = 11;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const ENTRIES: usize = memory.data(4 << INDEX_BITS, 16);

// By the length of a code: the first one, its bits at the top of a u32; how many there are; where its symbol stands in
// SORTED.
const FIRST: usize = memory.data((CODE_BITS_MAX + 1) * 4, 16);
const COUNT: usize = memory.data((CODE_BITS_MAX + 1) * 4, 16);
const START: usize = memory.data((CODE_BITS_MAX + 1) * 4, 16);
/** Symbols in the order of their codes, a u16 each. */
const SORTED: usize = memory.data(<i32>SYMBOLS * 2, 16);

/** Octets that `decodeHuffman` may write behind the end of what it decoded. */
export const DECODE_OVER_OCTETS: usize = 8;
/** Octets that `encodeHuffman` may write behind the end of what it may take. */
export const ENCODE_OVER_OCTETS: usize = 4;
/** What `decodeHuffman` answers for a string with a code that is EOS or no whole code, or padding that is not the start of EOS. */
export const HUFFMAN_BROKEN: usize = 0;
/** What it answers for one of more octets than were allowed. */
export const HUFFMAN_FULL: usize = 1;

let made = false;

/** Makes the decoding tables, unless they are there. */
export function makeHuffmanTables(): void {
  if (made) return;
  made = true;
  sortSymbols();
  for (let symbol: u32 = 0; symbol < EOS; symbol++) {
    const bits = <u32>load<u8>(CODE_BITS + symbol);
    if (bits > INDEX_BITS) continue;
    const left = INDEX_BITS - bits;
    const first = load<u32>(CODES + (symbol << 2)) << left;
    const entry = (1 << 25) | (bits << 21) | (bits << 16) | symbol;
    for (let index = first; index < first + (1 << left); index++) store<u32>(ENTRIES + (index << 2), entry);
  }
  for (let index: u32 = 0; index <= INDEX_MASK; index++) {
    const entry = load<u32>(ENTRIES + (index << 2));
    const bits = (entry >>> 21) & 15;
    if (!bits) continue;
    // What follows the first symbol, padded with zeros: a symbol of it that needs none of them is the second.
    const next = load<u32>(ENTRIES + (((index << bits) & INDEX_MASK) << 2));
    const both = bits + ((next >>> 21) & 15);
    if (!(next >>> 25) || both > INDEX_BITS) continue;
    store<u32>(ENTRIES + (index << 2), (2 << 25) | (bits << 21) | (both << 16) | ((next & 0xff) << 8) | (entry & 0xff));
  }
}

function sortSymbols(): void {
  let place: u32 = 0;
  for (let bits: u32 = 1; bits <= CODE_BITS_MAX; bits++) {
    const start = place;
    for (let symbol: u32 = 0; symbol < SYMBOLS; symbol++) {
      if (load<u8>(CODE_BITS + symbol) != bits) continue;
      if (place == start) store<u32>(FIRST + (bits << 2), load<u32>(CODES + (symbol << 2)) << (32 - bits));
      store<u16>(SORTED + (place << 1), symbol);
      place++;
    }
    store<u32>(START + (bits << 2), start);
    store<u32>(COUNT + (bits << 2), place - start);
  }
}

/** The symbol at the top of `window`, whose code is longer than INDEX_BITS, and above it the bits of the code. */
function findLong(window: u32): u32 {
  for (let bits = INDEX_BITS + 1; bits < CODE_BITS_MAX; bits++) {
    const rank = (window - load<u32>(FIRST + (bits << 2))) >>> (32 - bits);
    if (rank < load<u32>(COUNT + (bits << 2))) {
      return load<u16>(SORTED + ((load<u32>(START + (bits << 2)) + rank) << 1)) | (bits << 16);
    }
  }
  // The code is complete: what is none of the shorter ones is one of these.
  const rank = (window - load<u32>(FIRST + (CODE_BITS_MAX << 2))) >>> (32 - CODE_BITS_MAX);
  return load<u16>(SORTED + ((load<u32>(START + (CODE_BITS_MAX << 2)) + rank) << 1)) | (CODE_BITS_MAX << 16);
}

/** The four octets at `p`, the first one highest. */
function load32(p: usize): u32 {
  const word = load<u32>(p, 0, 1); // SAFE: four octets, the caller's promise
  return (rotl<u32>(word, 8) & 0x00ff00ff) | (rotl<u32>(word, 24) & 0xff00ff00);
}

/**
 * Decodes [p, end) to `out`, at most up to `outEnd`; it may write DECODE_OVER_OCTETS behind that. Where the decoded octets
 * end; or HUFFMAN_BROKEN, HUFFMAN_FULL. The tables are made.
 */
export function decodeHuffman(p: usize, end: usize, out: usize, outEnd: usize): usize {
  // Invariant: the upper `bits` bits of `hold` are the next of the input, all below are zero; [p, end) are to follow.
  let hold: u64 = 0;
  let bits: u32 = 0;
  while (p + 4 <= end) {
    if (out > outEnd) return HUFFMAN_FULL;
    if (bits < 32) {
      hold |= (<u64>load32(p)) << (32 - bits);
      bits += 32;
      p += 4;
    }
    // Up to two symbols twice, or one long code: at most 30 of at least 32 bits.
    let entry = load<u32>(ENTRIES + ((<usize>(hold >>> (64 - INDEX_BITS))) << 2));
    if (!entry) {
      entry = findLong(<u32>(hold >>> 32));
      if ((entry & 0xffff) == EOS) return HUFFMAN_BROKEN;
      store<u8>(out++, entry);
      hold <<= entry >>> 16;
      bits -= entry >>> 16;
      continue;
    }
    store<u16>(out, entry, 0, 1);
    out += entry >>> 25;
    let taken = (entry >>> 16) & 31;
    hold <<= taken;
    bits -= taken;
    entry = load<u32>(ENTRIES + ((<usize>(hold >>> (64 - INDEX_BITS))) << 2));
    store<u16>(out, entry, 0, 1);
    out += entry >>> 25; // none, if the code is longer
    taken = (entry >>> 16) & 31;
    hold <<= taken;
    bits -= taken;
  }
  return decodeLast(p, end, hold, bits, out, outEnd);
}

/** The rest, symbol by symbol: `bits` bits in `hold`, then [p, end), fewer than four octets. */
function decodeLast(p: usize, end: usize, hold: u64, bits: u32, out: usize, outEnd: usize): usize {
  while (true) {
    for (; p < end && bits <= 56; p++, bits += 8) hold |= (<u64>load<u8>(p)) << (56 - bits);
    const entry = load<u32>(ENTRIES + ((<usize>(hold >>> (64 - INDEX_BITS))) << 2));
    const long = entry ? 0 : findLong(<u32>(hold >>> 32));
    const taken = entry ? (entry >>> 21) & 15 : long >>> 16;
    if (taken > bits) break;
    if ((long & 0xffff) == EOS) return HUFFMAN_BROKEN;
    if (out >= outEnd) return HUFFMAN_FULL;
    store<u8>(out++, entry ? entry : long);
    hold <<= taken;
    bits -= taken;
  }
  // What is left is padding: fewer than eight bits, all ones.
  if (bits > 7 || (~hold >>> 1) >>> (63 - bits)) return HUFFMAN_BROKEN;
  return out <= outEnd ? out : HUFFMAN_FULL;
}

/**
 * Writes [p, end) in the Huffman code to `out`, and up to ENCODE_OVER_OCTETS behind `octets` of it. Where the code ends; 0 if
 * it has `octets` octets or more.
 */
export function encodeHuffman(p: usize, end: usize, out: usize, octets: usize): usize {
  const outEnd = out + octets;
  // Invariant: the lower `bits` bits of `hold`, fewer than 32, are still to be written.
  let hold: u64 = 0;
  let bits: u64 = 0;
  for (; p < end; p++) {
    const octet = <usize>load<u8>(p); // SAFE: p < end
    const length = <u64>load<u8>(CODE_BITS + octet);
    hold = (hold << length) | load<u32>(CODES + (octet << 2));
    bits += length;
    if (bits >= 32) {
      bits -= 32;
      store32(out, <u32>(hold >>> bits));
      out += 4;
      if (out >= outEnd) return 0;
    }
  }
  // The start of EOS up to the octet's edge.
  const rest = (bits + 7) >>> 3;
  store32(out, <u32>((hold << (32 - bits)) | (0xffffffff >>> bits)));
  out += <usize>rest;
  return out < outEnd ? out : 0;
}

/** Stores the octets of `word`, the highest first. */
function store32(p: usize, word: u32): void {
  store<u32>(p, (rotl<u32>(word, 8) & 0x00ff00ff) | (rotl<u32>(word, 24) & 0xff00ff00), 0, 1);
}
