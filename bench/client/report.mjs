/** From measurements to figures: medians and spreads, ratios to the reference within each round, targets. */
import { tableOf } from '../table.mjs';
import { REFERENCE, unitOf } from './scenarios.mjs';

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

/** What one scenario showed, as data. */
export function summaryOf(scenario, results) {
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
  return { scenario: scenario.name, text: scenario.text, ...unitOf(scenario), limit: scenario.limit ?? null, peers };
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

/** Our ratio against the named target of each scenario that has one: { scenario, ratio, limit, pass }. */
export function verdictsOf(summaries) {
  return summaries.flatMap(({ scenario, limit, peers }) => {
    const ratio = peers.find(({ name }) => name === 'httpx-wasm')?.ratio ?? null;
    if (limit === null || ratio === null) return [];
    return [{ scenario, ratio: ratio.median, limit, pass: ratio.median <= limit }];
  });
}
