/**
 * Memory of one zstd stream (RFC 8878), and the numbers that its parts share.
 *
 *   state:     | Zstd | header | unsummed | Huffman table | three FSE tables |        (one allocation)
 *   gathered:  a compressed block that no single input had whole                     (made when first needed)
 *   window:    history.ts
 *
 * Literals that have to be decoded live no longer than the call that decodes their block: all streams share LITERALS.
 */
import { SLACK_OCTETS } from '../memory';
import { Stream } from './stream';

// ── phases: what the next octet belongs to ──
/** Magic number of a frame; here the data may end, if a frame did. */
export const PHASE_MAGIC: u32 = 0;
export const PHASE_SKIP_SIZE: u32 = 1;
/** Content of a skippable frame. */
export const PHASE_SKIP: u32 = 2;
export const PHASE_DESCRIPTOR: u32 = 3;
export const PHASE_FRAME_HEADER: u32 = 4;
export const PHASE_BLOCK_HEADER: u32 = 5;
export const PHASE_RAW: u32 = 6;
export const PHASE_RLE: u32 = 7;
export const PHASE_COMPRESSED: u32 = 8;
export const PHASE_CHECKSUM: u32 = 9;

/** Largest block, before and after (RFC 8878 §3.1.1.2.4). */
export const BLOCK_OCTETS_MAX: u32 = 131072;

/** Bits that index the Huffman table: the longest code. Its entries are u16: symbol << 8 | bits of the code. */
export const HUFFMAN_BITS: u32 = 11;
/** Most accurate FSE tables. Their entries are u64; fse.ts says of what. */
export const LENGTHS_LOG_MAX: u32 = 9;
export const OFFSETS_LOG_MAX: u32 = 8;

/** Decoded literals of the block at hand. */
export const LITERALS: usize = memory.data(<i32>(BLOCK_OCTETS_MAX + <u32>SLACK_OCTETS), 16);

@unmanaged
export class Zstd extends Stream {
  /** PHASE_*. */
  phase: u32;
  /** Octets of the part at hand that stand in the header area (or among the gathered), and how many it has. */
  got: u32;
  want: u32;
  /** Frames of any kind that ended. */
  frames: u32;

  // ── frame ──
  descriptor: u32;
  /** Farthest offset: Window_Size, or the content's size if that is less. */
  reach: u32;
  blockMax: u32;
  hasContentSize: u32;
  hasChecksum: u32;
  contentSize: u64;
  /** Octets of the frame's content before the block at hand. */
  frameMade: u64;
  /** Offsets that come first, second, third when one is repeated. */
  repeat1: u32;
  repeat2: u32;
  repeat3: u32;
  /** 1: the Huffman table is one. */
  hasHuffman: u32;
  /** FSE tables in force (0: none yet), then their accuracy, in the order of the format. */
  literalLengths: usize;
  offsets: usize;
  matchLengths: usize;
  literalLengthsLog: u32;
  offsetsLog: u32;
  matchLengthsLog: u32;

  // ── block ──
  isLast: u32;
  blockSize: u32;
  /** 1: there is room for the block. */
  isRoomy: u32;
  /** Octets left of a raw block, or of what the limit on octets leaves of it; 1: it left less than all. */
  left: u32;
  isCut: u32;
  /** Where its content begins in the window. */
  blockStart: usize;
  gathered: usize;
  gatheredMax: u32;
  /** Literals of the block. */
  literals: usize;
  literalsEnd: usize;

  // ── checksum (xxh64.ts) ──
  sum1: u64;
  sum2: u64;
  sum3: u64;
  sum4: u64;
  summed: u64;
}

const HEADER_OFFSET: usize = (offsetof<Zstd>() + 15) & ~15;
/** A frame header without magic number and descriptor has at most 13 octets. */
const UNSUMMED_OFFSET: usize = HEADER_OFFSET + 16;
const HUFFMAN_OFFSET: usize = UNSUMMED_OFFSET + 32;
const FSE_OFFSET: usize = HUFFMAN_OFFSET + (2 << HUFFMAN_BITS);
/** The largest FSE table. */
const FSE_OCTETS: usize = 8 << LENGTHS_LOG_MAX;
/** Octets of a stream without its window and the block it gathers. */
export const ZSTD_OCTETS: usize = FSE_OFFSET + 3 * FSE_OCTETS;

/** Octets of a header that came in pieces. */
export function headerOf(z: Zstd): usize {
  return changetype<usize>(z) + HEADER_OFFSET;
}

/** Octets of content that are not yet in the checksum's lanes: fewer than 32. */
export function unsummedOf(z: Zstd): usize {
  return changetype<usize>(z) + UNSUMMED_OFFSET;
}

export function huffmanTableOf(z: Zstd): usize {
  return changetype<usize>(z) + HUFFMAN_OFFSET;
}

/** The stream's own FSE table of a kind (zstd-tables.ts). */
export function ownTableOf(z: Zstd, kind: u32): usize {
  return changetype<usize>(z) + FSE_OFFSET + <usize>kind * FSE_OCTETS;
}

/** Puts a table in force. */
export function setTable(z: Zstd, kind: u32, table: usize, log: u32): void {
  store<usize>(changetype<usize>(z) + offsetof<Zstd>('literalLengths') + kind * sizeof<usize>(), table);
  store<u32>(changetype<usize>(z) + offsetof<Zstd>('literalLengthsLog') + kind * 4, log);
}

/** The table in force; 0: there is none. */
export function tableOf(z: Zstd, kind: u32): usize {
  return load<usize>(changetype<usize>(z) + offsetof<Zstd>('literalLengths') + kind * sizeof<usize>());
}
