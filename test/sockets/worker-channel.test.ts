/** The worker's side alone, in this thread, on sockets in memory: what it does when a ring is full, a host slow, or all over. */
import { expect, test } from 'vitest';
import { ReadError, WriteError } from '../../src/exceptions.js';
import type { ToCaller, ToWorker } from '../../src/hosts/blocking-protocol.js';
import * as protocol from '../../src/hosts/blocking-protocol.js';
import { SocketWorker } from '../../src/hosts/blocking-worker.js';
import type { TlsTarget } from '../../src/hosts/socket.js';
import { FakeConnector, type FakeSocket } from '../support/fake-socket.js';
import { octetsOf, patternOf, textOf } from '../support/octets.js';
import { materialOf } from '../support/tls-material.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Bench {
  readonly connector = new FakeConnector();
  readonly said: ToCaller[] = [];
  readonly words = new Int32Array(new SharedArrayBuffer(protocol.LINK_WORDS * 4));
  readonly memory = new SharedArrayBuffer(protocol.CHANNEL_OCTETS);
  readonly parts = protocol.partsOf(this.memory);
  hasEnded = false;
  readonly worker = new SocketWorker({
    connector: this.connector,
    words: this.words,
    post: (message) => this.said.push(message),
    lookUp: async () => [{ address: '127.0.0.1', family: 4 }],
    nextTurn: (run) => void setImmediate(run),
    end: () => {
      this.hasEnded = true;
    },
  });

  async connected(): Promise<FakeSocket> {
    const nowhere = { uds: null, localAddress: null, socketOptions: null, addresses: null, asks: false, tls: null };
    this.worker.receive({ kind: 'connect', id: 1, memory: this.memory, host: 'h', port: 1, ...nowhere });
    await turn();
    expect(this.kinds).toEqual(['opened']);
    return this.connector.socket(0);
  }

  receive(message: ToWorker): void {
    this.worker.receive(message);
  }

  get kinds(): string[] {
    return this.said.map(({ kind }) => kind);
  }

  /** Puts octets as the caller does. */
  put(octets: string | Uint8Array): number {
    const put = this.parts.outbound.put(octetsOf(octets), 0, octets.length);
    if (Atomics.exchange(this.parts.words, protocol.OUT_RUNG, 1) === 0) this.receive(1);
    return put;
  }

  /** Takes octets as the caller does; `tells`: says so when the worker waits for room. */
  take(most: number, tells = true): Uint8Array {
    const taken: Uint8Array[] = [];
    let left = most;
    for (let piece = this.parts.inbound.first(left); piece.length > 0; piece = this.parts.inbound.first(left)) {
      taken.push(piece.slice());
      this.parts.inbound.taken(piece.length);
      left -= piece.length;
    }
    const { inbound, words } = this.parts;
    if (tells && Atomics.load(words, protocol.IN_STALLED) === 1 && inbound.room >= inbound.size / 2) {
      Atomics.store(words, protocol.IN_STALLED, 0);
      this.receive(1);
    }
    return Buffer.concat(taken);
  }
}

test('a full ring stops the socket; what was read and has no room is kept, in order, and so is the end', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  const octets = patternOf(protocol.IN_OCTETS + 1000);
  for (let at = 0; at < octets.length; at += 50_000) socket.say(octets.subarray(at, at + 50_000));
  await turn();
  expect([socket.reading, bench.parts.inbound.room]).toEqual([false, 0]);
  // A host may hand on what it had read already, and the failure of the socket.
  socket.sink?.octets(octetsOf('more'), 4, false);
  socket.sink?.ended(new ReadError('broken'));
  expect(bench.kinds).toEqual(['opened']);
  const heard = [bench.take(1000, false), bench.take(protocol.IN_OCTETS)];
  expect([bench.kinds, socket.reading]).toEqual([['opened', 'ended'], true]);
  heard.push(bench.take(protocol.IN_OCTETS));
  expect(textOf(Buffer.concat(heard))).toBe(`${textOf(octets)}more`);
  expect(bench.said[1]).toMatchObject({ id: 1, error: { name: 'ReadError', message: 'broken' } });
});

test('the caller is rung for what has come', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  const before = Atomics.load(bench.words, protocol.BELL);
  socket.say('x');
  await turn();
  expect(Atomics.load(bench.words, protocol.BELL)).toBeGreaterThan(before);
});

test('the caller is rung for each part of a piece that is larger than the ring', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  const octets = patternOf(protocol.IN_OCTETS * 4);
  socket.say(octets);
  await turn();
  const heard: Uint8Array[] = [];
  for (let part = 0; part < 4; part++) {
    expect(bench.parts.inbound.used).toBe(protocol.IN_OCTETS);
    const before = Atomics.load(bench.words, protocol.BELL);
    heard.push(bench.take(protocol.IN_OCTETS));
    if (part < 3) expect(Atomics.load(bench.words, protocol.BELL)).toBeGreaterThan(before);
  }
  expect([bench.parts.inbound.used, socket.reading]).toEqual([0, true]);
  expect(textOf(Buffer.concat(heard))).toBe(textOf(octets));
});

test('while the host has not sent what it was given, nothing more is taken out of the ring', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  socket.holdWrites();
  bench.put('first');
  bench.put('second');
  expect([socket.takeWritten(), bench.parts.outbound.used]).toEqual(['first', 6]);
  Atomics.store(bench.parts.words, protocol.OUT_STALLED, 1);
  socket.takeHeldWrites();
  await turn();
  expect([socket.takeWritten(), bench.parts.outbound.used]).toEqual(['second', 0]);
  expect(Atomics.load(bench.parts.words, protocol.OUT_STALLED)).toBe(0);
});

test('octets that wrap around leave in one write, and belong to the host', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  bench.put(patternOf(protocol.OUT_OCTETS - 2));
  socket.takeWritten();
  const written: [Uint8Array, Uint8Array | null][] = [];
  socket.write = (head, body) => void written.push([head as Uint8Array, body]);
  bench.put('wrapped');
  bench.put(patternOf(protocol.OUT_OCTETS));
  expect(written[0]?.map((piece) => textOf(piece as Uint8Array))).toEqual(['wr', 'apped']);
});

test('after a write that failed the rest of the ring goes nowhere, and that is told once', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  let writes = 0;
  socket.write = async () => {
    writes++;
    throw new WriteError('broken');
  };
  bench.put('a');
  await turn();
  bench.put('b');
  bench.put('c');
  await turn();
  expect([writes, bench.parts.outbound.used]).toEqual([1, 0]);
  expect(bench.kinds).toEqual(['opened', 'unsent']);
});

test('our end leaves after what was put before it', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  socket.holdWrites();
  bench.put('last');
  Atomics.store(bench.parts.words, protocol.OUT_ENDED, 1);
  bench.receive(1);
  expect(socket.writeClosed).toBe(false);
  socket.takeHeldWrites();
  await turn();
  expect([socket.writeClosed, Atomics.load(bench.parts.words, protocol.OUT_SENT)]).toEqual([true, 1]);
});

test('TLS starts after what was put in the clear has left', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  socket.holdWrites();
  bench.put('clear');
  bench.receive({ kind: 'options', id: 7, options: materialOf() });
  const tls = { hostname: 'h', serverName: null, alpn: [], verify: true, optionsId: 7, sessionsId: null };
  bench.receive({ kind: 'startTls', id: 1, tls });
  bench.put('secret');
  expect(socket.tls).toBeNull();
  socket.releaseWrites();
  await turn();
  await turn();
  expect((socket.tls as TlsTarget | null)?.hostname).toBe('h');
  expect([bench.kinds, socket.written]).toEqual([['opened', 'opened'], 'clearsecret']);
});

test('closing lets go of the channel and says so; so does the end of all', async () => {
  const bench = new Bench();
  const socket = await bench.connected();
  bench.receive({ kind: 'close', id: 1, leaves: false });
  expect([socket.closed, bench.kinds]).toEqual([true, ['opened', 'closed']]);
  expect(() => bench.receive(1)).toThrow('there is no channel 1');
  const other = new Bench();
  const open = await other.connected();
  other.receive({ kind: 'end' });
  expect([open.closed, other.hasEnded]).toEqual([true, true]);
});

test.each<[unknown, string]>([
  [{ kind: 'nonsense' }, 'of kind nonsense'],
  [{ kind: 'close', id: 9, leaves: false }, 'there is no channel 9'],
  [7, 'there is no channel 7'],
])('the message %o is a mistake', (message, why) => {
  expect(() => new Bench().receive(message as ToWorker)).toThrow(why);
});
