/** FetchTransport: the same client over the host's fetch, and what fetch hides. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { runtime } from '../../src/environment.js';
import type { Host } from '../../src/hosts/host.js';
import { page } from '../../src/hosts/web/page-rules.js';
import {
  ConnectError,
  FetchTransport,
  type FetchTransportOptions,
  LocalProtocolError,
  NetworkError,
  ReadError,
  ReadTimeout,
  StreamError,
  UnsupportedProtocol,
} from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { always, dialogue } from '../support/dialogue.js';
import { FakeHost } from '../support/fake-host.js';
import { answer, fieldOf, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const clientOver = (options?: FetchTransportOptions) => openClient({ transport: new FetchTransport(options) });

/** A client whose fetch is `respond`. */
function fetching(respond: (request: globalThis.Request) => Promise<globalThis.Response> | globalThis.Response) {
  return clientOver({ fetch: async (request) => respond(request as globalThis.Request) });
}

describe("the host's own fetch", () => {
  test('sends what the client made, and the host what is its own', async () => {
    const server = await serve(always(answer('hello')));
    const response = await clientOver().post(`${server.url}?q=1#part`, { content: 'abc', headers: { 'X-A': 'b' } });
    expect([response.statusCode, response.text, response.url.fragment]).toEqual([200, 'hello', 'part']);
    const [request] = server.peer(0).requests;
    expect(request?.head).toMatch(/^POST \/\?q=1 HTTP\/1\.1\r\n/);
    expect(request?.body.toString()).toBe('abc');
    expect(fieldOf(request?.head ?? '', 'x-a')).toBe('b');
    expect(fieldOf(request?.head ?? '', 'host')).toBe(`127.0.0.1:${server.port}`);
  });

  test('streams a body of unknown length', async () => {
    const server = await serve(always(answer('ok')));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 5; i++) yield patternOf(1000);
    }
    await clientOver().post(server.url, { content: pieces() });
    expect(server.peer(0).requests[0]?.body.length).toBe(5000);
  });

  test('has decoded the body: it is not decoded again, and how it came is not known', async () => {
    const coded = gzipSync('plain text');
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`;
    const server = await serve(always(Buffer.concat([Buffer.from(head), coded])), { repeatLast: true });
    const client = clientOver();
    const response = await client.get(server.url);
    expect([response.text, response.headers.get('content-encoding')]).toEqual(['plain text', 'gzip']);
    await using streamed = await client.stream('GET', server.url);
    await failureOf(() => streamed.aiterRaw().next(), StreamError);
    expect(() => streamed.rawBody).toThrow(/the transport gave it decoded/);
    expect(new TextDecoder().decode(await streamed.aread())).toBe('plain text');
  });

  test('shows redirects to the client on Node.js', async () => {
    const server = await serve([
      dialogue().hear().say('HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\n\r\n').fin(),
      always(answer('there')),
    ]);
    const response = await clientOver().get(server.url, { followRedirects: true });
    expect([response.text, response.history.length, response.url.path]).toEqual(['there', 1, '/there']);
  });

  test('a refused connection is a ConnectError that says to whom', async () => {
    const server = await serve(dialogue().stall());
    await server.close();
    const error = await failureOf(clientOver().get(server.url), ConnectError);
    expect(error.message).toMatch(new RegExp(`^Cannot fetch from http://127.0.0.1:${server.port}: .*ECONNREFUSED`));
    expect(error.request.method).toBe('GET');
  });

  test('a body that breaks off is a ReadError', async () => {
    const server = await serve(
      dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this').reset(),
    );
    const response = await clientOver().stream('GET', server.url);
    await failureOf(() => response.aread(), ReadError);
  });

  test('closing an unread response reaches the server', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome').stall());
    const response = await clientOver().stream('GET', server.url);
    await response.aclose();
    await server.until(() => server.peer(0).clientClosedAt !== null);
  });
});

describe('a fetch of its own', () => {
  test('gets a Request without credentials, and the settings of the transport', async () => {
    let seen: RequestInit | undefined;
    let url = '';
    const fetch = async (request: RequestInfo | globalThis.URL, init?: RequestInit) => {
      url = (request as globalThis.Request).url;
      seen = init;
      return new globalThis.Response('x');
    };
    await clientOver({ fetch, credentials: 'omit' }).get('http://user:pass@host.example/#part');
    expect([url, seen?.credentials]).toEqual(['http://host.example/', 'omit']);
  });

  test('a silent server is a ReadTimeout by the clock of the host, and its request is aborted', async () => {
    const host = new FakeHost();
    let signal: AbortSignal | null = null;
    const fetch = (request: unknown) =>
      new Promise<globalThis.Response>((_, reject) => {
        signal = (request as globalThis.Request).signal;
        signal.addEventListener('abort', () => reject(signal?.reason));
      });
    const transport = new FetchTransport({ fetch }, { ...runtime, host });
    const failed = failureOf(openClient({ transport }).get('http://host.example/', { timeout: '2s' }), ReadTimeout);
    await host.advance(2000);
    expect((await failed).message).toBe(
      'Cannot read the response of http://host.example: nothing came for 2000 ms (timeout.read) [GET http://host.example/]',
    );
    expect((signal as AbortSignal | null)?.aborted).toBe(true);
    expect(host.timersSet).toBe(0);
  });

  test('silence in the body is a ReadTimeout, too', async () => {
    const host = new FakeHost();
    const fetch = async (request: unknown) => {
      const { signal } = request as globalThis.Request;
      return new globalThis.Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(patternOf(10));
            signal.addEventListener('abort', () => controller.error(signal.reason));
          },
        }),
      );
    };
    const transport = new FetchTransport({ fetch }, { ...runtime, host });
    const response = await openClient({ transport }).stream('GET', 'http://host.example/', { timeout: '2s' });
    const failed = failureOf(() => response.aread(), ReadTimeout);
    await host.advance(2000);
    expect((await failed).message).toMatch(
      /^Cannot read the body from http:\/\/host\.example: nothing came for 2000 ms/,
    );
  });

  test('an abort rejects with its own reason, and fetch hears it', async () => {
    let heard: unknown = null;
    const client = fetching(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            heard = signal.reason;
            reject(signal.reason);
          });
        }),
    );
    const controller = new AbortController();
    const reason = new Error('enough');
    const failed = failureOf(client.get('http://host.example/', { signal: controller.signal }), Error);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    expect(await failed).toBe(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toBe(reason);
  });

  test('a redirect that a browser hides is an error that says what to do', async () => {
    const opaque = new globalThis.Response();
    Object.defineProperty(opaque, 'type', { value: 'opaqueredirect' });
    const error = await failureOf(fetching(() => opaque).get('http://host.example/'), UnsupportedProtocol);
    expect(error.message).toContain("redirect: 'follow'");
  });

  test('what fetch rejects with, without a reason, is a NetworkError', async () => {
    const client = fetching(() => {
      throw new TypeError('Failed to fetch');
    });
    const error = await failureOf(client.get('http://host.example/'), NetworkError);
    expect(error.message).toBe('Cannot fetch from http://host.example: Failed to fetch');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test('what no Request can be is refused before fetch is called', async () => {
    let calls = 0;
    const client = fetching(() => {
      calls++;
      return new globalThis.Response();
    });
    await failureOf(client.request('GET', 'http://host.example/', { content: 'x' }), LocalProtocolError);
    await failureOf(client.request('TRACE', 'http://host.example/'), LocalProtocolError);
    expect(calls).toBe(0);
  });

  test('a Host of the user, which fetch would make another of, is refused; the URL’s own is not', async () => {
    const client = fetching(() => new globalThis.Response('ok'));
    const call = client.get('http://host.example/', { headers: { Host: 'other.example' } });
    expect((await failureOf(call, LocalProtocolError)).message).toContain('cannot be other.example');
    const own = await client.get('http://host.example/', { headers: { Host: 'HOST.example' } });
    expect(own.text).toBe('ok');
  });

  test.each([[{ fetch: 1 }], [{ redirects: 'follow' }]])('%j is refused', (options) => {
    expect(() => new FetchTransport(options as FetchTransportOptions)).toThrow(TypeError);
  });
});

describe('in a page', () => {
  const environment = { ...runtime, host: { ...runtime.host, page } satisfies Host };
  /** A client whose fetch is `respond`. */
  function inPage(
    respond: (request: globalThis.Request) => Promise<globalThis.Response>,
    options: FetchTransportOptions = {},
  ) {
    const fetch = (request: unknown) => respond(request as globalThis.Request);
    return openClient({ transport: new FetchTransport({ ...options, fetch }, environment) });
  }
  const names = (client: ReturnType<typeof inPage>, headers: Record<string, string> = {}) =>
    client.get('http://host.example/', { headers }).then(({ text }) => text);

  test('the browser names itself, unless the user does: a name of ours would need leave of the server (CORS)', async () => {
    const client = inPage(async (request) => new globalThis.Response(request.headers.get('user-agent')));
    expect(await names(client)).toBe('');
    expect(await names(client, { 'User-Agent': 'mine' })).toBe('mine');
    expect(await names(fetching((request) => new globalThis.Response(request.headers.get('user-agent'))))).toMatch(
      /^httpx-wasm/,
    );
  });

  test('fields that the browser leaves out are named; it may name itself', () => {
    const given = ['X-A', 'Cookie', 'User-Agent', 'TE'];
    expect(() => page.checkFieldsKept(given, new globalThis.Headers({ 'x-a': 'x' }))).toThrow(
      /^Cannot fetch: a page may not set Cookie, TE \(Fetch §2\.2\.2\)/,
    );
    const kept = new globalThis.Headers({ 'x-a': 'x', cookie: 'x', te: 'x' });
    expect(() => page.checkFieldsKept(given, kept)).not.toThrow();
  });

  test('a failure without a reason comes with what may be behind it', async () => {
    const fails = async () => {
      throw new TypeError('Failed to fetch');
    };
    const error = await failureOf(inPage(fails).get('http://host.example/'), NetworkError);
    expect(error.message).toBe(
      'Cannot fetch from http://host.example: Failed to fetch (there is no connection, or CORS forbids it: a page is not told which)',
    );
    async function* content(): AsyncGenerator<Uint8Array> {
      yield patternOf(10);
    }
    const streaming = inPage(fails, { streamUploads: true }).post('http://host.example/', { content: content() });
    expect((await failureOf(streaming, NetworkError)).message).toContain(
      'or the upload was to stream, which browsers do over HTTP/2 alone',
    );
  });
});
