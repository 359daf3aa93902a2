/**
 * Decodes field blocks into field sections (RFC 7541 §3, §6). Knows nothing of frames or of what fields mean.
 *
 * A block is decoded whole. Names and values are copied into the section, so that they outlive what the block evicts. Limits
 * on the list are met before memory is taken: from the field on that goes beyond one, a block is read only for what it does
 * to the table, and a string that neither list nor table could hold is not even decoded.
 */
import {
  HPACK_ID_MASK,
  HPACK_NAME_ONLY,
  HPACK_NEVER_INDEXED,
  HPACK_STATIC_ENTRIES,
  HPACK_TABLE_OCTETS_CEILING,
  NONE,
  RULE_HPACK_HUFFMAN,
  RULE_HPACK_INDEX,
  RULE_HPACK_INTEGER,
  RULE_HPACK_LIST_OCTETS,
  RULE_HPACK_TABLE_SIZE,
  RULE_HPACK_TABLE_UPDATE,
  RULE_HPACK_TABLE_UPDATE_MISSING,
  RULE_HPACK_TRUNCATED,
  RULE_MEMORY,
} from '../abi';
import { allocate, isLive, release } from '../memory';
import { copyOver } from '../octets';
import {
  DynamicTable,
  beginTable,
  emptyTable,
  entryNameLength,
  entryOctets,
  entryValueLength,
  freeTable,
  hasEntry,
  insert,
  reserveTable,
  resizeTable,
  wouldFit,
} from './dynamic-table';
import { HUFFMAN_BROKEN, HUFFMAN_FULL, decodeHuffman, makeHuffmanTables } from './huffman';
import { CODE_BITS_MAX, CODE_BITS_MIN } from './huffman-table';
import { NO_INTEGER, readInteger } from './integer';
import { Section, addField, admits, clearSection, octetsLeft, reserve } from './section';
import { STATIC_ENTRIES, STATIC_OCTETS, STATIC_TABLE } from './static-table';

/** Table size updates at the start of a block: to the least size since the last block, then to the present one (§4.2). */
const UPDATES_MAX: u32 = 2;

@unmanaged
class Decoder {
  /** Octets that a table size update may ask for. */
  allowed: u32;
  /** NONE, or the least that was allowed since the last block and is less than the table may have: an update is due. */
  due: u32;
  /** 0, or the rule that was broken: the table is not what the peer takes it for, and nothing more can be decoded. */
  rule: u32;
  table: DynamicTable;
}

const TABLE_OFFSET: usize = (offsetof<Decoder>('table') + 7) & ~7;
const DECODER_OCTETS: usize = TABLE_OFFSET + offsetof<DynamicTable>();

// The entry that `find` found last: its octets, name and value close together, and its id.
let found: usize = 0;
let foundNameLength: u32 = 0;
let foundValueLength: u32 = 0;
let foundId: u32 = 0;
// The string that `readString` read last is too long for list and table, and was passed over.
let passedOver = false;

function tableOf(d: Decoder): DynamicTable {
  return changetype<DynamicTable>(changetype<usize>(d) + TABLE_OFFSET);
}

function decoderOf(decoder: usize): Decoder {
  assert(isLive(decoder), 'decoderOf: no decoder');
  return changetype<Decoder>(decoder);
}

/**
 * A decoder whose peer may use `tableOctetsMax` octets of dynamic table now: HPACK_TABLE_OCTETS_DEFAULT at the beginning of
 * an HTTP/2 connection, whatever SETTINGS are under way; at most HPACK_TABLE_OCTETS_CEILING. 0 without memory.
 */
export function decoderNew(tableOctetsMax: u32): usize {
  assert(tableOctetsMax <= <u32>HPACK_TABLE_OCTETS_CEILING, 'decoderNew: beyond the ceiling');
  makeHuffmanTables();
  const at = allocate(DECODER_OCTETS);
  if (!at) return 0;
  const d = changetype<Decoder>(at);
  if (!beginTable(tableOf(d), tableOctetsMax)) {
    release(at);
    return 0;
  }
  d.allowed = tableOctetsMax;
  d.due = NONE;
  d.rule = 0;
  return at;
}

/** Gives the decoder's memory back; the handle is dead. */
export function decoderFree(decoder: usize): void {
  freeTable(tableOf(decoderOf(decoder)));
  release(decoder);
}

/**
 * The peer acknowledged SETTINGS with this SETTINGS_HEADER_TABLE_SIZE, at most HPACK_TABLE_OCTETS_CEILING. If it is less
 * than the table may have now, the next block must begin with an update (RFC 7541 §4.2).
 */
export function decoderAllow(decoder: usize, octets: u32): void {
  assert(octets <= <u32>HPACK_TABLE_OCTETS_CEILING, 'decoderAllow: beyond the ceiling');
  const d = decoderOf(decoder);
  d.allowed = octets;
  if (octets < tableOf(d).sizeMax && octets < d.due) d.due = octets;
}

/**
 * Decodes the field block [from, to) into `section`, whose former fields are forgotten.
 *
 * - 0: the section has all fields, in order.
 * - RULE_HPACK_LIST_OCTETS, RULE_HPACK_FIELD_COUNT: the list is beyond that limit. The section has the fields before; they
 *   must not be taken for the message. The block was read to its end and the decoder is right: refuse the message (a stream
 *   error), go on with the next block.
 * - Any other rule: the decoder is wrong from here on and repeats the rule. The connection must be given up, with
 *   COMPRESSION_ERROR (RFC 9113 §4.3), or, for RULE_MEMORY, INTERNAL_ERROR.
 *
 * Blocks must be given whole, each one, in the order in which they came: also those of streams nobody listens to any more.
 */
export function decodeBlock(decoder: usize, from: usize, to: usize, section: usize): u32 {
  const d = decoderOf(decoder);
  const s = changetype<Section>(section);
  clearSection(s);
  if (d.rule) return d.rule;
  let p = readUpdates(d, from, to);
  while (p && p < to) {
    const octet = <u32>load<u8>(p); // SAFE: p < to
    p = octet >= 0x80 ? readIndexed(d, s, p, to) : readLiteral(d, s, p, to);
  }
  return p ? s.rule : d.rule;
}

/** Notes a broken rule. 0, which stands for a place where reading could go on. */
function broken(d: Decoder, rule: u32): usize {
  d.rule = rule;
  return 0;
}

/** Dynamic table size updates (§6.3), which stand at the start of a block alone. Where they end; 0: a rule is broken. */
function readUpdates(d: Decoder, p: usize, to: usize): usize {
  const t = tableOf(d);
  for (let updates: u32 = 0; p < to && load<u8>(p) >>> 5 == 1; updates++) {
    if (updates == UPDATES_MAX) return broken(d, RULE_HPACK_TABLE_UPDATE);
    const read = readInteger(p, to, 0x1f);
    if (read == NO_INTEGER) return broken(d, RULE_HPACK_INTEGER);
    const size = <u32>read;
    if (size > d.allowed) return broken(d, RULE_HPACK_TABLE_SIZE);
    if (!reserveTable(t, size)) return broken(d, RULE_MEMORY);
    resizeTable(t, size);
    if (size <= d.due) d.due = NONE;
    p += <usize>(read >>> 32);
  }
  return d.due == NONE || p == to ? p : broken(d, RULE_HPACK_TABLE_UPDATE_MISSING);
}

/** An indexed field (§6.1). Where it ends; 0: a rule is broken. */
function readIndexed(d: Decoder, s: Section, p: usize, to: usize): usize {
  let index = <u32>load<u8>(p) & 0x7f; // SAFE: p < to
  if (index < 0x7f) {
    p++;
  } else {
    const read = readInteger(p, to, 0x7f);
    if (read == NO_INTEGER) return broken(d, RULE_HPACK_INTEGER);
    index = <u32>read;
    p += <usize>(read >>> 32);
  }
  if (!find(d, index)) return broken(d, RULE_HPACK_INDEX);
  const length = foundNameLength + foundValueLength;
  if (!admits(s, length)) return p;
  if (!reserve(s, length)) return broken(d, RULE_MEMORY);
  copyOver(s.next, found, length);
  return addField(s, foundNameLength, foundValueLength, foundId) ? p : broken(d, RULE_MEMORY);
}

/** Looks `index` up in both tables (§2.3.3). @returns false if there is no such entry. */
function find(d: Decoder, index: u32): bool {
  if (index - 1 < STATIC_ENTRIES) {
    const entry = load<u32>(STATIC_TABLE + (index << 2)); // SAFE: 1 <= index <= STATIC_ENTRIES
    found = STATIC_OCTETS + (entry & 0xffff);
    foundNameLength = (entry >>> 16) & 0xff;
    foundValueLength = entry >>> 24;
    foundId = index;
    return true;
  }
  const t = tableOf(d);
  // The newest entry has the first index behind the static table. Index 0, too, becomes a number that no entry has.
  const n = t.inserted + STATIC_ENTRIES - index;
  if (!hasEntry(t, n)) return false;
  found = entryOctets(t, n);
  foundNameLength = entryNameLength(t, n);
  foundValueLength = entryValueLength(t, n);
  foundId = idOf(n);
  return true;
}

/** The id of dynamic entry `n`; 0 when ids have run out. */
function idOf(n: u32): u32 {
  return n < <u32>(HPACK_ID_MASK - HPACK_STATIC_ENTRIES) ? n + HPACK_STATIC_ENTRIES + 1 : 0;
}

/** A literal field (§6.2). Where it ends; 0: a rule is broken. */
function readLiteral(d: Decoder, s: Section, p: usize, to: usize): usize {
  const t = tableOf(d);
  const first = <u32>load<u8>(p); // SAFE: p < to
  const indexed = first >= 0x40;
  if (!indexed && first >= 0x20) return broken(d, RULE_HPACK_TABLE_UPDATE);
  const read = readInteger(p, to, indexed ? 0x3f : 0x0f);
  if (read == NO_INTEGER) return broken(d, RULE_HPACK_INTEGER);
  p += <usize>(read >>> 32);

  // Name and value are written at `next`, one behind the other, and stay there if the field is admitted.
  const start = s.next - s.octets;
  let id: u32 = 0;
  let isPassedOver = false;
  if (<u32>read) {
    if (!find(d, <u32>read)) return broken(d, RULE_HPACK_INDEX);
    if (!reserve(s, foundNameLength)) return broken(d, RULE_MEMORY);
    copyOver(s.next, found, foundNameLength);
    s.next += foundNameLength;
    id = foundId;
  } else {
    p = readString(d, s, p, to);
    if (!p) return 0;
    isPassedOver = passedOver;
  }
  const nameLength = <u32>(s.next - s.octets - start);
  p = readString(d, s, p, to);
  if (!p) return 0;
  isPassedOver = isPassedOver || passedOver;
  const length = <u32>(s.next - s.octets - start);
  s.next = s.octets + start;

  if (isPassedOver) {
    if (indexed) emptyTable(t);
    return p;
  }
  if (id) id |= HPACK_NAME_ONLY;
  if (indexed) {
    if (wouldFit(t, length)) {
      id = idOf(t.inserted);
      insert(t, s.next, nameLength, s.next + nameLength, length - nameLength, 0);
    } else {
      emptyTable(t);
    }
  }
  if (!admits(s, length)) return p;
  if (!indexed && first >= 0x10) id |= HPACK_NEVER_INDEXED;
  return addField(s, nameLength, length - nameLength, id) ? p : broken(d, RULE_MEMORY);
}

/**
 * A string (§5.2), to `next` of the section, which moves on. Where it ends in the block; 0: a rule is broken. One that
 * neither list nor table could hold is passed over, and the list is refused.
 */
function readString(d: Decoder, s: Section, p: usize, to: usize): usize {
  passedOver = false;
  if (p == to) return broken(d, RULE_HPACK_TRUNCATED);
  const isHuffman = load<u8>(p) >= 0x80; // SAFE: p < to
  const read = readInteger(p, to, 0x7f);
  if (read == NO_INTEGER) return broken(d, RULE_HPACK_INTEGER);
  p += <usize>(read >>> 32);
  const length = <u32>read;
  if (length > <u32>(to - p)) return broken(d, RULE_HPACK_TRUNCATED);
  const end = p + length;
  const most = max<u32>(s.rule ? 0 : octetsLeft(s), tableOf(d).sizeMax);
  if (!isHuffman) {
    if (length > most) return passOver(s, end);
    if (!reserve(s, length)) return broken(d, RULE_MEMORY);
    copyOver(s.next, p, length);
    s.next += length;
    return end;
  }
  // Of eight bits less than a whole octet may be padding.
  if (length && (length * 8 - 7) / CODE_BITS_MAX > most) return passOver(s, end);
  const room = min<u32>((length * 8) / CODE_BITS_MIN, most);
  if (!reserve(s, room)) return broken(d, RULE_MEMORY);
  const out = decodeHuffman(p, end, s.next, s.next + room);
  if (out == HUFFMAN_BROKEN) return broken(d, RULE_HPACK_HUFFMAN);
  if (out == HUFFMAN_FULL) return passOver(s, end);
  s.next = out;
  return end;
}

function passOver(s: Section, end: usize): usize {
  passedOver = true;
  s.rule = RULE_HPACK_LIST_OCTETS;
  return end;
}
