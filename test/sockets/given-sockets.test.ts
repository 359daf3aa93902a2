/** Sockets that an embedder gives, as the connector of a host without its own: what is asked of them, and how they fail. */
import { afterEach, expect, test } from 'vitest';
import { CloseError, ConnectError, ReadError, WriteError } from '../../src/exceptions.js';
import { type Connect, type GivenSocket, givenConnector, provideSockets } from '../../src/hosts/given-sockets.js';
import type { Address, Cancel, Socket } from '../../src/hosts/socket.js';

const ADDRESS: Address = {
  host: 'example.org',
  port: 80,
  uds: null,
  localAddress: null,
  socketOptions: null,
  tls: null,
  resolve: null,
  allowAddress: null,
};

const cancelOf = (): Cancel => ({
  cancelled: false,
  onCancel: null,
  phase: 'dns',
  now: () => 7,
  resolvedAt: 0,
  connectedAt: 0,
  securedAt: 0,
});

/** A socket that says `said`, then that the peer closed; keeps what is written. */
function fake(said: readonly string[], more: Partial<GivenSocket> = {}): GivenSocket & { readonly log: string[] } {
  const pieces = said.map((text) => new TextEncoder().encode(text));
  const log: string[] = [];
  return {
    log,
    read: () => pieces.shift() ?? null,
    write: (octets) => void log.push(new TextDecoder().decode(octets)),
    closeWrite: () => void log.push('<end>'),
    close: () => void log.push('<closed>'),
    ...more,
  };
}

async function open(connect: Connect, cancel: Cancel = cancelOf(), address: Address = ADDRESS): Promise<Socket> {
  provideSockets(connect);
  return givenConnector.connect(address, cancel);
}

/** All that the socket delivers; `answer`: what the sink says to each piece. */
function heard(socket: Socket, answer: number = 0): Promise<readonly unknown[]> {
  const log: unknown[] = [];
  return new Promise((resolve) => {
    socket.sink = {
      octets(bytes, length) {
        log.push(new TextDecoder().decode(bytes.subarray(0, length)));
        return answer;
      },
      ended(error) {
        log.push(error);
        resolve(log);
      },
    };
    socket.demand();
  });
}

afterEach(() => provideSockets(null));

test('without them, who asks for a connection is told what to do, and clients fetch', () => {
  expect(() => givenConnector.connect(ADDRESS, cancelOf())).toThrow(
    /Cannot connect to example\.org:80: .*provideSockets/,
  );
  expect([givenConnector.onlyFetches, givenConnector.cannot]).toEqual([true, []]);
  provideSockets(() => fake([]));
  expect([givenConnector.onlyFetches, givenConnector.cannot]).toEqual([
    false,
    expect.arrayContaining(['verify', 'resolve']),
  ]);
});

test('octets are pulled one read at a time, and the end is told', async () => {
  const socket = await open(() => fake(['one', 'two']));
  expect(await heard(socket)).toEqual(['one', 'two', null]);
});

test('head and body leave as one, in memory of their own', async () => {
  const given = fake([]);
  const socket = await open(() => given);
  const body = new TextEncoder().encode('body');
  const written = socket.write('head\xff', body);
  body.fill(0);
  await written;
  await socket.closeWrite();
  socket.close();
  expect(given.log).toEqual(['head\ufffdbody', '<end>', '<closed>']);
});

test('reading stops where the sink says so, until it is demanded again', async () => {
  const given = fake(['one', 'two']);
  const socket = await open(() => given);
  const log: string[] = [];
  const pieces: (() => void)[] = [];
  const next = (): Promise<void> => new Promise((resolve) => pieces.push(resolve));
  socket.sink = {
    octets(bytes) {
      log.push(new TextDecoder().decode(bytes));
      pieces.shift()?.();
      return 1;
    },
    ended() {},
  };
  const first = next();
  socket.demand();
  await first;
  await Promise.resolve();
  expect(log).toEqual(['one']);
  const second = next();
  socket.demand();
  await second;
  expect(log).toEqual(['one', 'two']);
});

test('what fails is an error of its kind, with the cause', async () => {
  const cause = new Error('cable cut');
  const fails = (): never => {
    throw cause;
  };
  const socket = await open(() => fake([], { read: fails, write: fails, closeWrite: fails }));
  const [error] = await heard(socket);
  expect(error).toBeInstanceOf(ReadError);
  expect((error as ReadError).message).toBe('Cannot read from example.org:80: cable cut');
  await expect(socket.write('x', null)).rejects.toThrow(WriteError);
  await expect(socket.closeWrite()).rejects.toThrow(CloseError);
  await expect(open(fails)).rejects.toMatchObject({ message: 'Cannot connect to example.org:80: cable cut', cause });
});

test('TLS is asked of who gives them, by the name and what is offered', async () => {
  const asked: unknown[] = [];
  const cancel = cancelOf();
  const tls = { hostname: 'example.org', serverName: 'example.org', alpn: ['h2', 'http/1.1'] };
  const address = { ...ADDRESS, port: 443, tls: tls as unknown as NonNullable<Address['tls']> };
  const socket = await open(
    (given) => {
      asked.push(given);
      return fake([], { alpn: 'h2' });
    },
    cancel,
    address,
  );
  expect(asked).toEqual([
    { host: 'example.org', port: 443, tls: { serverName: 'example.org', alpn: ['h2', 'http/1.1'] } },
  ]);
  expect([socket.alpn, cancel.phase, cancel.connectedAt, cancel.securedAt]).toEqual(['h2', 'tls', 7, 7]);
  expect(() => socket.startTls({} as never, cancel)).toThrow(ConnectError);
});

test('a connection that comes after the caller gave up is closed', async () => {
  const given = fake([]);
  let come!: (socket: GivenSocket) => void;
  const cancel = cancelOf();
  const attempt = open(() => new Promise((resolve) => (come = resolve)), cancel);
  await Promise.resolve();
  cancel.onCancel?.();
  await expect(attempt).rejects.toThrow(/given up/);
  come(given);
  await new Promise((resolve) => setImmediate(resolve));
  expect(given.log).toEqual(['<closed>']);
});
