/**
 * HTTP/2 connections of the core (src/core-http2.ts) against a server of somebody else's: node:http2, over TCP. What each
 * octet means is tested in test/core and test/conformance; here, that two implementations understand each other.
 */
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import type { Connection, Events, Head, RequestHead, StreamId } from '../../src/core.js';
import { openHttp2 } from '../../src/core-http2.js';
import { liveOctets } from '../../src/core-instance.js';
import { Headers } from '../../src/headers.js';
import { patternOf } from '../support/octets.js';

const LARGE_OCTETS = 20_000_000;

const server = http2.createServer();
let port = 0;

beforeAll(async () => {
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    switch (headers[':path']) {
      case '/echo':
        stream.respond({ ':status': 200, 'x-method': headers[':method'] });
        stream.pipe(stream);
        break;
      case '/large':
        stream.respond({ ':status': 200, 'content-length': LARGE_OCTETS });
        stream.end(patternOf(LARGE_OCTETS));
        break;
      case '/trailers':
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
        stream.end('some');
        break;
      case '/early':
        stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
        stream.respond({ ':status': 204 }, { endStream: true });
        break;
      case '/refused':
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
        break;
      default:
        stream.respond({ ':status': 200, 'content-type': 'text/plain', 'x-authority': headers[':authority'] });
        stream.end(`${headers['user-agent']} asked for ${headers[':path']}`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as net.AddressInfo).port;
});

afterAll(() => void server.close());

interface Received {
  status: number;
  headers: Headers | null;
  head: Head | null;
  interims: number[];
  body: Uint8Array[];
  trailers: Headers | null;
  failure: string | null;
  done: boolean;
}

/** A socket and a connection; as little of a client as there can be. */
class Caller implements Events {
  readonly streams = new Map<StreamId, Received>();
  readonly errors: Error[] = [];
  readonly connection: Connection;
  readonly socket: net.Socket;
  readonly #uploads = new Map<StreamId, Uint8Array>();
  #waiting: (() => void)[] = [];

  constructor() {
    this.connection = openHttp2({ headOctets: 65536, fields: 256, interim: 16 }, 'http', (error) =>
      this.errors.push(error),
    );
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (octets) => {
      this.connection.receive(octets, octets.length, false, performance.now(), this);
      for (const stream of this.#uploads.keys()) this.#upload(stream);
      this.#flush(null);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  request(method: string, target: string, body: Uint8Array | null = null, lines = ''): StreamId {
    const head: RequestHead = {
      method,
      target,
      block: `Host: example.org:80\r\nUser-Agent: tester\r\n${lines}`,
      open: 0,
      framing: body === null ? null : 'chunked',
      protocol: null,
    };
    const stream = this.connection.open(head, body === null);
    this.streams.set(stream, {
      status: 0,
      headers: null,
      head: null,
      interims: [],
      body: [],
      trailers: null,
      failure: null,
      done: false,
    });
    this.#flush(null);
    if (body !== null) {
      this.#uploads.set(stream, body);
      this.#upload(stream);
    }
    return stream;
  }

  async response(stream: StreamId): Promise<Received> {
    const received = this.streams.get(stream) as Received;
    while (!received.done) {
      if (this.errors.length > 0) throw this.errors[0];
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return received;
  }

  close(): void {
    this.socket.destroy();
    this.connection.free();
  }

  #upload(stream: StreamId): void {
    for (;;) {
      const rest = this.#uploads.get(stream) as Uint8Array;
      if (rest.length === 0) {
        this.#uploads.delete(stream);
        this.connection.end(stream, null);
        this.#flush(null);
        return;
      }
      const octets = this.connection.send(stream, rest.length);
      if (octets === 0) return;
      this.#flush(rest.subarray(0, octets));
      this.#uploads.set(stream, rest.subarray(octets));
    }
  }

  #flush(body: Uint8Array | null): void {
    const output = this.connection.takeOutput();
    if (output !== null) this.socket.write(output as string, 'latin1');
    if (body !== null) this.socket.write(body);
  }

  onHead(stream: StreamId, status: number, _flags: number, head: Head): void {
    Object.assign(this.streams.get(stream) as Received, {
      status,
      head,
      headers: Headers.fromWire(head.text, head.fields, head.known),
    });
  }
  onInterim(stream: StreamId, status: number): void {
    this.streams.get(stream)?.interims.push(status);
  }
  onData(stream: StreamId, bytes: Uint8Array, from: number, to: number): boolean {
    this.streams.get(stream)?.body.push(bytes.slice(from, to));
    this.connection.release(stream, to - from);
    return false;
  }
  onEnd(stream: StreamId, _keepAlive: boolean, trailers: Head | null): void {
    Object.assign(this.streams.get(stream) as Received, {
      done: true,
      trailers: trailers === null ? null : Headers.fromWire(trailers.text, trailers.fields, trailers.known),
    });
  }
  onReset(stream: StreamId, error: number, unprocessed: boolean): void {
    Object.assign(this.streams.get(stream) as Received, { done: true, failure: `${error} ${unprocessed}` });
  }
  onStreamError(stream: StreamId, error: Error): void {
    Object.assign(this.streams.get(stream) as Received, { done: true, failure: error.message });
  }
  onWritable(): void {}
  onUpgrade(): void {}
  onGoaway(): void {}
  onStreamsMax(): void {}
  onError(error: Error): void {
    this.errors.push(error);
  }
}

async function withCaller(work: (caller: Caller) => Promise<void>): Promise<void> {
  const before = liveOctets();
  const caller = new Caller();
  try {
    await work(caller);
    expect(caller.errors).toEqual([]);
  } finally {
    caller.close();
  }
  expect(liveOctets()).toBe(before);
}

const textOf = (received: Received): string => Buffer.concat(received.body).toString('latin1');

test('a GET is answered, Host becomes :authority and names go out in lower case', () =>
  withCaller(async (caller) => {
    const received = await caller.response(
      caller.request('GET', '/some/path?query', null, 'Connection: keep-alive\r\n'),
    );
    expect(received.status).toBe(200);
    expect(textOf(received)).toBe('tester asked for /some/path?query');
    expect(received.headers?.get('content-type')).toBe('text/plain');
    expect(received.headers?.get('x-authority')).toBe('example.org:80');
  }));

test('a hundred requests share the connection, and a head that comes again is the same object', () =>
  withCaller(async (caller) => {
    const streams = Array.from({ length: 100 }, (_, i) => caller.request('GET', `/${i}`));
    const all = await Promise.all(streams.map((stream) => caller.response(stream)));
    expect(all.map(textOf)).toEqual(streams.map((_, i) => `tester asked for /${i}`));
    expect(new Set(all.map(({ head }) => head)).size).toBeLessThan(4);
    expect(caller.connection.placesFree).toBeGreaterThan(99);
  }));

test('a body goes up and comes back, within both windows', () =>
  withCaller(async (caller) => {
    const body = patternOf(3_000_000);
    const received = await caller.response(caller.request('POST', '/echo', body));
    expect(Buffer.compare(Buffer.concat(received.body), body)).toBe(0);
    expect(received.headers?.get('x-method')).toBe('POST');
  }));

test('a large body comes whole', () =>
  withCaller(async (caller) => {
    const received = await caller.response(caller.request('GET', '/large'));
    expect(Buffer.compare(Buffer.concat(received.body), patternOf(LARGE_OCTETS))).toBe(0);
  }));

test('trailers and interim responses are told', () =>
  withCaller(async (caller) => {
    const trailers = await caller.response(caller.request('GET', '/trailers'));
    expect(trailers.trailers?.get('x-sum')).toBe('42');
    const early = await caller.response(caller.request('GET', '/early'));
    expect([early.interims, early.status]).toEqual([[103], 204]);
  }));

test('a refused stream is told as unprocessed', () =>
  withCaller(async (caller) => {
    const received = await caller.response(caller.request('GET', '/refused'));
    expect(received.failure).toBe(`${abi.H2_REFUSED_STREAM} true`);
  }));
