/** The public names of `httpx-wasm/core`: the core's decoders without a client. No I/O is reached from here. */
export { DecoderStream } from './decoder-stream.js';
export { type Coding, type DecodeOptions, decode, decodeSync } from './decoding.js';
export { DecodingError } from './exceptions.js';
