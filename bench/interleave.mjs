/** The order of measurement: what is compared is interleaved, its order rotated each round and reversed every other. */

function orderOf(names, round) {
  const turn = round % names.length;
  const rotated = [...names.slice(turn), ...names.slice(0, turn)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/**
 * @param {string[]} names what is compared
 * @param {(name: string, round: number) => Promise<object>} measure
 * @param {string[]} seldom those of `names` that the first round alone measures
 * @returns a map from name to its results, one for each round
 */
export async function interleave(names, rounds, measure, seldom = []) {
  const results = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const some = round === 0 ? names : names.filter((name) => !seldom.includes(name));
    for (const name of orderOf(some, round)) results.get(name).push(await measure(name, round));
  }
  return results;
}
