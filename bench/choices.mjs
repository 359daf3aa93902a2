/** What the options of more than one command mean. */
import { UsageError } from './usage.mjs';

/** Those of `names` that `words` ("a,b") names; all without it. @throws {UsageError} */
export function chosenFrom(names, words) {
  if (words === undefined) return names;
  const chosen = words.split(',');
  for (const name of chosen) {
    if (!names.includes(name)) throw new UsageError(`Cannot run ${name}: there are ${names.join(', ')}`);
  }
  return chosen;
}

/** The short run has fewer rounds, and fewer items and peers; each measurement is the same. */
const ROUNDS = 5;
const ROUNDS_QUICK = 3;

/** How many rounds a run has: what its options say, or the usual number. @throws {UsageError} */
export function roundsOf({ rounds: word, quick }) {
  const rounds = word === undefined ? (quick ? ROUNDS_QUICK : ROUNDS) : Number(word);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`Cannot run ${word} rounds: expected a whole number`);
  }
  return rounds;
}
