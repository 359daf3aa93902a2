/**
 * Header fields: an ordered multi-map with case-insensitive names (RFC 9110 §5; httpx's Headers).
 *
 * Two representations stand behind the one class. A *list* of immutable fields, shared between instances until one of them
 * writes, together with the text of all its lines. Or the *wire* form of a response (wire-fields.ts), which is read in
 * place and becomes a list when it is written to. Only lists and maps hold names, so `__proto__` is a name like any other.
 */
import { checkFields, INSPECT, own } from './config.js';
import { LocalProtocolError } from './exceptions.js';
import {
  decoded,
  Field,
  fieldOf,
  type HeaderEncoding,
  isAscii,
  isUtf8,
  nameOf,
  nameTextOf,
  octetsOfText,
  ownText,
} from './fields.js';
import type { TableField, TableFields } from './table-fields.js';
import { wireIndexOf, wireName, wireTableId, wireValue } from './wire-fields.js';

export type { HeaderEncoding } from './fields.js';

/** Whatever headers can be made from. Octets are taken as they are; a property that is `undefined` is left out. */
export type HeaderTypes =
  | Headers
  | globalThis.Headers
  | Readonly<Record<string, string | Uint8Array | undefined>>
  | Iterable<readonly [name: string | Uint8Array, value: string | Uint8Array]>
  | null;

/** How headers translate between text and octets. */
export interface HeadersOptions {
  /** Given: octets are decoded, and text is encoded, this way. Else it is found out from the octets. */
  readonly encoding?: HeaderEncoding | null | undefined;
}

/** How a list of field values is taken apart. */
export interface GetListOptions {
  /** Splits each value at its commas. */
  readonly splitCommas?: boolean | null | undefined;
}

const HEADERS_OPTIONS = ['encoding'] as const satisfies readonly (keyof HeadersOptions)[];
const GET_LIST_OPTIONS = ['splitCommas'] as const satisfies readonly (keyof GetListOptions)[];
const NO_FIELDS: readonly Field[] = Object.freeze([]);
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);
const MASK = '[secure]';

/** Ordered multi-map of header fields. Iteration yields every field line, names in lower case. */
export class Headers implements Iterable<[string, string]> {
  #list: readonly Field[] = NO_FIELDS;
  /** False only while `#list` is a mutable array of this instance alone. */
  #shared = true;
  #block: string | null = null;
  /** Wire form: table and head; `null`: the fields are in `#list`. */
  #wire: string | null = null;
  #wireFields = 0;
  /** Of a wire form of HTTP/2: fields whose strings are there. */
  #known: TableFields | null = null;
  #encoding: HeaderEncoding | null = null;
  #detected: HeaderEncoding | null = null;
  /** Grows with every change. @internal */
  revision = 0;

  /** @throws TypeError for names and values that are neither strings nor octets, and for what holds no pairs. */
  constructor(init?: HeaderTypes, options?: HeadersOptions) {
    if (options !== undefined) {
      checkFields(options, HEADERS_OPTIONS, 'make headers');
      this.#encoding = checkedEncoding(own(options, 'encoding') ?? null);
    }
    if (init === undefined || init === null) return;
    if (init instanceof Headers) this.#shareOf(init);
    else {
      this.#list = fieldsOf(init, this.#encoding);
      this.#shared = false;
    }
  }

  /**
   * A response's headers: `text` is the field table of `fields` entries and, behind it, the head; `known`: that has ids of HPACK's
   * entries, of which these are the strings. @internal
   */
  static fromWire(text: string, fields: number, known: TableFields | null = null): Headers {
    const headers = new Headers();
    headers.#wire = text;
    headers.#wireFields = fields;
    headers.#known = known;
    return headers;
  }

  /** Headers over a shared list; `block` is the text of its lines, or `null` if that is still to be made. @internal */
  static fromFields(list: readonly Field[], block: string | null): Headers {
    const headers = new Headers();
    headers.#list = list;
    headers.#block = block;
    return headers;
  }

  /** Fields of whatever headers can be made from. @internal */
  static fieldsOf(init: Exclude<HeaderTypes, null>): readonly Field[] {
    return init instanceof Headers ? init.#fields() : fieldsOf(init, null);
  }

  #shareOf(from: Headers): void {
    from.#shared = true;
    this.#list = from.#list;
    this.#block = from.#block;
    this.#wire = from.#wire;
    this.#wireFields = from.#wireFields;
    this.#known = from.#known;
  }

  /** The fields as a list, to be read. */
  #fields(): readonly Field[] {
    const wire = this.#wire;
    if (wire === null) return this.#list;
    const list: Field[] = [];
    for (let i = 0; i < this.#wireFields; i++) {
      list.push(new Field(wireName(wire, this.#wireFields, i), this.#wireValueAt(wire, i), null));
    }
    this.#list = list;
    this.#shared = false;
    this.#wire = null;
    return list;
  }

  /** The fields as a list of this instance's own, to be written. */
  #write(): Field[] {
    const list = this.#fields();
    return this.#become(this.#shared ? list.slice() : (list as Field[]));
  }

  /** Takes `list`, which nobody else has, as its fields. */
  #become(list: Field[]): Field[] {
    this.#list = list;
    this.#shared = false;
    this.#block = null;
    this.#detected = null;
    this.revision++;
    return list;
  }

  /** The entry of HPACK's tables that a field of the wire form is: its strings are made once for a connection. */
  #entryAt(wire: string, index: number): TableField | null {
    const known = this.#known;
    if (known === null) return null;
    const fields = this.#wireFields;
    const id = wireTableId(wire, fields, index);
    if (id === 0) return null;
    return (
      known.get(id) ?? known.keep(id, ownText(wireName(wire, fields, index)), ownText(wireValue(wire, fields, index)))
    );
  }

  #wireValueAt(wire: string, index: number): string {
    return this.#entryAt(wire, index)?.[1] ?? wireValue(wire, this.#wireFields, index);
  }

  #nameAt(index: number): string {
    const wire = this.#wire;
    if (wire !== null) return this.#entryAt(wire, index)?.[0] ?? nameOf(wireName(wire, this.#wireFields, index)).lower;
    return (this.#list[index] as Field).lower;
  }

  #octetsAt(index: number): string {
    const wire = this.#wire;
    return wire !== null ? this.#wireValueAt(wire, index) : (this.#list[index] as Field).octets;
  }

  #valueAt(index: number): string {
    const wire = this.#wire;
    if (wire !== null) return this.#textOf(this.#wireValueAt(wire, index));
    const field = this.#list[index] as Field;
    return field.text ?? this.#textOf(field.octets);
  }

  #textOf(octets: string): string {
    return isAscii(octets) ? octets : decoded(octets, this.encoding);
  }

  /** Index of the first field of that name at or behind `from`; -1 if there is none. */
  #indexOf(name: string, from: number): number {
    const known = nameOf(name);
    const wire = this.#wire;
    if (wire !== null) return wireIndexOf(wire, this.#wireFields, known, from);
    const list = this.#list;
    for (let i = from; i < list.length; i++) {
      if ((list[i] as Field).lower === known.lower) return i;
    }
    return -1;
  }

  /** Number of field lines. */
  get size(): number {
    return this.#wire === null ? this.#list.length : this.#wireFields;
  }

  /** The encoding that was given, else the first of ASCII, UTF-8 and ISO-8859-1 that all octets are in (as httpx). */
  get encoding(): HeaderEncoding {
    this.#detected ??= this.#encoding ?? this.#detect();
    return this.#detected;
  }

  set encoding(encoding: HeaderEncoding | null) {
    this.#encoding = checkedEncoding(encoding);
    this.#detected = null;
  }

  #detect(): HeaderEncoding {
    let all = '';
    for (const field of this.#fields()) all += `${field.name}\n${field.octets}\n`;
    if (isAscii(all)) return 'ascii';
    return isUtf8(all) ? 'utf-8' : 'iso-8859-1';
  }

  /** The value; values of several fields joined with ', '; `null` if there is none. */
  get(name: string): string | null {
    let index = this.#indexOf(name, 0);
    if (index < 0) return null;
    let value = this.#valueAt(index);
    for (;;) {
      index = this.#indexOf(name, index + 1);
      if (index < 0) return value;
      value += `, ${this.#valueAt(index)}`;
    }
  }

  /** The values of that name's fields, one by one. */
  getList(name: string, options?: GetListOptions): string[] {
    const values: string[] = [];
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i + 1)) values.push(this.#valueAt(i));
    checkFields(options, GET_LIST_OPTIONS, 'get header values');
    if (own(options, 'splitCommas') !== true) return values;
    return values.flatMap((value) => value.split(',').map((item) => item.trim()));
  }

  /** The values of the Set-Cookie fields, which must not be joined. */
  getSetCookie(): string[] {
    return this.getList('set-cookie');
  }

  /** True if there is a field of that name. */
  has(name: string): boolean {
    return this.#indexOf(name, 0) >= 0;
  }

  /** Replaces the first field of that name where it stands and drops the others; appends if there is none. */
  set(name: string, value: string | Uint8Array): void {
    const field = fieldOf(name, value, this.#encoding);
    const list = this.#write();
    const first = list.findIndex((other) => other.lower === field.lower);
    if (first < 0) {
      list.push(field);
      return;
    }
    list[first] = field;
    removeFrom(list, first + 1, field.lower);
  }

  /** Adds a field behind all others. */
  append(name: string, value: string | Uint8Array): void {
    const field = fieldOf(name, value, this.#encoding);
    this.#write().push(field);
  }

  /** Adds a field before the one at `index`. @internal */
  insert(index: number, name: string, value: string): void {
    const field = fieldOf(name, value, this.#encoding);
    this.#write().splice(index, 0, field);
  }

  /** Removes all fields of that name; true if there were any. */
  delete(name: string): boolean {
    if (this.#indexOf(name, 0) < 0) return false;
    removeFrom(this.#write(), 0, nameOf(name).lower);
    return true;
  }

  /** Removes every name that `init` has, then appends its fields (as httpx). */
  update(init?: HeaderTypes): void {
    if (init === undefined || init === null) return;
    const fields = init instanceof Headers ? init.#fields() : fieldsOf(init, this.#encoding);
    if (fields.length === 0) return;
    const replaced = new Set(fields.map((field) => field.lower));
    const kept = this.#fields().filter((field) => !replaced.has(field.lower));
    this.#become([...kept, ...fields]);
  }

  /** The value if there is one; else sets this one and returns it. */
  setDefault(name: string, value: string): string {
    const found = this.get(name);
    if (found !== null) return found;
    this.set(name, value);
    return value;
  }

  /** The same fields, independent of these. */
  copy(): Headers {
    const copy = new Headers(this);
    copy.#encoding = this.#encoding;
    return copy;
  }

  /** The distinct names, in lower case. */
  *keys(): IteratorObject<string, undefined> {
    const seen = new Set<string>();
    for (let i = 0; i < this.size; i++) {
      const name = this.#nameAt(i);
      if (seen.has(name)) continue;
      seen.add(name);
      yield name;
    }
  }

  /** For each distinct name its value, several joined with ', '. */
  *values(): IteratorObject<string, undefined> {
    for (const name of this.keys()) yield this.get(name) ?? '';
  }

  /** Each distinct name with its value, several joined with ', '. */
  *items(): IteratorObject<[string, string], undefined> {
    for (const name of this.keys()) yield [name, this.get(name) ?? ''];
  }

  /** Every field line. */
  multiItems(): [string, string][] {
    return [...this];
  }

  /** The octets of that name's values, one per code unit. @internal */
  octetsOf(name: string): string[] {
    const values: string[] = [];
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i + 1)) values.push(this.#octetsAt(i));
    return values;
  }

  /** Every field line: the name in lower case, and the octets of the value, one per code unit. @internal */
  octetItems(): [string, string][] {
    const items: [string, string][] = [];
    for (let i = 0; i < this.size; i++) items.push([this.#nameAt(i), this.#octetsAt(i)]);
    return items;
  }

  /** Every field line. */
  entries(): IteratorObject<[string, string], undefined> {
    return this[Symbol.iterator]();
  }

  /** Every field line, names in lower case. */
  *[Symbol.iterator](): IteratorObject<[string, string], undefined> {
    for (let i = 0; i < this.size; i++) yield [this.#nameAt(i), this.#valueAt(i)];
  }

  /** Calls back for every field line. */
  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this) callback.call(thisArg, value, name, this);
  }

  /** Octets of names, as spelled, and values. */
  get raw(): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>][] {
    return this.#fields().map((field) => [octetsOfText(field.name), octetsOfText(field.octets)]);
  }

  /** True if both have the same fields; neither the order nor the case of names counts. */
  equals(other: unknown): boolean {
    let that: Headers;
    try {
      that = other instanceof Headers ? other : new Headers(other as HeaderTypes);
    } catch {
      return false;
    }
    if (this.size !== that.size) return false;
    const theirs = that.#sorted();
    return this.#sorted().every((line, i) => line === theirs[i]);
  }

  #sorted(): string[] {
    return this.octetItems()
      .map(([name, octets]) => `${name}:${octets}`)
      .sort();
  }

  /**
   * The field lines as they are sent, without the empty line behind them.
   * @throws LocalProtocolError if a field must not be sent, or there are several Host fields. @internal
   */
  block(): string {
    this.#block ??= blockOf(this.#fields());
    return this.#block;
  }

  /** By name: the value, or a list of several. Credentials are masked. */
  toJSON(): Record<string, string | string[]> {
    const shown: Record<string, string | string[]> = Object.create(null);
    for (const name of this.keys()) {
      const values = SECRET.has(name) ? this.getList(name).map(() => MASK) : this.getList(name);
      shown[name] = values.length === 1 ? (values[0] as string) : values;
    }
    return shown;
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `Headers ${inspect({ ...this.toJSON() }, options)}`;
  }
}

function checkedEncoding(encoding: HeaderEncoding | null): HeaderEncoding | null {
  if (encoding === null || encoding === 'ascii' || encoding === 'utf-8' || encoding === 'iso-8859-1') return encoding;
  throw new RangeError(`Cannot set headers.encoding: expected ascii, utf-8 or iso-8859-1, got ${String(encoding)}`);
}

/** Fields of an iterable of pairs, or of an object's own properties. */
function fieldsOf(init: Exclude<HeaderTypes, null | Headers>, encoding: HeaderEncoding | null): Field[] {
  if (typeof init !== 'object') {
    throw new TypeError(`Cannot make headers: expected an object or pairs, got ${typeof init}`);
  }
  const fields: Field[] = [];
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly unknown[]>) {
      if (typeof pair !== 'object' || pair === null || pair.length !== 2) {
        throw new TypeError('Cannot make headers: expected [name, value] pairs');
      }
      fields.push(fieldOf(nameTextOf(pair[0]), pair[1], encoding));
    }
    return fields;
  }
  for (const name of Object.keys(init)) {
    const value = init[name];
    if (value !== undefined) fields.push(fieldOf(name, value, encoding));
  }
  return fields;
}

/** Removes the fields of that name at or behind `from`. */
function removeFrom(list: Field[], from: number, lower: string): void {
  let to = from;
  for (let i = from; i < list.length; i++) {
    const field = list[i] as Field;
    if (field.lower !== lower) list[to++] = field;
  }
  list.length = to;
}

/** The text of all lines. @throws LocalProtocolError if a field must not be sent, or there are several Host fields. @internal */
export function blockOf(list: readonly Field[]): string {
  let text = '';
  let hosts = 0;
  for (const field of list) {
    if (field.problem !== null) {
      throw new LocalProtocolError(`Cannot send header ${JSON.stringify(field.name)}: ${field.problem}`);
    }
    if (field.lower === 'host') hosts++;
    text += field.line;
  }
  if (hosts > 1) throw new LocalProtocolError(`Cannot send header 'Host': expected one, got ${hosts} (RFC 9112 §3.2)`);
  return text;
}
