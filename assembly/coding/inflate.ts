/**
 * Inflate (RFC 1951): the machine that walks blocks and can stop and go on after any octet of input or output.
 *
 * | state         | what it reads                                  | what follows              |
 * | ------------- | ---------------------------------------------- | ------------------------- |
 * | BLOCK         | final bit, block type                          | STORED_LENGTH, COUNTS, SYMBOL, or ENDED after the final block |
 * | STORED_LENGTH | length and its complement, on an octet's edge  | STORED                    |
 * | STORED        | octets as they are                             | BLOCK                     |
 * | COUNTS        | how many codes of each kind                    | CODE_LENGTHS              |
 * | CODE_LENGTHS  | lengths of the code length codes               | LENGTHS                   |
 * | LENGTHS       | lengths of all codes; tables are built         | SYMBOL                    |
 * | SYMBOL        | literals, matches, the end of the block        | SYMBOL, MATCH, BLOCK      |
 * | MATCH         | nothing: copies what there was no room for     | SYMBOL                    |
 *
 * Between two elements of the format at most seven bits are held, so that the octets taken are the same however the input
 * was cut. Validity is zlib's, message for message. Knows nothing of windows, checksums and limits.
 */
import {
  RULE_CODING_BLOCK_TYPE,
  RULE_CODING_DISTANCE,
  RULE_CODING_NO_END_OF_BLOCK,
  RULE_CODING_STORED_LENGTH,
  RULE_CODING_SYMBOL,
  RULE_CODING_TREE_COUNTS,
  RULE_CODING_TREE_LENGTHS,
  RULE_CODING_TREE_REPEAT,
} from '../abi';
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
  KIND_CODE_LENGTHS,
  KIND_DISTANCES,
  KIND_LITERALS,
  LENGTH_TABLE_BITS,
  buildFixedTables,
  buildTable,
  shortestCode,
} from './huffman';
import { FAST_INPUT_OCTETS, FAST_OUTPUT_OCTETS, inflateFast } from './inflate-fast';
import {
  CODE_LENGTHS_MAX,
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
  distanceTableOf,
  lengthsOf,
  literalTableOf,
} from './state';

const LITERAL_MASK: u32 = (1 << LITERAL_TABLE_BITS) - 1;
const DISTANCE_MASK: u32 = (1 << DISTANCE_TABLE_BITS) - 1;
const LENGTH_MASK: u32 = (1 << LENGTH_TABLE_BITS) - 1;

const BLOCK_STORED: u32 = 0;
const BLOCK_FIXED: u32 = 1;
const BLOCK_DYNAMIC: u32 = 2;

const END_OF_BLOCK: usize = 256;
const LITERAL_CODES_MAX: u32 = 286;
const DISTANCE_CODES_MAX: u32 = 30;
/** Symbols 16, 17, 18 of the code length code repeat a length: 16 the one before, the others zero. */
const REPEAT_PREVIOUS: u32 = 16;
const REPEAT_ZERO_SHORT: u32 = 17;
/** Bits of the longest element among code lengths: a code and the extra bits of symbol 18. */
const LENGTH_ELEMENT_BITS: u32 = LENGTH_TABLE_BITS + 7;

/** The order in which lengths of code length codes are sent (RFC 1951 §3.2.7). */
const ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
const LENGTH_CODES: u32 = 19;

/** Ready for the first block. `hold` may have bits already; matches reach back to here. */
export function beginInflate(d: Decoder): void {
  d.state = STATE_BLOCK;
  d.final = 0;
  d.history = d.out;
}

/**
 * Decodes until input or room is wanting, the data end, or a rule is broken. Answers STEP_* or RULE_*, never STEP_ON; before
 * the data begin and after their end STEP_END.
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

/** Takes octets until `hold` has `bits` bits. @returns false if the input ends before. */
function fetch(d: Decoder, bits: u32): bool {
  while (d.bits < bits) {
    if (d.input == d.inputEnd) return false;
    d.hold |= (<u64>load<u8>(d.input++)) << d.bits;
    d.bits += 8;
  }
  return true;
}

/** Uses the next `bits` bits, which `fetch` brought. */
function takeBits(d: Decoder, bits: u32): u32 {
  const value = <u32>d.hold & ((1 << bits) - 1);
  d.hold >>= bits;
  d.bits -= bits;
  return value;
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

function copyStored(d: Decoder): u32 {
  const input = d.input;
  const out = d.out;
  const length = <usize>d.length;
  const inputLeft = d.inputEnd - input;
  const room = d.outEnd - out;
  if (inputLeft < length && inputLeft < room) {
    memory.copy(out, input, inputLeft);
    d.out = out + inputLeft;
    d.input = input + inputLeft;
    d.length = <u32>(length - inputLeft);
    return STEP_INPUT;
  }
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

function readCounts(d: Decoder): u32 {
  if (!fetch(d, 14)) return STEP_INPUT;
  d.literalCodes = takeBits(d, 5) + 257;
  d.distanceCodes = takeBits(d, 5) + 1;
  d.lengthCodes = takeBits(d, 4) + 4;
  if (d.literalCodes > LITERAL_CODES_MAX || d.distanceCodes > DISTANCE_CODES_MAX) return RULE_CODING_TREE_COUNTS;
  memory.fill(lengthsOf(d), 0, LENGTH_CODES);
  d.lengthsRead = 0;
  d.state = STATE_CODE_LENGTHS;
  return STEP_ON;
}

function readCodeLengths(d: Decoder): u32 {
  const lengths = lengthsOf(d);
  while (d.lengthsRead < d.lengthCodes) {
    if (!fetch(d, 3)) return STEP_INPUT;
    store<u8>(lengths + load<u8>(ORDER + d.lengthsRead++), <u8>takeBits(d, 3));
  }
  if (!buildTable(KIND_CODE_LENGTHS, lengths, LENGTH_CODES, distanceTableOf(d), LENGTH_TABLE_BITS)) {
    return RULE_CODING_TREE_LENGTHS;
  }
  d.lengthsRead = 0;
  d.state = STATE_LENGTHS;
  return STEP_ON;
}

/**
 * Reads the lengths of the block's own codes. Invariant: `at` <= `end` <= lengths + CODE_LENGTHS_MAX. More octets than an
 * element needs may be taken at once; those that no bit was used of are given back.
 */
function readLengths(d: Decoder): u32 {
  const lengths = lengthsOf(d);
  const table = distanceTableOf(d);
  const end = lengths + d.literalCodes + d.distanceCodes;
  assert(end <= lengths + CODE_LENGTHS_MAX, 'readLengths: too many codes');
  const inputEnd = d.inputEnd;
  let at = lengths + d.lengthsRead;
  let input = d.input;
  let hold = d.hold;
  let bits = d.bits;
  let step = STEP_ON;
  while (at < end) {
    while (bits < LENGTH_ELEMENT_BITS && input < inputEnd) {
      hold |= (<u64>load<u8>(input++)) << bits;
      bits += 8;
    }
    const entry = load<u32>(table + ((<u32>hold & LENGTH_MASK) << 2));
    const codeBits = entry & ENTRY_TAKES;
    const symbol = entry >>> 16;
    const extraBits: u32 =
      symbol < REPEAT_PREVIOUS ? 0 : symbol == REPEAT_PREVIOUS ? 2 : symbol == REPEAT_ZERO_SHORT ? 3 : 7;
    if (codeBits + extraBits > bits) {
      step = STEP_INPUT;
      break;
    }
    const extra = <u32>(hold >> codeBits) & ((1 << extraBits) - 1);
    hold >>= codeBits + extraBits;
    bits -= codeBits + extraBits;
    if (symbol < REPEAT_PREVIOUS) {
      store<u8>(at++, <u8>symbol);
      continue;
    }
    const repeats = extra + (extraBits == 7 ? 11 : 3);
    if (at + repeats > end || (symbol == REPEAT_PREVIOUS && at == lengths)) return RULE_CODING_TREE_REPEAT;
    memory.fill(at, symbol == REPEAT_PREVIOUS ? load<u8>(at - 1) : 0, repeats);
    at += repeats;
  }
  if (step == STEP_ON) {
    input -= bits >>> 3;
    bits &= 7;
    hold &= (1 << bits) - 1;
    d.state = STATE_SYMBOL;
  }
  d.lengthsRead = <u32>(at - lengths);
  d.input = input;
  d.hold = hold;
  d.bits = bits;
  return step == STEP_ON ? buildTables(d) : step;
}

function buildTables(d: Decoder): u32 {
  const lengths = lengthsOf(d);
  if (!load<u8>(lengths + END_OF_BLOCK)) return RULE_CODING_NO_END_OF_BLOCK;
  d.literals = literalTableOf(d);
  d.distances = distanceTableOf(d);
  if (!buildTable(KIND_LITERALS, lengths, d.literalCodes, d.literals, LITERAL_TABLE_BITS)) {
    return RULE_CODING_TREE_LENGTHS;
  }
  d.shortest = shortestCode();
  d.needed = d.shortest;
  if (!buildTable(KIND_DISTANCES, lengths + d.literalCodes, d.distanceCodes, d.distances, DISTANCE_TABLE_BITS)) {
    return RULE_CODING_TREE_LENGTHS;
  }
  d.shortestDistance = shortestCode();
  return STEP_ON;
}

/**
 * Symbols: fast while input and room are ample, else an octet of input at a time. An octet is taken only when the bits held are known not to suffice: `needed` is how
 * many the next element has at least. While `length` is not zero, that is the distance of a match.
 */
function readSymbols(d: Decoder): u32 {
  let input = d.input;
  let out = d.out;
  let length = d.length;
  if (d.inputEnd - input >= FAST_INPUT_OCTETS) {
    if (d.outEnd - out >= FAST_OUTPUT_OCTETS && !length) return inflateFast(d);
  }
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
      continue;
    }
    let entry = load<u32>(table + ((<u32>hold & mask) << 2));
    let takes = entry & ENTRY_TAKES;
    if (entry & ENTRY_SUBTABLE) {
      const index = <u32>(hold >> takes) & ((1 << ((entry >>> 8) & 15)) - 1);
      entry = load<u32>(table + (((entry >>> 16) + index) << 2));
      takes += entry & ENTRY_TAKES;
    }
    if (takes > bits) {
      needed = bits + 1; // not `takes`: what is wanting was read as zeros, and another code may be shorter
      continue;
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
