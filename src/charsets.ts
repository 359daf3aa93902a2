/**
 * Encodings by name, and how each becomes text, piece by piece. Names are those of the runtime's TextDecoder (WHATWG
 * Encoding), and those that Python has for the same encodings; tables that WHATWG replaces by larger ones (ISO 8859-1, -9 and
 * -11, ASCII), and UTF-32, are ours (httpx: `TextDecoder`). Bad octets become U+FFFD; so do octets that a Windows code page
 * does not define. Knows nothing of headers, nor of what a body is for.
 */

/** Makes text of octets as they come. */
export interface CharsetDecoder {
  /** The text that is complete; `stream`: more octets follow. */
  decode(octets?: Uint8Array, options?: { readonly stream?: boolean }): string;
}

const REPLACEMENT = 0xfffd;

/** Code units of the upper 128 octets, where the table is ours. */
const UPPER_HALVES: ReadonlyMap<string, () => string> = new Map([
  ['latin-1', () => upperHalf((octet) => octet)],
  ['ascii', () => upperHalf(() => REPLACEMENT)],
  ['windows-1252', () => upperHalf((octet) => WINDOWS_1252[octet - 0x80] ?? octet)],
  ['iso-8859-9', () => upperHalf((octet) => TURKISH[octet] ?? octet)],
  ['iso-8859-11', () => upperHalf((octet) => (octet <= 0xa0 ? octet : thaiOf(octet)))],
  ['tis-620', () => upperHalf((octet) => (octet < 0xa0 ? octet : thaiOf(octet)))],
]);

/** 0x80 to 0x9f of Windows-1252; five of them mean nothing. */
const WINDOWS_1252: readonly number[] = [
  0x20ac,
  REPLACEMENT,
  0x201a,
  0x0192,
  0x201e,
  0x2026,
  0x2020,
  0x2021,
  0x02c6,
  0x2030,
  0x0160,
  0x2039,
  0x0152,
  REPLACEMENT,
  0x017d,
  REPLACEMENT,
  REPLACEMENT,
  0x2018,
  0x2019,
  0x201c,
  0x201d,
  0x2022,
  0x2013,
  0x2014,
  0x02dc,
  0x2122,
  0x0161,
  0x203a,
  0x0153,
  REPLACEMENT,
  0x017e,
  0x0178,
];

/** Where ISO 8859-9 differs from 8859-1. */
const TURKISH: Readonly<Record<number, number>> = {
  208: 0x011e,
  221: 0x0130,
  222: 0x015e,
  240: 0x011f,
  253: 0x0131,
  254: 0x015f,
};

function thaiOf(octet: number): number {
  const isDefined = (octet > 0xa0 && octet < 0xdb) || (octet > 0xde && octet < 0xfc);
  return isDefined ? octet - 0xa0 + 0x0e00 : REPLACEMENT;
}

function upperHalf(unitOf: (octet: number) => number): string {
  return String.fromCharCode(...Array.from({ length: 128 }, (_, at) => unitOf(at + 0x80)));
}

/** Names of encodings that WHATWG calls otherwise, or not at all; without what separates their parts. */
const NAMES: Readonly<Record<string, string>> = {
  'latin-1': 'latin latin1 l1 iso88591 iso885911987 8859 cp819 ibm819 isoir100 csisolatin1',
  ascii: 'ascii usascii us 646 iso646us ansix341968 ansix341986 cp367 ibm367 csascii',
  'utf-8': 'u8 utf cp65001',
  'utf-8-sig': 'utf8sig',
  'utf-16': 'utf16 u16',
  'utf-16le': 'utf16le',
  'utf-16be': 'utf16be',
  'utf-32': 'utf32 u32',
  'utf-32le': 'utf32le',
  'utf-32be': 'utf32be',
  'iso-8859-9': 'latin5 l5 iso885991989 isoir148 csisolatin5',
  'iso-8859-11': 'thai iso8859112001',
  'tis-620': 'tis620 tis6200 isoir166',
  'iso-8859-13': 'latin7 l7',
  'iso-8859-14': 'latin8 l8',
  'iso-8859-15': 'latin9',
  'iso-8859-16': 'latin10 l10',
  macintosh: 'mac macroman',
  'x-mac-cyrillic': 'maccyrillic',
  ibm866: '866 cp866',
  big5: 'big5hkscs hkscs big5tw cp950 950 ms950',
  'euc-kr': 'cp949 949 ms949 uhc',
  'euc-jp': 'eucjp ujis',
  'iso-2022-jp': 'iso2022jp',
  shift_jis: 'shiftjis sjis cp932 932 ms932 mskanji',
  gbk: 'cp936 936 ms936',
  gb18030: 'gb180302000',
};
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([encoding, names]) => names.split(' ').map((name) => [name, encoding])),
);

/** Beside the tables; TextDecoder takes the first of them for little-endian, whatever its mark says. */
const OWN: ReadonlySet<string> = new Set(['utf-16', 'utf-32', 'utf-32le', 'utf-32be', 'utf-8-sig']);

const SINGLE_OCTETS = /^(?:ibm866|iso-8859-\d+|koi8-[ru]|macintosh|windows-\d+|x-mac-cyrillic)$/;

/** The encoding's own name, by any that it has; `null` if there is none of that name. */
function encodingOf(name: string): string | null {
  const label = name.trim().toLowerCase();
  if (label === 'utf-8') return label;
  const squeezed = label.replace(/[^a-z0-9]+/g, '');
  const alias = ALIASES.get(squeezed);
  if (alias !== undefined) return labelOf(alias);
  const [, iso] = /^iso8859(\d{1,2})$/.exec(squeezed) ?? [];
  if (iso !== undefined) return labelOf(`iso-8859-${iso}`);
  const [, page] = /^(?:cp|xcp|windows|ms)?(125\d)$/.exec(squeezed) ?? [];
  return labelOf(page === undefined ? label : `windows-${page}`);
}

/** WHATWG's name of an encoding that the runtime has, or ours. */
function labelOf(label: string): string | null {
  if (UPPER_HALVES.has(label) || OWN.has(label)) return label;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** True if octets can be decoded by an encoding of this name. */
export function isKnown(name: string): boolean {
  return encodingOf(name) !== null;
}

/** A decoder of its own. @throws RangeError for an encoding that nobody knows */
export function decoderOf(name: string): CharsetDecoder {
  const encoding = encodingOf(name);
  switch (encoding) {
    case null:
      throw new RangeError(`Cannot decode text: unknown encoding ${JSON.stringify(name)}`);
    case 'utf-8-sig':
      return new TextDecoder();
    case 'utf-16':
      return new MarkedDecoder(2, (mark) => (mark === 0xfeff ? 'utf-16be' : 'utf-16le'));
    case 'utf-32':
      return new MarkedDecoder(4, (mark) => (mark === 0xfeff ? 'utf-32be' : 'utf-32le'));
    case 'utf-32le':
    case 'utf-32be':
      return new Utf32Decoder(encoding === 'utf-32le');
    default:
      if (UPPER_HALVES.has(encoding) || SINGLE_OCTETS.test(encoding)) return new TableDecoder(tableOf(encoding));
      return new TextDecoder(encoding, { ignoreBOM: true });
  }
}

const tables = new Map<string, Uint16Array>();

/** Code units of all octets of an encoding in which each octet is a character. */
function tableOf(encoding: string): Uint16Array {
  let table = tables.get(encoding);
  if (table === undefined) {
    const upper = UPPER_HALVES.get(encoding)?.() ?? upperHalfOfRuntime(encoding);
    table = Uint16Array.from({ length: 256 }, (_, octet) => (octet < 0x80 ? octet : upper.charCodeAt(octet - 0x80)));
    tables.set(encoding, table);
  }
  return table;
}

/** Characters that releases of one runtime do not agree on, and what they are made: as Python has them. */
const SETTLED: ReadonlyMap<string, readonly (readonly [said: string, meant: string])[]> = new Map([
  ['windows-1253', [['\u037a', '\ufffd']]],
  ['windows-1255', [['\u05ba', '\ufffd']]],
  [
    'koi8-u',
    [
      ['\u045e', '\u255d'],
      ['\u040e', '\u256c'],
    ],
  ],
]);

/** What WHATWG fills up with C1 controls, and a runtime with characters of private use, Windows does not define. */
function upperHalfOfRuntime(encoding: string): string {
  let upper = new TextDecoder(encoding).decode(Uint8Array.from({ length: 128 }, (_, at) => at + 0x80));
  for (const [said, meant] of SETTLED.get(encoding) ?? []) upper = upper.replace(said, meant);
  return encoding.startsWith('windows-') ? upper.replace(/[\x80-\x9f\ue000-\uf8ff]/g, '\ufffd') : upper;
}

/** Code units that are made text of at once: arguments of one call. */
const UNITS_AT_ONCE = 8192;

/** Each octet is a character. */
class TableDecoder implements CharsetDecoder {
  readonly #table: Uint16Array;

  constructor(table: Uint16Array) {
    this.#table = table;
  }

  decode(octets: Uint8Array = new Uint8Array()): string {
    const units = new Uint16Array(Math.min(octets.length, UNITS_AT_ONCE));
    let text = '';
    for (let start = 0; start < octets.length; start += UNITS_AT_ONCE) {
      const count = Math.min(octets.length - start, UNITS_AT_ONCE);
      for (let at = 0; at < count; at++) units[at] = this.#table[octets[start + at] as number] as number;
      text += String.fromCharCode(...units.subarray(0, count));
    }
    return text;
  }
}

/** UTF-32: four octets a character. Surrogates and what is beyond U+10FFFF are none. */
class Utf32Decoder implements CharsetDecoder {
  readonly #littleEndian: boolean;
  #rest: Uint8Array = new Uint8Array();

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  decode(octets: Uint8Array = new Uint8Array(), options: { readonly stream?: boolean } = {}): string {
    const all = appended(this.#rest, octets);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const end = all.length - (all.length % 4);
    let text = '';
    for (let at = 0; at < end; at += 4) {
      const point = view.getUint32(at, this.#littleEndian);
      text += String.fromCodePoint(point > 0x10ffff || (point & 0xfffff800) === 0xd800 ? REPLACEMENT : point);
    }
    const isCut = options.stream !== true && end < all.length;
    this.#rest = options.stream === true ? all.slice(end) : new Uint8Array();
    return isCut ? `${text}\ufffd` : text;
  }
}

/** Looks at the byte-order mark, and drops it, before it chooses a decoder. */
class MarkedDecoder implements CharsetDecoder {
  readonly #octets: 2 | 4;
  readonly #choose: (mark: number) => string;
  #chosen: CharsetDecoder | null = null;
  #rest: Uint8Array = new Uint8Array();

  /** `choose`: by the first so many octets, read as a number in network order. */
  constructor(octets: 2 | 4, choose: (mark: number) => string) {
    this.#octets = octets;
    this.#choose = choose;
  }

  decode(octets: Uint8Array = new Uint8Array(), options: { readonly stream?: boolean } = {}): string {
    if (this.#chosen !== null) return this.#chosen.decode(octets, options);
    const all = appended(this.#rest, octets);
    if (all.length < this.#octets && options.stream === true) {
      this.#rest = all.slice();
      return '';
    }
    const mark = all.subarray(0, this.#octets).reduce((number, octet) => number * 256 + octet, 0);
    this.#chosen = decoderOf(this.#choose(mark));
    return this.#chosen.decode(all, options).replace(/^\ufeff/, '');
  }
}

function appended(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
