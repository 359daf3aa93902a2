/**
 * What a peer may do without anything coming of it (RFC 9113 §10.5): budgets over time. The clock is an input: milliseconds
 * that came with the octets, of which only differences count.
 */
import {
  HTTP2_EMPTY_DATA_MAX,
  HTTP2_IDLE_FRAMES_MAX,
  HTTP2_IDLE_FRAMES_PER_SECOND,
  HTTP2_STREAM_ERRORS_MAX,
  HTTP2_STREAM_ERRORS_MS,
} from '../abi';
import { Connection, errorTimeOf } from './stream';

const MS_PER_FRAME: u32 = 1000 / HTTP2_IDLE_FRAMES_PER_SECOND;

export function beginBudgets(c: Connection): void {
  c.idleFramesLeft = HTTP2_IDLE_FRAMES_MAX;
}

/** Something came on, for which so many more frames may not. */
export function earnIdleFrames(c: Connection, frames: u32): void {
  c.idleFramesLeft += min(frames, <u32>HTTP2_IDLE_FRAMES_MAX - c.idleFramesLeft);
}

/** Counts a frame that brings nothing on. False if there were too many. */
export function spendIdleFrame(c: Connection): bool {
  const earned = (c.now - c.idleFramesAt) / MS_PER_FRAME;
  if (earned) {
    // What is left of the milliseconds goes on counting.
    c.idleFramesAt += earned * MS_PER_FRAME;
    earnIdleFrames(c, earned);
  }
  if (c.idleFramesLeft == 0) return false;
  c.idleFramesLeft--;
  return true;
}

/** Counts a DATA frame that has content, or ends its stream. */
export function forgetEmptyData(c: Connection): void {
  c.emptyData = 0;
}

/** Counts one that does neither. False if there were too many, one after the other. */
export function spendEmptyData(c: Connection): bool {
  if (c.emptyData == HTTP2_EMPTY_DATA_MAX) return false;
  c.emptyData++;
  return true;
}

/** Counts a stream that the peer made us reset. False if there were too many in that time. */
export function spendStreamError(c: Connection): bool {
  const place = errorTimeOf(c, c.errors % HTTP2_STREAM_ERRORS_MAX);
  const isFull = c.errors >= <u32>HTTP2_STREAM_ERRORS_MAX;
  // The place holds the time of the error that was so many errors ago.
  if (isFull && c.now - load<u32>(place) < <u32>HTTP2_STREAM_ERRORS_MS) return false;
  store<u32>(place, c.now);
  c.errors = c.errors + 1 == 2 * HTTP2_STREAM_ERRORS_MAX ? HTTP2_STREAM_ERRORS_MAX : c.errors + 1;
  return true;
}
