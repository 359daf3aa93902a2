/**
 * Huffman-coded literals (RFC 8878 §4.2): the tree's weights, the table, streams of codes, which are read backwards.
 *
 * `hold` keeps the next bits of a stream as its highest, above a bit of one that marks how many were used: the count of
 * zeros below it. A refill moves the place down by the octets that were used up and loads eight anew. So between two
 * refills 56 bits can be used.
 */
import { RULE_CODING_ZSTD_HUFFMAN_TREE, RULE_CODING_ZSTD_LITERALS_STREAM } from '../abi';
import { SYMBOLS_MAX, buildFseTable, logRead, readProbabilities } from './fse';
import { STEP_ON } from './state';
import { HUFFMAN_BITS } from './zstd-state';

/** Accuracy of the weights' FSE table at most. */
const WEIGHTS_LOG_MAX: u32 = 6;
const weights: usize = memory.data(256, 16);
const weightTable: usize = memory.data(512, 16);
/** The part of an FSE entry that is the symbol's own: the symbol, from bit 32 on. */
const weightParts: usize = memory.data(2048, 16);
/** Symbols of each weight; afterwards, where the next one's entries begin. */
const ranks: usize = memory.data(64, 16);
let hasParts = false;

/**
 * Reads a tree from [from, end) and makes its table. @returns how many octets it has; 0 if it is wrong.
 */
export function readTree(from: usize, end: usize, table: usize): u32 {
  if (from == end) return 0;
  const head = <u32>load<u8>(from);
  let octets: u32;
  let count: u32;
  if (head >= 128) {
    count = head - 127;
    octets = (count + 1) >>> 1;
    if (octets > <u32>(end - from) - 1) return 0;
    for (let i: u32 = 0; i < count; i++) {
      const pair = <u32>load<u8>(from + 1 + (i >>> 1));
      store<u8>(weights + i, <u8>(i & 1 ? pair & 15 : pair >>> 4));
    }
  } else {
    octets = head;
    if (octets > <u32>(end - from) - 1) return 0;
    count = decodeWeights(from + 1, from + 1 + octets);
  }
  return count && buildHuffmanTable(table, count) ? octets + 1 : 0;
}

/** Weights that are themselves FSE-coded, by two states in turn. @returns how many; 0 if they are wrong. */
function decodeWeights(from: usize, end: usize): u32 {
  const described = readProbabilities(from, end, SYMBOLS_MAX, WEIGHTS_LOG_MAX);
  if (!described) return 0;
  if (!hasParts) {
    for (let symbol: u32 = 0; symbol < SYMBOLS_MAX; symbol++) {
      store<u64>(weightParts + (symbol << 3), (<u64>symbol) << 32);
    }
    hasParts = true;
  }
  buildFseTable(weightTable, weightParts);
  const start = from + described;
  if (start == end || !load<u8>(end - 1)) return 0;
  const log = <i32>logRead();
  // Bits that are left: those below the highest that is set in the last octet.
  let left = ((<i32>(end - start)) << 3) - <i32>(clz(<u32>load<u8>(end - 1)) - 23);
  if (left < 2 * log) return 0;
  left -= log;
  let state = bitsAt(start, left, log);
  left -= log;
  let other = bitsAt(start, left, log);
  for (let count: u32 = 0; count < 254; ) {
    // SAFE: states are below 2^6, for each entry's next state and bits stay in the table.
    const entry = load<u64>(weightTable + (state << 3));
    store<u8>(weights + count++, <u8>(entry >> 32));
    const bits = <i32>((<u32>entry >>> 16) & 63);
    left -= bits;
    if (left < 0) {
      store<u8>(weights + count++, <u8>(load<u64>(weightTable + (other << 3)) >> 32));
      return count;
    }
    state = other;
    other = (<u32>entry & 0xffff) + bitsAt(start, left, bits);
  }
  return 0;
}

/** The `bits` bits (at most 25) from bit `at` of the octets from `start` on. Loads at most 3 octets behind them. */
function bitsAt(start: usize, at: i32, bits: i32): u32 {
  return (load<u32>(start + (at >>> 3), 0, 1) >>> (at & 7)) & ((1 << bits) - 1);
}

/** Makes the table of `count` weights and the last, which completes them. @returns false if that cannot be. */
function buildHuffmanTable(table: usize, count: u32): bool {
  memory.fill(ranks, 0, 64);
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const weight = <u32>load<u8>(weights + i);
    if (weight > HUFFMAN_BITS) return false;
    store<u32>(ranks + (weight << 2), load<u32>(ranks + (weight << 2)) + 1);
    total += (1 << weight) >>> 1;
  }
  if (!total) return false;
  const longest: u32 = 32 - clz(total);
  const rest: u32 = (1 << longest) - total;
  if (longest > HUFFMAN_BITS || rest & (rest - 1)) return false;
  const last: u32 = 32 - clz(rest);
  store<u8>(weights + count, <u8>last);
  store<u32>(ranks + (last << 2), load<u32>(ranks + (last << 2)) + 1);
  if (load<u32>(ranks, 4) < 2) return false; // no code has all the bits
  // Each symbol fills 2^(weight - 1) entries of a table of `longest` bits: as many times more as this one is larger.
  const scale = HUFFMAN_BITS - longest;
  let next: u32 = 0;
  for (let weight: u32 = 1; weight <= longest; weight++) {
    const entries = load<u32>(ranks + (weight << 2)) << (weight - 1 + scale);
    store<u32>(ranks + (weight << 2), next);
    next += entries;
  }
  for (let symbol: u32 = 0; symbol <= count; symbol++) {
    const weight = <u32>load<u8>(weights + symbol);
    if (!weight) continue;
    const first = load<u32>(ranks + (weight << 2));
    const entries: u32 = 1 << (weight - 1 + scale);
    store<u32>(ranks + (weight << 2), first + entries);
    fillEntries(table + (first << 1), entries, (symbol << 8) | (longest + 1 - weight));
  }
  return true;
}

/** Writes `entries` equal entries, a power of two. */
function fillEntries(at: usize, entries: u32, entry: u32): void {
  if (entries >= 4) {
    const four = <u64>entry * 0x0001000100010001;
    for (const end = at + (entries << 1); at < end; at += 8) store<u64>(at, four, 0, 2);
  } else {
    store<u16>(at, <u16>entry);
    if (entries == 2) store<u16>(at, <u16>entry, 2);
  }
}

/** `hold` of a stream that ends at `end`, at its start: its place is eight octets before. 0: it is none. */
function openStream(end: usize): u64 {
  const last = <u32>load<u8>(end - 1);
  if (!last) return 0;
  return (load<u64>(end - 8, 0, 1) | 1) << (clz(last) - 23);
}

/** Octets between two refills at most. */
const REFILL_OCTETS: i32 = 7;
/** Codes that are decoded after one refill. */
const CODES: i32 = 5;

/** Decodes one stream into [out, outEnd). Answers STEP_ON or a rule. */
export function decodeOneStream(table: usize, from: usize, end: usize, out: usize, outEnd: usize): u32 {
  if (from >= end) return RULE_CODING_ZSTD_LITERALS_STREAM;
  const hold = openStream(end);
  return hold && finishStream(table, hold, end - 8, from, out, outEnd) ? STEP_ON : RULE_CODING_ZSTD_LITERALS_STREAM;
}

/**
 * Decodes what is left of a stream. @returns whether it ended with its last code. Its place may come to lie up to ten
 * octets before `from`: what is loaded there is not in the result, since then it is false.
 */
function finishStream(table: usize, hold: u64, place: usize, from: usize, out: usize, outEnd: usize): bool {
  while (<i32>(outEnd - out) >= CODES && <i32>(place - from) >= REFILL_OCTETS) {
    const used = ctz(hold);
    place -= <usize>(used >> 3);
    hold = (load<u64>(place, 0, 1) | 1) << (used & 7);
    for (let i: usize = 0; i < <usize>CODES; i++) {
      const entry = <u64>load<u16>(table + ((<usize>(hold >> 53)) << 1));
      hold <<= entry;
      store<u8>(out + i, <u8>(entry >> 8));
    }
    out += CODES;
  }
  for (; out < outEnd; out++) {
    const used = ctz(hold);
    place -= <usize>(used >> 3);
    if (<i32>(place - from) < -8) return false;
    hold = (load<u64>(place, 0, 1) | 1) << (used & 7);
    const entry = <u64>load<u16>(table + ((<usize>(hold >> 53)) << 1));
    hold <<= entry;
    store<u8>(out, <u8>(entry >> 8));
  }
  return ((<i32>(place - from)) << 3) + 64 == <i32>ctz(hold);
}

/**
 * Decodes four streams, whose sizes stand before the first, into [out, outEnd), a quarter each. Longer than other
 * functions, since all four are decoded in turn from locals.
 */
export function decodeFourStreams(table: usize, at: usize, end: usize, out: usize, outEnd: usize): u32 {
  if (end - at < 10) return RULE_CODING_ZSTD_LITERALS_STREAM;
  const from1 = at + 6;
  const from2 = from1 + <usize>load<u16>(at, 0, 1);
  const from3 = from2 + <usize>load<u16>(at, 2, 1);
  const from4 = from3 + <usize>load<u16>(at, 4, 1);
  if (from4 >= end || from1 == from2 || from2 == from3 || from3 == from4) return RULE_CODING_ZSTD_LITERALS_STREAM;
  const quarter = (outEnd - out + 3) >>> 2;
  let hold1 = openStream(from2);
  let hold2 = openStream(from3);
  let hold3 = openStream(from4);
  let hold4 = openStream(end);
  if (!hold1 || !hold2 || !hold3 || !hold4) return RULE_CODING_ZSTD_LITERALS_STREAM;
  let place1 = from2 - 8;
  let place2 = from3 - 8;
  let place3 = from4 - 8;
  let place4 = end - 8;
  let to = out;
  const toEnd = outEnd - 3 * quarter;
  while (true) {
    // Rounds that no stream can go beyond its start in, nor the last (which is the shortest) beyond its end.
    const octets = min(
      min(<i32>(place1 - from1), <i32>(place2 - from2)),
      min(<i32>(place3 - from3), <i32>(place4 - from4)),
    );
    let rounds = min(octets / REFILL_OCTETS, <i32>(toEnd - to) / CODES);
    if (rounds <= 0) break;
    do {
      let used = ctz(hold1);
      place1 -= <usize>(used >> 3);
      hold1 = (load<u64>(place1, 0, 1) | 1) << (used & 7);
      used = ctz(hold2);
      place2 -= <usize>(used >> 3);
      hold2 = (load<u64>(place2, 0, 1) | 1) << (used & 7);
      used = ctz(hold3);
      place3 -= <usize>(used >> 3);
      hold3 = (load<u64>(place3, 0, 1) | 1) << (used & 7);
      used = ctz(hold4);
      place4 -= <usize>(used >> 3);
      hold4 = (load<u64>(place4, 0, 1) | 1) << (used & 7);
      for (const stop = to + CODES; to < stop; to++) {
        const entry1 = <u64>load<u16>(table + ((<usize>(hold1 >> 53)) << 1));
        const entry2 = <u64>load<u16>(table + ((<usize>(hold2 >> 53)) << 1));
        const entry3 = <u64>load<u16>(table + ((<usize>(hold3 >> 53)) << 1));
        const entry4 = <u64>load<u16>(table + ((<usize>(hold4 >> 53)) << 1));
        hold1 <<= entry1;
        hold2 <<= entry2;
        hold3 <<= entry3;
        hold4 <<= entry4;
        store<u8>(to, <u8>(entry1 >> 8));
        store<u8>(to + quarter, <u8>(entry2 >> 8));
        store<u8>(to + 2 * quarter, <u8>(entry3 >> 8));
        store<u8>(to + 3 * quarter, <u8>(entry4 >> 8));
      }
    } while (--rounds);
  }
  const done = to - out;
  const out2 = out + quarter;
  const out3 = out2 + quarter;
  const out4 = out3 + quarter;
  const isWhole =
    finishStream(table, hold1, place1, from1, to, out2) &&
    finishStream(table, hold2, place2, from2, out2 + done, out3) &&
    finishStream(table, hold3, place3, from3, out3 + done, out4) &&
    finishStream(table, hold4, place4, from4, out4 + done, outEnd);
  return isWhole ? STEP_ON : RULE_CODING_ZSTD_LITERALS_STREAM;
}
