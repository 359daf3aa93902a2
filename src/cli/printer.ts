/** Lines to a stream, in the colours that it wants. */
import { once } from 'node:events';
import { type Paint, paintFor, plain } from './highlighting.js';
import type { OutputStream } from './system.js';

/** Writes, and waits where the stream has enough for now. @throws when the signal is aborted meanwhile */
export async function written(stream: OutputStream, piece: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (!stream.write(piece)) await once(stream, 'drain', { signal });
}

/** Writes lines. What the stream cannot take at once it keeps: only bodies are long enough to wait for it. */
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

  /** Lines, each with a line feed behind it. */
  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Text as it comes, no faster than the stream takes it. */
  async pieces(pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    for await (const piece of pieces) await written(this.#stream, piece, signal);
  }
}
