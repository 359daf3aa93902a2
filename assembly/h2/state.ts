/**
 * States of a stream of HTTP/2, as a client sees it, and what each input does in them, as a table (RFC 9113 §5.1, §8.1). The
 * open states are split in two halves: what we have yet to say, and what the peer has; so interim responses and trailers
 * need no flags. Knows nothing of windows or fields.
 *
 * "→" in a comment names the states that may follow: of a state, and of an outcome. The picture in the README is made of both
 * and of the table (test/core/state-picture.test.ts).
 */

// ── states (rows) ──
/** Not opened yet; also every stream of the peer's, since it may open none. */
export const IDLE: u32 = 0;
/**
 * Our body follows; a response head is awaited, also after interim ones.
 * → SENDING_CONTENT, SENT_HEAD, SENDING_ENDED, ENDED, RESET, GONE
 */
export const SENDING_HEAD: u32 = 1;
/** Our body follows; the response's content is received. → SENT_CONTENT, SENDING_ENDED, ENDED, RESET, GONE */
export const SENDING_CONTENT: u32 = 2;
/** Our request is complete; a response head is awaited. → SENT_CONTENT, ENDED, RESET, GONE */
export const SENT_HEAD: u32 = 3;
/** Our request is complete; the response's content is received. → ENDED, RESET, GONE */
export const SENT_CONTENT: u32 = 4;
/** A tunnel that the peer has ended and we have not. → ENDED, RESET, GONE */
export const SENDING_ENDED: u32 = 5;
/** The peer ended it (END_STREAM), and there is nothing more to it. */
export const ENDED: u32 = 6;
/** The peer reset it. */
export const RESET: u32 = 7;
/** We reset it, or it was closed so long ago that nobody remembers how: what comes was on its way. */
export const GONE: u32 = 8;

// ── inputs (columns) ──
export const INPUT_HEADERS: u32 = 0;
export const INPUT_HEADERS_LAST: u32 = 1;
export const INPUT_DATA: u32 = 2;
export const INPUT_DATA_LAST: u32 = 3;
export const INPUT_RST_STREAM: u32 = 4;
/** NO_ERROR, when no content is missing. */
export const INPUT_RST_STREAM_LAST: u32 = 5;
export const INPUT_WINDOW_UPDATE: u32 = 6;
/** Ours. */
export const INPUT_SEND: u32 = 7;
export const INPUT_END: u32 = 8;
export const INPUT_CANCEL: u32 = 9;
const INPUTS: u32 = 10;

// ── what an input does ──
/** Nothing. */
export const DO_NOTHING: u32 = 0;
/** A response head, interim or final. → SENDING_CONTENT, SENT_CONTENT */
export const DO_HEAD: u32 = 1;
/** A response head that is all there is: HEAD and END records. → ENDED, SENDING_ENDED */
export const DO_HEAD_LAST: u32 = 2;
/** Trailers: an END record. → ENDED, SENDING_ENDED */
export const DO_TRAILERS: u32 = 3;
/** Content. */
export const DO_CONTENT: u32 = 4;
/** Content, and an END record. → ENDED, SENDING_ENDED */
export const DO_CONTENT_LAST: u32 = 5;
/** A RESET record. → RESET */
export const DO_RESET: u32 = 6;
/** The stream's window grows. */
export const DO_WINDOW: u32 = 7;
/** Octets of our body may go. */
export const DO_SEND: u32 = 8;
/** Our request is complete. → SENT_HEAD, SENT_CONTENT */
export const DO_END: u32 = 9;
/** RST_STREAM goes out. → GONE */
export const DO_CANCEL: u32 = 10;
/** A STREAM_ERROR record: content before a head. → GONE */
export const DO_REFUSE_EARLY: u32 = 11;
/** A STREAM_ERROR record: trailers that do not end the stream. → GONE */
export const DO_REFUSE_OPEN: u32 = 12;
/** RST_STREAM goes out again, and no record. */
export const DO_REFUSE_RESET: u32 = 13;
/** An ERROR record: the stream is closed. */
export const DO_REFUSE_CLOSED: u32 = 14;
/** An ERROR record: the stream was never opened. */
export const DO_REFUSE_IDLE: u32 = 15;
/** Our request is complete, as the response was. → ENDED */
export const DO_END_LAST: u32 = 16;
/** An END record: the response is whole, though nobody said that it ends. → RESET */
export const DO_RESET_LAST: u32 = 17;

// biome-ignore format: a table
const TABLE: usize = memory.data<u8>([
  //                    HEADERS  …last  DATA  …last  RST_STREAM  …last  WINDOW_UPDATE  send  end  cancel
  /* IDLE */               15,     15,   15,    15,      15,       15,       15,          0,   0,    0,
  /* SENDING_HEAD */        1,      2,   11,    11,       6,        6,        7,          8,   9,   10,
  /* SENDING_CONTENT */    12,      3,    4,     5,       6,       17,        7,          8,   9,   10,
  /* SENT_HEAD */           1,      2,   11,    11,       6,        6,        7,          0,   0,   10,
  /* SENT_CONTENT */       12,      3,    4,     5,       6,       17,        7,          0,   0,   10,
  /* SENDING_ENDED */      14,     14,   14,    14,       6,        6,        7,          8,  16,   10,
  /* ENDED */              14,     14,   14,    14,       0,        0,        0,          0,   0,    0,
  /* RESET */              13,     13,   13,    13,       0,        0,        0,          0,   0,    0,
  /* GONE */                0,      0,    0,     0,       0,        0,        0,          0,   0,    0,
]);

/** DO_* of `input` in `state`. */
export function outcomeOf(state: u32, input: u32): u32 {
  return load<u8>(state * INPUTS + input, TABLE); // SAFE: states and inputs are the constants above
}

/** The state after the head of a final response. */
export function afterHead(state: u32): u32 {
  return state == SENDING_HEAD ? SENDING_CONTENT : SENT_CONTENT;
}

/** The state after the end of a request whose response was not complete. */
export function afterEnd(state: u32): u32 {
  return state == SENDING_HEAD ? SENT_HEAD : SENT_CONTENT;
}

/** Whether our body may still go on. */
export function isSending(state: u32): bool {
  return outcomeOf(state, INPUT_SEND) == DO_SEND;
}
