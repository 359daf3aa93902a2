/**
 * The hot loop of brotli: whole commands while input and room are ample. It decodes exactly what the steps of brotli.ts
 * would, so that it may begin before any command or literal and stop before any element.
 */
import { RULE_CODING_BROTLI_METABLOCK } from '../abi';
import {
  Brotli,
  ROOT_BITS,
  STATE_COMMAND,
  STATE_DISTANCE,
  STATE_LITERALS,
  STATE_REFERENCE,
  WORD_OCTETS,
  distanceTablesOf,
  literalTablesOf,
  recentDistance,
  setRecentDistance,
} from './brotli-state';
import { COMMAND_IMPLICIT, DISTANCE_NEW } from './brotli-tables';
import { NO_WORD, writeWord } from './brotli-words';
import { copyFromOlder } from './history';
import { STEP_ON } from './state';

const ROOT_MASK: u32 = (1 << ROOT_BITS) - 1;

/**
 * Input that must be there for a turn: what its three refills and a load of eight octets may read, beside the literals,
 * each of which takes less than two octets.
 */
const TURN_INPUT_OCTETS: usize = 40;
/** Input that must be there to begin: a refill and a turn. */
export const FAST_INPUT_OCTETS: usize = 8 + TURN_INPUT_OCTETS;
/** What of it is left for all but literals, once the command was read. */
const REST_INPUT_OCTETS: usize = 24;

/** Bits that are held after a refill, and that a command's code takes at most. */
const REFILLED_BITS: u32 = 56;
const CODE_BITS_MAX: u32 = 15;

/**
 * Decodes commands, or first the rest of the literals of one, while FAST_INPUT_OCTETS of input remain, and room for the
 * next step. Two octets stand before `out`. Answers STEP_ON, in any state of a command, or the rule that was broken.
 *
 * The reservoir `hold` is refilled by one load of eight octets: those that fit are counted, and the part of the next
 * one that was loaded as well is what the next refill will load again. So only the lowest `bits` bits count.
 *
 * Longer than other functions, since everything it touches must stay in locals. Its accesses are safe for these
 * reasons:
 * - input: at the start of a turn input + TURN_INPUT_OCTETS <= inputEnd; literals are as many as leave
 *   REST_INPUT_OCTETS, taking two octets each.
 * - output: each run of literals and each copy is checked against `stop`, behind which SLACK_OCTETS may be written.
 * - history: each distance is checked against what the run has.
 */
export function brotliFast(d: Brotli): u32 {
  const inputEnd = d.inputEnd;
  const inputStop = inputEnd - TURN_INPUT_OCTETS;
  const began = d.out;
  // Room ends where the window's does or where the metablock does.
  const stop = began + min(d.outEnd - began, <usize>d.left);
  const metablockEnd = began + d.left;
  const run = d.run;
  const reach = <usize>d.reach;
  const commandTable = d.commandTable;
  const literalTable = d.literalTable;
  const literalTables = literalTablesOf(d);
  const mode = d.mode;
  const distanceTables = distanceTablesOf(d);
  let input = d.input;
  let out = began;
  let bits = d.bits;
  let insert = d.insert;
  let length = d.copy;
  let command = d.command;
  let distance: u32 = 0;
  let isNew: u32 = 0;
  let literalsLeft = d.literalsLeft;
  let recentAt = d.recentAt;
  let state = STATE_COMMAND;
  let step = STEP_ON;
  let hold = d.hold | (load<u64>(input, 0, 1) << bits);
  input += (63 - bits) >>> 3;
  bits |= REFILLED_BITS;
  do {
    if (!insert) {
      if (!d.commandsLeft) break;
      d.commandsLeft--;
      hold |= load<u64>(input, 0, 1) << bits;
      input += (63 - bits) >>> 3;
      bits |= REFILLED_BITS;
      let entry = load<u64>(commandTable + ((<u32>hold & ROOT_MASK) << 3));
      command = <u32>entry;
      if ((command & 255) > ROOT_BITS) {
        hold >>= ROOT_BITS;
        bits -= ROOT_BITS;
        const index = <u32>hold & ((1 << ((command & 255) - ROOT_BITS)) - 1);
        entry = load<u64>(commandTable + ((((command >>> 8) << 1) + index) << 3), 8 << ROOT_BITS);
        command = <u32>entry;
      }
      hold >>= command & 255;
      bits -= command & 255;
      const insertBits = (command >>> 8) & 255;
      const copyBits = (command >>> 16) & 31;
      if (insertBits + copyBits > REFILLED_BITS - CODE_BITS_MAX) {
        hold |= load<u64>(input, 0, 1) << bits;
        input += (63 - bits) >>> 3;
        bits |= REFILLED_BITS;
      }
      insert = (<u32>(entry >> 32) & 0xffff) + (<u32>hold & ((1 << insertBits) - 1));
      hold >>= insertBits;
      length = <u32>(entry >> 48) + (<u32>hold & ((1 << copyBits) - 1));
      hold >>= copyBits;
      bits -= insertBits + copyBits;
      if (<usize>insert > metablockEnd - out) {
        d.insert = insert;
        step = RULE_CODING_BROTLI_METABLOCK;
        break;
      }
    }
    if (insert) {
      let count = min(min(<usize>insert, <usize>literalsLeft), stop - out);
      count = min(count, (inputEnd - input - REST_INPUT_OCTETS) >>> 1);
      const end = out + count;
      insert -= <u32>count;
      literalsLeft -= <u32>count;
      if (literalTable) {
        while (out < end) {
          hold |= load<u64>(input, 0, 1) << bits;
          input += (63 - bits) >>> 3;
          bits |= REFILLED_BITS;
          let left: u32 = 3;
          do {
            let entry = <u32>load<u16>(literalTable + ((<u32>hold & ROOT_MASK) << 1));
            if ((entry & 255) > ROOT_BITS) {
              hold >>= ROOT_BITS;
              bits -= ROOT_BITS;
              const index = <u32>hold & ((1 << ((entry & 255) - ROOT_BITS)) - 1);
              entry = <u32>load<u16>(literalTable + ((((entry >>> 8) << 1) + index) << 1), 2 << ROOT_BITS);
            }
            hold >>= entry & 255;
            bits -= entry & 255;
            store<u8>(out++, <u8>(entry >>> 8));
          } while (--left && out < end);
        }
      } else {
        let last = <usize>load<u8>(out - 1);
        let before = <usize>load<u8>(out - 2);
        while (out < end) {
          hold |= load<u64>(input, 0, 1) << bits;
          input += (63 - bits) >>> 3;
          bits |= REFILLED_BITS;
          let left: u32 = 3;
          do {
            const context = <u32>load<u8>(mode + last) | <u32>load<u8>(mode + before, 256);
            const table = <usize>load<u32>(literalTables + (context << 2));
            let entry = <u32>load<u16>(table + ((<u32>hold & ROOT_MASK) << 1));
            if ((entry & 255) > ROOT_BITS) {
              hold >>= ROOT_BITS;
              bits -= ROOT_BITS;
              const index = <u32>hold & ((1 << ((entry & 255) - ROOT_BITS)) - 1);
              entry = <u32>load<u16>(table + ((((entry >>> 8) << 1) + index) << 1), 2 << ROOT_BITS);
            }
            hold >>= entry & 255;
            bits -= entry & 255;
            before = last;
            last = entry >>> 8;
            store<u8>(out++, <u8>last);
          } while (--left && out < end);
        }
      }
      if (insert || out == stop) {
        state = STATE_LITERALS;
        break;
      }
    }

    if (command & COMMAND_IMPLICIT) {
      distance = recentDistance(d, recentAt, 1);
      isNew = 0;
    } else {
      if (!d.distancesLeft) {
        state = STATE_DISTANCE;
        break;
      }
      d.distancesLeft--;
      hold |= load<u64>(input, 0, 1) << bits;
      input += (63 - bits) >>> 3;
      bits |= REFILLED_BITS;
      const table = <usize>load<u32>(distanceTables + ((<usize>command >>> 24) << 2));
      let entry = load<u64>(table + ((<u32>hold & ROOT_MASK) << 3));
      let low = <u32>entry;
      if ((low & 255) > ROOT_BITS) {
        hold >>= ROOT_BITS;
        bits -= ROOT_BITS;
        const index = <u32>hold & ((1 << ((low & 255) - ROOT_BITS)) - 1);
        entry = load<u64>(table + ((((low >>> 8) << 1) + index) << 3), 8 << ROOT_BITS);
        low = <u32>entry;
      }
      hold >>= low & 255;
      bits -= low & 255;
      isNew = low & DISTANCE_NEW;
      distance = <u32>(entry >> 32);
      const back = (low >>> 16) & 7;
      if (back) {
        distance += recentDistance(d, recentAt, back);
      } else {
        const extraBits = (low >>> 8) & 255;
        distance += (<u32>hold & ((1 << extraBits) - 1)) << d.postfixBits;
        hold >>= extraBits;
        bits -= extraBits;
      }
    }
    // What is not in the run, or not above zero, or a word, and what there is no room for, is left to the steps.
    const inRun = min(out - run, reach);
    if (<usize>length > stop - out) {
      state = STATE_REFERENCE;
      break;
    }
    if (<usize>(distance - 1) >= inRun) {
      if (<i32>distance <= 0) {
        state = STATE_REFERENCE;
        break;
      }
      if (d.olderEnd && <usize>distance <= reach) {
        if (isNew) setRecentDistance(d, recentAt++, distance);
        copyFromOlder(d, out, distance, length);
        out += length;
        continue;
      }
      if (stop - out < WORD_OCTETS) {
        state = STATE_REFERENCE;
        break;
      }
      const octets = writeWord(out, length, distance - <u32>(d.olderEnd ? reach : inRun) - 1);
      if (octets == NO_WORD) {
        state = STATE_REFERENCE;
        break;
      }
      out += octets;
      continue;
    }
    if (isNew) setRecentDistance(d, recentAt++, distance);
    let from = out - distance;
    const end = out + length;
    if (distance >= 8) {
      store<u64>(out, load<u64>(from, 0, 1), 0, 1);
      store<u64>(out, load<u64>(from, 8, 1), 8, 1);
      if (length > 16) {
        out += 16;
        from += 16;
        do {
          store<u64>(out, load<u64>(from, 0, 1), 0, 1);
          out += 8;
          from += 8;
        } while (out < end);
      }
    } else if (distance == 1) {
      const octets = <u64>load<u8>(from) * 0x0101010101010101;
      do {
        store<u64>(out, octets, 0, 1);
        out += 8;
      } while (out < end);
    } else {
      // Each turn stores eight octets, of which the first `distance` are right.
      do {
        store<u64>(out, load<u64>(from, 0, 1), 0, 1);
        out += distance;
        from += distance;
      } while (out < end);
    }
    out = end;
  } while (input <= inputStop && out != stop);
  // What was loaded and not used goes back.
  input -= bits >>> 3;
  bits &= 7;
  d.hold = hold & ((1 << bits) - 1);
  d.bits = bits;
  d.input = input;
  d.out = out;
  d.left -= <u32>(out - began);
  d.insert = insert;
  d.copy = length;
  d.command = command;
  d.distance = distance;
  d.isNew = isNew;
  d.literalsLeft = literalsLeft;
  d.recentAt = recentAt;
  d.state = state;
  return step;
}
