/**
 * src/core-http2.ts says what the records say: scripts are given to it in pieces of many sizes, lent or not, and what it calls
 * is held against what the driver of the flat ABI reads.
 */
import { describe, expect, test, vi } from 'vitest';
import type { Connection, Events, Head, RequestHead, StreamId } from '../../../src/core.js';
import { openHttp2 } from '../../../src/core-http2.js';
import { liveOctets } from '../../../src/core-instance.js';
import { Headers } from '../../../src/headers.js';
import { seeded } from '../../support/core-connection.js';
import { loadCore } from '../../support/core-module.js';
import { HOST, type Http2Driver, type Http2Entry, runHttp2 } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

const LIMITS = { headOctets: 65536, fields: 256, interim: 16 };
const GET: RequestHead = { method: 'GET', target: '/', block: HOST, open: 0, framing: null, protocol: null };

const linesOf = (head: Head | null): string =>
  head === null ? '' : Headers.fromWire(head.text, head.fields, head.known).multiItems().join(' ');

/** Keeps pieces of lent memory, every other one, as an exchange does. */
class Listener implements Events {
  readonly log: string[] = [];
  readonly kept: Uint8Array[] = [];
  readonly connection: Connection;
  #content = '';
  #stream = 0;
  #pieces = 0;

  constructor() {
    this.connection = openHttp2(LIMITS, 'https', (error) => {
      throw error;
    });
  }

  #say(line: string): void {
    this.flush();
    this.log.push(line);
  }

  flush(): void {
    if (this.#content !== '') this.log.push(`content ${this.#stream} ${this.#content}`);
    this.#content = '';
  }

  onHead(stream: StreamId, status: number, flags: number, head: Head): void {
    this.#say(`head ${stream} ${status} ${flags & 2047} ${linesOf(head)}`);
  }
  onInterim(stream: StreamId, status: number, head: Head): void {
    this.#say(`interim ${stream} ${status} ${linesOf(head)}`);
  }
  onData(stream: StreamId, bytes: Uint8Array, from: number, to: number, lent: boolean): boolean {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#content += Buffer.from(bytes.subarray(from, to)).toString('latin1');
    this.connection.release(stream, to - from);
    if (!lent || this.#pieces++ % 2 === 0) return false;
    this.kept.push(bytes.subarray(from, to));
    return true;
  }
  onEnd(stream: StreamId, _keepAlive: boolean, trailers: Head | null): void {
    this.#say(`end ${stream} ${linesOf(trailers)}`);
  }
  onWritable(stream: StreamId): void {
    this.#say(`writable ${stream}`);
  }
  onUpgrade(): void {}
  onReset(stream: StreamId, error: number, unprocessed: boolean): void {
    this.#say(`reset ${stream} ${error} ${unprocessed}`);
  }
  onGoaway(last: StreamId, code: number): void {
    this.#say(`goaway ${last} ${code}`);
  }
  onStreamsMax(streams: number): void {
    this.#say(`streams max ${streams}`);
  }
  onStreamError(stream: StreamId, _error: Error, rule: number): void {
    this.#say(`stream error ${stream} ${rule}`);
  }
  onError(_error: Error, rule: number): void {
    this.#say(`error ${rule}`);
  }
}

const fieldLines = (fields: readonly (readonly [string, string, number])[]): string =>
  fields.map(([name, value]) => `${name},${value}`).join(' ');

/** An entry of the driver's log as the listener writes it. */
function lineOf(entry: Http2Entry): string {
  switch (entry.kind) {
    case 'head':
      return `head ${entry.stream} ${entry.status} ${entry.flags} ${fieldLines(entry.fields)}`;
    case 'interim':
      return `interim ${entry.stream} ${entry.status} ${fieldLines(entry.fields)}`;
    case 'content':
      return `content ${entry.stream} ${entry.octets}`;
    case 'end':
      return `end ${entry.stream} ${fieldLines(entry.trailers)}`;
    case 'writable':
      return `writable ${entry.stream}`;
    case 'reset':
      return `reset ${entry.stream} ${entry.code} ${entry.unprocessed}`;
    case 'stream error':
      return `stream error ${entry.stream} ${entry.rule}`;
    case 'goaway':
      return `goaway ${entry.last} ${entry.code}`;
    case 'streams max':
      return `streams max ${entry.streams}`;
    case 'error':
      return `error ${entry.rule}`;
  }
}

const STREAMS = 40;
const fields: f.FieldPair[] = [
  ['x', 'y'],
  ['set-cookie', 'a=b'],
];
const block = Buffer.concat([f.block([[':status', '200']]), f.block(fields, true)]);
const again = Buffer.concat([f.block([[':status', '200']]), f.indexedFields(1, 0)]);

/** Frames of many streams, in an order that a seed gives. */
function script(seed: number): Buffer {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random.next().value * n);
  const frames: Buffer[] = [f.hello([f.SETTING.maxConcurrentStreams, 100])];
  const left = Array.from({ length: STREAMS }, (_, i) => ({ stream: 2 * i + 1, phase: 0 }));
  while (left.length > 0) {
    const at = below(left.length);
    const one = left[at] as { readonly stream: number; phase: number };
    const isLast = below(4) === 0;
    if (one.phase === 0) frames.push(f.headers(one.stream, frames.length === 1 ? block : again));
    else if (below(8) === 0)
      frames.push(f.paddedData(one.stream, 'p'.repeat(below(3000)), below(256), isLast ? f.END_STREAM : 0));
    else
      frames.push(
        f.data(
          one.stream,
          String.fromCharCode(97 + below(26)).repeat(below(below(8) === 0 ? 16384 : 1000)),
          isLast ? f.END_STREAM : 0,
        ),
      );
    if (below(10) === 0) frames.push(f.ping('pingpong'));
    if (one.phase++ > 0 && isLast) left.splice(at, 1);
  }
  return Buffer.concat([...frames, f.goaway(9, 0), f.frame(f.TYPE.ping, 0, 0, 'bad')]);
}

const SCRIPTS: readonly (readonly [string, Buffer])[] = [
  ...[1, 2, 3, 4].map((seed) => [`seed ${seed}`, script(seed)] as const),
  ['GOAWAY for all of them', Buffer.concat([f.hello(), f.goaway(0, 7)])],
  [
    'many responses without content',
    Buffer.concat([f.hello(), ...Array.from({ length: STREAMS }, (_, i) => f.head(2 * i + 1, 204, [], f.END_STREAM))]),
  ],
];

describe.each(SCRIPTS)('%s', (_name, octets) => {
  const begin = (driver: Http2Driver): void => {
    for (let i = 0; i < STREAMS; i++) driver.open();
  };
  const wanted = runHttp2(loadCore('release'), octets, begin).log.map(lineOf);

  test.each([29, 1000, 1024, 1033, 16384, 65536, 100_000, 10_000_000])('in pieces of %i octets', (most) => {
    const before = liveOctets();
    for (const lent of [false, true]) {
      const listener = new Listener();
      for (let i = 0; i < STREAMS; i++) listener.connection.open(GET, true);
      for (let at = 0; at < octets.length; at += most) {
        const piece = Uint8Array.prototype.slice.call(octets, at, at + most);
        const kept = listener.connection.receive(piece, piece.length, lent, 1, listener);
        expect(kept).toBe(listener.kept.at(-1)?.buffer === piece.buffer);
        listener.connection.takeOutput();
      }
      listener.flush();
      expect(listener.log).toEqual(wanted);
      // Of one read's memory one piece is kept at the most, so that each owner has memory of its own.
      expect(new Set(listener.kept.map(({ buffer }) => buffer)).size).toBe(listener.kept.length);
      listener.connection.free();
    }
    expect(liveOctets()).toBe(before);
  });
});

test('what is under way of a stream that is cancelled goes to nobody, and is released', () => {
  const listener = new Listener();
  const { connection } = listener;
  const stream = connection.open(GET, true);
  const other = connection.open(GET, true);
  const give = (octets: Uint8Array): boolean => connection.receive(octets, octets.length, false, 1, listener);
  give(Buffer.concat([f.hello(), f.head(stream, 200), f.data(stream, 'x'.repeat(10_000)).subarray(0, 4000)]));
  connection.cancel(stream);
  give(Buffer.concat([Buffer.alloc(6009, 'x'), f.data(stream, 'more'), f.head(other, 204, [], f.END_STREAM)]));
  listener.flush();
  expect(listener.log.map((line) => line.slice(0, 12))).toEqual([
    'streams max ',
    'head 1 200 0',
    'content 1 xx',
    'head 3 204 2',
    'end 3 ',
  ]);
  connection.free();
});

test('a connection that is freed answers as one that is closed', () => {
  const { connection } = new Listener();
  connection.free();
  connection.free();
  expect([connection.canOpen, connection.placesFree, connection.takeOutput()]).toEqual([false, 0, null]);
  expect(connection.closeReason).not.toBe(0);
  expect(() => connection.open(GET, true)).toThrow('the connection is busy or closed');
});

test('a request that cannot be sent says which rule it breaks', () => {
  const { connection } = new Listener();
  expect(() => connection.open({ ...GET, protocol: 'websocket', open: 2 }, false)).toThrow(
    'Cannot send the request: the peer takes no extended CONNECT (RFC 8441 §3)',
  );
  expect(() => connection.open({ ...GET, block: `${HOST}X: ${'y'.repeat(70_000)}\r\n` }, true)).toThrow(
    'the limit is 65536 octets',
  );
  const stream = connection.open({ ...GET, method: 'POST', block: `${HOST}Content-Length: 2\r\n` }, false);
  expect(() => connection.send(stream, 3)).toThrow('it is longer than its Content-Length (RFC 9113 §8.1.1)');
  expect(() => connection.end(stream, null)).toThrow('it is shorter than its Content-Length (RFC 9113 §8.1.1)');
  connection.free();
});

describe('a field that stands in a table of HPACK', () => {
  const fields: f.FieldPair[] = [
    ['x-long-enough-to-be-a-slice', 'a value that is long enough, too'],
    ['x-other', 'of the dynamic table'],
  ];

  /** Reads all fields of a head: what they are, and how many strings were cut for that. */
  function read(head: Head): { items: [string, string][]; cuts: number } {
    const cut = vi.spyOn(String.prototype, 'slice');
    const items = Headers.fromWire(head.text, head.fields, head.known).multiItems();
    const cuts = cut.mock.calls.length;
    cut.mockRestore();
    return { items, cuts };
  }

  test('makes its strings once, however often it comes', () => {
    const heads: Head[] = [];
    const listener = Object.assign(new Listener(), {
      onHead: (_stream: StreamId, _status: number, _flags: number, head: Head) => void heads.push(head),
    });
    const { connection } = listener;
    const answer = (block: readonly Buffer[]): void => {
      const frame = f.headers(connection.open(GET, true), Buffer.concat([Buffer.of(0x88), ...block]), f.END_STREAM);
      connection.receive(frame, frame.length, false, 1, listener);
    };
    const hello = f.hello();
    connection.receive(hello, hello.length, false, 1, listener);
    answer([f.block(fields, true)]);
    // The same, in another order each, and one that no table has.
    answer([f.indexedFields(0, 1), f.block([['x-literal', 'anew']])]);
    answer([f.indexedFields(1, 0), f.block([['x-literal', 'again']])]);
    const [first, second, third] = heads.map(read);
    expect(first?.items).toEqual(fields);
    expect(second?.items).toEqual([fields[1], fields[0], ['x-literal', 'anew']]);
    // Name and value of the literal.
    expect(third).toEqual({ items: [fields[0], fields[1], ['x-literal', 'again']], cuts: 2 });
    connection.free();
  });

  test('is not taken for another that came into its place', () => {
    const heads: Head[] = [];
    const listener = Object.assign(new Listener(), {
      onHead: (_stream: StreamId, _status: number, _flags: number, head: Head) => void heads.push(head),
    });
    const { connection } = listener;
    const hello = f.hello();
    connection.receive(hello, hello.length, false, 1, listener);
    for (let i = 0; i < 300; i++) {
      const block = Buffer.concat([Buffer.of(0x88), f.block([[`x-${i}`, `value ${i}`]], true)]);
      const frame = f.headers(connection.open(GET, true), block, f.END_STREAM);
      connection.receive(frame, frame.length, false, 1, listener);
    }
    for (const order of [heads, heads.toReversed()]) {
      const values = new Map(order.flatMap((head) => read(head).items));
      for (let i = 0; i < 300; i++) expect(values.get(`x-${i}`)).toBe(`value ${i}`);
    }
    connection.free();
  });
});
