/** The figures of the report that the project's README quotes: from the data alone, each by its scenario, peer and measure. */
import { dayOf } from '../figures.mjs';
import { ratiosOf, timedLayersOf } from './ratios.mjs';
import { statedOf } from './releases.mjs';
import { digitsOf, layersOf, number, rangeText, spread, table } from './tables.mjs';

/** One peer's spread of a measure in a scenario of the client layer; `null` if it was not measured. */
function figureOf(data, scenario, peer, measure = 'cpu') {
  const summary = data.client?.summaries.find((one) => one.scenario === scenario);
  return summary?.peers.find(({ name }) => name === peer)?.values[measure] ?? null;
}

/** The spread of the ratio of a measure between two peers, formed within the rounds; `null` if it was not measured. */
function ratioOf(data, scenario, peer, to, measure = 'cpu') {
  const summary = data.client?.summaries.find((one) => one.scenario === scenario);
  const column = summary?.columns.findIndex((one) => one.to === to && one.of === measure) ?? -1;
  return summary?.peers.find(({ name }) => name === peer)?.ratios[column] ?? null;
}

const QUOTED = [
  ['S1', 'tiny GET, one after the other', 'µs', 1],
  ['S2', 'tiny GET, 64 at once', 'µs', 1],
  ['S3', '20 fields and 4 KB of JSON, 64 at once', 'µs', 1],
  ['S3t', 'the same over TLS', 'µs', 1],
  ['S4', '1 GiB downloaded', 'ms', 0],
  ['S5', 'upload, for each GiB', 'ms', 0],
];
const QUOTED_PEERS = ['raw', 'httpx-wasm', 'undici.request', 'node:http', 'fetch'];
const MARKS = ['<!-- figures of bench/report, by npm run bench -->', '<!-- end of figures -->'];

/** The releases of Node that the report has, as the heading of a column; `null`: one alone. */
function releasesText({ client, releases = [] }) {
  if (releases.length === 0) return null;
  const majors = [client.machine, ...releases].map(({ node }) => Number.parseInt(node.slice(1), 10));
  return `on Node ${majors.toSorted((a, b) => a - b).join(', ')}`;
}

function quotedOf(data) {
  const releases = releasesText(data);
  const stated = statedOf(data, ratiosOf(timedLayersOf(data)));
  const rows = QUOTED.map(([scenario, text, unit, digits]) => {
    const cells = QUOTED_PEERS.map((peer) => figureOf(data, scenario, peer));
    const ratio = ratioOf(data, scenario, 'httpx-wasm', 'undici.request');
    return [
      `${text}, ${unit}`,
      ...cells.map((cell) => (cell === null ? '' : number(cell.median, digits))),
      ratio === null ? '' : spread(ratio, 2),
      ...(releases === null
        ? []
        : [ratio === null ? '' : rangeText(stated(`${scenario}: httpx-wasm, CPU of undici.request`))]),
    ];
  });
  const others = releases === null ? [] : [releases];
  const headings = ['CPU of the client', 'raw socket', ...QUOTED_PEERS.slice(1), 'ours to undici.request', ...others];
  return `${table([headings, ...rows])}\n\n${quotedFacts(data)
    .map((fact) => wrapped(fact))
    .join('\n')}`;
}

/** Sentences below the table, without those whose figures were not measured. */
function quotedFacts(data) {
  const h2 = ratioOf(data, 'S6b', 'httpx-wasm', 'node:http2');
  const bulk = ratioOf(data, 'S7', 'httpx-wasm', 'node:http2');
  const start = ratioOf(data, 'S9', 'httpx-wasm', 'undici.request', 'wall');
  const idle = figureOf(data, 'S10', 'httpx-wasm', 'idle');
  const { machine, rounds } = data.client;
  return [
    `${rounds} rounds of ${dayOf(data.date)} on ${machine.cores} × ${machine.cpu}, Node ${machine.node}: medians, in brackets the least \
and the most.`,
    h2 && `Over HTTP/2 a request (19 fields and 4 KB, 100 streams) takes ${spread(h2, 2)} of node:http2’s CPU.`,
    bulk && `A download of 1 GiB over HTTP/2 takes ${spread(bulk, 2)} of it.`,
    start && `Import and first request take ${spread(start, 2)} of undici’s time.`,
    idle && `An idle connection holds ${spread(idle, 1)} KB of heap.`,
    missedText(data),
  ].filter(Boolean);
}

/** Of all targets, those that are missed, with their figures. */
function missedText(data) {
  const targets = layersOf(data).flatMap((name) => data[name].summaries.flatMap((summary) => summary.targets));
  const measured = targets.filter(({ pass }) => pass !== null);
  const missed = measured.filter(({ pass }) => !pass);
  if (missed.length === 0) return `All ${measured.length} targets that were measured are met.`;
  const told = missed.map((target) => {
    const { scenario, peer, text, value, limit } = target;
    return `${scenario}, ${peer}, ${text}: ${number(value, digitsOf(target))}, at most ${number(limit, 2)}`;
  });
  return `Of ${measured.length} targets ${missed.length} are missed: ${told.join('; ')}.`;
}

/** Lines of prose of at most so many columns. */
function wrapped(text, columns = 120) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

/** The README with the figures of the data in it. @throws {Error} if it has no place for them */
export function withFigures(readme, data) {
  const from = readme.indexOf(MARKS[0]);
  const to = readme.indexOf(MARKS[1]);
  if (from < 0 || to < from) throw new Error(`Cannot quote figures: README.md has no "${MARKS[0]}"`);
  return `${readme.slice(0, from)}${MARKS[0]}\n\n${quotedOf(data)}\n\n${readme.slice(to)}`;
}
