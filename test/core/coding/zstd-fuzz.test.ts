/**
 * Fuzzing of zstd: frames of the tests' own writer in any runtime; where the runtime has zstd, frames that it made, with
 * every level and strategy. Whole, cut short and with flipped bits. Seeded: a failure names the round that repeats it.
 */
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import type { Build } from '../../support/core-module.js';
import { type Decoded, type DecoderCore, decode, differenceAt, loadDecoders, numbersOf } from './decoding.js';
import { randomFrame } from './zstd-frames.js';

/** Inputs each build is given, times what HTTPX_WASM_FUZZ says. */
const TIMES = Number(process.env.HTTPX_WASM_FUZZ ?? 1);
const ROUNDS: readonly (readonly [Build, number])[] = [
  ['release', 6000 * TIMES],
  ['nosimd', 2000 * TIMES],
  ['debug', 2500 * TIMES],
];
const PATIENCE = 300_000 * Math.max(TIMES, 1);
const hasZstd = 'zstdCompressSync' in zlib;

type Numbers = (below: number) => number;

/** Content of one of several kinds: few symbols, many, repeats far and near. */
function contentOf(next: Numbers): Uint8Array {
  const length = next(12) === 0 ? next(300000) : next(900);
  const octets = new Uint8Array(length);
  const symbols = 1 + next(next(2) === 0 ? 8 : 256);
  const repeats = next(4);
  let at = 0;
  while (at < length) {
    const back = 1 + next(Math.min(next(3) === 0 ? 300000 : 3000, at + 1));
    const run = Math.min(3 + next(300), length - at);
    if (next(4) < repeats && back <= at) {
      for (let i = 0; i < run; i++, at++) octets[at] = octets[at - back] as number;
    } else {
      for (let i = 0; i < run; i++, at++) octets[at] = Math.min(next(symbols), next(symbols));
    }
  }
  return octets;
}

function compressed(content: Uint8Array, next: Numbers): Uint8Array {
  const { constants } = zlib;
  const params: Record<number, number> = {
    [constants.ZSTD_c_compressionLevel]: 1 + next(19),
    [constants.ZSTD_c_checksumFlag]: next(2),
    [constants.ZSTD_c_contentSizeFlag]: next(2),
  };
  if (next(4) === 0) params[constants.ZSTD_c_windowLog] = 10 + next(8);
  if (next(4) === 0) params[constants.ZSTD_c_strategy] = 1 + next(9);
  if (next(6) === 0) params[constants.ZSTD_c_minMatch] = 3 + next(5);
  return zlib.zstdCompressSync(content, { params });
}

/** The frame as it is, or cut short, or with a few bits flipped. */
function damaged(frame: Uint8Array, next: Numbers): Uint8Array {
  const kind = next(6);
  if (kind === 0) return frame;
  if (kind === 1) return frame.subarray(0, next(frame.length + 1));
  const copy = Uint8Array.from(frame);
  // The start of a frame, where its tables are, is hit more often than its share.
  const reach = next(2) === 0 ? Math.min(copy.length, 80) : copy.length;
  for (let flips = 1 + next(3); flips > 0; flips--) {
    const at = next(reach);
    copy[at] = (copy[at] as number) ^ (1 << next(8));
  }
  return copy;
}

/** Decodes whole and cut: what comes of it, and where the two differ. */
function decodeCut(core: DecoderCore, input: Uint8Array, next: Numbers): [Decoded, string | null] {
  const whole = decode(core, abi.CODING_ZSTD, input);
  if (input.length < 2) return [whole, null];
  const cuts = [1 + next(input.length - 1), 1 + next(input.length - 1)].sort((a, b) => a - b);
  return [whole, differenceAt(core, abi.CODING_ZSTD, input, cuts, whole)];
}

/**
 * What zstd of the runtime lets pass against the format: octets behind the frame; Huffman streams that do not end with
 * their last code (RFC 8878 §4.2.2: faulty); a compressed block of no octets, which has no literals section (§3.1.1.3).
 */
const LET_PASS: ReadonlySet<number> = new Set([
  abi.RULE_CODING_TRAILING,
  abi.RULE_CODING_ZSTD_LITERALS_STREAM,
  abi.RULE_CODING_ZSTD_LITERALS,
]);

function theirsOf(input: Uint8Array): Buffer | null {
  try {
    return zlib.zstdDecompressSync(input, { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } });
  } catch {
    return null;
  }
}

/** Whether zstd of the runtime notices that a frame is cut short (Node.js 22.23.3 returns what it has, without an error). */
const noticesTheEnd = hasZstd && theirsOf(zlib.zstdCompressSync(new Uint8Array(99)).subarray(0, -1)) === null;

describe.each(ROUNDS)('build %s', (build, rounds) => {
  test(`${rounds / 2} damaged frames of our own never trap, and give the same however they are cut`, {
    timeout: PATIENCE,
  }, () => {
    const core = loadDecoders(build, 'codings');
    const differences: string[] = [];
    const rules = new Set<number>();
    for (let round = 0; round < rounds / 2 && differences.length < 5; round++) {
      const next = numbersOf((round + 1) * 2654435761);
      next(1);
      const { octets, content } = randomFrame(next, 1 + next(next(20) === 0 ? 20000 : 600), 10 + next(4));
      const input = damaged(octets, next);
      const [whole, difference] = decodeCut(core, input, next);
      if (difference !== null) differences.push(`round ${round}: ${difference}`);
      if (input === octets && !content.equals(whole.octets)) differences.push(`round ${round}: other octets`);
      rules.add(whole.rule);
    }
    expect(differences).toEqual([]);
    expect(core.liveOctets()).toBe(0);
    expect(rules.size).toBeGreaterThan(10);
  });

  test.skipIf(!hasZstd)(
    `${rounds} frames are accepted, refused and decoded as by the runtime's zstd ${hasZstd ? '' : '(skipped: this runtime has none)'}`,
    { timeout: PATIENCE },
    () => {
      const core = loadDecoders(build, 'codings');
      const differences: string[] = [];
      let refused = 0;
      let letPass = 0;
      for (let round = 0; round < rounds && differences.length < 5; round++) {
        const next = numbersOf((round + 1) * 2654435761);
        next(1);
        const frame = compressed(contentOf(next), next);
        const input = damaged(frame, next);
        const theirs = theirsOf(input);
        const [whole, difference] = decodeCut(core, input, next);
        if (difference !== null) differences.push(`round ${round}: ${difference}`);
        if (theirs === null || input.length === 0) {
          refused++;
          if (whole.rule === 0 && input.length > 0) differences.push(`round ${round}: accepted`);
        } else if (!noticesTheEnd && whole.rule === abi.RULE_CODING_TRUNCATED && input !== frame) {
          refused++;
          const same = theirs.subarray(0, whole.octets.length).equals(whole.octets);
          if (!same) differences.push(`round ${round}: other octets`);
        } else if (whole.rule !== 0 && input !== frame && LET_PASS.has(whole.rule)) {
          letPass++;
        } else if (whole.rule !== 0 || !theirs.equals(whole.octets)) {
          differences.push(`round ${round}: rule ${whole.rule} or other octets`);
        }
      }
      expect(differences).toEqual([]);
      expect(core.liveOctets()).toBe(0);
      expect(letPass / rounds).toBeLessThan(0.06);
      // The generator would be of little use if nearly all, or nearly none, of its frames were valid.
      expect(refused / rounds).toBeGreaterThan(0.3);
      expect(refused / rounds).toBeLessThan(0.9);
    },
  );
});
