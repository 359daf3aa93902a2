/** Encodings: by which names they are known, what each octet is, and that it does not matter where the network cuts them. */
import { describe, expect, test } from 'vitest';
import { decoderOf, isKnown } from '../../src/charsets.js';
import { Response } from '../../src/index.js';
import { decodeJsonText, TextLines, TextPieces } from '../../src/text.js';

const ALL_OCTETS = Uint8Array.from({ length: 256 }, (_, octet) => octet);
const decoded = (octets: Uint8Array, encoding: string): string => decoderOf(encoding).decode(octets);

/** The text of pieces, cut as a reader gets them. */
function streamed(encoding: string, pieces: readonly Uint8Array[]): string {
  const decoder = decoderOf(encoding);
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode();
}

/** Octets of text in UTF-32 or UTF-16, each unit of `size` octets. */
function wide(units: readonly number[], size: 2 | 4, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(units.length * size));
  for (const [at, unit] of units.entries()) {
    if (size === 2) view.setUint16(at * size, unit, littleEndian);
    else view.setUint32(at * size, unit, littleEndian);
  }
  return new Uint8Array(view.buffer);
}

describe('tables', () => {
  test.each(['latin-1', 'ISO-8859-1', 'iso8859_1', 'L1', 'cp819'])('%s is ISO 8859-1, controls and all', (name) => {
    expect(decoded(ALL_OCTETS, name)).toBe(String.fromCharCode(...ALL_OCTETS));
  });

  test.each(['ascii', 'US-ASCII', 'ANSI_X3.4-1968', '646'])('%s has 128 characters', (name) => {
    const wanted = String.fromCharCode(...ALL_OCTETS.subarray(0, 128)) + '\ufffd'.repeat(128);
    expect(decoded(ALL_OCTETS, name)).toBe(wanted);
  });

  test.each(['windows-1252', 'cp1252', 'CP-1252'])('%s has the euro, and five octets that are nothing', (name) => {
    const text = decoded(ALL_OCTETS, name);
    expect(text[0x80]).toBe('€');
    expect([...text].flatMap((each, octet) => (each === '\ufffd' ? [octet] : []))).toEqual([
      0x81, 0x8d, 0x8f, 0x90, 0x9d,
    ]);
    expect(text.slice(0xa0)).toBe(String.fromCharCode(...ALL_OCTETS.subarray(0xa0)));
  });

  test('ASCII is the same in all of them', () => {
    const ascii = ALL_OCTETS.subarray(0, 128);
    for (const name of ['cp866', 'koi8-r', 'iso-8859-9', 'windows-1251', 'macintosh', 'tis-620']) {
      expect(decoded(ascii, name), name).toBe(String.fromCharCode(...ascii));
    }
  });

  test('text longer than what is decoded at once is whole', () => {
    const octets = new Uint8Array(20_001).fill(0xe9);
    expect(decoded(octets, 'latin-1')).toBe('é'.repeat(20_001));
  });
});

describe('names', () => {
  test.each([
    ['Shift-JIS', [0x83, 0x67], 'ト'],
    ['sjis', [0x83, 0x67], 'ト'],
    ['mac_roman', [0x8e], 'é'],
    ['mac-cyrillic', [0x8f], 'П'],
    ['big5hkscs', [0xa4, 0xa4], '中'],
    ['latin9', [0xa4], '€'],
    ['utf_16_le', [0x68, 0x00], 'h'],
    [' UTF8 ', [0xc3, 0xa9], 'é'],
  ])('%s is one that Python knows', (name, octets, text) => {
    expect(decoded(Uint8Array.from(octets), name)).toBe(text);
  });

  test.each(['', 'nope', 'base64', 'hex', 'idna', 'undefined', 'utf-7', '__proto__', 'constructor'])(
    '%j is none',
    (name) => {
      expect(isKnown(name)).toBe(false);
      expect(() => decoderOf(name)).toThrow(RangeError);
      expect(() => decoderOf(name)).toThrow(JSON.stringify(name));
    },
  );
});

const TEXT = [0x68, 0xe9, 0x20ac, 0x1f600];
const UTF_16 = [0x68, 0xe9, 0x20ac, 0xd83d, 0xde00];

describe('text at every split is that of the whole', () => {
  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ['utf-8', new TextEncoder().encode('\ufeffhé€😀'), '\ufeffhé€😀'],
    ['utf-8-sig', new TextEncoder().encode('\ufeffhé€😀'), 'hé€😀'],
    ['utf-16', wide([0xfeff, ...UTF_16], 2, true), 'hé€😀'],
    ['utf-16', wide([0xfeff, ...UTF_16], 2, false), 'hé€😀'],
    ['utf-16', wide(UTF_16, 2, true), 'hé€😀'],
    ['utf-16le', wide([0xfeff, ...UTF_16], 2, true), '\ufeffhé€😀'],
    ['utf-16be', wide(UTF_16, 2, false), 'hé€😀'],
    ['utf-32', wide([0xfeff, ...TEXT], 4, true), 'hé€😀'],
    ['utf-32', wide([0xfeff, ...TEXT], 4, false), 'hé€😀'],
    ['utf-32le', wide(TEXT, 4, true), 'hé€😀'],
    ['utf-32be', wide([0xfeff, ...TEXT], 4, false), '\ufeffhé€😀'],
    ['utf-32be', wide([0x110000, 0xd800, 0xdfff, 0x10ffff], 4, false), '\ufffd\ufffd\ufffd\u{10ffff}'],
    ['utf-32', Uint8Array.of(0xff, 0xfe, 0, 0, 0x68, 0, 0, 0, 0xe9, 0), 'h\ufffd'],
    ['utf-32', Uint8Array.of(0xff), '\ufffd'],
    ['utf-16', Uint8Array.of(0xff), '\ufffd'],
    ['utf-16', new Uint8Array(), ''],
    ['gb18030', Uint8Array.of(0x61, 0xd6, 0xd0, 0x95, 0x32, 0x82, 0x36), 'a中𠀀'],
    ['latin-1', Uint8Array.of(0x80, 0x85, 0xe9), '\x80\x85é'],
    ['cp1252', Uint8Array.of(0x80, 0x81, 0xe9), '€\ufffdé'],
  ])('%s, %j', (encoding, octets, text) => {
    expect(decoded(octets, encoding)).toBe(text);
    expect(streamed(encoding, [octets])).toBe(text);
    expect(
      streamed(
        encoding,
        [...octets].map((octet) => Uint8Array.of(octet)),
      ),
    ).toBe(text);
    for (let cut = 0; cut <= octets.length; cut++) {
      expect(streamed(encoding, [octets.subarray(0, cut), octets.subarray(cut)])).toBe(text);
    }
  });

  test('lines and chunks of UTF-32 too', () => {
    const octets = wide([0xfeff, 0x61, 0x0d, 0x0a, 0x1f600, 0x2028, 0x62], 4, false);
    for (let cut = 0; cut <= octets.length; cut++) {
      const lines = new TextLines('utf-32');
      const chunks = new TextPieces('utf-32', 2);
      const [taken, cutUp]: [string[], string[]] = [[], []];
      for (const piece of [octets.slice(0, cut), octets.slice(cut), null]) {
        for (const [reader, found] of [
          [lines, taken],
          [chunks, cutUp],
        ] as const) {
          if (piece === null) reader.end();
          else reader.give(piece);
          for (let text = reader.take(); text !== null; text = reader.take()) found.push(text);
        }
      }
      expect(taken).toEqual(['a', '😀', 'b']);
      expect(cutUp).toEqual(['a\r', '\n😀', '\u2028b']);
    }
  });
});

describe('JSON', () => {
  test.each<[string, Uint8Array<ArrayBuffer>]>([
    [
      'UTF-16',
      wide(
        [...'["€"]'].map((each) => each.charCodeAt(0)),
        2,
        true,
      ),
    ],
    [
      'UTF-16, network order',
      wide(
        [...'["€"]'].map((each) => each.charCodeAt(0)),
        2,
        false,
      ),
    ],
    [
      'UTF-32',
      wide(
        [...'["€"]'].map((each) => each.charCodeAt(0)),
        4,
        true,
      ),
    ],
    [
      'UTF-32, network order',
      wide(
        [...'["€"]'].map((each) => each.charCodeAt(0)),
        4,
        false,
      ),
    ],
    ['UTF-8', new TextEncoder().encode('["€"]')],
  ])('is read in %s, marked or not', (_name, octets) => {
    expect(JSON.parse(decodeJsonText(octets))).toEqual(['€']);
    expect(new Response(200, { content: octets }).json()).toEqual(['€']);
  });

  test.each([[[0x31]], [[0x31, 0x32]], [[0x31, 0x00]], [[0x00, 0x31]], [[0x31, 0x32, 0x33]]])(
    'of few octets is a number: %j',
    (octets) => {
      expect(typeof new Response(200, { content: Uint8Array.from(octets) }).json()).toBe('number');
    },
  );
});

describe('response.encoding', () => {
  const latin = (options: object): Response => new Response(200, { content: Uint8Array.of(0x80), ...options });
  const typed = (type: string): object => ({ headers: { 'Content-Type': type } });

  test('is the charset of Content-Type as it is written, if it is known', () => {
    const response = latin(typed('text/plain; charset=LATIN-1'));
    expect([response.encoding, response.charsetEncoding, response.text]).toEqual(['latin-1', 'latin-1', '\x80']);
  });

  test('is the default for a charset that nobody knows', () => {
    const response = latin({ ...typed('text/plain; charset=klingon'), defaultEncoding: 'cp1252' });
    expect([response.encoding, response.charsetEncoding, response.text]).toEqual(['cp1252', 'klingon', '€']);
  });

  test('that was set overrules both; one that nobody knows fails where it is used', () => {
    const response = latin(typed('text/plain; charset=utf-8'));
    response.encoding = 'windows-1252';
    expect([response.encoding, response.text]).toEqual(['windows-1252', '€']);
    expect(() => {
      response.encoding = 'utf-8';
    }).toThrow('the text has been read');
    const other = latin({});
    other.encoding = 'nope';
    expect(() => other.text).toThrow('Cannot decode text: unknown encoding "nope"');
    expect(() => other.iterText()).toThrow(RangeError);
    expect(() => {
      other.encoding = 5 as unknown as string;
    }).toThrow('Cannot set response.encoding: expected a string, got number');
  });
});
