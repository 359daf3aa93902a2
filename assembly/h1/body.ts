/**
 * Reading a chunked body (RFC 9112 §7.1) up to its last chunk line; the trailers are a section (h1/head.ts). Resumes at
 * any octet. Short pieces of chunk data that one input holds are moved together in place, so that they leave as one
 * DATA record; long ones leave where they stand; what a chunk still has when the input ends is passed by the host.
 */
import {
  BODY_OCTETS_MAX,
  CHUNK_EXTENSION_OCTETS_MAX,
  CHUNK_OVERHEAD_OCTETS_MAX,
  KIND_DATA,
  KIND_PASS,
  NONE,
  RULE_CHUNK_OVERHEAD,
  RULE_CHUNK_SIZE_OVERFLOW,
} from '../abi';
import { emit, fault } from '../event';
import { INPUT } from '../memory';
import { CRLF, classOf, hexValue, moveDown } from '../octets';
import {
  ACT_SIZE_DIGIT,
  ACTION,
  CHUNK_DATA_END,
  CHUNK_DIGITS,
  CHUNK_SIZE,
  cellOf,
  isInExtension,
  STOP,
} from './grammar';
import { CHUNK_DATA, Connection, TRAILERS } from './state';

/** Pieces from this length on are not worth moving. */
const PIECE_OCTETS_LONG: usize = 4096;
/** Most digits of a size that the quick reading of a chunk line takes. */
const QUICK_DIGITS: u32 = 8;

// Chunk data of this call that is not yet a record: [gathered, gatheredEnd), moved together if it came in several
// pieces.
let gathered: usize = 0;
let gatheredEnd: usize = 0;
let isMoved: u32 = 0;

/** Begins a chunked body. */
export function startChunks(c: Connection): void {
  c.row = CHUNK_SIZE;
  c.lineOctets = 0;
  c.overheadLeft = CHUNK_OVERHEAD_OCTETS_MAX;
}

/** Begins to await the line end after chunk data. */
export function startDataEnd(c: Connection): void {
  c.row = CHUNK_DATA_END;
  c.lineOctets = 0;
}

/**
 * Reads chunks on in [p, end) and answers where it stopped: at `end`, behind the last chunk's line (the state is then
 * TRAILERS), or 0 with a fault whose place counts from the start of the line.
 */
export function readChunks(c: Connection, p: usize, end: usize): usize {
  gathered = p;
  gatheredEnd = p;
  isMoved = 0;
  while (true) {
    p = readChunkLine(c, p, end);
    if (lineOutcome != LINE_COMPLETE) break;
    if (c.left == 0) {
      c.state = TRAILERS;
      break;
    }
    const rest = end - p;
    if (c.left > <u64>rest) {
      emitGathered(c);
      c.left -= rest;
      c.state = CHUNK_DATA;
      emit(KIND_PASS, 0, c.stream, <u32>(p - INPUT), <u32>rest, 0, <u32>c.left, <u32>(c.left >> 32));
      return end;
    }
    gather(c, p, <usize>c.left);
    p += <usize>c.left;
    startDataEnd(c);
    if (p + 2 <= end && <u32>load<u16>(p, 0, 1) == CRLF) {
      p += 2;
      c.row = CHUNK_SIZE;
      c.lineOctets = 2;
    }
  }
  emitGathered(c);
  return lineOutcome == LINE_FAULT ? 0 : p;
}

function gather(c: Connection, piece: usize, length: usize): void {
  if (length >= PIECE_OCTETS_LONG) {
    emitGathered(c);
    emit(KIND_DATA, 0, c.stream, <u32>(piece - INPUT), <u32>length, 0, 0, 0);
    return;
  }
  if (gathered == gatheredEnd) {
    gathered = piece;
    gatheredEnd = piece;
  } else {
    // A chunk line at least stands between the pieces, so this moves down, and into octets that were read.
    moveDown(gatheredEnd, piece, length);
    isMoved = 1;
  }
  gatheredEnd += length;
}

function emitGathered(c: Connection): void {
  if (gathered == gatheredEnd) return;
  emit(KIND_DATA, 0, c.stream, <u32>(gathered - INPUT), <u32>(gatheredEnd - gathered), isMoved, 0, 0);
  gathered = gatheredEnd;
  isMoved = 0;
}

const LINE_OPEN: u32 = 0;
const LINE_COMPLETE: u32 = 1;
const LINE_FAULT: u32 = 2;
let lineOutcome: u32 = LINE_OPEN;

/** Reads what is left of a chunk line; `c.left` is the chunk's size when it is complete. */
function readChunkLine(c: Connection, p: usize, end: usize): usize {
  if (c.row == CHUNK_SIZE) {
    const next = readPlainLine(c, p, end);
    if (next) {
      lineOutcome = LINE_COMPLETE;
      return next;
    }
  }
  lineOutcome = LINE_FAULT;
  for (; p < end; p++) {
    const octet = <u32>load<u8>(p);
    const cell = cellOf(c.row, classOf(octet));
    if (cell < STOP) {
      if (isInExtension(cell) && !spendInExtension(c, p, octet)) return p;
      c.row = cell;
    } else if (cell < ACTION) {
      chunkFault(c, cell - STOP, p, octet, NONE);
      return p;
    } else if (cell == ACT_SIZE_DIGIT) {
      if (!readDigit(c, p, octet)) return p;
    } else {
      lineOutcome = LINE_COMPLETE;
      return p + 1;
    }
    c.lineOctets++;
  }
  lineOutcome = LINE_OPEN;
  return p;
}

/**
 * Reads one octet of a chunk line, or of the line end before it, where that is all an input has and nothing but the row
 * changes by it. False, and nothing done, if there is more to do.
 */
export function readChunkOctet(c: Connection, octet: u32): bool {
  const cell = cellOf(c.row, classOf(octet));
  if (cell == ACT_SIZE_DIGIT && c.row == CHUNK_SIZE) {
    c.left = hexValue(octet);
    c.row = CHUNK_DIGITS;
  } else if (cell < STOP && !isInExtension(cell)) {
    c.row = cell;
  } else {
    return false;
  }
  c.lineOctets++;
  return true;
}

/** Reads a line of few digits and nothing else, without leading zeros, if [p, end) holds all of it; else 0. */
function readPlainLine(c: Connection, p: usize, end: usize): usize {
  if (end - p < QUICK_DIGITS + 3) return 0;
  // SAFE: the digits, one octet that is none and CR LF lie within QUICK_DIGITS + 3 octets.
  let digit = hexValue(load<u8>(p));
  if (digit > 15) return 0;
  let size = digit;
  const start = p++;
  while ((digit = hexValue(load<u8>(p))) < 16) {
    if (size == 0 || p - start == QUICK_DIGITS - 1) return 0;
    size = (size << 4) | digit;
    p++;
  }
  if (<u32>load<u16>(p, 0, 1) != CRLF) return 0;
  c.left = size;
  return p + 2;
}

function readDigit(c: Connection, p: usize, octet: u32): bool {
  const digit = hexValue(octet);
  if (c.row == CHUNK_SIZE) {
    c.row = CHUNK_DIGITS;
    c.left = digit;
    return true;
  }
  // The zero before this digit was a leading one.
  if (c.left == 0 && !spend(c, p, octet)) return false;
  if (c.left > (<u64>BODY_OCTETS_MAX - digit) >> 4) return chunkFault(c, RULE_CHUNK_SIZE_OVERFLOW, p, octet, NONE);
  c.left = (c.left << 4) | digit;
  return true;
}

/** Counts one octet of overhead. False with a fault if the message has no more. */
function spend(c: Connection, p: usize, octet: u32): bool {
  if (c.overheadLeft == 0) return chunkFault(c, RULE_CHUNK_OVERHEAD, p, octet, CHUNK_OVERHEAD_OCTETS_MAX);
  c.overheadLeft--;
  return true;
}

/** Counts one octet of the chunk's extensions, which have a limit of their own. */
function spendInExtension(c: Connection, p: usize, octet: u32): bool {
  if (c.row == CHUNK_DIGITS) c.extensionLeft = CHUNK_EXTENSION_OCTETS_MAX;
  if (c.extensionLeft == 0) return chunkFault(c, RULE_CHUNK_OVERHEAD, p, octet, CHUNK_EXTENSION_OCTETS_MAX);
  c.extensionLeft--;
  return spend(c, p, octet);
}

/** A fault at `p`, with its place as octets of the line instead of an address. */
function chunkFault(c: Connection, rule: u32, p: usize, octet: u32, limit: u32): bool {
  return fault(rule, c.lineOctets, octet, limit);
}
