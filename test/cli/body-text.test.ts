/** Bodies as text: what is text, what is laid out, what is only counted, and what is shown before the end. */
import { describe, expect, test } from 'vitest';
import { BodyTooLong, bodyText } from '../../src/cli/body-text.js';
import { plain } from '../../src/cli/highlighting.js';
import { Response } from '../../src/index.js';

type Content = string | Uint8Array | AsyncIterable<Uint8Array>;
const typed = (type: string | null, content: Content): Response =>
  new Response(200, { content, headers: type === null ? [] : [['content-type', type]] });

async function shownAs(type: string | null, content: Content, shielded = false, shownMax?: number): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of bodyText(typed(type, content), plain, shielded, shownMax)) pieces.push(piece);
  return pieces.join('');
}

async function* octetsOf(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1');
}

async function* broken(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* octetsOf(...pieces);
  throw new RangeError('broken off');
}

describe('a body', async () => {
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
  ])('of type %s is text', async (type) => {
    expect(await shownAs(type, 'a b')).toBe('a b\n');
  });

  test.each(['image/png', 'application/octet-stream', 'application/pdf', 'application/jsonish'])(
    'of type %j is counted',
    async (type) => {
      expect(await shownAs(type, 'abcd')).toBe('<4 bytes of binary data>\n');
      expect(await shownAs(type, 'a')).toBe('<1 byte of binary data>\n');
    },
  );

  test.each([null, ''])(
    'whose type nobody names (%j) is text if it is UTF-8 without NUL, else it is counted',
    async (type) => {
      expect(await shownAs(type, 'né')).toBe('né\n');
      expect(await shownAs(type, octetsOf('n\xc3', '\xa9\n'))).toBe('né\n');
      expect(await shownAs(type, '\x1b[31mred', true)).toBe('\\x1b[31mred\n');
      expect(await shownAs(type, octetsOf('n\xe9'))).toBe('<2 bytes of binary data>\n');
      expect(await shownAs(type, 'a\0b')).toBe('<3 bytes of binary data>\n');
      expect(await shownAs(type, '')).toBe('');
      expect(await shownAs(type, 'abcdef', false, 5)).toBe(
        '<more than 5 bytes of binary data; --download FILE saves them>\n',
      );
    },
  );

  test('that is empty is nothing', async () => {
    expect(await shownAs('text/plain', '')).toBe('');
    expect(await shownAs('image/png', '')).toBe('');
  });

  test('is decoded by its charset', async () => {
    expect(await shownAs('text/plain; charset=iso-8859-1', Uint8Array.of(0xe9))).toBe('é\n');
  });

  test('that is JSON is indented, even with a byte-order mark; what only says so is shown as it is', async () => {
    expect(await shownAs('application/json', '\ufeff{"a":"é"}')).toBe('{\n    "a": "\\u00e9"\n}\n');
    expect(await shownAs('application/problem+json; charset=utf-8', '[1]')).toBe('[\n    1\n]\n');
    expect(await shownAs('application/json', 'not json')).toBe('not json\n');
  });

  test('ends in one line feed, its own or ours', async () => {
    expect(await shownAs('text/plain', 'a\n\n')).toBe('a\n\n');
    expect(await shownAs('text/plain', 'a')).toBe('a\n');
  });

  test('goes raw into a file, escaped to a terminal', async () => {
    expect(await shownAs('text/plain', '\x1b]0;t\x07\r\n')).toBe('\x1b]0;t\x07\r\n');
    expect(await shownAs('text/plain', '\x1b]0;t\x07\r\n', true)).toBe('\\x1b]0;t\\x07\n');
    expect(await shownAs('application/json', '\x1bnot json', true)).toBe('\\x1bnot json\n');
  });
});

describe('a body in pieces', () => {
  test('is shown as it comes, if it is text', async () => {
    const pieces = bodyText(typed('text/plain', broken('one\n', 'tw')), plain, true);
    expect(await pieces.next()).toEqual({ done: false, value: 'one\n' });
    expect(await pieces.next()).toEqual({ done: false, value: 'tw' });
    expect(await pieces.next()).toEqual({ done: false, value: '\n' });
    await expect(pieces.next()).rejects.toThrow('broken off');
  });

  test('that breaks off at the end of a line gets no other', async () => {
    const pieces = bodyText(typed('text/plain', broken('one\n')), plain, false);
    await pieces.next();
    await expect(pieces.next()).rejects.toThrow('broken off');
  });

  test('keeps characters and ends of lines whole', async () => {
    expect(await shownAs('text/plain', octetsOf('a\r', '\n\xc3', '\xa9\r'), true)).toBe('a\né\\x0d\n');
    expect(await shownAs('text/plain', octetsOf('\r'), true)).toBe('\\x0d\n');
    expect(await shownAs('text/plain', octetsOf('a\r', '\n\xc3', '\xa9\r'))).toBe('a\r\né\r\n');
  });

  test('is laid out at its end, if it is JSON', async () => {
    expect(await shownAs('application/json', octetsOf('[', '1', ']'))).toBe('[\n    1\n]\n');
  });
});

describe('a body that is too long', () => {
  test('to be laid out is an error that says what saves it', async () => {
    expect(await shownAs('application/json', '[1,2]', false, 5)).toBe('[\n    1,\n    2\n]\n');
    const error = await shownAs('application/json', '[1,22]', false, 5).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BodyTooLong);
    expect((error as Error).message).toBe(
      'Cannot show the body: it is JSON of more than 5 characters, the most that is laid out; --download FILE saves it',
    );
  });

  test('to be counted says what saves it, and is read no further', async () => {
    expect(await shownAs('image/png', 'abcde', false, 5)).toBe('<5 bytes of binary data>\n');
    const expected = '<more than 5 bytes of binary data; --download FILE saves them>\n';
    expect(await shownAs('image/png', broken('abcd', 'ef'), false, 5)).toBe(expected);
  });

  test('is none if it is text', async () => {
    expect(await shownAs('text/plain', 'a long text', false, 5)).toBe('a long text\n');
  });
});
