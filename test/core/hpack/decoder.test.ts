/** The HPACK decoder: its table, its limits, its memory, and what it does with octets of any kind. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { seeded } from '../../support/core-connection.js';
import { BUILDS } from '../../support/core-module.js';
import { BlockDecoder, BlockEncoder, type DecodedBlock, hex, loadHpack, pairsOf } from '../../support/hpack.js';

/** A literal with a name and a value that are not coded; `kind`: 0x40 inserted, 0x00 not, 0x10 never indexed. */
function literal(kind: number, name: string, value: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(kind), raw(name), raw(value)]);
}
function raw(text: string): Uint8Array {
  return Buffer.concat([integer(0, 0x7f, text.length), Buffer.from(text, 'latin1')]);
}
function integer(first: number, mask: number, value: number): Uint8Array {
  if (value < mask) return Uint8Array.of(first | value);
  const octets = [first | mask];
  let left = value - mask;
  for (; left >= 128; left = Math.floor(left / 128)) octets.push((left % 128) | 128);
  return Uint8Array.from([...octets, left]);
}
const index = (value: number): Uint8Array => integer(0x80, 0x7f, value);
const sizeUpdate = (octets: number): Uint8Array => integer(0x20, 0x1f, octets);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const INSERTED = 0x40;

describe.each(BUILDS)('build %s', (build) => {
  const core = loadHpack(build);

  /** Decodes the blocks with one decoder and frees it; nothing may stay allocated. */
  function play(blocks: readonly Uint8Array[], options = {}): DecodedBlock[] {
    const live = core.liveOctets();
    const decoder = new BlockDecoder(core, options);
    const decoded = blocks.map((block) => decoder.decode(block));
    decoder.free();
    expect(core.liveOctets()).toBe(live);
    return decoded;
  }
  const last = (...blocks: Uint8Array[]): DecodedBlock => play(blocks).at(-1) as DecodedBlock;

  test('a field survives the eviction of its entry in the same block', () => {
    const big = 'v'.repeat(4000);
    const block = join(literal(INSERTED, 'a', 'b'), index(62), literal(INSERTED, 'c', big), index(62));
    expect(pairsOf(last(block))).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['c', big],
      ['c', big],
    ]);
  });

  test('a name may come from the entry that its own insertion evicts', () => {
    const name = 'n'.repeat(2000);
    const block = join(literal(INSERTED, name, 'first'), integer(INSERTED, 0x3f, 62), raw('w'.repeat(2064)), index(62));
    expect(pairsOf(last(block))).toEqual([
      [name, 'first'],
      [name, 'w'.repeat(2064)],
      [name, 'w'.repeat(2064)],
    ]);
  });

  test('an entry larger than the table empties it and is no error', () => {
    const block = join(literal(INSERTED, 'a', 'b'), literal(INSERTED, 'c', 'v'.repeat(4064)));
    const [first, second] = play([block, index(62)]) as [DecodedBlock, DecodedBlock];
    expect([first.rule, first.fields.length, first.fields[1]?.id]).toEqual([0, 2, 0]);
    expect(second.rule).toBe(abi.RULE_HPACK_INDEX);
    // One octet less fits, and is alone.
    const fits = join(literal(INSERTED, 'a', 'b'), literal(INSERTED, 'c', 'v'.repeat(4063)));
    expect(play([fits, index(62), index(63)]).map(({ rule }) => rule)).toEqual([0, 0, abi.RULE_HPACK_INDEX]);
  });

  test('ids name static entries, insertions, and entries of the same name', () => {
    const block = join(
      index(2),
      literal(INSERTED, 'a', 'b'),
      index(62),
      integer(0x00, 0x0f, 62),
      raw('c'),
      integer(0x10, 0x0f, 28),
      raw('5'),
      literal(0x10, 'd', 'e'),
      literal(INSERTED, 'f', 'g'),
    );
    const { fields } = last(block);
    expect(fields.map(({ id, isNameOnly, isNeverIndexed }) => [id, isNameOnly, isNeverIndexed])).toEqual([
      [2, false, false],
      [62, false, false],
      [62, false, false],
      [62, true, false],
      [28, true, true],
      [0, false, true],
      [63, false, false],
    ]);
  });

  test('the table keeps its entries through thousands of insertions of all lengths', () => {
    const decoder = new BlockDecoder(core);
    const random = seeded(41);
    const entries: [string, string][] = [];
    for (let n = 0; n < 3000; n++) {
      const field: [string, string] = [
        `n${n}`,
        'v'.repeat(Math.floor(random.next().value * (n % 50 === 0 ? 3900 : 90))),
      ];
      entries.unshift(field);
      let size = 0;
      const kept = entries.findIndex(([name, value]) => {
        size += name.length + value.length + 32;
        return size > 4096;
      });
      if (kept >= 0) entries.length = kept;
      const decoded = decoder.decode(join(literal(INSERTED, ...field), ...entries.map((_, i) => index(62 + i))));
      expect(pairsOf(decoded)).toEqual([field, ...entries]);
    }
    decoder.free();
    expect(core.liveOctets()).toBe(0);
  });

  test('size updates: two at the start, within what is allowed, and due when less is allowed', () => {
    const field = index(2);
    const rules = (...blocks: Uint8Array[]): number => last(...blocks).rule;
    expect(rules(join(sizeUpdate(0), sizeUpdate(4096), field))).toBe(0);
    expect(rules(join(sizeUpdate(0), sizeUpdate(1), sizeUpdate(2), field))).toBe(abi.RULE_HPACK_TABLE_UPDATE);
    expect(rules(join(field, sizeUpdate(0)))).toBe(abi.RULE_HPACK_TABLE_UPDATE);
    expect(rules(sizeUpdate(4097))).toBe(abi.RULE_HPACK_TABLE_SIZE);
    const allowed = (sizes: readonly number[], ...blocks: Uint8Array[]): number => {
      const decoder = new BlockDecoder(core);
      for (const size of sizes) decoder.allow(size);
      const rule = blocks.map((block) => decoder.decode(block).rule).at(-1) as number;
      decoder.free();
      return rule;
    };
    expect(allowed([1024], field)).toBe(abi.RULE_HPACK_TABLE_UPDATE_MISSING);
    expect(allowed([1024], join(sizeUpdate(1024), field))).toBe(0);
    expect(allowed([1024], join(sizeUpdate(100), field))).toBe(0);
    // The least size in between must be signalled, too.
    expect(allowed([100, 4096], field)).toBe(abi.RULE_HPACK_TABLE_UPDATE_MISSING);
    expect(allowed([100, 4096], join(sizeUpdate(101), field))).toBe(abi.RULE_HPACK_TABLE_UPDATE_MISSING);
    expect(allowed([100, 4096], join(sizeUpdate(100), sizeUpdate(4096), field))).toBe(0);
    expect(allowed([100, 200], join(sizeUpdate(200), field))).toBe(abi.RULE_HPACK_TABLE_UPDATE_MISSING);
    // More needs no update, and takes memory when it is used.
    expect(allowed([65536], field)).toBe(0);
    expect(allowed([65536], join(sizeUpdate(65536), literal(INSERTED, 'a', 'v'.repeat(60000))), index(62))).toBe(0);
    expect(allowed([1024], join(sizeUpdate(0), field), field)).toBe(0);
  });

  test('a larger table keeps what the smaller had', () => {
    const decoder = new BlockDecoder(core, { tableOctets: 128 });
    decoder.decode(join(literal(INSERTED, 'a', 'b'), literal(INSERTED, 'c', 'd')));
    decoder.allow(8192);
    const many = Array.from({ length: 100 }, (_, i) => literal(INSERTED, `n${i}`, 'v'));
    expect(pairsOf(decoder.decode(join(sizeUpdate(8192), index(62), index(63), ...many)))[1]).toEqual(['a', 'b']);
    expect(pairsOf(decoder.decode(join(index(62 + 100), index(62 + 101))))).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
    decoder.free();
    expect(core.liveOctets()).toBe(0);
  });

  test('a list at its limits is whole, one octet or field more is refused, and the table is right', () => {
    const block = join(literal(INSERTED, 'name', 'value'), index(62), literal(0x00, 'x', 'y'.repeat(20)));
    const octets = 2 * (9 + 32) + 21 + 32;
    for (const [options, rule, count] of [
      [{ listOctets: octets, fields: 3 }, 0, 3],
      [{ listOctets: octets - 1 }, abi.RULE_HPACK_LIST_OCTETS, 2],
      [{ listOctets: 41 }, abi.RULE_HPACK_LIST_OCTETS, 1],
      [{ listOctets: 40 }, abi.RULE_HPACK_LIST_OCTETS, 0],
      [{ listOctets: 1 }, abi.RULE_HPACK_LIST_OCTETS, 0],
      [{ fields: 2 }, abi.RULE_HPACK_FIELD_COUNT, 2],
      [{ fields: 1 }, abi.RULE_HPACK_FIELD_COUNT, 1],
    ] as const) {
      const [refused, next] = play([block, index(62)], options) as [DecodedBlock, DecodedBlock];
      expect([refused.rule, refused.fields.length], JSON.stringify(options)).toEqual([rule, count]);
      const fits = 41 <= ((options as { listOctets?: number }).listOctets ?? 65536);
      expect(next.rule, JSON.stringify(options)).toBe(fits ? 0 : abi.RULE_HPACK_LIST_OCTETS);
      if (fits) expect(pairsOf(next)).toEqual([['name', 'value']]);
    }
  });

  test('a broken rule is told even behind a limit, and repeated from then on', () => {
    const decoder = new BlockDecoder(core, { fields: 1 });
    expect(decoder.decode(join(index(2), index(2), index(70))).rule).toBe(abi.RULE_HPACK_INDEX);
    expect(decoder.decode(index(2)).rule).toBe(abi.RULE_HPACK_INDEX);
    expect(decoder.decode(new Uint8Array(0)).rule).toBe(abi.RULE_HPACK_INDEX);
    decoder.free();
  });

  test('a string that neither list nor table could hold takes no memory', () => {
    const huge = 'v'.repeat(60000);
    // In the Huffman code: "0" is five bits, all zero.
    const coded = join(Uint8Array.of(INSERTED, 1, 0x61), integer(0x80, 0x7f, 60000), new Uint8Array(60000));
    for (const block of [join(literal(INSERTED, 'a', huge)), coded]) {
      const before = core.memory.buffer.byteLength;
      const live = core.liveOctets();
      const decoder = new BlockDecoder(core, { listOctets: 1000 });
      decoder.decode(literal(INSERTED, 'b', 'c'));
      const began = core.liveOctets();
      expect(decoder.decode(block).rule).toBe(abi.RULE_HPACK_LIST_OCTETS);
      expect(core.liveOctets() - began).toBeLessThan(8192);
      // It would not have fitted the table, which is empty now.
      expect(decoder.decode(index(62)).rule).toBe(abi.RULE_HPACK_INDEX);
      decoder.free();
      expect(core.liveOctets()).toBe(live);
      expect(core.memory.buffer.byteLength).toBe(before);
    }
  });

  test('an entry behind the limit is inserted all the same', () => {
    const block = join(
      index(2),
      index(2),
      literal(INSERTED, 'late', 'value'),
      integer(INSERTED, 0x3f, 62),
      raw('again'),
    );
    const [, next] = play([block, join(index(62)), join(index(63))], { fields: 1 }) as DecodedBlock[];
    expect(pairsOf(next as DecodedBlock)).toEqual([['late', 'again']]);
  });

  test('a bomb of indexed fields stops at the limit, whatever its table says', () => {
    const big = literal(INSERTED, 'a', 'v'.repeat(4000));
    const bomb = new Uint8Array(60000).fill(0x80 | 62);
    const before = core.memory.buffer.byteLength;
    const [, refused, next] = play([big, bomb, index(62)]) as [DecodedBlock, DecodedBlock, DecodedBlock];
    expect([refused.rule, refused.fields.length]).toEqual([abi.RULE_HPACK_LIST_OCTETS, 16]);
    expect(refused.listOctets).toBeLessThanOrEqual(65536);
    expect(next.rule).toBe(0);
    expect(core.memory.buffer.byteLength - before).toBeLessThanOrEqual(4 * 65536);
  });

  test('every allocation may fail: no handle, or a rule, and nothing left behind', () => {
    const block = join(...Array.from({ length: 40 }, (_, i) => literal(INSERTED, `n${i}`, 'v'.repeat(300))));
    let failures = 0;
    for (let n = 0; ; n++) {
      core.failAllocationsAfter(n);
      const decoder = new BlockDecoder(core);
      const { rule } = decoder.decode(block);
      core.failAllocationsAfter(-1);
      decoder.free();
      expect(core.liveOctets()).toBe(0);
      if (rule === 0) break;
      expect(rule).toBe(abi.RULE_MEMORY);
      failures++;
    }
    expect(failures).toBeGreaterThan(4);
    core.failAllocationsAfter(0);
    expect(new BlockEncoder(core).handle).toBe(0);
    core.failAllocationsAfter(-1);
  });

  test('blocks of any octets never trap, and each build says the same of them', { timeout: 60_000 }, () => {
    const reference = build === 'release' ? null : loadHpack('release');
    const random = seeded(7541);
    const below = (n: number): number => Math.floor(random.next().value * n);
    const starts = [0x82, 0x40, 0x00, 0x10, 0x7f, 0xff, 0x3f, 0x20, 0xbe, 0x5f, 0x0f, 0x85];
    for (let round = 0; round < 400; round++) {
      const options = { listOctets: 1 + below(2000), fields: 1 + below(20), tableOctets: below(300) };
      const decoder = new BlockDecoder(core, options);
      const other = reference === null ? null : new BlockDecoder(reference, options);
      for (let blocks = 0; blocks < 6; blocks++) {
        const block = Uint8Array.from({ length: below(80) }, () =>
          below(3) === 0 ? (starts[below(starts.length)] as number) : below(4) === 0 ? below(256) : below(12),
        );
        if (below(8) === 0) {
          const allowed = below(600);
          decoder.allow(allowed);
          other?.allow(allowed);
        }
        const decoded = decoder.decode(block);
        if (other !== null) expect(decoded).toEqual(other.decode(block));
        if (decoded.rule !== 0 && decoded.rule < abi.RULE_HPACK_LIST_OCTETS) break;
      }
      decoder.free();
      other?.free();
    }
    expect(core.liveOctets()).toBe(0);
  });

  test('a block without octets has no fields', () => {
    expect(last(hex('')).fields).toEqual([]);
  });
});
