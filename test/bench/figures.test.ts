/** From measurements to figures: spreads, ratios formed within rounds, targets met or missed, and what is said of them. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}
interface Target {
  readonly peer: string;
  readonly text: string;
  readonly value: number | null;
  readonly pass: boolean | null;
  readonly steady: boolean;
}
interface Summary {
  readonly peers: readonly { name: string; values: Record<string, Spread>; ratios: readonly Spread[] }[];
  readonly targets: readonly Target[];
}
interface Figures {
  spreadOf(values: readonly number[]): Spread;
  meanOf(results: readonly Record<string, number>[]): Record<string, number>;
  summaryOf(comparison: object, results: ReadonlyMap<string, readonly object[]>, load: number): Summary;
  tableOfSummary(summary: Summary): string;
  tellTargets(summaries: readonly Summary[]): void;
}

const { meanOf, spreadOf, summaryOf, tableOfSummary, tellTargets }: Figures = await import(
  join(ROOT, 'bench/figures.mjs')
);

interface Result {
  readonly cpu: number;
  readonly heap: number;
}
const IDLE = 0;
const measures = [
  { key: 'cpu', name: 'CPU', unit: 'µs/request', digits: 1, spread: true, of: ({ cpu }: Result) => cpu },
  { key: 'heap', name: 'heap', unit: 'KB', digits: 0, counted: true, of: ({ heap }: Result) => heap },
];
/** A scenario in which ours may cost half of what the reference does. */
const scenario = (rest: object = {}) => ({
  name: 'S1',
  text: 'tiny GET',
  ours: 'ours',
  measures,
  ratios: [{ of: 'cpu', to: 'reference', limit: 0.5, stretch: 0.4 }],
  ...rest,
});
/** Results by peer, each the CPU of its rounds; the heap is a tenth of that of the first. */
const measuredAs = (costs: Record<string, readonly number[]>) =>
  new Map(Object.entries(costs).map(([name, some]) => [name, some.map((cpu) => ({ cpu, heap: (some[0] ?? 0) / 10 }))]));
const summaryAs = (costs: Record<string, readonly number[]>, rest?: object, load = IDLE) =>
  summaryOf(scenario(rest), measuredAs(costs), load);
const ratioIn = ({ peers }: Summary, name: string) => peers.find((peer) => peer.name === name)?.ratios[0];

test('several processes are one result, of the mean of each number', () => {
  const results = [
    { units: 1, cpuUs: 300, wallMs: 9 },
    { units: 1, cpuUs: 500, wallMs: 6 },
  ];
  expect(meanOf(results)).toEqual({ units: 1, cpuUs: 400, wallMs: 7.5 });
});

describe('a spread', () => {
  test.each([
    [[7], { median: 7, min: 7, max: 7 }],
    [[3, 1, 20], { median: 3, min: 1, max: 20 }],
    [[9, 1, 3, 4], { median: 3.5, min: 1, max: 9 }],
    [[10, 9, 100], { median: 10, min: 9, max: 100 }],
  ])('of %j is median, least and most by number', (values, spread) => {
    expect(spreadOf(Object.freeze(values))).toEqual(spread);
  });
});

describe('a ratio', () => {
  test('is formed within each round, not between medians', () => {
    const summary = summaryAs({ ours: [1, 10, 6], reference: [10, 20, 60] });
    expect(ratioIn(summary, 'ours')).toEqual({ median: 0.1, min: 0.1, max: 0.5 });
    expect(ratioIn(summary, 'reference')).toEqual({ median: 1, min: 1, max: 1 });
  });

  test('of who was measured less often is of the rounds that both have', () => {
    const summary = summaryAs({ ours: [2, 100, 100], reference: [4], other: [8] });
    expect(ratioIn(summary, 'ours')).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
    expect(ratioIn(summaryAs({ reference: [4, 1, 1], other: [8] }), 'other')).toEqual({ median: 2, min: 2, max: 2 });
  });

  test('to who was not measured is none', () => {
    expect(ratioIn(summaryAs({ ours: [1] }), 'ours')).toBeUndefined();
  });
});

describe('a target', () => {
  test.each([
    ['met at its limit', [5, 5, 5], 0.5, true],
    ['missed beyond it', [5.01, 5.01, 5.01], 0.501, false],
    ['met by its median though one round is bad', [4, 50, 4], 0.4, true],
    ['missed by its median though one round is good', [6, 1, 6], 0.6, false],
  ])('is %s', (_what, costs, value, pass) => {
    const { targets } = summaryAs({ ours: costs, reference: [10, 10, 10] });
    expect(targets).toMatchObject([{ peer: 'ours', text: 'CPU of reference', value, pass, limit: 0.5, stretch: 0.4 }]);
  });

  test('is that of the peer it names', () => {
    const ratios = [{ of: 'cpu', to: 'reference', limit: 3, peer: 'other' }];
    const { targets } = summaryAs({ ours: [90], other: [20], reference: [10] }, { ratios });
    expect(targets).toMatchObject([{ peer: 'other', value: 2, pass: true, stretch: null }]);
  });

  test('without a reference holds a value', () => {
    const limits = [{ of: 'heap', limit: 4 }];
    const { targets } = summaryAs({ ours: [50] }, { ratios: [], limits });
    expect(targets).toMatchObject([{ peer: 'ours', text: 'heap in KB', value: 5, pass: false }]);
  });

  test.each([
    ['the reference', { ours: [1] }],
    ['ours', { reference: [1] }],
  ])('is neither met nor missed where %s was not measured', (_what, costs) => {
    expect(summaryAs(costs).targets).toMatchObject([{ value: null, pass: null }]);
  });

  test('is none where no limit is given', () => {
    expect(summaryAs({ ours: [1], reference: [1] }, { ratios: [{ of: 'cpu', to: 'reference' }] }).targets).toEqual([]);
  });
});

describe('a target is trusted', () => {
  const limits = [{ of: 'heap', limit: 9 }];
  const overload = cpus().length + 1.01;

  test.each([
    ['while the reference costs alike and the load is its own', [10, 12.5], cpus().length + 1, true],
    ['no more if the reference costs a quarter more in one round', [10, 12.51], IDLE, false],
    ['no more if the load is beyond the cores by more than one', [10, 10], overload, false],
  ])('%s', (_what, reference, load, steady) => {
    const summary = summaryAs({ ours: [4, 4], reference }, { limits }, load);
    // What is counted does not depend on who else uses the machine.
    expect(summary.targets.map((target) => target.steady)).toEqual([steady, true]);
  });

  test('by its own reference, not by another', () => {
    const ratios = ['reference', 'other'].map((to) => ({ of: 'cpu', to, limit: 1 }));
    const { targets } = summaryAs({ ours: [4, 4], reference: [10, 10], other: [10, 20] }, { ratios });
    expect(targets.map(({ steady }) => steady)).toEqual([true, false]);
  });
});

describe('what is said', () => {
  afterEach(() => void vi.restoreAllMocks());

  const saidOf = (...summaries: readonly Summary[]) => {
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
    tellTargets(summaries);
    return log.mock.calls.map(([line]) => String(line));
  };
  const said = (costs: Record<string, readonly number[]>, load?: number) => saidOf(summaryAs(costs, {}, load))[0];

  test.each([
    [
      'a target that is met, and its stretch',
      3,
      'S1, ours: CPU of reference, at most 0.50; 0.30: pass, stretch 0.40 reached',
    ],
    ['its stretch missed', 4.5, 'S1, ours: CPU of reference, at most 0.50; 0.45: pass, stretch 0.40 not reached'],
    ['a target that is missed', 7, 'S1, ours: CPU of reference, at most 0.50; 0.70: MISS, stretch 0.40 not reached'],
  ])('of %s', (_what, cost, line) => {
    expect(said({ ours: [cost], reference: [10] })).toBe(line);
  });

  test('of one that was not measured', () => {
    expect(said({ ours: [1] })).toBe('S1, ours: CPU of reference, at most 0.50; not measured');
  });

  test('of one while others used the machine', () => {
    expect(said({ ours: [3], reference: [10] }, 99 + cpus().length)).toMatch(
      /reached \(not trustworthy: its reference is unsteady, or others were using the machine\)$/,
    );
  });

  test('of a scenario is a table of measures and ratios', () => {
    const [title, headings, , ours, reference] = tableOfSummary(
      summaryAs({ ours: [4000, 5000], reference: [10000, 10000] }),
    ).split('\n');
    expect(title).toBe('S1: tiny GET');
    expect(headings?.trim().split(/ {2,}/)).toEqual(['CPU, µs/request', 'heap, KB', 'CPU of reference']);
    expect(ours?.split(/ {2,}/)).toEqual(['ours', '4,500.0 (4,000.0–5,000.0)', '400', '0.45 (0.40–0.50)']);
    expect(reference?.split(/ {2,}/)).toEqual([
      'reference',
      '10,000.0 (10,000.0–10,000.0)',
      '1,000',
      '1.00 (1.00–1.00)',
    ]);
  });
});
