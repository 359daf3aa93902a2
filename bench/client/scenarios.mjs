/**
 * What is asked of every client, and the named targets. `kind`: get (small responses, many), download and upload (few,
 * large), content (a large one that is coded, one after the other), turns (get, but by the clock), start (import and first
 * request), heap (what a thousand connections hold), growth (loads of growing size). `body`: a coded body, as
 * codings/bodies.mjs makes it. `processes`: how many a measurement has, if more than one; it is their mean. `warmups`, `times`:
 * how many uploads go before the window, and are in it. `http2`: over TLS, all requests on one connection. `host`: who runs the
 * client, if not Node. Sizes in octets. Measures, ratios and limits: as figures.mjs takes them.
 */
import { UsageError } from '../usage.mjs';
import { growthMeasures, MEASURES } from './measures.mjs';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export const OURS = 'httpx-wasm';
const BLOCKING = 'httpx-wasm blocking';
const REFERENCE = 'undici.request';

/** Peers by name, in the order of the report; each is a module of peers/. */
export const PEERS = new Map([
  ['raw', 'raw'],
  ['raw h2', 'raw-h2'],
  [OURS, 'httpx-wasm'],
  [BLOCKING, 'httpx-wasm-blocking'],
  [REFERENCE, 'undici'],
  ['node:http', 'node-http'],
  ['node:http2', 'node-http2'],
  ['undici h2', 'undici'],
  ['fetch', 'fetch'],
  ['undici.stream', 'undici-stream'],
  ['undici.fetch', 'undici-fetch'],
  ['got', 'got'],
  ['axios', 'axios'],
  ['ky', 'ky'],
]);

/** Who takes part where a scenario does not name its peers. */
const USUAL = ['raw', OURS, REFERENCE, 'node:http', 'fetch', 'undici.stream', 'undici.fetch', 'got', 'axios', 'ky'];

const scenario = (name, text, kind, rest) => ({
  name,
  text,
  kind,
  measures: MEASURES[kind === 'download' || kind === 'upload' ? 'bulk' : kind],
  ours: OURS,
  peers: USUAL,
  ...rest,
});

/** HTTP/2 over TLS, all on one connection; CPU against node:http2, and undici where there is a limit. */
const http2Scenario = (name, text, kind, [limit, stretch], undiciLimit, rest) =>
  scenario(name, text, kind, {
    tls: true,
    http2: true,
    peers: ['raw h2', OURS, 'node:http2', 'undici h2', 'got', 'axios'],
    ratios: [
      { of: 'cpu', to: 'node:http2', limit, stretch },
      { of: 'cpu', to: 'undici h2', limit: undiciLimit },
    ],
    ...rest,
  });

/** CPU against undici.request; `limit`: the target, if there is one. */
const cpu = (limit, stretch) => ({ of: 'cpu', to: REFERENCE, limit, stretch });
/** At least five times less than fetch. */
const fifthOfFetch = { of: 'cpu', to: 'fetch', limit: 0.2 };

/** Less than other peers. */
const lessThan = (...peers) => peers.map((to) => ({ of: 'cpu', to, limit: 1 }));

/** Who takes part beside the floor, ours and the reference. */
const OTHERS = USUAL.filter((peer) => !['raw', OURS, REFERENCE].includes(peer));

const contentScenario = (name, text, { coding, level }, limit, stretch) =>
  scenario(name, text, 'content', {
    response: `json ${coding}`,
    body: { corpus: 'JSON', octets: 8 * MIB, coding, level },
    concurrency: 1,
    ratios: [cpu(limit, stretch), ...lessThan(...OTHERS).map((ratio) => ({ ...ratio, left: true }))],
  });

/** How many octets a read brings, and which pages malloc has, differ from process to process: each figure is the mean of two. */
const download = { octets: GIB, warmup: 128 * MIB, processes: 2 };

/** Ours on another host, against the fetch that is built into that. */
const hostScenario = (name, text, kind, host, rest) =>
  scenario(name, text, kind, { host, peers: [OURS, 'fetch'], ratios: lessThan('fetch'), ...rest });

/** Ours holds by default as many connections as queues are begun on. */
const DEFAULT_CONNECTIONS = 100;

const growthScenario = (name, text, load, sizes) =>
  scenario(name, text, 'growth', {
    response: 'tiny',
    load,
    sizes,
    concurrency: load === 'queue' ? DEFAULT_CONNECTIONS : Math.max(...sizes),
    measures: growthMeasures(sizes),
    peers: [OURS, REFERENCE],
    limits: [{ of: 'growth', limit: 1.5 }],
  });

export const SCENARIOS = [
  scenario('S1', 'tiny GET, one after the other', 'get', {
    response: 'tiny',
    concurrency: 1,
    ratios: [cpu(0.7, 0.56), fifthOfFetch],
  }),
  scenario('S2', 'tiny GET, 64 at once', 'get', {
    response: 'tiny',
    concurrency: 64,
    ratios: [cpu(0.65, 0.55), fifthOfFetch],
  }),
  scenario('S3', '20 fields and 4 KB of JSON, 64 at once', 'get', {
    response: 'json',
    concurrency: 64,
    ratios: [cpu(0.5, 0.4), fifthOfFetch],
  }),
  scenario('S3c', 'S3, chunked', 'get', {
    response: 'json-chunked',
    concurrency: 64,
    ratios: [cpu()],
  }),
  scenario('S3t', 'S3 over TLS', 'get', {
    response: 'json',
    concurrency: 64,
    tls: true,
    ratios: [cpu(0.5, 0.35)],
  }),
  scenario('S4', '1 GiB streamed download', 'download', { ...download, ratios: [cpu(0.45, 0.35)] }),
  scenario('S4t', 'S4 over TLS', 'download', { ...download, tls: true, ratios: [cpu(0.95)] }),
  scenario('S5', '256 MiB streamed upload', 'upload', {
    octets: 256 * MIB,
    warmups: 6,
    times: 4,
    processes: 2,
    ratios: [cpu(1.1)],
  }),
  http2Scenario('S6a', 'HTTP/2: tiny GET, 100 streams', 'get', [0.45, 0.3], undefined, {
    response: 'tiny',
    concurrency: 100,
  }),
  http2Scenario('S6b', 'HTTP/2: 19 fields and 4 KB of JSON, 100 streams', 'get', [0.5, 0.35], 0.3, {
    response: 'json',
    concurrency: 100,
  }),
  http2Scenario('S7', 'HTTP/2: 1 GiB streamed download', 'download', [1, 0.85], undefined, download),
  contentScenario('S8g', '8 MB of JSON, gzip level 6, decoded', { coding: 'gzip', level: 6 }, 0.65, 0.45),
  contentScenario('S8b', '8 MB of JSON, brotli level 4, decoded', { coding: 'br', level: 4 }, 0.85),
  scenario('B1', 'S1 by the clock, blocking and not', 'turns', {
    response: 'tiny',
    concurrency: 1,
    peers: ['raw', OURS, BLOCKING],
    ratios: [{ of: 'wall', to: OURS, peer: BLOCKING, limit: 4 }],
  }),
  scenario('S9', 'import and first request, each in a fresh process', 'start', {
    response: 'tiny',
    processes: 3,
    ratios: [
      { of: 'wall', to: REFERENCE, limit: 0.5, stretch: 0.3 },
      { of: 'cpu', to: REFERENCE, limit: 0.5, stretch: 0.3 },
      { of: 'rss', to: REFERENCE, limit: 0.7 },
    ],
  }),
  scenario('S10', 'heap of 1000 connections, idle and with a request in flight', 'heap', {
    response: 'tiny',
    concurrency: 1000,
    ratios: ['idle', 'flight'].map((of) => ({ of, to: REFERENCE })),
    limits: [
      { of: 'idle', limit: 4, stretch: 3 },
      { of: 'flight', limit: 6 },
    ],
  }),
  ...['Bun', 'Deno'].flatMap((host) => [
    hostScenario(`S2-${host}`, `S2 on ${host}`, 'get', host, { response: 'tiny', concurrency: 64 }),
    hostScenario(`S4-${host}`, `S4 on ${host}`, 'download', host, download),
  ]),
  growthScenario(
    'C1',
    'CPU of growing numbers of connections, ten requests on each',
    'connections',
    [100, 1000, 10000],
  ),
  growthScenario('C2', 'CPU of growing queues, all begun at once', 'queue', [1000, 10000, 100000]),
];

/** The floors, and ours: beside these every figure is read. */
const ALWAYS = ['raw', 'raw h2', OURS, BLOCKING];

const peersBeside = ({ peers }, ratios) => {
  const references = ratios.map(({ to }) => to);
  return peers.filter((peer) => !ALWAYS.includes(peer) && !references.includes(peer));
};

/** The peers of a scenario that no ratio is formed to: measured in the first round alone. */
export const unheededOf = (scenario) => peersBeside(scenario, scenario.ratios ?? []);

/** The peers that the short run leaves out: those, and whom it forms no ratio to (`left`). */
export const leftByQuickOf = (scenario) =>
  peersBeside(
    scenario,
    (scenario.ratios ?? []).filter(({ left }) => left !== true),
  );

/** @throws {UsageError} for a name that is none */
export function scenarioOf(name) {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot run scenario ${name}: there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  }
  return found;
}
