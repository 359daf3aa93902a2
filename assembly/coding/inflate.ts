/**
 * Inflate (RFC 1951): the machine that walks blocks and can stop and go on after any octet of input or output.
 *
 * | state         | what it reads                                 | what follows                                 |
 * | ------------- | --------------------------------------------- | -------------------------------------------- |
 * | BLOCK         | final bit, block type                         | STORED_LENGTH, COUNTS, SYMBOL; at last ENDED |
 * | STORED_LENGTH | length and its complement, on an octet's edge | STORED                                       |
 * | STORED        | octets as they are                            | BLOCK                                        |
 * | COUNTS        | how many codes of each kind                   | CODE_LENGTHS                                 |
 * | CODE_LENGTHS  | lengths of the code length codes              | LENGTHS                                      |
 * | LENGTHS       | lengths of all codes; tables are built        | SYMBOL                                       |
 * | SYMBOL        | literals, matches, the end of the block       | SYMBOL, MATCH, BLOCK                         |
 * | MATCH         | nothing: copies what there was no room for    | SYMBOL                                       |
 *
 * Between two elements of the format at most seven bits are held, so that the octets taken are the same however the
 * input was cut. Validity is zlib's, message for message. Knows nothing of windows, checksums and limits.
 */
import { RULE_CODING_BLOCK_TYPE, RULE_CODING_DISTANCE, RULE_CODING_STORED_LENGTH, RULE_CODING_SYMBOL } from '../abi';
import { fetch, takeBits } from './bits';
import {
  ENTRY_END,
  ENTRY_EXCEPTION,
  ENTRY_LITERAL,
  ENTRY_SUBTABLE,
  ENTRY_TAKES,
  FIXED_DISTANCES,
  FIXED_LITERALS,
  FIXED_SHORTEST,
  FIXED_SHORTEST_DISTANCE,
  buildFixedTables,
} from './huffman';
import { FAST_INPUT_OCTETS, FAST_OUTPUT_OCTETS, inflateFast } from './inflate-fast';
import {
  DISTANCE_TABLE_BITS,
  Decoder,
  LITERAL_TABLE_BITS,
  STATE_BLOCK,
  STATE_CODE_LENGTHS,
  STATE_COUNTS,
  STATE_ENDED,
  STATE_LENGTHS,
  STATE_MATCH,
  STATE_STORED,
  STATE_STORED_LENGTH,
  STATE_SYMBOL,
  STEP_END,
  STEP_FULL,
  STEP_INPUT,
  STEP_ON,
} from './state';
import { readCodeLengths, readCounts, readLengths } from './trees';

const LITERAL_MASK: u32 = (1 << LITERAL_TABLE_BITS) - 1;
const DISTANCE_MASK: u32 = (1 << DISTANCE_TABLE_BITS) - 1;

const BLOCK_STORED: u32 = 0;
const BLOCK_FIXED: u32 = 1;
const BLOCK_DYNAMIC: u32 = 2;

/** Ready for the first block. `hold` may have bits already; matches reach back to here. */
export function beginInflate(d: Decoder): void {
  d.state = STATE_BLOCK;
  d.final = 0;
  d.history = d.out;
}

/**
 * Decodes until input or room is wanting, the data end, or a rule is broken. Answers STEP_* or RULE_*, never STEP_ON;
 * before the data begin and after their end STEP_END.
 */
export function inflate(d: Decoder): u32 {
  let step: u32;
  do {
    if (d.state == STATE_SYMBOL) step = readSymbols(d);
    else if (d.state == STATE_STORED) step = copyStored(d);
    else step = readHeader(d);
  } while (step == STEP_ON);
  return step;
}

/** The states that few octets meet. */
function readHeader(d: Decoder): u32 {
  if (d.state == STATE_ENDED) return STEP_END;
  switch (d.state) {
    case STATE_BLOCK:
      return readBlockHeader(d);
    case STATE_STORED_LENGTH:
      return readStoredLength(d);
    case STATE_COUNTS:
      return readCounts(d);
    case STATE_CODE_LENGTHS:
      return readCodeLengths(d);
    case STATE_LENGTHS:
      return readLengths(d);
    default:
      assert(d.state == STATE_MATCH, 'inflate: no such state');
      return copyMatch(d);
  }
}

function readBlockHeader(d: Decoder): u32 {
  if (d.final) {
    d.state = STATE_ENDED;
    return STEP_END;
  }
  if (!fetch(d, 3)) return STEP_INPUT;
  d.final = takeBits(d, 1);
  const type = takeBits(d, 2);
  if (type == BLOCK_STORED) {
    takeBits(d, d.bits & 7);
    d.state = STATE_STORED_LENGTH;
  } else if (type == BLOCK_FIXED) {
    buildFixedTables();
    d.literals = FIXED_LITERALS;
    d.distances = FIXED_DISTANCES;
    d.shortest = FIXED_SHORTEST;
    d.shortestDistance = FIXED_SHORTEST_DISTANCE;
    d.needed = FIXED_SHORTEST;
    d.state = STATE_SYMBOL;
  } else if (type == BLOCK_DYNAMIC) {
    d.state = STATE_COUNTS;
  } else {
    return RULE_CODING_BLOCK_TYPE;
  }
  return STEP_ON;
}

function readStoredLength(d: Decoder): u32 {
  if (!fetch(d, 32)) return STEP_INPUT;
  const length = takeBits(d, 16);
  if (takeBits(d, 16) != (length ^ 0xffff)) return RULE_CODING_STORED_LENGTH;
  d.length = length;
  d.state = STATE_STORED;
  return STEP_ON;
}

/**
 * Copies `octets` octets of a stored block, which goes on behind them. @returns false, having done nothing, if it does not,
 * or if there is no more room than for them.
 */
export function copyInsideStored(d: Decoder, input: usize, octets: usize): bool {
  const out = d.out;
  const length = <usize>d.length;
  if (octets >= length || octets >= d.outEnd - out) return false;
  memory.copy(out, input, octets);
  d.out = out + octets;
  d.length = <u32>(length - octets);
  return true;
}

function copyStored(d: Decoder): u32 {
  const input = d.input;
  if (copyInsideStored(d, input, d.inputEnd - input)) {
    d.input = d.inputEnd;
    return STEP_INPUT;
  }
  const out = d.out;
  const length = <usize>d.length;
  const room = d.outEnd - out;
  const octets = min(length, room);
  memory.copy(out, input, octets);
  d.out = out + octets;
  d.input = input + octets;
  d.length = <u32>(length - octets);
  // What is full is so for any input: only then are limits met at the same place however the input was cut.
  if (length != octets) return STEP_FULL;
  d.state = STATE_BLOCK;
  return STEP_ON;
}

/** Symbols: fast while input and room are ample. */
function readSymbols(d: Decoder): u32 {
  if (d.inputEnd - d.input >= FAST_INPUT_OCTETS) {
    if (d.outEnd - d.out >= FAST_OUTPUT_OCTETS && !d.length) return inflateFast(d);
  }
  return readScarce(d);
}

/**
 * Symbols, an octet of input at a time. An octet is taken only when the bits held are known not to suffice: `needed` is how
 * many the next element has at least. While `length` is not zero, that is the distance of a match. Answers STEP_ON as soon
 * as there is input enough to be fast. Longer than other functions, since all that a symbol touches must stay in locals.
 */
export function readScarce(d: Decoder): u32 {
  let input = d.input;
  let out = d.out;
  let length = d.length;
  let hold = d.hold;
  let bits = d.bits;
  let needed = d.needed;
  let table = d.literals;
  let mask = LITERAL_MASK;
  if (length) {
    table = d.distances;
    mask = DISTANCE_MASK;
  }
  let step = STEP_INPUT;
  while (true) {
    if (bits < needed) {
      if (input == d.inputEnd) break;
      hold |= (<u64>load<u8>(input++)) << bits;
      bits += 8;
    }
    let entry = load<u32>(table + ((<u32>hold & mask) << 2));
    let takes = entry & ENTRY_TAKES;
    if (takes > bits) {
      if (entry & ENTRY_SUBTABLE) {
        const tableBits = popcnt(mask);
        const index = <u32>(hold >> tableBits) & ((1 << ((entry >>> 8) & 15)) - 1);
        entry = load<u32>(table + (((entry >>> 16) + index) << 2));
        takes = tableBits + (entry & ENTRY_TAKES);
      }
      if (takes > bits) {
        needed = bits + 1; // not `takes`: what is wanting was read as zeros, and another code may be shorter
        continue;
      }
    }
    if (entry & ENTRY_LITERAL) {
      if (out == d.outEnd) {
        step = STEP_FULL;
        break;
      }
      store<u8>(out++, <u8>(entry >>> 16));
      hold >>= takes;
      bits -= takes;
      needed = d.shortest;
      continue;
    }
    const extraBits = (entry & ENTRY_TAKES) - ((entry >>> 8) & 15);
    const value = (entry >>> 16) + (<u32>(hold >> (takes - extraBits)) & ((1 << extraBits) - 1));
    hold >>= takes;
    bits -= takes;
    if (entry & ENTRY_EXCEPTION) {
      step = RULE_CODING_SYMBOL;
      if (entry & ENTRY_END) {
        d.state = STATE_BLOCK;
        step = STEP_ON;
      }
      break;
    }
    if (!length) {
      length = value;
      d.length = value;
      table = d.distances;
      mask = DISTANCE_MASK;
      needed = d.shortestDistance;
      continue;
    }
    if (<usize>value > out - d.history) {
      step = RULE_CODING_DISTANCE;
      break;
    }
    needed = d.shortest;
    if (<usize>length > d.outEnd - out) {
      d.state = STATE_MATCH;
      d.distance = value;
      step = STEP_ON;
      break;
    }
    copyOctets(out, value, length);
    out += length;
    length = 0;
    d.length = 0;
    if (d.inputEnd - input >= FAST_INPUT_OCTETS) {
      step = STEP_ON;
      break;
    }
    table = d.literals;
    mask = LITERAL_MASK;
  }
  d.input = input;
  d.out = out;
  d.hold = hold;
  d.bits = bits;
  d.needed = needed;
  return step;
}

/** Copies the part of a match that there is room for. */
function copyMatch(d: Decoder): u32 {
  const room = d.outEnd - d.out;
  const octets = min(<usize>d.length, room);
  copyOctets(d.out, d.distance, octets);
  d.out += octets;
  d.length -= <u32>octets;
  if (d.length) return STEP_FULL;
  d.state = STATE_SYMBOL;
  return STEP_ON;
}

/** Repeats what stands `distance` octets before `out`. Each copy doubles the period, so that few are made. */
function copyOctets(out: usize, distance: usize, octets: usize): void {
  const from = out - distance;
  while (octets > distance) {
    memory.copy(out, from, distance);
    out += distance;
    octets -= distance;
    distance <<= 1;
  }
  memory.copy(out, from, octets);
}
