/**
 * HPACK of the core as objects (RFC 7541): field blocks in, field lists out, and back. For its own sake (`httpx-wasm/core`):
 * connections have theirs inside the core.
 *
 * Invariants: a coder gives its memory back once, by `close` or when it is collected. The strings of a table's entry are made
 * once, for the first block that has it; a block of which all entries were seen before costs neither a string nor a tuple.
 */
import * as abi from '../assembly/abi.js';
import { checkFields, checkOctets, own, typeNameOf } from './config.js';
import { fieldsOf } from './core-hpack-fields.js';
import { type Core, core, coreFailure } from './core-instance.js';
import { RemoteProtocolError } from './exceptions.js';
import { FieldList, noOctets } from './field-list.js';
import { putLatin1 } from './latin1.js';
import { describeRule } from './rule-errors.js';
import { TableFields } from './table-fields.js';

/**
 * A field of an HPACK list: name and value, a code unit for each octet; and `true` if it is never to be put into a table, here
 * or by who forwards it (RFC 7541 §7.1.3).
 */
export type HpackField = readonly [name: string, value: string, neverIndexed?: boolean];

/** Settings of a decoder; `null` and a missing name mean the default. */
export interface HpackDecoderOptions {
  /** Octets of the dynamic table that the peer may use: 4096 by default, as in HTTP/2; at most 1048576. */
  readonly tableOctets?: number | null | undefined;
  /** Most octets of one list: those of names and values, and 32 for each field (RFC 9113 §6.5.2). 65536 by default. */
  readonly listOctets?: number | null | undefined;
  /** Most fields of one list: 256 by default. */
  readonly fields?: number | null | undefined;
}

/** Settings of an encoder; `null` and a missing name mean the default. */
export interface HpackEncoderOptions {
  /** Most octets of the dynamic table that are used, if the peer allows so many: 4096 by default, at most 1048576. */
  readonly tableOctets?: number | null | undefined;
}

const DECODER_OPTIONS = ['tableOctets', 'listOctets', 'fields'] as const satisfies (keyof HpackDecoderOptions)[];
const ENCODER_OPTIONS = ['tableOctets'] as const satisfies (keyof HpackEncoderOptions)[];
const LIST_OCTETS_DEFAULT = 65536;
const FIELDS_DEFAULT = 256;
const U32_MAX = 4294967295;
const ENCODER = new TextEncoder();
const NOT_OCTETS = /[^\0-\xff]/;

/** @throws TypeError, RangeError */
function checkInteger(name: string, value: number | null | undefined, least: number, most: number): void {
  if (typeof value !== 'number') throw new TypeError(`Cannot set ${name}: expected a number, got ${typeNameOf(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`Cannot set ${name}: expected an integer from ${least} to ${most}, got ${value}`);
  }
}

function integerOf(name: string, value: number | null | undefined, otherwise: number, least: number, most: number) {
  const chosen = value ?? otherwise;
  checkInteger(name, chosen, least, most);
  return chosen;
}

/** What a coder has in the core. */
class Share {
  readonly core: Core;
  readonly #free: 'hpackDecoderFree' | 'hpackEncoderFree';
  #handle: number;

  /** @throws RangeError where there is no memory. */
  constructor(create: (core: Core) => number, free: 'hpackDecoderFree' | 'hpackEncoderFree') {
    this.core = core();
    this.#free = free;
    this.#handle = create(this.core);
    if (this.#handle === 0) throw new RangeError('Cannot use HPACK: the protocol core has no memory left');
    this.core.refresh();
  }

  /** @throws Error if it was closed; ProtocolError if the core failed. */
  handle(action: string): number {
    if (this.#handle === 0) throw new Error(`Cannot ${action}: it is closed`);
    if (this.core.broken !== null) throw coreFailure(`Cannot ${action}`, this.core.broken);
    return this.#handle;
  }

  /** Gives it back; idempotent. */
  free(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.#handle = 0;
    if (this.core.broken !== null) return;
    try {
      this.core.exports[this.#free](handle);
    } catch (error) {
      this.core.discard(error);
    }
  }
}

/** Frees what the coders had that were dropped. */
const dropped = new FinalizationRegistry<Share>((share) => share.free());

/** Decodes the field blocks of one direction of a connection, in the order in which they came (RFC 7541). */
export class HpackDecoder {
  readonly #share: Share;
  readonly #limits: { readonly listOctets: number; readonly fields: number };
  readonly #known: TableFields;
  #isBroken = false;

  /** @throws TypeError, RangeError for settings that are none. */
  constructor(options?: HpackDecoderOptions | null) {
    checkFields(options, DECODER_OPTIONS, 'make HpackDecoder');
    const [most, usual] = [abi.HPACK_TABLE_OCTETS_CEILING, abi.HPACK_TABLE_OCTETS_DEFAULT];
    const tableOctets = integerOf('tableOctets', own(options, 'tableOctets'), usual, 0, most);
    const listOctets = integerOf('listOctets', own(options, 'listOctets'), LIST_OCTETS_DEFAULT, 1, U32_MAX);
    const fields = integerOf('fields', own(options, 'fields'), FIELDS_DEFAULT, 1, U32_MAX);
    this.#limits = { listOctets, fields };
    this.#known = new TableFields(tableOctets);
    this.#share = new Share(
      (inner) => inner.guarded((exports) => exports.hpackDecoderCreate(tableOctets, listOctets, fields)),
      'hpackDecoderFree',
    );
    dropped.register(this, this.#share, this);
  }

  /**
   * True once a block broke a rule other than a limit of this decoder: its table is not the peer's any more, and no further
   * block can be decoded. In HTTP/2 that ends the connection (COMPRESSION_ERROR).
   */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * The peer acknowledged that its table may have `tableOctets` octets (SETTINGS_HEADER_TABLE_SIZE). If that is less than
   * before, its next block must say so.
   * @throws TypeError, RangeError for what is no number of octets.
   */
  allow(tableOctets: number): void {
    checkInteger('tableOctets', tableOctets, 0, abi.HPACK_TABLE_OCTETS_CEILING);
    const handle = this.#share.handle('use the HPACK decoder');
    this.#share.core.guarded((exports) => exports.hpackDecoderAllow(handle, tableOctets));
    this.#known.allow(tableOctets);
  }

  /**
   * The fields of a whole field block, of at most 65536 octets, in order. Fields of tables are the same objects, frozen,
   * each time. A string may keep up to 1 KB of its list alive, but nothing that is never to be indexed.
   * @throws RemoteProtocolError if the block breaks a rule or its list is beyond a limit; in the latter case the decoder can
   *   go on with the next block (`isBroken` tells). RangeError for a block that is too long; TypeError for what is no
   *   Uint8Array, after which it can go on too.
   */
  decode(block: Uint8Array): HpackField[] {
    checkOctets(block, 'decode the field block');
    const handle = this.#share.handle('use the HPACK decoder');
    const inner = this.#share.core;
    if (block.length > abi.INPUT_OCTETS) {
      throw new RangeError(`Cannot decode the field block: it has ${block.length} octets, the limit is 65536`);
    }
    inner.refresh();
    inner.octets.set(block, inner.input);
    let rule: number;
    try {
      rule = inner.exports.hpackDecode(handle, 0, block.length);
    } catch (error) {
      throw coreFailure('Cannot decode the field block', inner.discard(error));
    }
    if (rule !== 0) throw this.#error(rule);
    inner.refresh();
    return fieldsOf(inner, this.#known);
  }

  /** Gives the memory back; idempotent. */
  close(): void {
    dropped.unregister(this);
    this.#share.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #error(rule: number): RemoteProtocolError {
    let limit = abi.NONE;
    if (rule === abi.RULE_HPACK_LIST_OCTETS) limit = this.#limits.listOctets;
    else if (rule === abi.RULE_HPACK_FIELD_COUNT) limit = this.#limits.fields;
    else this.#isBroken = true;
    return new RemoteProtocolError(describeRule(rule, abi.NONE, limit));
  }
}

/** Encodes the field lists of one direction of a connection, in the order in which they are sent (RFC 7541). */
export class HpackEncoder {
  readonly #share: Share;
  /** The core's input area; without octets once its memory has grown. */
  #area: Uint8Array = new Uint8Array(0);
  /** The list before, unless that was refused. */
  #list: FieldList | null = null;

  /** @throws TypeError, RangeError for settings that are none. */
  constructor(options?: HpackEncoderOptions | null) {
    checkFields(options, ENCODER_OPTIONS, 'make HpackEncoder');
    const [most, usual] = [abi.HPACK_TABLE_OCTETS_CEILING, abi.HPACK_TABLE_OCTETS_DEFAULT];
    const tableOctets = integerOf('tableOctets', own(options, 'tableOctets'), usual, 0, most);
    this.#share = new Share(
      (inner) => inner.guarded((exports) => exports.hpackEncoderCreate(tableOctets)),
      'hpackEncoderFree',
    );
    dropped.register(this, this.#share, this);
  }

  /**
   * The peer's decoder allows a table of `tableOctets` octets (its SETTINGS_HEADER_TABLE_SIZE); 4096 before it says so.
   * @throws TypeError, RangeError for what is no number of octets.
   */
  allow(tableOctets: number): void {
    checkInteger('tableOctets', tableOctets, 0, U32_MAX);
    const handle = this.#share.handle('use the HPACK encoder');
    this.#share.core.guarded((exports) => exports.hpackEncoderAllow(handle, tableOctets));
  }

  /**
   * The field block of a list, which is yours. Names are sent as they are: HTTP/2 wants them in lower case. `authorization`,
   * `proxy-authorization` and cookies of fewer than 20 octets are never put into a table, nor are fields that say so.
   * @throws TypeError for what is no list of fields, or code units beyond an octet; RangeError for a list of more than
   *   65536 octets, each field counted as its name, its value and 12; RangeError where there is no memory.
   */
  encode(fields: Iterable<HpackField>): Uint8Array<ArrayBuffer> {
    checkIterable(fields);
    // To read a field may run any code, which may use this encoder, or close it: until then nothing else of it is looked at.
    const list = this.#list ?? new FieldList();
    this.#list = null;
    const text = list.take(fields);
    const handle = this.#share.handle('use the HPACK encoder');
    const inner = this.#share.core;
    inner.refresh();
    if (this.#area.length === 0) this.#area = inner.octets.subarray(inner.input, inner.input + abi.INPUT_OCTETS);
    let rule = this.#encode(handle, list, text);
    // An entry of the list before is gone, or might be when it is wanted.
    if (rule === abi.RULE_HPACK_INDEX) rule = this.#encode(handle, list, list.spell());
    if (rule !== 0) throw new RangeError('Cannot encode the fields: the protocol core has no memory left');
    this.#list = list;
    const offset = inner.record(0, 3);
    return inner.octets.slice(offset, offset + inner.record(0, 4)) as Uint8Array<ArrayBuffer>;
  }

  /** Has the core encode the list. 0 or a rule. @throws TypeError, ProtocolError */
  #encode(handle: number, list: FieldList, text: string): number {
    const inner = this.#share.core;
    putText(text, this.#area);
    const at = (inner.input + text.length + 3) >>> 2;
    list.put(inner.words, at);
    let rule: number;
    try {
      rule = inner.exports.hpackEncode(handle, list.count, text.length);
    } catch (error) {
      throw coreFailure('Cannot encode the fields', inner.discard(error));
    }
    inner.refresh();
    if (rule === 0) list.keep(inner.words, at);
    return rule;
  }

  /** Gives the memory back; idempotent. */
  close(): void {
    dropped.unregister(this);
    this.#share.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkIterable(fields: Iterable<HpackField>): void {
  if (typeof fields?.[Symbol.iterator] === 'function' && typeof fields !== 'string') return;
  throw new TypeError(`Cannot encode the fields: expected an iterable of [name, value], got ${typeNameOf(fields)}`);
}

/** Writes the text to the input area. `area`: a view of that. @throws TypeError for code units beyond an octet. */
function putText(text: string, area: Uint8Array): void {
  // For text of ASCII alone this is the fastest way, and it tells whether it is that.
  if (ENCODER.encodeInto(text, area).written === text.length) return;
  if (NOT_OCTETS.test(text)) throw noOctets();
  putLatin1(area, text, 0);
}
