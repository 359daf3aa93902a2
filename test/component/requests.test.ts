/** What the component sends: HTTP/1.1 as the client's own text, octet by octet; what it refuses, and that nothing of it leaves. */
import { describe, expect, test } from 'vitest';
import { openHttp1 } from '../../src/core-http1.js';
import { requestHead } from '../../src/request-head.js';
import {
  COMPONENT_BUILDS,
  type Connection,
  fieldsOf,
  loadComponent,
  octets,
  type Request,
  refusalOf,
  text,
} from '../support/component.js';

const LIMITS = { octets: 65536, fields: 256, interim: 16 };
type Pairs = readonly (readonly [string, string])[];
const HOST: Pairs = [['Host', 'example.org']];

function requestOf(method: string, target: string, pairs: Pairs, isComplete = true): Request {
  return { method: octets(method), target: octets(target), scheme: 'https', fields: fieldsOf(pairs), isComplete };
}

interface Body {
  readonly pieces: readonly number[];
  readonly trailers?: Pairs;
}

/** What goes of a request by the client's own connection, bodies as dots. */
function writtenByClient(method: string, target: string, pairs: Pairs, body: Body | null): string {
  const block = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = body === null ? 0 : body.pieces.reduce((sum, octets) => sum + octets, 0);
  const isChunked = pairs.some(([name]) => name === 'Transfer-Encoding');
  const head = requestHead(method, target, block, { length: isChunked ? null : length });
  const connection = openHttp1({ headOctets: 65536, fields: 256, interim: 16 }, () => {});
  let written = '';
  const take = (): void => {
    written += connection.takeOutput() ?? '';
  };
  const stream = connection.open(head, body === null);
  take();
  for (const piece of body?.pieces ?? []) {
    for (let left = piece; left > 0; ) {
      const now = connection.send(stream, left);
      take();
      written += '.'.repeat(now);
      left -= now;
    }
  }
  const trailers = (body?.trailers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  if (body !== null) connection.end(stream, trailers);
  take();
  connection.free();
  return written;
}

function writtenByComponent(connection: Connection, method: string, target: string, pairs: Pairs, body: Body | null) {
  let written = '';
  const take = (): void => {
    written += text(connection.takeOutput());
  };
  const stream = connection.open(requestOf(method, target, pairs, body === null));
  take();
  for (const piece of body?.pieces ?? []) {
    for (let left = piece; left > 0; ) {
      const now = connection.send(stream, left);
      take();
      written += '.'.repeat(now);
      left -= now;
    }
  }
  if (body !== null) connection.end(stream, fieldsOf(body.trailers ?? []));
  take();
  return written;
}

const CHUNKED: Pairs = [...HOST, ['Transfer-Encoding', 'chunked']];
const length = (octets: number): Pairs => [...HOST, ['Content-Length', String(octets)]];
const REQUESTS: readonly (readonly [method: string, target: string, fields: Pairs, body: Body | null])[] = [
  ['GET', '/', HOST, null],
  ['OPTIONS', '*', [...HOST, ['X-Empty', ''], ['X-Obs', 'caf\xe9']], null],
  ['POST', '/a?b=c', length(5), { pieces: [5] }],
  ['POST', '/', length(0), { pieces: [] }],
  ['PUT', '/', length(200_000), { pieces: [200_000] }],
  ['PUT', '/', length(70_000), { pieces: [1, 65_536, 4_463] }],
  ['POST', '/', CHUNKED, { pieces: [] }],
  ['POST', '/', CHUNKED, { pieces: [1, 15, 16, 255, 256, 4095, 65_535, 65_536, 65_537] }],
  [
    'POST',
    '/',
    CHUNKED,
    {
      pieces: [3],
      trailers: [
        ['X-Sum', '1'],
        ['X-Last', ''],
      ],
    },
  ],
];

describe.each(COMPONENT_BUILDS)('requests of the component, build %s', async (build) => {
  const component = await loadComponent(build);
  const open = (protocol: 'http1' | 'http2' = 'http1'): Connection =>
    new component.connections.Connection(protocol, LIMITS);

  test.each(REQUESTS)('%s %s goes as the client writes it', (method, target, fields, body) => {
    using connection = open();
    const found = writtenByComponent(connection, method, target, fields, body);
    expect(found).toBe(writtenByClient(method, target, fields, body));
  });

  test.each([
    ['a method that is no token', 'G ET', '/', HOST, 'method', undefined],
    ['no method', '', '/', HOST, 'method', undefined],
    ['a target with a blank', 'GET', '/a b', HOST, 'target', undefined],
    ['a target with a line end', 'GET', '/ HTTP/1.1\r\nX: 1', HOST, 'target', undefined],
    ['a name that is no token', 'GET', '/', [...HOST, ['X Y', '1']], 'field-name', 1],
    ['a value with a line end', 'GET', '/', [...HOST, ['X', '1\r\nY: 2']], 'field-value', 1],
    ['a value with NUL', 'GET', '/', [['X', '\0']], 'field-value', 0],
    [
      'two lengths',
      'POST',
      '/',
      [
        ['Content-Length', '1'],
        ['Content-Length', '1'],
      ],
      'content-length',
      1,
    ],
    ['a length that is no number', 'POST', '/', [['Content-Length', '-1']], 'content-length', 0],
    ['another transfer coding', 'POST', '/', [['Transfer-Encoding', 'gzip, chunked']], 'transfer-encoding', 0],
    [
      'a length of a chunked body',
      'POST',
      '/',
      [...CHUNKED, ['Content-Length', '1']],
      'transfer-encoding-and-length',
      2,
    ],
    ['a body that does not follow', 'POST', '/', [['Content-Length', '1']], 'h2-request-shorter', undefined],
    ['more octets than there is room for', 'GET', '/', [['X', 'x'.repeat(65_536)]], 'h2-request-list-octets', 0],
  ] as const)('%s is refused, and nothing goes', (_, method, target, fields, rule, offset) => {
    using connection = open();
    const refusal = refusalOf(() => connection.open(requestOf(method, target, fields as Pairs)));
    expect(refusal).toMatchObject({ tag: 'forbidden', val: { rule } });
    expect((refusal as { val: { offset?: number } }).val.offset).toBe(offset);
    expect(text(connection.takeOutput())).toBe('');
    expect(connection.open(requestOf('GET', '/', HOST))).toBe(1);
  });

  test('a second exchange is not opened while the first goes on', () => {
    using connection = open();
    connection.open(requestOf('GET', '/', HOST));
    expect(connection.placesFree()).toBe(0);
    expect(refusalOf(() => connection.open(requestOf('GET', '/', HOST)))).toEqual({ tag: 'unavailable' });
  });

  test.each(['http1', 'http2'] as const)('%s: a body of another length than announced is refused', (protocol) => {
    using connection = open(protocol);
    const stream = connection.open(requestOf('POST', '/', length(3), false));
    expect(refusalOf(() => connection.send(stream, 4))).toMatchObject({ val: { rule: 'h2-request-longer' } });
    expect(connection.send(stream, 2)).toBe(2);
    connection.takeOutput();
    expect(refusalOf(() => connection.end(stream, []))).toMatchObject({ val: { rule: 'h2-request-shorter' } });
  });

  test('trailers go with no body that has a length', () => {
    using connection = open();
    const stream = connection.open(requestOf('POST', '/', length(0), false));
    const trailers = fieldsOf([['X', '1']]);
    expect(refusalOf(() => connection.end(stream, trailers))).toMatchObject({ val: { rule: 'trailer-forbidden' } });
    connection.end(stream, []);
    expect(refusalOf(() => connection.end(stream, []))).toEqual({ tag: 'unavailable' });
  });

  test('a trailer that would end the message early is refused', () => {
    using connection = open();
    const stream = connection.open(requestOf('POST', '/', CHUNKED, false));
    const trailers = fieldsOf([['X', '1\r\n\r\nGET / HTTP/1.1']]);
    expect(refusalOf(() => connection.end(stream, trailers))).toMatchObject({
      val: { rule: 'field-value', offset: 0 },
    });
    connection.takeOutput();
    connection.end(stream, []);
    expect(text(connection.takeOutput())).toBe('0\r\n\r\n');
  });

  test('extended CONNECT is refused until the peer takes it', () => {
    using connection = open('http2');
    expect(connection.canConnectProtocol()).toBe(false);
    const request = { ...requestOf('CONNECT', '/chat', HOST, false), protocol: octets('websocket') };
    expect(refusalOf(() => connection.open(request))).toMatchObject({ val: { rule: 'h2-request-protocol' } });
    connection.takeOutput();
    // SETTINGS with ENABLE_CONNECT_PROTOCOL.
    connection.receive(Uint8Array.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1), 0);
    expect(connection.canConnectProtocol()).toBe(true);
    expect(connection.open(request)).toBe(1);
  });

  test('GOAWAY goes, and what is open goes on', () => {
    using connection = open('http2');
    const stream = connection.open(requestOf('GET', '/', HOST));
    connection.takeOutput();
    connection.goAway();
    const written = connection.takeOutput();
    expect([...written.subarray(0, 4), written.length]).toEqual([0, 0, 8, 7, 17]);
    expect(connection.placesFree()).toBe(0);
    // SETTINGS, then `:status: 200` with END_STREAM.
    const answer = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88);
    expect(connection.receive(answer, 0)).toMatchObject([
      { tag: 'streams-max' },
      { tag: 'head', val: { stream, status: 200 } },
      { tag: 'end', val: { stream } },
    ]);
  });

  test('credit that was held back goes when more is wanted', () => {
    using connection = open('http2');
    const acknowledgement = Uint8Array.of(0, 0, 0, 4, 1, 0, 0, 0, 0);
    connection.receive(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0), 0);
    connection.receive(acknowledgement, 0);
    // Streams whose content of 4 MiB each nobody releases: 48 MiB, of which 32 are credited on receipt.
    const streams = Array.from({ length: 12 }, () => connection.open(requestOf('GET', '/', HOST)));
    const frame = new Uint8Array(9 + 16_384);
    for (const stream of streams) {
      connection.receive(Uint8Array.of(0, 0, 1, 1, 4, 0, 0, 0, stream, 0x88), 0);
      frame.set([0, 0x40, 0, 0, 0, 0, 0, 0, stream]);
      for (let i = 0; i < 256; i++) connection.receive(frame, 0);
    }
    connection.takeOutput();
    expect(connection.takeOutput().length).toBe(0);
    connection.want(streams[0] as number);
    expect(connection.takeOutput().length).toBe(0);
    // That streams have narrow windows was said at 32 MiB: now the peer knows it. WINDOW_UPDATE of the connection.
    connection.receive(acknowledgement, 0);
    expect([...connection.takeOutput().subarray(0, 9)]).toEqual([0, 0, 4, 8, 0, 0, 0, 0, 0]);
  });

  test('a protocol with a blank is refused', () => {
    using connection = open('http2');
    const request = { ...requestOf('CONNECT', '/', HOST, false), protocol: octets('a b') };
    expect(refusalOf(() => connection.open(request))).toMatchObject({ val: { rule: 'h2-request-protocol' } });
  });

  test('what was cancelled is not sent on', () => {
    using connection = open();
    const stream = connection.open(requestOf('POST', '/', length(3), false));
    connection.cancel(stream);
    expect(refusalOf(() => connection.send(stream, 1))).toEqual({ tag: 'unavailable' });
    expect(connection.closeReason()).toBe('cancelled');
  });
});
