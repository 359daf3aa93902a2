/** HTTP/2 as a client's user sees it, in dialogues with a peer that the test plays frame by frame. */
import { describe, expect, test } from 'vitest';
import { HTTP2_NARROW_WINDOW_OCTETS } from '../../assembly/abi.js';
import { ConnectError, LocalProtocolError, ReadError, ReadTimeout, RemoteProtocolError } from '../../src/index.js';
import { failureOf, isSettled } from '../support/client.js';
import {
  data,
  END_STREAM,
  goaway,
  head,
  headers,
  hello,
  ping,
  SETTING,
  settings,
  settingsAck,
  TYPE,
  times,
} from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';

const url = 'https://fake.invalid/';
const ENHANCE_YOUR_CALM = 11;

describe('one request', () => {
  test('goes out with the preface, and its response is one of HTTP/2', async () => {
    const { client, peer } = http2Side();
    const call = client.get(`${url}a?b=c`, { headers: { 'X-Mixed': 'Value' } });
    const server = await peer();
    expect(server.heard()).toEqual(['HEADERS 1 END_STREAM GET /a?b=c']);
    expect(server.heads[0]?.fields.filter(([name]) => name !== 'user-agent')).toEqual([
      [':method', 'GET'],
      [':authority', 'fake.invalid'],
      [':scheme', 'https'],
      [':path', '/a?b=c'],
      ['accept', '*/*'],
      ['accept-encoding', 'gzip, deflate, br, zstd'],
      ['x-mixed', 'Value'],
    ]);
    server.say(hello(), head(1, 200, [['content-type', 'text/plain']]), data(1, 'hi', END_STREAM));
    const response = await call;
    expect(response).toMatchObject({ httpVersion: 'HTTP/2', statusCode: 200, reasonPhrase: 'OK', text: 'hi' });
    expect(response.extensions).toMatchObject({ httpVersion: 'HTTP/2', streamId: 1 });
    expect('reasonPhrase' in response.extensions).toBe(false);
    expect(response.headers.multiItems()).toEqual([['content-type', 'text/plain']]);
    expect(server.heard()).toEqual(['SETTINGS ACK']);
    expect(server.socket.closed).toBe(false);
  });

  test('is offered to TLS as h2 before http/1.1, alone where HTTP/1.1 is off', async () => {
    for (const [options, alpn] of [
      [{}, ['h2', 'http/1.1']],
      [{ http1: false }, ['h2']],
    ] as const) {
      const { client, peer } = http2Side(options);
      client.get(url).catch(() => {});
      expect((await peer()).socket.address.tls?.alpn).toEqual(alpn);
    }
  });

  test('interim responses are told, trailers are there at the end', async () => {
    const { client, peer } = http2Side();
    const interims: unknown[] = [];
    const onInterim = (status: number, fields: { get(name: string): string | null }) =>
      void interims.push([status, fields.get('link')]);
    const call = client.get(url, { extensions: { onInterim } });
    (await peer()).say(
      hello(),
      head(1, 103, [['link', '</a>']]),
      head(1, 200),
      data(1, 'x'),
      headers(1, [['x-sum', '1']], END_STREAM),
    );
    const response = await call;
    expect(interims).toEqual([[103, '</a>']]);
    expect(response.trailers.get('x-sum')).toBe('1');
  });

  test('a body that is longer than one frame goes out in frames, the last ends the stream', async () => {
    const { client, peer } = http2Side();
    const call = client.post(url, { content: 'x'.repeat(40_000) });
    const server = await peer();
    expect(server.heard()).toEqual([
      'HEADERS 1 POST /',
      'DATA 1 16384',
      'DATA 1 16384',
      'DATA 1 7232',
      'DATA 1 0 END_STREAM',
    ]);
    server.say(hello(), head(1, 204, [], END_STREAM));
    expect((await call).statusCode).toBe(204);
  });
});

test('CONNECT is refused, and the connection serves others', async () => {
  const { client, environment, peer } = http2Side();
  expect((await failureOf(client.request('CONNECT', url), LocalProtocolError)).message).toContain('CONNECT');
  const next = client.get(url);
  (await peer()).say(hello(), head(1, 200, [], END_STREAM));
  expect((await next).statusCode).toBe(200);
  expect(environment.connector.sockets.length).toBe(1);
});

test.each([
  ['an empty Host', { headers: { Host: '' } }],
  ['a target that is no path', { extensions: { target: 'foo' } }],
])('%s is refused, and the connection serves others', async (_name, options) => {
  const { client, peer, environment } = http2Side({}, (each) => each.say(hello()));
  expect(await failureOf(client.get(url, options), LocalProtocolError)).toMatchObject({
    sent: 'none',
    retryable: false,
  });
  const call = client.get(url);
  const server = await peer();
  expect(server.heard().filter((words) => words.startsWith('HEADERS'))).toEqual(['HEADERS 1 END_STREAM GET /']);
  server.say(head(1, 204, [], END_STREAM));
  await call;
  expect(environment.connector.sockets.length).toBe(1);
});

describe('without TLS', () => {
  test('HTTP/2 is spoken by prior knowledge where HTTP/1.1 is off', async () => {
    const { client, peer } = http2Side({ http1: false });
    const call = client.get('http://fake.invalid/');
    const server = await peer();
    expect(server.heard()).toEqual(['HEADERS 1 END_STREAM GET /']);
    expect(server.heads[0]?.fields).toContainEqual([':scheme', 'http']);
    server.say(hello(), head(1, 200, [], END_STREAM));
    expect((await call).httpVersion).toBe('HTTP/2');
  });

  test('a server of HTTP/1.1 is told as one, at every split of its answer, and not to be asked again', async () => {
    const answer = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';
    for (let split = 0; split < 12; split++) {
      const { client, environment, peer } = http2Side({ http1: false });
      const failed = failureOf(client.get('http://fake.invalid/'), RemoteProtocolError);
      const { socket } = await peer();
      if (split > 0) socket.say(answer.slice(0, split));
      socket.say(answer.slice(split));
      const error = await failed;
      expect(error.message).toContain('the server does not speak it');
      expect(error).toMatchObject({ sent: 'full', retryable: false });
      expect(environment.connector.sockets.length).toBe(1);
    }
  });

  test('HTTP/1.1 is spoken where it is not', async () => {
    const { client, peer } = http2Side();
    const call = client.get('http://fake.invalid/');
    const { socket } = await peer();
    expect(socket.written).toContain('GET / HTTP/1.1\r\n');
    socket.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await call).httpVersion).toBe('HTTP/1.1');
  });
});

describe('a burst to a new origin', () => {
  test('waits for one connection, and multiplexes on it', async () => {
    const { client, environment, peer, settled } = http2Side();
    environment.connector.manual = true;
    const calls = Array.from({ length: 50 }, (_, i) => client.get(`${url}${i}`));
    await environment.host.settled();
    expect(environment.connector.attempts.length).toBe(1);
    environment.connector.attempts[0]?.succeed();
    const server = await peer();
    server.say(hello());
    await settled();
    const heads = calls.map((_, i) => `HEADERS ${2 * i + 1} END_STREAM GET /${i}`);
    expect(server.heard()).toEqual([heads[0], 'SETTINGS ACK', ...heads.slice(1)]);
    server.say(...calls.map((_, i) => Buffer.concat([head(2 * i + 1, 200), data(2 * i + 1, `${i}`, END_STREAM)])));
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(calls.map((_, i) => `${i}`));
    expect(environment.connector.attempts.length).toBe(1);
  });

  test('opens more connections only when the peer’s streams are used up', async () => {
    const { client, environment, peer, settled } = http2Side({}, (each) => {
      each.say(hello([SETTING.maxConcurrentStreams, 2]));
    });
    const first = client.get(url);
    (await peer()).say(head(1, 200, [], END_STREAM));
    await first;
    const calls = Array.from({ length: 5 }, (_, i) => client.get(`${url}${i}`));
    await settled();
    expect(environment.connector.sockets.length).toBe(3);
    expect((await peer(0)).heard().length).toBe(4);
    expect((await peer(1)).heard().filter((words) => words.startsWith('HEADERS')).length).toBe(2);
    expect((await peer(2)).heard().filter((words) => words.startsWith('HEADERS')).length).toBe(1);
    for (const call of calls) call.catch(() => {});
  });

  test('who finds all streams in use of a full pool gets the place of the first that ends', async () => {
    const { client, environment, peer, settled } = http2Side({ limits: { maxConnections: 1 } }, (each) => {
      each.say(hello([SETTING.maxConcurrentStreams, 1]));
    });
    const first = client.get(`${url}1`);
    const server = await peer();
    const second = client.get(`${url}2`);
    await settled();
    expect(server.heard()).toEqual(['HEADERS 1 END_STREAM GET /1', 'SETTINGS ACK']);
    server.say(head(1, 200, [], END_STREAM));
    await first;
    await settled();
    expect(server.heard()).toEqual(['HEADERS 3 END_STREAM GET /2']);
    server.say(head(3, 200, [], END_STREAM));
    await second;
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('of which the connection turns out to be HTTP/1.1 gets connections of its own', async () => {
    const { client, environment, settled } = http2Side();
    environment.connector.manual = true;
    const calls = Array.from({ length: 3 }, () => client.get(url));
    await settled();
    const { attempts } = environment.connector;
    expect(attempts.length).toBe(1);
    const answer = (at: number) => {
      const socket = attempts[at]?.succeed();
      if (socket === undefined) throw new Error('no attempt');
      socket.alpn = 'http/1.1';
      socket.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    };
    answer(0);
    await settled();
    expect(attempts.length).toBe(3);
    answer(1);
    answer(2);
    expect((await Promise.all(calls)).map(({ httpVersion }) => httpVersion)).toEqual([
      'HTTP/1.1',
      'HTTP/1.1',
      'HTTP/1.1',
    ]);
  });

  test('fails as one when the connect fails, each call with an error of its own', async () => {
    const { client, environment, settled } = http2Side();
    environment.connector.manual = true;
    const calls = Array.from({ length: 3 }, () => failureOf(client.get(url), ConnectError));
    await settled();
    environment.connector.attempts[0]?.fail(new ConnectError('refused'));
    const errors = await Promise.all(calls);
    expect(new Set(errors).size).toBe(3);
    expect(errors.map(({ message, sent }) => [message, sent])).toEqual([0, 1, 2].map(() => ['refused', 'none']));
    expect(errors.slice(1).map(({ cause }) => cause)).toEqual([errors[0], errors[0]]);
    expect(environment.connector.attempts.length).toBe(1);
  });

  test('goes on when the one who connects is aborted: the next connects', async () => {
    const { client, environment, peer, settled } = http2Side();
    environment.connector.manual = true;
    const controller = new AbortController();
    const first = client.get(`${url}1`, { signal: controller.signal });
    const second = client.get(`${url}2`);
    await settled();
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await settled();
    expect(environment.connector.attempts.length).toBe(2);
    environment.connector.attempts[1]?.succeed();
    (await peer(0)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await second).statusCode).toBe(200);
  });
});

describe('an idle connection', () => {
  test('is used again, by a burst too', async () => {
    const { client, environment, peer, settled } = http2Side();
    const first = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await first;
    await environment.host.advance(1000);
    const calls = [client.get(`${url}a`), client.post(`${url}b`, { content: 'x' }), client.get(`${url}c`)];
    await settled();
    expect(environment.connector.sockets.length).toBe(1);
    server.say(...[3, 5, 7].map((stream) => head(stream, 200, [], END_STREAM)));
    await Promise.all(calls);
  });

  test('answers PING, and is closed when it expires', async () => {
    const { client, environment, peer, settled } = http2Side({ limits: { keepaliveExpiry: '2s' } });
    const call = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await call;
    server.heard();
    server.say(ping('12345678'));
    await settled();
    expect(server.heard()).toEqual(['PING ACK 12345678']);
    expect(server.socket.referenced).toBe(true);
    await environment.host.advance(100);
    expect(server.socket.referenced).toBe(false);
    await environment.host.advance(2000);
    expect(server.heard()).toEqual(['GOAWAY 0 NO_ERROR']);
    expect(server.socket.closed).toBe(true);
  });

  test('is closed by GOAWAY, and the next request makes another', async () => {
    const { client, environment, peer, settled } = http2Side();
    const call = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await call;
    server.say(goaway(1, 0));
    await settled();
    expect(server.socket.closed).toBe(true);
    const next = client.get(url);
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    await next;
    expect(environment.connector.sockets.length).toBe(2);
  });
});

describe('streams of one connection', () => {
  test('one that is not read does not stall another', async () => {
    const { client, peer, settled } = http2Side();
    const held = client.stream('GET', `${url}held`);
    const server = await peer();
    server.say(hello(), head(1, 200), ...Array.from({ length: 60 }, () => data(1, new Uint8Array(16384))));
    const response = await held;
    const other = client.get(`${url}other`);
    await settled();
    server.say(head(3, 200), data(3, 'fine', END_STREAM));
    expect((await other).text).toBe('fine');
    server.say(data(1, 'end', END_STREAM));
    expect((await response.aread()).length).toBe(60 * 16384 + 3);
  });

  test('one whose reader waits is let through, however much of others is not read', async () => {
    const { client, peer, settled } = http2Side();
    const unread = [];
    for (let stream = 1; stream < 25; stream += 2) {
      const call = client.stream('GET', url);
      const server = await peer();
      if (stream === 1) server.say(hello());
      server.say(head(stream, 200), times(256, data(stream, 'x'.repeat(16384))));
      unread.push(await call);
    }
    const call = client.get(url);
    const server = await peer();
    expect(server.heard().some((words) => words.startsWith('SETTINGS '))).toBe(true);
    server.say(settingsAck(), head(25, 200));
    await settled();
    expect(server.heard()).toEqual([`WINDOW_UPDATE 0 ${HTTP2_NARROW_WINDOW_OCTETS}`]);
    server.say(data(25, 'hi', END_STREAM));
    expect((await call).text).toBe('hi');
    for (const response of unread) await response.aclose();
  });

  test('one that is read as a whole is let through to its end, whatever of others comes unread meanwhile', async () => {
    const { client, peer, settled } = http2Side();
    const call = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200));
    await settled();
    server.say(data(1, 'first, '));
    const unread = [];
    for (let stream = 3; stream < 27; stream += 2) {
      const other = client.stream('GET', url);
      await settled();
      server.say(head(stream, 200), times(256, data(stream, 'x'.repeat(16384))));
      unread.push(await other);
    }
    server.say(settingsAck());
    await settled();
    const credit = server
      .take()
      .filter(({ type, stream }) => type === TYPE.windowUpdate && stream === 0)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
    expect(65_535 + credit - 12 * 256 * 16384).toBeGreaterThan(HTTP2_NARROW_WINDOW_OCTETS / 2);
    server.say(data(1, 'last', END_STREAM));
    expect((await call).text).toBe('first, last');
    for (const response of unread) await response.aclose();
  });

  test('closing one early resets it, and the connection lives on', async () => {
    const { client, environment, peer, settled } = http2Side();
    const held = client.stream('GET', `${url}held`);
    const server = await peer();
    server.say(hello(), head(1, 200), data(1, 'some'));
    await (await held).aclose();
    await settled();
    expect(server.heard().at(-1)).toBe('RST_STREAM 1 CANCEL');
    server.say(data(1, 'late', END_STREAM));
    const next = client.get(url);
    await settled();
    server.say(head(3, 200, [], END_STREAM));
    expect((await next).statusCode).toBe(200);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('an abort resets its stream, and no other', async () => {
    const { client, peer, settled } = http2Side();
    const controller = new AbortController();
    const aborted = client.get(`${url}1`, { signal: controller.signal });
    const other = client.get(`${url}2`);
    const server = await peer();
    server.say(hello());
    await settled();
    server.heard();
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await settled();
    expect(server.heard()).toEqual(['RST_STREAM 1 CANCEL']);
    server.say(head(3, 200, [], END_STREAM));
    expect((await other).statusCode).toBe(200);
  });

  test('a read timeout ends one; a connection that was silent as a whole is not used again', async () => {
    const { client, environment, peer, settled } = http2Side();
    const slow = failureOf(client.get(`${url}slow`, { timeout: { read: 100 } }), ReadTimeout);
    const server = await peer();
    server.say(hello());
    await environment.host.advance(60);
    server.say(ping('12345678'));
    await environment.host.advance(60);
    expect(await slow).toMatchObject({ phase: 'read', sent: 'full' });
    const silent = failureOf(client.get(`${url}silent`, { timeout: { read: 100 } }), ReadTimeout);
    await settled();
    expect(environment.connector.sockets.length).toBe(1);
    await environment.host.advance(200);
    await silent;
    const next = client.get(url);
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    await next;
    expect(environment.connector.sockets.length).toBe(2);
    expect(server.socket.closed).toBe(true);
  });

  test('credit comes back as the user takes pieces', async () => {
    const { client, peer, settled } = http2Side();
    const held = client.stream('GET', url);
    const server = await peer();
    const octets = 4_000_000;
    const pieces = Array.from({ length: octets / 16_000 }, () => data(1, new Uint8Array(16_000)));
    server.say(hello(), head(1, 200), ...pieces);
    const response = await held;
    await settled();
    const streamCredit = () => server.heard().filter((words) => words.startsWith('WINDOW_UPDATE 1 '));
    expect(streamCredit()).toEqual([]);
    let read = 0;
    for await (const piece of response.aiterRaw()) {
      read += piece.length;
      if (read === octets) break;
    }
    expect(streamCredit().length).toBeGreaterThan(0);
  });
});

describe('a connection that ends', () => {
  test('fails each of its calls with an error of its own', async () => {
    const { client, peer } = http2Side();
    const calls = [1, 2, 3].map((i) => failureOf(client.post(`${url}${i}`, { content: 'x' }), ReadError));
    const server = await peer();
    server.say(hello());
    const shared = new ReadError('reset');
    server.socket.fail(shared);
    const errors = await Promise.all(calls);
    expect(new Set(errors).size).toBe(3);
    for (const error of errors)
      expect(error).toMatchObject({ message: 'reset', cause: shared, sent: 'full', retryable: false });
  });

  test('by a broken rule fails its calls with the rule, after the peer was told', async () => {
    const { client, peer, settled } = http2Side();
    const call = failureOf(client.get(url), RemoteProtocolError);
    const server = await peer();
    server.heard();
    server.say(hello(), data(0, 'x'));
    expect((await call).message).toContain('fake.invalid');
    await settled();
    expect(server.heard().at(-1)).toBe('GOAWAY 0 PROTOCOL_ERROR');
    expect(server.socket.closed).toBe(true);
  });

  test.each([
    ['FIN', null, RemoteProtocolError],
    ['RST', 'reset', ReadError],
  ] as const)('by GOAWAY and %s behind it says in each error what GOAWAY had said', async (_name, reset, kind) => {
    const { client, peer } = http2Side();
    const calls = [1, 2].map((i) => failureOf(client.post(`${url}${i}`, { content: 'x' }), kind));
    const server = await peer();
    server.say(hello());
    await peer();
    server.say(goaway(3, ENHANCE_YOUR_CALM, 'too_many_pings'));
    if (reset === null) server.socket.fin();
    else server.socket.fail(new ReadError(reset));
    await peer();
    expect(server.heard().filter((words) => words.startsWith('GOAWAY'))).toEqual([]);
    for (const { message, sent, retryable } of await Promise.all(calls)) {
      expect(message).toContain('GOAWAY (ENHANCE_YOUR_CALM: "too_many_pings")');
      expect([sent, retryable]).toEqual(['full', false]);
    }
  });

  test('whose answer we refused is not asked again, though it was kept and repeating is safe', async () => {
    const { client, environment, peer } = http2Side();
    const first = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await first;
    const again = failureOf(client.get(url), RemoteProtocolError);
    await peer();
    server.say(head(3, 200, [['Upper', 'case']]));
    expect((await again).retryable).toBe(false);
    await peer();
    expect(server.heard().filter((words) => words.startsWith('HEADERS')).length).toBe(2);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('found dead after it was kept is replaced once, where repeating is safe', async () => {
    const { client, environment, peer } = http2Side();
    const first = client.get(url);
    const server = await peer();
    server.say(hello(), head(1, 200, [], END_STREAM));
    await first;
    const again = client.get(url);
    await environment.host.settled();
    server.socket.fail(new ReadError('reset'));
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await again).statusCode).toBe(200);
  });

  test('closing the client fails what is in flight', async () => {
    const { client, peer } = http2Side();
    const calls = [client.get(url), client.get(url)].map((call) =>
      call.catch((error: Error) => error.constructor.name),
    );
    const server = await peer();
    server.heard();
    await client.aclose();
    expect(server.heard()).toEqual(['GOAWAY 0 NO_ERROR']);
    expect(await Promise.all(calls)).toEqual(['CloseError', 'CloseError']);
    expect(server.socket.closed).toBe(true);
  });
});

test('SETTINGS may take places away and give them back', async () => {
  const { client, peer, settled } = http2Side({ limits: { maxConnections: 1 } });
  const first = client.get(`${url}1`);
  const server = await peer();
  server.say(hello([SETTING.maxConcurrentStreams, 1]));
  await settled();
  const second = client.get(`${url}2`);
  await settled();
  expect(await isSettled(second)).toBe(false);
  server.heard();
  server.say(settings([SETTING.maxConcurrentStreams, 5]));
  await settled();
  expect(server.heard()).toEqual(['SETTINGS ACK', 'HEADERS 3 END_STREAM GET /2']);
  server.say(head(1, 200, [], END_STREAM), head(3, 200, [], END_STREAM));
  await Promise.all([first, second]);
});
