/** `ClientConnection` of `httpx-wasm/core`: both versions of HTTP in one shape, octets and events without a socket. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Limits, typeNameOf } from '../../src/config.js';
import {
  ClientConnection,
  type ConnectionEvent,
  type ExchangeRequest,
  type HttpVersion,
} from '../../src/core-connection.js';
import { liveOctets } from '../../src/core-instance.js';
import { LocalProtocolError, RemoteProtocolError } from '../../src/exceptions.js';
import * as f from '../support/http2-frames.js';
import { textOf } from '../support/octets.js';

const HOST = { Host: 'example.org' };
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const output = (connection: ClientConnection): string => textOf(connection.takeOutput() ?? new Uint8Array(0));

/** A response with interim head, content and trailers, as each version has it. */
const ANSWERS: Record<HttpVersion, Uint8Array> = {
  'HTTP/1.1': latin1(
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n' +
      '5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n',
  ),
  'HTTP/2': Buffer.concat([
    f.hello(),
    f.head(1, 103, [['link', '</a>']]),
    f.head(1, 200, [['x', 'y']]),
    f.data(1, 'hello'),
    f.headers(1, [['x-sum', '42']], f.END_STREAM),
  ]),
};

/** Exchanges of a connection: how they begin, with what framing, and how the peer ends them. */
function exchangesOf(connection: ClientConnection) {
  let isGreeted = false;
  return {
    open(framing: 'chunked' | null): number {
      const headers = framing === null ? HOST : { ...HOST, 'Transfer-Encoding': framing };
      return connection.open({ method: 'POST', target: '/', headers, hasBody: framing !== null });
    },
    /** Types of what is told of a response without content. */
    end(stream: number): string[] {
      let octets: Uint8Array = latin1('HTTP/1.1 204 No Content\r\n\r\n');
      if (connection.httpVersion === 'HTTP/2') {
        octets = Buffer.concat([
          isGreeted ? Buffer.alloc(0) : f.hello(),
          f.headers(stream, [[':status', '204']], f.END_STREAM | f.END_HEADERS),
        ]);
      }
      isGreeted = true;
      const types = connection.receive(octets, 0).map(({ type }) => type);
      output(connection);
      return types;
    },
  };
}

function lineOf(event: ConnectionEvent): string {
  switch (event.type) {
    case 'head':
    case 'interim':
      return `${event.type} ${event.status} ${event.headers.get('x') ?? event.headers.get('link')}`;
    case 'data':
    case 'upgrade':
      return `${event.type} ${textOf(event.octets)}`;
    case 'end':
      return `end ${event.trailers?.get('x-sum')}`;
    default:
      return event.type;
  }
}

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('%s', (version) => {
  test('an exchange: events in order, octets that are the caller’s, nothing left behind', () => {
    const before = liveOctets();
    const connection = new ClientConnection(version);
    expect(connection.placesFree).toBeGreaterThan(0);
    const stream = connection.open({ method: 'GET', target: '/', headers: HOST });
    expect(output(connection)).toContain(
      version === 'HTTP/1.1' ? 'GET / HTTP/1.1\r\nHost: example.org' : 'PRI * HTTP/2.0',
    );
    const answer = Uint8Array.from(ANSWERS[version]);
    const events = connection.receive(answer, 0);
    answer.fill(0);
    expect(events.map(lineOf)).toEqual(['interim 103 </a>', 'head 200 y', 'data hello', 'end 42']);
    expect(events.every((event) => 'stream' in event && event.stream === stream)).toBe(true);
    connection.release(stream, 5);
    expect([connection.isOver, connection.placesFree > 0]).toEqual([false, true]);
    connection.close();
    connection.close();
    expect([connection.isOver, connection.placesFree]).toEqual([true, 0]);
    expect(liveOctets()).toBe(before);
  });

  test('a body is written behind its framing, in the order of the calls', () => {
    using connection = new ClientConnection(version);
    const headers = { ...HOST, 'Content-Length': '10' };
    const stream = connection.open({ method: 'POST', target: '/', headers, hasBody: true });
    expect(connection.send(stream, latin1('hello'))).toBe(5);
    expect(connection.send(stream, latin1('world'))).toBe(5);
    connection.end(stream);
    const written = output(connection);
    expect(written.indexOf('hello')).toBeGreaterThan(0);
    expect(written.indexOf('world')).toBeGreaterThan(written.indexOf('hello'));
    expect(connection.takeOutput()).toBeNull();
  });

  test('what breaks a rule is refused: ours by an error that is thrown, the peer’s by an event', () => {
    using connection = new ClientConnection(version);
    expect(() => connection.open({ method: 'G T', target: '/', headers: HOST })).toThrow(LocalProtocolError);
    const headers = { ...HOST, 'Content-Length': '1' };
    const stream = connection.open({ method: 'POST', target: '/', headers, hasBody: true });
    expect(() => connection.end(stream)).toThrow(/octets were sent|shorter/);
    const [event] = connection.receive(latin1('garbage, and a good deal of it\r\n\r\n'), 0);
    expect(event?.type === 'error' && event.error).toBeInstanceOf(RemoteProtocolError);
    expect([connection.isOver, connection.receive(latin1('more'), 0)]).toEqual([true, []]);
  });

  test('a peer that closes early is an error', () => {
    using connection = new ClientConnection(version);
    connection.open({ method: 'GET', target: '/', headers: HOST });
    expect(connection.receiveEnd().map(({ type }) => type)).toEqual(['error']);
    expect(connection.isOver).toBe(true);
  });

  test('a body that is not under way is refused before an octet is made', () => {
    using connection = new ClientConnection(version);
    const { open, end } = exchangesOf(connection);
    const late = latin1('late');
    output(connection);
    const refused = (stream: number, state: string): void => {
      const error = (what: string) => {
        const sent = state === 'was never opened' ? 'none' : 'partial';
        return new LocalProtocolError(`Cannot ${what}: stream ${stream} ${state}`, { sent });
      };
      for (const octets of [late, late.subarray(4)]) {
        expect(() => connection.send(stream, octets)).toThrow(error(`send ${octets.length} octets`));
      }
      expect(() => connection.end(stream)).toThrow(error('end the body'));
      expect(connection.takeOutput()).toBeNull();
    };
    refused(1, 'was never opened');
    const first = open('chunked');
    connection.send(first, latin1('abc'));
    for (const stream of [99, 0, -1, 1.5, Number.NaN]) {
      expect(() => connection.send(stream, latin1('GET /evil'))).toThrow(`stream ${stream} was never opened`);
      expect(() => connection.end(stream)).toThrow(LocalProtocolError);
    }
    connection.end(first);
    const written = output(connection);
    if (version === 'HTTP/1.1')
      expect(written.slice(written.indexOf('\r\n\r\n'))).toBe('\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    refused(first, 'has a body that is complete');
    end(first);
    refused(first, 'is over');
    const second = open(null);
    output(connection);
    refused(second, 'has no body');
    end(second);
    const third = open('chunked');
    output(connection);
    refused(first, 'is over');
    connection.cancel(third);
    output(connection);
    refused(third, 'is over');
    connection.close();
    refused(third, 'ended with its connection');
  });

  test('a body may go on behind the whole response in HTTP/1.1, and is over with its connection', () => {
    using connection = new ClientConnection(version);
    const { open, end } = exchangesOf(connection);
    const stream = open('chunked');
    expect(end(stream)).toEqual(['head', 'end']);
    if (version === 'HTTP/1.1') {
      expect(connection.send(stream, latin1('abc'))).toBe(3);
      connection.end(stream);
      expect(output(connection)).toBe('3\r\nabc\r\n0\r\n\r\n');
    }
    expect(() => connection.send(stream, latin1('abc'))).toThrow(`Cannot send 3 octets: stream ${stream} is over`);
    expect(() => connection.end(stream)).toThrow(`Cannot end the body: stream ${stream} is over`);
    expect(connection.takeOutput()).toBeNull();
    using other = new ClientConnection(version);
    const lost = exchangesOf(other).open('chunked');
    expect(other.receive(latin1('garbage, and a good deal of it\r\n\r\n'), 0).map(({ type }) => type)).toEqual([
      'error',
    ]);
    output(other);
    expect(() => other.send(lost, latin1('abc'))).toThrow('ended with its connection');
    expect(other.takeOutput()).toBeNull();
  });

  test('fields that must stand in the head are no trailers', () => {
    using connection = new ClientConnection(version);
    const stream = exchangesOf(connection).open('chunked');
    output(connection);
    for (const name of ['Content-Length', 'transfer-encoding', 'Host', 'Authorization', 'Cookie', 'Trailer', 'TE']) {
      expect(() => connection.end(stream, [[name, '3']])).toThrow(
        new LocalProtocolError(
          `Cannot send the trailers: '${name.toLowerCase()}' must stand in the head (RFC 9110 §6.5.1)`,
          { sent: 'partial' },
        ),
      );
      expect(connection.takeOutput()).toBeNull();
    }
    connection.end(stream, { 'X-Sum': '42' });
    if (version === 'HTTP/1.1') expect(output(connection)).toBe('0\r\nX-Sum: 42\r\n\r\n');
    else expect(connection.takeOutput()?.[3]).toBe(1);
  });

  test('what a call is given is checked by name, before anything is done', () => {
    using connection = new ClientConnection(version);
    const good = { method: 'POST', target: '/', headers: { ...HOST, 'Transfer-Encoding': 'chunked' }, hasBody: true };
    const { method, target, headers } = good;
    for (const [request, message] of [
      [undefined, 'expected a request, got undefined'],
      ['GET', 'expected an object, got string'],
      [{ target, headers }, 'expected method to be a string, got undefined'],
      [{ method, headers }, 'expected target to be a string, got undefined'],
      [{ method, target: new URL('https://example.org'), headers }, 'expected target to be a string, got URL'],
      [{ method, target }, 'expected headers to be an object or pairs, got undefined'],
      [{ method, target, headers: 'Host: a' }, 'expected headers to be an object or pairs, got string'],
      [{ ...good, hasBody: 'no' }, 'expected hasBody to be a boolean, got string'],
    ] as const) {
      const call = () => connection.open(request as unknown as ExchangeRequest);
      expect(call).toThrow(TypeError);
      expect(call).toThrow(`Cannot open an exchange: ${message}`);
    }
    expect(() => connection.open({ ...good, hasBody: false })).toThrow(LocalProtocolError);
    const stream = connection.open(good);
    output(connection);
    for (const given of [
      'abc',
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3)),
      new Uint16Array(3),
      [1],
      undefined,
    ]) {
      const octets = given as unknown as Uint8Array;
      const got = `expected a Uint8Array, got ${typeNameOf(given)}`;
      expect(() => connection.send(stream, octets)).toThrow(new TypeError(`Cannot send octets: ${got}`));
      expect(() => connection.receive(octets, 0)).toThrow(new TypeError(`Cannot receive octets: ${got}`));
    }
    expect(() => connection.send('1' as unknown as number, latin1('abc'))).toThrow(
      new TypeError('Cannot send 3 octets: expected the stream to be a number, got string'),
    );
    expect(connection.takeOutput()).toBeNull();
    expect(connection.isOver).toBe(false);
    // Octets of another realm are octets.
    expect(connection.send(stream, runInNewContext('new Uint8Array(3)'))).toBe(3);
  });

  test('limits are those that are given', () => {
    for (const limits of [{ fields: 1 }, new Limits({ fields: 1 })]) {
      using connection = new ClientConnection(version, { limits });
      connection.open({ method: 'GET', target: '/', headers: HOST });
      const types = connection.receive(ANSWERS[version], 0).map(({ type }) => type);
      expect(types.at(-1)).toBe(version === 'HTTP/1.1' ? 'error' : 'end');
    }
  });
});

test('HTTP/1.1: only a chunked body has trailers', () => {
  using connection = new ClientConnection('HTTP/1.1');
  const headers = { ...HOST, 'Content-Length': '0' };
  const stream = connection.open({ method: 'POST', target: '/', headers, hasBody: true });
  expect(() => connection.end(stream, { 'X-Sum': '42' })).toThrow(
    new LocalProtocolError('Cannot send the trailers: only a chunked body has a place for them (RFC 9112 §7.1.2)', {
      sent: 'partial',
    }),
  );
  connection.end(stream, {});
});

test('HTTP/2: a tunnel goes on in one direction when the peer has ended the other', () => {
  using connection = new ClientConnection('HTTP/2');
  const headers = { Host: 'example.org:443', 'Transfer-Encoding': 'chunked' };
  const stream = connection.open({ method: 'CONNECT', target: 'example.org:443', headers, hasBody: true });
  const answer = Buffer.concat([f.hello(), f.head(stream, 200), f.data(stream, '', f.END_STREAM)]);
  expect(connection.receive(answer, 0).map(({ type }) => type)).toEqual(['head', 'end']);
  expect(connection.send(stream, latin1('abc'))).toBe(3);
  connection.end(stream);
  expect(() => connection.end(stream)).toThrow(`Cannot end the body: stream ${stream} is over`);
});

test('HTTP/2: a stream that was reset has no body any more', () => {
  using connection = new ClientConnection('HTTP/2');
  const stream = exchangesOf(connection).open('chunked');
  connection.receive(Buffer.concat([f.hello(), f.rstStream(stream, 8)]), 0);
  expect(() => connection.send(stream, latin1('abc'))).toThrow(`Cannot send 3 octets: stream ${stream} is over`);
});

test('HTTP/2: windows, resets, GOAWAY', () => {
  using connection = new ClientConnection('HTTP/2', { scheme: 'http' });
  const headers = { ...HOST, 'Transfer-Encoding': 'chunked' };
  const stream = connection.open({ method: 'POST', target: '/', headers, hasBody: true });
  const body = new Uint8Array(100_000);
  expect(connection.send(stream, body)).toBe(65535);
  const other = connection.open({ method: 'GET', target: '/', headers: HOST });
  const events = connection.receive(
    Buffer.concat([
      f.hello(),
      f.windowUpdate(1, 100),
      f.windowUpdate(0, 50),
      f.rstStream(other, 8),
      f.goaway(1, 0, 'bye'),
    ]),
    0,
  );
  expect(events).toEqual([
    { type: 'writable', stream },
    { type: 'reset', stream: other, code: 8, unprocessed: false },
    { type: 'goaway', lastStream: 1, code: 0, debug: 'bye' },
  ]);
  expect([connection.send(stream, body), connection.placesFree, connection.isOver]).toEqual([50, 0, true]);
  connection.cancel(stream);
  expect(connection.receive(f.head(stream, 200), 0)).toEqual([]);
});

test('what it is made with is checked', () => {
  expect(() => new ClientConnection('HTTP/3' as HttpVersion)).toThrow("expected 'HTTP/1.1' or 'HTTP/2'");
  expect(() => new ClientConnection('HTTP/2', { scheme: 'ftp' as 'http' })).toThrow(
    "expected scheme 'http' or 'https'",
  );
  expect(() => new ClientConnection('HTTP/2', { schema: 'http' } as never)).toThrow('Cannot make ClientConnection');
});
