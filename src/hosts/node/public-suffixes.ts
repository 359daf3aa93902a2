/** The public suffix list, from the package `tldts`: 200 KB, loaded when a cookie first names a domain. */
import type { PublicSuffixes } from '../host.js';
import { type SuffixPackage, suffixesOf } from '../packages.js';
import type { MaybePromise } from '../socket.js';
import { latePackage } from './late-modules.js';

let list: PublicSuffixes | null = null;

export function publicSuffixes(): MaybePromise<PublicSuffixes> {
  if (list !== null) return list;
  return latePackage(
    (load) => kept(load('tldts')),
    () => import('tldts').then(kept),
  );
}

function kept(exports: SuffixPackage): PublicSuffixes {
  list = suffixesOf(exports);
  return list;
}
