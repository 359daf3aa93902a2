/**
 * Codes of sequences (RFC 8878 §3.1.1.3.2.1): what each stands for, and the predefined tables. Made when first needed,
 * for all streams.
 *
 * A symbol's part of an FSE entry: bits 24-31 how many extra bits, 32-63 the value without them. Offset codes 0 and 1
 * are offsets to be repeated; from 2 on, the value is the offset itself.
 */
import { buildFseTable, takeProbabilities } from './fse';
import { LENGTHS_LOG_MAX, OFFSETS_LOG_MAX } from './zstd-state';

// ── what codes are of, in the order of the format ──
export const KIND_LITERAL_LENGTHS: u32 = 0;
export const KIND_OFFSETS: u32 = 1;
export const KIND_MATCH_LENGTHS: u32 = 2;

const LITERAL_LENGTH_CODES: u32 = 36;
const MATCH_LENGTH_CODES: u32 = 53;
const OFFSET_CODES: u32 = 32;
const MATCH_LENGTH_LEAST: u64 = 3;

/** Parts of entries by code. */
const LITERAL_LENGTH_PARTS: usize = memory.data(288, 16);
const MATCH_LENGTH_PARTS: usize = memory.data(424, 16);
const OFFSET_PARTS: usize = memory.data(256, 16);

/** The predefined tables and their accuracy. */
const LITERAL_LENGTHS_PREDEFINED: usize = memory.data(512, 16);
const MATCH_LENGTHS_PREDEFINED: usize = memory.data(512, 16);
const OFFSETS_PREDEFINED: usize = memory.data(256, 16);
const LENGTHS_PREDEFINED_LOG: u32 = 6;
const OFFSETS_PREDEFINED_LOG: u32 = 5;

// biome-ignore format: a table
const literalLengthBits: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
// biome-ignore format: a table
const matchLengthBits: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
// biome-ignore format: a table
const literalLengthProbabilities: usize = memory.data<i16>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
]);
// biome-ignore format: a table
const matchLengthProbabilities: usize = memory.data<i16>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
]);
// biome-ignore format: a table
const offsetProbabilities: usize = memory.data<i16>([
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
]);
const OFFSETS_PREDEFINED_CODES: u32 = 29;

let made = false;

/** Values of codes follow each other without gap: each begins where the one before ends. */
function makeParts(parts: usize, bits: usize, count: u32, value: u64): void {
  for (let code: u32 = 0; code < count; code++) {
    const extra = <u64>load<u8>(bits + code);
    store<u64>(parts + (code << 3), (value << 32) | (extra << 24));
    value += (<u64>1) << extra;
  }
}

/** Makes the constants of this file usable. */
export function makeTables(): void {
  if (made) return;
  made = true;
  makeParts(LITERAL_LENGTH_PARTS, literalLengthBits, LITERAL_LENGTH_CODES, 0);
  makeParts(MATCH_LENGTH_PARTS, matchLengthBits, MATCH_LENGTH_CODES, MATCH_LENGTH_LEAST);
  for (let code: u64 = 0; code < OFFSET_CODES; code++) {
    const value: u64 = code < 2 ? code : ((<u64>1) << code) - 3;
    store<u64>(OFFSET_PARTS + ((<usize>code) << 3), (value << 32) | (code << 24));
  }
  takeProbabilities(literalLengthProbabilities, LITERAL_LENGTH_CODES, LENGTHS_PREDEFINED_LOG);
  buildFseTable(LITERAL_LENGTHS_PREDEFINED, LITERAL_LENGTH_PARTS);
  takeProbabilities(matchLengthProbabilities, MATCH_LENGTH_CODES, LENGTHS_PREDEFINED_LOG);
  buildFseTable(MATCH_LENGTHS_PREDEFINED, MATCH_LENGTH_PARTS);
  takeProbabilities(offsetProbabilities, OFFSETS_PREDEFINED_CODES, OFFSETS_PREDEFINED_LOG);
  buildFseTable(OFFSETS_PREDEFINED, OFFSET_PARTS);
}

/** How many codes there are. */
export function codesOf(kind: u32): u32 {
  if (kind == KIND_OFFSETS) return OFFSET_CODES;
  return kind == KIND_LITERAL_LENGTHS ? LITERAL_LENGTH_CODES : MATCH_LENGTH_CODES;
}

export function partsOf(kind: u32): usize {
  if (kind == KIND_OFFSETS) return OFFSET_PARTS;
  return kind == KIND_LITERAL_LENGTHS ? LITERAL_LENGTH_PARTS : MATCH_LENGTH_PARTS;
}

/** Accuracy of a table at most. */
export function logMaxOf(kind: u32): u32 {
  return kind == KIND_OFFSETS ? OFFSETS_LOG_MAX : LENGTHS_LOG_MAX;
}

export function predefinedOf(kind: u32): usize {
  if (kind == KIND_OFFSETS) return OFFSETS_PREDEFINED;
  return kind == KIND_LITERAL_LENGTHS ? LITERAL_LENGTHS_PREDEFINED : MATCH_LENGTHS_PREDEFINED;
}

export function predefinedLogOf(kind: u32): u32 {
  return kind == KIND_OFFSETS ? OFFSETS_PREDEFINED_LOG : LENGTHS_PREDEFINED_LOG;
}
