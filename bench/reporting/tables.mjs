/**
 * The report as Markdown, from the data of a run of everything; and the figures that the project's README quotes. Nothing here
 * depends on anything but that data, so that a test can hold both texts to it.
 */
import { digitsNear } from '../figures.mjs';

/** Charts of the report, with what they show. */
export const CHARTS = [
  ['targets', 'Each target: how much of what is allowed ours uses; 1 is the limit.'],
  ['requests', 'CPU of the client process for each request over HTTP/1.1.'],
  ['http2', 'CPU of the client process for each request over HTTP/2, 100 streams on one connection.'],
  ['bulk', 'CPU of the client process for each GiB.'],
  ['parse', 'CPU of reading a response head.'],
  ['hpack', 'CPU of decoding and encoding field lists.'],
  ['codings', 'CPU of our decoders as a share of the others’: each dot is a body, the stroke their median.'],
  ['start', 'Import and first request, and what a connection holds on the JavaScript heap.'],
  ['growth', 'CPU of each request as connections and queues grow.'],
];
const TIMED = ['client', 'parse', 'hpack', 'codings'];
const TITLES = {
  client: 'Clients',
  parse: 'Heads',
  hpack: 'HPACK',
  codings: 'Content codings',
};

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const spread = ({ median, min, max }, digits) =>
  min === max ? number(median, digits) : `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
const table = ([headings, ...rows]) =>
  [headings, headings.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** The layers that were timed, those that the data has. */
export const layersOf = (data) => TIMED.filter((name) => data[name] !== undefined);

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

function verdictOf({ value, stretch, pass, steady }) {
  if (pass === null) return 'not measured';
  const reached = stretch === null || !pass ? '' : value <= stretch ? ', stretch reached' : ', stretch not';
  return `${pass ? 'met' : '**missed**'}${reached}${steady ? '' : ' (machine in use)'}`;
}

const digitsOf = ({ value, limit, stretch }) => digitsNear(value, [limit, stretch ?? limit]);

function targetsOf(data) {
  const targets = layersOf(data).flatMap((name) => data[name].summaries.flatMap((summary) => summary.targets));
  const missed = targets.filter(({ pass }) => pass === false).length;
  const measured = targets.filter(({ pass }) => pass !== null).length;
  const rows = targets.map((target) => [
    target.scenario,
    target.peer,
    target.text,
    number(target.limit, 2),
    target.stretch === null ? '' : number(target.stretch, 2),
    target.value === null ? '' : number(target.value, digitsOf(target)),
    verdictOf(target),
  ]);
  return `${measured - missed} of ${measured} targets are met. What bounds the others is told in [bench/README.md](../README.md).

${table([['', 'whose', 'what', 'at most', 'stretch', 'measured', ''], ...rows])}`;
}

/** A scenario of the client, parse or hpack layer. */
function scenarioTable({ scenario, text, measures, columns, peers }) {
  const names = new Map(measures.map(({ key, name }) => [key, name]));
  const headings = [
    '',
    ...measures.map(({ name, unit }) => `${name}, ${unit}`),
    ...columns.map(({ of, to }) => `${names.get(of)} of ${to}`),
  ];
  const rows = peers.map(({ name, values, ratios }) => [
    name,
    ...measures.map(({ key, digits, spread: wide }) =>
      wide ? spread(values[key], digits) : number(values[key].median, digits),
    ),
    ...ratios.map((ratio) => spread(ratio, 2)),
  ]);
  return `**${scenario}**: ${text}\n\n${table([headings, ...rows])}`;
}

/** A group of the codings layer: one row for each body. */
function groupTable({ scenario, cells }) {
  const names = Object.keys(cells[0].costs);
  const peers = Object.keys(cells[0].ratios);
  const headings = ['', ...names.map((name) => `${name}, µs/MiB`), ...peers.map((name) => `of ${name}`)];
  const rows = cells.map(({ corpus, octets, level, costs, ratios }) => [
    `${corpus}, ${number(octets / 1024, 0)} KB, level ${level}`,
    ...names.map((name) => number(costs[name].median, 0)),
    ...peers.map((name) => spread(ratios[name], 2)),
  ]);
  return `**${scenario}**\n\n${table([headings, ...rows])}`;
}

function exactTable({ rows, worse }) {
  const lines = rows.map(({ name, octets, messages, whole, drip }) => [
    name,
    number(octets, 0),
    number(whole.instructions / messages, 0),
    number(whole.instructions / octets, 3),
    drip === undefined ? '' : number(drip.instructions / octets, 1),
  ]);
  const held = worse.length === 0 ? 'The golden table holds.' : `The golden table does not hold: ${worse.join('; ')}.`;
  const headings = ['', 'octets', 'instructions per message', 'per octet', 'per octet, one at a time'];
  return `${held}\n\n${table([headings, ...lines])}`;
}

function machineText(data) {
  const [first] = layersOf(data);
  const { node, cpu, cores, memoryGiB, system, load, pinned, hosts = {} } = data[first].machine;
  const others = Object.entries(data.client?.machine.hosts ?? hosts).map(
    ([name, version]) => `${name} ${version ?? 'absent'}`,
  );
  const peers = Object.entries(data.peers).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${data.date}: Node ${node}${others.map((other) => `, ${other}`).join('')}; ${cores} × ${cpu}, ${memoryGiB} GiB, \
${system}; load ${number(load, 1)} at the start; processes ${pinned ? '' : 'not '}held on a core. Peers: ${peers.join(', ')}.`;
}

/** The command that made the data, how long it took, and what that run did not measure. */
function runText(data) {
  const minutes = Math.round(layersOf(data).reduce((sum, name) => sum + data[name].seconds, 0) / 60);
  if (data.command === undefined) {
    return `Made by ${data.quick ? 'a short' : 'a'} run in ${minutes} minutes, from \`data.json\`, which it wrote. That is older \
than the note of the run's command and of what it left out: a target that is not below was not measured.`;
  }
  const left = layersOf(data).filter((name) => data.left[name].length > 0);
  const parts = left.map((name) => `${name}: ${data.left[name].join(', ')}`);
  return `Made by \`${data.command}\` in ${minutes} minutes, from \`data.json\`, which it writes. \
${parts.length === 0 ? 'Nothing was left out.' : `That run left out, targets included: ${parts.join('; ')}.`}`;
}

/** The whole report. @param data as all.mjs writes it */
export function reportOf(data) {
  const rounds = layersOf(data).map((name) => `${data[name].rounds} in ${name}`);
  const layers = layersOf(data).map((name) => {
    const { summaries, skipped } = data[name];
    const left = Object.entries(skipped).map(([what, why]) => `Skipped: ${what}: ${why}.`);
    const shown = summaries.map(name === 'codings' ? groupTable : scenarioTable);
    return [`## ${TITLES[name]}`, ...left, ...shown].join('\n\n');
  });
  const charts = CHARTS.map(([name, text]) => `${text}\n\n![${text}](${name}.svg)`);
  return `# What was measured

${runText(data)}
\`npm run bench -- report\` draws it again. How it is measured and what the names mean: [bench/README.md](../README.md). Medians, least and most of interleaved rounds
(${rounds.join(', ')}); a ratio is formed within each round.

${machineText(data)} Corpus ${data.corpus.slice(0, 16)}.

## Targets

${targetsOf(data)}

## Charts

${charts.join('\n\n')}

${layers.join('\n\n')}

## Instructions

${exactTable(data.exact)}
`;
}

// ── what README.md quotes ──

const QUOTED = [
  ['S1', 'tiny GET, one after the other', 'µs', 1],
  ['S2', 'tiny GET, 64 at once', 'µs', 1],
  ['S3', '20 fields and 4 KB of JSON, 64 at once', 'µs', 1],
  ['S3t', 'the same over TLS', 'µs', 1],
  ['S4', '1 GiB streamed', 'ms', 0],
];
const QUOTED_PEERS = ['raw', 'httpx-wasm', 'undici.request', 'node:http', 'fetch'];
const MARKS = ['<!-- figures of bench/report, by npm run bench -->', '<!-- end of figures -->'];

function quotedOf(data) {
  const rows = QUOTED.map(([scenario, text, unit, digits]) => {
    const cells = QUOTED_PEERS.map((peer) => figureOf(data, scenario, peer));
    const ratio = ratioOf(data, scenario, 'httpx-wasm', 'undici.request');
    return [
      `${text}, ${unit}`,
      ...cells.map((cell) => (cell === null ? '' : number(cell.median, digits))),
      ratio === null ? '' : number(ratio.median, 2),
    ];
  });
  const h2 = ratioOf(data, 'S6b', 'httpx-wasm', 'node:http2');
  const start = ratioOf(data, 'S9', 'httpx-wasm', 'undici.request', 'wall');
  const idle = figureOf(data, 'S10', 'httpx-wasm', 'idle');
  const facts = [
    h2 && `Over HTTP/2 (19 fields and 4 KB, 100 streams) a request takes ${number(h2.median, 2)} of node:http2’s CPU.`,
    start && `Import and first request take ${number(start.median, 2)} of undici’s time.`,
    idle && `An idle connection holds ${number(idle.median, 1)} KB of heap.`,
  ].filter(Boolean);
  const headings = ['CPU of the client', 'raw socket', ...QUOTED_PEERS.slice(1), 'ours to undici.request'];
  return `${table([headings, ...rows])}\n\n${facts.join('\n')}`;
}

/** The README with the figures of the data in it. @throws {Error} if it has no place for them */
export function withFigures(readme, data) {
  const from = readme.indexOf(MARKS[0]);
  const to = readme.indexOf(MARKS[1]);
  if (from < 0 || to < from) throw new Error(`Cannot quote figures: README.md has no "${MARKS[0]}"`);
  return `${readme.slice(0, from)}${MARKS[0]}\n\n${quotedOf(data)}\n\n${readme.slice(to)}`;
}
