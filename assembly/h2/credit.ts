/**
 * Credit for what came (RFC 9113 §5.2.2, §6.9): when the peer may send how much more. What nobody releases is bounded for the
 * connection as a whole, and yet nobody who waits for content is held up by what others leave:
 *
 * - Content gets the connection's credit as it comes; while 32 MiB are unreleased, as so much is released.
 * - From then on streams are to have a narrow window. Once the peer has acknowledged that, those with more unread get nothing
 *   more, so that a narrow window of the connection is enough for who waits.
 */
import {
  HTTP2_NARROW_WINDOW_OCTETS,
  HTTP2_STREAM_WINDOW_OCTETS,
  HTTP2_UNRELEASED_OCTETS_EASY,
  HTTP2_UNRELEASED_OCTETS_MAX,
  HTTP2_WINDOW_OCTETS,
} from '../abi';
import { HEAD_OCTETS, reserveOutput } from './output';
import { refuseMemory } from './refusal';
import { SETTING_OCTETS, writeWindowSetting, writeWindowUpdate } from './settings';
import { Connection, everyStream, Stream } from './stream';
import { giveBack, restore, shiftReceive, withhold } from './window';

/** Room in the output that is enough for all that one call here writes. */
export const CREDIT_OCTETS: u32 = 3 * HEAD_OCTETS + 4 + 4 + SETTING_OCTETS;
/** What is unreleased and what the connection's window lets come are together no more, unless somebody waits. */
const CONTENT_OCTETS_MAX: u32 = HTTP2_UNRELEASED_OCTETS_MAX + HTTP2_WINDOW_OCTETS;

/** Gives the connection credit for `length` octets that came, `content` of them for the host to buffer. */
export function creditReceived(c: Connection, length: u32, content: u32): void {
  c.unreleased += content;
  if (c.unreleased >= <u32>HTTP2_UNRELEASED_OCTETS_MAX) {
    askWindow(c, HTTP2_NARROW_WINDOW_OCTETS);
    const size = sizeOf(c);
    if (size < c.receiveSize) {
      const held = min(content, c.receiveSize - size);
      withhold(c, held);
      length -= held;
    }
  }
  writeCredit(c, 0, giveBack(c, length));
}

/** Gives the connection credit for content that was released, as far as it was withheld, and for what is waited for. */
export function creditReleased(c: Connection, octets: u32): void {
  const before = c.unreleased;
  c.unreleased = before - min(octets, before);
  // Below that all windows are wide, or will be when the peer has acknowledged what was said.
  if (before >= <u32>HTTP2_UNRELEASED_OCTETS_EASY) balance(c);
}

/** Gives a stream credit for octets that were released, or were no content. */
export function creditStream(c: Connection, s: Stream, octets: u32): void {
  if (octets) writeCredit(c, s.id, giveBack(s, octets));
}

/** The peer has acknowledged our SETTINGS: what it says of open streams, too, holds from now on (§6.9.2). */
export function acknowledged(c: Connection): void {
  c.unacknowledged--;
  const by = <i64>c.nextWindow - c.streamWindow;
  if (by) everyStream(c, by, shiftReceived);
  c.streamWindow = c.nextWindow;
  if (c.unreleased >= <u32>HTTP2_UNRELEASED_OCTETS_MAX) askWindow(c, HTTP2_NARROW_WINDOW_OCTETS);
  balance(c);
}

function shiftReceived(c: Connection, s: Stream, by: i64): bool {
  shiftReceive(s, <i32>by);
  // What was due is more than half of a narrow window, perhaps, and nothing else may come to be.
  writeCredit(c, s.id, giveBack(s, 0));
  return true;
}

/** Makes the connection's window, and those of streams, as large as they may be again. */
function balance(c: Connection): void {
  if (c.nextWindow != HTTP2_STREAM_WINDOW_OCTETS && c.unreleased < <u32>HTTP2_UNRELEASED_OCTETS_EASY) {
    askWindow(c, HTTP2_STREAM_WINDOW_OCTETS);
  }
  const size = sizeOf(c);
  if (size <= c.receiveSize) return;
  const more = size - c.receiveSize;
  restore(c, more);
  writeCredit(c, 0, giveBack(c, more));
}

/** What the connection's window may be when all that is due is given back. */
function sizeOf(c: Connection): u32 {
  const room = CONTENT_OCTETS_MAX - min(c.unreleased, CONTENT_OCTETS_MAX);
  const least: u32 = c.wanted && c.streamWindow == HTTP2_NARROW_WINDOW_OCTETS ? HTTP2_NARROW_WINDOW_OCTETS : 0;
  return min(max(room, least), <u32>HTTP2_WINDOW_OCTETS);
}

/** Streams are to have a window of `octets`: said once the peer has acknowledged what was said before. */
function askWindow(c: Connection, octets: u32): void {
  if (c.nextWindow == octets || c.unacknowledged) return;
  // Without memory it is said later: the connection's window bounds what comes all the same.
  if (reserveOutput(c, HEAD_OCTETS + SETTING_OCTETS)) writeWindowSetting(c, octets);
}

function writeCredit(c: Connection, stream: u32, increment: u32): void {
  if (!increment) return;
  if (reserveOutput(c, HEAD_OCTETS + 4)) writeWindowUpdate(c, stream, increment);
  else refuseMemory(c);
}
