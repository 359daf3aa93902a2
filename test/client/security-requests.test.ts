/**
 * SECURITY §5, row by row, both clients: what a request may not become on the wire. The witness is the wire: of what is
 * refused not one octet is on it. The vectors of h1-request-writer are in local-validation.
 */
import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { challengesOf } from '../../src/challenges.js';
import * as httpx from '../../src/index.js';
import { linksOf } from '../../src/links.js';
import { charsetOf } from '../../src/media-type.js';
import { parsedSetCookie } from '../../src/set-cookie.js';
import { certificates } from '../support/certificates.js';
import { errorOf } from '../support/client.js';
import { type AnyClient, type ClientKind, clients, type Settings } from '../support/clients.js';
import { cpuMs } from '../support/cpu-time.js';
import { always } from '../support/dialogue.js';
import { FakeHost } from '../support/fake-host.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
const url = 'http://fake.invalid/';
const evil = 'a\r\nX-Evil: 1';

/** What one request leaves on the wire, and how it fails. */
async function sent(kind: ClientKind, ask: (client: AnyClient) => unknown, settings: Settings = {}) {
  const { client, connector } = kind.fake(answer('ok'), settings);
  const error = await errorOf(() => ask(client));
  return { error, wire: connector.sockets.map(({ written }) => written).join('') };
}

const OWN_MISTAKES = [httpx.LocalProtocolError, httpx.InvalidURL, TypeError, RangeError];

function refused({ error, wire }: Awaited<ReturnType<typeof sent>>): void {
  expect(
    OWN_MISTAKES.some((mistake) => error instanceof mistake),
    String(error),
  ).toBe(true);
  expect(wire).toBe('');
}

describe.each(clients)('SECURITY §5: $name', (kind) => {
  test.each<[string, (client: AnyClient) => unknown]>([
    ['the method', (client) => client.request(`GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET`, url)],
    ['the target', (client) => client.get(url, { extensions: { target: '/ HTTP/1.1\r\nX-Evil: 1\r\n' } })],
    ['a field value', (client) => client.get(url, { headers: { 'X-A': evil } })],
    ['a field name', (client) => client.get(url, { headers: { [evil]: 'x' } })],
    ['NUL in a field value', (client) => client.get(url, { headers: { 'X-A': 'a\0b' } })],
    ['Host', (client) => client.get(url, { headers: { Host: evil } })],
    ['Upgrade', (client) => client.get(url, { headers: { Connection: 'upgrade', Upgrade: evil } })],
    ['the host of the URL', (client) => client.get('http://a\r\nX-Evil: 1.invalid/')],
    ['a token', (client) => client.get(url, { auth: new httpx.BearerAuth(evil) })],
    ['a cookie', (client) => client.get(url, { cookies: { a: 'b; c=d' } })],
    ['the type of a Blob', (client) => client.post(url, { files: { f: ['n', 'x', evil] } })],
    ['a field of a part', (client) => client.post(url, { files: { f: ['n', 'x', 'text/plain', { 'X-A': evil }] } })],
    [
      'a boundary',
      (client) =>
        client.post(url, { files: { f: 'x' }, headers: { 'Content-Type': `multipart/form-data; boundary="${evil}"` } }),
    ],
  ])('5.1 %s: CR, LF and NUL are refused before anything is sent', async (_name, ask) => {
    refused(await sent(kind, ask));
  });

  test('5.1 names of form fields and files are escaped', async () => {
    const { wire } = await sent(kind, (client) =>
      client.post(url, { data: { 'a"\r\nX-Evil: 1': 'v' }, files: { f: ['b"\r\nX-Evil: 2', 'x'] } }),
    );
    expect(wire).toContain('name="a%22%0D%0AX-Evil: 1"');
    expect(wire).not.toMatch(/^X-Evil/m);
  });

  test('5.1 a Location cannot inject: what it names is encoded or refused', async () => {
    const { client, connector } = kind.fake(
      (_connection, request) =>
        request === 0
          ? 'HTTP/1.1 302 Found\r\nLocation: /a%0d%0aX-Evil:%201\r\nContent-Length: 0\r\n\r\n'
          : answer('ok'),
      { followRedirects: true },
    );
    await client.get(url);
    expect(connector.sockets.map(({ written }) => written).join('')).not.toMatch(/^X-Evil/m);
  });

  test.each([
    ['U+010D U+010A, whose low octets are CR and LF', 'a\u010d\u010aX-Evil: 1'],
    ['U+560D U+560A', 'a\u560d\u560aX-Evil: 1'],
    ['an emoji', '\u{1f4a9}'],
  ])('5.2 %s in a field value', async (_name, value) => {
    refused(await sent(kind, (client) => client.get(url, { headers: { 'X-A': value } })));
  });

  test.each<[string, Record<string, string>]>([
    ['a Content-Length that is too short', { 'Content-Length': '3' }],
    ['one that is too long', { 'Content-Length': '5' }],
    ['one that is no number', { 'Content-Length': '+4' }],
    ['both framings', { 'Content-Length': '4', 'Transfer-Encoding': 'chunked' }],
    ['another transfer coding', { 'Transfer-Encoding': 'gzip, chunked' }],
    ['chunked that is not last', { 'Transfer-Encoding': 'chunked, gzip' }],
  ])('5.3 %s', async (_name, headers) => {
    refused(await sent(kind, (client) => client.post(url, { content: 'body', headers })));
  });

  test.each([
    ['shorter', ['ab'], '5'],
    ['longer', ['abc', 'def'], '5'],
  ])(
    '5.3 a stream %s than its Content-Length: an error, and the connection is closed',
    async (_name, pieces, length) => {
      const { client, connector } = kind.fake(answer('ok'));
      const headers = { 'Content-Length': length };
      const error = await errorOf(() => client.post(url, { content: kind.pieces(pieces), headers }));
      expect(error).toBeInstanceOf(httpx.LocalProtocolError);
      expect(connector.sockets.every(({ closed }) => closed)).toBe(true);
      expect(connector.sockets.map(({ written }) => written).join('')).not.toContain('abcdef');
    },
  );

  test('5.4 a boundary is 128 bits from the host’s secure source', async () => {
    const asked: number[] = [];
    class Counting extends FakeHost {
      override random(n: number): Uint8Array<ArrayBuffer> {
        asked.push(n);
        return new Uint8Array(n).fill(0xab);
      }
    }
    const host = new Counting();
    const request = { method: 'POST', files: { f: 'x' } };
    const transport = new httpx.MockTransport(({ headers, content }) => {
      const type = headers.get('content-type') ?? '';
      return new httpx.Response(200, { json: [type, new TextDecoder().decode(content)] });
    });
    const environment = { ...kind.environment(), host };
    const client = kind.open({ transport }, environment);
    const [type, body] = (await client.post(url, { files: request.files })).json<[string, string]>();
    expect(asked).toEqual([16]);
    expect(type).toBe(`multipart/form-data; boundary=${'ab'.repeat(16)}`);
    expect(body.startsWith(`--${'ab'.repeat(16)}\r\n`)).toBe(true);
  });

  test('5.6 what pollutes Object.prototype is nobody’s word: the wire is the same', async () => {
    const ask = (client: AnyClient) => client.post(url, { json: { a: 1 }, headers: { 'X-A': 'b' } });
    const clean = await sent(kind, ask);
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    const values: Record<string, unknown> = {
      auth: ['evil', 'evil'],
      params: { evil: '1' },
      cookies: { evil: '1' },
      content: 'evil',
      data: { evil: '1' },
      files: { evil: 'x' },
      compress: 'gzip',
      baseUrl: 'http://evil.invalid/',
      proxy: 'http://evil.invalid/',
      uds: '/tmp/evil.sock',
      localAddress: '127.0.0.2',
      resolve: () => ['192.0.2.1'],
      followRedirects: true,
      extensions: { target: '/evil' },
      target: '/evil',
      sniHostname: 'evil.invalid',
      transport: null,
      mounts: { 'all://': null },
      verify: false,
      trace: () => expect.unreachable(),
      eventHooks: { request: [() => expect.unreachable()] },
    };
    try {
      Object.assign(polluted, values);
      expect(await sent(kind, ask)).toEqual(clean);
    } finally {
      for (const name of Object.keys(values)) delete polluted[name];
    }
    expect(clean.error).toBeNull();
  });

  test.each([
    ['path', '/nonexistent/evil.sock'],
    ['localAddress', '192.0.2.1'],
    ['localPort', 1],
    ['family', 6],
    ['blockList', loopback],
    ['signal', AbortSignal.abort()],
    ['encoding', 'utf8'],
    ['socket', 'evil'],
    ['servername', 'evil.invalid'],
    ['session', 'evil'],
    ['ca', 'evil'],
    ['pfx', 'evil'],
    ['ciphers', 'evil'],
    ['maxVersion', 'TLSv1.1'],
  ])('5.6 nor does Object.prototype.%s decide on connections', async (name, value) => {
    const plain = await serve(always(answer('plain')));
    const secure = await serve(always(answer('secure')), { tls: made.server });
    const asked: string[] = [];
    const allowAddress = (ip: string) => asked.push(ip) > 0;
    const client = kind.open({ verify: { ca: made.root.cert }, resolve: () => '127.0.0.1', allowAddress });
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    const texts: string[] = [];
    try {
      polluted[name] = value;
      texts.push((await client.get(plain.urlFor('a.test.invalid'))).text);
      texts.push((await client.get(secure.urlFor('a.test.invalid'))).text);
    } finally {
      delete polluted[name];
    }
    expect(texts).toEqual(['plain', 'secure']);
    expect(asked).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(secure.peer(0).tls?.servername).toBe('a.test.invalid');
  });

  test('5.6 nor does Object.prototype.lookup resolve names', async () => {
    const server = await serve(always(answer('plain')));
    const client = kind.open();
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    try {
      // Not text: sockets of Node.js would take it for listeners to their event of that name.
      polluted.lookup = () => {};
      expect((await client.get(server.urlFor('localhost'))).text).toBe('plain');
    } finally {
      delete polluted.lookup;
    }
  });
});

/** Milliseconds of CPU that the fastest of some runs takes: the first ones are slower, before they are compiled. */
function fastestMs(run: () => unknown): number {
  const times = Array.from({ length: 7 }, () => {
    const from = cpuMs();
    run();
    return cpuMs() - from;
  });
  return Math.min(...times);
}

const many = (text: string): string => text.repeat(Math.ceil(50_000 / text.length));

describe('SECURITY 5.5: fields of 50 KB are read in a time that grows with their length alone', () => {
  test.each<[string, () => unknown]>([
    ['a Link of spaces', () => linksOf(`<a>${many(' ')};rel=x`)],
    ['a Link of brackets', () => linksOf(many('<'))],
    ['a Link of quotes', () => linksOf(`<a>;${many('x="\\"')}`)],
    ['a Content-Type of spaces', () => charsetOf(`text/html;${many(' ')}x`)],
    ['a Content-Type of parameters', () => charsetOf(`text/html${many(';a="')}`)],
    ['a Set-Cookie of spaces', () => parsedSetCookie(`a=b;${many(' ')}x`, 0)],
    ['a Set-Cookie of semicolons', () => parsedSetCookie(`a=b${many(';')}`, 0)],
    ['a date', () => parsedSetCookie(`a=b; Expires=${many('1:')}`, 0)],
    ['a challenge of quotes', () => challengesOf(`Digest ${many('a="\\')}`)],
    ['a challenge of commas', () => challengesOf(`Digest a=b${many(' ,')}`)],
    ['a field value of spaces', () => new httpx.Headers([['x', `a${many(' ')}b`]]).getList('x', { splitCommas: true })],
    ['a field value of commas', () => new httpx.Headers([['x', many(' ,')]]).getList('x', { splitCommas: true })],
    ['a URL of slashes', () => new httpx.URL(`http://a/${many('/')}`)],
    ['a URL of dots', () => new httpx.URL(`http://a/${many('../')}`).join(many('../'))],
    ['a query', () => new httpx.QueryParams(many('&a=%'))],
  ])('%s', (_name, run) => {
    expect(fastestMs(run)).toBeLessThan(50);
  });
});
