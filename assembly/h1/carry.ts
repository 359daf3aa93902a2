/**
 * Where a section (head or trailers) stands while it is read, and where its table and octets stand when it is complete.
 *
 * A section that one input holds whole stays in the input area. One that an input ends in is carried on in a block of
 * its own, which doubles as it fills, up to what the limits on head octets and field lines allow: each octet is copied
 * a bounded number of times.
 *
 *   block:  | u32 next lent block | pad to 16 | field entries, collected upwards | octets of the section |
 *
 * Records point into blocks, so a block is lent to the host when its section is complete and taken back when the next
 * call begins.
 */
import { FIELD_OCTETS } from '../abi';
import { lend, LINK_OCTETS } from '../lent';
import { allocate, release, SCRATCH } from '../memory';
import { Connection } from './state';

const ROOM_SMALLEST: u32 = 256;
/** Fewest octets of a field line: "a:" CR LF. */
const LINE_OCTETS_MIN: u32 = 4;

/** Begins a section in the input area. */
export function resetCarry(c: Connection): void {
  c.carry = 0;
  c.carryEnd = 0;
  c.carryLimit = 0;
  c.entries = SCRATCH;
}

/** Frees what is carried. */
export function dropCarry(c: Connection): void {
  if (c.carry) release(c.carry);
  resetCarry(c);
}

/**
 * Copies the section's `used` octets at `base` and its entries into a block with room for more. False without memory.
 */
export function carryOn(c: Connection, base: usize, used: u32): bool {
  let room = ROOM_SMALLEST;
  while (room <= used) room <<= 1;
  room = min(room, c.headLeft);
  const entriesMax = min(c.fieldsMax, room / LINE_OCTETS_MIN);
  const entriesOctets: usize = (entriesMax * FIELD_OCTETS + 15) & ~15;
  const block = allocate(LINK_OCTETS + entriesOctets + room);
  if (!block) return false;
  const entries = block + LINK_OCTETS;
  const octets = entries + entriesOctets;
  memory.copy(entries, c.entries, c.count * FIELD_OCTETS);
  memory.copy(octets, base, used);
  if (c.carry) release(c.carry);
  c.carry = block;
  c.carryBase = octets;
  c.entries = entries;
  c.carryEnd = octets + used;
  c.carryLimit = octets + room;
  return true;
}

/**
 * Puts the table of a complete section directly before its octets and answers where the table begins; 0 without memory.
 * `floor`: octets of the input area before it are still pointed to by records of this call.
 */
export function placeTable(c: Connection, base: usize, length: u32, floor: usize): usize {
  const tableOctets: usize = c.count * FIELD_OCTETS;
  if (c.carry) {
    // SAFE: the entries stand before the octets in the same block and have not more room than lies there.
    memory.copy(base - tableOctets, c.entries, tableOctets);
    lend(c.carry);
    resetCarry(c);
    return base - tableOctets;
  }
  if (base - tableOctets >= floor) {
    memory.copy(base - tableOctets, SCRATCH, tableOctets);
    return base - tableOctets;
  }
  const block = allocate(LINK_OCTETS + tableOctets + length);
  if (!block) return 0;
  const table = block + LINK_OCTETS;
  memory.copy(table, SCRATCH, tableOctets);
  memory.copy(table + tableOctets, base, length);
  lend(block);
  return table;
}
