import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { QueryParams, type QueryParamTypes } from '../../src/query-params.js';

const textOf = (init?: QueryParamTypes) => new QueryParams(init).toString();

describe('query parameters are made from', () => {
  test.each<[string, QueryParamTypes | undefined, string]>([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a string', 'a=123&a=456&b=789', 'a=123&a=456&b=789'],
    ['octets', new TextEncoder().encode('a=%C3%A9'), 'a=%C3%A9'],
    ['an object', { a: ['123', '456'], b: 789 }, 'a=123&a=456&b=789'],
    [
      'pairs, those of one key together',
      [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ],
      'b=1&b=3&a=2',
    ],
    ['a Map', new Map([['a', '1']]), 'a=1'],
    ['URLSearchParams', new URLSearchParams('a=1&a=2'), 'a=1&a=2'],
    ['other query parameters', new QueryParams('a=1'), 'a=1'],
  ])('%s', (_what, init, expected) => {
    expect(textOf(init)).toBe(expected);
  });

  test('values become text: true, false and null as httpx writes them; undefined is left out', () => {
    expect(textOf({ a: true, b: false, c: null, d: 1.5, e: 10n ** 22n, f: undefined })).toBe(
      'a=true&b=false&c=&d=1.5&e=10000000000000000000000',
    );
    expect(textOf({ a: [1, undefined, null], none: [] })).toBe('a=1&a=');
  });

  test('other values, and what holds no pairs, are TypeErrors', () => {
    expect(() => new QueryParams({ a: {} } as never)).toThrow("Cannot set query parameter 'a': expected a string");
    expect(() => new QueryParams({ a: [[1]] } as never)).toThrow('got Array');
    expect(() => new QueryParams([['a', 'b', 'c']] as never)).toThrow('expected [key, value] pairs');
    expect(() => new QueryParams(['ab'] as never)).toThrow('expected [key, value] pairs');
    expect(() => new QueryParams(5 as never)).toThrow('got number');
  });

  test('an object’s own properties only', () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    polluted.extra = '1';
    try {
      expect(textOf({ a: '1' })).toBe('a=1');
    } finally {
      delete polluted.extra;
    }
  });
});

describe('a query string', () => {
  test.each([
    ['a=1;b=2', 'a=1%3Bb%3D2'],
    ['a', 'a='],
    ['&&a=1&', 'a=1'],
    ['=b', '=b'],
    ['a=b=c', 'a=b%3Dc'],
    ['a%20b=c+d', 'a+b=c+d'],
    ['a=%2B', 'a=%2B'],
    ['a=%e', 'a=%25e'],
    ['a=%ff', 'a=%EF%BF%BD'],
    ['?a=1', '%3Fa=1'],
    ["a=*!()'~", 'a=%2A%21%28%29%27~'],
    ['é=☃', '%C3%A9=%E2%98%83'],
  ])('%s is read, and written as %s', (query, expected) => {
    expect(textOf(query)).toBe(expected);
    expect(textOf(expected)).toBe(expected);
  });

  test('holds a key named __proto__ like any other', () => {
    const params = new QueryParams('__proto__=1&constructor=2');
    expect(params.get('__proto__')).toBe('1');
    expect(params.has('toString')).toBe(false);
    expect(params.getList('hasOwnProperty')).toEqual([]);
  });
});

describe('reading', () => {
  const params = new QueryParams('a=1&a=2&b=3');

  test('get gives the first value, getList all, and absence is null', () => {
    expect([params.get('a'), params.get('A'), params.get('c')]).toEqual(['1', null, null]);
    expect(params.getList('a')).toEqual(['1', '2']);
    expect([params.has('b'), params.has('c')]).toEqual([true, false]);
  });

  test('keys, values and items go by key, multiItems and iteration by value', () => {
    expect([...params.keys()]).toEqual(['a', 'b']);
    expect([...params.values()]).toEqual(['1', '3']);
    expect([...params.items()]).toEqual([
      ['a', '1'],
      ['b', '3'],
    ]);
    expect(params.multiItems()).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
    expect([...params]).toEqual(params.multiItems());
    expect(params.size).toBe(2);
  });

  test('what getList gives is the caller’s', () => {
    params.getList('a').push('9');
    expect(params.toString()).toBe('a=1&a=2&b=3');
  });
});

describe('changing makes new parameters', () => {
  const params = new QueryParams('a=1&a=2&b=3');
  test.each([
    ['set, where the key stood', params.set('a', '9'), 'a=9&b=3'],
    ['set without a value', params.set('c'), 'a=1&a=2&b=3&c='],
    ['add', params.add('a', 456), 'a=1&a=2&a=456&b=3'],
    ['remove', params.remove('a'), 'b=3'],
    ['remove of what is not there', params.remove('z'), 'a=1&a=2&b=3'],
    ['merge, whose keys win whole', params.merge({ a: 'x', c: [7, 8] }), 'a=x&b=3&c=7&c=8'],
    ['merge of nothing', params.merge(null), 'a=1&a=2&b=3'],
  ])('%s', (_what, changed, expected) => {
    expect(changed.toString()).toBe(expected);
    expect(params.toString()).toBe('a=1&a=2&b=3');
  });
});

test('equality ignores the order, and other types are unequal', () => {
  const params = new QueryParams('a=1&b=2');
  expect(params.equals(new QueryParams('b=2&a=1'))).toBe(true);
  expect(params.equals(new QueryParams({ a: 1, b: 2 }))).toBe(true);
  expect(params.equals(new QueryParams('a=1'))).toBe(false);
  expect(params.equals('a=1&b=2')).toBe(false);
  expect(new QueryParams().equals(new QueryParams({}))).toBe(true);
  expect(new QueryParams().equals(null)).toBe(false);
});

test('inspection shows the string', () => {
  expect(inspect(new QueryParams({ a: 'b c' }))).toBe("QueryParams('a=b+c')");
});
