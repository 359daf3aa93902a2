/**
 * The output area of a decoder, which is its history as well.
 *
 *   at first:           | fresh output …                   |   up to FRESH_OCTETS, in a small block at first
 *   after each slide:   | history, 32 KiB | fresh output … |
 *
 * The window slides each time FRESH_OCTETS were made since the start of `fresh`, however the input was cut; therefore
 * the ratio is checked there, before more is made. Of decoded octets, none beyond the limit is ever made.
 */
import {
  RULE_CODING_MEMORY,
  RULE_CODING_OCTETS_LIMIT,
  RULE_CODING_RATIO_LIMIT,
  CODING_GZIP,
  CODING_ZLIB,
} from '../abi';
import { allocate, release, resize } from '../memory';
import { adler32, crc32 } from './checksum';
import { Decoder, FRESH_OCTETS, HISTORY_OCTETS, STEP_FULL, STEP_ON, WINDOW_OCTETS, WINDOW_SMALL_OCTETS } from './state';

/** Counts what was made since the last time into checksum and length. */
export function sumOutput(d: Decoder): void {
  const from = d.unsummed;
  const end = d.out;
  if (from == end) return;
  if (d.coding == CODING_GZIP) d.sum = crc32(d.sum, from, end);
  else if (d.coding == CODING_ZLIB) d.sum = adler32(d.sum, from, end);
  d.memberOctets += <u32>(end - from);
  d.unsummed = end;
}

/**
 * An octet is ready and there is no room. Makes room and answers STEP_ON; or STEP_FULL, if what this call made must be
 * handed out before; or the limit that was met.
 */
export function makeRoom(d: Decoder): u32 {
  const made = d.made + (d.out - d.fresh);
  if (made == d.decodedMax) return RULE_CODING_OCTETS_LIMIT;
  if (d.windowEnd - d.fresh < FRESH_OCTETS) return growWindow(d) ? STEP_ON : RULE_CODING_MEMORY;
  const taken = d.taken + (d.input - d.inputFrom);
  if (d.ratioMax > 0 && <f64>made > d.ratioMax * <f64>taken) return RULE_CODING_RATIO_LIMIT;
  if (d.out != d.handed) return STEP_FULL;
  slideWindow(d);
  return STEP_ON;
}

/** Room of a window ends where the window does, or where the limit on decoded octets is met. */
function boundRoom(d: Decoder): void {
  const room = min<u64>(d.windowEnd - d.fresh, d.decodedMax - d.made);
  d.outEnd = d.fresh + <usize>room;
}

/** The first window, or a larger one in its place. @returns false if there is no memory. */
function growWindow(d: Decoder): bool {
  const before = d.window;
  const used = d.out - before;
  const size = before ? WINDOW_OCTETS : WINDOW_SMALL_OCTETS;
  const window = before ? resize(before, used, size) : allocate(size);
  if (!window) return false;
  d.window = window;
  d.windowEnd = window + min(size, FRESH_OCTETS);
  d.out = window + used;
  d.fresh = window + (d.fresh - before);
  d.handed = window + (d.handed - before);
  d.history = window + (d.history - before);
  d.unsummed = window + (d.unsummed - before);
  boundRoom(d);
  return true;
}

/** Moves the last 32 KiB to the window's start. */
function slideWindow(d: Decoder): void {
  sumOutput(d);
  const moved = d.out - HISTORY_OCTETS;
  memory.copy(d.window, moved, HISTORY_OCTETS);
  d.history = d.window + (d.history > moved ? d.history - moved : 0);
  d.made += d.out - d.fresh;
  d.out = d.window + HISTORY_OCTETS;
  d.fresh = d.out;
  d.handed = d.out;
  d.unsummed = d.out;
  d.windowEnd = d.out + FRESH_OCTETS;
  boundRoom(d);
}

export function freeWindow(d: Decoder): void {
  if (d.window) release(d.window);
}
