/**
 * `resource connection` of wasm/http-core.wit over the core's own calls (connection.ts): what is asked of it and what goes. What
 * comes is in receiving.ts. A connection for which there was no memory is 0, which answers with that.
 */
import {
  CLOSE_NONE,
  INPUT_OCTETS,
  NONE,
  OPEN_END_STREAM,
  PROTOCOL_HTTP_1_1,
  PROTOCOL_HTTP_2,
  ROLE_CLIENT,
  ROLE_REQUESTS,
  RULE_H2_REQUEST_LIST_OCTETS,
  RULE_H2_REQUEST_SHORTER,
  RULE_MEMORY,
} from '../abi';
import * as core from '../connection';
import { announce, BODY_CHUNKED, BODY_NONE, finishBody, freeWriter, takeWritten, writeHead, Writer } from '../h1/write';
import { allocate, EVENTS, INPUT, isLive, release } from '../memory';
import {
  beginText,
  framingOfText,
  lengthOfText,
  openOfText,
  putEmptyLine,
  putFields,
  putScheme,
  putTarget,
  putVersion,
  textEnd,
  wrongFieldOfText,
} from './request';
import { RESULT, storeFault, storeList, VALUE, well } from './values';

// Cases of `enum protocol`.
const HTTP1: u32 = 0;
export const HTTP2: u32 = 1;

// Cases of `variant refusal`.
const UNAVAILABLE: u32 = 0;
const OUT_OF_MEMORY: u32 = 1;
const FORBIDDEN: u32 = 2;

/** A connection and what a host of it has to remember. */
@unmanaged
export class Connection {
  /** The core's. */
  handle: u32;
  /** Case of `enum protocol`; ROLE_*. */
  protocol: u32;
  role: u32;
  /** There was no memory to say what came: it is of no more use. */
  isLost: u32;
  /** Content octets that go by without the core, and whose they are. */
  passing: u64;
  passingStream: u32;
  /** HTTP/2: the final head before, for FLAG_SAME_FIELDS: a block, its octets and fields. */
  kept: usize;
  keptOctets: u32;
  keptFields: u32;
  /** HTTP/1.1: what goes; 0 for the others. */
  writer: usize;
}

export function connectionOf(self: usize): Connection {
  assert(isLive(self), 'connectionOf: no connection');
  return changetype<Connection>(self);
}

function writerOf(c: Connection): Writer {
  return changetype<Writer>(c.writer);
}

/** A connection; 0 without memory. */
export function create(protocol: u32, octets: u32, fields: u32, interim: u32): usize {
  const at = allocate(offsetof<Connection>());
  if (!at) return 0;
  memory.fill(at, 0, offsetof<Connection>());
  const c = changetype<Connection>(at);
  c.protocol = protocol;
  c.role = protocol == HTTP1 || protocol == HTTP2 ? ROLE_CLIENT : ROLE_REQUESTS;
  c.handle = core.connectionCreate(
    protocol == HTTP2 ? PROTOCOL_HTTP_2 : PROTOCOL_HTTP_1_1,
    c.role,
    octets,
    fields,
    interim,
  );
  if (protocol == HTTP1) {
    c.writer = allocate(offsetof<Writer>());
    if (c.writer) memory.fill(c.writer, 0, offsetof<Writer>());
  }
  if (c.handle && (c.writer || protocol != HTTP1)) return at;
  drop(at);
  return 0;
}

/** Frees it and all that belongs to it. */
export function drop(self: usize): void {
  if (!self) return;
  const c = connectionOf(self);
  core.connectionFree(c.handle);
  if (c.kept) release(c.kept);
  if (c.writer) {
    freeWriter(writerOf(c));
    release(c.writer);
  }
  release(self);
}

/** Begins an exchange; see the WIT for what is given. */
export function open(
  self: usize,
  method: usize,
  methodOctets: usize,
  target: usize,
  targetOctets: usize,
  isSecure: u32,
  hasProtocol: u32,
  protocol: usize,
  protocolOctets: usize,
  fields: usize,
  count: u32,
  isComplete: u32,
): usize {
  if (!self) return refuseMemory();
  const c = connectionOf(self);
  const isHttp2 = c.protocol == HTTP2;
  if (c.isLost || !core.connectionCanOpen(c.handle)) return refuse();
  beginText();
  let rule = putTarget(method, methodOctets, target, targetOctets);
  if (!rule) rule = isHttp2 ? putScheme(isSecure, hasProtocol, protocol, protocolOctets) : putVersion();
  if (!rule) rule = putFields(fields, count);
  if (!rule && !isHttp2) rule = putEmptyLine();
  // What HTTP/2 says of a length that no body follows is the core's.
  if (!rule && !isHttp2 && isComplete && (framingOfText() == BODY_CHUNKED || lengthOfText())) {
    rule = RULE_H2_REQUEST_SHORTER;
  }
  if (rule) return forbid(rule);
  const bits = openOfText() | (isComplete ? OPEN_END_STREAM : 0);
  const stream = core.connectionOpen(c.handle, bits, 0, <u32>(textEnd() - INPUT));
  if (stream <= 0) return stream ? forbid(-stream) : refuse();
  if (!isHttp2) {
    const framing = isComplete ? BODY_NONE : framingOfText();
    if (!writeHead(writerOf(c), stream, framing, lengthOfText(), INPUT, textEnd())) {
      core.connectionCancel(c.handle, stream);
      return refuseMemory();
    }
    if (isComplete) writerOf(c).stream = 0;
  }
  return well(stream);
}

/** How many octets of body may follow now. */
export function send(self: usize, stream: u32, octets: u32): usize {
  if (!self) return refuseMemory();
  const c = connectionOf(self);
  let now: i32 = 0;
  if (c.protocol == HTTP2) {
    now = core.connectionSend(c.handle, stream, octets);
  } else {
    if (!isSending(c, stream)) return refuse();
    now = announce(writerOf(c), octets);
  }
  return now < 0 ? forbid(-now) : well(now);
}

/** The body is complete, with trailers or without. */
export function end(self: usize, stream: u32, trailers: usize, count: u32): usize {
  if (!self) return refuseMemory();
  const c = connectionOf(self);
  const isHttp2 = c.protocol == HTTP2;
  if (!isHttp2 && !isSending(c, stream)) return refuse();
  beginText();
  const rule = putFields(trailers, count);
  if (rule) return forbid(rule);
  const octets = <u32>(textEnd() - INPUT);
  const answer = isHttp2 ? core.connectionEnd(c.handle, stream, 0, octets) : finishBody(writerOf(c), INPUT, textEnd());
  if (answer < 0) return forbid(-answer);
  if (!isHttp2) core.connectionEnd(c.handle, stream, 0, 0);
  return well(0);
}

/** HTTP/1.1: whether the body of the stream goes. */
function isSending(c: Connection, stream: u32): bool {
  return c.writer != 0 && stream != 0 && writerOf(c).stream == stream;
}

/** What is to be written, as a list. */
export function takeOutput(self: usize): usize {
  storeList(RESULT, RESULT, 0);
  if (!self) return RESULT;
  const c = connectionOf(self);
  if (c.writer) {
    const written = takeWritten(writerOf(c));
    if (written) storeList(RESULT, writerOf(c).output, written);
  } else if (core.connectionTakeOutput(c.handle)) {
    // SAFE: the record of output, whose offset and length stand behind kind, code and stream.
    storeList(RESULT, load<u32>(EVENTS, 12), load<u32>(EVENTS, 16));
  }
  return RESULT;
}

export function releaseContent(self: usize, stream: u32, octets: u32): void {
  if (self) core.connectionRelease(connectionOf(self).handle, stream, octets);
}

export function want(self: usize, stream: u32): void {
  if (self) core.connectionWant(connectionOf(self).handle, stream);
}

export function goAway(self: usize): void {
  if (self) core.connectionGoAway(connectionOf(self).handle);
}

export function cancel(self: usize, stream: u32): void {
  if (!self) return;
  const c = connectionOf(self);
  core.connectionCancel(c.handle, stream);
  // What is still under way of it goes to nobody.
  if (c.passingStream == stream) c.passingStream = 0;
  if (isSending(c, stream)) writerOf(c).stream = 0;
}

export function placesFree(self: usize): u32 {
  return self && !connectionOf(self).isLost ? core.connectionPlacesFree(connectionOf(self).handle) : 0;
}

export function canConnectProtocol(self: usize): u32 {
  return self ? core.connectionCanConnectProtocol(connectionOf(self).handle) : 0;
}

/** An option of `enum close-reason`, whose cases are those of CLOSE_* but for CLOSE_NONE. */
export function closeReason(self: usize): usize {
  const reason = self ? core.connectionCloseReason(connectionOf(self).handle) : CLOSE_NONE;
  store<u8>(RESULT, reason == CLOSE_NONE ? 0 : 1);
  store<u8>(RESULT, reason - 1, 1);
  return RESULT;
}

// ── refusals, as results ──

function refuse(): usize {
  store<u32>(RESULT, 1);
  store<u32>(RESULT, UNAVAILABLE, VALUE);
  return RESULT;
}

function refuseMemory(): usize {
  store<u32>(RESULT, 1);
  store<u32>(RESULT, OUT_OF_MEMORY, VALUE);
  return RESULT;
}

function forbid(rule: u32): usize {
  if (rule == RULE_MEMORY) return refuseMemory();
  store<u32>(RESULT, 1);
  store<u32>(RESULT, FORBIDDEN, VALUE);
  const limit = rule == RULE_H2_REQUEST_LIST_OCTETS ? <u32>INPUT_OCTETS : NONE;
  storeFault(RESULT + 2 * VALUE, rule, wrongFieldOfText(), NONE, limit);
  return RESULT;
}
