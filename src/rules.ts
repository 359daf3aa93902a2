/**
 * What each rule of `assembly/abi.ts` says, as the sentence an error shows. The core reports numbers only; the words, and
 * the source each rule stands on, are here and nowhere else.
 */
import * as abi from '../assembly/abi.js';
import { HTTP2_RULES } from './http2-rules.js';

/** One rule: what could not be done and what was expected; where that is laid down; what its limit counts. */
export interface Rule {
  /** Completes "Cannot …". */
  readonly what: string;
  readonly source: string;
  /** Unit of the limit, where the rule has one. */
  readonly unit?: string;
}

const FRAMING = 'RFC 9112 §6.3';
const CHUNKED = 'RFC 9112 §7.1';
const DEFLATE = 'RFC 1951 §3.2';
const ZSTD = 'RFC 8878 §3.1.1';
const METABLOCK = 'RFC 7932 §9.2';
const PREFIX_CODE = 'RFC 7932 §3';

/** Every rule by its number. */
export const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  ...HTTP2_RULES,
  [
    abi.RULE_MEMORY,
    { what: 'receive the message: the host gave the core no more memory', source: 'limits of this host' },
  ],
  [abi.RULE_UNSOLICITED, { what: 'use the connection: octets came that answer no request', source: 'RFC 9112 §9.2' }],
  [abi.RULE_VERSION, { what: 'read status line: expected HTTP/1.0 or HTTP/1.1', source: 'RFC 9112 §2.3' }],
  [
    abi.RULE_STATUS,
    { what: 'read status line: expected a space and a status code of three digits from 100', source: 'RFC 9112 §4' },
  ],
  [
    abi.RULE_REASON,
    { what: 'read status line: expected a reason phrase without control characters', source: 'RFC 9112 §4' },
  ],
  [abi.RULE_LINE_END, { what: 'read head: expected CRLF at the end of the line', source: 'RFC 9112 §2.2' }],
  [abi.RULE_FIELD_NAME, { what: 'read field name: expected a token', source: 'RFC 9110 §5.1' }],
  [abi.RULE_FIELD_VALUE, { what: 'read field value: expected no control characters but tab', source: 'RFC 9110 §5.5' }],
  [
    abi.RULE_FIELD_COLON,
    { what: 'read field line: expected a colon directly behind the name', source: 'RFC 9112 §5.1' },
  ],
  [abi.RULE_FIELD_FOLDED, { what: 'read field line: expected no line folding', source: 'RFC 9112 §5.2' }],
  [
    abi.RULE_HEAD_OCTETS,
    { what: 'read head: expected no more octets than Limits.headOctets', source: 'RFC 9110 §5.4', unit: 'octets' },
  ],
  [
    abi.RULE_FIELD_COUNT,
    {
      what: 'read head: expected no more field lines than Limits.fields',
      source: 'RFC 9110 §5.4',
      unit: 'field lines',
    },
  ],
  [
    abi.RULE_INTERIM_COUNT,
    {
      what: 'wait for the final response: expected no more interim responses than Limits.interim',
      source: 'RFC 9110 §15.2',
      unit: 'interim responses',
    },
  ],
  [
    abi.RULE_CONTENT_LENGTH,
    { what: 'read Content-Length: expected digits, and no more than 2^53 - 1', source: 'RFC 9110 §8.6' },
  ],
  [abi.RULE_CONTENT_LENGTH_DIFFERS, { what: 'frame the body: expected equal Content-Length values', source: FRAMING }],
  [
    abi.RULE_TRANSFER_ENCODING,
    { what: "read Transfer-Encoding: expected 'chunked' and nothing else", source: 'RFC 9112 §6.1' },
  ],
  [
    abi.RULE_TRANSFER_ENCODING_AND_LENGTH,
    { what: 'frame the body: expected Transfer-Encoding or Content-Length, got both', source: FRAMING },
  ],
  [
    abi.RULE_TRANSFER_ENCODING_HTTP_1_0,
    { what: 'frame the body: expected no Transfer-Encoding in HTTP/1.0', source: 'RFC 9112 §6.1' },
  ],
  [
    abi.RULE_SWITCHING_UNASKED,
    { what: 'switch protocols: expected a complete request of HTTP/1.1 that asked for it', source: 'RFC 9110 §7.8' },
  ],
  [abi.RULE_CHUNK_SIZE, { what: 'read chunk size: expected a hexadecimal digit', source: CHUNKED }],
  [abi.RULE_CHUNK_SIZE_OVERFLOW, { what: 'read chunk size: expected no more than 2^53 - 1', source: CHUNKED }],
  [
    abi.RULE_CHUNK_EXTENSION,
    { what: 'read chunk extension: expected no control characters but tab', source: 'RFC 9112 §7.1.1' },
  ],
  [
    abi.RULE_CHUNK_OVERHEAD,
    {
      what: 'read chunk: expected fewer octets of chunk extensions and leading zeros',
      source: 'RFC 9112 §7.1.1',
      unit: 'octets',
    },
  ],
  [abi.RULE_CHUNK_LINE_END, { what: 'read chunk size: expected CRLF at the end of the line', source: CHUNKED }],
  [abi.RULE_CHUNK_DATA_END, { what: 'read chunk: expected CRLF behind its data', source: CHUNKED }],
  [
    abi.RULE_TRAILER_FORBIDDEN,
    { what: 'read trailers: expected no field that frames, routes or authenticates', source: 'RFC 9110 §6.5.1' },
  ],
  [
    abi.RULE_CLOSED_EARLY,
    { what: 'read the response: the peer closed the connection without sending one', source: 'RFC 9112 §9.5' },
  ],
  [
    abi.RULE_CLOSED_IN_HEAD,
    { what: 'read the response: the peer closed the connection in the middle of the head', source: 'RFC 9112 §8' },
  ],
  [
    abi.RULE_CLOSED_IN_BODY,
    { what: 'read the response: the peer closed the connection in the middle of the body', source: 'RFC 9112 §8' },
  ],
  [abi.RULE_METHOD, { what: 'read request line: expected a method (a token)', source: 'RFC 9112 §3.1' }],
  [
    abi.RULE_TARGET,
    { what: 'read request line: expected a target without spaces and control characters', source: 'RFC 9112 §3.2' },
  ],
  [
    abi.RULE_CHUNKED_NOT_LAST,
    { what: "frame the body: expected 'chunked' once, as the last transfer coding", source: FRAMING },
  ],
  [
    abi.RULE_PIPELINE_DEPTH,
    { what: 'read the requests: expected fewer of them in one input', source: 'RFC 9112 §9.3.2' },
  ],
  [
    abi.RULE_CODING_MEMORY,
    { what: 'decode content: the host gave the decoder no more memory', source: 'limits of this host' },
  ],
  [abi.RULE_CODING_TRUNCATED, { what: 'decode content: the coded data ends too early', source: 'RFC 9110 §8.4' }],
  [abi.RULE_CODING_TRAILING, { what: 'decode content: octets follow the coded data', source: 'RFC 9110 §8.4' }],
  [abi.RULE_CODING_GZIP_MAGIC, { what: 'decode gzip: expected 0x1f 0x8b at its start', source: 'RFC 1952 §2.3.1' }],
  [
    abi.RULE_CODING_GZIP_METHOD,
    { what: 'decode gzip: expected compression method 8 (deflate)', source: 'RFC 1952 §2.3.1' },
  ],
  [
    abi.RULE_CODING_GZIP_FLAGS,
    { what: 'decode gzip: expected reserved flags to be zero', source: 'RFC 1952 §2.3.1.2' },
  ],
  [
    abi.RULE_CODING_GZIP_HEADER_CRC,
    { what: "decode gzip: the header's CRC-16 does not match", source: 'RFC 1952 §2.3.1' },
  ],
  [abi.RULE_CODING_CRC, { what: 'decode gzip: the CRC-32 does not match the data', source: 'RFC 1952 §2.3.1' }],
  [abi.RULE_CODING_LENGTH, { what: 'decode gzip: the length does not match the data', source: 'RFC 1952 §2.3.1' }],
  [
    abi.RULE_CODING_ZLIB_HEADER,
    { what: 'decode zlib: expected method 8, a window of at most 32 KiB and a valid check', source: 'RFC 1950 §2.2' },
  ],
  [abi.RULE_CODING_ZLIB_DICTIONARY, { what: 'decode zlib: expected no preset dictionary', source: 'RFC 1950 §2.2' }],
  [abi.RULE_CODING_ADLER, { what: 'decode zlib: the Adler-32 does not match the data', source: 'RFC 1950 §2.2' }],
  [abi.RULE_CODING_BLOCK_TYPE, { what: 'decode deflate: expected block type 0, 1 or 2', source: `${DEFLATE}.3` }],
  [
    abi.RULE_CODING_STORED_LENGTH,
    { what: "decode deflate: a stored block's length and its complement differ", source: `${DEFLATE}.4` },
  ],
  [
    abi.RULE_CODING_TREE_COUNTS,
    { what: 'decode deflate: expected at most 286 literal and 30 distance codes', source: `${DEFLATE}.7` },
  ],
  [
    abi.RULE_CODING_TREE_LENGTHS,
    { what: 'decode deflate: the code lengths are over-subscribed or incomplete', source: `${DEFLATE}.2` },
  ],
  [
    abi.RULE_CODING_TREE_REPEAT,
    { what: 'decode deflate: a repeated code length has nothing to repeat, or runs too far', source: `${DEFLATE}.7` },
  ],
  [
    abi.RULE_CODING_NO_END_OF_BLOCK,
    { what: 'decode deflate: the end-of-block symbol has no code', source: `${DEFLATE}.7` },
  ],
  [abi.RULE_CODING_SYMBOL, { what: 'decode deflate: expected a code that is in use', source: `${DEFLATE}.5` }],
  [
    abi.RULE_CODING_DISTANCE,
    { what: 'decode deflate: a distance reaches back beyond the start of the data', source: `${DEFLATE}.5` },
  ],
  [
    abi.RULE_CODING_OCTETS_LIMIT,
    {
      what: 'decode content: expected no more octets than Limits.decodedOctets',
      source: 'RFC 9110 §17',
      unit: 'octets',
    },
  ],
  [
    abi.RULE_CODING_RATIO_LIMIT,
    { what: 'decode content: it grows beyond Limits.decodedRatio', source: 'RFC 9110 §17', unit: 'times' },
  ],
  [
    abi.RULE_CODING_WINDOW_LIMIT,
    { what: 'decode content: expected no larger window than the limit allows', source: 'RFC 9659 §3', unit: 'octets' },
  ],
  [
    abi.RULE_CODING_ZSTD_MAGIC,
    { what: 'decode zstd: expected the magic number of a frame at its start', source: ZSTD },
  ],
  [abi.RULE_CODING_ZSTD_RESERVED, { what: 'decode zstd: expected reserved bits to be zero', source: `${ZSTD}.1.1` }],
  [
    abi.RULE_CODING_ZSTD_DICTIONARY,
    { what: 'decode zstd: expected a frame without dictionary', source: `${ZSTD}.1.3` },
  ],
  [abi.RULE_CODING_ZSTD_BLOCK_TYPE, { what: 'decode zstd: expected block type 0, 1 or 2', source: `${ZSTD}.2.2` }],
  [
    abi.RULE_CODING_ZSTD_BLOCK_SIZE,
    { what: 'decode zstd: expected no larger block than the window and 128 KiB', source: `${ZSTD}.2.4` },
  ],
  [
    abi.RULE_CODING_ZSTD_LITERALS,
    { what: 'decode zstd: the sizes of the literals section do not fit the block', source: `${ZSTD}.3.1` },
  ],
  [
    abi.RULE_CODING_ZSTD_HUFFMAN_TREE,
    { what: 'decode zstd: the weights make no complete set of Huffman codes', source: 'RFC 8878 §4.2.1' },
  ],
  [
    abi.RULE_CODING_ZSTD_LITERALS_STREAM,
    { what: 'decode zstd: a stream of literals does not end with its last code', source: 'RFC 8878 §4.2.2' },
  ],
  [
    abi.RULE_CODING_ZSTD_SEQUENCES,
    { what: 'decode zstd: the header of the sequences section does not fit the block', source: `${ZSTD}.3.2.1` },
  ],
  [
    abi.RULE_CODING_ZSTD_FSE_TABLE,
    { what: 'decode zstd: the probabilities of an FSE table do not add up', source: 'RFC 8878 §4.1.1' },
  ],
  [
    abi.RULE_CODING_ZSTD_SEQUENCES_STREAM,
    { what: 'decode zstd: the sequences do not fit their stream, the literals or the block', source: `${ZSTD}.4` },
  ],
  [
    abi.RULE_CODING_ZSTD_NO_TABLE,
    { what: 'decode zstd: a table is to be used again and there is none', source: `${ZSTD}.3.2.1` },
  ],
  [
    abi.RULE_CODING_ZSTD_OFFSET,
    { what: 'decode zstd: an offset reaches back beyond the window or the frame', source: `${ZSTD}.5` },
  ],
  [
    abi.RULE_CODING_ZSTD_CONTENT_SIZE,
    { what: 'decode zstd: the content has another size than its frame says', source: `${ZSTD}.1.4` },
  ],
  [abi.RULE_CODING_ZSTD_CHECKSUM, { what: 'decode zstd: the checksum does not match the content', source: ZSTD }],
  [
    abi.RULE_CODING_BROTLI_LARGE_WINDOW,
    { what: 'decode brotli: expected no window beyond 16 MiB (a large window stream)', source: 'RFC 7932 §9.1' },
  ],
  [abi.RULE_CODING_BROTLI_RESERVED, { what: 'decode brotli: expected the reserved bit to be zero', source: METABLOCK }],
  [
    abi.RULE_CODING_BROTLI_LENGTH,
    { what: 'decode brotli: expected the length of a metablock without leading zeros', source: METABLOCK },
  ],
  [
    abi.RULE_CODING_BROTLI_PADDING,
    { what: 'decode brotli: expected padding up to the next octet to be zero', source: METABLOCK },
  ],
  [
    abi.RULE_CODING_BROTLI_CODE_SYMBOL,
    { what: 'decode brotli: expected different symbols of the alphabet in a simple prefix code', source: PREFIX_CODE },
  ],
  [
    abi.RULE_CODING_BROTLI_CODE_LENGTHS,
    { what: 'decode brotli: the code lengths make no complete prefix code', source: PREFIX_CODE },
  ],
  [
    abi.RULE_CODING_BROTLI_CODE_REPEAT,
    { what: 'decode brotli: a repeat of code lengths goes beyond the alphabet', source: PREFIX_CODE },
  ],
  [
    abi.RULE_CODING_BROTLI_CONTEXT_MAP,
    { what: 'decode brotli: a run of zeros goes beyond the context map', source: 'RFC 7932 §7.3' },
  ],
  [
    abi.RULE_CODING_BROTLI_METABLOCK,
    { what: 'decode brotli: literals or a copy go beyond the length of the metablock', source: METABLOCK },
  ],
  [abi.RULE_CODING_BROTLI_DISTANCE, { what: 'decode brotli: expected a distance above zero', source: 'RFC 7932 §4' }],
  [
    abi.RULE_CODING_BROTLI_WORD,
    { what: 'decode brotli: a distance leads beyond the dictionary', source: 'RFC 7932 §8' },
  ],
  [
    abi.RULE_HPACK_INDEX,
    { what: 'decode the field block: an index leads beyond the tables', source: 'RFC 7541 §2.3.3' },
  ],
  [
    abi.RULE_HPACK_INTEGER,
    { what: 'decode the field block: expected integers of at most 32 bits, whole', source: 'RFC 7541 §5.1' },
  ],
  [abi.RULE_HPACK_TRUNCATED, { what: 'decode the field block: it ends within a field', source: 'RFC 7541 §5.2' }],
  [
    abi.RULE_HPACK_HUFFMAN,
    { what: 'decode the field block: expected whole Huffman codes, padded with ones', source: 'RFC 7541 §5.2' },
  ],
  [
    abi.RULE_HPACK_TABLE_SIZE,
    { what: 'decode the field block: expected no larger table than was allowed', source: 'RFC 7541 §6.3' },
  ],
  [
    abi.RULE_HPACK_TABLE_UPDATE,
    { what: 'decode the field block: expected table size updates at its start, two at most', source: 'RFC 7541 §4.2' },
  ],
  [
    abi.RULE_HPACK_TABLE_UPDATE_MISSING,
    { what: 'decode the field block: expected a table size update, less being allowed', source: 'RFC 7541 §4.2' },
  ],
  [
    abi.RULE_HPACK_LIST_OCTETS,
    {
      what: 'decode the field block: expected no more octets of names and values, and 32 for each field',
      source: 'RFC 9113 §6.5.2',
      unit: 'octets',
    },
  ],
  [
    abi.RULE_HPACK_FIELD_COUNT,
    { what: 'decode the field block: expected fewer fields', source: 'RFC 9113 §10.5.1', unit: 'fields' },
  ],
]);

/** Rules that are broken by more than one octet: the first of them explains nothing. */
const OCTETLESS: ReadonlySet<number> = new Set([
  abi.RULE_CONTENT_LENGTH_DIFFERS,
  abi.RULE_CHUNKED_NOT_LAST,
  abi.RULE_TRANSFER_ENCODING_AND_LENGTH,
  abi.RULE_TRANSFER_ENCODING_HTTP_1_0,
  abi.RULE_SWITCHING_UNASKED,
  abi.RULE_CHUNK_SIZE_OVERFLOW,
  abi.RULE_TRAILER_FORBIDDEN,
]);

/**
 * The sentence for a broken rule: what was attempted, what was expected, the octet that came, the limit, the source.
 * `octet` and `limit` are as in the ERROR record: NONE where there is none. Where a limit is met, the octet says nothing.
 */
export function describeRule(rule: number, octet: number = abi.NONE, limit: number = abi.NONE): string {
  const entry = RULES.get(rule);
  if (entry === undefined) return `Cannot go on: rule ${rule} was broken`;
  const got = octet === abi.NONE || limit !== abi.NONE || OCTETLESS.has(rule) ? '' : `, got ${hexOf(octet)}`;
  const most = limit === abi.NONE ? '' : `, the limit is ${limit}${entry.unit === undefined ? '' : ` ${entry.unit}`}`;
  return `Cannot ${entry.what}${got}${most} (${entry.source})`;
}

function hexOf(octet: number): string {
  return `0x${octet.toString(16).padStart(2, '0')}`;
}
