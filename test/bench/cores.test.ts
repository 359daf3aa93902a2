/** The cores on which the benchmarks hold processes. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Cores {
  coresIn(list: string): number[];
  allowedCores(): number[];
}

const { coresIn, allowedCores }: Cores = await import(join(ROOT, 'bench/cores.mjs'));

test.each([
  ['0', [0]],
  ['0-1', [0, 1]],
  ['2,3', [2, 3]],
  ['0-2,8,10-11', [0, 1, 2, 8, 10, 11]],
])('"%s" names the cores %j', (list, cores) => {
  expect(coresIn(list)).toEqual(cores);
});

test('at least one core is allowed where the system says which', () => {
  const cores = allowedCores();
  expect(cores.every(Number.isInteger)).toBe(true);
  expect(cores.length > 0).toBe(process.platform === 'linux');
});
