/**
 * The window of a stream of the second module: its output area, which is its history as well. A ring, so that nothing
 * is ever moved down; it grows as it fills, up to the history that the data asked for and one piece.
 *
 *   at first:      | run: history … handed … out |  room    …                     windowEnd |
 *   wrapped:       | run … handed … out | slack | older history …        olderEnd | unused  |
 *   in the data:   older history (the octets that end at olderEnd), then the run
 *
 * A piece is written in one run: where it has no room before the end, it begins at the start. That is done only when
 * what is before it in the window is at least as long as the history that is needed, and a slack: while the new run
 * grows, what matches may reach recedes as fast, so that it is never written over, not even by wide stores past `out`.
 */
import { DECODED_OCTETS_PER_CALL, RULE_CODING_MEMORY, RULE_CODING_OCTETS_LIMIT, RULE_CODING_RATIO_LIMIT } from '../abi';
import { SLACK_OCTETS, allocate, release, resize } from '../memory';
import { STEP_FULL, STEP_ON } from './state';
import { Stream, madeOf, takenOf } from './stream';

/** Most that is made before the limits are looked at, and what is exempt from the ratio: small bodies may be of any. */
export const PIECE_OCTETS: u32 = DECODED_OCTETS_PER_CALL - 512;
/** No window is smaller than this, so that small ones do not grow in many steps. */
const WINDOW_LEAST: usize = 4096;

/** What follows has no history yet: a frame begins. */
export function beginHistory(s: Stream): void {
  s.run = s.out;
  s.olderEnd = 0;
}

/**
 * Makes room for `octets` at `out`, in one run, keeping a history of `reach` octets; `outEnd` is where the room ends.
 * For codings that decode a block whole. Answers STEP_ON, STEP_FULL, or RULE_CODING_MEMORY.
 */
export function reserve(s: Stream, octets: u32, reach: u32): u32 {
  const needed = <usize>octets + SLACK_OCTETS;
  if (s.windowEnd - s.out < needed) {
    const runOctets = s.out - s.window;
    const isWithoutHistory = s.out == s.run && !s.olderEnd;
    const isLongEnough = isWithoutHistory || runOctets >= <usize>reach + SLACK_OCTETS;
    if (isLongEnough && s.windowEnd - s.window >= needed) {
      if (s.out != s.handed) return STEP_FULL;
      s.olderEnd = isWithoutHistory ? 0 : s.out;
      s.out = s.window;
      s.run = s.window;
      s.handed = s.window;
    } else if (!grow(s, runOctets + needed, <usize>reach + needed + SLACK_OCTETS)) {
      return RULE_CODING_MEMORY;
    }
  }
  s.outEnd = s.out + octets;
  return STEP_ON;
}

/**
 * For codings that can stop at any octet: one is ready and `out` is `outEnd`. Looks at the limits, then makes room for
 * another PIECE_OCTETS or for what the limit on octets leaves of them, keeping a history of `reach` octets. Answers
 * STEP_ON, STEP_FULL (call it again in the next step), or the rule that was broken.
 */
export function makeRoom(s: Stream, reach: u32): u32 {
  const made = madeOf(s);
  if (made == s.decodedMax) return RULE_CODING_OCTETS_LIMIT;
  if (isBeyondRatio(s, made)) return RULE_CODING_RATIO_LIMIT;
  if (s.out != s.handed) return STEP_FULL;
  return reserve(s, <u32>min<u64>(PIECE_OCTETS, s.decodedMax - made), reach);
}

/**
 * For codings that decode a block whole: one just ended. Takes back what is beyond the limit on octets. Answers STEP_ON
 * or the rule that was broken.
 */
export function limitBlock(s: Stream): u32 {
  const made = madeOf(s);
  if (made > s.decodedMax) {
    s.out -= <usize>(made - s.decodedMax);
    return RULE_CODING_OCTETS_LIMIT;
  }
  return isBeyondRatio(s, made) ? RULE_CODING_RATIO_LIMIT : STEP_ON;
}

function isBeyondRatio(s: Stream, made: u64): bool {
  return s.ratioMax > 0 && made >= PIECE_OCTETS && <f64>made > s.ratioMax * <f64>takenOf(s);
}

/**
 * A larger window with the same content: `least` octets, or four times what there is (so that little is copied), but no
 * more than `most`.
 */
function grow(s: Stream, least: usize, most: usize): bool {
  const before = s.window;
  const size = max(least, min(most, max((s.windowEnd - before) << 2, WINDOW_LEAST)));
  const used = max(s.out, s.olderEnd) - before;
  const window = before ? resize(before, used, size) : allocate(size);
  if (!window) return false;
  s.window = window;
  s.windowEnd = window + size;
  s.out = window + (s.out - before);
  s.run = window + (s.run - before);
  s.handed = window + (s.handed - before);
  if (s.olderEnd) s.olderEnd = window + (s.olderEnd - before);
  return true;
}

/**
 * Appends `length` octets that stand `distance` back, where the plain copy cannot since they begin in the older run.
 * The caller has checked that the history reaches so far back (in octets, and in the data), and that there is room.
 */
export function copyFromOlder(s: Stream, out: usize, distance: usize, length: usize): void {
  const runOctets = out - s.run;
  const inOlder = distance - runOctets;
  const from = s.olderEnd - inOlder;
  const first = min(inOlder, length);
  memory.copy(out, from, first);
  if (first != length) repeatOctets(out + first, distance, length - first);
}

/** Repeats what stands `distance` octets before `out`. Each copy doubles the period, so that few are made. */
export function repeatOctets(out: usize, distance: usize, octets: usize): void {
  const from = out - distance;
  while (octets > distance) {
    memory.copy(out, from, distance);
    out += distance;
    octets -= distance;
    distance <<= 1;
  }
  memory.copy(out, from, octets);
}

export function freeHistory(s: Stream): void {
  if (s.window) release(s.window);
}
