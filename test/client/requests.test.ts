/** What a request looks like when it reaches the server, and that every answer finds its request: for both clients. */
import { describe, expect, test } from 'vitest';
import { Request } from '../../src/index.js';
import { openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

/** Field names of a head, in order, as spelt. */
const namesOf = (head: string): string[] =>
  head
    .split('\r\n')
    .slice(1, -2)
    .map((line) => line.slice(0, line.indexOf(':')));

const okServer = () => serve(always(answer('ok')), { repeatLast: true });

describe.each(clients)('$name', (kind) => {
  describe('the request head', () => {
    test('names host, accept, accept-encoding, connection and user-agent, in this order', async () => {
      const server = await okServer();
      await kind.open().get(`${server.url}/path`);
      const head = server.heads[0] ?? '';
      expect(head.startsWith('GET /path HTTP/1.1\r\n')).toBe(true);
      expect(namesOf(head).map((name) => name.toLowerCase())).toEqual([
        'host',
        'accept',
        'accept-encoding',
        'connection',
        'user-agent',
      ]);
      expect(fieldOf(head, 'host')).toBe(`127.0.0.1:${server.port}`);
      expect(fieldOf(head, 'accept')).toBe('*/*');
      expect(fieldOf(head, 'connection')).toBe('keep-alive');
    });

    test('advertises only the codings that can be decoded', async () => {
      const server = await okServer();
      await kind.open().get(server.url);
      expect(fieldOf(server.heads[0] ?? '', 'accept-encoding')).toBe('gzip, deflate, br, zstd');
    });

    test.each([
      ['get', 'GET'],
      ['options', 'OPTIONS'],
      ['head', 'HEAD'],
      ['delete', 'DELETE'],
      ['post', 'POST'],
      ['put', 'PUT'],
      ['patch', 'PATCH'],
      ['query', 'QUERY'],
    ] as const)('the verb %s sends %s', async (verb, method) => {
      const server = await serve(always('HTTP/1.1 204 No Content\r\n\r\n'));
      const response = await kind.open()[verb](`${server.url}/x`);
      expect(server.heads[0]?.startsWith(`${method} /x HTTP/1.1\r\n`)).toBe(true);
      expect(response.statusCode).toBe(204);
    });

    test('a method of the caller’s own invention goes out as it is', async () => {
      const server = await okServer();
      await kind.open().request('PROPFIND', server.url);
      expect(server.heads[0]?.startsWith('PROPFIND / HTTP/1.1\r\n')).toBe(true);
    });

    test('the target has path and query, never the fragment', async () => {
      const server = await okServer();
      await kind.open().get(`${server.url}/a%20b/c?x=1&y=%C3%A9#part`);
      expect(server.heads[0]?.split(' ')[1]).toBe('/a%20b/c?x=1&y=%C3%A9');
    });

    test('params of client and call take the place of the URL’s query, together; none leave it', () => {
      const built = (client: object | undefined, call: object | undefined): string | undefined => {
        const settings = client === undefined ? {} : { params: client as { a: string } };
        const options = call === undefined ? {} : { params: call as { a: string } };
        return kind.open(settings).buildRequest('GET', 'http://example.org/?c=3', options).url.query;
      };
      expect(built(undefined, { a: 1 })).toBe('a=1');
      expect(built({ a: 1, b: 2 }, { a: 3 })).toBe('a=3&b=2');
      expect(built({ a: 1 }, undefined)).toBe('a=1');
      for (const none of [undefined, {}, [], '']) expect(built(undefined, none as object)).toBe('c=3');
      expect(new Request('GET', 'http://example.org/?c=3', { params: { a: 1 } }).url.query).toBe('a=1');
      expect(new Request('GET', 'http://example.org/?c=3', { params: '' }).url.query).toBe('c=3');
    });

    test('params make the query', async () => {
      const server = await okServer();
      await kind.open().get(`${server.url}/s`, { params: { q: 'a b', n: 1 } });
      expect(server.heads[0]?.split(' ')[1]).toBe('/s?q=a+b&n=1');
    });

    test('headers of client and request are merged, the request’s win, repeated ones stay apart', async () => {
      const server = await okServer();
      const client = kind.open({ headers: { 'X-Client': 'c', 'X-Both': 'client' } });
      await client.get(server.url, {
        headers: [
          ['X-Both', 'request'],
          ['X-Twice', '1'],
          ['X-Twice', '2'],
        ],
      });
      const head = server.heads[0] ?? '';
      expect([fieldOf(head, 'x-client'), fieldOf(head, 'x-both')]).toEqual(['c', 'request']);
      expect(head.match(/^x-twice: .*$/gim)).toEqual(['X-Twice: 1', 'X-Twice: 2']);
      expect(head).not.toContain('client\r\n');
    });

    test('a given Host replaces the one of the URL, and there is one', async () => {
      const server = await okServer();
      await kind.open().get(server.url, { headers: { Host: 'other.example' } });
      expect(server.heads[0]?.match(/^host:.*$/gim)).toEqual(['Host: other.example']);
    });

    test('baseUrl is put before relative URLs', async () => {
      const server = await okServer();
      const client = kind.open({ baseUrl: `${server.url}/api/` });
      await client.get('users');
      await client.get('/roles');
      expect(server.heads.map((head) => head.split(' ')[1])).toEqual(['/api/users', '/api/roles']);
    });

    test('the target extension is what goes on the request line', async () => {
      const server = await okServer();
      await kind.open().options(server.url, { extensions: { target: '*' } });
      expect(server.heads[0]?.startsWith('OPTIONS * HTTP/1.1\r\n')).toBe(true);
    });

    test('an IPv6 address keeps its brackets in Host and loses them for the socket', async (context) => {
      let server: Awaited<ReturnType<typeof serve>>;
      try {
        server = await serve(always(answer('six')), { host: '::1' });
      } catch {
        return context.skip('this host has no IPv6');
      }
      const response = await kind.open().get(`http://[::1]:${server.port}/`);
      expect(response.text).toBe('six');
      expect(fieldOf(server.heads[0] ?? '', 'host')).toBe(`[::1]:${server.port}`);
    });
  });

  describe('requests and their answers', () => {
    test('one connection serves requests one after the other', async () => {
      const server = await okServer();
      const client = kind.open();
      for (let i = 0; i < 5; i++) expect((await client.get(`${server.url}/${i}`)).text).toBe('ok');
      expect(server.accepted).toBe(1);
      expect(server.heads.map((head) => head.split(' ')[1])).toEqual(['/0', '/1', '/2', '/3', '/4']);
    });

    test('a request that was built apart is sent as it was built', async () => {
      const server = await okServer();
      const client = kind.open({ headers: { 'X-A': '1' } });
      const request = client.buildRequest('POST', `${server.url}/built`, { content: 'body' });
      const response = await client.send(request);
      expect(response.request).toBe(request);
      expect(server.peer(0).requests.map(({ target, body }) => [target, body.toString()])).toEqual([
        ['/built', 'body'],
      ]);
      expect(fieldOf(server.heads[0] ?? '', 'x-a')).toBe('1');
    });

    test('the module’s own get opens a client and closes it', async () => {
      const server = await okServer();
      const response = await kind.functions.get(server.url);
      expect(response.text).toBe('ok');
      await server.emptied();
    });
  });
});

test('of two hundred concurrent requests each gets its own answer', async () => {
  const echoTarget = dialogue().loop(dialogue().hear().sayTarget());
  const server = await serve(echoTarget, { repeatLast: true });
  const client = openClient();
  const texts = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => (await client.get(`${server.url}/${i}`)).text),
  );
  expect(texts).toEqual(Array.from({ length: 200 }, (_, i) => `/${i}`));
  expect(server.accepted).toBeLessThanOrEqual(100);
});

describe('what a hook puts in place of a part', () => {
  const any = <T>(value: unknown): T => value as T;
  const request = (): Request => new Request('GET', 'http://example.org/');

  test('is made a URL, or header fields', () => {
    const changed = request();
    changed.url = any(new globalThis.URL('http://example.com/a'));
    expect(changed.url.host).toBe('example.com');
    changed.url = any('http://example.net/');
    expect(changed.url.host).toBe('example.net');
    changed.headers = any({ 'X-A': 'b' });
    expect(changed.headers.get('x-a')).toBe('b');
    const { headers } = request();
    changed.headers = headers;
    expect(changed.headers).toBe(headers);
  });

  test('or is refused', () => {
    expect(() => Object.assign(request(), { url: 5 })).toThrow('expected url to be a string or a URL, got number');
    expect(() => Object.assign(request(), { headers: 5 })).toThrow('expected an object or pairs, got number');
  });
});
