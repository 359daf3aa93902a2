/** `ClientConnection` of `httpx-wasm/core`: both versions of HTTP in one shape, octets and events without a socket. */
import { describe, expect, test } from 'vitest';
import { Limits } from '../../src/config.js';
import { ClientConnection, type ConnectionEvent, type HttpVersion } from '../../src/core-connection.js';
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

  test('limits are those that are given', () => {
    for (const limits of [{ fields: 1 }, new Limits({ fields: 1 })]) {
      using connection = new ClientConnection(version, { limits });
      connection.open({ method: 'GET', target: '/', headers: HOST });
      const types = connection.receive(ANSWERS[version], 0).map(({ type }) => type);
      expect(types.at(-1)).toBe(version === 'HTTP/1.1' ? 'error' : 'end');
    }
  });
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
