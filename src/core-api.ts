/** The public names of `httpx-wasm/core`: the core's decoders and HPACK without a client. No I/O is reached from here. */
export {
  HpackDecoder,
  type HpackDecoderOptions,
  HpackEncoder,
  type HpackEncoderOptions,
  type HpackField,
} from './core-hpack.js';
export { DecoderStream } from './decoder-stream.js';
export { type Coding, type DecodeOptions, decode, decodeSync } from './decoding.js';
export { DecodingError, RemoteProtocolError } from './exceptions.js';
