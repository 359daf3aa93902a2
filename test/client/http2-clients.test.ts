/**
 * HTTP/2 of both clients over sockets: dialogues with a server that says its frames whatever it hears, and a server of
 * node:http2. What a client writes frame by frame is in http2.test.ts, where the peer is in memory.
 */
import { describe, expect, test } from 'vitest';
import { LocalProtocolError, ReadTimeout, RemoteProtocolError, type Response } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import {
  data,
  END_STREAM,
  fragmented,
  goaway,
  head,
  headers,
  hello,
  paddedData,
  ping,
  rstStream,
} from '../support/http2-frames.js';
import { openHttp2Server } from '../support/http2-server.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const SETTINGS = { http1: false, http2: true, timeout: '10s' } as const;
/** On a machine that is busy. */
const SOON = { timeout: 30_000 };
const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

/** Hears the preface, SETTINGS, WINDOW_UPDATE and the beginning of a request at least, then says frames. */
const saying = (...frames: readonly Uint8Array[]): Dialogue =>
  dialogue().hearInAll(80).say(Buffer.concat(frames)).stall();

describe.each(clients)('$name in a dialogue', (kind) => {
  const open = (settings: object = {}) => kind.open({ ...SETTINGS, ...settings });

  test('interim responses, padding, a head in fragments, trailers', async () => {
    const server = await serve(
      saying(
        hello(),
        head(1, 103, [['link', '</a>']]),
        fragmented(
          1,
          [
            [':status', '200'],
            ['x-long', 'y'.repeat(300)],
          ],
          50,
        ),
        paddedData(1, 'some', 20),
        ping('whatever'),
        data(1, ' text'),
        headers(1, [['x-sum', '42']], END_STREAM),
      ),
    );
    const interims: number[] = [];
    const onInterim = (status: number) => void interims.push(status);
    const response = await open().get(server.url, { extensions: { onInterim } });
    expect([response.statusCode, response.httpVersion, response.text]).toEqual([200, 'HTTP/2', 'some text']);
    expect(response.headers.get('x-long')?.length).toBe(300);
    expect(response.trailers.get('x-sum')).toBe('42');
    expect(interims).toEqual([103]);
  });

  test('a response octet by octet', async () => {
    const octets = Buffer.concat([hello(), head(1, 200, [['a', 'b']]), data(1, 'drip', END_STREAM)]);
    const server = await serve(dialogue().hearInAll(80).sayDripping(octets, 0).stall());
    const response = await open().get(server.url);
    expect([response.headers.get('a'), response.text]).toEqual(['b', 'drip']);
  });

  test.each([
    ['REFUSED_STREAM', rstStream(1, REFUSED_STREAM)],
    ['GOAWAY', goaway(0, 0)],
  ])('%s: the request moves to a new connection, a POST too', async (_name, refusal) => {
    const server = await serve([saying(hello(), refusal), saying(hello(), head(1, 201, [], END_STREAM))]);
    expect((await open().post(server.url, { content: 'again' })).statusCode).toBe(201);
    expect(server.accepted).toBe(2);
  });

  test('a reset in the middle of a body: the error says its code, and what came was given', async () => {
    const server = await serve(saying(hello(), head(1, 200), data(1, 'some'), rstStream(1, CANCEL)));
    const response = await open().stream('GET', server.url);
    const pieces = kind.raw(response as Response);
    expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('some');
    const error = await failureOf(async () => await pieces.next(), RemoteProtocolError);
    expect(error.message).toContain('CANCEL');
  });

  test('GOAWAY and the end of the connection: the error says what GOAWAY said', async () => {
    const frames = Buffer.concat([hello(), goaway(1, ENHANCE_YOUR_CALM)]);
    const server = await serve(dialogue().hearInAll(80).say(frames).fin());
    const error = await failureOf(async () => await open().post(server.url, { content: 'x' }), RemoteProtocolError);
    expect(error.message).toContain('ENHANCE_YOUR_CALM');
  });

  test('a malformed head: the error says its rule, and nothing is sent again', async () => {
    const server = await serve(saying(hello(), head(1, 200, [['Upper', 'case']])));
    const error = await failureOf(async () => await open().get(server.url), RemoteProtocolError);
    expect(error.retryable).toBe(false);
    expect(server.accepted).toBe(1);
  });

  test('a body without length waits for the SETTINGS, and goes', async () => {
    const server = await serve(saying(hello(), head(1, 200, [], END_STREAM)));
    const response = await open().post(server.url, { content: kind.pieces(['one', 'two']) });
    expect(response.statusCode).toBe(200);
  });

  test('a read limit ends a call, and the connection that was silent with it', async () => {
    const answered = saying(hello(), head(1, 204, [], END_STREAM));
    const server = await serve([answered, answered]);
    const client = open();
    await client.get(server.url);
    await failureOf(async () => await client.get(server.url, { timeout: { read: 50 } }), ReadTimeout);
    expect((await client.get(server.url)).statusCode).toBe(204);
    expect(server.accepted).toBe(2);
  });
});

describe.each(clients)('$name with a server of node:http2', (kind) => {
  const open = () => kind.open(SETTINGS);

  test('says GOAWAY before it closes the connection', async () => {
    const server = await openHttp2Server();
    const client = open();
    await client.get(`http://127.0.0.1:${server.port}/`);
    await kind.close(client);
    await expect.poll(async () => (await server.facts()).open, SOON).toBe(0);
    expect((await server.facts()).goaways).toEqual([0]);
  });

  test('what nominates more than 512 octets of names is refused by HTTP/2, and sent by HTTP/1.1', async () => {
    const server = await openHttp2Server();
    const client = open();
    const headers = { Connection: 'x'.repeat(600) };
    const url = `http://127.0.0.1:${server.port}/`;
    const error = await failureOf(async () => await client.get(url, { headers }), LocalProtocolError);
    expect(error.message).toContain('at most 512 octets of names in Connection');
    expect(error.sent).toBe('none');
    expect((await client.get(url)).text).toBe('/');
    const other = await serve(always(answer('sent')));
    expect((await kind.open().get(other.url, { headers })).text).toBe('sent');
  });

  test('a body through windows of a hundred octets', async () => {
    const server = await openHttp2Server({ initialWindowSize: 100 });
    const url = `http://127.0.0.1:${server.port}/count`;
    expect((await open().post(url, { content: new Uint8Array(10_000) })).text).toBe('10000');
    const pieces = Array.from({ length: 10 }, () => new Uint8Array(1000));
    expect((await open().post(url, { content: kind.pieces(pieces) })).text).toBe('10000');
  });

  test.each([
    ['an early refusal', '/early', 413],
    ['an early refusal of a peer that then resets', '/early-reset', 413],
  ])('%s ends an upload, its source is told, and the connection goes on', async (_name, path, status) => {
    const server = await openHttp2Server();
    const client = open();
    let given = 0;
    let isClosed = false;
    const pieces = (function* () {
      try {
        for (; given < 5000; given++) yield new Uint8Array(100_000);
      } finally {
        isClosed = true;
      }
    })();
    // Otherwise the refusal may come with the SETTINGS, and the body is not begun.
    await client.get(`http://127.0.0.1:${server.port}/first`);
    const response = await client.post(`http://127.0.0.1:${server.port}${path}`, { content: kind.pieces(pieces) });
    expect([response.statusCode, response.text]).toEqual([status, 'too much']);
    await expect.poll(() => isClosed, SOON).toBe(true);
    expect(given).toBeLessThan(5000);
    expect((await client.get(`http://127.0.0.1:${server.port}/next`)).text).toBe('/next');
    expect((await server.facts()).sessions).toBe(1);
  });

  test('an upload that is reset fails, and its source is told', async () => {
    const server = await openHttp2Server();
    const client = open();
    let isClosed = false;
    const pieces = (function* () {
      try {
        for (;;) yield new Uint8Array(100_000);
      } finally {
        isClosed = true;
      }
    })();
    const posted = async () =>
      await client.post(`http://127.0.0.1:${server.port}/reset`, { content: kind.pieces(pieces) });
    const error = await failureOf(posted, RemoteProtocolError);
    expect(error).toMatchObject({ sent: 'partial', retryable: false });
    expect(error.message).toContain('CANCEL');
    await expect.poll(() => isClosed, SOON).toBe(true);
    expect((await client.get(`http://127.0.0.1:${server.port}/next`)).text).toBe('/next');
  });
});
