/**
 * Differential fuzzing: streams that Node's encoder made, with every quality, window and mode, flushed here and there;
 * whole, cut short and with flipped bits; decoded by the core and by Node. Seeded: a failure names the round that
 * repeats it.
 */
import { once } from 'node:events';
import { brotliCompressSync, brotliDecompressSync, constants, createBrotliCompress } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import type { Build } from '../../support/core-module.js';
import { type DecoderCore, Decoding, decode, differenceAt, loadDecoders, numbersOf } from './decoding.js';

/** Inputs each build is given, times what HTTPX_WASM_FUZZ says. */
const TIMES = Number(process.env.HTTPX_WASM_FUZZ ?? 1);
const ROUNDS: readonly (readonly [Build, number])[] = [
  ['release', 12000 * TIMES],
  ['nosimd', 3000 * TIMES],
  ['debug', 2000 * TIMES],
];
/** Damaged streams per stream that is made, since an encoder is much slower than both decoders. */
const DAMAGED_PER_STREAM = 12;
const WORDS = [
  ...'the of and to in is that for it was on are as with his they at be this from have or by one had not but what all',
  ...['<div class="', '</a></li>', 'function(', '</html>', 'http://www.', 'международной', '的中文', ', and the '],
];

type Numbers = (below: number) => number;

/** Content of one of several kinds: few symbols, many, repeats far and near, words of the dictionary. */
function contentOf(next: Numbers): Buffer {
  const length = next(16) === 0 ? next(150000) : next(1500);
  if (next(3) === 0) {
    let text = '';
    while (text.length < length) text += `${WORDS[next(WORDS.length)]}${next(3) === 0 ? ' ' : next(1000)}`;
    return Buffer.from(text).subarray(0, length);
  }
  const octets = Buffer.alloc(length);
  const symbols = 1 + next(next(2) === 0 ? 8 : 256);
  const repeats = next(4);
  let at = 0;
  while (at < length) {
    const back = 1 + next(Math.min(70000, at + 1));
    const run = Math.min(3 + next(300), length - at);
    if (next(4) < repeats && back <= at) {
      for (let i = 0; i < run; i++, at++) octets[at] = octets[at - back] as number;
    } else {
      for (let i = 0; i < run; i++, at++) octets[at] = next(symbols);
    }
  }
  return octets;
}

function parametersOf(next: Numbers, length: number): Record<number, number> {
  // The two best qualities take a hundred times as long as the others.
  const quality = length > 20000 ? next(10) : next(12);
  return {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: 10 + next(15),
    [constants.BROTLI_PARAM_MODE]: next(3),
    [constants.BROTLI_PARAM_LGBLOCK]: next(4) === 0 ? 16 + next(4) : 0,
    [constants.BROTLI_PARAM_NPOSTFIX]: next(4),
    [constants.BROTLI_PARAM_NDIRECT]: 0,
    [constants.BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING]: next(5) === 0 ? 1 : 0,
  };
}

/** A copy cut short, or with a few bits flipped, or random behind its header. */
function damaged(stream: Uint8Array, next: Numbers): Uint8Array {
  const kind = next(10);
  if (kind === 0) return stream.subarray(0, next(stream.length + 1));
  if (kind === 1) return Buffer.concat([stream, Buffer.alloc(1 + next(3), next(3))]);
  const copy = Uint8Array.from(kind === 2 ? stream.subarray(0, 60) : stream);
  // The start of a stream, where its tables are, is hit more often than its share.
  const reach = next(2) === 0 ? Math.min(copy.length, 60) : copy.length;
  for (let flips = 1 + next(3); flips > 0; flips--) {
    const at = next(reach);
    copy[at] = (copy[at] as number) ^ (1 << next(8));
  }
  if (kind === 3) for (let at = 3 + next(20); at < copy.length; at++) copy[at] = next(256);
  return copy;
}

/** What Node makes of a stream: its octets and how many of the input's it took, or `null` where it fails. */
function nodeOf(input: Uint8Array): { octets: Buffer; taken: number } | null {
  try {
    const { buffer, engine } = brotliDecompressSync(input, {
      info: true,
      maxOutputLength: 1 << 26,
    } as object) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { octets: buffer, taken: engine.bytesWritten };
  } catch {
    return null;
  }
}

/** Where the core's answer is not what Node's calls for; `null`: nowhere. */
function differenceOf(
  core: DecoderCore,
  input: Uint8Array,
  cuts: readonly number[],
  expected: ReturnType<typeof nodeOf>,
) {
  const ours = decode(core, abi.CODING_BROTLI, input, cuts);
  const difference = cuts.length === 0 ? null : differenceAt(core, abi.CODING_BROTLI, input, [], ours);
  if (difference !== null) return `${difference} where it is not cut`;
  if (input.length === 0) return ours.rule === 0 ? null : `rule ${ours.rule} for nothing`;
  if (expected === null) return ours.rule === 0 ? 'accepted, Node refuses' : null;
  const rule = expected.taken === input.length ? 0 : abi.RULE_CODING_TRAILING;
  if (ours.rule !== rule) return `rule ${ours.rule} instead of ${rule}`;
  return expected.octets.equals(ours.octets) ? null : 'other octets';
}

function cutsOf(next: Numbers, length: number): number[] {
  if (length < 2 || next(2) === 0) return [];
  return [1 + next(length - 1), 1 + next(length - 1)].sort((a, b) => a - b);
}

describe.each(ROUNDS)('build %s', (build, rounds) => {
  test(`${rounds} streams are accepted, refused and decoded as by Node`, {
    timeout: 300_000 * Math.max(TIMES, 1),
  }, () => {
    const core = loadDecoders(build, 'codings');
    const differences: string[] = [];
    let refused = 0;
    for (let round = 0; round * (DAMAGED_PER_STREAM + 1) < rounds && differences.length < 5; round++) {
      const next = numbersOf((round + 1) * 2654435761);
      next(1);
      const content = contentOf(next);
      const stream = brotliCompressSync(content, { params: parametersOf(next, content.length) });
      const whole = decode(core, abi.CODING_BROTLI, stream, cutsOf(next, stream.length));
      if (whole.rule !== 0 || !content.equals(whole.octets)) differences.push(`round ${round}: rule ${whole.rule}`);
      for (let i = 0; i < DAMAGED_PER_STREAM; i++) {
        const input = damaged(stream, next);
        const expected = nodeOf(input);
        if (expected === null) refused++;
        const difference = differenceOf(core, input, cutsOf(next, input.length), expected);
        if (difference !== null) differences.push(`round ${round}, ${i}: ${difference}`);
      }
    }
    expect(differences).toEqual([]);
    expect(core.liveOctets()).toBe(0);
    // The generator would be of little use if nearly all, or nearly none, of its streams were valid.
    expect(refused / rounds).toBeGreaterThan(0.3);
    expect(refused / rounds).toBeLessThan(0.9);
  });
});

/** A stream that was flushed after each of `pieces`, and where it stood then. */
async function flushed(
  pieces: readonly Buffer[],
  params: Record<number, number>,
): Promise<{ stream: Buffer; ends: number[] }> {
  const encoder = createBrotliCompress({ params });
  const chunks: Buffer[] = [];
  encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ends: number[] = [];
  for (const piece of pieces) {
    encoder.write(piece);
    await new Promise<void>((done) => encoder.flush(() => done()));
    ends.push(Buffer.concat(chunks).length);
  }
  encoder.end();
  await once(encoder, 'end');
  return { stream: Buffer.concat(chunks), ends };
}

test('what an encoder flushed comes out at once', async () => {
  const core = loadDecoders('release', 'codings');
  for (let round = 0; round < 60; round++) {
    const next = numbersOf((round + 1) * 40503);
    const pieces = Array.from({ length: 1 + next(6) }, () => contentOf(next).subarray(0, 1 + next(3000)));
    const params = parametersOf(next, 3000);
    const { stream, ends } = await flushed(pieces, params);
    let made = 0;
    const decoding = new Decoding(core, abi.CODING_BROTLI, ({ length }) => {
      made += length;
      return true;
    });
    let from = 0;
    let written = 0;
    ends.forEach((end, i) => {
      decoding.feed(stream, from, end);
      from = end;
      written += (pieces[i] as Buffer).length;
      if (made !== written) expect.fail(`round ${round}: ${made} of ${written} octets after ${end}`);
    });
    decoding.feed(stream, from, stream.length);
    expect(decoding.end(), `round ${round}`).toBe(0);
  }
});

test('after each octet as much has come out as Node can decode', () => {
  const core = loadDecoders('release', 'codings');
  for (let round = 0; round < 60; round++) {
    const next = numbersOf((round + 1) * 30011);
    const content = contentOf(next).subarray(0, 900);
    const input = brotliCompressSync(content, { params: parametersOf(next, 900) }).subarray(0, 250);
    let made = 0;
    const decoding = new Decoding(core, abi.CODING_BROTLI, ({ length }) => {
      made += length;
      return true;
    });
    for (let at = 0; at < input.length; at++) {
      decoding.feed(input, at, at + 1);
      const finishFlush = constants.BROTLI_OPERATION_FLUSH;
      const expected = brotliDecompressSync(input.subarray(0, at + 1), { finishFlush }).length;
      if (made < expected) expect.fail(`round ${round}: ${made} of ${expected} octets after ${at + 1}`);
    }
    decoding.end();
  }
});
