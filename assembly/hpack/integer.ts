/**
 * Integers of HPACK (RFC 7541 §5.1): a prefix of 4 to 7 bits, and seven bits in each octet that follows, lowest first.
 *
 * An integer has at most five octets behind its prefix and is at most 2^32 - 1, whatever zeros it is padded with: none that
 * means anything here is larger, and none costs more to read.
 */

/** Most octets of an integer, its prefix included. */
export const INTEGER_OCTETS_MAX: usize = 6;

/** What `readInteger` answers for one that does not end before `end` or is too large. */
export const NO_INTEGER: u64 = 0;

/**
 * The integer whose prefix is in the octet at `p` < `end`: the value in the low word, how many octets it takes in the high
 * word; or NO_INTEGER.
 */
export function readInteger(p: usize, end: usize, mask: u32): u64 {
  let value = <u64>(load<u8>(p) & mask); // SAFE: p < end
  if (value < mask) return value | (1 << 32);
  const last = min(end, p + INTEGER_OCTETS_MAX);
  let shift: u64 = 0;
  for (let at = p + 1; at < last; at++, shift += 7) {
    const octet = <u64>load<u8>(at); // SAFE: at < end
    value += (octet & 0x7f) << shift; // at most 35 bits and the prefix
    if (octet < 0x80) return value >>> 32 ? NO_INTEGER : value | ((<u64>(at + 1 - p)) << 32);
  }
  return NO_INTEGER;
}

/**
 * Writes `value` with what `first` has above the prefix; `mask`: all bits of the prefix. Where it ends: at most
 * INTEGER_OCTETS_MAX further.
 */
export function writeInteger(p: usize, first: u32, mask: u32, value: u32): usize {
  if (value < mask) {
    store<u8>(p, first | value);
    return p + 1;
  }
  store<u8>(p, first | mask);
  value -= mask;
  for (p++; value >= 0x80; p++, value >>>= 7) store<u8>(p, value | 0x80);
  store<u8>(p, value);
  return p + 1;
}
