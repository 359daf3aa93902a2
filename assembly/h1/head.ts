/**
 * Reading a section: a head (status or request line, field lines, empty line) or the field lines of trailers
 * (RFC 9112 §2.1, §3, §4, §5, §7.1.2). Resumes at any octet: all it remembers is in the connection, as offsets from the
 * section's first octet.
 *
 * Whole lines are read by wide scanners; whatever these do not take (a line that the input ends in, an octet out of
 * place) is left, at the octet where they stopped, to the grammar's table, which alone says what is wrong.
 */
import {
  FIELD_CONNECTION,
  FIELD_CONTENT_ENCODING,
  FIELD_CONTENT_LENGTH,
  FIELD_KEEP_ALIVE,
  FIELD_LOCATION,
  FIELD_OCTETS,
  FIELD_SET_COOKIE,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FIELD_WWW_AUTHENTICATE,
  FLAG_CHUNKED,
  FLAG_CONTENT_ENCODING,
  FLAG_CONTENT_LENGTH,
  FLAG_HTTP_1_0,
  FLAG_LOCATION,
  FLAG_SET_COOKIE,
  FLAG_WWW_AUTHENTICATE,
  NONE,
  OPEN_CONNECT,
  ROLE_REQUESTS,
  RULE_FIELD_COUNT,
  RULE_FIELD_NAME,
  RULE_TRAILER_FORBIDDEN,
  RULE_TRANSFER_ENCODING,
} from '../abi';
import { fault } from '../event';
import {
  CODINGS_CHUNKED,
  CODINGS_INVALID,
  connectionTokens,
  contentLength,
  contentLengthDigits,
  idOf,
  keepAliveSeconds,
  readChunkedOnly,
  readCodings,
  readContentLength,
  writeEntry,
} from '../fields';
import {
  CONTROL_LAST,
  CRLF,
  classOf,
  controlsIn64By,
  DEL,
  isBlank,
  NIBBLE,
  NIBBLE_BITS,
  notTokenMaskBy,
  scanText,
  scanToken,
  TOKEN_SETS,
  trimBlanks,
} from '../octets';
import { isEndedByHead, SEEN_TRANSFER_ENCODING, SEEN_TUNNEL, SEEN_UPGRADE } from './framing';
import {
  ACT_BLANK_LINE,
  ACT_COLON,
  ACT_FIELD_LINE,
  ACT_REQUEST_LINE,
  ACT_SECTION_END,
  ACT_STATUS_LINE,
  ACTION,
  cellOf,
  LINE_START,
  NAME,
  REASON,
  STATUS_CODE_READ,
  STATUS_LINE,
  STOP,
  VALUE,
} from './grammar';
import { Connection, TRAILERS } from './state';

// ── what a reading ended with ──
/** The input ended in the section. */
export const READ_ON: u32 = 0;
export const READ_COMPLETE: u32 = 1;
/** A rule was broken: the fault says which. */
export const READ_FAULT: u32 = 2;
/** Role of requests: an empty line, which is no part of the head, stood before it. */
export const READ_BLANK: u32 = 3;

/** Longest name that an entry of the table describes. */
const NAME_OCTETS_MAX: u32 = 65535;
/** "HTTP/1." as a little-endian number. */
const HTTP_1: u64 = 0x2e312f50545448;

/** Bit i is set if `heedField` has something to do for a field of id i. */
const HEEDED: u32 =
  (1 << FIELD_CONTENT_LENGTH) |
  (1 << FIELD_TRANSFER_ENCODING) |
  (1 << FIELD_CONNECTION) |
  (1 << FIELD_KEEP_ALIVE) |
  (1 << FIELD_CONTENT_ENCODING) |
  (1 << FIELD_SET_COOKIE) |
  (1 << FIELD_LOCATION) |
  (1 << FIELD_WWW_AUTHENTICATE) |
  (1 << FIELD_UPGRADE);

let outcome: u32 = READ_ON;

/** READ_* of the last `readSection`. */
export function outcomeOfReading(): u32 {
  return outcome;
}

/**
 * Reads the section whose first octet stands at `base` on from `p`, and answers where it stopped: behind the section's
 * last octet, at the offending one, or at `end`.
 */
export function readSection(c: Connection, base: usize, p: usize, end: usize): usize {
  outcome = READ_ON;
  let row = c.row;
  if (row == STATUS_LINE && p + 16 <= end) {
    p = readStatusLine(c, p, end);
    row = c.row;
  }
  while (true) {
    if (row == LINE_START) {
      p = readPlainLines(c, base, p, end);
      if (outcome != READ_ON) return p;
      row = c.row;
    } else if (row == VALUE || row == REASON) {
      p = scanText(p, end);
    } else if (row == NAME) {
      p = scanToken(p, end);
    }
    if (p >= end) break;
    const octet = <u32>load<u8>(p);
    const cell = cellOf(row, classOf(octet));
    if (cell < STOP) {
      row = cell;
    } else if (cell < ACTION) {
      fault(cell - STOP, p, octet, NONE);
      outcome = READ_FAULT;
      return p;
    } else {
      row = act(c, base, p, cell);
      if (outcome != READ_ON) return outcome == READ_FAULT ? p : p + 1;
    }
    p++;
  }
  c.row = row;
  return p;
}

/** Does what the octet at `p` brings about, and answers the row to go on with. */
function act(c: Connection, base: usize, p: usize, action: u32): u32 {
  switch (action) {
    case ACT_COLON: {
      const nameLength = <u32>(p - base) - c.line;
      if (c.count == c.fieldsMax) return stop(RULE_FIELD_COUNT, p, c.fieldsMax);
      if (nameLength > NAME_OCTETS_MAX) return stop(RULE_FIELD_NAME, p, NAME_OCTETS_MAX);
      c.colon = <u32>(p - base);
      return VALUE;
    }
    case ACT_FIELD_LINE:
      // The CR stands directly before the LF.
      if (!readField(c, base, base + c.line, base + c.colon, p - 1)) {
        outcome = READ_FAULT;
        return LINE_START;
      }
      break;
    case ACT_STATUS_LINE:
      endStatusLine(c, base);
      break;
    case ACT_REQUEST_LINE:
      endRequestLine(c, base, p + 1);
      break;
    case ACT_BLANK_LINE:
      outcome = READ_BLANK;
      return LINE_START;
    case ACT_SECTION_END:
      outcome = READ_COMPLETE;
      return LINE_START;
  }
  c.line = <u32>(p + 1 - base);
  return LINE_START;
}

function stop(rule: u32, at: usize, limit: u32): u32 {
  fault(rule, at, load<u8>(at), limit);
  outcome = READ_FAULT;
  return LINE_START;
}

/** Reads a status line if [p, end) holds all of it and it is in order; else as much of it as is. At least 16 octets. */
function readStatusLine(c: Connection, p: usize, end: usize): usize {
  // SAFE: 16 octets, the caller's promise.
  const word = load<u64>(p, 0, 1);
  const hundreds = <u32>load<u8>(p, 9) - 0x31;
  const tens = <u32>load<u8>(p, 10) - 0x30;
  const ones = <u32>load<u8>(p, 11) - 0x30;
  if ((word & 0xffffffffffffff) != HTTP_1 || <u32>(word >> 56) - 0x30 > 9) return p;
  if (load<u8>(p, 8) != 0x20 || hundreds > 8 || tens > 9 || ones > 9) return p;
  c.row = STATUS_CODE_READ;
  p += 12;
  if (load<u8>(p) != 0x20) return p;
  c.row = REASON;
  p = scanText(p + 1, end);
  if (p + 2 > end || <u32>load<u16>(p, 0, 1) != CRLF) return p;
  takeStatusLine(c, (hundreds + 1) * 100 + tens * 10 + ones, <u32>(word >> 56));
  return p + 2;
}

/** Takes version and status code from a status line found in order. */
function endStatusLine(c: Connection, base: usize): void {
  // SAFE: the line holds "HTTP/1.x ddd" at least.
  const status = <u32>load<u8>(base, 9) * 100 + <u32>load<u8>(base, 10) * 10 + <u32>load<u8>(base, 11) - 0x30 * 111;
  takeStatusLine(c, status, load<u8>(base, 7));
}

/** Notes what a status line says; `minor`: the digit of the minor version. */
function takeStatusLine(c: Connection, status: u32, minor: u32): void {
  c.row = LINE_START;
  c.status = status;
  if (minor == 0x30) c.flags |= FLAG_HTTP_1_0;
  if (c.open & OPEN_CONNECT && status >= 200 && status < 300) c.flags |= SEEN_TUNNEL;
}

/** Takes method, target and version from a request line found in order, which ends before `end`. */
function endRequestLine(c: Connection, base: usize, end: usize): void {
  const methodEnd = scanToken(base, end);
  const method = <u32>(methodEnd - base);
  c.status = method;
  // Behind the target stand SP, "HTTP/1.x", CR, LF.
  c.target = <u32>(end - 11 - (methodEnd + 1));
  if (load<u8>(end - 3) == 0x30) c.flags |= FLAG_HTTP_1_0;
  if (method == 7 && load<u32>(base, 0, 1) == 0x4e4e4f43 && load<u32>(base, 3, 1) == 0x5443454e) {
    c.flags |= SEEN_TUNNEL;
  }
}

/**
 * Reads field lines from the line start at `p` on, as long as each lies whole in [p, end) and is plain: a name under 32
 * octets, a value with one SP or none before it and no blank behind. Reads the empty line, too. Answers where the
 * table goes on, in the row `c.row`: at the start of the first line that is otherwise, in order or not, or in its
 * value.
 */
function readPlainLines(c: Connection, base: usize, p: usize, end: usize): usize {
  c.row = LINE_START;
  if (ASC_FEATURE_SIMD) {
    p = enterPlainLines(c, base, p, end);
    if (c.row != LINE_START) return p;
  }
  c.line = <u32>(p - base);
  if (p + 2 <= end && <u32>load<u16>(p, 0, 1) == CRLF) {
    outcome = READ_COMPLETE;
    return p + 2;
  }
  return p;
}

/**
 * The same, up to the first line that is not plain or is empty. Control octets are looked for ahead of the names, each octet
 * once: where the next line begins then depends on them alone, so that a processor reads one line's name beside the next's.
 *
 * SAFE: all loads are of the 64 octets from an octet before `end` on, or from `end`, where slack is. What stands there has
 * no say: only a line that ends before `end` is entered.
 */
function enterPlainLines(c: Connection, base: usize, p: usize, end: usize): usize {
  const sets = v128.load(TOKEN_SETS);
  const bits = v128.load(NIBBLE_BITS);
  const nibble = v128.load(NIBBLE);
  const lastControl = v128.load(CONTROL_LAST);
  const del = v128.load(DEL);
  const first = c.entries + c.count * FIELD_OCTETS;
  const entriesEnd = c.entries + c.fieldsMax * FIELD_OCTETS;
  let entry = first;
  // Those found and not yet passed, in the 64 octets that end at `blockEnd`.
  let controls: u64 = 0;
  let blockEnd = p;
  while (entry < entriesEnd) {
    let colon = p;
    let mask = notTokenMaskBy(p, sets, bits, nibble);
    if (!mask) {
      colon += 16;
      mask = notTokenMaskBy(colon, sets, bits, nibble);
      if (!mask) break;
    }
    colon += ctz(mask);
    if (<u32>(load<u8>(colon) != 0x3a) | <u32>(colon == p)) break;
    if (!controls) {
      // The LF of the line before may be the first octet behind the block.
      blockEnd = max(blockEnd, p);
      while (blockEnd < end) {
        controls = controlsIn64By(blockEnd, lastControl, del);
        blockEnd += 64;
        if (controls) break;
      }
    }
    const valueEnd = blockEnd - 64 + <usize>ctz(controls);
    const value = colon + 1 + <usize>(load<u8>(colon, 1) == 0x20);
    const next = valueEnd + 2;
    if (next > end || !isPlainValue(value, valueEnd)) {
      if (colon >= end) break;
      c.line = <u32>(p - base);
      c.colon = <u32>(colon - base);
      c.row = VALUE;
      p = min(valueEnd, end);
      break;
    }
    const nameLength = <u32>(colon - p);
    const id = inline.always(idOf(p, nameLength));
    store<u32>(entry, <u32>(p - base) | (id << 24));
    store<u32>(entry, <u32>(value - base) | (nameLength << 24), 4);
    store<u32>(entry, <u32>(valueEnd - value), 8);
    entry += FIELD_OCTETS;
    if ((HEEDED >> id) & 1) {
      if (!heedField(c, id, p, value, valueEnd)) {
        outcome = READ_FAULT;
        break;
      }
    }
    p = next;
    controls &= controls - 1;
  }
  c.count += <u32>(entry - first) / FIELD_OCTETS;
  return p;
}

/** Whether CR LF stand at `end`, and no blank (or nothing at all) at either end of [value, end). */
function isPlainValue(value: usize, end: usize): bool {
  return !(
    <u32>(<u32>load<u16>(end, 0, 1) != CRLF) |
    <u32>(load<u8>(value) <= 0x20) |
    <u32>(load<u8>(end - 1) <= 0x20)
  );
}

/**
 * Enters the field line with name [name, colon) and value (colon, end) into the table and heeds it. False with a fault.
 */
function readField(c: Connection, base: usize, name: usize, colon: usize, end: usize): bool {
  let value = colon + 1;
  while (isBlank(load<u8>(value))) value++; // SAFE: a CR stands at `end`
  if (value < end) end = trimBlanks(end); // SAFE: the octet at `value` is no blank
  const nameLength = <u32>(colon - name);
  const id = idOf(name, nameLength);
  writeEntry(
    c.entries + c.count++ * FIELD_OCTETS,
    id,
    <u32>(name - base),
    nameLength,
    <u32>(value - base),
    <u32>(end - value),
  );
  return !((HEEDED >> id) & 1) || heedField(c, id, name, value, end);
}

/**
 * Does what the octet that stands at `p`, and ends what is carried, brings about within a section. False with a fault.
 */
export function readAction(c: Connection, base: usize, p: usize, action: u32): bool {
  outcome = READ_ON;
  c.row = act(c, base, p, action);
  return outcome == READ_ON;
}

/** Notes what a well-known field says of the message or the connection. False with a fault. */
function heedField(c: Connection, id: u32, name: usize, value: usize, end: usize): bool {
  if (c.state == TRAILERS) {
    // RFC 9110 §6.5.1: a field that frames the message must not be in its trailers. The others are the user's to judge.
    if (id != FIELD_CONTENT_LENGTH && id != FIELD_TRANSFER_ENCODING) return true;
    return fault(RULE_TRAILER_FORBIDDEN, name, load<u8>(name), NONE);
  }
  switch (id) {
    case FIELD_CONTENT_LENGTH:
      if (c.flags & SEEN_TUNNEL) break;
      if (!readContentLength(value, end, c.lengthDigits, c.length)) return false;
      c.length = contentLength();
      c.lengthDigits = contentLengthDigits();
      c.flags |= FLAG_CONTENT_LENGTH;
      break;
    case FIELD_TRANSFER_ENCODING:
      if (!(c.flags & SEEN_TUNNEL)) return heedTransferEncoding(c, name, value, end);
      break;
    case FIELD_CONNECTION:
      c.tokens |= connectionTokens(value, end);
      break;
    case FIELD_KEEP_ALIVE:
      // The smallest of all lines holds: the connection may be gone after that.
      c.keepAlive = min(c.keepAlive, keepAliveSeconds(value, end));
      break;
    case FIELD_CONTENT_ENCODING:
      c.flags |= FLAG_CONTENT_ENCODING;
      break;
    case FIELD_SET_COOKIE:
      c.flags |= FLAG_SET_COOKIE;
      break;
    case FIELD_LOCATION:
      c.flags |= FLAG_LOCATION;
      break;
    case FIELD_WWW_AUTHENTICATE:
      c.flags |= FLAG_WWW_AUTHENTICATE;
      break;
    case FIELD_UPGRADE:
      c.flags |= SEEN_UPGRADE;
      break;
  }
  return true;
}

function heedTransferEncoding(c: Connection, name: usize, value: usize, end: usize): bool {
  if (c.role == ROLE_REQUESTS) {
    const codings = readCodings(value, end, (c.flags & FLAG_CHUNKED) != 0);
    if (codings == CODINGS_INVALID) return false;
    if (codings == CODINGS_CHUNKED) c.flags |= FLAG_CHUNKED;
  } else if (c.flags & SEEN_TRANSFER_ENCODING) {
    if (!isEndedByHead(c.role, c.open, c.status)) return fault(RULE_TRANSFER_ENCODING, name, load<u8>(name), NONE);
    c.flags &= ~FLAG_CHUNKED;
  } else if (readChunkedOnly(value, end)) {
    c.flags |= FLAG_CHUNKED;
  } else if (!isEndedByHead(c.role, c.open, c.status)) {
    return false;
  }
  c.flags |= SEEN_TRANSFER_ENCODING;
  return true;
}
