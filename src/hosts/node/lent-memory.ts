/** Memory that a socket reads into and that may be handed to the user, who owns it from then on. */
import { Buffer } from 'node:buffer';

/** One TLS record's content: what a read of a TLS socket gives at the most. */
export const RECORD_OCTETS = 16384;

/** A block that the C library maps apart, however large the blocks are that it has seen before. */
const APART_OCTETS = 16777216;

let keepsFreed = false;

/**
 * Has the C library keep what collections free. glibc hands the top of its heap back to the kernel once that is twice the
 * largest block that it had mapped apart and got back (mallopt(3), M_MMAP_THRESHOLD), at first 128 KiB: then each piece is
 * mapped and zeroed anew, page by page. One block of this size, never touched and dropped at once, makes that 32 MiB.
 */
export function keepFreed(): void {
  if (keepsFreed) return;
  keepsFreed = true;
  if (process.platform === 'linux') Buffer.allocUnsafeSlow(APART_OCTETS);
}

/**
 * One piece of it, not from a pool; and its ballast. V8 counts memory outside its heap towards full collections only, whose
 * price is the application's whole heap. A young collection frees dropped pieces as well, for next to nothing, but comes only
 * when the young generation fills. Ballast per piece fills it in time, which is before 64 MiB are lent or wait to be freed: a
 * quarter; for pieces of one TLS record, which are objects enough themselves, a sixteenth.
 */
export class LentMemory {
  readonly octets: Uint8Array;
  /** [start, end): what was read and is not delivered yet. What stands before it was delivered, and is nobody's any more. */
  start = 0;
  end = 0;
  readonly ballast: readonly unknown[];

  /**
   * `isForRecords`: records of TLS are copied there, one by one. Zeroing brings the memory into the processor's cache, which
   * costs less than it saves these copies; what the kernel reads into it is cheaper as it is.
   */
  constructor(length: number, isForRecords: boolean) {
    this.octets = isForRecords ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    this.ballast = new Array(length > RECORD_OCTETS ? length >> 5 : length >> 7);
  }

  get isHolding(): boolean {
    return this.end > this.start;
  }

  /** Another record may not fit. */
  get isFull(): boolean {
    return this.octets.length - this.end < RECORD_OCTETS;
  }

  /** Where the next read goes. */
  get room(): Uint8Array {
    return this.end === 0 ? this.octets : this.octets.subarray(this.end);
  }
}
