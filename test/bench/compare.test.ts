/** Two results of the benchmarks side by side: what counts as the same, and what the command says and ends with. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Spread = readonly [median: number, min: number, max: number];
const spread = ([median, min, max]: Spread) => ({ median, min, max });
const machine = (node: string) => ({ node, cpu: 'CPU', cores: 2, memoryGiB: 8, system: 'linux 6, x64', pinned: true });
const row = (instructions: number) => ({
  name: 'head small',
  whole: { instructions, bulk: 60 },
  drip: { instructions: 9, bulk: 1 },
});
const exact = (instructions: number) => ({ corpus: 'c0', rows: [row(instructions)] });

/** A layer whose one scenario has a ratio of ours, of ours to itself, and of a peer. */
const layer = (ratio: Spread, node = 'v24.0.0') => ({
  machine: machine(node),
  rounds: 3,
  summaries: [
    {
      scenario: 'S1',
      measures: [{ key: 'cpu', name: 'CPU' }],
      columns: [
        { of: 'cpu', to: 'fetch' },
        { of: 'cpu', to: 'httpx-wasm' },
      ],
      peers: [
        { name: 'httpx-wasm', ratios: [spread(ratio), spread([1, 1, 1])] },
        { name: 'got', ratios: [spread([9, 9, 9]), spread([9, 9, 9])] },
      ],
    },
  ],
});
const cells = (ratio: Spread, node?: string) => ({
  ...layer(ratio, node),
  summaries: [
    { scenario: 'gzip', cells: [{ corpus: 'JSON', octets: 65536, level: 6, ratios: { pako: spread(ratio) } }] },
  ],
});

/** What the command says of two results, and its exit code. */
function compared(a: unknown, b: unknown): { readonly said: string; readonly code: number | null } {
  const paths = [a, b].map((data, index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, typeof data === 'string' ? data : JSON.stringify(data));
    return path;
  });
  const words = [join(ROOT, 'bench/run.mjs'), 'compare', ...paths];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  return { said: (stdout + stderr).replaceAll(folder, ''), code: status };
}

describe('two runs', () => {
  test('that count the same and whose spreads overlap', () => {
    const { said, code } = compared(
      { exact: exact(7), client: layer([0.5, 0.4, 0.6]), codings: cells([0.4, 0.3, 0.5]) },
      { exact: exact(7), client: layer([0.7, 0.6, 0.8], 'v22.0.0'), codings: cells([0.4, 0.3, 0.5], 'v22.0.0') },
    );
    expect(code).toBe(0);
    expect(said).toContain('A: /0.json: Node v24.0.0; 2 × CPU, 8 GiB, linux 6, x64; 3 rounds');
    expect(said).toContain('B: /1.json: Node v22.0.0;');
    expect(said).toContain('exact: 4 counts of 1 rows, all equal');
    expect(said).toMatch(/S1: httpx-wasm, CPU of fetch +0\.50 \(0\.40–0\.60\) +0\.70 \(0\.60–0\.80\) +40 % +overlap/);
    expect(said).toMatch(/gzip: JSON, 64 KB, level 6, of pako .* 0 % +overlap/);
    expect(said).not.toContain('got');
    expect(said.trimEnd().split('\n').at(-1)).toBe(
      '2 of 2 ratios agree (2 overlap, 0 lie within the spread over releases, 0 have medians within 10 %); 0 lie apart',
    );
  });

  test.each([
    ['B above A', [0.5, 0.49, 0.51], [0.55, 0.52, 0.56], '10 %'],
    ['A above B', [0.55, 0.52, 0.56], [0.5, 0.49, 0.51], '-9 %'],
    ['measured once', [1, 1, 1], [1.1, 1.1, 1.1], '10 %'],
  ] as const)('whose spreads do not overlap are near if their medians are: %s', (_what, a, b, change) => {
    const { said } = compared(layer(a), layer(b));
    expect(said).toMatch(new RegExp(`${change} +near$`, 'm'));
    expect(said).not.toContain('APART');
    expect(said).toContain(
      '1 of 1 ratios agree (0 overlap, 0 lie within the spread over releases, 1 have medians within 10 %); 0 lie apart',
    );
  });

  test.each([
    ['B above A', [0.5, 0.4, 0.6], [0.7, 0.61, 0.8], '40 %'],
    ['A above B', [0.7, 0.61, 0.8], [0.5, 0.4, 0.6], '-29 %'],
    ['hardly', [1, 0.99, 1.01], [1.11, 1.1, 1.12], '11 %'],
  ] as const)('whose ratios lie apart are named, and no failure: %s', (_what, a, b, change) => {
    const { said, code } = compared(layer(a), layer(b));
    expect(code).toBe(0);
    expect(said).toContain('exact: not counted in both');
    expect(said).toMatch(new RegExp(`${change} +APART$`, 'm'));
    expect(said).toContain(`\nAPART: S1: httpx-wasm, CPU of fetch: ${change}\n`);
    expect(said).toContain(
      '0 of 1 ratios agree (0 overlap, 0 lie within the spread over releases, 0 have medians within 10 %); 1 lie apart',
    );
  });

  const release = (ratio: Spread) => ({
    node: 'v22.0.0',
    date: '2026-11-30T06:00:00Z',
    ratios: { 'S1: httpx-wasm, CPU of fetch': spread(ratio) },
  });

  test.each([
    ['A', [1, 1, 1], [1.2, 1.15, 1.25]],
    ['B', [1, 0.95, 1.05], [1.2, 1.2, 1.2]],
  ] as const)('of which %s was measured once are not judged where they lie apart', (_what, a, b) => {
    const { said } = compared(
      { client: layer(a), codings: cells([1, 1, 1]) },
      { client: layer(b), codings: cells([1, 1, 1]) },
    );
    expect(said).toMatch(/20 % +once$/m);
    expect(said).not.toContain('APART');
    expect(said).toContain('1 of 1 ratios agree (1 overlap');
    expect(said).toContain('0 lie apart; 1 more were measured once and have no spread');
  });

  test.each([
    ['within it', [0.5, 0.4, 0.6], [0.69, 0.66, 0.72]],
    ['between releases', [0.5, 0.4, 0.6], [0.62, 0.61, 0.63]],
  ] as const)('whose ratios meet the spread that a report states over releases: %s', (_what, own, other) => {
    const report = { client: layer(own), releases: [release([0.7, 0.65, 0.75])] };
    for (const { said } of [compared(report, layer(other)), compared(layer(other), report)]) {
      expect(said).toMatch(/% +stated$/m);
      expect(said).toContain('1 of 1 ratios agree (0 overlap, 1 lie within the spread over releases, 0 have medians');
    }
    expect(compared(layer(own), layer([0.69, 0.66, 0.72])).said).toMatch(/APART$/m);
    expect(compared(report, layer([0.9, 0.85, 0.95])).said).toMatch(/APART$/m);
  });

  test('are near where they are to a release that the report has', () => {
    const report = { client: layer([0.5, 0.4, 0.6]), releases: [release([0.7, 0.69, 0.71])] };
    for (const { said } of [compared(report, layer([0.76, 0.75, 0.77])), compared(layer([0.76, 0.75, 0.77]), report)]) {
      expect(said).toMatch(/% +near$/m);
    }
    expect(compared(report, layer([0.78, 0.775, 0.785])).said).toMatch(/APART$/m);
  });

  test('of which one is part of the other’s report are refused: it agrees, whatever it says', () => {
    const report = { client: layer([0.5, 0.4, 0.6]), releases: [release([0.9, 0.9, 0.9])] };
    const { said, code } = compared(report, {
      ...cells([1, 1, 1]),
      client: layer([0.9, 0.9, 0.9]),
      date: '2026-11-30T06:00:00Z',
    });
    expect(said).toContain('Cannot compare /0.json with /1.json: that run is part of it; take another one');
    expect(code).toBe(2);
  });

  test.each([
    ['a count', exact(8), /OTHERWISE: head small, whole: instructions 7, 8$/m],
    ['the corpus', { ...exact(7), corpus: 'c1' }, /OTHERWISE: the corpus has another hash: c0, c1$/m],
    [
      'a row more',
      { corpus: 'c0', rows: [row(7), { ...row(5), name: 'new' }] },
      /new, whole: instructions not counted, 5$/m,
    ],
    ['a row less', { corpus: 'c0', rows: [] }, /head small, drip: bulk 1, not counted$/m],
  ])('that differ in %s: exit code 1', (_what, other, line) => {
    const { said, code } = compared(exact(7), other);
    expect(code).toBe(1);
    expect(said).toMatch(line);
    expect(said).toContain('counts differ; no ratio is in both');
  });

  test('say how many ratios one of them alone has', () => {
    const { said } = compared({ codings: cells([1, 1, 1]) }, { codings: cells([1, 1, 1]), client: layer([1, 1, 1]) });
    expect(said).toContain('ratios that one of them alone has: S1 1');
    expect(said).toContain('1 of 1 ratios agree (1 overlap');
  });
});

test.each([
  ['no JSON', '> npm', /Cannot compare \/1\.json: .*JSON/],
  ['another JSON', {}, /Cannot compare \/1\.json: it is no result of a benchmark/],
])('%s is refused by its name: exit code 2', (_what, other, message) => {
  const { said, code } = compared(exact(1), other);
  expect(code).toBe(2);
  expect(said).toMatch(message);
});
