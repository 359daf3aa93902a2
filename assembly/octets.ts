/**
 * Octets: their classes in the grammar of HTTP/1.1 (RFC 9110 §5.5, §5.6; RFC 9112), and scanners over runs of one
 * class.
 *
 * Every scanner answers the first octet in [p, end) that does not belong to its run, or `end`. Wide loads are made only
 * after `p + 16 <= end`, the tail is read by the plain loop; the build without SIMD has the plain loop alone. So an
 * octet behind `end` never has a say, and both builds answer alike. Masks leave that to who asks for them.
 */

/**
 * Octets by which one class differs from the next in `CLASSES`: a class is also the offset of a u16 in a table's row.
 */
export const CLASS_OCTETS: u32 = 2;
/** Classes from here on are field content: HTAB, SP, obs-text, VCHAR. Below: control octets, LF, CR. */
const CLASS_HTAB: u32 = 3 * CLASS_OCTETS;
/** Classes from here on are tchar. */
const CLASS_TCHAR: u32 = 13 * CLASS_OCTETS;

/**
 * Class of each octet, doubled: 0 control, 1 LF, 2 CR, 3 HTAB, 4 SP, 5 obs-text, 6 DQUOTE, 7 delimiter, 8 "/", 9 ":",
 * 10 ";", 11 "=", 12 "\", then tchar: 13 any other, 14 ".", 15 "0", 16 "1", 17 "2" to "9", 18 "A" to "F" and "a" to
 * "f", 19 "H", 20 "T", 21 "P".
 */
// biome-ignore format: a table
export const CLASSES: usize = memory.data<u8>([
   0,  0,  0,  0,  0,  0,  0,  0,  0,  6,  2,  0,  0,  4,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
   8, 26, 12, 26, 26, 26, 26, 26, 14, 14, 26, 26, 14, 26, 28, 16, 30, 32, 34, 34, 34, 34, 34, 34, 34, 34, 18, 20, 14, 22, 14, 14,
  14, 36, 36, 36, 36, 36, 36, 26, 38, 26, 26, 26, 26, 26, 26, 26, 42, 26, 26, 26, 40, 26, 26, 26, 26, 26, 26, 14, 24, 14, 26, 26,
  26, 36, 36, 36, 36, 36, 36, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 14, 26, 14, 26,  0,
  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
]);

export const CR: u32 = 0x0d;
/** CR LF as a little-endian u16. */
export const CRLF: u32 = 0x0a0d;

export function classOf(octet: u32): u32 {
  return load<u8>(octet, CLASSES); // SAFE: an octet is below 256, the table's length
}

export function isBlank(octet: u32): bool {
  return <bool>(<u32>(octet == 0x20) | <u32>(octet == 0x09));
}

export function isToken(octet: u32): bool {
  return classOf(octet) >= CLASS_TCHAR;
}

/**
 * Vectors that the masks below compare with. In memory, since V8 makes a constant of two 64-bit numbers anew wherever it is
 * used; a loop that needs them loads them once.
 */
// biome-ignore format: a table
const VECTORS: usize = memory.data<u64>([
  /* high nibbles of tchar, as a bit set by low nibble */ 0xfcfcfcfcfcf8fce8, 0x70f454d054f4f8f8,
  /* bit of a high nibble, none from 8 on */ 0x8040201008040201, 0,
  /* a nibble */ 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f,
  /* the last control octet before SP */ 0x1f1f1f1f1f1f1f1f, 0x1f1f1f1f1f1f1f1f,
  /* DEL */ 0x7f7f7f7f7f7f7f7f, 0x7f7f7f7f7f7f7f7f,
], 16);
export const TOKEN_SETS: usize = VECTORS;
export const NIBBLE_BITS: usize = VECTORS + 16;
export const NIBBLE: usize = VECTORS + 32;
export const CONTROL_LAST: usize = VECTORS + 48;
export const DEL: usize = VECTORS + 64;

/** Bit i is set if octet i of the 16 at `p` is no tchar. */
export function notTokenMask(p: usize): i32 {
  return notTokenMaskBy(p, v128.load(TOKEN_SETS), v128.load(NIBBLE_BITS), v128.load(NIBBLE));
}

/** The same by vectors that were loaded: TOKEN_SETS, NIBBLE_BITS, NIBBLE. */
export function notTokenMaskBy(p: usize, sets: v128, bits: v128, nibble: v128): i32 {
  const octets = v128.load(p, 0, 1); // SAFE: 16 octets, the caller's promise
  const set = i8x16.swizzle(sets, v128.and(octets, nibble));
  // An x86 shifts no single octets; what comes from the next one is masked out.
  const bit = i8x16.swizzle(bits, v128.and(i16x8.shr_u(octets, 4), nibble));
  return i8x16.bitmask(i8x16.eq(v128.and(set, bit), i8x16.splat(0)));
}

/** Bit i is set if octet i of the 16 at `p` is a control octet: no field content, or HTAB. */
export function controlMask(p: usize): i32 {
  return controlMaskBy(p, v128.load(CONTROL_LAST), v128.load(DEL));
}

function controlMaskBy(p: usize, last: v128, del: v128): i32 {
  const octets = v128.load(p, 0, 1); // SAFE: 16 octets, the caller's promise
  // An x86 compares for "at most" in two instructions, for "below" in four.
  return i8x16.bitmask(v128.or(i8x16.le_u(octets, last), i8x16.eq(octets, del)));
}

/** The same for the 64 octets at `p`, but for those directly behind another: of CR LF, the CR alone. */
export function controlsIn64By(p: usize, last: v128, del: v128): u64 {
  // SAFE: 64 octets, the caller's promise
  const low = controlMaskBy(p, last, del) | (controlMaskBy(p + 16, last, del) << 16);
  const high = controlMaskBy(p + 32, last, del) | (controlMaskBy(p + 48, last, del) << 16);
  const all = <u64>(<u32>low) | ((<u64>(<u32>high)) << 32);
  return all & ~(all << 1);
}

/** End of the run of tchar that begins at `p`. */
export function scanToken(p: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) {
    // Invariant: [start, p) is tchar.
    for (const last = end - 16; p <= last; p += 16) {
      const mask = notTokenMask(p);
      if (mask) return p + ctz(mask);
    }
  }
  while (p < end && isToken(load<u8>(p))) p++;
  return p;
}

/** End of the run of field content (HTAB, SP, VCHAR, obs-text) that begins at `p`. */
export function scanText(p: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) {
    // Invariant: [start, p) is field content.
    for (const last = end - 16; p <= last; ) {
      const mask = controlMask(p);
      if (mask) {
        p += ctz(mask);
        if (load<u8>(p) != 0x09) return p;
        p++;
      } else p += 16;
    }
  }
  while (p < end && classOf(load<u8>(p)) >= CLASS_HTAB) p++;
  return p;
}

/** First octet of [p, end), which is field content, that is neither SP nor HTAB; or `end`. */
export function skipBlanks(p: usize, end: usize): usize {
  // No other octet of field content is below 0x21.
  while (p < end && load<u8>(p) <= 0x20) p++;
  return p;
}

/**
 * End of what stands in the field content before `end` without trailing SP and HTAB, if any other octet stands there.
 */
export function trimBlanks(end: usize): usize {
  while (load<u8>(end - 1) <= 0x20) end--;
  return end;
}

/**
 * Eight octets as they stand, letters lower-cased. Exact for comparing with tchar: no other tchar becomes a letter or
 * "-".
 */
export function lower8(p: usize): u64 {
  return load<u64>(p, 0, 1) | 0x2020202020202020;
}

export function lower4(p: usize): u32 {
  return load<u32>(p, 0, 1) | 0x20202020;
}

export function lower2(p: usize): u32 {
  return <u32>load<u16>(p, 0, 1) | 0x2020;
}

/** Value of a hexadecimal digit, or 16. */
export function hexValue(octet: u32): u32 {
  const digit = octet - 0x30;
  if (digit <= 9) return digit;
  const letter = (octet | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 16;
}

/**
 * Moves `length` octets down from `from` to `to` (to < from); no octet from `to + length` on is written. Body pieces
 * are mostly short, for which wide stores beat the call that memory.copy makes.
 */
export function moveDown(to: usize, from: usize, length: usize): void {
  if (length > 512) {
    memory.copy(to, from, length);
    return;
  }
  if (ASC_FEATURE_SIMD) {
    if (length >= 16) {
      // The last 16 octets are taken first, since the loop may write over them. Each store ends below the next load:
      // to + 16 < from + 16.
      const last = v128.load(from + length - 16, 0, 1);
      for (let i: usize = 0; i + 16 < length; i += 16) v128.store(to + i, v128.load(from + i, 0, 1), 0, 1);
      v128.store(to + length - 16, last, 0, 1);
      return;
    }
  }
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + i, load<u64>(from + i, 0, 1), 0, 1);
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i));
}

/** Most octets that `copyOver` writes behind the last it copies. */
export const COPY_OVER_OCTETS: usize = 16;

/**
 * Copies `length` octets, 16 at a time: it may read and write up to COPY_OVER_OCTETS behind them, which the caller has
 * room for on both sides. The two do not overlap.
 */
export function copyOver(to: usize, from: usize, length: usize): void {
  const end = to + length;
  // SAFE: the last step begins before `end` and ends less than COPY_OVER_OCTETS behind it.
  for (; to < end; to += 16, from += 16) {
    if (ASC_FEATURE_SIMD) {
      v128.store(to, v128.load(from, 0, 1), 0, 1);
    } else {
      store<u64>(to, load<u64>(from, 0, 1), 0, 1);
      store<u64>(to, load<u64>(from, 8, 1), 8, 1);
    }
  }
}

/** Whether the `length` octets at `a` and at `b` are the same. */
export function areSame(a: usize, b: usize, length: usize): bool {
  if (length < 4) {
    for (let end = a + length; a < end; a++, b++) if (load<u8>(a) != load<u8>(b)) return false;
    return true;
  }
  if (length < 8) {
    const last = length - 4;
    return load<u32>(a, 0, 1) == load<u32>(b, 0, 1) && load<u32>(a + last, 0, 1) == load<u32>(b + last, 0, 1);
  }
  // Invariant: all before `a` are the same. The last eight may have been looked at in part.
  const last = a + length - 8;
  const lastOther = b + length - 8;
  for (; a < last; a += 8, b += 8) if (load<u64>(a, 0, 1) != load<u64>(b, 0, 1)) return false;
  return load<u64>(last, 0, 1) == load<u64>(lastOther, 0, 1);
}
