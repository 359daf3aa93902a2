/**
 * `npm run bench -- compare A.json B.json`: whether two runs, of other machines or other releases of Node, say the same. Each
 * is what `npm run bench` leaves in data.json, or what a command prints with `--json`. Counts must be equal; of what is timed
 * only ratios can be compared: two agree if the spreads of both runs overlap, those over releases that a report states do, or
 * the medians lie within a tolerance.
 * Those that lie apart are named, and no failure: another release may well cost otherwise. Exit code 1: counts differ.
 */
import { readFileSync } from 'node:fs';
import { shownSpread } from '../figures.mjs';
import { tableOf } from '../table.mjs';
import { UsageError } from '../usage.mjs';
import { differingCounts } from './counts.mjs';
import { doMeet, ratiosOf, timedLayersOf } from './ratios.mjs';
import { statedOf } from './releases.mjs';

/**
 * How far apart the medians of two runs may be though their spreads do not overlap. Measured between peers alone, so none of
 * our code, in two runs of two rounds on one machine, a day apart: of 83 ratios 63 overlap, 79 do so or lie within this.
 */
const TOLERANCE = 0.1;

/**
 * A result: { path, exact, layers, date, releases }; `exact`: `null` where nothing was counted; `layers`: by name, those that were
 * timed; `releases`: what the report has of other releases of Node.
 */
function readResult(path) {
  let data;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`Cannot compare ${path}: ${error.message}`);
  }
  // What one command printed is a layer without a name, or counts.
  const alone = data.machine === undefined ? {} : { timed: data };
  const exact = data.exact ?? (data.rows === undefined ? null : data);
  const result = {
    path,
    exact,
    layers: { ...timedLayersOf(data), ...alone },
    date: data.date ?? null,
    releases: data.releases ?? [],
  };
  if (exact === null && Object.keys(result.layers).length === 0) {
    throw new UsageError(
      `Cannot compare ${path}: it is no result of a benchmark (npm run bench, or a command with --json)`,
    );
  }
  return result;
}

/** On what it was measured; layers of one run are alike but for the load. */
function machineLine({ path, layers }) {
  const [first] = Object.values(layers);
  if (first === undefined) return `${path}: counts alone`;
  const { node, cpu, cores, memoryGiB, system, hosts = layers.client?.machine.hosts ?? {}, pinned } = first.machine;
  const others = Object.entries(hosts).map(([name, version]) => `, ${name} ${version ?? 'missing'}`);
  const held = pinned ? '' : ', processes not held on a core';
  return `${path}: Node ${node}${others.join('')}; ${cores} × ${cpu}, ${memoryGiB} GiB, ${system}${held}; ${first.rounds} rounds`;
}

/** The verdicts of ratios that agree, and what the last line says of each. */
const AGREEING = {
  overlap: 'overlap',
  stated: 'lie within the spread over releases',
  near: `have medians within ${TOLERANCE * 100} %`,
};

/**
 * What two ratios are to each other: 'overlap', if the spreads of their rounds meet; 'stated', if one meets the spread over
 * releases of Node that the other's report states; 'near', if not, but of its median and one of the other's, who may have
 * several releases, the greater is hardly above the smaller, since a spread knows of its own runs alone; 'once', if one of them was measured once, so that it has no spread; 'APART'.
 */
function verdictOf(a, b) {
  if (doMeet(a.rounds, b.rounds)) return 'overlap';
  if (doMeet(a.stated, b.rounds) || doMeet(a.rounds, b.stated)) return 'stated';
  if (areNear(a.rounds, b.medians) || areNear(b.rounds, a.medians)) return 'near';
  return isSingle(a.rounds) || isSingle(b.rounds) ? 'once' : 'APART';
}

/** Whether a median lies within the tolerance of one of several. */
const areNear = ({ median }, medians) =>
  medians.some((other) => Math.max(median, other) <= Math.min(median, other) * (1 + TOLERANCE));

/** Whether it was measured once, or always the same. */
const isSingle = ({ min, max }) => min === max;

/** The ratios of a result: a map from what they are of to { rounds, stated, medians }; medians: of each release that it has. */
function statedRatiosOf(result) {
  const own = ratiosOf(result.layers);
  const stated = statedOf(result, own);
  const medians = (what) => [...result.releases.map(({ ratios }) => ratios[what]), own.get(what)].filter(Boolean);
  return new Map(
    [...own].map(([what, rounds]) => [
      what,
      { rounds, stated: stated(what), medians: medians(what).map(({ median }) => median) },
    ]),
  );
}

/** The ratios of both runs: { both: [{ what, a, b, verdict }], lacking: those that one of them alone has }. */
function comparedRatios(a, b) {
  const [left, right] = [a, b].map(statedRatiosOf);
  const both = [...left]
    .filter(([what]) => right.has(what))
    .map(([what, one]) => ({
      what,
      a: one.rounds,
      b: right.get(what).rounds,
      verdict: verdictOf(one, right.get(what)),
    }));
  const lacking = [...left.keys(), ...right.keys()].filter((what) => !(left.has(what) && right.has(what)));
  return { both, lacking };
}

/** How many ratios of each scenario one of the runs alone has. */
function tellLacking(lacking) {
  const counts = new Map();
  for (const what of lacking) {
    const [scenario] = what.split(': ');
    counts.set(scenario, (counts.get(scenario) ?? 0) + 1);
  }
  const each = [...counts].map(([scenario, count]) => `${scenario} ${count}`);
  if (each.length > 0) console.log(`ratios that one of them alone has: ${each.join(', ')}`);
}

function tellCounts(a, b) {
  if (a === null || b === null) {
    console.log('\nexact: not counted in both');
    return true;
  }
  const { compared, differing } = differingCounts(a, b);
  for (const line of differing) console.log(`OTHERWISE: ${line}`);
  const verdict = differing.length === 0 ? 'all equal' : `${differing.length} differ`;
  console.log(`\nexact: ${compared} counts of ${a.rows.length} rows, ${verdict}`);
  return differing.length === 0;
}

/** How far B's median is from A's. */
const changeOf = ({ a, b }) => `${Math.round((b.median / a.median - 1) * 100) || 0} %`;

function tellRatios(a, b) {
  const { both, lacking } = comparedRatios(a, b);
  tellLacking(lacking);
  if (both.length === 0) return 'no ratio is in both';
  const rows = both.map((one) => [one.what, shownSpread(one.a), shownSpread(one.b), changeOf(one), one.verdict]);
  console.log(`\n${tableOf([['ratio: median (least–most)', 'A', 'B', 'B to A', ''], ...rows])}`);
  const apart = both.filter(({ verdict }) => verdict === 'APART');
  if (apart.length > 0) console.log('');
  for (const one of apart) console.log(`APART: ${one.what}: ${changeOf(one)}`);
  const count = (verdict) => both.filter((one) => one.verdict === verdict).length;
  const how = Object.entries(AGREEING).map(([verdict, text]) => `${count(verdict)} ${text}`);
  const once = count('once');
  const judged = both.length - once;
  const single = once === 0 ? '' : `; ${once} more were measured once and have no spread`;
  return `${judged - apart.length} of ${judged} ratios agree (${how.join(', ')}); ${apart.length} lie apart${single}`;
}

/** A run agrees with the report that it is part of, whatever it says. @throws {UsageError} */
function refuseOwn(a, b) {
  for (const [report, run] of [
    [a, b],
    [b, a],
  ]) {
    if (run.date !== null && report.releases.some(({ date }) => date === run.date)) {
      throw new UsageError(`Cannot compare ${report.path} with ${run.path}: that run is part of it; take another one`);
    }
  }
}

/** Tells what two results have in common, and how they differ. */
export function compare(_options, paths) {
  if (paths.length !== 2)
    throw new UsageError('Cannot compare: expected two files, npm run bench -- compare A.json B.json');
  const [a, b] = paths.map(readResult);
  refuseOwn(a, b);
  console.log(`A: ${machineLine(a)}\nB: ${machineLine(b)}`);
  const areEqual = tellCounts(a.exact, b.exact);
  const ratios = tellRatios(a, b);
  console.log(`\n${areEqual ? '' : 'counts differ; '}${ratios}`);
  if (!areEqual) process.exitCode = 1;
}
