/**
 * Streams that users give as bodies: whether there is nothing left of them, and what becomes of an error that comes before
 * they are read. Streams of Node.js are known by what they can do. Nothing here reads, locks or tees one.
 */
import { StreamConsumed } from './exceptions.js';

/** What is asked of an iterable that may be a stream of Node.js. */
interface NodeStream {
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  destroy?(): unknown;
  readonly errored?: unknown;
  readonly readableEnded?: unknown;
  readonly destroyed?: unknown;
}

function spent(whose: string, state: string): StreamConsumed {
  return new StreamConsumed(
    `Cannot send the ${whose} body: its stream ${state}; make a new stream for each request, or give octets or a Blob`,
  );
}

/** @throws StreamConsumed for a WHATWG stream that is being read, or of which something was, where the platform tells that */
export function checkUnread(stream: ReadableStream<unknown>, whose: string): void {
  if (stream.locked) throw spent(whose, 'is locked: somebody else reads it');
  if (typeof globalThis.Response !== 'function') return;
  try {
    new globalThis.Response(stream as ReadableStream<Uint8Array>);
  } catch {
    throw spent(whose, 'has been read already');
  }
}

/**
 * A stream of Node.js as a body, or what acts like one: it can be read once, holds resources until it is destroyed, and ends
 * the process by an error that nobody listens to. It has one listener, in however many bodies it is.
 */
export class GivenStream {
  /** Told of an error that comes before somebody reads. */
  failed: ((error: unknown) => void) | null = null;
  readonly #stream: NodeStream;
  #failure: { readonly error: unknown } | null = null;

  constructor(stream: NodeStream) {
    this.#stream = stream;
    stream.on?.('error', (error) => {
      this.#failure ??= { error };
      const { failed } = this;
      this.failed = null;
      failed?.(error);
    });
  }

  /** @throws the error that it failed with; StreamConsumed if there is nothing left of it. One may have been read in part. */
  check(whose: string): void {
    const { errored, readableEnded, destroyed } = this.#stream;
    if (this.#failure !== null) throw this.#failure.error;
    if (errored !== null && errored !== undefined) throw errored;
    if (readableEnded === true) throw spent(whose, 'has been read to its end already');
    if (destroyed === true) throw spent(whose, 'was destroyed');
  }

  destroy(): void {
    this.#stream.destroy?.();
  }
}

const streams = new WeakMap<object, GivenStream>();

/** An iterable that must be destroyed, if it is one. */
export function givenStream(source: object): GivenStream | null {
  if (typeof (source as NodeStream).destroy !== 'function') return null;
  let stream = streams.get(source);
  if (stream === undefined) {
    stream = new GivenStream(source);
    streams.set(source, stream);
  }
  return stream;
}
