/**
 * Message framing (RFC 9112 §6.3): how the end of a message is found, as one pure function that walks the section's
 * rules in their order. What a field value may say at all is decided before, in fields.ts and h1/head.ts.
 */
import {
  FLAG_CHUNKED,
  FLAG_CONTENT_LENGTH,
  FLAG_HTTP_1_0,
  OPEN_HEAD,
  OPEN_UPGRADE,
  ROLE_REQUESTS,
  RULE_CHUNKED_NOT_LAST,
  RULE_SWITCHING_UNASKED,
  RULE_TRANSFER_ENCODING_AND_LENGTH,
  RULE_TRANSFER_ENCODING_HTTP_1_0,
} from '../abi';

/** The head ends the message. */
export const FRAMING_EMPTY: u32 = 0;
export const FRAMING_LENGTH: u32 = 1;
export const FRAMING_CHUNKED: u32 = 2;
export const FRAMING_UNTIL_CLOSE: u32 = 3;
/** An interim response: another head follows. */
export const FRAMING_INTERIM: u32 = 4;
/** What follows the head is another protocol. */
export const FRAMING_TUNNEL: u32 = 5;
/** FRAMING_REFUSED + rule: the message must not be framed at all. */
export const FRAMING_REFUSED: u32 = 256;
const FRAMING_SWITCHED_UNASKED: u32 = FRAMING_REFUSED + RULE_SWITCHING_UNASKED;

// Flags of a head beyond the FLAG_* bits that leave the core.
/** Transfer-Encoding is present. */
export const SEEN_TRANSFER_ENCODING: u32 = 0x10000;
/** Upgrade is present. */
export const SEEN_UPGRADE: u32 = 0x20000;
/**
 * A 2xx response to CONNECT, or a CONNECT request: Content-Length and Transfer-Encoding are ignored (RFC 9110 §9.3.6).
 */
export const SEEN_TUNNEL: u32 = 0x40000;

/**
 * Framing of the message whose head said `status` (responses) and `flags`. `open` holds the OPEN_* bits of the request,
 * `ended` says whether all of it was sent.
 */
export function framingOf(role: u32, open: u32, ended: u32, status: u32, flags: u32): u32 {
  // Rule 2.
  if (flags & SEEN_TUNNEL) return role == ROLE_REQUESTS || ended ? FRAMING_TUNNEL : FRAMING_SWITCHED_UNASKED;
  // Rule 1: the head ends these, whatever its fields say of a body.
  if (isEndedByHead(role, open, status)) {
    if (status == 101) return isSwitchAsked(open, ended, flags) ? FRAMING_TUNNEL : FRAMING_SWITCHED_UNASKED;
    return status < 200 ? FRAMING_INTERIM : FRAMING_EMPTY;
  }
  // Rules 3 and 4. 205 has no rule of its own: it is framed as any other, though RFC 9110 §15.3.6 gives it no content.
  if (flags & SEEN_TRANSFER_ENCODING) {
    // §6.1: faulty framing. It is refused rather than closed after, since nothing says how far it goes.
    if (flags & FLAG_HTTP_1_0) return FRAMING_REFUSED + RULE_TRANSFER_ENCODING_HTTP_1_0;
    if (flags & FLAG_CONTENT_LENGTH) return FRAMING_REFUSED + RULE_TRANSFER_ENCODING_AND_LENGTH;
    return flags & FLAG_CHUNKED ? FRAMING_CHUNKED : FRAMING_REFUSED + RULE_CHUNKED_NOT_LAST;
  }
  // Rules 5 and 6: an invalid or contradicting length was refused with its field line.
  if (flags & FLAG_CONTENT_LENGTH) return FRAMING_LENGTH;
  // Rules 7 and 8.
  return role == ROLE_REQUESTS ? FRAMING_EMPTY : FRAMING_UNTIL_CLOSE;
}

/** Whether rule 1 applies: the response to HEAD, and 1xx, 204 and 304, end with their heads. */
export function isEndedByHead(role: u32, open: u32, status: u32): bool {
  if (role == ROLE_REQUESTS) return false;
  return status < 200 || status == 204 || status == 304 || (open & OPEN_HEAD) != 0;
}

/**
 * Whether the fields of a message that its head ends would frame no message (§6.1, §6.3): Transfer-Encoding beside
 * Content-Length, other than exactly `chunked`, or in HTTP/1.0. Rule 1 accepts the message, but what the peer takes its
 * end to be is anybody's guess, so its connection is not used again. A wrong Content-Length is refused in every
 * message.
 */
export function isDoubtful(flags: u32): bool {
  if (!(flags & SEEN_TRANSFER_ENCODING)) return false;
  return (flags & (FLAG_CONTENT_LENGTH | FLAG_HTTP_1_0)) != 0 || !(flags & FLAG_CHUNKED);
}

/**
 * Whether 101 may end HTTP here (RFC 9110 §7.8, §15.2.2): we asked, all of the request is sent (what is still to come
 * would be read as the next protocol), and the server speaks HTTP/1.1, since HTTP/1.0 has no Upgrade. That the response
 * names the protocol is not asked for: who upgraded must look at the field anyway, and the cases the core is held to
 * accept 101 without it.
 */
function isSwitchAsked(open: u32, ended: u32, flags: u32): bool {
  return (open & OPEN_UPGRADE) != 0 && ended != 0 && !(flags & FLAG_HTTP_1_0);
}
