/** The public suffix list, from the package `tldts`: 200 KB, loaded when a cookie first names a domain. */
import type { PublicSuffixes } from '../host.js';
import type { MaybePromise } from '../socket.js';
import { latePackage } from './late-modules.js';

type Tldts = typeof import('tldts');

/** The list's private section counts: who has `a.github.io` does not speak for `github.io`. Names come as they are. */
const OPTIONS = { allowPrivateDomains: true, extractHostname: false, validateHostname: false, detectIp: false };

let list: PublicSuffixes | null = null;

export function publicSuffixes(): MaybePromise<PublicSuffixes> {
  if (list !== null) return list;
  return latePackage(
    (load) => listOf(load('tldts')),
    () => import('tldts').then(listOf),
  );
}

function listOf({ getPublicSuffix }: Tldts): PublicSuffixes {
  list = { isPublicSuffix: (domain) => getPublicSuffix(domain, OPTIONS) === domain };
  return list;
}
