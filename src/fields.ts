/**
 * Field names and field lines as values (RFC 9110 §5). A field is immutable and may stand in any number of lists; whether
 * it may be sent is found out once, when it is made. Names are interned in a bounded table, so that a name that was seen
 * before costs one look-up.
 */
import * as abi from '../assembly/abi.js';
import { typeNameOf } from './config.js';

/** A field name as it was spelled, and what follows from it. */
export interface FieldName {
  readonly lower: string;
  /** FIELD_* of abi.ts, or FIELD_OTHER. */
  readonly id: number;
  /** Whether it may be sent. */
  readonly isToken: boolean;
}

export const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UPPER = /[A-Z]+/g;
const NON_ASCII = /[\u0080-\uffff]/;
const NON_LATIN1 = /[\u0100-\uffff]/;
/** An octet, or a code unit, that a value must not hold: RFC 9110 §5.5 allows visible octets, space, tab and 0x80-0xFF. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

const NAMES_MAX = 1024;
const NAME_LENGTH_MAX = 128;

const IDS: ReadonlyMap<string, number> = new Map([
  ['content-type', abi.FIELD_CONTENT_TYPE],
  ['content-length', abi.FIELD_CONTENT_LENGTH],
  ['transfer-encoding', abi.FIELD_TRANSFER_ENCODING],
  ['connection', abi.FIELD_CONNECTION],
  ['content-encoding', abi.FIELD_CONTENT_ENCODING],
  ['set-cookie', abi.FIELD_SET_COOKIE],
  ['location', abi.FIELD_LOCATION],
  ['date', abi.FIELD_DATE],
  ['server', abi.FIELD_SERVER],
  ['keep-alive', abi.FIELD_KEEP_ALIVE],
  ['www-authenticate', abi.FIELD_WWW_AUTHENTICATE],
  ['cache-control', abi.FIELD_CACHE_CONTROL],
  ['etag', abi.FIELD_ETAG],
  ['last-modified', abi.FIELD_LAST_MODIFIED],
  ['vary', abi.FIELD_VARY],
  ['upgrade', abi.FIELD_UPGRADE],
  ['link', abi.FIELD_LINK],
]);

const names = new Map<string, FieldName>();

/** What a spelling stands for. */
export function nameOf(spelling: string): FieldName {
  return names.get(spelling) ?? namedAnew(spelling);
}

function namedAnew(given: string): FieldName {
  const spelling = ownText(given);
  const lower = spelling.replace(UPPER, (run) => run.toLowerCase());
  const name: FieldName = { lower, id: IDS.get(lower) ?? abi.FIELD_OTHER, isToken: TOKEN.test(spelling) };
  if (spelling.length <= NAME_LENGTH_MAX) {
    if (names.size >= NAMES_MAX) names.clear();
    names.set(spelling, name);
  }
  return name;
}

/** The same text, as a string of its own: a slice of a response's head would keep all of that head alive. */
export function ownText(text: string): string {
  return ` ${text}`.slice(1);
}

/** Encodings between a value's octets and its text. */
export type HeaderEncoding = 'ascii' | 'utf-8' | 'iso-8859-1';

/** One field line. `octets` is its value as octets, one per code unit. */
export class Field {
  readonly name: string;
  readonly lower: string;
  readonly octets: string;
  /** The value as text where the caller gave text; `null`: it came as octets, and is decoded when read. */
  readonly text: string | null;
  readonly line: string;
  /** Why the line may not be sent; `null`: it may. */
  readonly problem: string | null;

  constructor(name: string, octets: string, text: string | null) {
    const known = nameOf(name);
    this.name = name;
    this.lower = known.lower;
    this.octets = octets;
    this.text = text;
    this.line = `${name}: ${octets}\r\n`;
    this.problem = known.isToken ? problemOfValue(octets) : 'the name is not a token (RFC 9110 §5.1)';
  }

  /** The value as text. */
  value(encoding: HeaderEncoding): string {
    return this.text ?? decoded(this.octets, encoding);
  }
}

function problemOfValue(value: string): string | null {
  const found = NOT_IN_VALUE.exec(value);
  if (found !== null) {
    const unit = value.charCodeAt(found.index);
    const shown = unit > 0xff ? `U+${hexOf(unit, 4)}` : `0x${hexOf(unit, 2)}`;
    const allowed = unit > 0xff ? 'octets (code units up to U+00FF)' : 'no control characters but tab';
    return `the value must hold ${allowed}, got ${shown} at index ${found.index} (RFC 9110 §5.5)`;
  }
  if (value === '' || (!isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1)))) return null;
  return 'the value must not begin or end with white space (RFC 9110 §5.5)';
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

function hexOf(unit: number, digits: number): string {
  return unit.toString(16).toUpperCase().padStart(digits, '0');
}

/**
 * A field of what a caller gave. Text becomes octets by `encoding`; without one as it is (ISO-8859-1).
 * @throws TypeError for names and values that are neither strings nor octets; RangeError for text that `encoding` lacks.
 */
export function fieldOf(name: unknown, value: unknown, encoding: HeaderEncoding | null): Field {
  const spelling = nameTextOf(name);
  if (typeof value === 'string') {
    if (encoding !== null && NON_ASCII.test(value)) {
      return new Field(spelling, encodedText(spelling, value, encoding), value);
    }
    return new Field(spelling, value, value);
  }
  if (value instanceof Uint8Array) return new Field(spelling, textOfOctets(value), null);
  const hint =
    value === null || value === undefined
      ? "; to leave it out, leave its name out, or say 'undefined' in an object"
      : '';
  throw new TypeError(
    `Cannot set header '${spelling}': expected a string or Uint8Array as its value, got ${typeNameOf(value)}${hint}`,
  );
}

/** @throws TypeError for what is neither a string nor octets. */
export function nameTextOf(name: unknown): string {
  if (typeof name === 'string') return name;
  if (name instanceof Uint8Array) return textOfOctets(name);
  throw new TypeError(`Cannot set a header: expected a string or Uint8Array as its name, got ${typeNameOf(name)}`);
}

const OCTETS_PER_CALL = 4096;

/** One code unit for each octet. */
export function textOfOctets(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += OCTETS_PER_CALL) {
    text += String.fromCharCode(...octets.subarray(at, at + OCTETS_PER_CALL));
  }
  return text;
}

/** One octet for each code unit; units beyond U+00FF, which are never sent, become '?'. */
export function octetsOfText(text: string): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    octets[i] = unit > 0xff ? 0x3f : unit;
  }
  return octets;
}

function encodedText(name: string, text: string, encoding: HeaderEncoding): string {
  if (encoding === 'utf-8') return textOfOctets(new TextEncoder().encode(text));
  const [foreign] = (encoding === 'ascii' ? NON_ASCII : NON_LATIN1).exec(text) ?? [];
  if (foreign === undefined) return text;
  const shown = `U+${hexOf(foreign.charCodeAt(0), 4)}`;
  throw new RangeError(`Cannot set header '${name}': expected text that ${encoding} can encode, got ${shown}`);
}

const utf8Strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8Lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** True if no octet is beyond 0x7F. */
export function isAscii(octets: string): boolean {
  return !NON_ASCII.test(octets);
}

/** True if the octets are UTF-8. */
export function isUtf8(octets: string): boolean {
  if (!NON_ASCII.test(octets)) return true;
  try {
    utf8Strict.decode(octetsOfText(octets));
    return true;
  } catch {
    return false;
  }
}

/** Octets as text. 'ascii' leaves what is not ASCII as it is. */
export function decoded(octets: string, encoding: HeaderEncoding): string {
  if (encoding !== 'utf-8' || !NON_ASCII.test(octets)) return octets;
  return utf8Lenient.decode(octetsOfText(octets));
}
