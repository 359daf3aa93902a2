/**
 * The fields of a section that HPACK of the core has decoded (assembly/abi.ts, HPACK_ENTRY_*), as strings.
 *
 * To make a string of memory costs as much as to copy a KB of it. What is new in a section therefore becomes one string, of
 * which names and values are cut.
 *
 * Invariants: a string keeps at most JOINED_OCTETS_MAX octets of its section alive, and nothing that must never be indexed.
 * What all decoders share, the static table's, keeps none.
 */
import * as abi from '../assembly/abi.js';
import type { HpackField } from './core-hpack.js';
import type { Core } from './core-instance.js';
import { latin1 } from './latin1.js';
import type { TableFields } from './table-fields.js';

const JOINED_OCTETS_MAX = 1024;
/** An entry, counted in words. */
const ENTRY_WORDS = abi.HPACK_ENTRY_OCTETS >>> 2;
const AT_NAME = abi.HPACK_ENTRY_NAME >>> 2;
const AT_VALUE = abi.HPACK_ENTRY_VALUE >>> 2;
const AT_ID = abi.HPACK_ENTRY_ID >>> 2;

/** The static table's names, made when first met. */
const staticNames: (string | undefined)[] = [];

/** Names and values of a section. Those in a part of it are made together, others each for itself. */
class SectionText {
  readonly #core: Core;
  readonly #base: number;
  #text: string | null = null;
  #from = 0;

  constructor(inner: Core) {
    this.#core = inner;
    this.#base = inner.record(0, 3);
  }

  /** Makes those of the entries at `first` to `last` together, unless they are too long. */
  join(first: number, last: number): void {
    const { words, octets } = this.#core;
    const from = words[first + AT_NAME] as number;
    const to = (words[last + AT_VALUE] as number) + (words[last + AT_VALUE + 1] as number);
    if (to - from > JOINED_OCTETS_MAX) return;
    this.#text = latin1(octets, this.#base + from, this.#base + to);
    this.#from = from;
  }

  /** The string whose offset and length stand at `word`, of an entry that is joined, or before those. */
  cut(word: number): string {
    const { words } = this.#core;
    const start = (words[word] as number) - this.#from;
    if (this.#text === null || start < 0) return this.own(word);
    return this.#text.slice(start, start + (words[word + 1] as number));
  }

  /** The same as a string that keeps no other alive. */
  own(word: number): string {
    const { words, octets } = this.#core;
    const start = this.#base + (words[word] as number);
    return latin1(octets, start, start + (words[word + 1] as number));
  }
}

/** The fields of the section of the record that the core has left. Of tables they are those of `known`, where they are kept. */
export function fieldsOf(inner: Core, known: TableFields): HpackField[] {
  const { words } = inner;
  const count = inner.record(0, 6);
  const entries = inner.record(0, 5) >>> 2;
  const fields = new Array<HpackField>(count);
  let first = count;
  let last = 0;
  let joined = count;
  for (let index = 0, entry = entries; index < count; index++, entry += ENTRY_WORDS) {
    const id = words[entry + AT_ID] as number;
    const field = known.get(id);
    if (field !== undefined) {
      fields[index] = field;
      continue;
    }
    if (first === count) first = index;
    last = index;
    // What was before a secret is not joined, nor is that.
    if (id >= abi.HPACK_NEVER_INDEXED) joined = count;
    else if (joined === count) joined = index;
  }
  if (first === count) return fields;
  const text = new SectionText(inner);
  if (joined < last) text.join(entries + joined * ENTRY_WORDS, entries + last * ENTRY_WORDS);
  for (let index = first, entry = entries + first * ENTRY_WORDS; index <= last; index++, entry += ENTRY_WORDS) {
    if (fields[index] !== undefined) continue;
    const id = words[entry + AT_ID] as number;
    // Perhaps there are strings by now: of an entry that the section itself has put there.
    fields[index] = known.get(id) ?? fieldOf(text, entry, id, known);
  }
  return fields;
}

function fieldOf(text: SectionText, entry: number, id: number, known: TableFields): HpackField {
  const name = nameOf(text, entry, id & abi.HPACK_ID_MASK, known);
  if (id > abi.HPACK_NEVER_INDEXED - 1) return [name, text.cut(entry + AT_VALUE), true];
  if (id > abi.HPACK_ID_MASK || id === 0) return [name, text.cut(entry + AT_VALUE)];
  return known.keep(id, name, id > abi.HPACK_STATIC_ENTRIES ? text.cut(entry + AT_VALUE) : text.own(entry + AT_VALUE));
}

/** `id`: of the entry that has the name, or 0. */
function nameOf(text: SectionText, entry: number, id: number, known: TableFields): string {
  const isStatic = id > 0 && id <= abi.HPACK_STATIC_ENTRIES;
  const name = isStatic ? staticNames[id] : known.get(id)?.[0];
  if (name !== undefined) return name;
  if (!isStatic) return text.cut(entry + AT_NAME);
  const own = text.own(entry + AT_NAME);
  staticNames[id] = own;
  return own;
}
