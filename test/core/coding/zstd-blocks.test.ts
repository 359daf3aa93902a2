/** zstd frames written part by part: each rule of RFC 8878 broken once, and what it allows at its edges. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import { decode, differenceAt, everyOctet, type Limits, loadDecoders, numbersOf } from './decoding.js';
import {
  blockHeader,
  COMPRESSED,
  checksumOf,
  codedLiterals,
  codeStream,
  compressed,
  directTree,
  header,
  huffmanCodes,
  littleEndian,
  MAGIC,
  predefinedSequences,
  RAW,
  RLE,
  randomFrame,
  raw,
  rawLiterals,
  rle,
  sequences,
  skippable,
} from './zstd-frames.js';

const text = (octets: string): number[] => [...Buffer.from(octets, 'latin1')];
const frame = (...blocks: number[][]): number[] => [...header(), ...blocks.flat()];

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build, 'codings');
  /** The rule that is broken, or the text; an octet at a time must give the same, and so must any cut of a short input. */
  const run = (octets: readonly number[], limits: Limits = {}): number | string => {
    const input = Buffer.from(octets);
    const whole = decode(core, abi.CODING_ZSTD, input, [], limits);
    expect(differenceAt(core, abi.CODING_ZSTD, input, everyOctet(input.length), whole, limits)).toBeNull();
    for (let cut = 1; cut < Math.min(input.length, 100); cut++) {
      expect(differenceAt(core, abi.CODING_ZSTD, input, [cut], whole, limits)).toBeNull();
    }
    expect(core.liveOctets()).toBe(0);
    return whole.rule === 0 ? Buffer.from(whole.octets).toString('latin1') : whole.rule;
  };

  test('blocks of all types follow each other', () => {
    const pair = sequences({ literals: 2, offset: 2, match: 1 }, [[0, 1, 0]]);
    expect(
      run(frame(raw(text('ab'), false), rle(0x63, 3, false), compressed([...rawLiterals(text('dexy')), ...pair]))),
    ).toBe('abcccdededexy');
    expect(run(frame(raw([])))).toBe('');
    expect(run(frame(compressed([...rawLiterals(text('only literals')), 0])))).toBe('only literals');
    expect(run(frame(compressed([0b00001101, 0x00, 0x00, 0x7a, 0])))).toBe('');
    expect(run(frame(compressed([(5 << 3) | 1, 0x7a, 0])))).toBe('zzzzz');
  });

  test('frames follow each other, and skippable ones mean nothing', () => {
    const one = frame(raw(text('one')));
    expect(run([...one, ...one])).toBe('oneone');
    expect(run([...skippable([1, 2, 3], 15), ...one, ...skippable([]), ...one, ...skippable([7])])).toBe('oneone');
    expect(run(skippable([]))).toBe('');
    expect(run([...MAGIC.map((octet, i) => (i === 0 ? 0x60 : octet))])).toBe(abi.RULE_CODING_ZSTD_MAGIC);
    for (const wrong of [[0], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfc], [0x4f, 0x2a, 0x4d, 0x18], [0x60]]) {
      expect(run(wrong)).toBe(abi.RULE_CODING_ZSTD_MAGIC);
      expect(run([...one, ...wrong])).toBe(abi.RULE_CODING_TRAILING);
    }
  });

  test('a match across frames is refused', () => {
    const match = compressed([...rawLiterals([]), ...sequences({ literals: 0, offset: 2, match: 0 }, [[0, 0, 0]])]);
    expect(run(frame(raw(text('x'), false), match))).toBe('xxxx');
    expect(run([...frame(raw(text('x'))), ...frame(match)])).toBe(abi.RULE_CODING_ZSTD_OFFSET);
  });

  test('any end but that of a frame is truncated', () => {
    const one = [
      ...header({ checksum: true, contentSize: 3 }),
      ...raw(text('one')),
      ...littleEndian(checksumOf(Buffer.from('one')), 4),
    ];
    const two = [...one, ...skippable([1, 2]), ...frame(compressed([...rawLiterals(text('two')), 0]))];
    const ends = [0, one.length, one.length + 10, two.length];
    for (let length = 0; length <= two.length; length++) {
      const expected = ends.includes(length) ? expect.any(String) : abi.RULE_CODING_TRUNCATED;
      expect(run(two.slice(0, length)), `${length} octets`).toEqual(expected);
    }
  });

  test('the frame header is read in every form', () => {
    for (const contentSizeOctets of [1, 2, 4, 8] as const) {
      const content = text('x'.repeat(contentSizeOctets === 2 ? 256 : 255));
      const options = { contentSize: content.length, contentSizeOctets };
      expect(run([...header({ ...options, window: null }), ...raw(content)])).toHaveLength(content.length);
      if (contentSizeOctets !== 1) {
        expect(run([...header({ ...options, dictionary: [0, 0, 0, 0] }), ...raw(content)])).toHaveLength(
          content.length,
        );
      }
    }
    expect(run([...header({ bits: 8 }), ...raw([])])).toBe(abi.RULE_CODING_ZSTD_RESERVED);
    expect(run([...header({ bits: 16 }), ...raw([])])).toBe('');
    for (const dictionary of [[5], [0, 1], [0, 0, 0, 1]]) {
      expect(run([...header({ dictionary }), ...raw([])])).toBe(abi.RULE_CODING_ZSTD_DICTIONARY);
      expect(run([...header({ dictionary: dictionary.map(() => 0) }), ...raw([])])).toBe('');
    }
  });

  test('a window beyond the limit is refused at the frame header', () => {
    expect(run([...header({ window: 13 << 3 }), ...raw([])])).toBe('');
    expect(run([...header({ window: (13 << 3) | 1 }), ...raw([])])).toBe(abi.RULE_CODING_WINDOW_LIMIT);
    expect(run([...header({ window: 255 })])).toBe(abi.RULE_CODING_WINDOW_LIMIT);
    expect(run([...header({ window: null, contentSize: 8388609 })])).toBe(abi.RULE_CODING_WINDOW_LIMIT);
    expect(run([...header({ window: null, contentSize: 2 ** 33, contentSizeOctets: 8 })])).toBe(
      abi.RULE_CODING_WINDOW_LIMIT,
    );
    expect(run([...header({ window: (13 << 3) | 1 }), ...raw([])], { window: 1e10 })).toBe('');
    expect(run([...header({ window: (17 << 3) | 1 }), ...raw([])], { window: 1e10 })).toBe(
      abi.RULE_CODING_WINDOW_LIMIT,
    );
    expect(run([...header({ window: 0 }), ...raw([])], { window: 1023 })).toBe(abi.RULE_CODING_WINDOW_LIMIT);
  });

  test('a block is no larger than its window, before and after', () => {
    const small = header({ window: 0 });
    expect(run([...small, ...raw(new Uint8Array(1024))])).toHaveLength(1024);
    expect(run([...small, ...rle(0, 1024)])).toHaveLength(1024);
    for (const type of [RAW, RLE, COMPRESSED]) {
      expect(run([...small, ...blockHeader(type, 1025, true)])).toBe(abi.RULE_CODING_ZSTD_BLOCK_SIZE);
    }
    expect(run([...header({ window: 80 }), ...blockHeader(RLE, 131073, true)])).toBe(abi.RULE_CODING_ZSTD_BLOCK_SIZE);
    expect(run(frame(blockHeader(3, 1, true)))).toBe(abi.RULE_CODING_ZSTD_BLOCK_TYPE);
    const long = (extra: number): number[] =>
      compressed([...rawLiterals([1]), ...sequences({ literals: 1, offset: 2, match: 45 }, [[0, 0, extra]])]);
    expect(run([...small, ...long(1024 - 1 - 515)])).toHaveLength(1024);
    expect(run([...small, ...long(1024 - 515)])).toBe(abi.RULE_CODING_ZSTD_BLOCK_SIZE);
    const literals = [...littleEndian((1025 << 4) | 0b1101, 3), 0x61, 0];
    expect(run([...small, ...compressed(literals)])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
  });

  test('the content has the size that the frame says', () => {
    const match = sequences({ literals: 2, offset: 2, match: 33 }, [[0, 0, 1]]);
    const literals = compressed([...rawLiterals(text('x'.repeat(40))), 0]);
    const blocks = [raw(text('x'.repeat(40))), rle(0x61, 40), compressed([...rawLiterals(text('ab')), ...match])];
    for (const block of [...blocks, literals]) {
      for (const window of [24, null]) {
        // In a single segment, the size is the largest block's as well.
        if (window === null && block === literals) continue;
        const sized = (contentSize: number): number[] => [...header({ window, contentSize }), ...block];
        expect(run(sized(40))).toHaveLength(40);
        expect(run(sized(41))).toBe(abi.RULE_CODING_ZSTD_CONTENT_SIZE);
        if (window !== null) expect(run(sized(39))).toBe(abi.RULE_CODING_ZSTD_CONTENT_SIZE);
      }
    }
  });

  test('each bit of the checksum counts, for content of any length', () => {
    const next = numbersOf(5);
    for (let length = 0; length < 140; length++) {
      const content = Array.from({ length }, () => next(256));
      const checked = [
        ...header({ checksum: true }),
        ...raw(content.slice(0, length >> 1), false),
        ...raw(content.slice(length >> 1)),
      ];
      const sum = checksumOf(Uint8Array.from(content));
      expect(run([...checked, ...littleEndian(sum, 4)]), `${length} octets`).toHaveLength(length);
      expect(run([...checked, ...littleEndian((sum ^ (1 << (length & 31))) >>> 0, 4)])).toBe(
        abi.RULE_CODING_ZSTD_CHECKSUM,
      );
    }
  });

  test('a literals section fits its block', () => {
    const block = (content: readonly number[]): number | string => run(frame(compressed(content)));
    expect(block([])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
    expect(block([2 << 3, 1])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
    expect(block([0b1101])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
    expect(block([(2 << 3) | 1])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
    expect(block([2 << 3, 1, 2])).toBe(abi.RULE_CODING_ZSTD_SEQUENCES);
    expect(block([2])).toBe(abi.RULE_CODING_ZSTD_LITERALS);
    expect(block(codedLiterals(2, 1, 4, [1, 2, 3]).slice(0, -1))).toBe(abi.RULE_CODING_ZSTD_LITERALS);
  });

  describe('Huffman-coded literals', () => {
    // Symbols 0 to 3 with codes of 1, 2, 3, 3 bits.
    const weights = [3, 2, 1, 1];
    const codes = huffmanCodes(weights);
    const next = numbersOf(9);
    const symbols = Array.from({ length: 500 }, () => next(4));
    const one = codeStream(symbols, codes);
    const quarters = [0, 1, 2, 3].map((i) => codeStream(symbols.slice(125 * i, 125 * (i + 1)), codes));
    const jumps = quarters.slice(0, 3).flatMap(({ length }) => littleEndian(length, 2));
    const four = [...jumps, ...quarters.flat()];
    const block = (literals: readonly number[], last = true): number[] => compressed([...literals, 0], last);
    const expected = Buffer.from(symbols).toString('latin1');
    const tree = directTree(weights);

    test('are read from one stream and from four, and again without a tree', () => {
      expect(run(frame(block(codedLiterals(2, 1, 500, [...tree, ...one]))))).toBe(expected);
      expect(run(frame(block(codedLiterals(2, 4, 500, [...tree, ...four]))))).toBe(expected);
      const first = block(codedLiterals(2, 4, 500, [...tree, ...four]), false);
      expect(
        run(frame(first, block(codedLiterals(3, 1, 500, one), false), block(codedLiterals(3, 4, 500, four)))),
      ).toBe(expected.repeat(3));
      expect(run(frame(block(codedLiterals(3, 1, 500, one))))).toBe(abi.RULE_CODING_ZSTD_NO_TABLE);
      expect(
        run([
          ...frame(block(codedLiterals(2, 1, 500, [...tree, ...one]))),
          ...frame(block(codedLiterals(3, 1, 500, one))),
        ]),
      ).toBe(abi.RULE_CODING_ZSTD_NO_TABLE);
    });

    test('of every number fill one stream and four', () => {
      for (let size = 0; size <= 120; size++) {
        const some = symbols.slice(0, size);
        const text = Buffer.from(some).toString('latin1');
        expect(run(frame(block(codedLiterals(2, 1, size, [...tree, ...codeStream(some, codes)]))))).toBe(text);
        const quarter = (size + 3) >> 2;
        const parts = [0, 1, 2, 3].map((i) => codeStream(some.slice(i * quarter, (i + 1) * quarter), codes));
        const content = [
          ...tree,
          ...parts.slice(0, 3).flatMap(({ length }) => littleEndian(length, 2)),
          ...parts.flat(),
        ];
        expect(run(frame(block(codedLiterals(2, 4, size, content))))).toBe(
          size < 6 ? abi.RULE_CODING_ZSTD_LITERALS_STREAM : text,
        );
      }
    });

    test('must end with their streams', () => {
      for (const size of [499, 501, 700, 300]) {
        for (const [streams, content] of [
          [1, one],
          [4, four],
        ] as const) {
          expect(run(frame(block(codedLiterals(2, streams, size, [...tree, ...content]))))).toBe(
            abi.RULE_CODING_ZSTD_LITERALS_STREAM,
          );
        }
      }
      for (const content of [[], [0], [...one.slice(0, -1), 0]]) {
        expect(run(frame(block(codedLiterals(2, 1, 500, [...tree, ...content]))))).toBe(
          abi.RULE_CODING_ZSTD_LITERALS_STREAM,
        );
      }
      for (const content of [
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
        [1, 0, 1, 0, 1, 0, 1, 1, 1],
        [255, 255, ...four.slice(2)],
      ]) {
        expect(run(frame(block(codedLiterals(2, 4, 500, [...tree, ...content]))))).toBe(
          abi.RULE_CODING_ZSTD_LITERALS_STREAM,
        );
      }
    });

    test('need a tree whose weights are complete and no longer than 11 bits', () => {
      const treeOf = (description: readonly number[]): number | string =>
        run(frame(block(codedLiterals(2, 1, 500, [...description, ...one]))));
      for (const wrong of [
        [128, 0x00],
        [129, 0x31],
        [129, 0xc1],
        [130, 0x33, 0x30],
        [129, 0x22],
        [200, 0x11],
        [0],
        [3, 0, 0, 0],
        [2, 0x10, 0x00],
      ]) {
        expect(treeOf(wrong), wrong.join()).toBe(abi.RULE_CODING_ZSTD_HUFFMAN_TREE);
      }
      const ladder = [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
      const all = ladder.map((_, symbol) => symbol);
      const content = [...directTree(ladder), ...codeStream(all, huffmanCodes(ladder))];
      expect(run(frame(block(codedLiterals(2, 1, all.length, content))))).toBe(Buffer.from(all).toString('latin1'));
      const longer = [1, ...ladder.map((weight, i) => (i === 0 ? 1 : weight + 1))].slice(0, 13);
      expect(treeOf(directTree(longer))).toBe(abi.RULE_CODING_ZSTD_HUFFMAN_TREE);
    });
  });

  describe('sequences', () => {
    const literals = rawLiterals(text('abcd'));
    const block = (section: readonly number[], last = true): number[] => compressed([...literals, ...section], last);
    const one = { literals: 2, offset: 2, match: 0 };

    test('their header fits the block', () => {
      for (const section of [[], [128], [255, 0], [1], [128, 1], [0, 0]]) {
        expect(run(frame(block(section))), section.join()).toBe(abi.RULE_CODING_ZSTD_SEQUENCES);
      }
      expect(run(frame(block([128, 0])))).toBe('abcd');
      expect(run(frame(block([1, 0b01010101, 2, 2, 0, 0b101])))).toBe(abi.RULE_CODING_ZSTD_RESERVED);
      expect(run(frame(block([1, 0b01010100, 2, 2])))).toBe(abi.RULE_CODING_ZSTD_SEQUENCES);
    });

    test('codes that do not exist are refused', () => {
      for (const codes of [
        { ...one, literals: 36 },
        { ...one, offset: 32 },
        { ...one, match: 53 },
      ]) {
        const section = [1, 0b01010100, codes.literals, codes.offset, codes.match, 1];
        expect(run(frame(block(section)))).toBe(abi.RULE_CODING_ZSTD_FSE_TABLE);
      }
      for (const description of [[0x0f], [0x05, 0xff], [0x00], [0x10, 0x00, 0x00]]) {
        expect(run(frame(block([1, 0b10010100, ...description])))).toBe(abi.RULE_CODING_ZSTD_FSE_TABLE);
      }
    });

    test('a table description ends within the block', () => {
      // One symbol of all 32 states: ten bits. What follows the block would complete it.
      const cut = block([1, 0b10010100, 0xf0], false);
      expect(run(frame(cut, rle(0x61, 0)))).toBe(abi.RULE_CODING_ZSTD_FSE_TABLE);
      expect(run(frame(block([1, 0b10010100, 0xf0, 0x03, 2, 0, 0x80])))).toBe(abi.RULE_CODING_ZSTD_OFFSET);
    });

    test('a stream that is read beyond its start is at fault, whatever else that leads to', () => {
      // The second sequence is made of what stands before the stream: an offset beyond the frame.
      const section = [
        2,
        0b01010100,
        0,
        12,
        40,
        ...sequences({ literals: 0, offset: 12, match: 40 }, [[0, 0, 0]]).slice(5),
      ];
      const start = raw(new Uint8Array(4500), false);
      expect(run(frame(start, compressed([...rawLiterals([]), ...section])))).toBe(
        abi.RULE_CODING_ZSTD_SEQUENCES_STREAM,
      );
    });

    test('tables are used again, in the frame alone', () => {
      const first = block(sequences(one, [[0, 1, 0]]), false);
      const again = block([1, 0b11111100, 0b111]);
      expect(run(frame(first, again))).toBe('ababacdabcdacd');
      for (const [modes, ...given] of [[0b11111100], [0b01111100, 2], [0b01011100, 2, 2]] as const) {
        expect(run(frame(block([1, modes, ...given, 0b111])))).toBe(abi.RULE_CODING_ZSTD_NO_TABLE);
        const earlier = frame(block(sequences(one, [[0, 1, 0]])));
        expect(run([...earlier, ...frame(block([1, modes, ...given, 0b111]))])).toBe(abi.RULE_CODING_ZSTD_NO_TABLE);
      }
    });

    test('their stream ends with the last of them', () => {
      const section = sequences(one, [[0, 0, 0]]);
      const start = section.slice(0, 5);
      expect(run(frame(block(section)))).toBe('abbbbcd');
      for (const stream of [[], [0], [0b1], [0b1000], [0b100, 0b100], [0b100, 0]]) {
        expect(run(frame(block([...start, ...stream]))), stream.join()).toBe(abi.RULE_CODING_ZSTD_SEQUENCES_STREAM);
      }
    });

    test('they take no more literals than there are', () => {
      expect(run(frame(block(sequences({ ...one, literals: 4 }, [[0, 0, 0]]))))).toBe('abcdddd');
      expect(run(frame(block(sequences({ ...one, literals: 5 }, [[0, 0, 0]]))))).toBe(
        abi.RULE_CODING_ZSTD_SEQUENCES_STREAM,
      );
      expect(
        run(
          frame(
            block(
              sequences(one, [
                [0, 0, 0],
                [0, 0, 0],
                [0, 0, 0],
              ]),
            ),
          ),
        ),
      ).toBe(abi.RULE_CODING_ZSTD_SEQUENCES_STREAM);
    });

    test('offsets reach to the first octet of the frame, and to the end of the window', () => {
      expect(run(frame(block(sequences(one, [[0, 1, 0]]))))).toBe('ababacd');
      expect(run(frame(block(sequences(one, [[0, 2, 0]]))))).toBe(abi.RULE_CODING_ZSTD_OFFSET);
      const far = (extra: number): number[] => [
        ...header({ window: 0 }),
        ...raw(text('A'.repeat(500)), false),
        ...raw(text('B'.repeat(1000)), false),
        ...compressed([...rawLiterals([]), ...sequences({ literals: 0, offset: 10, match: 0 }, [[0, extra, 0]])]),
      ];
      expect(run(far(3))).toBe(`${'A'.repeat(500)}${'B'.repeat(1000)}AAA`);
      expect(run(far(4))).toBe(abi.RULE_CODING_ZSTD_OFFSET);
    });

    test('offsets are repeated as the format says', () => {
      const repeated = (offset: number, literals: number, extra: number): number | string => {
        // Offsets 5, then 6, then 7 are the ones to repeat: 7, 6, 5.
        const past = [5, 6, 7].map((distance) => [0, distance + 3 - 8, 0] as const);
        const first = sequences({ literals: 0, offset: 3, match: 0 }, past);
        const second = sequences({ literals, offset, match: 0 }, [[0, extra, 0]]);
        const start = text('0123456789');
        return run(
          frame(
            raw(start, false),
            compressed([...rawLiterals([]), ...first], false),
            compressed([...rawLiterals(text('x')), ...second]),
          ),
        );
      };
      let made = '0123456789';
      for (const distance of [5, 6, 7]) made += made.slice(made.length - distance).slice(0, 3);
      const from = (content: string, distance: number): string =>
        content + content.slice(content.length - distance).slice(0, 3);
      // With a literal: the first, second, third. Without: second, third, the first less one.
      expect(repeated(0, 1, 0)).toBe(from(`${made}x`, 7));
      expect(repeated(1, 1, 0)).toBe(from(`${made}x`, 6));
      expect(repeated(1, 1, 1)).toBe(from(`${made}x`, 5));
      expect(repeated(0, 0, 0)).toBe(`${from(made, 6)}x`);
      expect(repeated(1, 0, 0)).toBe(`${from(made, 5)}x`);
      expect(repeated(1, 0, 1)).toBe(`${from(made, 6)}x`);
    });

    test('an offset of zero is refused', () => {
      const first = sequences({ literals: 1, offset: 2, match: 0 }, [[0, 0, 0]]);
      const zero = sequences({ literals: 0, offset: 1, match: 0 }, [[0, 1, 0]]);
      expect(
        run(frame(compressed([...rawLiterals(text('a')), ...first], false), compressed([...rawLiterals([]), ...zero]))),
      ).toBe(abi.RULE_CODING_ZSTD_OFFSET);
    });

    test('all bits of the longest sequences are read', () => {
      // As many extra bits as there can be, wherever in an octet they begin, and states of six, six and five bits behind them.
      const history = Array.from({ length: 131072 }, (_, i) => (i * 7919) >> 5);
      const literals = Array.from({ length: 80000 }, (_, i) => (i * 104729) >> 7);
      for (let shift = 0; shift < 9; shift++) {
        const long = { codes: { literals: 35, offset: 16, match: 51 }, extra: [9 + shift, 40000 + shift, 77] as const };
        const short = (length: number) => ({
          codes: { literals: length, offset: 14, match: 20 },
          extra: [0, 5 + length, 0] as const,
        });
        const list = [short(2), long, ...Array.from({ length: shift + 1 }, () => short(1))];
        const content = history.map((octet) => octet & 255);
        let taken = 0;
        for (const { codes, extra } of list) {
          const run = codes.literals === 35 ? 65536 + extra[0] : codes.literals;
          for (const octet of literals.slice(taken, taken + run)) content.push(octet & 255);
          taken += run;
          const distance = 2 ** codes.offset + extra[1] - 3;
          const length = codes.match === 51 ? 32771 + extra[2] : 23;
          for (let i = 0; i < length; i++) content.push(content[content.length - distance] as number);
        }
        const block = compressed([
          ...rawLiterals(literals.slice(0, taken).map((octet) => octet & 255)),
          ...predefinedSequences(list),
        ]);
        const input = Buffer.from([
          ...header({ window: 8 << 3 }),
          ...raw(
            history.map((octet) => octet & 255),
            false,
          ),
          ...block,
        ]);
        const { rule, octets } = decode(core, abi.CODING_ZSTD, input);
        expect(rule, `shift ${shift}`).toBe(0);
        expect(Buffer.from(octets).equals(Buffer.from(content)), `shift ${shift}`).toBe(true);
      }
    });

    test('matches of every distance and length are copied right', () => {
      const start = text('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
      for (let distance = 1; distance <= 36; distance++) {
        const code = Math.floor(Math.log2(distance + 3));
        const lengths = Array.from({ length: 30 }, (_, i) => i);
        for (const match of [...lengths, 36, 42]) {
          const section = sequences({ literals: 0, offset: code, match }, [[0, distance + 3 - 2 ** code, 0]]);
          const content = [...start];
          const length = match < 32 ? match + 3 : match === 36 ? 43 : 99;
          for (let i = 0; i < length; i++) content.push(content[content.length - distance] as number);
          const { octets } = decode(
            core,
            abi.CODING_ZSTD,
            Buffer.from(frame(raw(start, false), compressed([...rawLiterals([]), ...section]))),
          );
          expect(Buffer.from(octets).equals(Buffer.from(content)), `${distance}, ${length}`).toBe(true);
        }
      }
    });
  });

  test('random frames decode to what they were made of, wherever they are cut', () => {
    for (let seed = 1; seed <= (build === 'release' ? 120 : 25); seed++) {
      const next = numbersOf(seed * 7919);
      const { octets, content } = randomFrame(next, 200 + next(30000), 10 + next(4));
      const whole = decode(core, abi.CODING_ZSTD, octets);
      expect(whole.rule, `seed ${seed}`).toBe(0);
      expect(Buffer.from(whole.octets).equals(content), `seed ${seed}`).toBe(true);
      const cuts = [next(octets.length), next(octets.length), next(octets.length)].sort((a, b) => a - b);
      expect(differenceAt(core, abi.CODING_ZSTD, octets, cuts, whole)).toBeNull();
      expect(differenceAt(core, abi.CODING_ZSTD, octets, everyOctet(octets.length), whole)).toBeNull();
    }
  });
});
