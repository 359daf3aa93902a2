/** Words of the static dictionary and what becomes of them (RFC 7932 §8, appendices A and B). */
import {
  AFFIXES,
  TRANSFORMS,
  TRANSFORMS_COUNT,
  WORDS,
  WORD_BITS,
  WORD_OCTETS_MAX,
  WORD_OCTETS_MIN,
} from './brotli-data';

/** What `writeWord` answers if there is no such word or no such transform. */
export const NO_WORD: u32 = 0xffffffff;

// ── kinds of transforms ──
const FIRST_LETTER: u32 = 1;
const ALL_LETTERS: u32 = 2;
/** This one leaves out nothing at the start, the next ones one octet more each; likewise at the end. */
const OMIT_FIRST: u32 = 2;
const OMIT_LAST: u32 = 11;

// Where the words of each length begin among WORDS, four octets a length; made when the first word is needed.
const starts: usize = memory.data(104, 16);
let startsMade = false;

function makeStarts(): void {
  startsMade = true;
  let start: u32 = 0;
  for (let octets = WORD_OCTETS_MIN; octets <= WORD_OCTETS_MAX; octets++) {
    store<u32>(starts + (octets << 2), start);
    start += octets << load<u8>(WORD_BITS + octets);
  }
}

/**
 * Writes the word that is `beyond` words beyond the farthest distance, for a copy of `octets` octets, to `out`, where
 * there is room for WORD_OCTETS. @returns its octets, or NO_WORD.
 */
export function writeWord(out: usize, octets: u32, beyond: u32): u32 {
  if (octets < WORD_OCTETS_MIN || octets > WORD_OCTETS_MAX) return NO_WORD;
  const bits = <u32>load<u8>(WORD_BITS + octets);
  const id = beyond >>> bits;
  if (id >= TRANSFORMS_COUNT) return NO_WORD;
  if (!startsMade) makeStarts();
  const word = WORDS + load<u32>(starts + (octets << 2)) + (beyond & ((1 << bits) - 1)) * octets;
  if (!id) {
    // SAFE: what is read beyond the word is data of the dictionary, or of the tables behind it.
    copyWide(out, word, octets);
    return octets;
  }
  const transform = load<u32>(TRANSFORMS + (id << 2));
  let end = writeAffix(out, transform & 255);
  end += writeChanged(end, word, octets, (transform >>> 8) & 255);
  return <u32>(writeAffix(end, (transform >>> 16) & 255) - out);
}

function copyWide(to: usize, from: usize, octets: u32): void {
  store<u64>(to, load<u64>(from, 0, 1), 0, 1);
  store<u64>(to, load<u64>(from, 8, 1), 8, 1);
  if (octets > 16) store<u64>(to, load<u64>(from, 16, 1), 16, 1);
}

function writeAffix(out: usize, place: u32): usize {
  const affix = AFFIXES + place;
  const octets = <u32>load<u8>(affix);
  for (let i: u32 = 0; i < octets; i++) store<u8>(out + i, load<u8>(affix + 1 + i));
  return out + octets;
}

/** The word without what its transform omits, or with its letters in upper case. */
function writeChanged(out: usize, word: usize, octets: u32, kind: u32): u32 {
  let omitted: u32 = 0;
  if (kind > OMIT_LAST) {
    omitted = kind - OMIT_LAST;
  } else if (kind > OMIT_FIRST) {
    omitted = min(kind - OMIT_FIRST, octets);
    word += omitted;
  }
  if (omitted >= octets) return 0;
  const left = octets - omitted;
  copyWide(out, word, left);
  const end = out + left;
  if (kind == FIRST_LETTER) raise(out, end);
  else if (kind == ALL_LETTERS) for (let at = out; at < end; ) at = raise(at, end);
  return left;
}

/**
 * Makes the letter at `at` an upper case one, in the dictionary's own way: a bit is changed of its first, second or third
 * octet, by how many it has. Answers the letter's end.
 */
function raise(at: usize, end: usize): usize {
  const octet = <u32>load<u8>(at);
  if (octet < 0xc0) {
    if (octet >= 0x61 && octet <= 0x7a) store<u8>(at, octet ^ 0x20);
    return at + 1;
  }
  const isShort = octet < 0xe0;
  const changed = at + (isShort ? 1 : 2);
  if (changed < end) store<u8>(changed, load<u8>(changed) ^ (isShort ? 0x20 : 5));
  return changed + 1;
}
