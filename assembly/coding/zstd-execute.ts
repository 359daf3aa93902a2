/**
 * The hot loop of zstd: decodes sequences and executes them (RFC 8878 §3.1.1.3.2.2, §3.1.1.4). The stream of sequences
 * is read backwards; `hold` is as in zstd-huffman.ts.
 */
import {
  RULE_CODING_ZSTD_BLOCK_SIZE,
  RULE_CODING_ZSTD_CONTENT_SIZE,
  RULE_CODING_ZSTD_OFFSET,
  RULE_CODING_ZSTD_SEQUENCES_STREAM,
} from '../abi';
import { copyFromOlder } from './history';
import { STEP_ON } from './state';
import { Zstd } from './zstd-state';

/** Bits that can be used between two refills, and those that the states of a sequence take at most: 9 + 9 + 8. */
const REFILL_BITS: u64 = 56;
const STATE_BITS_MAX: u64 = 26;
/** Extra bits of an offset from which on those of the lengths (16 each at most) need a refill of their own. */
const OFFSET_BITS_ALONE: u64 = REFILL_BITS - 32;

/** Copies 16 octets. */
function copy16(to: usize, from: usize): void {
  if (ASC_FEATURE_SIMD) {
    v128.store(to, v128.load(from, 0, 1), 0, 1);
  } else {
    const second = load<u64>(from, 8, 1);
    store<u64>(to, load<u64>(from, 0, 1), 0, 1);
    store<u64>(to, second, 8, 1);
  }
}

/** For each distance below 16, which of the octets before it each of 16 repeats. */
const PATTERNS: usize = memory.data(256, 16);
/** How many of 16 octets are whole repeats. */
const ADVANCES: usize = memory.data(16, 16);
let hasPatterns = false;

function makePatterns(): void {
  hasPatterns = true;
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let i: u32 = 0; i < 16; i++) store<u8>(PATTERNS + (distance << 4) + i, <u8>(i % distance));
    store<u8>(ADVANCES + distance, <u8>(16 - (16 % distance)));
  }
}

/** Repeats what stands `distance` octets (fewer than 16) before `out`, up to `end` and at most 16 octets beyond. */
function repeatNear(out: usize, end: usize, distance: u32): void {
  if (ASC_FEATURE_SIMD) {
    const octets = i8x16.swizzle(v128.load(out - distance, 0, 1), v128.load(PATTERNS + (distance << 4)));
    const advance = <usize>load<u8>(ADVANCES + distance);
    do {
      v128.store(out, octets, 0, 1);
      out += advance;
    } while (out < end);
  } else {
    // Each turn stores eight octets, of which the first `advance` are right.
    const advance: usize = min(distance, 8);
    let from = out - distance;
    do {
      store<u64>(out, load<u64>(from, 0, 1), 0, 1);
      out += advance;
      from += advance;
    } while (out < end);
  }
}

/** Copies [from, from + (end - out)) to `out` in steps of 16, up to 16 octets beyond `end`. */
function copyOn(out: usize, end: usize, from: usize): void {
  do {
    copy16(out, from);
    out += 16;
    from += 16;
  } while (out < end);
}

/**
 * Executes the `count` sequences of the stream [from, end), then appends the literals that are left. Answers STEP_ON or
 * the rule that was broken; then `out` is as it was.
 *
 * Longer than other functions, since all that a sequence touches must stay in locals. Its accesses are safe for these
 * reasons:
 * - stream: the place is checked once a sequence, of which none takes more than 11 octets; as many are readable before
 *   any block. What is loaded from before the stream shows in its end, which must be met exactly.
 * - literals and output: both ends are checked before each copy. Copies go 32 octets beyond at most: SLACK_OCTETS.
 * - history: each offset is checked against the window and against what the frame has made.
 */
export function executeSequences(z: Zstd, from: usize, end: usize, count: u32): u32 {
  if (from >= end || !load<u8>(end - 1)) return RULE_CODING_ZSTD_SEQUENCES_STREAM;
  if (ASC_FEATURE_SIMD && !hasPatterns) makePatterns();
  const literalLengths = z.literalLengths;
  const offsets = z.offsets;
  const matchLengths = z.matchLengths;
  const run = z.run;
  const outEnd = z.outEnd;
  const literalsEnd = z.literalsEnd;
  const reach = z.reach;
  let repeat1 = z.repeat1;
  let repeat2 = z.repeat2;
  let repeat3 = z.repeat3;
  let out = z.out;
  let literals = z.literals;
  let rule: u32 = 0;

  let place = end - 8;
  let hold = (load<u64>(place, 0, 1) | 1) << (clz(<u32>load<u8>(end - 1)) - 23);
  let log = <u64>z.literalLengthsLog;
  let literalEntry = load<u64>(literalLengths + ((<usize>((hold >> 1) >> ~log)) << 3));
  hold <<= log;
  log = <u64>z.offsetsLog;
  let offsetEntry = load<u64>(offsets + ((<usize>((hold >> 1) >> ~log)) << 3));
  hold <<= log;
  log = <u64>z.matchLengthsLog;
  let matchEntry = load<u64>(matchLengths + ((<usize>((hold >> 1) >> ~log)) << 3));
  hold <<= log;

  while (true) {
    let used = ctz(hold);
    place -= <usize>(used >> 3);
    hold = (load<u64>(place, 0, 1) | 1) << (used & 7);

    const offsetBits = (offsetEntry >> 24) & 31;
    const offsetExtra = <u32>((hold >> 1) >> ~offsetBits);
    hold <<= offsetBits;
    if (offsetBits > OFFSET_BITS_ALONE) {
      used = ctz(hold);
      place -= <usize>(used >> 3);
      hold = (load<u64>(place, 0, 1) | 1) << (used & 7);
    }
    const matchBits = matchEntry >> 24;
    const matchLength = <u32>(matchEntry >> 32) + <u32>((hold >> 1) >> ~matchBits);
    hold <<= matchBits;
    const literalBits = literalEntry >> 24;
    const literalLength = <u32>(literalEntry >> 32) + <u32>((hold >> 1) >> ~literalBits);
    hold <<= literalBits;

    let offset = <u32>(offsetEntry >> 32) + offsetExtra;
    if (offsetBits > 1) {
      repeat3 = repeat2;
      repeat2 = repeat1;
      repeat1 = offset;
    } else {
      // Without literals, the first to repeat is no use: the second, the third, and the first less one are meant.
      if (!literalLength) offset++;
      if (offset) {
        const chosen = offset == 1 ? repeat2 : offset == 2 ? repeat3 : repeat1 - 1;
        if (offset > 1) repeat3 = repeat2;
        repeat2 = repeat1;
        repeat1 = chosen;
      }
      offset = repeat1;
    }

    // The states of the next sequence are looked up before the copies, whose stores the loads could otherwise not pass.
    if (--count) {
      used = ctz(hold);
      if (used > REFILL_BITS + 7 - STATE_BITS_MAX) {
        place -= <usize>(used >> 3);
        hold = (load<u64>(place, 0, 1) | 1) << (used & 7);
      }
      let bits = literalEntry >> 16;
      literalEntry = load<u64>(
        literalLengths + (((<usize>literalEntry & 0xffff) + <usize>((hold >> 1) >> ~bits)) << 3),
      );
      hold <<= bits;
      bits = matchEntry >> 16;
      matchEntry = load<u64>(matchLengths + (((<usize>matchEntry & 0xffff) + <usize>((hold >> 1) >> ~bits)) << 3));
      hold <<= bits;
      bits = offsetEntry >> 16;
      offsetEntry = load<u64>(offsets + (((<usize>offsetEntry & 0xffff) + <usize>((hold >> 1) >> ~bits)) << 3));
      hold <<= bits;
    }

    const match = out + literalLength;
    const matchEnd = match + matchLength;
    if (literalLength > <u32>(literalsEnd - literals) || <i32>(place - from) < -8) {
      rule = RULE_CODING_ZSTD_SEQUENCES_STREAM;
      break;
    }
    if (matchEnd > outEnd) {
      rule = excessOf(z);
      break;
    }
    copy16(out, literals);
    if (literalLength > 16) copyOn(out + 16, match, literals + 16);
    literals += literalLength;
    if (offset - 1 >= reach) {
      rule = RULE_CODING_ZSTD_OFFSET;
      break;
    }
    if (<usize>offset > match - run) {
      if (<u64>offset > z.frameMade + (match - z.blockStart)) {
        rule = RULE_CODING_ZSTD_OFFSET;
        break;
      }
      copyFromOlder(z, match, offset, matchLength);
    } else if (offset >= 16) {
      const source = match - offset;
      copy16(match, source);
      if (matchLength > 16) copyOn(match + 16, matchEnd, source + 16);
    } else {
      repeatNear(match, matchEnd, offset);
    }
    out = matchEnd;
    if (!count) break;
  }
  // What was loaded from before the stream may have led to any other fault: then this one is named, for any input.
  const left = ((<i32>(place - from)) << 3) + 64 - <i32>ctz(hold);
  if (left < 0 || (!rule && left)) return RULE_CODING_ZSTD_SEQUENCES_STREAM;
  if (rule) return rule;
  z.repeat1 = repeat1;
  z.repeat2 = repeat2;
  z.repeat3 = repeat3;
  z.literals = literals;
  const before = z.out;
  z.out = out;
  const step = appendLiterals(z);
  if (step != STEP_ON) z.out = before;
  return step;
}

/** The rule that a block breaks which has more octets than there is room for: the largest block's, or the content's. */
function excessOf(z: Zstd): u32 {
  return z.outEnd - z.blockStart < z.blockMax ? RULE_CODING_ZSTD_CONTENT_SIZE : RULE_CODING_ZSTD_BLOCK_SIZE;
}

/** Appends the literals that no sequence took. */
export function appendLiterals(z: Zstd): u32 {
  const octets = z.literalsEnd - z.literals;
  if (octets > z.outEnd - z.out) return excessOf(z);
  memory.copy(z.out, z.literals, octets);
  z.out += octets;
  return STEP_ON;
}
