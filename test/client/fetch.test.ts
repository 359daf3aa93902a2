/**
 * `AsyncClient.fetch` beside the global `fetch`, against one server: what the server sees and what the caller gets must be
 * the same, but for what each says of itself.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  AsyncClient,
  type AsyncClientOptions,
  BasicAuth,
  ConnectError,
  MockTransport,
  ReadError,
  RemoteProtocolError,
  Response,
  StreamConsumed,
  UnsupportedProtocol,
} from '../../src/index.js';
import { errorOf, failureOf } from '../support/client.js';

let server: Server;
let base = '';

/** What a request was, as its answer. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString('latin1') }));
}

const ROUTES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => unknown>> = {
  '/empty': (_request, response) => response.writeHead(204).end(),
  '/strange': (_request, response) => response.writeHead(999, { 'content-length': '2' }).end('ok'),
  '/gzip': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked')),
  '/cookies': (_request, response) => response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end(),
  '/there': (_request, response) => response.writeHead(302, { location: '/echo' }).end('moved'),
  '/moved': (_request, response) => response.writeHead(301, { location: '/echo' }).end(),
  '/see': (_request, response) => response.writeHead(303, { location: '/echo' }).end(),
  '/keep': (_request, response) => response.writeHead(307, { location: '/echo' }).end(),
  '/broken': (request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => request.socket.destroy());
  },
  '/reset': (request) => request.socket.destroy(),
  '/slow': (_request, response) => {
    response.writeHead(200);
    response.write('first');
  },
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const route = ROUTES[new URL(request.url ?? '', 'http://x').pathname];
    if (route === undefined) void echo(request, response);
    else route(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function open(options?: AsyncClientOptions): AsyncClient {
  const client = new AsyncClient(options);
  onTestFinished(() => client.aclose());
  return client;
}

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What each client says of itself. */
const OWN = ['user-agent', 'accept', 'accept-encoding', 'accept-language', 'sec-fetch-mode', 'connection'];

/** The echo without what is each client's own; boundaries of forms by one name. */
function comparable(echoed: Echoed): Echoed {
  const headers = Object.fromEntries(Object.entries(echoed.headers).filter(([name]) => !OWN.includes(name)));
  const boundary = /boundary=(.*)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return { ...echoed, headers };
  const { 'content-length': _, ...rest } = headers;
  return {
    ...echoed,
    headers: { ...rest, 'content-type': 'multipart/form-data; boundary=B' },
    body: echoed.body.replaceAll(boundary, 'B').replaceAll(/\r\n$/g, ''),
  };
}

const form = (): FormData => {
  const data = new FormData();
  data.append('a', 'b c');
  data.append('file', new Blob(['hello'], { type: 'text/plain' }), 'hello.txt');
  return data;
};
const streamOf = (...pieces: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve));
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
const post = (body: BodyInit, init: object = {}): [string, RequestInit] => ['/echo', { method: 'POST', body, ...init }];
const posted = (body: BodyInit, init: object = {}): [Request] => [
  new Request(`${base}/echo`, { method: 'POST', body, ...init }),
];

/** Made anew for each of the two, since bodies are read once. */
const calls: [string, () => Parameters<typeof fetch>][] = [
  ['a string', () => [`${base}/echo?a=b#fragment`]],
  ['a URL', () => [new URL(`${base}/echo`)]],
  ['a method in lower case', () => [`${base}/echo`, { method: 'delete' }]],
  ['headers as a record', () => [`${base}/echo`, { headers: { 'X-A': '1' } }]],
  [
    'headers as pairs, one name twice',
    () => [
      `${base}/echo`,
      {
        headers: [
          ['x-a', '1'],
          ['X-A', '2'],
        ],
      },
    ],
  ],
  ['headers as Headers', () => [`${base}/echo`, { headers: new Headers({ 'x-a': 'é' }) }]],
  ['POST without a body', () => [`${base}/echo`, { method: 'POST' }]],
  ['a body of text', () => post('héllo')],
  ['a body of text with a type of its own', () => post('{}', { headers: { 'content-type': 'application/json' } })],
  ['an empty body of text', () => post('')],
  ['octets', () => post(new Uint8Array([1, 2, 3]))],
  ['a view of octets', () => post(new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2))],
  ['an ArrayBuffer', () => post(new Uint8Array([1, 2, 3]).buffer)],
  ['a Blob with a type', () => post(new Blob(['hello'], { type: 'text/csv' }))],
  ['a Blob without', () => post(new Blob(['hello']))],
  ['URLSearchParams', () => post(new URLSearchParams({ a: 'b c' }))],
  ['FormData', () => post(form())],
  ['a stream', () => post(streamOf('a', 'b'), { duplex: 'half' })],
  ['a number, which is text', () => post(17 as unknown as string)],
  ['a Request', () => [new Request(`${base}/echo`, { headers: { 'x-a': '1' } })]],
  ['a Request with text', () => posted('hello')],
  ['a Request with FormData', () => posted(form())],
  ['a Request with a stream', () => posted(streamOf('a', 'b'), { duplex: 'half' })],
  [
    'a Request and init, which wins',
    () => [...posted('a', { headers: { 'x-a': '1' } }), { method: 'PUT', body: 'b', headers: { 'x-b': '2' } }],
  ],
  ['a Request and other headers', () => [...posted('a'), { headers: { 'x-b': '2', 'content-type': 'text/csv' } }]],
  ['a redirect', () => [`${base}/there`]],
  ['a redirect after POST', () => [`${base}/there`, { method: 'POST', body: 'x' }]],
  ['a redirect that keeps the body', () => [`${base}/keep`, { method: 'POST', body: 'x' }]],
  ['a redirect that keeps the body of a Request', () => [new Request(`${base}/keep`, { method: 'POST', body: 'x' })]],
];

describe('what is sent, and what is answered, is as with the global fetch', () => {
  test.each(calls)('%s', async (_what, made) => {
    const client = open();
    const answers = await Promise.all(
      [globalThis.fetch, client.fetch].map(async (fetch) => {
        const [input, init] = made();
        const response = await fetch(typeof input === 'string' && input.startsWith('/') ? base + input : input, init);
        const { status, ok, url, redirected } = response;
        return { status, ok, url, redirected, echoed: comparable((await response.json()) as Echoed) };
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
  });

  const refused: [string, () => Parameters<typeof fetch>][] = [
    ['GET with a body', () => [`${base}/echo`, { method: 'GET', body: 'x' }]],
    ['CONNECT', () => [`${base}/echo`, { method: 'connect' }]],
    ['a method that is none', () => [`${base}/echo`, { method: 'A B' }]],
    ['a header that is none', () => [`${base}/echo`, { headers: { 'a b': 'c' } }]],
    ['a URL that is none', () => ['http://[']],
    ['no URL', () => ['/echo']],
    ['another scheme', () => ['ftp://127.0.0.1/']],
    ['a redirect mode that is none', () => [`${base}/echo`, { redirect: 'maybe' as RequestRedirect }]],
    [
      'duplex that is not half',
      () => [`${base}/echo`, { method: 'POST', body: streamOf('a'), duplex: 'full' } as object],
    ],
    ['nobody there', () => ['http://127.0.0.1:1/']],
    ['a connection that is reset', () => [`${base}/reset`]],
    ['a redirect where it is an error', () => [`${base}/there`, { redirect: 'error' }]],
    [
      'a redirect that asks for a stream again',
      () => [`${base}/keep`, { method: 'POST', body: streamOf('a'), duplex: 'half' } as object],
    ],
  ];

  test.each(refused)('%s: TypeError', async (_what, made) => {
    const client = open();
    for (const fetch of [globalThis.fetch, client.fetch])
      expect(await errorOf(fetch(...made()))).toBeInstanceOf(TypeError);
  });

  test('a Request whose body was read is refused', async () => {
    for (const fetch of [globalThis.fetch, open().fetch]) {
      const request = new Request(`${base}/echo`, { method: 'POST', body: 'x' });
      await request.text();
      expect(await errorOf(fetch(request))).toBeInstanceOf(TypeError);
    }
  });

  test.each(['/moved', '/there', '/see', '/keep'])('a redirect changes methods as Fetch has it: %s', async (path) => {
    const asked = async (fetch: typeof globalThis.fetch, method: string): Promise<string> => {
      const body = method === 'HEAD' ? null : 'content';
      const response = await fetch(base + path, { method, body });
      return `${method} ${method === 'HEAD' ? response.url : await response.text()}`.replace(/"headers":\{.*\},/, '');
    };
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
      expect(await asked(open().fetch, method)).toBe(await asked(globalThis.fetch, method));
    }
  });

  test('redirect: manual gives the redirect itself', async () => {
    for (const fetch of [globalThis.fetch, open().fetch]) {
      const response = await fetch(`${base}/there`, { redirect: 'manual' });
      expect([response.status, response.headers.get('location'), response.redirected]).toEqual([302, '/echo', false]);
      expect(await response.text()).toBe('moved');
    }
  });

  test('no body where none belongs', async () => {
    for (const fetch of [globalThis.fetch, open().fetch]) {
      for (const [path, init] of [
        ['/empty', {}],
        ['/gzip', { method: 'HEAD' }],
      ] as const) {
        const response = await fetch(base + path, init);
        expect(response.body).toBeNull();
        expect(await response.text()).toBe('');
      }
    }
  });

  test('each Set-Cookie on its own', async () => {
    for (const fetch of [globalThis.fetch, open().fetch]) {
      expect((await fetch(`${base}/cookies`)).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    }
  });

  test('a body that breaks: the stream fails with a TypeError', async () => {
    for (const fetch of [globalThis.fetch, open().fetch]) {
      const response = await fetch(`${base}/broken`);
      expect(response.status).toBe(200);
      const error = await failureOf(response.text(), TypeError);
      expect(error.message).toBe('terminated');
    }
  });

  test('an abort rejects with its reason, before the answer and in the body', async () => {
    const reason = new Error('enough');
    for (const fetch of [globalThis.fetch, open().fetch]) {
      expect(await errorOf(fetch(base, { signal: AbortSignal.abort(reason) }))).toBe(reason);
      const request = new Request(`${base}/echo`, { signal: AbortSignal.abort(reason) });
      expect(await errorOf(fetch(request))).toBe(reason);
      const aborter = new AbortController();
      const response = await fetch(`${base}/slow`, { signal: aborter.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('first');
      const next = reader.read();
      aborter.abort(reason);
      expect(await errorOf(next)).toBe(reason);
    }
  });
});

describe('AsyncClient.fetch', () => {
  test('needs no this', async () => {
    const { fetch } = open();
    expect((await fetch(`${base}/echo`)).ok).toBe(true);
  });

  test('its errors have those of this package as their cause', async () => {
    const { fetch } = open({ timeout: { connect: '2s' } });
    const causeOf = async (...call: Parameters<typeof fetch>) => (await failureOf(fetch(...call), TypeError)).cause;
    expect(await causeOf('http://127.0.0.1:1/')).toBeInstanceOf(ConnectError);
    expect(await causeOf('ftp://127.0.0.1/')).toBeInstanceOf(UnsupportedProtocol);
    const reset = await causeOf(`${base}/reset`);
    expect(reset instanceof ReadError || reset instanceof RemoteProtocolError).toBe(true);
    const once = { method: 'POST', body: streamOf('a'), duplex: 'half' } as object;
    expect(await causeOf(`${base}/keep`, once)).toBeInstanceOf(StreamConsumed);
    const response = await fetch(`${base}/broken`);
    expect((await failureOf(response.text(), TypeError)).cause).toBeInstanceOf(RemoteProtocolError);
  });

  test('the settings of the client hold: base URL, headers, auth, cookies, hooks', async () => {
    const seen: string[] = [];
    const client = open({
      baseUrl: base,
      headers: { 'x-client': '1' },
      auth: new BasicAuth('u', 'p'),
      eventHooks: { response: [(response) => void seen.push(response.url.path)] },
    });
    await client.fetch('/cookies');
    const { headers } = (await (await client.fetch('/echo')).json()) as Echoed;
    expect(headers).toMatchObject({ 'x-client': '1', authorization: `Basic ${btoa('u:p')}`, cookie: 'a=1; b=2' });
    expect(seen).toEqual(['/cookies', '/echo']);

    const omitting = (await (await client.fetch('/echo', { credentials: 'omit' })).json()) as Echoed;
    expect(omitting.headers).not.toHaveProperty('authorization');
    expect(omitting.headers).not.toHaveProperty('cookie');
  });

  test('what a hook throws is no TypeError of the network', async () => {
    const failure = new RangeError('mine');
    const client = open({
      eventHooks: {
        request: [
          () => {
            throw failure;
          },
        ],
      },
    });
    expect(await errorOf(client.fetch(`${base}/echo`))).toBe(failure);
  });

  test('a coded body comes decoded, and its length and coding are not claimed', async () => {
    const response = await open().fetch(`${base}/gzip`);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe('unpacked');
  });

  test('the body streams: BYOB readers work, cancelling gives the connection up', async () => {
    const client = open({ limits: { maxConnections: 1 } });
    const response = await client.fetch(`${base}/slow`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(16));
    expect(new TextDecoder().decode(value)).toBe('first');
    await reader.cancel();
    expect((await client.fetch(`${base}/echo`)).status).toBe(200);
  });

  test('a clone has URL and body', async () => {
    const response = await open().fetch(`${base}/there`);
    const clone = response.clone();
    expect([clone.url, clone.redirected]).toEqual([`${base}/echo`, true]);
    expect(await clone.text()).toBe(await response.text());
  });

  test('a status beyond those that a Response can be made with is told', async () => {
    const response = await open().fetch(`${base}/strange`);
    expect([response.status, response.ok, await response.text()]).toEqual([999, false, 'ok']);
  });

  test('a Request of another implementation is one', async () => {
    const other = { url: `${base}/echo`, method: 'PATCH', headers: new Headers({ 'x-a': '1' }), body: streamOf('ab') };
    const echoed = (await (await open().fetch(other as unknown as Request)).json()) as Echoed;
    expect(echoed).toMatchObject({ method: 'PATCH', body: 'ab' });
    expect(echoed.headers).toMatchObject({ 'x-a': '1' });
  });

  test('async iterables are bodies', async () => {
    async function* pieces() {
      yield 'a';
      yield new TextEncoder().encode('b');
    }
    const init = { method: 'POST', body: pieces() as unknown as BodyInit };
    expect((await (await open().fetch(`${base}/echo`, init)).json()) as Echoed).toMatchObject({ body: 'ab' });
  });

  test('what would be ignored at a cost is refused', async () => {
    const { fetch } = open();
    const refused = async (init: object) => (await failureOf(fetch(`${base}/echo`, init), TypeError)).message;
    expect(await refused({ integrity: 'sha256-x' })).toContain('integrity is not checked');
    expect(await refused({ dispatcher: {} })).toContain('a dispatcher is for undici');
    expect(await refused({ credentials: 'all' })).toContain('expected credentials to be one of');
  });

  test('data: and blob: are read by the platform', async () => {
    const { fetch } = open();
    expect(await (await fetch('data:text/plain,a%20b')).text()).toBe('a b');
    const url = URL.createObjectURL(new Blob(['hello']));
    expect(await (await fetch(url)).text()).toBe('hello');
    URL.revokeObjectURL(url);
  });

  test('data: in a Request is too, of this implementation or another', async () => {
    const { fetch } = open();
    expect(await (await fetch(new Request('data:text/plain,a%20b'))).text()).toBe('a b');
    const other = { url: 'data:,cd', method: 'GET', headers: new Headers(), body: null } as unknown as Request;
    expect(await (await fetch(other)).text()).toBe('cd');
  });

  const bad = 'Bearer s3cret\n';
  test.each<[string, HeadersInit]>([
    ['a record', { 'x-a': '1', 'X-Token': `${bad}x` }],
    ['pairs', [['X-Token', `${bad}x`]]],
    ['pairs that are read once', new Map([['X-Token', `${bad}x`]]).entries() as unknown as HeadersInit],
    ['text beyond Latin-1', { 'X-Token': 's3cret€' }],
  ])('a header value that cannot be sent is named, not shown: %s', async (_what, headers) => {
    const { message, cause } = await failureOf(open().fetch(base, { headers }), TypeError);
    expect(message).toBe('Cannot fetch: the header "X-Token" has a value that cannot be sent');
    expect(cause).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['a name that is none', { 'x: s3cret': '1' }],
    ['one that is no pair', [['s3cret']]],
    ['what is no pair at all', ['s3cret']],
    ['text', 's3cret'],
  ])('headers that are none are refused without being shown: %s', async (_what, headers) => {
    const { message } = await failureOf(open().fetch(base, { headers: headers as HeadersInit }), TypeError);
    expect(message).not.toContain('s3cret');
  });

  test('credentials: omit holds after a redirect, and keeps nothing', async () => {
    const client = open({ baseUrl: base, cookies: { own: '1' } });
    await client.fetch('/cookies', { credentials: 'omit' });
    expect([...client.cookies]).toEqual([['own', '1']]);
    const response = await client.fetch('/there', { credentials: 'omit' });
    expect(((await response.json()) as Echoed).headers).not.toHaveProperty('cookie');
  });

  test('101 is no response for fetch', async () => {
    const client = open({ transport: new MockTransport(() => new Response(101)) });
    const error = await failureOf(client.fetch('http://x.test/'), TypeError);
    expect((error.cause as Error).message).toContain('101');
  });
});

describe('toWeb', () => {
  test('of a response that was read, and of one that was not', async () => {
    const client = open();
    for (const verb of ['request', 'stream'] as const) {
      const response = await client[verb]('GET', `${base}/gzip`);
      const web = response.toWeb();
      expect(web).toBeInstanceOf(globalThis.Response);
      expect([web.status, web.statusText, web.url]).toEqual([200, 'OK', `${base}/gzip`]);
      expect([web.headers.get('content-encoding'), web.headers.get('content-length')]).toEqual([null, null]);
      expect(await web.text()).toBe('unpacked');
    }
    expect((await client.get(`${base}/empty`)).toWeb().body).toBeNull();
  });

  test('of a response made by hand, which has no URL; 101 is refused', () => {
    expect(new Response(200, { text: 'x' }).toWeb().url).toBe('');
    expect(() => new Response(101).toWeb()).toThrow(TypeError);
  });

  test('shows no credentials of its URL', async () => {
    const response = await open().get(`${base.replace('//', '//u:hunter2@')}/echo#f`);
    expect(response.toWeb().url).toBe(`${base}/echo`);
  });
});
