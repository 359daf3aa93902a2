/** Which strings `HpackDecoder` makes of a section: what a string may keep alive, and that each is right. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { HpackDecoder, HpackEncoder, type HpackField } from '../../src/core-api.js';

const made = vi.hoisted((): string[] => []);
vi.mock('../../src/latin1.js', async (original) => {
  const module = await original<typeof import('../../src/latin1.js')>();
  const latin1: typeof module.latin1 = (bytes, start, end) => {
    const text = module.latin1(bytes, start, end);
    made.push(text);
    return text;
  };
  return { ...module, latin1 };
});

/** The list, encoded and decoded by coders that have seen what is in `before`. */
function decoded(
  list: readonly HpackField[],
  before: readonly HpackField[] = [],
  Decoder = HpackDecoder,
): HpackField[] {
  using encoder = new HpackEncoder();
  using decoder = new Decoder();
  decoder.decode(encoder.encode(before));
  const block = encoder.encode(list);
  made.length = 0;
  return decoder.decode(block);
}

beforeEach(() => {
  made.length = 0;
});

describe('the strings of a section', () => {
  const NEW: HpackField[] = [
    ['x-first', 'one'],
    ['x-second', 'the value of the second field'],
    ['x-third', ''],
  ];

  test('what is new in it is made at once, also with what is known between', () => {
    expect(decoded(NEW)).toEqual(NEW);
    expect(made).toEqual(['x-firstonex-secondthe value of the second fieldx-third']);
    const list: HpackField[] = [['x-zeroth', 'zero'], ...NEW, ['x-fourth', 'four']];
    expect(decoded(list, NEW)).toEqual(list);
    expect(made).toHaveLength(1);
    expect(decoded(NEW, NEW)).toEqual(NEW);
    expect(made).toEqual([]);
  });

  test('an entry that a block puts into the table, and then names, is one field', () => {
    using decoder = new HpackDecoder();
    const [first, second] = decoder.decode(Uint8Array.of(0x40, 0x01, 0x61, 0x01, 0x62, 0xbe));
    expect(first).toEqual(['a', 'b']);
    expect(second).toBe(first);
  });

  test('what is never to be indexed is in no string but its own, wherever it stands', () => {
    for (let at = 0; at <= NEW.length; at++) {
      for (const secret of [
        ['x-token', 'a secret of many octets', true] as const,
        ['cookie', 'a secret', true] as const,
      ]) {
        const list = NEW.toSpliced(at, 0, secret);
        expect(decoded(list)).toEqual(list);
        expect(made.filter((text) => text.includes('secret'))).toEqual([secret[1]]);
      }
    }
  });

  test('no more than 1 KB is made at once', () => {
    for (const [octets, strings] of [
      [1024, 1],
      [1025, 4],
    ] as const) {
      const list: HpackField[] = [
        ['x-a', 'a'.repeat(500)],
        ['x-b', 'b'.repeat(octets - 506)],
      ];
      expect(decoded(list)).toEqual(list);
      expect(made).toHaveLength(strings);
    }
  });

  test('what decoders share of the static table is in strings of its own', async () => {
    vi.resetModules();
    const fresh = await import('../../src/core-api.js');
    // An entry with its value, and names of entries whose values go as literals.
    const shared: HpackField[] = [
      ['accept-encoding', 'gzip, deflate'],
      ['content-length', '12'],
      ['etag', '"a"'],
    ];
    const list = [NEW[0], ...shared, NEW[1]] as HpackField[];
    expect(decoded(list, [], fresh.HpackDecoder)).toEqual(list);
    for (const text of ['accept-encoding', 'gzip, deflate', 'content-length', 'etag']) expect(made).toContain(text);
  });

  test('lists come back as they were, whatever in them is known, secret or long', () => {
    const name = fc.constantFrom(':path', 'date', 'cookie', 'x-a', 'x-bb', 'x-ccc');
    const value = fc.oneof(
      fc.constantFrom('', '/', 'the same value', 'caf\xe9'),
      fc.nat(999).map((n) => `value ${n}`),
      fc.nat(700).map((n) => 'v'.repeat(n)),
    );
    const isSecret = fc.constantFrom(false, false, false, true);
    const list = fc.array(fc.tuple(name, value, isSecret), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(list, { maxLength: 12 }), fc.constantFrom(0, 200, 4096), (lists, tableOctets) => {
        using encoder = new HpackEncoder({ tableOctets });
        using decoder = new HpackDecoder();
        for (const each of lists) {
          const wanted = each.map(([name, value, isSecret]) =>
            isSecret || (name === 'cookie' && value.length < 20) ? [name, value, true] : [name, value],
          );
          expect(decoder.decode(encoder.encode(each))).toEqual(wanted);
        }
      }),
      { numRuns: 300, seed: 7541 },
    );
  });
});
