// Writes assembly/hpack/huffman-table.ts and assembly/hpack/static-table.ts: what RFC 7541 defines by listing it (appendices
// A and B). `node wasm/generate-hpack-tables.mjs` writes the files, with `--check` it only compares.
//
// The Huffman code is canonical: among codes of one length the order is that of the symbols, and shorter codes come first.
// So the lengths of appendix B are all there is to know; that they are a complete code is checked here, and each symbol
// against the public vectors in test/conformance/hpack.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';

const EOS = 256;

/** Bits of the code of each octet and, last, of EOS (RFC 7541 appendix B). */
// biome-ignore format: a table
const CODE_BITS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
   6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,  5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
  13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
  15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

/** The static table (RFC 7541 appendix A), index 1 first. */
// biome-ignore format: a table
const STATIC_TABLE = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
  [':scheme', 'http'], [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'],
  [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'], ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'], ['accept-language', ''], ['accept-ranges', ''], ['accept', ''],
  ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''], ['cache-control', ''],
  ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''],
  ['expect', ''], ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''],
  ['if-none-match', ''], ['if-range', ''], ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''],
  ['location', ''], ['max-forwards', ''], ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''],
  ['referer', ''], ['refresh', ''], ['retry-after', ''], ['server', ''], ['set-cookie', ''],
  ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''], ['via', ''],
  ['www-authenticate', ''],
];

/** The code of each symbol, from the lengths. */
function codesOf(lengths) {
  const codes = new Array(lengths.length);
  let code = 0;
  let before = 0;
  const longest = Math.max(...lengths);
  for (let bits = 1; bits <= longest; bits++) {
    code = (code + before) * 2;
    before = 0;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === bits) codes[symbol] = code + before++;
    }
  }
  if (code + before !== 2 ** longest) throw new Error('Cannot accept the lengths: they make no complete code');
  if (codes[EOS] !== 2 ** longest - 1) throw new Error('Cannot accept the lengths: EOS is not all ones');
  return codes;
}

/** `values` of a `memory.data`, as many on a line as fit. */
function listOf(values) {
  const lines = [];
  let line = ' ';
  for (const value of values) {
    if (line.length + value.length + 2 > 120) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${value},`;
  }
  return [...lines, line].join('\n');
}

/** `octets` as the values of a `memory.data<u64>`. */
function quadwords(octets) {
  const padded = Buffer.concat([octets, Buffer.alloc((8 - (octets.length % 8)) % 8)]);
  const values = [];
  for (let at = 0; at < padded.length; at += 8) values.push(`0x${padded.readBigUInt64LE(at).toString(16)}`);
  return listOf(values);
}

function huffmanTable() {
  const codes = codesOf(CODE_BITS);
  return `// biome-ignore-all format: generated
/** The Huffman code of RFC 7541 appendix B. Made by wasm/generate-hpack-tables.mjs; not to be edited. */

/** Number of the symbol that ends nothing and is part of no string. */
export const EOS: u32 = ${EOS};
export const SYMBOLS: u32 = ${CODE_BITS.length};
export const CODE_BITS_MAX: u32 = ${Math.max(...CODE_BITS)};
/** Bits of the shortest code: no string is longer than this allows. */
export const CODE_BITS_MIN: u32 = ${Math.min(...CODE_BITS)};

/** Bits of each symbol's code, an octet each. */
export const CODE_BITS: usize = memory.data<u64>([
${quadwords(Buffer.from(CODE_BITS))}
], 16);

/** The codes, a u32 each, their last bit lowest. */
export const CODES: usize = memory.data<u32>([
${listOf(codes.map((code) => `0x${code.toString(16)}`))}
], 16);
`;
}

function staticTable() {
  const parts = [];
  const entries = ['0'];
  let at = 0;
  for (const [name, value] of STATIC_TABLE) {
    parts.push(name, value);
    entries.push(`0x${((value.length << 24) | (name.length << 16) | at).toString(16)}`);
    at += name.length + value.length;
  }
  return `// biome-ignore-all format: generated
/** The static table of RFC 7541 appendix A. Made by wasm/generate-hpack-tables.mjs; not to be edited. */

/** Index of its last entry; the first is 1. */
export const STATIC_ENTRIES: u32 = ${STATIC_TABLE.length};

/** Names and values, each value directly behind its name. */
export const STATIC_OCTETS: usize = memory.data<u64>([
${quadwords(Buffer.from(parts.join('')))}
], 16);

/** A u32 for each index: | u16 where its name begins in STATIC_OCTETS | u8 length of the name | u8 length of the value |. */
export const STATIC_TABLE: usize = memory.data<u32>([
${listOf(entries)}
], 16);
`;
}

const FILES = [
  ['huffman-table.ts', huffmanTable()],
  ['static-table.ts', staticTable()],
];
for (const [name, text] of FILES) {
  const file = new URL(`../assembly/hpack/${name}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) throw new Error(`${name} is not what its generator writes`);
}
