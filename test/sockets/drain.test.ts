/** What a write answers: nothing if the host took all of it, else a promise of that. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket as NetSocket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WriteError } from '../../src/index.js';
import { connectTo } from '../support/connect.js';

const MIB = 1048576;
/** More than any kernel buffers for a peer that does not read. */
const WRITES_MAX = 256;

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

/** A socket, and the other end of it, which does not read until it is resumed. */
async function pair() {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[NetSocket]>;
  const socket = await connectTo((server.address() as AddressInfo).port);
  const [peer] = await accepted;
  peer.on('error', () => {});
  cleanUp.push(() => {
    socket.close();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

/** Writes until the kernel's buffers are full; the promise that this answers. */
function fill(socket: Awaited<ReturnType<typeof connectTo>>): PromiseLike<void> {
  const piece = new Uint8Array(MIB);
  for (let i = 0; i < WRITES_MAX; i++) {
    const answer = socket.write('', piece);
    if (answer !== undefined) return answer;
  }
  throw new Error(`Cannot fill the buffers: ${WRITES_MAX} MiB were taken`);
}

test('a write that the kernel takes at once is not waited for, however large it is', async () => {
  const { socket } = await pair();
  expect(socket.write('head', new Uint8Array(100_000))).toBeUndefined();
});

test('a write that does not fit is a promise, kept when the peer reads', async () => {
  const { socket, peer } = await pair();
  let taken = false;
  const first = fill(socket).then(() => {
    taken = true;
  });
  const second = socket.write('more', null);
  expect(second).toBeInstanceOf(Promise);
  expect(taken).toBe(false);
  peer.resume();
  await Promise.all([first, second]);
  expect(socket.write('again', null)).toBeUndefined();
});

test('a write that waits fails when the connection closes, and so does each after that', async () => {
  const { socket, peer } = await pair();
  const waiting = Promise.resolve(fill(socket));
  peer.resetAndDestroy();
  await expect(waiting).rejects.toBeInstanceOf(WriteError);
  await expect(socket.write('more', null)).rejects.toThrow('Cannot send to 127.0.0.1:');
});
