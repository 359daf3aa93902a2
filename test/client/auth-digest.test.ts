/** Digest: which challenges are answered and remembered, where, and how often. What is computed: conformance/digest-auth. */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { errorOf, failureOf } from '../support/client.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';
import { cpuMs } from '../support/cpu-time.js';

const A = 'https://a.org';
const CHALLENGE = 'Digest realm="r", nonce="n1", qop="auth"';

type Reply = httpx.Response | string | null;
const refused = (...challenges: string[]): httpx.Response =>
  new httpx.Response(401, { headers: challenges.map((each) => ['WWW-Authenticate', each] as const) });
const led = (location: string): httpx.Response => new httpx.Response(302, { headers: { location } });

/** A client whose n-th request gets the n-th reply: a challenge, a response, or 200 for `null` and all later ones. */
function asking(kind: ClientKind, replies: readonly Reply[], settings: Settings = {}) {
  const seen: httpx.Request[] = [];
  const transport = new httpx.MockTransport((request) => {
    const reply = replies[seen.length] ?? null;
    seen.push(request.clone());
    return typeof reply === 'string' ? refused(reply) : (reply ?? new httpx.Response(200));
  });
  const auth = new httpx.DigestAuth('user', 'password');
  return { client: kind.open({ transport, auth, followRedirects: true, ...settings }), seen, auth };
}

const fieldOf = (request: httpx.Request | undefined): string => request?.headers.get('authorization') ?? '';
const param = (request: httpx.Request | undefined, name: string): string | null =>
  new RegExp(`[ ,]${name}="?([^",]*)`).exec(fieldOf(request))?.[1] ?? null;
const counts = (seen: readonly httpx.Request[]): (string | null)[] => seen.map((request) => param(request, 'nc'));

describe.each(clients)('Digest: $name', (kind) => {
  test('a challenge is remembered for its origin, and for no other', async () => {
    const { client, seen } = asking(kind, [CHALLENGE]);
    for (const url of [`${A}/x`, `${A}/y`, 'http://a.org/', 'https://a.org:8443/', 'https://b.a.org/', `${A}/z`])
      await client.get(url);
    expect(counts(seen)).toEqual([null, '00000001', '00000002', null, null, null, '00000003']);
    expect(seen.map((request) => param(request, 'uri'))).toEqual([null, '/x', '/y', null, null, null, '/z']);
  });

  test('and there, if it names URIs, for those below them', async () => {
    const { client, seen } = asking(kind, [`${CHALLENGE}, domain="/in https://a.org/too https://b.org/ http://["`]);
    for (const url of [`${A}/in/x`, `${A}/in/y`, `${A}/out`, `${A}/too?q`, 'https://b.org/']) await client.get(url);
    expect(counts(seen)).toEqual([null, '00000001', '00000002', null, '00000003', null]);
  });

  test('a server speaks for itself alone', async () => {
    const { client, seen } = asking(kind, [`${CHALLENGE}, domain="https://b.org/"`]);
    for (const url of [`${A}/`, 'https://b.org/', `${A}/`]) await client.get(url);
    expect(counts(seen)).toEqual([null, '00000001', null, null]);
  });

  test('realms of one server are remembered side by side', async () => {
    const of = (realm: string) => `Digest realm="${realm}", nonce="n-${realm}", qop="auth", domain="/${realm}"`;
    const { client, seen } = asking(kind, [of('one'), null, of('two')]);
    for (const path of ['/one', '/two', '/one/x', '/two/x']) await client.get(A + path);
    const nonces = seen.map((request) => param(request, 'nonce'));
    expect(nonces).toEqual([null, 'n-one', null, 'n-two', 'n-one', 'n-two']);
  });

  test('each use of a nonce is counted, with a client nonce of its own; a new nonce begins anew', async () => {
    const { client, seen } = asking(kind, [CHALLENGE, null, null, CHALLENGE.replace('n1', 'n2')]);
    for (let i = 0; i < 3; i++) await client.get(A);
    expect(counts(seen)).toEqual([null, '00000001', '00000002', '00000003', '00000001']);
    const nonces = seen.slice(1).map((request) => param(request, 'cnonce'));
    expect(new Set(nonces).size).toBe(4);
    expect(nonces.every((nonce) => /^[0-9a-f]{16}$/.test(nonce ?? ''))).toBe(true);
  });

  test('a nonce that the server gives out again is counted on: no count is sent twice (SECURITY 6.9)', async () => {
    const { client, seen } = asking(kind, [CHALLENGE, null, CHALLENGE]);
    for (let i = 0; i < 3; i++) await client.get(A);
    expect(counts(seen)).toEqual([null, '00000001', '00000002', '00000003', '00000004']);
  });

  test('a session has one client nonce, from which its key is made', async () => {
    const { client, seen } = asking(kind, [`${CHALLENGE}, algorithm=SHA-256-sess`]);
    for (let i = 0; i < 3; i++) await client.get(A);
    const [first, ...rest] = seen.slice(1).map((request) => param(request, 'cnonce'));
    expect(rest).toEqual([first, first]);
    expect(counts(seen)).toEqual([null, '00000001', '00000002', '00000003']);
  });

  test.each([
    [
      'in fields of their own',
      ['Digest realm="r", nonce="n", algorithm=MD5', 'Digest realm="r", nonce="n", algorithm=SHA-256'],
    ],
    ['in one field', ['Digest realm="r", nonce="n", algorithm=SHA-256, Digest realm="r", nonce="n", algorithm=MD5']],
    ['beside Basic', ['Basic realm="r", Digest realm="r", nonce="n", algorithm=SHA-256']],
    ['beside what is malformed', ['Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=SHA-256', 'Digest "']],
    [
      'beside what is unknown',
      ['Digest realm="r", nonce="n", algorithm=X', 'Digest realm="r", nonce="n", algorithm=SHA-256'],
    ],
  ])('the strongest challenge is answered: %s (SECURITY 6.9)', async (_name, challenges) => {
    const { client, seen } = asking(kind, [refused(...challenges)]);
    expect((await client.get(A)).statusCode).toBe(200);
    expect(param(seen[1], 'algorithm')).toBe('SHA-256');
  });

  test.each(['AUTH', 'auth-int,  auth', 'auth-int , auth', 'auth auth-int', 'x,\tAuth'])(
    'qop="%s" offers auth, in any case and however it is parted',
    async (qop) => {
      const { client, seen } = asking(kind, [CHALLENGE.replace('auth', qop)]);
      expect((await client.get(A)).statusCode).toBe(200);
      expect(param(seen[1], 'qop')).toBe('auth');
    },
  );

  test.each([
    ['Basic alone', 'Basic realm="r"'],
    ['an unknown algorithm', 'Digest realm="r", nonce="n", algorithm=SHA-3'],
    ['a scheme without parameters', 'Digest, Negotiate abc=='],
    ['nothing', ''],
  ])('%s is not answered, with Basic least of all (SECURITY 6.9)', async (_name, challenge) => {
    const { client, seen } = asking(kind, [challenge]);
    expect((await client.get(A)).statusCode).toBe(401);
    expect(seen.map(fieldOf)).toEqual(['']);
  });

  test.each([
    ['Digest realm="r"', 'it has no nonce'],
    ['Digest nonce="n"', 'it has no realm'],
    ['Digest realm="r', 'it is no list of parameters'],
    ['Digest realm="r", nonce="n", qop="x"', 'its qop is neither auth nor auth-int, but "x"'],
  ])('%s is an error that says so', async (challenge, problem) => {
    const { client, seen } = asking(kind, [challenge]);
    const error = await failureOf(() => client.get(A), httpx.ProtocolError);
    expect(error.message).toBe(`Cannot answer the Digest challenge: ${problem} (RFC 7616 §3.3)`);
    expect(String(error.request.url)).toBe(A);
    expect(seen.length).toBe(1);
  });

  test('credentials that were refused are not sent again, unless their nonce alone was stale', async () => {
    const wrong = asking(kind, [CHALLENGE, CHALLENGE.replace('n1', 'n2')]);
    expect((await wrong.client.get(A)).statusCode).toBe(401);
    expect(wrong.seen.map((request) => param(request, 'nonce'))).toEqual([null, 'n1']);
    const stale = asking(kind, [CHALLENGE, `${CHALLENGE.replace('n1', 'n2')}, stale=TRUE`]);
    expect((await stale.client.get(A)).statusCode).toBe(200);
    expect(stale.seen.map((request) => param(request, 'nonce'))).toEqual([null, 'n1', 'n2']);
  });

  test('a server whose nonces are always stale is given up', async () => {
    const stale = Array.from({ length: 99 }, (_, i) => `Digest realm="r", nonce="${i}", stale=true`);
    const { client, seen } = asking(kind, stale);
    expect((await client.get(A)).statusCode).toBe(401);
    expect(seen.length).toBe(17);
  });

  test('a redirect within the origin is answered where it leads (HTTPX §24.2)', async () => {
    const { client, seen } = asking(kind, [CHALLENGE, led('/y?q'), CHALLENGE]);
    const response = await client.get(`${A}/x`);
    expect(response.statusCode).toBe(200);
    expect(String(response.url)).toBe(`${A}/y?q`);
    expect(seen.map((request) => param(request, 'uri'))).toEqual([null, '/x', null, '/y?q']);
    expect(counts(seen)).toEqual([null, '00000001', null, '00000002']);
    expect(response.history.map(({ statusCode }) => statusCode)).toEqual([401, 302, 401]);
  });

  test.each([
    ['another origin', ['https://b.org/']],
    ['the same origin by way of another', ['https://b.org/', `${A}/back`]],
    ['the same host without TLS', ['http://a.org/']],
  ])('a challenge of %s is not answered (SECURITY 6.1)', async (_name, locations) => {
    const { client, seen } = asking(kind, [CHALLENGE, ...locations.map(led), CHALLENGE]);
    const response = await client.get(A);
    expect(response.statusCode).toBe(401);
    expect(seen.map((request) => fieldOf(request) !== '')).toEqual([false, true, ...locations.map(() => false)]);
  });

  test('auth-int covers the content, and a stream cannot be covered', async () => {
    const { client, seen } = asking(kind, ['Digest realm="r", nonce="n", qop="auth-int"']);
    await client.post(`${A}/x`, { content: 'body' });
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const parts = [md5('user:r:password'), 'n', '00000001', param(seen[1], 'cnonce'), 'auth-int'];
    expect(param(seen[1], 'response')).toBe(md5([...parts, md5(`POST:/x:${md5('body')}`)].join(':')));
    expect(param(seen[1], 'qop')).toBe('auth-int');
    const error = await errorOf(() => client.post(`${A}/x`, { content: kind.pieces(['body']) }));
    expect(error).toBeInstanceOf(httpx.LocalProtocolError);
    expect(String(error)).toContain('the server wants the content in the digest (qop=auth-int), and this is a stream');
  });

  test('a stream that can be read once is not sent again', async () => {
    const head = `HTTP/1.1 401 No\r\nWWW-Authenticate: ${CHALLENGE}\r\nContent-Length: 0\r\n\r\n`;
    const { client } = kind.fake(head, { auth: new httpx.DigestAuth('user', 'password') });
    await failureOf(() => client.post('http://a.org/', { content: kind.pieces(['body']) }), httpx.StreamConsumed);
  });

  test('the user is hashed where the server asks for it (RFC 7616 §3.4.4)', async () => {
    const { client, seen } = asking(kind, [`${CHALLENGE}, algorithm=SHA-256, userhash=true`]);
    await client.get(A);
    expect(param(seen[1], 'username')).toBe(createHash('sha256').update('user:r').digest('hex'));
    expect(param(seen[1], 'userhash')).toBe('true');
  });

  test('the digest is of the request target that is sent', async () => {
    const { client, seen } = asking(kind, [CHALLENGE]);
    await client.request('OPTIONS', A, { extensions: { target: '*' } });
    await client.request('GET', A, { extensions: { target: new TextEncoder().encode('/other') } });
    expect(seen.map((request) => param(request, 'uri'))).toEqual([null, '*', '/other']);
  });

  test('cookies of the challenge go with the answer, in place of older ones of the same name', async () => {
    const headers: [string, string][] = ['s=1', 'b=2'].map((each) => ['Set-Cookie', each]);
    const reply = new httpx.Response(401, { headers: [['WWW-Authenticate', CHALLENGE], ...headers] });
    const { client, seen } = asking(kind, [reply], { cookies: { a: '0', b: '0' } });
    await client.get(A);
    expect(seen.map((request) => request.headers.get('cookie'))).toEqual(['a=0; b=0', 'a=0; s=1; b=2']);
    const bare = asking(kind, [reply]);
    await bare.client.get(A);
    expect(bare.seen.map((request) => request.headers.get('cookie'))).toEqual([null, 's=1; b=2']);
  });
});

test('calls at the same time share nonce and count', async () => {
  const kind = clients[0] as ClientKind;
  const { client, seen } = asking(kind, [CHALLENGE]);
  await client.get(A);
  await Promise.all([1, 2, 3].map((i) => client.get(`${A}/${i}`)));
  expect(counts(seen).sort()).toEqual(['00000001', '00000002', '00000003', '00000004', null]);
});

test('what is inspected shows no password, and what is no string is refused', () => {
  const auth = new httpx.DigestAuth('user', 'hunter2');
  expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain('hunter2');
  expect(() => new httpx.DigestAuth('user', 5 as unknown as string)).toThrow(
    'Cannot make DigestAuth: expected user and password to be strings, got string and number',
  );
});

test('a long challenge is read in one pass (SECURITY 5.5)', async () => {
  const kind = clients[0] as ClientKind;
  const hostile = [
    `Digest ${'a="\\'.repeat(12_000)}`,
    `Digest ${' ,'.repeat(25_000)}x`,
    `Digest a${' '.repeat(50_000)}b`,
  ];
  const from = cpuMs();
  for (const challenge of hostile) await errorOf(() => asking(kind, [challenge]).client.get(A));
  expect(cpuMs() - from).toBeLessThan(500);
});
