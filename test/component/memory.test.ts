/** What the component holds: nothing when its resources are gone, no more after 10,000 calls, and answers without memory. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  COMPONENT_BUILDS,
  type Component,
  type Connection,
  type ContentDecoder,
  fieldsOf,
  loadComponent,
  octets,
  refusalOf,
} from '../support/component.js';

const LIMITS = { octets: 65536, fields: 256, interim: 16 };
const FIELDS = { tableOctets: 4096, listOctets: 65536, fields: 256 };
const RESPONSE = octets(
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Long: ${'x'.repeat(500)}\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
);
const GZIP = gzipSync(Buffer.alloc(100_000, 'to and fro '));
const REQUEST = {
  method: octets('GET'),
  target: octets('/'),
  scheme: 'http',
  fields: fieldsOf([['Host', 'example.org']]),
  isComplete: true,
} as const;

/** One of each thing that the component does. */
function once({ connections, hpack, codings }: Component): void {
  using connection: Connection = new connections.Connection('http1', LIMITS);
  connection.open(REQUEST);
  connection.takeOutput();
  for (let at = 0; at < RESPONSE.length; at += 100) connection.receive(RESPONSE.subarray(at, at + 100), 0);
  using other: Connection = new connections.Connection('http2', LIMITS);
  other.open(REQUEST);
  other.takeOutput();
  other.receiveEnd();
  using encoder = new hpack.FieldEncoder(4096);
  using decoder = new hpack.FieldDecoder(FIELDS);
  decoder.decode(encoder.encode([{ ...fieldsOf([['x-a', 'b']])[0], isNeverIndexed: false } as never]));
  using content: ContentDecoder = new codings.ContentDecoder('gzip', {});
  for (let at = 0, more = true; more; ) {
    const { taken, progress } = content.decode(GZIP.subarray(at));
    at += taken;
    more = progress.tag === 'has-output';
  }
  content.end();
}

describe.each(COMPONENT_BUILDS)('memory of the component, build %s', async (build) => {
  const component = await loadComponent(build);
  const { memory } = component;

  test('10,000 calls leave nothing behind, and the memory no larger', { timeout: 120_000 }, () => {
    // The second time finds the heap as the first has left it, not as it was; from then on nothing may differ.
    for (let i = 0; i < 5; i++) once(component);
    const { byteLength } = component.linear.buffer;
    for (let i = 0; i < 500; i++) once(component);
    expect(memory.liveOctets()).toBe(0);
    expect(component.linear.buffer.byteLength).toBe(byteLength);
  });

  test('a connection that is held through 10,000 calls holds no more for it', () => {
    using connection: Connection = new component.connections.Connection('http1', LIMITS);
    const round = (): void => {
      connection.open(REQUEST);
      connection.takeOutput();
      connection.receive(RESPONSE, 0);
      connection.closeReason();
    };
    round();
    const live = memory.liveOctets();
    for (let i = 0; i < 2500; i++) round();
    expect(memory.liveOctets()).toBe(live);
  });

  test('a large argument is given back with its call', () => {
    using connection: Connection = new component.connections.Connection('http1', LIMITS);
    connection.open(REQUEST);
    connection.receive(octets('HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n'), 0);
    const live = memory.liveOctets();
    const [event] = connection.receive(new Uint8Array(3_000_000), 0);
    expect(event?.tag).toBe('data');
    expect(memory.liveOctets()).toBe(live);
  });

  test('without memory everything is an answer, and no call traps', { timeout: 60_000 }, () => {
    let answered = 0;
    for (let allocations = 0; allocations < 60; allocations++) {
      // What the host hands over needs the first chunk of each call: that is there. What comes then may fail.
      using connection: Connection = new component.connections.Connection('http1', LIMITS);
      connection.open(REQUEST);
      memory.failAllocationsAfter(1 + (allocations % 3));
      const events = connection.receive(RESPONSE.subarray(0, 60 + allocations * 5), 0);
      memory.failAllocationsAfter();
      if (
        events.some(({ tag, val }) => tag === 'error' && (val as { fault: { rule: string } }).fault.rule === 'memory')
      ) {
        answered++;
      }
    }
    expect(answered).toBeGreaterThan(0);
    expect(memory.liveOctets()).toBe(0);
  });

  test('resources that there is no memory for say so, and can be dropped', () => {
    memory.failAllocationsAfter(0);
    const connection: Connection = new component.connections.Connection('http2', LIMITS);
    const decoder = new component.hpack.FieldDecoder(FIELDS);
    const encoder = new component.hpack.FieldEncoder(4096);
    const contents = ['gzip', 'zstd'].map((coding) => new component.codings.ContentDecoder(coding, {}));
    memory.failAllocationsAfter();
    expect(refusalOf(() => connection.open(REQUEST))).toEqual({ tag: 'memory' });
    expect(connection.receive(RESPONSE, 0)).toMatchObject([{ tag: 'error', val: { fault: { rule: 'memory' } } }]);
    expect(connection.receiveEnd()).toMatchObject([{ tag: 'error', val: { fault: { rule: 'memory' } } }]);
    expect(connection.takeOutput().length).toBe(0);
    expect([connection.placesFree(), connection.canConnectProtocol(), connection.closeReason()]).toEqual([
      0,
      false,
      undefined,
    ]);
    connection.cancel(1);
    connection.release(1, 1);
    connection.want(1);
    connection.goAway();
    expect(refusalOf(() => connection.send(1, 1))).toEqual({ tag: 'memory' });
    expect(refusalOf(() => connection.end(1, []))).toEqual({ tag: 'memory' });
    expect(refusalOf(() => decoder.decode(Uint8Array.of(0x82)))).toMatchObject({ rule: 'memory' });
    expect(refusalOf(() => encoder.encode([]))).toMatchObject({ rule: 'memory' });
    decoder.allow(10);
    encoder.allow(10);
    for (const content of contents) {
      expect(content.decode(GZIP).progress).toMatchObject({ tag: 'broken', val: { rule: 'coding-memory' } });
      expect(refusalOf(() => content.end())).toMatchObject({ rule: 'coding-memory' });
    }
    for (const resource of [connection, decoder, encoder, ...contents]) resource[Symbol.dispose]();
    expect(memory.liveOctets()).toBe(0);
  });

  test('what is beyond a limit is refused with it', () => {
    using decoder = new component.hpack.FieldDecoder(FIELDS);
    expect(refusalOf(() => decoder.decode(new Uint8Array(65_537)))).toMatchObject({
      rule: 'h2-block-octets',
      limit: 65_536,
    });
    using encoder = new component.hpack.FieldEncoder(4096);
    const field = { name: octets('x'), value: new Uint8Array(65_530), isNeverIndexed: false };
    expect(refusalOf(() => encoder.encode([field]))).toMatchObject({ rule: 'hpack-list-octets', limit: 65_536 });
    using limited = new component.codings.ContentDecoder('gzip', { octets: 1000n });
    expect(limited.decode(GZIP).progress).toMatchObject({ tag: 'broken', val: { rule: 'coding-octets-limit' } });
  });
});
