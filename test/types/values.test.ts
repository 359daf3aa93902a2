/**
 * What is given and taken as values of the platform and of the program, as the compiler sees it. `tsc` reads this file
 * (`npm run check:types`): each `@ts-expect-error` is a misuse that must not compile.
 */
import { expect, test } from 'vitest';
import * as httpx from '../../src/index.js';

const url = 'http://example.org/';
const mock = new httpx.MockTransport(
  (request) => new httpx.Response(200, { json: `${request.url.query}${request.headers.size}` }),
);
const client = new httpx.Client({ transport: mock });

interface Page {
  readonly page: number;
  readonly tag: readonly string[];
}

test('headers are those of the global Headers and fetch', () => {
  const headers = new httpx.Headers({ 'set-cookie': 'a=b', 'x-a': 'b' });
  const init: RequestInit = { headers };
  expect([
    ...new globalThis.Headers(headers),
    ...new globalThis.Response(null, init as ResponseInit).headers,
  ]).toHaveLength(4);
  expect(new Map(headers).get('x-a')).toBe('b');
});

test('iterators over values are what generators give', () => {
  const { params } = new httpx.URL(`${url}?a=1&b=2`);
  const named: IterableIterator<string> = params.keys();
  const plain: Iterator<[string, string]> = params.items();
  const { done, value } = new httpx.Headers({ a: 'b' }).values().next();
  const cookies: Iterable<[string, string]> = new httpx.Cookies({ a: 'b' });
  expect([[...named], plain.next().value, done === true ? '' : value.length, [...cookies]]).toEqual([
    ['a', 'b'],
    ['a', '1'],
    1,
    [['a', 'b']],
  ]);
});

test('parameters and forms are taken as an interface, not as a function or a promise', () => {
  const page: Page = { page: 1, tag: ['a', 'b'] };
  const wide: Record<string, unknown> = { page: 1 };
  class Query {
    readonly page = 1;
  }
  const pairs = [['page', '1']];
  function sent<T extends object>(params: T): string {
    return client.get(url, { params }).text;
  }
  const texts = [page, wide, new Query(), pairs].map((params) => client.get(url, { params }).text);
  expect([...texts, sent(page)]).toEqual(
    ['page=1&tag=a&tag=b', 'page=1', 'page=1', 'page=1', 'page=1&tag=a&tag=b'].map((query) => `"${query}5"`),
  );
  expect(client.post(url, { data: page }).isSuccess).toBe(true);
  // @ts-expect-error: a function has no fields
  expect(() => client.get(url, { params: () => page })).toThrow(TypeError);
  // @ts-expect-error: a promise is to be awaited first
  expect(() => client.get(url, { params: Promise.resolve(page) })).toThrow(TypeError);
  // @ts-expect-error: a function has no fields
  expect(() => client.post(url, { data: () => page })).toThrow(TypeError);
  // @ts-expect-error: a promise is to be awaited first
  expect(() => client.post(url, { data: Promise.resolve(page) })).toThrow(TypeError);
  // @ts-expect-error: a header is text or octets
  expect(() => client.get(url, { headers: { a: {} } })).toThrow(TypeError);
  // @ts-expect-error: a header is text or octets
  expect(() => client.get(url, { headers: { a: 1 } })).toThrow(TypeError);
  // @ts-expect-error: a cookie is text
  expect(() => client.get(url, { cookies: { a: 1 } })).toThrow(TypeError);
});

test('a trace function may answer with anything', async () => {
  const names: string[] = [];
  const call: httpx.CallOptions = { extensions: { trace: (name) => names.push(name), onInterim: (status) => status } };
  await using asyncClient = new httpx.AsyncClient({ transport: mock });
  expect([client.get(url, call).isSuccess, (await asyncClient.get(url, call)).isSuccess]).toEqual([true, true]);
});
