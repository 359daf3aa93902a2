/** What a response says of itself, decoded and raw, and when it says nothing. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  CloseError,
  DecodingError,
  HTTPStatusError,
  RemoteProtocolError,
  Request,
  Response,
  ResponseNotRead,
  StreamClosed,
  StreamConsumed,
} from '../../src/index.js';
import { errorOf, failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import { answer, octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const once = (text: string | Uint8Array): Dialogue => dialogue().hear().say(text);

/** An answer whose body is octets. */
function answerOf(body: Uint8Array, fields = ''): Buffer {
  return Buffer.concat([octetsOf(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n`), body]);
}

const chunked = (...chunks: Uint8Array[]): Buffer[] =>
  chunks.map((chunk) => Buffer.concat([octetsOf(`${chunk.length.toString(16)}\r\n`), chunk, octetsOf('\r\n')]));

describe.each(clients)('$name', (kind) => {
  describe('the head', () => {
    test('status, reason, version, fields in their order', async () => {
      const server = await serve(once(answer('x', 'X-B: 2\r\nX-A: 1\r\nx-b: 3\r\n', '299 Rather Fine')));
      const response = await kind.open().get(server.url);
      expect([response.statusCode, response.reasonPhrase, response.httpVersion]).toEqual([
        299,
        'Rather Fine',
        'HTTP/1.1',
      ]);
      expect(response.isSuccess).toBe(true);
      expect([...response.headers]).toEqual([
        ['content-length', '1'],
        ['x-b', '2'],
        ['x-a', '1'],
        ['x-b', '3'],
      ]);
      expect(response.headers.get('X-B')).toBe('2, 3');
      expect(String(response.url)).toBe(`${server.url}/`.replace(/\/$/, ''));
    });

    test.each([
      [200, 'isSuccess'],
      [301, 'isRedirect'],
      [404, 'isClientError'],
      [503, 'isServerError'],
    ] as const)('%i %s', async (status, question) => {
      const server = await serve(once(answer('', '', `${status} X`)));
      expect((await kind.open().get(server.url))[question]).toBe(true);
    });

    test('a response that was not followed says where it leads', async () => {
      const server = await serve(once(answer('', 'Location: /next\r\n', '302 Found')));
      const response = await kind.open().get(server.url);
      expect(response.hasRedirectLocation).toBe(true);
      expect(server.heads.length).toBe(1);
    });

    test('raiseForStatus gives the response back, or names status and URL', async () => {
      const server = await serve(
        dialogue()
          .hear()
          .say(answer('fine'))
          .hear()
          .say(answer('', '', '404 Not Found')),
      );
      const client = kind.open();
      const fine = await client.get(server.url);
      expect(fine.raiseForStatus()).toBe(fine);
      const missing = await client.get(`${server.url}/gone`);
      expect(() => missing.raiseForStatus()).toThrow(HTTPStatusError);
      expect(() => missing.raiseForStatus()).toThrow(`Client error '404 Not Found' for url '${server.url}/gone'`);
    });

    test.each([
      ['//me:hunter2@a.test/x', '//me:[secure]@a.test/x'],
      ['HTTPS://:hunter2@a.test', 'HTTPS://:[secure]@a.test'],
      ['http:\\\\me:hun:t@er2@a.test/', 'http:\\\\me:[secure]@a.test/'],
      ['http:///me:hunter2@a.test/', 'http:///me:[secure]@a.test/'],
      ['http://me@a.test:80/b:c@d', 'http://me@a.test:80/b:c@d'],
      ['/a:b@c?d:e@f', '/a:b@c?d:e@f'],
    ])('raiseForStatus shows no password of a Location: %s', async (location, shown) => {
      const response = new Response(302, { headers: { location }, request: new Request('GET', 'http://a.test/') });
      expect(() => response.raiseForStatus()).toThrow(`\nRedirect location: '${shown}'\n`);
    });

    test('HTTP/1.0 is understood, says so, and its connection is not used again', async () => {
      const server = await serve([
        dialogue().hear().say('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold').stall(),
        always(answer('new')),
      ]);
      const client = kind.open();
      const response = await client.get(server.url);
      expect([response.httpVersion, response.text]).toEqual(['HTTP/1.0', 'old']);
      expect((await client.get(server.url)).text).toBe('new');
      expect(server.accepted).toBe(2);
    });

    test('timings are filled and in order', async () => {
      const server = await serve(once(answer('x')));
      const response = await kind.open().get(server.url);
      const timings = response.extensions.timings as unknown as Record<string, number>;
      for (const name of ['pool', 'dns', 'connect', 'tls', 'sent', 'firstByte', 'end']) {
        expect(timings[name], name).toBeGreaterThanOrEqual(0);
      }
      expect(timings.firstByte).toBeLessThanOrEqual(timings.end ?? Number.NaN);
      expect(response.elapsedMs).toBeGreaterThanOrEqual(0);
    });
  });

  describe('interim responses', () => {
    test('onInterim hears each of them, the call returns the final one', async () => {
      const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
      const server = await serve(once(interim + answer('end')));
      const heard: [number, string | null][] = [];
      const response = await kind.open().get(server.url, {
        extensions: {
          onInterim: (status: number, headers: { get(name: string): string | null }) => {
            heard.push([status, headers.get('link')]);
          },
        },
      });
      expect(response.text).toBe('end');
      expect(heard).toEqual([
        [103, '</a>'],
        [102, null],
      ]);
    });

    test.each([
      ['with the final response behind it', `HTTP/1.1 103 Early Hints\r\n\r\n${answer('end')}`],
      ['alone', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ])('what onInterim throws is what the call rejects with: %s', async (_name, text) => {
      const server = await serve([dialogue().hear().say(text).hearClose(2000), always(answer('next'))]);
      const client = kind.open();
      const mine = new Error('mine');
      const onInterim = () => {
        throw mine;
      };
      expect(await errorOf(() => client.get(server.url, { extensions: { onInterim } }))).toBe(mine);
      await server.until(() => server.peer(0).closes.length === 1);
      expect(server.peer(0).closes[0]).not.toBeNull();
      expect((await client.get(server.url)).text).toBe('next');
    });

    test('onInterim may abort the call, also with the final response behind it', async () => {
      const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
      const server = await serve(
        dialogue()
          .hear()
          .say(interim + answer('end'))
          .hear()
          .say(answer('next')),
      );
      const client = kind.open();
      const controller = new AbortController();
      const onInterim = () => controller.abort();
      const error = await errorOf(() =>
        client.get(server.url, { signal: controller.signal, extensions: { onInterim } }),
      );
      expect(error).toBe(controller.signal.reason);
      expect((await client.get(server.url)).text).toBe('next');
    });

    test('onInterim may close the client', async () => {
      const server = await serve(dialogue().hear().say('HTTP/1.1 103 Early Hints\r\n\r\n').stall());
      const client = kind.open();
      const onInterim = () => void kind.close(client);
      await failureOf(() => client.get(server.url, { extensions: { onInterim } }), CloseError);
      await server.emptied();
    });

    test('sixteen are borne, the seventeenth is a RemoteProtocolError', async () => {
      const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
      const server = await serve([once(hint.repeat(16) + answer('borne')), once(hint.repeat(17) + answer('not'))]);
      const client = kind.open({ limits: { maxKeepaliveConnections: 0 } });
      expect((await client.get(server.url)).text).toBe('borne');
      await failureOf(() => client.get(server.url), RemoteProtocolError);
    });
  });

  describe('content', () => {
    test('text, content and json are of the decoded octets', async () => {
      const server = await serve(once(answerOf(octetsOf('{"a":"\xc3\xa9"}'), 'Content-Type: application/json\r\n')));
      const response = await kind.open().get(server.url);
      expect(response.text).toBe('{"a":"é"}');
      expect(response.json<{ a: string }>().a).toBe('é');
      expect(Object.prototype.toString.call(response.content)).toBe('[object Uint8Array]');
      expect(response.content.constructor).toBe(Uint8Array);
    });

    test('the charset parameter is obeyed', async () => {
      const server = await serve(
        once(answerOf(Uint8Array.of(0xe9), 'Content-Type: text/plain; charset=iso-8859-1\r\n')),
      );
      const response = await kind.open().get(server.url);
      expect([response.text, response.charsetEncoding]).toEqual(['é', 'iso-8859-1']);
    });

    test.each([
      ['gzip', gzipSync],
      ['x-gzip', gzipSync],
      ['deflate', deflateSync],
      ['deflate', deflateRawSync],
      ['GZip', gzipSync],
    ] as const)('Content-Encoding: %s is undone', async (coding, encode) => {
      const plain = Buffer.from('all work and no play '.repeat(5000));
      const coded = encode(plain);
      const server = await serve(once(answerOf(coded, `Content-Encoding: ${coding}\r\n`)));
      const response = await kind.open().get(server.url);
      expect(Buffer.from(response.content).equals(plain)).toBe(true);
      expect(response.numBytesDownloaded).toBe(coded.length);
      expect(response.headers.get('content-encoding')).toBe(coding);
    });

    test('codings are undone in the reverse of the order in which they were applied', async () => {
      const coded = deflateSync(gzipSync('twice'));
      const server = await serve(once(answerOf(coded, 'Content-Encoding: gzip, deflate\r\n')));
      expect((await kind.open().get(server.url)).text).toBe('twice');
    });

    test('five codings are undone, six are refused', async () => {
      let coded = gzipSync('deep');
      for (let i = 1; i < 5; i++) coded = gzipSync(coded);
      const server = await serve([
        once(answerOf(coded, 'Content-Encoding: gzip, gzip, gzip, gzip, gzip\r\n')),
        once(answerOf(gzipSync(coded), 'Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n')),
      ]);
      const client = kind.open({ limits: { maxKeepaliveConnections: 0 } });
      expect((await client.get(server.url)).text).toBe('deep');
      await failureOf(() => client.get(server.url), DecodingError);
    });

    test.each([
      ['cut short', gzipSync('x'.repeat(1000)).subarray(0, 20)],
      ['with a wrong checksum', gzipSync('abc').map((octet, at, all) => (at === all.length - 5 ? octet ^ 1 : octet))],
      ['followed by something else', Buffer.concat([gzipSync('abc'), octetsOf('junk')])],
      ['that is no gzip', octetsOf('plain text, no gzip')],
    ])('gzip %s is a DecodingError although the framing was right', async (_name, coded) => {
      const server = await serve(once(answerOf(coded, 'Content-Encoding: gzip\r\n')));
      const error = await failureOf(() => kind.open().get(server.url), DecodingError);
      expect(error.code).toBe('ERR_DECODING');
      expect(String(error.request.url)).toContain('127.0.0.1');
    });

    test('an unknown coding is passed through, as httpx does', async () => {
      const server = await serve(once(answer('as it is', 'Content-Encoding: rot13\r\n')));
      expect((await kind.open().get(server.url)).text).toBe('as it is');
    });

    test('decodedOctets and decodedRatio end a bomb', async () => {
      const bomb = gzipSync(Buffer.alloc(4 << 20));
      const server = await serve(once(answerOf(bomb, 'Content-Encoding: gzip\r\n')), { repeatLast: true });
      const limits = [{ decodedOctets: 1 << 20 }, { decodedRatio: 100 }];
      for (const limit of limits) {
        await failureOf(() => kind.open({ limits: limit }).get(server.url), DecodingError);
      }
      expect((await kind.open().get(server.url)).content.length).toBe(4 << 20);
    });
  });

  describe('framing', () => {
    test.each([
      ['HEAD', '200 OK', 'Content-Length: 20\r\nContent-Encoding: gzip\r\n'],
      ['GET', '204 No Content', ''],
      ['GET', '304 Not Modified', 'Content-Length: 20\r\n'],
      ['HEAD', '200 OK', 'Transfer-Encoding: chunked\r\n'],
    ])(
      '%s → %s has no content, whatever its fields say, and the connection lives on',
      async (method, status, fields) => {
        const server = await serve(always(`HTTP/1.1 ${status}\r\n${fields}\r\n`));
        const client = kind.open();
        for (let turn = 0; turn < 2; turn++) {
          const response = await client.request(method, server.url);
          expect([response.content.length, response.text]).toEqual([0, '']);
        }
        expect(server.accepted).toBe(1);
      },
    );

    test('chunks, their extensions ignored, trailers kept apart', async () => {
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n';
      const server = await serve(once(`${head}3;a=b\r\nabc\r\n002\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n`));
      const response = await kind.open().get(server.url);
      expect(response.text).toBe('abcde');
      expect(response.trailers.get('x-sum')).toBe('5');
      expect(response.headers.has('x-sum')).toBe(false);
    });

    test('a body without length ends when the server closes', async () => {
      const server = await serve([
        dialogue().hear().say('HTTP/1.1 200 OK\r\n\r\nuntil ').say('the end').fin(),
        always(answer('2')),
      ]);
      const client = kind.open();
      expect((await client.get(server.url)).text).toBe('until the end');
      expect((await client.get(server.url)).text).toBe('2');
      expect(server.accepted).toBe(2);
    });

    test('half close: a server that ends its side after a whole response loses nothing', async () => {
      const server = await serve([dialogue().hear().say(answer('whole')).fin(), always(answer('next'))]);
      const client = kind.open();
      expect((await client.get(server.url)).text).toBe('whole');
      expect((await client.get(server.url)).text).toBe('next');
    });

    test('a large chunked body arrives octet for octet', async () => {
      const parts = Array.from({ length: 64 }, (_, i) => Buffer.alloc(33333, i));
      const script = dialogue().hear().say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (const chunk of chunked(...parts)) script.say(chunk);
      const server = await serve(script.say('0\r\n\r\n'));
      const response = await kind.open().get(server.url);
      expect(Buffer.from(response.content).equals(Buffer.concat(parts))).toBe(true);
    });
  });

  describe('a body not read, or read twice', () => {
    test('text and content of an unread response throw ResponseNotRead', async () => {
      const server = await serve(once(answer('x')));
      const response = await kind.open().stream('GET', server.url);
      expect(() => response.text).toThrow(ResponseNotRead);
      expect(() => response.content).toThrow(ResponseNotRead);
      expect(() => response.content).toThrow('`await response.aread()` (AsyncClient) first');
      await kind.close(response);
      expect(() => response.text).toThrow(ResponseNotRead);
      expect(() => response.text).toThrow('it is closed, and its content was not kept');
    });

    test('a second consumption throws StreamConsumed, one after close StreamClosed', async () => {
      const server = await serve(always(answer('0123456789')), { repeatLast: true });
      const client = kind.open();
      const read = await client.stream('GET', server.url);
      for await (const _ of kind.raw(read));
      await failureOf(() => kind.raw(read).next(), StreamConsumed);
      const closed = await client.stream('GET', server.url);
      await kind.close(closed);
      await failureOf(() => kind.read(closed), StreamClosed);
    });

    test('aread gives the content, again and again', async () => {
      const server = await serve(once(answer('once')));
      const response = await kind.open().stream('GET', server.url);
      const first = await kind.read(response);
      expect(Buffer.from(first).toString()).toBe('once');
      expect(Buffer.from(await kind.read(response)).toString()).toBe('once');
      expect(response.text).toBe('once');
      expect([response.isClosed, response.isStreamConsumed]).toEqual([true, true]);
    });

    test('looking at a response reads nothing of it', async () => {
      const { inspect } = await import('node:util');
      const server = await serve(once(answer('x')));
      const response = await kind.open().stream('GET', server.url);
      expect(inspect(response)).toContain('200');
      expect(response.isStreamConsumed).toBe(false);
      await kind.close(response);
    });
  });
});
