/** Hash functions, from the package `@noble/hashes`: loaded when a Digest challenge is first answered. */
import type { Digests } from '../host.js';
import type { MaybePromise } from '../socket.js';
import { latePackage } from './late-modules.js';

type Legacy = typeof import('@noble/hashes/legacy.js');
type Current = typeof import('@noble/hashes/sha2.js');

let loaded: Digests | null = null;

export function digests(): MaybePromise<Digests> {
  if (loaded !== null) return loaded;
  return latePackage(
    (load) => digestsOf(load('@noble/hashes/legacy.js'), load('@noble/hashes/sha2.js')),
    async () => digestsOf(await import('@noble/hashes/legacy.js'), await import('@noble/hashes/sha2.js')),
  );
}

function digestsOf({ md5, sha1 }: Legacy, { sha256, sha512, sha512_256 }: Current): Digests {
  loaded = { md5, sha1, sha256, sha512, sha512_256 };
  return loaded;
}
