/** The header of the sequences section of a compressed block (RFC 8878 §3.1.1.3.2): how many, and their three tables. */
import {
  RULE_CODING_ZSTD_FSE_TABLE,
  RULE_CODING_ZSTD_NO_TABLE,
  RULE_CODING_ZSTD_RESERVED,
  RULE_CODING_ZSTD_SEQUENCES,
} from '../abi';
import { buildFseTable, logRead, readProbabilities } from './fse';
import { STEP_ON } from './state';
import { appendLiterals, executeSequences } from './zstd-execute';
import { Zstd, ownTableOf, setTable, tableOf } from './zstd-state';
import {
  KIND_LITERAL_LENGTHS,
  KIND_MATCH_LENGTHS,
  KIND_OFFSETS,
  codesOf,
  logMaxOf,
  makeTables,
  partsOf,
  predefinedLogOf,
  predefinedOf,
} from './zstd-tables';

const MODE_PREDEFINED: u32 = 0;
const MODE_RLE: u32 = 1;
const MODE_FSE: u32 = 2;

/** Behind the description of the table that was read last. */
let tableEnd: usize = 0;

/**
 * Reads the section [from, end), which ends the block, and appends what its sequences make of the literals. Answers
 * STEP_ON or the rule that was broken.
 */
export function readSequences(z: Zstd, from: usize, end: usize): u32 {
  if (from == end) return RULE_CODING_ZSTD_SEQUENCES;
  let count = <u32>load<u8>(from++);
  if (count == 255) {
    if (end - from < 2) return RULE_CODING_ZSTD_SEQUENCES;
    count = <u32>load<u16>(from, 0, 1) + 0x7f00;
    from += 2;
  } else if (count >= 128) {
    if (from == end) return RULE_CODING_ZSTD_SEQUENCES;
    count = ((count - 128) << 8) | <u32>load<u8>(from++);
  }
  if (!count) return from == end ? appendLiterals(z) : RULE_CODING_ZSTD_SEQUENCES;
  if (from == end) return RULE_CODING_ZSTD_SEQUENCES;
  const modes = <u32>load<u8>(from);
  if (modes & 3) return RULE_CODING_ZSTD_RESERVED;
  makeTables();
  tableEnd = from + 1;
  let step = readTable(z, KIND_LITERAL_LENGTHS, modes >>> 6, end);
  if (step == STEP_ON) step = readTable(z, KIND_OFFSETS, (modes >>> 4) & 3, end);
  if (step == STEP_ON) step = readTable(z, KIND_MATCH_LENGTHS, (modes >>> 2) & 3, end);
  return step == STEP_ON ? executeSequences(z, tableEnd, end, count) : step;
}

/** Reads a table's description at `tableEnd` and puts it in force. */
function readTable(z: Zstd, kind: u32, mode: u32, end: usize): u32 {
  if (mode == MODE_PREDEFINED) {
    setTable(z, kind, predefinedOf(kind), predefinedLogOf(kind));
    return STEP_ON;
  }
  const own = ownTableOf(z, kind);
  if (mode == MODE_RLE) {
    if (tableEnd == end) return RULE_CODING_ZSTD_SEQUENCES;
    const code = <u32>load<u8>(tableEnd++);
    if (code >= codesOf(kind)) return RULE_CODING_ZSTD_FSE_TABLE;
    store<u64>(own, load<u64>(partsOf(kind) + (code << 3)));
    setTable(z, kind, own, 0);
    return STEP_ON;
  }
  if (mode == MODE_FSE) {
    const octets = readProbabilities(tableEnd, end, codesOf(kind), logMaxOf(kind));
    if (!octets) return RULE_CODING_ZSTD_FSE_TABLE;
    tableEnd += octets;
    buildFseTable(own, partsOf(kind));
    setTable(z, kind, own, logRead());
    return STEP_ON;
  }
  return tableOf(z, kind) ? STEP_ON : RULE_CODING_ZSTD_NO_TABLE;
}
