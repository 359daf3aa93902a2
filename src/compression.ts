/**
 * Request bodies that are compressed while they are sent (RFC 9110 §8.4). Who has an event loop goes by the platform's
 * CompressionStream, who blocks by the host's compressor. Short bodies in memory are compressed when the request is made.
 */

import { typeNameOf } from './config.js';
import { type BodyReader, type EncodedContent, octetsBody, RequestBody } from './content.js';
import { isThenable } from './flow.js';
import type { Headers } from './headers.js';
import type { CompressedFormat, Compressor, Host } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';
import { joined } from './pieces.js';

type Compressing = Pick<Host, 'compressor'>;

/** A body in memory of at most so many octets is compressed at once: that takes about a millisecond. */
const AT_ONCE_OCTETS_MAX = 65536;
/** What is gathered of a streamed body, and cut from a large piece, before it is compressed by who blocks. */
const PIECE_OCTETS = 65536;
const NOTHING = new Uint8Array(0);

/** Compresses as the inner body's pieces are asked for. */
class BlockingCompression implements BodyReader {
  readonly #inner: BodyReader;
  readonly #compressor: Compressor;
  readonly #held: Uint8Array<ArrayBuffer>[] = [];
  #heldOctets = 0;
  /** What is left of a large piece. */
  #rest: Uint8Array = NOTHING;
  #done = false;

  constructor(inner: BodyReader, compressor: Compressor) {
    this.#inner = inner;
    this.#compressor = compressor;
  }

  next(): MaybePromise<Uint8Array | null> {
    while (!this.#done) {
      const given = this.#rest.length > 0 ? this.#rest : this.#inner.next();
      // A body that turns out to need an event loop: who asks refuses the promise.
      if (isThenable(given)) return given as Promise<Uint8Array | null>;
      const piece = given as Uint8Array | null;
      if (piece !== null) this.#hold(piece);
      this.#done = piece === null;
      if (!this.#done && this.#heldOctets < PIECE_OCTETS) continue;
      const coded = this.#compressor.push(joined(this.#held, this.#heldOctets), this.#done);
      this.#held.length = this.#heldOctets = 0;
      if (coded.length > 0) return coded;
    }
    return null;
  }

  #hold(piece: Uint8Array): void {
    const share = piece.subarray(0, PIECE_OCTETS - this.#heldOctets);
    this.#rest = piece.subarray(share.length);
    this.#held.push(share as Uint8Array<ArrayBuffer>);
    this.#heldOctets += share.length;
  }

  cancel(reason: unknown): void {
    this.#done = true;
    this.#inner.cancel(reason);
  }
}

/** Compresses on an event loop, reading the inner body as fast as the compressed one is read. */
class StreamCompression implements BodyReader {
  readonly #inner: BodyReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Why the inner body cannot be read on. */
  #failure: { readonly error: unknown } | null = null;
  #begun = false;
  #cancelled = false;

  constructor(inner: BodyReader, format: CompressedFormat) {
    const stream = new CompressionStream(format) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
    this.#inner = inner;
    this.#writer = stream.writable.getWriter();
    this.#reader = stream.readable.getReader();
    // An end that both sides tell is heard where it is waited for.
    this.#writer.closed.then(undefined, () => {});
    this.#reader.closed.then(undefined, () => {});
  }

  async next(): Promise<Uint8Array | null> {
    if (!this.#begun) {
      this.#begun = true;
      this.#feed();
    }
    for (;;) {
      let result: ReadableStreamReadResult<Uint8Array> | null = null;
      let failure: { readonly error: unknown } | null = null;
      try {
        result = await this.#reader.read();
      } catch (error) {
        failure = { error };
      }
      // A body that cannot be read on ends the stream: that must not look like its end.
      failure = this.#failure ?? failure;
      if (failure !== null) throw failure.error;
      if (result?.done !== false) return null;
      if (result.value.length > 0) return result.value;
    }
  }

  async #feed(): Promise<void> {
    try {
      for (;;) {
        await this.#writer.ready;
        const piece = await this.#inner.next();
        if (this.#cancelled) return;
        if (piece === null) break;
        await this.#writer.write(piece);
      }
      await this.#writer.close();
    } catch (error) {
      if (this.#cancelled) return;
      this.#failure = { error };
      this.#stop(error);
    }
  }

  cancel(reason: unknown): void {
    this.#cancelled = true;
    this.#stop(reason);
  }

  #stop(reason: unknown): void {
    this.#inner.cancel(reason);
    this.#writer.abort(reason).then(undefined, () => {});
    this.#reader.cancel(reason).then(undefined, () => {});
  }
}

/** A body, compressed each time it is read. */
class CompressedBody extends RequestBody {
  readonly octets = null;
  readonly length = null;
  readonly replayable: boolean;
  readonly isAsync: boolean;
  readonly #inner: RequestBody;
  readonly #format: CompressedFormat;
  readonly #host: Compressing;

  constructor(inner: RequestBody, format: CompressedFormat, host: Compressing) {
    super();
    this.#inner = inner;
    this.#format = format;
    this.#host = host;
    this.replayable = inner.replayable;
    this.isAsync = inner.isAsync || host.compressor === null;
  }

  override get mayFailUnread(): boolean {
    return this.#inner.mayFailUnread;
  }

  override whenFailed(failed: (error: unknown) => void): void {
    this.#inner.whenFailed(failed);
  }

  open(blocking = false): BodyReader {
    const { compressor } = this.#host;
    if (!blocking || compressor === null) return new StreamCompression(this.#inner.open(blocking), this.#format);
    return new BlockingCompression(this.#inner.open(blocking), compressor(this.#format));
  }

  abandon(reason: unknown): void {
    this.#inner.abandon(reason);
  }
}

function formatOf(compress: unknown): CompressedFormat {
  if (compress === 'gzip' || compress === 'deflate') return compress;
  const said = typeof compress === 'string' ? JSON.stringify(compress) : typeNameOf(compress);
  throw new TypeError(`Cannot compress the request body: expected 'gzip' or 'deflate', got ${said}`);
}

/** @throws TypeError for fields that say something else of the body than what will be sent. */
function checkHeaders(headers: Headers): void {
  for (const name of ['Content-Encoding', 'Content-Length']) {
    const value = headers.get(name);
    if (value === null) continue;
    const why = name === 'Content-Length' ? 'it is known only when the body is compressed' : 'the body has one coding';
    throw new TypeError(`Cannot compress the request body: its headers already say ${name}: ${value}, and ${why}`);
  }
}

function atOnce(octets: Uint8Array<ArrayBuffer>, compressor: Compressor): RequestBody {
  return octetsBody(compressor.push(octets, true));
}

/**
 * The body as it is sent if it is to be compressed, and the fields that announce it. A body without octets stays as it is.
 * @throws TypeError for a format that is none, and for headers that contradict it
 */
export function compressed(
  content: EncodedContent,
  compress: unknown,
  headers: Headers,
  host: Compressing,
): EncodedContent {
  const format = formatOf(compress);
  if (content.body.length === 0) return content;
  checkHeaders(headers);
  const { octets } = content.body;
  const isShort = octets !== null && octets.length <= AT_ONCE_OCTETS_MAX && host.compressor !== null;
  const body = isShort ? atOnce(octets, host.compressor(format)) : new CompressedBody(content.body, format, host);
  const framing: readonly [string, string] =
    body.length === null ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)];
  const others = content.headers.filter(([name]) => name !== 'Content-Length' && name !== 'Transfer-Encoding');
  return { body, headers: [framing, ...others, ['Content-Encoding', format]] };
}
