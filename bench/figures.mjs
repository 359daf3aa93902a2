/**
 * From measurements to figures: medians and spreads, ratios formed within each round, targets met or missed.
 *
 * A *comparison* is what one scenario says of its figures:
 *   measures  [{ key, name, unit, digits, of(result), spread?, counted? }]   columns; `spread`: least and most are shown,
 *             too; `counted`: others' use of the machine does not change it
 *   ratios    [{ of, to, limit?, stretch?, peer? }]   of: key of a measure; to: who is 1.00; limit: a target for `peer`, or
 *             ours; stretch: what is wished for beyond it, whose missing is told and no failure
 *   limits    [{ of, limit, stretch?, peer? }]        targets without a reference
 */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { tableOf } from './table.mjs';

/** A reference whose dearest round costs more than this multiple of its cheapest is unsteady, or others use the machine. */
export const STEADY_MAX = 1.25;
/** Load beyond the number of cores that shows the same where it lasts; a run by itself makes a load of two. */
const LOAD_BEYOND_MAX = 1;

/** Whether a load is more than a run makes by itself. */
export const isOthersLoad = (load, cores = cpus().length) => load > cores + LOAD_BEYOND_MAX;

export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/** One result that has the mean of each number of several. */
export function meanOf(results) {
  const keys = Object.keys(results[0]);
  return Object.fromEntries(keys.map((key) => [key, results.reduce((sum, one) => sum + one[key], 0) / results.length]));
}

/** What every report opens with; `pinned`: processes are held on a core. */
export function machineOf({ version, pinned }) {
  const [cpu] = cpus();
  return {
    node: version,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}, ${process.arch}`,
    load: loadavg()[0],
    pinned,
  };
}

/** Columns that compare: each pair of measure and reference once, if the reference was measured. */
function columnsOf(ratios, results) {
  const columns = new Map(ratios.map(({ of, to }) => [`${of} ${to}`, { of, to }]));
  return [...columns.values()].filter(({ to }) => results.has(to));
}

function ratiosOf(columns, byKey, name, results) {
  return columns.map(({ of, to }) => {
    const value = byKey.get(of).of;
    const reference = results.get(to);
    // Who was measured less often is compared in the rounds that both have.
    const rounds = results.get(name).slice(0, reference.length);
    return spreadOf(rounds.map((result, round) => value(result) / value(reference[round])));
  });
}

/** Whether the costs of a reference lie together. */
function isTogether({ of, to }, peers) {
  const { min, max } = peers.find(({ name }) => name === to)?.values[of] ?? { min: 1, max: 1 };
  return max <= STEADY_MAX * min;
}

/**
 * What one scenario showed, as data: columns, and for each peer the spread of each measure and ratio.
 * @param comparison see above, with { name, text }
 * @param results a map from peer to its results, one for each round
 * @param load the load average at their end
 */
export function summaryOf({ name, text, measures, ratios = [], limits = [], ours }, results, load = loadavg()[0]) {
  const byKey = new Map(measures.map((measure) => [measure.key, measure]));
  const columns = columnsOf(ratios, results);
  const peers = [...results].map(([peer, measured]) => ({
    name: peer,
    values: Object.fromEntries(measures.map(({ key, of }) => [key, spreadOf(measured.map(of))])),
    ratios: ratiosOf(columns, byKey, peer, results),
  }));
  const targets = targetsOf({ name, ratios, limits, ours, columns, peers, byKey, load });
  return {
    scenario: name,
    text,
    measures: measures.map(({ of, ...rest }) => rest),
    columns,
    peers,
    load,
    targets,
  };
}

/**
 * The named targets: { scenario, peer, text, value, limit, stretch, pass, steady }. `value` is a median; `null`, and `pass` with
 * it, where peer or reference was not measured; `stretch`: `null` where there is none; `steady`: whether the costs of the
 * reference lie together, and the load was our own; what is counted depends on neither.
 */
function targetsOf({ name, ratios, limits, ours, columns, peers, byKey, load }) {
  const found = (peer) => peers.find((one) => one.name === peer);
  const verdict = ({ of, to, limit, stretch = null, peer = ours }, text, spreadIn) => {
    const one = found(peer);
    const value = (one === undefined ? undefined : spreadIn(one)?.median) ?? null;
    const pass = value === null ? null : value <= limit;
    const steady = byKey.get(of).counted === true || (isTogether({ of, to }, peers) && !isOthersLoad(load));
    return { scenario: name, peer, text, value, limit, stretch, pass, steady };
  };
  const relative = ratios.filter(({ limit }) => limit !== undefined);
  return [
    ...relative.map((target) => {
      const { of, to } = target;
      const column = columns.findIndex((one) => one.of === of && one.to === to);
      return verdict(target, `${byKey.get(of).name} of ${to}`, (one) => one.ratios[column]);
    }),
    ...limits.map((target) => {
      const { name: what, unit } = byKey.get(target.of);
      return verdict(target, `${what} in ${unit}`, (one) => one.values[target.of]);
    }),
  ];
}

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A spread: median (least–most). */
export const shownSpread = ({ median, min, max }, digits = 2) =>
  `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;

export function tableOfSummary({ scenario, text, measures, columns, peers }) {
  const names = new Map(measures.map(({ key, name }) => [key, name]));
  const rows = peers.map(({ name, values, ratios }) => [
    name,
    ...measures.map(({ key, digits, spread }) =>
      spread ? shownSpread(values[key], digits) : number(values[key].median, digits),
    ),
    ...ratios.map((ratio) => shownSpread(ratio)),
  ]);
  const headings = [
    ...measures.map(({ name, unit }) => `${name}, ${unit}`),
    ...columns.map(({ of, to }) => `${names.get(of)} of ${to}`),
  ];
  return `${scenario}: ${text}\n${tableOf([['', ...headings], ...rows])}\n`;
}

/** The day of a date with a time. */
export const dayOf = (date) => date.slice(0, 10);

/** Digits that show on which side of `limits` a value lies. */
export const digitsNear = (value, limits) => (limits.some((limit) => Math.abs(value - limit) < 0.01) ? 3 : 2);

/** One line for each target. One that could not be measured is told, not missed. */
export function tellTargets(summaries) {
  const targets = summaries.flatMap((summary) => summary.targets);
  for (const { scenario, peer, text, value, limit, stretch, pass, steady } of targets) {
    const digits = pass === null ? 2 : digitsNear(value, [limit, stretch ?? limit]);
    const verdict = pass === null ? 'not measured' : `${value.toFixed(digits)}: ${pass ? 'pass' : 'MISS'}`;
    const wish =
      stretch === null || pass === null
        ? ''
        : `, stretch ${stretch.toFixed(2)}${value <= stretch ? '' : ' not'} reached`;
    const doubt =
      steady || pass === null ? '' : ' (not trustworthy: its reference is unsteady, or others were using the machine)';
    console.log(`${scenario}, ${peer}: ${text}, at most ${limit.toFixed(2)}; ${verdict}${wish}${doubt}`);
  }
}

/** 1: a named target is missed, by its median, or (of everything) the golden table of counts does not hold. */
export function exitCodeOf({ summaries, exact }) {
  const isMissed = summaries.some(({ targets }) => targets.some(({ pass }) => pass === false));
  return isMissed || exact?.worse.length > 0 ? 1 : 0;
}

/** What a line of progress begins with: which part of a run of everything it is. */
let part = '';

export function beginPart(text) {
  part = text;
}

/** Says on a terminal what is being measured now; `null`: nothing any more. */
export function tellProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text === null ? '' : part + text}`);
}
