/**
 * Context maps (RFC 7932 §7.3), the room for the tables of a metablock, and reading its prefix codes into them (§9.3).
 */
import { RULE_CODING_BROTLI_CONTEXT_MAP, RULE_CODING_MEMORY } from '../abi';
import { allocate, release } from '../memory';
import { enterBlock } from './brotli-blocks';
import { beginCode, noSymbol, takeSymbol } from './brotli-codes';
import { takeNumber } from './brotli-header';
import {
  Brotli,
  CATEGORIES,
  COMMANDS,
  COMMAND_SYMBOLS,
  COMMAND_TABLE_OCTETS,
  DISTANCES,
  DISTANCE_CONTEXTS,
  DISTANCE_TABLE_OCTETS,
  LITERALS,
  LITERAL_CONTEXTS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE_OCTETS,
  ROOT_BITS,
  STATE_COMMAND,
  STATE_MAP,
  STATE_MAP_MOVED,
  STATE_MAP_RUN,
  STATE_MAP_RUNS,
  STATE_NEXT_TABLE,
  STATE_TABLES,
  STATE_TREES,
  distanceMapOf,
  fetch,
  literalMapOf,
  scratchOf,
  takeBits,
  treesOf,
  typesOf,
} from './brotli-state';
import { TABLE_COMMANDS, TABLE_DISTANCES, TABLE_LITERALS, TABLE_SCRATCH } from './brotli-tables';
import { STEP_INPUT, STEP_ON } from './state';

// Scratch of one `undoMoves`: trees in the order of their last use.
const moved: usize = memory.data(256, 16);

function mapOf(d: Brotli): usize {
  return d.category == LITERALS ? literalMapOf(d) : distanceMapOf(d);
}

/** How many prefix codes the contexts of literals, then of distances, share. */
export function readTrees(d: Brotli): u32 {
  const trees = takeNumber(d);
  if (!trees) return STEP_INPUT;
  const isLiterals = d.category == LITERALS;
  if (isLiterals) d.literalTrees = trees;
  else d.distanceTrees = trees;
  d.mapTrees = trees;
  d.mapAt = 0;
  d.mapOctets = typesOf(d, d.category) * (isLiterals ? LITERAL_CONTEXTS : DISTANCE_CONTEXTS);
  if (trees == 1) {
    memory.fill(mapOf(d), 0, d.mapOctets);
    endMap(d);
  } else {
    d.state = STATE_MAP_RUNS;
  }
  return STEP_ON;
}

function endMap(d: Brotli): void {
  const isLiterals = d.category == LITERALS;
  d.category = DISTANCES;
  d.state = isLiterals ? STATE_TREES : STATE_TABLES;
}

/** Whether zeros come in runs, and the code of the map. */
export function readMapRuns(d: Brotli): u32 {
  if (!fetch(d, 1)) return STEP_INPUT;
  let runsMax: u32 = 0;
  if (<u32>d.hold & 1) {
    if (!fetch(d, 5)) return STEP_INPUT;
    takeBits(d, 1);
    runsMax = takeBits(d, 4) + 1;
  } else {
    takeBits(d, 1);
  }
  d.runsMax = runsMax;
  beginCode(d, TABLE_SCRATCH, d.mapTrees + runsMax, scratchOf(d), STATE_MAP);
  return STEP_ON;
}

export function readMap(d: Brotli): u32 {
  const map = mapOf(d);
  const octets = d.mapOctets;
  const scratch = scratchOf(d);
  while (d.mapAt < octets) {
    if (d.state == STATE_MAP) {
      const entry = takeSymbol<u32>(d, scratch, ROOT_BITS);
      if (entry == noSymbol<u32>()) return STEP_INPUT;
      const symbol = entry >>> 8;
      if (!symbol || symbol > d.runsMax) {
        store<u8>(map + d.mapAt++, <u8>(symbol ? symbol - d.runsMax : 0));
        continue;
      }
      d.pending = symbol;
      d.state = STATE_MAP_RUN;
    }
    if (!fetch(d, d.pending)) return STEP_INPUT;
    const run = (1 << d.pending) + takeBits(d, d.pending);
    if (d.mapAt + run > octets) return RULE_CODING_BROTLI_CONTEXT_MAP;
    memory.fill(map + d.mapAt, 0, run);
    d.mapAt += run;
    d.state = STATE_MAP;
  }
  d.state = STATE_MAP_MOVED;
  return STEP_ON;
}

/** Whether the map is by order of last use. */
export function readMapMoved(d: Brotli): u32 {
  if (!fetch(d, 1)) return STEP_INPUT;
  if (takeBits(d, 1)) undoMoves(mapOf(d), d.mapOctets);
  endMap(d);
  return STEP_ON;
}

function undoMoves(map: usize, octets: u32): void {
  for (let i: u32 = 0; i < 256; i++) store<u8>(moved + i, <u8>i);
  for (const end = map + octets; map < end; map++) {
    const place = <usize>load<u8>(map);
    const tree = load<u8>(moved + place);
    store<u8>(map, tree);
    if (place) {
      memory.copy(moved + 1, moved, place);
      store<u8>(moved, tree);
    }
  }
}

// ── prefix codes of literals, commands, distances ──

function treesIn(d: Brotli, category: u32): u32 {
  if (category == COMMANDS) return typesOf(d, COMMANDS);
  return category == LITERALS ? d.literalTrees : d.distanceTrees;
}

/** Makes room for the tables of the metablock: what any codes may need, for as many as there are. */
export function beginTables(d: Brotli): u32 {
  const octets =
    treesIn(d, COMMANDS) * COMMAND_TABLE_OCTETS +
    treesIn(d, DISTANCES) * DISTANCE_TABLE_OCTETS +
    treesIn(d, LITERALS) * LITERAL_TABLE_OCTETS;
  if (octets > d.tablesOctets) {
    freeTables(d);
    const tables = allocate(octets);
    if (!tables) return RULE_CODING_MEMORY;
    d.tables = tables;
    d.tablesOctets = octets;
  }
  d.tablesAt = d.tables;
  d.category = LITERALS;
  d.tree = 0;
  d.state = STATE_NEXT_TABLE;
  return STEP_ON;
}

export function freeTables(d: Brotli): void {
  if (d.tables) release(d.tables);
  d.tables = 0;
  d.tablesOctets = 0;
}

/** The next prefix code, or, after the last one, the first command. */
export function readNextTable(d: Brotli): u32 {
  if (d.tree == treesIn(d, d.category)) {
    d.tree = 0;
    d.category++;
    if (d.category == CATEGORIES) {
      for (let category: u32 = 0; category < CATEGORIES; category++) enterBlock(d, category);
      d.insert = 0;
      d.state = STATE_COMMAND;
    }
    return STEP_ON;
  }
  // Entries of eight octets stand on their alignment.
  const table = d.category == LITERALS ? d.tablesAt : (d.tablesAt + 7) & ~7;
  store<u32>(treesOf(d, d.category) + (d.tree++ << 2), <u32>table);
  if (d.category == LITERALS) {
    beginCode(d, TABLE_LITERALS, LITERAL_SYMBOLS, table, STATE_NEXT_TABLE);
  } else if (d.category == COMMANDS) {
    beginCode(d, TABLE_COMMANDS, COMMAND_SYMBOLS, table, STATE_NEXT_TABLE);
  } else {
    const symbols = 16 + d.directCodes + (48 << d.postfixBits);
    beginCode(d, TABLE_DISTANCES, symbols, table, STATE_NEXT_TABLE);
  }
  return STEP_ON;
}
