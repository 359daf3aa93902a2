/**
 * From the measurements of one group to its figures: for each cell our cost and, formed within each round, the ratios to the
 * peers'; over the cells the median and the extremes, of all and of each size; targets met or missed.
 */
import { loadavg } from 'node:os';
import { isOthersLoad, STEADY_MAX, shownSpread, spreadOf } from '../figures.mjs';
import { tableOf } from '../table.mjs';
import { OURS, SIZES } from './items.mjs';

const costOf = ({ cpuUs, units }) => cpuUs / units;

/**
 * One cell: { corpus, octets, level, codedOctets, costs, walls: { subject: spread }, ratios: { peer: spread } }; costs are µs
 * of CPU, walls by the clock, for each MiB of content.
 */
function cellOf({ corpus, octets, level, codedOctets }, index, results) {
  const rounds = (name) => results.get(name).map((round) => costOf(round[index]));
  const walls = (name) => results.get(name).map((round) => (round[index].wallMs * 1000) / round[index].units);
  const names = [...results.keys()];
  const ours = results.has(OURS) ? rounds(OURS) : null;
  const ratioTo = (name) => spreadOf(rounds(name).map((cost, round) => ours[round] / cost));
  return {
    corpus,
    octets,
    level,
    codedOctets,
    costs: Object.fromEntries(names.map((name) => [name, spreadOf(rounds(name))])),
    walls: Object.fromEntries(names.map((name) => [name, spreadOf(walls(name))])),
    ratios: Object.fromEntries(ours === null ? [] : names.filter((name) => name !== OURS).map((n) => [n, ratioTo(n)])),
  };
}

/** Whether the load was our own, and the costs of a peer lie together, in the middle of all bodies. */
function isSteady(cells, to, load) {
  const { median } = spreadOf(cells.map(({ costs }) => costs[to].max / costs[to].min));
  return median <= STEADY_MAX && !isOthersLoad(load);
}

/** Over some cells: the spread of the medians of the ratios to `to`. */
const overCells = (cells, to) => spreadOf(cells.map(({ ratios }) => ratios[to].median));

function targetsOf({ name, targets }, cells, load) {
  return targets.flatMap(({ to, median, worst }) => {
    const all = cells[0].ratios[to] === undefined ? null : overCells(cells, to);
    const verdict = (limit, value, text) => {
      const pass = value === null ? null : value <= limit;
      const steady = all === null || isSteady(cells, to, load);
      return { scenario: name, peer: OURS, text, value, limit, stretch: null, pass, steady };
    };
    return [
      ...(median === undefined ? [] : [verdict(median, all?.median ?? null, `CPU of ${to}, median over bodies`)]),
      ...(worst === undefined ? [] : [verdict(worst, all?.max ?? null, `CPU of ${to}, any body`)]),
    ];
  });
}

/**
 * @param bodies in the order of the results
 * @param results a map from subject to its rounds, each a list of results by body
 * @param load the load average at their end
 */
export function summaryOf(group, bodies, results, load = loadavg()[0]) {
  const cells = bodies.map((body, index) => cellOf(body, index, results));
  return { scenario: group.name, load, cells, targets: targetsOf(group, cells, load) };
}

export function tableOfSummary({ scenario, cells }) {
  const names = Object.keys(cells[0].costs);
  const peers = Object.keys(cells[0].ratios);
  const rows = cells.map(({ corpus, octets, level, codedOctets, costs, ratios }) => [
    `${corpus}, ${SIZES.get(octets)}, level ${level}`,
    ((codedOctets / octets) * 100).toFixed(1),
    ...names.map((name) => costs[name].median.toFixed(0)),
    ...peers.map((name) => shownSpread(ratios[name])),
  ]);
  const over = (text, some) => [
    text,
    '',
    ...names.map(() => ''),
    ...peers.map((name) => (some.length === 0 ? '' : shownSpread(overCells(some, name)))),
  ];
  const sizes = [...SIZES].filter(([octets]) => cells.some((cell) => cell.octets === octets));
  const totals = sizes.map(([octets, text]) =>
    over(
      `all of ${text}`,
      cells.filter((cell) => cell.octets === octets),
    ),
  );
  const headings = ['', 'coded, %', ...names.map((name) => `${name}, µs/MiB`), ...peers.map((name) => `of ${name}`)];
  return `${scenario}\n${tableOf([headings, ...rows, ...totals, over('all', cells)])}\n`;
}
