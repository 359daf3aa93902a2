/**
 * Content that a peer sends in the tiniest pieces while nobody reads it: SECURITY 3.4, and the same in chunks. What waits
 * costs about its octets; it comes out as it came, and credit is given for each octet once.
 */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { HttpConnection } from '../../src/connection.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { collected } from '../support/garbage.js';
import { data, END_STREAM, head, hello } from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';
import { patternOf } from '../support/octets.js';

const MIB = 1 << 20;
const OCTETS = 200_000;

/** What the process holds when garbage is gone. */
async function memoryInUse(): Promise<number> {
  let turns = 5;
  await collected(() => turns-- === 0);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Octets as pieces of `sizes` in turn, over and over. */
function piecesOf(octets: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0, turn = 0; from < octets.length; turn++) {
    const to = Math.min(octets.length, from + (sizes[turn % sizes.length] as number));
    pieces.push(octets.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** Says everything, in reads of about 64 KiB. */
function sayInReads(say: (octets: Buffer) => void, messages: Iterable<Uint8Array>): void {
  let read: Uint8Array[] = [];
  let octets = 0;
  for (const message of messages) {
    read.push(message);
    octets += message.length;
    if (octets < 65_536) continue;
    say(Buffer.concat(read));
    read = [];
    octets = 0;
  }
  say(Buffer.concat(read));
}

/** A response over HTTP/2 whose content came in pieces of these sizes, and is unread. */
async function unreadOverHttp2(content: Uint8Array, sizes: readonly number[], ended = true) {
  const side = http2Side({}, (server) => server.say(hello(), head(1, 200)));
  const response = await side.client.stream('GET', 'https://x.test/');
  const peer = await side.peer();
  const before = await memoryInUse();
  sayInReads(
    (octets) => peer.say(octets),
    piecesOf(content, sizes).map((piece) => data(1, piece)),
  );
  if (ended) peer.say(data(1, '', END_STREAM));
  await side.settled();
  return { ...side, response, peer, cost: (await memoryInUse()) - before };
}

const chunk = (piece: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);

/** The same in chunks, each in a read of its own: of one read the core makes one piece. */
async function unreadInChunks(content: Uint8Array, sizes: readonly number[]) {
  const environment = fakeEnvironment();
  const client = openClient({ timeout: null }, environment);
  environment.connector.onSocket = (socket) => {
    socket.onWritten = () => {
      socket.onWritten = null;
      socket.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    };
  };
  const response = await client.stream('GET', 'http://x.test/');
  const socket = environment.connector.sockets[0];
  const before = await memoryInUse();
  const chunks = piecesOf(content, sizes).map(chunk);
  for (let from = 0; from < chunks.length; from += 1000) {
    for (const octets of chunks.slice(from, from + 1000)) socket?.say(octets);
    await environment.host.settled();
  }
  socket?.say('0\r\n\r\n');
  await environment.host.settled();
  return { response, cost: (await memoryInUse()) - before };
}

const unread = [
  { name: 'DATA frames', unreadOf: unreadOverHttp2 },
  { name: 'chunks', unreadOf: unreadInChunks },
];

describe.each(unread)('SECURITY 3.4, $name that wait unread', ({ unreadOf }) => {
  test('200,000 of one octet cost less than 8 MiB, and come out as they came', async () => {
    const content = patternOf(OCTETS);
    const { response, cost } = await unreadOf(content, [1]);
    expect(cost).toBeLessThan(8 * MIB);
    expect(Buffer.compare(await response.aread(), content)).toBe(0);
  });

  test.each([
    ['tiny and large', [1, 1, 16_384, 2, 8192, 1, 8191, 700]],
    ['ever larger', [1, 10, 100, 1000, 10_000]],
    ['as large as a block', [1, 1024, 2048, 4096]],
  ])('%s ones keep their order, read whole or piece by piece', async (_what, sizes) => {
    const content = patternOf(OCTETS);
    expect(Buffer.compare(await (await unreadOf(content, sizes)).response.aread(), content)).toBe(0);
    const pieces: Uint8Array[] = [];
    const { response } = await unreadOf(content, sizes);
    for await (const piece of response.aiterRaw()) pieces.push(piece);
    expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
  });
});

describe('SECURITY 3.4, tiny DATA frames that are read', () => {
  test.each([
    ['read to the last', OCTETS],
    ['given up half-way', OCTETS / 2],
  ])('give credit for each octet once, %s', async (_how, wanted) => {
    const { response } = await unreadOverHttp2(patternOf(OCTETS), [1], false);
    const release = vi.spyOn(HttpConnection.prototype, 'release');
    onTestFinished(() => release.mockRestore());
    const credit = () => release.mock.calls.reduce((sum, [, octets]) => sum + octets, 0);
    expect(credit()).toBe(0);
    let read = 0;
    for await (const piece of response.aiterRaw()) {
      read += piece.length;
      expect([credit(), response.numBytesDownloaded]).toEqual([read, read]);
      if (read >= wanted) break;
    }
    await response.aclose();
    expect(credit()).toBe(OCTETS);
  });

  test('what was handed out does not change when more comes, and holds no more than twice its octets', async () => {
    const content = patternOf(6000);
    const { response, peer, settled } = await unreadOverHttp2(content.subarray(0, 5), [1], false);
    const pieces: Uint8Array[] = [];
    const iterator = response.aiterRaw();
    let said = 5;
    let taken = 0;
    for (const count of [2, 600, 3, 1300, 40]) {
      while (taken < said) {
        const { value } = await iterator.next();
        pieces.push(value as Uint8Array);
        taken += (value as Uint8Array).length;
      }
      const more = content.subarray(said, said + count);
      said += count;
      peer.say(...piecesOf(more, [1]).map((piece) => data(1, piece)));
      await settled();
    }
    peer.say(data(1, content.subarray(said), END_STREAM));
    for await (const piece of iterator) pieces.push(piece);
    expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
    for (const piece of pieces) {
      expect(piece.buffer.byteLength).toBeLessThanOrEqual(2 * piece.length);
    }
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(pieces.length);
  });
});
