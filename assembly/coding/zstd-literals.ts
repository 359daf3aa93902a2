/**
 * The literals section of a compressed block (RFC 8878 §3.1.1.3.1). Raw literals are used where they stand; others are
 * decoded into LITERALS.
 */
import {
  RULE_CODING_ZSTD_HUFFMAN_TREE,
  RULE_CODING_ZSTD_LITERALS,
  RULE_CODING_ZSTD_LITERALS_STREAM,
  RULE_CODING_ZSTD_NO_TABLE,
} from '../abi';
import { STEP_ON } from './state';
import { decodeFourStreams, decodeOneStream, readTree } from './zstd-huffman';
import { LITERALS, Zstd, huffmanTableOf } from './zstd-state';

const TYPE_RAW: u32 = 0;
const TYPE_RLE: u32 = 1;
const TYPE_COMPRESSED: u32 = 2;
/** Fewer literals are not divided among four streams. */
const FOUR_STREAMS_LEAST: u32 = 6;

/** Where the section ended that was read last. */
let sectionEnd: usize = 0;

export function literalsSectionEnd(): usize {
  return sectionEnd;
}

/** Reads the section that begins at `from`; `end`: of the block. Answers STEP_ON or the rule that was broken. */
export function readLiterals(z: Zstd, from: usize, end: usize): u32 {
  if (from == end) return RULE_CODING_ZSTD_LITERALS;
  const head = load<u32>(from, 0, 1); // behind `end` there is slack
  const type = head & 3;
  const format = (head >>> 2) & 3;
  if (type > TYPE_RLE) return readCompressed(z, from, end, type, format);
  let size = (head & 0xff) >>> 3;
  let at = from + 1;
  if (format == 1) {
    size = (head & 0xffff) >>> 4;
    at = from + 2;
  } else if (format == 3) {
    size = (head & 0xffffff) >>> 4;
    at = from + 3;
  }
  const octets = <usize>(type == TYPE_RAW ? size : 1);
  if (at > end || octets > end - at || size > z.blockMax) return RULE_CODING_ZSTD_LITERALS;
  sectionEnd = at + octets;
  z.literals = at;
  if (type == TYPE_RLE) {
    z.literals = LITERALS;
    memory.fill(LITERALS, load<u8>(at), size);
  }
  z.literalsEnd = z.literals + size;
  return STEP_ON;
}

/** Literals that are Huffman-coded, by a tree of their own or by the one before. */
function readCompressed(z: Zstd, from: usize, end: usize, type: u32, format: u32): u32 {
  const sizeBits = format < 2 ? 10 : format * 4 + 6;
  const headOctets: usize = format < 2 ? 3 : format + 2;
  if (end - from < headOctets) return RULE_CODING_ZSTD_LITERALS;
  const head = load<u64>(from, 0, 1) >> 4;
  const mask: u32 = (1 << sizeBits) - 1;
  const size = <u32>head & mask;
  const octets = <u32>(head >> sizeBits) & mask;
  let at = from + headOctets;
  if (octets > <u32>(end - at) || size > z.blockMax) return RULE_CODING_ZSTD_LITERALS;
  const streamsEnd = at + octets;
  const table = huffmanTableOf(z);
  if (type == TYPE_COMPRESSED) {
    const treeOctets = readTree(at, streamsEnd, table);
    if (!treeOctets) return RULE_CODING_ZSTD_HUFFMAN_TREE;
    z.hasHuffman = 1;
    at += treeOctets;
  } else if (!z.hasHuffman) {
    return RULE_CODING_ZSTD_NO_TABLE;
  }
  sectionEnd = streamsEnd;
  z.literals = LITERALS;
  z.literalsEnd = LITERALS + size;
  if (!format) return decodeOneStream(table, at, streamsEnd, LITERALS, z.literalsEnd);
  if (size < FOUR_STREAMS_LEAST) return RULE_CODING_ZSTD_LITERALS_STREAM;
  return decodeFourStreams(table, at, streamsEnd, LITERALS, z.literalsEnd);
}
