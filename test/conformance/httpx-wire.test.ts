/**
 * http11_wire.json and top_level.json of vectors/httpx against both clients: what is connected to and written, octet by octet,
 * and what the caller gets. What is done differently stands in httpx-wire-deviations.ts with what overrules the vector.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { isThenable } from '../../src/flow.js';
import * as httpx from '../../src/index.js';
import { AsyncHTTPTransport, HTTPTransport } from '../../src/index.js';
import type { FakeHost } from '../support/fake-host.js';
import { asyncStage, blockingStage, type Stage, type WireConnection } from '../support/proxy-play.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { givenValue } from './httpx-scenario.js';
import { isRecord } from './httpx-values.js';
import { comparable, NOT_PLAYED, type Outcome, WIRE_DEVIATIONS, type WireCase } from './httpx-wire-deviations.js';

interface Kind {
  readonly name: string;
  stage(scripts: readonly WireConnection[]): Stage;
  client(options: Readonly<Record<string, unknown>>, stage: Stage): httpx.AsyncClient | httpx.Client;
  raw(response: httpx.Response): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  read(response: httpx.Response): Promise<Uint8Array> | Uint8Array;
  close(response: httpx.Response): Promise<void> | void;
}

const KINDS: readonly Kind[] = [
  {
    name: 'AsyncClient',
    stage: asyncStage,
    client(options, { environment }) {
      const client = new httpx.AsyncClient({ transport: new AsyncHTTPTransport(options, environment) }, environment);
      onTestFinished(() => client.aclose());
      return client;
    },
    raw: (response) => response.aiterRaw(),
    read: (response) => response.aread(),
    close: (response) => response.aclose(),
  },
  {
    name: 'Client',
    stage: blockingStage,
    client(options, { environment }) {
      const client = new httpx.Client({ transport: new HTTPTransport(options, environment) }, environment);
      onTestFinished(() => client.close());
      return client;
    },
    raw: (response) => response.iterRaw(),
    read: (response) => response.read(),
    close: (response) => response.close(),
  },
];

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');
const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** What a step asks for, by our names. */
function optionsOf({
  headers,
  content,
  files,
  cookies,
  timeout,
  extensions,
}: Readonly<Record<string, unknown>>): object {
  const { target, sni_hostname: sniHostname = null } = (extensions ?? {}) as {
    target?: unknown;
    sni_hostname?: string;
  };
  const fields = Array.isArray(headers) ? headers.map((field: unknown[]) => field.map(givenValue)) : (headers ?? null);
  return {
    headers: fields,
    ...(content === undefined ? {} : { content: givenValue(content) }),
    ...(files === undefined ? {} : { files: givenFiles(files as Record<string, { $tuple: unknown[] }>) }),
    ...(cookies === undefined ? {} : { cookies }),
    ...(timeout === undefined ? {} : { timeout: 5000 }),
    extensions: { target: givenValue(target ?? null), sniHostname },
  };
}

function givenFiles(files: Readonly<Record<string, { $tuple: unknown[] }>>): object {
  return Object.fromEntries(Object.entries(files).map(([name, { $tuple }]) => [name, $tuple.map(givenValue)]));
}

/** The class of an error of ours; of another only that it is one. */
function shownError(error: unknown): object {
  const known = error instanceof httpx.HTTPError || error instanceof httpx.InvalidURL;
  return { $error: known ? error.constructor.name : 'any' };
}

async function resultOf(response: httpx.Response, read: unknown, kind: Kind): Promise<object> {
  const head = {
    status: response.statusCode,
    http_version: response.httpVersion,
    reason_phrase: response.reasonPhrase,
    headers: response.headers.raw.map((field) => field.map(latin1)),
  };
  if (read === 'close') {
    await kind.close(response);
    return head;
  }
  if (read === 'raw_chunks') {
    const pieces: Uint8Array[] = [];
    let broken: object = {};
    try {
      for await (const piece of kind.raw(response)) pieces.push(piece);
    } catch (error) {
      broken = shownError(error);
    }
    return { ...head, raw: base64(Buffer.concat(pieces)), ...broken };
  }
  if (read === 'network_stream') {
    const stream = response.extensions.networkStream as httpx.NetworkStream;
    await stream.write(new TextEncoder().encode('upgraded-client-bytes'));
    const first = await stream.read();
    const second = await stream.read();
    stream.close();
    const shown = (octets: Uint8Array | null): string => base64(octets ?? new Uint8Array(0));
    return { ...head, network_stream_read_b64: shown(first), network_stream_read2_b64: shown(second) };
  }
  return { ...head, body_b64: base64(await kind.read(response)) };
}

/** An answer for which the clock may have to move: attempts to connect are some time apart. */
async function inTime<T>(answer: Promise<T>, { environment: { host } }: Stage): Promise<T> {
  let settled = !isThenable(answer);
  if (!settled)
    answer.then(
      () => (settled = true),
      () => (settled = true),
    );
  for (let turn = 0; !settled && turn < 12; turn++) await (host as FakeHost).advance(500);
  return answer;
}

async function played({ input }: WireCase, kind: Kind): Promise<Outcome> {
  const upgrades = input.steps.some(({ read }) => read === 'network_stream');
  const stage = kind.stage(input.connections.map(talkative).map((each) => (upgrades ? ending(each) : each)));
  const client = kind.client(transportOf(input.transport), stage);
  const results: unknown[] = [];
  for (const step of input.steps) {
    const { do: what, method, url, read, raw_request: raw } = step;
    if (what !== undefined) continue;
    try {
      const request =
        raw === true
          ? new httpx.Request(String(method), String(url), optionsOf(step) as httpx.RequestOptions)
          : client.buildRequest(String(method), String(url), optionsOf(step));
      const response = await inTime(client.send(request, { stream: true }) as Promise<httpx.Response>, stage);
      results.push(await resultOf(response, read, kind));
    } catch (failure) {
      results.push(shownError(failure));
    }
    await (stage.environment.host as FakeHost).advance(1);
  }
  return { results, connections: stage.seen().map(({ target, tls, writes }) => ({ target, tls, writes })) };
}

/** An idle connection that has something to read: one octet too many. */
function talkative(connection: WireConnection & { readonly idle_readable?: boolean }): WireConnection {
  if (connection.idle_readable !== true) return connection;
  const [first, ...others] = connection.exchanges;
  return { ...connection, exchanges: [{ reads: [...(first?.reads ?? []), btoa('x')] }, ...others] };
}

/** A connection that ends after the last of its exchanges. */
function ending(connection: WireConnection): WireConnection {
  const exchanges = connection.exchanges.map(({ reads }, at, { length }) =>
    at === length - 1 ? { reads: [...reads, 'EOF'] } : { reads },
  );
  return { ...connection, exchanges };
}

const CAMEL: Readonly<Record<string, string>> = { local_address: 'localAddress', socket_options: 'socketOptions' };

function transportOf(options: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (name !== 'limits') return [CAMEL[name] ?? name, value];
      const limits = value as Record<string, number | null>;
      return [
        'limits',
        {
          maxConnections: limits.max_connections ?? null,
          maxKeepaliveConnections: limits.max_keepalive_connections ?? null,
          // 0 is no duration here; what is over as soon as it begins is the same.
          ...('keepalive_expiry' in limits ? { keepaliveExpiry: limits.keepalive_expiry === 0 ? 0.001 : null } : {}),
        },
      ];
    }),
  );
}

const cases = httpxCases<WireCase>('http11_wire');
const judged = (cases ?? []).filter(
  ({ id, quirk }) => quirk === undefined && ![...NOT_PLAYED.keys()].some((group) => group.test(id)),
);
const used = new Set<string>();

describe.skipIf(cases === null).each(KINDS)(`$name on the wire ${cases === null ? withoutShared : ''}`, (kind) => {
  test.each(judged.map((each) => [each.id, each] as const))('%s', async (_id, each) => {
    const expected = comparable(each.expected);
    const ours = await played(each, kind);
    const deviations = WIRE_DEVIATIONS.filter(({ applies }) => applies(each));
    const instead = deviations.reduce((outcome, deviation) => {
      used.add(deviation.overruledBy);
      const changed = deviation.ours(outcome, each);
      expect(changed, `a deviation that deviates in nothing: ${deviation.overruledBy}`).not.toEqual(outcome);
      return changed;
    }, expected);
    for (const [at, result] of instead.results.entries()) {
      if (!isRecord(result) || result.$error !== 'any') continue;
      // An error of Python's own: that there is one is all that can be compared.
      expect(ours.results[at]).toHaveProperty('$error');
      ours.results[at] = result;
    }
    expect(ours).toEqual(instead);
  });
});

test.skipIf(cases === null)('every deviation is used', () => {
  expect(WIRE_DEVIATIONS.map(({ overruledBy }) => overruledBy).filter((line) => !used.has(line))).toEqual([]);
});
