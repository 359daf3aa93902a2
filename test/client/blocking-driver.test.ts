/**
 * The blocking driver, on sockets in memory and a clock of the test's own: what a call waits for, when its limits strike
 * where no timer can, and what it leaves behind.
 */
import { describe, expect, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import {
  Client,
  ConnectError,
  ConnectTimeout,
  MockTransport,
  PoolTimeout,
  ReadError,
  ReadTimeout,
  Response,
  type SyncNetworkStream,
  TotalTimeout,
  WriteTimeout,
} from '../../src/index.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { BlockingFakeConnector, type BlockingFakeSocket } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';

const url = 'http://fake.invalid/';
type Options = NonNullable<ConstructorParameters<typeof Client>[0]>;

/** A client whose n-th connection does what `script` says. */
function blockingClient(script: (socket: BlockingFakeSocket, index: number) => void, options: Options = {}) {
  const host = new FakeHost();
  const connector = new BlockingFakeConnector(host);
  connector.onSocket = script;
  const client = new Client(options, { host, connector, deadlines: new Deadlines(host) });
  return { client, connector, host };
}

function thrown<E extends Error>(call: () => unknown, expected: abstract new (...args: never[]) => E): E {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(expected);
    expect((error as Error).constructor.name).toBe(expected.name);
    return error as E;
  }
  throw new Error(`Expected ${expected.name}, but the call succeeded`);
}

describe('a blocking call', () => {
  test('sends its request and returns the response, read', () => {
    const { client, connector } = blockingClient((socket) => socket.say(answer('hello')));
    const response = client.get(url);
    expect(response.text).toBe('hello');
    expect(response.isClosed).toBe(true);
    expect(connector.socket(0).written).toMatch(/^GET \/ HTTP\/1.1\r\nHost: fake.invalid\r\n/);
  });

  test('keeps its connection for the next one', () => {
    const { client, connector } = blockingClient((socket) => socket.say(answer('one')).say(answer('two'), 5));
    expect(client.get(url).text).toBe('one');
    expect(client.get(url).text).toBe('two');
    expect(connector.sockets.length).toBe(1);
  });

  test('finds out that an idle connection has died, without losing time, and connects anew', () => {
    const { client, connector, host } = blockingClient((socket, index) => {
      socket.say(answer(`from ${index}`));
      if (index === 0) socket.end(null);
    });
    client.get(url);
    host.passBlocked(100);
    const before = host.now();
    expect(client.get(url).text).toBe('from 1');
    expect(host.now()).toBe(before);
    expect(connector.socket(0).closed).toBe(true);
    expect(connector.socket(0).written.match(/GET/g)?.length).toBe(1);
  });

  test('looks at a connection that was just used, too, where it could not try again', () => {
    const { client, connector } = blockingClient((socket, index) => {
      socket.say(answer(`from ${index}`));
      if (index === 0) socket.end(null);
    });
    client.get(url);
    expect(client.post(url, { content: 'x' }).text).toBe('from 1');
    expect(connector.socket(0).written).not.toContain('POST');
  });

  test('sends a body piece by piece, waiting where there is no room', () => {
    const { client, connector } = blockingClient((socket) => {
      socket.room = 100;
      socket.takeWrites(10).say(answer('ok'));
    });
    expect(client.post(url, { content: ['abc', 'def'] }).text).toBe('ok');
    expect(connector.socket(0).written).toMatch(/3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/);
  });

  test('an early response ends an upload that has no room', () => {
    const pulled: string[] = [];
    const body = function* () {
      for (const piece of ['one', 'two', 'three']) {
        pulled.push(piece);
        yield piece;
      }
    };
    const { client, connector } = blockingClient((socket) => {
      socket.room = 0;
      socket.say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n', 3);
    });
    expect(client.post(url, { content: body() }).statusCode).toBe(413);
    expect(pulled.length).toBeLessThan(3);
    expect(connector.socket(0).closed).toBe(true);
  });

  test('what a hook answers with a promise is refused, and nothing stays behind', () => {
    const late = (async () => {}) as () => unknown as () => undefined;
    const { client, connector } = blockingClient(() => {}, { eventHooks: { request: [late] } });
    const error = thrown(() => client.get(url), TypeError);
    expect(error.message).toContain('blocking');
    expect(connector.sockets.length).toBe(0);
  });

  test.each([
    ['a stream', () => new ReadableStream<Uint8Array>()],
    ['a Blob', () => new Blob(['x'])],
    [
      'an async iterable',
      async function* () {
        yield 'x';
      },
    ],
  ])('%s as its body is refused before a connection is made', (_name, body) => {
    const { client, connector } = blockingClient(() => {});
    // @ts-expect-error: nor does it compile
    expect(thrown(() => client.post(url, { content: body() }), TypeError).message).toContain('AsyncClient');
    expect(connector.sockets.length).toBe(0);
  });

  test('a full pool fails at once: nobody else could free a place', () => {
    const { client, host } = blockingClient((socket) => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), {
      limits: { maxConnections: 1 },
      timeout: { pool: '30s' },
    });
    const unread = client.stream('GET', url);
    const before = host.now();
    const error = thrown(() => client.get('http://other.invalid/'), PoolTimeout);
    expect(host.now()).toBe(before);
    expect(error).toMatchObject({ code: 'ERR_POOL_TIMEOUT', phase: 'pool', sent: 'none' });
    expect(error.message).toBe(
      'Cannot send the request to http://other.invalid: all connections of the pool are in use (maxConnections: 1; held by ' +
        'responses that are neither read to their end nor closed: 1), and a blocking call cannot wait for one; read or close streamed responses, for one that is only dropped frees its ' +
        'connection no sooner than at the next turn of the event loop [GET http://other.invalid/]',
    );
    unread.close();
    expect(thrown(() => client.get('http://other.invalid/'), ReadTimeout).message).toContain('other.invalid');
  });

  test('after close() nothing is sent, and what worked for it is told', () => {
    const { client, connector } = blockingClient((socket) => socket.say(answer('ok')));
    client.get(url);
    client.close();
    client.close();
    expect(connector.open).toBe(0);
    expect(connector.closed).toBe(true);
    expect(() => client.get(url)).toThrow('closed');
  });

  test('what worked for it is told after all transports are closed, though one of them fails', () => {
    const { client, connector } = blockingClient((socket) => socket.say(answer('ok')), {
      mounts: {
        'http://mounted.invalid': {
          handleRequest: () => new Response(200),
          close() {
            expect(connector.closed).toBe(false);
            throw new Error('it will not close');
          },
        } as never,
      },
    });
    client.get(url);
    expect(() => client.close()).toThrow('it will not close');
    expect([connector.open, connector.closed]).toEqual([0, true]);
  });

  test('using closes', () => {
    const { client, connector } = blockingClient((socket) => socket.say(answer('ok')));
    client[Symbol.dispose]();
    expect(client.isClosed).toBe(true);
    expect(connector.closed).toBe(true);
  });
});

describe('limits of a blocking call', () => {
  test('connect: after its time; the attempt is called off', () => {
    const { client, connector, host } = blockingClient(() => {}, { timeout: { connect: 300 } });
    connector.connects = null;
    const before = host.now();
    expect(thrown(() => client.get(url), ConnectTimeout).message).toContain('300 ms');
    expect(host.now() - before).toBe(300);
    expect(connector.cancelled).toBe(1);
  });

  test('connect: an error of the host is thrown as it is', () => {
    const { client, connector } = blockingClient(() => {});
    const refused = new ConnectError('Cannot connect to fake.invalid:80: refused', { phase: 'connect' });
    connector.connects = refused;
    expect(thrown(() => client.get(url), ConnectError)).toBe(refused);
    expect(refused).toMatchObject({ sent: 'none', retryable: true });
  });

  test('read: bounds the whole head, however it drips', () => {
    const { client, connector, host } = blockingClient(
      (socket) => {
        for (const octet of 'HTTP/1.1 200 OK\r\n') socket.say(octet, 100);
      },
      { timeout: { read: 1000 } },
    );
    const before = host.now();
    const error = thrown(() => client.get(url), ReadTimeout);
    expect(error.message).toContain('1000 ms');
    expect(error).toMatchObject({ phase: 'read', sent: 'full' });
    expect(host.now() - before).toBe(1000);
    expect(connector.socket(0).closed).toBe(true);
  });

  test('read: in the body it bounds each silence, not the whole', () => {
    const { client, host } = blockingClient(
      (socket) => {
        socket.say('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
        for (const octet of 'abcde') socket.say(octet, 900);
      },
      { timeout: { read: 1000 } },
    );
    const before = host.now();
    expect(client.get(url).text).toBe('abcde');
    expect(host.now() - before).toBe(4500);
  });

  test('write: while there is no room', () => {
    const { client, connector } = blockingClient(
      (socket) => {
        socket.room = 0;
      },
      { timeout: { write: 200 } },
    );
    const error = thrown(() => client.post(url, { content: ['x'] }), WriteTimeout);
    expect(error.message).toContain('200 ms');
    expect(connector.socket(0).closed).toBe(true);
  });

  test('total: from the first wait to the last octet, also while the body is read piece by piece', () => {
    const { client, host } = blockingClient(
      (socket) => {
        socket.say('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n', 100);
        for (let piece = 0; piece < 10; piece++) socket.say('abcde', 100);
      },
      { timeout: { total: 450 } },
    );
    const before = host.now();
    const response = client.stream('GET', url);
    const pieces: string[] = [];
    const error = thrown(() => {
      for (const piece of response.iterText()) pieces.push(piece);
    }, TotalTimeout);
    expect(pieces.join('')).toBe('abcdeabcdeabcde');
    expect(host.now() - before).toBe(450);
    expect(String(error.request.url)).toBe(url);
  });

  test('total: while a host that is slow says whether an idle connection lives', () => {
    const { client, connector, host } = blockingClient((socket) => socket.say(answer('one')).say(answer('two')));
    client.get(url);
    host.passBlocked(100);
    connector.socket(0).fenceMs = 1000;
    const before = host.now();
    thrown(() => client.get(url, { timeout: { total: 100 } }), TotalTimeout);
    expect(host.now() - before).toBe(100);
    expect(connector.socket(0).written.match(/GET/g)?.length).toBe(1);
  });

  test('total: a call that never hears a word', () => {
    const { client, host } = blockingClient(() => {}, { timeout: { read: '10s', total: '2s' } });
    const before = host.now();
    thrown(() => client.get(url), TotalTimeout);
    expect(host.now() - before).toBe(2000);
  });
});

describe('limits of a call hold for the calls that it makes itself', () => {
  type Made = ReturnType<typeof blockingClient>;

  /** A client whose transport asks another client, of the same clock. */
  function wrapped(
    script: (socket: BlockingFakeSocket) => void,
    options: Options,
    handle: (inner: Client) => Response,
  ) {
    const inner = blockingClient(script, { timeout: null });
    const { host, connector } = inner;
    const transport = new MockTransport(() => handle(inner.client));
    const client = new Client({ transport, ...options }, { host, connector, deadlines: new Deadlines(host) });
    return { inner, client, host };
  }

  const asking = (inner: Client) => inner.get(url) as unknown as Response;
  const openOf = ({ connector }: Made) => connector.open;

  test('total: the transport waits no longer', () => {
    const { inner, client, host } = wrapped(() => {}, { timeout: { total: 300 } }, asking);
    const before = host.now();
    expect(thrown(() => client.get(url), TotalTimeout).message).toContain('300 ms');
    expect([host.now() - before, openOf(inner)]).toEqual([300, 0]);
  });

  test('total: a transport that asks again after it has no more time', () => {
    const { client, host } = wrapped(
      () => {},
      { timeout: { total: 300 } },
      (inner) => {
        try {
          return asking(inner);
        } catch {
          return asking(inner);
        }
      },
    );
    const before = host.now();
    thrown(() => client.get(url), TotalTimeout);
    expect(host.now() - before).toBe(300);
  });

  test('total: the shortest of all counts, the limits inside as well', () => {
    const { client, host } = wrapped(
      () => {},
      { timeout: { total: 300 } },
      (inner) => inner.get(url, { timeout: { read: 100 } }) as unknown as Response,
    );
    const before = host.now();
    thrown(() => client.get(url), ReadTimeout);
    expect(host.now() - before).toBe(100);
  });

  test('total: a hook that reads the response', () => {
    const { client, host } = blockingClient((socket) => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), {
      timeout: { total: 300, read: null },
      eventHooks: { response: [(response) => void response.read()] },
    });
    const before = host.now();
    thrown(() => client.get(url), TotalTimeout);
    expect(host.now() - before).toBe(300);
  });

  test('signal: what fires inside ends the call inside', () => {
    const controller = new AbortController();
    const { inner, client } = wrapped(
      (socket) => socket.say(answer('late'), 10),
      {},
      (other) => {
        other.eventHooks.request.push(() => controller.abort());
        return asking(other);
      },
    );
    expect(() => client.get(url, { signal: controller.signal })).toThrow(controller.signal.reason);
    expect(openOf(inner)).toBe(0);
  });

  test('end with the call: the next one has all its time', () => {
    const urls = [url, 'http://second.invalid/', 'http://third.invalid/'];
    let calls = 2;
    const { client } = wrapped(
      (socket) => socket.say(answer('ok'), 200),
      { timeout: { total: 300 } },
      (inner) => {
        while (--calls > 0) inner.get(urls.pop() as string);
        return inner.get(urls.pop() as string) as unknown as Response;
      },
    );
    thrown(() => client.get(url), TotalTimeout);
    expect(client.get(url).text).toBe('ok');
  });
});

describe('cancelling a blocking call', () => {
  test('a signal that has fired before: nothing is sent', () => {
    const { client, connector } = blockingClient(() => {});
    const reason = new Error('mine');
    expect(thrown(() => client.get(url, { signal: AbortSignal.abort(reason) }), Error)).toBe(reason);
    expect(connector.sockets.length).toBe(0);
  });

  test('a signal that fires in a hook, between two steps', () => {
    const controller = new AbortController();
    const { client, connector } = blockingClient((socket) => socket.say(answer('late')), {
      eventHooks: { request: [() => controller.abort()] },
    });
    expect(() => client.get(url, { signal: controller.signal })).toThrow(controller.signal.reason);
    expect(connector.open).toBe(0);
  });

  test('a signal that fires in a hook, with a connection at hand: nothing is sent', () => {
    const controller = new AbortController();
    const { client, connector } = blockingClient((socket) => socket.say(answer('one')).say(answer('two')));
    client.get(url);
    client.eventHooks.request.push(() => controller.abort());
    expect(() => client.get(url, { signal: controller.signal })).toThrow(controller.signal.reason);
    expect(connector.socket(0).written.match(/GET/g)?.length).toBe(1);
  });

  test('a signal that fires while the body is made ends it there', () => {
    const controller = new AbortController();
    const { client, connector } = blockingClient((socket) => socket.say(answer('late')));
    function* pieces() {
      yield 'one';
      controller.abort();
      yield 'two';
      yield 'three';
    }
    const call = () => client.post(url, { content: pieces(), signal: controller.signal });
    expect(call).toThrow(controller.signal.reason);
    expect(connector.socket(0).written).toContain('one');
    expect(connector.socket(0).written).not.toContain('two');
    expect(connector.open).toBe(0);
  });

  test('a signal that fires while an interim response is told', () => {
    const controller = new AbortController();
    const { client, connector } = blockingClient((socket) =>
      socket.say('HTTP/1.1 103 Early Hints\r\n\r\n').say(answer('late'), 10),
    );
    const extensions = { onInterim: () => controller.abort() };
    expect(() => client.get(url, { signal: controller.signal, extensions })).toThrow(controller.signal.reason);
    expect(connector.open).toBe(0);
  });

  test('a signal that fires between two pieces of the body', () => {
    const controller = new AbortController();
    const { client, connector } = blockingClient((socket) =>
      socket.say('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc').say('def', 10),
    );
    const pieces = client.stream('GET', url, { signal: controller.signal }).iterText();
    expect(pieces.next().value).toBe('abc');
    controller.abort();
    expect(() => pieces.next()).toThrow(controller.signal.reason);
    expect(connector.open).toBe(0);
  });
});

describe('a response of a blocking client', () => {
  const streamed = () =>
    blockingClient((socket) =>
      socket.say('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\n').say('two\n', 10),
    ).client.stream('GET', url) as unknown as Response;

  test('is read by read, iterBytes, iterText, iterLines, iterRaw', () => {
    expect(Buffer.from(streamed().read()).toString()).toBe('one\ntwo\n');
    expect([...streamed().iterBytes(3)].map((piece) => Buffer.from(piece).toString())).toEqual(['one', '\ntw', 'o\n']);
    expect([...streamed().iterText()]).toEqual(['one\n', 'two\n']);
    expect([...streamed().iterLines()]).toEqual(['one', 'two']);
    expect([...streamed().iterRaw()].length).toBe(2);
  });

  test('pieces are the caller’s own memory, not shared', () => {
    for (const piece of streamed().iterBytes()) expect(piece.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('leaving the loop closes it', () => {
    const response = streamed();
    for (const line of response.iterLines()) {
      expect(line).toBe('one');
      break;
    }
    expect(response.isClosed).toBe(true);
  });

  test('what comes as a stream of octets blocks who reads it', async () => {
    const pieces: string[] = [];
    for await (const piece of streamed().body as unknown as AsyncIterable<Uint8Array>)
      pieces.push(Buffer.from(piece).toString());
    expect(pieces).toEqual(['one\n', 'two\n']);
  });

  test('refuses the ways of the other client, and can be read all the same', async () => {
    const response = streamed();
    await expect(response.aread()).rejects.toThrow(/response\.aread.*use read/);
    await expect(response.aiterBytes().next()).rejects.toThrow(/response\.aiterBytes.*use iterBytes/);
    expect(response.isClosed).toBe(false);
    expect(Buffer.from(response.read()).toString()).toBe('one\ntwo\n');
    expect(Buffer.from(await response.aread()).toString()).toBe('one\ntwo\n');
  });

  test('that breaks off fails who reads it, with its request', () => {
    const { client } = blockingClient((socket) =>
      socket.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc').end(new ReadError('Cannot read: reset')),
    );
    const response = client.stream('GET', url);
    const error = thrown(() => response.read(), ReadError);
    expect(String(error.request.url)).toBe(url);
    expect(response.isClosed).toBe(true);
  });
});

test('a response of AsyncClient refuses what would block, and can be read all the same', async () => {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('abc'));
  const response = (await openClient({}, environment).stream('GET', url)) as unknown as Response;
  expect(() => response.read()).toThrow(/response\.read: .*AsyncClient; use aread/);
  expect(() => response.iterBytes().next()).toThrow(/response\.iterBytes: .*use aiterBytes/);
  expect(Buffer.from(await response.aread()).toString()).toBe('abc');
  expect(Buffer.from(response.read()).toString()).toBe('abc');
});

test('a connection that is no longer HTTP is read and written without promises', () => {
  const { client, connector } = blockingClient((socket) =>
    socket
      .say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst')
      .say('second', 10)
      .end(null, 10),
  );
  const response = client.stream('GET', url, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  const stream = response.extensions.networkStream as SyncNetworkStream;
  expect(Buffer.from(stream.read()).toString()).toBe('first');
  expect(stream.write(new TextEncoder().encode('hello'))).toBeUndefined();
  expect(connector.socket(0).written.endsWith('hello')).toBe(true);
  expect(() => stream.read(10, { timeout: 5 })).toThrow('5 ms');
  expect(Buffer.from(stream.read()).toString()).toBe('second');
  expect(stream.read().length).toBe(0);
  stream.closeWrite();
  expect(connector.socket(0).closed).toBe(true);
});

describe('the writing side of a connection that is no longer HTTP', () => {
  /** A stream to a peer that reads nothing, to which a write came too late. */
  function stuck() {
    const { client, connector, host } = blockingClient((socket) =>
      socket.say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    const response = client.stream('GET', url, { headers: { Connection: 'Upgrade', Upgrade: 'x' } });
    const stream = response.extensions.networkStream as SyncNetworkStream;
    const socket = connector.socket(0);
    socket.room = 0;
    thrown(() => stream.write(new Uint8Array(9), { timeout: 300 }), WriteTimeout);
    return { stream, socket, host };
  }

  test('ends within bounds while the peer takes nothing, and leaves with later calls', () => {
    const { stream, socket, host } = stuck();
    const before = host.now();
    stream.closeWrite();
    stream.closeWrite();
    expect([host.now() - before, socket.writeClosed, socket.closed]).toEqual([1000, true, false]);
    socket.takeWrites(10).end(null, 10);
    expect(stream.read().length).toBe(0);
    expect(socket.closed).toBe(true);
  });

  test('ends within bounds as a stream of octets, too', async () => {
    const { stream, socket, host } = stuck();
    const before = host.now();
    await stream.writable.close();
    expect([host.now() - before, socket.writeClosed]).toEqual([1000, true]);
  });

  test('is waited for no longer than it takes', () => {
    const { stream, socket, host } = stuck();
    socket.end().takeWrites(20);
    expect(stream.read().length).toBe(0);
    const before = host.now();
    stream.closeWrite();
    expect([host.now() - before, socket.closed]).toEqual([20, true]);
  });
});

describe('a blocking client over other transports', () => {
  test('MockTransport answers both clients; its request is read', () => {
    const transport = new MockTransport((request) => new Response(200, { content: request.content }));
    expect(new Client({ transport }).post(url, { content: ['a', 'b'] }).text).toBe('ab');
  });

  test('a handler that answers with a promise is refused, and its late answer closed', async () => {
    const late = new Response(200, { stream: ['x'] });
    const client = new Client({ transport: new MockTransport(async () => late) });
    expect(thrown(() => client.get(url), TypeError).message).toContain('promise');
    await null;
    await null;
    expect(late.isClosed).toBe(true);
  });

  test('one of the other kind is refused when the client is made', () => {
    const transport = { handleAsyncRequest() {}, async aclose() {} } as never;
    expect(() => new Client({ transport })).toThrow('handleRequest and close');
  });
});
