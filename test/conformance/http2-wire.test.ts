/**
 * http2_wire.json of vectors/httpx against both clients: which connections are made, what is offered by ALPN, which heads and
 * contents a server gets, and what the caller gets. What is done differently stands on the list below with what overrules
 * the vector.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { HpackDecoder } from '../../src/core-hpack.js';
import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import * as httpx from '../../src/index.js';
import { fakeEnvironment } from '../support/client.js';
import { BlockingFakeConnector, type BlockingFakeSocket } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import type { FakeSocket } from '../support/fake-socket.js';
import { ACK, END_STREAM, TYPE } from '../support/http2-frames.js';
import { FrameReader } from '../support/http2-peer.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { givenValue } from './httpx-scenario.js';
import { isRecord } from './httpx-values.js';

type Failure = { readonly error: string; readonly message: string };
type Fields = readonly (readonly [name: string, value: string])[];
type Frame = {
  readonly type: string;
  readonly stream: number;
  readonly flags: readonly string[];
  readonly headers?: Fields;
  readonly data_b64?: string;
};
interface WireConnection {
  readonly alpn?: string | null;
  readonly exchanges: readonly { readonly reads: readonly (string | Failure)[] }[];
}
interface WireCase {
  readonly id: string;
  readonly input: {
    readonly transport: { readonly http1?: boolean; readonly http2?: boolean };
    readonly connections: readonly WireConnection[];
    readonly steps: readonly Readonly<Record<string, unknown>>[];
  };
  readonly expected: {
    readonly results: readonly unknown[];
    readonly connections: readonly {
      readonly target: string;
      readonly tls: readonly { readonly alpn_offered: readonly string[] }[];
      readonly frames?: readonly Frame[];
      readonly writes?: string;
    }[];
  };
}

/** What a server saw of a request. */
interface SeenRequest {
  readonly stream: number;
  readonly fields: Fields;
  readonly content: string;
  readonly ended: boolean;
}
interface SeenConnection {
  readonly target: string;
  readonly alpn: readonly string[];
  /** Of HTTP/1.1: the text. */
  readonly requests: readonly SeenRequest[] | string;
  readonly acknowledged: boolean;
}
interface Outcome {
  readonly results: readonly unknown[];
  readonly connections: readonly SeenConnection[];
}

const withoutAgent = (fields: Fields): Fields => fields.filter(([name]) => name !== 'user-agent');
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const errorOf = ({ error, message }: Failure): httpx.TransportError => {
  const Named = (httpx as unknown as Record<string, typeof httpx.TransportError>)[error] as typeof httpx.TransportError;
  return new Named(message);
};

/** Requests among the frames of a connection. */
function requestsOf(frames: readonly Frame[]): SeenRequest[] {
  return frames
    .filter(({ type }) => type === 'HEADERS')
    .map(({ stream, headers = [] }) => {
      const own = frames.filter((frame) => frame.stream === stream);
      const data = own.filter(({ type }) => type === 'DATA');
      const content = Buffer.concat(data.map(({ data_b64: text }) => octets(text ?? ''))).toString('latin1');
      return {
        stream,
        fields: withoutAgent(headers),
        content,
        ended: own.some(({ flags }) => flags.includes('END_STREAM')),
      };
    });
}

/** The frames that a client wrote, as the vectors have them. */
function framesOf(written: Buffer): Frame[] {
  const decoder = new HpackDecoder();
  return new FrameReader().read(written).map(({ type, flags, stream, payload }) => ({
    type:
      type === TYPE.headers ? 'HEADERS' : type === TYPE.data ? 'DATA' : type === TYPE.settings ? 'SETTINGS' : `${type}`,
    stream,
    flags: [
      ...((type === TYPE.headers || type === TYPE.data) && (flags & END_STREAM) !== 0 ? ['END_STREAM'] : []),
      ...(type === TYPE.settings && (flags & ACK) !== 0 ? ['ACK'] : []),
    ],
    ...(type === TYPE.headers
      ? { headers: decoder.decode(payload).map(([name, value]) => [name, value] as const) }
      : {}),
    ...(type === TYPE.data ? { data_b64: payload.toString('base64') } : {}),
  }));
}

const acknowledges = (frames: readonly Frame[]): boolean =>
  frames.some(({ type, flags }) => type === 'SETTINGS' && flags.includes('ACK'));

/** Acknowledging is compared where it is what the case is about. */
const isControl = ({ id }: WireCase): boolean => id.includes('/control/');

function seenOf(socket: FakeSocket | BlockingFakeSocket, each: WireCase): SeenConnection {
  const { host, port, tls } = socket.address;
  const written = Buffer.from(socket.written, 'latin1');
  const isHttp2 = socket.written.startsWith('PRI ');
  const frames = isHttp2 ? framesOf(written) : [];
  return {
    target: `${host}:${port}`,
    alpn: [...(tls?.alpn ?? [])].sort(),
    requests: isHttp2 ? requestsOf(frames) : socket.written.replace(/User-Agent: [^\r]*/, 'User-Agent: …'),
    acknowledged: isControl(each) && acknowledges(frames),
  };
}

function comparable(each: WireCase): Outcome {
  const { results, connections } = each.expected;
  return {
    results: results.filter((result) => !Array.isArray(result)).map(comparableResult),
    connections: connections.map(({ target, tls, frames, writes }) => ({
      target,
      alpn: [...(tls[0]?.alpn_offered ?? [])].sort(),
      requests:
        frames === undefined ? (writes ?? '').replace(/User-Agent: [^\r]*/, 'User-Agent: …') : requestsOf(frames),
      acknowledged: isControl(each) && acknowledges(frames ?? []),
    })),
  };
}

function comparableResult(result: unknown): unknown {
  if (!isRecord(result)) return result;
  if (result.$error !== undefined) return errorNamed(result.$error as { type: string });
  const { status, http_version: version, reason_phrase: reason, headers, stream_id: stream } = result;
  const chunks = (result.raw_chunks ?? [result.body_b64 ?? '']) as (string | { $error: { type: string } })[];
  const text = chunks.filter((chunk) => typeof chunk === 'string').map(octets);
  const failure = chunks.find((chunk) => typeof chunk !== 'string');
  return {
    ...{ status, version, reason, headers, stream: stream ?? null, body: Buffer.concat(text).toString('latin1') },
    failure: failure === undefined ? null : errorNamed((failure as { $error: { type: string } }).$error),
  };
}

const errorNamed = ({ type }: { readonly type: string }) => ({ error: type });

interface Stage {
  readonly environment: Environment;
  readonly sockets: readonly (FakeSocket | BlockingFakeSocket)[];
}
interface Kind {
  readonly name: string;
  stage(connections: readonly WireConnection[]): Stage;
  client(transport: WireCase['input']['transport'], stage: Stage): httpx.AsyncClient | httpx.Client;
}

const alpnOf = (script: WireConnection, socket: FakeSocket | BlockingFakeSocket): string | null =>
  socket.address.tls === null || script.alpn === '' ? null : (script.alpn ?? null);
/** What the head of GOAWAY begins with. */
const GOAWAY = Buffer.of(0, 0, 8, TYPE.goaway, 0);
/** A connection that was announced to end ends behind its last exchange; others go on. */
const ends = ({ exchanges }: WireConnection): boolean =>
  exchanges.some(({ reads }) =>
    reads.some((read) => typeof read === 'string' && Buffer.from(read, 'base64').includes(GOAWAY)),
  );
const requestsIn = (written: string): number =>
  written.startsWith('PRI ')
    ? new FrameReader().read(Buffer.from(written, 'latin1')).filter(({ type }) => type === TYPE.headers).length
    : Number(written.includes('\r\n\r\n'));

const KINDS: readonly Kind[] = [
  {
    name: 'AsyncClient',
    stage(connections) {
      const environment = fakeEnvironment();
      const { connector, host } = environment;
      connector.onSocket = (socket, index) => {
        const script = connections[Math.min(index, connections.length - 1)] as WireConnection;
        socket.alpn = alpnOf(script, socket);
        let exchange = 0;
        socket.onWritten = () => {
          if (requestsIn(socket.written) <= exchange) return;
          for (const read of script.exchanges[exchange++]?.reads ?? ['EOF']) {
            if (read === 'EOF') socket.fin();
            else if (typeof read === 'string') socket.say(octets(read));
            else if (read.error === 'ReadTimeout') void host.advance(10_000);
            else socket.fail(errorOf(read));
          }
          if (exchange === script.exchanges.length && ends(script)) socket.fin();
        };
      };
      return { environment, sockets: connector.sockets };
    },
    client(transport, { environment }) {
      const client = new httpx.AsyncClient(
        { transport: new httpx.AsyncHTTPTransport(transport, environment) },
        environment,
      );
      onTestFinished(() => client.aclose());
      return client;
    },
  },
  {
    name: 'Client',
    stage(connections) {
      const host = new FakeHost();
      const connector = new BlockingFakeConnector(host);
      connector.onSocket = (socket, index) => {
        const script = connections[Math.min(index, connections.length - 1)] as WireConnection;
        Object.assign(socket, { alpn: alpnOf(script, socket) });
        script.exchanges.forEach(({ reads }, exchange) => {
          for (const read of reads) {
            // What answers a later request is not there yet when a kept connection is looked at.
            const afterMs = exchange === 0 ? 0 : 1;
            if (read === 'EOF') socket.end(null, afterMs);
            else if (typeof read === 'string') socket.say(octets(read), afterMs);
            else socket.end(errorOf(read), read.error === 'ReadTimeout' ? 10_000 : afterMs);
          }
        });
        if (ends(script)) socket.end(null, 1);
      };
      return { environment: { host, connector, deadlines: new Deadlines(host) }, sockets: connector.sockets };
    },
    client(transport, { environment }) {
      const client = new httpx.Client({ transport: new httpx.HTTPTransport(transport, environment) }, environment);
      onTestFinished(() => client.close());
      return client;
    },
  },
];

/** The response to a step: of a bare request, or of one that the client builds. */
async function answerOf(client: httpx.AsyncClient | httpx.Client, step: Readonly<Record<string, unknown>>) {
  const method = String(step.method);
  const url = String(step.url);
  if (step.raw_request === true) {
    return (await client.send(new httpx.Request(method, url), { stream: true })) as httpx.Response;
  }
  const target = (step.extensions as { readonly target?: { readonly $bytes: string } } | undefined)?.target?.$bytes;
  const file = (step.files as { readonly f: { readonly $tuple: readonly [string, string] } } | undefined)?.f.$tuple;
  return (await client.stream(method, url, {
    content: (givenValue(step.content) ?? null) as httpx.RequestContent | null,
    headers: (step.headers ?? null) as httpx.HeaderTypes,
    ...(step.json === undefined ? {} : { json: step.json }),
    ...(target === undefined ? {} : { extensions: { target } }),
    ...(file === undefined ? {} : { files: { f: [file[0], file[1]] } }),
  })) as httpx.Response;
}

/** What a call gives, with what of its body came before that failed. */
async function outcomeOf(client: httpx.AsyncClient | httpx.Client, step: Readonly<Record<string, unknown>>) {
  try {
    const response = await answerOf(client, step);
    const pieces: Uint8Array[] = [];
    let failure: unknown = null;
    try {
      const raw = client instanceof httpx.AsyncClient ? response.aiterRaw() : response.iterRaw();
      for await (const piece of raw as AsyncIterable<Uint8Array>) pieces.push(piece);
    } catch (error) {
      failure = errorNamed({ type: (error as Error).constructor.name });
    }
    const extensions = response.extensions as { readonly streamId?: number };
    return {
      status: response.statusCode,
      version: response.httpVersion,
      reason: response.reasonPhrase,
      headers: response.headers.raw.map((field) => field.map((part) => Buffer.from(part).toString('latin1'))),
      stream: extensions.streamId ?? null,
      body: Buffer.concat(pieces).toString('latin1'),
      failure,
    };
  } catch (error) {
    return errorNamed({ type: (error as Error).constructor.name });
  }
}

interface Deviation {
  readonly overruledBy: string;
  readonly applies: (each: WireCase) => boolean;
  readonly ours: (expected: Outcome, each: WireCase) => Outcome;
}

const ids =
  (...tails: readonly string[]) =>
  ({ id }: WireCase): boolean =>
    tails.some((tail) => id.endsWith(tail));
const failed = (error: string) => ({ error });
const withResults =
  (...results: unknown[]) =>
  (expected: Outcome): Outcome => ({ ...expected, results });
/** Refused before anything is connected to. */
const refused = (): Outcome => ({ results: [failed('LocalProtocolError')], connections: [] });
/** The same request on so many connections. */
const repeated =
  (times: number, ...results: unknown[]) =>
  ({ connections }: Outcome): Outcome => ({
    results,
    connections: Array.from({ length: times }, () => connections[0] as SeenConnection),
  });
const withRequests =
  (change: (requests: readonly SeenRequest[]) => readonly SeenRequest[] | string) =>
  (expected: Outcome): Outcome => ({
    ...expected,
    connections: expected.connections.map((each) => ({
      ...each,
      requests: change(each.requests as readonly SeenRequest[]),
    })),
  });
const response = (status: number, headers: Fields, body: string, failure: string | null) => ({
  ...{ status, version: 'HTTP/2', reason: 'OK', headers, stream: 1, body },
  failure: failure === null ? null : failed(failure),
});
const HI = response(200, [['content-type', 'text/plain']], 'hi', null);

const DEVIATIONS: readonly Deviation[] = [
  {
    overruledBy: 'issue 8, SECURITY 3.13: what ALPN selects must have been offered',
    applies: ids('negotiation/4cf340b95d', 'negotiation/15b8b86397'),
    ours: (expected) => ({ ...withRequests(() => '')(expected), results: [failed('ConnectError')] }),
  },
  {
    overruledBy: 'HTTPX §24.3, §24.11, SECURITY 5.1: what must not be sent is refused before anything is connected to',
    applies: ids('request/a7c5fbc699', 'request/0dd756f80b', 'request/9d53639cbf'),
    ours: refused,
  },
  {
    overruledBy: 'HTTPX §24.7b: Transfer-Encoding and Content-Length exclude each other',
    applies: ids('request/8cf365e58a'),
    ours: withRequests((requests) =>
      requests.map((each) => ({ ...each, fields: each.fields.filter(([name]) => name !== 'content-length') })),
    ),
  },
  {
    overruledBy: 'HTTPX §14: TE is kept only as trailers',
    applies: ids('request/10ce22acf4'),
    ours: (expected) => ({
      ...withRequests(() => [{ stream: 1, fields: GET, content: '', ended: true }])(expected),
      results: [HI],
    }),
  },
  {
    overruledBy: 'RFC 9113 §8.2.1, SECURITY 3.7: a field name that is none makes the response malformed',
    applies: ids('response/64efa8a445'),
    ours: withResults(failed('RemoteProtocolError')),
  },
  {
    overruledBy: 'HTTPX §24.12: what the peer does is a RemoteProtocolError, and no reason to hold the head back',
    applies: ids('response_data/c5df6e60df', 'response_data/59f4c46207'),
    ours: (expected, { id }) =>
      withResults(
        id.endsWith('c5df6e60df')
          ? response(200, [['content-length', '5']], 'abc', 'RemoteProtocolError')
          : response(200, [['content-length', '2']], '', 'RemoteProtocolError'),
      )(expected),
  },
  {
    overruledBy: 'RFC 9113 §3.4, h2-client-conformance h2c-preface-*: a peer begins with SETTINGS',
    applies: ids('control/dfd20442eb'),
    ours: withResults(failed('RemoteProtocolError')),
  },
  {
    overruledBy: 'issue 8, SECURITY 3.11: REFUSED_STREAM moves a request to a new connection, three times at the most',
    applies: ids('reset/83c9141600'),
    ours: repeated(4, failed('RemoteProtocolError')),
  },
  {
    overruledBy: 'issue 8: HTTP_1_1_REQUIRED moves it to HTTP/1.1, which the script’s second handshake refuses',
    applies: ids('reset/bcbd126d69'),
    ours: (expected) => {
      const [first] = expected.connections as [SeenConnection];
      return {
        results: [failed('ConnectError')],
        connections: [first, { ...first, alpn: ['http/1.1'], requests: '' }],
      };
    },
  },
  {
    overruledBy: 'HTTPX §24.12: GOAWAY with last stream 0 leaves the request unprocessed as well',
    applies: ids('goaway/62c7be1dd1', 'goaway/cc0524102b'),
    ours: repeated(2, HI),
  },
  {
    overruledBy: 'HTTPX §24.12: what the peer does is a RemoteProtocolError; streams that GOAWAY accepted go on',
    applies: ids('goaway/dab889fc2c', 'goaway/44f531f398'),
    ours: withResults(response(200, [], '', 'RemoteProtocolError')),
  },
  {
    overruledBy:
      'SECURITY 2.1: a kept connection that ends without an answer is replaced once, where repeating is safe',
    applies: ids('goaway_second_stream/9bbe41f68c'),
    ours: ({ connections: [first] }) => ({
      results: [response(200, [], 'one', null), HI],
      connections: [
        first as SeenConnection,
        { ...(first as SeenConnection), requests: [{ stream: 1, fields: GET, content: '', ended: true }] },
      ],
    }),
  },
  {
    overruledBy: 'HTTPX §24.12, §24.11: what the peer does is a RemoteProtocolError',
    applies: ids(
      ...['7374ca28d2', '241965095b', '05fbc710ec', '3b37a32055', 'ea76cfd8f4', '745f5e0a1a'].map(
        (id) => `faults/${id}`,
      ),
    ),
    ours: withResults(failed('RemoteProtocolError')),
  },
  {
    overruledBy: 'RFC 9113 §8.1.1, §8.3, SECURITY 3.7: a malformed head is never delivered',
    applies: ids('faults/6b8b2371e5', 'faults/835cd8c417', 'faults/ad4994cb01', 'faults/19b7cede5f'),
    ours: withResults(failed('RemoteProtocolError')),
  },
  {
    overruledBy: 'HTTPX §24.12: errors inside a body are httpx’s too',
    applies: ids('faults_in_body/b3717f63ca'),
    ours: withResults(response(200, [], '', 'RemoteProtocolError')),
  },
];

const GET: Fields = [
  [':method', 'GET'],
  [':authority', 'example.org'],
  [':scheme', 'https'],
  [':path', '/'],
  ['accept', '*/*'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
];

async function played(each: WireCase, kind: Kind): Promise<Outcome> {
  const { input } = each;
  const stage = kind.stage(input.connections);
  const client = kind.client(input.transport, stage);
  const results: unknown[] = [];
  for (const step of input.steps) if (step.do === undefined) results.push(await outcomeOf(client, step));
  return { results, connections: stage.sockets.map((socket) => seenOf(socket, each)) };
}

const cases = httpxCases<WireCase>('http2_wire');
const used = new Set<string>();

describe.skipIf(cases === null).each(KINDS)(`$name over HTTP/2 ${cases === null ? withoutShared : ''}`, (kind) => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', async (_id, each) => {
    const ours = await played(each, kind);
    const instead = DEVIATIONS.filter(({ applies }) => applies(each)).reduce((outcome, deviation) => {
      used.add(deviation.overruledBy);
      const changed = deviation.ours(outcome, each);
      expect(changed, `a deviation that deviates in nothing: ${deviation.overruledBy}`).not.toEqual(outcome);
      return changed;
    }, comparable(each));
    expect(ours).toEqual(instead);
  });
});

test.skipIf(cases === null)('every deviation is used', () => {
  expect(DEVIATIONS.map(({ overruledBy }) => overruledBy).filter((line) => !used.has(line))).toEqual([]);
  console.info(`http2_wire.json: ${cases?.length} played, ${DEVIATIONS.length} deviations`);
});
