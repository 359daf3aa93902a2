/**
 * A list of fields on its way to the core's HPACK encoder. What it has in the same place as the list before is named by the id
 * of its entry in HPACK's tables; all else goes as text.
 *
 * Invariants: a field is read once, whatever object it is; that may run any code, so a list is the taker's alone until it is
 * encoded. Between lists only what is an entry of a table is remembered, so no secret, and of one list alone; whether an entry
 * is still there, the core knows.
 */
import * as abi from '../assembly/abi.js';
import { typeNameOf } from './config.js';
import type { HpackField } from './core-hpack.js';

/** A field of the list. `word`: what the core is told of it beside its lengths, then what it tells: HPACK_FIELD_OCTETS. */
class Place {
  name = '';
  value = '';
  word = 0;

  get isEntry(): boolean {
    return this.word !== 0 && this.word <= abi.HPACK_ID_MASK;
  }

  forget(): void {
    this.name = '';
    this.value = '';
    this.word = 0;
  }
}

/** What is thrown for a code unit beyond an octet. */
export function noOctets(): TypeError {
  return new TypeError('Cannot encode the fields: expected octets, got a code unit above 0xff');
}

/** What is thrown for a field that is not a name and a value. */
function noPair(field: unknown, ...read: readonly unknown[]): TypeError {
  const isRead = typeof field === 'object' && field !== null;
  const got = isRead ? `[${read.map(typeNameOf).join(', ')}]` : typeNameOf(field);
  return new TypeError(`Cannot encode the fields: expected pairs of strings, got ${got}`);
}

export class FieldList {
  readonly #places: Place[] = [];

  get count(): number {
    return this.#places.length;
  }

  /**
   * Takes the list, in place of the one before. The text that the core needs of it: names and values, one behind the other.
   * @throws TypeError, RangeError for what cannot be encoded.
   */
  take(fields: Iterable<HpackField>): string {
    const places = this.#places;
    let text = '';
    let octets = 0;
    let at = 0;
    for (const field of fields) {
      const name = field?.[0];
      const value = field?.[1];
      const isNeverIndexed = field?.[2] === true;
      // Of a string, which has no place here, the first code unit would be the name.
      if (typeof name !== 'string' || typeof value !== 'string' || (name.length === 1 && typeof field === 'string')) {
        throw noPair(field, name, value);
      }
      octets += name.length + value.length + abi.HPACK_FIELD_OCTETS;
      if (octets > abi.INPUT_OCTETS) {
        throw new RangeError(
          `Cannot encode the fields: they have more than ${abi.INPUT_OCTETS} octets, 12 for each field`,
        );
      }
      let place = places[at++];
      if (place === undefined) {
        place = new Place();
        places.push(place);
      }
      if (place.isEntry && !isNeverIndexed && place.name === name && place.value === value) continue;
      // To look into a string that engines keep as its parts makes it one piece; else it is walked part by part each time.
      if (value.charCodeAt(0) > 0xff) throw noOctets();
      place.name = name;
      place.value = value;
      place.word = isNeverIndexed ? abi.HPACK_NEVER_INDEXED : 0;
      text += name + value;
    }
    if (places.length > at) places.length = at;
    return text;
  }

  /** The text of the list that was taken where nothing of it may go as an id. */
  spell(): string {
    let text = '';
    for (const place of this.#places) {
      if (place.isEntry) place.word = 0;
      text += place.name + place.value;
    }
    return text;
  }

  /** Writes what the core must know of each field to `at`, counted in words. */
  put(words: Uint32Array, at: number): void {
    let head = at;
    for (const place of this.#places) {
      const { isEntry } = place;
      words[head] = isEntry ? 0 : place.name.length;
      words[head + 1] = isEntry ? 0 : place.value.length;
      words[head + 2] = place.word;
      head += 3;
    }
  }

  /** Reads there which entries they are now, and remembers no others. */
  keep(words: Uint32Array, at: number): void {
    let head = at;
    for (const place of this.#places) {
      if (!place.isEntry) {
        place.word = words[head + 2] as number;
        if (place.word === 0) place.forget();
      }
      head += 3;
    }
  }
}
