/**
 * States of an HTTP/1.1 connection and what each input does in them (RFC 9112 §6, §9), as a table; and the connection
 * itself as a structure. One exchange at a time: a stream is the number of an exchange. Decides nothing about octets.
 *
 * "→" in a comment names the states that may follow: of an outcome, or, where a state reads octets, of what it has
 * read. The picture in the README is made of these and of the table (test/core/state-picture.test.ts).
 */

// ── states (rows) ──
/** No exchange: a request may be opened. */
export const IDLE: u32 = 0;
/**
 * A status line, request line or field lines are awaited or half read; also after an interim response.
 * → FIXED, CHUNKED, UNTIL_CLOSE, UPGRADED, IDLE, BETWEEN, ENDED, OVER
 */
export const HEAD: u32 = 1;
/** The host passes a body of known length by. */
export const FIXED: u32 = 2;
/** The host passes the rest of one chunk by. */
export const CHUNK_DATA: u32 = 3;
/** The host passes everything by, until the peer closes. */
export const UNTIL_CLOSE: u32 = 4;
/** A chunk line, or the line end after chunk data, is awaited or half read. → CHUNK_DATA, TRAILERS, OVER */
export const CHUNKED: u32 = 5;
/** Field lines behind the last chunk, or the empty line, are awaited or half read. → IDLE, BETWEEN, ENDED, OVER */
export const TRAILERS: u32 = 6;
/** The octets belong to another protocol. */
export const UPGRADED: u32 = 7;
/** The last exchange is complete and the connection is not to be used again. */
export const ENDED: u32 = 8;
/** Nothing more is ever said: after an error, a cancellation, or when the peer closed. */
export const OVER: u32 = 9;
/** Role of requests: between two of them. */
export const BETWEEN: u32 = 10;

// ── inputs (columns) ──
export const INPUT_OPEN: u32 = 0;
export const INPUT_OCTETS: u32 = 1;
export const INPUT_PASSED: u32 = 2;
export const INPUT_PEER_CLOSED: u32 = 3;
export const INPUT_REQUEST_END: u32 = 4;
export const INPUT_CANCEL: u32 = 5;
const INPUTS: u32 = 6;

// ── what an input does ──
/** Nothing: the input means nothing here. */
export const DO_NOTHING: u32 = 0;
/** An exchange begins. → HEAD */
export const DO_START: u32 = 1;
/** The octets are read by what the state awaits. */
export const DO_READ: u32 = 2;
/** An ERROR record. → OVER */
export const DO_REFUSE: u32 = 3;
/** The message is complete: an END record. → IDLE, BETWEEN, ENDED */
export const DO_FINISH: u32 = 4;
/** The chunk is complete. → CHUNKED */
export const DO_CONTINUE: u32 = 5;
/** Our half of the exchange is complete. */
export const DO_MARK: u32 = 6;
/** No record. → OVER */
export const DO_CLOSE: u32 = 7;
/** An UPGRADE record with the octets. */
export const DO_TUNNEL: u32 = 8;
/** The message ends where the connection does: an END record. → OVER */
export const DO_FINISH_LAST: u32 = 9;

// biome-ignore format: a table
const TABLE: usize = memory.data<u8>([
  //            open  octets  passed  peer closed  request end  cancel
  /* IDLE */        1,     3,      0,           7,           0,      0,
  /* HEAD */        0,     2,      0,           3,           6,      7,
  /* FIXED */       0,     0,      4,           3,           6,      7,
  /* CHUNK_DATA */  0,     0,      5,           3,           6,      7,
  /* UNTIL_CLOSE */ 0,     0,      0,           9,           6,      7,
  /* CHUNKED */     0,     2,      0,           3,           6,      7,
  /* TRAILERS */    0,     2,      0,           3,           6,      7,
  /* UPGRADED */    0,     8,      0,           7,           0,      7,
  /* ENDED */       0,     3,      0,           7,           0,      0,
  /* OVER */        0,     0,      0,           0,           0,      0,
  /* BETWEEN */     0,     1,      0,           7,           0,      0,
]);

/** DO_* of `input` in `state`. */
export function outcomeOf(state: u32, input: u32): u32 {
  return load<u8>(state * INPUTS + input, TABLE); // SAFE: states and inputs are the constants above
}

/**
 * One connection. The first three members are what the call for a single octet needs (h1/connection.ts).
 *
 *   carry block:  | u32 next lent block | … | field entries, room for `fieldsMax` at most | octets of the section |
 */
@unmanaged
export class Connection {
  /**
   * Where octets of the carried section need a closer look, and where its next one goes; equal if nothing is carried.
   * In this order, since the first eight octets of memory are zero: at handle 0, too, nothing is carried.
   */
  carryLimit: usize;
  carryEnd: usize;
  /** Row of the grammar's table: what was read so far of the section or chunk line. */
  row: u32;

  state: u32;
  role: u32;
  closeReason: u32;
  headOctetsMax: u32;
  fieldsMax: u32;
  interimMax: u32;

  // The exchange.
  stream: u32;
  /** OPEN_* bits of the request. */
  open: u32;
  requestEnded: u32;
  /** Whether any octet of a response, or of a request, came. */
  begun: u32;
  interims: u32;
  /** Whether a head of the exchange had fields that would frame no message (h1/framing.ts). */
  doubtful: u32;
  /** Octets that this message's sections may still have. */
  headLeft: u32;
  /** Octets that chunk extensions and leading zeros may still have. */
  overheadLeft: u32;
  /** Octets that the extensions of this chunk may still have. */
  extensionLeft: u32;
  /** TOKEN_* bits of Connection, over all its fields; of interim heads only TOKEN_CLOSE. */
  tokens: u32;

  // The section (head or trailers) that is being read; offsets count from its first octet.
  /** Block that holds the section if it began in an earlier call, else 0. */
  carry: usize;
  /** Its first octet in that block. */
  carryBase: usize;
  /** Where its field entries are collected. */
  entries: usize;
  /** First octet of the line. */
  line: u32;
  colon: u32;
  count: u32;
  /** FLAG_* bits, and the SEEN_* bits of h1/head.ts. */
  flags: u32;
  /** Status code; octets of a request's method. */
  status: u32;
  target: u32;
  keepAlive: u32;
  lengthDigits: u32;
  length: u64;

  // The body.
  /** Octets that the chunk still has, or its size so far. */
  left: u64;
  /** Octets of the chunk line read so far (the line end before it included), or of trailers that are an empty line. */
  lineOctets: u32;
}
