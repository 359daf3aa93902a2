/**
 * `npm run bench -- client [--quick] [--scenario S2]… [--peers a,b] [--rounds n] [--json]`: CPU of the client process for
 * our client and its peers, start, and heap. Exit code 1: a named target is missed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chosenFrom, roundsOf } from '../choices.mjs';
import { bodiesOf } from '../codings/command.mjs';
import { machineOf, summaryOf, tableOfSummary, tellProgress } from '../figures.mjs';
import { canPin, hostOf, nodeOf, nodeTold } from '../processes.mjs';
import { measured } from '../session.mjs';
import { UsageError } from '../usage.mjs';
import { makeCertificate } from './certificate.mjs';
import { installPackage, installPeers, WORK } from './package.mjs';
import { LEFT_BY_QUICK, peersOf, secondsOf } from './plan.mjs';
import { measureRound, Servers } from './rounds.mjs';
import { OURS, PEERS, SCENARIOS, scenarioOf } from './scenarios.mjs';

/**
 * The warm-up is CPU of the client, the window is time. A client is warm only after some 1.5 s of CPU: measured,
 * undici.request falls from 69 to 24 µs in S3 on the way there, and how far it gets in a second depends on what else runs.
 */
const TIMING = { warmupMs: 2000, windowMs: 800 };

/** The oldest release of Node that the pinned undici runs on; on others its peers are left out. */
const UNDICI_MAJOR = 22;

/** Why a peer cannot take part on the Node that is measured, or `null`. */
function lackOf(peer) {
  const { version } = nodeOf();
  const isLacking = PEERS.get(peer).startsWith('undici') && Number.parseInt(version.slice(1), 10) < UNDICI_MAJOR;
  return isLacking ? `undici does not run on Node ${version}` : null;
}

/** Everything that a measurement needs besides scenario and peer. */
export async function prepare({ scenarios, peers, timing }) {
  installPeers();
  const ourEntry = peers.some((peer) => peer.startsWith(OURS)) ? installPackage() : null;
  const tls = scenarios.some((scenario) => scenario.tls);
  const certificate = tls ? await makeCertificate(join(WORK, 'tls')) : null;
  const { path: node, version } = nodeTold();
  const ca = certificate === null ? null : readFileSync(certificate.cert, 'utf8');
  return { ...timing, node, version, certificate, ca, ourEntry };
}

/** Scenarios with a coded body, its file made if need be; the others as they are. */
export async function withBodies(scenarios, { node }) {
  const coded = scenarios.filter(({ body }) => body !== undefined);
  if (coded.length === 0) return scenarios;
  const bodies = await bodiesOf(
    coded.map(({ body }) => body),
    node,
  );
  return scenarios.map((one) => (coded.includes(one) ? { ...one, body: bodies[coded.indexOf(one)] } : one));
}

/** Hosts that scenarios want: { name: version }, `null` for those that are not to be had. */
const hostsOf = (scenarios) =>
  Object.fromEntries(
    scenarios.filter(({ host }) => host !== undefined).map(({ host }) => [host, hostOf(host)?.version ?? null]),
  );

/** What a run measures, and how long that takes: { items, secondsOf, left, taking, timing, skipped }. @throws {UsageError} */
export function planOf(options) {
  const { quick, scenario: names, peers: peerNames } = options;
  const scenarios = names?.map(scenarioOf) ?? SCENARIOS;
  const wanted = chosenFrom([...PEERS.keys()], peerNames);
  const skipped = Object.fromEntries(wanted.map((peer) => [peer, lackOf(peer)]).filter(([, lack]) => lack !== null));
  const chosen = wanted.filter((peer) => skipped[peer] === undefined);
  const timing = { ...TIMING, rounds: roundsOf(options) };
  const taking = (scenario) => peersOf(scenario, { chosen, quick, asked: peerNames !== undefined });
  return {
    items: scenarios.filter((scenario) => taking(scenario).length > 0),
    secondsOf: (scenario) => secondsOf(scenario, taking(scenario), timing),
    left: quick && peerNames === undefined ? LEFT_BY_QUICK : [],
    taking,
    timing,
    skipped,
  };
}

/** The layer, ready to be measured. @throws {UsageError} */
export async function layerOf(options) {
  installPeers(); // first, since who can take part depends on the Node that is among them
  const { items, taking, timing, secondsOf, skipped } = planOf(options);
  const peers = [...new Set(items.flatMap(taking))];
  if (peers.length === 0) {
    const why = Object.values(skipped)[0] ?? 'not a peer of these scenarios';
    throw new UsageError(`Cannot run ${options.peers}: ${why}`);
  }
  const settings = await prepare({ scenarios: items, peers, timing });
  const servers = new Servers(settings);
  const hosts = hostsOf(items);
  const lacking = items.filter(({ host }) => hosts[host] === null);
  const absent = lacking.map(({ name, host }) => [name, `${host} is not installed for this machine`]);
  return {
    items: await withBodies(
      items.filter((scenario) => !lacking.includes(scenario)),
      settings,
    ),
    secondsOf,
    machine: { ...machineOf({ version: settings.version, pinned: canPin }), hosts },
    rounds: settings.rounds,
    skipped: { ...skipped, ...Object.fromEntries(absent) },
    tableOf: tableOfSummary,
    summaryOf,
    measure(scenario, round) {
      const progress = (peer) => tellProgress(`${scenario.name} round ${round + 1}: ${peer}`);
      return measureRound(scenario, taking(scenario), round, { settings, servers, progress });
    },
    close: () => servers.close(),
  };
}

export const client = async (options) => measured(await layerOf(options), options);
