// Writes assembly/coding/brotli-data.ts: the tables that RFC 7932 defines by listing them. `node
// wasm/generate-brotli-dictionary.mjs` writes the file, with `--check` it only compares.
//
// Node's zlib holds the same tables. They are read out of it by streams that ask for one thing each: a word of the
// dictionary, a word under a transform, the context of two octets. What was read is then held against the CRC-32 values
// that the RFC names (§7.1, appendices A and B).
import { readFileSync, writeFileSync } from 'node:fs';
import { brotliDecompressSync, crc32 } from 'node:zlib';

const TARGET = new URL('../assembly/coding/brotli-data.ts', import.meta.url);
const WORDS_CRC = 0x5136cb04;
const TRANSFORMS_CRC = 0x3d965f81;
const LOOKUPS_CRC = [0x8e91efb7, 0xd01a32f4, 0x0dd7a0d6];
const WORD_OCTETS_MIN = 4;
const WORD_OCTETS_MAX = 24;
const TRANSFORMS = 121;
const CONTEXTS = 64;
const MODES = 4;

/** Insert&copy codes whose distance is explicit and which insert nothing: [copy length, code, extra bits]. */
const COPIES = [
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((length, i) => [length, 128 + i, 0]),
  ...[10, 12, 14, 18, 22].map((length, i) => [length, 192 + i, [1, 1, 2, 2, 3][i]]),
];

class Bits {
  octets = [];
  count = 0;

  put(value, bits) {
    for (let i = 0; i < bits; i++, this.count++) {
      if (this.count % 8 === 0) this.octets.push(0);
      this.octets[this.octets.length - 1] |= (Math.floor(value / 2 ** i) & 1) << (this.count % 8);
    }
    return this;
  }

  /** A prefix code of one symbol, which then takes no bits (RFC 7932 §3.4). */
  putSingle(symbol, alphabetBits) {
    return this.put(1, 2).put(0, 2).put(symbol, alphabetBits);
  }

  /** Zeros up to the next octet's edge. */
  align() {
    return this.put(0, (8 - (this.count % 8)) % 8);
  }
}

/** A stream whose window is 1024 - 16 octets. */
const stream = () => new Bits().put(0b0100001, 7);

/** The header of a metablock that is not the last. */
const putLength = (bits, octets) =>
  bits
    .put(0, 1)
    .put(0, 2)
    .put(octets - 1, 16);

/** A metablock with one copy of `length` octets from `distance`, which reaches beyond what was made. */
function putCopy(bits, made, length, distance) {
  putLength(bits, made).put(0, 1); // compressed
  bits.put(0, 3); // one block type of each category
  bits.put(0, 2).put(0, 4); // NPOSTFIX, NDIRECT
  bits.put(0, 2); // context mode
  bits.put(0, 2); // one literal, one distance prefix code
  bits.putSingle(0, 8);
  const [base, code, copyBits] = COPIES.findLast(([least]) => least <= length);
  bits.putSingle(code, 10);
  let symbol = 0;
  while (distance > distancesOf(symbol + 1).base - 1) symbol++;
  const { base: nearest, extraBits } = distancesOf(symbol);
  bits.putSingle(16 + symbol, 6);
  bits.put(length - base, copyBits).put(distance - nearest, extraBits);
}

/** Distances of a distance symbol, counted from 16, without direct and postfix bits (RFC 7932 §4). */
function distancesOf(symbol) {
  const extraBits = 1 + (symbol >> 1);
  return { extraBits, base: ((2 + (symbol & 1)) << extraBits) - 3 };
}

/** The distance that means `word` of its length when `made` octets were made before. */
const beyond = (made, word) => Math.min(made, 1024 - 16) + 1 + word;

/** What a reference to `word` of `length` octets becomes. How many octets that are is not known: `likely` is tried first. */
function wordOf(length, word, likely = length) {
  for (const made of [likely, ...Array(60).keys()]) {
    const bits = stream();
    putCopy(bits, made || 64, length, 1 + word);
    bits.put(1, 1).put(1, 1); // the last metablock, an empty one
    try {
      return brotliDecompressSync(Uint8Array.from(bits.octets)).toString('latin1');
    } catch {
      // The metablock is not of that length.
    }
  }
  throw new Error(`Cannot read word ${word} of ${length} octets`);
}

/** How many bits index the words of `length` octets: n, if word 2^n is word 0 under transform 1 (a space follows). */
function wordBitsOf(length) {
  const spaced = `${wordOf(length, 0)} `;
  for (let bits = 1; bits < 16; bits++) if (wordOf(length, 2 ** bits) === spaced) return bits;
  throw new Error(`Cannot tell how many words have ${length} octets`);
}

/** All words, by length, and the bits that index each length. */
function readWords() {
  const wordBits = [];
  const bits = stream();
  let made = 0;
  for (let length = WORD_OCTETS_MIN; length <= WORD_OCTETS_MAX; length++) {
    wordBits.push(wordBitsOf(length));
    for (let word = 0; word < 2 ** wordBits.at(-1); word++, made += length) {
      putCopy(bits, length, length, beyond(made, word));
    }
  }
  bits.put(1, 1).put(1, 1); // the last metablock, an empty one
  const words = brotliDecompressSync(Uint8Array.from(bits.octets));
  if (crc32(words) !== WORDS_CRC) throw new Error('Cannot accept the words: their CRC-32 is not that of appendix A');
  return { words, wordBits };
}

/** `word` under an elementary transform: 0 identity, 1 first letter, 2 all letters, 3… omit first, 12… omit last. */
function changed(word, kind) {
  if (kind === 0) return word;
  if (kind === 1) return word[0].toUpperCase() + word.slice(1);
  if (kind === 2) return word.toUpperCase();
  return kind < 12 ? word.slice(kind - 2) : word.slice(0, -(kind - 11));
}

/** The ways in which `made` can be prefix, changed word, suffix. */
function explanationsOf(word, made) {
  const found = new Set();
  for (let kind = 0; kind < 21; kind++) {
    const middle = changed(word, kind);
    for (let at = made.indexOf(middle); at >= 0; at = made.indexOf(middle, at + 1)) {
      found.add(JSON.stringify([made.slice(0, at), kind, made.slice(at + middle.length)]));
    }
  }
  return found;
}

/** Each transform as [prefix, kind, suffix]: the one explanation that holds for many words. */
function readTransforms({ words, wordBits }) {
  const length = 10; // longer than any transform omits
  let start = 0;
  for (let i = WORD_OCTETS_MIN; i < length; i++) start += i << wordBits[i - WORD_OCTETS_MIN];
  const samples = [];
  for (let word = 0; samples.length < 24; word++) {
    const text = words.toString('latin1', start + word * length, start + (word + 1) * length);
    if (/^[a-z]+$/.test(text)) samples.push([word, text]);
  }
  const transforms = [];
  for (let id = 0; id < TRANSFORMS; id++) {
    let left = null;
    let likely = length;
    for (const [word, text] of samples) {
      const made = wordOf(length, word + id * 2 ** wordBits[length - WORD_OCTETS_MIN], likely);
      likely = made.length;
      const found = explanationsOf(text, made);
      left = left === null ? found : new Set([...left].filter((one) => found.has(one)));
    }
    if (left.size !== 1) throw new Error(`Cannot tell what transform ${id} is: ${[...left].join(' or ')}`);
    transforms.push(JSON.parse([...left][0]));
  }
  const listed = transforms.map(([prefix, kind, suffix]) => `${prefix}\0${String.fromCharCode(kind)}${suffix}\0`);
  if (crc32(Buffer.from(listed.join(''), 'latin1')) !== TRANSFORMS_CRC) {
    throw new Error('Cannot accept the transforms: their CRC-32 is not that of appendix B');
  }
  return transforms;
}

/** A metablock of one literal that tells its context: 64 literal codes of one symbol each, the number of the context. */
function putContextProbe(bits, mode) {
  putLength(bits, 1).put(0, 1).put(0, 3).put(0, 2).put(0, 4).put(mode, 2);
  bits
    .put(1, 1)
    .put(5, 3)
    .put(CONTEXTS - 33, 5); // 64 literal prefix codes
  // The context map: no runs, symbols of six bits each, of which every context has its own.
  bits.put(0, 1).put(0, 2);
  for (const length of [1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    bits.put(length === 6 ? 2 : 0, 2);
  for (let context = 0; context < CONTEXTS; context++) {
    for (let bit = 5; bit >= 0; bit--) bits.put((context >> bit) & 1, 1);
  }
  bits.put(0, 1); // no move to front
  bits.put(0, 1); // one distance prefix code
  for (let context = 0; context < CONTEXTS; context++) bits.putSingle(context, 8);
  bits.putSingle(136, 10); // one literal, and a copy that the end of the metablock cuts off
  bits.putSingle(0, 6);
}

/** Contexts of all pairs [last octet, octet before] in `mode`. */
function contextsOf(mode, pairs) {
  const bits = stream();
  for (const [last, before] of pairs) {
    putLength(bits, 2).put(1, 1).align().put(before, 8).put(last, 8); // uncompressed
    putContextProbe(bits, mode);
  }
  bits.put(1, 1).put(1, 1);
  const made = brotliDecompressSync(Uint8Array.from(bits.octets));
  return pairs.map((_, i) => made[i * 3 + 2]);
}

/** For each mode what the last octet contributes to the context, then what the one before does. */
function readContexts() {
  const tables = Buffer.alloc(MODES * 512);
  const octets = Array.from({ length: 256 }, (_, octet) => octet);
  for (let mode = 0; mode < MODES; mode++) {
    tables.set(
      contextsOf(
        mode,
        octets.map((octet) => [octet, 0]),
      ),
      mode * 512,
    );
    tables.set(
      contextsOf(
        mode,
        octets.map((octet) => [0, octet]),
      ),
      mode * 512 + 256,
    );
    const some = octets.map((octet) => [octet, (octet * 89 + 7) % 256]);
    const joined = some.map(([last, before]) => tables[mode * 512 + last] | tables[mode * 512 + 256 + before]);
    if (contextsOf(mode, some).join() !== joined.join()) throw new Error(`Cannot split the contexts of mode ${mode}`);
  }
  const lookups = [tables.subarray(1024, 1280), tables.subarray(1280, 1536), tables.subarray(1792, 2048)];
  if (lookups.some((lookup, i) => crc32(lookup) !== LOOKUPS_CRC[i])) {
    throw new Error('Cannot accept the contexts: a CRC-32 is not that of RFC 7932 §7.1');
  }
  return tables;
}

/** `octets` as the values of a `memory.data<u64>`, five on a line. */
function quadwords(octets) {
  const values = [];
  for (let at = 0; at < octets.length; at += 8) values.push(`0x${octets.readBigUInt64LE(at).toString(16)}`);
  const lines = [];
  for (let at = 0; at < values.length; at += 5) lines.push(`  ${values.slice(at, at + 5).join(', ')},`);
  return lines.join('\n');
}

/** Prefixes and suffixes, each once, its length before it; and where the two of each transform stand. */
function affixesOf(transforms) {
  const starts = new Map();
  const pool = [];
  const placeOf = (affix) => {
    if (!starts.has(affix)) {
      starts.set(affix, pool.length);
      pool.push(affix.length, ...Buffer.from(affix, 'latin1'));
    }
    return starts.get(affix);
  };
  const rows = transforms.map(([prefix, kind, suffix]) => [placeOf(prefix), kind, placeOf(suffix), 0]);
  while (pool.length % 8 !== 0) pool.push(0);
  if (pool.length > 256) throw new Error('Cannot name a place among the affixes by one octet');
  return { pool: Buffer.from(pool), rows };
}

function written() {
  const dictionary = readWords();
  const { pool, rows } = affixesOf(readTransforms(dictionary));
  const transforms = Buffer.concat([Buffer.from(rows.flat()), Buffer.alloc((8 - ((rows.length * 4) % 8)) % 8)]);
  const wordBits = Buffer.alloc(32);
  wordBits.set(dictionary.wordBits, WORD_OCTETS_MIN);
  return `// biome-ignore-all format: generated
/**
 * What RFC 7932 defines by lists: the words of the static dictionary (appendix A) and how they are changed (appendix B),
 * the contexts of literals (§7.1). Made by wasm/generate-brotli-dictionary.mjs; not to be edited.
 */

/** Octets of the shortest and of the longest words. */
export const WORD_OCTETS_MIN: u32 = ${WORD_OCTETS_MIN};
export const WORD_OCTETS_MAX: u32 = ${WORD_OCTETS_MAX};

/** How many bits index the words of each length, an octet per length. */
export const WORD_BITS: usize = memory.data<u64>([
${quadwords(wordBits)}
], 16);

/** The words without anything between them, short ones first. */
export const WORDS: usize = memory.data<u64>([
${quadwords(dictionary.words)}
], 16);

export const TRANSFORMS_COUNT: u32 = ${TRANSFORMS};

/**
 * Four octets for each transform: where its prefix stands in AFFIXES, its kind (0 none, 1 first letter, 2 all letters,
 * 3 to 11 without the first one to nine octets, 12 to 20 without the last), where its suffix stands, nothing.
 */
export const TRANSFORMS: usize = memory.data<u64>([
${quadwords(transforms)}
], 16);

/** Prefixes and suffixes, each behind an octet that says how many it has. */
export const AFFIXES: usize = memory.data<u64>([
${quadwords(pool)}
], 16);

/** Per mode 256 octets by the last octet and 256 by the one before it; the context is their bitwise or. */
export const CONTEXTS: usize = memory.data<u64>([
${quadwords(readContexts())}
], 16);
`;
}

const text = written();
if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
else if (readFileSync(TARGET, 'utf8') !== text) throw new Error('brotli-data.ts is not what its generator writes');
