/**
 * A decoder as a pair of WHATWG streams, in the shape of `DecompressionStream`: what is written to one side is read, decoded,
 * from the other. Octets are decoded when they are asked for: a chunk's write is done when all that it decodes to was taken,
 * so that a chunk that decodes to very much fills no memory.
 *
 * Invariants: at most one write and one pull wait, each for the other. The decoder is freed by the end of the data, an error,
 * cancel, abort, or the collector.
 */
import { areLoaded, type DecodeLimits, Decoder, loaded } from './core-decoders.js';
import { type Coding, codingOf, type DecodeOptions, limitsOf, octetsOf } from './decoding.js';

/** A promise and what settles it. */
interface Waiting {
  readonly promise: Promise<void>;
  done(): void;
  fail(error: unknown): void;
}

function waiting(): Waiting {
  let done = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  return { promise, done, fail };
}

/** What stands between the two sides. */
class Decoding {
  readonly #coding: Coding;
  readonly #limits: DecodeLimits;
  #decoder: Decoder | null = null;
  #readable: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStreamDefaultController | null = null;
  #piece: Uint8Array | null = null;
  #at = 0;
  #write: Waiting | null = null;
  #pull: Waiting | null = null;
  #over = false;

  constructor(coding: Coding, limits: DecodeLimits) {
    this.#coding = coding;
    this.#limits = limits;
  }

  // ── the side that is written to ──

  get sink(): UnderlyingSink<ArrayBuffer | ArrayBufferView> {
    return {
      start: (controller) => {
        this.#writable = controller;
        // The sink's own `abort` would be called only after the write that waits for a reader.
        const { signal } = controller;
        signal.addEventListener('abort', () => this.#stop(signal.reason), { once: true });
      },
      write: (chunk) => this.#take(chunk),
      close: () => this.#finish(),
    };
  }

  async #take(chunk: ArrayBuffer | ArrayBufferView): Promise<void> {
    try {
      const octets = octetsOf(chunk);
      await this.#begin();
      if (this.#over || octets.length === 0) return;
      this.#piece = octets;
      this.#at = 0;
      const write = waiting();
      this.#write = write;
      if (this.#pull !== null) this.#decode();
      await write.promise;
    } catch (error) {
      this.#stop(error);
      throw error;
    }
  }

  async #begin(): Promise<void> {
    if (!areLoaded([this.#coding])) await loaded([this.#coding]);
    if (!this.#over) this.#decoder ??= new Decoder(this.#coding, this.#limits);
  }

  async #finish(): Promise<void> {
    try {
      await this.#begin();
      this.#decoder?.end();
    } catch (error) {
      this.#stop(error);
      throw error;
    }
    if (this.#over) return;
    this.#end();
    this.#readable?.close();
    this.#pull?.done();
  }

  // ── the side that is read from ──

  get source(): UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
    return {
      start: (controller) => {
        this.#readable = controller;
      },
      pull: () => {
        const pull = waiting();
        this.#pull = pull;
        if (this.#piece !== null) this.#decode();
        return pull.promise;
      },
      cancel: (reason) => {
        this.#end();
        this.#writable?.error(reason);
        this.#write?.fail(reason);
      },
    };
  }

  /** There is a piece, and somebody who wants what it decodes to: goes on until one of them is served. */
  #decode(): void {
    const decoder = this.#decoder as Decoder;
    const piece = this.#piece as Uint8Array;
    try {
      for (;;) {
        const { consumed, output, more } = decoder.decode(piece, this.#at);
        this.#at += consumed;
        const isTaken = this.#at === piece.length && !more;
        if (isTaken) this.#piece = null;
        if (output !== null) {
          this.#readable?.enqueue(output);
          this.#pull?.done();
          this.#pull = null;
        }
        if (isTaken) {
          this.#write?.done();
          this.#write = null;
        }
        if (isTaken || output !== null) return;
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  // ── the end ──

  #end(): void {
    this.#over = true;
    this.#piece = null;
    this.#decoder?.free();
    this.#decoder = null;
  }

  /** Whoever reads, and a write that waits, fail with the error. */
  #stop(error: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#readable?.error(error);
    this.#pull?.done();
    this.#write?.fail(error);
  }
}

/** Decodes what is piped through it: `stream.pipeThrough(new DecoderStream('br'))`. */
export class DecoderStream {
  /** The decoded octets. Errors with a DecodingError for data that is damaged, cut short or beyond a limit. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the coded octets, in any pieces; a write is done when all that its piece decodes to was read. */
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;

  /** @throws TypeError, RangeError for what is no coding or limit. */
  constructor(coding: Coding, options?: DecodeOptions | null) {
    const decoding = new Decoding(codingOf(coding), limitsOf(options));
    this.readable = new ReadableStream(decoding.source, { highWaterMark: 0 });
    this.writable = new WritableStream(decoding.sink);
  }
}
