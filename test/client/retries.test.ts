/** `retries`: a connect that fails is tried again, after pauses that grow, and nothing but a connect is. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import type { Address, Cancel } from '../../src/hosts/socket.js';
import {
  AsyncClient,
  AsyncHTTPTransport,
  Client,
  CloseError,
  ConnectError,
  ConnectTimeout,
  HTTPTransport,
  type HTTPTransportOptions,
  ReadError,
  TotalTimeout,
  type TransportError,
} from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { failureOf, fakeEnvironment, isSettled } from '../support/client.js';
import { type AnyClient, clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { BlockingFakeConnector } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const URL = 'http://host.invalid/';
const refusal = (): ConnectError => new ConnectError('Cannot connect to host.invalid:80: refused');
/** What a connect does: fail, never end, or succeed. */
type Try = TransportError | 'silence' | 'success';

/** A client on fake sockets whose connects do as they are told, and when each began. */
interface Bench<C extends AnyClient = AnyClient> {
  readonly client: C;
  readonly host: FakeHost;
  /** By the fake clock, ms since the start. */
  readonly begun: readonly number[];
}

function onLoop(tries: readonly Try[], options: HTTPTransportOptions): Bench<AsyncClient> {
  const environment = fakeEnvironment();
  const { connector, host } = environment;
  const begun: number[] = [];
  connector.onSocket = answering(() => answer('ok'));
  const succeed = connector.connect.bind(connector);
  connector.connect = (address: Address, cancel: Cancel) => {
    begun.push(host.now() - 1000);
    const what = tries[begun.length - 1] ?? 'success';
    if (what === 'success') return succeed(address, cancel);
    return what === 'silence' ? new Promise(() => {}) : Promise.reject(what);
  };
  const client = new AsyncClient({ transport: new AsyncHTTPTransport(options, environment) }, environment);
  onTestFinished(() => client.aclose());
  return { client, host, begun };
}

function onThread(tries: readonly Try[], options: HTTPTransportOptions): Bench {
  const host = new FakeHost();
  const begun: number[] = [];
  const connector = new BlockingFakeConnector(host);
  connector.onSocket = (socket) => void socket.say(answer('ok'));
  const connect = connector.connect.bind(connector);
  connector.connect = (address: Address, cancel: Cancel) => {
    begun.push(host.now() - 1000);
    const what = tries[begun.length - 1] ?? 'success';
    connector.connects = what === 'success' ? 0 : what === 'silence' ? null : what;
    if (what !== 'silence') return connect(address, cancel);
    connector.connects = 1e9;
    return connect(address, cancel);
  };
  const environment: Environment = { host, connector, deadlines: new Deadlines(host) };
  const client = new Client({ transport: new HTTPTransport(options, environment) }, environment);
  onTestFinished(() => client.close());
  return { client, host, begun };
}

/** The answer of a call, with the clock moved on as far as that takes on an event loop. */
async function passing<T>({ host }: Bench, call: () => T, ms = 20_000): Promise<Awaited<T>> {
  const answered = Promise.resolve().then(call);
  answered.then(undefined, () => {});
  await host.advance(ms);
  return answered as Promise<Awaited<T>>;
}

describe.each([
  { name: 'AsyncClient', bench: onLoop as typeof onThread },
  { name: 'Client', bench: onThread },
])('$name', ({ bench }) => {
  test('none: the first failure is told', async () => {
    const told = refusal();
    const made = bench([told], {});
    expect(
      await failureOf(
        passing(made, () => made.client.get(URL)),
        ConnectError,
      ),
    ).toBe(told);
    expect(made.begun).toEqual([0]);
  });

  test('at once, then after 0.5 s, 1 s, 2 s', async () => {
    const made = bench([refusal(), refusal(), refusal(), refusal()], { retries: 4 });
    expect((await passing(made, () => made.client.get(URL))).text).toBe('ok');
    expect(made.begun).toEqual([0, 0, 500, 1500, 3500]);
  });

  test('when they are used up the last failure is told', async () => {
    const last = refusal();
    const made = bench([refusal(), refusal(), last], { retries: 2 });
    expect(
      await failureOf(
        passing(made, () => made.client.get(URL)),
        ConnectError,
      ),
    ).toBe(last);
    expect(made.begun).toEqual([0, 0, 500]);
  });

  test('each connect has the whole timeout, and one that took too long is tried again', async () => {
    const made = bench(['silence', 'silence', 'silence'], { retries: 2 });
    const timeout = { connect: 300 };
    const error = await failureOf(
      passing(made, () => made.client.get(URL, { timeout })),
      ConnectTimeout,
    );
    expect(error.message).toContain('after 300 ms');
    expect(made.begun).toEqual([0, 300, 1100]);
  });

  test('total bounds them all, pauses too', async () => {
    const made = bench([refusal(), refusal(), refusal()], { retries: 9 });
    const call = () => made.client.get(URL, { timeout: { total: 700 } });
    const error = await failureOf(passing(made, call), TotalTimeout);
    expect(error.message).toContain('700 ms');
    expect(made.begun).toEqual([0, 0, 500]);
  });

  test.each([
    ['what the user decided', new ConnectError('allowAddress refused 10.0.0.1', { retryable: false })],
    ['another failure', new ReadError('broken')],
  ])('%s is not tried again', async (_name, told) => {
    const made = bench([told], { retries: 3 });
    expect(await passing(made, () => made.client.get(URL)).catch((error: unknown) => error)).toBe(told);
    expect(made.begun).toEqual([0]);
  });

  test('the trace is told of each, by httpcore’s names', async () => {
    const names: string[] = [];
    const infos: object[] = [];
    const trace = (name: string, info: object): void => {
      if (name.startsWith('connection.')) names.push(name.slice('connection.'.length));
      if (name === 'connection.retry.started') infos.push(info);
    };
    const made = bench([refusal(), refusal()], { retries: 2, localAddress: '127.0.0.1' });
    await passing(made, () => made.client.get(URL, { extensions: { trace } }));
    const failed = ['connect_tcp.started', 'connect_tcp.failed', 'retry.started', 'retry.complete'];
    expect(names).toEqual([...failed, ...failed, 'connect_tcp.started', 'connect_tcp.complete']);
    const info = { host: 'host.invalid', port: 80, localAddress: '127.0.0.1', timeout: 5000, socketOptions: null };
    expect(infos).toEqual([info, info]);
  });

  test.each([-1, 1.5, Number.NaN])('%d are refused', (retries) => {
    expect(() => bench([], { retries })).toThrow(RangeError);
  });
});

describe('AsyncClient alone: the pause before a try', () => {
  test('keeps its place in the pool, and gives it back when the call is aborted', async () => {
    const made = onLoop([refusal(), refusal(), refusal()], { retries: 9, limits: { maxConnections: 1 } });
    const stop = new AbortController();
    const first = made.client.get(URL, { signal: stop.signal });
    first.catch(() => {});
    await made.host.advance(600);
    const second = made.client.get('http://other.invalid/');
    expect(await isSettled(second)).toBe(false);
    expect(made.host.keptAlive).toBe(true);
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect((await second).text).toBe('ok');
    expect(made.host.keptAlive).toBe(false);
    await made.host.advance(60_000);
    expect(made.begun).toHaveLength(4);
  });

  test('ends when the client is closed', async () => {
    const made = onLoop([refusal(), refusal(), refusal()], { retries: 9 });
    const call = made.client.get(URL);
    call.catch(() => {});
    await made.host.advance(600);
    await made.client.aclose();
    await failureOf(call, CloseError);
    expect([made.begun.length, made.host.keptAlive]).toEqual([3, false]);
  });

  test('a socket that comes after its time is destroyed', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const transport = new AsyncHTTPTransport({ retries: 1 }, environment);
    const client = new AsyncClient({ transport, timeout: { connect: 100 } }, environment);
    onTestFinished(() => client.aclose());
    const call = client.get(URL);
    await environment.host.advance(100);
    const [late, next] = environment.connector.attempts;
    const lost = late?.succeed();
    const socket = next?.succeed();
    if (socket !== undefined) answering(() => answer('ok'))(socket);
    expect((await call).text).toBe('ok');
    expect([lost?.closed, socket?.closed]).toEqual([true, false]);
  });
});

describe.each(clients)('$name, on real sockets', ({ over }) => {
  test('a handshake that breaks off is tried again', async () => {
    const { root, server: tls } = await certificates();
    const server = await serve(always(answer('ok')), { tls });
    const between = await serve([dialogue().hearOctets(1).fin(), dialogue().join(server.port)]);
    const client = over({ retries: 1, verify: { ca: root.cert } });
    const response = await client.get(`https://127.0.0.1:${between.port}/`);
    expect([response.text, between.accepted]).toEqual(['ok', 2]);
  });

  test.each([
    ['broke off', dialogue().hearOctets(1).fin(), 3, true, /closed|disconnected/],
    ['was reset', dialogue().hearOctets(1).reset(), 3, true, /ECONNRESET|disconnected/],
    ['found no TLS', dialogue().hearOctets(1).say(answer('')).fin(), 1, false, /does not speak TLS/],
  ])('a handshake that %s is tried again only if that may help', async (_what, script, tries, retryable, why) => {
    const server = await serve(script, { repeatLast: true });
    const client = over({ retries: 2 });
    const error = await failureOf(() => client.get(`https://127.0.0.1:${server.port}/`), ConnectError);
    expect(error.message).toMatch(why);
    expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable });
    expect(server.accepted).toBe(tries);
  });

  test.each(['otherName', 'expired', 'stranger'] as const)(
    'a certificate that is refused is not: %s',
    async (which) => {
      const made = await certificates();
      const server = await serve(always(answer('ok')), { tls: made[which], repeatLast: true });
      const client = over({ retries: 2, verify: { ca: made.root.cert } });
      const error = await failureOf(() => client.get(server.url), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(server.accepted).toBe(1);
    },
  );

  test('a request that was sent is not', async () => {
    const server = await serve([dialogue().hear().reset(), always(answer('ok'))]);
    const error = await failureOf(() => over({ retries: 5 }).get(server.url), ReadError);
    expect([error.sent, server.accepted]).toEqual(['full', 1]);
  });
});
