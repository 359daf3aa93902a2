/** What the value types refuse, and what they say of it: a typed error that names what was expected, never a late surprise. */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';

/** What an untyped caller might give. */
const any = <T>(value: unknown): T => value as T;

const holdsItself: { self?: unknown } = {};
holdsItself.self = holdsItself;
const settled = Promise.resolve(1);
const url = 'http://example.org/';

describe.each<[string, readonly (readonly [string, () => unknown, string])[]]>([
  [
    'URL',
    [
      ['a number', () => new httpx.URL(any(5)), 'expected a string or a URL, got number'],
      ['null', () => new httpx.URL(any(null)), 'expected a string or a URL, got null'],
      ['a second URL', () => new httpx.URL(url, any('/x')), 'url.join(reference)'],
      ['an unknown component', () => new httpx.URL(url, any({ nope: 1 })), "unknown component 'nope'"],
      ['a port of text', () => new httpx.URL(url, any({ port: '80' })), "expected 'port' to be an integer"],
      ['a URL to join of no kind', () => new httpx.URL(url).join(any(5)), 'got number'],
    ],
  ],
  [
    'QueryParams',
    [
      ['a number', () => new httpx.QueryParams(any(5)), 'got number'],
      ['half a pair', () => new httpx.QueryParams(any([['a']])), 'expected [key, value] pairs'],
      ['an object as a value', () => new httpx.QueryParams(any({ a: {} })), "query parameter 'a'"],
    ],
  ],
  [
    'Headers',
    [
      ['a number', () => new httpx.Headers(any(5)), 'expected an object or pairs, got number'],
      ['text', () => new httpx.Headers(any('a: b')), 'expected an object or pairs, got string'],
      ['half a pair', () => new httpx.Headers(any([['a']])), 'expected [name, value] pairs'],
      ['a number as a value', () => new httpx.Headers(any({ a: 1 })), "Cannot set header 'a'"],
      ['an unknown option', () => new httpx.Headers(null, any({ encodign: 'utf-8' })), "unknown option 'encodign'"],
      ['an option of getList', () => new httpx.Headers().getList('a', any({ split: true })), "unknown option 'split'"],
      ['a name of another type', () => new httpx.Headers().set(any(5), 'a'), 'as its name, got number'],
    ],
  ],
  [
    'Cookies',
    [
      ['a number', () => new httpx.Cookies(any(5)), 'expected an object or pairs, got number'],
      ['a number as a value', () => new httpx.Cookies(any({ a: 1 })), 'expected its value to be a string'],
      ['a misspelt scope', () => new httpx.Cookies().set('a', 'b', any({ domian: 'h' })), "unknown option 'domian'"],
      ['a misspelt scope to look in', () => new httpx.Cookies().get('a', any({ Path: '/' })), "did you mean 'path'?"],
      ['a path without a domain', () => new httpx.Cookies().clear({ path: '/' }), 'expected a domain with the path'],
    ],
  ],
  [
    'Timeout and Limits',
    [
      ['nothing', () => new httpx.Timeout(), 'connect is missing'],
      ['a list', () => new httpx.Timeout(any([1])), 'expected a duration first'],
      ['an unknown field', () => new httpx.Timeout(5, any({ nope: 1 })), "unknown option 'nope'"],
      ['an unknown limit', () => new httpx.Limits(any({ nope: 1 })), "unknown option 'nope'"],
      ['a number for limits', () => new httpx.Limits(any(5)), 'expected an object, got number'],
    ],
  ],
  [
    'Request',
    [
      ['nothing', () => new (any<new () => unknown>(httpx.Request))(), 'expected the method to be a string'],
      ['a method of no text', () => new httpx.Request(any(5), url), 'got number'],
      ['a URL of no text', () => new httpx.Request('GET', any(5)), 'expected url to be a string or a URL'],
      ['an unknown option', () => new httpx.Request('GET', url, any({ timeout: 5 })), "unknown option 'timeout'"],
      [
        'content of no kind',
        () => new httpx.Request('GET', url, { content: any(5) }),
        'Cannot encode the request body',
      ],
      ['JSON that is none', () => new httpx.Request('POST', url, { json: () => 1 }), 'function has no JSON form'],
      [
        'JSON with a BigInt',
        () => new httpx.Request('POST', url, { json: { a: 1n } }),
        'Cannot encode the request body as JSON: json holds what has no JSON form (Do not know how to serialize a BigInt)',
      ],
      [
        'JSON that holds itself',
        () => new httpx.Request('POST', url, { json: holdsItself }),
        'Cannot encode the request body as JSON: json holds what has no JSON form (Converting circular structure to JSON)',
      ],
      [
        'a Map as JSON',
        () => new httpx.Request('POST', url, { json: new Map([['a', 1]]) }),
        'Cannot encode the request body as JSON: Map would be {}: give Object.fromEntries(map)',
      ],
      ['a Set as JSON', () => new httpx.Request('POST', url, { json: new Set([1]) }), 'be {}: give Array.from(…)'],
      ['a generator as JSON', () => new httpx.Request('POST', url, { json: [1].values() }), 'give Array.from(…)'],
      ['a promise as JSON', () => new httpx.Request('POST', url, { json: settled }), 'which is to be awaited first,'],
      ['a WeakMap as JSON', () => new httpx.Request('POST', url, { json: new WeakMap() }), 'WeakMap would be {}'],
      [
        'an ArrayBuffer as JSON',
        () => new httpx.Request('POST', url, { json: new ArrayBuffer(1) }),
        'ArrayBuffer would',
      ],
      ['a Blob as JSON', () => new httpx.Request('POST', url, { json: new Blob(['x']) }), 'Blob would be {}'],
      ['a form as JSON', () => new httpx.Request('POST', url, { json: new FormData() }), 'FormData would be {}'],
      ['an Error as JSON', () => new httpx.Request('POST', url, { json: new Error('x') }), 'Error would be {}'],
      ['extensions of no kind', () => new httpx.Request('GET', url, { extensions: any(5) }), 'expected an object'],
      ['files of no kind', () => new httpx.Request('POST', url, { files: any(5) }), 'Cannot encode files'],
      ['data of no kind', () => new httpx.Request('POST', url, { data: any(5) }), 'as data, got number'],
      [
        'a file that was opened',
        () => new httpx.Request('POST', url, { files: { f: any({ createReadStream: () => null }) } }),
        ', got Object: give file.createReadStream(), or await openAsBlob(path) of node:fs',
      ],
      [
        'a request for its URL',
        () => new httpx.Request('GET', any(new httpx.Request('GET', url))),
        'expected url to be a string or a URL, got Request, which client.send takes',
      ],
      ['a stream of no kind', () => new httpx.Request('POST', url, { stream: any(5) }), 'got number'],
    ],
  ],
  [
    'Response',
    [
      ['nothing', () => new (any<new () => unknown>(httpx.Response))(), 'expected an integer as its status code'],
      ['a status of text', () => new httpx.Response(any('200')), 'as its status code, got "200"'],
      ['half a status', () => new httpx.Response(200.5), 'expected an integer as its status code, got 200.5'],
      [
        'a Map as JSON',
        () => new httpx.Response(200, { json: new Map() }),
        'Cannot encode the response body as JSON: Map',
      ],
      ['an unknown option', () => new httpx.Response(200, any({ body: 'x' })), "unknown option 'body'"],
      ['content of no kind', () => new httpx.Response(200, { content: any(5) }), 'Cannot encode the response body'],
      ['text of no kind', () => new httpx.Response(200, { text: any(5) }), 'expected text to be a string, got number'],
      ['html of no kind', () => new httpx.Response(200, { html: any({}) }), 'expected html to be a string, got Object'],
      [
        'a request of no kind',
        () => new httpx.Response(200, { request: any('x') }),
        'expected request to be a Request',
      ],
      ['a history of no kind', () => new httpx.Response(200, { history: any(['x']) }), 'to be a list of Responses'],
      ['extensions of no kind', () => new httpx.Response(200, { extensions: any(5) }), 'to be an object, got number'],
      ['a default of no kind', () => new httpx.Response(200, { defaultEncoding: any(5) }), 'a string or a function'],
    ],
  ],
  [
    'the others',
    [
      ['a mock of no function', () => new httpx.MockTransport(any(5)), 'expected a function, got number'],
      ['an origin', () => new (any<new () => unknown>(httpx.Origin))(), 'it is what url.origin gives'],
    ],
  ],
])('%s', (_type, refusals) => {
  test.each(refusals)('refuses %s', (_what, make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});

test.each<[string, () => unknown]>([
  ['a duration of 0', () => new httpx.Timeout(0)],
  ['a negative one', () => new httpx.Timeout(-1)],
  ['one that is no number', () => new httpx.Timeout(Number.NaN)],
  ['an infinite one', () => new httpx.Timeout(Number.POSITIVE_INFINITY)],
  ['one without a unit', () => new httpx.Timeout(any('5'))],
  ['a limit of 0 connections', () => new httpx.Limits({ maxConnections: 0 })],
  ['half a connection', () => new httpx.Limits({ maxConnections: 1.5 })],
  ['a cookie that would end its field', () => new httpx.Cookies().set('a;', 'b')],
  ['an encoding that headers have not', () => new httpx.Headers(null, { encoding: any('utf-16') })],
])('%s is a RangeError', (_what, make) => {
  expect(make).toThrow(RangeError);
});

test('JSON without fields is what has none: an object, an instance, what says its JSON itself', () => {
  class Nothing {}
  class Told extends Map<string, number> {
    toJSON(): object {
      return {};
    }
  }
  for (const json of [{}, Object.create(null), new Nothing(), new Told([['a', 1]])]) {
    expect(new TextDecoder().decode(new httpx.Request('POST', url, { json }).content)).toBe('{}');
  }
});
