/** `MockTransport`: a function that answers in place of the network, for either client. */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { errorOf } from '../support/client.js';
import { clients } from '../support/clients.js';

const url = 'http://example.org/';
const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString();

describe.each(clients)('$name with a mock transport', (kind) => {
  const opened = (handler: ConstructorParameters<typeof httpx.MockTransport>[0], settings: object = {}) =>
    kind.open({ ...settings, transport: new httpx.MockTransport(handler) });

  test('is answered by its function, which sees the request as it would be sent', async () => {
    const client = opened(
      (request) => {
        const { method, headers } = request;
        return new httpx.Response(201, { json: { method, path: request.url.path, host: headers.get('host') } });
      },
      { baseUrl: 'http://example.org/api' },
    );
    const response = await client.get('/items');
    expect([response.statusCode, response.json()]).toEqual([
      201,
      { method: 'GET', path: '/api/items', host: 'example.org' },
    ]);
    expect([response.request.method, response.history, response.isClosed]).toEqual(['GET', [], true]);
    expect(response.elapsedMs).toBeGreaterThanOrEqual(0);
  });

  test('has read the body before the function is called, streamed and of forms too', async () => {
    const bodies: string[] = [];
    const client = opened((request) => {
      bodies.push(textOf(request.content));
      return new httpx.Response(200);
    });
    await client.post(url, { content: kind.pieces(['a', 'b']) });
    await client.post(url, { json: { a: 1 } });
    await client.post(url, { files: { f: ['n.txt', 'file'] }, data: { x: 'y' } });
    expect(bodies.slice(0, 2)).toEqual(['ab', '{"a":1}']);
    expect(bodies[2]).toContain('filename="n.txt"');
  });

  test('gives errors of the function to the caller, with the request attached', async () => {
    const client = opened(() => {
      throw new httpx.ConnectError('nobody there');
    });
    const error = await errorOf(() => client.get(url));
    expect(error).toBeInstanceOf(httpx.ConnectError);
    expect(String((error as httpx.ConnectError).request?.url)).toBe(url);
  });

  test('streams what the function streams, and keeps cookies, redirects and hooks', async () => {
    const seen: string[] = [];
    const client = opened(
      (request) => {
        seen.push(`${request.url.path} ${request.headers.get('cookie')}`);
        if (request.url.path === '/') {
          return new httpx.Response(302, { headers: { Location: '/next', 'Set-Cookie': 'a=1' } });
        }
        return new httpx.Response(200, { stream: kind.pieces(['one ', 'two']) });
      },
      { followRedirects: true, eventHooks: { request: [(request: httpx.Request) => void seen.push(request.method)] } },
    );
    const response = await client.stream('GET', url);
    expect([response.isClosed, response.history.length]).toEqual([false, 1]);
    expect(textOf(await kind.read(response))).toBe('one two');
    expect(response.isClosed).toBe(true);
    expect(seen).toEqual(['GET', '/ null', 'GET', '/next a=1']);
  });

  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, 'number'],
    [{}, 'Object'],
    [
      new globalThis.Response(),
      "fetch's global Response: make a Response of httpx-wasm, or give the function to HandlerTransport",
    ],
  ])('says that %s is no answer, and what would be', async (given, got) => {
    const client = opened(() => given as httpx.Response);
    const message = `Cannot use the answer of the transport: expected a Response of httpx-wasm, got ${got}`;
    expect(await errorOf(async () => client.get(url))).toEqual(new TypeError(message));
  });

  test('closing it does nothing', async () => {
    const transport = new httpx.MockTransport(() => new httpx.Response(200));
    transport.close();
    await transport.aclose();
    const client = kind.open({ transport });
    expect((await client.get(url)).statusCode).toBe(200);
  });
});

test('AsyncClient waits for a function that answers later; Client refuses it, and closes what comes', async () => {
  const late = new httpx.Response(200, { stream: ['x'] });
  const transport = new httpx.MockTransport(async () => late);
  const client = new httpx.Client({ transport });
  expect(() => client.get(url)).toThrow('answered with a promise');
  await new Promise((resolve) => setImmediate(resolve));
  expect(late.isClosed).toBe(true);
  const text = new httpx.MockTransport(async (request) => new httpx.Response(200, { text: request.method }));
  expect((await new httpx.AsyncClient({ transport: text }).delete(url)).text).toBe('DELETE');
});

test('Client refuses a transport of one’s own that answers later, and says that it was the transport', () => {
  class Later extends httpx.BaseTransport {
    override handleRequest(): httpx.SyncResponse {
      return Promise.reject(new Error('unheard')) as never;
    }
  }
  const client = new httpx.Client({ transport: new Later() });
  expect(() => client.get(url)).toThrow('Cannot wait in a blocking call: the transport answered with a promise');
});
