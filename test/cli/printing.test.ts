/** Heads and errors as text, and what is escaped. */
import { describe, expect, test } from 'vitest';
import { VisibleText, visibleLine, visibleText } from '../../src/cli/escaping.js';
import { coloured, plain } from '../../src/cli/highlighting.js';
import { errorLine, requestHead, responseHead } from '../../src/cli/printing.js';
import { Request, Response } from '../../src/index.js';

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
    expect(visibleText('\r\r\n\r')).toBe('\\x0d\n\\x0d');
  });

  test('of text in pieces: as of the whole, wherever it is cut', () => {
    const text = 'a\r\n\r\rb\x1b\n\r\n\r';
    for (let cut = 0; cut <= text.length; cut++) {
      for (let next = cut; next <= text.length; next++) {
        const visible = new VisibleText();
        const pieces = [text.slice(0, cut), text.slice(cut, next), text.slice(next)].map((piece) =>
          visible.give(piece),
        );
        expect(pieces.join('') + visible.end()).toBe(visibleText(text));
      }
    }
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
