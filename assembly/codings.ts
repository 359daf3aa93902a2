/**
 * The flat ABI of the second module: the codings whose tables and windows are too large to live beside connections.
 * Offsets and numbers cross here, never strings; what they mean is in abi.ts.
 */
import { EVENTS, INPUT } from './memory';

export { decoderCreate, decoderDecode, decoderEnd, decoderFree } from './coding/stream-decoder';
export { failAllocationsAfter, liveOctets } from './memory';

/** Where the host puts octets: INPUT_OCTETS of them. */
export function inputOffset(): u32 {
  return <u32>INPUT;
}

/** Where a call's event record begins. */
export function eventsOffset(): u32 {
  return <u32>EVENTS;
}
