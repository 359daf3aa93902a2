/**
 * Brotli (RFC 7932): the machine that walks metablocks and can stop and go on after any octet of input or output.
 *
 * | states                             | what they read                                | what follows                   |
 * | ---------------------------------- | --------------------------------------------- | ------------------------------ |
 * | WINDOW                             | the stream's header                           | METABLOCK                      |
 * | METABLOCK … STORED_BIT             | a metablock's kind and length                 | SKIP, STORED, TYPES, FINISH    |
 * | METADATA, METADATA_LENGTH, SKIP    | metadata                                      | METABLOCK, FINISH              |
 * | STORED                             | octets as they are                            | METABLOCK                      |
 * | TYPES … MAP_MOVED                  | block types, context maps                     | TABLES                         |
 * | TABLES, NEXT_TABLE                 | all prefix codes of the metablock             | COMMAND                        |
 * | CODE … LENGTHS                     | one prefix code                               | whatever needed it             |
 * | COMMAND, COMMAND_EXTRA             | how many literals, how long a copy            | LITERALS                       |
 * | LITERALS                           | literals                                      | DISTANCE; METABLOCK, FINISH    |
 * | DISTANCE, DISTANCE_EXTRA           | the distance of the copy                      | REFERENCE                      |
 * | REFERENCE                          | nothing: tells copies from words              | COPY, WORD                     |
 * | COPY, WORD                         | nothing: appends what there is room for       | COMMAND; METABLOCK, FINISH     |
 * | SWITCH_TYPE … SWITCH_EXTRA         | the next block of a category                  | what needed it                 |
 * | FINISH, ENDED                      | padding; nothing                              | ENDED                          |
 *
 * Between two elements of the format at most seven bits are held, so that the octets taken are the same however the
 * input was cut. Validity is that of the reference decoder. Windows beyond 16 MiB (the "large window" extension) are
 * refused; shared dictionaries are a coding of their own.
 */
import {
  RULE_CODING_BROTLI_DISTANCE,
  RULE_CODING_BROTLI_METABLOCK,
  RULE_CODING_BROTLI_WORD,
  RULE_CODING_TRAILING,
} from '../abi';
import { endBlock, readSwitch } from './brotli-blocks';
import { noSymbol, readCode, takeSymbol } from './brotli-codes';
import { FAST_INPUT_OCTETS, brotliFast } from './brotli-fast';
import {
  finish,
  readDistanceBits,
  readLength,
  readMetablock,
  readMetadata,
  readModes,
  readStoredBit,
  readTypeCodes,
  readTypes,
  readWindow,
  skipMetadata,
} from './brotli-header';
import { beginTables, freeTables, readMap, readMapMoved, readMapRuns, readNextTable, readTrees } from './brotli-maps';
import {
  Brotli,
  COMMANDS,
  DISTANCES,
  LITERALS,
  ROOT_BITS,
  STATE_CODE,
  STATE_COMMAND,
  STATE_COMMAND_EXTRA,
  STATE_COPY,
  STATE_COUNT_CODE,
  STATE_DISTANCE,
  STATE_DISTANCE_BITS,
  STATE_DISTANCE_EXTRA,
  STATE_ENDED,
  STATE_FINISH,
  STATE_LAST_EMPTY,
  STATE_LENGTH,
  STATE_LITERALS,
  STATE_MAP,
  STATE_MAP_MOVED,
  STATE_MAP_RUN,
  STATE_MAP_RUNS,
  STATE_METABLOCK,
  STATE_METADATA,
  STATE_METADATA_LENGTH,
  STATE_MODES,
  STATE_NEXT_TABLE,
  STATE_NIBBLES,
  STATE_REFERENCE,
  STATE_SKIP,
  STATE_STORED,
  STATE_STORED_BIT,
  STATE_SWITCH_EXTRA,
  STATE_SWITCH_TYPE,
  STATE_TABLES,
  STATE_TREES,
  STATE_TYPES,
  STATE_TYPE_CODE,
  STATE_WINDOW,
  STATE_WORD,
  distanceTablesOf,
  fetch,
  literalTablesOf,
  recentDistance,
  setRecentDistance,
  takeBits,
  wordOf,
} from './brotli-state';
import { COMMAND_IMPLICIT, DISTANCE_NEW } from './brotli-tables';
import { NO_WORD, writeWord } from './brotli-words';
import { copyFromOlder, makeRoom, repeatOctets } from './history';
import { STEP_INPUT, STEP_ON } from './state';

/** The distances there are at the start, last one last (RFC 7932 §4). */
const FIRST_DISTANCES: usize = memory.data<u32>([16, 15, 11, 4]);

export function beginBrotli(d: Brotli): void {
  d.state = STATE_WINDOW;
  memory.copy(changetype<usize>(d) + offsetof<Brotli>('recent0'), FIRST_DISTANCES, 16);
}

export function freeBrotli(d: Brotli): void {
  freeTables(d);
}

/** Decodes until input or room is wanting or a rule is broken. Answers STEP_INPUT, STEP_FULL, or RULE_*. */
export function stepBrotli(d: Brotli): u32 {
  let step: u32;
  do {
    if (d.state <= STATE_STORED) step = stepData(d);
    else step = d.state >= STATE_CODE && d.state < STATE_FINISH ? readCode(d) : stepHeader(d);
  } while (step == STEP_ON);
  return step;
}

/** One step in the states of a metablock's content. */
function stepData(d: Brotli): u32 {
  switch (d.state) {
    case STATE_COMMAND:
      return readCommand(d);
    case STATE_COMMAND_EXTRA:
      return readCommandExtra(d);
    case STATE_LITERALS:
      return readLiterals(d);
    case STATE_DISTANCE:
      return readDistance(d);
    case STATE_DISTANCE_EXTRA:
      return readDistanceExtra(d);
    case STATE_REFERENCE:
      return resolveReference(d);
    case STATE_COPY:
      return copy(d);
    case STATE_WORD:
      return copyWord(d);
    case STATE_STORED:
      return copyStored(d);
    default:
      assert(d.state >= STATE_SWITCH_TYPE && d.state <= STATE_SWITCH_EXTRA, 'stepBrotli: no such state');
      return readSwitch(d);
  }
}

/** One step in the states of headers. */
function stepHeader(d: Brotli): u32 {
  switch (d.state) {
    case STATE_WINDOW:
      return readWindow(d);
    case STATE_METABLOCK:
    case STATE_LAST_EMPTY:
    case STATE_NIBBLES:
      return readMetablock(d);
    case STATE_LENGTH:
      return readLength(d);
    case STATE_STORED_BIT:
      return readStoredBit(d);
    case STATE_METADATA:
    case STATE_METADATA_LENGTH:
      return readMetadata(d);
    case STATE_SKIP:
      return skipMetadata(d);
    case STATE_TYPES:
      return readTypes(d);
    case STATE_TYPE_CODE:
    case STATE_COUNT_CODE:
      return readTypeCodes(d);
    case STATE_DISTANCE_BITS:
      return readDistanceBits(d);
    case STATE_MODES:
      return readModes(d);
    case STATE_TREES:
      return readTrees(d);
    case STATE_MAP_RUNS:
      return readMapRuns(d);
    case STATE_MAP:
    case STATE_MAP_RUN:
      return readMap(d);
    case STATE_MAP_MOVED:
      return readMapMoved(d);
    case STATE_TABLES:
      return beginTables(d);
    case STATE_NEXT_TABLE:
      return readNextTable(d);
    case STATE_FINISH:
      return finish(d);
    default:
      assert(d.state == STATE_ENDED, 'stepBrotli: no such state');
      return d.input == d.inputEnd ? STEP_INPUT : RULE_CODING_TRAILING;
  }
}

/** The metablock has made all its octets. */
function endMetablock(d: Brotli): u32 {
  d.state = d.last ? STATE_FINISH : STATE_METABLOCK;
  return STEP_ON;
}

/** True if the fast loop has what it needs: input, room, and two octets of context that stand before `out`. */
function isFast(d: Brotli): bool {
  return d.inputEnd - d.input >= FAST_INPUT_OCTETS && d.out - d.run >= 2 && d.out != d.outEnd;
}

function readCommand(d: Brotli): u32 {
  if (!d.left) return endMetablock(d);
  if (!d.commandsLeft) {
    endBlock(d, COMMANDS);
    return STEP_ON;
  }
  if (isFast(d)) return brotliFast(d);
  const entry = takeSymbol<u64>(d, d.commandTable, ROOT_BITS);
  if (entry == noSymbol<u64>()) return STEP_INPUT;
  d.commandsLeft--;
  d.command = <u32>entry;
  const high = <u32>(entry >> 32);
  d.insert = high & 0xffff;
  d.copy = high >>> 16;
  d.state = STATE_COMMAND_EXTRA;
  return STEP_ON;
}

function readCommandExtra(d: Brotli): u32 {
  const insertBits = (d.command >>> 8) & 255;
  const copyBits = (d.command >>> 16) & 31;
  if (!fetch(d, insertBits + copyBits)) return STEP_INPUT;
  d.insert += takeBits(d, insertBits);
  d.copy += takeBits(d, copyBits);
  d.state = STATE_LITERALS;
  return d.insert > d.left ? RULE_CODING_BROTLI_METABLOCK : STEP_ON;
}

function readLiterals(d: Brotli): u32 {
  while (d.insert) {
    if (!d.literalsLeft) {
      endBlock(d, LITERALS);
      return STEP_ON;
    }
    if (d.out == d.outEnd) {
      const step = makeRoom(d, d.reach);
      if (step != STEP_ON) return step;
    }
    if (isFast(d)) return brotliFast(d);
    const entry = takeSymbol<u16>(d, d.literalTable ? d.literalTable : tableByContext(d), ROOT_BITS);
    if (entry == noSymbol<u16>()) return STEP_INPUT;
    store<u8>(d.out++, <u8>(entry >>> 8));
    d.left--;
    d.insert--;
    d.literalsLeft--;
  }
  if (!d.left) return endMetablock(d);
  d.state = STATE_DISTANCE;
  return STEP_ON;
}

/** The table of the next literal, by the two octets before it; before the data there are zeros. */
function tableByContext(d: Brotli): usize {
  const context = <usize>(<u32>load<u8>(d.mode + octetBefore(d, 1)) | <u32>load<u8>(d.mode + 256 + octetBefore(d, 2)));
  return load<u32>(literalTablesOf(d) + (context << 2));
}

function octetBefore(d: Brotli, distance: usize): usize {
  const inRun = d.out - d.run;
  if (distance <= inRun) return load<u8>(d.out - distance);
  return d.olderEnd ? load<u8>(d.olderEnd - (distance - inRun)) : 0;
}

function readDistance(d: Brotli): u32 {
  if (d.command & COMMAND_IMPLICIT) {
    d.distance = recentDistance(d, d.recentAt, 1);
    d.isNew = 0;
    d.state = STATE_REFERENCE;
    return STEP_ON;
  }
  if (!d.distancesLeft) {
    endBlock(d, DISTANCES);
    return STEP_ON;
  }
  const table = load<u32>(distanceTablesOf(d) + ((<usize>d.command >>> 24) << 2));
  const entry = takeSymbol<u64>(d, table, ROOT_BITS);
  if (entry == noSymbol<u64>()) return STEP_INPUT;
  d.distancesLeft--;
  d.distanceEntry = <u32>entry;
  d.distanceBase = <u32>(entry >> 32);
  d.state = STATE_DISTANCE_EXTRA;
  return STEP_ON;
}

function readDistanceExtra(d: Brotli): u32 {
  const extraBits = (d.distanceEntry >>> 8) & 255;
  if (!fetch(d, extraBits)) return STEP_INPUT;
  const back = (d.distanceEntry >>> 16) & 7;
  const from = back ? recentDistance(d, d.recentAt, back) : takeBits(d, extraBits) << d.postfixBits;
  d.distance = from + d.distanceBase;
  d.isNew = d.distanceEntry & DISTANCE_NEW;
  d.state = STATE_REFERENCE;
  return STEP_ON;
}

/** A distance within the window means a copy, one beyond what was made or the window a word. */
function resolveReference(d: Brotli): u32 {
  if (<i32>d.distance <= 0) return RULE_CODING_BROTLI_DISTANCE;
  const farthest = d.olderEnd ? d.reach : min(d.reach, <u32>(d.out - d.run));
  if (d.distance > farthest) {
    const octets = writeWord(wordOf(d), d.copy, d.distance - farthest - 1);
    if (octets == NO_WORD) return RULE_CODING_BROTLI_WORD;
    if (octets > d.left) return RULE_CODING_BROTLI_METABLOCK;
    d.wordOctets = octets;
    d.wordDone = 0;
    d.state = STATE_WORD;
    return STEP_ON;
  }
  if (d.copy > d.left) return RULE_CODING_BROTLI_METABLOCK;
  if (d.isNew) setRecentDistance(d, d.recentAt++, d.distance);
  d.state = STATE_COPY;
  return STEP_ON;
}

function copy(d: Brotli): u32 {
  while (d.copy) {
    if (d.out == d.outEnd) {
      const step = makeRoom(d, d.reach);
      if (step != STEP_ON) return step;
    }
    const octets = min(<usize>d.copy, d.outEnd - d.out);
    if (<usize>d.distance <= d.out - d.run) repeatOctets(d.out, d.distance, octets);
    else copyFromOlder(d, d.out, d.distance, octets);
    d.out += octets;
    d.left -= <u32>octets;
    d.copy -= <u32>octets;
  }
  d.state = STATE_COMMAND;
  return STEP_ON;
}

function copyWord(d: Brotli): u32 {
  while (d.wordDone < d.wordOctets) {
    if (d.out == d.outEnd) {
      const step = makeRoom(d, d.reach);
      if (step != STEP_ON) return step;
    }
    const octets = min(<usize>(d.wordOctets - d.wordDone), d.outEnd - d.out);
    memory.copy(d.out, wordOf(d) + d.wordDone, octets);
    d.out += octets;
    d.left -= <u32>octets;
    d.wordDone += <u32>octets;
  }
  d.state = STATE_COMMAND;
  return STEP_ON;
}

function copyStored(d: Brotli): u32 {
  while (d.left) {
    if (d.out == d.outEnd) {
      const step = makeRoom(d, d.reach);
      if (step != STEP_ON) return step;
    }
    if (d.input == d.inputEnd) return STEP_INPUT;
    const octets = min(min(<usize>d.left, d.inputEnd - d.input), d.outEnd - d.out);
    memory.copy(d.out, d.input, octets);
    d.input += octets;
    d.out += octets;
    d.left -= <u32>octets;
  }
  return endMetablock(d);
}
