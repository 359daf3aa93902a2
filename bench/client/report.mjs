/** From measurements to figures: medians and spreads, ratios to the reference within each round, targets. */
import { tableOf } from '../table.mjs';
import { REFERENCE, unitOf } from './scenarios.mjs';

/** A reference whose dearest round costs more than this multiple of its cheapest shows that others use the machine. */
const STEADY_MAX = 1.25;
/** Load beyond the number of cores that shows the same where it lasts; a run by itself makes a load of two. */
const LOAD_BEYOND_MAX = 1;

function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/** CPU per request in µs, or per GiB in ms. */
function cpuOf(scenario, { cpuUs, units }) {
  return scenario.kind === 'get' ? cpuUs / units : cpuUs / units / 1000;
}

/** Requests per second, or MiB per second. */
function rateOf(scenario, { units, wallMs }) {
  const perSecond = units / (wallMs / 1000);
  return scenario.kind === 'get' ? perSecond : perSecond * 1024;
}

/** What one scenario showed, as data; `load`: the load average at its end. */
export function summaryOf(scenario, results, { load, cores }) {
  const reference = results.get(REFERENCE);
  const peers = [...results].map(([name, measured]) => ({
    name,
    cpu: spreadOf(measured.map((one) => cpuOf(scenario, one))),
    userShare: spreadOf(measured.map((one) => one.userUs / one.cpuUs)).median,
    rate: spreadOf(measured.map((one) => rateOf(scenario, one))),
    ratio:
      reference === undefined
        ? null
        : spreadOf(measured.map((one, round) => cpuOf(scenario, one) / cpuOf(scenario, reference[round]))),
  }));
  const { max, min } = peers.find(({ name }) => name === REFERENCE)?.cpu ?? { max: 1, min: 1 };
  const steady = max <= STEADY_MAX * min && load <= cores + LOAD_BEYOND_MAX;
  return {
    scenario: scenario.name,
    text: scenario.text,
    ...unitOf(scenario),
    limit: scenario.limit ?? null,
    load,
    steady,
    peers,
  };
}

const spread = ({ median, min, max }, digits) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

export function tableOfSummary({ scenario, text, cpu: unit, rate, peers }) {
  const digits = unit.startsWith('µs') ? 2 : 0;
  const rows = peers.map((peer) => [
    peer.name,
    spread(peer.cpu, digits),
    `${Math.round(peer.userShare * 100)} %`,
    peer.ratio === null ? '–' : spread(peer.ratio, 2),
    Math.round(peer.rate.median).toLocaleString('en-US'),
  ]);
  return `${scenario}: ${text}\n${tableOf([['', `CPU ${unit}`, 'user', `of ${REFERENCE}`, rate], ...rows])}\n`;
}

/**
 * Our ratio against the named target of each scenario that has one: { scenario, ratio, limit, pass, steady }. Where the
 * machine was not at rest, `pass` says little either way.
 */
export function verdictsOf(summaries) {
  return summaries.flatMap(({ scenario, limit, steady, peers }) => {
    const ratio = peers.find(({ name }) => name === 'httpx-wasm')?.ratio ?? null;
    if (limit === null || ratio === null) return [];
    return [{ scenario, ratio: ratio.median, limit, pass: ratio.median <= limit, steady }];
  });
}
