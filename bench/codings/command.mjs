/**
 * `npm run bench -- codings [--quick] [--scenario br]… [--peers a,b] [--rounds n] [--json]`: CPU of decoding gzip, brotli and
 * zstd, whole and in pieces, against zlib and the decoders of npm. Exit code 1: a named target is missed.
 */
import { join } from 'node:path';
import { chosenFrom, roundsOf } from '../choices.mjs';
import { installPackage, installPeers, WORK } from '../client/package.mjs';
import { machineOf, tellProgress } from '../figures.mjs';
import { interleave } from '../interleave.mjs';
import { canPin, end, KEEPING_MEMORY, nodeTold, start } from '../processes.mjs';
import { measured } from '../session.mjs';
import { UsageError } from '../usage.mjs';
import { summaryOf, tableOfSummary } from './figures.mjs';
import { GROUPS, groupOf, INFORMATION, LEFT_BY_QUICK, OURS, SUBJECTS, wantedBy } from './items.mjs';

const TIMING = { warmupMs: 500, windowMs: 40 };
const ON_CORE = 0;
/** What a process takes to start and end; what a body takes, for each octet of content, small ones as if they were larger. */
const START_SECONDS = 0.3;
const SECONDS_PER_OCTET = 1.2e-8;
const LEAST_OCTETS = 2 ** 21;

/** The first thing that a program says; then it is ended. */
async function saidBy(program, task, node) {
  const { child, message } = start(program, task, {
    node,
    core: ON_CORE,
    environment: KEEPING_MEMORY,
    flags: ['--no-deprecation'],
  });
  const said = await message;
  await end(child);
  return said;
}

/** Coded bodies as `wantedBy` names them, made by `node` if they are not there yet; without those that it cannot make. */
export function bodiesOf(wanted, node) {
  return saidBy('codings/bodies.mjs', { folder: join(WORK, 'bodies'), wanted }, node);
}

/** The subjects of a group among `chosen`. */
const takingOf = ({ subjects }, chosen) => [...subjects.keys()].filter((name) => chosen.includes(name));

/** One round of a group: a map from subject to its results, one for each body; those of one size stand together. */
async function measureRound(group, names, bodies, { settings, round }) {
  const { node, ourEntry, warmupMs, windowMs } = settings;
  const results = new Map();
  for (const octets of new Set(bodies.map((body) => body.octets))) {
    const some = bodies.filter((body) => body.octets === octets);
    const one = (name) => {
      tellProgress(`${group.name}, ${octets} octets, round ${round + 1}: ${name}`);
      const { module, argument } = group.subjects.get(name);
      const { coding, pieces: inPieces } = group;
      const task = { module, argument, coding, inPieces, bodies: some, warmupMs, windowMs, ourEntry };
      return saidBy('codings/measure.mjs', task, node);
    };
    for (const [name, cells] of await interleave(names, round, one, INFORMATION)) {
      results.set(name, [...(results.get(name) ?? []), ...cells]);
    }
  }
  return results;
}

async function prepare({ chosen, wanted, timing }) {
  installPeers();
  const { path: node, version } = nodeTold();
  tellProgress('making the coded bodies that are not there yet');
  const bodies = await bodiesOf(wanted, node);
  tellProgress(null);
  return { ...timing, node, version, bodies, ourEntry: chosen.includes(OURS) ? installPackage() : null };
}

/** What a run measures, and how long that takes: { items, secondsOf, left, chosen, wanted, timing }. @throws {UsageError} */
export function planOf(options) {
  const { quick, scenario: names, peers } = options;
  const groups = names?.map(groupOf) ?? GROUPS;
  const usually = quick ? SUBJECTS.filter((name) => !INFORMATION.includes(name)) : SUBJECTS;
  const chosen = peers === undefined ? usually : chosenFrom(SUBJECTS, peers);
  const items = groups.filter((group) => takingOf(group, chosen).length > 0);
  if (items.length === 0) throw new UsageError(`Cannot run ${peers}: not a peer of these groups`);
  const timing = { ...TIMING, rounds: roundsOf(options) };
  const wanted = wantedBy(items, quick);
  const secondsOf = (group) => {
    const taking = takingOf(group, chosen);
    const seldom = taking.filter((name) => INFORMATION.includes(name)).length;
    const times = seldom + (taking.length - seldom) * timing.rounds;
    const bodies = wanted.filter(({ coding }) => coding === group.coding);
    const content = bodies.reduce((sum, { octets }) => sum + Math.max(octets, LEAST_OCTETS), 0) * SECONDS_PER_OCTET;
    const sizes = new Set(bodies.map(({ octets }) => octets)).size;
    return times * (content + sizes * (START_SECONDS + timing.warmupMs / 1000));
  };
  return { items, secondsOf, left: quick ? [...LEFT_BY_QUICK, ...INFORMATION] : [], chosen, wanted, timing };
}

/** The layer, ready to be measured. @throws {UsageError} */
export async function layerOf(options) {
  const { items, secondsOf, chosen, wanted, timing } = planOf(options);
  const settings = await prepare({ chosen, wanted, timing });
  const bodiesOfGroup = ({ coding }) => settings.bodies.filter((body) => body.coding === coding);
  const isMade = (group) => bodiesOfGroup(group).length > 0;
  const lacking = items.filter((group) => !isMade(group));
  return {
    items: items.filter(isMade),
    secondsOf,
    machine: machineOf({ version: settings.version, pinned: canPin }),
    rounds: settings.rounds,
    skipped: Object.fromEntries(lacking.map(({ name, coding }) => [name, `Node ${settings.version} has no ${coding}`])),
    tableOf: tableOfSummary,
    summaryOf: (group, results, load) => summaryOf(group, bodiesOfGroup(group), results, load),
    measure: (group, round) => measureRound(group, takingOf(group, chosen), bodiesOfGroup(group), { settings, round }),
  };
}

export const codings = async (options) => measured(await layerOf(options), options);
