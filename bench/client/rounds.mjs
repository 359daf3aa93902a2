/** One scenario: its server, and the measurements of all peers, each in a process of its own. */

import { smallFields } from '../corpus/heads.mjs';
import { meanOf } from '../figures.mjs';
import { interleave } from '../interleave.mjs';
import { end, hostOf, printedByHost, printedByProgram, start } from '../processes.mjs';
import { expectationOf } from './expected.mjs';
import { canned, receiptFields, sectionOf } from './responses.mjs';
import { bulkList, canned as cannedInHttp2 } from './responses-h2.mjs';
import { PEERS, unheededOf } from './scenarios.mjs';

/**
 * Where client and server are held: request scenarios on one core, since one connection is bimodal otherwise (8 or 24 µs
 * for the same work); all others on two.
 */
function coresOf({ kind }) {
  return kind === 'get' || kind === 'turns' ? { client: 0, server: 0 } : { client: 0, server: 1 };
}

/** Kinds of scenario that are no window of requests. */
const OWN_PROGRAMS = { heap: 'client/heap.mjs', growth: 'client/growth.mjs' };

/** What is to be found in each response of a scenario. */
function expectationIn({ kind, http2, octets, ...scenario }) {
  if (kind === 'download') return sectionOf(http2 ? bulkList(octets) : smallFields(octets));
  if (kind === 'upload') return sectionOf(receiptFields(''));
  return expectationOf(http2 ? cannedInHttp2(scenario) : canned(scenario));
}

/** A server for one scenario: its origin, and how to end it. */
export async function startServer(scenario, { node, certificate }) {
  const { child, message } = start(
    scenario.http2 ? 'client/server-h2.mjs' : 'client/server.mjs',
    { scenario, certificate },
    { node, core: coresOf(scenario).server },
  );
  const { port } = await message;
  return { origin: `${scenario.tls ? 'https' : 'http'}://127.0.0.1:${port}`, close: () => end(child) };
}

/** The JSON word of one measurement, and how to run it. */
function measurementOf(scenario, peer, origin, { node, certificate, ourEntry, ca, warmupMs, windowMs, flags }) {
  return {
    task: {
      scenario,
      peer,
      module: PEERS.get(peer),
      origin,
      warmupMs,
      windowMs,
      ourEntry,
      ca: scenario.tls ? ca : null,
      expectation: expectationIn(scenario),
    },
    how: {
      node,
      core: coresOf(scenario).client,
      flags,
      environment: scenario.tls ? { NODE_EXTRA_CA_CERTS: certificate.cert } : {},
    },
  };
}

/** Starts one measurement of one peer that runs for a window. */
export function startMeasurement(scenario, peer, origin, settings) {
  const { task, how } = measurementOf(scenario, peer, origin, settings);
  return start('client/measure.mjs', task, how);
}

/** The result of one process. */
async function measureOnce(scenario, peer, origin, settings) {
  const { task, how } = measurementOf(scenario, peer, origin, settings);
  if (scenario.host !== undefined) {
    return printedByHost('client/measure.mjs', task, { ...how, host: hostOf(scenario.host) });
  }
  if (scenario.kind === 'start') return printedByProgram('client/startup.mjs', task, how);
  const program = OWN_PROGRAMS[scenario.kind];
  const { child, message } =
    program === undefined
      ? start('client/measure.mjs', task, how)
      : start(program, task, { ...how, flags: ['--expose-gc'] });
  const result = await message;
  await end(child);
  return result;
}

/** The result of one peer in one round: of as many processes as the scenario says. */
async function measure(scenario, peer, origin, settings) {
  const { processes = 1 } = scenario;
  if (processes === 1) return measureOnce(scenario, peer, origin, settings);
  const results = [];
  for (let left = processes; left > 0; left--) results.push(await measureOnce(scenario, peer, origin, settings));
  return meanOf(results);
}

/** The servers of a run, by scenario: each is begun with the first round, and warm from then on. */
export class Servers {
  #settings;
  #servers = new Map();

  constructor(settings) {
    this.#settings = settings;
  }

  async originOf(scenario) {
    if (!this.#servers.has(scenario)) this.#servers.set(scenario, await startServer(scenario, this.#settings));
    return this.#servers.get(scenario).origin;
  }

  async close() {
    for (const server of this.#servers.values()) await server.close();
    this.#servers.clear();
  }
}

/**
 * One round of one scenario.
 * @returns a map from peer to its result
 */
export async function measureRound(scenario, peers, round, { settings, servers, progress }) {
  const origin = await servers.originOf(scenario);
  const one = (peer) => {
    progress(peer);
    return measure(scenario, peer, origin, settings);
  };
  return interleave(peers, round, one, unheededOf(scenario));
}
