/** The order of measurements: interleaved, reversed every other round and rotated in between, one at a time; rounds before items. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

type Measure = (name: string) => Promise<string>;
interface Interleave {
  interleave(
    names: readonly string[],
    round: number,
    measure: Measure,
    seldom?: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;
}
interface Summary {
  readonly item: string;
  readonly results: Record<string, readonly string[]>;
  readonly load: number;
}
interface Layer {
  readonly machine: object;
  readonly rounds: number;
  readonly items: readonly string[];
  secondsOf(item: string): number;
  measure(item: string, round: number): Promise<ReadonlyMap<string, string>>;
  summaryOf(item: string, results: ReadonlyMap<string, readonly string[]>, load: number): Summary;
}
interface Session {
  readonly hasBegun: boolean;
  readonly seconds: number;
  round(round: number): Promise<void>;
  data(): { readonly rounds: number; readonly summaries: readonly Summary[] };
}

const { interleave }: Interleave = await import(join(ROOT, 'bench/interleave.mjs'));
const { Session }: { Session: new (layer: Layer) => Session } = await import(join(ROOT, 'bench/session.mjs'));

/** What was measured in each round, in order; at no time two at once. */
async function ordersOf(names: readonly string[], rounds: number, seldom?: readonly string[]) {
  const orders: string[] = [];
  let running = 0;
  for (let round = 0; round < rounds; round++) {
    const order: string[] = [];
    const one: Measure = async (name) => {
      expect(++running).toBe(1);
      await Promise.resolve();
      running--;
      order.push(name);
      return `${name} measured`;
    };
    const results = await interleave(names, round, one, seldom);
    expect(Object.fromEntries(results)).toEqual(Object.fromEntries(order.map((name) => [name, `${name} measured`])));
    orders.push(order.join(''));
  }
  return orders;
}

test.each([
  ['ab', ['ab', 'ba', 'ba', 'ab']],
  ['abc', ['abc', 'cba', 'bca', 'acb', 'cab', 'bac']],
  ['abcd', ['abcd', 'dcba', 'bcda', 'adcb', 'cdab', 'badc', 'dabc', 'cbad']],
])('every other round is reversed, and each begins and ends as many: %s', async (names, orders) => {
  expect(await ordersOf([...names], orders.length)).toEqual(orders);
  for (const at of [0, -1]) {
    expect(new Set(orders.map((order) => order.at(at))).size).toBe(names.length);
  }
});

test('who is measured seldom is measured in the first round alone', async () => {
  expect(await ordersOf(['a', 'b', 'c'], 3, ['b'])).toEqual(['abc', 'ca', 'ca']);
});

test('a measurement that fails ends the round', async () => {
  const failing: Measure = async (name) => {
    if (name === 'b') throw new Error('Cannot measure b');
    return name;
  };
  await expect(interleave(['a', 'b', 'c'], 0, failing)).rejects.toThrow('Cannot measure b');
});

test('every item is measured in a round before any is in the next, and each summary has all rounds of its own', async () => {
  const order: string[] = [];
  const session = new Session({
    machine: { load: 0 },
    rounds: 2,
    items: ['S1', 'S2'],
    secondsOf: () => 30,
    async measure(item, round) {
      order.push(item + round);
      const names = round === 0 ? ['ours', 'seldom'] : ['ours'];
      return new Map(names.map((name) => [name, `${name} ${item} ${round}`]));
    },
    summaryOf: (item, results, load) => ({ item, results: Object.fromEntries(results), load }),
  });
  expect([session.hasBegun, session.seconds]).toEqual([false, 60]);
  for (let round = 0; round < 2; round++) await session.round(round);
  expect(session.hasBegun).toBe(true);
  expect(order).toEqual(['S10', 'S20', 'S11', 'S21']);
  const { rounds, summaries } = session.data();
  expect(rounds).toBe(2);
  expect(summaries.map(({ item, results }) => ({ item, results }))).toEqual([
    { item: 'S1', results: { ours: ['ours S1 0', 'ours S1 1'], seldom: ['seldom S1 0'] } },
    { item: 'S2', results: { ours: ['ours S2 0', 'ours S2 1'], seldom: ['seldom S2 0'] } },
  ]);
  for (const { load } of summaries) expect(load).toBeGreaterThanOrEqual(0);
});
