/** The HPACK encoder: what it indexes, what it keeps secret, how it follows the peer's settings; any list comes back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import {
  BlockDecoder,
  BlockEncoder,
  type DecodedBlock,
  type Field,
  hex,
  loadHpack,
  pairsOf,
} from '../../support/hpack.js';

const NEVER = abi.HPACK_NEVER_INDEXED;
type Given = readonly [name: string, value: string, flags?: number];

describe.each(BUILDS)('build %s', (build) => {
  const core = loadHpack(build);

  /** The blocks of some lists by one encoder, and what one decoder makes of them. */
  function play(lists: readonly (readonly Given[])[]): { blocks: Uint8Array[]; decoded: DecodedBlock[] } {
    const encoder = new BlockEncoder(core);
    const decoder = new BlockDecoder(core);
    const blocks = lists.map((list) => encoder.encode(list));
    const decoded = blocks.map((block) => decoder.decode(block));
    encoder.free();
    decoder.free();
    expect(core.liveOctets()).toBe(0);
    return { blocks, decoded };
  }
  const hexOf = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString('hex');
  const once = (...list: Given[]): string => hexOf(play([list]).blocks[0]);

  test('the requests of RFC 7541 appendix C.4 are encoded as there', () => {
    const first: Given[] = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ];
    const { blocks } = play([
      first,
      [...first, ['cache-control', 'no-cache']],
      [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':path', '/index.html'],
        [':authority', 'www.example.com'],
        ['custom-key', 'custom-value'],
      ],
    ]);
    expect(blocks.map(hexOf)).toEqual([
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ]);
  });

  test('each entry of the static table is found by its name and value', () => {
    const decoder = new BlockDecoder(core);
    const all = pairsOf(decoder.decode(Uint8Array.from({ length: 61 }, (_, i) => 0x81 + i)));
    decoder.free();
    for (const [i, [name, value]] of all.entries()) {
      const coded = once([name, value]);
      if (value !== '') expect(coded, name).toBe(hexOf(Uint8Array.of(0x81 + i)));
      // A name is never spelled out. Of entries with one name, the first stands for it.
      const decoded = play([[[name, 'x']]]).decoded[0]?.fields[0];
      expect([decoded?.name, decoded?.value]).toEqual([name, 'x']);
      expect(coded.length, name).toBeLessThanOrEqual(6);
    }
  });

  test('secrets are never-indexed literals, each time', () => {
    const secrets: Given[] = [
      ['authorization', 'Bearer 0123456789abcdef0123456789abcdef'],
      ['proxy-authorization', 'Basic dXNlcjpwYXNz'],
      ['cookie', 'id=0123456789abcdef'],
      ['x-api-key', '0123456789abcdef', NEVER],
      [':method', 'GET', NEVER],
    ];
    const { blocks, decoded } = play([secrets, secrets]);
    for (const { fields } of decoded) {
      expect(fields.map(({ isNeverIndexed }) => isNeverIndexed)).toEqual([true, true, true, true, true]);
    }
    expect(hexOf(blocks[1])).toBe(hexOf(blocks[0]));
    expect(decoded.map(pairsOf)).toEqual([secrets, secrets].map((list) => list.map(([name, value]) => [name, value])));
  });

  test('a cookie of 20 octets is inserted, one of 19 is not', () => {
    const at = (octets: number): boolean | undefined =>
      play([[['cookie', 'c'.repeat(octets)]]]).decoded[0]?.fields[0]?.isNeverIndexed;
    expect([at(19), at(20)]).toEqual([true, false]);
    const { blocks } = play([[['cookie', 'c'.repeat(20)]], [['cookie', 'c'.repeat(20)]]]);
    expect(hexOf(blocks[1])).toBe('be');
  });

  test.each([
    ':path',
    'age',
    'content-length',
    'content-range',
    'etag',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'if-range',
    'if-unmodified-since',
    'location',
    'range',
    'set-cookie',
  ])('%s is not inserted, and not called a secret', (name) => {
    const { blocks, decoded } = play([[[name, 'value']], [[name, 'value']]]);
    expect(hexOf(blocks[1])).toBe(hexOf(blocks[0]));
    expect(decoded[0]?.fields[0]).toMatchObject({ isNeverIndexed: false, isNameOnly: true });
  });

  test('what would fill more than three quarters of the table is not inserted', () => {
    const at = (octets: number): number =>
      play([[['x', 'v'.repeat(octets)]], [['x', 'v'.repeat(octets)]]]).blocks[1]?.length ?? 0;
    expect(at(3046)).toBe(1);
    expect(at(3050)).toBeGreaterThan(1);
  });

  test('a field that was sent comes as an index while it is in the table, a name after another value', () => {
    const { blocks } = play([
      [['x-one', 'a']],
      [['x-one', 'b']],
      [
        ['x-one', 'a'],
        ['x-one', 'b'],
      ],
    ]);
    expect(hexOf(blocks[1])).toMatch(/^7e/); // literal, inserted, name 62
    expect(hexOf(blocks[2])).toBe('bfbe');
    // So many that the first is evicted.
    const many = Array.from({ length: 200 }, (_, i): Given[] => [[`x-${i}`, 'v'.repeat(20)]]);
    const later = play([...many, many[0] as Given[]]);
    expect(later.blocks.at(-1)?.length).toBeGreaterThan(10);
    expect(pairsOf(later.decoded.at(-1) as DecodedBlock)).toEqual(many[0]);
  });

  test('fields that differ in the middle alone are told apart', () => {
    const [start, end] = ['s'.repeat(8), 'e'.repeat(8)];
    const names = ['a', 'b', 'c'].map((middle): Given => [`${start}${middle}${end}`, 'same']);
    const values = ['a', 'b', 'c'].map((middle): Given => ['x-name', `${start}${middle}${end}`]);
    const { blocks, decoded } = play([names, values, names, values]);
    expect(hexOf(blocks[2])).toBe('c3c2c1');
    expect(hexOf(blocks[3])).toBe('c0bfbe');
    expect(decoded.map(pairsOf)).toEqual([names, values, names, values]);
  });

  test.each([4, 7, 8, 9, 15, 16, 17])('names and values of %i octets are told apart by each octet', (length) => {
    const wholes = Array.from({ length }, (_, at) => `${'m'.repeat(at)}n${'m'.repeat(length - at - 1)}`);
    const list = wholes.map((whole): Given => [whole, whole]);
    const { blocks, decoded } = play([list, list]);
    expect(blocks[1]?.length).toBe(length);
    expect(decoded.map(pairsOf)).toEqual([list, list]);
  });

  test('a name is found after more of its entries than a list is searched for', () => {
    const encoder = new BlockEncoder(core, 65536);
    encoder.allow(65536);
    for (let i = 0; i < 500; i++) encoder.encode([['x-name', `value ${i}`]]);
    expect(hexOf(encoder.encode([['x-name', 'value 0']]))).toMatch(/^ff/);
    expect(hexOf(encoder.encode([['x-name', 'other']]))).toMatch(/^7e/);
    encoder.free();
  });

  describe('a field that is given by the id of its entry', () => {
    /** Gives fields by their ids, behind a text that is one field more. */
    function give(
      encoder: BlockEncoder,
      ids: readonly number[],
      text = '',
    ): { rule: number; block: string; ids: number[] } {
      const heads = [...(text ? [[1, text.length - 1, 0]] : []), ...ids.map((id) => [0, 0, id])].flat();
      const at = core.inputOffset() + ((text.length + 3) & ~3);
      new Uint8Array(core.memory.buffer).set(Buffer.from(text, 'latin1'), core.inputOffset());
      new Uint32Array(core.memory.buffer).set(heads, at >>> 2);
      const rule = core.hpackEncode(encoder.handle, heads.length / 3, text.length);
      const record = new Uint32Array(core.memory.buffer, core.eventsOffset(), abi.EVENT_OCTETS / 4);
      const [offset = 0, length = 0] = record.subarray(abi.EVENT_OFFSET / 4);
      const block = hexOf(new Uint8Array(core.memory.buffer).slice(offset, offset + length));
      const told = new Uint32Array(core.memory.buffer).subarray(at >>> 2, (at >>> 2) + heads.length);
      return { rule, block, ids: heads.map((_, i) => told[i] ?? 0).filter((_, i) => i % 3 === 2) };
    }
    const made = (table = 4096): BlockEncoder => new BlockEncoder(core, table);

    test('is its index, in the static table and the dynamic one', () => {
      const encoder = made();
      encoder.encode([
        ['x-a', 'b'],
        ['x-c', 'd'],
      ]);
      expect(give(encoder, [2, 62, 63, 61])).toMatchObject({ rule: 0, block: '82bfbebd' });
      encoder.free();
    });

    test('is known from the list in which it was text', () => {
      const encoder = made();
      expect(give(encoder, [], 'avalue')).toMatchObject({ rule: 0, ids: [62] });
      expect(give(encoder, [], 'avalue')).toMatchObject({ rule: 0, block: 'be', ids: [62] });
      expect(give(encoder, [62], 'aother')).toMatchObject({ rule: 0, ids: [63, 62] });
      encoder.free();
    });

    test.each([
      ['is none', [62]],
      ['is one beside others that are there', [2, 64]],
      ['is the largest id', [abi.HPACK_ID_MASK]],
    ])('is refused where it %s, and the encoder is as it was', (_, ids) => {
      const encoder = made();
      if (ids[1])
        encoder.encode([
          ['x-a', 'b'],
          ['x-c', 'd'],
        ]);
      expect(give(encoder, ids, 'avalue')).toEqual({ rule: abi.RULE_HPACK_INDEX, block: '', ids: [0, ...ids] });
      expect(give(encoder, [], 'avalue').ids).toEqual([ids[1] ? 64 : 62]);
      encoder.free();
    });

    test('is refused where text before it might evict it, and goes where that just does not', () => {
      // Two entries of 35 and 36 octets in a table of 106: 35 more are free.
      for (const [octets, rule] of [
        [3, 0],
        [4, abi.RULE_HPACK_INDEX],
      ] as const) {
        const encoder = made(106);
        encoder.encode([
          ['a', 'bc'],
          ['d', 'efg'],
        ]);
        expect(give(encoder, [62, 63], 'x'.repeat(octets)).rule).toBe(rule);
        // The second alone outlives the first.
        expect(give(encoder, [63], 'y'.repeat(3)).rule).toBe(0);
        encoder.free();
      }
    });

    test('is gone with the table', () => {
      const encoder = made();
      encoder.encode([['x-a', 'b']]);
      encoder.allow(0);
      encoder.allow(4096);
      expect(give(encoder, [62]).rule).toBe(abi.RULE_HPACK_INDEX);
      // A size update that is due stands before an index, too.
      expect(give(encoder, [2])).toMatchObject({ rule: 0, block: '203fe11f82' });
      encoder.free();
    });
  });

  test('the peer is told of a new table size: the least since the last block, then the present one', () => {
    const told = (sizes: readonly number[], tableOctets = 4096): string => {
      const encoder = new BlockEncoder(core, tableOctets);
      for (const size of sizes) encoder.allow(size);
      const block = hexOf(encoder.encode([[':method', 'GET']]));
      expect(hexOf(encoder.encode([[':method', 'GET']]))).toBe('82');
      encoder.free();
      return block;
    };
    expect(told([])).toBe('82');
    expect(told([4096])).toBe('82');
    expect(told([65536])).toBe('82');
    expect(told([0])).toBe('2082');
    expect(told([100])).toBe('3f4582');
    expect(told([0, 4096])).toBe('203fe11f82');
    expect(told([100, 0, 50])).toBe('203f1382');
    expect(told([100, 50])).toBe('3f1382');
    expect(told([50, 100])).toBe('3f133f4582');
    // Less than the peer allows is ours to choose, and said at once; more is used when it is allowed.
    expect(told([], 100)).toBe('3f4582');
    expect(told([4294967295], 100)).toBe('3f4582');
    expect(told([], 8192)).toBe('82');
    expect(told([8192], 8192)).toBe('3fe13f82');
  });

  test('the tables of both sides stay one through changes of size', () => {
    const encoder = new BlockEncoder(core, 8192);
    const decoder = new BlockDecoder(core);
    for (let n = 0; n < 400; n++) {
      if (n % 7 === 3) {
        const size = (n * 613) % 8200;
        encoder.allow(size);
        decoder.allow(size);
      }
      const list: Field[] = [
        [`x-${n % 23}`, `value ${n % 11}`],
        ['user-agent', 'v'.repeat(n % 300)],
        [`x-${n % 5}`, 'same'],
      ];
      const decoded = decoder.decode(encoder.encode(list));
      expect([decoded.rule, pairsOf(decoded)]).toEqual([0, list]);
    }
    encoder.free();
    decoder.free();
  });

  test('any lists come back, whatever their octets', { timeout: 60_000 }, () => {
    const octets = fc.string({ unit: fc.nat(255).map((unit) => String.fromCharCode(unit)), maxLength: 60 });
    const name = fc.oneof(
      octets,
      fc.constantFrom('cookie', ':path', 'etag', 'x-a', 'x-b', 'accept', 'accept-encoding'),
    );
    const value = fc.oneof(octets, fc.constantFrom('', 'gzip, deflate', 'a', 'b'), fc.constant('0'.repeat(5000)));
    const lists = fc.array(fc.array(fc.tuple(name, value, fc.constantFrom(0, 0, NEVER)), { maxLength: 12 }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(lists, (given) => {
        const { decoded } = play(given);
        expect(decoded.map(({ rule }) => rule)).toEqual(given.map(() => 0));
        expect(decoded.map(pairsOf)).toEqual(given.map((list) => list.map(([each, its]) => [each, its])));
        const asked = given.flatMap((list) => list.map(([, , flags]) => flags === NEVER));
        const kept = decoded.flatMap(({ fields }) => fields.map(({ isNeverIndexed }) => isNeverIndexed));
        expect(asked.every((never, i) => !never || kept[i])).toBe(true);
      }),
      { numRuns: build === 'debug' ? 100 : 400, seed: 7541 },
    );
  });

  test('a string in the Huffman code is never longer than the string', () => {
    for (let octet = 0; octet < 256; octet++) {
      const value = String.fromCharCode(octet).repeat(100);
      const { blocks, decoded } = play([[['a', value]]]);
      expect(blocks[0]?.length).toBeLessThanOrEqual(1 + 2 + 1 + 100);
      expect(decoded[0]?.fields[0]?.value).toBe(value);
    }
  });

  test('an allocation that fails leaves the encoder as it was', () => {
    const encoder = new BlockEncoder(core);
    encoder.encode([['x-a', 'b']]);
    core.failAllocationsAfter(0);
    expect(() => encoder.encode([['x-c', 'v'.repeat(5000)]])).toThrow('no memory');
    core.failAllocationsAfter(-1);
    expect(hexOf(encoder.encode([['x-a', 'b']]))).toBe('be');
    encoder.free();
    for (let n = 0; n < 4; n++) {
      core.failAllocationsAfter(n);
      const { handle } = new BlockEncoder(core);
      core.failAllocationsAfter(-1);
      expect(handle === 0).toBe(n < 4);
      expect(core.liveOctets()).toBe(0);
    }
    expect(hex('')).toEqual(new Uint8Array(0));
  });
});
