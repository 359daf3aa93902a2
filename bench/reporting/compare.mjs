/**
 * `npm run bench -- compare A.json B.json`: whether two runs, of other machines or other releases of Node, say the same. Each
 * is what `npm run bench` leaves in data.json, or what a command prints with `--json`. Counts must be equal; of what is timed
 * only ratios can be compared: two agree if the least and most of both runs overlap, or the medians lie within a tolerance.
 * Those that lie apart are named, and no failure: another release may well cost otherwise. Exit code 1: counts differ.
 */
import { readFileSync } from 'node:fs';
import { shownSpread } from '../figures.mjs';
import { tableOf } from '../table.mjs';
import { UsageError } from '../usage.mjs';
import { OURS_NAMES } from './charts.mjs';

const LAYERS = ['parse', 'hpack', 'codings', 'client'];
const MANNERS = ['whole', 'drip'];
const COUNTS = ['instructions', 'bulk'];
/**
 * How far apart the medians of two runs may be though their spreads do not overlap. Measured between peers alone, so none of
 * our code, in two runs of two rounds on one machine, a day apart: of 83 ratios 63 overlap, 79 do so or lie within this.
 */
const TOLERANCE = 0.1;

/** A result: { path, exact, layers }; `exact`: `null` where nothing was counted; `layers`: by name, those that were timed. */
function readResult(path) {
  let data;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`Cannot compare ${path}: ${error.message}`);
  }
  // What one command printed is a layer without a name, or counts.
  const alone = data.machine === undefined ? {} : { timed: data };
  const layers = Object.fromEntries(
    LAYERS.filter((name) => data[name] !== undefined).map((name) => [name, data[name]]),
  );
  const exact = data.exact ?? (data.rows === undefined ? null : data);
  const result = { path, exact, layers: { ...layers, ...alone } };
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

/** Each count of a row as [what, count]. */
const countsOf = (row) =>
  MANNERS.filter((manner) => row[manner] !== undefined).flatMap((manner) =>
    COUNTS.map((count) => [`${row.name}, ${manner}: ${count}`, row[manner][count]]),
  );

/** What two runs count otherwise: { compared, differing: sentences }. */
function differingCounts(a, b) {
  const differing = a.corpus === b.corpus ? [] : [`the corpus has another hash: ${a.corpus}, ${b.corpus}`];
  const left = new Map(b.rows.flatMap(countsOf));
  let compared = 0;
  for (const [what, count] of a.rows.flatMap(countsOf)) {
    const other = left.get(what);
    left.delete(what);
    compared++;
    if (other !== count) differing.push(`${what} ${count}, ${other ?? 'not counted'}`);
  }
  for (const [what, count] of left) differing.push(`${what} not counted, ${count}`);
  return { compared, differing };
}

/** The ratios of a scenario as [what, spread]: ours to each peer's; of the codings for each body. */
function ratiosOf(summary) {
  const { scenario } = summary;
  if (summary.cells !== undefined) {
    return summary.cells.flatMap(({ corpus, octets, level, ratios }) =>
      Object.entries(ratios)
        .filter(([peer]) => !OURS_NAMES.includes(peer))
        .map(([peer, spread]) => [`${scenario}: ${corpus}, ${octets / 1024} KB, level ${level}, of ${peer}`, spread]),
    );
  }
  const names = new Map(summary.measures.map(({ key, name }) => [key, name]));
  return summary.peers
    .filter(({ name }) => OURS_NAMES.includes(name))
    .flatMap(({ name, ratios }) =>
      ratios
        .map((spread, at) => [summary.columns[at], spread])
        .filter(([{ to }]) => to !== name)
        .map(([{ of, to }, spread]) => [`${scenario}: ${name}, ${names.get(of)} of ${to}`, spread]),
    );
}

const allRatios = ({ layers }) =>
  new Map(Object.values(layers).flatMap(({ summaries }) => summaries.flatMap(ratiosOf)));

/**
 * What two spreads are to each other: 'overlap', if each reaches into the other; 'near', if not, but the greater median is
 * hardly above the smaller, since a spread knows of its own run alone; 'APART'.
 */
function verdictOf(a, b) {
  if (a.min <= b.max && b.min <= a.max) return 'overlap';
  const [less, more] = [a.median, b.median].toSorted((one, other) => one - other);
  return more <= less * (1 + TOLERANCE) ? 'near' : 'APART';
}

/** The ratios of both runs: { both: [{ what, a, b, verdict }], lacking: those that one of them alone has }. */
function comparedRatios(a, b) {
  const [left, right] = [allRatios(a), allRatios(b)];
  const both = [...left]
    .filter(([what]) => right.has(what))
    .map(([what, spread]) => ({ what, a: spread, b: right.get(what), verdict: verdictOf(spread, right.get(what)) }));
  const lacking = [...left.keys(), ...right.keys()].filter((what) => !(left.has(what) && right.has(what)));
  return { both, lacking };
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
  for (const what of lacking) console.log(`in one of them alone: ${what}`);
  if (both.length === 0) return 'no ratio is in both';
  const rows = both.map((one) => [one.what, shownSpread(one.a), shownSpread(one.b), changeOf(one), one.verdict]);
  console.log(`\n${tableOf([['ratio: median (least–most)', 'A', 'B', 'B to A', ''], ...rows])}`);
  const judged = (verdict) => both.filter((one) => one.verdict === verdict);
  const [overlapping, near, apart] = ['overlap', 'near', 'APART'].map(judged);
  if (apart.length > 0) console.log('');
  for (const one of apart) console.log(`APART: ${one.what}: ${changeOf(one)}`);
  const agreeing = overlapping.length + near.length;
  const how = `${overlapping.length} overlap, ${near.length} have medians within ${TOLERANCE * 100} %`;
  return `${agreeing} of ${both.length} ratios agree (${how}); ${apart.length} lie apart`;
}

/** Tells what two results have in common, and how they differ. */
export function compare(_options, paths) {
  if (paths.length !== 2)
    throw new UsageError('Cannot compare: expected two files, npm run bench -- compare A.json B.json');
  const [a, b] = paths.map(readResult);
  console.log(`A: ${machineLine(a)}\nB: ${machineLine(b)}`);
  const areEqual = tellCounts(a.exact, b.exact);
  const ratios = tellRatios(a, b);
  console.log(`\n${areEqual ? '' : 'counts differ; '}${ratios}`);
  if (!areEqual) process.exitCode = 1;
}
