/**
 * A socket that says that more of a body will come in the same turn: what came is one piece at the end of it, and nothing that
 * happens meanwhile loses, repeats or reorders octets.
 */
import { expect, test } from 'vitest';
import { isSettled } from '../support/client.js';
import { data, END_STREAM, head, hello } from '../support/http2-frames.js';
import { type Http2Peer, http2Side } from '../support/http2-peer.js';
import { patternOf } from '../support/octets.js';

const url = 'https://fake.invalid/';
const FIRST = patternOf(10_000);
const SECOND = patternOf(19_003).subarray(10_000);
const BOTH = Buffer.concat([FIRST, SECOND]);

/** A response whose body is still to come. */
async function streamed() {
  const side = http2Side({ limits: { maxConnections: 1 } });
  const call = side.client.stream('GET', url);
  const server = await side.peer();
  server.say(hello(), head(1, 200));
  const response = await call;
  return { ...side, server, response, pieces: response.aiterRaw() };
}

/** Octets in memory that is another's as soon as they were delivered, as from a socket that reads on in this turn. */
function sayOn({ socket }: Http2Peer, frame: Uint8Array): void {
  const bytes = Uint8Array.from(frame);
  socket.sink?.octets(bytes, bytes.length, false, true);
  bytes.fill(0xdd);
}

const endTurn = ({ socket }: Http2Peer): void => void socket.sink?.octets(new Uint8Array(0), 0, false);

test('who waits gets at the end of the turn what it brought, as one piece', async () => {
  const { server, pieces } = await streamed();
  const piece = pieces.next();
  sayOn(server, data(1, FIRST));
  sayOn(server, data(1, SECOND));
  expect(await isSettled(piece)).toBe(false);
  endTurn(server);
  expect(BOTH.equals((await piece).value as Uint8Array)).toBe(true);
});

test('who asks in the middle of a turn gets what is there, and then the rest', async () => {
  const { server, pieces } = await streamed();
  sayOn(server, data(1, FIRST));
  const first = await pieces.next();
  const second = pieces.next();
  sayOn(server, data(1, SECOND));
  expect(await isSettled(second)).toBe(false);
  endTurn(server);
  expect(BOTH.equals(Buffer.concat([first.value as Uint8Array, (await second).value as Uint8Array]))).toBe(true);
});

test('the end of a body is told at once, and the end of the turn adds nothing', async () => {
  const { client, server, pieces } = await streamed();
  const piece = pieces.next();
  sayOn(server, data(1, FIRST));
  sayOn(server, data(1, SECOND, END_STREAM));
  expect(BOTH.equals((await piece).value as Uint8Array)).toBe(true);
  expect((await pieces.next()).done).toBe(true);
  endTurn(server);
  const next = client.get(url);
  server.say(head(3, 204, [], END_STREAM));
  expect((await next).statusCode).toBe(204);
});

test('a response that is closed in the middle of a turn leaves its connection as it was', async () => {
  const { client, server, response } = await streamed();
  sayOn(server, data(1, FIRST));
  await response.aclose();
  endTurn(server);
  expect(server.heard()).toContain('RST_STREAM 1 CANCEL');
  const next = client.get(url);
  server.say(head(3, 204, [], END_STREAM));
  expect((await next).statusCode).toBe(204);
});

test('memory of one’s own is filled with what was there before, then with what comes', async () => {
  const { server, response } = await streamed();
  const reader = response.rawBody.getReader({ mode: 'byob' });
  const read: Uint8Array[] = [];
  const filled = async (): Promise<void> =>
    void read.push((await reader.read(new Uint8Array(12_000))).value as Uint8Array);
  sayOn(server, data(1, FIRST));
  await filled();
  const rest = filled();
  sayOn(server, data(1, SECOND));
  endTurn(server);
  await rest;
  expect(BOTH.equals(Buffer.concat(read))).toBe(true);
});

test('more than is buffered for a reader wakes it before the turn ends', async () => {
  const { server, pieces } = await streamed();
  const piece = pieces.next();
  const most = patternOf(16_384);
  for (let octets = 0; octets < 262_144; octets += most.length) sayOn(server, data(1, most));
  expect((await piece).value?.length).toBeGreaterThan(0);
});
