/**
 * Octets as text: which encoding a Content-Type names, incremental decoding, and lines as Python's `splitlines` cuts them
 * (httpx: `TextDecoder`, `LineDecoder`). Bad octets become U+FFFD; a UTF-8 byte-order mark is kept, as httpx does.
 */
import type { Transform } from './body-readers.js';

const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;

/** The charset parameter of a Content-Type, lower-cased, if the runtime knows it; else `null`. */
export function charsetOf(contentType: string | null): string | null {
  const found = contentType === null ? null : CHARSET.exec(contentType);
  if (found === null) return null;
  const label = (found[1] ?? found[2] ?? '').replace(/\\(.)/g, '$1').toLowerCase();
  return isKnown(label) ? label : null;
}

/** True if the runtime can decode this encoding. */
export function isKnown(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** All octets as text. @throws RangeError for an encoding that the runtime does not know. */
export function decodeText(octets: Uint8Array, encoding: string): string {
  return (encoding === 'utf-8' ? utf8 : new TextDecoder(encoding, { ignoreBOM: true })).decode(octets);
}

/** JSON text, its encoding told by its first octets (RFC 4627 §3). A byte-order mark is dropped. */
export function decodeJsonText(octets: Uint8Array): string {
  const [first = 0, second = 0] = octets;
  if (octets.length >= 2) {
    if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0))
      return new TextDecoder('utf-16le').decode(octets);
    if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0))
      return new TextDecoder('utf-16be').decode(octets);
  }
  return first === 0xef ? new TextDecoder().decode(octets) : utf8.decode(octets);
}

/**
 * Pieces as text, of `size` code points each if that is given. Each piece is counted once, and text is cut only when there
 * is enough of it: the work is linear however long the chunks are.
 */
export class TextPieces implements Transform<string> {
  readonly #decoder: TextDecoder;
  readonly #size: number | null;
  #text = '';
  /** Code points in `#text`; counted only if they are to be cut. */
  #points = 0;
  #ended = false;

  constructor(encoding: string, size: number | null) {
    if (size !== null && (!Number.isInteger(size) || size < 1)) {
      throw new RangeError(`Cannot cut text into chunks of ${size} characters`);
    }
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
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
