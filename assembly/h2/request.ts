/**
 * Request heads and trailers as HTTP/2 sends them (RFC 9113 §8.2, §8.3, §8.5; RFC 8441): what the host gives as text of
 * HTTP/1.1 is checked whole before any of it is encoded, so that a refused one leaves no trace.
 *
 *   head:  method SP target SP scheme [SP protocol] CR LF | field lines
 */
import {
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  HPACK_FIELD_OVERHEAD_OCTETS,
  HTTP2_FRAME_OCTETS_MAX,
  HTTP2_NOMINATED_OCTETS_MAX,
  NONE,
  OPEN_CONNECT,
  RULE_H2_REQUEST_FIELD,
  RULE_H2_REQUEST_LINE,
  RULE_H2_REQUEST_LIST_OCTETS,
  RULE_H2_REQUEST_PROTOCOL,
} from '../abi';
import { contentLength, optionOf, readContentLength } from '../fields';
import { ENCODED_OVERHEAD_OCTETS, encodeField } from '../hpack/encoder';
import { areSame, CRLF, lower4, scanText, scanToken, skipBlanks, trimBlanks } from '../octets';
import { idOfField, isOfConnection, TE } from './fields';
import { SLACK_OCTETS } from '../memory';
import { HEAD_OCTETS, outputEnd, reserveOutput, writeHead } from './output';
import { ANY_LENGTH, Connection } from './stream';

const TYPE_HEADERS: u32 = 1;
const TYPE_CONTINUATION: u32 = 9;
const FLAG_END_STREAM: u32 = 1;
const FLAG_END_HEADERS: u32 = 4;
const SP: u32 = 0x20;
const COLON: u32 = 0x3a;
const COMMA: u32 = 0x2c;
const SLASH: u32 = 0x2f;
const ASTERISK: u32 = 0x2a;
/** "OPTIONS ", as a little-endian number. */
const OPTIONS_SP: u64 = 0x20534e4f4954504f;

// ":method:authority:scheme:path:protocol" and "trailers", each name found by its place; what reads wide may read behind the last.
// biome-ignore format: a string
const NAMES: usize = memory.data<u8>([
  0x3a, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64,
  0x3a, 0x61, 0x75, 0x74, 0x68, 0x6f, 0x72, 0x69, 0x74, 0x79,
  0x3a, 0x73, 0x63, 0x68, 0x65, 0x6d, 0x65,
  0x3a, 0x70, 0x61, 0x74, 0x68,
  0x3a, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x63, 0x6f, 0x6c,
  0x74, 0x72, 0x61, 0x69, 0x6c, 0x65, 0x72, 0x73,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const METHOD: usize = NAMES;
const AUTHORITY: usize = METHOD + 7;
const SCHEME: usize = AUTHORITY + 10;
const PATH: usize = SCHEME + 7;
const PROTOCOL: usize = PATH + 5;
const NAMES_END: usize = PROTOCOL + 9;
const TRAILERS: usize = NAMES_END;
const TRAILERS_OCTETS: usize = 8;
const NOMINATED: usize = memory.data(HTTP2_NOMINATED_OCTETS_MAX + SLACK_OCTETS);

// What `checkHead` found: words of the first line, and the value of Host; each [start, end).
let method: usize = 0;
let methodEnd: usize = 0;
let target: usize = 0;
let targetEnd: usize = 0;
let scheme: usize = 0;
let schemeEnd: usize = 0;
let protocol: usize = 0;
let protocolEnd: usize = 0;
let authority: usize = 0;
let authorityEnd: usize = 0;
let lines: usize = 0;
/** The end of what the lines of Connection nominate (RFC 9110 §7.6.1), from NOMINATED on: a list of names in lower case. */
let nominatedEnd: usize = 0;
let listOctets: u64 = 0;
let bodyLength: u64 = ANY_LENGTH;

// The field line that `readLine` read.
let name: usize = 0;
let nameEnd: usize = 0;
let value: usize = 0;
let valueEnd: usize = 0;
let nameId: u32 = 0;

/** Content-Length of the head that was checked, or ANY_LENGTH. */
export function lengthOfBody(): u64 {
  return bodyLength;
}

/** Checks the head [p, end), and lower-cases its names where they stand. 0, or the rule that forbids to send it. */
export function checkHead(c: Connection, open: u32, p: usize, end: usize): u32 {
  method = p;
  methodEnd = scanToken(p, end);
  target = methodEnd + 1;
  targetEnd = endOfWord(target, end);
  scheme = targetEnd + 1;
  schemeEnd = endOfWord(scheme, end);
  protocol = 0;
  protocolEnd = 0;
  let lineEnd = schemeEnd;
  if (schemeEnd < end && load<u8>(schemeEnd) == SP) {
    protocol = schemeEnd + 1;
    protocolEnd = endOfWord(protocol, end);
    lineEnd = protocolEnd;
  }
  // Words are as long as they are because a single space ends them.
  if (
    methodEnd == method ||
    targetEnd <= target ||
    schemeEnd <= scheme ||
    (protocol && protocolEnd == protocol) ||
    load<u8>(methodEnd) != SP ||
    load<u8>(targetEnd) != SP ||
    lineEnd + 2 > end ||
    <u32>load<u16>(lineEnd, 0, 1) != CRLF
  ) {
    return RULE_H2_REQUEST_LINE;
  }
  if ((protocol || !(open & OPEN_CONNECT)) && !isPath()) return RULE_H2_REQUEST_LINE;
  if (protocol && (!c.peerConnectProtocol || !(open & OPEN_CONNECT))) return RULE_H2_REQUEST_PROTOCOL;
  listOctets = 5 * HPACK_FIELD_OVERHEAD_OCTETS + <u64>(NAMES_END - NAMES) + <u64>(lineEnd - p);
  lines = lineEnd + 2;
  authority = 0;
  authorityEnd = 0;
  bodyLength = ANY_LENGTH;
  return checkLines(c, lines, end);
}

/** Whether the target can be a :path (§8.3.1): it begins with "/", or is "*" for OPTIONS. */
function isPath(): bool {
  const first = <u32>load<u8>(target); // SAFE: the target is not empty
  if (first == SLASH) return true;
  // SAFE: the method's seven octets and a space were read.
  return (
    first == ASTERISK && targetEnd - target == 1 && methodEnd - method == 7 && load<u64>(method, 0, 1) == OPTIONS_SP
  );
}

/** Checks field lines [p, end), as `checkHead`. */
export function checkTrailers(c: Connection, p: usize, end: usize): u32 {
  lines = p;
  listOctets = 0;
  return checkLines(c, p, end);
}

function checkLines(c: Connection, p: usize, end: usize): u32 {
  nominatedEnd = NOMINATED;
  while (p < end) {
    p = readLine(p, end);
    if (!p) return RULE_H2_REQUEST_FIELD;
    lowerCase(name, nameEnd);
    nameId = idOfField(name, <u32>(nameEnd - name));
    if (isHost()) {
      if (value == valueEnd) return RULE_H2_REQUEST_FIELD;
      authority = value;
      authorityEnd = valueEnd;
    } else if (nameId == FIELD_CONTENT_LENGTH) {
      if (!readContentLength(value, valueEnd, 0, 0)) return RULE_H2_REQUEST_FIELD;
      bodyLength = contentLength();
    } else if (nameId == TE) {
      lowerCase(value, valueEnd);
    } else if (nameId == FIELD_CONNECTION && !optionOf(value, <u32>(valueEnd - value))) {
      if (!nominate()) return RULE_H2_REQUEST_FIELD;
    }
    listOctets += <u64>(nameEnd - name) + <u64>(valueEnd - value) + HPACK_FIELD_OVERHEAD_OCTETS;
  }
  return listOctets > <u64>c.peerListOctetsMax && c.peerListOctetsMax != NONE ? RULE_H2_REQUEST_LIST_OCTETS : 0;
}

/** Notes what the line of Connection that was read last nominates. False if that is too much: each field is looked for in it. */
function nominate(): bool {
  const octets = valueEnd - value;
  const end = nominatedEnd + 1 + octets;
  if (end > NOMINATED + HTTP2_NOMINATED_OCTETS_MAX) return false;
  lowerCase(value, valueEnd);
  store<u8>(nominatedEnd, COMMA);
  memory.copy(nominatedEnd + 1, value, octets);
  nominatedEnd = end;
  return true;
}

/** Reads the field line at `p` and answers where the next one begins; 0 if it is none. */
function readLine(p: usize, end: usize): usize {
  name = p;
  nameEnd = scanToken(p, end);
  if (nameEnd == name || nameEnd == end || load<u8>(nameEnd) != COLON) return 0;
  value = skipBlanks(nameEnd + 1, end);
  const lineEnd = scanText(nameEnd + 1, end);
  if (lineEnd + 2 > end || <u32>load<u16>(lineEnd, 0, 1) != CRLF) return 0;
  if (value >= lineEnd) {
    // Nothing but blanks.
    value = lineEnd;
    valueEnd = lineEnd;
  } else {
    valueEnd = trimBlanks(lineEnd);
  }
  return lineEnd + 2;
}

function endOfWord(p: usize, end: usize): usize {
  while (p < end && <u32>load<u8>(p) - 0x21 < 0x5e) p++;
  return p;
}

function lowerCase(p: usize, end: usize): void {
  for (; p < end; p++) {
    const octet = <u32>load<u8>(p);
    if (octet - 0x41 < 26) store<u8>(p, octet | 0x20);
  }
}

function isHost(): bool {
  return nameEnd - name == 4 && lower4(name) == 0x74736f68;
}

/**
 * Encodes the head that was checked last into frames for `stream`. False without memory; the encoder is then of no more use,
 * and neither is the connection.
 */
export function writeRequest(c: Connection, open: u32, stream: u32, end: usize, isLast: bool): bool {
  const start = c.outputOctets;
  if (!beginBlock(c)) return false;
  const isTunnel = open & OPEN_CONNECT && !protocol;
  const host = isTunnel ? target : authority;
  const hostEnd = isTunnel ? targetEnd : authorityEnd;
  if (!put(c, METHOD, AUTHORITY, method, methodEnd)) return false;
  if (protocol && !put(c, PROTOCOL, NAMES_END, protocol, protocolEnd)) return false;
  if (host && !put(c, AUTHORITY, SCHEME, host, hostEnd)) return false;
  if (!isTunnel) {
    if (!put(c, SCHEME, PATH, scheme, schemeEnd) || !put(c, PATH, PROTOCOL, target, targetEnd)) return false;
  }
  return putLines(c, end) && endBlock(c, start, stream, isLast);
}

/** Encodes the trailers that were checked last, as `writeRequest`. */
export function writeTrailers(c: Connection, stream: u32, end: usize): bool {
  const start = c.outputOctets;
  return beginBlock(c) && putLines(c, end) && endBlock(c, start, stream, true);
}

function putLines(c: Connection, end: usize): bool {
  for (let p = lines; p < end; ) {
    p = readLine(p, end);
    const id = idOfField(name, <u32>(nameEnd - name));
    if (id == TE) {
      // It may say nothing else (§8.2.2), and no Connection need nominate it.
      value = memberOf(value, valueEnd, TRAILERS, TRAILERS_OCTETS);
      if (!value) continue;
      valueEnd = value + TRAILERS_OCTETS;
    } else if (isHost() || isOfConnection(id) || memberOf(NOMINATED, nominatedEnd, name, nameEnd - name)) continue;
    if (!put(c, name, nameEnd, value, valueEnd)) return false;
  }
  return true;
}

/** Where in the list [p, end), which is in lower case, the member of those `length` octets stands; 0: nowhere. */
function memberOf(p: usize, end: usize, member: usize, length: usize): usize {
  while (p < end) {
    const tokenEnd = scanToken(p, end);
    let next = skipBlanks(tokenEnd, end);
    const isWhole = next == end || load<u8>(next) == COMMA;
    if (isWhole && tokenEnd - p == length && areSame(p, member, length)) return p;
    while (next < end && load<u8>(next) != COMMA) next++;
    p = skipBlanks(next + 1, end);
  }
  return 0;
}

function put(c: Connection, from: usize, to: usize, at: usize, atEnd: usize): bool {
  if (!reserveOutput(c, <u32>(ENCODED_OVERHEAD_OCTETS + (to - from) + (atEnd - at)))) return false;
  const out = outputEnd(c);
  c.outputOctets += <u32>(encodeField(c.encoder, from, to, at, atEnd, 0, out) - out);
  return true;
}

function beginBlock(c: Connection): bool {
  if (!reserveOutput(c, HEAD_OCTETS)) return false;
  c.outputOctets += HEAD_OCTETS;
  return true;
}

/** Gives the block that begins behind `start` its frames: HEADERS, and CONTINUATION for what one frame cannot hold. */
function endBlock(c: Connection, start: u32, stream: u32, isLast: bool): bool {
  const octets = c.outputOctets - start - HEAD_OCTETS;
  const most: u32 = HTTP2_FRAME_OCTETS_MAX;
  const more = octets ? (octets - 1) / most : 0;
  if (!reserveOutput(c, more * HEAD_OCTETS)) return false;
  const first = c.output + start;
  // From the last fragment to the first, each moves up by the heads before it.
  for (let i = more; i; i--) {
    const length = i == more ? octets - more * most : most;
    const from = first + HEAD_OCTETS + i * most;
    const head = from + (i - 1) * HEAD_OCTETS;
    memory.copy(head + HEAD_OCTETS, from, length);
    writeHead(head, length, TYPE_CONTINUATION, i == more ? FLAG_END_HEADERS : 0, stream);
  }
  const flags = (more ? 0 : FLAG_END_HEADERS) | (isLast ? FLAG_END_STREAM : 0);
  writeHead(first, more ? most : octets, TYPE_HEADERS, flags, stream);
  c.outputOctets += more * HEAD_OCTETS;
  return true;
}
