/** Limits, memory and work of zstd decoders: nothing is handed out beyond a limit, nothing is kept, nothing traps. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import {
  type Decoded,
  Decoding,
  decode,
  differenceAt,
  everyOctet,
  type Limits,
  loadDecoders,
  numbersOf,
} from './decoding.js';
import { compressed, header, littleEndian, randomFrame, raw, rawLiterals, rle, sequences } from './zstd-frames.js';

const STATE_OCTETS = 20_000;
/** Descriptors of windows: 1 KiB, 1 MiB, 8 MiB. */
const [SMALL, LARGE, LARGEST] = [0, 10 << 3, 13 << 3];

/** A frame of `size` zeros in blocks of `block`. */
function zeros(size: number, block = 131072, window = LARGEST): Buffer {
  const blocks: number[] = header({ window });
  for (let left = size; left > 0; left -= block) blocks.push(...rle(0, Math.min(left, block), left <= block));
  return Buffer.from(size === 0 ? [...blocks, ...raw([])] : blocks);
}

/** Literals and matches: 500 octets from one octet and sequences of 3 to 66 octets. */
const mixed = (count: number): number[] => {
  const blocks: number[][] = [raw([1, 2, 3, 4, 5], false)];
  for (let i = 1; i < count; i++) {
    const extras = [0, 1, 2, 3, 4, 5].map((extra) => [0, extra & 1, (extra * i) & 31] as const);
    blocks.push(
      compressed(
        [...rawLiterals([i, 7, 8, 9, i, 11]), ...sequences({ literals: 1, offset: 1, match: 43 }, extras)],
        false,
      ),
    );
  }
  return [...blocks.flat(), ...raw([])];
};

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build, 'codings');
  const run = (input: Uint8Array, limits: Limits): Decoded => decode(core, abi.CODING_ZSTD, input, [], limits);

  test('a body of as many octets as the limit is whole, one more is refused, and the limit is handed out', () => {
    for (const size of [1, 2, 1000, 65535, 65536, 65537, 131071, 131072, 131073, 400000]) {
      const stored = Buffer.from([...header({ window: LARGEST }), ...raw(new Uint8Array(Math.min(size, 131072)))]);
      for (const [input, octets] of [
        [zeros(size), size],
        [zeros(size, 999), size],
        [stored, Math.min(size, 131072)],
      ] as const) {
        expect(run(input, { octets }).rule, `${octets} octets`).toBe(0);
        if (octets === 1) continue;
        const refused = run(input, { octets: octets - 1 });
        expect(refused.rule, `${octets} octets, one too many`).toBe(abi.RULE_CODING_OCTETS_LIMIT);
        expect(refused.octets.length).toBe(octets - 1);
      }
    }
  });

  test('the limit on octets counts all frames', () => {
    const input = Buffer.concat([zeros(3000), zeros(3000), zeros(3000)]);
    expect(run(input, { octets: 9000 }).rule).toBe(0);
    expect(run(input, { octets: 8999 }).rule).toBe(abi.RULE_CODING_OCTETS_LIMIT);
  });

  test('a ratio beyond the limit is refused after one block, one within it never', () => {
    const bomb = zeros(50 << 20);
    const refused = run(bomb, { ratio: 500 });
    expect(refused.rule).toBe(abi.RULE_CODING_RATIO_LIMIT);
    expect(refused.octets.length).toBe(131072);
    expect(run(bomb, { ratio: 40000 }).rule).toBe(0);
    expect(run(zeros(60000), { ratio: 2 }).rule).toBe(0);
  });

  test('limits are met at the same octet however the input is cut', () => {
    const next = numbersOf(77);
    const inputs = [
      Buffer.concat([randomFrame(next, 90000, 12).octets, zeros(200000, 5000), randomFrame(next, 9000, 10).octets]),
      Buffer.from([...header({ window: SMALL }), ...raw(new Uint8Array(1000), false), ...mixed(150)]),
    ];
    const all: Limits[] = [
      { octets: 500 },
      { octets: 1024 },
      { octets: 91111 },
      { octets: 200001 },
      { ratio: 1.5 },
      { ratio: 3 },
    ];
    const rules = new Set<number>();
    for (const input of inputs) {
      for (const limits of all) {
        const whole = run(input, limits);
        rules.add(whole.rule);
        expect(differenceAt(core, abi.CODING_ZSTD, input, everyOctet(input.length), whole, limits)).toBeNull();
        for (let i = 0; i < 10; i++) {
          const cuts = [next(input.length), next(input.length)].sort((a, b) => a - b);
          expect(differenceAt(core, abi.CODING_ZSTD, input, cuts, whole, limits)).toBeNull();
        }
      }
    }
    expect([...rules].sort()).toEqual([0, abi.RULE_CODING_OCTETS_LIMIT, abi.RULE_CODING_RATIO_LIMIT]);
  });

  /** The largest sum of live octets while `input` is decoded in pieces. */
  const mostLive = (input: Uint8Array): number => {
    let most = 0;
    const decoding = new Decoding(core, abi.CODING_ZSTD, () => true);
    for (let at = 0; at < input.length; at += 1000) {
      decoding.feed(input, at, Math.min(at + 1000, input.length));
      most = Math.max(most, core.liveOctets());
    }
    expect(decoding.end()).toBe(0);
    return most;
  };

  test('a window takes what was made, and never more than it asked for and a block', () => {
    const tiny = Buffer.from([...header({ window: LARGEST }), ...raw([1, 2, 3])]);
    expect(mostLive(tiny)).toBeLessThan(STATE_OCTETS + 8192);
    expect(mostLive(zeros(100000))).toBeLessThan(STATE_OCTETS + 131072);
    expect(mostLive(zeros(4 << 20, 1024, SMALL))).toBeLessThan(STATE_OCTETS + 8192);
    expect(mostLive(zeros(4 << 20, 131072, LARGE))).toBeLessThan(STATE_OCTETS + (1 << 20) + 2 * 131072);
    expect(core.liveOctets()).toBe(0);
  });

  test('memory that was given back is used again, and a call makes at most its share', () => {
    const core = loadDecoders(build, 'codings');
    const content = 12 << 20;
    const decodeSome = (): number => {
      const { octets, mostPerCall } = decode(core, abi.CODING_ZSTD, zeros(content));
      expect(octets.length).toBe(content);
      expect(mostPerCall).toBeLessThanOrEqual(abi.DECODED_OCTETS_PER_CALL);
      decode(core, abi.CODING_ZSTD, zeros(300000, 1000, SMALL));
      return core.memory.buffer.byteLength;
    };
    // The first grows where it stands; later ones leave each size that a window passes through behind, once.
    expect(decodeSome()).toBeLessThan(14 << 20);
    for (let i = 0; i < 10; i++) decodeSome();
    const settled = decodeSome();
    expect(settled).toBeLessThan(32 << 20);
    for (let i = 0; i < 4; i++) expect(decodeSome()).toBe(settled);
  });

  test('a window wraps many times without losing what offsets reach', () => {
    for (const windowLog of [10, 11, 13]) {
      const { octets, content } = randomFrame(numbersOf(windowLog), 30 << windowLog, windowLog);
      const { rule, octets: made } = run(octets, {});
      expect(rule).toBe(0);
      expect(Buffer.from(made).equals(content)).toBe(true);
    }
  });

  test('whichever allocation fails, the error says so and all memory comes back', () => {
    const { octets } = randomFrame(numbersOf(3), 60000, 13);
    const rules: number[] = [];
    for (let n = 0; n < 12; n++) {
      core.failAllocationsAfter(n);
      // Cut, so that blocks are gathered.
      rules.push(decode(core, abi.CODING_ZSTD, octets, everyOctet(octets.length)).rule);
      core.failAllocationsAfter(-1);
      expect(core.liveOctets()).toBe(0);
    }
    const firstWhole = rules.indexOf(0);
    expect(firstWhole).toBeGreaterThan(3);
    expect(rules.slice(0, firstWhole).every((rule) => rule === abi.RULE_CODING_MEMORY)).toBe(true);
    expect(rules.slice(firstWhole).every((rule) => rule === 0)).toBe(true);
  });

  test('decoders side by side do not disturb each other', () => {
    const frames = [1, 2, 3, 4].map((seed) => randomFrame(numbersOf(seed * 31), 40000, 9 + seed));
    const made: Buffer[][] = frames.map(() => []);
    const decodings = frames.map(
      (_, i) => new Decoding(core, abi.CODING_ZSTD, (piece) => (made[i] as Buffer[]).push(Buffer.from(piece)) > 0),
    );
    const longest = Math.max(...frames.map(({ octets }) => octets.length));
    for (let at = 0; at < longest; at += 377) {
      frames.forEach(({ octets }, i) => {
        if (at < octets.length) decodings[i]?.feed(octets, at, Math.min(at + 377, octets.length));
      });
    }
    frames.forEach(({ content }, i) => {
      expect(decodings[i]?.end()).toBe(0);
      expect(Buffer.concat(made[i] as Buffer[]).equals(content)).toBe(true);
    });
    expect(core.liveOctets()).toBe(0);
  });

  test('after an error every call repeats it and takes nothing', () => {
    const handle = core.decoderCreate(abi.CODING_ZSTD, 0, 0, 0);
    const input = [...header(), ...rle(9, 3, false), ...littleEndian(7, 3), 0, 0];
    new Uint8Array(core.memory.buffer).set(input, core.inputOffset());
    for (const [length, taken] of [
      [3, input.length - 2],
      [0, 0],
      [0, 0],
    ]) {
      expect(core.decoderDecode(handle, 0, input.length)).toBe(abi.DECODE_ERROR);
      const record = new Uint32Array(core.memory.buffer, core.eventsOffset(), 8);
      expect([...record.subarray(4, 7)]).toEqual([length, taken, abi.RULE_CODING_ZSTD_BLOCK_TYPE]);
    }
    expect(core.decoderEnd(handle)).toBe(abi.RULE_CODING_ZSTD_BLOCK_TYPE);
    core.decoderFree(handle);
  });
});
