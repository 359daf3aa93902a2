/** The order of measurements: interleaved, rotated each round and reversed every other, one at a time. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

type Measure = (name: string, round: number) => Promise<string>;
interface Interleave {
  interleave(
    names: readonly string[],
    rounds: number,
    measure: Measure,
    seldom?: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>>;
}

const { interleave }: Interleave = await import(join(ROOT, 'bench/interleave.mjs'));

/** What was measured in each round, in order, and the results; at no time two at once. */
async function measured(names: readonly string[], rounds: number, seldom?: readonly string[]) {
  const orders = Array.from({ length: rounds }, () => '');
  let running = 0;
  const results = await interleave(
    names,
    rounds,
    async (name, round) => {
      expect(++running).toBe(1);
      await Promise.resolve();
      running--;
      orders[round] += name;
      return `${name}${round}`;
    },
    seldom,
  );
  return { orders, results: Object.fromEntries(results) };
}

test('a round begins with the next of all, and every other is reversed', async () => {
  const { orders } = await measured(['a', 'b', 'c'], 6);
  expect(orders).toEqual(['abc', 'acb', 'cab', 'cba', 'bca', 'bac']);
});

test('the results of each are those of its rounds in order', async () => {
  const { results } = await measured(['a', 'b'], 3);
  expect(results).toEqual({ a: ['a0', 'a1', 'a2'], b: ['b0', 'b1', 'b2'] });
});

test('who is measured seldom is measured in the first round alone', async () => {
  const { orders, results } = await measured(['a', 'b', 'c'], 3, ['b']);
  expect(orders).toEqual(['abc', 'ac', 'ac']);
  expect(results).toEqual({ a: ['a0', 'a1', 'a2'], b: ['b0'], c: ['c0', 'c1', 'c2'] });
});

test('a measurement that fails ends the run', async () => {
  const failing: Measure = async (name) => {
    if (name === 'b') throw new Error('Cannot measure b');
    return name;
  };
  await expect(interleave(['a', 'b', 'c'], 2, failing)).rejects.toThrow('Cannot measure b');
});
