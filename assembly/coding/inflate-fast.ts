/**
 * The hot loop of inflate: whole symbols while input and room are ample. It decodes exactly what the steps of
 * inflate.ts would, so that it may begin and stop after any symbol.
 */
import { RULE_CODING_DISTANCE, RULE_CODING_SYMBOL } from '../abi';
import { ENTRY_END, ENTRY_EXCEPTION, ENTRY_LITERAL, ENTRY_SUBTABLE, ENTRY_TAKES } from './huffman';
import { DISTANCE_TABLE_BITS, Decoder, LITERAL_TABLE_BITS, STATE_BLOCK, STEP_ON } from './state';

const LITERAL_MASK: u32 = (1 << LITERAL_TABLE_BITS) - 1;
const DISTANCE_MASK: u32 = (1 << DISTANCE_TABLE_BITS) - 1;

/** Octets one turn of the loop may read: two refills, each of which advances by seven at most and loads eight. */
const TURN_INPUT_OCTETS: usize = 16;
/** Input that must be there to begin: a refill and a turn. */
export const FAST_INPUT_OCTETS: usize = 8 + TURN_INPUT_OCTETS;
/** Room that must be there for a turn: two literals, a match of 258 octets, and what wide stores write past its end. */
export const FAST_OUTPUT_OCTETS: usize = 2 + 258 + 14;

/** Bits that a distance takes at most, code and extra bits together. */
const DISTANCE_BITS_MAX: u32 = 15 + 13;

/**
 * Decodes symbols while FAST_INPUT_OCTETS of input and FAST_OUTPUT_OCTETS of room remain. Answers STEP_ON, in
 * STATE_SYMBOL or, at the end of the block, STATE_BLOCK; or the rule that was broken.
 *
 * The reservoir `hold` is refilled by one load of eight octets: those that fit are counted, and the part of the next
 * one that was loaded as well is what the next refill will load again. So only the lowest `bits` bits count.
 *
 * Longer than other functions, since everything it touches must stay in locals. Its accesses are safe for these
 * reasons:
 * - input: at the start of a turn input + TURN_INPUT_OCTETS <= inputEnd, and a turn refills twice.
 * - output: at the start of a turn out + FAST_OUTPUT_OCTETS <= outEnd.
 * - history: each distance is checked against it. A match reads nothing at or past its own output but what it has
 *   written.
 */
export function inflateFast(d: Decoder): u32 {
  const literals = d.literals;
  const distances = d.distances;
  const history = d.history;
  const inputStop = d.inputEnd - TURN_INPUT_OCTETS;
  const outStop = d.outEnd - FAST_OUTPUT_OCTETS;
  let input = d.input;
  let out = d.out;
  let bits = d.bits;
  let step = STEP_ON;
  let hold = d.hold | (load<u64>(input, 0, 1) << bits);
  input += (63 - bits) >>> 3;
  bits |= 56;
  let entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));
  do {
    // At least 56 bits are held, and `entry` is what the lowest of them lead to.
    if (entry & ENTRY_LITERAL) {
      hold >>= entry & ENTRY_TAKES;
      bits -= entry & ENTRY_TAKES;
      store<u8>(out++, <u8>(entry >>> 16));
      entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));
      if (entry & ENTRY_LITERAL) {
        hold >>= entry & ENTRY_TAKES;
        bits -= entry & ENTRY_TAKES;
        store<u8>(out++, <u8>(entry >>> 16));
        entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));
        if (entry & ENTRY_LITERAL) {
          hold >>= entry & ENTRY_TAKES;
          bits -= entry & ENTRY_TAKES;
          store<u8>(out++, <u8>(entry >>> 16));
          hold |= load<u64>(input, 0, 1) << bits;
          input += (63 - bits) >>> 3;
          bits |= 56;
          entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));
          continue;
        }
      }
    }
    // Two literals took 22 bits at most: 34 are left, and a length takes 20.
    if (entry & ENTRY_EXCEPTION) {
      if (entry & ENTRY_SUBTABLE) {
        hold >>= LITERAL_TABLE_BITS;
        bits -= LITERAL_TABLE_BITS;
        const index = <u32>hold & ((1 << ((entry >>> 8) & 15)) - 1);
        entry = load<u32>(literals + (((entry >>> 16) + index) << 2));
        if (entry & ENTRY_LITERAL) {
          hold >>= entry & ENTRY_TAKES;
          bits -= entry & ENTRY_TAKES;
          store<u8>(out++, <u8>(entry >>> 16));
          hold |= load<u64>(input, 0, 1) << bits;
          input += (63 - bits) >>> 3;
          bits |= 56;
          entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));
          continue;
        }
      }
      if (entry & ENTRY_EXCEPTION) {
        hold >>= entry & ENTRY_TAKES;
        bits -= entry & ENTRY_TAKES;
        if (entry & ENTRY_END) d.state = STATE_BLOCK;
        else step = RULE_CODING_SYMBOL;
        break;
      }
    }
    let codeBits = (entry >>> 8) & 15;
    const extra = <u32>(hold >> codeBits) & ((1 << ((entry & ENTRY_TAKES) - codeBits)) - 1);
    const length = (entry >>> 16) + extra;
    hold >>= entry & ENTRY_TAKES;
    bits -= entry & ENTRY_TAKES;

    if (bits < DISTANCE_BITS_MAX) {
      hold |= load<u64>(input, 0, 1) << bits;
      input += (63 - bits) >>> 3;
      bits |= 56;
    }
    entry = load<u32>(distances + ((<u32>hold & DISTANCE_MASK) << 2));
    if (entry & ENTRY_EXCEPTION) {
      if (entry & ENTRY_SUBTABLE) {
        hold >>= DISTANCE_TABLE_BITS;
        bits -= DISTANCE_TABLE_BITS;
        const index = <u32>hold & ((1 << ((entry >>> 8) & 15)) - 1);
        entry = load<u32>(distances + (((entry >>> 16) + index) << 2));
      }
      if (entry & ENTRY_EXCEPTION) {
        hold >>= entry & ENTRY_TAKES;
        bits -= entry & ENTRY_TAKES;
        step = RULE_CODING_SYMBOL;
        break;
      }
    }
    codeBits = (entry >>> 8) & 15;
    const distance = (entry >>> 16) + (<u32>(hold >> codeBits) & ((1 << ((entry & ENTRY_TAKES) - codeBits)) - 1));
    hold >>= entry & ENTRY_TAKES;
    bits -= entry & ENTRY_TAKES;
    if (<usize>distance > out - history) {
      step = RULE_CODING_DISTANCE;
      break;
    }

    // The next symbol is looked up before the copy, whose stores the load could otherwise not pass.
    hold |= load<u64>(input, 0, 1) << bits;
    input += (63 - bits) >>> 3;
    bits |= 56;
    entry = load<u32>(literals + ((<u32>hold & LITERAL_MASK) << 2));

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
  } while (input <= inputStop && out <= outStop);
  // What was loaded and not used goes back.
  input -= bits >>> 3;
  bits &= 7;
  d.hold = hold & ((1 << bits) - 1);
  d.bits = bits;
  d.needed = d.shortest;
  d.input = input;
  d.out = out;
  return step;
}
