/** Blocking sockets that an embedder gives: what is asked of them and for how long, and a client over a network made of them. */
import { afterEach, expect, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import {
  CloseError,
  ConnectError,
  ConnectTimeout,
  PoolTimeout,
  ReadError,
  ReadTimeout,
  WriteError,
  WriteTimeout,
} from '../../src/exceptions.js';
import {
  type ConnectBlocking,
  type GivenBlockingSocket,
  givenBlockingConnector,
  provideBlockingSockets,
} from '../../src/hosts/given-blocking-sockets.js';
import type { Address, Cancel } from '../../src/hosts/socket.js';
import { Client, type ClientOptions } from '../../src/index.js';
import { FakeHost } from '../support/fake-host.js';

const URL = 'http://example.org/';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A network whose time goes by only while a call waits. */
class Network {
  readonly host = new FakeHost();
  readonly log: string[] = [];
  /** What each read brings: octets, the end, an error; nothing comes when none is left. */
  says: (string | null | Error)[] = [];
  /** How many octets each write takes; all where none is left. */
  takes: (number | Error)[] = [];

  readonly connect: ConnectBlocking = ({ host, port, tls }, timeoutMs) => {
    this.log.push(`connect ${host}:${port} ${JSON.stringify(tls)} ${timeoutMs}`);
    return this.socket;
  };

  readonly socket: GivenBlockingSocket = {
    read: (timeoutMs) => {
      this.log.push(`read ${timeoutMs}`);
      const said = this.says.shift();
      if (said instanceof Error) throw said;
      if (said === undefined) this.host.passBlocked(timeoutMs ?? Number.NaN);
      return said === undefined ? new Uint8Array(0) : said === null ? null : octets(said);
    },
    write: (given, timeoutMs) => {
      const takes = this.takes.shift() ?? given.length;
      if (takes instanceof Error) throw takes;
      this.log.push(`write ${takes}/${given.length} ${timeoutMs}`);
      if (takes === 0) this.host.passBlocked(timeoutMs ?? Number.NaN);
      return takes;
    },
    closeWrite: () => void this.log.push('end'),
    close: () => void this.log.push('close'),
  };

  client(options?: ClientOptions, connect: ConnectBlocking = this.connect): Client {
    const { host } = this;
    provideBlockingSockets(connect);
    return new Client(options, { host, connector: givenBlockingConnector, deadlines: new Deadlines(host) });
  }
}

/** What `work` throws. */
function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

afterEach(() => provideBlockingSockets(null));

test('without them, who asks for a connection is told what to do', () => {
  const network = new Network();
  const client = network.client();
  provideBlockingSockets(null);
  const error = thrown(() => client.get(URL));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toMatch(/^Cannot connect to example\.org:80: .*provideBlockingSockets/);
  expect((error as ConnectError).retryable).toBe(false);
});

test('each call is told how long it may take, and a connection is kept for the next request', () => {
  const network = new Network();
  const client = network.client({ timeout: { connect: 1000, read: 2000, write: 3000, pool: null } });
  network.says = [OK];
  expect(client.get(URL).text).toBe('ok');
  const connected = network.log.splice(0);
  expect(connected[0]).toBe('connect example.org:80 null 1000');
  expect(connected[1]).toMatch(/^write (\d+)\/\1 0$/);
  expect(connected.slice(2)).toEqual(['read 2000']);
  network.says = [OK];
  expect(client.get(URL).text).toBe('ok');
  expect(network.log.splice(0)).toEqual([expect.stringMatching(/^write/), 'read 2000']);
  network.host.passBlocked(10);
  network.says = ['', OK];
  expect(client.get(URL).text).toBe('ok');
  expect(network.log).toEqual(['read 0', expect.stringMatching(/^write/), 'read 2000']);
  client.close();
  expect(network.log.at(-1)).toBe('close');
});

test('a kept connection whose peer has closed it is left, and another one made', () => {
  const network = new Network();
  const client = network.client();
  network.says = [OK, null, OK];
  client.get(URL);
  expect(client.get(URL).text).toBe('ok');
  expect(network.log.filter((line) => line.startsWith('connect'))).toHaveLength(2);
});

test('a response comes in pieces, as they are asked for', () => {
  const network = new Network();
  const client = network.client();
  network.says = ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n', 'one', 'two'];
  const response = client.stream('GET', URL);
  const pieces = response.iterBytes();
  expect(new TextDecoder().decode(pieces.next().value)).toBe('one');
  expect(network.says).toEqual(['two']);
  expect(new TextDecoder().decode(pieces.next().value)).toBe('two');
  expect(pieces.next().done).toBe(true);
});

test('what is not taken at once is sent on, and the peer is heard in between', () => {
  const network = new Network();
  const client = network.client();
  network.takes = [20, 0, 5];
  network.says = ['', '', '', OK];
  expect(client.get(URL).text).toBe('ok');
  const [, first, ...rest] = network.log;
  const size = Number(/\/(\d+) /.exec(first as string)?.[1]);
  expect([first, ...rest]).toEqual([
    `write 20/${size} 0`,
    'read 0',
    `write 0/${size - 20} 20`,
    'read 0',
    `write 5/${size - 20} 20`,
    'read 0',
    `write ${size - 25}/${size - 25} 20`,
    'read 5000',
  ]);
});

test('an answer that comes before nothing could be sent any more is the answer', () => {
  const network = new Network();
  const client = network.client();
  network.takes = [20, new Error('reset')];
  network.says = ['', 'HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'];
  expect(client.post(URL, { content: 'body' }).statusCode).toBe(413);
});

test.each<[string, (network: Network) => void, abstract new (...args: never[]) => Error, string]>([
  ['a read', (n) => n.says.push(new Error('cut')), ReadError, 'Cannot read from example.org:80: cut'],
  ['a write', (n) => n.takes.push(new Error('cut')), WriteError, 'Cannot send to example.org:80: cut'],
])('%s that fails is an error of its kind, with the cause', (_, fail, kind, message) => {
  const network = new Network();
  const client = network.client();
  fail(network);
  const error = thrown(() => client.get(URL));
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toBe(message);
  expect((error.cause as Error).message).toBe('cut');
  expect(network.log.at(-1)).toBe('close');
});

test('a connect that fails is a ConnectError, with the cause', () => {
  const cause = new Error('cable cut');
  const client = new Network().client({}, () => {
    throw cause;
  });
  expect(thrown(() => client.get(URL))).toMatchObject({
    name: 'ConnectError',
    message: 'Cannot connect to example.org:80: cable cut',
    cause,
    retryable: true,
  });
});

test('who waits too long is told what for', () => {
  const late = new Network();
  const client = late.client({ timeout: 100 }, (_, timeoutMs) => {
    late.host.passBlocked(timeoutMs ?? Number.NaN);
    return null;
  });
  expect(thrown(() => client.get(URL))).toBeInstanceOf(ConnectTimeout);
  expect(thrown(() => new Network().client({ timeout: 100 }).get(URL))).toBeInstanceOf(ReadTimeout);
  const full = new Network();
  full.takes = Array.from({ length: 50 }, () => 0);
  expect(thrown(() => full.client({ timeout: 100 }).get(URL))).toBeInstanceOf(WriteTimeout);
  expect(full.host.now()).toBe(1100);
});

test('a connection that is in use is not waited for', () => {
  const network = new Network();
  const client = network.client({ limits: { maxConnections: 1 } });
  network.says = ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n'];
  const response = client.stream('GET', URL);
  expect(thrown(() => client.get(URL))).toBeInstanceOf(PoolTimeout);
  response.close();
});

test('options that would need what is not asked of them are refused', () => {
  const network = new Network();
  expect(() => network.client({ verify: false })).toThrow(/verify/);
});

/** The socket of a connect that did not fail. */
function opened(network: Network, tls: Address['tls'] = null) {
  provideBlockingSockets(network.connect);
  const cancel = { phase: 'dns', now: () => 7, connectedAt: 0, securedAt: 0 } as Cancel;
  const address = { host: 'example.org', port: 443, uds: null, tls } as Address;
  const opening = givenBlockingConnector.connect(address, cancel) as PromiseLike<never> & { wait(ms: number): boolean };
  expect(network.log).toEqual([]);
  expect(opening.wait(30)).toBe(true);
  let socket:
    | { closeWrite(): PromiseLike<void>; startTls(): void; write(head: string, body: null): unknown }
    | undefined;
  opening.then((value) => {
    socket = value;
  });
  if (socket === undefined) throw new Error('it is not connected');
  return { socket, cancel };
}

test('TLS is asked of who gives them, by the name and what is offered', () => {
  const network = new Network();
  const tls = { hostname: 'example.org', serverName: 'example.org', alpn: ['http/1.1'] } as unknown as Address['tls'];
  const { socket, cancel } = opened(network, tls);
  expect(network.log).toEqual(['connect example.org:443 {"serverName":"example.org","alpn":["http/1.1"]} 30']);
  expect([cancel.phase, cancel.connectedAt, cancel.securedAt]).toEqual(['tls', 7, 7]);
  expect(() => socket.startTls()).toThrow(ConnectError);
});

test('our side is closed behind what waits to be sent', () => {
  const network = new Network();
  const { socket } = opened(network);
  network.takes = [1];
  socket.write('all', null);
  let ended = 0;
  const ending = socket.closeWrite() as PromiseLike<void> & { wait(ms: number): boolean };
  ending.then(() => ended++);
  expect([network.log.at(-1), ended]).toEqual(['write 1/3 0', 0]);
  ending.wait(5);
  expect([network.log.slice(-2), ended]).toEqual([['write 2/2 5', 'end'], 1]);
});

test('a side that cannot be closed is a CloseError', () => {
  const network = new Network();
  const { socket } = opened(network);
  Object.assign(network.socket, {
    closeWrite() {
      throw new Error('cut');
    },
  });
  let error: unknown;
  socket.closeWrite().then(undefined, (reason) => {
    error = reason;
  });
  expect(error).toBeInstanceOf(CloseError);
});
