/** Requests that a peer of HTTP/2 did not process: sent again, to where, and how often (RFC 9113 §8.7; SECURITY 3.11). */
import { describe, expect, test } from 'vitest';
import { type AsyncClient, RemoteProtocolError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  fragmented,
  frame,
  goaway,
  head,
  headers,
  hello,
  PADDED,
  rstStream,
  TYPE,
} from '../support/http2-frames.js';
import { type Http2Peer, http2Side } from '../support/http2-peer.js';

const url = 'https://fake.invalid/';
const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;

/** The peer of a connection that has served a request. */
async function servedOnce(client: AsyncClient, peer: () => Promise<Http2Peer>): Promise<Http2Peer> {
  const first = client.get(url);
  const server = await peer();
  server.say(hello(), head(1, 200, [], END_STREAM));
  await first;
  return server;
}

test('what came before a reset is given, also where the request is still being written', async () => {
  const { client, environment, peer, settled } = http2Side();
  const server = await servedOnce(client, peer);
  environment.connector.sockets[0]?.holdWrites();
  const call = client.stream('GET', url);
  await settled();
  server.say(head(3, 200), data(3, 'some'), rstStream(3, 8));
  const pieces = (await call).aiterBytes();
  expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('some');
  expect((await failureOf(pieces.next(), RemoteProtocolError)).message).toContain('CANCEL');
});

describe('an answer that ends the connection', () => {
  const longField = [['x', 'a'.repeat(70_000)]] as const;
  const answers: Record<string, (stream: number) => Buffer> = {
    'with too long a field section': (stream) => fragmented(stream, longField, 16_000, END_STREAM),
    'in too many frames': (stream) => fragmented(stream, [['x', 'a'.repeat(1000)]], 50, END_STREAM),
    'that is not HPACK': (stream) => headers(stream, Buffer.alloc(7, 0xff), END_STREAM),
    'in too large a frame': (stream) => frame(TYPE.headers, END_STREAM | END_HEADERS, stream, Buffer.alloc(17_000)),
    'of padding alone': (stream) =>
      frame(TYPE.headers, END_STREAM | END_HEADERS | PADDED, stream, Buffer.from([200, 0x88])),
    'after PUSH_PROMISE': (stream) => frame(TYPE.pushPromise, END_HEADERS, stream, Buffer.from([0, 0, 0, 2, 0x82])),
  };

  describe.each(Object.entries(answers))('%s', (_name, answer) => {
    test.each([false, true])('is not asked for again (kept connection: %s)', async (kept) => {
      const { client, environment, peer, settled } = http2Side();
      const server = kept ? await servedOnce(client, peer) : null;
      const call = failureOf(client.get(url), RemoteProtocolError);
      await settled();
      if (server === null) (await peer()).say(hello(), answer(1));
      else server.say(answer(3));
      expect(await call).toMatchObject({ sent: 'full', retryable: false });
      expect(environment.connector.sockets.length).toBe(1);
    });
  });

  test('leaves those beside it to their users, who may repeat what is safe', async () => {
    const { client, environment, peer, settled } = http2Side();
    const server = await servedOnce(client, peer);
    const refused = failureOf(client.get(url), RemoteProtocolError);
    const beside = failureOf(client.get(url), RemoteProtocolError);
    await settled();
    server.say(headers(3, Buffer.alloc(7, 0xff), END_STREAM));
    expect((await refused).retryable).toBe(false);
    expect((await beside).retryable).toBe(true);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('cut off by the end of the input on a kept connection is none: the request is sent again', async () => {
    const { client, peer, settled } = http2Side();
    const server = await servedOnce(client, peer);
    const call = client.get(url);
    await settled();
    server.say(head(3, 200).subarray(0, 9));
    server.socket.fin();
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await call).statusCode).toBe(200);
  });
});

describe('what the peer may have processed, by the last stream of its GOAWAY', () => {
  const ENHANCE_YOUR_CALM = 11;

  test.each([
    ['with an error', goaway(3, ENHANCE_YOUR_CALM)],
    ['without', goaway(3, 0)],
  ])('%s: a GET on a kept connection is sent again, once, since repeating it is safe', async (_name, words) => {
    const { client, environment, peer, settled } = http2Side();
    const server = await servedOnce(client, peer);
    const call = client.get(url);
    await settled();
    server.say(words).socket.fin();
    const again = failureOf(call, RemoteProtocolError);
    (await peer(1)).say(hello(), goaway(1, ENHANCE_YOUR_CALM, 'too much')).socket.fin();
    const { message, sent, retryable } = await again;
    expect(message).toContain('GOAWAY (ENHANCE_YOUR_CALM: "too much")');
    // That it is safe, not that it helps.
    expect([sent, retryable]).toEqual(['full', true]);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('a POST is not, and its error says so', async () => {
    const { client, environment, peer, settled } = http2Side();
    const server = await servedOnce(client, peer);
    const call = failureOf(client.post(url, { content: 'x' }), RemoteProtocolError);
    await settled();
    server.say(goaway(3, ENHANCE_YOUR_CALM)).socket.fin();
    expect(await call).toMatchObject({ sent: 'full', retryable: false });
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('a POST beyond it is', async () => {
    const { client, peer, settled } = http2Side();
    const server = await servedOnce(client, peer);
    const call = client.post(url, { content: 'x' });
    await settled();
    server.say(goaway(1, ENHANCE_YOUR_CALM)).socket.fin();
    (await peer(1)).say(hello(), head(1, 201, [], END_STREAM));
    expect((await call).statusCode).toBe(201);
  });
});

describe('debug data of GOAWAY', () => {
  test('is in the error of who was left out, bounded and fit to be seen', async () => {
    const { client, peer } = http2Side({ http1: false });
    const call = failureOf(client.get(url), RemoteProtocolError);
    (await peer()).say(hello(), goaway(0, HTTP_1_1_REQUIRED, `say "\x1b[2J\n\xe9"${'x'.repeat(500)}`));
    const { message } = await call;
    expect(message).toContain('HTTP_1_1_REQUIRED: "say \\"\\x1b[2J\\x0a\\xe9\\"xxx');
    expect(message.length).toBeLessThan(400);
  });
});

describe('what the peer did not process', () => {
  test('GOAWAY: what it accepted goes on, the rest moves to a new connection, a POST too', async () => {
    const { client, environment, peer, settled } = http2Side();
    const accepted = client.get(`${url}accepted`);
    const moved = client.post(`${url}moved`, { content: 'again' });
    const server = await peer();
    server.say(hello(), goaway(1, 0));
    const second = await peer(1);
    expect(second.heard()).toEqual(['HEADERS 1 POST /moved', 'DATA 1 5 END_STREAM']);
    second.say(hello(), head(1, 201, [], END_STREAM));
    expect((await moved).statusCode).toBe(201);
    expect(server.socket.closed).toBe(false);
    server.say(head(1, 200), data(1, 'drained', END_STREAM));
    expect((await accepted).text).toBe('drained');
    await settled();
    expect(server.socket.closed).toBe(true);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('GOAWAY with last stream 0: everything moves', async () => {
    const { client, peer } = http2Side({}, (each) => each.say(hello()));
    const calls = [client.get(`${url}a`), client.get(`${url}b`)];
    (await peer()).say(goaway(0, 0));
    const second = await peer(1);
    const heads = second.heard().filter((words) => words.startsWith('HEADERS'));
    expect(heads).toEqual(['HEADERS 1 END_STREAM GET /a', 'HEADERS 3 END_STREAM GET /b']);
    second.say(head(1, 200, [], END_STREAM), head(3, 200, [], END_STREAM));
    await Promise.all(calls);
  });

  test('REFUSED_STREAM moves a request; a body that cannot be sent again fails with what is known', async () => {
    const { client, peer } = http2Side();
    const moved = client.post(url, { content: 'again' });
    (await peer()).say(hello(), rstStream(1, REFUSED_STREAM));
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await moved).statusCode).toBe(200);
    const content = (async function* () {
      yield new Uint8Array(1);
    })();
    const failing = failureOf(client.post(url, { content }), RemoteProtocolError);
    (await peer(1)).say(rstStream(3, REFUSED_STREAM));
    expect(await failing).toMatchObject({ sent: 'full', retryable: false });
  });

  test('a peer that refuses again and again is asked four times', async () => {
    const { client, environment, peer } = http2Side();
    const call = failureOf(client.post(url, { content: 'x' }), RemoteProtocolError);
    for (let at = 0; at < 4; at++) (await peer(at)).say(hello(), rstStream(1, REFUSED_STREAM));
    expect(await call).toMatchObject({ sent: 'full', retryable: true });
    expect(environment.connector.sockets.length).toBe(4);
  });

  test('HTTP_1_1_REQUIRED: the request is sent over HTTP/1.1, where that is on', async () => {
    const { client, environment, peer, settled } = http2Side();
    const call = client.post(url, { content: 'again' });
    (await peer()).say(hello(), rstStream(1, HTTP_1_1_REQUIRED));
    await settled();
    const socket = environment.connector.socket(1);
    expect(socket.address.tls?.alpn).toEqual(['http/1.1']);
    expect(socket.written).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
    socket.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await call).httpVersion).toBe('HTTP/1.1');
  });

  test('a server that ends each connection after two requests gets all of twenty, POSTs too', async () => {
    const { client, environment, peer, peers, settled } = http2Side({ limits: { maxConnections: 1 } }, (each) =>
      each.say(hello()),
    );
    const calls = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? client.get(url) : client.post(url, { content: 'x' }),
    );
    await peer();
    for (let at = 0; at < 10; at++) {
      const server = await peer(at);
      server.say(goaway(3, 0));
      await settled();
      server.say(head(1, 200, [], END_STREAM), head(3, 200, [], END_STREAM));
      await settled();
    }
    expect((await Promise.all(calls)).map(({ statusCode }) => statusCode)).toEqual(calls.map(() => 200));
    expect(peers.length).toBe(10);
    expect(environment.connector.sockets.length).toBe(10);
  });

  test('REFUSED_STREAM after an interim response moves a request, too', async () => {
    const { client, peer } = http2Side();
    const call = client.post(url, { content: 'again' });
    (await peer()).say(hello(), head(1, 103), rstStream(1, REFUSED_STREAM));
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await call).statusCode).toBe(200);
  });

  test('GOAWAY with HTTP_1_1_REQUIRED is an error where HTTP/1.1 is off, and the request is not sent again', async () => {
    const { client, environment, peer } = http2Side({ http1: false });
    const call = failureOf(client.get(url), RemoteProtocolError);
    (await peer()).say(hello(), goaway(0, HTTP_1_1_REQUIRED));
    expect((await call).message).toContain('HTTP_1_1_REQUIRED');
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('HTTP_1_1_REQUIRED is an error where HTTP/1.1 is off', async () => {
    const { client, environment, peer } = http2Side({ http1: false });
    const call = failureOf(client.post(url, { content: 'x' }), RemoteProtocolError);
    (await peer()).say(hello(), rstStream(1, HTTP_1_1_REQUIRED));
    expect((await call).message).toContain('HTTP_1_1_REQUIRED');
    expect(environment.connector.sockets.length).toBe(1);
  });
});
