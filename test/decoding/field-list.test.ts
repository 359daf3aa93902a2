/** Lists on their way to the HPACK encoder: what goes as text, what as an id, and what is remembered. */
import { expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import type { HpackField } from '../../src/core-hpack.js';
import { FieldList } from '../../src/field-list.js';

/** Takes a list, has the core say which entries its fields are; the text that went, and the words. */
function played(list: FieldList, fields: readonly HpackField[], ids: readonly number[]): [string, number[]] {
  const words = new Uint32Array(3 * fields.length + 1);
  const text = list.take(fields);
  list.put(words, 1);
  const told = [...words.subarray(1)];
  for (const [at, id] of ids.entries()) if (words[3 + 3 * at] !== id) words[3 + 3 * at] = id;
  list.keep(words, 1);
  return [text, told];
}

test('a field in the same place is named by its id alone, any other goes as text', () => {
  const list = new FieldList();
  expect(
    played(
      list,
      [
        ['a', 'one'],
        ['b', 'two'],
      ],
      [62, 63],
    ),
  ).toEqual(['aonebtwo', [1, 3, 0, 1, 3, 0]]);
  expect(
    played(
      list,
      [
        ['a', 'one'],
        ['b', 'new'],
      ],
      [62, 64],
    ),
  ).toEqual(['bnew', [0, 0, 62, 1, 3, 0]]);
  expect(
    played(
      list,
      [
        ['b', 'new'],
        ['b', 'new'],
      ],
      [64, 64],
    ),
  ).toEqual(['bnew', [1, 3, 0, 0, 0, 64]]);
});

test('what is no entry of a table goes as text each time', () => {
  const list = new FieldList();
  const fields: HpackField[] = [
    ['authorization', 'x'],
    ['b', 'y', true],
  ];
  const told = ['authorizationxby', [13, 1, 0, 1, 1, abi.HPACK_NEVER_INDEXED]];
  expect(played(list, fields, [0, 0])).toEqual(told);
  expect(played(list, fields, [0, 0])).toEqual(told);
});

test('an entry that is never to be indexed from now on goes as text', () => {
  const list = new FieldList();
  played(list, [['b', 'y']], [62]);
  expect(played(list, [['b', 'y', true]], [0])).toEqual(['by', [1, 1, abi.HPACK_NEVER_INDEXED]]);
  expect(played(list, [['b', 'y']], [62])).toEqual(['by', [1, 1, 0]]);
});

test('of a longer list before nothing is known', () => {
  const list = new FieldList();
  const one: HpackField = ['a', 'one'];
  const two: HpackField = ['b', 'two'];
  played(list, [one, two], [62, 63]);
  played(list, [one], [62]);
  expect(list.count).toBe(1);
  expect(played(list, [one, two], [62, 63])[0]).toBe('btwo');
});

test('a list that is spelled goes as text, and stays what it was', () => {
  const list = new FieldList();
  const fields: HpackField[] = [
    ['a', 'one'],
    ['b', 'y', true],
    ['c', 'three'],
  ];
  played(list, fields.slice(0, 2), [62, 0]);
  expect(list.take(fields)).toBe('bycthree');
  expect(list.spell()).toBe('aonebycthree');
  const words = new Uint32Array(9);
  list.put(words, 0);
  expect([...words]).toEqual([1, 3, 0, 1, 1, abi.HPACK_NEVER_INDEXED, 1, 5, 0]);
});

test('a field is read once, whatever object it is', () => {
  let reads = 0;
  const field = {
    0: 'a',
    get 1() {
      return 'v'.repeat(++reads);
    },
  } as unknown as HpackField;
  expect(played(new FieldList(), [field], [62])).toEqual(['av', [1, 1, 0]]);
});

test('a value made of parts goes as it is; an empty one too; one that begins beyond an octet is refused', () => {
  let parts = '';
  for (const part of ['one', '\xff', 'three', '\x00'.repeat(32)]) parts += part;
  const whole = `one\xffthree${'\x00'.repeat(32)}`;
  const fields: HpackField[] = [
    ['a', parts],
    ['b', ''],
  ];
  expect(played(new FieldList(), fields, [62, 63])).toEqual([`a${whole}b`, [1, 41, 0, 1, 0, 0]]);
  expect(() => new FieldList().take([['a', `\u0100${parts}`]])).toThrow('got a code unit above 0xff');
});
