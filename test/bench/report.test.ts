/**
 * The report of the benchmarks, its charts and the figures in README.md are those of bench/report/data.json, and no others.
 * Nothing here measures or draws: charts are held to the data by what they say of each mark.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Row {
  readonly panel?: string;
  readonly name: string;
  readonly kind?: string;
  readonly verdict?: string;
  readonly size?: number;
  readonly value?: number;
  readonly used?: number;
  readonly ratio?: number;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}
interface Target {
  value: number | null;
  readonly limit: number;
  readonly stretch: number | null;
  pass: boolean | null;
}
interface Summary {
  readonly scenario: string;
  readonly columns: readonly { readonly of: string; readonly to: string }[];
  readonly peers: { readonly name: string; readonly values: { cpu?: Spread }; readonly ratios: Spread[] }[];
  readonly targets: Target[];
}
interface Data {
  command?: string;
  left?: Record<string, readonly string[]>;
  readonly exact: { readonly corpus: string };
  readonly client: { readonly machine: { readonly node: string }; readonly summaries: Summary[] };
  readonly releases?: readonly object[];
}

const tables = await import(join(ROOT, 'bench/reporting/tables.mjs'));
const reportOf: (data: Data) => string = tables.reportOf;
const CHARTS: readonly (readonly [name: string, text: string])[] = tables.CHARTS;
const releasesFrom: (paths: readonly string[], report: Data) => readonly object[] = (
  await import(join(ROOT, 'bench/reporting/releases.mjs'))
).releasesFrom;
const withFigures: (readme: string, data: Data) => string = (await import(join(ROOT, 'bench/reporting/quoted.mjs')))
  .withFigures;
const chartsOf: (data: Data) => Record<string, unknown> = (await import(join(ROOT, 'bench/reporting/charts.mjs')))
  .chartsOf;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const text = read('bench/report/data.json');
/** The data anew, so that a test may change it. */
const dataOf = (): Data => JSON.parse(text);

/** A scenario of the client layer that must be there. */
function summaryIn(data: Data, scenario: string): Summary {
  const found = data.client.summaries.find((one) => one.scenario === scenario);
  if (found === undefined) throw new Error(`no ${scenario} in data.json`);
  return found;
}

/** The part of a document below a heading of the second level. */
function sectionOf(markdown: string, heading: string): string {
  const [, section = ''] = markdown.split(`\n## ${heading}\n`);
  return section.split('\n## ')[0] ?? '';
}

/** Every row of data in a specification of Vega-Lite, once for each place where it stands. */
function rowsIn(specification: unknown): Row[] {
  if (typeof specification !== 'object' || specification === null) return [];
  return Object.entries(specification).flatMap(([key, value]) =>
    key === 'values' && Array.isArray(value) && typeof value[0] === 'object' ? (value as Row[]) : rowsIn(value),
  );
}

/** A number as Vega says it, in twelve digits; sizes as their axis does. */
const said = (value: unknown): string => String(Number(Number(value).toPrecision(12)));
const saidOfSize = (value: unknown): string => Number(value).toLocaleString('en-US');

/** What each chart says of the marks that show medians, from a row of its data. */
const MARKS: Record<string, (row: Row) => string> = {
  targets: ({ name, used, verdict }) => `: ${said(used)}; name: ${name}; verdict: ${verdict}`,
  codings: ({ name, ratio }) => `: ${said(ratio)}; name: ${name}`,
  growth: ({ name, size, value }) => `size: ${saidOfSize(size)}; µs for each request: ${said(value)}; name: ${name}`,
};
const barMark = ({ name, value, kind }: Row): string => `value: ${said(value)}; name: ${name}; kind: ${kind}`;

describe('the report', () => {
  test('says what its data says', () => {
    expect(read('bench/report/README.md')).toBe(reportOf(dataOf()));
  });

  test('says what made it, and what that left out', () => {
    const data = { ...dataOf(), command: 'npm run bench -- --quick --rounds 4' };
    const nothing = { parse: [], hpack: [], codings: [], client: [] };
    expect(reportOf({ ...data, left: nothing })).toMatch(
      /^Made by `npm run bench -- --quick --rounds 4` in \d+ minutes, .*Nothing was left out\.$/m,
    );
    expect(reportOf({ ...data, left: { ...nothing, hpack: ['DAR', 'DAQ'], client: ['some peers'] } })).toContain(
      'That run left out, targets included: client: some peers; hpack: DAR, DAQ.',
    );
  });

  test('of data that is older than that note says so', () => {
    const { command, left, ...data } = dataOf();
    expect(reportOf(data)).toContain('older than the note of the run');
  });

  test.each([
    [0.4549, 0.45, '0.455'],
    [0.446, 0.45, '0.446'],
    [0.47, 0.45, '0.47'],
  ])('shows on which side of a limit %d lies', (value, limit, shown) => {
    const data = dataOf();
    const [target] = summaryIn(data, 'S1').targets;
    Object.assign(target ?? {}, { value, limit, stretch: null, pass: value <= limit, steady: true });
    const verdict = value <= limit ? 'met' : '**missed**';
    expect(reportOf(data)).toContain(`| S1 | httpx-wasm | CPU of undici.request | 0.45 |  | ${shown} | ${verdict} |`);
  });

  test.each(CHARTS.map(([name]) => name))('the chart of %s shows each figure of the data', (name) => {
    const svg = read(`bench/report/${name}.svg`);
    const labels = [...svg.matchAll(/aria-label="([^"]*)"/g)].map(([, label = '']) => label);
    const rows = rowsIn(chartsOf(dataOf())[name]);
    expect(rows.length).toBeGreaterThan(0);
    const markOf = MARKS[name] ?? barMark;
    expect(rows.map(markOf).filter((mark) => !labels.some((label) => label.endsWith(mark)))).toEqual([]);
    const titles = new Set(rows.flatMap(({ panel }) => (panel === undefined ? [] : [String(panel)])));
    expect([...titles].filter((title) => !svg.includes(`>${title}</text>`))).toEqual([]);
    expect(svg, 'a label that is cut short').not.toContain('…');
  });

  test('a chart has no more bars than the data has figures', () => {
    for (const name of ['requests', 'http2', 'bulk', 'parse', 'hpack', 'start']) {
      const bars = read(`bench/report/${name}.svg`).match(/aria-roledescription="bar"/g) ?? [];
      const rows = new Set(rowsIn(chartsOf(dataOf())[name]).map((row) => `${row.panel} ${row.name}`));
      expect([name, bars.length]).toEqual([name, rows.size]);
    }
  });
});

describe('runs on other releases of Node', () => {
  const report: Data = { ...dataOf(), releases: [] };
  /** The report's own run as if it were of another release, where ours took so many times as much in S1. */
  const runOn = (node: string, times: number): Data => {
    const data = dataOf();
    Object.assign(data.client.machine, { node });
    const s1 = summaryIn(data, 'S1');
    const ratio = s1.peers.find(({ name }) => name === 'httpx-wasm')?.ratios[0];
    if (ratio !== undefined) {
      const { median, min, max } = ratio;
      Object.assign(ratio, { median: median * times, min: min * times, max: max * times });
    }
    return data;
  };
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-report-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const written = (name: string, data: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(data));
    return path;
  };

  test('stand beside the report’s own, with the least and the most of all', () => {
    const paths = [written('26.json', runOn('v26.1.0', 2)), written('9.json', runOn('v9.0.0', 0.5))];
    const releases = releasesFrom(paths, report);
    const section = sectionOf(reportOf({ ...report, releases }), 'Other releases of Node');
    const { node } = report.client.machine;
    expect(section).toContain(`| at most | ${node} | v9.0.0 | v26.1.0 | stated spread |`);
    const s1 = summaryIn(report, 'S1').peers.find(({ name }) => name === 'httpx-wasm')?.ratios[0];
    const [least, most] = [(s1?.min ?? 0) / 2, (s1?.max ?? 0) * 2].map((value) => value.toFixed(2));
    expect(section).toMatch(
      new RegExp(`^\\| S1 \\| httpx-wasm \\| CPU of undici.request .* ${least}–${most} \\|$`, 'm'),
    );
    expect(reportOf(report)).not.toContain('Other releases of Node');
    const quoted = withFigures(read('README.md'), { ...report, releases });
    expect(quoted).toContain(`| ours to undici.request | on Node 9, ${node.slice(1).split('.')[0]}, 26 |`);
    expect(quoted).toMatch(new RegExp(`^\\| tiny GET, one after the other, µs .* \\| ${least}–${most} \\|$`, 'm'));
  });

  test('are added to those that the report has, in place of an older one of the same release', () => {
    const first = releasesFrom(
      [written('26.json', runOn('v26.1.0', 2)), written('9.json', runOn('v9.0.0', 0.5))],
      report,
    );
    const again = releasesFrom([written('26.json', runOn('v26.1.0', 3))], { ...report, releases: first });
    expect(again).toMatchObject([{ node: 'v9.0.0' }, { node: 'v26.1.0' }]);
    const ratio = (releases: readonly object[], index: number): number | undefined =>
      (releases[index] as { ratios: Record<string, Spread> }).ratios['S1: httpx-wasm, CPU of undici.request']?.median;
    expect(ratio(again, 0)).toBe(ratio(first, 0));
    expect(ratio(again, 1)).toBeCloseTo((ratio(first, 1) ?? 0) * 1.5);
  });

  test.each([
    ['that is none', {}, /it has no exact, parse, hpack, codings, client \(npm run bench -- --node 22 --out/],
    ['of the same release', dataOf(), /it is of Node v[\d.]+, as the report is$/],
    [
      'that counts otherwise',
      { ...runOn('v9.0.0', 1), exact: { ...dataOf().exact, corpus: 'other' } },
      /it counts otherwise: the corpus has another hash/,
    ],
  ])('a run %s is refused', (_what, data, message) => {
    expect(() => releasesFrom([written('run.json', data)], report)).toThrow(message);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  test('quotes the figures of the report', () => {
    expect(withFigures(readme, dataOf())).toBe(readme);
    expect(() => withFigures('# No place', dataOf())).toThrow('Cannot quote figures');
  });

  test('has each figure from its own place in the data', () => {
    const figures = ['S1', 'S2', 'S3', 'S3t', 'S4', 'S5'].flatMap((scenario) =>
      ['raw', 'httpx-wasm', 'undici.request'].map((peer) => [scenario, peer] as const),
    );
    for (const [scenario, name] of figures) {
      const data = dataOf();
      const peer = summaryIn(data, scenario).peers.find((one) => one.name === name);
      Object.assign(peer?.values.cpu ?? {}, { median: 98765 });
      const changed = withFigures(readme, data).split('\n');
      const differing = changed.filter((line, index) => line !== readme.split('\n')[index]);
      expect([scenario, name, differing.length, differing[0]?.match(/98,765/g)?.length]).toEqual([
        scenario,
        name,
        1,
        1,
      ]);
    }
  });

  test('says how far rounds lie apart, and which targets are missed', () => {
    const data = dataOf();
    const s1 = summaryIn(data, 'S1');
    const ours = s1.peers.find(({ name }) => name === 'httpx-wasm');
    const column = s1.columns.findIndex(({ to }) => to === 'undici.request');
    Object.assign(ours?.ratios[column] ?? {}, { median: 0.7, min: 0.66, max: 0.78 });
    for (const { targets } of data.client.summaries) {
      for (const target of targets) Object.assign(target, { value: 0.1, pass: true });
    }
    Object.assign(s1.targets[0] ?? {}, { value: 0.705, pass: false });
    const changed = withFigures(readme, data).replaceAll('\n', ' ');
    expect(changed).toContain('| 0.70 (0.66–0.78) |');
    expect(changed).toMatch(/missed: S1, httpx-wasm, CPU of undici\.request: 0\.705, at most 0\.70[;.]/);
  });

  test('has no figure about speed that is not made from the data', () => {
    const [before = '', , after = ''] = sectionOf(readme, 'Speed').split(/<!-- (?:figures|end)[^>]*-->/);
    expect(before + after).toContain('npm run bench');
    expect((before + after).match(/\d+[.,]\d+|\d{3,}/g)).toBeNull();
  });
});
