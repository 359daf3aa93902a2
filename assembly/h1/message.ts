/**
 * One message from its head to its end: what a complete section means, how the body goes on, and when the connection
 * may be used again (RFC 9112 §6, §9.3, §9.6). Says it in records and in the connection's state; reads no octets.
 */
import {
  CLOSE_DELIMITED,
  CLOSE_FRAMING_DOUBTFUL,
  CLOSE_HTTP_1_0,
  CLOSE_NONE,
  CLOSE_PEER_ASKED,
  CLOSE_PROTOCOL_ERROR,
  CLOSE_REQUEST_INCOMPLETE,
  CLOSE_UPGRADED,
  CLOSE_WE_ASKED,
  FIELD_OCTETS,
  FLAG_CLOSE,
  FLAG_HTTP_1_0,
  FLAG_KEEP_ALIVE,
  FLAG_NO_BODY,
  FLAG_UNTIL_CLOSE,
  KIND_DATA,
  KIND_END,
  KIND_HEAD,
  KIND_INTERIM,
  KIND_PASS,
  KIND_UPGRADE,
  KIND_WRITABLE,
  NONE,
  OPEN_CLOSE,
  OPEN_END_STREAM,
  OPEN_EXPECT_CONTINUE,
  PASS_UNLIMITED,
  ROLE_REQUESTS,
  RULE_INTERIM_COUNT,
  RULE_MEMORY,
} from '../abi';
import { count, emit, emitFault, fault } from '../event';
import { TOKEN_CLOSE, TOKEN_KEEP_ALIVE, TOKEN_UPGRADE } from '../fields';
import { INPUT, TABLE_ROOM } from '../memory';
import { startChunks } from './body';
import { dropCarry, placeTable } from './carry';
import {
  FRAMING_CHUNKED,
  FRAMING_EMPTY,
  FRAMING_INTERIM,
  FRAMING_LENGTH,
  FRAMING_REFUSED,
  FRAMING_TUNNEL,
  FRAMING_UNTIL_CLOSE,
  framingOf,
  isDoubtful,
  SEEN_UPGRADE,
} from './framing';
import { REQUEST_LINE, STATUS_LINE } from './grammar';
import { BETWEEN, CHUNKED, Connection, ENDED, FIXED, HEAD, IDLE, OVER, TRAILERS, UNTIL_CLOSE, UPGRADED } from './state';

/** The bits of `flags` that leave the core. */
const FLAGS_OUT: u32 = 0xffff;

/** End of those octets of the input area that records of this call point to: what lies before must stay as it is. */
let floor: usize = TABLE_ROOM;

/** Octets of the input area from `p` on are pointed to by no record yet. */
export function keepFrom(p: usize): void {
  floor = p;
}

/** Begins an exchange. */
export function start(c: Connection, open: u32): void {
  c.state = HEAD;
  c.stream++;
  c.open = open;
  c.requestEnded = open & OPEN_END_STREAM ? 1 : 0;
  c.begun = 0;
  c.interims = 0;
  c.tokens = 0;
  c.doubtful = 0;
  c.headLeft = c.headOctetsMax;
  startHead(c);
}

/** Begins a head, the first of an exchange or the one after an interim response. */
export function startHead(c: Connection): void {
  c.row = c.role == ROLE_REQUESTS ? REQUEST_LINE : STATUS_LINE;
  c.count = 0;
  c.flags = 0;
  // What an interim response says of the connection's end holds (RFC 9112 §9.6): it is no property of the message.
  c.tokens &= TOKEN_CLOSE;
  c.keepAlive = NONE;
  c.lengthDigits = 0;
  c.length = 0;
}

/** Ends the connection; the reason that was there first stays. */
export function close(c: Connection, state: u32, reason: u32): void {
  c.state = state;
  if (c.closeReason == CLOSE_NONE) c.closeReason = reason;
  dropCarry(c);
}

/** Ends the connection with the last fault, whose place is an address when `base` is one, else a number of octets. */
export function refuseFault(c: Connection, base: usize): void {
  emitFault(c.stream, base);
  close(c, OVER, CLOSE_PROTOCOL_ERROR);
}

export function refuse(c: Connection, rule: u32, octet: u32, limit: u32): u32 {
  fault(rule, 0, octet, limit);
  refuseFault(c, 0);
  return count();
}

/** A section is complete: its octets begin at `base`, and the input goes on at `p`. */
export function complete(c: Connection, base: usize, p: usize, end: usize): usize {
  const isCarried = c.carry != 0;
  const length = <u32>((isCarried ? c.carryEnd : p) - base);
  const framing = c.state == TRAILERS ? FRAMING_EMPTY : framingOf(c.role, c.open, c.requestEnded, c.status, c.flags);
  if (framing >= FRAMING_REFUSED) {
    fault(framing - FRAMING_REFUSED, length - 1, NONE, NONE);
    refuseFault(c, 0);
    return end;
  }
  if (framing == FRAMING_INTERIM && c.interims == c.interimMax) {
    fault(RULE_INTERIM_COUNT, length - 1, NONE, c.interimMax);
    refuseFault(c, 0);
    return end;
  }
  if (isDoubtful(c.flags)) c.doubtful = 1;
  c.headLeft -= length;
  const table = placeTable(c, base, length, floor);
  if (!table) {
    refuse(c, RULE_MEMORY, NONE, NONE);
    return end;
  }
  if (!isCarried) floor = p;
  const octets = c.count * FIELD_OCTETS + length;
  if (c.state == TRAILERS) {
    finish(c, table, octets);
    return p;
  }
  if (framing == FRAMING_INTERIM) {
    emitInterim(c, table, octets);
    return p;
  }
  return startBody(c, framing, table, octets, p, end);
}

function emitInterim(c: Connection, table: usize, octets: u32): void {
  c.interims++;
  emit(KIND_INTERIM, c.status, c.stream, <u32>table, octets, c.flags & FLAGS_OUT, c.count, c.keepAlive);
  if (c.status == 100 && c.open & OPEN_EXPECT_CONTINUE) {
    // Once: later ones tell nothing new.
    c.open &= ~OPEN_EXPECT_CONTINUE;
    emit(KIND_WRITABLE, 0, c.stream, 0, 0, 0, 0, 0);
  }
  startHead(c);
}

/** Makes the head a record, and what follows it the connection's state. */
function startBody(c: Connection, framing: u32, table: usize, octets: u32, p: usize, end: usize): usize {
  let flags = c.flags & FLAGS_OUT;
  const isEmpty = framing == FRAMING_EMPTY || (framing == FRAMING_LENGTH && c.length == 0);
  if (isEmpty) flags |= FLAG_NO_BODY;
  if (framing == FRAMING_UNTIL_CLOSE) flags |= FLAG_UNTIL_CLOSE;
  c.flags |= flags;
  if (closingOf(c) != CLOSE_NONE) flags |= FLAG_CLOSE;
  if (c.tokens & TOKEN_KEEP_ALIVE) flags |= FLAG_KEEP_ALIVE;
  const last = c.role == ROLE_REQUESTS ? c.target : c.keepAlive;
  emit(KIND_HEAD, c.status, c.stream, <u32>table, octets, flags, c.count, last);
  if (isEmpty) {
    finish(c, 0, 0);
    return p;
  }
  const rest = <u32>(end - p);
  switch (framing) {
    case FRAMING_TUNNEL:
      close(c, UPGRADED, CLOSE_UPGRADED);
      emit(KIND_UPGRADE, 0, c.stream, <u32>(p - INPUT), rest, 0, 0, 0);
      return end;
    case FRAMING_CHUNKED:
      c.state = CHUNKED;
      startChunks(c);
      return p;
    case FRAMING_UNTIL_CLOSE:
      c.state = UNTIL_CLOSE;
      emit(KIND_PASS, 0, c.stream, <u32>(p - INPUT), rest, 0, 0, PASS_UNLIMITED);
      return end;
  }
  if (c.length > <u64>rest) {
    const left = c.length - rest;
    c.state = FIXED;
    emit(KIND_PASS, 0, c.stream, <u32>(p - INPUT), rest, 0, <u32>left, <u32>(left >> 32));
    return end;
  }
  emit(KIND_DATA, 0, c.stream, <u32>(p - INPUT), <u32>c.length, 0, 0, 0);
  p += <usize>c.length;
  floor = p;
  finish(c, 0, 0);
  return p;
}

/** Why the message that is being received is the connection's last, so far as its head says (RFC 9112 §9.3). */
function closingOf(c: Connection): u32 {
  if (c.tokens & TOKEN_CLOSE) return CLOSE_PEER_ASKED;
  if (c.flags & FLAG_HTTP_1_0 && !(c.tokens & TOKEN_KEEP_ALIVE)) return CLOSE_HTTP_1_0;
  if (c.flags & FLAG_UNTIL_CLOSE) return CLOSE_DELIMITED;
  if (c.doubtful) return CLOSE_FRAMING_DOUBTFUL;
  return CLOSE_NONE;
}

/** The message is complete. `table`, `octets`: its trailers, if it has any field lines there. */
export function finish(c: Connection, table: usize, octets: u32): void {
  let reason = closingOf(c);
  if (reason == CLOSE_NONE) {
    if (c.open & OPEN_CLOSE) reason = CLOSE_WE_ASKED;
    else if (!c.requestEnded) reason = CLOSE_REQUEST_INCOMPLETE;
  }
  const isRequest = c.role == ROLE_REQUESTS;
  const isUpgrade = isRequest && c.flags & SEEN_UPGRADE && c.tokens & TOKEN_UPGRADE;
  const canGoOn = reason == CLOSE_NONE && !isUpgrade;
  const lines = table ? c.count : 0;
  if (!lines) {
    table = 0;
    octets = 0;
  }
  emit(KIND_END, canGoOn ? 1 : 0, c.stream, <u32>table, octets, 0, lines, 0);
  if (isUpgrade) {
    close(c, UPGRADED, CLOSE_UPGRADED);
    emit(KIND_UPGRADE, 0, c.stream, 0, 0, 0, 0, 0);
  } else if (reason != CLOSE_NONE) {
    close(c, ENDED, reason);
  } else {
    c.state = isRequest ? BETWEEN : IDLE;
  }
}
