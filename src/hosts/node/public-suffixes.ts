/**
 * The public suffix list, from the package `tldts`: 200 KB that most programs never need, loaded when a cookie first names a
 * domain. Node.js loads it at once, for blocking clients too; in a bundle, where there is no package to be found, it comes
 * as the bundle's own chunk.
 */
import process from 'node:process';
import type { PublicSuffixes } from '../host.js';
import type { MaybePromise } from '../socket.js';

type Tldts = typeof import('tldts');

/** The list's private section counts: who has `a.github.io` does not speak for `github.io`. Names come as they are. */
const OPTIONS = { allowPrivateDomains: true, extractHostname: false, validateHostname: false, detectIp: false };

let list: PublicSuffixes | null = null;

export function publicSuffixes(): MaybePromise<PublicSuffixes> {
  if (list !== null) return list;
  const { createRequire } = process.getBuiltinModule('node:module');
  let tldts: Tldts;
  try {
    tldts = createRequire(import.meta.url)('tldts');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return import('tldts').then(listOf);
  }
  return listOf(tldts);
}

function listOf({ getPublicSuffix }: Tldts): PublicSuffixes {
  list = { isPublicSuffix: (domain) => getPublicSuffix(domain, OPTIONS) === domain };
  return list;
}
