/**
 * What stands around the blocks of zstd frames (RFC 8878 §3.1): magic numbers, skippable frames, frame headers and
 * checksums. Parts of few octets, each read when it is complete.
 */
import {
  RULE_CODING_TRAILING,
  RULE_CODING_WINDOW_LIMIT,
  RULE_CODING_ZSTD_CHECKSUM,
  RULE_CODING_ZSTD_CONTENT_SIZE,
  RULE_CODING_ZSTD_DICTIONARY,
  RULE_CODING_ZSTD_MAGIC,
  RULE_CODING_ZSTD_RESERVED,
} from '../abi';
import { beginHistory } from './history';
import { STEP_INPUT, STEP_ON } from './state';
import { beginSum, sumOf } from './xxh64';
import {
  BLOCK_OCTETS_MAX,
  PHASE_BLOCK_HEADER,
  PHASE_CHECKSUM,
  PHASE_DESCRIPTOR,
  PHASE_FRAME_HEADER,
  PHASE_MAGIC,
  PHASE_SKIP,
  PHASE_SKIP_SIZE,
  Zstd,
  headerOf,
} from './zstd-state';

const MAGIC: u32 = 0xfd2fb528;
/** Sixteen magic numbers, by the lowest four bits. */
const MAGIC_SKIPPABLE: u32 = 0x184d2a50;
const MAGIC_SKIPPABLE_MASK: u32 = 0xfffffff0;

const DESCRIPTOR_RESERVED: u32 = 8;
const DESCRIPTOR_CHECKSUM: u32 = 4;
const DESCRIPTOR_SINGLE_SEGMENT: u32 = 32;
const WINDOW_LOG_LEAST: u64 = 10;

/** The part that follows has `octets` octets. */
export function beginPart(z: Zstd, phase: u32, octets: u32): void {
  z.phase = phase;
  z.want = octets;
  z.got = 0;
}

/** Takes octets of the part at hand. @returns true once it has all of them. */
export function gatherPart(z: Zstd): bool {
  const header = headerOf(z);
  while (z.got < z.want) {
    if (z.input == z.inputEnd) return false;
    store<u8>(header + z.got++, load<u8>(z.input++));
  }
  return true;
}

/** Ready for a frame, or for the end. */
export function beginFrame(z: Zstd): void {
  beginPart(z, PHASE_MAGIC, 4);
  z.complete = z.frames ? 1 : 0;
}

/** One octet of the magic number: what cannot become one is refused at once. */
export function readMagic(z: Zstd): u32 {
  if (z.input == z.inputEnd) return STEP_INPUT;
  const header = headerOf(z);
  if (!z.got) store<u32>(header, 0);
  store<u8>(header + z.got++, load<u8>(z.input++));
  z.complete = 0;
  const magic = load<u32>(header);
  const mask: u32 = z.got == 4 ? 0xffffffff : (1 << (z.got << 3)) - 1;
  const isFrame = magic == (MAGIC & mask);
  const isSkippable = (magic & MAGIC_SKIPPABLE_MASK) == (MAGIC_SKIPPABLE & mask & MAGIC_SKIPPABLE_MASK);
  if (!isFrame && !isSkippable) return z.frames ? RULE_CODING_TRAILING : RULE_CODING_ZSTD_MAGIC;
  if (z.got == 4) {
    if (isFrame) beginPart(z, PHASE_DESCRIPTOR, 1);
    else beginPart(z, PHASE_SKIP_SIZE, 4);
  }
  return STEP_ON;
}

export function readSkipSize(z: Zstd): u32 {
  if (!gatherPart(z)) return STEP_INPUT;
  beginPart(z, PHASE_SKIP, load<u32>(headerOf(z)));
  return STEP_ON;
}

/** Passes over the content of a skippable frame. */
export function skip(z: Zstd): u32 {
  const octets = min(<usize>(z.want - z.got), z.inputEnd - z.input);
  z.input += octets;
  z.got += <u32>octets;
  if (z.got != z.want) return STEP_INPUT;
  endFrame(z);
  return STEP_ON;
}

function endFrame(z: Zstd): void {
  z.frames = 1;
  beginFrame(z);
}

/** Octets of a number whose size is given by two bits: 0, 1, 2, 4 for dictionaries, 0, 2, 4, 8 for content. */
function dictionaryOctets(descriptor: u32): u32 {
  return (1 << (descriptor & 3)) >>> 1;
}

function contentSizeOctets(descriptor: u32): u32 {
  const code = descriptor >>> 6;
  if (!code) return descriptor & DESCRIPTOR_SINGLE_SEGMENT ? 1 : 0;
  return 1 << code;
}

/** The octet that says what the header has. */
export function readDescriptor(z: Zstd): u32 {
  if (!gatherPart(z)) return STEP_INPUT;
  const descriptor = <u32>load<u8>(headerOf(z));
  if (descriptor & DESCRIPTOR_RESERVED) return RULE_CODING_ZSTD_RESERVED;
  z.descriptor = descriptor;
  const windowOctets: u32 = descriptor & DESCRIPTOR_SINGLE_SEGMENT ? 0 : 1;
  beginPart(z, PHASE_FRAME_HEADER, windowOctets + dictionaryOctets(descriptor) + contentSizeOctets(descriptor));
  return STEP_ON;
}

/** The lowest `octets` octets at `at`: at most eight, which are readable. */
function numberAt(at: usize, octets: u32): u64 {
  if (!octets) return 0;
  return (load<u64>(at, 0, 1) << (64 - (octets << 3))) >> (64 - (octets << 3));
}

/** The rest of the header: window, dictionary, size of the content. */
export function readFrameHeader(z: Zstd): u32 {
  if (!gatherPart(z)) return STEP_INPUT;
  const descriptor = z.descriptor;
  let at = headerOf(z);
  let window: u64 = 0;
  if (!(descriptor & DESCRIPTOR_SINGLE_SEGMENT)) {
    const octet = <u64>load<u8>(at++);
    const base = (<u64>1) << (WINDOW_LOG_LEAST + (octet >> 3));
    window = base + (base >> 3) * (octet & 7);
  }
  const idOctets = dictionaryOctets(descriptor);
  if (numberAt(at, idOctets)) return RULE_CODING_ZSTD_DICTIONARY;
  at += idOctets;
  const sizeOctets = contentSizeOctets(descriptor);
  const contentSize = numberAt(at, sizeOctets) + (sizeOctets == 2 ? 256 : 0);
  if (descriptor & DESCRIPTOR_SINGLE_SEGMENT) window = contentSize;
  if (window > z.windowMax) return RULE_CODING_WINDOW_LIMIT;
  z.hasContentSize = sizeOctets ? 1 : 0;
  z.contentSize = contentSize;
  z.hasChecksum = descriptor & DESCRIPTOR_CHECKSUM;
  z.blockMax = min(<u32>window, BLOCK_OCTETS_MAX);
  z.reach = sizeOctets ? <u32>min(window, contentSize) : <u32>window;
  z.frameMade = 0;
  z.repeat1 = 1;
  z.repeat2 = 4;
  z.repeat3 = 8;
  z.hasHuffman = 0;
  z.literalLengths = 0;
  z.offsets = 0;
  z.matchLengths = 0;
  beginHistory(z);
  if (z.hasChecksum) beginSum(z);
  beginPart(z, PHASE_BLOCK_HEADER, 3);
  return STEP_ON;
}

/** The last block of the frame ended. Answers STEP_ON or the rule that was broken. */
export function endBlocks(z: Zstd): u32 {
  if (z.hasContentSize && z.frameMade != z.contentSize) return RULE_CODING_ZSTD_CONTENT_SIZE;
  if (z.hasChecksum) beginPart(z, PHASE_CHECKSUM, 4);
  else endFrame(z);
  return STEP_ON;
}

export function readChecksum(z: Zstd): u32 {
  if (!gatherPart(z)) return STEP_INPUT;
  if (load<u32>(headerOf(z)) != sumOf(z)) return RULE_CODING_ZSTD_CHECKSUM;
  endFrame(z);
  return STEP_ON;
}
