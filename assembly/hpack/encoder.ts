/**
 * Encodes fields into field blocks (RFC 7541 §6). Knows nothing of frames or of what fields mean, but which of them are
 * worth a place in the table, and which are secrets.
 *
 * - A field that stands in a table is its index; else a literal, its name by index if a table has it, strings in the Huffman
 *   code where that is shorter.
 * - Secrets are literals that no table keeps, never indexed by who forwards them either (§7.1): `authorization`,
 *   `proxy-authorization`, cookies that are short enough to be guessed, and what the caller says.
 * - What hardly ever comes again (`:path`, `content-length`, validators …) and what would empty most of the table is not
 *   inserted.
 */
import {
  HPACK_FIELD_OVERHEAD_OCTETS,
  HPACK_ID_MASK,
  HPACK_NEVER_INDEXED,
  HPACK_SECRET_COOKIE_OCTETS,
  HPACK_TABLE_OCTETS_CEILING,
  HPACK_TABLE_OCTETS_DEFAULT,
} from '../abi';
import { allocate, isLive, release } from '../memory';
import { areSame } from '../octets';
import {
  DynamicTable,
  beginTable,
  entryLink,
  entryNameLength,
  entryOctets,
  entryValueLength,
  freeTable,
  hasEntry,
  insert,
  resizeTable,
  wouldFit,
} from './dynamic-table';
import { ENCODE_OVER_OCTETS, encodeHuffman } from './huffman';
import { INTEGER_OCTETS_MAX, writeInteger } from './integer';
import { STATIC_ENTRIES, STATIC_OCTETS, STATIC_TABLE } from './static-table';

/**
 * Octets that a field may need in a block beside those of its name and value: two size updates, its kind with an index, two
 * lengths, and what is written behind the end of the last string.
 */
export const ENCODED_OVERHEAD_OCTETS: usize = 5 * INTEGER_OCTETS_MAX + ENCODE_OVER_OCTETS;

// ── kinds of literals: the octet they begin with, and all bits of its prefix ──
const INDEXED: u32 = 0x80;
const INSERTED: u32 = 0x40;
const SIZE_UPDATE: u32 = 0x20;
const NEVER_INDEXED: u32 = 0x10;
const NOT_INSERTED: u32 = 0x00;

// ── static indexes of names that are not inserted ──
const PATH: u32 = 4;
const AGE: u32 = 21;
const AUTHORIZATION: u32 = 23;
const CONTENT_LENGTH: u32 = 28;
const CONTENT_RANGE: u32 = 30;
const COOKIE: u32 = 32;
const ETAG: u32 = 34;
const IF_MATCH: u32 = 39;
const IF_UNMODIFIED_SINCE: u32 = 43;
const LOCATION: u32 = 46;
const PROXY_AUTHORIZATION: u32 = 49;
const RANGE: u32 = 50;
const SET_COOKIE: u32 = 55;

/** Ids of dynamic entries (HPACK_ID_MASK): that of number 0, and the last number that has one. */
const FIRST_DYNAMIC_ID: u32 = STATIC_ENTRIES + 1;
const LAST_NUMBER: u32 = HPACK_ID_MASK - FIRST_DYNAMIC_ID;

/**
 * Lists of dynamic entries by a hash: a u32 each, the number of the newest and 1, or 0. There are so many by the hash of the
 * name, and behind them as many by that of name and value. An entry's link says how far before it the next one of each list
 * was inserted, or 0: | u16 by name and value | u16 by name |.
 */
const LISTS: u32 = 128;
const BY_NAME: u32 = 0;
const BY_BOTH: u32 = 16;
const DISTANCE: u32 = 0xffff;
/** Most entries of a list that are looked at. */
const CANDIDATES_MAX: u32 = 128;
/** The last static index with a value. */
const LAST_WITH_VALUE: u32 = 16;
/** By the hash of a name, and from there on until 0: the first static index with that name, an octet each. */
const STATIC_SLOTS: u32 = 128;
const staticSlots: usize = memory.data(<i32>STATIC_SLOTS, 16);

@unmanaged
class Encoder {
  /** Octets of table we are ready to use. */
  tableMax: u32;
  /** The least size of the table since the last block, and whether the peer is to be told of a change. */
  least: u32;
  isDue: u32;
  /** Which entry of the tables the last field is: its id (HPACK_ID_MASK), or 0. */
  entry: u32;
  table: DynamicTable;
}

const TABLE_OFFSET: usize = (offsetof<Encoder>('table') + 7) & ~7;
const LISTS_OFFSET: usize = TABLE_OFFSET + offsetof<DynamicTable>();
const ENCODER_OCTETS: usize = LISTS_OFFSET + LISTS * 4 * 2;

function encoderOf(encoder: usize): Encoder {
  assert(isLive(encoder), 'encoderOf: no encoder');
  return changetype<Encoder>(encoder);
}

function tableOf(e: Encoder): DynamicTable {
  return changetype<DynamicTable>(changetype<usize>(e) + TABLE_OFFSET);
}

/**
 * An encoder that uses at most `tableOctetsMax` octets of dynamic table, at most HPACK_TABLE_OCTETS_CEILING; and, until
 * `encoderAllow` says that the peer allows more, HPACK_TABLE_OCTETS_DEFAULT. 0 without memory.
 */
export function encoderNew(tableOctetsMax: u32): usize {
  assert(tableOctetsMax <= <u32>HPACK_TABLE_OCTETS_CEILING, 'encoderNew: beyond the ceiling');
  fillStaticSlots();
  const at = allocate(ENCODER_OCTETS);
  if (!at) return 0;
  memory.fill(at, 0, ENCODER_OCTETS);
  const e = changetype<Encoder>(at);
  // All the memory that it will ever need, so that `encoderAllow` needs none.
  if (!beginTable(tableOf(e), max(tableOctetsMax, HPACK_TABLE_OCTETS_DEFAULT))) {
    release(at);
    return 0;
  }
  e.tableMax = tableOctetsMax;
  resizeTable(tableOf(e), HPACK_TABLE_OCTETS_DEFAULT);
  encoderAllow(at, HPACK_TABLE_OCTETS_DEFAULT);
  return at;
}

/** Gives the encoder's memory back; the handle is dead. */
export function encoderFree(encoder: usize): void {
  freeTable(tableOf(encoderOf(encoder)));
  release(encoder);
}

/**
 * The peer's SETTINGS_HEADER_TABLE_SIZE, whatever it is. If the table changes its size, the next block begins with the
 * updates that say so: to the least size in between, and to the present one (RFC 7541 §4.2).
 */
export function encoderAllow(encoder: usize, octets: u32): void {
  const e = encoderOf(encoder);
  const t = tableOf(e);
  const size = min(octets, e.tableMax);
  if (size == t.sizeMax) return;
  e.least = e.isDue ? min(e.least, size) : size;
  e.isDue = 1;
  resizeTable(t, size);
}

/** Tells the peer of the table's new size. */
function writeUpdates(e: Encoder, out: usize): usize {
  const size = tableOf(e).sizeMax;
  e.isDue = 0;
  if (e.least < size) out = writeInteger(out, SIZE_UPDATE, 0x1f, e.least);
  return writeInteger(out, SIZE_UPDATE, 0x1f, size);
}

/**
 * Encodes one field to `out`, where ENCODED_OVERHEAD_OCTETS and the octets of name and value have room. Where it ends.
 * Fields of a block are encoded in its order, blocks in the order in which they are sent. The name, [name, nameEnd), is in
 * lower case; `flags`: 0, or HPACK_NEVER_INDEXED for a secret. Up to 16 octets behind name and value may be read.
 */
export function encodeField(
  encoder: usize,
  name: usize,
  nameEnd: usize,
  value: usize,
  valueEnd: usize,
  flags: u32,
  out: usize,
): usize {
  const e = encoderOf(encoder);
  const t = tableOf(e);
  if (e.isDue) out = writeUpdates(e, out);
  const nameLength = <u32>(nameEnd - name);
  const valueLength = <u32>(valueEnd - value);
  const hash = hashOf(name, nameLength);
  let index = staticIndexOf(hash, name, nameLength);
  let kind = flags & HPACK_NEVER_INDEXED ? NEVER_INDEXED : kindOf(t, index, nameLength + valueLength, valueLength);
  if (index - 1 < LAST_WITH_VALUE && kind != NEVER_INDEXED) {
    const both = staticMatchOf(index, name, nameLength, value, valueLength);
    if (both) {
      e.entry = both;
      return writeInteger(out, INDEXED, 0x7f, both);
    }
  }
  const byName = changetype<usize>(e) + LISTS_OFFSET + ((hash % LISTS) << 2);
  const byBoth = changetype<usize>(e) + LISTS_OFFSET + ((LISTS + ((hash + hashOf(value, valueLength)) % LISTS)) << 2);
  if (kind == INSERTED) {
    const both = dynamicIndexOf(t, byBoth, BY_BOTH, name, nameLength, value, valueLength);
    if (both) {
      e.entry = idOf(STATIC_ENTRIES + t.inserted - both);
      return writeInteger(out, INDEXED, 0x7f, both);
    }
  }
  if (!index) index = dynamicIndexOf(t, byName, BY_NAME, name, nameLength, value, valueLength);
  out = writeInteger(out, kind, kind == INSERTED ? 0x3f : 0x0f, index);
  if (!index) out = writeString(name, nameEnd, out);
  e.entry = 0;
  if (kind == INSERTED) {
    e.entry = idOf(t.inserted);
    const link = (distanceTo(t, byBoth) << BY_BOTH) | (distanceTo(t, byName) << BY_NAME);
    insert(t, name, nameLength, value, valueLength, link);
    store<u32>(byBoth, t.inserted);
    store<u32>(byName, t.inserted);
  }
  return writeString(value, valueEnd, out);
}

/** The id of dynamic entry `n`; 0 where there are no more ids. */
function idOf(n: u32): u32 {
  return n <= LAST_NUMBER ? FIRST_DYNAMIC_ID + n : 0;
}

/** The entry that the field is which was encoded last: its id, or 0. */
export function encodedEntry(encoder: usize): u32 {
  return encoderOf(encoder).entry;
}

/**
 * Whether the dynamic entries with the ids from `oldest` to `newest` are there, and will be when others of so many octets, as
 * RFC 7541 §4.1 counts, have been inserted.
 */
export function keepsEntries(encoder: usize, oldest: u32, newest: u32, octets: u32): bool {
  const t = tableOf(encoderOf(encoder));
  const first = oldest - FIRST_DYNAMIC_ID;
  if (!hasEntry(t, first) || !hasEntry(t, newest - FIRST_DYNAMIC_ID)) return false;
  let free = t.sizeMax - t.size;
  for (let n = t.inserted - t.count; free < octets && n != first; n++) {
    free += entryNameLength(t, n) + entryValueLength(t, n) + HPACK_FIELD_OVERHEAD_OCTETS;
  }
  return free >= octets;
}

/** Encodes a field that is an entry of a table, given by its id, as `encodeField` does. */
export function encodeEntry(encoder: usize, id: u32, out: usize): usize {
  const e = encoderOf(encoder);
  if (e.isDue) out = writeUpdates(e, out);
  const index = id <= STATIC_ENTRIES ? id : STATIC_ENTRIES + tableOf(e).inserted - (id - FIRST_DYNAMIC_ID);
  return writeInteger(out, INDEXED, 0x7f, index);
}

/** The index of the newest entry with that name, and, in a list BY_BOTH, with that value; 0 if none is found. */
function dynamicIndexOf(
  t: DynamicTable,
  list: usize,
  kind: u32,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): u32 {
  let n = load<u32>(list) - 1;
  // Where an entry is not there any more, all that follow are older.
  for (let left = CANDIDATES_MAX; left && hasEntry(t, n); left--) {
    const octets = entryOctets(t, n);
    if (
      entryNameLength(t, n) == nameLength &&
      (kind == BY_NAME ||
        (entryValueLength(t, n) == valueLength && areSame(octets + nameLength, value, valueLength))) &&
      areSame(octets, name, nameLength)
    ) {
      return STATIC_ENTRIES + t.inserted - n;
    }
    const distance = (entryLink(t, n) >>> kind) & DISTANCE;
    if (!distance) break;
    n -= distance;
  }
  return 0;
}

/** How far before the next entry to be inserted the newest one of a list is; 0 if that is farther than a link can say. */
function distanceTo(t: DynamicTable, list: usize): u32 {
  const distance = t.inserted + 1 - load<u32>(list);
  return distance > DISTANCE ? 0 : distance;
}

/** How a field is sent that is in no table. `index`: static index of its name, or 0. */
function kindOf(t: DynamicTable, index: u32, length: u32, valueLength: u32): u32 {
  switch (index) {
    case AUTHORIZATION:
    case PROXY_AUTHORIZATION:
      return NEVER_INDEXED;
    case COOKIE:
      if (valueLength < <u32>HPACK_SECRET_COOKIE_OCTETS) return NEVER_INDEXED;
      break;
    case PATH:
    case AGE:
    case CONTENT_LENGTH:
    case CONTENT_RANGE:
    case ETAG:
    case LOCATION:
    case RANGE:
    case SET_COOKIE:
      return NOT_INSERTED;
    default:
      if (index >= IF_MATCH && index <= IF_UNMODIFIED_SINCE) return NOT_INSERTED;
  }
  return wouldFit(t, length + length / 3) ? INSERTED : NOT_INSERTED;
}

/** Writes a string, in the Huffman code if that is shorter. Where it ends. */
function writeString(p: usize, end: usize, out: usize): usize {
  const length = <u32>(end - p);
  // Where its length may take more than one octet, the code is moved up to that.
  const coded = out + (length < 0x7f ? 1 : INTEGER_OCTETS_MAX);
  const codedEnd = encodeHuffman(p, end, coded, length);
  if (codedEnd) {
    const octets = <u32>(codedEnd - coded);
    out = writeInteger(out, 0x80, 0x7f, octets);
    if (out < coded) memory.copy(out, coded, octets);
    return out + octets;
  }
  out = writeInteger(out, 0, 0x7f, length);
  memory.copy(out, p, length);
  return out + length;
}

// ── names ──

/** Of the length, and of the first and the last eight octets. */
function hashOf(p: usize, length: u32): u32 {
  let first: u64 = 0;
  let last: u64 = length;
  if (length >= 8) {
    first = load<u64>(p, 0, 1);
    last += load<u64>(p + length - 8, 0, 1);
  } else if (length >= 4) {
    first = load<u32>(p, 0, 1);
    last += (<u64>load<u32>(p + length - 4, 0, 1)) << 32;
  } else {
    for (let end = p + length; p < end; p++) first = (first << 8) | load<u8>(p);
  }
  first *= 0x9e3779b97f4a7c15;
  return <u32>(((first ^ (first >>> 32) ^ last) * 0x9e3779b97f4a7c15) >>> 32);
}

function staticNameLength(index: u32): u32 {
  return (load<u32>(STATIC_TABLE + (index << 2)) >>> 16) & 0xff;
}

function staticName(index: u32): usize {
  return STATIC_OCTETS + (load<u32>(STATIC_TABLE + (index << 2)) & 0xffff);
}

/** The first static index whose entry has that name; 0 if there is none. */
function staticIndexOf(hash: u32, name: usize, length: u32): u32 {
  let slot = hash % STATIC_SLOTS;
  // There are more slots than names: one is empty.
  for (let index = <u32>load<u8>(staticSlots + slot); index; index = <u32>load<u8>(staticSlots + slot)) {
    if (staticNameLength(index) == length && areSame(staticName(index), name, length)) return index;
    slot = (slot + 1) % STATIC_SLOTS;
  }
  return 0;
}

/** The static index of that name and value, given the first one of that name; 0 if there is none. */
function staticMatchOf(index: u32, name: usize, nameLength: u32, value: usize, valueLength: u32): u32 {
  do {
    const length = load<u32>(STATIC_TABLE + (index << 2)) >>> 24;
    if (length == valueLength && length && areSame(staticName(index) + nameLength, value, length)) return index;
    index++;
    // Entries of one name stand together.
  } while (
    index <= STATIC_ENTRIES &&
    staticNameLength(index) == nameLength &&
    areSame(staticName(index), name, nameLength)
  );
  return 0;
}

function fillStaticSlots(): void {
  for (let index: u32 = 1; index <= STATIC_ENTRIES; index++) {
    const hash = hashOf(staticName(index), staticNameLength(index));
    if (staticIndexOf(hash, staticName(index), staticNameLength(index))) continue;
    let slot = hash % STATIC_SLOTS;
    while (load<u8>(staticSlots + slot)) slot = (slot + 1) % STATIC_SLOTS;
    store<u8>(staticSlots + slot, index);
  }
}
