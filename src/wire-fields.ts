/**
 * A response's field lines where they lie: one Latin-1 string that holds the core's field table (assembly/abi.ts, "field
 * table") and, behind it, the head's octets. Look-ups walk the table and make no string but the value asked for. Entries
 * are trusted: the core wrote them.
 *
 * Of HTTP/2, the ids of HPACK's entries follow, four octets for each field.
 *
 *   entry:  | u24 name offset | u8 id | u24 value offset | u8 name length, low | u24 value length | u8 name length, high |
 */
import { FIELD_OCTETS, FIELD_OTHER, TABLE_ID_OCTETS } from '../assembly/abi.js';
import type { FieldName } from './fields.js';

const AT_ID = 3;
const AT_VALUE = 4;
const AT_NAME_LENGTH_LOW = 7;
const AT_VALUE_LENGTH = 8;
const AT_NAME_LENGTH_HIGH = 11;
/** 'HTTP/1.1 200 ' */
const STATUS_OCTETS = 13;

function u24(text: string, at: number): number {
  return text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8) | (text.charCodeAt(at + 2) << 16);
}

function nameLengthOf(text: string, at: number): number {
  return text.charCodeAt(at + AT_NAME_LENGTH_LOW) | (text.charCodeAt(at + AT_NAME_LENGTH_HIGH) << 8);
}

/** Octets of the reason phrase that stands in a response's status line. */
export function wireReason(text: string, fields: number): string {
  const start = fields * FIELD_OCTETS;
  return text.slice(start + STATUS_OCTETS, text.indexOf('\r', start));
}

/** Name of the field at `index`, as spelled. */
export function wireName(text: string, fields: number, index: number): string {
  const at = index * FIELD_OCTETS;
  const start = fields * FIELD_OCTETS + u24(text, at);
  return text.slice(start, start + nameLengthOf(text, at));
}

/** Octets of the value at `index`. */
export function wireValue(text: string, fields: number, index: number): string {
  const at = index * FIELD_OCTETS;
  const start = fields * FIELD_OCTETS + u24(text, at + AT_VALUE);
  return text.slice(start, start + u24(text, at + AT_VALUE_LENGTH));
}

/** Id of HPACK's entry that the field at `index` is (abi.ts, HPACK_ID_MASK); 0: of none. Of HTTP/2 alone. */
export function wireTableId(text: string, fields: number, index: number): number {
  const at = text.length - (fields - index) * TABLE_ID_OCTETS;
  return u24(text, at) | (text.charCodeAt(at + 3) << 24);
}

/** Index of the first field of that name at or behind `from`; -1 if there is none. */
export function wireIndexOf(text: string, fields: number, name: FieldName, from: number): number {
  const { id, lower } = name;
  const tableEnd = fields * FIELD_OCTETS;
  for (let at = from * FIELD_OCTETS; at < tableEnd; at += FIELD_OCTETS) {
    if (text.charCodeAt(at + AT_ID) !== id) continue;
    if (id !== FIELD_OTHER || isNamed(text, tableEnd, at, lower)) return at / FIELD_OCTETS;
  }
  return -1;
}

/** True if the entry's name is `lower`, any case. */
function isNamed(text: string, tableEnd: number, at: number, lower: string): boolean {
  if (nameLengthOf(text, at) !== lower.length) return false;
  const start = tableEnd + u24(text, at);
  for (let i = 0; i < lower.length; i++) {
    const unit = text.charCodeAt(start + i);
    const folded = unit >= 0x41 && unit <= 0x5a ? unit | 0x20 : unit;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}
