/** What brotli's encoder never writes: each rule broken once; every word, transform, context and short distance. */
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import {
  COMMANDS,
  codeOf,
  DISTANCES,
  type Elements,
  equalOf,
  LAST_EMPTY,
  LITERALS,
  lengthOf,
  numberOf,
  octetsOfBits,
  plainHeaderOf,
  simpleOf,
  storedOf,
  WINDOW,
  WINDOW_SMALLEST,
} from './brotli-streams.js';
import { decode, differenceAt, everyOctet, loadDecoders } from './decoding.js';

const A = 0x61;
/** Commands: one literal or none, and a copy of two octets or of four from the distance that follows. */
const LITERAL_AND_COPY_2 = 136;
const COPY_2 = 128;
const COPY_4 = 130;
/** A command with more literals than a test has: it takes 24 bits beside its code. */
const ENDLESS = 504;

/** Copy lengths by code, from 2 octets on: least length, extra bits. */
const COPIES = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18, 22].map(
  (least, i) => [least, [1, 1, 2, 2, 3][i - 8] ?? 0] as const,
);
/** How many bits index the words of each length, from 4 octets on. */
const WORD_BITS = [10, 10, 11, 11, 10, 10, 10, 10, 10, 9, 9, 8, 7, 7, 8, 7, 7, 6, 6, 5, 5];
const TRANSFORMS = 121;

/** The codes of a metablock in which every literal is "a", every command `command`, every distance symbol `symbol`. */
const codesOf = (command: number, symbol: number): Elements => [
  ...simpleOf(LITERALS, [A]),
  ...simpleOf(COMMANDS, [command]),
  ...simpleOf(DISTANCES, [symbol]),
];

const BROKEN: readonly (readonly [string, number, readonly Elements[]])[] = [
  ['a large window', abi.RULE_CODING_BROTLI_LARGE_WINDOW, [[[0b0010001, 7]]]],
  [
    'a reserved bit',
    abi.RULE_CODING_BROTLI_RESERVED,
    [
      WINDOW,
      [
        [0, 1],
        [3, 2],
        [1, 1],
      ],
      [[0, 8]],
    ],
  ],
  [
    'a length of five nibbles whose last is zero',
    abi.RULE_CODING_BROTLI_LENGTH,
    [
      WINDOW,
      [
        [0, 1],
        [1, 2],
        [9, 20],
      ],
    ],
  ],
  [
    'a metadata length whose last octet is zero',
    abi.RULE_CODING_BROTLI_LENGTH,
    [
      WINDOW,
      [
        [0, 1],
        [3, 2],
        [0, 1],
        [2, 2],
        [9, 16],
      ],
    ],
  ],
  [
    'padding of metadata',
    abi.RULE_CODING_BROTLI_PADDING,
    [
      WINDOW,
      [
        [0, 1],
        [3, 2],
        [0, 1],
        [0, 2],
        [1, 1],
      ],
    ],
  ],
  [
    'padding of an uncompressed metablock',
    abi.RULE_CODING_BROTLI_PADDING,
    [
      WINDOW,
      lengthOf(1).slice(0, -1),
      [
        [1, 1],
        [1, 1],
        [0, 8],
      ],
    ],
  ],
  ['padding at the end', abi.RULE_CODING_BROTLI_PADDING, [WINDOW, LAST_EMPTY, [[1, 1]]]],
  [
    'a simple code with one symbol twice',
    abi.RULE_CODING_BROTLI_CODE_SYMBOL,
    [WINDOW, lengthOf(1), plainHeaderOf(0), simpleOf(LITERALS, [A, A])],
  ],
  [
    'a simple code with a symbol beyond the alphabet',
    abi.RULE_CODING_BROTLI_CODE_SYMBOL,
    [WINDOW, lengthOf(1), plainHeaderOf(0), simpleOf(LITERALS, [A]), simpleOf(COMMANDS, [704])],
  ],
  ['no code lengths', abi.RULE_CODING_BROTLI_CODE_LENGTHS, [WINDOW, lengthOf(1), plainHeaderOf(0), [[0, 38]]]],
  [
    'code lengths that leave code space',
    abi.RULE_CODING_BROTLI_CODE_LENGTHS,
    [WINDOW, lengthOf(1), plainHeaderOf(0), equalOf(9)],
  ],
  [
    'a repeat beyond the alphabet',
    abi.RULE_CODING_BROTLI_CODE_REPEAT,
    // Only 17, "zero again", has a code, which takes no bits: each of the runs multiplies the one before it.
    [
      WINDOW,
      lengthOf(1),
      plainHeaderOf(0),
      [
        [0, 2],
        [0, 12],
        [2, 2],
        [0, 22],
      ],
      [[0xffff, 16]],
    ],
  ],
  [
    'a run beyond the context map',
    abi.RULE_CODING_BROTLI_CONTEXT_MAP,
    [
      WINDOW,
      lengthOf(1),
      [
        [0, 3],
        [0, 6],
        [0, 2],
      ],
      numberOf(2),
      [
        [1, 1],
        [15, 4],
      ],
      simpleOf(18, [16]),
      [[0, 16]],
    ],
  ],
  [
    'more literals than the metablock has',
    abi.RULE_CODING_BROTLI_METABLOCK,
    [WINDOW, lengthOf(1), plainHeaderOf(0), codesOf(144, 0), [[0, 64]]],
  ],
  [
    'a longer copy than the metablock has',
    abi.RULE_CODING_BROTLI_METABLOCK,
    [WINDOW, lengthOf(2), plainHeaderOf(0), codesOf(LITERAL_AND_COPY_2, 16), [[0, 1]]],
  ],
  [
    'a longer word than the metablock has',
    abi.RULE_CODING_BROTLI_METABLOCK,
    [WINDOW, lengthOf(3), plainHeaderOf(0), codesOf(COPY_4, 16), [[0, 1]]],
  ],
  [
    'a distance of zero', // the first one is 4, and each copy's is one less
    abi.RULE_CODING_BROTLI_DISTANCE,
    [WINDOW, storedOf(Buffer.from('abcdef')), lengthOf(10), plainHeaderOf(0), codesOf(COPY_2, 4)],
  ],
  [
    'a copy of an octet more than the longest word',
    abi.RULE_CODING_BROTLI_WORD,
    [
      WINDOW,
      lengthOf(99),
      plainHeaderOf(0),
      codesOf(192 + 4, 16),
      [
        [3, 3],
        [0, 1],
      ],
    ],
  ],
  [
    'a transform that is none',
    abi.RULE_CODING_BROTLI_WORD,
    [WINDOW, lengthOf(99), plainHeaderOf(0), codesOf(COPY_4, 16 + 31), [[0xffff, 16]]],
  ],
];

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build, 'codings');
  /** Decodes whole; demands the same of every octet alone, and Node's verdict. */
  const run = (input: Uint8Array): { rule: number; octets: Buffer } => {
    const whole = decode(core, abi.CODING_BROTLI, input);
    expect(differenceAt(core, abi.CODING_BROTLI, input, everyOctet(input.length), whole)).toBeNull();
    if (whole.rule === 0) expect(brotliDecompressSync(input).equals(whole.octets)).toBe(true);
    else expect(() => brotliDecompressSync(input)).toThrow();
    return { rule: whole.rule, octets: Buffer.from(whole.octets) };
  };

  test.each(BROKEN)('%s is refused', (_, rule, parts) => {
    expect(run(octetsOfBits(...parts)).rule).toBe(rule);
  });

  test('each window of the format is taken', () => {
    for (const [value, bits] of [
      [0, 1],
      ...[1, 2, 3, 4, 5, 6, 7].map((above) => [1 | (above << 1), 4] as const),
      ...[0, 2, 3, 4, 5, 6, 7].map((below) => [1 | (below << 4), 7] as const),
    ] as const) {
      expect(run(octetsOfBits([[value, bits]], LAST_EMPTY)).rule).toBe(0);
    }
  });

  test('metadata of every size of length is skipped, also in the last metablock', () => {
    for (const [isLast, octets, lengthOctets] of [
      [0, 0, 0],
      [0, 1, 1],
      [0, 256, 1],
      [0, 257, 2],
      [0, 70000, 3],
      [1, 300, 2],
    ] as const) {
      const header: Elements = [[isLast, 1], ...(isLast ? ([[0, 1]] as const) : []), [3, 2], [0, 1], [lengthOctets, 2]];
      const used = 1 + header.reduce((sum, [, bits]) => sum + bits, 0) + lengthOctets * 8;
      const metadata: Elements = [
        [octets - 1, lengthOctets * 8],
        [0, (8 - (used % 8)) % 8],
      ];
      const filler = Array.from({ length: octets }, () => [0xa5, 8] as const);
      const stream = octetsOfBits(
        WINDOW,
        header,
        octets ? metadata : metadata.slice(1),
        filler,
        isLast ? [] : LAST_EMPTY,
      );
      expect(run(stream)).toEqual({ rule: 0, octets: Buffer.alloc(0) });
    }
  });

  test('a stream is complete with its last octet, truncated before, and nothing may follow', () => {
    const stream = brotliCompressSync('what was once said is said again, and what was once said again is said');
    for (let octets = 1; octets < stream.length; octets++) {
      expect(run(stream.subarray(0, octets)).rule).toBe(abi.RULE_CODING_TRUNCATED);
    }
    const decoded = decode(core, abi.CODING_BROTLI, Buffer.concat([stream, Buffer.alloc(1)]));
    expect([decoded.rule, decoded.taken]).toEqual([abi.RULE_CODING_TRAILING, stream.length]);
    expect(decode(core, abi.CODING_BROTLI, new Uint8Array()).rule).toBe(0);
  });

  test('simple codes of each shape give their symbols by order and length', () => {
    const shapes: readonly (readonly [readonly number[], number | undefined, Elements])[] = [
      [[99], undefined, [[0, 0]]],
      [[99, 97], undefined, [[0b10, 2]]],
      [
        [98, 99, 97],
        undefined,
        [
          [0b110, 3],
          [0b01, 2],
        ],
      ],
      [[100, 98, 99, 97], 0, [[0b11100100, 8]]],
      [
        [100, 98, 99, 97],
        1,
        [
          [0b0, 1],
          [0b01, 2],
          [0b011, 3],
          [0b111, 3],
        ],
      ],
    ];
    for (const [symbols, select, codes] of shapes) {
      const header = [lengthOf(symbols.length), plainHeaderOf(0), simpleOf(LITERALS, symbols, select)];
      const commands = simpleOf(COMMANDS, [128 + (symbols.length << 3)]);
      const { rule, octets } = run(
        octetsOfBits(WINDOW, ...header, commands, simpleOf(DISTANCES, [0]), codes, LAST_EMPTY),
      );
      expect(rule).toBe(0);
      expect([...octets].sort()).toEqual([...symbols].sort());
    }
  });

  test('every short distance is counted from the distances used before', () => {
    const text = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    for (let symbol = 0; symbol < 16; symbol++) {
      const copiesOf = (octets: number) => [lengthOf(octets), plainHeaderOf(0), codesOf(COPY_2, symbol)];
      expect(run(octetsOfBits(WINDOW, storedOf(text), ...copiesOf(2), LAST_EMPTY)).rule, `symbol ${symbol}`).toBe(0);
      // Four copies: each changes the distances for the next, until that is zero.
      run(octetsOfBits(WINDOW, storedOf(text), ...copiesOf(8), LAST_EMPTY));
    }
  });

  test('direct and postfix bits make the distances that Node makes', () => {
    const text = Buffer.from(Array.from({ length: 1500 }, (_, i) => (i * 7919) >> 4));
    for (const postfixBits of [0, 1, 2, 3]) {
      for (const direct of [0, 1, 15]) {
        const symbols = 16 + (direct << postfixBits) + (48 << postfixBits);
        for (
          let symbol = 16;
          symbol < 16 + (direct << postfixBits) + (24 << postfixBits);
          symbol += 1 + (symbol >> 4)
        ) {
          const codes = [simpleOf(LITERALS, [A]), simpleOf(COMMANDS, [COPY_4]), simpleOf(symbols, [symbol])];
          const header = [WINDOW, storedOf(text), lengthOf(4), plainHeaderOf(0, postfixBits, direct)];
          const code = Math.max(0, symbol - 16 - (direct << postfixBits)) >> postfixBits;
          const extraBits = symbol < 16 + (direct << postfixBits) ? 0 : 1 + (code >> 1);
          const input = octetsOfBits(...header, ...codes, [[2 ** extraBits - 1, extraBits]], LAST_EMPTY);
          run(input);
        }
      }
    }
  });

  test('every word length under every transform is as Node has it', () => {
    for (const [i, indexBits] of WORD_BITS.entries()) {
      for (let transform = 0; transform <= TRANSFORMS; transform++) {
        const word = ((transform * 37 + i) % 2 ** indexBits) + transform * 2 ** indexBits;
        const parts = wordOf(i + 4, word);
        // What the word becomes is seen first; behind it stands the start of a command that does not end.
        const { rule, octets } = decode(core, abi.CODING_BROTLI, octetsOfBits(...parts(999), [[0x7f, 7]]));
        expect(rule).toBe(transform < TRANSFORMS ? abi.RULE_CODING_TRUNCATED : abi.RULE_CODING_BROTLI_WORD);
        if (octets.length === 0) continue;
        const whole = decode(core, abi.CODING_BROTLI, octetsOfBits(...parts(octets.length), LAST_EMPTY));
        expect([whole.rule, Buffer.from(whole.octets)]).toEqual([0, Buffer.from(octets)]);
        const expected = brotliDecompressSync(octetsOfBits(...parts(octets.length), LAST_EMPTY));
        expect(expected.equals(octets), `word ${word} of ${i + 4} octets`).toBe(true);
      }
    }
  });

  test.each([0, 1, 2, 3])('the contexts of mode %d are those of Node', (mode) => {
    const pairs = Array.from({ length: 256 }, (_, i) => Uint8Array.of((i * 89 + 7) & 255, i));
    const parts = pairs.flatMap((pair) => [storedOf(pair), contextOf(mode)]);
    const input = octetsOfBits(WINDOW, ...parts, LAST_EMPTY);
    const { rule, octets } = decode(core, abi.CODING_BROTLI, input);
    expect(rule).toBe(0);
    expect(brotliDecompressSync(input).equals(octets)).toBe(true);
  });

  test('the context of a literal goes on where the window begins anew', () => {
    // The smallest window begins anew each time a piece was made, which is a little less than one call makes.
    const piece = Uint8Array.from({ length: abi.DECODED_OCTETS_PER_CALL - 512 }, (_, i) => (i * 89 + 7) & 255);
    const probes = [contextOf(2), contextOf(3), contextOf(2)];
    const { rule, octets } = run(octetsOfBits(WINDOW_SMALLEST, storedOf(piece), ...probes, LAST_EMPTY));
    expect([rule, octets.length]).toEqual([0, piece.length + 3]);
  });
});

/** A reference to a word, in a metablock of however many octets: a copy of `length` octets from beyond all there is. */
function wordOf(length: number, word: number): (octets: number) => readonly Elements[] {
  const code = COPIES.findLastIndex(([least]) => least <= length);
  const [least, copyBits] = COPIES[code] as readonly [number, number];
  const distanceOf = (symbol: number): number => ((2 + (symbol & 1)) << (1 + (symbol >> 1))) - 3;
  let symbol = 0;
  while (distanceOf(symbol + 1) <= word + 1) symbol++;
  const command = code < 8 ? 128 + code : 192 + code - 8;
  return (octets) => [
    WINDOW_SMALLEST,
    lengthOf(octets),
    plainHeaderOf(0),
    simpleOf(LITERALS, [A]),
    simpleOf(COMMANDS, [command, ENDLESS]),
    simpleOf(DISTANCES, [16 + symbol]),
    [
      [0, 1],
      [length - least, copyBits],
      [word + 1 - distanceOf(symbol), 1 + (symbol >> 1)],
    ],
  ];
}

/** A metablock of one literal that tells its context: each has a code of its own, of one symbol. */
function contextOf(mode: number): Elements {
  const contexts = Array.from({ length: 64 }, (_, context) => context);
  return [
    ...lengthOf(1),
    [0, 3],
    [0, 6],
    [mode, 2],
    ...numberOf(64),
    [0, 1],
    ...equalOf(6),
    ...contexts.flatMap((context) => codeOf(context, 6)),
    [0, 1],
    [0, 1],
    ...contexts.flatMap((context) => simpleOf(LITERALS, [context])),
    ...simpleOf(COMMANDS, [LITERAL_AND_COPY_2]),
    ...simpleOf(DISTANCES, [0]),
  ];
}
