/** Memory that octets are read into, or copied to, and that is then the user's. */
import { Buffer } from 'node:buffer';

/** A block that the C library maps apart, however large the blocks are that it has seen before. */
const APART_OCTETS = 16777216;
/** Less than this is an object among others: ballast comes for each so many octets. */
const LARGE_OCTETS = 16384;
/** Elements of one piece of ballast, 8 octets each. */
const BALLAST_ELEMENTS = 256;

let keepsFreed = false;
let ballast: readonly number[] = new Array<number>(BALLAST_ELEMENTS).fill(0);

/**
 * Has the C library keep what collections free. glibc hands the top of its heap back to the kernel once that is twice the
 * largest block that it had mapped apart and got back (mallopt(3), M_MMAP_THRESHOLD), at first 128 KiB: then each piece is
 * mapped and zeroed anew, page by page. One block of this size, never touched and dropped at once, makes that 32 MiB.
 */
function keepFreed(): void {
  if (keepsFreed) return;
  keepsFreed = true;
  if (process.platform === 'linux') Buffer.allocUnsafeSlow(APART_OCTETS);
}

/**
 * Memory for a piece, neither zeroed nor from a pool; and its ballast. V8 counts memory outside its heap towards full
 * collections only, whose price is the application's whole heap. A young collection frees dropped pieces as well, for next to
 * nothing, but comes only when the young generation fills. Ballast, an eighth of what is lent, fills it in time, which is before
 * 64 MiB are lent or wait to be freed. It consists of small arrays, each made of the one before and dropped with the next: an
 * engine cannot leave them out, and what outlives a collection is one of them, since survivors make the young generation grow.
 */
export function lentMemory(length: number): Uint8Array<ArrayBuffer> {
  if (length < LARGE_OCTETS) return new Uint8Array(length);
  for (let octets = 0; octets < length; octets += LARGE_OCTETS) ballast = ballast.slice();
  if (length > LARGE_OCTETS) keepFreed();
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer);
}
