/** Writes brotli streams element by element (RFC 7932 §9), so that a test can say what no encoder would. */

/** Elements as [value, bits], in order; ALIGN among them is zeros up to the next octet. */
export type Elements = readonly (readonly [value: number, bits: number])[];
const TO_OCTET = -1;
export const ALIGN: Elements = [[0, TO_OCTET]];

/** The octets of elements, the first bit lowest; what is left of the last octet is zero. */
export function octetsOfBits(...parts: readonly Elements[]): Uint8Array {
  const octets: number[] = [];
  let bits = 0;
  for (const [value, given] of parts.flat()) {
    const count = given === TO_OCTET ? (8 - (bits % 8)) % 8 : given;
    for (let i = 0; i < count; i++, bits++) {
      if (bits % 8 === 0) octets.push(0);
      const last = octets.length - 1;
      octets[last] = (octets[last] as number) | ((Math.floor(value / 2 ** i) & 1) << (bits % 8));
    }
  }
  return Uint8Array.from(octets);
}

/** The stream's header: a window of 2^16 - 16 octets, or of 2^10 - 16. */
export const WINDOW: Elements = [[0, 1]];
export const WINDOW_SMALLEST: Elements = [[0b0100001, 7]];
/** The last metablock, an empty one. */
export const LAST_EMPTY: Elements = [[3, 2]];

/** The length of a metablock that is not the last, and is compressed. */
export const lengthOf = (octets: number, isLast = false): Elements => [
  [isLast ? 1 : 0, 1],
  ...(isLast ? ([[0, 1]] as const) : []),
  [0, 2],
  [octets - 1, 16],
  ...(isLast ? [] : ([[0, 1]] as const)),
];

/** An uncompressed metablock, which is not the last. */
export const storedOf = (octets: Uint8Array): Elements => [
  ...lengthOf(octets.length).slice(0, -1),
  [1, 1],
  ...ALIGN,
  ...[...octets].map((octet) => [octet, 8] as const),
];

/** A number from 1 to 256. */
export function numberOf(value: number): Elements {
  if (value === 1) return [[0, 1]];
  const extraBits = Math.floor(Math.log2(value - 1));
  return [
    [1, 1],
    [extraBits, 3],
    [value - 1 - 2 ** extraBits, extraBits],
  ];
}

export const symbolBitsOf = (symbols: number): number => Math.ceil(Math.log2(symbols));

/** A simple prefix code of one to four symbols; of one, the symbol takes no bits. */
export function simpleOf(symbols: number, chosen: readonly number[], select?: number): Elements {
  return [
    [1, 2],
    [chosen.length - 1, 2],
    ...chosen.map((symbol) => [symbol, symbolBitsOf(symbols)] as const),
    ...(chosen.length === 4 ? ([[select ?? 0, 1]] as const) : []),
  ];
}

/** A complex prefix code in which each of the 2^bits symbols takes as many bits. */
export function equalOf(bits: number): Elements {
  const order = [1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  return [[0, 2], ...order.map((length) => [length === bits ? 2 : 0, 2] as const)];
}

/** A code of `equalOf`, which goes from its highest bit down. */
export const codeOf = (symbol: number, bits: number): Elements =>
  Array.from({ length: bits }, (_, i) => [(symbol >> (bits - 1 - i)) & 1, 1] as const);

/** The header of a metablock with one block type of each category, one code of each, and the codes' parameters. */
export function plainHeaderOf(mode: number, postfixBits = 0, directCodes = 0): Elements {
  return [
    [0, 3],
    [postfixBits, 2],
    [directCodes, 4],
    [mode, 2],
    [0, 2],
  ];
}

export const LITERALS = 256;
export const COMMANDS = 704;
export const DISTANCES = 64;
