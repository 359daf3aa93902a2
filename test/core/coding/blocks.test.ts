/** Blocks written bit by bit: each rule of RFC 1951 broken once, and what it allows at its edges; zlib must agree. */
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { INSTRUCTIONS, meter } from '../../../wasm/meter.mjs';
import { BUILDS, octetsOf } from '../../support/core-module.js';
import { decode, decodersOf, differenceAt, everyOctet, loadDecoders } from './decoding.js';

/** Bits in the order of RFC 1951 §3.1.1: numbers lowest bit first, codes highest bit first. */
class Bits {
  readonly #bits: number[] = [];

  number(value: number, bits: number): this {
    for (let bit = 0; bit < bits; bit++) this.#bits.push((value >> bit) & 1);
    return this;
  }

  code(code: string): this {
    for (const bit of code) this.#bits.push(bit === '1' ? 1 : 0);
    return this;
  }

  octets(): Uint8Array {
    const octets = new Uint8Array(Math.ceil(this.#bits.length / 8));
    this.#bits.forEach((bit, at) => {
      octets[at >> 3] = (octets[at >> 3] as number) | (bit << (at & 7));
    });
    return octets;
  }
}

/** Codes of a set of code lengths (RFC 1951 §3.2.2), by symbol. */
function codesOf(lengths: readonly number[]): string[] {
  const codes: string[] = [];
  let code = 0;
  for (let bits = 1; bits <= 15; bits++) {
    code <<= 1;
    lengths.forEach((length, symbol) => {
      if (length === bits) codes[symbol] = (code++).toString(2).padStart(bits, '0');
    });
  }
  return codes;
}

const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Code lengths of the code length codes used here: symbols 0 to 15 in five bits, 16 to 18 in two or three. */
const LENGTH_CODES = [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 3, 3];

const fixed = (): Bits => new Bits().number(1, 1).number(1, 2);

/** Header of a last, dynamic block. `parts`: a length, or [symbol, extra] of a repeat. */
function dynamic(
  literals: number,
  distances: number,
  parts: readonly (number | readonly [number, number])[],
  lengthCodes: readonly number[] = LENGTH_CODES,
): Bits {
  const bits = new Bits().number(1, 1).number(2, 2);
  bits
    .number(literals - 257, 5)
    .number(distances - 1, 5)
    .number(15, 4);
  for (const symbol of ORDER) bits.number(lengthCodes[symbol] ?? 0, 3);
  const code = codesOf(lengthCodes);
  for (const part of parts) {
    if (typeof part === 'number') bits.code(code[part] as string);
    else bits.code(code[part[0]] as string).number(part[1], part[0] === 16 ? 2 : part[0] === 17 ? 3 : 7);
  }
  return bits;
}

/** `count` zero lengths, as repeats. */
function zeros(count: number): (number | readonly [number, number])[] {
  const parts: (number | readonly [number, number])[] = [];
  let left = count;
  for (; left >= 11; left -= Math.min(left, 138)) parts.push([18, Math.min(left, 138) - 11]);
  for (; left > 0; left--) parts.push(0);
  return parts;
}

/** Lengths of 'A' and of the end: one bit each. */
const A_AND_END = [...zeros(65), 1, ...zeros(190), 1];

test('a block of one code costs no more than one of two', () => {
  const core = decodersOf(meter(octetsOf('release')));
  const counter = (core as unknown as Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;
  const cost = (bits: Bits): number => {
    const input = bits.octets();
    counter.value = 0n;
    expect(decode(core, abi.CODING_DEFLATE_RAW, input).rule).toBe(0);
    return Number(counter.value);
  };
  const two = cost(dynamic(257, 2, [...A_AND_END, 1, 1]).code('1'));
  expect(cost(dynamic(257, 1, [...zeros(256), 1, 0]).code('0'))).toBeLessThan(two);
});

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build);
  /** The rule that is broken, or the text; zlib must judge alike, and an octet at a time must give the same. */
  const run = (bits: Bits): number | string => {
    const input = bits.octets();
    const whole = decode(core, abi.CODING_DEFLATE_RAW, input);
    expect(differenceAt(core, abi.CODING_DEFLATE_RAW, input, everyOctet(input.length), whole)).toBeNull();
    // Behind more input than a turn of the hot loop reads, the same must come of it.
    const padded = decode(core, abi.CODING_DEFLATE_RAW, Buffer.concat([input, Buffer.alloc(64)]));
    if (whole.rule !== abi.RULE_CODING_TRUNCATED) expect(padded.rule).toBe(whole.rule);
    if (whole.rule !== 0 && whole.rule !== abi.RULE_CODING_TRUNCATED) expect(padded.taken).toBe(whole.taken);
    // Not one octet more than the block's own may be taken.
    const trailed = decode(core, abi.CODING_DEFLATE_RAW, Buffer.concat([input, Buffer.from('x')]));
    if (whole.rule === 0) expect(trailed.rule).toBe(abi.RULE_CODING_TRAILING);
    let theirs: string | null;
    try {
      theirs = inflateRawSync(input).toString('latin1');
    } catch {
      theirs = null;
    }
    const ours = whole.rule === 0 ? Buffer.from(whole.octets).toString('latin1') : null;
    expect(ours).toBe(theirs);
    return ours ?? whole.rule;
  };

  test('block type 3 is refused', () => {
    expect(run(new Bits().number(1, 1).number(3, 2))).toBe(abi.RULE_CODING_BLOCK_TYPE);
  });

  test('a stored block must name its length twice', () => {
    const stored = (length: number, complement: number): Bits =>
      new Bits().number(1, 1).number(0, 7).number(length, 16).number(complement, 16).number(0x41, 8).number(0x42, 8);
    expect(run(stored(2, 0xfffd))).toBe('AB');
    expect(run(stored(2, 0xfffc))).toBe(abi.RULE_CODING_STORED_LENGTH);
    expect(run(stored(2, 0x7ffd))).toBe(abi.RULE_CODING_STORED_LENGTH);
  });

  test('the fixed codes of symbols that do not exist are refused', () => {
    expect(run(fixed().code('01110001').code('0000000'))).toBe('A');
    expect(run(fixed().code('11000110'))).toBe(abi.RULE_CODING_SYMBOL);
    expect(run(fixed().code('11000111'))).toBe(abi.RULE_CODING_SYMBOL);
    for (const distance of ['11110', '11111']) {
      expect(run(fixed().code('01110001').code('0000001').code(distance).number(0, 16))).toBe(abi.RULE_CODING_SYMBOL);
    }
  });

  test('a match may reach to the first octet and no farther', () => {
    const match = (distance: string): Bits =>
      fixed().code('01110001').code('01110010').code('0000001').code(distance).code('0000000').number(0, 16);
    expect(run(match('00000'))).toBe('ABBBB');
    expect(run(match('00001'))).toBe('ABABA');
    expect(run(match('00010'))).toBe(abi.RULE_CODING_DISTANCE);
  });

  test('at most 286 literal/length and 30 distance codes may be announced', () => {
    expect(
      run(
        dynamic(286, 30, [...A_AND_END, ...zeros(29), ...zeros(30)])
          .code('0')
          .code('1'),
      ),
    ).toBe('A');
    for (const [literals, distances] of [
      [287, 1],
      [288, 1],
      [257, 31],
      [257, 32],
    ] as const) {
      const lengths = [...A_AND_END, ...zeros(literals - 257), ...zeros(distances)];
      expect(run(dynamic(literals, distances, lengths).code('0').code('1'))).toBe(abi.RULE_CODING_TREE_COUNTS);
    }
  });

  test('a repeat needs a length before it, and ends with the last length', () => {
    expect(run(dynamic(257, 1, [[16, 0], ...zeros(255)]))).toBe(abi.RULE_CODING_TREE_REPEAT);
    expect(run(dynamic(257, 1, [...A_AND_END, [17, 0]]))).toBe(abi.RULE_CODING_TREE_REPEAT);
    expect(run(dynamic(257, 2, [...A_AND_END, [17, 0]]))).toBe(abi.RULE_CODING_TREE_REPEAT);
    expect(
      run(
        dynamic(257, 3, [...A_AND_END, [17, 0]])
          .code('0')
          .code('1'),
      ),
    ).toBe('A');
    // It may begin among the literals and end among the distances: one code of two bits there, and three here.
    const crossing = dynamic(257, 3, [...zeros(65), 1, 2, ...zeros(189), 2, [16, 0]]);
    expect(run(crossing)).toBe(abi.RULE_CODING_TREE_LENGTHS);
  });

  test('the end of the block must have a code', () => {
    expect(run(dynamic(257, 1, [...zeros(65), 1, 1, ...zeros(191)]))).toBe(abi.RULE_CODING_NO_END_OF_BLOCK);
  });

  test('sets of lengths must be complete: code length codes without exception', () => {
    const none = LENGTH_CODES.map(() => 0);
    for (const lengths of [
      none,
      none.with(0, 1),
      none.with(0, 1).with(1, 2),
      none.with(0, 1).with(1, 1).with(2, 1),
      LENGTH_CODES.with(16, 1),
    ]) {
      expect(run(dynamic(257, 1, [], lengths).number(0, 32).number(0, 32))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    }
  });

  test('sets of lengths must be complete: literals but for one code of one bit', () => {
    const only = (bits: number): Bits => dynamic(257, 1, [...zeros(256), bits, 0]);
    expect(run(only(1).code('0'))).toBe('');
    expect(run(only(1).code('1').number(0, 16))).toBe(abi.RULE_CODING_SYMBOL);
    expect(run(only(2).code('00'))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    expect(run(dynamic(257, 1, [...zeros(65), 2, ...zeros(190), 1, 0]))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    expect(run(dynamic(257, 1, [...zeros(65), 1, 1, ...zeros(189), 1, 0]))).toBe(abi.RULE_CODING_TREE_LENGTHS);
  });

  test('sets of lengths must be complete: distances but for one code of one bit, or none', () => {
    // 'A', then a length of 3: codes of 2, 2 and 1 bits for A, the end and the length.
    const block = (distances: readonly number[]): Bits =>
      dynamic(258, distances.length, [...zeros(65), 2, ...zeros(190), 2, 1, ...distances])
        .code('10')
        .code('0');
    expect(run(block([1]).code('0').code('11'))).toBe('AAAA');
    expect(run(block([1]).code('1').number(0, 16))).toBe(abi.RULE_CODING_SYMBOL);
    expect(run(block([0]).code('0').number(0, 16))).toBe(abi.RULE_CODING_SYMBOL);
    expect(run(block([2]).code('00'))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    expect(run(block([1, 2]))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    expect(run(block([1, 1, 1]))).toBe(abi.RULE_CODING_TREE_LENGTHS);
    expect(run(block([1, 1]).code('0').code('11'))).toBe('AAAA');
  });

  test('codes of every number of bits are read', () => {
    // 1, 2, 3, … 15 bits and once more 15: the longest need subtables in both tables.
    const ladder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15];
    const literals = [...zeros(64), ...ladder.slice(0, 15), ...zeros(177), 15];
    const lengths = Array.from({ length: 257 }, (_, i) =>
      i >= 64 && i < 79 ? (ladder[i - 64] as number) : i === 256 ? 15 : 0,
    );
    const codes = codesOf(lengths);
    const bits = dynamic(257, 16, [...literals, ...ladder]);
    for (let symbol = 78; symbol >= 64; symbol--) bits.code(codes[symbol] as string);
    expect(run(bits.code(codes[256] as string))).toBe('NMLKJIHGFEDCBA@');
  });
});
