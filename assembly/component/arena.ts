/**
 * Memory of one call of the component: what the host allocates for arguments, and what results point to. It is given back as
 * a whole when the host has read the results (the post-return of the canonical ABI), so that nothing of a call outlives it.
 *
 *   chunk:  | u32 chunk before | unused | what was taken … | room |
 */
import { allocate, release } from '../memory';

const LINK_OCTETS: usize = 16;
const ALIGNMENT: usize = 8;
/** Fills a size class of the allocator with its own head and the link. */
const CHUNK_OCTETS: usize = 16384 - 16 - LINK_OCTETS;
const TAKEN_OCTETS_MAX: usize = 0x3fffffff;

let chunk: usize = 0;
let next: usize = 0;
let chunkEnd: usize = 0;

/** So many octets, aligned for any value of the ABI; 0 without memory. */
export function take(octets: usize): usize {
  if (octets > TAKEN_OCTETS_MAX) return 0;
  const at = (next + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (chunk && at + octets <= chunkEnd) {
    next = at + octets;
    return at;
  }
  const room = max(octets, CHUNK_OCTETS);
  const block = allocate(LINK_OCTETS + room);
  if (!block) return 0;
  store<u32>(block, <u32>chunk);
  chunk = block;
  next = block + LINK_OCTETS + octets;
  chunkEnd = block + LINK_OCTETS + room;
  return block + LINK_OCTETS;
}

/** A copy of `length` octets; 0 without memory. */
export function keep(octets: usize, length: usize): usize {
  const at = take(length);
  if (at) memory.copy(at, octets, length);
  return at;
}

/** Gives all back. */
export function giveBack(): void {
  while (chunk) {
    const before: usize = load<u32>(chunk);
    release(chunk);
    chunk = before;
  }
  next = 0;
  chunkEnd = 0;
}

/**
 * `cabi_realloc`: memory for an argument, or more of it. The canonical ABI knows no failure: without memory for what the host
 * itself hands over this traps.
 */
export function reallocate(old: usize, oldOctets: usize, _alignment: usize, octets: usize): usize {
  if (old && octets <= oldOctets) return old;
  const at = take(octets);
  if (!at) unreachable();
  memory.copy(at, old, oldOctets);
  return at;
}
