/** A socket that is left: what was written leaves, and the peer is heard out, within limits of time and of octets. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket as NetSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Socket } from '../../src/hosts/socket.js';
import { connectTo } from '../support/connect.js';

const LEAVING_MS = 1000;
const PIECE = new Uint8Array(1_048_576);

const cleanUp: (() => void)[] = [];
// The clock of the socket's limit stands still until it is moved.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  for (const end of cleanUp.splice(0)) end();
});

/** A socket, the host's own below it, and the other end, which ends its side when it is told to. */
async function pair() {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
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
  const host = socket.info('socket') as NetSocket;
  return { socket, peer, host, closed: new Promise<void>((resolve) => host.once('close', () => resolve())) };
}

/** Demanded by one who is told of nothing more once it is left. */
function hear(socket: Socket): unknown[] {
  const heard: unknown[] = [];
  socket.sink = {
    octets: (_bytes, length) => heard.push(length) * 0,
    ended: (error) => void heard.push(error),
  };
  socket.demand();
  return heard;
}

test('what was written arrives, then our end; the peer ends its side, and nothing is left', async () => {
  const { socket, peer, closed } = await pair();
  const heard = hear(socket);
  socket.write('farewell', null);
  socket.leave?.();
  expect(await text(peer)).toBe('farewell');
  peer.end('and to you');
  await closed;
  expect(heard).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a peer that does not end its side is left when the time is over', async () => {
  const { socket, peer, host, closed } = await pair();
  hear(socket);
  socket.leave?.();
  expect(await text(peer)).toBe('');
  vi.advanceTimersByTime(LEAVING_MS - 1);
  expect(host.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(host.destroyed).toBe(true);
  await closed;
});

test('a socket that is left again goes on as it was', async () => {
  const { socket, peer, host, closed } = await pair();
  hear(socket);
  socket.write('farewell', null);
  socket.leave?.();
  socket.leave?.();
  expect(host.destroyed).toBe(false);
  expect(vi.getTimerCount()).toBe(1);
  expect(await text(peer)).toBe('farewell');
  socket.leave?.();
  expect(host.destroyed).toBe(false);
  peer.end();
  await closed;
  socket.leave?.();
  expect(vi.getTimerCount()).toBe(0);
});

test('a socket that is closed once it was left is destroyed', async () => {
  const { socket, host, closed } = await pair();
  hear(socket);
  socket.leave?.();
  socket.close();
  expect(host.destroyed).toBe(true);
  await closed;
  expect(vi.getTimerCount()).toBe(0);
});

test('a peer that goes on sending is left before the time is over', async () => {
  const { socket, peer, closed } = await pair();
  hear(socket);
  const send = () => {
    if (peer.write(PIECE)) setImmediate(send);
    else peer.once('drain', send);
  };
  cleanUp.push(() => peer.off('drain', send));
  socket.leave?.();
  send();
  await closed;
});

test('a peer that did not read what piled up is not waited for', async () => {
  const { socket, peer, host } = await pair();
  hear(socket);
  peer.pause();
  for (let pieces = 0; host.writableLength === 0 && pieces < 256; pieces++)
    socket.write('', PIECE)?.then(undefined, () => {});
  expect(host.writableLength).toBeGreaterThan(0);
  socket.leave?.();
  expect(host.destroyed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a socket that has failed is closed', async () => {
  const { socket, peer, closed } = await pair();
  hear(socket);
  peer.resetAndDestroy();
  await closed;
  socket.leave?.();
  socket.leave?.();
  expect(vi.getTimerCount()).toBe(0);
});
