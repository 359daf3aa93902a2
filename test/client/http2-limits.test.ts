/**
 * The peer's limit on concurrent streams (RFC 9113 §5.1.2): before it is known one stream is open and no more, so that no
 * call is refused for it; then as many as it says.
 */
import { describe, expect, test } from 'vitest';
import { ConnectTimeout, PoolTimeout, ReadTimeout, type Response } from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { END_STREAM, goaway, head, hello, rstStream, SETTING, settings, settingsAck } from '../support/http2-frames.js';
import { type Http2Peer, http2Side } from '../support/http2-peer.js';
import { openHttp2Server } from '../support/http2-server.js';

const url = 'https://fake.invalid/';
const REFUSED_STREAM = 7;

/** A body that can be read but once; what became of it. */
function onceOnly() {
  const seen = { begun: false, over: false };
  const content = (async function* () {
    seen.begun = true;
    try {
      yield new Uint8Array(3);
      yield new Uint8Array(4);
    } finally {
      seen.over = true;
    }
  })();
  return { content, seen };
}

/** Frames that open streams. */
const opened = (peer: Http2Peer): number => peer.heard().filter((words) => words.startsWith('HEADERS')).length;

describe('a connection whose limit is not known', () => {
  test('has one stream; the others go when it is', async () => {
    const { client, environment, peer, settled } = http2Side();
    const calls = Array.from({ length: 20 }, (_, i) => client.get(`${url}${i}`));
    const server = await peer();
    expect(server.heard()).toEqual(['HEADERS 1 END_STREAM GET /0']);
    server.say(hello([SETTING.maxConcurrentStreams, 50]));
    await settled();
    expect(opened(server)).toBe(19);
    server.say(...calls.map((_, i) => head(2 * i + 1, 200, [], END_STREAM)));
    await Promise.all(calls);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('gives the place of one that is aborted to the next', async () => {
    const { client, peer, settled } = http2Side();
    const controller = new AbortController();
    const first = client.get(`${url}1`, { signal: controller.signal });
    const second = client.get(`${url}2`);
    const server = await peer();
    expect(opened(server)).toBe(1);
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await settled();
    expect(server.heard()).toEqual(['RST_STREAM 1 CANCEL', 'HEADERS 3 END_STREAM GET /2']);
    server.say(hello(), head(3, 200, [], END_STREAM));
    expect((await second).statusCode).toBe(200);
  });

  test('is waited for as long as connecting may take, anew from when it was made; who is on it is not stalled', async () => {
    const { client, environment, peer, settled } = http2Side({ timeout: { connect: 1000, read: 5000 } });
    environment.connector.manual = true;
    const first = client.get(`${url}1`);
    const second = failureOf(client.get(`${url}2`), ConnectTimeout);
    await environment.host.advance(900);
    environment.connector.attempts[0]?.succeed();
    const server = await peer();
    await environment.host.advance(900);
    await settled();
    expect(opened(server)).toBe(1);
    await environment.host.advance(200);
    expect((await second).message).toMatch(/not ready after 1000 ms \(timeout\.connect\) \[GET \S+2\]$/);
    server.say(hello(), head(1, 200, [], END_STREAM));
    expect((await first).statusCode).toBe(200);
  });

  test('does not make who comes later wait for its SETTINGS where one stream is all that a connection has', async () => {
    const { client, environment, peer, settled } = http2Side();
    const first = client.get(`${url}1`);
    (await peer()).say(hello([SETTING.maxConcurrentStreams, 1]));
    await settled();
    const second = client.get(`${url}2`);
    await settled();
    const third = client.get(`${url}3`);
    await settled();
    expect(environment.connector.sockets.length).toBe(3);
    for (const call of [first, second, third]) call.catch(() => {});
  });
});

describe('a connection whose peer takes no stream for now', () => {
  const NONE = [SETTING.maxConcurrentStreams, 0] as const;
  const TEN = [SETTING.maxConcurrentStreams, 10] as const;

  /** A client with `calls` calls under way, of which the first was refused by a peer whose first SETTINGS allow none. */
  async function refused(calls: number, options: Parameters<typeof http2Side>[0] = {}) {
    const side = http2Side(options);
    const responses = Array.from({ length: calls }, (_, i) => side.client.get(`${url}${i}`));
    const server = await side.peer();
    server.say(hello(NONE), rstStream(1, REFUSED_STREAM));
    await side.settled();
    return { ...side, server, responses };
  }

  test('is waited for by all, also by who was refused on it; no other is made', async () => {
    const { environment, server, responses, settled } = await refused(3);
    expect(server.socket.closed).toBe(false);
    server.heard();
    server.say(settings(TEN));
    await settled();
    expect(opened(server)).toBe(3);
    server.say(head(3, 200, [], END_STREAM), head(5, 200, [], END_STREAM), head(7, 200, [], END_STREAM));
    expect((await Promise.all(responses)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('is waited for where it was idle, too', async () => {
    const { client, environment, peer, settled } = http2Side();
    const first = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await first;
    server.say(settings(NONE));
    await settled();
    const calls = [client.get(url), client.post(url, { content: 'x' })];
    await settled();
    server.heard();
    expect(environment.connector.sockets.length).toBe(1);
    server.say(settings(TEN));
    await settled();
    expect(opened(server)).toBe(2);
    server.say(head(3, 200, [], END_STREAM), head(5, 200, [], END_STREAM));
    await Promise.all(calls);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('is waited for by who looked at it while it was told so', async () => {
    const { client, environment, peer, settled } = http2Side();
    const first = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await first;
    server.heard();
    server.say(settings(NONE));
    const call = client.post(url, { content: 'x' });
    await settled();
    expect(opened(server)).toBe(0);
    server.say(settings(TEN));
    await settled();
    server.say(head(3, 200, [], END_STREAM));
    expect((await call).statusCode).toBe(200);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('is waited for as long as the pool may take, and the error names the limit', async () => {
    const timeout = { connect: 200, pool: 1000 };
    const { environment, responses, settled } = await refused(2, { timeout });
    const failures = responses.map((response) => failureOf(response, PoolTimeout));
    await environment.host.advance(900);
    await settled();
    await environment.host.advance(200);
    for (const failure of failures) expect((await failure).message).toContain('SETTINGS_MAX_CONCURRENT_STREAMS: 0');
    expect(environment.connector.sockets.length).toBe(1);
  });

  test.each([
    ['expires', { keepaliveExpiry: '1s' }],
    ['is closed by its peer', { keepaliveExpiry: '9s' }],
  ] as const)('gives who waits a new one when it %s', async (how, limits) => {
    const { environment, peer, server, responses, settled } = await refused(2, { limits });
    if (how === 'expires') await environment.host.advance(1100);
    else server.socket.fin();
    const next = (await peer(1)).say(hello());
    await settled();
    next.say(head(1, 200, [], END_STREAM), head(3, 200, [], END_STREAM));
    expect((await Promise.all(responses)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(server.socket.closed).toBe(true);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('gives room to other origins where the pool is full, and who waits a new one after that', async () => {
    const { client, environment, peer, server, responses } = await refused(1, { limits: { maxConnections: 1 } });
    const other = client.get('https://other.invalid/');
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await other).statusCode).toBe(200);
    expect(server.socket.closed).toBe(true);
    (await peer(2)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await responses[0])?.statusCode).toBe(200);
    expect(environment.connector.sockets.length).toBe(3);
  });
});

test('a connection on which SETTINGS were acknowledged until a request timed out serves others', async () => {
  const { client, environment, peer, settled } = http2Side({ timeout: { read: 300 } });
  const first = failureOf(client.get(url), ReadTimeout);
  const server = await peer();
  await environment.host.advance(30);
  server.say(settings());
  server.say(settingsAck());
  await environment.host.advance(300);
  await first;
  const second = client.get(url);
  await settled();
  server.say(head(3, 200, [], END_STREAM));
  expect((await second).statusCode).toBe(200);
});

test('a connection on which nothing but SETTINGS came until a request timed out serves no other', async () => {
  const { client, environment, peer, settled } = http2Side({ timeout: { read: 300 } });
  const first = failureOf(client.get(url), ReadTimeout);
  const server = await peer();
  await environment.host.advance(30);
  server.say(hello());
  await environment.host.advance(300);
  await first;
  const second = client.get(url);
  await settled();
  (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
  expect((await second).statusCode).toBe(200);
});

describe('a body that can be read but once', () => {
  test('is not begun before the limit is known, its head goes at once', async () => {
    const { client, peer, settled } = http2Side();
    const { content, seen } = onceOnly();
    const call = client.post(url, { content });
    const server = await peer();
    expect(server.heard()).toEqual(['HEADERS 1 POST /']);
    expect(seen.begun).toBe(false);
    server.say(hello());
    await settled();
    expect(server.heard()).toEqual(['SETTINGS ACK', 'DATA 1 3', 'DATA 1 4', 'DATA 1 0 END_STREAM']);
    server.say(head(1, 200, [], END_STREAM));
    expect((await call).statusCode).toBe(200);
  });

  test('goes after a second where the peer does not say', async () => {
    const { client, environment, peer } = http2Side();
    const { content } = onceOnly();
    const call = client.post(url, { content });
    const server = await peer();
    server.heard();
    await environment.host.advance(999);
    expect(server.heard()).toEqual([]);
    await environment.host.advance(1);
    expect(server.heard()).toEqual(['DATA 1 3', 'DATA 1 4', 'DATA 1 0 END_STREAM']);
    server.say(hello(), head(1, 200, [], END_STREAM));
    await call;
  });

  test.each([
    ['REFUSED_STREAM', rstStream(1, REFUSED_STREAM)],
    ['GOAWAY', goaway(0, 0)],
  ])('moves with its request at %s, since nothing of it was read', async (_name, refusal) => {
    const { client, peer } = http2Side();
    const { content, seen } = onceOnly();
    const call = client.post(url, { content });
    (await peer(0)).say(hello(), refusal);
    (await peer(1)).say(hello());
    const second = await peer(1);
    expect(second.heard().filter((words) => !words.startsWith('SETTINGS'))).toEqual([
      'HEADERS 1 POST /',
      'DATA 1 3',
      'DATA 1 4',
      'DATA 1 0 END_STREAM',
    ]);
    second.say(head(1, 200, [], END_STREAM));
    expect((await call).statusCode).toBe(200);
    expect(seen.over).toBe(true);
  });

  test('is given up with a call that ends before it began', async () => {
    const { client, peer } = http2Side();
    let reason: unknown = null;
    const cancel = (why: unknown) => {
      reason = why;
    };
    const content = new ReadableStream<Uint8Array>({ cancel }, { highWaterMark: 0 });
    const controller = new AbortController();
    const call = client.post(url, { content, signal: controller.signal });
    await peer();
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(reason).toMatchObject({ message: 'enough' });
  });
});

describe.each([1, 2, 10])('a peer of node:http2 that takes %i streams at a time', (maxConcurrentStreams) => {
  test('answers each of 200 calls of a burst, over all the connections that the pool may have and over one', async () => {
    for (const maxConnections of [100, 1]) {
      const server = await openHttp2Server({ maxConcurrentStreams });
      const client = openClient({ http1: false, http2: true, limits: { maxConnections }, timeout: '30s' });
      const base = `http://127.0.0.1:${server.port}`;
      const calls = Array.from({ length: 200 }, (_, i) =>
        i % 5 === 4 ? client.post(`${base}/count`, { content: onceOnly().content }) : client.get(`${base}/${i}`),
      );
      const texts = (await Promise.all(calls)).map(({ text }) => text);
      expect(texts).toEqual(calls.map((_, i) => (i % 5 === 4 ? '7' : `/${i}`)));
      const { streams, mostAtOnce, sessions } = await server.facts();
      expect(streams).toBe(200);
      expect(mostAtOnce).toBeLessThanOrEqual(maxConcurrentStreams);
      expect(sessions).toBeLessThanOrEqual(maxConnections);
      await client.aclose();
    }
  });

  test.each(clients)('of $name: responses that stay open, each on a stream that there is', async (kind) => {
    const server = await openHttp2Server({ maxConcurrentStreams });
    const client = kind.open({ http1: false, http2: true, timeout: '30s' });
    const responses: Response[] = [];
    for (let i = 0; i < 25; i++) {
      const response = await client.stream('GET', `http://127.0.0.1:${server.port}/open`);
      responses.push(response as Response);
    }
    const { sessions, mostAtOnce, streams } = await server.facts();
    expect(mostAtOnce).toBe(maxConcurrentStreams);
    expect(sessions).toBe(Math.ceil(25 / maxConcurrentStreams));
    expect(streams).toBe(25);
    for (const response of responses) await kind.close(response);
    await expect.poll(async () => (await server.facts()).streamsOpen, { timeout: 30_000 }).toBe(0);
    expect((await client.get(`http://127.0.0.1:${server.port}/after`)).text).toBe('/after');
  });
});
