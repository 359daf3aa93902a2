/**
 * Linear memory: the fixed areas (constants below), and an allocator that really frees.
 *
 *   0 ..                static data: tables, events area, scratch table | table room | input area | slack
 *   __heap_base ..      free lists, then the allocator's blocks, growing upwards
 *
 *   block:  | u32 size class | u32 octets asked for | u32 live mark (debug build) | unused | payload, 16-aligned … |
 *
 * Blocks come in size classes of 2^n and 1.5 * 2^n octets; a freed block goes to its class's list and is handed out
 * again by the next request of that class, so the heap never exceeds the peak of each class. No other file touches the
 * heap. Growth that the host refuses is an answer (0), never a trap.
 */
import { EVENT_OCTETS, EVENTS_MAX, FIELD_OCTETS, FIELDS_CEILING, INPUT_OCTETS } from './abi';

/** Octets that the largest field table fills. */
export const TABLE_OCTETS: usize = FIELDS_CEILING * FIELD_OCTETS;
/** Readable octets behind every area that wide loads may touch. */
export const SLACK_OCTETS: usize = 64;

/** Start of the event records. */
export const EVENTS: usize = memory.data(EVENTS_MAX * EVENT_OCTETS, 16);
/**
 * Where the table of a head that stands in the input area is collected; it is moved before the head when that is
 * complete.
 */
export const SCRATCH: usize = memory.data(<i32>TABLE_OCTETS, 16);
/** Start of the table room, which ends where the input area begins. */
export const TABLE_ROOM: usize = memory.data(<i32>(TABLE_OCTETS + INPUT_OCTETS + SLACK_OCTETS), 16);
/** Start of the input area. */
export const INPUT: usize = TABLE_ROOM + TABLE_OCTETS;

const HEADER_OCTETS: usize = 16;
/** The mark of a block that is handed out, so that the debug build stops at the use of one that was given back. */
const LIVE: u32 = 0x6576696c;
const CLASS_SMALLEST_BITS: u32 = 6;
const CLASSES: u32 = 54;
const PAGE_OCTETS: usize = 65536;

const freeLists: usize = (__heap_base + 15) & ~15;
const heapStart: usize = (freeLists + CLASSES * 4 + 15) & ~15;

let heapTop: usize = heapStart;
let live: u32 = 0;
let failAfter: i32 = -1;

/** Octets that were asked for and not yet freed. */
export function liveOctets(): u32 {
  return live;
}

/** For tests: let `n` more allocations succeed and every later one fail; negative: none fails. */
export function failAllocationsAfter(n: i32): void {
  failAfter = n;
}

/** Class of a block that holds `size` octets (header included): 2n for 2^(n + 6), 2n + 1 for 1.5 * 2^(n + 6). */
function classOf(size: usize): u32 {
  if (size <= 1 << CLASS_SMALLEST_BITS) return 0;
  const bits: u32 = 32 - clz(<u32>size - 1); // 2^(bits - 1) < size <= 2^bits
  const half = 3 * (1 << (bits - 2));
  const index = (bits - CLASS_SMALLEST_BITS) * 2;
  return size <= <usize>half ? index - 1 : index;
}

function octetsOf(sizeClass: u32): usize {
  const power: usize = 1 << (CLASS_SMALLEST_BITS + (sizeClass >> 1));
  return sizeClass & 1 ? power + (power >> 1) : power;
}

/** A block of at least `size` octets, 16-aligned, contents undefined; 0 if there is no memory. */
export function allocate(size: usize): usize {
  if (failAfter >= 0) {
    if (failAfter == 0) return 0;
    failAfter--;
  }
  if (size > 0x40000000) return 0;
  const sizeClass = classOf(size + HEADER_OCTETS);
  const list = freeLists + sizeClass * 4;
  let block: usize = load<u32>(list);
  if (block) {
    store<u32>(list, load<u32>(block + HEADER_OCTETS));
  } else {
    block = extend(octetsOf(sizeClass));
    if (!block) return 0;
    store<u32>(block, sizeClass);
  }
  store<u32>(block, <u32>size, 4);
  if (!ASC_NO_ASSERT) store<u32>(block, LIVE, 8);
  live += <u32>size;
  return block + HEADER_OCTETS;
}

/** Gives a block of `allocate` back. */
export function release(payload: usize): void {
  const block = payload - HEADER_OCTETS;
  assert(isLive(payload), 'release: no block, or one that was given back');
  assert(load<u32>(block) < CLASSES, 'release: a damaged block');
  if (!ASC_NO_ASSERT) store<u32>(block, 0, 8);
  live -= load<u32>(block, 4);
  const list = freeLists + load<u32>(block) * 4;
  store<u32>(payload, load<u32>(list));
  store<u32>(list, <u32>block);
}

/**
 * For assertions: whether a block of `allocate` begins at `payload` and was not given back. Always true in release
 * builds.
 */
export function isLive(payload: usize): bool {
  if (ASC_NO_ASSERT) return true;
  return payload >= heapStart + HEADER_OCTETS && payload < heapTop && load<u32>(payload - HEADER_OCTETS, 8) == LIVE;
}

/**
 * A block of `size` octets with the first `used` of another: the same, where it can grow in place, else a new one, and
 * the old is freed; 0 (and the old kept) without memory.
 */
export function resize(payload: usize, used: usize, size: usize): usize {
  if (growInPlace(payload, size)) return payload;
  const next = allocate(size);
  if (!next) return 0;
  memory.copy(next, payload, used);
  release(payload);
  return next;
}

/**
 * Lets a block grow where it stands: if it has room, or is the last of the heap and none of the size is free (else each
 * stream that begins small and grows would leave one more large block behind). @returns false if that is not so, or
 * there is no memory.
 */
function growInPlace(payload: usize, size: usize): bool {
  if (failAfter >= 0 || size > 0x40000000) return false;
  const block = payload - HEADER_OCTETS;
  const before = octetsOf(load<u32>(block));
  const sizeClass = classOf(size + HEADER_OCTETS);
  const after = octetsOf(sizeClass);
  if (after > before) {
    if (block + before != heapTop || load<u32>(freeLists + sizeClass * 4) || !extend(after - before)) return false;
    store<u32>(block, sizeClass);
  }
  live += <u32>size - load<u32>(block, 4);
  store<u32>(block, <u32>size, 4);
  return true;
}

function extend(octets: usize): usize {
  const block = heapTop;
  const end = <u64>block + <u64>octets + <u64>SLACK_OCTETS;
  const pages = <u64>memory.size();
  const needed = (end + PAGE_OCTETS - 1) / PAGE_OCTETS;
  if (needed > 65535) return 0;
  if (needed > pages && memory.grow(<i32>(needed - pages)) < 0) return 0;
  heapTop = block + octets;
  return block;
}
