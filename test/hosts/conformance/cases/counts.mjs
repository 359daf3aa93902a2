// Instructions of the core over the corpus of the benchmark: the metered modules count the same on each host (../counts.mjs).
import { equal, holds } from '../check.mjs';

const ROWS_MIN = 40;
const octetsOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Does to a new instance what the steps say, and answers the first count that is another one, or `null`. */
function differenceOf(module, steps) {
  const { exports } = new WebAssembly.Instance(module, {});
  const counters = [exports.__instructions, exports.__bulk];
  for (const step of steps) {
    if (step.call !== undefined) exports[step.call](...step.given);
    else if (step.octets !== undefined) new Uint8Array(exports.memory.buffer).set(octetsOf(step.octets), step.at);
    else if (step.begin) for (const counter of counters) counter.value = 0n;
    else {
      const found = counters.map(({ value }) => Number(value));
      if (found[0] !== step.instructions || found[1] !== step.bulk)
        return `${found} for ${step.instructions},${step.bulk}`;
    }
  }
  return null;
}

export const counts = {
  needs: [],
  cases: {
    async 'the core executes as many instructions as elsewhere'({ counted }) {
      if (typeof WebAssembly === 'undefined') return 'the host has no WebAssembly';
      const { modules, rows } = await counted();
      const differing = [];
      for (const { name, module, steps } of rows) {
        const difference = differenceOf(modules[module], steps);
        if (difference !== null) differing.push(`${name}: ${difference}`);
      }
      holds(rows.length >= ROWS_MIN, `${rows.length} rows`);
      equal(differing, [], `of ${rows.length} rows`);
      return undefined;
    },
  },
};
