/** Lines and chunks of text: what they are must not depend on the cuts of the network, nor their cost on its pieces' size. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LineDecoder, TextLines, TextPieces } from '../../src/text.js';

const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function linesOf(pieces: readonly string[]): string[] {
  const decoder = new LineDecoder();
  return [...pieces.flatMap((piece) => decoder.decode(piece)), ...decoder.flush()];
}

/** All that `transform` gives for the pieces. */
function allOf(transform: TextLines | TextPieces, pieces: readonly Uint8Array<ArrayBuffer>[]): string[] {
  const found: string[] = [];
  const takeAll = () => {
    for (let text = transform.take(); text !== null; text = transform.take()) found.push(text);
  };
  for (const piece of pieces) {
    transform.give(piece);
    takeAll();
  }
  transform.end();
  takeAll();
  return found;
}

function piecesOf(whole: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.slice(i * size, (i + 1) * size));
}

afterEach(() => void vi.restoreAllMocks());

describe('lines', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r', ['a']],
    ['\r', ['']],
    ['a\r\nb\n\rc\r\r\nd', ['a', 'b', '', 'c', '', 'd']],
    ['a\vb\fc\x1cd\x1de\x1ef\x85g\u2028h\u2029i', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']],
    ['\n\n\r\n\r', ['', '', '', '']],
  ])('of %j are the same, wherever it is cut', (text, wanted) => {
    expect(linesOf([text])).toEqual(wanted);
    expect(linesOf([...text])).toEqual(wanted);
    expect(linesOf([...text].flatMap((unit) => [unit, '']))).toEqual(wanted);
    for (let cut = 1; cut < text.length; cut++) {
      expect(linesOf([text.slice(0, cut), text.slice(cut)])).toEqual(wanted);
    }
  });

  test('a line of many pieces is searched once', () => {
    const line = 'x'.repeat(1 << 20);
    const whole = octets(`${line}\r\nend`);
    let searched = 0;
    const exec = RegExp.prototype.exec;
    vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, text: string) {
      searched += text.length - this.lastIndex;
      return exec.call(this, text);
    });
    const lines = allOf(new TextLines('utf-8'), piecesOf(whole, 4096));
    vi.restoreAllMocks();
    expect(lines.map((each) => each.length)).toEqual([line.length, 3]);
    expect(searched).toBeLessThan(2 * whole.length);
  });
});

describe('chunks of text', () => {
  test('have as many code points as asked for, the last one fewer', () => {
    const text = 'aé€😀'.repeat(5);
    const wanted = Array.from({ length: 7 }, (_, i) => [...text].slice(i * 3, i * 3 + 3).join(''));
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(allOf(new TextPieces('utf-8', 3), piecesOf(octets(text), size))).toEqual(wanted);
    }
  });

  test('are one, if there is less than asked for, and none of nothing', () => {
    expect(allOf(new TextPieces('utf-8', 100), [octets('ab'), octets('😀')])).toEqual(['ab😀']);
    expect(allOf(new TextPieces('utf-8', 2), [octets('ab')])).toEqual(['ab']);
    expect(allOf(new TextPieces('utf-8', 2), [])).toEqual([]);
  });

  test('of many pieces are counted once', () => {
    const text = 'y'.repeat(1 << 15);
    let looked = 0;
    const codePointAt = String.prototype.codePointAt;
    vi.spyOn(String.prototype, 'codePointAt').mockImplementation(function (this: string, at: number) {
      looked++;
      return codePointAt.call(this, at);
    });
    const chunks = allOf(new TextPieces('utf-8', text.length), piecesOf(octets(text), 1024));
    vi.restoreAllMocks();
    expect(chunks.map((each) => each.length)).toEqual([text.length]);
    expect(looked).toBeLessThan(2 * text.length);
  });
});
