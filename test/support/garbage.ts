/** The garbage collector on demand: for tests of what must not be held, and of what is done about what nobody holds. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects until `done`, a few turns at the most. A WeakRef that was read holds its target until the turn ends. */
export async function collected(done: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 30; turn++) {
    if (done()) return true;
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done();
}

/** How many of these are still held by someone. */
export function heldOf(references: readonly WeakRef<object>[]): number {
  return references.filter((reference) => reference.deref() !== undefined).length;
}
