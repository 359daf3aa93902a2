/**
 * Field sections of responses (RFC 9113 §8.2, §8.3): what a decoded one may hold, what it says, and the table in which the
 * host reads it (layout in abi.ts). Nothing is repaired: a section that breaks a rule is refused whole.
 */
import {
  FIELD_CONNECTION,
  FIELD_CONTENT_ENCODING,
  FIELD_CONTENT_LENGTH,
  FIELD_KEEP_ALIVE,
  FIELD_LOCATION,
  FIELD_OCTETS,
  FIELD_OTHER,
  FIELD_SET_COOKIE,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FIELD_WWW_AUTHENTICATE,
  FLAG_CONTENT_ENCODING,
  FLAG_CONTENT_LENGTH,
  FLAG_LOCATION,
  FLAG_SET_COOKIE,
  FLAG_WWW_AUTHENTICATE,
  HPACK_ENTRY_ID,
  HPACK_ENTRY_NAME,
  HPACK_ENTRY_NAME_LENGTH,
  HPACK_ENTRY_OCTETS,
  HPACK_ENTRY_VALUE,
  HPACK_ENTRY_VALUE_LENGTH,
  HPACK_ID_MASK,
  NONE,
  RULE_FIELD_VALUE,
  RULE_H2_CONNECTION_FIELD,
  RULE_H2_NAME,
  RULE_H2_PSEUDO,
  RULE_H2_STATUS,
  RULE_H2_VALUE_BLANKS,
  TABLE_ID_OCTETS,
} from '../abi';
import { fault, placeFault } from '../event';
import { contentLength, contentLengthDigits, idOf, readContentLength, writeEntry } from '../fields';
import { Section } from '../hpack/section';
import { LINK_OCTETS, lend } from '../lent';
import { allocate } from '../memory';
import { controlMask, isBlank, isToken, lower2, lower8, notTokenMask } from '../octets';
import { ANY_LENGTH, Connection, SAME_FIELDS_MAX, sameIdOf } from './stream';

/** Longest name that the table can describe. */
const NAME_OCTETS_MAX: u32 = 65535;
/** ":status", as a little-endian number. */
const STATUS_NAME: u64 = 0x7375746174733a;
const COLON: u32 = 0x3a;
/** As FIELD_*, for HTTP/2 alone: names that steer a connection and have no id. */
const PROXY_CONNECTION: u32 = 254;
export const TE: u32 = 255;

// What the section read last says.
let statusRead: u32 = 0;
let flagsRead: u32 = 0;
let lengthRead: u64 = ANY_LENGTH;

export function statusOfHead(): u32 {
  return statusRead;
}

/** FLAG_* bits. */
export function flagsOfHead(): u32 {
  return flagsRead;
}

/** Content-Length, or ANY_LENGTH. */
export function lengthOfHead(): u64 {
  return lengthRead;
}

/** Reads a response head. False with a fault, whose place counts from the section's first octet. */
export function readHead(s: Section): bool {
  statusRead = 0;
  flagsRead = 0;
  lengthRead = ANY_LENGTH;
  if (s.count == 0 || !isStatusName(s)) return fault(RULE_H2_PSEUDO, 0, NONE, NONE);
  if (!readStatus(s)) return false;
  let digits: u32 = 0;
  for (let i: u32 = 1; i < s.count; i++) {
    const entry = s.entries + i * HPACK_ENTRY_OCTETS;
    const id = readField(s, entry);
    if (id == NONE) return false;
    switch (id) {
      case FIELD_CONTENT_LENGTH: {
        const value = s.octets + load<u32>(entry, HPACK_ENTRY_VALUE);
        const end = value + load<u32>(entry, HPACK_ENTRY_VALUE_LENGTH);
        if (!readContentLength(value, end, digits, lengthRead)) return placeFault(s.octets);
        digits = contentLengthDigits();
        lengthRead = contentLength();
        flagsRead |= FLAG_CONTENT_LENGTH;
        break;
      }
      case FIELD_CONTENT_ENCODING:
        flagsRead |= FLAG_CONTENT_ENCODING;
        break;
      case FIELD_SET_COOKIE:
        flagsRead |= FLAG_SET_COOKIE;
        break;
      case FIELD_LOCATION:
        flagsRead |= FLAG_LOCATION;
        break;
      case FIELD_WWW_AUTHENTICATE:
        flagsRead |= FLAG_WWW_AUTHENTICATE;
        break;
    }
    noteId(entry, id);
  }
  return true;
}

/** Reads trailers, of which none has a say in framing. False with a fault, as `readHead`. */
export function readTrailers(s: Section): bool {
  for (let i: u32 = 0; i < s.count; i++) {
    const entry = s.entries + i * HPACK_ENTRY_OCTETS;
    const id = readField(s, entry);
    if (id == NONE) return false;
    noteId(entry, id);
  }
  return true;
}

/** Notes a field's FIELD_* id, in the octet of its name's offset that is always 0 (HEAD_OCTETS_CEILING). */
function noteId(entry: usize, id: u32): void {
  store<u8>(entry, id, HPACK_ENTRY_NAME + 3);
}

function isStatusName(s: Section): bool {
  // SAFE: names and values have slack behind them.
  return load<u32>(s.entries, HPACK_ENTRY_NAME_LENGTH) == 7 && (load<u64>(s.octets, 0, 1) << 8) >> 8 == STATUS_NAME;
}

/** Three digits, the first of them not 0 (§8.3.2). */
function readStatus(s: Section): bool {
  const at = load<u32>(s.entries, HPACK_ENTRY_VALUE);
  const value = s.octets + at;
  const length = load<u32>(s.entries, HPACK_ENTRY_VALUE_LENGTH);
  // SAFE: names and values have slack behind them.
  const first = <u32>load<u8>(value) - 0x30;
  const second = <u32>load<u8>(value, 1) - 0x30;
  const third = <u32>load<u8>(value, 2) - 0x30;
  if (length != 3 || first - 1 > 8 || second > 9 || third > 9) return fault(RULE_H2_STATUS, at, NONE, NONE);
  statusRead = first * 100 + second * 10 + third;
  return true;
}

/** Checks the field at `entry`, which must not be a pseudo-header field, and answers its FIELD_* id; NONE with a fault. */
function readField(s: Section, entry: usize): u32 {
  const at = load<u32>(entry, HPACK_ENTRY_NAME);
  const length = load<u32>(entry, HPACK_ENTRY_NAME_LENGTH);
  const value = load<u32>(entry, HPACK_ENTRY_VALUE);
  const valueLength = load<u32>(entry, HPACK_ENTRY_VALUE_LENGTH);
  const name = s.octets + at;
  const first = <u32>load<u8>(name); // SAFE: slack is behind an empty name
  if (length && first == COLON) return refused(RULE_H2_PSEUDO, at, NONE);
  if (length == 0 || length > NAME_OCTETS_MAX) return refused(RULE_H2_NAME, at, NONE);
  const wrong = wrongInName(name, length);
  if (wrong < length) return refused(RULE_H2_NAME, at + wrong, load<u8>(name + wrong));
  if (!checkValue(s.octets + value, value, valueLength)) return NONE;
  const id = idOfField(name, length);
  switch (id) {
    case FIELD_CONNECTION:
    case FIELD_KEEP_ALIVE:
    case FIELD_TRANSFER_ENCODING:
    case FIELD_UPGRADE:
    case PROXY_CONNECTION:
      return refused(RULE_H2_CONNECTION_FIELD, at, NONE);
    case TE:
      if (!isTrailers(s.octets + value, valueLength)) return refused(RULE_H2_CONNECTION_FIELD, at, NONE);
      return FIELD_OTHER;
  }
  return id;
}

function refused(rule: u32, at: u32, octet: u32): u32 {
  fault(rule, at, octet, NONE);
  return NONE;
}

/** FIELD_* id of a name, PROXY_CONNECTION, or TE. */
export function idOfField(name: usize, length: u32): u32 {
  // SAFE: each comparison reads within `length` octets.
  if (length == 2 && lower2(name) == 0x6574) return TE;
  if (length == 16 && lower8(name) == 0x6f632d79786f7270 && lower8(name + 8) == 0x6e6f697463656e6e)
    return PROXY_CONNECTION;
  return idOf(name, length);
}

/** Whether a field of that id is about the connection (§8.2.2), so that no request may have it. */
export function isOfConnection(id: u32): bool {
  switch (id) {
    case FIELD_CONNECTION:
    case FIELD_KEEP_ALIVE:
    case FIELD_TRANSFER_ENCODING:
    case FIELD_UPGRADE:
    case PROXY_CONNECTION:
      return true;
  }
  return false;
}

function isTrailers(value: usize, length: u32): bool {
  return length == 8 && lower8(value) == 0x7372656c69617274;
}

/** How many octets of a name are tchar and no upper-case letter (§8.2.1), before the first that is not. */
function wrongInName(name: usize, length: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    // SAFE: slack is behind the last name; what is read beyond this one is masked out.
    for (let i: u32 = 0; i < length; i += 16) {
      let mask = notTokenMask(name + i) | upperMask(name + i);
      if (length - i < 16) mask &= (1 << (length - i)) - 1;
      if (mask) return i + ctz(mask);
    }
    return length;
  }
  for (let i: u32 = 0; i < length; i++) {
    const octet = <u32>load<u8>(name + i);
    if (!isToken(octet) || octet - 0x41 < 26) return i;
  }
  return length;
}

function upperMask(p: usize): i32 {
  const octets = v128.load(p, 0, 1); // SAFE: 16 octets, the caller's promise
  return i8x16.bitmask(i8x16.lt_u(i8x16.sub(octets, i8x16.splat(0x41)), i8x16.splat(26)));
}

/** No control octets but HTAB (RFC 9110 §5.5), no blanks around it (§8.2.1). `at`: its place, for the fault. */
function checkValue(value: usize, at: u32, length: u32): bool {
  if (length == 0) return true;
  const first = <u32>load<u8>(value);
  if (isBlank(first)) return fault(RULE_H2_VALUE_BLANKS, at, first, NONE);
  const last = <u32>load<u8>(value + length - 1);
  if (isBlank(last)) return fault(RULE_H2_VALUE_BLANKS, at + length - 1, last, NONE);
  if (ASC_FEATURE_SIMD) {
    // SAFE: slack is behind the last value; what is read beyond this one is masked out.
    for (let i: u32 = 0; i < length; i += 16) {
      let mask = controlMask(value + i);
      if (length - i < 16) mask &= (1 << (length - i)) - 1;
      for (; mask; mask &= mask - 1) {
        const octet = <u32>load<u8>(value + i + ctz(mask));
        if (octet != 0x09) return fault(RULE_FIELD_VALUE, at + i + ctz(mask), octet, NONE);
      }
    }
    return true;
  }
  for (let i: u32 = 0; i < length; i++) {
    const octet = <u32>load<u8>(value + i);
    if ((octet < 0x20 && octet != 0x09) || octet == 0x7f) return fault(RULE_FIELD_VALUE, at + i, octet, NONE);
  }
  return true;
}

/**
 * Makes the table of the section's fields from number `from` on, behind it its octets and the ids of HPACK's entries, in a block
 * lent to the host. 0 without memory. The fields were read.
 */
export function lendTable(s: Section, from: u32): usize {
  const tableOctets: usize = (s.count - from) * FIELD_OCTETS;
  const octets = s.next - s.octets;
  const block = allocate(LINK_OCTETS + octetsOfTable(s, from));
  if (!block) return 0;
  const table = block + LINK_OCTETS;
  let at = table;
  let idAt = table + tableOctets + octets;
  let entry = s.entries + from * HPACK_ENTRY_OCTETS;
  for (const end = s.entries + s.count * HPACK_ENTRY_OCTETS; entry < end; entry += HPACK_ENTRY_OCTETS) {
    // The FIELD_* id stands in the name's offset already.
    const nameLength = load<u32>(entry, HPACK_ENTRY_NAME_LENGTH);
    const valueLength = load<u32>(entry, HPACK_ENTRY_VALUE_LENGTH);
    writeEntry(at, 0, load<u32>(entry, HPACK_ENTRY_NAME), nameLength, load<u32>(entry, HPACK_ENTRY_VALUE), valueLength);
    const id = load<u32>(entry, HPACK_ENTRY_ID);
    store<u32>(idAt, id > <u32>HPACK_ID_MASK ? 0 : id, 0, 1);
    at += FIELD_OCTETS;
    idAt += TABLE_ID_OCTETS;
  }
  memory.copy(table + tableOctets, s.octets, octets);
  lend(block);
  return table;
}

/** Octets of what `lendTable` made. */
export function octetsOfTable(s: Section, from: u32): u32 {
  return (s.count - from) * (FIELD_OCTETS + TABLE_ID_OCTETS) + <u32>(s.next - s.octets);
}

// ── heads that come again: their fields all stand in tables, as those of the head before ──

/** Whether the section is that of the head told last; then what that said is what this says. */
export function isSameHead(c: Connection, s: Section): bool {
  if (s.count == 0 || s.count != c.sameCount) return false;
  for (let i: u32 = 0; i < s.count; i++) {
    if (load<u32>(s.entries + i * HPACK_ENTRY_OCTETS, HPACK_ENTRY_ID) != load<u32>(sameIdOf(c, i))) return false;
  }
  statusRead = c.sameStatus;
  flagsRead = c.sameFlags;
  lengthRead = c.sameLength;
  return true;
}

/** Forgets the head told last. */
export function forgetHead(c: Connection): void {
  c.sameCount = 0;
}

/** Notes the ids of a section before it is read. Either `keepHead` or `forgetHead` must follow. */
export function noteHead(c: Connection, s: Section): void {
  c.sameCount = 0;
  if (s.count > SAME_FIELDS_MAX) return;
  for (let i: u32 = 0; i < s.count; i++) {
    const id = load<u32>(s.entries + i * HPACK_ENTRY_OCTETS, HPACK_ENTRY_ID);
    // No id, or an id of the name alone.
    if (id == 0 || id & ~HPACK_ID_MASK) return;
    store<u32>(sameIdOf(c, i), id);
  }
  c.sameCount = s.count;
}

/** The section was told as a head: what it says, for `isSameHead`. */
export function keepHead(c: Connection): void {
  c.sameStatus = statusRead;
  c.sameFlags = flagsRead;
  c.sameLength = lengthRead;
}
