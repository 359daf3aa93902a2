/**
 * Query parameters: an immutable multi-map (httpx's QueryParams). Keys keep the order of their first occurrence, and the
 * values of a key stand together. Parsing and spelling are those of forms; a URL's own query is not touched by it.
 */
import { INSPECT, typeNameOf } from './config.js';
import { formDecode, formEncode } from './percent-encoding.js';

/**
 * A value that becomes text: `null` the empty string, `true` and `false` their names; `undefined` is left out of objects and
 * pairs, and the empty string where it is set or added by name.
 */
export type PrimitiveData = string | number | bigint | boolean | null | undefined;

type FieldData = PrimitiveData | readonly PrimitiveData[];
/**
 * Objects of fields that have an interface as their type, and so no index signature: what their values are is checked when
 * they are used. Functions and promises are none.
 */
export type ObjectOfFields = object & { readonly bind?: FieldData; readonly then?: FieldData };

/** Whatever query parameters can be made from: text, an object (a list repeats its key), or pairs. */
export type QueryParamTypes =
  | QueryParams
  | URLSearchParams
  | string
  | Uint8Array
  | Readonly<Record<string, FieldData>>
  | Iterable<readonly [key: string, value: PrimitiveData]>
  | ObjectOfFields
  | null;

type Lists = Map<string, string[]>;

/** An immutable multi-map of query parameters. */
export class QueryParams implements Iterable<[string, string]> {
  #lists: Lists;
  #text: string | null = null;

  /** @throws TypeError for what holds no parameters, and for values that are no text, number, boolean or null. */
  constructor(init?: QueryParamTypes) {
    this.#lists = init instanceof QueryParams ? init.#lists : listsOf(init ?? null);
  }

  /** Parameters over lists that nobody writes to any more. */
  static #over(lists: Lists): QueryParams {
    const params = new QueryParams();
    params.#lists = lists;
    return params;
  }

  /** Number of distinct keys. */
  get size(): number {
    return this.#lists.size;
  }

  /** True if the key has a value. */
  has(key: string): boolean {
    return this.#lists.has(key);
  }

  /** The first value of the key; `null` if there is none. */
  get(key: string): string | null {
    return this.#lists.get(key)?.[0] ?? null;
  }

  /** All values of the key. */
  getList(key: string): string[] {
    return [...(this.#lists.get(key) ?? [])];
  }

  /** The distinct keys. */
  keys(): IteratorObject<string, undefined> {
    return this.#lists.keys();
  }

  /** The first value of each key. */
  *values(): IteratorObject<string, undefined> {
    for (const [, value] of this.items()) yield value;
  }

  /** Each key with its first value. */
  *items(): IteratorObject<[string, string], undefined> {
    for (const [key, values] of this.#lists) yield [key, values[0] ?? ''];
  }

  /** Each key with each of its values. */
  multiItems(): [string, string][] {
    return [...this];
  }

  /** Each key with each of its values. */
  *[Symbol.iterator](): IteratorObject<[string, string], undefined> {
    for (const [key, values] of this.#lists) {
      for (const value of values) yield [key, value];
    }
  }

  /** With this one value for the key, where the key stood; without a value, the empty string. */
  set(key: string, value?: PrimitiveData): QueryParams {
    return QueryParams.#over(new Map(this.#lists).set(String(key), [textOf(key, value ?? null)]));
  }

  /** With one more value for the key; without a value, the empty string. */
  add(key: string, value?: PrimitiveData): QueryParams {
    const name = String(key);
    return QueryParams.#over(new Map(this.#lists).set(name, [...this.getList(name), textOf(name, value ?? null)]));
  }

  /** Without the key. */
  remove(key: string): QueryParams {
    const lists = new Map(this.#lists);
    lists.delete(key);
    return QueryParams.#over(lists);
  }

  /** With the parameters of `params`, whose keys win whole. */
  merge(params?: QueryParamTypes): QueryParams {
    const others = new QueryParams(params ?? null);
    return others.size === 0 ? this : QueryParams.#over(new Map([...this.#lists, ...others.#lists]));
  }

  /** True if both are query parameters and hold the same pairs, in any order. */
  equals(other: unknown): boolean {
    return other instanceof QueryParams && this.#sorted() === other.#sorted();
  }

  #sorted(): string {
    return this.toString().split('&').sort().join('&');
  }

  /** Spelled as a form: a space is '+'. */
  toString(): string {
    this.#text ??= this.multiItems()
      .map(([key, value]) => `${formEncode(key)}=${formEncode(value)}`)
      .join('&');
    return this.#text;
  }

  /** As `toString()`. */
  toJSON(): string {
    return this.toString();
  }

  /** @internal */
  [INSPECT](): string {
    return `QueryParams('${this.toString()}')`;
  }
}

function listsOf(init: Exclude<QueryParamTypes, QueryParams>): Lists {
  const lists: Lists = new Map();
  if (init === null) return lists;
  if (typeof init === 'string') return parsed(init, lists);
  if (init instanceof Uint8Array) return parsed(new TextDecoder().decode(init), lists);
  const iterates = typeof init === 'object' && Symbol.iterator in init;
  if (!iterates && Object.prototype.toString.call(init) !== '[object Object]') {
    throw new TypeError(
      `Cannot make query parameters: expected a string, an object or [key, value] pairs, got ${typeNameOf(init)}`,
    );
  }
  if (iterates) {
    for (const pair of init as Iterable<readonly unknown[]>) {
      if (typeof pair !== 'object' || pair === null || pair.length !== 2) {
        throw new TypeError('Cannot make query parameters: expected [key, value] pairs');
      }
      put(lists, String(pair[0]), pair[1]);
    }
    return lists;
  }
  for (const key of Object.keys(init)) {
    const value: unknown = (init as Readonly<Record<string, unknown>>)[key];
    if (Array.isArray(value)) for (const item of value) put(lists, key, item);
    else put(lists, key, value);
  }
  return lists;
}

/** `key=value` parts between '&'; empty parts are skipped, a part without '=' is a key with an empty value. */
function parsed(query: string, lists: Lists): Lists {
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const key = formDecode(at < 0 ? part : part.slice(0, at));
    put(lists, key, at < 0 ? '' : formDecode(part.slice(at + 1)));
  }
  return lists;
}

function put(lists: Lists, key: string, value: unknown): void {
  if (value === undefined) return;
  const text = textOf(key, value);
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [text]);
  else list.push(text);
}

function textOf(key: string, value: unknown): string {
  return primitiveText(value, `set query parameter '${key}'`);
}

/** The text of a parameter's or a form field's value. `action`: what it is for, as a message says it. @internal */
export function primitiveText(value: unknown, action: string): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null) return '';
  }
  throw new TypeError(`Cannot ${action}: expected a string, number, boolean or null, got ${typeNameOf(value)}`);
}
