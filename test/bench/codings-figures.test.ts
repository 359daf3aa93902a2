/** From measurements of decoders to figures: a row for each body, ratios formed within rounds, targets over all bodies. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}
interface Summary {
  readonly cells: readonly {
    costs: Record<string, Spread>;
    walls: Record<string, Spread>;
    ratios: Record<string, Spread>;
  }[];
  readonly targets: readonly { text: string; value: number | null; pass: boolean | null; steady: boolean }[];
}
interface Result {
  readonly units: number;
  readonly cpuUs: number;
  readonly wallMs: number;
}
interface CodingFigures {
  summaryOf(
    group: object,
    bodies: readonly object[],
    results: ReadonlyMap<string, readonly (readonly Result[])[]>,
    load: number,
  ): Summary;
  tableOfSummary(summary: Summary): string;
}

const { summaryOf, tableOfSummary }: CodingFigures = await import(join(ROOT, 'bench/codings/figures.mjs'));

const IDLE = 0;
const bodies = [
  { corpus: 'JSON', octets: 65536, level: 6, codedOctets: 16384 },
  { corpus: 'text', octets: 65536, level: 6, codedOctets: 32768 },
  { corpus: 'JSON', octets: 1048576, level: 6, codedOctets: 262144 },
];
const group = {
  name: 'gzip',
  targets: [{ to: 'zlib', median: 0.5, worst: 0.9 }, { to: 'pako', median: 0.4 }, { to: 'information' }],
};
/** Results by subject: for each round the µs for each MiB of each body. */
const measuredAs = (costs: Record<string, readonly (readonly number[])[]>) =>
  new Map(
    Object.entries(costs).map(([name, rounds]) => [
      name,
      rounds.map((round) => round.map((cost) => ({ units: 2, cpuUs: cost * 2, wallMs: cost / 100 }))),
    ]),
  );
const summaryAs = (costs: Record<string, readonly (readonly number[])[]>, load = IDLE) =>
  summaryOf(group, bodies, measuredAs(costs), load);

const OURS = 'httpx-wasm';
const costs = {
  [OURS]: [
    [30, 40, 90],
    [30, 60, 95],
    [60, 50, 90],
  ],
  zlib: [
    [100, 100, 100],
    [50, 100, 100],
    [100, 100, 100],
  ],
};

describe('the figures of decoders', () => {
  test('are costs for each MiB and ratios within the round, body by body', () => {
    const [json, text] = summaryAs(costs).cells;
    expect(json).toMatchObject({
      corpus: 'JSON',
      codedOctets: 16384,
      costs: { [OURS]: { median: 30, min: 30, max: 60 }, zlib: { median: 100, min: 50, max: 100 } },
      walls: { zlib: { median: 500, min: 250, max: 500 } },
    });
    expect(json?.ratios).toEqual({ zlib: { median: 0.6, min: 0.3, max: 0.6 } });
    expect(text?.ratios).toEqual({ zlib: { median: 0.5, min: 0.4, max: 0.6 } });
  });

  test('of a target are the median over bodies, and the dearest of them', () => {
    expect(summaryAs(costs).targets).toMatchObject([
      { scenario: 'gzip', peer: OURS, text: 'CPU of zlib, median over bodies', value: 0.6, limit: 0.5, pass: false },
      { text: 'CPU of zlib, any body', value: 0.9, limit: 0.9, pass: true },
      { text: 'CPU of pako, median over bodies', value: null, pass: null },
    ]);
  });

  test('have no ratio where ours was not measured', () => {
    const { cells, targets } = summaryAs({ zlib: costs.zlib });
    expect(cells.map(({ ratios }) => ratios)).toEqual([{}, {}, {}]);
    expect(targets.map(({ pass }) => pass)).toEqual([null, null, null]);
  });

  test('are trusted if most bodies cost the peer alike in all rounds, and the load is the run’s own', () => {
    const alike = [
      [10, 10, 10],
      [12.5, 12.5, 30],
    ];
    const squared = alike.map((round) => round.map((cost, body) => (body === 0 ? cost ** 2 : cost)));
    const steadyOf = (zlib: typeof alike, load?: number) =>
      summaryAs({ [OURS]: squared, zlib }, load).targets[0]?.steady;
    expect(steadyOf(alike)).toBe(true);
    expect(steadyOf(squared)).toBe(false);
    expect(steadyOf(alike, 10_000)).toBe(false);
  });

  test('are shown by body, by size and of all', () => {
    const rows = tableOfSummary(summaryAs(costs)).trimEnd().split('\n');
    const cells = rows.map((row) => row.trim().split(/ {2,}/));
    expect(cells[0]).toEqual(['gzip']);
    expect(cells[1]).toEqual(['coded, %', 'httpx-wasm, µs/MiB', 'zlib, µs/MiB', 'of zlib']);
    expect(cells.slice(3)).toEqual([
      ['JSON, 64 KB, level 6', '25.0', '30', '100', '0.60 (0.30–0.60)'],
      ['text, 64 KB, level 6', '50.0', '50', '100', '0.50 (0.40–0.60)'],
      ['JSON, 1 MB, level 6', '25.0', '90', '100', '0.90 (0.90–0.95)'],
      ['all of 64 KB', '0.55 (0.50–0.60)'],
      ['all of 1 MB', '0.90 (0.90–0.90)'],
      ['all', '0.60 (0.50–0.90)'],
    ]);
  });
});
