/**
 * The HTTP/1.1 connection: octets in, event records out (RFC 9112). What each input does in each state is the table of
 * h1/state.ts; what octets may be, that of h1/grammar.ts; what a message means and when it ends, h1/message.ts. This
 * file joins them. No pipelining of responses: octets that no request asked for end the connection.
 */
import {
  CLOSE_CANCELLED,
  CLOSE_DELIMITED,
  CLOSE_PEER_CLOSED,
  CLOSE_SURPLUS,
  FIELDS_CEILING,
  HEAD_OCTETS_CEILING,
  INPUT_OCTETS as INPUT_AREA_OCTETS,
  INTERIM_CEILING,
  KIND_UPGRADE,
  NONE,
  OPEN_END_STREAM,
  ROLE_REQUESTS,
  RULE_CLOSED_EARLY,
  RULE_CLOSED_IN_BODY,
  RULE_CLOSED_IN_HEAD,
  RULE_HEAD_OCTETS,
  RULE_MEMORY,
  RULE_PIPELINE_DEPTH,
  RULE_UNSOLICITED,
} from '../abi';
import { clear, count, emit, emitFault, fault, hasRoom } from '../event';
import { takeBack } from '../lent';
import { allocate, INPUT, isLive, release, TABLE_ROOM } from '../memory';
import { CR, CRLF, classOf } from '../octets';
import { readChunkOctet, readChunks, startDataEnd } from './body';
import { carryOn, dropCarry, resetCarry } from './carry';
import { ACT_SECTION_END, ACTION, ACTION_WITHIN_LAST, cellOf, LINE_START, STOP } from './grammar';
import { outcomeOfReading, readAction, READ_BLANK, READ_COMPLETE, READ_FAULT, readSection } from './head';
import {
  BETWEEN,
  CHUNKED,
  Connection,
  DO_CLOSE,
  DO_CONTINUE,
  DO_FINISH,
  DO_FINISH_LAST,
  DO_MARK,
  DO_NOTHING,
  DO_REFUSE,
  DO_START,
  DO_TUNNEL,
  HEAD,
  IDLE,
  INPUT_CANCEL,
  INPUT_OCTETS,
  INPUT_OPEN,
  INPUT_PASSED,
  INPUT_PEER_CLOSED,
  INPUT_REQUEST_END,
  OVER,
  outcomeOf,
  TRAILERS,
} from './state';
import { close, complete, finish, keepFrom, refuse, refuseFault, start, startHead } from './message';

/** Records that one message of a run of requests may need. */
const RECORDS_OF_REQUEST: u32 = 48;

function connectionOf(handle: u32): Connection {
  assert(isLive(handle), 'connectionOf: no connection');
  return changetype<Connection>(<usize>handle);
}

/** A connection with no exchange; 0 without memory. */
export function create(role: u32, headOctetsMax: u32, fieldsMax: u32, interimMax: u32): u32 {
  const address = allocate(offsetof<Connection>());
  if (!address) return 0;
  memory.fill(address, 0, offsetof<Connection>());
  const c = changetype<Connection>(address);
  c.role = role;
  c.state = role == ROLE_REQUESTS ? BETWEEN : IDLE;
  c.headOctetsMax = min(headOctetsMax, <u32>HEAD_OCTETS_CEILING);
  c.fieldsMax = min(fieldsMax, <u32>FIELDS_CEILING);
  c.interimMax = min(interimMax, <u32>INTERIM_CEILING);
  resetCarry(c);
  return <u32>address;
}

export function free(handle: u32): void {
  takeBack();
  dropCarry(connectionOf(handle));
  release(handle);
}

export function canOpen(handle: u32): u32 {
  return outcomeOf(connectionOf(handle).state, INPUT_OPEN) == DO_START ? 1 : 0;
}

export function closeReason(handle: u32): u32 {
  return connectionOf(handle).closeReason;
}

/**
 * Begins an exchange whose request the OPEN_* bits of `request` describe, and answers its stream; 0 if none can begin
 * now.
 */
export function open(handle: u32, request: u32): u32 {
  const c = connectionOf(handle);
  if (outcomeOf(c.state, INPUT_OPEN) != DO_START) return 0;
  start(c, request);
  return c.stream;
}

/** The request's body is complete. HTTP/1.1 has nothing to say to it. */
export function end(handle: u32, stream: u32): u32 {
  clear();
  const c = connectionOf(handle);
  if (stream == c.stream && outcomeOf(c.state, INPUT_REQUEST_END) == DO_MARK) c.requestEnded = 1;
  return 0;
}

export function cancel(handle: u32, stream: u32): void {
  const c = connectionOf(handle);
  if (stream != c.stream || outcomeOf(c.state, INPUT_CANCEL) != DO_CLOSE) return;
  close(c, OVER, CLOSE_CANCELLED);
}

/**
 * Octets [from, to) of the input area came from the peer. One octet within a carried section is appended; mostly
 * nothing but its cell needs to be known, which is mostly the row that the octets before led to.
 */
export function receive(handle: u32, from: u32, to: u32): u32 {
  assert(from <= to && to <= <u32>INPUT_AREA_OCTETS, 'receive: not in the input area');
  assert(!handle || isLive(handle), 'receive: no connection');
  if (to - from == 1) {
    const c = changetype<Connection>(<usize>handle);
    const next = c.carryEnd;
    if (next < c.carryLimit) {
      const octet = <u32>load<u8>(from, INPUT);
      const row = c.row;
      const cell = cellOf(row, classOf(octet));
      if (cell == row) {
        store<u8>(next, octet);
        c.carryEnd = next + 1;
        return 0;
      }
      if (cell < STOP) {
        store<u8>(next, octet);
        c.carryEnd = next + 1;
        c.row = cell;
        return 0;
      }
      if (cell >= ACTION && cell <= ACTION_WITHIN_LAST) {
        store<u8>(next, octet);
        c.carryEnd = next + 1;
        return readAction(c, c.carryBase, next, cell) ? 0 : refuseCarried(c);
      }
    } else if (handle && c.state == CHUNKED && readChunkOctet(c, <u32>load<u8>(from, INPUT))) {
      return 0;
    }
  }
  return handle ? receiveAll(connectionOf(handle), INPUT + from, INPUT + to) : 0;
}

function refuseCarried(c: Connection): u32 {
  clear();
  refuseFault(c, c.carryBase);
  return count();
}

function receiveAll(c: Connection, p: usize, end: usize): u32 {
  clear();
  takeBack();
  keepFrom(TABLE_ROOM);
  while (p < end) {
    switch (outcomeOf(c.state, INPUT_OCTETS)) {
      case DO_NOTHING:
        return count();
      case DO_REFUSE: {
        fault(RULE_UNSOLICITED, p, load<u8>(p), NONE);
        emitFault(0, p);
        close(c, OVER, CLOSE_SURPLUS);
        return count();
      }
      case DO_TUNNEL:
        emit(KIND_UPGRADE, 0, c.stream, <u32>(p - INPUT), <u32>(end - p), 0, 0, 0);
        return count();
      case DO_START:
        start(c, OPEN_END_STREAM);
        if (!hasRoom(RECORDS_OF_REQUEST)) return refuse(c, RULE_PIPELINE_DEPTH, NONE, NONE);
        break;
      default:
        if (c.state == CHUNKED) p = receiveChunks(c, p, end);
        else if (c.carry) p = receiveCarried(c, p, end);
        else if (c.state == TRAILERS && (c.lineOctets || load<u8>(p) == CR)) p = receiveEmptyTrailers(c, p, end);
        else p = receiveSection(c, p, end);
    }
  }
  return count();
}

/** The octets that a PASS record announced have gone by. */
export function passed(handle: u32): u32 {
  clear();
  takeBack();
  const c = connectionOf(handle);
  switch (outcomeOf(c.state, INPUT_PASSED)) {
    case DO_FINISH:
      finish(c, 0, 0);
      break;
    case DO_CONTINUE:
      c.state = CHUNKED;
      startDataEnd(c);
      break;
  }
  return count();
}

/** The peer closed its side. */
export function receiveEnd(handle: u32): u32 {
  clear();
  takeBack();
  const c = connectionOf(handle);
  switch (outcomeOf(c.state, INPUT_PEER_CLOSED)) {
    case DO_FINISH_LAST:
      finish(c, 0, 0);
      close(c, OVER, CLOSE_DELIMITED);
      break;
    case DO_CLOSE:
      close(c, OVER, CLOSE_PEER_CLOSED);
      break;
    case DO_REFUSE: {
      if (c.role == ROLE_REQUESTS && !c.begun) {
        // Empty lines before a request line are none of it: no request was begun.
        close(c, OVER, CLOSE_PEER_CLOSED);
        break;
      }
      const isInHead = c.state == HEAD;
      const isInLine = c.state == CHUNKED || c.state == TRAILERS;
      const seen = c.carry ? <u32>(c.carryEnd - c.carryBase) : isInLine ? c.lineOctets : 0;
      const rule = isInHead ? (c.begun ? RULE_CLOSED_IN_HEAD : RULE_CLOSED_EARLY) : RULE_CLOSED_IN_BODY;
      fault(rule, seen, NONE, NONE);
      emitFault(c.stream, 0);
      close(c, OVER, CLOSE_PEER_CLOSED);
      break;
    }
  }
  return count();
}

// ── sections: each answers where in the input the connection goes on, `end` after a fault ──

/** Reads a section that begins in this input at `p`. */
function receiveSection(c: Connection, p: usize, end: usize): usize {
  c.begun = 1;
  const base = p;
  const limit = min(end, p + c.headLeft);
  const stopped = readSection(c, base, p, limit);
  const outcome = outcomeOfReading();
  if (outcome == READ_COMPLETE) return complete(c, base, stopped, end);
  if (outcome == READ_BLANK) return skipBlankLine(c, stopped);
  if (outcome == READ_FAULT) {
    refuseFault(c, base);
  } else if (limit < end) {
    fault(RULE_HEAD_OCTETS, limit, load<u8>(limit), c.headOctetsMax);
    refuseFault(c, base);
  } else if (!carryOn(c, base, <u32>(end - base))) {
    refuse(c, RULE_MEMORY, NONE, NONE);
  }
  return end;
}

/** Reads a section on that began in an earlier input: its octets join those in the block. */
function receiveCarried(c: Connection, p: usize, end: usize): usize {
  while (p < end) {
    const used = <u32>(c.carryEnd - c.carryBase);
    if (used == c.headLeft) {
      fault(RULE_HEAD_OCTETS, used, load<u8>(p), c.headOctetsMax);
      refuseFault(c, 0);
      return end;
    }
    if (c.carryEnd == c.carryLimit && !carryOn(c, c.carryBase, used)) {
      refuse(c, RULE_MEMORY, NONE, NONE);
      return end;
    }
    const from = c.carryEnd;
    const length = min(end - p, c.carryLimit - from);
    if (length == 1) store<u8>(from, load<u8>(p));
    else memory.copy(from, p, length);
    const base = c.carryBase;
    const stopped = readSection(c, base, from, from + length);
    const outcome = outcomeOfReading();
    if (outcome == READ_FAULT) {
      refuseFault(c, base);
      return end;
    }
    if (outcome == READ_BLANK) {
      dropCarry(c);
      return skipBlankLine(c, p + (stopped - from));
    }
    p += stopped - from;
    c.carryEnd = stopped;
    if (outcome == READ_COMPLETE) return complete(c, base, p, end);
  }
  return p;
}

/** An empty line before a request line is no part of it, but of the head's allowance. */
function skipBlankLine(c: Connection, p: usize): usize {
  c.headLeft -= min(c.headLeft, <u32>2);
  c.begun = 0;
  startHead(c);
  return p;
}

/**
 * Trailers that begin with the empty line have no field lines. They are nothing to collect and no part of the head's
 * allowance, since a head that just fits must not make the end of every chunked body a fault.
 */
function receiveEmptyTrailers(c: Connection, p: usize, end: usize): usize {
  const octet = <u32>load<u8>(p);
  const cell = cellOf(c.row, classOf(octet));
  if (cell == ACT_SECTION_END) {
    finish(c, 0, 0);
    return p + 1;
  }
  if (cell >= STOP) {
    fault(cell - STOP, c.lineOctets, octet, NONE);
    refuseFault(c, 0);
    return end;
  }
  c.row = cell;
  c.lineOctets++;
  return p + 1;
}

function receiveChunks(c: Connection, p: usize, end: usize): usize {
  p = readChunks(c, p, end);
  if (!p) {
    refuseFault(c, 0);
    return end;
  }
  keepFrom(p);
  if (c.state != TRAILERS) return p;
  if (p + 2 <= end && <u32>load<u16>(p, 0, 1) == CRLF) {
    finish(c, 0, 0);
    return p + 2;
  }
  c.row = LINE_START;
  c.line = 0;
  c.lineOctets = 0;
  c.count = 0;
  return p;
}
