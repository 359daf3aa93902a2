/** Hash functions, from the package `@noble/hashes`: loaded when a Digest challenge is first answered. */
import type { Digests } from '../host.js';
import { type CurrentHashes, digestsOf, type LegacyHashes } from '../packages.js';
import type { MaybePromise } from '../socket.js';
import { latePackage } from './late-modules.js';

let loaded: Digests | null = null;

export function digests(): MaybePromise<Digests> {
  if (loaded !== null) return loaded;
  return latePackage(
    (load) => kept(load('@noble/hashes/legacy.js'), load('@noble/hashes/sha2.js')),
    async () => kept(await import('@noble/hashes/legacy.js'), await import('@noble/hashes/sha2.js')),
  );
}

function kept(legacy: LegacyHashes, current: CurrentHashes): Digests {
  loaded = digestsOf(legacy, current);
  return loaded;
}
