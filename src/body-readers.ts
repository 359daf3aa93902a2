/**
 * How users read a body: whole pieces or chunks of a size, by iterator or as a WHATWG byte stream. A reader pulls; it never
 * reads ahead of who asks, and tells the body's owner how it ended.
 */
import type { ByteSource } from './body.js';
import { drive, type Flow, runAsync } from './flow.js';

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

/** How a reader of one kind of response has a flow driven. */
export interface FlowDriver {
  /** `resolve` or `reject` is called once, perhaps at once. */
  drive<T>(flow: Flow<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void;
}

/** On an event loop. */
export const ON_LOOP: FlowDriver = { drive };

/** Iterates a source, whoever drives. The source is opened by the first step, so that misuse fails that. */
abstract class BodyIterator<T> {
  readonly #open: () => ByteSource;
  #source: ByteSource | null = null;
  readonly #transform: Transform<T>;
  readonly #owner: BodyOwner;
  #finished = false;

  constructor(open: () => ByteSource, transform: Transform<T>, owner: BodyOwner) {
    this.#open = open;
    this.#transform = transform;
    this.#owner = owner;
  }

  /** The next result if it can be had without waiting; `null`: ask `advance`. */
  protected now(): IteratorResult<T, undefined> | null {
    let ready = this.#transform.take();
    if (ready === null && this.#finished) return { done: true, value: undefined };
    try {
      while (ready === null) {
        const piece = this.#opened().readNow();
        if (piece === null) return null;
        this.#transform.give(piece);
        ready = this.#transform.take();
      }
    } catch (error) {
      throw this.#failed(error);
    }
    return { done: false, value: ready };
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

  protected *advance(): Flow<IteratorResult<T, undefined>> {
    const transform = this.#transform;
    try {
      const source = this.#opened();
      for (;;) {
        const piece = source.readNow() ?? (yield* source.next());
        if (piece === null) this.#finish();
        else transform.give(piece);
        const value = transform.take();
        if (value === null && !this.#finished) continue;
        this.answered();
        return value === null ? { done: true, value: undefined } : { done: false, value };
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** `advance` returns in this step. */
  protected answered(): void {}

  #finish(): void {
    this.#finished = true;
    this.#transform.end();
    this.#owner.settled();
  }

  /** Nothing more is wanted: the response is closed. */
  protected stop(): IteratorResult<T, undefined> {
    this.#finished = true;
    while (this.#transform.take() !== null);
    this.#owner.closeNow();
    return { done: true, value: undefined };
  }
}

/** Iterates a source on an event loop (`aiterBytes` and its like): misuse rejects. `return()` closes the response. */
export class AsyncBodyIterator<T> extends BodyIterator<T> implements AsyncIterableIterator<T, undefined> {
  /** A flow is under way, or has failed. */
  #waiting = false;
  /** The last call that is not answered yet. */
  #tail: Promise<unknown> | null = null;
  /** The call that found no other before it, while it is not answered. */
  #turn: Promise<unknown> | null = null;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#tail !== null) return this.#queued(this.#tail);
    const turn = this.#step();
    if (this.#waiting) this.#turn = this.#tail = turn;
    return turn;
  }

  /** A call made while another is under way has its turn after it. */
  #queued(before: Promise<unknown>): Promise<IteratorResult<T, undefined>> {
    const step = () => this.#step();
    const turn = before.then(step, step);
    this.#tail = turn;
    const clear = () => {
      if (this.#tail === turn) this.#tail = null;
    };
    turn.then(clear, clear);
    return turn;
  }

  #step(): Promise<IteratorResult<T, undefined>> {
    this.#waiting = false;
    try {
      const ready = this.now();
      if (ready !== null) return Promise.resolve(ready);
      this.#waiting = true;
      return runAsync(this.advance());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The call that waited has its answer. One that failed stays the tail: its rejection takes longer. */
  protected override answered(): void {
    this.#waiting = false;
    if (this.#tail === this.#turn) this.#tail = null;
    this.#turn = null;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return Promise.resolve(this.stop());
  }
}

/** Iterates a source on a thread that blocks (`iterBytes` and its like). `return()`, as `break` does, closes the response. */
export class BlockingBodyIterator<T> extends BodyIterator<T> implements IterableIterator<T, undefined> {
  readonly #run: <V>(flow: Flow<V>) => V;

  /** `run` drives a flow to its end. */
  constructor(open: () => ByteSource, transform: Transform<T>, owner: BodyOwner, run: <V>(flow: Flow<V>) => V) {
    super(open, transform, owner);
    this.#run = run;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T, undefined> {
    return this.now() ?? this.#run(this.advance());
  }

  return(): IteratorResult<T, undefined> {
    return this.stop();
  }
}

/** The body as a WHATWG byte stream: pulled, BYOB where the source can fill, cancel closes the response. */
class StreamSource implements UnderlyingByteSource {
  readonly type = 'bytes';
  readonly #source: ByteSource;
  readonly #owner: BodyOwner;
  readonly #driver: FlowDriver;
  #settlePull: (() => void) | null = null;

  constructor(source: ByteSource, owner: BodyOwner, driver: FlowDriver) {
    this.#source = source;
    this.#owner = owner;
    this.#driver = driver;
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
      this.#driver.drive(
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
      this.#driver.drive(
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
export function byteStream(
  source: ByteSource,
  owner: BodyOwner,
  driver: FlowDriver,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new StreamSource(source, owner, driver), { highWaterMark: 0 });
}
