/**
 * What becomes of a fault (RFC 9113 §5.4): of a stream a record and RST_STREAM, of the connection a record and GOAWAY. The
 * rule is the last `fault`, whose place counts from the first octet of the frame, or from that of the field section.
 */
import {
  CLOSE_NONE,
  CLOSE_PROTOCOL_ERROR,
  H2_ENHANCE_YOUR_CALM,
  H2_INTERNAL_ERROR,
  HTTP2_ANSWERS_MAX,
  HTTP2_STREAM_ERRORS_MAX,
  KIND_ERROR,
  KIND_STREAM_ERROR,
  NONE,
  RULE_H2_ANSWERS,
  RULE_H2_STREAM_ERRORS,
  RULE_MEMORY,
} from '../abi';
import { emitFaultAs, fault } from '../event';
import { spendStreamError } from './flood';
import { appendFrame, HEAD_OCTETS, reserveOutput } from './output';
import { GONE } from './state';
import { closeStream, Connection, Stream } from './stream';

export const TYPE_RST_STREAM: u32 = 3;
export const TYPE_GOAWAY: u32 = 7;

/** Ends the connection; the reason that was there first stays. */
export function close(c: Connection, reason: u32): void {
  c.over = 1;
  if (c.closeReason == CLOSE_NONE) c.closeReason = reason;
}

/** Ends the connection with the last fault and the error code of its GOAWAY, which names no stream of the peer's. */
export function refuse(c: Connection, code: u32): void {
  emitFaultAs(KIND_ERROR, c.stream, 0, code);
  close(c, CLOSE_PROTOCOL_ERROR);
  writeGoaway(c, code);
}

/** Queues GOAWAY (§6.8), which without memory does not go. */
export function writeGoaway(c: Connection, code: u32): void {
  if (!reserveOutput(c, HEAD_OCTETS + 8)) return;
  const at = appendFrame(c, 8, TYPE_GOAWAY, 0, 0);
  store<u32>(at, 0, 0, 1);
  store<u32>(at, bswap(code), 4, 1);
}

/** Ends the connection for want of memory. */
export function refuseMemory(c: Connection): void {
  fault(RULE_MEMORY, 0, NONE, NONE);
  refuse(c, H2_INTERNAL_ERROR);
}

/** Ends the connection of a peer that goes on, and does not read what it is answered. That is about none of its streams. */
export function refuseAnswers(c: Connection): void {
  c.stream = 0;
  fault(RULE_H2_ANSWERS, 0, NONE, HTTP2_ANSWERS_MAX);
  refuse(c, H2_ENHANCE_YOUR_CALM);
}

/** Queues RST_STREAM (§6.4). False, and the connection is ended, without memory. */
export function writeReset(c: Connection, stream: u32, code: u32): bool {
  if (!reserveOutput(c, HEAD_OCTETS + 4)) {
    refuseMemory(c);
    return false;
  }
  store<u32>(appendFrame(c, 4, TYPE_RST_STREAM, 0, stream), bswap(code), 0, 1);
  return true;
}

/** Ends the stream with the last fault; too many of these end the connection. */
export function refuseStream(c: Connection, s: Stream, code: u32): void {
  emitFaultAs(KIND_STREAM_ERROR, s.id, 0, code);
  const id = s.id;
  closeStream(c, s, GONE);
  resetForFault(c, id, code);
}

/** Resets a stream for what the peer did on it. */
export function resetForFault(c: Connection, id: u32, code: u32): void {
  if (!spendStreamError(c)) {
    fault(RULE_H2_STREAM_ERRORS, 0, NONE, HTTP2_STREAM_ERRORS_MAX);
    refuse(c, H2_ENHANCE_YOUR_CALM);
  } else {
    writeReset(c, id, code);
  }
}
