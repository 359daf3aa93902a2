/** Responses and errors as text: what is text, what is escaped. */
import { describe, expect, test } from 'vitest';
import { visibleLine, visibleText } from '../../src/cli/escaping.js';
import { coloured, plain } from '../../src/cli/highlighting.js';
import { bodyText, errorLine, requestHead, responseHead } from '../../src/cli/printing.js';
import { Request, Response } from '../../src/index.js';

const typed = (type: string | null, content: string | Uint8Array): Response =>
  new Response(200, { content, headers: type === null ? [] : [['content-type', type]] });
const shownAs = (type: string | null, content: string | Uint8Array, shielded = false): string =>
  bodyText(typed(type, content), plain, shielded);

describe('control characters', () => {
  test('become escapes, all of them, and the ones that turn text around', () => {
    for (let unit = 0; unit < 0x100; unit++) {
      const isControl = unit < 0x20 || (unit >= 0x7f && unit < 0xa0);
      const character = String.fromCharCode(unit);
      const escaped = `\\x${unit.toString(16).padStart(2, '0')}`;
      expect(visibleLine(character)).toBe(isControl && unit !== 9 ? escaped : character);
    }
    expect(visibleLine('a\u202eb\u2066c\u2069')).toBe('a\\u202eb\\u2066c\\u2069');
    expect(visibleLine('é→𝄞\u200f')).toBe('é→𝄞\u200f');
  });

  test('of text: the ends of lines stay, as line feeds', () => {
    expect(visibleText('a\r\nb\nc\rd\te\x1b')).toBe('a\nb\nc\\x0dd\te\\x1b');
  });
});

describe('a body', () => {
  test.each([
    'text/plain',
    'TEXT/HTML; charset=utf-8',
    'application/xml',
    'image/svg+xml',
    'application/javascript',
    'application/x-ndjson',
    'application/vnd.api+json',
    'application/x-www-form-urlencoded',
    'application/anything; charset=utf-8',
  ])('of type %s is text', (type) => {
    expect(shownAs(type, 'a b')).toBe('a b\n');
  });

  test.each([null, '', 'image/png', 'application/octet-stream', 'application/pdf', 'application/jsonish'])(
    'of type %j is counted',
    (type) => {
      expect(shownAs(type, 'abcd')).toBe('<4 bytes of binary data>\n');
      expect(shownAs(type, 'a')).toBe('<1 byte of binary data>\n');
    },
  );

  test('that is empty is nothing', () => {
    expect(shownAs('text/plain', '')).toBe('');
    expect(shownAs('image/png', '')).toBe('');
  });

  test('is decoded by its charset', () => {
    expect(shownAs('text/plain; charset=iso-8859-1', Uint8Array.of(0xe9))).toBe('é\n');
  });

  test('that is JSON is indented, even with a byte-order mark; what only says so is shown as it is', () => {
    expect(shownAs('application/json', '\ufeff{"a":"é"}')).toBe('{\n    "a": "\\u00e9"\n}\n');
    expect(shownAs('application/problem+json; charset=utf-8', '[1]')).toBe('[\n    1\n]\n');
    expect(shownAs('application/json', 'not json')).toBe('not json\n');
  });

  test('ends in one line feed, its own or ours', () => {
    expect(shownAs('text/plain', 'a\n\n')).toBe('a\n\n');
    expect(shownAs('text/plain', 'a')).toBe('a\n');
  });

  test('goes raw into a file, escaped to a terminal', () => {
    expect(shownAs('text/plain', '\x1b]0;t\x07\r\n')).toBe('\x1b]0;t\x07\r\n');
    expect(shownAs('text/plain', '\x1b]0;t\x07\r\n', true)).toBe('\\x1b]0;t\\x07\n');
    expect(shownAs('application/json', '\x1bnot json', true)).toBe('\\x1bnot json\n');
  });
});

describe('a head', () => {
  test('keeps the spelling of names and shows no control characters', () => {
    const response = new Response(299, {
      headers: [
        ['X-Odd', '\x80\x9b31m\x7f'],
        ['x-é'.slice(0, 2), new TextEncoder().encode('é')],
      ],
      extensions: { httpVersion: 'HTTP/1.0', reasonPhrase: 'Od\x1bd' },
    });
    expect(responseHead(response, plain)).toEqual([
      'HTTP/1.0 299 Od\\x1bd',
      expect.stringMatching(/^X-Odd: \\x80\\x9b31m\\x7f$/),
      expect.stringMatching(/^x-: /),
      '',
    ]);
  });

  test('without a reason ends at the status', () => {
    expect(responseHead(new Response(600), plain)[0]).toBe('HTTP/1.1 600');
  });

  test('has the colour of its status', () => {
    expect(responseHead(new Response(200), coloured)[0]).toContain('\x1b[32m200 OK\x1b[39m');
    expect(responseHead(new Response(302), coloured)[0]).toContain('\x1b[33m302 Found\x1b[39m');
    expect(responseHead(new Response(404), coloured)[0]).toContain('\x1b[31m404 Not Found\x1b[39m');
  });

  test('of a request has its target', () => {
    const request = new Request('GET', 'http://a.example/p?q=1#f', { headers: { 'X-A': 'b' } });
    expect(requestHead(request, 'HTTP/1.1', plain)).toEqual(['GET /p?q=1 HTTP/1.1', 'Host: a.example', 'X-A: b', '']);
    const asterisk = new Request('OPTIONS', 'http://a.example/', { extensions: { target: '*' } });
    expect(requestHead(asterisk, 'HTTP/1.1', plain)[0]).toBe('OPTIONS * HTTP/1.1');
  });
});

test('an error is one line, whatever it says', () => {
  const error = new RangeError('first\r\n  second\x1b[31m\nthird');
  expect(errorLine(error, plain)).toBe('RangeError: first second\\x1b[31m third');
  expect(errorLine('thrown', plain)).toBe('Error: thrown');
});
