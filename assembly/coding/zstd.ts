/**
 * Zstandard (RFC 8878): the machine that walks frames and blocks and can stop after any octet of input.
 *
 * | phase        | what it reads                                      | what follows                          |
 * | ------------ | -------------------------------------------------- | ------------------------------------- |
 * | MAGIC        | a frame's magic number, octet by octet             | DESCRIPTOR, SKIP_SIZE; the data's end |
 * | SKIP_SIZE    | size of a skippable frame                          | SKIP                                  |
 * | SKIP         | its content, which means nothing                   | MAGIC                                 |
 * | DESCRIPTOR   | what the frame header has                          | FRAME_HEADER                          |
 * | FRAME_HEADER | window, dictionary, size of the content            | BLOCK_HEADER                          |
 * | BLOCK_HEADER | whether it is the last, type, size                 | RAW, RLE, COMPRESSED                  |
 * | RAW          | octets as they are, handed out as they come        | BLOCK_HEADER, CHECKSUM, MAGIC         |
 * | RLE          | one octet                                          | BLOCK_HEADER, CHECKSUM, MAGIC         |
 * | COMPRESSED   | a whole block, gathered if no input has all of it  | BLOCK_HEADER, CHECKSUM, MAGIC         |
 * | CHECKSUM     | the content's checksum                             | MAGIC                                 |
 *
 * A step is one phase. Of a compressed block nothing is handed out unless all of it is right. Refused: dictionaries,
 * windows beyond the limit (RFC 9659), frames without magic number, frames of formats before version 0.8. Anything but
 * a frame behind a frame is trailing data, zeros included.
 */
import {
  RULE_CODING_MEMORY,
  RULE_CODING_OCTETS_LIMIT,
  RULE_CODING_ZSTD_BLOCK_SIZE,
  RULE_CODING_ZSTD_BLOCK_TYPE,
  RULE_CODING_ZSTD_CONTENT_SIZE,
} from '../abi';
import { SLACK_OCTETS, allocate, release } from '../memory';
import { limitBlock, reserve } from './history';
import { STEP_INPUT, STEP_ON } from './state';
import { madeOf } from './stream';
import { addToSum } from './xxh64';
import {
  beginFrame,
  beginPart,
  endBlocks,
  gatherPart,
  readChecksum,
  readDescriptor,
  readFrameHeader,
  readMagic,
  readSkipSize,
  skip,
} from './zstd-frame';
import { literalsSectionEnd, readLiterals } from './zstd-literals';
import { readSequences } from './zstd-sequences';
import {
  BLOCK_OCTETS_MAX,
  PHASE_BLOCK_HEADER,
  PHASE_COMPRESSED,
  PHASE_DESCRIPTOR,
  PHASE_FRAME_HEADER,
  PHASE_MAGIC,
  PHASE_RAW,
  PHASE_RLE,
  PHASE_SKIP,
  PHASE_SKIP_SIZE,
  Zstd,
  headerOf,
} from './zstd-state';

const BLOCK_RAW: u32 = 0;
const BLOCK_RLE: u32 = 1;
const BLOCK_COMPRESSED: u32 = 2;
/** Blocks are gathered in no less than this, so that the memory does not change with each. */
const GATHERED_LEAST: u32 = 4096;

export function beginZstd(z: Zstd): void {
  beginFrame(z);
}

export function freeZstd(z: Zstd): void {
  if (z.gathered) release(z.gathered);
}

/** One phase. Answers as stream.ts says. */
export function stepZstd(z: Zstd): u32 {
  switch (z.phase) {
    case PHASE_MAGIC:
      return readMagic(z);
    case PHASE_SKIP_SIZE:
      return readSkipSize(z);
    case PHASE_SKIP:
      return skip(z);
    case PHASE_DESCRIPTOR:
      return readDescriptor(z);
    case PHASE_FRAME_HEADER:
      return readFrameHeader(z);
    case PHASE_BLOCK_HEADER:
      return readBlockHeader(z);
    case PHASE_RAW:
      return readRaw(z);
    case PHASE_RLE:
      return readRle(z);
    case PHASE_COMPRESSED:
      return readCompressed(z);
    default:
      return readChecksum(z);
  }
}

function readBlockHeader(z: Zstd): u32 {
  if (!gatherPart(z)) return STEP_INPUT;
  const header = load<u32>(headerOf(z)) & 0xffffff;
  const type = (header >>> 1) & 3;
  const size = header >>> 3;
  if (type > BLOCK_COMPRESSED) return RULE_CODING_ZSTD_BLOCK_TYPE;
  if (size > z.blockMax) return RULE_CODING_ZSTD_BLOCK_SIZE;
  if (type != BLOCK_COMPRESSED && z.hasContentSize && size > z.contentSize - z.frameMade) {
    return RULE_CODING_ZSTD_CONTENT_SIZE;
  }
  z.isLast = header & 1;
  z.blockSize = size;
  z.isRoomy = 0;
  if (type == BLOCK_RAW) beginPart(z, PHASE_RAW, size);
  else if (type == BLOCK_RLE) beginPart(z, PHASE_RLE, 1);
  else beginPart(z, PHASE_COMPRESSED, size);
  return STEP_ON;
}

/** Room for `octets` octets of the block. Answers as `reserve`. */
function roomFor(z: Zstd, octets: u32): u32 {
  const step = reserve(z, octets, z.reach);
  if (step == STEP_ON) {
    z.isRoomy = 1;
    z.blockStart = z.out;
  }
  return step;
}

/** The block was decoded. Answers STEP_ON or the rule that was broken. */
function endBlock(z: Zstd): u32 {
  z.frameMade += z.out - z.blockStart;
  if (z.hasChecksum) addToSum(z, z.blockStart, z.out);
  const step = limitBlock(z);
  if (step != STEP_ON) return step;
  if (z.isLast) return endBlocks(z);
  beginPart(z, PHASE_BLOCK_HEADER, 3);
  return STEP_ON;
}

function readRaw(z: Zstd): u32 {
  if (!z.isRoomy) {
    const step = roomFor(z, z.blockSize);
    if (step != STEP_ON) return step;
    const allowed = z.decodedMax - madeOf(z);
    z.isCut = allowed < z.blockSize ? 1 : 0;
    z.left = <u32>min<u64>(allowed, z.blockSize);
  }
  const octets = min(<usize>z.left, z.inputEnd - z.input);
  memory.copy(z.out, z.input, octets);
  z.out += octets;
  z.input += octets;
  z.left -= <u32>octets;
  if (z.left) return STEP_INPUT;
  return z.isCut ? RULE_CODING_OCTETS_LIMIT : endBlock(z);
}

function readRle(z: Zstd): u32 {
  const step = roomFor(z, z.blockSize);
  if (step != STEP_ON) return step;
  if (!gatherPart(z)) return STEP_INPUT;
  memory.fill(z.out, load<u8>(headerOf(z)), z.blockSize);
  z.out += z.blockSize;
  return endBlock(z);
}

/** Decodes the block where it stands in the input, if it is there whole, else from where it is gathered. */
function readCompressed(z: Zstd): u32 {
  const size = z.blockSize;
  let block = z.input;
  if (z.got || z.inputEnd - block < size) {
    if (!z.got && !roomToGather(z)) return RULE_CODING_MEMORY;
    block = z.gathered;
    const octets = min(<usize>(size - z.got), z.inputEnd - z.input);
    memory.copy(block + z.got, z.input, octets);
    z.input += octets;
    z.got += <u32>octets;
    if (z.got != size) return STEP_INPUT;
  }
  let room = z.blockMax;
  if (z.hasContentSize) room = <u32>min<u64>(room, z.contentSize - z.frameMade);
  let step = roomFor(z, room);
  if (step != STEP_ON) return step;
  if (!z.got) z.input += size;
  step = readLiterals(z, block, block + size);
  if (step == STEP_ON) step = readSequences(z, literalsSectionEnd(), block + size);
  return step == STEP_ON ? endBlock(z) : step;
}

function roomToGather(z: Zstd): bool {
  if (z.gatheredMax >= z.blockSize) return true;
  const octets = min(max(max(z.blockSize, z.gatheredMax << 1), GATHERED_LEAST), BLOCK_OCTETS_MAX);
  const gathered = allocate(<usize>octets + SLACK_OCTETS);
  if (!gathered) return false;
  if (z.gathered) release(z.gathered);
  z.gathered = gathered;
  z.gatheredMax = octets;
  return true;
}
