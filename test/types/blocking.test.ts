/**
 * What `Client` cannot take, as the compiler sees it: a body, auth or resolver that must be waited for does not compile,
 * where it is written in place or has a type of its own. What has a type of ours that is for either client goes on compiling,
 * and is looked at when it runs. `tsc` reads this file (`npm run check:types`): each `@ts-expect-error` is a misuse.
 */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import * as sync from '../../src/sync.js';

const url = 'http://example.org/';
const mock = new httpx.MockTransport((request) => new httpx.Response(200, { content: request.content }));
const client = new httpx.Client({ transport: mock });
const asyncClient = new httpx.AsyncClient({ transport: mock });

async function* later(): AsyncGenerator<string> {
  yield 'a';
}
function* now(): Generator<string> {
  yield 'a';
}
const late = async (request: httpx.Request): Promise<httpx.Request> => request;

describe('a body that must be waited for does not compile', () => {
  test('as content', () => {
    const blob = new Blob(['a']);
    // @ts-expect-error: a Blob is read on an event loop
    expect(() => client.post(url, { content: blob })).toThrow(TypeError);
    // @ts-expect-error: a WHATWG stream is read on an event loop
    expect(() => client.put(url, { content: blob.stream() })).toThrow(TypeError);
    // @ts-expect-error: nothing waits for an async iterable
    expect(() => client.request('POST', url, { content: later() })).toThrow(TypeError);
    // @ts-expect-error: nothing waits for an async iterable
    expect(() => client.stream('POST', url, { content: { [Symbol.asyncIterator]: later } })).toThrow(TypeError);
    const options = { content: later() };
    // @ts-expect-error: nor for one that has a name
    expect(() => client.patch(url, options)).toThrow(TypeError);
    // @ts-expect-error: nor for one that is spread
    expect(() => client.query(url, { ...options, headers: {} })).toThrow(TypeError);
    // @ts-expect-error: a number is no body of either client
    expect(() => client.post(url, { content: 5 })).toThrow(TypeError);
  });

  test('as a file', () => {
    const file = new File(['a'], 'a.txt');
    // @ts-expect-error: a File is a Blob
    expect(() => client.post(url, { files: { file } })).toThrow(TypeError);
    // @ts-expect-error: a File is a Blob
    expect(() => client.post(url, { files: [['file', file]] })).toThrow(TypeError);
    // @ts-expect-error: nothing waits for an async iterable
    expect(() => client.post(url, { files: { file: ['a.txt', later(), 'text/plain'] } })).toThrow(TypeError);
  });

  test('in the functions that block', () => {
    // @ts-expect-error: nothing waits for an async iterable
    const post = (): unknown => sync.post(url, { content: later() });
    // @ts-expect-error: nothing waits for a promise
    const get = (): unknown => sync.get(url, { auth: late });
    expect([post, get]).toHaveLength(2);
  });
});

describe('what answers with a promise does not compile', () => {
  test('as auth', () => {
    // @ts-expect-error: nothing waits for a promise
    expect(() => client.get(url, { auth: async (request) => request })).toThrow(TypeError);
    // @ts-expect-error: nothing waits for a promise
    expect(() => client.send(client.buildRequest('GET', url), { auth: late })).toThrow(TypeError);
    // @ts-expect-error: nothing waits for a promise
    using made = new httpx.Client({ transport: mock, auth: late });
    expect(() => made.get(url)).toThrow(TypeError);
    // @ts-expect-error: nothing waits for a promise
    made.auth = late;
    expect(() => made.get(url)).toThrow(TypeError);
    // @ts-expect-error: auth answers with a request
    expect(() => client.get(url, { auth: () => {} })).toThrow(TypeError);
  });

  test('as resolve', () => {
    // @ts-expect-error: nothing waits for a promise
    const settings: httpx.ClientOptions = { resolve: async () => ['127.0.0.1'] };
    // @ts-expect-error: nothing waits for a promise
    using transport = new httpx.HTTPTransport({ resolve: () => Promise.resolve('127.0.0.1') });
    // @ts-expect-error: an address is decided on at once
    const guarded: httpx.ClientOptions = { allowAddress: async () => true };
    expect([settings, guarded, transport]).toHaveLength(3);
  });
});

describe('an object that is none of it does not compile', () => {
  class Empty {}
  const record: Record<string, unknown> = { name: 'lamp' };
  const texts: Record<string, string> = { name: 'lamp' };
  const object: object = record;

  test('as content of Client', () => {
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: {} })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: { name: 'lamp' } })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: record })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: texts })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: object })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => client.post(url, { content: new Empty() })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    const post = (): unknown => sync.post(url, { content: record });
    expect(post).toThrow(TypeError);
  });

  test('as content of AsyncClient', async () => {
    // @ts-expect-error: an object is json
    await expect(asyncClient.post(url, { content: {} })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is json
    await expect(asyncClient.post(url, { content: record })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is json
    await expect(asyncClient.post(url, { content: texts })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is json
    await expect(asyncClient.post(url, { content: object })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is json
    await expect(asyncClient.post(url, { content: new Empty() })).rejects.toThrow(TypeError);
  });

  test('as a file', async () => {
    // @ts-expect-error: an object is no file
    expect(() => client.post(url, { files: { a: {} } })).toThrow(TypeError);
    // @ts-expect-error: an object is no file
    expect(() => client.post(url, { files: { a: record } })).toThrow(TypeError);
    // @ts-expect-error: an object is no file
    await expect(asyncClient.post(url, { files: { a: {} } })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is no file
    await expect(asyncClient.post(url, { files: { a: record } })).rejects.toThrow(TypeError);
  });

  test('as auth', async () => {
    // @ts-expect-error: an object is no auth
    expect(() => client.get(url, { auth: {} })).toThrow(TypeError);
    // @ts-expect-error: an object is no auth
    expect(() => client.get(url, { auth: texts })).toThrow(TypeError);
    // @ts-expect-error: an object is no auth
    expect(() => new httpx.Client({ auth: new Empty() })).toThrow(TypeError);
    // @ts-expect-error: an object is no auth
    await expect(asyncClient.get(url, { auth: {} })).rejects.toThrow(TypeError);
    // @ts-expect-error: an object is no auth
    await expect(asyncClient.get(url, { auth: record })).rejects.toThrow(TypeError);
  });

  test('as resolve', () => {
    // @ts-expect-error: an object is no function
    expect(() => new httpx.Client({ resolve: {} })).toThrow(TypeError);
    // @ts-expect-error: an object is no function
    expect(() => new httpx.HTTPTransport({ resolve: record })).toThrow(TypeError);
    // @ts-expect-error: an object is no function
    expect(() => new httpx.AsyncHTTPTransport({ resolve: {} })).toThrow(TypeError);
  });

  test('as the body of a message made by hand', () => {
    // @ts-expect-error: an object is json
    expect(() => new httpx.Request('POST', url, { content: record })).toThrow(TypeError);
    // @ts-expect-error: an object is no stream
    expect(() => new httpx.Request('POST', url, { stream: {} })).toThrow(TypeError);
    // @ts-expect-error: an object is json
    expect(() => new httpx.Response(200, { content: {} })).toThrow(TypeError);
    // @ts-expect-error: an object is no stream
    expect(() => new httpx.Response(200, { stream: record })).toThrow(TypeError);
  });
});

describe('values of the types can be told apart', () => {
  test('a body, down to each of its kinds', async () => {
    async function textOf(content: httpx.RequestContent): Promise<string> {
      if (typeof content === 'string') return content;
      if (content instanceof Uint8Array) return new TextDecoder().decode(content);
      if (content instanceof ArrayBuffer) return `${content.byteLength}`;
      if (content instanceof Blob) return content.text();
      const chunks: httpx.ContentChunk[] = [];
      if (content instanceof ReadableStream) {
        const reader = content.getReader();
        for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
      } else if (Symbol.asyncIterator in content) {
        for await (const chunk of content) chunks.push(chunk);
      } else {
        const rest: Iterable<httpx.ContentChunk> = content;
        chunks.push(...rest);
      }
      return chunks.map((chunk) => (typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk))).join('');
    }
    const blob = new Blob(['a']);
    const bodies: httpx.RequestContent[] = ['a', new TextEncoder().encode('a'), blob, blob.stream(), later(), now()];
    expect(await Promise.all(bodies.map(textOf))).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
    expect(await textOf(new ArrayBuffer(3))).toBe('3');
  });

  test('a body whose kinds but one are gone', () => {
    function piecesOf(content: httpx.RequestContent): readonly httpx.ContentChunk[] {
      if (typeof content === 'string' || content instanceof Uint8Array) return [content];
      if (content instanceof ArrayBuffer || content instanceof Blob || content instanceof ReadableStream) return [];
      if (Symbol.asyncIterator in content) return [];
      return [...content];
    }
    expect([piecesOf('a'), piecesOf(now()), piecesOf(later())]).toEqual([['a'], ['a'], []]);
  });

  test('auth, down to the pair', () => {
    function userOf(auth: httpx.AuthTypes): string {
      if (auth === null) return 'nobody';
      if (auth instanceof httpx.Auth) return 'auth';
      if (typeof auth === 'function') return 'function';
      const [user] = auth;
      return user.toUpperCase();
    }
    expect([null, new httpx.BearerAuth('a'), late, ['user', 'pass'] as const].map(userOf)).toEqual([
      'nobody',
      'auth',
      'function',
      'USER',
    ]);
  });

  test('resolve, which can be called', async () => {
    const ofOptions = ({ resolve }: httpx.ClientOptions): unknown => resolve?.('a');
    const ofOther = ({ resolve }: httpx.AsyncClientOptions): unknown => resolve?.('b');
    const ofType = (resolve: httpx.SyncResolve): unknown => resolve('c');
    const asked = [
      ofOptions({ resolve: (host) => [host] }),
      ofOther({ resolve: async (host) => host }),
      ofType((host) => host),
    ];
    expect(await Promise.all(asked)).toEqual([['a'], 'b', 'c']);
  });
});

describe('right programs compile', () => {
  test('with bodies and functions that answer at once', () => {
    const bodies: readonly httpx.Response[] = [
      client.post(url, { content: now() }),
      client.post(url, { content: ['a'] }),
      client.post(url, { content: new httpx.ByteStream('a') }),
      client.post(url, { content: new httpx.Request('POST', url, { content: 'a' }).stream }),
      client.post(url, { content: new TextEncoder().encode('a') }),
      client.request('POST', url, { content: 'a', auth: (request) => request, signal: null }),
    ] as httpx.Response[];
    expect(bodies.map(({ text }) => text)).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
    const files = {
      plain: 'a',
      octets: new Uint8Array(1),
      named: ['a.txt', now(), 'text/plain', { 'x-a': 'b' }],
    } as const;
    expect(client.post(url, { files, auth: ['user', 'pass'] }).isSuccess).toBe(true);
    client.auth = new httpx.BearerAuth('token');
    client.auth = null;
    using transport = new httpx.HTTPTransport({ resolve: () => '127.0.0.1' });
    expect(transport).toBeInstanceOf(httpx.HTTPTransport);
  });

  test('with AsyncClient, which waits', async () => {
    const blob = new Blob(['a']);
    for (const content of [blob, blob.stream(), later(), now()] satisfies httpx.RequestContent[]) {
      expect((await asyncClient.post(url, { content, auth: late })).text).toBe('a');
    }
    const files = { file: new File(['a'], 'a'), late: ['b', later()] } satisfies httpx.RequestFiles;
    expect((await asyncClient.post(url, { files })).isSuccess).toBe(true);
    await using made = new httpx.AsyncClient({ transport: mock, auth: late, resolve: async () => ['127.0.0.1'] });
    made.auth = async (request) => request;
    expect((await made.get(url, { auth: (request) => request })).isSuccess).toBe(true);
  });

  test('with options that are for either client', async () => {
    const call: httpx.CallOptions = { headers: { a: 'b' }, auth: ['user', 'pass'] };
    const body: httpx.BodyCallOptions = { content: 'a', timeout: '5s' };
    const content: httpx.RequestContent = 'a' as httpx.RequestContent;
    const auth: httpx.AuthTypes = ((request) => request) as httpx.AuthTypes;
    const resolve: httpx.Resolve = (host) => [host];
    const files: httpx.RequestFiles = { file: content };
    const inferred = { headers: { a: 'b' }, params: { page: 1 } };
    const checked = { content: 'a', auth: (request: httpx.Request) => request } satisfies httpx.BodyCallOptions;
    const ofOne: Parameters<httpx.Client['post']>[1] = { content: now() };
    const ofOther: Parameters<httpx.AsyncClient['post']>[1] = { content: 'a' };
    for (const options of [body, { ...body, ...call }, { content, auth, files }, inferred, checked, ofOne, ofOther]) {
      expect(client.post(url, options).isSuccess).toBe(true);
      expect((await asyncClient.post(url, options)).isSuccess).toBe(true);
    }
    expect([client.get(url, call), await asyncClient.get(url, call)].every(({ isSuccess }) => isSuccess)).toBe(true);
    const settings: readonly httpx.ClientOptions[] = [{ auth, resolve, transport: mock }];
    const told: httpx.HTTPTransportOptions = { resolve };
    using blocking = new httpx.HTTPTransport(told);
    await using waiting = new httpx.AsyncHTTPTransport(told);
    expect([settings, blocking, waiting, resolve('a')]).toHaveLength(4);
  });

  test('in wrappers of either client', async () => {
    async function statusOf(of: httpx.Client | httpx.AsyncClient, options?: httpx.BodyCallOptions): Promise<number> {
      const response = await of.post(url, options);
      return response.raiseForStatus().statusCode;
    }
    function sent<C extends httpx.Client | httpx.AsyncClient>(of: C, options?: Parameters<C['get']>[1]): unknown {
      return of.get(url, options);
    }
    expect([await statusOf(client, { content: 'a' }), await statusOf(asyncClient)]).toEqual([200, 200]);
    expect([sent(client), await sent(asyncClient)]).toHaveLength(2);
    const get = (...args: Parameters<httpx.Client['get']>): httpx.SyncResponse => client.get(...args);
    expect(get(url, { auth: ['user', 'pass'] }).statusCode).toBe(200);
  });

  test('in classes that extend a client', async () => {
    class Plain extends httpx.Client {
      override get(target: httpx.URLTypes, options: httpx.CallOptions = {}): httpx.SyncResponse {
        return super.get(target, { ...options, headers: { a: 'b' } });
      }
      override post(...args: Parameters<httpx.Client['post']>): httpx.SyncResponse {
        return super.post(...args);
      }
    }
    class Waiting extends httpx.AsyncClient {
      override post(target: httpx.URLTypes, options?: httpx.BodyCallOptions): Promise<httpx.AsyncResponse> {
        return super.post(target, { content: later(), ...options });
      }
    }
    using plain = new Plain({ transport: mock });
    await using waiting = new Waiting({ transport: mock });
    expect([plain.get(url).text, plain.post(url, { content: 'a' }).text]).toEqual(['', 'a']);
    expect((await waiting.post(url)).text).toBe('a');
  });
});
