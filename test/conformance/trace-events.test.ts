/**
 * trace_events.json of vectors/httpx: the names of the events and the keys of their information, in order, over sockets in
 * memory. Groups wait for what they are about; what is told differently is on the list below with what overrules it.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { type FakeEnvironment, fakeEnvironment } from '../support/client.js';
import type { FakeSocket } from '../support/fake-socket.js';
import { blockingStage } from '../support/proxy-play.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { givenValue } from './httpx-scenario.js';

type Failure = { readonly error: string; readonly message: string };
type Event = readonly [name: string, keys: readonly string[]];

interface TraceCase {
  readonly id: string;
  readonly input: {
    readonly transport?: {
      readonly proxy?: { readonly url: string };
      readonly retries?: number;
      readonly http2?: boolean;
    };
    readonly connections: readonly {
      readonly exchanges: readonly { readonly reads: readonly (string | Failure)[] }[];
      readonly alpn?: string;
      readonly connect_error?: Failure;
      readonly write_error?: Failure;
    }[];
    readonly steps: readonly {
      readonly do?: string;
      readonly method: string;
      readonly url: string;
      readonly read?: 'all' | 'close' | 'hold';
      readonly content?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }[];
  };
  readonly expected: { readonly trace: readonly Event[] };
}

const STARTED = (step: string, ...keys: string[]): Event => [`${step}.started`, keys];
/** Cases that are told differently: what overrules the vector, and what is told. */
const DEVIATIONS: Readonly<Record<string, { readonly overruledBy: string; readonly trace: readonly Event[] }>> = {
  'trace_events/failures/55e0877c51': {
    overruledBy: 'SECURITY 5.1, DESIGN §5: what must not be sent is refused before anything is connected',
    trace: [],
  },
  'trace_events/failures/2df68ef45e': {
    overruledBy: 'hosts/socket.ts: a write that failed has closed its socket, so that no response can be read',
    trace: [
      STARTED('connection.connect_tcp', 'host', 'localAddress', 'port', 'socketOptions', 'timeout'),
      ['connection.connect_tcp.complete', ['returnValue']],
      STARTED('http11.send_request_headers', 'request'),
      ['http11.send_request_headers.failed', ['exception']],
      STARTED('http11.response_closed'),
      ['http11.response_closed.complete', ['returnValue']],
    ],
  },
};

const camel = (name: string): string => name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
function named({ error, message }: Failure): httpx.TransportError {
  const Named = Object.entries(httpx).find(([name]) => name === error)?.[1] as typeof httpx.TransportError;
  return new Named(message);
}

/** Sockets that do what the case says, request by request. */
function scripted({ input }: TraceCase): FakeEnvironment {
  const environment = fakeEnvironment();
  const { connector } = environment;
  const connected = input.connections.filter((each) => each.connect_error === undefined);
  connector.onSocket = (socket, index) => {
    const script = connected[index];
    if (script?.write_error !== undefined) {
      failWrites(environment, socket, script.write_error);
      return;
    }
    if (script?.alpn === 'h2') socket.alpn = 'h2';
    let exchange = 0;
    let heard = '';
    socket.onWritten = () => {
      heard += socket.takeWritten();
      if (!heard.endsWith('\r\n\r\n') && !heard.startsWith('\u0005') && !heard.startsWith('PRI ')) return;
      const { reads } = script?.exchanges[exchange++] ?? { reads: [] };
      heard = '';
      for (const read of reads) {
        if (read === 'EOF') socket.fin();
        else if (typeof read === 'string') socket.say(new Uint8Array(Buffer.from(read, 'base64')));
        else void environment.host.advance(5000);
      }
    };
  };
  const succeed = connector.connect.bind(connector);
  let connects = 0;
  connector.connect = (address, cancel) => {
    const refusal = input.connections[connects++]?.connect_error;
    return refusal === undefined ? succeed(address, cancel) : Promise.reject(named(refusal));
  };
  return environment;
}

function failWrites(environment: FakeEnvironment, socket: FakeSocket, failure: Failure): void {
  if (failure.error === 'WriteTimeout') {
    socket.holdWrites();
    setImmediate(() => void environment.host.advance(5000));
  } else socket.write = () => Promise.reject(named(failure));
}

/** What differs between the clients. */
interface Kind {
  readonly name: string;
  open(scenario: TraceCase): httpx.AsyncClient | httpx.Client;
  read(response: httpx.Response): Promise<unknown> | unknown;
}

function transportOf({ input }: TraceCase): httpx.HTTPTransportOptions {
  const { proxy, retries, http2 } = input.transport ?? {};
  return { proxy: proxy?.url, retries, http2 };
}

const KINDS: readonly Kind[] = [
  {
    name: 'AsyncClient',
    open(scenario) {
      const environment = scripted(scenario);
      const transport = new httpx.AsyncHTTPTransport(transportOf(scenario), environment);
      const client = new httpx.AsyncClient({ transport }, environment);
      onTestFinished(() => client.aclose());
      return client;
    },
    read: (response) => response.aread(),
  },
  {
    name: 'Client',
    open(scenario) {
      const { environment } = blockingStage(scenario.input.connections);
      const transport = new httpx.HTTPTransport(transportOf(scenario), environment);
      const client = new httpx.Client({ transport }, environment);
      onTestFinished(() => client.close());
      return client;
    },
    read: (response) => response.read(),
  },
];

async function played(scenario: TraceCase, kind: Kind): Promise<Event[]> {
  const client = kind.open(scenario);
  const told: Event[] = [];
  const trace = (name: string, info: httpx.TraceInfo): void => void told.push([name, Object.keys(info).sort()]);
  let held: httpx.Response | null = null;
  for (const { do: what, method, url, read = 'all', content, headers } of scenario.input.steps) {
    if (what === 'close_held') {
      held?.close();
      continue;
    }
    try {
      const response = (await client.stream(method, url, {
        extensions: { trace },
        headers: headers ?? null,
        content: givenValue(content) as httpx.RequestContent,
      })) as httpx.Response;
      if (read === 'all') await kind.read(response);
      else if (read === 'close') response.close();
      else held = response;
    } catch (error) {
      expect(error).toBeInstanceOf(httpx.HTTPError);
    }
  }
  return told;
}

const cases = httpxCases<TraceCase>('trace_events');

describe.skipIf(cases === null).each(KINDS)(
  `the trace extension of $name ${cases === null ? withoutShared : ''}`,
  (kind) => {
    // The stage of blocking sockets has no writes that fail.
    const playable = (cases ?? []).filter(
      ({ input }) => kind.name === 'AsyncClient' || input.connections.every((each) => each.write_error === undefined),
    );
    test.each(playable.map((each) => [each.id, each] as const))('%s', async (id, scenario) => {
      const expected = scenario.expected.trace.map(([name, keys]) => [name, keys.map(camel).sort()]);
      const told = await played(scenario, kind);
      const deviation = DEVIATIONS[id];
      if (deviation === undefined) {
        expect(told).toEqual(expected);
        return;
      }
      expect(deviation.trace, 'a deviation that deviates in nothing').not.toEqual(expected);
      expect(told, deviation.overruledBy).toEqual(deviation.trace);
    });

    test('every deviation is about a case', () => {
      console.info(`trace_events.json: ${cases?.length} played`);
      expect(Object.keys(DEVIATIONS).every((id) => (cases ?? []).some((each) => each.id === id))).toBe(true);
    });
  },
);
