/**
 * Blocks (RFC 7932 §6): the switch to the next block of a category, and what a block's type makes of its contexts.
 */
import { CONTEXTS } from './brotli-data';
import { noSymbol, takeSymbol } from './brotli-codes';
import {
  Brotli,
  COMMANDS,
  DISTANCES,
  DISTANCE_CONTEXTS,
  ENDLESS,
  LITERALS,
  LITERAL_CONTEXTS,
  ROOT_BITS,
  STATE_COMMAND,
  STATE_DISTANCE,
  STATE_LITERALS,
  STATE_SWITCH_COUNT,
  STATE_SWITCH_EXTRA,
  STATE_SWITCH_TYPE,
  STATE_TYPES,
  countTableOf,
  distanceMapOf,
  distanceTablesOf,
  fetch,
  literalMapOf,
  literalTablesOf,
  modesOf,
  setElementsLeft,
  setType,
  takeBits,
  treesOf,
  typeBefore,
  typeOf,
  typeTableOf,
  typesOf,
} from './brotli-state';
import { STEP_INPUT, STEP_ON } from './state';

/** Octets of a mode in CONTEXTS. */
const MODE_OCTETS: usize = 512;

/** Block counts by code: 31..24 extra bits, 23..0 least count (RFC 7932 §6). */
const COUNTS: usize = memory.data<u32>([
  0x2000001, 0x2000005, 0x2000009, 0x200000d, 0x3000011, 0x3000019, 0x3000021, 0x3000029, 0x4000031, 0x4000041,
  0x4000051, 0x4000061, 0x5000071, 0x5000091, 0x50000b1, 0x50000d1, 0x60000f1, 0x6000131, 0x7000171, 0x80001f1,
  0x90002f1, 0xa0004f1, 0xb0008f1, 0xc0010f1, 0xd0020f1, 0x180040f1,
]);

/** A category has no elements left in its block: the switch comes, or the block of its only type goes on. */
export function endBlock(d: Brotli, category: u32): void {
  if (typesOf(d, category) == 1) {
    setElementsLeft(d, category, ENDLESS);
    return;
  }
  d.category = category;
  d.after = category == LITERALS ? STATE_LITERALS : category == COMMANDS ? STATE_COMMAND : STATE_DISTANCE;
  d.state = STATE_SWITCH_TYPE;
}

/** The count of a category's first block comes, then `after`. */
export function beginSwitchCount(d: Brotli, after: u32): void {
  d.after = after;
  d.state = STATE_SWITCH_COUNT;
}

/** One step in the states of a switch. */
export function readSwitch(d: Brotli): u32 {
  const category = d.category;
  if (d.state == STATE_SWITCH_TYPE) {
    const entry = takeSymbol<u32>(d, typeTableOf(d, category), ROOT_BITS);
    if (entry == noSymbol<u32>()) return STEP_INPUT;
    const symbol = entry >>> 8;
    const type = typeOf(d, category);
    const types = typesOf(d, category);
    // 0: the type before; 1: the one that follows; else by its number.
    let next = symbol == 0 ? typeBefore(d, category) : symbol == 1 ? type + 1 : symbol - 2;
    if (next >= types) next -= types;
    setType(d, category, next, type);
    enterBlock(d, category);
    d.state = STATE_SWITCH_COUNT;
    return STEP_ON;
  }
  if (d.state == STATE_SWITCH_COUNT) {
    const entry = takeSymbol<u32>(d, countTableOf(d, category), ROOT_BITS);
    if (entry == noSymbol<u32>()) return STEP_INPUT;
    d.pending = entry >>> 8;
    d.state = STATE_SWITCH_EXTRA;
    return STEP_ON;
  }
  const count = load<u32>(COUNTS + (d.pending << 2));
  const extraBits = count >>> 24;
  if (!fetch(d, extraBits)) return STEP_INPUT;
  setElementsLeft(d, category, (count & 0xffffff) + takeBits(d, extraBits));
  d.state = d.after;
  // The first block of a category is announced in the header, which goes on with the next category.
  if (d.after == STATE_TYPES) d.category = category + 1;
  return STEP_ON;
}

/** The tables of the category's current type become those that are used. */
export function enterBlock(d: Brotli, category: u32): void {
  const type = typeOf(d, category);
  const trees = treesOf(d, category);
  if (category == COMMANDS) {
    d.commandTable = load<u32>(trees + (type << 2));
  } else if (category == DISTANCES) {
    const map = distanceMapOf(d) + type * DISTANCE_CONTEXTS;
    const tables = distanceTablesOf(d);
    for (let i: u32 = 0; i < DISTANCE_CONTEXTS; i++) {
      store<u32>(tables + (i << 2), load<u32>(trees + ((<usize>load<u8>(map + i)) << 2)));
    }
  } else {
    enterLiterals(d, literalMapOf(d) + type * LITERAL_CONTEXTS, trees);
    d.mode = CONTEXTS + <usize>load<u8>(modesOf(d) + type) * MODE_OCTETS;
  }
}

function enterLiterals(d: Brotli, map: usize, trees: usize): void {
  const first = load<u8>(map);
  const pattern = <u64>first * 0x0101010101010101;
  let others: u64 = 0;
  for (let i: u32 = 0; i < LITERAL_CONTEXTS; i += 8) others |= load<u64>(map + i) ^ pattern;
  d.literalTable = others ? 0 : load<u32>(trees + ((<usize>first) << 2));
  if (!others) return;
  const tables = literalTablesOf(d);
  for (let i: u32 = 0; i < LITERAL_CONTEXTS; i++) {
    store<u32>(tables + (i << 2), load<u32>(trees + ((<usize>load<u8>(map + i)) << 2)));
  }
}
