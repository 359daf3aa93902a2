/** `compress`: what a server gets of a compressed body is what was given, by either client, and is announced as it is sent. */
import { brotliCompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressed } from '../../src/compression.js';
import { joinedBody, octetsBody } from '../../src/content.js';
import { runAsync } from '../../src/flow.js';
import { host } from '../../src/hosts/node/host.js';
import { BasicAuth, Headers, MockTransport, Request, Response } from '../../src/index.js';
import { errorOf, failureOf, openClient, type RequestOptions } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer, fieldOf, octetsOf, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

type Format = 'gzip' | 'deflate';
const FORMATS: readonly Format[] = ['gzip', 'deflate'];
const plainOf = (format: Format, coded: Uint8Array): Buffer => (format === 'gzip' ? gunzipSync : inflateSync)(coded);

/** Octets that repeat far apart, so that much of them can be left out. */
const large = Buffer.concat(Array.from({ length: 40 }, () => patternOf(20_011)));
const small = Uint8Array.from(octetsOf('{"all":"work","no":"play"}'.repeat(50)));

describe.each(clients)('$name', (kind) => {
  async function sent(options: RequestOptions): Promise<{ head: string; body: Buffer }> {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    await kind.open().post(server.url, options);
    const request = server.peer(0).requests[0];
    if (request === undefined) throw new Error('no request was heard');
    return request;
  }

  describe.each(FORMATS)('%s', (compress) => {
    test('of a short body in memory is sent with its length', async () => {
      const { head, body } = await sent({ content: small, compress, headers: { 'content-type': 'text/plain' } });
      expect(plainOf(compress, body).equals(small)).toBe(true);
      expect(body.length).toBeLessThan(200);
      expect(fieldOf(head, 'content-encoding')).toBe(compress);
      expect(fieldOf(head, 'content-length')).toBe(String(body.length));
      expect(fieldOf(head, 'transfer-encoding')).toBeNull();
      expect(fieldOf(head, 'content-type')).toBe('text/plain');
    });

    test.each<[string, () => RequestOptions['content']]>([
      ['a large body in memory', () => large],
      ['an iterable of large pieces', () => [large.subarray(0, 300_000), large.subarray(300_000)]],
      [
        'an iterable of small pieces',
        () => Array.from({ length: 4000 }, (_, i) => large.subarray(i * 100, i * 100 + 100)),
      ],
      ['a generator', () => kind.pieces([large.subarray(0, 1), '', large.subarray(1, 100_000)])],
    ])('of %s goes in chunks, and is what was given', async (_name, content) => {
      const given = content();
      const { head, body } = await sent({ content: given, compress });
      const plain = plainOf(compress, body);
      expect(plain.length).toBeGreaterThan(99_999);
      expect(plain.equals(large.subarray(0, plain.length))).toBe(true);
      expect(body.length).toBeLessThan(30_000);
      expect(fieldOf(head, 'content-encoding')).toBe(compress);
      expect(fieldOf(head, 'transfer-encoding')).toBe('chunked');
      expect(fieldOf(head, 'content-length')).toBeNull();
    });

    test('refers back as far as the format can, across its pieces', async () => {
      const block = host.random(30_000);
      const { body } = await sent({ content: Array.from({ length: 10 }, () => block), compress });
      expect(plainOf(compress, body).length).toBe(300_000);
      expect(body.length).toBeLessThan(40_000);
    });

    test('of octets that cannot be compressed grows them little', async () => {
      const random = host.random(500_000);
      const { body } = await sent({ content: random, compress });
      expect(plainOf(compress, body).equals(octetsOf(random))).toBe(true);
      expect(body.length).toBeLessThan(random.length * 1.01);
    });
  });

  test.each<[string, RequestOptions, string, string]>([
    ['JSON', { json: { a: [1, 'é'] } }, 'application/json', '{"a":[1,"\u00c3\u00a9"]}'],
    ['a form', { data: { a: '1 2' } }, 'application/x-www-form-urlencoded', 'a=1+2'],
  ])('%s is compressed and keeps its type', async (_name, options, type, text) => {
    const { head, body } = await sent({ ...options, compress: 'gzip' });
    expect(gunzipSync(body).toString('latin1')).toBe(text);
    expect(fieldOf(head, 'content-type')).toBe(type);
  });

  test('a form with files is compressed as a whole', async () => {
    const { head, body } = await sent({ data: { a: '1' }, files: { b: ['b.txt', large] }, compress: 'gzip' });
    const boundary = /boundary=(\S+)/.exec(fieldOf(head, 'content-type') ?? '')?.[1];
    const plain = gunzipSync(body);
    expect(plain.toString('latin1').startsWith(`--${boundary}\r\nContent-Disposition: form-data; name="a"`)).toBe(true);
    expect(plain.includes(large)).toBe(true);
    expect(body.length).toBeLessThan(50_000);
  });

  test('no body, and one of no octets, is no compressed one', async () => {
    for (const options of [{}, { content: '' }, { json: null }] as RequestOptions[]) {
      const { head, body } = await sent({ ...options, compress: 'gzip' });
      expect([body.length, fieldOf(head, 'content-encoding'), fieldOf(head, 'content-length')]).toEqual([0, null, '0']);
    }
  });

  test('compress: null is none', async () => {
    const { head, body } = await sent({ content: small, compress: null });
    expect(body.equals(small)).toBe(true);
    expect(fieldOf(head, 'content-encoding')).toBeNull();
  });

  test.each<[string, RequestOptions, RegExp]>([
    ['Content-Encoding', { headers: { 'Content-Encoding': 'br' } }, /already say Content-Encoding: br/],
    ['Content-Length', { headers: { 'Content-Length': '10' } }, /already say Content-Length: 10/],
    ['a format that is none', { compress: 'br' as 'gzip' }, /expected 'gzip' or 'deflate', got "br"/],
    ['what is no name', { compress: true as unknown as 'gzip' }, /expected 'gzip' or 'deflate', got boolean/],
  ])('%s is refused, and nothing is sent', async (_name, options, message) => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const content = brotliCompressSync('coded already');
    const error = await failureOf(
      () => kind.open().post(server.url, { content, compress: 'gzip', ...options }),
      TypeError,
    );
    expect(error.message).toMatch(message);
    expect(server.accepted).toBe(0);
  });

  test('a client whose headers say a coding refuses too', async () => {
    const client = kind.open({ headers: { 'Content-Encoding': 'zstd' } });
    const error = await failureOf(
      () => client.post('http://127.0.0.1:1/', { content: 'x', compress: 'gzip' }),
      TypeError,
    );
    expect(error.message).toContain('Content-Encoding: zstd');
  });

  test('what can be sent again is compressed again: after a redirect, and by an auth flow that reads it', async () => {
    const moved = 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n';
    const server = await serve(dialogue().hear().say(moved).hear().say(answer('ok')));
    const client = kind.open({ followRedirects: true });
    await client.post(server.url, { content: [large], compress: 'gzip' });
    const { requests } = server.peer(0);
    expect(requests.map(({ body }) => gunzipSync(body).equals(large))).toEqual([true, true]);
    expect(requests.map(({ head }) => fieldOf(head, 'content-encoding'))).toEqual(['gzip', 'gzip']);

    class Reading extends BasicAuth {
      override readonly requiresRequestBody = true;
    }
    const second = await serve(always(answer('ok')));
    await client.post(second.url, { content: [large], compress: 'deflate', auth: new Reading('user', 'password') });
    const read = second.peer(0).requests[0];
    expect(inflateSync(read?.body ?? Buffer.alloc(0)).equals(large)).toBe(true);
  });

  test('a redirect that drops the body drops what was said of its coding', async () => {
    const moved = 'HTTP/1.1 303 See Other\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n';
    const server = await serve(dialogue().hear().say(moved).hear().say(answer('ok')));
    await kind.open({ followRedirects: true }).post(server.url, { content: [large], compress: 'gzip' });
    expect(fieldOf(server.heads[1] ?? '', 'content-encoding')).toBeNull();
  });

  test('what the body throws is what the call fails with', async () => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const fault = new Error('no more measurements');
    function* failing(): Generator<Uint8Array> {
      yield large;
      throw fault;
    }
    expect(await errorOf(() => kind.open().post(server.url, { content: failing(), compress: 'gzip' }))).toBe(fault);
  });

  test('a response that comes first ends it, and its source is told', async () => {
    const server = await serve(dialogue().hearHead().say(answer('enough', 'Connection: close\r\n')).fin());
    let told = false;
    let begun = false;
    function* endless(): Generator<Uint8Array> {
      begun = true;
      try {
        for (;;) yield host.random(65536);
      } finally {
        told = true;
      }
    }
    await errorOf(() => kind.open().post(server.url, { content: endless(), compress: 'gzip' }));
    expect(told).toBe(begun);
  });

  test('a mock sees the request as it would be sent', async () => {
    let seen: Request | null = null;
    const transport = new MockTransport((request) => {
      seen = request;
      return new Response(200);
    });
    const options = { content: [large], compress: 'gzip' } as const;
    const client = kind.open({ transport } as unknown as Parameters<typeof kind.open>[0]);
    await client.post('http://mock.invalid/', options);
    expect(gunzipSync((seen as unknown as Request).content).equals(large)).toBe(true);
  });
});

describe('Request', () => {
  const url = 'http://test.invalid/';

  test('compresses a short body when it is made', () => {
    const request = new Request('POST', url, { json: { a: 1 }, compress: 'gzip' });
    expect(gunzipSync(request.content).toString()).toBe('{"a":1}');
    expect([...request.headers].slice(1)).toEqual([
      ['content-length', String(request.content.length)],
      ['content-type', 'application/json'],
      ['content-encoding', 'gzip'],
    ]);
    expect(request.isReplayable).toBe(true);
  });

  test('can read a streamed one, at once or not', async () => {
    const read = new Request('POST', url, { content: [large], compress: 'gzip' });
    expect(gunzipSync(read.read()).equals(large)).toBe(true);
    const aread = new Request('POST', url, { content: [large], compress: 'gzip' });
    expect(gunzipSync(await aread.aread()).equals(large)).toBe(true);
    const blob = new Request('POST', url, { content: new Blob([large]), compress: 'deflate' });
    expect(blob.isReplayable).toBe(true);
    expect(inflateSync(await blob.aread()).equals(large)).toBe(true);
  });

  test('says of a stream that it cannot be sent again, and of an async one that it cannot be read at once', () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield large;
    }
    const request = new Request('POST', url, { content: pieces(), compress: 'gzip' });
    expect(request.isReplayable).toBe(false);
    expect(() => request.read()).toThrow();
  });
});

test('a host that cannot compress without waiting does so as a stream, for event loops only', async () => {
  const { body, headers } = compressed({ body: octetsBody(small), headers: [] }, 'gzip', new Headers(), {
    compressor: null,
  });
  expect([body.isAsync, body.octets, body.replayable]).toEqual([true, null, true]);
  expect(headers).toEqual([
    ['Transfer-Encoding', 'chunked'],
    ['Content-Encoding', 'gzip'],
  ]);
  expect(gunzipSync(await runAsync(joinedBody(body, false))).equals(small)).toBe(true);
});

test('an abort ends the compression, and the source is told', async () => {
  const server = await serve(dialogue().hearHead().stall());
  const controller = new AbortController();
  let told = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield host.random(65536);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      told = true;
    }
  }
  const call = openClient().post(server.url, { content: endless(), compress: 'gzip', signal: controller.signal });
  call.catch(() => {});
  await server.until(() => server.octetsHeard > 100_000);
  controller.abort();
  expect(await errorOf(call)).toBe(controller.signal.reason);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(true);
});
