/**
 * What a client keeps of content that nobody reads, of as many streams as there may be, against a peer that sends whatever the
 * windows let it: counted from outside, in the memory of the process and of the core.
 */
import { expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { collected } from '../support/garbage.js';
import { GreedyPeer } from '../support/greedy-peer.js';
import type { WrittenFrame } from '../support/http2-driver.js';
import { head, hello, SETTING } from '../support/http2-frames.js';
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

test('120 bodies that nobody reads take 48 MiB and a little, and the one that is read comes whole', async () => {
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
