/** What the timed commands share: the machine first, one item after the other, tables on the way, targets at the end. */
import { isOthersLoad, tellProgress, tellTargets } from './figures.mjs';
import { UsageError } from './usage.mjs';

/** How long a plan ({ items, secondsOf }) takes. */
export const secondsOfPlan = ({ items, secondsOf }) => items.reduce((sum, item) => sum + secondsOf(item), 0);

export const minutesText = (seconds) => `about ${Math.ceil(seconds / 60)} min`;

/**
 * @param {object} of
 *   json      nothing is printed: the data is all
 *   machine   as machineOf says it
 *   skipped   by name, why something could not take part; may be filled while measuring
 *   items     what is measured, in order
 *   secondsOf (item) => how long it takes, about
 *   measure   (item) => its summary, or `null` where there is nothing to measure
 *   tableOf   (summary) => text
 * @returns data: { machine, rounds, skipped, summaries, seconds }
 * @throws {UsageError} if there was nothing to measure at all
 */
export async function measured({ json, machine, rounds, skipped = {}, items, secondsOf, measure, tableOf }) {
  const minutes = minutesText(secondsOfPlan({ items, secondsOf }));
  if (isOthersLoad(machine.load)) console.error('note: others are using the machine; figures will not be trustworthy');
  if (json) console.error(`${rounds} rounds, ${minutes}`);
  else {
    const { node, cores, cpu, load } = machine;
    console.log(`Node ${node}, ${cores} × ${cpu}, load ${load.toFixed(1)} at the start`);
    console.log(`${rounds} rounds, ${minutes}; median (min–max); CPU of the process, all threads\n`);
  }
  const since = performance.now();
  const summaries = [];
  for (const item of items) {
    const summary = await measure(item);
    tellProgress(null);
    if (summary === null) continue;
    summaries.push(summary);
    if (!json) console.log(tableOf(summary));
  }
  if (summaries.length === 0) {
    const reasons = Object.entries(skipped).map(([what, why]) => `: ${what}: ${why}`);
    throw new UsageError(`Cannot measure: nobody who was asked for can take part in it${reasons.join('')}`);
  }
  if (!json) tellTargets(summaries);
  return { machine, rounds, skipped, summaries, seconds: Math.round((performance.now() - since) / 1000) };
}
