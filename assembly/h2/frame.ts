/**
 * Frames (RFC 9113 §4, §6): what the head of each type must be, and what its payload does, with what we answer beside it.
 * How a frame's octets are come by is parts.ts's business; what responses mean is message.ts's.
 */
import {
  CLOSE_GOAWAY,
  CLOSE_NONE,
  H2_ENHANCE_YOUR_CALM,
  H2_FLOW_CONTROL_ERROR,
  H2_FRAME_SIZE_ERROR,
  H2_NO_ERROR,
  H2_PROTOCOL_ERROR,
  H2_REFUSED_STREAM,
  H2_STREAM_CLOSED,
  HTTP2_CONTINUATIONS_MAX,
  HTTP2_DEBUG_OCTETS_MAX,
  HTTP2_FRAME_OCTETS_MAX,
  HTTP2_IDLE_FRAMES_MAX,
  HTTP2_SETTINGS_MAX,
  HTTP2_STREAMS_MAX,
  HTTP2_WINDOW_OCTETS,
  KIND_GOAWAY,
  KIND_RESET,
  KIND_STREAMS_MAX,
  NONE,
  RULE_H2_CONTINUATION,
  RULE_H2_CONTINUATION_COUNT,
  RULE_H2_BLOCK_INTERRUPTED,
  RULE_H2_DATA_EARLY,
  RULE_H2_FRAME_LENGTH,
  RULE_H2_FRAME_OCTETS,
  RULE_H2_FRAME_STREAM,
  RULE_H2_GOAWAY_GROWS,
  RULE_H2_IDLE_FRAMES,
  RULE_H2_PADDING,
  RULE_H2_PREFACE,
  RULE_H2_PRIORITY_LENGTH,
  RULE_H2_PUSH,
  RULE_H2_SETTING,
  RULE_H2_SETTINGS_ACK,
  RULE_H2_SETTINGS_COUNT,
  RULE_H2_STREAM_CLOSED,
  RULE_H2_STREAM_IDLE,
  RULE_H2_WINDOW_EXCEEDED,
  RULE_H2_WINDOW_INCREMENT,
  RULE_H2_WINDOW_OVERFLOW,
} from '../abi';
import { emit, fault } from '../event';
import { lend, LINK_OCTETS } from '../lent';
import { allocate } from '../memory';
import { acknowledged, creditReceived } from './credit';
import { spendIdleFrame } from './flood';
import { beginContent, endByReset, endContent } from './message';
import { appendFrame, HEAD_OCTETS, reserveOutput } from './output';
import { refuse, refuseMemory, refuseStream, resetForFault, TYPE_GOAWAY, TYPE_RST_STREAM } from './refusal';
import { applySetting, SETTING_OCTETS, TYPE_SETTINGS, TYPE_WINDOW_UPDATE } from './settings';
import {
  DO_CONTENT,
  DO_CONTENT_LAST,
  DO_NOTHING,
  DO_REFUSE_CLOSED,
  DO_REFUSE_EARLY,
  DO_REFUSE_IDLE,
  DO_REFUSE_RESET,
  DO_RESET,
  DO_RESET_LAST,
  DO_WINDOW,
  INPUT_DATA,
  INPUT_DATA_LAST,
  INPUT_HEADERS,
  INPUT_HEADERS_LAST,
  INPUT_RST_STREAM,
  INPUT_RST_STREAM_LAST,
  INPUT_WINDOW_UPDATE,
  outcomeOf,
  RESET,
} from './state';
import {
  closeStream,
  Connection,
  everyStream,
  findStream,
  joinQueue,
  Stream,
  stateOfClosed,
  WAITS_FOR_STREAM,
} from './stream';
import { shiftSend, takeReceived } from './window';

export const TYPE_DATA: u32 = 0;
export const TYPE_HEADERS: u32 = 1;
const TYPE_PRIORITY: u32 = 2;
const TYPE_PUSH_PROMISE: u32 = 5;
const TYPE_PING: u32 = 6;
export const TYPE_CONTINUATION: u32 = 9;

export const FLAG_END_STREAM: u32 = 1;
const FLAG_ACK: u32 = 1;
export const FLAG_END_HEADERS: u32 = 4;
const FLAG_PADDED: u32 = 8;
const FLAG_PRIORITY: u32 = 32;

// ── parts of a frame, as parts.ts is to read them ──
export const PHASE_HEAD: u32 = 0;
/** Pad length and priority, before content or fragment. */
export const PHASE_PREFIX: u32 = 1;
/** A payload that is read whole. */
export const PHASE_PAYLOAD: u32 = 2;
/** A fragment of a field block. */
export const PHASE_FRAGMENT: u32 = 3;
export const PHASE_CONTENT: u32 = 4;
/** Content that the host passes by. */
export const PHASE_PASSED: u32 = 5;
/** Padding, and whatever else nobody reads. */
export const PHASE_SKIP: u32 = 6;

const PRIORITY_OCTETS: u32 = 5;
const GOAWAY_OCTETS: u32 = 8;

function wrong(c: Connection, rule: u32, code: u32): void {
  fault(rule, 0, NONE, NONE);
  refuse(c, code);
}

function wrongAtLimit(c: Connection, rule: u32, limit: u32): void {
  fault(rule, 0, NONE, limit);
  refuse(c, H2_ENHANCE_YOUR_CALM);
}

/** Counts a frame that brings nothing on. False if the connection ended by it. */
function spend(c: Connection): bool {
  if (spendIdleFrame(c)) return true;
  wrongAtLimit(c, RULE_H2_IDLE_FRAMES, HTTP2_IDLE_FRAMES_MAX);
  return false;
}

function expect(c: Connection, phase: u32, octets: u32): void {
  c.phase = phase;
  c.left = octets;
}

/** Reads the head of a frame at `at`. */
export function receiveHead(c: Connection, at: usize): void {
  const first = bswap(load<u32>(at, 0, 1));
  c.length = first >>> 8;
  c.type = first & 0xff;
  c.flags = load<u8>(at, 4);
  // The reserved bit means nothing (§4.1).
  c.stream = bswap(load<u32>(at, 5, 1)) & 0x7fffffff;
  c.padding = 0;
  // Before its length: the words of another protocol read as one that is far too long.
  if (!c.hasSettings && (c.type != TYPE_SETTINGS || c.flags & FLAG_ACK))
    return wrong(c, RULE_H2_PREFACE, H2_PROTOCOL_ERROR);
  if (c.length > <u32>HTTP2_FRAME_OCTETS_MAX) {
    fault(RULE_H2_FRAME_OCTETS, 0, NONE, HTTP2_FRAME_OCTETS_MAX);
    return refuse(c, H2_FRAME_SIZE_ERROR);
  }
  if (c.blockStream && (c.type != TYPE_CONTINUATION || c.stream != c.blockStream)) {
    return wrong(c, RULE_H2_BLOCK_INTERRUPTED, H2_PROTOCOL_ERROR);
  }
  switch (c.type) {
    case TYPE_DATA:
      return receiveDataHead(c);
    case TYPE_HEADERS:
      return receiveHeadersHead(c);
    case TYPE_PRIORITY:
      return receivePriorityHead(c);
    case TYPE_RST_STREAM:
      return receiveSmallHead(c, 4, true);
    case TYPE_SETTINGS:
      return receiveSettingsHead(c);
    case TYPE_PUSH_PROMISE:
      // We said that there may be none (§6.6, §8.4).
      return wrong(c, RULE_H2_PUSH, H2_PROTOCOL_ERROR);
    case TYPE_PING:
      return receiveSmallHead(c, 8, false);
    case TYPE_GOAWAY:
      return receiveGoawayHead(c);
    case TYPE_WINDOW_UPDATE:
      if (c.length != 4) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
      return expect(c, PHASE_PAYLOAD, 4);
    case TYPE_CONTINUATION:
      return receiveContinuationHead(c);
    default:
      // Types that nobody knows mean nothing (§5.5).
      if (spend(c)) expect(c, PHASE_SKIP, c.length);
  }
}

/** Reads the payload at `at` of a frame whose head asked for it. */
export function receivePayload(c: Connection, at: usize): void {
  switch (c.type) {
    case TYPE_RST_STREAM:
      return receiveReset(c, bswap(load<u32>(at, 0, 1)));
    case TYPE_SETTINGS:
      return receiveSettings(c, at);
    case TYPE_PING:
      return receivePing(c, at);
    case TYPE_GOAWAY:
      receiveGoaway(c, bswap(load<u32>(at, 0, 1)) & 0x7fffffff, bswap(load<u32>(at, 4, 1)), at + GOAWAY_OCTETS);
      return expect(c, PHASE_SKIP, c.length - GOAWAY_OCTETS - debugOctets(c));
    case TYPE_WINDOW_UPDATE:
      return receiveWindowUpdate(c, bswap(load<u32>(at, 0, 1)) & 0x7fffffff);
  }
}

/** A frame of `length` octets about a stream, or about none. */
function receiveSmallHead(c: Connection, length: u32, hasStream: bool): void {
  if (<bool>(c.stream != 0) != hasStream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  if (c.length != length) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
  expect(c, PHASE_PAYLOAD, length);
}

/** What `input` does to the frame's stream; DO_NOTHING if the connection has ended by it. */
function outcomeFor(c: Connection, s: Stream | null, input: u32): u32 {
  const outcome = outcomeOf(s ? s.state : stateOfClosed(c, c.stream), input);
  if (outcome == DO_REFUSE_IDLE) {
    wrong(c, RULE_H2_STREAM_IDLE, H2_PROTOCOL_ERROR);
    return DO_NOTHING;
  }
  if (outcome == DO_REFUSE_CLOSED) {
    wrong(c, RULE_H2_STREAM_CLOSED, H2_STREAM_CLOSED);
    return DO_NOTHING;
  }
  return outcome;
}

// ── DATA (§6.1) ──

function receiveDataHead(c: Connection): void {
  if (!c.stream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  c.outcome = outcomeFor(c, findStream(c, c.stream), c.flags & FLAG_END_STREAM ? INPUT_DATA_LAST : INPUT_DATA);
  if (c.over) return;
  if (!takeReceived(c, c.length)) {
    fault(RULE_H2_WINDOW_EXCEEDED, 0, NONE, HTTP2_WINDOW_OCTETS);
    return refuse(c, H2_FLOW_CONTROL_ERROR);
  }
  if (!(c.flags & FLAG_PADDED)) return beginData(c, c.length);
  if (c.length == 0) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
  expect(c, PHASE_PREFIX, 1);
}

/** The frame's padding is known: `content` octets of it are content. */
function beginData(c: Connection, content: u32): void {
  const s = findStream(c, c.stream);
  let isWanted = false;
  switch (c.outcome) {
    case DO_CONTENT:
    case DO_CONTENT_LAST:
      isWanted = s !== null && beginContent(c, s, c.outcome, c.length, content);
      break;
    case DO_REFUSE_EARLY:
      fault(RULE_H2_DATA_EARLY, 0, NONE, NONE);
      if (s) refuseStream(c, s, H2_PROTOCOL_ERROR);
      break;
    case DO_REFUSE_RESET:
      resetForFault(c, c.stream, H2_STREAM_CLOSED);
      break;
    default:
      if (content == 0 && !spend(c)) return;
  }
  if (c.over) return;
  creditReceived(c, c.length, isWanted ? content : 0);
  if (isWanted) return expect(c, PHASE_CONTENT, content);
  c.outcome = DO_NOTHING;
  expect(c, PHASE_SKIP, content);
}

/** The frame's last octet has come. */
export function endFrame(c: Connection): void {
  if (c.type != TYPE_DATA || c.outcome != DO_CONTENT_LAST) return;
  const s = findStream(c, c.stream);
  if (s) endContent(c, s, 0, 0, 0);
}

// ── HEADERS (§6.2), CONTINUATION (§6.10) ──

function receiveHeadersHead(c: Connection): void {
  if (!c.stream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  c.outcome = outcomeFor(c, findStream(c, c.stream), c.flags & FLAG_END_STREAM ? INPUT_HEADERS_LAST : INPUT_HEADERS);
  if (c.over || (c.outcome == DO_NOTHING && !spend(c))) return;
  if (c.outcome == DO_REFUSE_RESET) {
    resetForFault(c, c.stream, H2_STREAM_CLOSED);
    if (c.over) return;
  }
  c.blockStream = c.stream;
  c.continuations = 0;
  const prefix: u32 = (c.flags & FLAG_PADDED ? 1 : 0) + (c.flags & FLAG_PRIORITY ? PRIORITY_OCTETS : 0);
  if (c.length < prefix) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
  if (prefix) expect(c, PHASE_PREFIX, prefix);
  else expect(c, PHASE_FRAGMENT, c.length);
}

/** Reads what stands at `at` before a frame's content or fragment. Priority means nothing any more (§5.3.2). */
export function receivePrefix(c: Connection, at: usize): void {
  const padding = c.flags & FLAG_PADDED ? <u32>load<u8>(at) : 0;
  const prefix = c.left;
  if (padding > c.length - prefix) return wrong(c, RULE_H2_PADDING, H2_PROTOCOL_ERROR);
  c.padding = padding;
  const rest = c.length - prefix - padding;
  if (c.type == TYPE_DATA) beginData(c, rest);
  else expect(c, PHASE_FRAGMENT, rest);
}

function receiveContinuationHead(c: Connection): void {
  if (!c.blockStream) return wrong(c, RULE_H2_CONTINUATION, H2_PROTOCOL_ERROR);
  c.continuations++;
  // One that brings neither octets nor the end is part of an attack.
  const isIdle = c.length == 0 && !(c.flags & FLAG_END_HEADERS);
  if (isIdle || c.continuations > <u32>HTTP2_CONTINUATIONS_MAX) {
    return wrongAtLimit(c, RULE_H2_CONTINUATION_COUNT, HTTP2_CONTINUATIONS_MAX);
  }
  expect(c, PHASE_FRAGMENT, c.length);
}

// ── PRIORITY (§6.3) ──

function receivePriorityHead(c: Connection): void {
  if (!c.stream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  if (c.length != PRIORITY_OCTETS) {
    const s = findStream(c, c.stream);
    if (!s) return wrong(c, RULE_H2_PRIORITY_LENGTH, H2_FRAME_SIZE_ERROR);
    fault(RULE_H2_PRIORITY_LENGTH, 0, NONE, NONE);
    refuseStream(c, s, H2_FRAME_SIZE_ERROR);
  }
  if (!c.over && spend(c)) expect(c, PHASE_SKIP, c.length);
}

// ── RST_STREAM (§6.4) ──

function receiveReset(c: Connection, code: u32): void {
  const s = findStream(c, c.stream);
  const isLast = s !== null && code == H2_NO_ERROR && s.responseLeft == 0;
  const outcome = outcomeFor(c, s, isLast ? INPUT_RST_STREAM_LAST : INPUT_RST_STREAM);
  if (c.over) return;
  if (s && outcome == DO_RESET_LAST) return endByReset(c, s);
  if (!s || outcome != DO_RESET) {
    spend(c);
    return;
  }
  emit(KIND_RESET, code, s.id, 0, 0, code == H2_REFUSED_STREAM ? 1 : 0, 0, 0);
  closeStream(c, s, RESET);
}

// ── SETTINGS (§6.5) ──

function receiveSettingsHead(c: Connection): void {
  if (c.stream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  if (c.flags & FLAG_ACK) {
    if (c.length) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
    if (!c.unacknowledged) return wrong(c, RULE_H2_SETTINGS_ACK, H2_PROTOCOL_ERROR);
    return expect(c, PHASE_PAYLOAD, 0);
  }
  if (c.length % SETTING_OCTETS) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
  if (c.length > <u32>HTTP2_SETTINGS_MAX * SETTING_OCTETS) {
    return wrongAtLimit(c, RULE_H2_SETTINGS_COUNT, HTTP2_SETTINGS_MAX);
  }
  if (c.hasSettings && !spend(c)) return;
  expect(c, PHASE_PAYLOAD, c.length);
}

function receiveSettings(c: Connection, at: usize): void {
  if (c.flags & FLAG_ACK) return acknowledged(c);
  const streamsMax = c.peerStreamsMax;
  const window = c.peerWindow;
  // No limit is the initial value (§6.5.2), which holds unless the first SETTINGS have another.
  if (!c.hasSettings) c.peerStreamsMax = HTTP2_STREAMS_MAX;
  for (let end = at + c.length; at < end; at += SETTING_OCTETS) {
    const code = applySetting(c, at);
    if (code != H2_NO_ERROR) return wrong(c, RULE_H2_SETTING, code);
  }
  if (!reserveOutput(c, HEAD_OCTETS)) return refuseMemory(c);
  appendFrame(c, 0, TYPE_SETTINGS, FLAG_ACK, 0);
  if (!c.hasSettings || c.peerStreamsMax != streamsMax) emit(KIND_STREAMS_MAX, 0, 0, 0, 0, c.peerStreamsMax, 0, 0);
  c.hasSettings = 1;
  if (c.peerWindow > window) everyStream(c, 0, (c: Connection, s: Stream, _by: i64): bool => awaken(c, s));
}

/** A stream's own window is open: what waited for that waits for the connection's, which may be open, too. */
function awaken(c: Connection, s: Stream): bool {
  if (s.waits == WAITS_FOR_STREAM && s.sendLeft > 0) {
    joinQueue(c, s);
    c.telling = 1;
  }
  return true;
}

// ── PING (§6.7) ──

function receivePing(c: Connection, at: usize): void {
  if (!spend(c) || c.flags & FLAG_ACK) return;
  if (!reserveOutput(c, HEAD_OCTETS + 8)) return refuseMemory(c);
  store<u64>(appendFrame(c, 8, TYPE_PING, FLAG_ACK, 0), load<u64>(at, 0, 1), 0, 1);
}

// ── GOAWAY (§6.8) ──

function receiveGoawayHead(c: Connection): void {
  if (c.stream) return wrong(c, RULE_H2_FRAME_STREAM, H2_PROTOCOL_ERROR);
  if (c.length < GOAWAY_OCTETS) return wrong(c, RULE_H2_FRAME_LENGTH, H2_FRAME_SIZE_ERROR);
  if (spend(c)) expect(c, PHASE_PAYLOAD, GOAWAY_OCTETS + debugOctets(c));
}

/** How much of its debug data is told: that is for people, and from a stranger. */
function debugOctets(c: Connection): u32 {
  return min(c.length - GOAWAY_OCTETS, <u32>HTTP2_DEBUG_OCTETS_MAX);
}

function receiveGoaway(c: Connection, last: u32, code: u32, debug: usize): void {
  // What was left out may be elsewhere by now.
  if (last > c.goawayLast) return wrong(c, RULE_H2_GOAWAY_GROWS, H2_PROTOCOL_ERROR);
  if (last < c.goawayLast) c.telling = 1;
  c.goawayLast = last;
  c.goawayCode = code;
  if (c.closeReason == CLOSE_NONE) c.closeReason = CLOSE_GOAWAY;
  const octets = debugOctets(c);
  const block = octets ? allocate(LINK_OCTETS + octets) : 0;
  if (block) {
    memory.copy(block + LINK_OCTETS, debug, octets);
    lend(block);
  }
  emit(KIND_GOAWAY, code, 0, <u32>(block + LINK_OCTETS), block ? octets : 0, last, 0, 0);
}

// ── WINDOW_UPDATE (§6.9) ──

function receiveWindowUpdate(c: Connection, increment: u32): void {
  const s = c.stream ? findStream(c, c.stream) : null;
  const outcome = c.stream ? outcomeFor(c, s, INPUT_WINDOW_UPDATE) : DO_WINDOW;
  if (c.over) return;
  if (!increment) return wrong(c, RULE_H2_WINDOW_INCREMENT, H2_PROTOCOL_ERROR);
  if (!c.stream) {
    if (!shiftSend(c, increment)) return wrong(c, RULE_H2_WINDOW_OVERFLOW, H2_FLOW_CONTROL_ERROR);
    c.telling = 1;
  } else if (!s || outcome != DO_WINDOW) {
    spend(c);
  } else if (shiftSend(s, increment)) {
    awaken(c, s);
  } else {
    fault(RULE_H2_WINDOW_OVERFLOW, 0, NONE, NONE);
    refuseStream(c, s, H2_FLOW_CONTROL_ERROR);
  }
}
