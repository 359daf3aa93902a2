/**
 * The write limit of an upload that goes on behind the head of a success, whose reader lets so much lie that the server may
 * be waiting for that: reading pauses (HTTP/1.1), or credit is not given back (HTTP/2).
 */
import { describe, expect, test } from 'vitest';
import { type AsyncResponse, StreamClosed, type TimeoutOptions, TotalTimeout } from '../../src/index.js';
import { errorOf, type FakeEnvironment, fakeEnvironment, openClient } from '../support/client.js';
import { data, hello, head as http2Head, windowUpdate } from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';

const TIMEOUT = { write: 100, read: null, pool: null, connect: null };
/** Too much to lie unread: one piece of HTTP/1.1, frames of HTTP/2. */
const UNREAD_OCTETS = 300_000;
const FRAME_OCTETS = 15_000;

/** An upload that its server does not take on, and the response that had begun before. */
interface Held {
  readonly environment: FakeEnvironment;
  readonly response: AsyncResponse;
  /** The upload's source was told that no more is wanted. */
  isCancelled(): boolean;
  /** The server says more, but takes no more. */
  say(text: string): void;
  /** The server takes the upload on; when it has come whole, ends the response. */
  takeAll(): Promise<void>;
}

function sourceOf(octets: number) {
  const told = { isCancelled: false };
  const content = (async function* () {
    let isWhole = false;
    try {
      yield new Uint8Array(octets);
      yield new Uint8Array(octets);
      isWhole = true;
    } finally {
      told.isCancelled = !isWhole;
    }
  })();
  return { content, told };
}

async function overHttp1(timeout: TimeoutOptions = TIMEOUT): Promise<Held> {
  const environment = fakeEnvironment();
  const client = openClient({ timeout }, environment);
  const { content, told } = sourceOf(10);
  environment.connector.onSocket = (socket) => socket.holdWrites();
  const call = client.stream('POST', 'http://fake.invalid/', { content });
  await environment.host.settled();
  const socket = environment.connector.socket(0);
  const unread = `${UNREAD_OCTETS.toString(16)}\r\n${'x'.repeat(UNREAD_OCTETS)}\r\n`;
  socket.takeHeldWrites();
  socket.say(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${unread}`);
  const response = await call;
  await environment.host.settled();
  expect(socket.reading).toBe(false);
  return {
    environment,
    response,
    isCancelled: () => told.isCancelled,
    say: (text) => void socket.say(`${text.length.toString(16)}\r\n${text}\r\n`),
    async takeAll() {
      socket.releaseWrites();
      await environment.host.settled();
      expect(socket.written.endsWith('0\r\n\r\n')).toBe(true);
      socket.say('0\r\n\r\n');
    },
  };
}

function unreadFrames(): Buffer[] {
  const frame = data(1, new Uint8Array(FRAME_OCTETS));
  return Array.from({ length: UNREAD_OCTETS / FRAME_OCTETS }, () => frame);
}

async function overHttp2(): Promise<Held> {
  const side = http2Side({ timeout: TIMEOUT }, (each) => each.say(hello()));
  const { content, told } = sourceOf(100_000);
  const call = side.client.stream('POST', 'https://fake.invalid/', { content });
  const server = await side.peer();
  server.say(http2Head(1, 200), ...unreadFrames());
  const response = await call;
  await side.settled();
  server.heard();
  expect(server.bodies.get(1)?.length).toBe(65_535);
  return {
    environment: side.environment,
    response,
    isCancelled: () => told.isCancelled,
    say: (text) => server.say(data(1, text)),
    async takeAll() {
      server.say(windowUpdate(0, 1_000_000), windowUpdate(1, 1_000_000));
      await side.settled();
      expect(server.heard().at(-1)).toBe('DATA 1 0 END_STREAM');
      server.say(data(1, '', 1));
    },
  };
}

/** All that came, piece by piece; nobody asks for more than that. */
async function takeUnread(pieces: AsyncIterator<Uint8Array>): Promise<void> {
  for (let octets = 0; octets < UNREAD_OCTETS; ) octets += ((await pieces.next()).value as Uint8Array).length;
}

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('AsyncClient over %s: the write limit of an upload', (_name, begin) => {
  test.each([
    ['the reader asks for more', true],
    ['all of the response is read', false],
  ])('begins anew when %s', async (_when, byPieces) => {
    const { environment, response, isCancelled } = await begin();
    const pieces = response.aiterRaw();
    await environment.host.advance(1050);
    if (byPieces) await takeUnread(pieces);
    const reading = errorOf(byPieces ? pieces.next() : response.aread());
    await environment.host.advance(99);
    expect(isCancelled()).toBe(false);
    await environment.host.advance(1);
    expect(isCancelled()).toBe(true);
    await response.aclose();
    expect(await reading).toBeInstanceOf(StreamClosed);
  });

  test('has not harmed an upload that was held up', async () => {
    const { environment, response, isCancelled, takeAll } = await begin();
    const pieces = response.aiterRaw();
    await environment.host.advance(1050);
    await takeUnread(pieces);
    const next = pieces.next();
    await environment.host.advance(99);
    await takeAll();
    expect((await next).done).toBe(true);
    expect(isCancelled()).toBe(false);
  });

  test('holds for a reader who takes what comes as it comes', async () => {
    const { environment, response, isCancelled, say } = await begin();
    const pieces = response.aiterRaw();
    await takeUnread(pieces);
    for (const text of ['one', 'two']) {
      const next = pieces.next();
      await environment.host.advance(40);
      say(text);
      expect((await next).value?.length).toBe(3);
    }
    const reading = errorOf(pieces.next());
    await environment.host.advance(19);
    expect(isCancelled()).toBe(false);
    await environment.host.advance(1);
    expect(isCancelled()).toBe(true);
    await response.aclose();
    expect(await reading).toBeInstanceOf(StreamClosed);
  });

  test('leaves it to closing the response to end what waits', async () => {
    const { environment, response, isCancelled } = await begin();
    await environment.host.advance(1050);
    expect(isCancelled()).toBe(false);
    await response.aclose();
    await environment.host.settled();
    expect(isCancelled()).toBe(true);
  });
});

describe('AsyncClient over HTTP/1.1, which reads no more until its reader asks', () => {
  test('the write limit waits while the reader holds the last piece that came', async () => {
    const { environment, response, isCancelled } = await overHttp1();
    const pieces = response.aiterRaw();
    await takeUnread(pieces);
    await environment.host.advance(1050);
    expect(isCancelled()).toBe(false);
    const reading = errorOf(pieces.next());
    await environment.host.advance(99);
    expect(isCancelled()).toBe(false);
    await environment.host.advance(1);
    expect(isCancelled()).toBe(true);
    await response.aclose();
    expect(await reading).toBeInstanceOf(StreamClosed);
  });

  test('the total time of the call ends what waits', async () => {
    const { environment, response, isCancelled } = await overHttp1({ ...TIMEOUT, total: 5000 });
    const pieces = response.aiterRaw();
    await takeUnread(pieces);
    await environment.host.advance(4999);
    expect(isCancelled()).toBe(false);
    await environment.host.advance(1);
    expect(isCancelled()).toBe(true);
    expect(await errorOf(pieces.next())).toBeInstanceOf(TotalTimeout);
  });
});

test('AsyncClient over HTTP/2: who has taken a piece holds nobody up, since the server may send as much again', async () => {
  const { environment, response, isCancelled } = await overHttp2();
  await environment.host.advance(1050);
  await takeUnread(response.aiterRaw());
  await environment.host.advance(99);
  expect(isCancelled()).toBe(false);
  await environment.host.advance(1);
  expect(isCancelled()).toBe(true);
});

test('AsyncClient over HTTP/2: to read does not put off a body that waits for 100 (Continue)', async () => {
  const { client, environment, peer, settled } = http2Side({ timeout: null }, (each) => each.say(hello()));
  const { content } = sourceOf(10);
  const call = client.stream('POST', 'https://fake.invalid/', { content, headers: { Expect: '100-continue' } });
  const server = await peer();
  server.say(http2Head(1, 200), ...unreadFrames());
  const response = await call;
  await settled();
  server.heard();
  await environment.host.advance(999);
  await takeUnread(response.aiterRaw());
  await settled();
  expect(server.bodies.get(1)).toBeUndefined();
  await environment.host.advance(1);
  server.heard();
  expect(server.bodies.get(1)?.length).toBe(20);
});
