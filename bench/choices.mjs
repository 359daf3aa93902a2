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

/** A number of rounds; `usual` without a word. @throws {UsageError} */
export function roundsOf(word, usual) {
  const rounds = word === undefined ? usual : Number(word);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`Cannot run ${word} rounds: expected a whole number`);
  }
  return rounds;
}
