/**
 * Each timeout: when it strikes, what it says, and what it leaves behind; by a clock that the test moves. The blocking
 * client's are in blocking-driver.test.ts by such a clock, and here with AsyncClient's by that of the host, where a server
 * is silent for ever.
 */
import { describe, expect, test } from 'vitest';
import {
  Auth,
  ConnectTimeout,
  MockTransport,
  PoolTimeout,
  ReadTimeout,
  type Request,
  type Response,
  Timeout,
  TimeoutException,
  TotalTimeout,
  WriteTimeout,
} from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import {
  type ClientOptions,
  clockEnvironment,
  failureOf,
  fakeEnvironment,
  isSettled,
  openClient,
} from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { head, hello } from '../support/http2-frames.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const placeOf = (of: string) => new globalThis.URL(of).origin;

describe('connect', () => {
  test('strikes after its time, not before; the socket that comes late is closed', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const call = openClient({ timeout: { connect: 300 } }, environment).get(url);
    await environment.host.advance(299);
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, ConnectTimeout);
    await environment.host.advance(1);
    const error = await failed;
    expect(error.message).toContain('300 ms');
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT', sent: 'none', retryable: true });
    const late = environment.connector.attempts[0]?.succeed();
    await environment.host.settled();
    expect(late?.closed).toBe(true);
    expect(late?.written).toBe('');
  });

  test('names the phase in which it struck', async () => {
    const server = await serve(dialogue().acceptOnly());
    const environment = clockEnvironment();
    const call = openClient({ timeout: { connect: 700 }, verify: false }, environment).get(
      server.url.replace('http:', 'https:'),
    );
    await server.until(() => server.peers.length === 1 && server.octetsHeard > 0);
    const failed = failureOf(call, ConnectTimeout);
    await environment.host.advance(700);
    expect((await failed).phase).toBe('tls');
    await server.emptied();
  });

  test('frees its place: the next request connects', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const client = openClient({ timeout: { connect: 100 }, limits: { maxConnections: 1 } }, environment);
    const failed = failureOf(client.get(url), ConnectTimeout);
    await environment.host.advance(100);
    await failed;
    environment.connector.manual = false;
    environment.connector.onSocket = answering(() => answer('second'));
    expect((await client.get(url)).text).toBe('second');
  });
});

describe('read', () => {
  test('strikes when no head comes, after the request has gone', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: { read: '250ms' } }, environment).get(url);
    await environment.host.advance(249);
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, ReadTimeout);
    await environment.host.advance(1);
    const error = await failed;
    expect(error.message).toContain('250 ms');
    expect(error).toMatchObject({ code: 'ERR_READ_TIMEOUT', phase: 'read', sent: 'full' });
    expect(String(error.request.url)).toBe(url);
    expect(environment.connector.socket(0).closed).toBe(true);
    expect(environment.host.timersSet).toBeLessThanOrEqual(4);
  });

  test('bounds the whole head, however it drips', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: { read: 1000 } }, environment).get(url);
    const failed = failureOf(call, ReadTimeout);
    await environment.host.settled();
    for (const octet of 'HTTP/1.1 2') {
      environment.connector.socket(0).say(octet);
      await environment.host.advance(100);
    }
    await failed;
  });

  test('interim heads do not prolong it', async () => {
    const environment = fakeEnvironment();
    const failed = failureOf(openClient({ timeout: { read: 1000 } }, environment).get(url), ReadTimeout);
    for (let turn = 0; turn < 10; turn++) {
      await environment.host.advance(100);
      if (!environment.connector.socket(0).closed)
        environment.connector.socket(0).say('HTTP/1.1 102 Processing\r\n\r\n');
    }
    await failed;
  });

  test('in the body it bounds each silence, not the whole', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: { read: 1000 } }, environment);
    const call = client.get(url);
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    socket.say('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
    for (const octet of 'abcde') {
      await environment.host.advance(900);
      socket.say(octet);
    }
    await environment.host.advance(900);
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, ReadTimeout);
    await environment.host.advance(101);
    expect((await failed).message).toBe(
      'Cannot read the response body from http://fake.invalid: no octets for 1000 ms (timeout.read) [GET http://fake.invalid/]',
    );
  });

  test('is told without what may be secret in a URL, and as it was by whoever made the error', async () => {
    const environment = fakeEnvironment();
    const secret = 'http://user:pass@fake.invalid/path?token=abc#part';
    const failed = failureOf(openClient({ timeout: { read: 100 } }, environment).get(secret), ReadTimeout);
    await environment.host.advance(100);
    expect((await failed).message).toMatch(/ \[GET http:\/\/fake\.invalid\/path\?…\]$/);
    const transport = new MockTransport(() => {
      throw new ReadTimeout('mine');
    });
    expect((await failureOf(openClient({ transport }).get(secret), ReadTimeout)).message).toBe('mine');
  });

  test('does not strike while nobody reads a streamed body', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n');
    };
    const response = await openClient({ timeout: { read: 100 } }, environment).stream('GET', url);
    await environment.host.advance(5000);
    environment.connector.socket(0).say('abc');
    expect(Buffer.from(await response.aread()).toString()).toBe('abc');
  });
});

describe('write', () => {
  test('strikes when the peer takes nothing', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => socket.holdWrites();
    const call = openClient({ timeout: { write: 400, read: null } }, environment).post(url, {
      content: new Uint8Array(100),
    });
    await environment.host.advance(399);
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, WriteTimeout);
    await environment.host.advance(1);
    const error = await failed;
    expect(error.message).toContain('400 ms');
    expect(error).toMatchObject({ code: 'ERR_WRITE_TIMEOUT', phase: 'write', retryable: false });
    expect(error.sent).not.toBe('none');
    expect(environment.connector.socket(0).closed).toBe(true);
  });

  test('bounds each write, not the whole upload', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => socket.holdWrites();
    const client = openClient({ timeout: { write: 400, read: null } }, environment);
    const call = client.post(url, { content: new Uint8Array(4 << 20) });
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    for (let turn = 0; turn < 40 && socket.written.length < 4 << 20; turn++) {
      await environment.host.advance(300);
      socket.takeHeldWrites();
    }
    await environment.host.advance(300);
    socket.takeHeldWrites();
    socket.say(answer('taken'));
    expect((await call).text).toBe('taken');
  });

  test('does not strike while a large piece of the caller’s is leaving, however long that takes', async () => {
    const octets = 40 << 20;
    const server = await serve(
      dialogue()
        .hearHead()
        .hearInAll(octets + 1)
        .say(answer('taken')),
    );
    const environment = clockEnvironment();
    const client = openClient({ timeout: { write: 300, read: null, connect: null } }, environment);
    const call = client.post(server.url, { content: [new Uint8Array(octets)] });
    call.catch(() => {});
    await server.until(() => server.begun === 1);
    const peer = server.peer(0);
    // Time passes as the octets arrive, 15 ms for each mebibyte, while the server is deaf: never faster than they leave.
    for (let heard = 0; heard < octets && peer.clientClosedAt === null; ) {
      const next = Math.min(heard + (1 << 20), octets);
      await server.until(() => peer.octetsHeard >= next || peer.clientClosedAt !== null);
      peer.goDeaf();
      const now = peer.octetsHeard;
      await environment.host.advance(((now - heard) / (1 << 20)) * 15);
      heard = now;
      peer.hearAgain();
    }
    expect((await call).text).toBe('taken');
  });
});

describe('pool', () => {
  test.each([
    ['HTTP/1.1', {}, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['HTTP/2', { http1: false, http2: true }, Buffer.concat([hello(), head(1, 200)])],
  ])('names the connections that open responses hold: %s', async (_version, versions, octets) => {
    const environment = fakeEnvironment();
    const limits = { maxConnections: 1 };
    const client = openClient({ timeout: { pool: 200, read: null }, limits, ...versions }, environment);
    const opened = client.stream('GET', url);
    await environment.host.settled();
    environment.connector.socket(0).say(octets);
    const response = await opened;
    const failed = failureOf(client.get('http://other.invalid/'), PoolTimeout);
    await environment.host.settled();
    await environment.host.advance(200);
    expect((await failed).message).toContain(
      '(timeout.pool; maxConnections: 1; held by responses that are neither read to their end nor closed: 1)',
    );
    await response.aclose();
  });

  test('strikes while waiting for a connection, and leaves the queue as if it had never been there', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: { pool: 200, read: null }, limits: { maxConnections: 1 } }, environment);
    const first = client.get(url);
    const second = client.get(url);
    await environment.host.advance(199);
    expect(await isSettled(second)).toBe(false);
    const failed = failureOf(second, PoolTimeout);
    await environment.host.advance(1);
    const error = await failed;
    expect(error.message).toContain('after 200 ms (timeout.pool; maxConnections: 1)');
    expect(error).toMatchObject({ code: 'ERR_POOL_TIMEOUT', phase: 'pool', sent: 'none', retryable: true });
    environment.connector.socket(0).say(answer('first'));
    expect((await first).text).toBe('first');
    const third = client.get(url);
    await environment.host.settled();
    environment.connector.socket(0).say(answer('third'));
    expect((await third).text).toBe('third');
    expect(environment.connector.sockets.length).toBe(1);
  });
});

test('a wait for a connection keeps the process alive, which no response that nobody reads does', async () => {
  const { host, connector, deadlines } = fakeEnvironment();
  const client = openClient(
    { timeout: { pool: 200, read: null }, limits: { maxConnections: 1 } },
    {
      host,
      connector,
      deadlines,
    },
  );
  const first = client.stream('GET', url);
  await host.settled();
  connector.socket(0).say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
  await using _ = await first;
  expect(host.keptAlive).toBe(false);
  const failed = failureOf(client.get(url), PoolTimeout);
  await host.settled();
  expect(host.keptAlive).toBe(true);
  await host.advance(200);
  await failed;
  expect(host.keptAlive).toBe(false);
});

describe('total', () => {
  test('bounds the whole call, a drip does not escape it', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: { read: 1000, total: 2500 } }, environment).get(url);
    const failed = failureOf(call, TotalTimeout);
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    socket.say('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    for (let turn = 0; turn < 5; turn++) {
      await environment.host.advance(500);
      if (!socket.closed) socket.say('.');
    }
    const error = await failed;
    expect(error.message).toContain('2500 ms');
    expect(error.code).toBe('ERR_TOTAL_TIMEOUT');
    expect(error).toBeInstanceOf(TimeoutException);
    expect(socket.closed).toBe(true);
  });

  test('includes the wait for the pool', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: { pool: null, read: null }, limits: { maxConnections: 1 } }, environment);
    const first = client.get(url);
    first.catch(() => {});
    const failed = failureOf(client.get(url, { timeout: { total: 300, pool: null } }), TotalTimeout);
    await environment.host.advance(300);
    expect((await failed).sent).toBe('none');
  });

  const never = () => new Promise<never>(() => {});
  class Hanging extends Auth {
    // biome-ignore lint/correctness/useYield: it never comes to that.
    override async *asyncAuthFlow(): AsyncGenerator<Request, void, Response> {
      await never();
    }
  }

  test.each([
    ['a request hook', { eventHooks: { request: [never] } }],
    ['an auth flow, before its first request', { auth: new Hanging() }],
  ])('in %s: nothing was sent, and any request may be sent again', async (_where, options) => {
    const environment = fakeEnvironment();
    const client = openClient({ ...options, timeout: { total: 300 } }, environment);
    const failed = failureOf(client.post(url, { content: 'x' }), TotalTimeout);
    await environment.host.advance(300);
    const error = await failed;
    expect(error).toMatchObject({ phase: null, sent: 'none', retryable: true });
    expect(error.request.method).toBe('POST');
    expect(environment.connector.sockets.length).toBe(0);
  });

  test.each([
    ['GET', true],
    ['POST', false],
  ])(
    'in a transport of the user’s: what was sent is not known, %s may be sent again: %s',
    async (method, retryable) => {
      const environment = fakeEnvironment();
      const client = openClient({ transport: new MockTransport(never), timeout: { total: 300 } }, environment);
      const failed = failureOf(client.request(method, url), TotalTimeout);
      await environment.host.advance(300);
      expect(await failed).toMatchObject({ phase: null, sent: 'full', retryable });
    },
  );

  test.each(['request', 'stream'] as const)('in the body of %s: the phase is read, as of ReadTimeout', async (how) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');
    };
    const client = openClient({ timeout: { read: null, total: 1000 } }, environment);
    const failed = failureOf(
      client[how]('GET', url).then((response) => response.aread()),
      TotalTimeout,
    );
    await environment.host.advance(1000);
    expect(await failed).toMatchObject({ phase: 'read', sent: 'full', retryable: false });
  });

  test('in a hook of a redirect’s request: the call is not to be sent again', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 307 Moved\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n');
    };
    const hook = ({ url: { path } }: Request) => (path === '/next' ? never() : undefined);
    const options: ClientOptions = { eventHooks: { request: [hook] }, followRedirects: true, timeout: { total: 300 } };
    const failed = failureOf(openClient(options, environment).post(url, { content: 'x' }), TotalTimeout);
    await environment.host.advance(300);
    expect(await failed).toMatchObject({ sent: 'full', retryable: false });
  });

  test('goes on while a streamed body is read', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');
    };
    const client = openClient({ timeout: { read: null, total: 1000 } }, environment);
    const response = await client.stream('GET', url);
    const reader = response.body.getReader();
    await reader.read();
    const failed = failureOf(reader.read(), TotalTimeout);
    await environment.host.advance(1000);
    await failed;
  });
});

describe('what may be said', () => {
  test('null waits for ever', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: null }, environment).get(url);
    await environment.host.advance(86_400_000);
    expect(await isSettled(call)).toBe(false);
    environment.connector.socket(0).say(answer('patience'));
    expect((await call).text).toBe('patience');
  });

  test('a request’s timeout replaces the client’s, a plain object only its own fields', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: new Timeout(9000, { read: 400 }) }, environment);
    const failed = failureOf(client.get(url, { timeout: { connect: 1 } }), ReadTimeout);
    await environment.host.advance(400);
    expect((await failed).message).toContain('400 ms');
    const other = failureOf(client.get(url, { timeout: '70ms' }), ReadTimeout);
    await environment.host.advance(70);
    expect((await other).message).toContain('70 ms');
  });

  test('null as a request’s extension waits for ever', async () => {
    const environment = fakeEnvironment();
    const call = openClient({}, environment).get(url, { extensions: { timeout: null } });
    call.catch(() => {});
    await environment.host.advance(86_400_000);
    expect(await isSettled(call)).toBe(false);
    environment.connector.socket(0).say(answer('patience'));
    expect((await call).text).toBe('patience');
  });

  test('an extension that its owner has changed counts as it is now', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    const timeout = { read: 100 };
    const first = failureOf(client.get(url, { extensions: { timeout } }), ReadTimeout);
    await environment.host.advance(100);
    expect((await first).message).toContain('100 ms');
    timeout.read = 300;
    const call = client.get(url, { extensions: { timeout } });
    call.catch(() => {});
    await environment.host.advance(299);
    expect(await isSettled(call)).toBe(false);
    const second = failureOf(call, ReadTimeout);
    await environment.host.advance(1);
    expect((await second).message).toContain('300 ms');
  });

  test('the default is five seconds', async () => {
    const environment = fakeEnvironment();
    const call = openClient({}, environment).get(url);
    await environment.host.advance(4999);
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, ReadTimeout);
    await environment.host.advance(1);
    expect((await failed).message).toContain('5000 ms');
  });
});

describe.each(clients)('$name, by the host’s clock', (kind) => {
  test('connect: a server that never answers the TLS handshake', async () => {
    const { server: tls } = await certificates();
    const server = await serve([always(answer('ok')), dialogue().acceptOnly()], { tls });
    const client = kind.open({ timeout: { connect: '1500ms' }, verify: false, limits: { maxKeepaliveConnections: 0 } });
    // The first connect of a process loads what TLS needs, and starts the thread of blocking sockets.
    await client.get(server.url, { timeout: null });
    const error = await failureOf(() => client.get(server.url), ConnectTimeout);
    expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: true });
    expect(error.message).toBe(
      `Cannot connect to ${placeOf(server.url)}: TLS was not set up after 1500 ms (timeout.connect) [GET ${server.url}]`,
    );
    await server.emptied();
  });

  test('read: a server that hears and says nothing', async () => {
    const server = await serve(dialogue().hear().stall());
    const client = kind.open({ timeout: { read: '150ms' } });
    const error = await failureOf(() => client.get(server.url), ReadTimeout);
    expect(error).toMatchObject({ code: 'ERR_READ_TIMEOUT', phase: 'read', sent: 'full' });
    const why = 'no complete head after 150 ms (timeout.read)';
    expect(error.message).toBe(`Cannot read the response from ${placeOf(server.url)}: ${why} [GET ${server.url}]`);
    expect(error.stack).toContain(`ReadTimeout: ${error.message}\n`);
    expect(error.request.method).toBe('GET');
    await server.emptied();
  });

  test('write: a server that has gone deaf', async () => {
    const server = await serve(dialogue().goDeaf().stall());
    const client = kind.open({ timeout: { write: '300ms', read: null } });
    const error = await failureOf(() => client.post(server.url, { content: new Uint8Array(64 << 20) }), WriteTimeout);
    expect(error).toMatchObject({ code: 'ERR_WRITE_TIMEOUT', phase: 'write', sent: 'partial' });
    const why = 'a piece of it was not taken within 300 ms (timeout.write)';
    expect(error.message).toBe(`Cannot send the request to ${placeOf(server.url)}: ${why} [POST ${server.url}]`);
  });

  test('pool: a place that is not given up', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').stall());
    const client = kind.open({ limits: { maxConnections: 1 }, timeout: { pool: '50ms' } });
    const response = await client.stream('GET', server.url);
    const error = await failureOf(() => client.get(server.url), PoolTimeout);
    expect(error).toMatchObject({ code: 'ERR_POOL_TIMEOUT', phase: 'pool', sent: 'none' });
    expect(error.message).toMatch(
      /maxConnections: 1; held by responses that are neither read to their end nor closed: 1\).* \[GET http:\S+\]$/,
    );
    await kind.close(response);
    await server.emptied();
  });

  test('total: goes on while a streamed body is read, whatever else it does', async () => {
    const server = await serve(
      dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n').sayForever('x', 5),
    );
    const client = kind.open({ timeout: { read: null, total: '200ms' } });
    const read = async () => {
      const response = await client.stream('GET', server.url);
      for await (const piece of kind.raw(response)) expect(piece.length).toBeGreaterThan(0);
    };
    const error = await failureOf(read, TotalTimeout);
    expect(error.message).toBe(`Cannot complete GET ${server.url}: it is not done after 200 ms in all (timeout.total)`);
    await server.emptied();
  });

  test('a request’s own limits replace the client’s', async () => {
    const server = await serve(dialogue().hear().stall(), { repeatLast: true });
    const client = kind.open({ timeout: '60s' });
    const timeout = { read: 70 };
    expect((await failureOf(() => client.get(server.url, { timeout }), ReadTimeout)).message).toContain('70 ms');
    const extensions = { timeout: { read: 80 } };
    expect((await failureOf(() => client.get(server.url, { extensions }), ReadTimeout)).message).toContain('80 ms');
  });

  test.each([0, -1, Number.NaN])('%d is a RangeError before anything is done', async (bad) => {
    const { client, connector } = kind.fake(answer('ok'));
    await failureOf(() => client.get(url, { timeout: bad }), RangeError);
    expect(connector.sockets.length).toBe(0);
  });
});
