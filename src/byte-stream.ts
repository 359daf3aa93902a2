/**
 * Streams of octets as classes, for bodies of one's own (httpx: `SyncByteStream`, `AsyncByteStream`, `ByteStream`). Whatever
 * iterates over octets is as good a body; these can also be closed, which a response does once, when it is closed itself.
 */
import { INSPECT, typeNameOf } from './config.js';

/** Octets that are gone through at once. Extend it for a body that must be closed. */
export abstract class SyncByteStream implements Iterable<Uint8Array> {
  abstract [Symbol.iterator](): Iterator<Uint8Array>;

  /** Nobody reads on. */
  close(): void {}
}

/** Octets that are waited for. Extend it for a body that must be closed. */
export abstract class AsyncByteStream implements AsyncIterable<Uint8Array> {
  abstract [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;

  /** Nobody reads on. */
  async aclose(): Promise<void> {}
}

/** Octets in memory, in one piece, for either client, any number of times. */
export class ByteStream extends SyncByteStream implements AsyncByteStream {
  readonly #octets: Uint8Array;

  /** Takes octets, which are not copied, or text as UTF-8. @throws TypeError for anything else */
  constructor(content: Uint8Array | string) {
    super();
    if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
      throw new TypeError(`Cannot make a byte stream: expected octets or a string, got ${typeNameOf(content)}`);
    }
    this.#octets = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  }

  override *[Symbol.iterator](): Generator<Uint8Array, undefined> {
    yield this.#octets;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    yield this.#octets;
  }

  async aclose(): Promise<void> {}

  /** @internal Never what it holds. */
  [INSPECT](): string {
    return `<ByteStream [${this.#octets.length} octets]>`;
  }

  /** @internal */
  get octets(): Uint8Array {
    return this.#octets;
  }
}

/** What closes the stream, where it is one that can be closed. */
export function closerOf(stream: unknown): (() => void) | null {
  if (stream instanceof SyncByteStream) return () => stream.close();
  // What it says about being closed is nobody's result.
  if (stream instanceof AsyncByteStream) return () => void stream.aclose().then(undefined, () => {});
  return null;
}
