/** The golden table of instruction counts: what it lets through, and what it does not. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Counts {
  readonly instructions: number;
  readonly bulk: number;
}
interface Row {
  readonly octets: number;
  readonly whole: Counts;
  readonly drip?: Counts;
}
interface Golden {
  compare(
    counted: { corpus: string; rows: readonly (Row & { name: string })[] },
    golden: { corpus: string; rows: Record<string, Row> },
  ): { worse: string[]; better: string[] };
}

const { compare }: Golden = await import(join(ROOT, 'bench/exact/golden.mjs'));
const golden = {
  corpus: 'c0',
  rows: { head: { octets: 100, whole: { instructions: 1000, bulk: 50 }, drip: { instructions: 3000, bulk: 0 } } },
};
const row = (instructions: number, bulk: number, drip = { instructions: 3000, bulk: 0 }) => ({
  corpus: 'c0',
  rows: [{ name: 'head', octets: 100, whole: { instructions, bulk }, drip }],
});

test('a count may rise by less than two parts in a hundred', () => {
  expect(compare(row(1019, 50), golden)).toEqual({ worse: [], better: [] });
});

test.each([
  ['more instructions', row(1021, 50), 'head, whole: instructions 1000 → 1021 (2.1 %)'],
  ['more octets moved', row(1000, 52), 'head, whole: bulk 50 → 52 (4.0 %)'],
  [
    'octets moved where none were',
    row(1000, 50, { instructions: 3000, bulk: 1 }),
    'head, drip: bulk 0 → 1 (Infinity %)',
  ],
  ['another corpus', { ...row(1000, 50), corpus: 'c1' }, 'the corpus has another hash: c0 → c1'],
  ['a row that is gone', { corpus: 'c0', rows: [] }, 'head: only in the golden table'],
])('the table does not hold: %s', (_, counted, sentence) => {
  expect(compare(counted, golden)).toEqual({ worse: [sentence], better: [] });
});

test('a row without its counterpart is told', () => {
  const { rows } = row(1000, 50);
  const counted = { corpus: 'c0', rows: [...rows, ...rows.map((one) => ({ ...one, name: 'tail' }))] };
  expect(compare(counted, golden).worse).toEqual(['tail: not in the golden table']);
});

test('what was gained is told, and is no failure', () => {
  expect(compare(row(900, 50), golden)).toEqual({
    worse: [],
    better: ['head, whole: instructions 1000 → 900 (-10.0 %)'],
  });
});
