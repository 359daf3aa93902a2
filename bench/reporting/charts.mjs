/** The charts of the report as specifications of Vega-Lite. Ours is orange, the floor and native code grey, all others blue. */
import { layersOf } from './tables.mjs';

const OURS = '#d9480f';
const FLOOR = '#868e96';
const OTHERS = '#4c78a8';
/** What is measured of ours, in every layer. */
export const OURS_NAMES = [
  'httpx-wasm',
  'httpx-wasm blocking',
  'core table',
  'core strings',
  'client headers',
  'core',
  'HpackDecoder',
  'HpackEncoder',
];
const FLOOR_NAMES = ['raw', 'raw h2', 'picohttpparser', 'nghttp2'];
const WIDTH = 460;
/** Of the text of axes: nothing measures it here, and Vega takes it for wider than it is. */
const LABEL_SIZE = 11;
const LABEL_WIDTH_EACH = 6.4;
/** Of the figures beside the panels of growth. */
const GROWTH_EXTENT = 30;
/** Least and most of the rounds, across what shows the median. */
const SPREAD = { type: 'rule', color: '#212529', strokeWidth: 1 };
const X_TITLE = 'share of the limit that is used; stroke: the stretch target';

const kindOf = (name) => (OURS_NAMES.includes(name) ? 'ours' : FLOOR_NAMES.includes(name) ? 'floor' : 'other');
const COLOR = {
  field: 'kind',
  type: 'nominal',
  legend: null,
  scale: { domain: ['ours', 'floor', 'other'], range: [OURS, FLOOR, OTHERS] },
};

/** The lengths of bars. */
const X = { field: 'value', type: 'quantitative', title: null, axis: null, scale: { zero: true } };

const base = (rest) => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 12,
  config: {
    font: 'sans-serif',
    view: { stroke: null },
    // No label is cut short: its end tells one from the other.
    axis: { labelFontSize: LABEL_SIZE, titleFontSize: LABEL_SIZE, grid: false, labelLimit: 0 },
    header: { labelFontSize: 12, labelFontWeight: 'bold', titleFontSize: 0 },
  },
  ...rest,
});

/** The room that names take beside the panels, the same for all of them, so that these begin below each other. */
function extentOf(names) {
  const extent = Math.ceil(Math.max(...names.map(({ length }) => length)) * LABEL_WIDTH_EACH);
  return { minExtent: extent, maxExtent: extent };
}

/** Horizontal bars with their figures, a panel for each scenario, dearest last; a thin line from least to most. */
function bars(rows, title, digits) {
  const order = { field: 'value', op: 'min', order: 'ascending' };
  const axis = { ticks: false, domain: false, ...extentOf(rows.map(({ name }) => name)) };
  const layers = (values) =>
    [
      { mark: { type: 'bar', height: 13 }, encoding: { x: X, color: COLOR } },
      { mark: SPREAD, encoding: { x: { ...X, field: 'min' }, x2: { field: 'max' } } },
      {
        mark: { type: 'text', align: 'left', dx: 4, fontSize: 10 },
        encoding: {
          x: { ...X, field: 'max' },
          text: { field: 'value', type: 'quantitative', format: `,.${digits}f` },
        },
      },
    ].map((layer) => ({ ...layer, data: { values } }));
  const panels = [...new Set(rows.map(({ panel }) => panel))].map((panel) => ({
    title: { text: panel, anchor: 'start', frame: 'group', fontSize: 12 },
    width: WIDTH,
    height: { step: 18 },
    encoding: {
      y: { field: 'name', type: 'nominal', sort: order, title: null, axis },
    },
    layer: layers(rows.filter((row) => row.panel === panel)),
  }));
  return base({ title: { text: title, anchor: 'start' }, vconcat: panels, spacing: 14 });
}

const summariesOf = (data, layer, names) =>
  (data[layer]?.summaries ?? []).filter(({ scenario }) => names === null || names.includes(scenario));

/** One row for each peer of each scenario. */
function rowsOf(data, layer, names, measure = 'cpu') {
  return summariesOf(data, layer, names).flatMap(({ scenario, text, peers }) =>
    peers.map(({ name, values }) => ({
      panel: `${scenario}: ${text}`,
      name,
      value: values[measure].median,
      min: values[measure].min,
      max: values[measure].max,
      kind: kindOf(name),
    })),
  );
}

/** Least and most of what a target heeds; of codings, whose figures are of many bodies, the figure itself. */
function spreadOf({ measures = [], columns = [], peers = [] }, { peer, text, value }) {
  const one = peers.find(({ name }) => name === peer);
  const measure = measures.find(({ name, unit }) => text === `${name} in ${unit}`);
  if (measure !== undefined) return one.values[measure.key];
  const nameOf = new Map(measures.map(({ key, name }) => [key, name]));
  const column = columns.findIndex(({ of, to }) => text === `${nameOf.get(of)} of ${to}`);
  return one?.ratios[column] ?? { min: value, max: value };
}

/** The targets that could be measured, as shares of their limits. */
const targetRows = (data) =>
  layersOf(data).flatMap((name) =>
    data[name].summaries.flatMap((summary) =>
      summary.targets
        .filter(({ pass }) => pass !== null)
        .map((target) => {
          const { scenario, peer, text, value, limit, stretch, pass } = target;
          const { min, max } = spreadOf(summary, target);
          return {
            name: `${scenario}, ${peer}: ${text}`,
            used: value / limit,
            min: min / limit,
            max: max / limit,
            stretch: stretch === null ? null : stretch / limit,
            verdict: pass ? 'met' : 'missed',
          };
        }),
    ),
  );

function targetsChart(data) {
  const values = targetRows(data);
  const y = {
    field: 'name',
    type: 'nominal',
    sort: { field: 'used' },
    title: null,
    axis: { ticks: false },
  };
  const x = { field: 'used', type: 'quantitative', title: X_TITLE, axis: { grid: true } };
  const color = {
    field: 'verdict',
    type: 'nominal',
    title: null,
    scale: { domain: ['met', 'missed'], range: ['#2b8a3e', '#c92a2a'] },
  };
  return base({
    title: { text: 'Targets', anchor: 'start' },
    data: { values },
    width: WIDTH,
    height: { step: 16 },
    layer: [
      { mark: { type: 'rule', color: '#495057', strokeDash: [4, 3] }, encoding: { x: { datum: 1, title: X_TITLE } } },
      { mark: SPREAD, encoding: { y, x: { ...x, field: 'min' }, x2: { field: 'max' } } },
      { mark: { type: 'point', filled: true, size: 60, opacity: 1 }, encoding: { y, x, color } },
      {
        transform: [{ filter: 'datum.stretch !== null' }],
        mark: { type: 'tick', color: OURS, thickness: 2, size: 12 },
        encoding: { y, x: { field: 'stretch', type: 'quantitative', title: X_TITLE } },
      },
    ],
  });
}

function codingsChart(data) {
  const values = summariesOf(data, 'codings', null).flatMap(({ scenario, cells }) =>
    cells.flatMap(({ corpus, level, octets, ratios }) =>
      Object.entries(ratios)
        .filter(([peer]) => peer !== 'Response')
        .map(([peer, { median }]) => ({
          name: `${scenario} of ${peer}`,
          ratio: median,
          body: `${corpus} ${octets} ${level}`,
        })),
    ),
  );
  const y = { field: 'name', type: 'nominal', sort: null, title: null, axis: { ticks: false } };
  const x = { field: 'ratio', type: 'quantitative', title: 'our CPU, the other’s being 1', axis: { grid: true } };
  return base({
    title: { text: 'Content codings', anchor: 'start' },
    data: { values },
    width: WIDTH,
    height: { step: 22 },
    layer: [
      { mark: { type: 'rule', color: '#495057', strokeDash: [4, 3] }, encoding: { x: { datum: 1 } } },
      { mark: { type: 'point', filled: true, size: 30, opacity: 0.55, color: OTHERS }, encoding: { y, x } },
      {
        mark: { type: 'tick', color: OURS, thickness: 3, size: 16 },
        encoding: { y, x: { ...x, aggregate: 'median', field: 'ratio' } },
      },
    ],
  });
}

function growthChart(data) {
  const values = summariesOf(data, 'client', ['C1', 'C2']).flatMap(({ text, measures, peers }) =>
    peers.flatMap(({ name, values: found }) =>
      measures
        .filter(({ key }) => key.startsWith('at '))
        .map(({ key }) => ({
          panel: text,
          name,
          kind: kindOf(name),
          size: Number(key.slice(3)),
          value: found[key].median,
          min: found[key].min,
          max: found[key].max,
        })),
    ),
  );
  const x = {
    field: 'size',
    type: 'quantitative',
    scale: { type: 'log' },
    title: null,
    axis: { format: ',', values: [100, 1000, 10000, 100000] },
  };
  const axis = { grid: true, minExtent: GROWTH_EXTENT, maxExtent: GROWTH_EXTENT };
  const y = { field: 'value', type: 'quantitative', title: 'µs for each request', axis };
  const scale = { domain: ['httpx-wasm', 'undici.request'], range: [OURS, OTHERS] };
  const color = { field: 'name', type: 'nominal', title: null, scale };
  const panels = [...new Set(values.map(({ panel }) => panel))].map((panel) => ({
    title: { text: panel, anchor: 'start', frame: 'group', fontSize: 12 },
    width: WIDTH,
    height: 160,
    data: { values: values.filter((one) => one.panel === panel) },
    layer: [
      {
        mark: { ...SPREAD, color: undefined },
        encoding: { x, y: { ...y, field: 'min' }, y2: { field: 'max' }, color },
      },
      { mark: { type: 'line', point: true }, encoding: { x, y, color } },
    ],
  }));
  return base({ title: { text: 'Growth', anchor: 'start' }, vconcat: panels });
}

/** By name, for each of CHARTS. */
export function chartsOf(data) {
  const start = [
    ...rowsOf(data, 'client', ['S9'], 'wall').map((row) => ({ ...row, panel: 'import and first request, ms' })),
    ...rowsOf(data, 'client', ['S10'], 'idle').map((row) => ({ ...row, panel: 'heap of an idle connection, KB' })),
    ...rowsOf(data, 'client', ['S10'], 'flight').map((row) => ({
      ...row,
      panel: 'heap of a connection with a request in flight, KB',
    })),
  ];
  return {
    targets: targetsChart(data),
    requests: bars(rowsOf(data, 'client', ['S1', 'S2', 'S3', 'S3c', 'S3t']), 'µs of CPU for each request, HTTP/1.1', 1),
    http2: bars(rowsOf(data, 'client', ['S6a', 'S6b']), 'µs of CPU for each request, HTTP/2', 1),
    bulk: bars(rowsOf(data, 'client', ['S4', 'S4t', 'S5', 'S7']), 'ms of CPU for each GiB', 0),
    parse: bars(rowsOf(data, 'parse', null), 'ns of CPU for each head', 0),
    hpack: bars(rowsOf(data, 'hpack', null), 'ns of CPU for each field list', 0),
    codings: codingsChart(data),
    start: bars(start, 'Start and heap', 1),
    growth: growthChart(data),
  };
}
