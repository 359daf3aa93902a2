/** The reservoir of bits, one octet at a time: for the parts of the format that are too rare to need more. */
import { Decoder } from './state';

/** Takes octets until `hold` has `bits` bits. @returns false if the input ends before. */
export function fetch(d: Decoder, bits: u32): bool {
  while (d.bits < bits) {
    if (d.input == d.inputEnd) return false;
    d.hold |= (<u64>load<u8>(d.input++)) << d.bits;
    d.bits += 8;
  }
  return true;
}

/** Uses the next `bits` bits, which `fetch` brought. */
export function takeBits(d: Decoder, bits: u32): u32 {
  const value = <u32>d.hold & ((1 << bits) - 1);
  d.hold >>= bits;
  d.bits -= bits;
  return value;
}
