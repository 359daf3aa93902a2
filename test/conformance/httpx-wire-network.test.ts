/**
 * The groups of http11_wire.json (vectors/httpx) that are about connecting: faults, retries, network options. Both clients over
 * sockets in memory; the calls that httpx makes of its network are compared with what the trace extension tells, the pauses
 * with the clock.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import type { Address, Cancel, Connector } from '../../src/hosts/socket.js';
import * as httpx from '../../src/index.js';
import { VERSION } from '../../src/version.js';
import type { AnyClient } from '../support/clients.js';
import { BlockingFakeConnector } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import { answering, FakeConnector } from '../support/fake-socket.js';
import { httpxCases, withoutShared } from '../support/shared.js';

interface Failure {
  readonly error: 'ConnectError' | 'ConnectTimeout';
  readonly message: string;
}

interface WireCase {
  readonly id: string;
  readonly input: {
    readonly connections: readonly {
      readonly exchanges: readonly { readonly reads: readonly string[] }[];
      readonly connect_error?: Failure;
      readonly tls_error?: Failure;
    }[];
    readonly steps: readonly [
      {
        readonly method: string;
        readonly url: string;
        readonly timeout?: null | { readonly $timeout: { readonly kwargs: Readonly<Record<string, number>> } };
        readonly extensions?: { readonly sni_hostname: string };
      },
    ];
    readonly transport?: {
      readonly retries?: number;
      readonly local_address?: string;
      readonly uds?: string;
    };
  };
  readonly expected: {
    readonly results: readonly [
      | { readonly status: number; readonly headers: readonly (readonly [string, string])[] }
      | { readonly $error: { readonly type: string; readonly message: string; readonly request_url: string } },
    ];
    readonly connections: readonly {
      readonly target: string;
      readonly tls: readonly { readonly server_hostname: string; readonly alpn_offered: readonly string[] }[];
      readonly closed: boolean;
      readonly writes: string;
    }[];
    readonly calls?: readonly string[];
  };
}

const GROUPS: readonly string[] = ['connect_faults', 'retries', 'network_options'];
const SECOND_MS = 1000;

/** What the connector was asked for. */
interface Asked {
  readonly target: string;
  readonly tls: readonly { readonly server_hostname: string; readonly alpn_offered: readonly string[] }[];
}

function asked({ host, port, uds, tls }: Address): Asked {
  const secure = tls === null ? [] : [{ server_hostname: tls.hostname, alpn_offered: tls.alpn }];
  return { target: uds === null ? `${host}:${port}` : `unix:${uds}`, tls: secure };
}

function errorOf({ error, message }: Failure): httpx.TransportError {
  return error === 'ConnectError' ? new httpx.ConnectError(message) : new httpx.ConnectTimeout(message);
}

/** Sockets that do what the case says, and what was asked of them. */
class Network {
  readonly host = new FakeHost();
  readonly asked: Asked[] = [];
  readonly #input: WireCase['input'];
  readonly #connector: FakeConnector | BlockingFakeConnector;

  constructor({ input }: WireCase, connector: FakeConnector | ((host: FakeHost) => BlockingFakeConnector)) {
    this.#input = input;
    this.#connector = typeof connector === 'function' ? connector(this.host) : connector;
    const answerOf = (): Buffer => {
      const { exchanges } = input.connections[this.asked.length - 1] ?? { exchanges: [] };
      return Buffer.concat((exchanges[0]?.reads ?? []).map((read) => Buffer.from(read, 'base64')));
    };
    if (this.#connector.blocking) this.#connector.onSocket = (socket) => void socket.say(answerOf());
    else this.#connector.onSocket = (socket) => answering(() => answerOf())(socket);
  }

  get environment(): Environment {
    const connector: Connector = this.#connector;
    const connect = connector.connect.bind(connector);
    connector.connect = (address: Address, cancel: Cancel) => {
      const script = this.#input.connections[this.asked.length];
      this.asked.push(asked(address));
      const failure = script?.connect_error ?? script?.tls_error;
      if (script?.tls_error !== undefined) cancel.phase = 'tls';
      if (failure === undefined) return connect(address, cancel);
      return connector.blocking ? this.#failing(errorOf(failure), address, cancel) : Promise.reject(errorOf(failure));
    };
    return { host: this.host, connector, deadlines: new Deadlines(this.host) };
  }

  #failing(error: httpx.TransportError, address: Address, cancel: Cancel): ReturnType<Connector['connect']> {
    const failing = new BlockingFakeConnector(this.host);
    failing.connects = error;
    return failing.connect(address, cancel);
  }

  get written(): readonly string[] {
    return this.#connector.sockets.map(({ written }) => written);
  }

  get open(): number {
    return this.#connector.open;
  }
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());

function optionsOf({ input }: WireCase): httpx.HTTPTransportOptions {
  const given = Object.entries(input.transport ?? {}).map(([name, value]) => [camel(name), value]);
  return { ...Object.fromEntries(given), limits: { keepaliveExpiry: null } };
}

function timeoutOf({ steps: [{ timeout }] }: WireCase['input']): httpx.TimeoutTypes | undefined {
  if (timeout === null || timeout === undefined) return timeout;
  const fields = Object.entries(timeout.$timeout.kwargs).map(([name, seconds]) => [name, seconds * SECOND_MS]);
  return Object.fromEntries(fields);
}

const seconds = (ms: unknown): string => (ms === null ? 'None' : String(Number(ms) / SECOND_MS));

/** httpx's calls of its network that the trace tells of, in httpx's words. */
function calls(host: FakeHost): { readonly made: string[]; readonly trace: httpx.TraceFunction } {
  const made: string[] = [];
  let since = 0;
  const trace: httpx.TraceFunction = (name, { host: to, port, localAddress, path, timeout, serverHostname }) => {
    if (name === 'connection.connect_tcp.started') {
      const from = localAddress === null ? 'None' : localAddress;
      made.push(`connect_tcp ${to}:${port} timeout=${seconds(timeout)} local_address=${from} socket_options=None`);
    } else if (name === 'connection.connect_unix_socket.started') {
      made.push(`connect_unix_socket ${path} timeout=${seconds(timeout)}`);
    } else if (name === 'connection.start_tls.started') {
      made.push(`start_tls ${serverHostname} timeout=${seconds(timeout)}`);
    } else if (name === 'connection.retry.started') since = host.now();
    else if (name === 'connection.retry.complete') made.push(`sleep ${seconds(host.now() - since)}`);
  };
  return { made, trace };
}

const kinds = [
  {
    name: 'AsyncClient',
    network: (scenario: WireCase) => new Network(scenario, new FakeConnector()),
    open(options: httpx.HTTPTransportOptions, environment: Environment): AnyClient {
      const client = new httpx.AsyncClient(
        { transport: new httpx.AsyncHTTPTransport(options, environment) },
        environment,
      );
      onTestFinished(() => client.aclose());
      return client;
    },
  },
  {
    name: 'Client',
    network: (scenario: WireCase) => new Network(scenario, (host) => new BlockingFakeConnector(host)),
    open(options: httpx.HTTPTransportOptions, environment: Environment): AnyClient {
      const client = new httpx.Client({ transport: new httpx.HTTPTransport(options, environment) }, environment);
      onTestFinished(() => client.close());
      return client;
    },
  },
];

const all = httpxCases<WireCase>('http11_wire');
const cases = (all ?? []).filter(({ id }) => GROUPS.includes(id.split('/')[1] ?? ''));

describe.skipIf(all === null)(`connecting, as httpx does ${all === null ? withoutShared : ''}`, () => {
  describe.each(kinds)('$name', ({ network, open }) => {
    test.each(cases.map((each) => [each.id, each] as const))('%s', async (_id, scenario) => {
      const {
        input,
        expected: { results, connections, calls: expectedCalls },
      } = scenario;
      const [{ method, url, extensions }] = input.steps;
      const net = network(scenario);
      const client = open(optionsOf(scenario), net.environment);
      const { made, trace } = calls(net.host);
      const sniHostname = extensions?.sni_hostname;
      const timeout = timeoutOf(input);
      const answered: Promise<unknown> = Promise.resolve().then((): unknown =>
        client.request(method, url, {
          timeout,
          extensions: { trace, ...(sniHostname === undefined ? {} : { sniHostname }) },
        }),
      );
      answered.then(undefined, () => {});
      await net.host.advance(10 * SECOND_MS);
      const outcome: unknown = await answered.catch((error: unknown) => error);

      if ('$error' in results[0]) {
        const { type, message, request_url } = results[0].$error;
        expect(outcome).toBeInstanceOf(httpx.HTTPError);
        const error = outcome as httpx.HTTPError;
        expect([error.name, error.message, error.request.url.toString()]).toEqual([type, message, request_url]);
      } else {
        const response = outcome as httpx.Response;
        expect([response.statusCode, response.text]).toEqual([results[0].status, 'hi']);
      }
      expect(net.asked).toEqual(connections.map(({ target, tls }) => ({ target, tls })));
      const written = connections.map(({ writes }) => writes).filter((writes) => writes !== '');
      expect(net.written).toEqual(written.map((text) => text.replace('python-httpx/0.28.1', `httpx-wasm/${VERSION}`)));
      expect(net.open).toBe(connections.filter(({ closed, writes }) => !closed && writes !== '').length);
      if (expectedCalls === undefined) return;
      const expectedOfTrace = expectedCalls.filter((call) => !/^(?:read|write) /.test(call));
      expect(made).toEqual(expectedOfTrace.map((call) => call.replace(/timeout=(\d+)\.0/, 'timeout=$1')));
    });
  });

  test(`${cases.length} cases are played; the others belong to the wire`, () => {
    expect(cases.length).toBe(17);
  });
});
