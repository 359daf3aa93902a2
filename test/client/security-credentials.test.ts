/**
 * SECURITY §§6.1, 6.2, 6.3 and 6.9, row by row, both clients: to whom credentials go, and how they are asked for. Finer points
 * are in redirects, auth-netrc and auth-digest; cookies (6.4), proxies and TLS (6.5-6.8, 6.10-6.12) have their own files.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';
import { FakeHost } from '../support/fake-host.js';

const START = 'https://one.example/start';

/** A client that is led from each request to the next of `locations`, and what it sent. */
function led(kind: ClientKind, locations: readonly string[], settings: Settings = {}, status = 302) {
  const seen: httpx.Request[] = [];
  const transport = new httpx.MockTransport((request) => {
    const location = locations[seen.length];
    seen.push(request.clone());
    if (location === undefined) return new httpx.Response(200);
    const headers: [string, string][] = [
      ['Location', location],
      ['Set-Cookie', 'set=1'],
    ];
    return new httpx.Response(status, { headers });
  });
  return { client: kind.open({ transport, followRedirects: true, ...settings }), seen };
}

const SECRETS = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key'];
/** Which of them a request has as the caller gave them: cookies that the servers set are their own. */
const secretsOf = (request: httpx.Request | undefined): string[] =>
  SECRETS.filter((name) => request?.headers.get(name)?.includes('secret') === true);
const hasAuthorization = (request: httpx.Request): boolean => request.headers.has('authorization');

const elsewhere: readonly (readonly [string, string])[] = [
  ['another host', 'https://two.example/'],
  ['a subdomain', 'https://a.one.example/'],
  ['a host that ends in it', 'https://evilone.example/'],
  ['another port', 'https://one.example:8443/'],
  ['http', 'http://one.example/'],
];

function signed(request: httpx.Request): httpx.Request {
  request.headers.set('Authorization', 'secret');
  return request;
}

describe.each(clients)('SECURITY §6: $name', (kind) => {
  const headers = {
    Authorization: 'secret',
    'Proxy-Authorization': 'secret',
    Cookie: 'secret=1',
    'X-Api-Key': 'secret',
  };

  test.each(elsewhere)('6.1 %s sees no credentials, and the way back brings none', async (_what, location) => {
    const { client, seen } = led(kind, [location, START], { sensitiveHeaders: ['X-Api-Key'] });
    await client.get(START, { headers });
    expect(secretsOf(seen[0])).toEqual(SECRETS);
    expect(secretsOf(seen[1])).toEqual([]);
    expect(secretsOf(seen[2])).toEqual([]);
    expect(seen[2]?.headers.get('cookie')).toBe('set=1');
  });

  const auths: readonly (readonly [string, httpx.AuthTypes])[] = [
    ['Basic', ['user', 'secret']],
    ['Bearer', new httpx.BearerAuth('secret')],
    ['a function', signed],
  ];
  test.each(auths)('6.1 %s of a client is for the first origin alone', async (_name, auth) => {
    const { client, seen } = led(kind, ['/same', 'https://two.example/', '/x', START], { auth });
    await client.get(START);
    expect(seen.map(hasAuthorization)).toEqual([true, true, false, false, false]);
  });

  test('6.1 credentials of a URL are for its origin alone', async () => {
    const { client, seen } = led(kind, ['https://two.example/']);
    await client.get('https://user:secret@one.example/');
    expect(seen.map(hasAuthorization)).toEqual([true, false]);
    expect(String(seen[1]?.url)).not.toContain('secret');
  });

  test('6.2 a netrc file is read by no one but NetRCAuth, and its entry stays on its host', async () => {
    const host = new FakeHost();
    host.variables.set('HOME', '/home/a');
    host.variables.set('NETRC', '/home/a/.netrc');
    host.files.set('/home/a/.netrc', new TextEncoder().encode('default login u password secret'));
    const { seen, client } = led(kind, []);
    await client.get(START);
    expect(seen.map(hasAuthorization)).toEqual([false]);
    const NetRCAuth = httpx.NetRCAuth as unknown as new (file: null, host: FakeHost) => httpx.NetRCAuth;
    const moved = led(kind, ['https://two.example/'], { auth: new NetRCAuth(null, host) });
    await moved.client.get(START);
    expect(moved.seen.map(hasAuthorization)).toEqual([true, false]);
    const explicit = led(kind, [], { auth: new NetRCAuth(null, host) });
    await explicit.client.get(START, { auth: new httpx.BearerAuth('mine') });
    expect(explicit.seen[0]?.headers.get('authorization')).toBe('Bearer mine');
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'PUT', 'GET', ''],
    [303, 'DELETE', 'GET', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'PATCH', 'PATCH', 'body'],
  ])('6.3 %i after %s is %s, with the body or without all that speaks of it', async (status, method, then, body) => {
    const { client, seen } = led(kind, ['/next'], {}, status);
    await client.request(method, START, { content: 'body', headers: { 'Content-Type': 'text/plain' } });
    expect([seen[1]?.method, new TextDecoder().decode(seen[1]?.content)]).toEqual([then, body]);
    for (const name of ['content-type', 'content-length']) expect(seen[1]?.headers.has(name)).toBe(body !== '');
  });

  test.each(['file:///etc/passwd', 'ftp://one.example/', 'javascript:alert(1)', 'data:,x', 'ws://one.example/'])(
    '6.3 %s is not followed',
    async (location) => {
      const { client, seen } = led(kind, [location]);
      await failureOf(() => client.get(START), httpx.UnsupportedProtocol);
      expect(seen.length).toBe(1);
    },
  );

  test('6.3 loops end, a stream is not replayed, userinfo of a Location counts for nothing, two Locations lead nowhere', async () => {
    const loop = led(
      kind,
      Array.from({ length: 99 }, () => START),
    );
    await failureOf(() => loop.client.get(START), httpx.TooManyRedirects);
    expect(loop.seen.length).toBe(21);
    const userinfo = led(kind, ['https://user:secret@one.example/']);
    await userinfo.client.get(START);
    expect(userinfo.seen.map(hasAuthorization)).toEqual([false, false]);
    expect(String(userinfo.seen[1]?.url)).toBe('https://one.example/');
    const two = kind.fake('HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n', {
      followRedirects: true,
    });
    await failureOf(() => two.client.get('http://one.example/'), httpx.RemoteProtocolError);
    const once = kind.fake('HTTP/1.1 307 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n', {
      followRedirects: true,
    });
    const content = kind.pieces(['once']);
    await failureOf(() => once.client.post('http://one.example/', { content }), httpx.StreamConsumed);
  });

  test('6.9 Digest: the strongest is answered, quotes are escaped, a nonce is never counted twice the same', async () => {
    const challenges = [
      'Basic realm="r"',
      'Digest realm="a\\"b", nonce="n", qop="auth", algorithm=MD5',
      'Digest realm="a\\"b", nonce="n", qop="auth", algorithm=SHA-256',
    ];
    const seen: string[] = [];
    const transport = new httpx.MockTransport(({ headers: sent }) => {
      const authorization = sent.get('authorization') ?? '';
      seen.push(authorization);
      return new httpx.Response(authorization === '' ? 401 : 200, {
        headers: challenges.map((each) => ['WWW-Authenticate', each] as const),
      });
    });
    const client = kind.open({ transport, auth: new httpx.DigestAuth('us"er', 'secret') });
    await client.get(START);
    await client.get(START);
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const [, first = '', second = ''] = seen;
    const param = (name: string): string => new RegExp(`${name}="?([^",]*)`).exec(first)?.[1] ?? '';
    expect(first.startsWith('Digest username="us\\"er", realm="a\\"b", nonce="n", uri="/start"')).toBe(true);
    expect(first).toContain('algorithm=SHA-256');
    const subject = sha256('GET:/start');
    const whole = `${sha256('us"er:a"b:secret')}:n:00000001:${param('cnonce')}:auth:${subject}`;
    expect(param('response')).toBe(sha256(whole));
    expect(second).toContain('nc=00000002');
    expect(seen.length).toBe(3);
    expect(seen.join()).not.toMatch(/Basic|secret/);
  });

  test.each(['Basic realm="r"', 'Digest realm="r", nonce="n", algorithm=unknown'])(
    '6.9 %s is not answered by DigestAuth, and its user not shown',
    async (challenge) => {
      const seen: (string | null)[] = [];
      const transport = new httpx.MockTransport((request) => {
        seen.push(request.headers.get('authorization'));
        return new httpx.Response(401, { headers: { 'WWW-Authenticate': challenge } });
      });
      const client = kind.open({ transport, auth: new httpx.DigestAuth('user', 'secret') });
      expect((await client.get(START)).statusCode).toBe(401);
      expect(seen).toEqual([null]);
    },
  );
});
