/** Event records, written in order into the events area; a call's first act is `clear`. Their meaning is in abi.ts. */
import { EVENT_OCTETS, EVENTS_MAX, KIND_DECODED, KIND_ERROR, NONE } from './abi';
import { EVENTS } from './memory';

let written: u32 = 0;

/** Forgets the records of the call before. */
export function clear(): void {
  written = 0;
}

/** Records written since `clear`. */
export function count(): u32 {
  return written;
}

/** True if `n` more records fit. */
export function hasRoom(n: u32): bool {
  return written + n <= <u32>EVENTS_MAX;
}

export function emit(kind: u32, code: u32, stream: u32, offset: u32, length: u32, a: u32, b: u32, c: u32): void {
  assert(written < <u32>EVENTS_MAX, 'emit: no room');
  const at = EVENTS + written * EVENT_OCTETS;
  written++;
  store<u32>(at, kind);
  store<u32>(at, code, 4);
  store<u32>(at, stream, 8);
  store<u32>(at, offset, 12);
  store<u32>(at, length, 16);
  store<u32>(at, a, 20);
  store<u32>(at, b, 24);
  store<u32>(at, c, 28);
}

/**
 * The one record of a decoder's call, KIND_DECODED. It costs as little as can be, since a call may be for a single
 * octet: two words go in one store, what this kind does not use (stream, c) is left as it was, and `count` does not
 * count it.
 */
export function emitDecoded(code: u32, offset: u32, length: u32, taken: u32, rule: u32): void {
  store<u64>(EVENTS, KIND_DECODED | ((<u64>code) << 32));
  store<u32>(EVENTS, offset, 12);
  store<u32>(EVENTS, length, 16);
  store<u64>(EVENTS, <u64>taken | ((<u64>rule) << 32), 20, 4);
}

// A fault is what a reader found wrong, until the connection makes it the ERROR record that ends everything.
let faultRule: u32 = 0;
let faultAt: usize = 0;
let faultOctet: u32 = NONE;
let faultLimit: u32 = NONE;

/**
 * Notes a broken rule: where the offending octet stands, the octet (or NONE), the limit that was met (or NONE). False.
 */
export function fault(rule: u32, at: usize, octet: u32, limit: u32): bool {
  faultRule = rule;
  faultAt = at;
  faultOctet = octet;
  faultLimit = limit;
  return false;
}

/** Makes the last fault a record; its offset counts from `base`. */
export function emitFault(stream: u32, base: usize): void {
  emit(KIND_ERROR, faultRule, stream, <u32>(faultAt - base), 0, faultOctet, faultLimit, NONE);
}

/** Makes the place of the last fault, an address, one that counts from `base`. False, as the fault. */
export function placeFault(base: usize): bool {
  faultAt -= base;
  return false;
}

/** The same as a record of kind `kind` that says `code` beside it. */
export function emitFaultAs(kind: u32, stream: u32, base: usize, code: u32): void {
  emit(kind, faultRule, stream, <u32>(faultAt - base), 0, faultOctet, faultLimit, code);
}
