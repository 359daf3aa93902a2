/**
 * Differential fuzzing: streams that zlib and pako made, with every level and strategy, whole, cut short and with flipped
 * bits, decoded by the core and by zlib. Seeded: a failure names the round that repeats it.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as pako from 'pako';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import type { Build } from '../../support/core-module.js';
import { type DecoderCore, Decoding, decode, differenceAt, loadDecoders, numbersOf } from './decoding.js';

/** Inputs each build is given, times what HTTPX_WASM_FUZZ says. */
const TIMES = Number(process.env.HTTPX_WASM_FUZZ ?? 1);
const ROUNDS: readonly (readonly [Build, number])[] = [
  ['release', 12000 * TIMES],
  ['nosimd', 3000 * TIMES],
  ['debug', 5000 * TIMES],
];
const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

type Numbers = (below: number) => number;

/** Content of one of several kinds: few symbols, many, repeats far and near. */
function contentOf(next: Numbers): Uint8Array {
  const length = next(8) === 0 ? next(70000) : next(600);
  const octets = new Uint8Array(length);
  const symbols = 1 + next(next(2) === 0 ? 8 : 256);
  const repeats = next(4);
  let at = 0;
  while (at < length) {
    const back = 1 + next(Math.min(32768, at + 1));
    const run = Math.min(3 + next(300), length - at);
    if (next(4) < repeats && back <= at) {
      for (let i = 0; i < run; i++, at++) octets[at] = octets[at - back] as number;
    } else {
      for (let i = 0; i < run; i++, at++) octets[at] = next(symbols);
    }
  }
  return octets;
}

function compressed(content: Uint8Array, next: Numbers): Uint8Array {
  const level = next(10);
  const strategy = STRATEGIES[next(STRATEGIES.length)] as 0 | 1 | 2 | 3 | 4;
  const memLevel = 1 + next(9);
  if (next(8) === 0) return pako.deflateRaw(content, { level: level as 0, strategy, memLevel });
  return deflateRawSync(content, { level, strategy, memLevel, windowBits: 9 + next(7) });
}

/** The stream as it is, or cut short, or with a few bits flipped, or all random. */
function damaged(stream: Uint8Array, next: Numbers): Uint8Array {
  const kind = next(8);
  if (kind === 0) return stream;
  if (kind === 1) return stream.subarray(0, next(stream.length + 1));
  const copy = Uint8Array.from(kind === 2 ? stream.subarray(0, 40) : stream);
  // The start of a stream, where its tables are, is hit more often than its share.
  const reach = next(2) === 0 ? Math.min(copy.length, 80) : copy.length;
  for (let flips = 1 + next(3); flips > 0; flips--) copy[next(reach)] = (copy[next(reach)] as number) ^ (1 << next(8));
  if (kind === 3) for (let at = 0; at < copy.length; at++) copy[at] = next(256);
  return copy;
}

/** What zlib makes of a raw stream: its octets and how many of the input's it took, or `null` where it fails. */
function zlibOf(input: Uint8Array): { octets: Buffer; taken: number } | null {
  try {
    const { buffer, engine } = inflateRawSync(input, { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { octets: buffer, taken: engine.bytesWritten };
  } catch {
    return null;
  }
}

/** Where the core's answer is not what zlib's calls for; `null`: nowhere. */
function differenceOf(
  core: DecoderCore,
  input: Uint8Array,
  cuts: readonly number[],
  theirs: ReturnType<typeof zlibOf>,
): string | null {
  const ours = decode(core, abi.CODING_DEFLATE_RAW, input, cuts);
  const difference = cuts.length === 0 ? null : differenceAt(core, abi.CODING_DEFLATE_RAW, input, [], ours);
  if (difference !== null) return `${difference} where it is not cut`;
  if (input.length === 0) return ours.rule === 0 ? null : `rule ${ours.rule} for nothing`;
  if (theirs === null) {
    const refused = ours.rule !== 0 && ours.rule !== abi.RULE_CODING_TRAILING;
    return refused ? null : `rule ${ours.rule}, zlib refuses`;
  }
  const isPadding = input.subarray(theirs.taken).every((octet) => octet === 0);
  const rule = isPadding ? 0 : abi.RULE_CODING_TRAILING;
  if (ours.rule !== rule) return `rule ${ours.rule} instead of ${rule}`;
  return theirs.octets.equals(ours.octets) ? null : 'other octets';
}

/** How much zlib has made of a stream of which only the first octets are there. */
function madeOf(input: Uint8Array): number {
  return inflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH }).length;
}

test('after each octet as much has come out as zlib can decode', () => {
  const core = loadDecoders('release');
  for (let round = 0; round < 60; round++) {
    const next = numbersOf((round + 1) * 40503);
    const input = compressed(contentOf(next).subarray(0, 700), next).subarray(0, 250);
    let made = 0;
    const decoding = new Decoding(core, abi.CODING_DEFLATE_RAW, ({ length }) => {
      made += length;
      return true;
    });
    for (let at = 0; at < input.length; at++) {
      decoding.feed(input, at, at + 1);
      const theirs = madeOf(input.subarray(0, at + 1));
      if (made < theirs) expect.fail(`round ${round}: ${made} of ${theirs} octets after ${at + 1}`);
    }
    decoding.end();
  }
});

describe.each(ROUNDS)('build %s', (build, rounds) => {
  test(`${rounds} streams are accepted, refused and decoded as by zlib`, {
    timeout: 300_000 * Math.max(TIMES, 1),
  }, () => {
    const core = loadDecoders(build);
    const differences: string[] = [];
    let refused = 0;
    for (let round = 0; round < rounds && differences.length < 5; round++) {
      const next = numbersOf((round + 1) * 2654435761);
      next(1);
      const input = damaged(compressed(contentOf(next), next), next);
      const cuts = input.length < 2 || next(2) === 0 ? [] : [1 + next(input.length - 1), 1 + next(input.length - 1)];
      const theirs = zlibOf(input);
      if (theirs === null) refused++;
      cuts.sort((a, b) => a - b);
      const difference = differenceOf(core, input, cuts, theirs);
      if (difference !== null) differences.push(`round ${round}: ${difference}`);
    }
    expect(differences).toEqual([]);
    expect(core.liveOctets()).toBe(0);
    // The generator would be of little use if nearly all, or nearly none, of its streams were valid.
    expect(refused / rounds).toBeGreaterThan(0.3);
    expect(refused / rounds).toBeLessThan(0.9);
  });
});
