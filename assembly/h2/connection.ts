/**
 * The HTTP/2 connection of a client (RFC 9113): octets in, event records and octets out. Walks frames in one loop, each part
 * of one where it stands if the input holds it whole, else gathered; content is never gathered, nor seen beyond what the host
 * gave with the frame's head. What frames do is frame.ts; what responses mean, message.ts; this file joins them.
 */
import {
  CLOSE_NONE,
  CLOSE_PEER_CLOSED,
  CLOSE_PROTOCOL_ERROR,
  CLOSE_STREAMS_EXHAUSTED,
  FIELDS_CEILING,
  H2_CANCEL,
  H2_ENHANCE_YOUR_CALM,
  HEAD_OCTETS_CEILING,
  HPACK_TABLE_OCTETS_DEFAULT,
  HTTP2_FRAME_OCTETS_MAX,
  HTTP2_IDLE_FRAMES_PER_STREAM,
  HTTP2_UNRELEASED_OCTETS_MAX,
  HTTP2_WINDOW_OCTETS,
  INPUT_OCTETS as INPUT_AREA_OCTETS,
  INTERIM_CEILING,
  KIND_DATA,
  KIND_ERROR,
  KIND_PASS,
  KIND_PAUSE,
  KIND_RESET,
  KIND_WRITABLE,
  NONE,
  OPEN_END_STREAM,
  RULE_H2_BLOCK_OCTETS,
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
import { allocate, INPUT, isLive, release, resize, SLACK_OCTETS } from '../memory';
import { beginBudgets, earnIdleFrames } from './flood';
import {
  endFrame,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  PHASE_CONTENT,
  PHASE_FRAGMENT,
  PHASE_HEAD,
  PHASE_PASSED,
  PHASE_PAYLOAD,
  PHASE_PREFIX,
  PHASE_SKIP,
  receiveHead,
  receivePayload,
  receivePrefix,
  TYPE_DATA,
} from './frame';
import { creditConnection, creditStream, endBlock } from './message';
import { appendFrame, freeOutput, HEAD_OCTETS, reserveOutput, takeOutput as takeWritten } from './output';
import { close, refuse, refuseMemory, writeReset } from './refusal';
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
  smallOf,
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
 * How many of `octets` octets of the stream's body may follow now; 0: none, a WRITABLE record will come if the stream is open;
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
  const wasFull = c.unreleased >= <u32>HTTP2_UNRELEASED_OCTETS_MAX;
  c.unreleased -= min(octets, c.unreleased);
  if (c.over) return;
  if (!reserveOutput(c, 2 * (HEAD_OCTETS + 4))) {
    failLater(c);
    return;
  }
  if (wasFull) creditConnection(c, 0);
  const s = findStream(c, stream);
  if (s) creditStream(c, s, octets);
}

export function cancel(handle: u32, stream: u32): void {
  const c = connectionOf(handle);
  const s = findStream(c, stream);
  if (!s || c.over || outcomeOf(s.state, INPUT_CANCEL) != DO_CANCEL) return;
  closeStream(c, s, GONE);
  if (reserveOutput(c, HEAD_OCTETS + 4)) writeReset(c, stream, H2_CANCEL);
  else failLater(c);
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
 * Octets [from, to) of the input area came from the peer at `nowMs` (milliseconds, of which only differences count). Number of
 * records; if the last is PASS or PAUSE, the octets behind it are given again.
 */
export function receive(handle: u32, from: u32, to: u32, nowMs: u32): u32 {
  assert(from <= to && to <= <u32>INPUT_AREA_OCTETS, 'receive: not in the input area');
  clear();
  takeBack();
  const c = connectionOf(handle);
  c.now = nowMs;
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

/** Reads the part of a frame that is awaited, as far as [p, end) has it, and answers where the next one begins. */
function receivePart(c: Connection, p: usize, end: usize): usize {
  switch (c.phase) {
    case PHASE_HEAD:
      p = gather(c, p, end, HEAD_OCTETS);
      if (part) receiveHead(c, part);
      break;
    case PHASE_PREFIX:
      p = gather(c, p, end, c.left);
      if (part) receivePrefix(c, part);
      break;
    case PHASE_PAYLOAD:
      p = gather(c, p, end, c.left);
      if (!part) break;
      c.left = 0;
      c.phase = PHASE_SKIP;
      receivePayload(c, part);
      break;
    case PHASE_FRAGMENT:
      p = receiveFragment(c, p, end);
      break;
    case PHASE_CONTENT:
      p = receiveContent(c, p, end);
      break;
    case PHASE_SKIP: {
      const octets = min(c.left, <u32>(end - p));
      c.left -= octets;
      p += octets;
      break;
    }
  }
  endParts(c);
  return p;
}

/** Parts that have no octets, or none left, are over at once. */
function endParts(c: Connection): void {
  while (c.left == 0 && c.phase != PHASE_HEAD && c.phase != PHASE_PASSED && !c.over) endPart(c);
}

/** The octets that `gather` has whole; 0: more are awaited. */
let part: usize = 0;

/** Comes by `octets` octets that belong together, where they stand or in a place of their own, and answers what follows. */
function gather(c: Connection, p: usize, end: usize, octets: u32): usize {
  if (c.gathered == 0 && <u32>(end - p) >= octets) {
    part = p;
    return p + octets;
  }
  const more = min(octets - c.gathered, <u32>(end - p));
  memory.copy(smallOf(c) + c.gathered, p, more);
  c.gathered += more;
  part = 0;
  if (c.gathered == octets) {
    c.gathered = 0;
    part = smallOf(c);
  }
  return p + more;
}

/** A part has come to its end, or has no octets: what follows it. */
function endPart(c: Connection): void {
  switch (c.phase) {
    case PHASE_PAYLOAD:
      c.phase = PHASE_SKIP;
      receivePayload(c, smallOf(c));
      break;
    case PHASE_FRAGMENT:
      if (c.flags & FLAG_END_HEADERS) endGathered(c);
      endContentPart(c);
      break;
    case PHASE_CONTENT:
      endContentPart(c);
      break;
    case PHASE_SKIP:
      c.phase = PHASE_HEAD;
      endFrame(c);
      break;
  }
}

/** Content or a fragment is over: padding may follow. */
function endContentPart(c: Connection): void {
  c.phase = PHASE_SKIP;
  c.left = c.padding;
  c.padding = 0;
}

function receiveContent(c: Connection, p: usize, end: usize): usize {
  const rest = <u32>(end - p);
  if (c.left > rest) {
    emit(KIND_PASS, 0, c.stream, <u32>(p - INPUT), rest, 0, c.left - rest, 0);
    c.phase = PHASE_PASSED;
    return end;
  }
  emit(KIND_DATA, 0, c.stream, <u32>(p - INPUT), c.left, 0, 0, 0);
  p += c.left;
  c.left = 0;
  return p;
}

// ── field blocks ──

function receiveFragment(c: Connection, p: usize, end: usize): usize {
  if (c.blockOctets == 0 && c.flags & FLAG_END_HEADERS && c.left <= <u32>(end - p)) {
    const to = p + c.left;
    c.left = 0;
    decode(c, p, to);
    endContentPart(c);
    return to;
  }
  const octets = min(c.left, <u32>(end - p));
  if (!gatherBlock(c, p, octets)) return end;
  c.left -= octets;
  return p + octets;
}

/** Adds octets to the field block. False if it would be too long, or there is no memory: then the connection has ended. */
function gatherBlock(c: Connection, p: usize, octets: u32): bool {
  const most = max(c.headOctetsMax, <u32>HTTP2_FRAME_OCTETS_MAX);
  const wanted = c.blockOctets + octets;
  if (wanted > most) {
    fault(RULE_H2_BLOCK_OCTETS, 0, NONE, most);
    refuse(c, H2_ENHANCE_YOUR_CALM);
    return false;
  }
  if (wanted > c.blockRoom) {
    const room = max(wanted, c.blockRoom * 2);
    const size = <usize>room + SLACK_OCTETS;
    const block = c.block ? resize(c.block, c.blockOctets, size) : allocate(size);
    if (!block) {
      refuseMemory(c);
      return false;
    }
    c.block = block;
    c.blockRoom = room;
  }
  memory.copy(c.block + c.blockOctets, p, octets);
  c.blockOctets = wanted;
  return true;
}

function endGathered(c: Connection): void {
  decode(c, c.block, c.block + c.blockOctets);
  if (c.block) release(c.block);
  c.block = 0;
  c.blockOctets = 0;
  c.blockRoom = 0;
}

function decode(c: Connection, from: usize, to: usize): void {
  const stream = c.blockStream;
  c.blockStream = 0;
  endBlock(c, stream, c.outcome, from, to);
}
