/** The HPACK of the package http2, by its own way in: lists are objects there. */
import { createRequire } from 'node:module';

const { Compressor, Decompressor } = createRequire(import.meta.url)('http2/lib/protocol/compressor.js');
const nothing = () => {};
const LOG = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => LOG };
/** A view of its own: the decoder keeps its place in a member of it. */
const bufferOf = (block) => Buffer.from(block.buffer, block.byteOffset, block.length);

export async function open() {
  return {
    decoderOf() {
      const decoder = new Decompressor(LOG, 'REQUEST');
      return {
        fields: (block) => Object.entries(decoder.decompress(bufferOf(block))),
        count: (block) => Object.keys(decoder.decompress(bufferOf(block))).length,
      };
    },
    listOf: (list) => Object.fromEntries(list),
    encoderOf() {
      const encoder = new Compressor(LOG, 'REQUEST');
      return {
        encode: (list) => encoder.compress(list),
        size: (list) => encoder.compress(list).length,
      };
    },
  };
}
