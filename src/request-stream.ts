/**
 * What a request's body is, whatever it was made of: something that is opened and read piece by piece by who sends it, and
 * that users can go through. Knows nothing of what bodies are made of.
 */
import { INSPECT } from './config.js';
import { isThenable } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';

/** Reads one body once. */
export interface BodyReader {
  /** The next piece, never empty; `null` after the last. */
  next(): MaybePromise<Uint8Array | null>;
  /** The body is not wanted any more; its source is told. */
  cancel(reason: unknown): void;
}

/** A request body: to be gone through by `for await`, or by `for` if nothing of it must be waited for. */
export abstract class RequestBody implements Iterable<Uint8Array>, AsyncIterable<Uint8Array> {
  /** All of it, where it is in memory. @internal */
  abstract readonly octets: Uint8Array<ArrayBuffer> | null;
  /** Octets in all, or `null` if that is not known. @internal */
  abstract readonly length: number | null;
  /** It can be read again from the start. @internal */
  abstract readonly replayable: boolean;
  /** It can only be read on an event loop. @internal */
  abstract readonly isAsync: boolean;
  /** It is `content` only when it was read, though it may be in memory. @internal */
  get mustBeRead(): boolean {
    return false;
  }

  /** It is of streams that may fail before they are read. @internal */
  get mayFailUnread(): boolean {
    return false;
  }

  /** `failed` is told of an error that comes before it is read. @internal @throws what there is of that already */
  whenFailed(_failed: (error: unknown) => void): void {}

  /**
   * `blocking`: by who cannot wait for promises. @internal
   * @throws StreamConsumed if it was read before and cannot be again.
   */
  abstract open(blocking?: boolean): BodyReader;

  /** Nobody will read it: a source that nobody has begun to read, and that cannot be read twice, is told. @internal */
  abstract abandon(reason: unknown): void;

  /** @internal Never what it holds. */
  [INSPECT](): string {
    return `<RequestBody [${this.length === null ? 'of unknown length' : `${this.length} octets`}]>`;
  }

  /** @throws StreamConsumed if it was read before; TypeError if it must be waited for */
  *[Symbol.iterator](): Generator<Uint8Array, undefined> {
    if (this.isAsync) {
      throw new TypeError('Cannot go through the request body at once: it must be waited for, use `for await`');
    }
    if (this.octets !== null) return void (yield this.octets);
    const reader = this.open(true);
    let isDone = false;
    try {
      for (let piece = reader.next(); piece !== null; piece = reader.next()) yield piece as Uint8Array;
      isDone = true;
    } finally {
      if (!isDone) reader.cancel(new Error('The request body is not read on'));
    }
  }

  /** @throws StreamConsumed if it was read before */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    if (this.octets !== null) return void (yield this.octets);
    const reader = this.open();
    let isDone = false;
    try {
      for (;;) {
        const next = reader.next();
        const piece = isThenable(next) ? await next : next;
        if (piece === null) break;
        yield piece as Uint8Array;
      }
      isDone = true;
    } finally {
      if (!isDone) reader.cancel(new Error('The request body is not read on'));
    }
  }
}
