/**
 * Values of wasm/http-core.wit as the canonical ABI lays them out: lists, faults, results. A function whose result is more
 * than one number answers the address of RESULT.
 *
 *   list      | u32 address | u32 length |
 *   option    | u8 is some | … | value, aligned |
 *   fault     | u8 rule | . | u16 number | option<u32> offset | option<u8> octet | . | option<u32> limit |
 *   result    | u8 is error | . . . | value |
 */
import { NONE } from '../abi';

export const LIST_OCTETS: usize = 8;
export const FAULT_OCTETS: usize = 24;
/** Where the value of a result stands, or that of a variant of this ABI. */
export const VALUE: usize = 4;

/** The result of a call that has more than a number to say; it is read before the next call. */
export const RESULT: usize = memory.data(64, 8);

/** First and last number of each run of rules. Their names stand in `enum rule` one behind the other. */
// biome-ignore format: a table
const RUNS: usize = memory.data<u8>([
  1, 18,  20, 34,  64, 86,  96, 110,  112, 122,  160, 168,  176, 199,  200, 211,  220, 225,
]);
const RUN_OCTETS: usize = 2;

/** The place of a rule, which must be one, in `enum rule`. */
function placeOf(rule: u32): u32 {
  let run = RUNS;
  let place: u32 = 0;
  // Invariant: `rule` is in this run or a later one. SAFE: each rule is in one.
  while (rule > <u32>load<u8>(run, 1)) {
    place += <u32>load<u8>(run, 1) - <u32>load<u8>(run) + 1;
    run += RUN_OCTETS;
  }
  return place + rule - <u32>load<u8>(run);
}

export function storeList(at: usize, address: usize, length: usize): void {
  store<u32>(at, <u32>address);
  store<u32>(at, <u32>length, 4);
}

/** An option<u32>; NONE is none. */
export function storeOption(at: usize, value: u32): void {
  store<u32>(at, value == NONE ? 0 : 1);
  store<u32>(at, value, 4);
}

/** NONE for what is not known. */
export function storeFault(at: usize, rule: u32, offset: u32, octet: u32, limit: u32): void {
  store<u8>(at, placeOf(rule));
  store<u16>(at, rule, 2);
  storeOption(at + 4, offset);
  store<u8>(at, octet == NONE ? 0 : 1, 12);
  store<u8>(at, octet, 13);
  storeOption(at + 16, limit);
}

/** A result that is well, with one number. */
export function well(value: u32): usize {
  store<u32>(RESULT, 0);
  store<u32>(RESULT, value, VALUE);
  return RESULT;
}

/** A result that is a list. */
export function wellList(address: usize, length: usize): usize {
  store<u32>(RESULT, 0);
  storeList(RESULT + VALUE, address, length);
  return RESULT;
}

/** A result that is a fault. */
export function broken(rule: u32, limit: u32): usize {
  store<u32>(RESULT, 1);
  storeFault(RESULT + VALUE, rule, NONE, NONE, limit);
  return RESULT;
}
