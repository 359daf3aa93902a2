/** httpbin on gunicorn: every route about authentication, redirects, cookies, content codings, streams and bodies. */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { type ClientKind, clients, joined, type Settings } from '../support/clients.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

const { plain, tls } = peers.httpbin.ports;
const baseUrl = `http://127.0.0.1:${plain}`;

type Json = Record<string, unknown>;

function open(kind: ClientKind, settings: Settings = {}): ReturnType<ClientKind['open']> {
  return kind.open({ baseUrl, timeout: '30s', ...settings });
}

const statuses = (response: { history: readonly { statusCode: number }[] }): number[] =>
  response.history.map(({ statusCode }) => statusCode);

function authentication(kind: ClientKind): void {
  test.each([
    ['Basic', '/basic-auth/user/pa:ss', ['user', 'pa:ss']],
    ['Basic of names that are not ASCII', '/basic-auth/caf%C3%A9/%E2%98%83', ['café', '☃']],
    ['Basic, hidden', '/hidden-basic-auth/user/pass', new httpx.BasicAuth('user', 'pass')],
    ['Bearer', '/bearer', new httpx.BearerAuth('token')],
  ] as const)('%s', async (_name, path, auth) => {
    const client = open(kind);
    expect((await client.get(path)).isClientError).toBe(true);
    const response = await client.get(path, { auth });
    expect(response.json<Json>().authenticated).toBe(true);
  });

  test('Basic by the URL', async () => {
    const response = await open(kind).get(`http://user:pass@127.0.0.1:${plain}/basic-auth/user/pass`);
    expect(response.json()).toEqual({ authenticated: true, user: 'user' });
  });

  const algorithms = ['MD5', 'SHA-256', 'SHA-512'];
  const ways = algorithms.flatMap((algorithm) => ['auth', 'auth-int'].map((qop) => [algorithm, qop] as const));
  test.each(ways)('Digest: %s, qop %s; what is remembered is used', async (algorithm, qop) => {
    const client = open(kind, { auth: new httpx.DigestAuth('user', 'pa:ss') });
    const first = await client.get(`/digest-auth/${qop}/user/pa:ss/${algorithm}/never`);
    expect(first.json<Json>().authenticated).toBe(true);
    expect(statuses(first)).toEqual([401]);
    const second = await client.get(`/digest-auth/${qop}/user/pa:ss/${algorithm}/never`);
    expect([second.statusCode, statuses(second)]).toEqual([200, []]);
  });

  test('Digest: nonces that go stale are replaced, wrong credentials are not repeated', async () => {
    const client = open(kind, { auth: new httpx.DigestAuth('user', 'pass') });
    for (let i = 0; i < 4; i++) expect((await client.get('/digest-auth/auth/user/pass/MD5/1')).statusCode).toBe(200);
    const wrong = await open(kind).get('/digest-auth/auth/user/pass', { auth: new httpx.DigestAuth('user', 'no') });
    expect([wrong.statusCode, statuses(wrong)]).toEqual([401, [401]]);
  });
}

function redirects(kind: ClientKind): void {
  test.each([
    ['/redirect/3', [302, 302, 302]],
    ['/relative-redirect/3', [302, 302, 302]],
    ['/absolute-redirect/3', [302, 302, 302]],
    ['/redirect-to?url=%2Fget&status_code=301', [301]],
    ['/redirect-to?url=%2Fget&status_code=303', [303]],
    ['/redirect-to?url=%2Fget&status_code=308', [308]],
  ] as const)('%s is followed', async (path, expected) => {
    const response = await open(kind, { followRedirects: true }).get(path);
    expect([response.statusCode, response.url.path, statuses(response)]).toEqual([200, '/get', expected]);
  });

  test.each([
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'body'],
    [308, 'POST', 'body'],
  ])('%i after POST becomes %s', async (status, method, data) => {
    const client = open(kind, { followRedirects: true });
    const response = await client.post(`/redirect-to?url=%2Fanything&status_code=${status}`, { content: 'body' });
    expect(response.json()).toMatchObject({ method, data });
  });

  test('are limited, and not followed unless that is asked for', async () => {
    const client = open(kind);
    const response = await client.get('/redirect/1');
    expect([response.statusCode, response.nextRequest?.url.path]).toEqual([302, '/get']);
    await failureOf(() => open(kind, { followRedirects: true }).get('/redirect/21'), httpx.TooManyRedirects);
  });
}

function cookies(kind: ClientKind): void {
  test('are kept, sent, and deleted by the server', async () => {
    const client = open(kind, { followRedirects: true });
    expect((await client.get('/cookies/set?a=1&b=2')).json()).toEqual({ cookies: { a: '1', b: '2' } });
    expect((await client.get('/cookies/set/c/3')).json()).toEqual({ cookies: { a: '1', b: '2', c: '3' } });
    expect((await client.get('/cookies/delete?b')).json()).toEqual({ cookies: { a: '1', c: '3' } });
    expect(Object.fromEntries(client.cookies)).toEqual({ a: '1', c: '3' });
    expect((await client.get('/cookies', { cookies: null })).json()).toEqual({ cookies: {} });
  });
}

function bodies(kind: ClientKind): void {
  test.each(['gzip', 'deflate', 'brotli'])('%s is decoded', async (coding) => {
    const response = await open(kind).get(`/${coding}`);
    expect(response.json<Json>()[coding === 'gzip' ? 'gzipped' : coding === 'deflate' ? 'deflated' : 'brotli']).toBe(
      true,
    );
    expect(response.headers.get('content-encoding')).toBe(coding === 'brotli' ? 'br' : coding);
  });

  test('lines, chunks and ranges come as they are streamed', async () => {
    const client = open(kind);
    const lines = await client.stream('GET', '/stream/20');
    const ids: unknown[] = [];
    for await (const line of kind.lines(lines)) ids.push((JSON.parse(line) as Json).id);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, id) => id));
    const chunked = await client.stream('GET', '/stream-bytes/100000?seed=1&chunk_size=777');
    expect((await joined(kind.bytes(chunked, 1000))).length).toBe(100_000);
    const range = await client.get('/range/1024?chunk_size=100', { headers: { Range: 'bytes=10-19' } });
    expect([range.statusCode, range.text]).toEqual([206, 'klmnopqrst']);
    expect((await client.get('/drip?numbytes=5&duration=0.2&delay=0')).text).toBe('*****');
  });

  test('a response that is given up leaves the client usable', async () => {
    const client = open(kind);
    const response = await client.stream('GET', '/drip?numbytes=100&duration=60&delay=0');
    for await (const _octets of kind.raw(response)) break;
    await kind.close(response);
    expect((await client.get('/get')).statusCode).toBe(200);
  });

  test('forms, files, JSON, streams and compressed bodies arrive', async () => {
    const client = open(kind);
    const sent = async (options: Parameters<typeof client.post>[1]): Promise<Json> =>
      (await client.post('/post', options)).json<Json>();
    expect((await sent({ data: { a: '1', b: ['x', 'y'] } })).form).toEqual({ a: '1', b: ['x', 'y'] });
    expect((await sent({ json: { a: [1] } })).json).toEqual({ a: [1] });
    const form = await sent({ data: { a: 'ü' }, files: { f: ['n.txt', 'text', 'text/plain'] } });
    expect([form.form, form.files]).toEqual([{ a: 'ü' }, { f: 'text' }]);
    const content = kind.pieces(Array.from({ length: 100 }, () => 'x'.repeat(1000)));
    expect((await sent({ content })).data).toBe('x'.repeat(100_000));
    expect((await sent({ content: 'x'.repeat(1000), compress: 'gzip' })).headers).toMatchObject({
      'Content-Encoding': 'gzip',
    });
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s is what arrives', async (method) => {
    const response = await open(kind).request(method, '/anything/x', { params: { a: 'ä b' } });
    expect(response.json()).toMatchObject({ method, args: { a: 'ä b' }, url: `${baseUrl}/anything/x?a=ä+b` });
  });

  test('HEAD, 204, 304 and errors of the server are responses', async () => {
    const client = open(kind);
    expect((await client.head('/get')).content.length).toBe(0);
    for (const status of [204, 304, 404, 418, 500]) {
      expect((await client.get(`/status/${status}`)).statusCode).toBe(status);
    }
    await failureOf(async () => (await client.get('/status/503')).raiseForStatus(), httpx.HTTPStatusError);
  });

  test('a server that is too slow meets the timeout', async () => {
    await failureOf(() => open(kind).get('/delay/5', { timeout: { read: '300ms' } }), httpx.ReadTimeout);
  });
}

servers('httpbin').describe('httpbin', ({ ca }) => {
  describe.each(clients)('$name', (kind) => {
    describe('authentication', () => authentication(kind));
    describe('redirects', () => redirects(kind));
    describe('cookies', () => cookies(kind));
    describe('bodies', () => bodies(kind));

    test('all of it over TLS too', async () => {
      const client = kind.open({ verify: ca, baseUrl: `https://localhost:${tls}`, followRedirects: true });
      const auth = new httpx.DigestAuth('user', 'pass');
      expect((await client.get('/digest-auth/auth/user/pass/SHA-256', { auth })).statusCode).toBe(200);
      expect((await client.get('/relative-redirect/2')).url.path).toBe('/get');
      expect((await client.get('/brotli')).json<Json>().brotli).toBe(true);
    });
  });
});
