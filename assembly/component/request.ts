/**
 * Requests of the component's host: lists of octets become the text that the core takes in its input area (h2/request.ts), or
 * that goes as it is (h1/write.ts). Each part is checked on its own before any is joined, so that none can pass for more than
 * it is; what the fields say of the connection and the body is read on the way.
 */
import {
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  INPUT_OCTETS,
  NONE,
  OPEN_CLOSE,
  OPEN_CONNECT,
  OPEN_EXPECT_CONTINUE,
  OPEN_HEAD,
  OPEN_UPGRADE,
  RULE_CONTENT_LENGTH,
  RULE_FIELD_NAME,
  RULE_FIELD_VALUE,
  RULE_H2_REQUEST_LIST_OCTETS,
  RULE_H2_REQUEST_PROTOCOL,
  RULE_METHOD,
  RULE_TARGET,
  RULE_TRANSFER_ENCODING,
  RULE_TRANSFER_ENCODING_AND_LENGTH,
} from '../abi';
import { connectionTokens, contentLength, idOf, readChunkedOnly, readContentLength, TOKEN_CLOSE } from '../fields';
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../h1/write';
import { INPUT } from '../memory';
import { CRLF, lower2, lower4, lower8, scanText, scanToken } from '../octets';
import { LIST_OCTETS } from './values';

const SP: u32 = 0x20;
const COLON: u32 = 0x3a;
const PAIR_OCTETS: usize = 2 * LIST_OCTETS;
const INPUT_END: usize = INPUT + INPUT_OCTETS;

/** " HTTP/1.1" as two words: eight octets and one. */
const VERSION: u64 = 0x2e312f5054544820;
const VERSION_LAST: u32 = 0x31;
/** " http". */
const SCHEME: u32 = 0x74746820;

let at: usize = INPUT;
// What the head that was written last says.
let openBits: u32 = 0;
let framing: u32 = BODY_NONE;
let length: u64 = 0;
/** Number of the field line at fault, or NONE. */
let wrongField: u32 = NONE;

/** Where the text in the input area ends. */
export function textEnd(): usize {
  return at;
}

/** OPEN_* bits of the request. */
export function openOfText(): u32 {
  return openBits;
}

/** BODY_*, and the octets that Content-Length says. */
export function framingOfText(): u32 {
  return framing;
}

export function lengthOfText(): u64 {
  return length;
}

export function wrongFieldOfText(): u32 {
  return wrongField;
}

/** Begins a text in the input area. */
export function beginText(): void {
  at = INPUT;
  openBits = 0;
  framing = BODY_NONE;
  length = 0;
  wrongField = NONE;
}

/** Writes method and target, of so many octets. 0, or the rule that forbids them. */
export function putTarget(method: usize, methodOctets: usize, target: usize, targetOctets: usize): u32 {
  if (!methodOctets || scanToken(method, method + methodOctets) != method + methodOctets) return RULE_METHOD;
  if (!targetOctets || !isVisible(target, targetOctets)) return RULE_TARGET;
  if (!hasRoom(<u64>methodOctets + <u64>targetOctets + 1)) return RULE_H2_REQUEST_LIST_OCTETS;
  // Methods are told apart by case (RFC 9110 §9.1). SAFE: no more is read than there is.
  if (methodOctets == 4 && load<u32>(method, 0, 1) == 0x44414548) openBits |= OPEN_HEAD;
  if (methodOctets == 7 && load<u32>(method, 0, 1) == 0x4e4e4f43 && load<u32>(method, 3, 1) == 0x5443454e) {
    openBits |= OPEN_CONNECT;
  }
  put(method, methodOctets);
  putOctet(SP);
  put(target, targetOctets);
  return 0;
}

/** Ends the first line of HTTP/1.1. */
export function putVersion(): u32 {
  if (!hasRoom(11)) return RULE_H2_REQUEST_LIST_OCTETS;
  store<u64>(at, VERSION, 0, 1);
  store<u8>(at, VERSION_LAST, 8);
  at += 9;
  putLineEnd();
  return 0;
}

/** Ends the first line of a request of HTTP/2. */
export function putScheme(isSecure: u32, hasProtocol: u32, protocol: usize, protocolOctets: usize): u32 {
  if (hasProtocol && (!protocolOctets || !isVisible(protocol, protocolOctets))) return RULE_H2_REQUEST_PROTOCOL;
  if (!hasRoom(<u64>protocolOctets + 9)) return RULE_H2_REQUEST_LIST_OCTETS;
  store<u32>(at, SCHEME, 0, 1);
  at += 4;
  putOctet(0x70);
  if (isSecure) putOctet(0x73);
  if (hasProtocol) {
    putOctet(SP);
    put(protocol, protocolOctets);
  }
  putLineEnd();
  return 0;
}

/** Writes `count` field lines out of their list. 0, or the rule that forbids one. */
export function putFields(pairs: usize, count: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    const pair = pairs + i * PAIR_OCTETS;
    const rule = putField(load<u32>(pair), load<u32>(pair, 4), load<u32>(pair, 8), load<u32>(pair, 12));
    if (rule) {
      wrongField = i;
      return rule;
    }
  }
  return 0;
}

function putField(name: usize, nameOctets: u32, value: usize, valueOctets: u32): u32 {
  const valueEnd = value + valueOctets;
  if (!nameOctets || scanToken(name, name + nameOctets) != name + nameOctets) return RULE_FIELD_NAME;
  if (scanText(value, valueEnd) != valueEnd) return RULE_FIELD_VALUE;
  if (!hasRoom(<u64>nameOctets + <u64>valueOctets + 4)) return RULE_H2_REQUEST_LIST_OCTETS;
  const rule = read(idOf(name, nameOctets), name, nameOctets, value, valueEnd);
  if (rule) return rule;
  put(name, nameOctets);
  putOctet(COLON);
  putOctet(SP);
  put(value, valueOctets);
  putLineEnd();
  return 0;
}

/** What a field says of the connection or the body. 0, or the rule that forbids it. */
function read(id: u32, name: usize, nameOctets: u32, value: usize, end: usize): u32 {
  switch (id) {
    case FIELD_CONNECTION:
      if (connectionTokens(value, end) & TOKEN_CLOSE) openBits |= OPEN_CLOSE;
      return 0;
    case FIELD_UPGRADE:
      openBits |= OPEN_UPGRADE;
      return 0;
    case FIELD_CONTENT_LENGTH:
      if (framing == BODY_CHUNKED) return RULE_TRANSFER_ENCODING_AND_LENGTH;
      if (framing == BODY_LENGTH || !readContentLength(value, end, 0, 0)) return RULE_CONTENT_LENGTH;
      framing = BODY_LENGTH;
      length = contentLength();
      return 0;
    case FIELD_TRANSFER_ENCODING:
      if (framing == BODY_LENGTH) return RULE_TRANSFER_ENCODING_AND_LENGTH;
      if (framing == BODY_CHUNKED || !readChunkedOnly(value, end)) return RULE_TRANSFER_ENCODING;
      framing = BODY_CHUNKED;
      return 0;
  }
  // Expect: 100-continue. SAFE: no more is read than there is.
  const isExpect = nameOctets == 6 && lower4(name) == 0x65707865 && lower2(name + 4) == 0x7463;
  if (isExpect && end - value == 12 && lower8(value) == 0x746e6f632d303031 && lower4(value + 8) == 0x65756e69) {
    openBits |= OPEN_EXPECT_CONTINUE;
  }
  return 0;
}

/** Ends the head of HTTP/1.1. */
export function putEmptyLine(): u32 {
  if (!hasRoom(2)) return RULE_H2_REQUEST_LIST_OCTETS;
  putLineEnd();
  return 0;
}

function isVisible(p: usize, octets: usize): bool {
  for (const end = p + octets; p < end; p++) if (<u32>load<u8>(p) - 0x21 > 0x5d) return false;
  return true;
}

function hasRoom(octets: u64): bool {
  return <u64>at + octets <= <u64>INPUT_END;
}

// ── SAFE: each caller has made sure of the room ──

function put(octets: usize, count: usize): void {
  memory.copy(at, octets, count);
  at += count;
}

function putOctet(octet: u32): void {
  store<u8>(at++, octet);
}

function putLineEnd(): void {
  store<u16>(at, CRLF, 0, 1);
  at += 2;
}
