/** The pieces of a body that wait unread behind its first one. */

/** So many pieces wait as they came, whatever their size. */
const APART_MAX = 16;
/** A block for small pieces begins with this many octets; each next one is twice as large, up to the most. */
const BLOCK_OCTETS_MIN = 1024;
const BLOCK_OCTETS_MAX = 65536;

const copy = Uint8Array.prototype.slice as (this: Uint8Array, from: number, to: number) => Uint8Array<ArrayBuffer>;
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * A queue in which small pieces, if they are many, are gathered in blocks, so that memory follows the octets that wait, not
 * the pieces in which a peer sent them. What was handed out is the taker's: nothing is written to it any more.
 */
export class WaitingPieces {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #at = 0;
  /** The last piece while it has room, behind all others. */
  #block: Uint8Array<ArrayBuffer> | null = null;
  #used = 0;
  /** How long the next block is at least: they double while they wait, so that the room is at most about what waits. */
  #length = BLOCK_OCTETS_MIN;

  get isEmpty(): boolean {
    return this.#at === this.#pieces.length && this.#block === null;
  }

  /** The last piece, unless it still grows. */
  get last(): Uint8Array<ArrayBuffer> | null {
    return this.isEmpty || this.#block !== null ? null : (this.#pieces.at(-1) as Uint8Array<ArrayBuffer>);
  }

  /** The last piece has become `piece`. */
  replaceLast(piece: Uint8Array<ArrayBuffer>): void {
    this.#pieces[this.#pieces.length - 1] = piece;
  }

  /** A piece as it is. */
  push(piece: Uint8Array<ArrayBuffer>): void {
    this.#endBlock();
    this.#pieces.push(piece);
    this.#length = BLOCK_OCTETS_MIN;
  }

  /** A small piece: its octets are copied. */
  gather(bytes: Uint8Array, from: number, to: number): void {
    if (this.#block === null && this.#pieces.length - this.#at < APART_MAX) {
      this.push(copy.call(bytes, from, to));
      return;
    }
    while (from < to) {
      this.#block ??= new Uint8Array(Math.max(this.#length, to - from));
      const block = this.#block;
      const share = Math.min(to - from, block.length - this.#used);
      block.set(bytes.subarray(from, from + share), this.#used);
      this.#used += share;
      from += share;
      if (this.#used === block.length) this.#endBlock();
    }
  }

  /** The block becomes a piece; one that is mostly free is copied, so that who keeps the piece does not keep the room. */
  #endBlock(): void {
    const block = this.#block;
    if (block === null) return;
    const used = this.#used;
    this.#block = null;
    this.#used = 0;
    this.#length = Math.min(block.length * 2, BLOCK_OCTETS_MAX);
    this.#pieces.push(used * 2 >= block.length ? block.subarray(0, used) : block.slice(0, used));
  }

  /** Takes the first piece; `null`: none waits. */
  shift(): Uint8Array<ArrayBuffer> | null {
    const pieces = this.#pieces;
    if (this.#at === pieces.length) this.#endBlock();
    if (this.#at === pieces.length) return null;
    const piece = pieces[this.#at] as Uint8Array<ArrayBuffer>;
    pieces[this.#at++] = NOTHING;
    if (this.#at === pieces.length || (this.#at >= 64 && this.#at * 2 >= pieces.length)) {
      pieces.splice(0, this.#at);
      this.#at = 0;
    }
    if (pieces.length === 0) this.#length = BLOCK_OCTETS_MIN;
    return piece;
  }
}
