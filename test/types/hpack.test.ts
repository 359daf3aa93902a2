/** `tsc` reads this file (`npm run check:types`): each `@ts-expect-error` is a misuse that must not compile. */
import { expect, test } from 'vitest';
import { HpackDecoder, HpackEncoder, type HpackField } from '../../src/core-api.js';

test('lists are readonly pairs of strings, and blocks octets that are yours', () => {
  using encoder = new HpackEncoder({ tableOctets: 4096 });
  using decoder = new HpackDecoder({ tableOctets: null, listOctets: undefined, fields: 10 });
  const given = [
    ['x-a', 'b'],
    ['x-c', 'd', true],
  ] as const;
  const block: Uint8Array<ArrayBuffer> = encoder.encode(given);
  encoder.encode(new Map([['x-e', 'f']]));
  const list: readonly HpackField[] = decoder.decode(block);
  expect(list).toEqual(given);
  const [name, value, neverIndexed]: readonly [string, string, boolean?] = list[0] as HpackField;
  expect([name, value, neverIndexed]).toEqual(['x-a', 'b', undefined]);
});

test('what is none does not compile', () => {
  // @ts-expect-error: an option of decoders
  expect(() => new HpackEncoder({ listOctets: 1 })).toThrow();
  using encoder = new HpackEncoder();
  // @ts-expect-error: octets are no strings
  expect(() => encoder.encode([['x', new Uint8Array(1)]])).toThrow();
  using decoder = new HpackDecoder();
  // @ts-expect-error: a block is octets
  expect(() => decoder.decode('gg')).toThrow();
  const change = (field: HpackField): void => {
    // @ts-expect-error: fields are shared
    field[1] = 'y';
  };
  expect(() => change(Object.freeze(['a', 'b'] as const))).toThrow(TypeError);
});
