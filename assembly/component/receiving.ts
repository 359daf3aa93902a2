/**
 * What comes on a connection of the component: octets go into the core in pieces, its records become events, content that
 * need not enter the core is passed by, and the head that may come again is kept, as src/core.ts and src/core-http2.ts do.
 */
import {
  EVENT_OCTETS,
  FLAG_SAME_FIELDS,
  INPUT_OCTETS,
  KIND_DATA,
  KIND_END,
  KIND_ERROR,
  KIND_GOAWAY,
  KIND_HEAD,
  KIND_INTERIM,
  KIND_PASS,
  KIND_PAUSE,
  KIND_RESET,
  KIND_STREAM_ERROR,
  KIND_STREAMS_MAX,
  KIND_UPGRADE,
  KIND_WRITABLE,
  NONE,
  PASS_UNLIMITED,
} from '../abi';
import * as core from '../connection';
import { allocate, EVENTS, INPUT, release } from '../memory';
import { keep } from './arena';
import { Connection, connectionOf, HTTP2 } from './connection';
import {
  addData,
  addEnd,
  addError,
  addGoaway,
  addHead,
  addNumber,
  addReset,
  addStreamError,
  addUpgraded,
  areWhole,
  beginEvents,
  CASE_HEAD,
  CASE_INTERIM,
  CASE_STREAMS_MAX,
  CASE_WRITABLE,
  endEvents,
  failEvents,
} from './events';

/** What the core is given at a time. HTTP/2: content that a piece ends in is passed by, so it is small. */
const HTTP1_PIECE_OCTETS: usize = INPUT_OCTETS;
const HTTP2_PIECE_OCTETS: usize = 4096;

/** Whether the core has more to tell of what it was given. */
let isPaused: bool = false;

/** Octets that came: a list of events. */
export function receive(self: usize, octets: usize, length: usize, nowMs: u32): usize {
  beginEvents();
  if (!self) failEvents();
  else if (!connectionOf(self).isLost) receiveAll(connectionOf(self), octets, octets + length, nowMs);
  return endOf(self);
}

/** The peer closed its side: a list of events. */
export function receiveEnd(self: usize): usize {
  beginEvents();
  if (!self) {
    failEvents();
  } else if (!connectionOf(self).isLost) {
    const c = connectionOf(self);
    c.passing = 0;
    do {
      report(c, core.connectionReceiveEnd(c.handle), 0, 0);
    } while (isPaused && areWhole());
  }
  return endOf(self);
}

function endOf(self: usize): usize {
  if (self && !areWhole()) connectionOf(self).isLost = 1;
  return endEvents();
}

function receiveAll(c: Connection, p: usize, end: usize, nowMs: u32): void {
  const most = c.protocol == HTTP2 ? HTTP2_PIECE_OCTETS : HTTP1_PIECE_OCTETS;
  isPaused = false;
  while ((p < end || isPaused) && areWhole()) {
    if (c.passing) {
      p = passBy(c, p, end);
      continue;
    }
    const length = min(end - p, most);
    memory.copy(INPUT, p, length);
    const records =
      c.protocol == HTTP2
        ? core.connectionReceiveAt(c.handle, 0, <u32>length, nowMs)
        : core.connectionReceive(c.handle, 0, <u32>length);
    p = report(c, records, p, length);
  }
}

/** Passes content by, from `p` on: where what follows it begins. */
function passBy(c: Connection, p: usize, end: usize): usize {
  const length = <usize>min<u64>(<u64>(end - p), c.passing);
  tellContent(c, c.passingStream, p, length);
  c.passing -= length;
  if (!c.passing) report(c, core.connectionPassed(c.handle), p + length, 0);
  return p + length;
}

/** Content of stream 0 is that of a stream that was cancelled: nobody else can release it. */
function tellContent(c: Connection, stream: u32, p: usize, length: usize): void {
  if (stream) addData(stream, p, length);
  else core.connectionRelease(c.handle, 0, <u32>length);
}

/**
 * Makes events of the core's records of `length` octets that stand at `p`, and answers where those begin that it has not seen.
 */
function report(c: Connection, records: u32, p: usize, length: usize): usize {
  isPaused = false;
  for (let i: u32 = 0; i < records; i++) {
    const record = EVENTS + i * EVENT_OCTETS;
    const kind = load<u32>(record);
    const stream = load<u32>(record, 8);
    const offset = load<u32>(record, 12);
    const octets = load<u32>(record, 16);
    switch (kind) {
      case KIND_PASS:
        beginPass(c, stream, octets, load<u32>(record, 24), load<u32>(record, 28));
        return p + offset;
      case KIND_PAUSE:
        isPaused = true;
        return p + offset;
      case KIND_DATA:
        tellContent(c, stream, load<u32>(record, 20) ? keepMoved(INPUT + offset, octets) : p + offset, octets);
        break;
      case KIND_UPGRADE:
        addUpgraded(stream, p + offset, octets);
        break;
      default:
        tell(c, kind, record, stream, offset, octets);
    }
  }
  return p + length;
}

function beginPass(c: Connection, stream: u32, octets: u32, low: u32, high: u32): void {
  c.passingStream = stream;
  c.passing = high == PASS_UNLIMITED ? u64.MAX_VALUE : <u64>octets + (<u64>low | ((<u64>high) << 32));
}

/** A copy of content that stands together in the input area alone. */
function keepMoved(octets: usize, length: u32): usize {
  const at = keep(octets, length);
  if (!at) failEvents();
  return at;
}

/** Makes an event of a record that is not about octets of the input. */
function tell(c: Connection, kind: u32, record: usize, stream: u32, offset: u32, octets: u32): void {
  const code = load<u32>(record, 4);
  const a = load<u32>(record, 20);
  const b = load<u32>(record, 24);
  const last = load<u32>(record, 28);
  switch (kind) {
    case KIND_HEAD:
      if (c.protocol == HTTP2) tellHead(c, stream, code, a, offset, octets, b);
      else addHead(CASE_HEAD, c.role, true, stream, code, a, last, offset, octets, b);
      break;
    case KIND_INTERIM: {
      const isHttp2 = c.protocol == HTTP2;
      addHead(CASE_INTERIM, c.role, !isHttp2, stream, code, a, isHttp2 ? NONE : last, offset, octets, b);
      break;
    }
    case KIND_END:
      addEnd(stream, code, offset, octets, b);
      break;
    case KIND_WRITABLE:
      addNumber(CASE_WRITABLE, stream);
      break;
    case KIND_RESET:
      addReset(stream, code, a);
      break;
    case KIND_GOAWAY:
      addGoaway(a, code);
      break;
    case KIND_STREAMS_MAX:
      addNumber(CASE_STREAMS_MAX, a);
      break;
    case KIND_STREAM_ERROR:
      addStreamError(stream, last, code, offset, a, b);
      break;
    default:
      assert(kind == KIND_ERROR, 'tell: a record of another kind');
      addError(stream, code, offset, a, b);
  }
}

/** A final head of HTTP/2, which is kept, or is the one that was. */
function tellHead(c: Connection, stream: u32, status: u32, flags: u32, offset: u32, octets: u32, fields: u32): void {
  if (!(flags & FLAG_SAME_FIELDS) && !keepHead(c, offset, octets, fields)) {
    failEvents();
    return;
  }
  addHead(CASE_HEAD, c.role, false, stream, status, flags, NONE, <u32>c.kept, c.keptOctets, c.keptFields);
}

function keepHead(c: Connection, table: usize, octets: u32, fields: u32): bool {
  if (c.kept) release(c.kept);
  c.kept = allocate(octets);
  if (!c.kept) return false;
  memory.copy(c.kept, table, octets);
  c.keptOctets = octets;
  c.keptFields = fields;
  return true;
}
