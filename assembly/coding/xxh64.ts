/**
 * XXH64 with seed 0 over the content of a zstd frame, of which the lowest 32 bits are its checksum (RFC 8878 §3.1.1).
 * Four lanes take eight octets each; what does not fill all four waits beside the state.
 */
import { Zstd, unsummedOf } from './zstd-state';

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;
const STRIPE_OCTETS: usize = 32;

export function beginSum(z: Zstd): void {
  z.sum1 = PRIME1 + PRIME2;
  z.sum2 = PRIME2;
  z.sum3 = 0;
  z.sum4 = 0 - PRIME1;
  z.summed = 0;
}

function roundOf(lane: u64, octets: u64): u64 {
  return rotl(lane + octets * PRIME2, 31) * PRIME1;
}

/** Counts [from, end) in. */
export function addToSum(z: Zstd, from: usize, end: usize): void {
  const unsummed = unsummedOf(z);
  const waiting = <usize>z.summed & (STRIPE_OCTETS - 1);
  z.summed += end - from;
  if (waiting) {
    const wanted = min(STRIPE_OCTETS - waiting, end - from);
    memory.copy(unsummed + waiting, from, wanted);
    from += wanted;
    if (waiting + wanted < STRIPE_OCTETS) return;
    addStripes(z, unsummed, unsummed + STRIPE_OCTETS);
  }
  const stripesEnd = from + ((end - from) & ~(STRIPE_OCTETS - 1));
  addStripes(z, from, stripesEnd);
  memory.copy(unsummed, stripesEnd, end - stripesEnd);
}

/** Counts whole stripes in. */
function addStripes(z: Zstd, from: usize, end: usize): void {
  let lane1 = z.sum1;
  let lane2 = z.sum2;
  let lane3 = z.sum3;
  let lane4 = z.sum4;
  for (; from < end; from += STRIPE_OCTETS) {
    // SAFE: end - from is a multiple of STRIPE_OCTETS.
    lane1 = roundOf(lane1, load<u64>(from, 0, 1));
    lane2 = roundOf(lane2, load<u64>(from, 8, 1));
    lane3 = roundOf(lane3, load<u64>(from, 16, 1));
    lane4 = roundOf(lane4, load<u64>(from, 24, 1));
  }
  z.sum1 = lane1;
  z.sum2 = lane2;
  z.sum3 = lane3;
  z.sum4 = lane4;
}

function mergeLane(sum: u64, lane: u64): u64 {
  return (sum ^ roundOf(0, lane)) * PRIME1 + PRIME4;
}

/** The lowest 32 bits of the sum of all that was counted in. */
export function sumOf(z: Zstd): u32 {
  let sum = PRIME5;
  if (z.summed >= STRIPE_OCTETS) {
    sum = rotl(z.sum1, 1) + rotl(z.sum2, 7) + rotl(z.sum3, 12) + rotl(z.sum4, 18);
    sum = mergeLane(mergeLane(mergeLane(mergeLane(sum, z.sum1), z.sum2), z.sum3), z.sum4);
  }
  sum += z.summed;
  let p = unsummedOf(z);
  const end = p + (<usize>z.summed & (STRIPE_OCTETS - 1));
  for (; p + 8 <= end; p += 8) sum = rotl(sum ^ roundOf(0, load<u64>(p)), 27) * PRIME1 + PRIME4;
  if (p + 4 <= end) {
    sum = rotl(sum ^ (<u64>load<u32>(p) * PRIME1), 23) * PRIME2 + PRIME3;
    p += 4;
  }
  for (; p < end; p++) sum = rotl(sum ^ (<u64>load<u8>(p) * PRIME5), 11) * PRIME1;
  sum = (sum ^ (sum >> 33)) * PRIME2;
  sum = (sum ^ (sum >> 29)) * PRIME3;
  return <u32>(sum ^ (sum >> 32));
}
