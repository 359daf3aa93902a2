/** CRC-32 and Adler-32 against zlib's, through stored blocks: the checksum alone decides whether such a body is whole. */
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import { decode, loadDecoders, numbersOf } from './decoding.js';

const next = numbersOf(11);
const RANDOM = Buffer.from(Array.from({ length: 1 << 17 }, () => next(256)));
const HIGHEST = Buffer.alloc(1 << 20, 255);

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build);
  const ruleOf = (coding: number, input: Uint8Array, cuts: readonly number[] = []): number =>
    decode(core, coding, input, cuts).rule;

  test('every length from 0 to 300 is summed right', () => {
    for (let length = 0; length <= 300; length++) {
      const content = RANDOM.subarray(length, 2 * length);
      expect(ruleOf(abi.CODING_GZIP, gzipSync(content, { level: 0 })), `CRC-32 of ${length}`).toBe(0);
      expect(ruleOf(abi.CODING_ZLIB, deflateSync(content, { level: 0 })), `Adler-32 of ${length}`).toBe(0);
    }
  });

  test('every alignment of a long piece is summed right', () => {
    // Members of 0 to 16 octets before it move the piece through the window.
    for (let shift = 0; shift <= 16; shift++) {
      const first = gzipSync(RANDOM.subarray(0, shift), { level: 0 });
      for (const length of [255, 256, 257, 4096 + shift]) {
        const input = Buffer.concat([first, gzipSync(RANDOM.subarray(shift, shift + length), { level: 0 })]);
        expect(ruleOf(abi.CODING_GZIP, input), `${length} octets after ${shift}`).toBe(0);
      }
    }
  });

  test('pieces that are made short first are summed right', () => {
    // From 5696 octets on a piece is shortened, above 32 KiB in parts.
    for (const around of [5696, 32768, 32768 + 5696, 60000]) {
      for (let length = around - 17; length <= around + 17; length++) {
        const input = gzipSync(RANDOM.subarray(around, around + length), { level: 0 });
        expect(ruleOf(abi.CODING_GZIP, input), `${length} octets`).toBe(0);
      }
    }
  });

  test('pieces are summed right across slides of the window', () => {
    for (const content of [RANDOM, HIGHEST, Buffer.alloc(1 << 20)]) {
      for (const level of [0, 1]) {
        const cuts = [1000, 66000].filter((cut) => level === 0 && cut < content.length);
        expect(ruleOf(abi.CODING_GZIP, gzipSync(content, { level }), cuts)).toBe(0);
        expect(ruleOf(abi.CODING_ZLIB, deflateSync(content, { level }), cuts)).toBe(0);
      }
    }
  });

  test('each bit of a checksum counts', () => {
    const gzip = gzipSync(RANDOM.subarray(0, 999), { level: 0 });
    const zlib = deflateSync(RANDOM.subarray(0, 999), { level: 0 });
    for (let bit = 0; bit < 32; bit++) {
      const flip = (input: Buffer, fromEnd: number): Buffer => {
        const copy = Buffer.from(input);
        const at = copy.length - fromEnd + (bit >> 3);
        copy[at] = (copy[at] as number) ^ (1 << (bit & 7));
        return copy;
      };
      expect(ruleOf(abi.CODING_GZIP, flip(gzip, 8))).toBe(abi.RULE_CODING_CRC);
      expect(ruleOf(abi.CODING_GZIP, flip(gzip, 4))).toBe(abi.RULE_CODING_LENGTH);
      expect(ruleOf(abi.CODING_ZLIB, flip(zlib, 4))).toBe(abi.RULE_CODING_ADLER);
    }
  });

  test('each octet of the content counts', () => {
    const content = RANDOM.subarray(0, 512);
    const gzip = gzipSync(content, { level: 0 });
    const zlib = deflateSync(content, { level: 0 });
    for (let at = 0; at < content.length; at++) {
      const change = (input: Buffer, contentAt: number): Buffer => {
        const copy = Buffer.from(input);
        copy[contentAt + at] = (copy[contentAt + at] as number) ^ 1;
        return copy;
      };
      expect(ruleOf(abi.CODING_GZIP, change(gzip, 15))).toBe(abi.RULE_CODING_CRC);
      expect(ruleOf(abi.CODING_ZLIB, change(zlib, 7))).toBe(abi.RULE_CODING_ADLER);
    }
  });
});
