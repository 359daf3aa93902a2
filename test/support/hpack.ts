/** HPACK in the core without a connection: field blocks in, field lists out, and back. */
import * as abi from '../../assembly/abi.js';
import { type Build, type Core, instanceOf, loadCore } from './core-module.js';

export interface HpackCore extends Core {
  hpackDecoderCreate(tableOctets: number, listOctetsMax: number, fieldsMax: number): number;
  hpackDecoderAllow(handle: number, tableOctets: number): void;
  hpackDecode(handle: number, from: number, to: number): number;
  hpackDecoderFree(handle: number): void;
  hpackEncoderCreate(tableOctets: number): number;
  hpackEncoderAllow(handle: number, tableOctets: number): void;
  hpackEncode(handle: number, count: number, octets: number): number;
  hpackEncoderFree(handle: number): void;
}

export const loadHpack = (build: Build): HpackCore => loadCore(build) as HpackCore;
export const hpackOf = (octets: Uint8Array<ArrayBuffer>): HpackCore => instanceOf(octets) as HpackCore;

/** Name and value, a code unit for each octet. */
export type Field = readonly [name: string, value: string];

export interface DecodedField {
  readonly name: string;
  readonly value: string;
  /** HPACK_ID_MASK. */
  readonly id: number;
  readonly isNeverIndexed: boolean;
  readonly isNameOnly: boolean;
}

export interface DecodedBlock {
  /** 0, or the RULE_* that was broken. */
  readonly rule: number;
  readonly fields: readonly DecodedField[];
  readonly listOctets: number;
}

export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
export const pairsOf = ({ fields }: DecodedBlock): Field[] => fields.map(({ name, value }) => [name, value]);

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** The record of the last call. */
function recordOf(core: HpackCore): DataView {
  return new DataView(core.memory.buffer, core.eventsOffset(), abi.EVENT_OCTETS);
}

export interface DecoderOptions {
  readonly tableOctets?: number;
  readonly listOctets?: number;
  readonly fields?: number;
}

/** A decoder of field blocks. */
export class BlockDecoder {
  readonly handle: number;
  readonly #core: HpackCore;

  constructor(core: HpackCore, { tableOctets = 4096, listOctets = 65536, fields = 1024 }: DecoderOptions = {}) {
    this.#core = core;
    this.handle = core.hpackDecoderCreate(tableOctets, listOctets, fields);
  }

  allow(tableOctets: number): void {
    this.#core.hpackDecoderAllow(this.handle, tableOctets);
  }

  decode(block: Uint8Array): DecodedBlock {
    const core = this.#core;
    // Elsewhere than at the start, and octets of any kind behind it, of which nothing may depend.
    const at = block.length < 64 ? 3 : 0;
    const input = new Uint8Array(core.memory.buffer, core.inputOffset(), abi.INPUT_OCTETS);
    input.set(block, at);
    input.fill(0xbe, at + block.length, at + block.length + 32);
    const rule = core.hpackDecode(this.handle, at, at + block.length);
    const record = recordOf(core);
    if (record.getUint32(abi.EVENT_KIND, true) !== abi.KIND_FIELDS) throw new Error('Cannot read the record');
    if (record.getUint32(abi.EVENT_CODE, true) !== rule) throw new Error('Cannot tell which rule was broken');
    const octets = record.getUint32(abi.EVENT_OFFSET, true);
    const entries = record.getUint32(abi.EVENT_A, true);
    const view = new DataView(core.memory.buffer);
    const fields = Array.from({ length: record.getUint32(abi.EVENT_B, true) }, (_, index): DecodedField => {
      const word = (at: number): number => view.getUint32(entries + index * abi.HPACK_ENTRY_OCTETS + at, true);
      const text = (at: number, length: number): string =>
        latin1(new Uint8Array(core.memory.buffer, octets + word(at), word(length)));
      const id = word(abi.HPACK_ENTRY_ID);
      return {
        name: text(abi.HPACK_ENTRY_NAME, abi.HPACK_ENTRY_NAME_LENGTH),
        value: text(abi.HPACK_ENTRY_VALUE, abi.HPACK_ENTRY_VALUE_LENGTH),
        id: id & abi.HPACK_ID_MASK,
        isNeverIndexed: (id & abi.HPACK_NEVER_INDEXED) !== 0,
        isNameOnly: (id & abi.HPACK_NAME_ONLY) !== 0,
      };
    });
    return { rule, fields, listOctets: record.getUint32(abi.EVENT_C, true) };
  }

  free(): void {
    this.#core.hpackDecoderFree(this.handle);
  }
}

/** The fields as `hpackEncode` takes them, and how many octets their names and values have. */
export function layOut(fields: readonly (readonly [name: string, value: string, flags?: number])[]) {
  const texts = Buffer.from(fields.map(([name, value]) => name + value).join(''), 'latin1');
  const heads = fields.map(([name, value, flags = 0]) => {
    const head = Buffer.alloc(abi.HPACK_FIELD_OCTETS);
    head.writeUInt32LE(name.length, 0);
    head.writeUInt32LE(value.length, 4);
    head.writeUInt32LE(flags, 8);
    return head;
  });
  const gap = Buffer.alloc((4 - (texts.length % 4)) % 4);
  return { input: Uint8Array.from(Buffer.concat([texts, gap, ...heads])), octets: texts.length };
}

/** An encoder of field blocks. */
export class BlockEncoder {
  readonly handle: number;
  readonly #core: HpackCore;

  constructor(core: HpackCore, tableOctets = 4096) {
    this.#core = core;
    this.handle = core.hpackEncoderCreate(tableOctets);
  }

  allow(tableOctets: number): void {
    this.#core.hpackEncoderAllow(this.handle, tableOctets);
  }

  /** The block, in memory of its own. @throws if the core says that it has no memory. */
  encode(fields: readonly (readonly [name: string, value: string, flags?: number])[]): Uint8Array {
    const core = this.#core;
    const { input, octets } = layOut(fields);
    new Uint8Array(core.memory.buffer).set(input, core.inputOffset());
    if (core.hpackEncode(this.handle, fields.length, octets) !== 0) throw new Error('Cannot encode: no memory');
    const record = recordOf(core);
    if (record.getUint32(abi.EVENT_KIND, true) !== abi.KIND_FIELD_BLOCK) throw new Error('Cannot read the record');
    const offset = record.getUint32(abi.EVENT_OFFSET, true);
    return new Uint8Array(core.memory.buffer).slice(offset, offset + record.getUint32(abi.EVENT_LENGTH, true));
  }

  free(): void {
    this.#core.hpackEncoderFree(this.handle);
  }
}
