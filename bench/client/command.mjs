/**
 * `npm run bench -- client [--quick] [--scenario S2]… [--peers a,b] [--rounds n] [--json]`: CPU of the client process for
 * our AsyncClient and its peers. Exit code 1: a named target is missed.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../usage.mjs';
import { makeCertificate } from './certificate.mjs';
import { installPackage, installPeers, WORK } from './package.mjs';
import { canPin, nodeOf } from './processes.mjs';
import { summaryOf, tableOfSummary, verdictsOf } from './report.mjs';
import { runRounds } from './rounds.mjs';
import { PEERS, REFERENCE, SCENARIOS, scenarioOf } from './scenarios.mjs';

const QUICK = { rounds: 5, warmupMs: 700, windowMs: 800 };
const FULL = { rounds: 9, warmupMs: 1000, windowMs: 1000 };

function chosenPeers(words) {
  if (words === undefined) return [...PEERS.keys()];
  const names = words.split(',');
  for (const name of names) {
    if (!PEERS.has(name)) throw new UsageError(`Cannot run ${name}: there are ${[...PEERS.keys()].join(', ')}`);
  }
  return names;
}

function roundsOf(word, usual) {
  const rounds = word === undefined ? usual : Number(word);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`Cannot run ${word} rounds: expected a whole number`);
  return rounds;
}

/** Everything that a measurement needs besides scenario and peer. */
export async function prepare({ scenarios, peers, timing }) {
  installPeers();
  const ourEntry = peers.includes('httpx-wasm') ? installPackage() : null;
  const tls = scenarios.some((scenario) => scenario.tls);
  const certificate = tls ? await makeCertificate(join(WORK, 'tls')) : null;
  const { path: node, version, pinned } = nodeOf();
  if (!pinned) console.error(`note: the pinned Node is not installed for this machine; measuring on ${version}`);
  if (!canPin) console.error('note: processes are not held on a core here; expect more spread');
  const ca = certificate === null ? null : readFileSync(certificate.cert, 'utf8');
  return { ...timing, node, version, certificate, ca, ourEntry };
}

function machineOf(settings) {
  const [cpu] = cpus();
  const { version: undici } = JSON.parse(readFileSync(new URL('../node_modules/undici/package.json', import.meta.url)));
  return {
    node: settings.version,
    undici,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    load: loadavg()[0],
    pinned: canPin,
  };
}

export async function client({ quick, scenario: names, peers: peerNames, rounds, json }) {
  const scenarios = names?.map(scenarioOf) ?? SCENARIOS.filter((one) => one.quick || !quick);
  const peers = chosenPeers(peerNames);
  const usual = quick ? QUICK : FULL;
  const settings = await prepare({ scenarios, peers, timing: { ...usual, rounds: roundsOf(rounds, usual.rounds) } });
  const machine = machineOf(settings);
  if (!json) {
    console.log(
      `Node ${machine.node}, undici ${machine.undici}, ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(1)} at the start`,
    );
    console.log(`${settings.rounds} rounds; median (min–max); CPU of the client process, all threads\n`);
  }
  const summaries = [];
  for (const scenario of scenarios) {
    const results = await runRounds(scenario, peers, settings, (round, peer) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${scenario.name} round ${round + 1}: ${peer}`);
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    const summary = summaryOf(scenario, results, { load: loadavg()[0], cores: machine.cores });
    summaries.push(summary);
    if (!json) console.log(tableOfSummary(summary));
  }
  const verdicts = verdictsOf(summaries);
  if (json) console.log(JSON.stringify({ machine, rounds: settings.rounds, summaries, verdicts }, null, 2));
  else {
    for (const { scenario, ratio, limit, pass, steady } of verdicts) {
      const verdict = `${pass ? 'pass' : 'MISS'}${steady ? '' : ' (not trustworthy: others were using the machine)'}`;
      console.log(`${scenario}: ${ratio.toFixed(2)} of ${REFERENCE}, target ${limit.toFixed(2)}: ${verdict}`);
    }
  }
  if (verdicts.some(({ pass }) => !pass)) process.exitCode = 1;
}
