/**
 * A field section as it was decoded: entries (abi.ts, HPACK_ENTRY_*), and the octets of all names and values. Both grow as
 * they fill; neither grows beyond what the limits allow.
 *
 *   octets:   | room of the owner | name value name value … | slack |
 *
 * The room stands directly before the first name, for what an owner makes of the entries (a table of its own, say).
 */
import {
  HPACK_ENTRY_ID,
  HPACK_ENTRY_NAME,
  HPACK_ENTRY_NAME_LENGTH,
  HPACK_ENTRY_OCTETS,
  HPACK_ENTRY_VALUE,
  HPACK_ENTRY_VALUE_LENGTH,
  HPACK_FIELD_OVERHEAD_OCTETS,
  RULE_HPACK_FIELD_COUNT,
  RULE_HPACK_LIST_OCTETS,
} from '../abi';
import { SLACK_OCTETS, allocate, release, resize } from '../memory';

/** Entries and octets there is room for at first. */
const ENTRIES_FIRST: u32 = 32;
const OCTETS_FIRST: usize = 1024;

@unmanaged
export class Section {
  /** The first name; where the next one goes; how far octets may be written, with SLACK_OCTETS behind. */
  octets: usize;
  next: usize;
  end: usize;
  /** The first entry; how many there are, and how many there is room for. */
  entries: usize;
  count: u32;
  capacity: u32;
  /** Octets of the list so far, as RFC 9113 §6.5.2 counts: names, values, 32 for each field. */
  listOctets: u32;
  /** 0, or the limit that was met: RULE_HPACK_LIST_OCTETS or RULE_HPACK_FIELD_COUNT. Nothing is added any more. */
  rule: u32;
  /** Limits, and the octets of the owner's room. */
  listOctetsMax: u32;
  fieldsMax: u32;
  room: usize;
}

/**
 * An empty section; 0 without memory. `listOctetsMax`: most octets of the list as RFC 9113 §6.5.2 counts; `fieldsMax`: most
 * fields; `room`: octets that are left free before the first name.
 */
export function sectionNew(listOctetsMax: u32, fieldsMax: u32, room: usize): usize {
  const at = allocate(offsetof<Section>());
  if (!at) return 0;
  const octets = allocate(room + OCTETS_FIRST + SLACK_OCTETS);
  const entries = octets ? allocate(ENTRIES_FIRST * HPACK_ENTRY_OCTETS) : 0;
  if (!entries) {
    if (octets) release(octets);
    release(at);
    return 0;
  }
  const s = changetype<Section>(at);
  s.octets = octets + room;
  s.end = s.octets + OCTETS_FIRST;
  s.entries = entries;
  s.capacity = ENTRIES_FIRST;
  s.listOctetsMax = listOctetsMax;
  s.fieldsMax = fieldsMax;
  s.room = room;
  clearSection(s);
  return at;
}

export function sectionFree(section: usize): void {
  const s = changetype<Section>(section);
  release(s.octets - s.room);
  release(s.entries);
  release(section);
}

/** Forgets all fields. */
export function clearSection(s: Section): void {
  s.next = s.octets;
  s.count = 0;
  s.listOctets = 0;
  s.rule = 0;
}

/** Octets that one more name and value may have. */
export function octetsLeft(s: Section): u32 {
  const left = s.listOctetsMax - s.listOctets; // never negative: addField sees to it
  return left < <u32>HPACK_FIELD_OVERHEAD_OCTETS ? 0 : left - HPACK_FIELD_OVERHEAD_OCTETS;
}

/** Makes room for `octets` more, SLACK_OCTETS always being behind them. @returns false without memory. */
export function reserve(s: Section, octets: usize): bool {
  return octets <= s.end - s.next || growOctets(s, octets);
}

function growOctets(s: Section, octets: usize): bool {
  const used = s.next - s.octets;
  const wanted = max(used + octets, 2 * (s.end - s.octets));
  const block = resize(s.octets - s.room, s.room + used, s.room + wanted + SLACK_OCTETS);
  if (!block) return false;
  s.octets = block + s.room;
  s.next = s.octets + used;
  s.end = s.octets + wanted;
  return true;
}

/** Whether a field of `octets` name and value octets is within the limits; if not, the section says so from now on. */
export function admits(s: Section, octets: u32): bool {
  if (s.rule) return false;
  if (s.count == s.fieldsMax) s.rule = RULE_HPACK_FIELD_COUNT;
  else if (octets > octetsLeft(s) || s.listOctets + HPACK_FIELD_OVERHEAD_OCTETS > s.listOctetsMax) {
    s.rule = RULE_HPACK_LIST_OCTETS;
  }
  return !s.rule;
}

/**
 * Adds the field whose name and value were written at `next`, one behind the other. It was admitted. @returns false without
 * memory.
 */
export function addField(s: Section, nameLength: u32, valueLength: u32, id: u32): bool {
  if (s.count == s.capacity && !growEntries(s)) return false;
  const entry = s.entries + s.count * HPACK_ENTRY_OCTETS;
  const name = <u32>(s.next - s.octets);
  store<u32>(entry, name, HPACK_ENTRY_NAME);
  store<u32>(entry, nameLength, HPACK_ENTRY_NAME_LENGTH);
  store<u32>(entry, name + nameLength, HPACK_ENTRY_VALUE);
  store<u32>(entry, valueLength, HPACK_ENTRY_VALUE_LENGTH);
  store<u32>(entry, id, HPACK_ENTRY_ID);
  s.count++;
  s.next += nameLength + valueLength;
  s.listOctets += nameLength + valueLength + HPACK_FIELD_OVERHEAD_OCTETS;
  return true;
}

function growEntries(s: Section): bool {
  const capacity = min(s.capacity * 2, s.fieldsMax);
  const entries = resize(s.entries, s.count * HPACK_ENTRY_OCTETS, capacity * HPACK_ENTRY_OCTETS);
  if (!entries) return false;
  s.entries = entries;
  s.capacity = capacity;
  return true;
}
