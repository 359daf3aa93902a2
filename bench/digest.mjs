/**
 * A 32-bit hash over octets at every `stride`-th place of a content, and its length: cheap enough to be taken of every
 * response, and the same however the content is cut into pieces.
 */
export class Digest {
  #stride;
  #next = 0;
  #hash = 0x811c9dc5;
  octets = 0;

  constructor(stride) {
    this.#stride = stride;
  }

  update(piece) {
    const length = piece.length;
    let hash = this.#hash;
    let at = this.#next;
    for (; at < length; at += this.#stride) hash = Math.imul(hash ^ piece[at], 0x01000193);
    this.#next = at - length;
    this.#hash = hash;
    this.octets += length;
    return this;
  }

  get value() {
    return this.#hash >>> 0;
  }
}

export function digestOf(octets, stride) {
  return new Digest(stride).update(octets).value;
}
