/** brotli-dec-wasm (Rust): `decompress`, or a `BrotliDecStream` that makes at most 64 KB at a time. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BrotliDecStream, BrotliStreamResultCode, decompress, initSync } from 'brotli-dec-wasm/web';

const OUTPUT_OCTETS = 65536;

/** Everything that `piece` decodes to; answers whether the data is complete. */
function decodePiece(stream, piece, take) {
  for (let at = 0; ; ) {
    const result = stream.dec(at === 0 ? piece : piece.subarray(at), OUTPUT_OCTETS);
    const { code, input_offset: taken } = result;
    take(result.buf);
    result.free();
    at += taken;
    if (code !== BrotliStreamResultCode.NeedsMoreOutput) return code === BrotliStreamResultCode.ResultSuccess;
  }
}

export async function open({ inPieces }) {
  const file = createRequire(import.meta.url).resolve('brotli-dec-wasm/web/bg.wasm');
  initSync({ module: readFileSync(file) });
  if (!inPieces) return ({ octets }, take) => void take(decompress(octets));
  return ({ pieces }, take) => {
    const stream = new BrotliDecStream();
    let isComplete = false;
    for (const piece of pieces) isComplete = decodePiece(stream, piece, take);
    stream.free();
    if (!isComplete) throw new Error('Cannot decode: brotli-dec-wasm wants more');
  };
}
