/**
 * What the timed commands share. A *layer* is what one of them measures:
 *   machine   as machineOf says it
 *   rounds    how many
 *   skipped   by name, why something cannot take part
 *   items     what is measured, in order
 *   secondsOf (item) => how long all its rounds take, about
 *   measure   (item, round) => a map from subject to its result in that round
 *   summaryOf (item, results, load) => its summary; results: a map from subject to its results, one for each round; load: the
 *             highest load average at the end of any
 *   tableOf   (summary) => text
 *   close     () => promise; if given: ends what the rounds have in common
 * Rounds are the outer loop, items the inner: what a machine does from minute to minute is in each spread, not between items.
 */
import { loadavg } from 'node:os';
import { isOthersLoad, tellProgress, tellTargets } from './figures.mjs';
import { UsageError } from './usage.mjs';

/** How long a plan ({ items, secondsOf }) takes. */
export const secondsOfPlan = ({ items, secondsOf }) => items.reduce((sum, item) => sum + secondsOf(item), 0);

export const minutesText = (seconds) => `about ${Math.ceil(seconds / 60)} min`;

/** A layer while it is measured. */
export class Session {
  #layer;
  /** By item: a map from subject to results. */
  #results;
  #loads;
  #seconds = 0;

  /** @throws {UsageError} if there is nothing to measure at all */
  constructor(layer) {
    this.#layer = layer;
    const { items, skipped = {} } = layer;
    for (const [what, why] of Object.entries(skipped)) console.error(`SKIPPED: ${what}: ${why}`);
    if (items.length === 0) {
      const reasons = Object.entries(skipped).map(([what, why]) => `: ${what}: ${why}`);
      throw new UsageError(`Cannot measure: nobody who was asked for can take part in it${reasons.join('')}`);
    }
    if (isOthersLoad(layer.machine.load)) {
      console.error('note: others are using the machine; figures will not be trustworthy');
    }
    this.#results = items.map(() => new Map());
    this.#loads = items.map(() => 0);
  }

  get seconds() {
    return secondsOfPlan(this.#layer);
  }

  /** Whether every item was measured at least once. */
  get hasBegun() {
    return this.#results.every((results) => results.size > 0);
  }

  /** Measures every item once. */
  async round(round) {
    const since = performance.now();
    for (const [index, item] of this.#layer.items.entries()) {
      const results = this.#results[index];
      for (const [name, result] of await this.#layer.measure(item, round)) {
        results.set(name, [...(results.get(name) ?? []), result]);
      }
      this.#loads[index] = Math.max(this.#loads[index], loadavg()[0]);
    }
    tellProgress(null);
    this.#seconds += (performance.now() - since) / 1000;
  }

  /** Ends what the rounds have in common. */
  async close() {
    await this.#layer.close?.();
  }

  /** What the rounds showed: { machine, rounds, skipped, summaries, seconds }. */
  data() {
    const { machine, rounds, skipped = {}, items, summaryOf } = this.#layer;
    const summaries = items.map((item, index) => summaryOf(item, this.#results[index], this.#loads[index]));
    return { machine, rounds, skipped, summaries, seconds: Math.round(this.#seconds) };
  }
}

/** Measures one layer by itself: the machine first, tables and targets at the end; `json`: nothing is printed, the data is all. */
export async function measured(layer, { json }) {
  const session = new Session(layer);
  const minutes = minutesText(session.seconds);
  const { machine, rounds } = layer;
  if (json) console.error(`${rounds} rounds, ${minutes}`);
  else {
    const { node, cores, cpu, load } = machine;
    console.log(`Node ${node}, ${cores} × ${cpu}, load ${load.toFixed(1)} at the start`);
    console.log(`${rounds} rounds, ${minutes}; median (min–max); CPU of the process, all threads\n`);
  }
  try {
    for (let round = 0; round < rounds; round++) {
      if (!process.stderr.isTTY) console.error(`round ${round + 1} of ${rounds}`);
      await session.round(round);
    }
  } finally {
    await session.close();
  }
  const data = session.data();
  if (!json) {
    for (const summary of data.summaries) console.log(layer.tableOf(summary));
    tellTargets(data.summaries);
  }
  return data;
}
