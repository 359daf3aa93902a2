/** The public names of `httpx-wasm/core`: connections, HPACK and decoders without a client. No I/O is reached from here. */
export {
  ClientConnection,
  type ClientConnectionOptions,
  type ConnectionEvent,
  type ExchangeRequest,
  type HttpVersion,
} from './core-connection.js';
export {
  HpackDecoder,
  type HpackDecoderOptions,
  HpackEncoder,
  type HpackEncoderOptions,
  type HpackField,
} from './core-hpack.js';
export { DecoderStream } from './decoder-stream.js';
export { type Coding, type DecodeOptions, decode, decodeSync } from './decoding.js';
export { DecodingError, LoadError, LocalProtocolError, RemoteProtocolError } from './exceptions.js';
export { Headers } from './headers.js';
