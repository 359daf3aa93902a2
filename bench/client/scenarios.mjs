/**
 * What is asked of every client. `kind`: get (small responses, many), download and upload (few, large). `limit`: the named
 * target, a ratio to undici.request. `quick`: part of the short run. Sizes in octets.
 */
import { UsageError } from '../usage.mjs';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export const SCENARIOS = [
  {
    name: 'S1',
    text: 'tiny GET, one after the other',
    kind: 'get',
    response: 'tiny',
    concurrency: 1,
    limit: 0.8,
    quick: true,
  },
  {
    name: 'S2',
    text: 'tiny GET, 64 at once',
    kind: 'get',
    response: 'tiny',
    concurrency: 64,
    limit: 0.75,
    quick: true,
  },
  {
    name: 'S3',
    text: '20 fields and 4 KB of JSON, 64 at once',
    kind: 'get',
    response: 'json',
    concurrency: 64,
    limit: 0.6,
    quick: true,
  },
  { name: 'S3c', text: 'S3, chunked', kind: 'get', response: 'json-chunked', concurrency: 64 },
  { name: 'S3t', text: 'S3 over TLS', kind: 'get', response: 'json', concurrency: 64, tls: true },
  { name: 'S4', text: '1 GiB streamed download', kind: 'download', octets: GIB, warmup: 128 * MIB },
  { name: 'S4t', text: 'S4 over TLS', kind: 'download', octets: GIB, warmup: 128 * MIB, tls: true },
  { name: 'S5', text: '256 MiB streamed upload', kind: 'upload', octets: 256 * MIB, warmup: 64 * MIB },
];

export const REFERENCE = 'undici.request';

/** Peers by name, in the order of the report; each is a module of peers/. */
export const PEERS = new Map([
  ['raw', 'raw'],
  ['httpx-wasm', 'httpx-wasm'],
  [REFERENCE, 'undici'],
  ['node:http', 'node-http'],
  ['fetch', 'fetch'],
]);

/** @throws {UsageError} for a name that is none */
export function scenarioOf(name) {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot run scenario ${name}: there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  }
  return found;
}

/** The unit of a scenario's CPU figure, and how many of it one measurement holds. */
export function unitOf(scenario) {
  return scenario.kind === 'get' ? { cpu: 'µs/request', rate: 'requests/s' } : { cpu: 'ms/GiB', rate: 'MiB/s' };
}
