/**
 * The instructions of WebAssembly 2.0 and tail calls: how long each is, and what counting needs to know of it.
 * Threads and relaxed SIMD are unknown here on purpose: they would make counts differ from run to run.
 */

/** unreachable, nop, block, loop, else, end, return, drop. */
export const WEIGHTLESS = new Set([0x00, 0x01, 0x02, 0x03, 0x05, 0x0b, 0x0f, 0x1a]);
/** unreachable, loop, if, else, end, br, br_if, br_table, return, return_call, return_call_indirect. */
export const ENDS_RUN = new Set([0x00, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x12, 0x13]);
/** memory.init, memory.copy, memory.fill, behind the prefix 0xfc. */
const MOVES_OCTETS = new Set([8, 10, 11]);

function skipMemoryArgument(reader) {
  const align = reader.u32();
  if (align >= 64) reader.skipNumber(); // index of a memory other than the first
  reader.skipNumber();
}

/** Immediates behind the prefix 0xfc; whether the instruction moves octets of memory. */
function skipBulk(reader) {
  const op = reader.u32();
  if (op <= 7) return false;
  if (op > 17) reader.fail(`unknown instruction 0xfc ${op}`);
  const single = op === 9 || op === 11 || op === 13 || op >= 15;
  reader.skipNumbers(single ? 1 : 2);
  return MOVES_OCTETS.has(op);
}

/** Immediates behind the prefix 0xfd. */
function skipSimd(reader) {
  const op = reader.u32();
  if (op > 255) reader.fail(`unknown instruction 0xfd ${op} (relaxed SIMD is not deterministic)`);
  if (op <= 11 || (op >= 84 && op <= 93)) skipMemoryArgument(reader);
  if (op === 12 || op === 13) reader.skip(16);
  if ((op >= 21 && op <= 34) || (op >= 84 && op <= 91)) reader.skip(1);
}

/** Passes the immediates of the one-octet instruction `op`. */
function skipPlain(reader, op) {
  if (op >= 0x28 && op <= 0x3e) return skipMemoryArgument(reader);
  if (op >= 0x45 && op <= 0xc4) return;
  if (op >= 0x20 && op <= 0x26) return reader.skipNumber();
  switch (op) {
    case 0x00: // unreachable, nop, else, end, return, drop, select, ref.is_null
    case 0x01:
    case 0x05:
    case 0x0b:
    case 0x0f:
    case 0x1a:
    case 0x1b:
    case 0xd1:
      return;
    case 0x02: // block, loop, if, br, br_if, call, return_call, memory.size, memory.grow, constants, ref.null, ref.func
    case 0x03:
    case 0x04:
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x12:
    case 0x3f:
    case 0x40:
    case 0x41:
    case 0x42:
    case 0xd0:
    case 0xd2:
      return reader.skipNumber();
    case 0x11: // call_indirect, return_call_indirect
    case 0x13:
      return reader.skipNumbers(2);
    case 0x0e: // br_table
      return reader.skipNumbers(reader.u32() + 1);
    case 0x1c: // select with types
      return reader.skipNumbers(reader.u32());
    case 0x43: // f32.const
      return reader.skip(4);
    case 0x44: // f64.const
      return reader.skip(8);
    default:
      reader.position--;
      reader.fail(`unknown instruction 0x${op.toString(16)}`);
  }
}

/** Passes one instruction; whether it moves octets of memory. */
export function skipInstruction(reader, op) {
  if (op === 0xfc) return skipBulk(reader);
  if (op === 0xfd) skipSimd(reader);
  else skipPlain(reader, op);
  return false;
}
