/**
 * Bodies on their way to the user: sources of octets, content decoding, re-chunking, and the bridges to iterators and to
 * WHATWG byte streams. A source is pulled; nothing here reads ahead of who asks.
 */
import { canDecode, type DecodeLimits, Decoder } from './core.js';
import { DecodingError, StreamClosed } from './exceptions.js';
import { drive, type Flow, runAsync, wait } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';

/** Octets, in order, pulled one piece at a time. Every piece belongs to who takes it. */
export interface ByteSource {
  /** The next piece, never empty; `null` after the last. */
  next(): Flow<Uint8Array<ArrayBuffer> | null>;
  /** A piece that can be had without waiting; `null`: ask `next`. */
  readNow(): Uint8Array<ArrayBuffer> | null;
  /** Large pieces are wanted uncopied from here on. */
  lend(): void;
  /** Fills the reader's own memory, if the source can: how many octets came, 0 at the end. */
  fill: ((view: Uint8Array) => Flow<number>) | null;
  /** Gives up what was not read; idempotent. */
  close(): void;
}

/** Most content codings that one body may have. */
const CODINGS_MAX = 5;

/**
 * Codings of a `Content-Encoding` value that must be undone, in the order they were applied (RFC 9110 §8.4). Unknown
 * codings are passed through, as httpx does.
 * @throws DecodingError if there are more than five.
 */
export function codingsOf(contentEncoding: string): readonly string[] {
  const codings = contentEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity');
  if (applied.length > CODINGS_MAX) {
    throw new DecodingError(
      `Cannot decode the body: ${applied.length} content codings, at most ${CODINGS_MAX} are undone`,
    );
  }
  return applied.filter(canDecode);
}

/** One coding undone: a decoder and the piece it is working on. */
class Stage {
  readonly #decoder: Decoder;
  #piece: Uint8Array | null = null;
  #at = 0;
  #more = false;

  constructor(coding: string, limits: DecodeLimits) {
    this.#decoder = new Decoder(coding, limits);
  }

  give(piece: Uint8Array): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** Decoded octets, or `null` when the piece is used up. */
  take(): Uint8Array<ArrayBuffer> | null {
    for (;;) {
      const piece = this.#piece;
      if (piece === null && !this.#more) return null;
      const { consumed, output, more } = this.#decoder.decode(piece ?? NOTHING, this.#at);
      this.#at += consumed;
      this.#more = more;
      if (piece !== null && this.#at === piece.length) this.#piece = null;
      if (output !== null) return output;
    }
  }

  end(): void {
    this.#decoder.end();
  }

  free(): void {
    this.#decoder.free();
  }
}

const NOTHING = new Uint8Array(0);

/** A source whose content codings are undone, last applied first. */
export class DecodedSource implements ByteSource {
  readonly fill = null;
  readonly #inner: ByteSource;
  readonly #stages: Stage[];
  #done = false;

  constructor(inner: ByteSource, codings: readonly string[], limits: DecodeLimits) {
    this.#inner = inner;
    this.#stages = [];
    try {
      for (let i = codings.length - 1; i >= 0; i--) this.#stages.push(new Stage(codings[i] as string, limits));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Octets that the stages from `index` on still hold, or `null`. */
  #drain(index: number): Uint8Array<ArrayBuffer> | null {
    const stage = this.#stages[index] as Stage;
    for (;;) {
      if (index + 1 < this.#stages.length) {
        const later = this.#drain(index + 1);
        if (later !== null) return later;
      }
      const output = stage.take();
      if (output === null) return null;
      if (index + 1 === this.#stages.length) return output;
      (this.#stages[index + 1] as Stage).give(output);
    }
  }

  /** @throws DecodingError */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    if (this.#done) return null;
    return this.#guarded(() => {
      for (;;) {
        const output = this.#drain(0);
        if (output !== null) return output;
        const piece = this.#inner.readNow();
        if (piece === null) return null;
        (this.#stages[0] as Stage).give(piece);
      }
    });
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      const output = this.readNow();
      if (output !== null || this.#done) return output;
      let piece: Uint8Array<ArrayBuffer> | null;
      try {
        piece = yield* this.#inner.next();
      } catch (error) {
        this.#free();
        throw error;
      }
      if (piece !== null) {
        (this.#stages[0] as Stage).give(piece);
        continue;
      }
      this.#guarded(() => {
        for (const stage of this.#stages) stage.end();
      });
      this.#free();
      return null;
    }
  }

  lend(): void {
    this.#inner.lend();
  }

  close(): void {
    this.#free();
    this.#inner.close();
  }

  #free(): void {
    if (this.#done) return;
    this.#done = true;
    for (const stage of this.#stages) stage.free();
  }
}

/** All pieces as one; the piece itself if there is one. */
export function joined(pieces: readonly Uint8Array<ArrayBuffer>[], octets: number): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0] as Uint8Array<ArrayBuffer>;
  const whole = new Uint8Array(octets);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Cuts pieces into chunks of exactly `size` octets, the last excepted (httpx: `ByteChunker`). */
export class ByteChunker {
  readonly #size: number;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #octets = 0;

  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`Cannot cut a body into chunks of ${size} octets`);
    this.#size = size;
  }

  give(piece: Uint8Array<ArrayBuffer>): void {
    this.#held.push(piece);
    this.#octets += piece.length;
  }

  take(): Uint8Array<ArrayBuffer> | null {
    return this.#octets < this.#size ? null : this.#cut(this.#size);
  }

  rest(): Uint8Array<ArrayBuffer> | null {
    return this.#octets === 0 ? null : this.#cut(Math.min(this.#octets, this.#size));
  }

  #cut(octets: number): Uint8Array<ArrayBuffer> {
    const chunk = new Uint8Array(octets);
    let at = 0;
    let used = 0;
    while (at < octets) {
      const piece = this.#held[used] as Uint8Array<ArrayBuffer>;
      const share = Math.min(piece.length, octets - at);
      chunk.set(share === piece.length ? piece : piece.subarray(0, share), at);
      at += share;
      if (share === piece.length) used++;
      else this.#held[used] = piece.subarray(share);
    }
    if (used > 0) this.#held.splice(0, used);
    this.#octets -= octets;
    return chunk;
  }
}

/** Turns pieces of one kind into chunks of another: what `aiter…` methods differ in. */
export interface Transform<T> {
  give(piece: Uint8Array<ArrayBuffer>): void;
  /** No more pieces come. */
  end(): void;
  take(): T | null;
}

/** Pieces as they are. */
export class Pieces implements Transform<Uint8Array<ArrayBuffer>> {
  #piece: Uint8Array<ArrayBuffer> | null = null;

  give(piece: Uint8Array<ArrayBuffer>): void {
    this.#piece = piece;
  }

  end(): void {}

  take(): Uint8Array<ArrayBuffer> | null {
    const piece = this.#piece;
    this.#piece = null;
    return piece;
  }
}

/** Chunks of a given size. */
export class Chunks implements Transform<Uint8Array<ArrayBuffer>> {
  readonly #chunker: ByteChunker;
  #ended = false;

  constructor(size: number) {
    this.#chunker = new ByteChunker(size);
  }

  give(piece: Uint8Array<ArrayBuffer>): void {
    this.#chunker.give(piece);
  }

  end(): void {
    this.#ended = true;
  }

  take(): Uint8Array<ArrayBuffer> | null {
    return this.#chunker.take() ?? (this.#ended ? this.#chunker.rest() : null);
  }
}

/** What a reader of a response body needs of its response. */
export interface BodyOwner {
  /** The body came to its end. */
  settled(): void;
  /** The body failed. What the reader shall see: the same error, with its request. */
  failed(error: unknown): unknown;
  /** The reader gave up. */
  closeNow(): void;
}

/**
 * Iterates a source on an event loop (`aiterBytes` and its like). The source is opened by the first `next`, so that misuse
 * rejects rather than throws. `return()` closes the response.
 */
export class AsyncBodyIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #open: () => ByteSource;
  #source: ByteSource | null = null;
  readonly #transform: Transform<T>;
  readonly #owner: BodyOwner;
  #finished = false;
  #tail: Promise<unknown> | null = null;

  constructor(open: () => ByteSource, transform: Transform<T>, owner: BodyOwner) {
    this.#open = open;
    this.#transform = transform;
    this.#owner = owner;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const step = () => this.#step();
    const turn = this.#tail === null ? step() : this.#tail.then(step, step);
    this.#tail = turn;
    const clear = () => {
      if (this.#tail === turn) this.#tail = null;
    };
    turn.then(clear, clear);
    return turn;
  }

  #step(): Promise<IteratorResult<T, undefined>> {
    let ready = this.#transform.take();
    if (ready === null && this.#finished) return Promise.resolve({ done: true, value: undefined });
    try {
      while (ready === null) {
        const piece = this.#opened().readNow();
        if (piece === null) return runAsync(this.#advance());
        this.#transform.give(piece);
        ready = this.#transform.take();
      }
    } catch (error) {
      return Promise.reject(this.#failed(error));
    }
    return Promise.resolve({ done: false, value: ready });
  }

  /** What the caller sees. A source that could not be opened is its own affair. */
  #failed(error: unknown): unknown {
    this.#finished = true;
    return this.#source === null ? error : this.#owner.failed(error);
  }

  #opened(): ByteSource {
    this.#source ??= this.#open();
    return this.#source;
  }

  *#advance(): Flow<IteratorResult<T, undefined>> {
    const transform = this.#transform;
    try {
      const source = this.#opened();
      for (;;) {
        const piece = source.readNow() ?? (yield* source.next());
        if (piece === null) this.#finish();
        else transform.give(piece);
        const value = transform.take();
        if (value !== null) return { done: false, value };
        if (this.#finished) return { done: true, value: undefined };
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #finish(): void {
    this.#finished = true;
    this.#transform.end();
    this.#owner.settled();
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#finished = true;
    while (this.#transform.take() !== null);
    this.#owner.closeNow();
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** The body as a WHATWG byte stream: pulled, BYOB where the source can fill, cancel closes the response. */
class StreamSource implements UnderlyingByteSource {
  readonly type = 'bytes';
  readonly #source: ByteSource;
  readonly #owner: BodyOwner;
  #settlePull: (() => void) | null = null;

  constructor(source: ByteSource, owner: BodyOwner) {
    this.#source = source;
    this.#owner = owner;
  }

  pull(controller: ReadableByteStreamController): Promise<void> | undefined {
    const source = this.#source;
    const request = controller.byobRequest;
    if (request !== null && source.fill !== null) return this.#fill(controller, request, source.fill);
    source.lend();
    let ready: Uint8Array<ArrayBuffer> | null;
    try {
      ready = source.readNow();
    } catch (error) {
      this.#fail(controller, error);
      return undefined;
    }
    if (ready !== null) {
      this.#give(controller, ready);
      return undefined;
    }
    return this.#until((done) =>
      drive(
        source.next(),
        (piece) => {
          if (piece !== null) this.#give(controller, piece);
          else this.#close(controller);
          done();
        },
        (error) => {
          this.#fail(controller, error);
          done();
        },
      ),
    );
  }

  #fill(
    controller: ReadableByteStreamController,
    request: ReadableStreamBYOBRequest,
    fill: (view: Uint8Array) => Flow<number>,
  ): Promise<void> {
    const view = request.view as ArrayBufferView<ArrayBuffer>;
    const memory = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return this.#until((done) =>
      drive(
        fill.call(this.#source, memory),
        (octets) => {
          if (octets > 0) this.#guarded(controller, () => request.respond(octets));
          else this.#close(controller);
          done();
        },
        (error) => {
          this.#fail(controller, error);
          done();
        },
      ),
    );
  }

  /** The promise of one pull, also settled when the stream is cancelled meanwhile. */
  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#settlePull = resolve;
      start(resolve);
    });
  }

  /** What the controller refuses (a stream cancelled meanwhile, a view left half filled) errors the stream, and goes no further. */
  #guarded(controller: ReadableByteStreamController, work: () => void): void {
    try {
      work();
    } catch (error) {
      controller.error(error);
    }
  }

  #give(controller: ReadableByteStreamController, piece: Uint8Array<ArrayBuffer>): void {
    this.#guarded(controller, () => controller.enqueue(piece));
  }

  #close(controller: ReadableByteStreamController): void {
    this.#owner.settled();
    this.#guarded(controller, () => {
      controller.close();
      controller.byobRequest?.respond(0);
    });
  }

  #fail(controller: ReadableByteStreamController, error: unknown): void {
    controller.error(this.#owner.failed(error));
  }

  cancel(): void {
    this.#owner.closeNow();
    this.#settlePull?.();
  }
}

/** A byte stream over a source. High-water mark 0: the socket is read when the reader asks. */
export function byteStream(source: ByteSource, owner: BodyOwner): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new StreamSource(source, owner), { highWaterMark: 0 });
}

/** A source over octets that are all there. */
export class OctetsSource implements ByteSource {
  readonly fill = null;
  #octets: Uint8Array<ArrayBuffer> | null;

  constructor(octets: Uint8Array<ArrayBuffer>) {
    this.#octets = octets.length === 0 ? null : octets;
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    const octets = this.#octets;
    this.#octets = null;
    return octets;
  }

  // biome-ignore lint/correctness/useYield: a source that never waits
  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    return this.readNow();
  }

  lend(): void {}

  close(): void {
    this.#octets = null;
  }
}

/** A body that the user gave, as a source: for responses made by hand. */
export class BodySource implements ByteSource {
  readonly fill = null;
  readonly #open: () => PieceReader;
  #reader: PieceReader | null = null;

  constructor(body: { open(): PieceReader }) {
    this.#open = () => body.open();
  }

  readNow(): null {
    return null;
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    this.#reader ??= this.#open();
    return (yield* wait(this.#reader.next())) as Uint8Array<ArrayBuffer> | null;
  }

  lend(): void {}

  close(): void {
    this.#reader ??= this.#open();
    this.#reader.cancel(new StreamClosed());
  }
}

/** What `BodySource` needs of a body's reader. */
interface PieceReader {
  next(): MaybePromise<Uint8Array | null>;
  cancel(reason: unknown): void;
}
