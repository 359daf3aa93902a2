/** Limits, memory and work of decoders: nothing is handed out beyond a limit, nothing is kept, nothing traps. */
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import { type Decoded, decode, differenceAt, everyOctet, type Limits, loadDecoders, numbersOf } from './decoding.js';

const CODINGS = [abi.CODING_GZIP, abi.CODING_DEFLATE, abi.CODING_DEFLATE_RAW, abi.CODING_ZLIB];

/** Octets in which literals, short and long matches alternate. */
function mixedOf(count: number, seed = 7): Buffer {
  const octets = Buffer.alloc(count);
  const next = numbersOf(seed);
  let at = 0;
  while (at < count) {
    const length = Math.min(1 + next(300), count - at);
    const back = 1 + next(32768);
    if (next(3) === 0 || back > at) for (let i = 0; i < length; i++) octets[at + i] = next(256);
    else for (let i = 0; i < length; i++) octets[at + i] = octets[at + i - back] as number;
    at += length;
  }
  return octets;
}

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build);
  const run = (input: Uint8Array, limits: Limits): Decoded => decode(core, abi.CODING_GZIP, input, [], limits);

  test('a body of as many octets as the limit is whole, one more is refused, and the limit is handed out', () => {
    for (const size of [1, 2, 258, 1000, 12271, 12272, 12273, 65023, 65024, 65025, 130048, 130049, 200000]) {
      for (const level of [0, 6]) {
        const content = mixedOf(size);
        const input = gzipSync(content, { level });
        expect(run(input, { octets: size }).rule, `${size} octets`).toBe(0);
        const refused = run(input, { octets: size - 1 || 0.5 });
        expect(refused.rule, `${size} octets, one too many`).toBe(abi.RULE_CODING_OCTETS_LIMIT);
        expect(content.subarray(0, Math.max(size - 1, 0)).equals(refused.octets)).toBe(true);
      }
    }
  });

  test('the limit on octets counts all members', () => {
    const member = gzipSync(mixedOf(3000));
    const input = Buffer.concat([member, member, member]);
    expect(run(input, { octets: 9000 }).rule).toBe(0);
    expect(run(input, { octets: 8999 }).rule).toBe(abi.RULE_CODING_OCTETS_LIMIT);
  });

  test('a ratio beyond the limit is refused after one piece, one within it never', () => {
    const bomb = gzipSync(Buffer.alloc(4 << 20));
    const refused = run(bomb, { ratio: 500 });
    expect(refused.rule).toBe(abi.RULE_CODING_RATIO_LIMIT);
    expect(refused.octets.length).toBeLessThan(abi.DECODED_OCTETS_PER_CALL);
    expect(run(bomb, { ratio: 1100 }).rule).toBe(0);
    expect(run(gzipSync(Buffer.alloc(60000)), { ratio: 2 }).rule).toBe(0);
    expect(run(gzipSync(mixedOf(1 << 20)), { ratio: 20 }).rule).toBe(0);
  });

  test('limits are met at the same octet however the input is cut', () => {
    const inputs = [gzipSync(Buffer.concat([mixedOf(70000), Buffer.alloc(2 << 18)])), gzipSync(mixedOf(150000))];
    const all: Limits[] = [{ octets: 65024 }, { octets: 100001 }, { ratio: 2 }, { ratio: 2.5 }, { ratio: 3 }];
    const rules = new Set<number>();
    for (const input of inputs) {
      for (const limits of all) {
        const whole = run(input, limits);
        rules.add(whole.rule);
        expect(differenceAt(core, abi.CODING_GZIP, input, everyOctet(input.length), whole, limits)).toBeNull();
        const next = numbersOf(3);
        for (let i = 0; i < 20; i++) {
          const cuts = [next(input.length), next(input.length)].sort((a, b) => a - b);
          expect(differenceAt(core, abi.CODING_GZIP, input, cuts, whole, limits)).toBeNull();
        }
      }
    }
    expect([...rules].sort()).toEqual([0, abi.RULE_CODING_OCTETS_LIMIT, abi.RULE_CODING_RATIO_LIMIT]);
  });

  test('a call makes at most its share, and a bomb takes no more memory than text', () => {
    const bomb = gzipSync(Buffer.alloc(8 << 20));
    const { octets, mostPerCall } = run(bomb, {});
    expect(octets.length).toBe(8 << 20);
    expect(mostPerCall).toBeLessThanOrEqual(abi.DECODED_OCTETS_PER_CALL);
    expect(core.liveOctets()).toBe(0);
    expect(core.memory.buffer.byteLength).toBeLessThanOrEqual(1 << 20);
  });

  test('a small body takes less than 28 KiB, a large one less than 112 KiB', () => {
    for (const [size, most] of [
      [0, 12288],
      [12000, 28 * 1024],
      [200000, 112 * 1024],
    ] as const) {
      const input = deflateRawSync(mixedOf(size), { level: 9 });
      const handle = core.decoderCreate(abi.CODING_DEFLATE_RAW, 0, 0);
      const from = core.inputOffset();
      for (let at = 0; at < input.length; at += 1000) {
        const piece = input.subarray(at, at + 1000);
        new Uint8Array(core.memory.buffer).set(piece, from);
        let taken = 0;
        while (core.decoderDecode(handle, taken, piece.length) === abi.DECODE_HAS_OUTPUT) {
          taken += new Uint32Array(core.memory.buffer, core.eventsOffset(), 8)[5] as number;
        }
      }
      expect(core.decoderEnd(handle)).toBe(0);
      expect(core.liveOctets(), `${size} octets`).toBeLessThan(most);
      core.decoderFree(handle);
      expect(core.liveOctets()).toBe(0);
    }
  });

  test('whichever allocation fails, the error says so and all memory comes back', () => {
    const input = gzipSync(mixedOf(200000));
    const rules: number[] = [];
    for (let n = 0; n < 5; n++) {
      core.failAllocationsAfter(n);
      rules.push(run(input, {}).rule);
      core.failAllocationsAfter(-1);
      expect(core.liveOctets()).toBe(0);
    }
    expect(rules).toEqual([abi.RULE_CODING_MEMORY, abi.RULE_CODING_MEMORY, abi.RULE_CODING_MEMORY, 0, 0]);
  });

  test('decoders side by side do not disturb each other', () => {
    const contents = CODINGS.map((_, i) => mixedOf(90000 + i * 1000, i + 1));
    const strategies = [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE];
    const bodies = contents.map((content, i) => deflateRawSync(content, { strategy: strategies[i] as number }));
    const handles = bodies.map(() => core.decoderCreate(abi.CODING_DEFLATE_RAW, 0, 0));
    const made: Buffer[][] = bodies.map(() => []);
    for (let at = 0; at < 100000; at += 777) {
      bodies.forEach((body, i) => {
        const piece = body.subarray(at, at + 777);
        new Uint8Array(core.memory.buffer).set(piece, core.inputOffset());
        let taken = 0;
        let code: number;
        do {
          code = core.decoderDecode(handles[i] as number, taken, piece.length);
          const [, , , offset, length, consumed] = new Uint32Array(core.memory.buffer, core.eventsOffset(), 8);
          made[i]?.push(
            Buffer.from(core.memory.buffer.slice(offset as number, (offset as number) + (length as number))),
          );
          taken += consumed as number;
        } while (code === abi.DECODE_HAS_OUTPUT);
      });
    }
    handles.forEach((handle, i) => {
      expect(core.decoderEnd(handle)).toBe(0);
      expect(Buffer.concat(made[i] as Buffer[]).equals(contents[i] as Buffer)).toBe(true);
      core.decoderFree(handle);
    });
    expect(core.liveOctets()).toBe(0);
  });
});
