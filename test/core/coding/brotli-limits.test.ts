/** Limits, memory and work of brotli: nothing beyond a limit, nothing kept, no input that costs more than its share. */
import { execFileSync } from 'node:child_process';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { INSTRUCTIONS, meter } from '../../../wasm/meter.mjs';
import { BUILDS, octetsOf } from '../../support/core-module.js';
import {
  ALIGN,
  COMMANDS,
  DISTANCES,
  type Elements,
  equalOf,
  LAST_EMPTY,
  LITERALS,
  lengthOf,
  numberOf,
  octetsOfBits,
  simpleOf,
  WINDOW,
} from './brotli-streams.js';
import {
  type Decoded,
  type DecoderCore,
  Decoding,
  decode,
  decodersOf,
  differenceAt,
  everyOctet,
  type Limits,
  loadDecoders,
  numbersOf,
} from './decoding.js';

/** Octets in which literals, short and long matches alternate. */
function mixedOf(count: number, seed = 7, reach = 32768): Buffer {
  const octets = Buffer.alloc(count);
  const next = numbersOf(seed);
  let at = 0;
  while (at < count) {
    const length = Math.min(1 + next(300), count - at);
    const back = 1 + next(reach);
    if (next(3) === 0 || back > at) for (let i = 0; i < length; i++) octets[at + i] = next(256);
    else for (let i = 0; i < length; i++) octets[at + i] = octets[at + i - back] as number;
    at += length;
  }
  return octets;
}

function compressed(content: Uint8Array, quality = 5, windowBits = 22): Buffer {
  return brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: windowBits },
  });
}

/** Octets that are allocated while `input` is decoded, at most. */
function mostLive(core: DecoderCore, input: Uint8Array): number {
  let most = 0;
  const decoding = new Decoding(core, abi.CODING_BROTLI, () => true);
  for (let at = 0; at < input.length; at += 4000) {
    decoding.feed(input, at, Math.min(at + 4000, input.length));
    most = Math.max(most, core.liveOctets());
  }
  expect(decoding.end()).toBe(0);
  expect(core.liveOctets()).toBe(0);
  return most;
}

describe.each(BUILDS)('build %s', (build) => {
  const core = loadDecoders(build, 'codings');
  const run = (input: Uint8Array, limits: Limits): Decoded => decode(core, abi.CODING_BROTLI, input, [], limits);

  test('a body of as many octets as the limit is whole, one more is refused, and the limit is handed out', () => {
    for (const size of [1, 2, 258, 1000, 65023, 65024, 65025, 130048, 130049, 200000]) {
      for (const quality of [0, 6]) {
        const content = mixedOf(size);
        const input = compressed(content, quality);
        expect(run(input, { octets: size }).rule, `${size} octets`).toBe(0);
        const refused = run(input, { octets: size - 1 || 0.5 });
        expect(refused.rule, `${size} octets, one too many`).toBe(abi.RULE_CODING_OCTETS_LIMIT);
        expect(content.subarray(0, Math.max(size - 1, 0)).equals(refused.octets)).toBe(true);
      }
    }
  });

  test('a ratio beyond the limit is refused after one piece, one within it never', () => {
    const bomb = compressed(Buffer.alloc(4 << 20));
    const refused = run(bomb, { ratio: 500 });
    expect(refused.rule).toBe(abi.RULE_CODING_RATIO_LIMIT);
    expect(refused.octets.length).toBeLessThan(abi.DECODED_OCTETS_PER_CALL);
    expect(run(compressed(Buffer.alloc(60000)), { ratio: 2 }).rule).toBe(0);
    expect(run(compressed(mixedOf(1 << 20)), { ratio: 20 }).rule).toBe(0);
  });

  test('limits are met at the same octet however the input is cut', () => {
    const inputs = [
      compressed(Buffer.concat([mixedOf(70000), Buffer.alloc(2 << 18)]), 5, 16),
      compressed(mixedOf(150000), 9, 10),
      compressed(mixedOf(150000), 1),
    ];
    const all: Limits[] = [{ octets: 65024 }, { octets: 100001 }, { ratio: 2 }, { ratio: 2.5 }, { ratio: 3 }];
    const rules = new Set<number>();
    for (const input of inputs) {
      for (const limits of all) {
        const whole = run(input, limits);
        rules.add(whole.rule);
        expect(differenceAt(core, abi.CODING_BROTLI, input, everyOctet(input.length), whole, limits)).toBeNull();
        const next = numbersOf(3);
        for (let i = 0; i < 20; i++) {
          const cuts = [next(input.length), next(input.length)].sort((a, b) => a - b);
          expect(differenceAt(core, abi.CODING_BROTLI, input, cuts, whole, limits)).toBeNull();
        }
      }
    }
    expect([...rules].sort()).toEqual([0, abi.RULE_CODING_OCTETS_LIMIT, abi.RULE_CODING_RATIO_LIMIT]);
  });

  test('windows that go round many times hold what they must', () => {
    for (const [windowBits, reach] of [
      [10, 1008],
      [14, 16368],
      [16, 65520],
      [18, 262128],
    ] as const) {
      const content = mixedOf(900000, windowBits, reach);
      for (const quality of [1, 5, 9]) {
        const input = compressed(content, quality, windowBits);
        const whole = run(input, {});
        expect([whole.rule, content.equals(whole.octets)], `window ${windowBits}, quality ${quality}`).toEqual([
          0,
          true,
        ]);
        const pieces = Array.from({ length: Math.floor(input.length / 1009) }, (_, i) => (i + 1) * 1009);
        expect(differenceAt(core, abi.CODING_BROTLI, input, pieces, whole)).toBeNull();
      }
    }
  });

  test('a call makes at most its share, whatever the data make of a few octets', () => {
    const bomb = compressed(Buffer.alloc(8 << 20));
    const { rule, octets, mostPerCall } = run(bomb, {});
    expect([rule, octets.length]).toEqual([0, 8 << 20]);
    expect(mostPerCall).toBeLessThanOrEqual(abi.DECODED_OCTETS_PER_CALL);
    expect(run(bomb, { octets: 1 << 20 }).rule).toBe(abi.RULE_CODING_OCTETS_LIMIT);
  });

  test('memory follows what was made, not the window that the data announce, and ends with the window', () => {
    expect(mostLive(core, compressed(mixedOf(3000), 5, 24))).toBeLessThan(160 * 1024);
    // A window grows fourfold, so that it is at most that much larger than what was made.
    expect(mostLive(core, compressed(mixedOf(1 << 20), 5, 24))).toBeLessThan(5 << 20);
    expect(mostLive(core, compressed(mixedOf(3 << 20), 5, 16))).toBeLessThan(512 * 1024);
  });

  test('whichever allocation fails, the error says so and all memory comes back', () => {
    const input = compressed(mixedOf(200000), 9);
    const rules: number[] = [];
    for (let n = 0; n < 6; n++) {
      core.failAllocationsAfter(n);
      rules.push(run(input, {}).rule);
      core.failAllocationsAfter(-1);
      expect(core.liveOctets()).toBe(0);
    }
    // State, tables, window and the larger windows after it.
    expect(rules.slice(0, 3)).toEqual(Array(3).fill(abi.RULE_CODING_MEMORY));
    expect(rules.at(-1)).toBe(0);
    expect(new Set(rules)).toEqual(new Set([abi.RULE_CODING_MEMORY, 0]));
  });

  test('decoders side by side do not disturb each other', () => {
    const contents = [5, 9, 11, 1].map((_, i) => mixedOf(70000 + i * 1000, i + 1));
    const bodies = contents.map((content, i) => compressed(content, [5, 9, 10, 1][i] as number, 16 + i));
    const made: Buffer[][] = bodies.map(() => []);
    const decodings = made.map((pieces) => {
      return new Decoding(core, abi.CODING_BROTLI, (piece) => pieces.push(Buffer.from(piece)) > 0);
    });
    for (let at = 0; at < 100000; at += 777) {
      bodies.forEach((body, i) => {
        if (at < body.length) decodings[i]?.feed(body, at, Math.min(at + 777, body.length));
      });
    }
    decodings.forEach((decoding, i) => {
      expect(decoding.end()).toBe(0);
      expect(Buffer.concat(made[i] as Buffer[]).equals(contents[i] as Buffer)).toBe(true);
    });
    expect(core.liveOctets()).toBe(0);
  });
});

// ── work: inputs that are all headers. Instructions per octet are at most these, memory.fill and copy counting as one ──

/** A metablock of one literal in whose header everything is as large as the format allows, and as cheap to send. */
function wasteful(): Elements {
  const codesOf = (count: number, symbols: number): Elements =>
    Array.from({ length: count }, () => simpleOf(symbols, [1])).flat();
  // 256 types of each category; all switches are to the next type, after 16625 elements or more.
  const types = [0, 1, 2].flatMap(
    () => [...numberOf(256), ...simpleOf(258, [1]), ...simpleOf(26, [25]), [0, 24]] as Elements,
  );
  // Every context has the last of 256 codes, by order of last use.
  const map: Elements = [...numberOf(256), [0, 1], ...simpleOf(256, [255]), [1, 1]];
  return [
    ...lengthOf(1),
    ...types,
    [0, 6],
    ...Array.from({ length: 256 }, () => [2, 2] as const),
    ...map,
    ...map,
    ...codesOf(256, LITERALS),
    ...Array.from({ length: 256 }, () => simpleOf(COMMANDS, [136])).flat(),
    ...codesOf(256, DISTANCES),
  ];
}

const FLOODS: readonly (readonly [string, number, Elements])[] = [
  ['empty metadata', 600, [[0, 1], [3, 2], [0, 1], [0, 2], ...ALIGN]],
  ['uncompressed metablocks of one octet', 250, [...lengthOf(1).slice(0, -1), [1, 1], ...ALIGN, [0x61, 8]]],
  ['the largest headers that few octets make', 5000, wasteful()],
  [
    'complex codes of equal lengths',
    6500,
    [
      ...lengthOf(1),
      [0, 3],
      [0, 6],
      [0, 2],
      [0, 2],
      ...equalOf(8),
      ...simpleOf(COMMANDS, [136]),
      ...simpleOf(DISTANCES, [0]),
      [0, 8],
    ],
  ],
];

test.each(FLOODS)('a flood of %s takes at most %d instructions an octet', (name, most, elements) => {
  const once = octetsOfBits(elements).length;
  const times = Math.ceil(60000 / once);
  const input = octetsOfBits(WINDOW, ...Array<Elements>(times).fill(elements), LAST_EMPTY);
  const core = decodersOf(meter(octetsOf('release', 'codings')));
  const counter = (core as DecoderCore & Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;
  const { rule } = decode(core, abi.CODING_BROTLI, input);
  expect(rule).toBe(0);
  const cost = Number(counter.value) / input.length;
  console.log(`${name}: ${cost.toFixed(0)} instructions an octet`);
  expect(cost).toBeLessThanOrEqual(most);
});

test('the generated tables are what the generator writes', () => {
  const generator = new URL('../../../wasm/generate-brotli-dictionary.mjs', import.meta.url).pathname;
  execFileSync(process.execPath, [generator, '--check'], { stdio: 'pipe' });
});
