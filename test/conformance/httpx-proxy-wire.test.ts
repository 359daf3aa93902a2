/**
 * proxy_wire.json of vectors/httpx against both clients: what is connected to, secured and written, octet by octet, and
 * what the caller gets. What is done differently stands on the list below with what overrules the vector.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { AsyncHTTPTransport, HTTPTransport } from '../../src/index.js';
import {
  asyncStage,
  blockingStage,
  type SeenConnection,
  type Stage,
  type WireConnection,
} from '../support/proxy-play.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { givenValue } from './httpx-scenario.js';
import { isRecord } from './httpx-values.js';

interface WireCase {
  readonly id: string;
  readonly input: {
    readonly transport: {
      readonly proxy: {
        readonly url: string;
        readonly auth?: readonly [string, string];
        readonly headers?: Readonly<Record<string, string>>;
      };
      readonly http2?: boolean;
    };
    readonly connections: readonly WireConnection[];
    readonly steps: readonly Readonly<Record<string, unknown>>[];
  };
  readonly expected: {
    readonly results: readonly unknown[];
    readonly connections: readonly (Omit<SeenConnection, 'writes'> & { writes?: string; writes_b64?: string })[];
  };
}

interface Outcome {
  readonly results: unknown[];
  readonly connections: SeenConnection[];
}

/** What is done differently, and in what an outcome differs from the vector's. */
interface Deviation {
  readonly overruledBy: string;
  readonly applies: (each: WireCase) => boolean;
  readonly ours: (expected: Outcome, each: WireCase) => Outcome;
  /** What the connections do where there are others. */
  readonly script?: (connections: readonly WireConnection[]) => WireConnection[];
}

const error = (name: string) => ({ $error: name });
const withResults =
  (...results: unknown[]) =>
  (expected: Outcome): Outcome => ({ ...expected, results });
const withWrites =
  (change: (writes: string) => string) =>
  (expected: Outcome): Outcome => ({
    ...expected,
    connections: expected.connections.map((each) => ({ ...each, writes: change(each.writes) })),
  });
const ids =
  (...tails: readonly string[]) =>
  ({ id }: WireCase): boolean =>
    tails.some((tail) => id.endsWith(tail));
const HI = {
  status: 200,
  http_version: 'HTTP/1.1',
  reason_phrase: 'OK',
  headers: [['Content-Length', '2']],
  body_b64: 'aGk=',
};

const groupOf = ({ id }: WireCase): string => id.split('/')[1] ?? '';
const closed = (expected: Outcome): Outcome => ({
  ...expected,
  connections: expected.connections.map((each) => ({ ...each, closed: true })),
});

const DEVIATIONS: readonly Deviation[] = [
  {
    overruledBy: 'HTTPX §24.15: IPv6 authorities stand in brackets, towards proxies too',
    applies: ids('6a87c8733e', '0045a3a879'),
    ours: withWrites((writes) => writes.replace(/(http:\/\/|CONNECT |Host: )::1/g, '$1[::1]')),
  },
  {
    overruledBy:
      "the vector's own quirk: a proxy forwards requests for all origins over one connection (docs/proxies.md)",
    applies: ids('forward/2f6cdc2d7c'),
    ours: ({ results, connections }) => ({
      results,
      connections: [
        { ...(connections[0] as SeenConnection), writes: connections.map(({ writes }) => writes).join('') },
      ],
    }),
    script: (connections) => [{ exchanges: connections.flatMap(({ exchanges }) => exchanges) }],
  },
  {
    overruledBy: 'SECURITY 6.5, scn-connect-fail-garbage: whatever a proxy answers but 2xx is a ProxyError',
    applies: ids('tunnel_refused/0d19b9805b', 'tunnel_faults/be4dd17c8a'),
    ours: withResults(error('ProxyError')),
  },
  {
    overruledBy: 'API.md Timeout: connect is one deadline over DNS, TCP, proxy and TLS',
    applies: ids('tunnel_faults/6e6c887763'),
    ours: withResults(error('ConnectTimeout')),
  },
  {
    overruledBy: 'HTTPX §24.15: sockets are closed after SOCKS refusals',
    applies: ({ id, input: { connections } }) =>
      /socks_refused|a1fd521d94/.test(id) ||
      (/socks_auth/.test(id) && JSON.stringify(connections).match(/"(?:AQE=|Bf8=|BQI=)"\]\}\]/) !== null),
    ours: closed,
  },
  {
    overruledBy: 'socks5.json, socks5-userpass: no authentication is offered beside the password',
    applies: (each) => groupOf(each) === 'socks_auth' && !ids('ff880bd59e', '2386b077df')(each),
    ours: withWrites((writes) => writes.replace('\x05\x01\x02', '\x05\x02\x00\x02')),
  },
  {
    overruledBy: 'socks5.json, socks5-userpass: what was offered may be chosen',
    applies: ids('socks_auth/e17f77c4d6'),
    ours: ({ connections: [connection] }) => ({
      results: [HI],
      connections: [
        {
          ...(connection as SeenConnection),
          writes: `${connection?.writes}\x05\x01\x00\x03\x0bexample.org\x00\x50${GET}`,
        },
      ],
    }),
  },
  {
    overruledBy: 'HTTPX §24.11: malformed replies are ProxyErrors',
    applies: ids('socks_refused/8efe8cead3', 'socks_faults/a1fd521d94'),
    ours: withResults(error('ProxyError')),
  },
  {
    overruledBy: 'HTTPX §24.11: a reply may come in any number of reads',
    applies: ids('socks_faults/60e5cbbe59'),
    ours: ({ connections: [connection] }) => ({
      results: [HI],
      connections: [{ ...(connection as SeenConnection), writes: `${connection?.writes}${GET}` }],
    }),
  },
];

const GET =
  'GET /path?x=1 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n' +
  'Connection: keep-alive\r\nUser-Agent: …\r\n\r\n';
const USER_AGENT = /User-Agent: [^\r]*/g;

function comparable(expected: WireCase['expected']): Outcome {
  return {
    results: expected.results.filter((each) => !Array.isArray(each)).map(comparableResult),
    connections: expected.connections.map(({ target, tls, closed, writes, writes_b64: octets }) => ({
      target,
      tls,
      closed,
      writes: (writes ?? Buffer.from(octets ?? '', 'base64').toString('latin1')).replace(USER_AGENT, 'User-Agent: …'),
    })),
  };
}

/** Frames are each client's own (RFC 9113): http2_wire.json is about them. Here the connection preface is the last word. */
function withoutFrames({ results, connections }: Outcome): Outcome {
  return {
    results,
    connections: connections.map(({ tls, writes, ...rest }) => ({
      ...rest,
      tls: tls.map(({ alpn_offered: offered, ...of }) => ({ ...of, alpn_offered: [...offered].sort() })),
      writes: writes.replace(/(?<=\r\n\r\nSM\r\n\r\n).*/s, ''),
    })),
  };
}

function comparableResult(result: unknown): unknown {
  if (!isRecord(result)) return result;
  const failure = result.$error as { readonly type: string; readonly module: string } | undefined;
  if (failure !== undefined) return { $error: failure.module === 'httpx' ? failure.type : 'any' };
  const { extensions: _extensions, stream_id: _stream, ...rest } = result;
  return rest;
}

interface Kind {
  readonly name: string;
  stage(scripts: readonly WireConnection[]): Stage;
  client(options: Readonly<Record<string, unknown>>, stage: Stage): httpx.AsyncClient | httpx.Client;
}

const KINDS: readonly Kind[] = [
  {
    name: 'AsyncClient',
    stage: asyncStage,
    client(options, { environment }) {
      const transport = new AsyncHTTPTransport(options, environment);
      const client = new httpx.AsyncClient({ transport }, environment);
      onTestFinished(() => client.aclose());
      return client;
    },
  },
  {
    name: 'Client',
    stage: blockingStage,
    client(options, { environment }) {
      const transport = new HTTPTransport(options, environment);
      const client = new httpx.Client({ transport }, environment);
      onTestFinished(() => client.close());
      return client;
    },
  },
];

async function played(each: WireCase, kind: Kind): Promise<Outcome> {
  const { input } = each;
  const script = DEVIATIONS.find(({ applies, script: given }) => given !== undefined && applies(each))?.script;
  const stage = kind.stage(script === undefined ? input.connections : script(input.connections));
  const { proxy, ...others } = input.transport;
  const client = kind.client({ ...others, proxy: { ...proxy } }, stage);
  const results: unknown[] = [];
  for (const { do: what, method, url, content, headers, timeout, extensions } of input.steps) {
    if (what !== undefined) continue;
    try {
      const sni = (extensions as { sni_hostname?: string } | undefined)?.sni_hostname;
      const response = await client.request(String(method), String(url), {
        content: (givenValue(content) ?? null) as httpx.RequestContent | null,
        headers: (headers ?? null) as httpx.HeaderTypes,
        ...(timeout === undefined ? {} : { timeout: { connect: 1000, read: 2000, write: 3000, pool: 4000 } }),
        ...(sni === undefined ? {} : { extensions: { sniHostname: sni } }),
      });
      results.push({
        status: response.statusCode,
        http_version: response.httpVersion,
        reason_phrase: response.reasonPhrase,
        headers: response.headers.raw.map((field) => field.map((part) => Buffer.from(part).toString('latin1'))),
        body_b64: Buffer.from(response.content).toString('base64'),
      });
    } catch (failure) {
      if (!(failure instanceof httpx.HTTPError)) throw failure;
      expect(failure.request.url.href).toBe(new httpx.URL(String(url)).href);
      results.push(error(failure.constructor.name));
    }
  }
  const connections = stage
    .seen()
    .map((each) => ({ ...each, writes: each.writes.replace(USER_AGENT, 'User-Agent: …') }));
  return { results, connections };
}

const cases = httpxCases<WireCase>('proxy_wire');
const playable = cases ?? [];
const used = new Set<string>();

describe.skipIf(cases === null).each(KINDS)(`$name through a proxy ${cases === null ? withoutShared : ''}`, (kind) => {
  test.each(playable.map((each) => [each.id, each] as const))('%s', async (_id, each) => {
    const expected = withoutFrames(comparable(each.expected));
    const ours = withoutFrames(await played(each, kind));
    const deviations = DEVIATIONS.filter(({ applies }) => applies(each));
    const instead = deviations.reduce((outcome, deviation) => {
      used.add(deviation.overruledBy);
      const changed = deviation.ours(outcome, each);
      expect(changed, `a deviation that deviates in nothing: ${deviation.overruledBy}`).not.toEqual(outcome);
      return changed;
    }, expected);
    if (instead.results.some((result) => isRecord(result) && result.$error === 'any')) {
      expect(ours.results.every((result) => isRecord(result) && '$error' in result)).toBe(true);
      expect(ours.connections).toEqual(instead.connections);
    } else expect(ours).toEqual(instead);
  });
});

test.skipIf(cases === null)('every deviation is used', () => {
  expect(DEVIATIONS.map(({ overruledBy }) => overruledBy).filter((line) => !used.has(line))).toEqual([]);
  console.info(`proxy_wire.json: ${playable.length} of ${cases?.length} played, ${DEVIATIONS.length} deviations`);
});
