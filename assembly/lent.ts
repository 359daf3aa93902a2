/**
 * Blocks that records point into. They are lent to the host when their record is written, and taken back when the next call
 * that makes records begins. Their first LINK_OCTETS hold nothing that the host reads: there they are linked.
 */
import { release } from './memory';

export const LINK_OCTETS: usize = 16;

let lent: usize = 0;

/** Lends a block of the allocator's. */
export function lend(block: usize): void {
  store<u32>(block, <u32>lent);
  lent = block;
}

/** Takes back what the records of the last call pointed to. */
export function takeBack(): void {
  while (lent) {
    const block = lent;
    lent = load<u32>(block);
    release(block);
  }
}
