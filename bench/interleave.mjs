/** The order of measurement: what is compared is interleaved, its order reversed every other round and rotated in between. */

function orderOf(names, round) {
  const turn = (round >> 1) % names.length;
  const rotated = [...names.slice(turn), ...names.slice(0, turn)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/**
 * One round.
 * @param {string[]} names what is compared
 * @param {number} round counted from 0
 * @param {(name: string) => Promise<object>} measure
 * @param {string[]} seldom those of `names` that the first round alone measures
 * @returns a map from name to its result
 */
export async function interleave(names, round, measure, seldom = []) {
  const some = round === 0 ? names : names.filter((name) => !seldom.includes(name));
  const results = new Map();
  for (const name of orderOf(some, round)) results.set(name, await measure(name));
  return results;
}
