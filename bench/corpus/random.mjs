/** Seeded choices, equal on every host: xorshift32 on whole numbers, no floating-point functions. */

export class Random {
  #state;

  constructor(seed) {
    this.#state = (seed | 0) === 0 ? 1 : seed | 0;
  }

  /** A whole number in [0, limit); `limit` at most 2^31. */
  below(limit) {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 1) % limit;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** `length` characters out of `alphabet`, in one piece: a sum of characters is a rope to V8, which some peers would walk. */
  text(length, alphabet) {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
  }
}

export const HEXADECIMAL = '0123456789abcdef';
export const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
