// What the big download consists of: one block, again and again. Both sides can make it; neither holds more than the block.
import { createHash } from 'node:crypto';

const BLOCK_OCTETS = 65_536;
const block = Uint8Array.from({ length: BLOCK_OCTETS }, (_, at) => (at * 131 + (at >>> 8)) & 0xff);

/** The pattern's first `octets` octets, in pieces that must not be changed. */
export function* patternOf(octets) {
  for (let made = 0; made < octets; made += BLOCK_OCTETS) {
    yield octets - made < BLOCK_OCTETS ? block.subarray(0, octets - made) : block;
  }
}

/** SHA-256 of those octets. */
export function patternDigest(octets) {
  const hash = createHash('sha256');
  for (const piece of patternOf(octets)) hash.update(piece);
  return hash.digest('hex');
}
