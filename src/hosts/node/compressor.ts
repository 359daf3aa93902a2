/**
 * gzip (RFC 1952) and zlib (RFC 1950) made piece by piece without waiting, from Node's deflate, whose streams only an event
 * loop can drive. Each piece is deflated on its own, up to an octet's edge, with the 32 KiB before it as its dictionary, so
 * that it refers back as a stream's would.
 */
import type { CompressedFormat, Compressor } from '../host.js';
import { zlibModule } from './late-modules.js';

const WINDOW_OCTETS = 32768;
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const ZLIB_HEADER = Uint8Array.of(0x78, 0x9c);
const ADLER_MODULUS = 65521;
/** Octets whose sums stay below 2^53 whatever they are. */
const ADLER_RUN = 65536;

function adler32(octets: Uint8Array, before: number): number {
  let low = before & 0xffff;
  let high = before >>> 16;
  for (let from = 0; from < octets.length; from += ADLER_RUN) {
    const end = Math.min(octets.length, from + ADLER_RUN);
    for (let at = from; at < end; at++) {
      low += octets[at] as number;
      high += low;
    }
    low %= ADLER_MODULUS;
    high %= ADLER_MODULUS;
  }
  return high * 65536 + low;
}

class NodeCompressor implements Compressor {
  readonly #zlib = zlibModule();
  readonly #format: CompressedFormat;
  #begun = false;
  #window: Uint8Array = new Uint8Array(0);
  #sum: number;
  #octets = 0;

  constructor(format: CompressedFormat) {
    this.#format = format;
    this.#sum = format === 'gzip' ? 0 : 1;
  }

  push(piece: Uint8Array, isLast: boolean): Uint8Array<ArrayBuffer> {
    const { constants, deflateRawSync, crc32 } = this.#zlib;
    const isGzip = this.#format === 'gzip';
    this.#sum = isGzip ? crc32(piece, this.#sum) : adler32(piece, this.#sum);
    this.#octets += piece.length;
    const parts: Uint8Array[] = [];
    if (!this.#begun) parts.push(isGzip ? GZIP_HEADER : ZLIB_HEADER);
    this.#begun = true;
    const finishFlush = isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    const dictionary = this.#window.length > 0 ? { dictionary: this.#window } : {};
    if (piece.length > 0 || isLast) parts.push(deflateRawSync(piece, { finishFlush, ...dictionary }));
    if (isLast) parts.push(this.#trailer());
    else this.#remember(piece);
    return joined(parts);
  }

  #remember(piece: Uint8Array): void {
    this.#window = joined([this.#window, piece].map((octets) => octets.subarray(-WINDOW_OCTETS))).subarray(
      -WINDOW_OCTETS,
    );
  }

  #trailer(): Uint8Array {
    const isGzip = this.#format === 'gzip';
    const trailer = new DataView(new ArrayBuffer(isGzip ? 8 : 4));
    trailer.setUint32(0, this.#sum, isGzip);
    if (isGzip) trailer.setUint32(4, this.#octets % 2 ** 32, true);
    return new Uint8Array(trailer.buffer);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((octets, part) => octets + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Makes gzip or zlib data, at the level that zlib calls usual. */
export function compressor(format: CompressedFormat): Compressor {
  return new NodeCompressor(format);
}
