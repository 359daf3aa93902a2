/**
 * `h1-scenarios.json`: scripted servers against both clients. What is asserted comes from the vector where it is plain and
 * from scenario-decisions.ts where it is prose; witnesses are always taken at the server.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MockTransport, type Request, Response } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { errorOf } from '../support/client.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';
import { type Decision, decisions, type Played } from '../support/scenario-decisions.js';
import { dialogueOf, type VectorStep } from '../support/scenario-steps.js';
import { serve } from '../support/scripted-server.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface ClientCall {
  readonly method: string;
  readonly path: string;
  readonly after?: string;
  readonly body_len?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly max_body?: number;
  /** 'http://PROXY': the server of the scenario is a proxy. */
  readonly proxy?: string;
  readonly url?: string;
}

interface Scenario {
  readonly id: string;
  readonly connections: readonly (readonly VectorStep[])[] | 'n/a';
  readonly client?: readonly ClientCall[];
  readonly from?: string;
  readonly to?: string;
  readonly status?: number;
  readonly method?: string;
  readonly expect: {
    readonly strip_credentials?: boolean;
    readonly method?: string;
    readonly body_resent?: boolean;
    readonly drop_headers_if_body_dropped?: readonly string[];
    readonly results?: readonly string[];
    readonly connections_used?: number;
    readonly reuse?: boolean;
  };
  readonly tls?: boolean;
}

const CALL_KEYS = ['method', 'path', 'after', 'body_len', 'headers', 'max_body', 'proxy', 'url'];
const cases = protocolCases<Scenario>('h1-scenarios');
/** Results in words that have one meaning everywhere. */
const WORDS: Readonly<Record<string, string>> = { 'proxy error': 'ProxyError' };
/** Redirects told in words, without a script: between which URLs, or with which method. */
const inWords = (cases ?? []).filter(({ connections }) => connections === 'n/a');
const applicable = (cases ?? []).filter(({ connections }) => connections !== 'n/a');

/** The decision on a scenario; where its results are plain, made from them. */
function decisionOn(scenario: Scenario): Decision {
  const decided = decisions[scenario.id];
  if (decided !== undefined) return decided;
  const results = (scenario.expect.results ?? []).map((result) => WORDS[result] ?? result);
  for (const result of results) {
    if (!/^(?:\d{3} ?\w*|ProxyError)$/.test(result))
      throw new Error(`${scenario.id}: "${result}" is prose and no decision was taken`);
  }
  return {
    sentence: 'as its results say',
    outcomes: results.map((result) => [result.length === 3 ? `${result} ` : result]),
  };
}

/** Waits as `after` says, by the client's clock. */
const waitOf = (call: ClientCall): number => Number(/^(\d+) ms$/.exec(call.after ?? '')?.[1] ?? 0);

async function play(kind: ClientKind, scenario: Scenario, options: Settings): Promise<Played> {
  const scripts = (scenario.connections as readonly (readonly VectorStep[])[]).map(dialogueOf);
  const calls = scenario.client ?? [];
  const tls = scenario.tls === true ? { tls: (await certificates()).server } : {};
  const server = await serve(scripts, tls);
  const environment = calls.some((call) => waitOf(call) > 0) ? kind.environment() : undefined;
  const isProxy = calls.some(({ proxy }) => proxy === 'http://PROXY');
  const client = kind.open(isProxy ? { ...options, proxy: server.url } : options, environment);
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  for (const call of calls) {
    for (const key of Object.keys(call))
      if (!CALL_KEYS.includes(key)) throw new Error(`${scenario.id}: ${key} is not known`);
    await environment?.host.advance(waitOf(call));
    const error = await errorOf(async () => {
      const response = await client.request(call.method, call.url ?? `${server.url}${call.path}`, {
        ...(call.body_len === undefined ? {} : { content: new Uint8Array(call.body_len).fill(97) }),
        ...(call.headers === undefined ? {} : { headers: call.headers.map(([name, value]) => [name, value] as const) }),
      });
      outcomes.push(`${response.statusCode} ${response.text}`);
    });
    if (error !== null) outcomes.push((error as Error).constructor.name);
    errors.push(error);
  }
  for (const peer of server.peers) await closesNoted(scenario, server, peer.index);
  return { server, outcomes, errors };
}

/** Lets every `expect_client_close_within_ms` of a connection come to its end. */
async function closesNoted(scenario: Scenario, server: Played['server'], index: number): Promise<void> {
  const steps = (scenario.connections as readonly (readonly VectorStep[])[])[index] ?? [];
  const expected = steps.filter((step) => 'expect_client_close_within_ms' in step).length;
  await server.until(() => server.peer(index).closes.length >= expected);
}

describe.skipIf(cases === null)(`scripted scenarios ${cases === null ? withoutShared : ''}`, () => {
  describe.each(clients)('$name', (kind) => {
    test.each(applicable.map((scenario) => [scenario.id, scenario] as const))('%s', async (_id, scenario) => {
      const decision = decisionOn(scenario);
      const played = await play(kind, scenario, decision.options ?? {});
      decision.outcomes?.forEach((right, index) => {
        expect(right, `request ${index}`).toContain(played.outcomes[index]);
      });
      expect(played.outcomes.length).toBe(decision.outcomes?.length);
      const { connections_used: connections } = scenario.expect;
      if (connections !== undefined) expect(played.server.peers.length).toBe(connections);
      for (const peer of played.server.peers) for (const tookMs of peer.closes) expect(tookMs).not.toBeNull();
      decision.check?.(played);
    });

    test.each(inWords.map((scenario) => [scenario.id, scenario] as const))('%s', async (_id, scenario) => {
      const { from = 'http://h.test/', to = '/next', status = 302, method = 'GET', expect: expected } = scenario;
      const locations = to.split(' -> ');
      const seen: Request[] = [];
      const transport = new MockTransport((request) => {
        seen.push(request.clone());
        const location = locations[seen.length - 1];
        return location === undefined ? new Response(200) : new Response(status, { headers: { location } });
      });
      const dropped = expected.drop_headers_if_body_dropped ?? [];
      const headers = { Authorization: 'secret', 'Content-Type': 'text/plain', 'Content-Language': 'en' };
      const content = method === 'GET' ? null : 'body';
      await kind.open({ followRedirects: true, transport }).request(method, from, { headers, content });
      const last = seen.at(-1) as Request;
      expect(seen.length).toBe(locations.length + 1);
      if (expected.strip_credentials !== undefined) {
        expect(last.headers.has('authorization')).toBe(!expected.strip_credentials);
      }
      if (expected.method !== undefined) {
        expect(last.method).toBe(expected.method);
        expect(new TextDecoder().decode(last.content)).toBe(expected.body_resent === true ? 'body' : '');
        expect(dropped.filter((name) => last.headers.has(name)).length > 0).toBe(expected.body_resent === true);
      }
    });
  });

  test(`${applicable.length + inWords.length} scenarios are played: all of them`, () => {
    expect(applicable.length + inWords.length).toBe(cases?.length);
  });
});

test('the table of decisions and the runner decide the same scenarios in the same words', () => {
  const table = readFileSync(new URL('../client/scenario-decisions.md', import.meta.url), 'utf8');
  const rows = [...table.matchAll(/^\| `(scn-[\w-]+)` +\| (.+?) +\|$/gm)].map(([, id, sentence]) => [id, sentence]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(decisions).map(([id, { sentence }]) => [id, sentence])),
  );
});
