/**
 * Writes zstd frames part by part (RFC 8878), so that tests can say what a compressor never would. Sequences have one code
 * each for literal lengths, offsets and match lengths (RLE mode): their extra bits vary.
 */

export const MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];

/** A number's octets, lowest first. */
export function littleEndian(value: number | bigint, octets: number): number[] {
  return Array.from({ length: octets }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
}

export interface FrameHeader {
  /** Window descriptor; `null`: single segment. */
  readonly window?: number | null;
  readonly contentSize?: number;
  /** Octets that the size of the content has. */
  readonly contentSizeOctets?: 1 | 2 | 4 | 8;
  readonly dictionary?: readonly number[];
  readonly checksum?: boolean;
  /** More bits of the descriptor. */
  readonly bits?: number;
}

/** Magic number and frame header; without anything said, a window of 8 KiB and no size. */
export function header(options: FrameHeader = {}): number[] {
  const window = options.window === undefined ? 3 << 3 : options.window;
  const dictionary = options.dictionary ?? [];
  const sizeOctets = options.contentSize === undefined ? 0 : (options.contentSizeOctets ?? 4);
  const sizeCode = { 0: 0, 1: 0, 2: 1, 4: 2, 8: 3 }[sizeOctets];
  const dictionaryCode = [0, 1, 2, 2, 3][dictionary.length] as number;
  const single = window === null ? 32 : 0;
  const checksum = options.checksum ? 4 : 0;
  return [
    ...MAGIC,
    (sizeCode << 6) | single | checksum | dictionaryCode | (options.bits ?? 0),
    ...(window === null ? [] : [window]),
    ...dictionary,
    ...littleEndian((options.contentSize ?? 0) - (sizeOctets === 2 ? 256 : 0), sizeOctets),
  ];
}

export const RAW = 0;
export const RLE = 1;
export const COMPRESSED = 2;

/** A block's header. */
export function blockHeader(type: number, size: number, last: boolean): number[] {
  return littleEndian((size << 3) | (type << 1) | (last ? 1 : 0), 3);
}

export const raw = (content: ArrayLike<number>, last = true): number[] => [
  ...blockHeader(RAW, content.length, last),
  ...Array.from(content),
];
export const rle = (octet: number, size: number, last = true): number[] => [...blockHeader(RLE, size, last), octet];
export const compressed = (content: readonly number[], last = true): number[] => [
  ...blockHeader(COMPRESSED, content.length, last),
  ...content,
];

export const skippable = (content: readonly number[], number = 0): number[] => [
  0x50 + number,
  0x2a,
  0x4d,
  0x18,
  ...littleEndian(content.length, 4),
  ...content,
];

/** Literals section of octets as they are. */
export const rawLiterals = (octets: ArrayLike<number>): number[] => [
  ...littleEndian((octets.length << 4) | 0b1100, 3),
  ...Array.from(octets),
];

/** Fields of a stream that is read backwards, in the order of reading. */
export class BackwardBits {
  #bits = '1';

  number(value: number, bits: number): this {
    if (bits > 0) this.#bits += value.toString(2).padStart(bits, '0').slice(-bits);
    return this;
  }

  code(code: string): this {
    this.#bits += code;
    return this;
  }

  octets(): number[] {
    const octets: number[] = [];
    for (let end = this.#bits.length; end > 0; end -= 8) {
      octets.push(Number.parseInt(this.#bits.slice(Math.max(0, end - 8), end), 2));
    }
    return octets;
  }
}

/** Extra bits of the codes, and what they stand for without them (RFC 8878 §3.1.1.3.2.1.1). */
const LITERAL_BITS = [
  ...Array<number>(16).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const MATCH_BITS = [
  ...Array<number>(32).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const valuesOf = (bits: readonly number[], first: number): number[] => {
  const values = [first];
  for (const count of bits) values.push((values.at(-1) as number) + 2 ** count);
  return values;
};
const LITERAL_VALUES = valuesOf(LITERAL_BITS, 0);
const MATCH_VALUES = valuesOf(MATCH_BITS, 3);

export interface Codes {
  readonly literals: number;
  readonly offset: number;
  readonly match: number;
}

/** What extra bits are added to, of each kind, and how many they are. */
export const codeOf = (codes: Codes) => ({
  literals: { value: LITERAL_VALUES[codes.literals] as number, bits: LITERAL_BITS[codes.literals] as number },
  offset: { value: 2 ** codes.offset, bits: codes.offset },
  match: { value: MATCH_VALUES[codes.match] as number, bits: MATCH_BITS[codes.match] as number },
});

/** Extra bits of one sequence: literal length, offset, match length. */
export type Extra = readonly [literals: number, offset: number, match: number];

/** How many sequences follow. */
export function sequenceCount(count: number): number[] {
  if (count < 128) return [count];
  return count < 0x7f00 ? [(count >> 8) + 128, count & 255] : [255, ...littleEndian(count - 0x7f00, 2)];
}

/** Sequences section in RLE mode. */
export function sequences(codes: Codes, extras: readonly Extra[]): number[] {
  const { literals, offset, match } = codeOf(codes);
  const bits = new BackwardBits();
  for (const [literalsExtra, offsetExtra, matchExtra] of extras) {
    bits.number(offsetExtra, offset.bits).number(matchExtra, match.bits).number(literalsExtra, literals.bits);
  }
  return [...sequenceCount(extras.length), 0b01010100, codes.literals, codes.offset, codes.match, ...bits.octets()];
}

interface FseState {
  readonly symbol: number;
  /** The next state is one of 2^bits from `next` on. */
  readonly bits: number;
  readonly next: number;
}

/** The FSE table of some probabilities (RFC 8878 §4.1.1). */
function fseTable(probabilities: readonly number[], log: number): FseState[] {
  const size = 2 ** log;
  const symbols = Array<number>(size).fill(-1);
  let high = size;
  probabilities.forEach((probability, symbol) => {
    if (probability === -1) symbols[--high] = symbol;
  });
  let at = 0;
  probabilities.forEach((probability, symbol) => {
    for (let left = probability; left > 0; left--) {
      symbols[at] = symbol;
      do at = (at + (size >> 1) + (size >> 3) + 3) % size;
      while (at >= high);
    }
  });
  const given = probabilities.map((probability) => Math.abs(probability));
  return symbols.map((symbol) => {
    const share = given[symbol] as number;
    given[symbol] = share + 1;
    const bits = log - Math.floor(Math.log2(share));
    return { symbol, bits, next: share * 2 ** bits - size };
  });
}

/** The predefined tables (RFC 8878 §3.1.1.3.2.2): runs of [probability, how many symbols]. */
const runs = (...pairs: readonly (readonly [number, number])[]): number[] =>
  pairs.flatMap(([probability, count]) => Array<number>(count).fill(probability));
const PREDEFINED = {
  literals: fseTable(runs([4, 1], [3, 1], [2, 11], [1, 3], [2, 9], [3, 1], [2, 1], [1, 5], [-1, 4]), 6),
  offset: fseTable(runs([1, 6], [2, 3], [1, 15], [-1, 5]), 5),
  match: fseTable(runs([1, 1], [4, 1], [3, 1], [2, 6], [1, 37], [-1, 7]), 6),
};

/** States that give `symbols` one after the other: each, and the bits that lead to it from the one before. */
function statesOf(
  table: readonly FseState[],
  symbols: readonly number[],
): { state: number; bits: readonly [number, number] }[] {
  let next = table.findIndex(({ symbol }) => symbol === symbols.at(-1));
  const states = [{ state: next, bits: [0, 0] as readonly [number, number] }];
  for (const wanted of symbols.slice(0, -1).reverse()) {
    const state = table.findIndex(
      (one) => one.symbol === wanted && one.next <= next && next < one.next + 2 ** one.bits,
    );
    const { bits, next: base } = table[state] as FseState;
    (states[0] as (typeof states)[0]).bits = [next - base, bits];
    states.unshift({ state, bits: [0, 0] });
    next = state;
  }
  return states;
}

/** Sequences section with the predefined tables: each sequence has codes of its own. */
export function predefinedSequences(list: readonly { readonly codes: Codes; readonly extra: Extra }[]): number[] {
  const literals = statesOf(
    PREDEFINED.literals,
    list.map(({ codes }) => codes.literals),
  );
  const offsets = statesOf(
    PREDEFINED.offset,
    list.map(({ codes }) => codes.offset),
  );
  const matches = statesOf(
    PREDEFINED.match,
    list.map(({ codes }) => codes.match),
  );
  const bits = new BackwardBits();
  bits.number(literals[0]?.state as number, 6).number(offsets[0]?.state as number, 5);
  bits.number(matches[0]?.state as number, 6);
  list.forEach(({ codes, extra: [literalsExtra, offsetExtra, matchExtra] }, i) => {
    const { literals: literal, offset, match } = codeOf(codes);
    bits.number(offsetExtra, offset.bits).number(matchExtra, match.bits).number(literalsExtra, literal.bits);
    for (const states of [literals, matches, offsets]) bits.number(...(states[i + 1]?.bits ?? ([0, 0] as const)));
  });
  return [...sequenceCount(list.length), 0, ...bits.octets()];
}

/** Codes of Huffman weights by symbol (RFC 8878 §4.2.1), the last weight included. */
export function huffmanCodes(weights: readonly number[]): string[] {
  const log = Math.log2(weights.reduce((sum, weight) => sum + (weight === 0 ? 0 : 2 ** (weight - 1)), 0));
  const codes: string[] = [];
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    weights.forEach((one, symbol) => {
      if (one !== weight) return;
      codes[symbol] = (at >> (weight - 1)).toString(2).padStart(log + 1 - weight, '0');
      at += 2 ** (weight - 1);
    });
  }
  return codes;
}

/** A tree whose weights stand as they are; the last is not written. */
export function directTree(weights: readonly number[]): number[] {
  const written = weights.slice(0, -1);
  const octets: number[] = [];
  for (let i = 0; i < written.length; i += 2) octets.push(((written[i] as number) << 4) | (written[i + 1] ?? 0));
  return [127 + written.length, ...octets];
}

/** Stream of the codes of `symbols`. */
export function codeStream(symbols: readonly number[], codes: readonly string[]): number[] {
  const bits = new BackwardBits();
  for (const symbol of symbols) bits.code(codes[symbol] as string);
  return bits.octets();
}

/** Header of a literals section that is Huffman-coded: type 2 or 3 (treeless), one stream or four. */
export function codedLiterals(type: 2 | 3, streams: 1 | 4, size: number, content: readonly number[]): number[] {
  if (streams === 1) return [...littleEndian(type | (size << 4) | (content.length << 14), 3), ...content];
  return [
    ...littleEndian(BigInt(type | 0b1100) | (BigInt(size) << 4n) | (BigInt(content.length) << 22n), 5),
    ...content,
  ];
}

const U64 = (1n << 64n) - 1n;
const PRIME = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n];
const [P1, P2, P3, P4, P5] = PRIME as [bigint, bigint, bigint, bigint, bigint];
const turned = (value: bigint, by: bigint): bigint => ((value << by) | ((value & U64) >> (64n - by))) & U64;
const round = (lane: bigint, octets: bigint): bigint => (turned((lane + octets * P2) & U64, 31n) * P1) & U64;

/** The checksum of a frame's content: the low half of XXH64. */
export function checksumOf(content: Uint8Array): number {
  const octets = Buffer.from(content);
  let lanes = [(P1 + P2) & U64, P2, 0n, (0n - P1) & U64];
  let at = 0;
  for (; at + 32 <= octets.length; at += 32) {
    lanes = lanes.map((lane, i) => round(lane, octets.readBigUInt64LE(at + 8 * i)));
  }
  let sum = P5;
  if (octets.length >= 32) {
    sum = lanes.reduce((all, lane, i) => (all + turned(lane, [1n, 7n, 12n, 18n][i] as bigint)) & U64, 0n);
    for (const lane of lanes) sum = ((sum ^ round(0n, lane)) * P1 + P4) & U64;
  }
  sum = (sum + BigInt(octets.length)) & U64;
  for (; at + 8 <= octets.length; at += 8) {
    sum = (turned(sum ^ round(0n, octets.readBigUInt64LE(at)), 27n) * P1 + P4) & U64;
  }
  for (; at + 4 <= octets.length; at += 4) {
    sum = (turned(sum ^ ((BigInt(octets.readUInt32LE(at)) * P1) & U64), 23n) * P2 + P3) & U64;
  }
  for (; at < octets.length; at++) sum = (turned(sum ^ ((BigInt(octets[at] as number) * P5) & U64), 11n) * P1) & U64;
  sum = ((sum ^ (sum >> 33n)) * P2) & U64;
  sum = ((sum ^ (sum >> 29n)) * P3) & U64;
  return Number((sum ^ (sum >> 32n)) & 0xffffffffn);
}

/** A frame of random blocks, and its content. `windowLog`: of the window that offsets keep to. */
export function randomFrame(
  next: (below: number) => number,
  size: number,
  windowLog: number,
): { readonly octets: Buffer; readonly content: Buffer } {
  const window = 2 ** windowLog;
  const blockMax = Math.min(window, 131072);
  const content = Buffer.alloc(size + 2 * blockMax);
  const parts: number[][] = [];
  let made = 0;
  const literal = (count: number): number[] => {
    const symbols = 1 + next(256);
    return Array.from({ length: count }, () => next(symbols));
  };
  while (made < size) {
    const kind = made === 0 ? RAW : next(6);
    if (kind === RAW || kind === RLE) {
      const count = next(Math.min(blockMax, 2000)) + 1;
      const octets = kind === RAW ? literal(count) : Array<number>(count).fill(next(256));
      parts.push(kind === RAW ? raw(octets, false) : rle(octets[0] as number, count, false));
      content.set(octets, made);
      made += count;
      continue;
    }
    const far = Math.floor(Math.log2(Math.min(window, made) + 4)) - 1;
    const codes = { literals: next(22), offset: 2 + next(Math.max(1, far - 1)), match: next(next(3) === 0 ? 46 : 36) };
    const { literals, offset, match } = codeOf(codes);
    const extras: Extra[] = [];
    const literalOctets: number[] = [];
    const from = made;
    for (let left = 1 + next(40); left > 0; left--) {
      const extra: Extra = [next(2 ** literals.bits), next(2 ** offset.bits), next(2 ** match.bits)];
      const distance = offset.value + extra[1] - 3;
      const [run, length] = [literals.value + extra[0], match.value + extra[2]];
      if (made - from + run + length > blockMax || distance > Math.min(made + run, window)) break;
      const octets = literal(run);
      literalOctets.push(...octets);
      content.set(octets, made);
      made += run;
      for (let i = 0; i < length; i++, made++) content[made] = content[made - distance] as number;
      extras.push(extra);
    }
    const rest = literal(Math.min(next(30), blockMax - (made - from)));
    content.set(rest, made);
    made += rest.length;
    const section = extras.length === 0 ? [0] : sequences(codes, extras);
    parts.push(compressed([...rawLiterals([...literalOctets, ...rest]), ...section], false));
  }
  const whole = content.subarray(0, made);
  const octets = [
    ...header({ window: (windowLog - 10) << 3, checksum: true }),
    ...parts.flat(),
    ...raw([], true),
    ...littleEndian(checksumOf(whole), 4),
  ];
  return { octets: Buffer.from(octets), content: whole };
}
