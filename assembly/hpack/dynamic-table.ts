/**
 * The dynamic table of HPACK (RFC 7541 §2.3.2, §4): entries in the order of their insertion, the oldest evicted first.
 *
 *   block:  | ring of entries, 16 octets each: u32 octets, name length, value length, link |
 *           | arena: octets of names and values, each value behind its name …              | slack |
 *
 * Entry n, counted from the first insertion on, stands in slot n & mask of the ring; its octets are all in one place. Where
 * the arena has no room for the next ones before its end, they go to its start. It is twice as large as the table may be: the
 * start of the octets that are kept is behind its middle then, and as much as comes before it is evicted on the way there.
 * The link is for who looks entries up.
 */
import { HPACK_FIELD_OVERHEAD_OCTETS } from '../abi';
import { SLACK_OCTETS, allocate, release } from '../memory';
import { copyOver } from '../octets';

const ENTRY_BITS: u32 = 4;
const AT_NAME_LENGTH: usize = 4;
const AT_VALUE_LENGTH: usize = 8;
const AT_LINK: usize = 12;

@unmanaged
export class DynamicTable {
  /** Octets it may have, and has, as RFC 7541 §4.1 counts. */
  sizeMax: u32;
  size: u32;
  /** Insertions so far: the number of the next entry. */
  inserted: u32;
  /** Entries there are: those with the numbers from inserted - count on. */
  count: u32;
  /** The ring, and the number of its slots less one. */
  ring: usize;
  mask: u32;
  /** The arena; where the next octets go; where it ends but for the slack. */
  arena: usize;
  next: usize;
  arenaEnd: usize;
  /** Octets that the table can have without new memory. */
  reserved: u32;
}

/** Makes an empty table of at most `sizeMax` octets. @returns false without memory. */
export function beginTable(t: DynamicTable, sizeMax: u32): bool {
  memory.fill(changetype<usize>(t), 0, offsetof<DynamicTable>());
  if (!reserveTable(t, sizeMax)) return false;
  t.sizeMax = sizeMax;
  return true;
}

export function freeTable(t: DynamicTable): void {
  if (t.ring) release(t.ring);
}

/** Sees to memory for a table of `sizeMax` octets; what is in it stays. @returns false, and all is as it was, without. */
export function reserveTable(t: DynamicTable, sizeMax: u32): bool {
  if (t.ring && sizeMax <= t.reserved) return true;
  const entries = sizeMax / HPACK_FIELD_OVERHEAD_OCTETS;
  const slots: u32 = entries > 1 ? 1 << (32 - clz(entries - 1)) : 1;
  const ringOctets = (<usize>slots) << ENTRY_BITS;
  const arenaOctets = (<usize>sizeMax) << 1;
  const block = allocate(ringOctets + arenaOctets + SLACK_OCTETS);
  if (!block) return false;
  const arena = block + ringOctets;
  let next = arena;
  for (let n = t.inserted - t.count; n != t.inserted; n++) {
    const slot = block + ((<usize>(n & (slots - 1))) << ENTRY_BITS);
    const length = entryNameLength(t, n) + entryValueLength(t, n);
    memory.copy(slot, slotOf(t, n), 1 << ENTRY_BITS);
    memory.copy(next, entryOctets(t, n), length);
    store<u32>(slot, <u32>next);
    next += length;
  }
  freeTable(t);
  t.ring = block;
  t.mask = slots - 1;
  t.arena = arena;
  t.next = next;
  t.arenaEnd = arena + arenaOctets;
  t.reserved = sizeMax;
  return true;
}

function slotOf(t: DynamicTable, n: u32): usize {
  return t.ring + ((<usize>(n & t.mask)) << ENTRY_BITS);
}

/** Whether there is an entry of this number. */
export function hasEntry(t: DynamicTable, n: u32): bool {
  return t.inserted - 1 - n < t.count;
}

/** Where the name of entry `n` stands; its value follows. Valid until the next insertion. */
export function entryOctets(t: DynamicTable, n: u32): usize {
  return load<u32>(slotOf(t, n));
}

export function entryNameLength(t: DynamicTable, n: u32): u32 {
  return load<u32>(slotOf(t, n), AT_NAME_LENGTH);
}

export function entryValueLength(t: DynamicTable, n: u32): u32 {
  return load<u32>(slotOf(t, n), AT_VALUE_LENGTH);
}

export function entryLink(t: DynamicTable, n: u32): u32 {
  return load<u32>(slotOf(t, n), AT_LINK);
}

/** Evicts the oldest entries until the table has at most `size` octets (RFC 7541 §4.3, §4.4). */
function evictTo(t: DynamicTable, size: u32): void {
  while (t.size > size) {
    const slot = slotOf(t, t.inserted - t.count);
    t.size -= load<u32>(slot, AT_NAME_LENGTH) + load<u32>(slot, AT_VALUE_LENGTH) + HPACK_FIELD_OVERHEAD_OCTETS;
    t.count--;
  }
}

/** The table may have `sizeMax` octets from now on, for which it has memory. */
export function resizeTable(t: DynamicTable, sizeMax: u32): void {
  assert(sizeMax <= t.reserved, 'resizeTable: no memory for that');
  t.sizeMax = sizeMax;
  evictTo(t, sizeMax);
}

/** Whether an entry of so many octets of name and value would stay. */
export function wouldFit(t: DynamicTable, octets: u32): bool {
  return octets <= t.sizeMax && octets + HPACK_FIELD_OVERHEAD_OCTETS <= t.sizeMax;
}

/** Empties the table, as an entry that is larger than it does (RFC 7541 §4.4). */
export function emptyTable(t: DynamicTable): void {
  evictTo(t, 0);
}

/** Inserts an entry that fits; name and value stand outside of the table. */
export function insert(t: DynamicTable, name: usize, nameLength: u32, value: usize, valueLength: u32, link: u32): void {
  const length = nameLength + valueLength;
  const size = length + HPACK_FIELD_OVERHEAD_OCTETS;
  assert(wouldFit(t, length), 'insert: larger than the table');
  evictTo(t, t.sizeMax - size);
  if (t.next + length > t.arenaEnd) t.next = t.arena;
  copyOver(t.next, name, nameLength);
  copyOver(t.next + nameLength, value, valueLength);
  const slot = slotOf(t, t.inserted);
  store<u32>(slot, <u32>t.next);
  store<u32>(slot, nameLength, AT_NAME_LENGTH);
  store<u32>(slot, valueLength, AT_VALUE_LENGTH);
  store<u32>(slot, link, AT_LINK);
  t.next += length;
  t.inserted++;
  t.count++;
  t.size += size;
}
