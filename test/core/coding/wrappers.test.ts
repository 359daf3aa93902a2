/** Wrappers: gzip headers of every shape, members and padding, zlib headers, HTTP's deflate. Each rule is broken once. */
import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import { decode, differenceAt, everyOctet, loadDecoders } from './decoding.js';

const TEXT = Buffer.from('what was once said is said again, and what was once said again is said once more');
const ZERO = Buffer.alloc(1);
const FLAG = { text: 1, headerCrc: 2, extra: 4, name: 8, comment: 16 };

function gzipWith(flags: number, edit: (header: Buffer) => Buffer = (header) => header, extraOctets = 5): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(extraOctets);
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 255]),
    flags & FLAG.extra ? Buffer.concat([length, Buffer.alloc(extraOctets, 7)]) : Buffer.alloc(0),
    flags & FLAG.name ? Buffer.from('a name\0') : Buffer.alloc(0),
    flags & FLAG.comment ? Buffer.from('a comment\0') : Buffer.alloc(0),
  ]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(crcOf(header) & 0xffff);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crcOf(TEXT), 0);
  trailer.writeUInt32LE(TEXT.length, 4);
  return Buffer.concat([
    edit(flags & FLAG.headerCrc ? Buffer.concat([header, sum]) : header),
    deflateRawSync(TEXT),
    trailer,
  ]);
}

/** CRC-32 by the definition, since Node 20 has no function for it. */
function crcOf(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function changed(octets: Uint8Array, at: number, value: number): Buffer {
  const copy = Buffer.from(octets);
  copy[at < 0 ? copy.length + at : at] = value;
  return copy;
}

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build);
  /** Decodes whole; demands the same of every octet alone. */
  const run = (coding: number, input: Uint8Array): { rule: number; text: string } => {
    const whole = decode(core, coding, input);
    expect(differenceAt(core, coding, input, everyOctet(input.length), whole)).toBeNull();
    return { rule: whole.rule, text: Buffer.from(whole.octets).toString('latin1') };
  };
  const good = { rule: 0, text: TEXT.toString('latin1') };
  const rule = (coding: number, input: Uint8Array): number => run(coding, input).rule;

  test('gzip: every combination of header flags is read', () => {
    for (let flags = 0; flags < 32; flags++)
      expect(run(abi.CODING_GZIP, gzipWith(flags)), `flags ${flags}`).toEqual(good);
  });

  test('gzip: an extra field of no octets, and of 65535, is skipped', () => {
    for (const octets of [0, 65535]) {
      expect(run(abi.CODING_GZIP, gzipWith(FLAG.extra | FLAG.name, undefined, octets))).toEqual(good);
    }
  });

  test('gzip: each octet of the header that is fixed is checked', () => {
    const gzip = gzipWith(0);
    expect(rule(abi.CODING_GZIP, changed(gzip, 0, 0x1e))).toBe(abi.RULE_CODING_GZIP_MAGIC);
    expect(rule(abi.CODING_GZIP, changed(gzip, 1, 0x8c))).toBe(abi.RULE_CODING_GZIP_MAGIC);
    expect(rule(abi.CODING_GZIP, changed(gzip, 2, 7))).toBe(abi.RULE_CODING_GZIP_METHOD);
    for (const bit of [32, 64, 128]) {
      expect(rule(abi.CODING_GZIP, changed(gzip, 3, bit))).toBe(abi.RULE_CODING_GZIP_FLAGS);
    }
  });

  test('gzip: a header that does not match its CRC is refused', () => {
    const edit = (header: Buffer): Buffer => changed(header, 5, 9);
    expect(rule(abi.CODING_GZIP, gzipWith(FLAG.headerCrc | FLAG.name, edit))).toBe(abi.RULE_CODING_GZIP_HEADER_CRC);
    expect(rule(abi.CODING_GZIP, gzipWith(FLAG.name, edit))).toBe(0);
  });

  test('gzip: CRC and length are checked, in this order', () => {
    const gzip = gzipSync(TEXT);
    expect(rule(abi.CODING_GZIP, changed(gzip, -8, 0))).toBe(abi.RULE_CODING_CRC);
    expect(rule(abi.CODING_GZIP, changed(gzip, -1, 1))).toBe(abi.RULE_CODING_LENGTH);
    expect(run(abi.CODING_GZIP, changed(gzip, -8, 0)).text).toBe(good.text);
  });

  test('gzip: all members are decoded, each with its own history, then padding is skipped', () => {
    const twice = Buffer.concat([gzipWith(31), gzipSync(Buffer.alloc(0)), gzipWith(FLAG.headerCrc)]);
    expect(run(abi.CODING_GZIP, twice)).toEqual({ rule: 0, text: good.text + good.text });
    expect(run(abi.CODING_GZIP, Buffer.concat([twice, Buffer.alloc(100)]))).toEqual({
      rule: 0,
      text: good.text + good.text,
    });
    // A fixed block whose first symbol reaches back 1, beyond the start of its member: length 3, distance 1, end.
    const reaching = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0x03, 0x02, 0x00]);
    expect(run(abi.CODING_GZIP, Buffer.concat([gzipSync(TEXT), reaching])).rule).toBe(abi.RULE_CODING_DISTANCE);
  });

  test('after the end nothing but zero octets may follow, in any coding', () => {
    const codings: readonly (readonly [number, Uint8Array])[] = [
      [abi.CODING_GZIP, gzipSync(TEXT)],
      [abi.CODING_ZLIB, deflateSync(TEXT)],
      [abi.CODING_DEFLATE, deflateSync(TEXT)],
      [abi.CODING_DEFLATE, deflateRawSync(TEXT)],
      [abi.CODING_DEFLATE_RAW, deflateRawSync(TEXT)],
    ];
    for (const [coding, input] of codings) {
      expect(run(coding, Buffer.concat([input, ZERO, ZERO]))).toEqual(good);
      const trailing = { ...good, rule: abi.RULE_CODING_TRAILING };
      expect(run(coding, Buffer.concat([input, Buffer.from('x')]))).toEqual(trailing);
      expect(run(coding, Buffer.concat([input, ZERO, Buffer.from('x')]))).toEqual(trailing);
      expect(run(coding, Buffer.concat([input, ZERO, input]))).toEqual(trailing);
    }
    expect(rule(abi.CODING_GZIP, Buffer.concat([gzipSync(TEXT), Buffer.from([0x1f, 0x8c])]))).toBe(
      abi.RULE_CODING_TRAILING,
    );
    expect(rule(abi.CODING_GZIP, Buffer.concat([gzipSync(TEXT), Buffer.from([0x1f])]))).toBe(abi.RULE_CODING_TRUNCATED);
  });

  test('a body of no octets is complete, and any other cut is truncated', () => {
    const bodies: readonly (readonly [number, Uint8Array])[] = [
      [abi.CODING_GZIP, gzipWith(31)],
      [abi.CODING_ZLIB, deflateSync(TEXT)],
      [abi.CODING_DEFLATE, deflateSync(TEXT)],
      [abi.CODING_DEFLATE, deflateRawSync(TEXT)],
      [abi.CODING_DEFLATE_RAW, deflateRawSync(TEXT)],
    ];
    for (const [coding, input] of bodies) {
      expect(run(coding, new Uint8Array(0))).toEqual({ rule: 0, text: '' });
      for (let length = 1; length < input.length; length++) {
        expect(rule(coding, input.subarray(0, length)), `${length} octets`).toBe(abi.RULE_CODING_TRUNCATED);
      }
    }
  });

  test('zlib: of all two-octet headers those are read that RFC 1950 allows without a dictionary', () => {
    const rest = deflateSync(TEXT).subarray(2);
    for (let method = 0; method < 256; method++) {
      for (let flags = 0; flags < 256; flags++) {
        const isHeader = (method & 15) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0;
        const expected = !isHeader ? abi.RULE_CODING_ZLIB_HEADER : flags & 32 ? abi.RULE_CODING_ZLIB_DICTIONARY : 0;
        const { rule } = decode(core, abi.CODING_ZLIB, Buffer.concat([Buffer.from([method, flags]), rest]));
        if (rule !== expected) expect.fail(`header ${method} ${flags}: rule ${rule} instead of ${expected}`);
      }
    }
  });

  test('zlib: Adler-32 is checked', () => {
    expect(rule(abi.CODING_ZLIB, changed(deflateSync(TEXT), -1, 0))).toBe(abi.RULE_CODING_ADLER);
  });

  test('deflate is zlib if its first two octets are a zlib header, else raw', () => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY]) {
        expect(run(abi.CODING_DEFLATE, deflateSync(TEXT, { level, strategy }))).toEqual(good);
        expect(run(abi.CODING_DEFLATE, deflateRawSync(TEXT, { level, strategy }))).toEqual(good);
      }
    }
    expect(rule(abi.CODING_DEFLATE, changed(deflateSync(TEXT), -1, 0))).toBe(abi.RULE_CODING_ADLER);
    expect(rule(abi.CODING_DEFLATE, Buffer.from([0x78, 0x20 + 31 - (0x7820 % 31)]))).toBe(
      abi.RULE_CODING_ZLIB_DICTIONARY,
    );
  });

  test('deflate: a raw stored block whose padding looks like a method is still raw', () => {
    // 0x08: not final, stored, padding 00001; the length that follows makes no zlib header of it.
    const stored = Buffer.from([0x08, 2, 0, 0xfd, 0xff, 0x68, 0x69, 0x03, 0x00]);
    expect(0x0802 % 31).not.toBe(0);
    expect(run(abi.CODING_DEFLATE, stored)).toEqual({ rule: 0, text: 'hi' });
  });

  test('after an error every call repeats it and takes nothing', () => {
    const handle = core.decoderCreate(abi.CODING_GZIP, 0, 0);
    new Uint8Array(core.memory.buffer).set([0x1f, 0x00, 0x00], core.inputOffset());
    for (const taken of [2, 0, 0]) {
      expect(core.decoderDecode(handle, 0, 3)).toBe(abi.DECODE_ERROR);
      const record = new Uint32Array(core.memory.buffer, core.eventsOffset(), 8);
      expect([...record.subarray(4, 7)]).toEqual([0, taken, abi.RULE_CODING_GZIP_MAGIC]);
    }
    expect(core.decoderEnd(handle)).toBe(abi.RULE_CODING_GZIP_MAGIC);
    core.decoderFree(handle);
  });

  test('nothing stays allocated', () => {
    expect(core.liveOctets()).toBe(0);
  });
});
