/** What hosts make of the packages that this one needs, however each loads them. Nothing here loads them. */
import type { Digests, PublicSuffixes } from './host.js';

/** What `tldts` exports. */
export type SuffixPackage = typeof import('tldts');
/** What `@noble/hashes/legacy.js` exports. */
export type LegacyHashes = typeof import('@noble/hashes/legacy.js');
/** What `@noble/hashes/sha2.js` exports. */
export type CurrentHashes = typeof import('@noble/hashes/sha2.js');

/** The list's private section counts: who has `a.github.io` does not speak for `github.io`. Names come as they are. */
const OPTIONS = { allowPrivateDomains: true, extractHostname: false, validateHostname: false, detectIp: false };

export function suffixesOf({ getPublicSuffix }: SuffixPackage): PublicSuffixes {
  return { isPublicSuffix: (domain) => getPublicSuffix(domain, OPTIONS) === domain };
}

export function digestsOf({ md5, sha1 }: LegacyHashes, { sha256, sha512, sha512_256 }: CurrentHashes): Digests {
  return { md5, sha1, sha256, sha512, sha512_256 };
}
