/** Where the wire files of vectors/httpx are answered differently, and what overrules them. */
import type { SeenConnection, WireConnection } from '../support/proxy-play.js';
import { isRecord } from './httpx-values.js';

export interface WireCase {
  readonly id: string;
  readonly quirk?: string;
  readonly input: {
    readonly transport?: Readonly<Record<string, unknown>>;
    readonly connections: readonly WireConnection[];
    readonly steps: readonly Readonly<Record<string, unknown>>[];
  };
  readonly expected: {
    readonly results: readonly unknown[];
    readonly connections: readonly (Omit<SeenConnection, 'writes'> & { writes?: string; writes_b64?: string })[];
  };
}

export interface Outcome {
  readonly results: unknown[];
  readonly connections: Omit<SeenConnection, 'closed'>[];
}

/** What is done differently, and in what an outcome differs from the vector's. */
export interface WireDeviation {
  readonly overruledBy: string;
  readonly applies: (each: WireCase) => boolean;
  readonly ours: (expected: Outcome, each: WireCase) => Outcome;
}

/** The vector's outcome in our terms: pieces of a raw body as one, our User-Agent. */
export function comparable(expected: WireCase['expected']): Outcome {
  return {
    results: expected.results.filter((each) => !Array.isArray(each)).map(comparableResult),
    connections: expected.connections.map(({ target, tls, writes, writes_b64: octets }) => ({
      target,
      tls,
      writes: (writes ?? Buffer.from(octets ?? '', 'base64').toString('latin1')).replaceAll(
        'python-httpx/0.28.1',
        OURS,
      ),
    })),
  };
}

const OURS = 'httpx-wasm/0.1.0';

function comparableResult(result: unknown): unknown {
  if (!isRecord(result)) return result;
  const failure = result.$error as { readonly type: string; readonly module: string } | undefined;
  if (failure !== undefined) return { $error: failure.module === 'httpx' ? failure.type : 'any' };
  const { extensions: _extensions, stream_id: _stream, raw_chunks: chunks, ...rest } = result;
  if (chunks === undefined) return rest;
  const pieces = (chunks as unknown[]).filter((each) => typeof each === 'string');
  const raw = Buffer.concat(pieces.map((each) => Buffer.from(each, 'base64'))).toString('base64');
  const broken = (chunks as unknown[]).find(isRecord);
  return { ...rest, raw, ...(broken === undefined ? {} : (comparableResult(broken) as object)) };
}

/** Applies to the cases of these ids, given without the file's name. */
const ids =
  (...tails: readonly string[]) =>
  ({ id }: WireCase): boolean =>
    tails.some((tail) => id.endsWith(tail));
const failing =
  (name: string) =>
  (expected: Outcome): Outcome => ({ ...expected, results: [{ $error: name }] });
/** The first response with other fields. */
const withHeaders =
  (headers: readonly (readonly [string, string])[]) =>
  ({ results: [first, ...others], connections }: Outcome): Outcome => ({
    results: [{ ...(first as object), headers }, ...others],
    connections,
  });
/** Both requests go over the first connection. */
function kept({ results, connections }: Outcome): Outcome {
  const [first] = connections;
  return { results, connections: [{ ...(first as WireOutcome), writes: connections.map((c) => c.writes).join('') }] };
}
type WireOutcome = Outcome['connections'][number];

export const WIRE_DEVIATIONS: readonly WireDeviation[] = [
  {
    overruledBy:
      'DESIGN §5: what must not be sent is LocalProtocolError before any octet is produced, or connected for',
    applies: (each) =>
      ids('request/db6ed248e4')(each) ||
      (/request_invalid/.test(each.id) &&
        each.expected.connections.length === 1 &&
        each.expected.connections[0]?.writes === ''),
    ours: ({ results }) => ({ results, connections: [] }),
  },
  {
    overruledBy: 'API, entry points: WebSockets are reserved for later, and their URLs are not sent',
    applies: ids('request_invalid/ab6e266a83'),
    ours: () => ({ results: [{ $error: 'UnsupportedProtocol' }], connections: [] }),
  },
  {
    overruledBy: 'RFC 9110 §5.2, §5.5: fields are given as they came, in number and in spelling',
    applies: ids('framing/66cdb81c6d', 'framing_head/7b505bd5ef'),
    ours: withHeaders([['Transfer-Encoding', 'Chunked']]),
  },
  {
    overruledBy:
      'RFC 9110 §5.2: fields are given as they came; equal lengths count as one for the framing alone (§8.6)',
    applies: ids('framing/44e6bd9fd1', 'framing_head/3c9f349b5f'),
    ours: withHeaders([
      ['Content-Length', '2'],
      ['Content-Length', '2'],
    ]),
  },
  {
    overruledBy:
      'RFC 9110 §5.2: fields are given as they came; a list of equal lengths counts as one for the framing (§8.6)',
    applies: ids('framing/02e96eae2e', 'framing_bytewise/2006c176a7'),
    ours: withHeaders([['Content-Length', '2, 2']]),
  },
  {
    overruledBy: 'SECURITY 1.1: Transfer-Encoding beside Content-Length is rejected',
    applies: ids('framing/48b8753135', 'framing/7366dc237a'),
    ours: failing('RemoteProtocolError'),
  },
  {
    overruledBy: 'SECURITY 1.7: all but HTTP/1.0 and 1.x is rejected',
    applies: ids('status_line/79b081450a', 'status_line/4d16fdabeb'),
    ours: failing('RemoteProtocolError'),
  },
  {
    overruledBy: 'RFC 9110 §2.5: a higher minor version is understood as the highest that is known, HTTP/1.1',
    applies: ids('status_line/4eb47cef4c'),
    ours: ({ results: [first], connections }) => ({
      results: [{ ...(first as object), http_version: 'HTTP/1.1' }],
      connections,
    }),
  },
  {
    overruledBy: 'SECURITY 1.6: line folding is rejected (RFC 9112 §5.2)',
    applies: ids('header_line/0979cbbfb4'),
    ours: failing('RemoteProtocolError'),
  },
  {
    overruledBy: 'SECURITY 1.3: lines end in CRLF exactly',
    applies: ids('line_endings/dc681ae3f1', 'line_endings/2187f8c63a'),
    ours: failing('RemoteProtocolError'),
  },
  {
    overruledBy: 'SECURITY 1.4: no control character in a chunk extension (RFC 9112 §7.1.1)',
    applies: ids('chunked_faults/32b76a28e0'),
    ours: ({ results: [first], connections }) => ({
      results: [{ ...(first as object), raw: '', $error: 'RemoteProtocolError' }],
      connections,
    }),
  },
  {
    overruledBy: 'RFC 9110 §5.3: a sender does not repeat a field that is no list; what would be is refused',
    applies: ids('request_invalid/af634b184f'),
    ours: () => ({ results: [{ $error: 'LocalProtocolError' }], connections: [] }),
  },
  {
    overruledBy:
      'RFC 9112 §9.3: HTTP/1.0 with keep-alive, and a response that is whole though unread, leave the connection open',
    applies: ids('reuse/67e1182379', 'reuse/66086823b3'),
    ours: kept,
  },
];

/** Cases that the stage cannot play, and where the same is tested. */
export const NOT_PLAYED: ReadonlyMap<RegExp, string> = new Map([
  [/write_faults/, 'writes that fail: trace_events.json, test/client/faults.test.ts'],
]);
