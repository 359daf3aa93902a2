/** The piece of a body that grows while one turn of the event loop brings more of it. */
import type { Host } from './hosts/host.js';

/** How long a piece may become at first, at the least and at the most. */
const FIRST_OCTETS = 65536;
const OCTETS_MIN = 32768;
const OCTETS_MAX = 262144;

/**
 * Octets that come one after the other, copied to where they are one piece. How much memory is begun with follows how much
 * comes; of what is handed out at least half is used, so that who keeps a piece does not keep more.
 */
export class GatheredPiece {
  readonly #host: Host;
  #memory: Uint8Array<ArrayBuffer> | null = null;
  #used = 0;
  #length = FIRST_OCTETS;

  constructor(host: Host) {
    this.#host = host;
  }

  get isFull(): boolean {
    return this.#memory !== null && this.#used === this.#memory.length;
  }

  /** Adds as much of bytes[from, to) as there is room for: how many octets that were. */
  add(bytes: Uint8Array, from: number, to: number): number {
    this.#memory ??= this.#host.memory(this.#length);
    const share = Math.min(to - from, this.#memory.length - this.#used);
    this.#memory.set(bytes.subarray(from, from + share), this.#used);
    this.#used += share;
    return share;
  }

  /** Takes the piece as it is now: it is the taker's; `null`: there is none. */
  take(): Uint8Array<ArrayBuffer> | null {
    const memory = this.#memory;
    if (memory === null) return null;
    const used = this.#used;
    this.#memory = null;
    this.#used = 0;
    if (used === memory.length) {
      this.#length = Math.min(used * 2, OCTETS_MAX);
      return memory;
    }
    if (used * 2 <= memory.length) this.#length = Math.max(memory.length / 2, OCTETS_MIN);
    if (used * 2 >= memory.length) return memory.subarray(0, used);
    const piece = this.#host.memory(used);
    piece.set(memory.subarray(0, used));
    return piece;
  }
}
