/** Coded bodies for tests, in every coding that the client undoes. zstd frames are made by hand: Node 20 has no encoder. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

const BLOCK_OCTETS = 131072;
const RAW = 0;
const REPEATED = 1;

/** Header of a block: its size, type, and whether it is the last (RFC 8878 §3.1.1.2). */
function blockHeader(octets: number, type: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((octets << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

/** Magic number, descriptor and the descriptor of a window of 2^log octets. */
function frameHeader(windowLog: number): Buffer {
  return Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3);
}

/** A zstd frame of raw blocks. */
export function zstdFrame(octets: Uint8Array, windowLog = 20): Buffer {
  const blocks: Buffer[] = [frameHeader(windowLog)];
  for (let at = 0; at === 0 || at < octets.length; at += BLOCK_OCTETS) {
    const block = octets.subarray(at, at + BLOCK_OCTETS);
    blocks.push(blockHeader(block.length, RAW, at + BLOCK_OCTETS >= octets.length), Buffer.from(block));
  }
  return Buffer.concat(blocks);
}

/** A zstd frame of `blocks` times 128 KiB of zeros, in four octets each. */
export function zstdBomb(blocks: number): Buffer {
  const parts: Buffer[] = [frameHeader(20)];
  for (let i = 1; i <= blocks; i++) parts.push(blockHeader(BLOCK_OCTETS, REPEATED, i === blocks), Buffer.of(0));
  return Buffer.concat(parts);
}

/** How octets are put into each coding, by its name. */
export const encoders: Readonly<Record<string, (octets: Uint8Array) => Buffer>> = {
  gzip: (octets) => gzipSync(octets),
  'x-gzip': (octets) => gzipSync(octets),
  deflate: (octets) => deflateSync(octets),
  'deflate-raw': (octets) => deflateRawSync(octets),
  br: (octets) => brotliCompressSync(octets),
  zstd: (octets) => zstdFrame(octets),
};

/** Octets in several codings, the first applied first. */
export function encodedIn(codings: readonly string[], octets: Uint8Array): Buffer {
  let coded: Buffer = Buffer.from(octets);
  for (const coding of codings) coded = (encoders[coding] as (octets: Uint8Array) => Buffer)(coded);
  return coded;
}
