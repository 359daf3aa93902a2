/** Event records, written in order into the events area; a call's first act is `clear`. Their meaning is in abi.ts. */
import { EVENTS_MAX, EVENT_OCTETS } from './abi';
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
  return written + n <= EVENTS_MAX;
}

export function emit(kind: u32, code: u32, stream: u32, offset: u32, length: u32, a: u32, b: u32, c: u32): void {
  assert(written < EVENTS_MAX, 'emit: no room');
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
