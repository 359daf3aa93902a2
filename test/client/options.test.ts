/** Options: a name that nobody reads is refused by name, before anything is sent; and whose timeout a request has. */
import * as httpx from 'httpx-wasm';
import { describe, expect, test } from 'vitest';
import {
  AsyncClient,
  AsyncHTTPTransport,
  ReadTimeout,
  Request,
  Response,
  type ResponseOptions,
  TotalTimeout,
} from '../../src/index.js';
import { type ClientOptions, type FakeEnvironment, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';

const url = 'http://fake.invalid/';
const BARE = ['get', 'options', 'head', 'delete'] as const;
const WITH_BODY = ['post', 'put', 'patch', 'query'] as const;
const FUNCTIONS = [
  httpx.get,
  httpx.options,
  httpx.head,
  httpx.delete,
  httpx.post,
  httpx.put,
  httpx.patch,
  httpx.query,
] as const;

function refusing(): { client: AsyncClient; environment: FakeEnvironment } {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('ok'));
  return { client: openClient({}, environment), environment };
}

/** An option as JavaScript may give it. */
const option = (name: string): object => ({ [name]: null });

/** What the message says of a name that is not taken. */
const refusalOf = (name: string): string => `unknown option '${name}'`;

describe('an unknown option', () => {
  test.each(['retries', 'headrs', 'json', 'signal'])('%s of a client is named', (name) => {
    expect(() => new AsyncClient(option(name))).toThrow(TypeError);
    expect(() => new AsyncClient(option(name))).toThrow(`${refusalOf(name)} (known: params, headers, cookies, verify,`);
  });

  test.each(['http2', 'header', 'verify', 'stream'])('%s of a call is named, and nothing is sent', async (name) => {
    const { client, environment } = refusing();
    const calls: PromiseLike<unknown>[] = [
      client.request('GET', url, option(name)),
      client.stream('GET', url, option(name)),
      ...[...BARE, ...WITH_BODY].map((verb) => client[verb](url, option(name))),
    ];
    for (const call of calls) {
      expect((await failureOf(call, TypeError)).message).toContain(`${refusalOf(name)} (known: params, headers,`);
    }
    expect(environment.connector.sockets.length).toBe(0);
  });

  test.each(['content', 'data', 'json'])('%s is none of verbs without a body', async (name) => {
    const { client, environment } = refusing();
    for (const verb of BARE) {
      expect((await failureOf(client[verb](url, option(name)), TypeError)).message).toContain(`'${name}'`);
    }
    expect(environment.connector.sockets.length).toBe(0);
    for (const verb of WITH_BODY) expect((await client[verb](url, option(name))).text).toBe('ok');
  });

  test.each(['proxy', 'cookies', 'json', 'timeout'])('%s of send is named, and nothing is sent', async (name) => {
    const { client, environment } = refusing();
    const error = await failureOf(client.send(client.buildRequest('GET', url), option(name)), TypeError);
    expect(error.message).toContain(`${refusalOf(name)} (known: stream, auth, followRedirects, signal)`);
    expect(environment.connector.sockets.length).toBe(0);
  });

  test.each(['proxy', 'signal', 'stream'])('%s of a request is named', (name) => {
    expect(() => openClient().buildRequest('GET', url, option(name))).toThrow(refusalOf(name));
    // A request made by hand may have a stream (httpx).
    if (name !== 'stream') expect(() => new Request('GET', url, option(name))).toThrow(refusalOf(name));
  });

  test('of a function for one call is named', async () => {
    for (const name of ['retries', 'limits', 'verfy']) {
      for (const call of FUNCTIONS) {
        const error = await failureOf(call(url, option(name)), TypeError);
        expect(error.message).toContain(refusalOf(name));
      }
      await failureOf(httpx.request('GET', url, option(name)), TypeError);
      await failureOf(httpx.stream('GET', url, option(name)), TypeError);
    }
    expect((await failureOf(httpx.get(url, option('json')), TypeError)).message).toContain("'json'");
  });

  test.each([
    ['baseURL', 'baseUrl'],
    ['base_url', 'baseUrl'],
    ['event_hooks', 'eventHooks'],
    ['Headers', 'headers'],
  ])('%s is taken for a slip of the pen', (name, meant) => {
    expect(() => new AsyncClient(option(name))).toThrow(`unknown option '${name}', did you mean '${meant}'? (known`);
  });

  describe('is told who takes it', () => {
    const WITH_A_BODY = 'request(method, …), buildRequest and the verbs with a body take it';
    const AS_BODY = 'a body is given as json, data, files or content';
    const OF_CLIENTS = 'a client takes it, and the functions (httpx.get, …) do, where there are sockets';
    test.each<[string, string, (client: AsyncClient) => PromiseLike<unknown>, string]>([
      ['of get', 'json', (client) => client.get(url, option('json')), WITH_A_BODY],
      ['of delete', 'content', (client) => client.delete(url, option('content')), WITH_A_BODY],
      ['of the function get', 'data', () => httpx.get(url, option('data')), WITH_A_BODY],
      ['of get', 'proxy', (client) => client.get(url, option('proxy')), OF_CLIENTS],
      ['of post', 'verify', (client) => client.post(url, option('verify')), OF_CLIENTS],
      ['of get', 'mounts', (client) => client.get(url, option('mounts')), 'a client takes it'],
      ['of the function get', 'allowAddress', () => httpx.get(url, option('allowAddress')), 'a client takes it'],
      ['of get', 'stream', (client) => client.get(url, option('stream')), 'send takes it'],
      ['of send', 'json', (client) => client.send(client.buildRequest('GET', url), option('json')), WITH_A_BODY],
      [
        'of send',
        'headers',
        (client) => client.send(client.buildRequest('GET', url), option('headers')),
        'buildRequest takes it',
      ],
      [
        'of buildRequest',
        'signal',
        async (client) => client.buildRequest('GET', url, option('signal')),
        'send takes it',
      ],
      ['of post', 'name', (client) => client.post(url, option('name')), AS_BODY],
      ['of the function post', 'constructor', () => httpx.post(url, option('constructor')), AS_BODY],
    ])('%s: %s', async (_of, name, call, taker) => {
      const { message } = await failureOf(call(openClient()), TypeError);
      expect(message).toContain(refusalOf(name));
      expect(message.slice(message.indexOf(')') + 1)).toBe(`; ${taker}`);
    });

    test('unless nobody does, or it may be anything', async () => {
      expect((await failureOf(openClient().get(url, option('name')), TypeError)).message).toMatch(
        / \(known: [a-z, ]+\)$/i,
      );
      expect(() => new AsyncClient(option('json'))).toThrow(/ \(known: [a-z0-9, ]+\)$/i);
    });
  });

  test('in Object.prototype is nobody’s', async () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    const { client } = refusing();
    try {
      polluted.auth = 'evil';
      expect((await client.get(url, { timeout: null })).text).toBe('ok');
    } finally {
      delete polluted.auth;
    }
  });

  test('options that are no object are refused', async () => {
    const { client } = refusing();
    await failureOf(client.get(url, 'x' as unknown as object), TypeError);
    await failureOf(client.get(url, [] as object), TypeError);
    await failureOf(client.get(url, { timeout: [] as object }), TypeError);
    expect(() => new AsyncClient({ timeout: [] as object })).toThrow(/expected an object, got Array/);
    expect(() => new AsyncClient({ limits: [] as object })).toThrow(TypeError);
    expect(() => new AsyncClient({ verify: [] as object })).toThrow(TypeError);
    expect(() => new AsyncClient(1 as unknown as object)).toThrow(TypeError);
  });
});

describe('the timeout of a request made by hand', () => {
  /** How long the call waits for an answer that never comes, and with which error it ends. */
  async function waited(
    options: ClientOptions,
    make: (client: AsyncClient) => PromiseLike<unknown>,
    steps: readonly number[],
  ): Promise<{ ms: number | null; error: unknown }> {
    const environment = fakeEnvironment();
    const client = openClient(options, environment);
    let error: unknown = null;
    make(client).then(undefined, (thrown: unknown) => {
      error = thrown;
    });
    let ms = 0;
    for (const step of steps) {
      await environment.host.advance(step - ms);
      ms = step;
      if (error !== null) return { ms, error };
    }
    return { ms: null, error };
  }

  const byHand = (timeout?: unknown) => (client: AsyncClient) =>
    client.send(new Request('GET', url, timeout === undefined ? {} : ({ extensions: { timeout } } as object)));

  test('is the client’s', async () => {
    const { ms, error } = await waited({ timeout: '60s' }, byHand(), [5001, 59_999, 60_001]);
    expect(ms).toBe(60_001);
    expect(error).toBeInstanceOf(ReadTimeout);
  });

  test('none, if the client has none', async () => {
    expect(await waited({ timeout: null }, byHand(), [5001, 600_000])).toMatchObject({ ms: null });
  });

  test('is its own, if it has one', async () => {
    expect(await waited({ timeout: '60s' }, byHand(100), [101])).toMatchObject({ ms: 101 });
    expect(await waited({ timeout: '1s' }, byHand(null), [1001, 5001, 600_000])).toMatchObject({ ms: null });
  });

  test('what a plain object leaves open is the client’s', async () => {
    const { ms, error } = await waited({ timeout: { total: '9s' } }, byHand({ read: '60s' }), [5001, 8999, 9001]);
    expect(ms).toBe(9001);
    expect(error).toBeInstanceOf(TotalTimeout);
    expect(await waited({ timeout: '60s' }, byHand({ connect: 5 }), [5001, 60_001])).toMatchObject({ ms: 60_001 });
  });

  test('of a call, an extension’s plain object completes the call’s, and that the client’s', async () => {
    const call = (client: AsyncClient) =>
      client.get(url, { timeout: { read: '7s' }, extensions: { timeout: { connect: '1s' } } });
    expect(await waited({ timeout: '60s' }, call, [5001, 7001])).toMatchObject({ ms: 7001 });
    const undefinedIsNone = (client: AsyncClient) => client.get(url, { extensions: { timeout: undefined } });
    expect(await waited({ timeout: '60s' }, undefinedIsNone, [5001, 60_001])).toMatchObject({ ms: 60_001 });
  });

  test('a plain object that is changed afterwards counts as it is when a request is made', async () => {
    const timeout = { read: 100 };
    const changing = (client: AsyncClient) => {
      const first = client.get(url, { extensions: { timeout } });
      timeout.read = 400;
      const second = client.get(url, { extensions: { timeout } });
      return Promise.allSettled([first.catch(() => {}), second]).then(() => second);
    };
    expect(await waited({ timeout: '60s' }, changing, [101, 399, 401])).toMatchObject({ ms: 401 });
  });

  test('a duration that is none is refused, and nothing is sent', async () => {
    const { client, environment } = refusing();
    await failureOf(client.send(new Request('GET', url, { extensions: { timeout: 0 } })), RangeError);
    expect(environment.connector.sockets.length).toBe(0);
  });
});

test('a transport and a response refuse what they do not know, by name', () => {
  const transport = { http3: true } as ConstructorParameters<typeof AsyncHTTPTransport>[0];
  expect(() => new AsyncHTTPTransport(transport)).toThrow(/'http3'/);
  expect(() => new Response(200, { body: 'x' } as ResponseOptions)).toThrow(/'body'/);
});
