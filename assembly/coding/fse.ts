/**
 * FSE tables (RFC 8878 §4.1): reading their description, making a table of it. Knows nothing of what symbols mean.
 *
 * An entry is a u64:
 *
 *   | bits 0-15: next state, before bits are added | 16-23: how many bits | the symbol's own part |
 *
 * The symbol's part comes from a table of u64 by symbol. Bits 22, 23, 30 and 31 are zero, so that the counts in bits 16
 * and 24 can be used as shifts as they stand, which take six bits.
 */

/** Most symbols a description can name. */
export const SYMBOLS_MAX: u32 = 256;
/** Probabilities by symbol, i16: what `readProbabilities` left. -1: less than one state's worth. */
const PROBABILITIES: usize = memory.data(512, 16);
/** States given to each symbol so far, u16. */
const states: usize = memory.data(512, 16);
/** Symbol of each state. */
const spread: usize = memory.data(512, 16);

let symbolCount: u32 = 0;
let accuracyLog: u32 = 0;

/** Accuracy of the last description read. */
export function logRead(): u32 {
  return accuracyLog;
}

/**
 * Reads a description of at most `symbolsMax` symbols from [from, end). @returns how many octets it has; 0 if it is
 * wrong. What is behind `end` may be loaded (SLACK_OCTETS are readable), but then the answer is 0.
 */
export function readProbabilities(from: usize, end: usize, symbolsMax: u32, logMax: u32): u32 {
  if (from == end) return 0;
  const log = (<u32>load<u8>(from) & 15) + 5;
  if (log > logMax) return 0;
  const available = (<u32>(end - from)) << 3;
  let at: u32 = 4;
  let left: u32 = 1 << log;
  let symbol: u32 = 0;
  // Invariant: at <= available, so that four octets from there on are readable.
  while (left && symbol < symbolsMax) {
    const bits: u32 = 32 - clz(left + 1);
    const next = load<u32>(from + (at >>> 3), 0, 1) >>> (at & 7);
    const lowMask: u32 = (1 << (bits - 1)) - 1;
    const threshold: u32 = (1 << bits) - 2 - left;
    let value = next & ((1 << bits) - 1);
    at += bits;
    if ((value & lowMask) < threshold) {
      value &= lowMask;
      at--;
    } else if (value > lowMask) {
      value -= threshold;
    }
    if (at > available) return 0;
    store<i16>(PROBABILITIES + (symbol++ << 1), <i16>(<i32>value - 1));
    if (value == 1) {
      at = readZeros(from, at, available, symbol, symbolsMax);
      if (!at) return 0;
      symbol += zeros;
    } else {
      const share: u32 = value ? value - 1 : 1;
      if (share > left) return 0;
      left -= share;
    }
  }
  if (left) return 0;
  symbolCount = symbol;
  accuracyLog = log;
  return (at + 7) >>> 3;
}

let zeros: u32 = 0;

/** Symbols of probability zero behind one, in counts of two bits, of which 3 goes on. @returns the place behind; or 0. */
function readZeros(from: usize, at: u32, available: u32, symbol: u32, symbolsMax: u32): u32 {
  zeros = 0;
  while (true) {
    const count = (load<u32>(from + (at >>> 3), 0, 1) >>> (at & 7)) & 3;
    at += 2;
    if (at > available || symbol + zeros + count > symbolsMax) return 0;
    for (let i: u32 = 0; i < count; i++) store<i16>(PROBABILITIES + ((symbol + zeros++) << 1), 0);
    if (count != 3) return at;
  }
}

/** Takes `count` probabilities from `from` in place of a description. */
export function takeProbabilities(from: usize, count: u32, log: u32): void {
  memory.copy(PROBABILITIES, from, (<usize>count) << 1);
  symbolCount = count;
  accuracyLog = log;
}

/** Makes a table at `table` of the probabilities read last; `parts`: each symbol's own part of an entry. */
export function buildFseTable(table: usize, parts: usize): void {
  const log = accuracyLog;
  const size: u32 = 1 << log;
  let high = size;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const probability = <i32>load<i16>(PROBABILITIES + (symbol << 1));
    if (probability < 0) store<u8>(spread + --high, <u8>symbol);
    store<u16>(states + (symbol << 1), <u16>(probability < 0 ? 1 : probability));
  }
  const mask = size - 1;
  const step = (size >>> 1) + (size >>> 3) + 3;
  let at: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    for (let left = <i32>load<i16>(PROBABILITIES + (symbol << 1)); left > 0; left--) {
      store<u8>(spread + at, <u8>symbol); // SAFE: at <= mask
      do at = (at + step) & mask;
      while (at >= high);
    }
  }
  for (let state: u32 = 0; state < size; state++) {
    const symbol = <u32>load<u8>(spread + state);
    const next = <u32>load<u16>(states + (symbol << 1));
    store<u16>(states + (symbol << 1), <u16>(next + 1));
    const bits = log - (31 - clz(next));
    const entry = ((next << bits) - size) | (bits << 16);
    store<u64>(table + (state << 3), <u64>entry | load<u64>(parts + (symbol << 3)));
  }
}
