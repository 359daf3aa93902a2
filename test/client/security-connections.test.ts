/**
 * SECURITY §2, row by row, both clients: how connections live and die, what is repeated, how long anything may take. The
 * witness is the server. What each row has of finer points is tested where its subject is (kept-connections, timeouts …).
 */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { errorOf, failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const one = answer('one');
const two = answer('two');
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
/** What a loopback connection's kernels hold at the most, with room to spare. */
const KERNEL_OCTETS = 12 << 20;

describe.each(clients)('SECURITY §2: $name', (kind) => {
  test.each([
    ['GET', 'two', 2],
    ['PUT', 'two', 2],
    ['POST', null, 1],
  ])('2.1 %s on a kept connection that dies under it: %s', async (method, text, accepted) => {
    const server = await serve([dialogue().hear().say(one).hear().reset(), always(two)]);
    const client = kind.open();
    await client.get(server.url);
    const call = async () =>
      (await client.request(method, server.url, { content: method === 'GET' ? null : 'x' })).text;
    if (text === null) expect(await errorOf(call)).toBeInstanceOf(httpx.TransportError);
    else expect(await call()).toBe(text);
    expect(server.accepted).toBe(accepted);
  });

  test('2.1 a body that cannot be had again is not repeated', async () => {
    const server = await serve([dialogue().hear().say(one).hear().reset(), always(two)]);
    const client = kind.open();
    await client.get(server.url);
    const error = await errorOf(() => client.put(server.url, { content: kind.pieces(['once']) }));
    expect(error).toBeInstanceOf(httpx.TransportError);
    expect(server.accepted).toBe(1);
  });

  test.each([
    ['in the head', 'HTTP/1.1 200 O'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['in a chunk', `${CHUNKED}5\r\nha`],
  ])('2.2 an answer that is cut %s is an error, and never asked for twice', async (_where, said) => {
    const server = await serve([dialogue().hear().say(one).hear().say(said).fin(), always(two)]);
    const client = kind.open();
    await client.get(server.url);
    const error = await failureOf(() => client.get(server.url), httpx.RemoteProtocolError);
    expect(error).toMatchObject({ sent: 'full', retryable: false });
    expect([server.accepted, server.heads.length]).toEqual([1, 2]);
  });

  test('2.3 an answer that comes during the upload ends it, is delivered, and its connection is closed', async () => {
    const early = 'HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno';
    const server = await serve([dialogue().hearHead().hearOctets(1).say(early).hearClose(5000), always(two)]);
    const client = kind.open();
    let made = 0;
    const pieces = {
      *[Symbol.iterator]() {
        for (; made < 10_000; made++) yield 'x'.repeat(100_000);
      },
    };
    const response = await client.post(server.url, { content: kind.pieces(pieces) });
    expect([response.statusCode, response.text]).toEqual([413, 'no']);
    expect(made).toBeLessThan(10_000);
    expect((await client.get(server.url)).text).toBe('two');
    expect(server.accepted).toBe(2);
  });

  test('2.4 a final answer in place of 100: the body is not sent, and the connection not used again', async () => {
    const headers = { Expect: '100-continue' };
    const refusal = 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n';
    const server = await serve([dialogue().hearHead().say(refusal).hearClose(5000), always(two)]);
    const client = kind.open();
    expect((await client.post(server.url, { content: 'body', headers })).statusCode).toBe(417);
    expect((await client.get(server.url)).text).toBe('two');
    expect(server.peer(0).text).not.toContain('body');
  });

  test('2.4 without 100 the body follows after a second', async () => {
    const server = await serve(dialogue().hear().say(one));
    const from = performance.now();
    await kind.open().post(server.url, { content: 'body', headers: { Expect: '100-continue' } });
    expect(performance.now() - from).toBeGreaterThan(900);
    expect(server.peer(0).text).toContain('body');
  });

  test.each<[string, () => ReturnType<typeof dialogue>, httpx.TimeoutTypes, new (...args: never[]) => Error]>([
    [
      'a head that drips',
      () =>
        dialogue()
          .hear()
          .sayDripping(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(500)}`, 20),
      { read: '200ms' },
      httpx.ReadTimeout,
    ],
    ['silence after the request', () => dialogue().hear().stall(), { read: '200ms' }, httpx.ReadTimeout],
    [
      'silence in the body',
      () => dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n').stall(),
      { read: '200ms' },
      httpx.ReadTimeout,
    ],
    [
      'a body that drips, against the total',
      () => dialogue().hear().say(CHUNKED).sayForever('1\r\nx\r\n', 20),
      { total: '300ms' },
      httpx.TotalTimeout,
    ],
  ])('2.5 %s ends in time', async (_name, script, timeout, expected) => {
    const server = await serve(script());
    const error = await failureOf(() => kind.open({ timeout }).get(server.url), expected as typeof httpx.ReadTimeout);
    expect(error.message).toMatch(/ after [23]00 ms| for 200 ms/);
  });

  test('2.5 a handshake that stalls, and a proxy that does, end within connect', async () => {
    const { server: certificate } = await certificates();
    const silent = await serve(dialogue().acceptOnly(), { tls: certificate });
    const tls = await failureOf(() => kind.open({ timeout: { connect: '1s' } }).get(silent.url), httpx.ConnectTimeout);
    expect(tls.phase).toBe('tls');
    const proxy = await serve(dialogue().acceptOnly());
    const between = await failureOf(
      () => kind.open({ proxy: proxy.url, timeout: { connect: '1s' } }).get('https://example.invalid/'),
      httpx.ConnectTimeout,
    );
    expect(between.phase).toBe('proxy');
  });

  test('2.6 the body of a redirect is drained a little, not decoded, and given up with its connection', async () => {
    const redirect =
      'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n';
    const server = await serve([dialogue().hear().say(redirect).sayForever('5\r\nxxxxx\r\n'), always(two)]);
    const response = await kind.open({ followRedirects: true }).get(server.url);
    expect([response.text, server.accepted]).toEqual(['two', 2]);
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect(server.octetsTaken).toBeLessThan(KERNEL_OCTETS);
    const small = 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nxxxxx';
    const kept = await serve(dialogue().hear().say(small).hear().say(two));
    expect((await kind.open({ followRedirects: true }).get(kept.url)).text).toBe('two');
    expect(kept.accepted).toBe(1);
  });

  test('2.7 requests that differ in what the connection was checked for do not share it', async () => {
    const { server: certificate, root } = await certificates();
    const server = await serve(always(one), { tls: certificate, repeatLast: true });
    const url = server.urlFor('localhost');
    const verify = { ca: root.cert };
    const client = kind.open({ verify });
    await client.get(url);
    await client.get(url);
    expect(server.accepted).toBe(1);
    await client.get(url, { extensions: { sniHostname: 'a.test.invalid' } });
    await client.get(url, { extensions: { sniHostname: 'b.test.invalid' } });
    await client.get(url, { extensions: { sniHostname: 'a.test.invalid' } });
    expect(server.accepted).toBe(3);
    expect(await errorOf(() => kind.open({ verify: true }).get(url))).toBeInstanceOf(httpx.ConnectError);
    expect(
      await errorOf(() => kind.open({ verify: { ...verify, pins: [`${'A'.repeat(43)}=`] } }).get(url)),
    ).toBeInstanceOf(httpx.ConnectError);
  });

  test('2.8 nothing of names is kept: each connection asks anew', async () => {
    const asked: string[] = [];
    const resolve = (host: string): string[] => {
      asked.push(host);
      return ['127.0.0.1'];
    };
    const server = await serve(always(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`), {
      repeatLast: true,
    });
    const client = kind.open({ resolve });
    for (let i = 0; i < 3; i++) await client.get(server.urlFor('a.invalid'));
    expect(asked).toEqual(['a.invalid', 'a.invalid', 'a.invalid']);
  });

  test.each(['http://a\0b.invalid/', 'http://a%00b.invalid/', 'http://a\x1fb.invalid/', 'http://a%0Ab.invalid/'])(
    '2.8 %j is never looked up',
    async (url) => {
      const resolve = (): never => expect.unreachable();
      await failureOf(() => kind.open({ resolve }).get(url), httpx.InvalidURL);
    },
  );
});
