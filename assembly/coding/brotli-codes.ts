/**
 * Reading prefix codes (RFC 7932 §3.4, §3.5), and symbols by their tables, an octet of input at a time where it must be.
 * Which codes are valid follows the RFC: a complex code, and the code of its code lengths, is complete, but for a code
 * of code lengths that has one symbol.
 */
import {
  RULE_CODING_BROTLI_CODE_LENGTHS,
  RULE_CODING_BROTLI_CODE_REPEAT,
  RULE_CODING_BROTLI_CODE_SYMBOL,
} from '../abi';
import {
  Brotli,
  LENGTH_ROOT_BITS,
  LENGTH_SYMBOLS,
  ROOT_BITS,
  STATE_CODE,
  STATE_CODE_SIMPLE,
  STATE_CODE_SYMBOLS,
  STATE_LENGTH_CODES,
  STATE_LENGTHS,
  fetch,
  lengthTableOf,
  lengthsOf,
  takeBits,
} from './brotli-state';
import { CODE_BITS_MAX, TABLE_LENGTHS, TABLE_LITERALS, buildSingle, buildTable, makeValues } from './brotli-tables';
import { STEP_INPUT, STEP_ON } from './state';

/** The order in which lengths of code length codes are sent. */
const ORDER: usize = memory.data<u8>([1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
/** What the first two bits of such a length say; 3: more bits do. */
const SHORT_LENGTHS: usize = memory.data<u8>([0, 4, 3, 255]);
const MORE_BITS: u32 = 3;

/** Code length symbols from here on repeat: this one the last length that was not zero, the next one zero. */
const REPEAT_LENGTH: u32 = 16;
/** Bits of the longest element among code lengths: a code and the extra bits of a repeat of zero. */
const LENGTH_ELEMENT_BITS: u32 = LENGTH_ROOT_BITS + 3;
const SIMPLE: u32 = 1;
/** Code space of code length codes, and of codes. */
const LENGTH_SPACE: i32 = 1 << LENGTH_ROOT_BITS;
const SPACE: i32 = 1 << CODE_BITS_MAX;
/** The length that is repeated before any was given. */
const FIRST_LENGTH: u32 = 8;

/** What `takeSymbol` answers where the input ends before the symbol does. */
export function noSymbol<T>(): T {
  return <T>-1;
}

/** Takes the next symbol by a table: its entry, or `noSymbol`. Only octets that are needed are taken. */
export function takeSymbol<T>(d: Brotli, table: usize, rootBits: u32): T {
  while (true) {
    const index = <u32>d.hold & ((1 << rootBits) - 1);
    let entry = load<T>(table + ((<usize>index) << alignof<T>()));
    let bits = <u32>entry & 255;
    if (bits > rootBits) {
      const within = <u32>(d.hold >> rootBits) & ((1 << (bits - rootBits)) - 1);
      const at = (1 << rootBits) + ((<u32>entry >>> 8) << 1) + within;
      entry = load<T>(table + ((<usize>at) << alignof<T>()));
      bits = rootBits + (<u32>entry & 255);
    }
    if (bits <= d.bits) {
      d.hold >>= bits;
      d.bits -= bits;
      return entry;
    }
    // What is wanting was read as zeros, and another code may be shorter: so one octet at a time.
    if (d.input == d.inputEnd) return noSymbol<T>();
    d.hold |= (<u64>load<u8>(d.input++)) << d.bits;
    d.bits += 8;
  }
}

/**
 * The next thing to be read is a prefix code of `symbols` symbols, whose table goes to `table`. Then `after` is the
 * state.
 */
export function beginCode(d: Brotli, kind: u32, symbols: u32, table: usize, after: u32): void {
  d.kind = kind;
  d.symbols = symbols;
  d.symbolBits = 32 - clz(symbols - 1);
  d.table = table;
  d.after = after;
  d.state = STATE_CODE;
}

/** One step in a prefix code's states. */
export function readCode(d: Brotli): u32 {
  switch (d.state) {
    case STATE_CODE: {
      if (!fetch(d, 2)) return STEP_INPUT;
      const skipped = takeBits(d, 2);
      if (skipped == SIMPLE) {
        d.state = STATE_CODE_SIMPLE;
        return STEP_ON;
      }
      memory.fill(lengthsOf(d), 0, LENGTH_SYMBOLS);
      d.at = skipped;
      d.space = LENGTH_SPACE;
      d.codes = 0;
      d.state = STATE_LENGTH_CODES;
      return STEP_ON;
    }
    case STATE_CODE_SIMPLE: {
      if (!fetch(d, 2)) return STEP_INPUT;
      d.count = takeBits(d, 2) + 1;
      d.state = STATE_CODE_SYMBOLS;
      return STEP_ON;
    }
    case STATE_CODE_SYMBOLS:
      return readSymbols(d);
    case STATE_LENGTH_CODES:
      return readLengthCodes(d);
    default:
      assert(d.state == STATE_LENGTHS, 'readCode: no such state');
      return readLengths(d);
  }
}

/** Ends a prefix code whose table fills `octets`. */
function endCode(d: Brotli, octets: usize): u32 {
  if (d.kind >= TABLE_LITERALS) d.tablesAt = d.table + octets;
  d.state = d.after;
  return STEP_ON;
}

/** The symbols of a simple code, and by their order and number their lengths (RFC 7932 §3.4). */
function readSymbols(d: Brotli): u32 {
  const count = d.count;
  const bits = d.symbolBits;
  const all = count * bits + (count == 4 ? 1 : 0);
  if (!fetch(d, all)) return STEP_INPUT;
  let first: u32 = 0;
  const lengths = lengthsOf(d);
  memory.fill(lengths, 0, d.symbols);
  // Lengths by place: of one symbol 0, of two 1 1, of three 1 2 2, of four 2 2 2 2 or 1 2 3 3.
  for (let i: u32 = 0; i < count; i++) {
    const symbol = takeBits(d, bits);
    if (symbol >= d.symbols || load<u8>(lengths + symbol)) return RULE_CODING_BROTLI_CODE_SYMBOL;
    if (!i) first = symbol;
    store<u8>(lengths + symbol, <u8>(count == 1 ? 1 : i + 1));
  }
  makeValues(d.kind, d.postfixBits, d.directCodes);
  if (count == 1) return endCode(d, buildSingle(d.kind, first, d.table, ROOT_BITS));
  let byPlace: u32 = 0x11; // of each place its length, four bits, the first lowest
  if (count == 3) byPlace = 0x221;
  else if (count == 4) byPlace = takeBits(d, 1) ? 0x3321 : 0x2222;
  for (let symbol: u32 = 0, left = count; left; symbol++) {
    const place = <u32>load<u8>(lengths + symbol);
    if (!place) continue;
    store<u8>(lengths + symbol, <u8>((byPlace >>> ((place - 1) << 2)) & 15));
    left--;
  }
  return endCode(d, buildTable(d.kind, lengths, d.symbols, d.table, ROOT_BITS));
}

/** The lengths of code length codes, up to where they fill the code space. */
function readLengthCodes(d: Brotli): u32 {
  const lengths = lengthsOf(d);
  while (d.at < LENGTH_SYMBOLS && d.space > 0) {
    if (!fetch(d, 2)) return STEP_INPUT;
    let bits: u32 = 2;
    let length = <u32>load<u8>(SHORT_LENGTHS + (<usize>d.hold & 3));
    if ((<u32>d.hold & 3) == MORE_BITS) {
      if (!fetch(d, 3)) return STEP_INPUT;
      bits = 3;
      length = 2;
      if (<u32>d.hold & 4) {
        if (!fetch(d, 4)) return STEP_INPUT;
        bits = 4;
        length = <u32>d.hold & 8 ? 5 : 1;
      }
    }
    takeBits(d, bits);
    const symbol = <u32>load<u8>(ORDER + d.at++);
    store<u8>(lengths + symbol, <u8>length);
    if (!length) continue;
    d.space -= LENGTH_SPACE >> length;
    d.codes++;
    d.pending = symbol;
  }
  if (d.codes == 1) buildSingle(TABLE_LENGTHS, d.pending, lengthTableOf(d), LENGTH_ROOT_BITS);
  else if (d.space) return RULE_CODING_BROTLI_CODE_LENGTHS;
  else buildTable(TABLE_LENGTHS, lengths, LENGTH_SYMBOLS, lengthTableOf(d), LENGTH_ROOT_BITS);
  memory.fill(lengths, 0, d.symbols);
  d.at = 0;
  d.space = SPACE;
  d.lengthBefore = FIRST_LENGTH;
  d.repeated = 0;
  d.repeats = 0;
  d.state = STATE_LENGTHS;
  return STEP_ON;
}

/**
 * The lengths of a complex code, up to where they fill the code space. More octets than an element needs may be taken
 * at once; those that no bit was used of are given back.
 */
function readLengths(d: Brotli): u32 {
  const lengths = lengthsOf(d);
  const table = lengthTableOf(d);
  const symbols = d.symbols;
  const inputEnd = d.inputEnd;
  let input = d.input;
  let hold = d.hold;
  let bits = d.bits;
  let at = d.at;
  let space = d.space;
  let step = STEP_ON;
  while (at < symbols && space > 0) {
    while (bits < LENGTH_ELEMENT_BITS && input < inputEnd) {
      hold |= (<u64>load<u8>(input++)) << bits;
      bits += 8;
    }
    const entry = <u32>load<u16>(table + ((<u32>hold & (LENGTH_SPACE - 1)) << 1));
    const codeBits = entry & 255;
    const symbol = entry >>> 8;
    const extraBits: u32 = symbol < REPEAT_LENGTH ? 0 : symbol - REPEAT_LENGTH + 2;
    if (codeBits + extraBits > bits) {
      step = STEP_INPUT;
      break;
    }
    const extra = <u32>(hold >> codeBits) & ((1 << extraBits) - 1);
    hold >>= codeBits + extraBits;
    bits -= codeBits + extraBits;
    if (symbol < REPEAT_LENGTH) {
      d.repeats = 0;
      if (symbol) {
        d.lengthBefore = symbol;
        store<u8>(lengths + at, <u8>symbol);
        space -= SPACE >> symbol;
      }
      at++;
      continue;
    }
    const repeated = repeat(d, symbol == REPEAT_LENGTH ? d.lengthBefore : 0, extraBits, extra);
    if (at + repeated > symbols) {
      step = RULE_CODING_BROTLI_CODE_REPEAT;
      break;
    }
    if (d.repeated) {
      memory.fill(lengths + at, <u8>d.repeated, repeated);
      space -= <i32>(repeated << (CODE_BITS_MAX - d.repeated));
    }
    at += repeated;
  }
  if (step != STEP_INPUT) {
    input -= bits >>> 3;
    bits &= 7;
    hold &= (1 << bits) - 1;
  }
  d.input = input;
  d.hold = hold;
  d.bits = bits;
  d.at = at;
  d.space = space;
  if (step != STEP_ON) return step;
  if (space) return RULE_CODING_BROTLI_CODE_LENGTHS;
  makeValues(d.kind, d.postfixBits, d.directCodes);
  return endCode(d, buildTable(d.kind, lengths, symbols, d.table, ROOT_BITS));
}

/** How many lengths more a repeat makes: one directly after a repeat of the same length enlarges that one's number. */
function repeat(d: Brotli, length: u32, extraBits: u32, extra: u32): u32 {
  if (d.repeated != length) {
    d.repeated = length;
    d.repeats = 0;
  }
  const before = d.repeats;
  d.repeats = (before ? (before - 2) << extraBits : 0) + extra + 3;
  return d.repeats - before;
}
