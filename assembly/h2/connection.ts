/**
 * The HTTP/2 connection of a client (RFC 9113): octets in, event records and octets out. Walks frames in one loop; content is
 * never seen beyond what the host gave with the frame's head. How a frame's octets are come by is parts.ts; what frames do,
 * frame.ts; what responses mean, message.ts; this file has the calls and joins the rest.
 */
import {
  CLOSE_NONE,
  CLOSE_PEER_CLOSED,
  CLOSE_PROTOCOL_ERROR,
  CLOSE_STREAMS_EXHAUSTED,
  CLOSE_WE_ASKED,
  FIELDS_CEILING,
  H2_CANCEL,
  H2_NO_ERROR,
  HEAD_OCTETS_CEILING,
  HPACK_TABLE_OCTETS_DEFAULT,
  HTTP2_ANSWERS_MAX,
  HTTP2_FRAME_OCTETS_MAX,
  HTTP2_IDLE_FRAMES_PER_STREAM,
  HTTP2_WINDOW_OCTETS,
  INPUT_OCTETS as INPUT_AREA_OCTETS,
  INTERIM_CEILING,
  KIND_ERROR,
  KIND_PAUSE,
  KIND_RESET,
  KIND_WRITABLE,
  NONE,
  OPEN_END_STREAM,
  RULE_H2_PEER_CLOSED,
  RULE_H2_REQUEST_LONGER,
  RULE_H2_REQUEST_SHORTER,
  RULE_MEMORY,
} from '../abi';
import { clear, count, emit, emitFaultAs, fault, hasRoom } from '../event';
import { decoderFree, decoderNew } from '../hpack/decoder';
import { encoderFree, encoderNew } from '../hpack/encoder';
import { sectionFree, sectionNew } from '../hpack/section';
import { takeBack } from '../lent';
import { allocate, INPUT, isLive, release } from '../memory';
import { CREDIT_OCTETS, creditReleased, creditStream } from './credit';
import { beginBudgets, earnIdleFrames } from './flood';
import { FLAG_END_STREAM, PHASE_PASSED, TYPE_DATA } from './frame';
import { appendFrame, freeOutput, HEAD_OCTETS, reserveOutput, takeOutput as takeWritten } from './output';
import { endContentPart, endParts, receivePart } from './parts';
import { close, refuseAnswers, refuseMemory, writeGoaway, writeReset } from './refusal';
import { checkHead, checkTrailers, lengthOfBody, writeRequest, writeTrailers } from './request';
import { beginSettings, writePreface } from './settings';
import {
  afterEnd,
  DO_CANCEL,
  DO_END,
  DO_END_LAST,
  DO_SEND,
  ENDED,
  GONE,
  INPUT_CANCEL,
  INPUT_END,
  INPUT_SEND,
  outcomeOf,
  RESET,
} from './state';
import {
  ANY_LENGTH,
  closeStream,
  Connection,
  CONNECTION_OCTETS,
  findStream,
  freeStreams,
  joinQueue,
  leaveQueue,
  openStream,
  setWanted,
  Stream,
  streamBeyond,
  WAITS_FOR_STREAM,
  WAITS_NOT,
} from './stream';
import { beginWindows, WINDOW_FIRST } from './window';

/** Records that one part of a frame may need, and one to say that there is no more room. */
const RECORDS_OF_PART: u32 = 4;
/** Largest number of a stream (§5.1.1). */
const STREAM_MAX: u32 = 0x7fffffff;

function connectionOf(handle: u32): Connection {
  assert(isLive(handle), 'connectionOf: no connection');
  return changetype<Connection>(<usize>handle);
}

/** A connection whose preface is to be written; 0 without memory. */
export function create(headOctetsMax: u32, fieldsMax: u32, interimMax: u32): u32 {
  const address = allocate(CONNECTION_OCTETS);
  if (!address) return 0;
  memory.fill(address, 0, CONNECTION_OCTETS);
  const c = changetype<Connection>(address);
  c.headOctetsMax = min(headOctetsMax, <u32>HEAD_OCTETS_CEILING);
  c.fieldsMax = min(fieldsMax, <u32>FIELDS_CEILING);
  c.interimMax = min(interimMax, <u32>INTERIM_CEILING);
  c.nextStream = 1;
  c.goawayLast = NONE;
  beginWindows(c, WINDOW_FIRST, HTTP2_WINDOW_OCTETS);
  beginBudgets(c);
  beginSettings(c);
  c.decoder = decoderNew(HPACK_TABLE_OCTETS_DEFAULT);
  c.encoder = encoderNew(HPACK_TABLE_OCTETS_DEFAULT);
  // One field more than a head may have: `:status`.
  c.section = sectionNew(c.headOctetsMax, c.fieldsMax + 1, 0);
  if (c.decoder && c.encoder && c.section && writePreface(c)) return <u32>address;
  free(<u32>address);
  return 0;
}

export function free(handle: u32): void {
  takeBack();
  const c = connectionOf(handle);
  freeStreams(c);
  freeOutput(c);
  if (c.block) release(c.block);
  if (c.decoder) decoderFree(c.decoder);
  if (c.encoder) encoderFree(c.encoder);
  if (c.section) sectionFree(c.section);
  release(handle);
}

export function closeReason(handle: u32): u32 {
  return connectionOf(handle).closeReason;
}

/** How many streams could be opened now. */
export function placesFree(handle: u32): u32 {
  const c = connectionOf(handle);
  if (c.over || c.closeReason != CLOSE_NONE || c.streamCount >= c.peerStreamsMax) return 0;
  return min(c.peerStreamsMax - c.streamCount, (STREAM_MAX - c.nextStream) / 2 + 1);
}

export function canConnectProtocol(handle: u32): u32 {
  return connectionOf(handle).peerConnectProtocol;
}

// ── what we say ──

/**
 * Opens a stream with the request head [from, to) of the input area (request.ts). Its number; 0 if none can be opened now;
 * or the rule that forbids to send the head, negative.
 */
export function open(handle: u32, request: u32, from: u32, to: u32): i32 {
  assert(from <= to && to <= <u32>INPUT_AREA_OCTETS, 'open: not in the input area');
  const c = connectionOf(handle);
  if (!placesFree(handle)) return 0;
  const rule = checkHead(c, request, INPUT + from, INPUT + to);
  if (rule) return -(<i32>rule);
  const s = openStream(c, request, lengthOfBody());
  if (!s) return -RULE_MEMORY;
  const id = s.id;
  earnIdleFrames(c, HTTP2_IDLE_FRAMES_PER_STREAM);
  if (c.nextStream > STREAM_MAX) c.closeReason = CLOSE_STREAMS_EXHAUSTED;
  if (writeRequest(c, request, id, INPUT + to, (request & OPEN_END_STREAM) != 0)) return id;
  return failLater(c);
}

/** Ends the connection for want of memory, outside of reading: the next call that makes records says so. */
function failLater(c: Connection): i32 {
  c.failing = 1;
  if (c.closeReason == CLOSE_NONE) c.closeReason = CLOSE_PROTOCOL_ERROR;
  return -RULE_MEMORY;
}

/**
 * How many of `octets` octets of the stream's body may follow now; 0: none, a WRITABLE record comes if the stream is open;
 * -RULE_H2_REQUEST_LONGER. The next `takeOutput` ends with the head of the frame that they fill.
 */
export function send(handle: u32, stream: u32, octets: u32): i32 {
  const c = connectionOf(handle);
  assert(!c.dataStream, 'send: output was not taken');
  const s = findStream(c, stream);
  if (!s || c.over || outcomeOf(s.state, INPUT_SEND) != DO_SEND) return 0;
  if (s.requestLeft != ANY_LENGTH && octets > s.requestLeft) return -RULE_H2_REQUEST_LONGER;
  if (octets == 0 || c.dataStream) return 0;
  if (s.sendLeft <= 0) {
    leaveQueue(c, s, WAITS_FOR_STREAM);
    return 0;
  }
  if (c.sendLeft == 0) {
    joinQueue(c, s);
    return 0;
  }
  const now = min(min(octets, <u32>HTTP2_FRAME_OCTETS_MAX), <u32>min(s.sendLeft, c.sendLeft));
  if (!reserveOutput(c, 0)) return failLater(c);
  earnIdleFrames(c, 1);
  s.sendLeft -= now;
  c.sendLeft -= now;
  leaveQueue(c, s, WAITS_NOT);
  if (c.sendLeft == 0) c.untold = c.first;
  if (s.requestLeft != ANY_LENGTH) s.requestLeft -= now;
  c.dataStream = stream;
  c.dataOctets = now;
  c.dataIsLast = 0;
  return now;
}

/** Ends the stream's body, with the field lines [from, to) of the input area as trailers. 0, or a rule, negative. */
export function end(handle: u32, stream: u32, from: u32, to: u32): i32 {
  assert(from <= to && to <= <u32>INPUT_AREA_OCTETS, 'end: not in the input area');
  const c = connectionOf(handle);
  const s = findStream(c, stream);
  if (!s || c.over) return 0;
  const outcome = outcomeOf(s.state, INPUT_END);
  if (outcome != DO_END && outcome != DO_END_LAST) return 0;
  if (s.requestLeft != ANY_LENGTH && s.requestLeft) return -RULE_H2_REQUEST_SHORTER;
  if (from < to) {
    assert(!c.dataStream, 'end: output was not taken');
    const rule = checkTrailers(c, INPUT + from, INPUT + to);
    if (rule) return -(<i32>rule);
    if (!writeTrailers(c, stream, INPUT + to)) return failLater(c);
  } else if (c.dataStream == stream) {
    c.dataIsLast = 1;
  } else {
    if (!reserveOutput(c, HEAD_OCTETS)) return failLater(c);
    appendFrame(c, 0, TYPE_DATA, FLAG_END_STREAM, stream);
  }
  if (outcome == DO_END_LAST) {
    closeStream(c, s, ENDED);
  } else {
    leaveQueue(c, s, WAITS_NOT);
    s.state = afterEnd(s.state);
  }
  return 0;
}

// None of these makes records, or takes memory back that records point into: they may be called while records are read.

/** Content of the stream was consumed. */
export function releaseContent(handle: u32, stream: u32, octets: u32): void {
  const c = connectionOf(handle);
  if (c.over) return;
  if (!reserveOutput(c, CREDIT_OCTETS)) {
    failLater(c);
    return;
  }
  creditReleased(c, octets);
  const s = findStream(c, stream);
  if (s) creditStream(c, s, octets);
}

/** Who reads the stream's content waits for more. 1 if there is credit to be written. */
export function want(handle: u32, stream: u32): u32 {
  const c = connectionOf(handle);
  const s = findStream(c, stream);
  if (!s || c.over) return 0;
  setWanted(c, s, 1);
  const before = c.outputOctets;
  if (reserveOutput(c, CREDIT_OCTETS)) creditReleased(c, 0);
  else failLater(c);
  return c.outputOctets > before ? 1 : 0;
}

export function cancel(handle: u32, stream: u32): void {
  const c = connectionOf(handle);
  const s = findStream(c, stream);
  if (!s || c.over || outcomeOf(s.state, INPUT_CANCEL) != DO_CANCEL) return;
  closeStream(c, s, GONE);
  if (reserveOutput(c, HEAD_OCTETS + 4)) writeReset(c, stream, H2_CANCEL);
  else failLater(c);
}

/** Says that the connection will be closed (§6.8): nothing more is opened, what is open goes on. */
export function goAway(handle: u32): void {
  const c = connectionOf(handle);
  if (c.over || c.goingAway) return;
  c.goingAway = 1;
  if (c.closeReason == CLOSE_NONE) c.closeReason = CLOSE_WE_ASKED;
  writeGoaway(c, H2_NO_ERROR);
}

/** Number of records: 1 if there is something to be written. */
export function takeOutput(handle: u32): u32 {
  clear();
  takeBack();
  takeWritten(connectionOf(handle), TYPE_DATA, FLAG_END_STREAM);
  return count();
}

// ── what the peer says ──

/**
 * Octets [from, to) of the input area came from the peer at `nowMs` (milliseconds, of which only differences count).
 * Number of records; if the last is PASS or PAUSE, the octets behind it are given again.
 */
export function receive(handle: u32, from: u32, to: u32, nowMs: u32): u32 {
  assert(from <= to && to <= <u32>INPUT_AREA_OCTETS, 'receive: not in the input area');
  clear();
  takeBack();
  const c = connectionOf(handle);
  c.now = nowMs;
  if (c.answers > <u32>HTTP2_ANSWERS_MAX && goesOn(c)) refuseAnswers(c);
  let p = INPUT + from;
  const end = INPUT + to;
  while (goesOn(c)) {
    if (!hasRoom(RECORDS_OF_PART) || !tell(c)) {
      emit(KIND_PAUSE, 0, 0, <u32>(p - INPUT), 0, 0, 0, 0);
      break;
    }
    if (p == end || c.phase == PHASE_PASSED) break;
    p = receivePart(c, p, end);
  }
  return count();
}

/** The content that the last PASS record announced has gone by. Number of records. */
export function passed(handle: u32): u32 {
  clear();
  takeBack();
  const c = connectionOf(handle);
  if (goesOn(c) && c.phase == PHASE_PASSED) {
    endContentPart(c);
    endParts(c);
  }
  return count();
}

/** The peer closed its side. Number of records. */
export function receiveEnd(handle: u32): u32 {
  clear();
  takeBack();
  const c = connectionOf(handle);
  if (!goesOn(c)) return count();
  if (!tell(c)) {
    emit(KIND_PAUSE, 0, 0, 0, 0, 0, 0, 0);
    return count();
  }
  if (c.streamCount) {
    fault(RULE_H2_PEER_CLOSED, 0, NONE, NONE);
    emitFaultAs(KIND_ERROR, 0, 0, NONE);
  }
  close(c, CLOSE_PEER_CLOSED);
  return count();
}

function goesOn(c: Connection): bool {
  if (c.failing) {
    c.failing = 0;
    if (!c.over) refuseMemory(c);
  }
  return !c.over;
}

/** Tells streams what has become of them by a frame about the connection. False if the records have no more room. */
function tell(c: Connection): bool {
  if (!c.telling) return true;
  while (c.goawayLast != NONE) {
    const s = streamBeyond(c, c.goawayLast);
    if (!s) break;
    if (!hasRoom(RECORDS_OF_PART)) return false;
    emit(KIND_RESET, c.goawayCode, s.id, 0, 0, 1, 0, 0);
    closeStream(c, s, RESET);
  }
  while (c.untold && c.sendLeft > 0) {
    if (!hasRoom(RECORDS_OF_PART)) return false;
    const s = changetype<Stream>(c.untold);
    c.untold = s.after;
    if (s.sendLeft > 0) emit(KIND_WRITABLE, 0, s.id, 0, 0, 0, 0, 0);
    else leaveQueue(c, s, WAITS_FOR_STREAM);
  }
  c.telling = 0;
  return true;
}
