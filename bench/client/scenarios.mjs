/**
 * What is asked of every client, and the named targets. `kind`: get (small responses, many), download and upload (few,
 * large), content (a large one that is coded, one after the other), turns (get, but by the clock), start (import and first
 * request), heap (what a thousand connections hold). `body`: a coded body, as codings/bodies.mjs makes it.
 * `http2`: over TLS, all requests on one connection. `quick`: part of the short run. Sizes in octets. Measures, ratios and limits: as figures.mjs takes them.
 */
import { UsageError } from '../usage.mjs';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export const OURS = 'httpx-wasm';
const BLOCKING = 'httpx-wasm blocking';
export const REFERENCE = 'undici.request';

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
  ['got', 'got'],
  ['axios', 'axios'],
]);

/** Who takes part where a scenario does not name its peers. */
const USUAL = ['raw', OURS, REFERENCE, 'node:http', 'fetch'];

const share = { key: 'user', name: 'user', unit: '%', digits: 0, of: ({ userUs, cpuUs }) => (userUs / cpuUs) * 100 };
const seconds = ({ wallMs }) => wallMs / 1000;
const KIB = 1024;

const rate = { key: 'rate', name: 'rate', unit: 'requests/s', digits: 0, of: (one) => one.units / seconds(one) };

/** What is shown of the measurements of each kind; the first is the one that profiles are told in. */
const MEASURES = {
  get: [
    { key: 'cpu', name: 'CPU', unit: 'µs/request', digits: 2, spread: true, of: ({ cpuUs, units }) => cpuUs / units },
    share,
    rate,
  ],
  content: [
    {
      key: 'cpu',
      name: 'CPU',
      unit: 'ms/request',
      digits: 2,
      spread: true,
      of: ({ cpuUs, units }) => cpuUs / units / 1000,
    },
    share,
    rate,
  ],
  bulk: [
    {
      key: 'cpu',
      name: 'CPU',
      unit: 'ms/GiB',
      digits: 0,
      spread: true,
      of: ({ cpuUs, units }) => cpuUs / units / 1000,
    },
    share,
    { key: 'rate', name: 'rate', unit: 'MiB/s', digits: 0, of: (one) => (one.units * 1024) / seconds(one) },
  ],
  turns: [
    {
      key: 'wall',
      name: 'wall',
      unit: 'µs/request',
      digits: 1,
      spread: true,
      of: ({ wallMs, units }) => (wallMs * 1000) / units,
    },
    { key: 'cpu', name: 'CPU', unit: 'µs/request', digits: 1, spread: true, of: ({ cpuUs, units }) => cpuUs / units },
  ],
  start: [
    { key: 'wall', name: 'wall', unit: 'ms', digits: 1, spread: true, of: ({ wallMs }) => wallMs },
    { key: 'cpu', name: 'CPU', unit: 'ms', digits: 1, spread: true, of: ({ cpuUs }) => cpuUs / 1000 },
    {
      key: 'rss',
      name: 'RSS',
      unit: 'MiB',
      digits: 1,
      spread: true,
      counted: true,
      of: ({ rssOctets }) => rssOctets / MIB,
    },
  ],
  heap: [
    {
      key: 'idle',
      name: 'idle',
      unit: 'KB',
      digits: 2,
      spread: true,
      counted: true,
      of: ({ idle }) => idle.heap / KIB,
    },
    {
      key: 'flight',
      name: 'in flight',
      unit: 'KB',
      digits: 2,
      spread: true,
      counted: true,
      of: ({ flight }) => flight.heap / KIB,
    },
    { key: 'rss', name: 'in flight, RSS', unit: 'KB', digits: 1, spread: true, of: ({ flight }) => flight.rss / KIB },
  ],
};

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
const http2Scenario = (name, text, kind, limit, undiciLimit, rest) =>
  scenario(name, text, kind, {
    tls: true,
    http2: true,
    peers: ['raw h2', OURS, 'node:http2', 'undici h2'],
    ratios: [
      { of: 'cpu', to: 'node:http2', limit },
      { of: 'cpu', to: 'undici h2', limit: undiciLimit },
    ],
    ...rest,
  });

/** CPU against undici.request; `limit`: the target, if there is one. */
const cpu = (limit) => ({ of: 'cpu', to: REFERENCE, limit });
/** At least five times less than fetch. */
const fifthOfFetch = { of: 'cpu', to: 'fetch', limit: 0.2 };

/** Less than every other peer. */
const lessThan = (...peers) => peers.map((to) => ({ of: 'cpu', to, limit: 1 }));

const contentScenario = (name, text, { coding, level }, limit) =>
  scenario(name, text, 'content', {
    response: `json ${coding}`,
    body: { corpus: 'JSON', octets: 8 * MIB, coding, level },
    concurrency: 1,
    peers: [...USUAL, 'got', 'axios'],
    ratios: [cpu(limit), ...lessThan('node:http', 'fetch', 'got', 'axios')],
  });

export const SCENARIOS = [
  scenario('S1', 'tiny GET, one after the other', 'get', {
    response: 'tiny',
    concurrency: 1,
    ratios: [cpu(0.7), fifthOfFetch],
    quick: true,
  }),
  scenario('S2', 'tiny GET, 64 at once', 'get', {
    response: 'tiny',
    concurrency: 64,
    ratios: [cpu(0.65), fifthOfFetch],
    quick: true,
  }),
  scenario('S3', '20 fields and 4 KB of JSON, 64 at once', 'get', {
    response: 'json',
    concurrency: 64,
    ratios: [cpu(0.5), fifthOfFetch],
    quick: true,
  }),
  scenario('S3c', 'S3, chunked', 'get', { response: 'json-chunked', concurrency: 64, ratios: [cpu()] }),
  scenario('S3t', 'S3 over TLS', 'get', { response: 'json', concurrency: 64, tls: true, ratios: [cpu(0.5)] }),
  scenario('S4', '1 GiB streamed download', 'download', { octets: GIB, warmup: 128 * MIB, ratios: [cpu(0.45)] }),
  scenario('S4t', 'S4 over TLS', 'download', { octets: GIB, warmup: 128 * MIB, tls: true, ratios: [cpu(0.95)] }),
  scenario('S5', '256 MiB streamed upload', 'upload', { octets: 256 * MIB, warmup: 64 * MIB, ratios: [cpu(1.1)] }),
  http2Scenario('S6a', 'HTTP/2: tiny GET, 100 streams', 'get', 0.45, undefined, { response: 'tiny', concurrency: 100 }),
  http2Scenario('S6b', 'HTTP/2: 19 fields and 4 KB of JSON, 100 streams', 'get', 0.5, 0.3, {
    response: 'json',
    concurrency: 100,
  }),
  http2Scenario('S7', 'HTTP/2: 1 GiB streamed download', 'download', 1, undefined, { octets: GIB, warmup: 128 * MIB }),
  contentScenario('S8g', '8 MB of JSON, gzip level 6, decoded', { coding: 'gzip', level: 6 }, 0.65),
  contentScenario('S8b', '8 MB of JSON, brotli level 4, decoded', { coding: 'br', level: 4 }, 0.85),
  scenario('B1', 'S1 by the clock, blocking and not', 'turns', {
    response: 'tiny',
    concurrency: 1,
    peers: ['raw', OURS, BLOCKING],
    ratios: [{ of: 'wall', to: OURS, peer: BLOCKING, limit: 4 }],
    quick: true,
  }),
  scenario('S9', 'import and first request, each in a fresh process', 'start', {
    response: 'tiny',
    ratios: [
      { of: 'wall', to: REFERENCE, limit: 0.5 },
      { of: 'cpu', to: REFERENCE, limit: 0.5 },
      { of: 'rss', to: REFERENCE, limit: 0.7 },
    ],
    quick: true,
  }),
  scenario('S10', 'heap of 1000 connections, idle and with a request in flight', 'heap', {
    response: 'tiny',
    concurrency: 1000,
    ratios: ['idle', 'flight'].map((of) => ({ of, to: REFERENCE })),
    limits: [
      { of: 'idle', limit: 4 },
      { of: 'flight', limit: 6 },
    ],
    quick: true,
  }),
];

/** @throws {UsageError} for a name that is none */
export function scenarioOf(name) {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot run scenario ${name}: there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  }
  return found;
}
