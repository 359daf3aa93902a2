/**
 * top_level.json of vectors/httpx: the functions that make a client for one call, blocking and not, over sockets in memory.
 * What they stand on is replaced by the stage of the case, since a caller cannot say it.
 */
import { describe, expect, test, vi } from 'vitest';
import * as httpx from '../../src/index.js';
import * as sync from '../../src/sync.js';
import type { FakeHost } from '../support/fake-host.js';
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

const standing = vi.hoisted(() => ({ stage: null as Stage | null }));

vi.mock('../../src/environment.js', async (original) => {
  const { runtime } = await original<typeof import('../../src/environment.js')>();
  const on = (): typeof runtime => standing.stage?.environment ?? runtime;
  const staged = {
    get host() {
      return on().host;
    },
    get connector() {
      return on().connector;
    },
    get deadlines() {
      return on().deadlines;
    },
  };
  return { runtime: staged, blockingRuntime: () => staged };
});

interface TopLevelCase {
  readonly id: string;
  readonly input: {
    readonly function: string;
    readonly args: readonly string[];
    readonly kwargs: Readonly<Record<string, unknown>>;
    readonly connections: readonly WireConnection[];
    readonly env?: Readonly<Record<string, string>>;
    readonly read?: boolean;
  };
  readonly expected: { readonly result: unknown; readonly connections: readonly SeenConnection[] };
}

const KINDS = [
  { name: 'httpx-wasm', functions: httpx as object, stage: asyncStage },
  { name: 'httpx-wasm/sync', functions: sync as object, stage: blockingStage },
];

const CAMEL: Readonly<Record<string, string>> = { follow_redirects: 'followRedirects', trust_env: 'trustEnv' };
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

function optionsOf(kwargs: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => {
      if (name !== 'files') return [CAMEL[name] ?? name, givenValue(value)];
      const files = Object.entries(value as Record<string, { $tuple: unknown[] }>);
      return [name, Object.fromEntries(files.map(([field, { $tuple }]) => [field, $tuple]))];
    }),
  );
}

/** The function's answer in the vectors' shape. */
async function resultOf({ input }: TopLevelCase, functions: object): Promise<unknown> {
  const call = (functions as Readonly<Record<string, (...args: unknown[]) => unknown>>)[input.function];
  try {
    const response = (await call?.(...input.args, optionsOf(input.kwargs))) as httpx.Response;
    if (input.function !== 'stream') {
      const { statusCode: status, url, history, content, text } = response;
      return { status, url: String(url), history: history.length, body_b64: base64(content), text };
    }
    const inside = response.isClosed;
    const body = functions === sync ? response.read() : await response.aread();
    await response.aclose();
    return {
      status: response.statusCode,
      closed_inside: inside,
      closed_after: response.isClosed,
      body_b64: base64(body),
    };
  } catch (error) {
    const known = error instanceof httpx.RequestError || error instanceof httpx.InvalidURL;
    return { $error: known ? error.constructor.name : 'any' };
  }
}

const SNOWMAN = 'top_level/errors/84eece4652';
const GET =
  'GET / HTTP/1.1\r\nHost: xn--n3h.com\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n' +
  'Connection: keep-alive\r\nUser-Agent: httpx-wasm/0.1.0\r\n\r\n';
/** Cases that end differently here: what overrules the vector, and what is expected. */
const DEVIATIONS: ReadonlyMap<string, { readonly overruledBy: string; readonly ours: object }> = new Map([
  [
    SNOWMAN,
    {
      overruledBy: "API, URL: IDNA is the host's UTS 46, which has U+2603",
      ours: {
        result: {
          status: 200,
          url: 'https://xn--n3h.com/',
          history: 0,
          body_b64: 'SGVsbG8sIHdvcmxkIQ==',
          text: 'Hello, world!',
        },
        connections: [
          {
            target: 'xn--n3h.com:443',
            writes: GET,
            closed: true,
            tls: [{ server_hostname: 'xn--n3h.com', alpn_offered: ['http/1.1'] }],
          },
        ],
      },
    },
  ],
]);

function comparable({ result, connections }: TopLevelCase['expected']): object {
  const error = isRecord(result) ? (result.$error as { type: string; module: string } | undefined) : undefined;
  return {
    result: error === undefined ? result : { $error: error.module === 'httpx' ? error.type : 'any' },
    connections: connections.map((each) => ({
      ...each,
      writes: each.writes.replaceAll('python-httpx/0.28.1', 'httpx-wasm/0.1.0'),
    })),
  };
}

const cases = httpxCases<TopLevelCase>('top_level');

describe.skipIf(cases === null).each(KINDS)(`$name ${cases === null ? withoutShared : ''}`, ({ functions, stage }) => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', async (id, each) => {
    const staged = stage(each.input.connections);
    for (const [name, value] of Object.entries(each.input.env ?? {})) {
      (staged.environment.host as FakeHost).variables.set(name, value);
    }
    standing.stage = staged;
    const ours = { result: await resultOf(each, functions), connections: staged.seen() };
    standing.stage = null;
    const expected = comparable(each.expected);
    const deviation = DEVIATIONS.get(id);
    if (deviation !== undefined) expect(deviation.ours).not.toEqual(expected);
    expect(ours, deviation?.overruledBy ?? 'as httpx').toEqual(deviation?.ours ?? expected);
  });
});
