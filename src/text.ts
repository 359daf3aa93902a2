/**
 * Octets as text: whole, in pieces of so many characters, and in lines as Python's `splitlines` cuts them (httpx:
 * `TextChunker`, `LineDecoder`). How an encoding is decoded is charsets.ts.
 */
import type { Transform } from './body-readers.js';
import type { CharsetDecoder } from './charsets.js';
import { Late } from './late.js';

/** Encodings other than UTF-8. */
const CHARSETS = new Late(() => import('./charsets.js'));
const utf8 = utf8Decoder();

function utf8Decoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}

/** True if octets can be decoded by an encoding of this name. */
export function isKnownEncoding(name: string): boolean {
  return name === 'utf-8' || CHARSETS.module.isKnown(name);
}

/** All octets as text. @throws RangeError for an encoding that nobody knows */
export function decodeText(octets: Uint8Array, encoding: string): string {
  return (encoding === 'utf-8' ? utf8 : CHARSETS.module.decoderOf(encoding)).decode(octets);
}

/** JSON text, its encoding told by its first octets (RFC 4627 §3). A byte-order mark is dropped. */
export function decodeJsonText(octets: Uint8Array): string {
  return decodeText(octets, jsonEncodingOf(octets));
}

function jsonEncodingOf(octets: Uint8Array): string {
  const first = octets[0];
  const second = octets[1];
  const third = octets[2];
  const fourth = octets[3];
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8-sig';
  if (first === 0xff && second === 0xfe) return third === 0 && fourth === 0 ? 'utf-32' : 'utf-16';
  if (first === 0xfe && second === 0xff) return 'utf-16';
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return 'utf-32';
  if (octets.length < 4 && octets.length !== 2) return 'utf-8';
  if (first === 0) return second === 0 ? 'utf-32be' : 'utf-16be';
  if (second === 0) return third === 0 && fourth === 0 ? 'utf-32le' : 'utf-16le';
  return 'utf-8';
}

/**
 * Pieces as text, of `size` code points each if that is given. Each piece is counted once, and text is cut only when there
 * is enough of it: the work is linear however long the chunks are.
 */
export class TextPieces implements Transform<string> {
  readonly #decoder: CharsetDecoder;
  readonly #size: number | null;
  #text = '';
  /** Code points in `#text`; counted only if they are to be cut. */
  #points = 0;
  #ended = false;

  constructor(encoding: string, size: number | null) {
    if (size !== null && (!Number.isInteger(size) || size < 1)) {
      throw new RangeError(`Cannot cut text into chunks of ${size} characters`);
    }
    this.#decoder = encoding === 'utf-8' ? utf8Decoder() : CHARSETS.module.decoderOf(encoding);
    this.#size = size;
  }

  give(piece: Uint8Array<ArrayBuffer>): void {
    this.#add(this.#decoder.decode(piece, { stream: true }));
  }

  end(): void {
    this.#add(this.#decoder.decode());
    this.#ended = true;
  }

  #add(text: string): void {
    this.#text += text;
    if (this.#size !== null) this.#points += codePointsOf(text);
  }

  take(): string | null {
    const text = this.#text;
    if (text === '') return null;
    const size = this.#size;
    if (size === null || (this.#ended && this.#points <= size)) {
      this.#text = '';
      return text;
    }
    if (this.#points < size) return null;
    const end = endOfPoints(text, size);
    this.#text = text.slice(end);
    this.#points -= size;
    return text.slice(0, end);
  }
}

/** Code points of well-formed text. */
function codePointsOf(text: string): number {
  let points = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) points--;
  return points;
}

/** Index behind the first `count` code points of text that has as many. */
function endOfPoints(text: string, count: number): number {
  let at = 0;
  for (let seen = 0; seen < count; seen++) at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return at;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: VT, FF, FS, GS and RS end lines in Python's splitlines
const LINE_END = /\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]/g;

/**
 * Cuts text into lines, their ends dropped. A '\r' at the end of a piece waits for the next one. The beginning of an
 * unfinished line is set aside and never looked at again, so that a line of many pieces costs no more than its length.
 */
export class LineDecoder {
  /** The unfinished line; it holds no line end. */
  #kept = '';
  /** Behind it came a '\r', which may be half of a line end. */
  #return = false;

  /** Lines that are complete. */
  decode(text: string): string[] {
    if (text === '') return [];
    const piece = this.#return ? `\r${text}` : text;
    this.#return = piece.endsWith('\r');
    const held = this.#return ? piece.length - 1 : piece.length;
    const lines: string[] = [];
    let start = 0;
    LINE_END.lastIndex = 0;
    for (let end = LINE_END.exec(piece); end !== null && end.index < held; end = LINE_END.exec(piece)) {
      lines.push(this.#kept + piece.slice(start, end.index));
      this.#kept = '';
      start = end.index + end[0].length;
    }
    this.#kept += piece.slice(start, held);
    return lines;
  }

  /** The last line, if it had no end. */
  flush(): string[] {
    const kept = this.#kept;
    const ended = this.#return;
    this.#kept = '';
    this.#return = false;
    return kept === '' && !ended ? [] : [kept];
  }
}

/** Pieces as lines of text. */
export class TextLines implements Transform<string> {
  readonly #text: TextPieces;
  readonly #decoder = new LineDecoder();
  #lines: string[] = [];
  #at = 0;

  constructor(encoding: string) {
    this.#text = new TextPieces(encoding, null);
  }

  give(piece: Uint8Array<ArrayBuffer>): void {
    this.#text.give(piece);
    this.#cut();
  }

  end(): void {
    this.#text.end();
    this.#cut();
    this.#add(this.#decoder.flush());
  }

  #cut(): void {
    const text = this.#text.take();
    if (text !== null) this.#add(this.#decoder.decode(text));
  }

  #add(lines: string[]): void {
    this.#lines = this.#at === this.#lines.length ? lines : [...this.#lines.slice(this.#at), ...lines];
    this.#at = 0;
  }

  take(): string | null {
    return this.#at < this.#lines.length ? (this.#lines[this.#at++] as string) : null;
  }
}
