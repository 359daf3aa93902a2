/** What consoles and logs show of each type: enough to tell it by, never a secret, and nothing that reads a body. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { clients } from '../support/clients.js';
import { answer } from '../support/octets.js';

const SECRET = 'hunter2';
const url = `http://user:${SECRET}@example.org/`;
const secretHeaders = {
  Authorization: `Bearer ${SECRET}`,
  'Proxy-Authorization': `Basic ${SECRET}`,
  'X-Plain': 'seen',
};
const request = new httpx.Request('POST', url, { content: SECRET, headers: secretHeaders });
const transport = new httpx.MockTransport(() => new httpx.Response(200));

const subjects: readonly (readonly [string, unknown, string])[] = [
  ['a URL', new httpx.URL(url), "URL('http://user:[secure]@example.org/')"],
  ['headers', new httpx.Headers(secretHeaders), "'x-plain': 'seen'"],
  ['cookies', new httpx.Cookies({ session: SECRET }), 'session'],
  ['a request', request, '<Request("POST", "http://user:[secure]@example.org/")>'],
  ['its body', request.stream, '<RequestBody [7 octets]>'],
  ['a stream of octets', new httpx.ByteStream(SECRET), '<ByteStream [7 octets]>'],
  [
    'a response',
    new httpx.Response(404, { text: SECRET, request, headers: secretHeaders }),
    '<Response [404 Not Found]>',
  ],
  ['an error', new httpx.HTTPStatusError('no', { request, response: new httpx.Response(500) }), 'no'],
  ['BasicAuth', new httpx.BasicAuth('user', SECRET), 'BasicAuth'],
  ['BearerAuth', new httpx.BearerAuth(SECRET), 'BearerAuth'],
  ['DigestAuth', new httpx.DigestAuth('user', SECRET), 'DigestAuth'],
  ['a proxy', new httpx.Proxy(url.replace('example.org/', 'proxy.example:8080'), { headers: secretHeaders }), 'Proxy('],
  [
    'a client',
    new httpx.AsyncClient({
      transport,
      baseUrl: url,
      auth: ['user', SECRET],
      headers: secretHeaders,
      cookies: { session: SECRET },
    }),
    '<AsyncClient(baseUrl: "http://user:[secure]@example.org/"',
  ],
  ['a timeout', new httpx.Timeout('5s', { read: null }), '5000 ms'],
  ['limits', new httpx.Limits(), 'maxConnections: null'],
  ['an origin', new httpx.URL(url).origin, "Origin('http://example.org')"],
];

describe.each(subjects)('%s', (_name, subject, shown) => {
  test('says what it is', () => {
    expect(inspect(subject)).toContain(shown);
  });

  test('keeps its secrets, at any depth, and as JSON', () => {
    const texts = [inspect(subject, { depth: 9, showHidden: true }), inspect({ nested: [subject] }, { depth: 9 })];
    texts.push(JSON.stringify(subject) ?? '');
    for (const text of texts) expect(text).not.toContain(SECRET);
  });
});

test('a request as JSON is what is sent but its body, and nothing of how it is kept', () => {
  const made = new httpx.Request('POST', url, { headers: secretHeaders, cookies: { session: SECRET }, json: [1] });
  for (const each of [made, made.clone()]) {
    expect(JSON.parse(JSON.stringify(each))).toEqual({
      method: 'POST',
      url: 'http://user:[secure]@example.org/',
      headers: {
        host: 'example.org',
        authorization: '[secure]',
        'proxy-authorization': '[secure]',
        cookie: '[secure]',
        'x-plain': 'seen',
        'content-length': '3',
        'content-type': 'application/json',
      },
    });
  }
});

test('a response as JSON is its head', () => {
  const headers = {
    ...secretHeaders,
    Location: `//user:${SECRET}@example.org/next`,
    'Set-Cookie': `session=${SECRET}`,
  };
  const response = new httpx.Response(302, { headers, stream: ['x'], request });
  expect(JSON.parse(JSON.stringify(response))).toEqual({
    statusCode: 302,
    reasonPhrase: 'Found',
    httpVersion: 'HTTP/1.1',
    url: 'http://user:[secure]@example.org/',
    headers: {
      authorization: '[secure]',
      'proxy-authorization': '[secure]',
      'x-plain': 'seen',
      location: '//user:[secure]@example.org/next',
      'set-cookie': '[secure]',
    },
  });
  const twice = new httpx.Headers([
    ['Location', `http://a:${SECRET}@one.example/`],
    ['Location', '/two'],
    ['Set-Cookie', SECRET],
    ['Set-Cookie', SECRET],
  ]);
  expect(new httpx.Response(200, { headers: twice }).toJSON()).toEqual({
    statusCode: 200,
    reasonPhrase: 'OK',
    httpVersion: 'HTTP/1.1',
    url: null,
    headers: { location: ['http://a:[secure]@one.example/', '/two'], 'set-cookie': '[secure]' },
  });
});

describe.each(clients)('$name', (kind) => {
  test('as JSON is its class, its base and whether it is closed', async () => {
    const client = kind.open({ transport, baseUrl: url });
    const told = { client: kind.name, baseUrl: 'http://user:[secure]@example.org/', isClosed: false };
    expect(JSON.parse(JSON.stringify({ client }))).toEqual({ client: told });
    await kind.close(client);
    expect(client.toJSON()).toEqual({ ...told, isClosed: true });
    expect(kind.open({ transport }).toJSON().baseUrl).toBe('');
  });

  test('gives responses whose JSON says nothing of connections', async () => {
    const { client } = kind.fake(answer(SECRET, `Set-Cookie: session=${SECRET}\r\n`, '200 Fine'));
    expect(JSON.parse(JSON.stringify([await client.get('http://fake.invalid/a')]))).toEqual([
      {
        statusCode: 200,
        reasonPhrase: 'Fine',
        httpVersion: 'HTTP/1.1',
        url: 'http://fake.invalid/a',
        headers: { 'content-length': '7', 'set-cookie': '[secure]' },
      },
    ]);
  });
});

test('a response whose body is unread stays unread', () => {
  let isRead = false;
  function* body(): Generator<string> {
    isRead = true;
    yield 'x';
  }
  const response = new httpx.Response(200, { stream: body(), request });
  for (const options of [{}, { depth: 9 }, { showHidden: true, getters: true }]) inspect(response, options);
  expect([isRead, response.isStreamConsumed, response.isClosed]).toEqual([false, false, false]);
  expect(Object.keys(response)).not.toContain('text');
  expect(Object.keys(response)).not.toContain('content');
});
