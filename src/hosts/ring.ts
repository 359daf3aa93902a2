/**
 * A ring of octets in shared memory: one thread puts, one other takes. Two counters in control words say how many octets
 * were put and taken since the beginning, modulo 2^32; each is written by one side only. What stands between them belongs
 * to the taker, all else to the putter. Nobody waits here and nobody is told.
 */

/** Octets from one thread to another. `size` of its memory must be a power of two. */
export class Ring {
  readonly size: number;
  readonly #words: Int32Array;
  /** Indices of the words that count what was put and what was taken. */
  readonly #put: number;
  readonly #taken: number;
  readonly #bytes: Uint8Array;

  constructor(words: Int32Array, put: number, taken: number, bytes: Uint8Array) {
    this.#words = words;
    this.#put = put;
    this.#taken = taken;
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  /** Octets that were put and not taken yet. */
  get used(): number {
    return (Atomics.load(this.#words, this.#put) - Atomics.load(this.#words, this.#taken)) >>> 0;
  }

  /** Octets that can be put. */
  get room(): number {
    return this.size - this.used;
  }

  // ── who puts ──

  /** Puts as many of bytes[from, to) as there is room for: how many that were. */
  put(bytes: Uint8Array, from: number, to: number): number {
    const octets = Math.min(this.room, to - from);
    if (octets === 0) return 0;
    const put = Atomics.load(this.#words, this.#put);
    const at = (put >>> 0) & (this.size - 1);
    const first = Math.min(octets, this.size - at);
    this.#bytes.set(from === 0 && first === bytes.length ? bytes : bytes.subarray(from, from + first), at);
    if (octets > first) this.#bytes.set(bytes.subarray(from + first, from + octets), 0);
    Atomics.store(this.#words, this.#put, (put + octets) | 0);
    return octets;
  }

  /** Puts as many Latin-1 octets of text[from, …) as there is room for: how many that were. */
  putLatin1(text: string, from: number): number {
    const octets = Math.min(this.room, text.length - from);
    const put = Atomics.load(this.#words, this.#put);
    const bytes = this.#bytes;
    const mask = this.size - 1;
    for (let i = 0; i < octets; i++) bytes[(put + i) & mask] = text.charCodeAt(from + i);
    Atomics.store(this.#words, this.#put, (put + octets) | 0);
    return octets;
  }

  // ── who takes ──

  /** The octets that come first, as far as they stand in one piece and up to `most`: a view, valid until they are `taken`. */
  first(most: number): Uint8Array {
    const at = (Atomics.load(this.#words, this.#taken) >>> 0) & (this.size - 1);
    return this.#bytes.subarray(at, at + Math.min(this.used, this.size - at, most));
  }

  /** The first `octets` octets are no longer needed. */
  taken(octets: number): void {
    Atomics.store(this.#words, this.#taken, (Atomics.load(this.#words, this.#taken) + octets) | 0);
  }
}
