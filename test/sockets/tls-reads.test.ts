/**
 * A body read piece by piece over TLS, whose records are gathered before they are delivered (hosts/node/sockets.ts): each
 * piece is the reader's own, whole and in order, and nothing stays behind when no more comes.
 */
import { beforeAll, expect, test } from 'vitest';
import { TransportError } from '../../src/index.js';
import { type Certificates, certificates } from '../support/certificates.js';
import { openClient } from '../support/client.js';
import { type Dialogue, dialogue, gate } from '../support/dialogue.js';
import { patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const RECORD_OCTETS = 16384;
/** The most that is gathered, and a reader is given at once. */
const GATHERED_OCTETS = 262144;

let made: Certificates;
beforeAll(async () => {
  made = await certificates();
});

/** The pieces of the body of a server's response, as they come. */
async function piecesOf(script: Dialogue): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
  const server = await serve(script, { tls: made.server });
  const response = await openClient({ verify: { ca: made.root.cert } }).stream('GET', server.url);
  return response.aiterRaw();
}

const headOf = (octets: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${octets}\r\n\r\n`;
const same = (pieces: readonly Uint8Array[], octets: Uint8Array): boolean => Buffer.concat(pieces).equals(octets);

test('pieces are of many records, and none beyond what is gathered', async () => {
  const body = patternOf(8_000_003);
  const kept: Uint8Array[] = [];
  for await (const piece of await piecesOf(dialogue().hear().say(headOf(body.length)).say(body))) kept.push(piece);
  expect(same(kept, body)).toBe(true);
  expect(Math.max(...kept.map(({ length }) => length))).toBeLessThanOrEqual(GATHERED_OCTETS);
  expect(new Set(kept.map(({ buffer }) => buffer)).size).toBe(kept.length);
});

test('a piece can be transferred while others come', async () => {
  const body = patternOf(3_000_000);
  const moved: Uint8Array[] = [];
  for await (const piece of await piecesOf(dialogue().hear().say(headOf(body.length)).say(body))) {
    moved.push(structuredClone(piece, { transfer: [piece.buffer] }));
  }
  expect(same(moved, body)).toBe(true);
});

test('records behind which nothing comes reach the reader, who owns their memory as well', async () => {
  const body = patternOf(9 * RECORD_OCTETS + 1);
  const goesOn = gate();
  const begun = 6 * RECORD_OCTETS;
  const script = dialogue()
    .hear()
    .say(headOf(body.length))
    .say(body.subarray(0, begun))
    .until(goesOn)
    .say(body.subarray(begun));
  const read: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of await piecesOf(script)) {
    octets += piece.length;
    read.push(structuredClone(piece, { transfer: [piece.buffer] }));
    if (octets === begun) goesOn.open();
  }
  expect(goesOn.isOpen).toBe(true);
  expect(same(read, body)).toBe(true);
});

test('what came before the end of the connection is read before the error', async () => {
  const body = patternOf(7 * RECORD_OCTETS);
  const read: Uint8Array[] = [];
  const reading = async (): Promise<void> => {
    const script = dialogue()
      .hear()
      .say(headOf(body.length + 1))
      .say(body)
      .fin();
    for await (const piece of await piecesOf(script)) read.push(piece);
  };
  await expect(reading()).rejects.toBeInstanceOf(TransportError);
  expect(same(read, body)).toBe(true);
});

test('a reader who is slow gets all of it', async () => {
  const body = patternOf(3_000_000);
  const read: Uint8Array[] = [];
  for await (const piece of await piecesOf(dialogue().hear().say(headOf(body.length)).say(body))) {
    read.push(piece);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(same(read, body)).toBe(true);
});

test('memory of one’s own can be filled between pieces', async () => {
  const body = patternOf(3_000_000);
  const server = await serve(dialogue().hear().say(headOf(body.length)).say(body), { tls: made.server });
  const response = await openClient({ verify: { ca: made.root.cert } }).stream('GET', server.url);
  const stream = response.body as ReadableStream<Uint8Array<ArrayBuffer>>;
  const read: Uint8Array[] = [];
  for (let isDone = false, turn = 0; !isDone; turn++) {
    const reader = turn % 2 === 0 ? stream.getReader() : stream.getReader({ mode: 'byob' });
    const result = await (reader instanceof ReadableStreamBYOBReader
      ? reader.read(new Uint8Array(10_000))
      : (reader as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>).read());
    if (result.value !== undefined) read.push(result.value);
    isDone = result.done;
    reader.releaseLock();
  }
  expect(same(read, body)).toBe(true);
});
