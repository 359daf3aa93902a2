/**
 * Field lines: the id of a well-known name, an entry of the field table (layout in abi.ts), and the few field values
 * that steer a connection (RFC 9110 §5.6.1, §7.6.1, §8.6; RFC 9112 §6.1). Knows nothing of how lines are read or of
 * framing.
 */
import {
  BODY_OCTETS_MAX,
  FIELD_CACHE_CONTROL,
  FIELD_CONNECTION,
  FIELD_CONTENT_ENCODING,
  FIELD_CONTENT_LENGTH,
  FIELD_CONTENT_TYPE,
  FIELD_DATE,
  FIELD_ETAG,
  FIELD_KEEP_ALIVE,
  FIELD_LAST_MODIFIED,
  FIELD_LINK,
  FIELD_LOCATION,
  FIELD_OCTETS,
  FIELD_OTHER,
  FIELD_SERVER,
  FIELD_SET_COOKIE,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FIELD_VARY,
  FIELD_WWW_AUTHENTICATE,
  NONE,
  RULE_CHUNKED_NOT_LAST,
  RULE_CONTENT_LENGTH,
  RULE_CONTENT_LENGTH_DIFFERS,
  RULE_TRANSFER_ENCODING,
} from './abi';
import { fault } from './event';
import { lower2, lower4, lower8, scanToken, skipBlanks } from './octets';

// Names as little-endian numbers, lower-cased.
const CONTENT_: u64 = 0x2d746e65746e6f63; // "content-"

/** FIELD_* id of the name at `name`, `length` octets long. */
export function idOf(name: usize, length: u32): u32 {
  // SAFE: each case reads within `length` octets.
  switch (length) {
    case 4: {
      const word = lower4(name);
      if (word == 0x65746164) return FIELD_DATE;
      if (word == 0x67617465) return FIELD_ETAG;
      if (word == 0x79726176) return FIELD_VARY;
      if (word == 0x6b6e696c) return FIELD_LINK;
      break;
    }
    case 6:
      if (lower4(name) == 0x76726573 && lower2(name + 4) == 0x7265) return FIELD_SERVER;
      break;
    case 7:
      if (lower4(name) == 0x72677075 && lower4(name + 3) == 0x65646172) return FIELD_UPGRADE;
      break;
    case 8:
      if (lower8(name) == 0x6e6f697461636f6c) return FIELD_LOCATION;
      break;
    case 10: {
      const word = lower8(name);
      if (word == 0x697463656e6e6f63) return lower2(name + 8) == 0x6e6f ? FIELD_CONNECTION : FIELD_OTHER;
      if (word == 0x6b6f6f632d746573) return lower2(name + 8) == 0x6569 ? FIELD_SET_COOKIE : FIELD_OTHER;
      if (word == 0x696c612d7065656b) return lower2(name + 8) == 0x6576 ? FIELD_KEEP_ALIVE : FIELD_OTHER;
      break;
    }
    case 12:
      if (lower8(name) == CONTENT_ && lower4(name + 8) == 0x65707974) return FIELD_CONTENT_TYPE;
      break;
    case 13: {
      const word = lower8(name);
      if (word == 0x6f632d6568636163) return lower8(name + 5) == 0x6c6f72746e6f632d ? FIELD_CACHE_CONTROL : FIELD_OTHER;
      if (word == 0x646f6d2d7473616c) return lower8(name + 5) == 0x6465696669646f6d ? FIELD_LAST_MODIFIED : FIELD_OTHER;
      break;
    }
    case 14:
      if (lower8(name) == CONTENT_ && lower8(name + 6) == 0x6874676e656c2d74) return FIELD_CONTENT_LENGTH;
      break;
    case 16: {
      const word = lower8(name);
      if (word == CONTENT_) return lower8(name + 8) == 0x676e69646f636e65 ? FIELD_CONTENT_ENCODING : FIELD_OTHER;
      if (word == 0x687475612d777777) {
        return lower8(name + 8) == 0x6574616369746e65 ? FIELD_WWW_AUTHENTICATE : FIELD_OTHER;
      }
      break;
    }
    case 17:
      if (
        lower8(name) == 0x726566736e617274 &&
        lower8(name + 8) == 0x6e69646f636e652d &&
        (load<u8>(name, 16) | 0x20) == 0x67
      ) {
        return FIELD_TRANSFER_ENCODING;
      }
      break;
  }
  return FIELD_OTHER;
}

/** Writes an entry of the field table. Offsets count from the head's first octet. */
export function writeEntry(entry: usize, id: u32, name: u32, nameLength: u32, value: u32, valueLength: u32): void {
  store<u32>(entry, name | (id << 24));
  store<u32>(entry, value | (nameLength << 24), 4);
  store<u32>(entry, valueLength | ((nameLength >> 8) << 24), 8);
}

// ── Connection (RFC 9110 §7.6.1) ──
export const TOKEN_CLOSE: u32 = 1;
export const TOKEN_KEEP_ALIVE: u32 = 2;
export const TOKEN_UPGRADE: u32 = 4;

/** TOKEN_* bits of the options that [p, end) lists; what is no token is passed over. */
export function connectionTokens(p: usize, end: usize): u32 {
  const only = optionOf(p, <u32>(end - p));
  if (only) return only;
  let tokens: u32 = 0;
  while (p < end) {
    const tokenEnd = scanToken(p, end);
    tokens |= optionOf(p, <u32>(tokenEnd - p));
    p = tokenEnd;
    while (p < end && load<u8>(p) != 0x2c) p++;
    p = skipBlanks(p + 1, end);
  }
  return tokens;
}

/** TOKEN_* bit of the option of `length` octets; 0: it is none of these. */
export function optionOf(p: usize, length: u32): u32 {
  // SAFE: each comparison reads within `length` octets.
  if (length == 10 && lower8(p) == 0x696c612d7065656b && lower2(p + 8) == 0x6576) return TOKEN_KEEP_ALIVE;
  if (length == 5 && lower4(p) == 0x736f6c63 && (load<u8>(p, 4) | 0x20) == 0x65) return TOKEN_CLOSE;
  if (length == 7 && lower4(p) == 0x72677075 && lower4(p + 3) == 0x65646172) return TOKEN_UPGRADE;
  return 0;
}

// ── Content-Length (RFC 9110 §8.6) ──
const TENTH_OF_MAX: u64 = BODY_OCTETS_MAX / 10;
const DIGIT_OF_MAX: u32 = <u32>(BODY_OCTETS_MAX % 10);
let lengthRead: u64 = 0;
let lengthDigits: u32 = 0;

/** The length that `readContentLength` found, and with how many digits it was written. */
export function contentLength(): u64 {
  return lengthRead;
}

export function contentLengthDigits(): u32 {
  return lengthDigits;
}

/**
 * Reads 1*DIGIT, or a list of it whose members are the same, out of [p, end). `digits` and `length` are what an earlier
 * Content-Length field said (digits 0: none did). False with a fault if the value is anything else: members that
 * differ, were it only by a leading zero, are refused, since RFC 9110 §8.6 lets only identical ones pass as one.
 */
export function readContentLength(p: usize, end: usize, digits: u32, length: u64): bool {
  while (true) {
    const start = p;
    p = readDecimal(p, end);
    if (!p) return false;
    const count = <u32>(p - start);
    if (digits != 0 && (digits != count || length != lengthRead)) {
      return fault(RULE_CONTENT_LENGTH_DIFFERS, start, load<u8>(start), NONE);
    }
    digits = count;
    length = lengthRead;
    lengthDigits = count;
    p = skipBlanks(p, end);
    if (p == end) return true;
    if (load<u8>(p) != 0x2c) return fault(RULE_CONTENT_LENGTH, p, load<u8>(p), NONE);
    p = skipBlanks(p + 1, end);
  }
}

/**
 * Reads 1*DIGIT at `p` into `lengthRead` and answers where it ends; 0 with a fault. The limit is met before any
 * arithmetic.
 */
function readDecimal(p: usize, end: usize): usize {
  const start = p;
  let value: u64 = 0;
  while (p < end) {
    const octet = <u32>load<u8>(p);
    const digit = octet - 0x30;
    if (digit > 9) break;
    if (value >= TENTH_OF_MAX && (value > TENTH_OF_MAX || digit > DIGIT_OF_MAX)) {
      fault(RULE_CONTENT_LENGTH, p, octet, NONE);
      return 0;
    }
    value = value * 10 + digit;
    p++;
  }
  lengthRead = value;
  if (p > start) return p;
  fault(RULE_CONTENT_LENGTH, p, p < end ? <u32>load<u8>(p) : NONE, NONE);
  return 0;
}

// ── Transfer-Encoding (RFC 9112 §6.1) ──

function isChunked(p: usize, end: usize): bool {
  return end - p == 7 && lower4(p) == 0x6e756863 && lower4(p + 3) == 0x64656b6e;
}

/**
 * True if [p, end) is exactly `chunked`, in any case. We never send TE, so a response in any other coding, or in more
 * than one, is refused (a fault).
 */
export function readChunkedOnly(p: usize, end: usize): bool {
  if (isChunked(p, end)) return true;
  // The fault is at the first octet that cannot be of the one token.
  const at = scanToken(p, end);
  return fault(RULE_TRANSFER_ENCODING, at < end ? at : p, p < end ? <u32>load<u8>(at < end ? at : p) : NONE, NONE);
}

/** What `readCodings` found: a fault, a list that does not end with `chunked`, one that does. */
export const CODINGS_INVALID: u32 = 0;
export const CODINGS_OTHER: u32 = 1;
export const CODINGS_CHUNKED: u32 = 2;

/**
 * A request's list of codings: tokens, of which `chunked` must be the last. `chunked`: an earlier field ended with it.
 */
export function readCodings(p: usize, end: usize, chunked: bool): u32 {
  while (true) {
    const tokenEnd = scanToken(p, end);
    if (tokenEnd == p) {
      fault(RULE_TRANSFER_ENCODING, p, p < end ? <u32>load<u8>(p) : NONE, NONE);
      return CODINGS_INVALID;
    }
    if (chunked) {
      fault(RULE_CHUNKED_NOT_LAST, p, load<u8>(p), NONE);
      return CODINGS_INVALID;
    }
    chunked = isChunked(p, tokenEnd);
    p = skipBlanks(tokenEnd, end);
    if (p == end) return chunked ? CODINGS_CHUNKED : CODINGS_OTHER;
    if (load<u8>(p) != 0x2c) {
      fault(RULE_TRANSFER_ENCODING, p, load<u8>(p), NONE);
      return CODINGS_INVALID;
    }
    p = skipBlanks(p + 1, end);
  }
}

// ── Keep-Alive (RFC 2068 §19.7.1; a hint, so never an error) ──

/** Smallest `timeout` parameter, in seconds, in the list [p, end), or NONE, which is larger than any. */
export function keepAliveSeconds(p: usize, end: usize): u32 {
  let seconds: u32 = NONE;
  while (p + 8 < end) {
    // SAFE: eight octets and one more lie before `end`.
    if (lower8(p) == 0x3d74756f656d6974) seconds = min(seconds, secondsIn(p + 8, end));
    while (p < end && load<u8>(p) != 0x2c) p++;
    p = skipBlanks(p + 1, end);
  }
  return seconds;
}

function secondsIn(p: usize, end: usize): u32 {
  if (p < end && load<u8>(p) == 0x22) p++;
  let seconds: u64 = 0;
  const start = p;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) break;
    seconds = min<u64>(seconds * 10 + digit, <u64>NONE - 1);
  }
  return p == start ? NONE : <u32>seconds;
}
