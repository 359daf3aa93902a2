/** Hash functions, those of `node:crypto`: loaded when a Digest challenge is first answered. */
import type { Digests, HashFunction } from '../host.js';
import { cryptoModule } from './late-modules.js';

let made: Digests | null = null;

/** @throws what `node:crypto` throws of an algorithm that this build of it refuses (MD5 where FIPS holds), once it is used */
export function digests(): Digests {
  made ??= {
    md5: hashBy('md5'),
    sha1: hashBy('sha1'),
    sha256: hashBy('sha256'),
    sha512: hashBy('sha512'),
    sha512_256: hashBy('sha512-256'),
  };
  return made;
}

function hashBy(name: string): HashFunction {
  const { createHash } = cryptoModule();
  return (octets) => createHash(name).update(octets).digest();
}
