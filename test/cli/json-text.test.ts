/** JSON texts laid out anew, token by token. */
import { describe, expect, test } from 'vitest';
import { coloured, type Paint } from '../../src/cli/highlighting.js';
import { compacted, indented as indentedPieces } from '../../src/cli/json-text.js';

function indented(text: string, paint?: Paint): string | null {
  const pieces = indentedPieces(text, paint);
  return pieces === null ? null : [...pieces].join('');
}

describe('a JSON text is indented', () => {
  test('by four for each level, as JSON.stringify does', () => {
    const value = { a: [1, 'x', { b: null, c: [] }, [[]]], d: {}, e: '', f: [true, false], 'g:': ':' };
    for (const text of [
      JSON.stringify(value),
      JSON.stringify(value, null, 1),
      `\r\n${JSON.stringify(value, null, '\t')} `,
    ])
      expect(indented(text)).toBe(JSON.stringify(value, null, 4));
  });

  test.each(['1', '"x"', 'null', '[]', '{}', ' [ ] ', '{ }', '-1.5e-3'])('where it is only %s', (text) => {
    expect(indented(text)).toBe(text.replace(/ /g, ''));
  });

  test('numbers, the order of names and repeated names stay', () => {
    const text = '{"2":12345678901234567890,"1":1.0,"2":1E400}';
    expect(indented(text)).toBe('{\n    "2": 12345678901234567890,\n    "1": 1.0,\n    "2": 1E400\n}');
  });

  test('strings come out in ASCII, without needless escapes', () => {
    expect(indented('["é\\u0041\\/","\\"","\\\\","\\\\\\"]","𝄞","\\ud800","\x7f"]')).toBe(
      '[\n    "\\u00e9A/",\n    "\\"",\n    "\\\\",\n    "\\\\\\"]",\n    "\\ud834\\udd1e",\n    "\\ud800",\n    "\\u007f"\n]',
    );
  });

  test('unless it is none', () => {
    for (const text of ['', '{', '[1,]', 'not json', 'NaN', "{'a': 1}"])
      expect(() => indented(text)).toThrow(SyntaxError);
  });

  test('unless its nesting would make that enormous', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(indented(nested(100))).toBe(JSON.stringify(JSON.parse(nested(100)), null, 4));
    expect(indented(nested(100_000))).toBeNull();
  });

  test('in time that grows with its length, whatever its strings hold', () => {
    const long = JSON.stringify(['\\"'.repeat(1_000_000), 'x'.repeat(1_000_000)]);
    expect(indented(long)).toBe(JSON.stringify(JSON.parse(long), null, 4));
  });

  test('in pieces, so that none of them is enormous', () => {
    const text = `[${'1,'.repeat(100_000)}1]`;
    const pieces = [...(indentedPieces(text) ?? [])];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000);
    expect(pieces.join('')).toBe(JSON.stringify(JSON.parse(text), null, 4));
  });

  test('with colours for names, strings and literals', () => {
    expect(indented('{"a":["b",1]}', coloured)).toBe(
      '{\n    \x1b[34m"a"\x1b[39m: [\n        \x1b[32m"b"\x1b[39m,\n        \x1b[35m1\x1b[39m\n    ]\n}',
    );
  });
});

describe('a JSON text is made compact', () => {
  test('without a change to its tokens', () => {
    expect(compacted(' { "a" : 1.0 ,\n"é\\u0041" : [ 1 , 12345678901234567890 ] } ')).toBe(
      '{"a":1.0,"é\\u0041":[1,12345678901234567890]}',
    );
  });

  test('unless it is none', () => {
    expect(() => compacted('{bad')).toThrow(SyntaxError);
  });
});
