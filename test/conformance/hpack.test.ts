/**
 * The public HPACK cases in every build: stories of fourteen encoders, the examples of RFC 7541, integers, the Huffman code,
 * and what must be refused. No case may differ.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { BUILDS } from '../support/core-module.js';
import {
  BlockDecoder,
  BlockEncoder,
  type DecodedBlock,
  type Field,
  type HpackCore,
  hex,
  loadHpack,
  pairsOf,
} from '../support/hpack.js';
import { protocolCases, sharedFolder, withoutShared } from '../support/shared.js';

interface Story {
  readonly id: string;
  readonly headers_ref: string;
  readonly blocks: readonly { readonly wire: string; readonly max_table_size?: number }[];
}
interface Example {
  readonly id: string;
  readonly max_table_size: number;
  readonly blocks: readonly {
    readonly wire: string;
    readonly headers: readonly Field[];
    readonly table_after: readonly Field[];
    readonly table_size: number;
  }[];
}
interface Primitive {
  readonly id: string;
  readonly kind: 'integer' | 'huffman';
  readonly wire: string;
  readonly prefix_bits?: 4 | 5 | 6 | 7 | 8;
  readonly value?: string;
  readonly plain?: string;
}
interface Bad {
  readonly id: string;
  readonly blocks: readonly string[];
  readonly expect: 'error' | 'ok' | 'limit' | 'policy';
  readonly recommended?: 'error' | 'malformed';
  readonly headers?: readonly Field[];
  /** Blocks before the one that is refused. */
  readonly expect_ok_blocks?: number;
  readonly settings_header_table_size?: number;
}

const stories = protocolCases<Story>('hpack-stories');
const examples = protocolCases<Example>('hpack-rfc7541');
const primitives = protocolCases<Primitive>('hpack-primitives');
const bad = protocolCases<Bad>('hpack-bad');
const isPresent = stories !== null && examples !== null && primitives !== null && bad !== null;

/** The field lists of the stories by name, and beside them what no other file has. */
function headerSets(): Record<string, readonly (readonly Field[])[]> {
  const path = join(sharedFolder, 'vectors', 'protocol', 'hpack-stories.json');
  return JSON.parse(readFileSync(path, 'utf8')).header_sets;
}

/** The entries of the dynamic table, newest first: one block asks for them until one is missing. */
function tableOf(core: HpackCore, blocks: readonly Uint8Array[], tableOctets: number): Field[] {
  for (let count = 0; ; count++) {
    const decoder = new BlockDecoder(core, { tableOctets });
    for (const block of blocks) decoder.decode(block);
    const asked = decoder.decode(Uint8Array.from({ length: count }, (_, i) => 0x80 | (62 + i)));
    const beyond = decoder.decode(Uint8Array.of(0x80 | (62 + count))).rule;
    decoder.free();
    expect(asked.rule).toBe(0);
    if (beyond === abi.RULE_HPACK_INDEX) return pairsOf(asked);
  }
}

/** Decodes the blocks of a bad case up to the first that is refused; "S1024" allows the peer a table of 1024 octets. */
function playBad(core: HpackCore, { blocks, settings_header_table_size: size }: Bad): DecodedBlock[] {
  const decoder = new BlockDecoder(core, { fields: 256 });
  const outcomes: DecodedBlock[] = [];
  if (size !== undefined) decoder.allow(size);
  for (const block of blocks) {
    if (block.startsWith('S')) decoder.allow(Number(block.slice(1)));
    // What is longer than the input area is more of the same.
    else outcomes.push(decoder.decode(hex(block).subarray(0, abi.INPUT_OCTETS - 32)));
    if (outcomes.at(-1)?.rule) break;
  }
  decoder.free();
  return outcomes;
}

const LIMITS: readonly number[] = [abi.RULE_HPACK_LIST_OCTETS, abi.RULE_HPACK_FIELD_COUNT];

describe.skipIf(!isPresent)(`public HPACK cases${isPresent ? '' : ` ${withoutShared}`}`, () => {
  test('each story, example, primitive and bad input is there', () => {
    console.log(
      `HPACK: ${stories?.length} stories, ${examples?.length} examples, ${primitives?.length} primitives, ${bad?.length} bad`,
    );
    expect(stories?.length).toBeGreaterThan(0);
  });

  describe.each(BUILDS)('build %s', (build) => {
    const core = loadHpack(build);

    test('a story of any encoder decodes to its field lists', () => {
      const sets = headerSets();
      for (const { id, headers_ref: name, blocks } of stories ?? []) {
        const decoder = new BlockDecoder(core, { tableOctets: blocks[0]?.max_table_size ?? 4096 });
        for (const [index, { wire, max_table_size: size }] of blocks.entries()) {
          if (size !== undefined && index > 0) decoder.allow(size);
          const decoded = decoder.decode(hex(wire));
          expect([decoded.rule, pairsOf(decoded)], `${id}, block ${index}`).toEqual([0, sets[name]?.[index]]);
        }
        decoder.free();
      }
      expect(core.liveOctets()).toBe(0);
    });

    test('the field list of a story goes through our encoder and decoder unchanged', () => {
      for (const [name, lists] of Object.entries(headerSets())) {
        for (const tableOctets of [4096, 0, 128]) {
          const encoder = new BlockEncoder(core, tableOctets);
          const decoder = new BlockDecoder(core);
          for (const [index, fields] of lists.entries()) {
            const decoded = decoder.decode(encoder.encode(fields));
            expect([decoded.rule, pairsOf(decoded)], `${name}, list ${index}`).toEqual([0, fields]);
          }
          encoder.free();
          decoder.free();
        }
      }
      expect(core.liveOctets()).toBe(0);
    });

    test('the examples of RFC 7541 leave the table they show', () => {
      for (const { id, blocks, max_table_size: tableOctets } of examples ?? []) {
        const decoder = new BlockDecoder(core, { tableOctets });
        for (const [index, { wire, headers, table_after: entries, table_size: size }] of blocks.entries()) {
          const decoded = decoder.decode(hex(wire));
          expect([decoded.rule, pairsOf(decoded)], `${id}, block ${index}`).toEqual([0, headers]);
          const table = tableOf(
            core,
            blocks.slice(0, index + 1).map((block) => hex(block.wire)),
            tableOctets,
          );
          expect(table, `${id}, table after block ${index}`).toEqual(entries);
          const octets = table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
          expect(octets).toBe(size);
        }
        decoder.free();
      }
    });

    test('the Huffman code of each octet is read and written', () => {
      for (const { id, wire, plain } of (primitives ?? []).filter(({ kind }) => kind === 'huffman')) {
        const coded = hex(wire);
        const text = Buffer.from(plain ?? '', 'hex').toString('latin1');
        const decoder = new BlockDecoder(core);
        // A name that is raw, a value that is coded.
        const decoded = decoder.decode(Uint8Array.of(0x00, 0x01, 0x61, 0x80 | coded.length, ...coded));
        expect([decoded.rule, pairsOf(decoded)], id).toEqual([0, [['a', text]]]);
        decoder.free();
        if (coded.length >= text.length) continue;
        const encoder = new BlockEncoder(core);
        expect(Buffer.from(encoder.encode([['a', text]])).toString('hex'), id).toContain(wire);
        encoder.free();
      }
    });

    test('an integer is read as what it means: as an index, a length or a table size', () => {
      for (const { id, wire, prefix_bits: bits, value } of (primitives ?? []).filter(
        ({ kind }) => kind === 'integer',
      )) {
        expect(readsInteger(core, hex(wire), bits ?? 0, Number(value)), id).toBe(true);
      }
    });

    test.each((bad ?? []).map((one) => [one.id, one] as const))('%s', (_, one) => {
      const outcomes = playBad(core, one);
      const { rule } = outcomes.at(-1) as DecodedBlock;
      const wanted = one.expect === 'policy' ? (one.recommended === 'error' ? 'error' : 'ok') : one.expect;
      if (wanted === 'ok') expect(rule).toBe(0);
      else if (wanted === 'limit') expect(LIMITS).toContain(rule);
      else {
        expect(rule).toBeGreaterThanOrEqual(abi.RULE_HPACK_INDEX);
        expect(LIMITS).not.toContain(rule);
      }
      if (one.headers !== undefined) expect(pairsOf(outcomes.at(-1) as DecodedBlock)).toEqual(one.headers);
      if (one.expect_ok_blocks !== undefined) expect(outcomes.length).toBe(one.expect_ok_blocks + 1);
      expect(core.liveOctets()).toBe(0);
    });
  });
});

/**
 * Whether the decoder reads the integer as `value`: what an integer of that prefix does must come of it. A prefix of eight
 * bits begins nothing in HPACK.
 */
function readsInteger(core: HpackCore, wire: Uint8Array, bits: number, value: number): boolean {
  const [first = 0, ...rest] = wire;
  const decode = (block: readonly number[], options = {}): DecodedBlock => {
    const decoder = new BlockDecoder(core, options);
    try {
      return decoder.decode(Uint8Array.from(block));
    } finally {
      decoder.free();
    }
  };
  switch (bits) {
    case 8:
      return true;
    case 7: {
      // The length of a value: too long for the block, unless that has so many octets, and then by no octet.
      const block = [0x00, 0x01, 0x61, first, ...rest];
      if (value > 60000) return decode(block).rule === abi.RULE_HPACK_TRUNCATED;
      const whole = decode([...block, ...new Array<number>(value).fill(0x78)]);
      const short = decode([...block, ...new Array<number>(Math.max(value - 1, 0)).fill(0x78)]);
      return whole.rule === 0 && (value === 0 || short.rule === abi.RULE_HPACK_TRUNCATED);
    }
    case 5: {
      // A table size update: allowed up to what is allowed, to the octet.
      const block = [0x20 | first, ...rest];
      const most = abi.HPACK_TABLE_OCTETS_CEILING;
      if (value > most) return decode(block, { tableOctets: most }).rule === abi.RULE_HPACK_TABLE_SIZE;
      const less = value === 0 ? 0 : decode(block, { tableOctets: value - 1 }).rule;
      return decode(block, { tableOctets: value }).rule === 0 && (value === 0 || less === abi.RULE_HPACK_TABLE_SIZE);
    }
    default: {
      // The index of a name, that of a static entry or none; 0: the name follows.
      const kind = bits === 6 ? 0x40 : 0x00;
      const tail = value === 0 ? [0x01, 0x61, 0x00] : [0x00];
      const { rule, fields } = decode([kind | first, ...rest, ...tail]);
      if (value > abi.HPACK_STATIC_ENTRIES) return rule === abi.RULE_HPACK_INDEX;
      const plain = decode([0x80 | value]).fields[0]?.name;
      return rule === 0 && fields[0]?.name === (value === 0 ? 'a' : plain);
    }
  }
}
