/** Lines to a stream, in the colours that it wants. */
import { type Paint, paintFor, plain } from './highlighting.js';
import type { OutputStream } from './system.js';

/** Writes lines. What the stream cannot take at once it keeps: only downloads are long enough to wait for it. */
export class Printer {
  readonly paint: Paint;
  /** A terminal shows what is written, now or through a pager that was sent colours: nothing of a peer goes there raw. */
  readonly shielded: boolean;
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.paint = paintFor(stream);
    this.shielded = stream.isTTY === true || this.paint !== plain;
  }

  /** Text as it is. */
  text(text: string): void {
    if (text !== '') this.#stream.write(text);
  }

  /** Lines, each with a line feed behind it. */
  lines(lines: readonly string[]): void {
    this.text(lines.map((line) => `${line}\n`).join(''));
  }
}
