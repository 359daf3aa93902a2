/**
 * The header of a dynamic block (RFC 1951 §3.2.7): how many codes there are, the lengths of the code length codes, by
 * them the lengths of all codes, and from these the block's tables. Which sets are valid is zlib's; it can stop at any
 * octet.
 */
import {
  RULE_CODING_NO_END_OF_BLOCK,
  RULE_CODING_TREE_COUNTS,
  RULE_CODING_TREE_LENGTHS,
  RULE_CODING_TREE_REPEAT,
} from '../abi';
import { fetch, takeBits } from './bits';
import {
  ENTRY_TAKES,
  KIND_CODE_LENGTHS,
  KIND_DISTANCES,
  KIND_LITERALS,
  LENGTH_TABLE_BITS,
  buildTable,
  shortestCode,
} from './huffman';
import {
  CODE_LENGTHS_MAX,
  DISTANCE_TABLE_BITS,
  Decoder,
  LITERAL_TABLE_BITS,
  STATE_CODE_LENGTHS,
  STATE_LENGTHS,
  STATE_SYMBOL,
  STEP_INPUT,
  STEP_ON,
  distanceTableOf,
  lengthsOf,
  literalTableOf,
} from './state';

const LENGTH_MASK: u32 = (1 << LENGTH_TABLE_BITS) - 1;
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

export function readCounts(d: Decoder): u32 {
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

export function readCodeLengths(d: Decoder): u32 {
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
 * Reads the lengths of the block's own codes. Invariant: `at` <= `end` <= lengths + CODE_LENGTHS_MAX. More octets than
 * an element needs may be taken at once; those that no bit was used of are given back.
 */
export function readLengths(d: Decoder): u32 {
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
    if (at + repeats > end || (symbol == REPEAT_PREVIOUS && at == lengths)) {
      step = RULE_CODING_TREE_REPEAT;
      break;
    }
    memory.fill(at, symbol == REPEAT_PREVIOUS ? load<u8>(at - 1) : 0, repeats);
    at += repeats;
  }
  if (step != STEP_INPUT) {
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
