/**
 * What a client keeps of content that nobody reads, of as many streams as there may be, against a peer that sends whatever the
 * windows let it: counted from outside, in the memory of the process and of the core.
 */
import { expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { RemoteProtocolError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { collected } from '../support/garbage.js';
import { GreedyPeer } from '../support/greedy-peer.js';
import type { WrittenFrame } from '../support/http2-driver.js';
import { data, head, hello, ping, SETTING, settings, times } from '../support/http2-frames.js';
import { type Http2Peer, http2Side } from '../support/http2-peer.js';

const url = 'https://fake.invalid/';
const MEBIBYTE = 1024 * 1024;
const STREAMS = 120;
/** What is read of the one that is: several narrow windows. */
const READ_OCTETS = MEBIBYTE / 2;
/** 48 MiB, a narrow window of each stream, and what holds them. */
const OCTETS_MAX = 72 * MEBIBYTE;

/** Octets of buffers that somebody holds. */
async function bufferOctets(): Promise<number> {
  await collected(() => false);
  return process.memoryUsage().arrayBuffers;
}

/** Hears what was written, in words that the greedy one understands. */
function heardBy(server: Http2Peer): () => WrittenFrame[] {
  const frames: WrittenFrame[] = [];
  return () => {
    frames.push(...server.take().map((frame) => ({ ...frame, payload: frame.payload.toString('hex') })));
    return frames;
  };
}

test('120 bodies that nobody reads take 48 MiB and a little, and one beside them comes whole', {
  timeout: 180_000,
}, async () => {
  const { client, peer, settled } = http2Side({ limits: { maxConnections: 1 } });
  const first = client.stream('GET', url);
  const server = await peer();
  server.say(hello([SETTING.maxConcurrentStreams, 1000]), head(1, 200));
  const responses = [await first];
  const calls = Array.from({ length: STREAMS }, () => client.stream('GET', url));
  await settled();
  server.say(...calls.map((_, i) => head(2 * i + 3, 200)));
  responses.push(...(await Promise.all(calls)));
  const [held, liveBefore] = [await bufferOctets(), liveOctets()];
  const greedy = new GreedyPeer();
  const frames = heardBy(server);
  greedy.hear(frames());
  const reader = 2 * STREAMS + 1;
  const unread = Array.from({ length: STREAMS }, (_, i) => 2 * i + 1);
  let taken = 0;
  const reading = (async () => {
    for await (const piece of responses.at(-1)?.aiterRaw() ?? []) {
      taken += piece.length;
      if (taken >= READ_OCTETS) break;
    }
  })();
  for (let round = 0; taken < READ_OCTETS && round < 2000; round++) {
    const said = [greedy.say(unread), greedy.say([reader]), greedy.hear(frames())].filter(({ length }) => length > 0);
    for (const octets of said) server.socket.say(octets);
    await settled();
  }
  await reading;
  expect(taken).toBeGreaterThanOrEqual(READ_OCTETS);
  expect(greedy.sent - taken).toBeGreaterThan(32 * MEBIBYTE);
  expect((await bufferOctets()) - held).toBeLessThan(OCTETS_MAX);
  expect(liveOctets() - liveBefore).toBeLessThan(MEBIBYTE);
  for (const response of responses) await response.aclose();
  expect(responses.length).toBe(STREAMS + 1);
});

test.each([
  ['PING', ping('12345678')],
  ['SETTINGS', settings([SETTING.maxConcurrentStreams, 7])],
])('a peer that sends DATA and %s, and reads nothing, is left with an error', async (_name, asked) => {
  const { client, environment, peer, settled } = http2Side();
  const call = client.stream('GET', url);
  const server = await peer();
  server.say(hello(), head(1, 200));
  const response = await call;
  const reading = failureOf(response.aread(), RemoteProtocolError);
  await settled();
  const live = liveOctets();
  server.socket.holdWrites();
  let most = 0;
  for (let i = 0; i < 100 && !server.socket.closed; i++) {
    server.say(times(50, Buffer.concat([data(1, new Uint8Array(1024)), asked])));
    await settled();
    most = Math.max(most, liveOctets() - live);
  }
  const { message, retryable } = await reading;
  expect(message).toContain('expected the peer to read what it is answered');
  expect(message).toContain('1000 frames');
  expect(retryable).toBe(false);
  expect(server.socket.closed).toBe(true);
  expect(most).toBeLessThan(MEBIBYTE);
  expect(environment.connector.sockets.length).toBe(1);
});
