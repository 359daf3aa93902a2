/** Connecting through the worker: the same errors as the asynchronous sockets give, phases, times, cancellation, addresses. */
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openConnector } from '#blocking';
import { connector as asyncConnector } from '#sockets';
import { ConnectError } from '../../src/exceptions.js';
import type { Address, Socket, Waitable } from '../../src/hosts/socket.js';
import { Client, CloseError } from '../../src/index.js';
import {
  addressOf,
  cancelOf,
  connectTo as connectWith,
  goneFrom,
  lineOf,
  settled,
  waitUntil,
} from '../support/blocking.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';
import { materialOf } from '../support/tls-material.js';

const shared = openConnector();
afterAll(() => shared.close());

const connectTo = (port: number, more: Partial<Address> = {}) => connectWith(port, more, shared);

/** What an error says of itself and of what caused it. */
function described(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { thrown: error };
  const { name, message, cause } = error;
  const { phase, retryable, sent, code, errno, syscall, address, port, reason } = error as Partial<
    Record<'phase' | 'retryable' | 'sent' | 'code' | 'errno' | 'syscall' | 'address' | 'port' | 'reason', unknown>
  >;
  const members = error instanceof AggregateError ? error.errors.map((each) => described(each, depth + 1)) : [];
  return {
    name,
    message,
    isConnectError: error instanceof ConnectError,
    ...{ phase, retryable, sent, code, errno, syscall, address, port, reason, members },
    cause: cause === undefined || depth > 5 ? null : described(cause, depth + 1),
  };
}

async function asyncFailure(address: Address): Promise<unknown> {
  try {
    const socket = await asyncConnector.connect(address, cancelOf());
    socket.close();
  } catch (error) {
    return error;
  }
  throw new Error('It connected');
}

function blockingFailure(address: Address): unknown {
  try {
    settled(shared.connect(address, cancelOf())).close();
  } catch (error) {
    return error;
  }
  throw new Error('It connected');
}

/** A port at which nobody listens. */
const closedPort = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

const throws = (error: unknown) => () => {
  throw error;
};

describe('a failed connect says what the asynchronous one says', () => {
  test.each<[string, () => Partial<Address>]>([
    ['refused', () => ({ port: closedPort })],
    ['refused at every address of a name', () => ({ host: 'localhost', port: closedPort })],
    ['a Unix socket that is not there', () => ({ uds: join('/nonexistent', 'socket') })],
    ['a local address that is not ours', () => ({ port: closedPort, localAddress: '203.0.113.7' })],
    ['a port that is none', () => ({ port: 65536 })],
    ['resolve says nothing', () => ({ host: 'a.invalid', resolve: () => [] })],
    ['resolve says null', () => ({ host: 'a.invalid', resolve: () => null as unknown as string })],
    ['resolve says a name', () => ({ host: 'a.invalid', resolve: () => ['b.invalid'] })],
    ['resolve throws', () => ({ host: 'a.invalid', resolve: throws(new RangeError('no such name')) })],
    ['resolve throws what is no error', () => ({ host: 'a.invalid', resolve: throws('no') })],
    ['an address is not allowed', () => ({ port: closedPort, allowAddress: () => false })],
    ['no address of a name is allowed', () => ({ host: 'localhost', port: closedPort, allowAddress: () => false })],
    ['no address of resolve is allowed', () => ({ host: 'a', resolve: () => '127.0.0.9', allowAddress: () => false })],
    ['allowAddress says no boolean', () => ({ host: 'localhost', allowAddress: () => 'yes' as unknown as boolean })],
    ['allowAddress throws', () => ({ host: 'localhost', allowAddress: throws(new Error('mistake')) })],
  ])('%s', async (_name, more) => {
    const address = addressOf(0, more());
    const expected = described(await asyncFailure(address));
    expect(expected).toMatchObject({ isConnectError: true });
    expect(described(blockingFailure(address))).toEqual(expected);
  });

  test('a literal address whose question throws: a ConnectError at once, what was thrown is its cause', () => {
    const cause = new Error('mistake');
    const address = addressOf(closedPort, { allowAddress: throws(cause) });
    for (const each of [asyncConnector, shared]) {
      expect(() => each.connect(address, cancelOf())).toThrow(expect.objectContaining({ name: 'ConnectError', cause }));
    }
  });
});

describe('resolve', () => {
  test('answers at once, for names only', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const asked: string[] = [];
    const resolve = (host: string) => {
      asked.push(host);
      return '127.0.0.1';
    };
    connectTo(server.port, { host: 'name.invalid', resolve }).socket.close();
    connectTo(server.port, { resolve }).socket.close();
    await server.until(() => server.accepted === 2);
    expect(asked).toEqual(['name.invalid']);
  });

  test('a promise cannot be waited for, and its rejection harms nobody', async () => {
    const resolve = async () => {
      throw new Error('late');
    };
    const error = blockingFailure(addressOf(1, { host: 'name.invalid', resolve }));
    expect(error).toMatchObject({
      name: 'ConnectError',
      message: 'Cannot resolve name.invalid: resolve() answered with a promise, which a blocking call cannot wait for',
      phase: 'dns',
      retryable: false,
    });
  });

  test('its addresses are tried in order, and none besides', async () => {
    const server = await serve(dialogue().stall(), { host: '127.0.0.3' });
    const { socket } = connectTo(server.port, { host: 'name.invalid', resolve: () => ['127.0.0.2', '127.0.0.3'] });
    expect(socket.info('server_addr')).toEqual(['127.0.0.3', server.port]);
    socket.close();
  });
});

describe('allowAddress', () => {
  test('is asked for each address found, and only allowed ones are connected to', async () => {
    const server = await serve(dialogue().stall());
    const asked: string[] = [];
    const { socket } = connectTo(server.port, {
      host: 'localhost',
      allowAddress: (ip) => asked.push(ip) > 0 && ip === '127.0.0.1',
    });
    expect(asked).toContain('127.0.0.1');
    expect(socket.info('server_addr')).toEqual(['127.0.0.1', server.port]);
    socket.close();
  });

  test('is asked for what resolve says', async () => {
    const server = await serve(dialogue().stall());
    const asked: string[] = [];
    const allowAddress = (ip: string) => asked.push(ip) > 0 && ip === '127.0.0.1';
    connectTo(server.port, { host: 'x', resolve: () => ['127.0.0.4', '127.0.0.1'], allowAddress }).socket.close();
    expect(asked).toEqual(['127.0.0.4', '127.0.0.1']);
  });

  test('may itself use blocking sockets', async () => {
    const server = await serve([dialogue().say('inner').fin(), dialogue().say('outer').fin()]);
    let inner = '';
    const outer = connectTo(server.port, {
      host: 'localhost',
      allowAddress: (ip) => {
        if (inner !== '') return ip === '127.0.0.1';
        const line = connectTo(server.port);
        waitUntil(line, () => line.heard.ends.length > 0);
        line.socket.close();
        inner = line.heard.text;
        return ip === '127.0.0.1';
      },
    });
    waitUntil(outer, () => outer.heard.ends.length > 0);
    expect([inner, outer.heard.text]).toEqual(['inner', 'outer']);
  });
});

test('a question that closes its own connector ends the connect', async () => {
  const server = await serve(dialogue().say('x').stall(), { repeatLast: true });
  const own = openConnector();
  const kept = connectTo(server.port);
  const connecting = own.connect(
    addressOf(server.port, {
      host: 'localhost',
      allowAddress: () => {
        own.close();
        return true;
      },
    }),
    cancelOf(),
  );
  expect(() => settled(connecting)).toThrow('the socket was closed on this side');
  waitUntil(kept, () => kept.heard.text === 'x');
  connectTo(server.port).socket.close();
  expect(kept.socket.wait(0)).toBe(false);
  expect(kept.heard.ends).toEqual([]);
  kept.socket.close();
  await goneFrom(server);
});

describe('a question that closes the client', () => {
  test.each(['resolve', 'allowAddress'])('%s: the call fails as one of a closed client', async (name) => {
    const server = await serve(dialogue().stall());
    const question = () => {
      client.close();
      return name === 'resolve' ? '127.0.0.1' : true;
    };
    const client = new Client({ [name]: question });
    const url = `http://localhost:${server.port}/`;
    expect(() => client.get(url)).toThrow(CloseError);
    expect(server.accepted).toBe(0);
  });
});

describe('phases and times', () => {
  test('are told as they come: who waits hears of each', async () => {
    const server = await serve(dialogue().acceptOnly());
    const tls = { hostname: 'x', serverName: null, alpn: [], verify: true, options: materialOf(), sessions: null };
    const cancel = cancelOf();
    const connecting = shared.connect(addressOf(server.port, { tls }), cancel) as Waitable<Socket>;
    while (cancel.phase !== 'tls') expect(connecting.wait(10_000)).toBe(true);
    expect(cancel.connectedAt).toBeGreaterThan(0);
    cancel.onCancel?.();
  });

  test('are traced as they come', async () => {
    const server = await serve(dialogue().acceptOnly());
    const stop = new AbortController();
    const steps: string[] = [];
    const trace = (step: string) => {
      steps.push(step);
      if (step === 'connection.start_tls.started') stop.abort();
    };
    // Who does not hear of the step until the time is up has a ConnectTimeout.
    using client = new Client({ timeout: { connect: '20s' } });
    const url = `https://127.0.0.1:${server.port}/`;
    const from = performance.now();
    expect(() => client.get(url, { signal: stop.signal, extensions: { trace } })).toThrow(stop.signal.reason);
    expect(performance.now() - from).toBeLessThan(19_000);
    expect(steps).toContain('connection.connect_tcp.complete');
  });

  test('are told by the clock of who waits', async () => {
    const server = await serve(dialogue().stall());
    let now = 1000;
    const cancel = { ...cancelOf(), now: () => now++ };
    settled(shared.connect(addressOf(server.port, { host: 'x', resolve: () => '127.0.0.1' }), cancel)).close();
    expect(cancel.phase).toBe('connect');
    expect([cancel.resolvedAt, cancel.connectedAt, cancel.securedAt]).toEqual([
      expect.any(Number),
      expect.any(Number),
      0,
    ]);
    expect(cancel.resolvedAt).toBeGreaterThanOrEqual(1000);
    expect(cancel.connectedAt).toBeGreaterThanOrEqual(cancel.resolvedAt);
    expect(cancel.connectedAt).toBeLessThan(now);
    expect(cancel.onCancel).toBeNull();
  });

  test('an address needs no DNS', async () => {
    const server = await serve(dialogue().stall());
    const cancel = cancelOf();
    const connecting = shared.connect(addressOf(server.port), cancel);
    expect(cancel.phase).toBe('connect');
    settled(connecting).close();
    expect(cancel.resolvedAt).toBe(0);
  });
});

describe('giving up', () => {
  test('before the worker has begun: nothing is left of it', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const cancel = cancelOf();
    shared.connect(addressOf(server.port), cancel);
    cancel.cancelled = true;
    cancel.onCancel?.();
    expect(cancel.onCancel).toBeNull();
    // A later connect has gone the same way behind it.
    connectTo(server.port).socket.close();
    await goneFrom(server);
  });

  test('in the middle of a handshake: the connection is destroyed', async () => {
    const server = await serve(dialogue().acceptOnly());
    const options = materialOf();
    const tls = { hostname: 'x', serverName: null, alpn: [], verify: true, options, sessions: null };
    const cancel = cancelOf();
    const connecting = shared.connect(addressOf(server.port, { tls }), cancel) as ReturnType<typeof shared.connect> & {
      wait(ms: number): boolean;
    };
    while (cancel.phase !== 'tls') connecting.wait(20);
    expect(cancel.connectedAt).toBeGreaterThan(0);
    cancel.cancelled = true;
    cancel.onCancel?.();
    await goneFrom(server);
  });

  test('a connect whose connector is closed fails', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const own = openConnector();
    onTestFinished(() => own.close());
    const connecting = own.connect(addressOf(server.port), cancelOf());
    own.close();
    expect(() => settled(connecting)).toThrow(
      `Cannot connect to 127.0.0.1:${server.port}: the socket was closed on this side`,
    );
    await goneFrom(server);
    // It may be used again.
    lineOf(settled(own.connect(addressOf(server.port), cancelOf()))).socket.close();
  });
});

test('octets that come before there is a sink are kept for it', async () => {
  const server = await serve(dialogue().say('early').fin());
  const socket = settled(shared.connect(addressOf(server.port), cancelOf()));
  await server.until(() => server.peers[0]?.finished === true);
  expect(socket.wait(20)).toBe(false);
  const line = lineOf(socket);
  waitUntil(line, () => line.heard.ends.length > 0);
  expect(line.heard.text).toBe('early');
});
