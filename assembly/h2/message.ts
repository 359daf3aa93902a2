/**
 * Responses from their heads to their ends (RFC 9113 §8.1): what a complete field block, content, and the end of a stream
 * mean. Says it in records and in the streams' states; reads no frames.
 */
import {
  CLOSE_NONE,
  FLAG_NO_BODY,
  FLAG_SAME_FIELDS,
  H2_COMPRESSION_ERROR,
  H2_ENHANCE_YOUR_CALM,
  H2_FLOW_CONTROL_ERROR,
  H2_INTERNAL_ERROR,
  H2_NO_ERROR,
  H2_PROTOCOL_ERROR,
  HTTP2_EMPTY_DATA_MAX,
  HTTP2_SOME_CONTENT_OCTETS,
  KIND_END,
  KIND_HEAD,
  KIND_INTERIM,
  KIND_WRITABLE,
  NONE,
  OPEN_CONNECT,
  OPEN_EXPECT_CONTINUE,
  OPEN_HEAD,
  RULE_H2_CONTENT_UNASKED,
  RULE_H2_EMPTY_DATA,
  RULE_H2_INTERIM_ENDS,
  RULE_H2_LENGTH_DIFFERS,
  RULE_H2_SWITCHING,
  RULE_H2_TRAILERS_OPEN,
  RULE_H2_WINDOW_EXCEEDED,
  RULE_HPACK_FIELD_COUNT,
  RULE_HPACK_LIST_OCTETS,
  RULE_INTERIM_COUNT,
  RULE_MEMORY,
} from '../abi';
import { emit, fault } from '../event';
import { decodeBlock } from '../hpack/decoder';
import { Section } from '../hpack/section';
import { creditStream } from './credit';
import {
  flagsOfHead,
  forgetHead,
  isSameHead,
  keepHead,
  lendTable,
  lengthOfHead,
  noteHead,
  octetsOfTable,
  readHead,
  readTrailers,
  statusOfHead,
} from './fields';
import { earnIdleFrames, forgetEmptyData, spendEmptyData } from './flood';
import { refuse, refuseMemory, refuseStream, writeReset } from './refusal';
import {
  afterHead,
  DO_CONTENT_LAST,
  DO_HEAD_LAST,
  DO_NOTHING,
  DO_REFUSE_OPEN,
  DO_TRAILERS,
  ENDED,
  isSending,
  RESET,
  SENDING_ENDED,
} from './state';
import { ANY_LENGTH, closeStream, Connection, findStream, setWanted, Stream } from './stream';
import { takeReceived } from './window';

// ── in a stream's OPEN_* bits, from the head of its response on ──
/** A tunnel, whose halves end each on its own. */
const OPEN_TUNNEL: u32 = 0x10000;
/** The response has no content, whatever it says (RFC 9110 §6.4.1). */
const OPEN_EMPTY: u32 = 0x20000;
/** Pseudo-header fields of a response: :status. */
const PSEUDO_FIELDS: u32 = 1;

// ── field blocks ──

/** The field block of stream `id` is complete. Each one is decoded, wanted or not: the table goes on with it. */
export function endBlock(c: Connection, id: u32, outcome: u32, from: usize, to: usize): void {
  const s = findStream(c, id);
  const section = changetype<Section>(c.section);
  section.listOctetsMax = s ? s.listLeft : c.headOctetsMax;
  const rule = decodeBlock(c.decoder, from, to, c.section);
  const isTooMuch = rule == RULE_HPACK_LIST_OCTETS || rule == RULE_HPACK_FIELD_COUNT;
  if (rule && !isTooMuch) {
    fault(rule, 0, NONE, NONE);
    refuse(c, rule == RULE_MEMORY ? H2_INTERNAL_ERROR : H2_COMPRESSION_ERROR);
    return;
  }
  if (!s || outcome == DO_NOTHING) return;
  if (isTooMuch) {
    fault(rule, 0, NONE, rule == RULE_HPACK_LIST_OCTETS ? c.headOctetsMax : c.fieldsMax);
    refuseStream(c, s, H2_ENHANCE_YOUR_CALM);
    return;
  }
  s.listLeft -= section.listOctets;
  if (outcome == DO_TRAILERS) receiveTrailers(c, s, section);
  else if (outcome == DO_REFUSE_OPEN) refuseMessage(c, s, RULE_H2_TRAILERS_OPEN, NONE);
  else receiveHead(c, s, section, outcome == DO_HEAD_LAST);
}

function refuseMessage(c: Connection, s: Stream, rule: u32, limit: u32): void {
  fault(rule, 0, NONE, limit);
  refuseStream(c, s, H2_PROTOCOL_ERROR);
}

function receiveHead(c: Connection, s: Stream, section: Section, isLast: bool): void {
  const isSame = isSameHead(c, section);
  if (!isSame) {
    noteHead(c, section);
    if (!readHead(section)) {
      forgetHead(c);
      refuseStream(c, s, H2_PROTOCOL_ERROR);
      return;
    }
  }
  if (statusOfHead() < 200) {
    forgetHead(c);
    receiveInterim(c, s, section, isLast);
  } else {
    receiveFinal(c, s, section, isLast, isSame);
  }
}

function receiveInterim(c: Connection, s: Stream, section: Section, isLast: bool): void {
  const status = statusOfHead();
  if (isLast) return refuseMessage(c, s, RULE_H2_INTERIM_ENDS, NONE);
  if (status == 101) return refuseMessage(c, s, RULE_H2_SWITCHING, NONE);
  if (s.interims == c.interimMax) {
    fault(RULE_INTERIM_COUNT, 0, NONE, c.interimMax);
    refuseStream(c, s, H2_ENHANCE_YOUR_CALM);
    return;
  }
  s.interims++;
  const table = lendTable(section, PSEUDO_FIELDS);
  if (!table) return refuseMemory(c);
  const octets = octetsOfTable(section, PSEUDO_FIELDS);
  emit(KIND_INTERIM, status, s.id, <u32>table, octets, flagsOfHead(), section.count - PSEUDO_FIELDS, NONE);
  if (status != 100 || !(s.open & OPEN_EXPECT_CONTINUE)) return;
  // Once: later ones tell nothing new.
  s.open &= ~OPEN_EXPECT_CONTINUE;
  emit(KIND_WRITABLE, 0, s.id, 0, 0, 0, 0, 0);
}

function receiveFinal(c: Connection, s: Stream, section: Section, isLast: bool, isSame: bool): void {
  const status = statusOfHead();
  if (s.open & OPEN_CONNECT && status < 300) {
    s.open |= OPEN_TUNNEL;
  } else if (s.open & OPEN_HEAD || status == 204 || status == 304) {
    // What such a response says of a length is of another's (RFC 9113 §8.1.1).
    s.open |= OPEN_EMPTY;
    s.responseLeft = 0;
  } else {
    s.responseLeft = lengthOfHead();
  }
  // A head that ends the stream has said all: what else it says of a length must be right.
  if (isLast && s.responseLeft != ANY_LENGTH && s.responseLeft != 0) {
    forgetHead(c);
    return refuseMessage(c, s, RULE_H2_LENGTH_DIFFERS, NONE);
  }
  const flags = flagsOfHead() | (isLast ? FLAG_NO_BODY : 0);
  const fields = section.count - PSEUDO_FIELDS;
  if (isSame) {
    emit(KIND_HEAD, status, s.id, 0, 0, flags | FLAG_SAME_FIELDS, fields, NONE);
  } else {
    const table = lendTable(section, PSEUDO_FIELDS);
    if (!table) return refuseMemory(c);
    keepHead(c);
    emit(KIND_HEAD, status, s.id, <u32>table, octetsOfTable(section, PSEUDO_FIELDS), flags, fields, NONE);
  }
  s.state = afterHead(s.state);
  if (isLast) peerEnds(c, s, 0, 0, 0);
}

function receiveTrailers(c: Connection, s: Stream, section: Section): void {
  if (!readTrailers(section)) {
    refuseStream(c, s, H2_PROTOCOL_ERROR);
    return;
  }
  if (!section.count) return endContent(c, s, 0, 0, 0);
  const table = lendTable(section, 0);
  if (!table) return refuseMemory(c);
  endContent(c, s, table, octetsOfTable(section, 0), section.count);
}

// ── content ──

/**
 * A DATA frame of `length` octets begins, `content` of them content. False if that is not for the host: the stream was
 * refused.
 */
export function beginContent(c: Connection, s: Stream, outcome: u32, length: u32, content: u32): bool {
  if (!takeReceived(s, length)) {
    fault(RULE_H2_WINDOW_EXCEEDED, 0, NONE, c.streamWindow);
    refuseStream(c, s, H2_FLOW_CONTROL_ERROR);
    return false;
  }
  if (content == 0) {
    if (outcome == DO_CONTENT_LAST || spendEmptyData(c)) {
      creditStream(c, s, length);
      return true;
    }
    fault(RULE_H2_EMPTY_DATA, 0, NONE, HTTP2_EMPTY_DATA_MAX);
    refuse(c, H2_ENHANCE_YOUR_CALM);
    return false;
  }
  forgetEmptyData(c);
  if (s.wanted) setWanted(c, s, 0);
  if (content >= <u32>HTTP2_SOME_CONTENT_OCTETS) earnIdleFrames(c, 1);
  if (s.responseLeft != ANY_LENGTH) {
    if (content > s.responseLeft) {
      refuseMessage(c, s, s.open & OPEN_EMPTY ? RULE_H2_CONTENT_UNASKED : RULE_H2_LENGTH_DIFFERS, NONE);
      return false;
    }
    s.responseLeft -= content;
  }
  creditStream(c, s, length - content);
  return true;
}

/** The response's content is complete. `table`, `octets`, `fields`: its trailers. */
export function endContent(c: Connection, s: Stream, table: usize, octets: u32, fields: u32): void {
  if (s.responseLeft != ANY_LENGTH && s.responseLeft != 0) refuseMessage(c, s, RULE_H2_LENGTH_DIFFERS, NONE);
  else peerEnds(c, s, table, octets, fields);
}

/**
 * The peer resets, without an error, a stream of which no content is missing: the end that it did not say. So does node:http2
 * when a body ends where the window does.
 */
export function endByReset(c: Connection, s: Stream): void {
  emitEnd(c, s, 0, 0, 0);
  closeStream(c, s, RESET);
}

function emitEnd(c: Connection, s: Stream, table: usize, octets: u32, fields: u32): void {
  emit(KIND_END, c.closeReason == CLOSE_NONE ? 1 : 0, s.id, <u32>table, octets, 0, fields, 0);
}

/** The peer's half is complete. What it did not wait for of ours is not wanted, but in a tunnel. */
function peerEnds(c: Connection, s: Stream, table: usize, octets: u32, fields: u32): void {
  emitEnd(c, s, table, octets, fields);
  const wasSending = isSending(s.state);
  if (wasSending && s.open & OPEN_TUNNEL) {
    s.state = SENDING_ENDED;
    return;
  }
  const id = s.id;
  closeStream(c, s, ENDED);
  if (wasSending) writeReset(c, id, H2_NO_ERROR);
}
