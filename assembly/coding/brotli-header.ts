/**
 * Headers of a brotli stream and of its metablocks (RFC 7932 §9.1, §9.2), up to the context maps: what is read once per
 * metablock. Context maps are in brotli-maps.ts, prefix codes in brotli-codes.ts.
 */
import {
  RULE_CODING_BROTLI_LARGE_WINDOW,
  RULE_CODING_BROTLI_LENGTH,
  RULE_CODING_BROTLI_PADDING,
  RULE_CODING_BROTLI_RESERVED,
} from '../abi';
import { beginSwitchCount } from './brotli-blocks';
import { beginCode } from './brotli-codes';
import {
  Brotli,
  CATEGORIES,
  COUNT_SYMBOLS,
  ENDLESS,
  LITERALS,
  STATE_COUNT_CODE,
  STATE_DISTANCE_BITS,
  STATE_ENDED,
  STATE_FINISH,
  STATE_LAST_EMPTY,
  STATE_LENGTH,
  STATE_METABLOCK,
  STATE_METADATA,
  STATE_METADATA_LENGTH,
  STATE_MODES,
  STATE_NIBBLES,
  STATE_SKIP,
  STATE_STORED,
  STATE_STORED_BIT,
  STATE_TREES,
  STATE_TYPES,
  STATE_TYPE_CODE,
  countTableOf,
  fetch,
  modesOf,
  setElementsLeft,
  setType,
  setTypes,
  takeBits,
  typeTableOf,
  typesOf,
} from './brotli-state';
import { TABLE_SCRATCH } from './brotli-tables';
import { STEP_INPUT, STEP_ON } from './state';

/** Nibbles that say "metadata" instead of a length. */
const METADATA: u32 = 3;

export function readWindow(d: Brotli): u32 {
  if (!fetch(d, 1)) return STEP_INPUT;
  let windowBits: u32 = 16;
  let bits: u32 = 1;
  if (<u32>d.hold & 1) {
    if (!fetch(d, 4)) return STEP_INPUT;
    const above = (<u32>d.hold >>> 1) & 7;
    windowBits = 17 + above;
    bits = 4;
    if (!above) {
      if (!fetch(d, 7)) return STEP_INPUT;
      const below = (<u32>d.hold >>> 4) & 7;
      if (below == 1) return RULE_CODING_BROTLI_LARGE_WINDOW;
      windowBits = below ? 8 + below : 17;
      bits = 7;
    }
  }
  takeBits(d, bits);
  d.reach = (1 << windowBits) - 16;
  d.state = STATE_METABLOCK;
  return STEP_ON;
}

/** A metablock begins, or an element of its header: whether it is the last, whether that is empty, how it says its length. */
export function readMetablock(d: Brotli): u32 {
  if (d.state == STATE_METABLOCK) {
    if (!fetch(d, 1)) return STEP_INPUT;
    d.last = takeBits(d, 1);
    d.state = d.last ? STATE_LAST_EMPTY : STATE_NIBBLES;
    return STEP_ON;
  }
  if (d.state == STATE_LAST_EMPTY) {
    if (!fetch(d, 1)) return STEP_INPUT;
    d.state = takeBits(d, 1) ? STATE_FINISH : STATE_NIBBLES;
    return STEP_ON;
  }
  if (!fetch(d, 2)) return STEP_INPUT;
  const nibbles = takeBits(d, 2);
  d.nibbles = nibbles + 4;
  d.state = nibbles == METADATA ? STATE_METADATA : STATE_LENGTH;
  return STEP_ON;
}

export function readLength(d: Brotli): u32 {
  const bits = d.nibbles * 4;
  if (!fetch(d, bits)) return STEP_INPUT;
  const length = takeBits(d, bits);
  if (d.nibbles > 4 && !(length >>> (bits - 4))) return RULE_CODING_BROTLI_LENGTH;
  d.left = length + 1;
  d.category = 0;
  d.state = d.last ? STATE_TYPES : STATE_STORED_BIT;
  return STEP_ON;
}

export function readStoredBit(d: Brotli): u32 {
  if (!fetch(d, 1)) return STEP_INPUT;
  if (!takeBits(d, 1)) {
    d.state = STATE_TYPES;
    return STEP_ON;
  }
  d.state = STATE_STORED;
  return skipPadding(d);
}

export function readMetadata(d: Brotli): u32 {
  if (d.state == STATE_METADATA) {
    if (!fetch(d, 3)) return STEP_INPUT;
    if (takeBits(d, 1)) return RULE_CODING_BROTLI_RESERVED;
    d.nibbles = takeBits(d, 2);
    d.state = STATE_METADATA_LENGTH;
    return STEP_ON;
  }
  const octets = d.nibbles;
  if (!fetch(d, octets * 8)) return STEP_INPUT;
  const length = takeBits(d, octets * 8);
  if (octets > 1 && !(length >>> (octets * 8 - 8))) return RULE_CODING_BROTLI_LENGTH;
  d.left = octets ? length + 1 : 0;
  d.state = STATE_SKIP;
  return skipPadding(d);
}

/** Bits up to the octet's edge are zero. */
function skipPadding(d: Brotli): u32 {
  assert(d.bits < 8, 'skipPadding: an octet too many');
  return takeBits(d, d.bits) ? RULE_CODING_BROTLI_PADDING : STEP_ON;
}

/** Passes metadata by. */
export function skipMetadata(d: Brotli): u32 {
  const octets = min(<usize>d.left, d.inputEnd - d.input);
  d.input += octets;
  d.left -= <u32>octets;
  if (d.left) return STEP_INPUT;
  d.state = d.last ? STATE_FINISH : STATE_METABLOCK;
  return STEP_ON;
}

/** After the last metablock. */
export function finish(d: Brotli): u32 {
  d.state = STATE_ENDED;
  d.complete = 1;
  return skipPadding(d);
}

/** A number from 1 to 256 (RFC 7932 §9.2), or 0 if the input ends before. */
export function takeNumber(d: Brotli): u32 {
  if (!fetch(d, 1)) return 0;
  if (!(<u32>d.hold & 1)) {
    takeBits(d, 1);
    return 1;
  }
  if (!fetch(d, 4)) return 0;
  const extraBits = (<u32>d.hold >>> 1) & 7;
  if (!fetch(d, 4 + extraBits)) return 0;
  takeBits(d, 4);
  return (1 << extraBits) + takeBits(d, extraBits) + 1;
}

/** Of each category: how many block types, the codes of types and of counts, the first count. */
export function readTypes(d: Brotli): u32 {
  const category = d.category;
  if (category == CATEGORIES) {
    d.state = STATE_DISTANCE_BITS;
    return STEP_ON;
  }
  const types = takeNumber(d);
  if (!types) return STEP_INPUT;
  setTypes(d, category, types);
  setType(d, category, 0, 1);
  if (types == 1) {
    setElementsLeft(d, category, ENDLESS);
    d.category = category + 1;
    return STEP_ON;
  }
  beginCode(d, TABLE_SCRATCH, types + 2, typeTableOf(d, category), STATE_TYPE_CODE);
  return STEP_ON;
}

/** The code of types was read, or that of counts. */
export function readTypeCodes(d: Brotli): u32 {
  if (d.state == STATE_TYPE_CODE) {
    beginCode(d, TABLE_SCRATCH, COUNT_SYMBOLS, countTableOf(d, d.category), STATE_COUNT_CODE);
  } else {
    beginSwitchCount(d, STATE_TYPES);
  }
  return STEP_ON;
}

export function readDistanceBits(d: Brotli): u32 {
  if (!fetch(d, 6)) return STEP_INPUT;
  d.postfixBits = takeBits(d, 2);
  d.directCodes = takeBits(d, 4) << d.postfixBits;
  d.at = 0;
  d.state = STATE_MODES;
  return STEP_ON;
}

export function readModes(d: Brotli): u32 {
  const modes = modesOf(d);
  for (const types = typesOf(d, LITERALS); d.at < types; d.at++) {
    if (!fetch(d, 2)) return STEP_INPUT;
    store<u8>(modes + d.at, <u8>takeBits(d, 2));
  }
  d.category = LITERALS;
  d.state = STATE_TREES;
  return STEP_ON;
}
