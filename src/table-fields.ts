/**
 * Fields of HPACK's tables as strings, by the id that the core has for each entry (assembly/abi.ts, HPACK_ID_MASK): they are made
 * once, for the first block that has the entry.
 *
 * Invariants: an id is never given to another entry, so that what is found is right, however old; there is a place for each
 * entry that the tables can have, and no more. Who gives strings sees to it that they keep no head alive.
 */
import * as abi from '../assembly/abi.js';

/** Name and value of an entry, a code unit for each octet. */
export type TableField = readonly [name: string, value: string];

/** Of the static table, which all connections share. */
const STATIC: (TableField | undefined)[] = [];

/** The fields of the static table, and of one dynamic table. */
export class TableFields {
  /** Fields of dynamic entries by the lower bits of their id. */
  readonly #fields: (TableField | undefined)[] = [];
  readonly #ids: number[] = [];
  #mask: number;

  /** `tableOctets`: most octets of the dynamic table. */
  constructor(tableOctets: number) {
    this.#mask = maskOf(tableOctets);
  }

  /** The dynamic table may have more octets now. */
  allow(tableOctets: number): void {
    this.#mask = Math.max(this.#mask, maskOf(tableOctets));
  }

  /** The field of an entry, if its strings are there. An id with flags is none. */
  get(id: number): TableField | undefined {
    if (id <= abi.HPACK_STATIC_ENTRIES) return STATIC[id];
    const slot = id & this.#mask;
    return this.#ids[slot] === id ? this.#fields[slot] : undefined;
  }

  /** Keeps the strings of an entry, as a field that is frozen; `id` is neither 0 nor one with flags. */
  keep(id: number, name: string, value: string): TableField {
    const field: TableField = Object.freeze([name, value] as const);
    if (id <= abi.HPACK_STATIC_ENTRIES) {
      STATIC[id] = field;
    } else {
      const slot = id & this.#mask;
      this.#ids[slot] = id;
      this.#fields[slot] = field;
    }
    return field;
  }
}

/** One less than a power of two: places for all entries that a table of so many octets can have. */
function maskOf(tableOctets: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(tableOctets / abi.HPACK_FIELD_OVERHEAD_OCTETS, 1))) - 1;
}
