/**
 * Numbers that the core and its host share: event records, flags, close reasons, rules, codings, limits.
 * Imported by the core and by `src/core.ts`, so nothing but plain number constants may stand here.
 *
 * An event record is eight u32: kind, code, stream, offset, length, a, b, c (the layout of a WIT record). Records stand
 * from `eventsOffset()` on and are valid until the next call. What `offset` counts from is said at each kind.
 */

// ── input area: the host copies octets to `inputOffset()` and names them to the core as [from, to) relative to it ──
export const INPUT_OCTETS = 65536;

// ── event records ──
export const EVENT_OCTETS = 32;
export const EVENTS_MAX = 256;
export const EVENT_KIND = 0;
export const EVENT_CODE = 4;
export const EVENT_STREAM = 8;
export const EVENT_OFFSET = 12;
export const EVENT_LENGTH = 16;
export const EVENT_A = 20;
export const EVENT_B = 24;
export const EVENT_C = 28;

/**
 * Final head. code: status (request role: octets of the method). offset, length: where in linear memory the field table
 * and, directly behind it, the head's octets stand (table + status line + field lines + empty line). a: FLAG_* bits.
 * b: number of field lines. c: seconds of `Keep-Alive: timeout=n`, or NONE (request role: octets of the target).
 */
export const KIND_HEAD = 1;
/** Interim head (1xx but 101): as KIND_HEAD. */
export const KIND_INTERIM = 2;
/**
 * Body octets. a = 0: offset counts from the input area (as given, unmoved). a = 1: they were moved together inside the
 * input area; the host must read them there. offset, length.
 */
export const KIND_DATA = 3;
/**
 * Body octets of which more follow than this input holds: [offset, offset + length) of the input area are body, and so
 * are the next b + c * 2^32 octets from the peer (PASS_UNLIMITED: all until the peer closes). The host passes those by
 * without showing them to the core, then calls `connectionPassed` before it gives anything further. Always the last
 * record of a call.
 */
export const KIND_PASS = 4;
/**
 * Message complete. code: 1 if the connection may be reused. offset, length, b: trailers as in KIND_HEAD (length 0:
 * none).
 */
export const KIND_END = 5;
/** The stream's body may be sent (100 Continue came; HTTP/2: window opened). */
export const KIND_WRITABLE = 6;
/**
 * The connection is no longer HTTP (101, or 2xx to CONNECT): octets [offset, offset + length) of the input area, and
 * all that follow, belong to the next protocol.
 */
export const KIND_UPGRADE = 7;
/**
 * HTTP/2: the stream is over: the peer reset it (code: its error code), or went away without processing it (code: that
 * of GOAWAY). a: 1 if the request was not processed.
 */
export const KIND_RESET = 8;
/**
 * HTTP/2: GOAWAY. code: error code. a: last stream. Streams up to it go on; each later one gets a RESET record of its
 * own. Octets [offset, offset + length) of memory: what the peer says beside it, as far as it is kept.
 */
export const KIND_GOAWAY = 9;
/**
 * The peer broke a rule; the connection is finished. code: RULE_*. offset: octets of the section (head, trailers) or
 * chunk line at fault before the offending one. a: the offending octet, or NONE. b: the limit that was met, or
 * NONE.
 */
export const KIND_ERROR = 10;
/**
 * What a decoder made. code: DECODE_*. offset, length: decoded octets in linear memory. a: octets consumed of the
 * input. b: RULE_* when code is DECODE_ERROR; what was decoded before the fault is named then, too.
 */
export const KIND_DECODED = 11;
/**
 * What `hpackDecode` made of a field block. code: 0, or the RULE_* it broke. offset, length: the octets of its names and
 * values. a: where its entries stand (HPACK_ENTRY_*). b: number of entries. c: octets of the list as RFC 9113 §6.5.2 counts.
 */
export const KIND_FIELDS = 12;
/** What `hpackEncode` made of a list of fields. code: 0, RULE_MEMORY or RULE_HPACK_INDEX. offset, length: the field block. */
export const KIND_FIELD_BLOCK = 13;

/**
 * HTTP/2: the peer broke a rule in one stream, which is over; the connection goes on, and the reset is queued. code:
 * RULE_*. offset: octets of the frame at fault before the offending one. a: the offending octet, or NONE. b: the limit
 * that was met, or NONE. c: H2_* error code of the reset.
 */
export const KIND_STREAM_ERROR = 14;
/**
 * HTTP/2: the records have no more room. The octets before `offset` of the input area were taken; the call is to be made
 * again with those from there on, even if there are none. Always the last record of a call.
 */
export const KIND_PAUSE = 15;
/** HTTP/2: the peer changed how many streams may be open. a: how many. */
export const KIND_STREAMS_MAX = 16;
/** What the host must write (`connectionTakeOutput`). offset, length: octets in linear memory. */
export const KIND_OUTPUT = 17;

/** No value, in a u32. */
export const NONE = 0xffffffff;
/** High word (c) of KIND_PASS for a body that ends when the peer closes. */
export const PASS_UNLIMITED = 0xffffffff;

// ── field table: entries of twelve octets, first field first, directly before the head's octets ──
// u24 name offset | u8 field id | u24 value offset | u8 name length (low) | u24 value length | u8 name length (high).
// Offsets count from the head's first octet; a value has no white space around it.
export const FIELD_OCTETS = 12;
// Of HTTP/2, a u32 for each field follows the octets: the id of the entry of HPACK's tables that it is (HPACK_ID_MASK), or 0.
export const TABLE_ID_OCTETS = 4;
/** Largest head (octets) the table can describe. */
export const HEAD_OCTETS_CEILING = 16777215;

// ── entries of a decoded field block: five u32 each, first field first. Offsets count from the first octet of the names
// and values, which stand close together in the order of the fields ──
export const HPACK_ENTRY_OCTETS = 20;
export const HPACK_ENTRY_NAME = 0;
export const HPACK_ENTRY_NAME_LENGTH = 4;
export const HPACK_ENTRY_VALUE = 8;
export const HPACK_ENTRY_VALUE_LENGTH = 12;
/** HPACK_ID_MASK: an id of this name and value on this connection; above it HPACK_NEVER_INDEXED and HPACK_NAME_ONLY. */
export const HPACK_ENTRY_ID = 16;
/**
 * 0: none. 1 to 61: the entry of the static table. From 62 on: 62 + the number of the insertion into the dynamic table,
 * counted from 0, which no later entry has again. A host that keeps the strings of an id need not make them twice.
 */
export const HPACK_ID_MASK = 0x3fffffff;
/** The id is that of an entry with the same name, which may have another value. */
export const HPACK_NAME_ONLY = 0x40000000;
/** The peer asks that the field never be put into any table, here and by who forwards it (RFC 7541 §7.1.3). */
export const HPACK_NEVER_INDEXED = 0x80000000;
/** Number of entries of the static table. */
export const HPACK_STATIC_ENTRIES = 61;

// ── fields for `hpackEncode`, in the input area: all names (lower-cased) and values, close together; then, at the next
// multiple of four, for each field u32 octets of its name, u32 octets of its value, u32 0 or HPACK_NEVER_INDEXED; or, of a field
// that is an entry of the encoder's tables, u32 0, u32 0, u32 its id (HPACK_ID_MASK). The last u32 of each field that was given
// as text says then which entry it is now: its id, or 0 ──
export const HPACK_FIELD_OCTETS = 12;

// ── field ids: well-known names, any case ──
export const FIELD_OTHER = 0;
export const FIELD_CONTENT_TYPE = 1;
export const FIELD_CONTENT_LENGTH = 2;
export const FIELD_TRANSFER_ENCODING = 3;
export const FIELD_CONNECTION = 4;
export const FIELD_CONTENT_ENCODING = 5;
export const FIELD_SET_COOKIE = 6;
export const FIELD_LOCATION = 7;
export const FIELD_DATE = 8;
export const FIELD_SERVER = 9;
export const FIELD_KEEP_ALIVE = 10;
export const FIELD_WWW_AUTHENTICATE = 11;
export const FIELD_CACHE_CONTROL = 12;
export const FIELD_ETAG = 13;
export const FIELD_LAST_MODIFIED = 14;
export const FIELD_VARY = 15;
export const FIELD_UPGRADE = 16;
export const FIELD_LINK = 17;

// ── flags of a head (KIND_HEAD.a) ──
export const FLAG_CHUNKED = 1;
/** The connection ends with this message (Connection: close, HTTP/1.0 without keep-alive, close-delimited). */
export const FLAG_CLOSE = 2;
export const FLAG_KEEP_ALIVE = 4;
export const FLAG_CONTENT_LENGTH = 8;
export const FLAG_CONTENT_ENCODING = 16;
export const FLAG_SET_COOKIE = 32;
export const FLAG_LOCATION = 64;
/** The minor version is 0. */
export const FLAG_HTTP_1_0 = 128;
/** No body follows (HEAD, 204, 304, Content-Length: 0): KIND_END is the next record. */
export const FLAG_NO_BODY = 256;
export const FLAG_WWW_AUTHENTICATE = 512;
/** The body ends when the peer closes. */
export const FLAG_UNTIL_CLOSE = 1024;
/**
 * HTTP/2: the field section is, field by field, the one of the HEAD record before on this connection, of which the host
 * has kept what it made: offset and length are 0.
 */
export const FLAG_SAME_FIELDS = 2048;

// ── `connectionCreate` ──
export const PROTOCOL_HTTP_1_1 = 1;
export const PROTOCOL_HTTP_2 = 2;
/** Responses are parsed. */
export const ROLE_CLIENT = 0;
/** Requests are parsed (no responses are made): for test suites and tools. */
export const ROLE_REQUESTS = 1;

// ── `connectionOpen`: what the core must know of the request ──
export const OPEN_HEAD = 1;
export const OPEN_CONNECT = 2;
/** The request asked for another protocol (Upgrade): 101 is allowed. */
export const OPEN_UPGRADE = 4;
/** The request says Expect: 100-continue: the body waits for KIND_WRITABLE. */
export const OPEN_EXPECT_CONTINUE = 8;
/** No body follows the head. */
export const OPEN_END_STREAM = 16;
/** The request says Connection: close. */
export const OPEN_CLOSE = 32;

// ── close reasons (`connectionCloseReason`) ──
export const CLOSE_NONE = 0;
export const CLOSE_PEER_ASKED = 1;
export const CLOSE_HTTP_1_0 = 2;
export const CLOSE_DELIMITED = 3;
export const CLOSE_SURPLUS = 4;
export const CLOSE_PROTOCOL_ERROR = 5;
export const CLOSE_PEER_CLOSED = 6;
export const CLOSE_UPGRADED = 7;
/** The response ended before the request did. */
export const CLOSE_REQUEST_INCOMPLETE = 8;
export const CLOSE_WE_ASKED = 9;
export const CLOSE_CANCELLED = 10;
/** A message that its head ends had fields that frame no message: what follows cannot be trusted. */
export const CLOSE_FRAMING_DOUBTFUL = 11;

/** The peer said GOAWAY: streams that it has accepted go on. */
export const CLOSE_GOAWAY = 12;
/** HTTP/2: stream numbers are used up. */
export const CLOSE_STREAMS_EXHAUSTED = 13;

// ── error codes of HTTP/2 (RFC 9113 §7) ──
export const H2_NO_ERROR = 0;
export const H2_PROTOCOL_ERROR = 1;
export const H2_INTERNAL_ERROR = 2;
export const H2_FLOW_CONTROL_ERROR = 3;
export const H2_SETTINGS_TIMEOUT = 4;
export const H2_STREAM_CLOSED = 5;
export const H2_FRAME_SIZE_ERROR = 6;
export const H2_REFUSED_STREAM = 7;
export const H2_CANCEL = 8;
export const H2_COMPRESSION_ERROR = 9;
export const H2_CONNECT_ERROR = 10;
export const H2_ENHANCE_YOUR_CALM = 11;
export const H2_INADEQUATE_SECURITY = 12;
export const H2_HTTP_1_1_REQUIRED = 13;

// ── rules a peer can break (KIND_ERROR.code); the sentences are in src/rules.ts ──
export const RULE_MEMORY = 1;
export const RULE_UNSOLICITED = 2;
export const RULE_VERSION = 3;
export const RULE_STATUS = 4;
export const RULE_REASON = 5;
export const RULE_LINE_END = 6;
export const RULE_FIELD_NAME = 7;
export const RULE_FIELD_VALUE = 8;
export const RULE_FIELD_COLON = 9;
export const RULE_FIELD_FOLDED = 10;
export const RULE_HEAD_OCTETS = 11;
export const RULE_FIELD_COUNT = 12;
export const RULE_INTERIM_COUNT = 13;
export const RULE_CONTENT_LENGTH = 14;
export const RULE_CONTENT_LENGTH_DIFFERS = 15;
export const RULE_TRANSFER_ENCODING = 16;
export const RULE_TRANSFER_ENCODING_AND_LENGTH = 17;
export const RULE_TRANSFER_ENCODING_HTTP_1_0 = 18;
export const RULE_SWITCHING_UNASKED = 20;
export const RULE_CHUNK_SIZE = 21;
export const RULE_CHUNK_SIZE_OVERFLOW = 22;
export const RULE_CHUNK_EXTENSION = 23;
export const RULE_CHUNK_OVERHEAD = 24;
export const RULE_CHUNK_LINE_END = 25;
export const RULE_CHUNK_DATA_END = 26;
export const RULE_TRAILER_FORBIDDEN = 27;
export const RULE_CLOSED_EARLY = 28;
export const RULE_CLOSED_IN_HEAD = 29;
export const RULE_CLOSED_IN_BODY = 30;
export const RULE_METHOD = 31;
export const RULE_TARGET = 32;
export const RULE_CHUNKED_NOT_LAST = 33;
/** Role of requests: one input has more requests than one call's records have room for. */
export const RULE_PIPELINE_DEPTH = 34;

// ── rules of HTTP/2 whose breach ends the connection (RFC 9113) ──
export const RULE_H2_PREFACE = 176;
export const RULE_H2_FRAME_OCTETS = 177;
/** A frame's length is not one that its type can have. */
export const RULE_H2_FRAME_LENGTH = 178;
/** A frame about the connection on a stream, or one about a stream on none. */
export const RULE_H2_FRAME_STREAM = 179;
export const RULE_H2_STREAM_IDLE = 180;
/** Also that of a stream alone, if the peer itself reset it. */
export const RULE_H2_STREAM_CLOSED = 181;
export const RULE_H2_PADDING = 182;
export const RULE_H2_BLOCK_INTERRUPTED = 183;
export const RULE_H2_CONTINUATION = 184;
export const RULE_H2_CONTINUATION_COUNT = 185;
export const RULE_H2_BLOCK_OCTETS = 186;
export const RULE_H2_PUSH = 187;
export const RULE_H2_SETTING = 188;
export const RULE_H2_SETTINGS_ACK = 189;
export const RULE_H2_SETTINGS_COUNT = 190;
export const RULE_H2_WINDOW_INCREMENT = 191;
/** Also that of a stream alone, as the next. */
export const RULE_H2_WINDOW_OVERFLOW = 192;
export const RULE_H2_WINDOW_EXCEEDED = 193;
export const RULE_H2_GOAWAY_GROWS = 194;
export const RULE_H2_IDLE_FRAMES = 195;
export const RULE_H2_EMPTY_DATA = 196;
export const RULE_H2_STREAM_ERRORS = 197;
export const RULE_H2_PEER_CLOSED = 198;
export const RULE_H2_ANSWERS = 199;

// ── rules of HTTP/2 whose breach ends a stream ──
export const RULE_H2_DATA_EARLY = 200;
export const RULE_H2_TRAILERS_OPEN = 201;
export const RULE_H2_PSEUDO = 202;
export const RULE_H2_STATUS = 203;
export const RULE_H2_NAME = 204;
export const RULE_H2_VALUE_BLANKS = 205;
export const RULE_H2_CONNECTION_FIELD = 206;
export const RULE_H2_LENGTH_DIFFERS = 207;
export const RULE_H2_INTERIM_ENDS = 208;
export const RULE_H2_SWITCHING = 209;
export const RULE_H2_CONTENT_UNASKED = 210;
export const RULE_H2_PRIORITY_LENGTH = 211;

// ── what a request of HTTP/2 must not be (negative results of `connectionOpen`, `connectionSend`, `connectionEnd`) ──
export const RULE_H2_REQUEST_LINE = 220;
export const RULE_H2_REQUEST_FIELD = 221;
export const RULE_H2_REQUEST_LIST_OCTETS = 222;
export const RULE_H2_REQUEST_PROTOCOL = 223;
export const RULE_H2_REQUEST_LONGER = 224;
export const RULE_H2_REQUEST_SHORTER = 225;

// ── content codings (`decoderCreate`) ──
export const CODING_GZIP = 1;
/** As HTTP means it: zlib, or raw deflate, told apart by the first octets. */
export const CODING_DEFLATE = 2;
export const CODING_DEFLATE_RAW = 3;
export const CODING_ZLIB = 4;
/** In the second module alone, as CODING_ZSTD. */
export const CODING_BROTLI = 5;
export const CODING_ZSTD = 6;
/** What `decoderCreate` of the second module answers for a coding that is not in it. */
export const NO_SUCH_CODING = 0xffffffff;

// ── what one `decoderDecode` ended with (KIND_DECODED.code) ──
/** All input was consumed; more is needed. */
export const DECODE_NEEDS_INPUT = 0;
/** The output area is full: call again, with what is left of the input. */
export const DECODE_HAS_OUTPUT = 1;
export const DECODE_ERROR = 2;

// ── rules that coded data can break (KIND_DECODED.b, result of `decoderEnd`) ──
export const RULE_CODING_MEMORY = 64;
export const RULE_CODING_TRUNCATED = 65;
export const RULE_CODING_TRAILING = 66;
export const RULE_CODING_GZIP_MAGIC = 67;
export const RULE_CODING_GZIP_METHOD = 68;
export const RULE_CODING_GZIP_FLAGS = 69;
export const RULE_CODING_GZIP_HEADER_CRC = 70;
export const RULE_CODING_CRC = 71;
export const RULE_CODING_LENGTH = 72;
export const RULE_CODING_ZLIB_HEADER = 73;
export const RULE_CODING_ZLIB_DICTIONARY = 74;
export const RULE_CODING_ADLER = 75;
export const RULE_CODING_BLOCK_TYPE = 76;
export const RULE_CODING_STORED_LENGTH = 77;
export const RULE_CODING_TREE_COUNTS = 78;
export const RULE_CODING_TREE_LENGTHS = 79;
export const RULE_CODING_TREE_REPEAT = 80;
export const RULE_CODING_NO_END_OF_BLOCK = 81;
export const RULE_CODING_SYMBOL = 82;
export const RULE_CODING_DISTANCE = 83;
export const RULE_CODING_OCTETS_LIMIT = 84;
export const RULE_CODING_RATIO_LIMIT = 85;
export const RULE_CODING_WINDOW_LIMIT = 86;
export const RULE_CODING_ZSTD_MAGIC = 96;
export const RULE_CODING_ZSTD_RESERVED = 97;
export const RULE_CODING_ZSTD_DICTIONARY = 98;
export const RULE_CODING_ZSTD_BLOCK_TYPE = 99;
export const RULE_CODING_ZSTD_BLOCK_SIZE = 100;
export const RULE_CODING_ZSTD_LITERALS = 101;
export const RULE_CODING_ZSTD_HUFFMAN_TREE = 102;
export const RULE_CODING_ZSTD_LITERALS_STREAM = 103;
export const RULE_CODING_ZSTD_SEQUENCES = 104;
export const RULE_CODING_ZSTD_FSE_TABLE = 105;
export const RULE_CODING_ZSTD_SEQUENCES_STREAM = 106;
export const RULE_CODING_ZSTD_NO_TABLE = 107;
export const RULE_CODING_ZSTD_OFFSET = 108;
export const RULE_CODING_ZSTD_CONTENT_SIZE = 109;
export const RULE_CODING_ZSTD_CHECKSUM = 110;
export const RULE_CODING_BROTLI_LARGE_WINDOW = 112;
export const RULE_CODING_BROTLI_RESERVED = 113;
export const RULE_CODING_BROTLI_LENGTH = 114;
export const RULE_CODING_BROTLI_PADDING = 115;
export const RULE_CODING_BROTLI_CODE_SYMBOL = 116;
export const RULE_CODING_BROTLI_CODE_LENGTHS = 117;
export const RULE_CODING_BROTLI_CODE_REPEAT = 118;
export const RULE_CODING_BROTLI_CONTEXT_MAP = 119;
export const RULE_CODING_BROTLI_METABLOCK = 120;
export const RULE_CODING_BROTLI_DISTANCE = 121;
export const RULE_CODING_BROTLI_WORD = 122;

// ── rules that a field block can break (RFC 7541) ──
/** An index beyond both tables, or 0. */
export const RULE_HPACK_INDEX = 160;
/** An integer that does not end within the block or five octets, or is beyond 2^32 - 1. */
export const RULE_HPACK_INTEGER = 161;
/** The block ends within a field. */
export const RULE_HPACK_TRUNCATED = 162;
export const RULE_HPACK_HUFFMAN = 163;
/** A table size update to more than was allowed. */
export const RULE_HPACK_TABLE_SIZE = 164;
/** A table size update behind a field, or a third one. */
export const RULE_HPACK_TABLE_UPDATE = 165;
/** No table size update, though less was allowed. */
export const RULE_HPACK_TABLE_UPDATE_MISSING = 166;
/** These two leave the decoder as it must be: the field list is refused, and the next block can be decoded. */
export const RULE_HPACK_LIST_OCTETS = 167;
export const RULE_HPACK_FIELD_COUNT = 168;

// ── limits that are not options ──
/** Chunk extensions and leading zeros of chunk sizes, in octets, over one message (SECURITY: CVE-2023-39326). */
export const CHUNK_OVERHEAD_OCTETS_MAX = 16384;
/** Extensions of one chunk, in octets, blanks before the first included. */
export const CHUNK_EXTENSION_OCTETS_MAX = 256;
/**
 * Most field lines and interim responses that `connectionCreate` grants, whatever is asked for: one call's records and
 * one head's table have fixed room.
 */
export const FIELDS_CEILING = 1024;
export const INTERIM_CEILING = 100;
/** Largest Content-Length and chunk size: what a host number holds exactly. */
export const BODY_OCTETS_MAX = 9007199254740991;
/** Most decoded octets one `decoderDecode` makes. */
export const DECODED_OCTETS_PER_CALL = 65536;
/** Largest window that a brotli or zstd body may ask for, unless `decoderCreate` is told otherwise (RFC 9659). */
export const WINDOW_OCTETS_DEFAULT = 8388608;
/** Most that it grants, whatever is asked for. */
export const WINDOW_OCTETS_CEILING = 134217728;
/** Octets of a dynamic table until SETTINGS say otherwise (RFC 9113 §6.5.2), and most that may be asked for. */
export const HPACK_TABLE_OCTETS_DEFAULT = 4096;
export const HPACK_TABLE_OCTETS_CEILING = 1048576;
/** What counts for each field beside its octets, in tables and lists (RFC 7541 §4.1, RFC 9113 §6.5.2). */
export const HPACK_FIELD_OVERHEAD_OCTETS = 32;
/** Cookies shorter than this are never put into a table: they could be guessed by the size of a request (RFC 7541 §7.1). */
export const HPACK_SECRET_COOKIE_OCTETS = 20;

// ── limits of HTTP/2 ──
/** Largest payload of a frame that the peer may send (SETTINGS_MAX_FRAME_SIZE is left at its least), and that we send. */
export const HTTP2_FRAME_OCTETS_MAX = 16384;
/**
 * What the peer may send of one stream's content before any is released: 4 MiB and a little, since node:http2's server resets
 * a stream, instead of ending it, when the body ends exactly where the window does. Round bodies do not end at a prime number.
 */
export const HTTP2_STREAM_WINDOW_OCTETS = 4194319;
/** The same of all streams together. */
export const HTTP2_WINDOW_OCTETS = 16777216;
/**
 * While less content than this is unreleased, the connection's credit is given back on receipt, above on release. From then on
 * each stream's window is narrow, until less than the second is unreleased.
 */
export const HTTP2_UNRELEASED_OCTETS_MAX = 33554432;
export const HTTP2_UNRELEASED_OCTETS_EASY = 16777216;
/** A stream's window while it is narrow, and the connection's, at the least, while somebody then waits for content. A prime, too. */
export const HTTP2_NARROW_WINDOW_OCTETS = 65537;
/** Most streams that are open at a time: until the peer's SETTINGS have come, and whatever they say. */
export const HTTP2_STREAMS_FIRST = 100;
export const HTTP2_STREAMS_MAX = 1000;
/** Most CONTINUATION frames of one field block (SECURITY: CVE-2024-28182). */
export const HTTP2_CONTINUATIONS_MAX = 16;
/** Most settings of one SETTINGS frame (SECURITY: CVE-2020-11080). */
export const HTTP2_SETTINGS_MAX = 32;
/** Most DATA frames without content, one after the other, that do not end their stream (SECURITY: CVE-2019-9518). */
export const HTTP2_EMPTY_DATA_MAX = 1000;
/**
 * Frames that bring nothing on (SETTINGS, PING, unknown ones, those of streams that we reset …): so many at once, and so many
 * more each second, for each stream that we open, and one for each DATA frame that we send, or get with some content.
 */
export const HTTP2_IDLE_FRAMES_MAX = 1000;
export const HTTP2_IDLE_FRAMES_PER_SECOND = 100;
export const HTTP2_IDLE_FRAMES_PER_STREAM = 4;
/** Octets of content from which on it is some. */
export const HTTP2_SOME_CONTENT_OCTETS = 1024;
/** Frames that wait to be written beside HEADERS and DATA: with more the peer does not read (SECURITY: CVE-2019-9512, 9515). */
export const HTTP2_ANSWERS_MAX = 1000;
/** Octets of the names that Connection may nominate in a request, and of commas before them. */
export const HTTP2_NOMINATED_OCTETS_MAX = 512;
/** Octets of GOAWAY's debug data that are told (RFC 9113 §6.8). */
export const HTTP2_DEBUG_OCTETS_MAX = 128;
/** Most streams that the peer's errors make us reset within so many milliseconds (SECURITY: CVE-2025-8671). */
export const HTTP2_STREAM_ERRORS_MAX = 100;
export const HTTP2_STREAM_ERRORS_MS = 10000;
