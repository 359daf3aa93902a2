/**
 * The report as Markdown, from the data of a run of everything. Nothing here depends on anything but that data, so that a test
 * can hold the text to it.
 */
import { dayOf, digitsNear, isOthersLoad } from '../figures.mjs';
import { releasesTable } from './releases.mjs';

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

export const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const spread = ({ median, min, max }, digits) =>
  min === max ? number(median, digits) : `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
export const rangeText = ({ min, max }) => `${number(min, 2)}–${number(max, 2)}`;
export const table = ([headings, ...rows]) =>
  [headings, headings.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** The layers that were timed, those that the data has. */
export const layersOf = (data) => TIMED.filter((name) => data[name] !== undefined);

function verdictOf({ value, stretch, pass, steady }) {
  if (pass === null) return 'not measured';
  const reached = stretch === null || !pass ? '' : value <= stretch ? ', stretch reached' : ', stretch not';
  return `${pass ? 'met' : '**missed**'}${reached}${steady ? '' : ' (unsteady)'}`;
}

export const digitsOf = ({ value, limit, stretch }) => digitsNear(value, [limit, stretch ?? limit]);

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
  return `${measured - missed} of ${measured} targets are met. What bounds the others is told in [bench/bounds.md](../bounds.md).

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

/** Versions by name, as one text; `what` they are before them. */
function versionsText(what, versions = {}) {
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return all.length === 0 ? '' : ` ${what}: ${all.join(', ')}.`;
}

/** The load before anything was done, and the most at the end of a round of anything. */
function loadText(data, cores) {
  const others = isOthersLoad(data.load, cores) ? ' (others were using the machine)' : '';
  const most = Math.max(...layersOf(data).flatMap((name) => data[name].summaries.map(({ load }) => load)));
  return `load ${number(data.load, 1)} before the run${others}, ${number(most, 1)} at the most in it`;
}

function machineText(data) {
  const [first] = layersOf(data);
  const { node, cpu, cores, memoryGiB, system, pinned, hosts = {} } = data[first].machine;
  const others = Object.entries(data.client?.machine.hosts ?? hosts).map(
    ([name, version]) => `${name} ${version ?? 'absent'}`,
  );
  const versions = [
    versionsText('Peers', data.peers),
    versionsText('In that Node', data.parts),
    versionsText('Ours needs', data.needed),
  ];
  return `Measured on ${dayOf(data.date)}: Node ${node}${others.map((other) => `, ${other}`).join('')}; ${cores} × ${cpu}, ${memoryGiB} GiB, \
${system}; ${loadText(data, cores)}; processes ${pinned ? '' : 'not '}held on a core.${versions.join('')}`;
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
  const releases = releasesTable(data, { number, rangeText, table });
  const charts = CHARTS.map(([name, text]) => `${text}\n\n![${text}](${name}.svg)`);
  return `# What was measured

${runText(data)}
\`npm run bench -- report\` draws it again. How it is measured and what the names mean: [bench/README.md](../README.md). Medians, least and most of interleaved rounds
(${rounds.join(', ')}); a ratio is formed within each round.

${machineText(data)} Corpus ${data.corpus.slice(0, 16)}.

## Targets

${targetsOf(data)}
${releases === null ? '' : `\n## Other releases of Node\n\n${releases}\n`}
## Charts

${charts.join('\n\n')}

${layers.join('\n\n')}

## Instructions

${exactTable(data.exact)}
`;
}
