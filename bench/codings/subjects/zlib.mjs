/** node:zlib: the whole at once, or a stream, fed piece by piece as it takes them. */
import * as zlib from 'node:zlib';

const AT_ONCE = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync };
const STREAM = { gzip: zlib.createGunzip, br: zlib.createBrotliDecompress, zstd: zlib.createZstdDecompress };

export async function open({ coding, inPieces }, options = {}) {
  const atOnce = AT_ONCE[coding];
  const create = STREAM[coding];
  if (!inPieces) return ({ octets }, take) => void take(atOnce(octets, options));
  return ({ pieces }, take) =>
    new Promise((resolve, reject) => {
      const stream = create(options);
      let next = 0;
      const feed = () => {
        while (next < pieces.length && stream.write(pieces[next++]));
        if (next === pieces.length) stream.end();
        else stream.once('drain', feed);
      };
      stream.on('data', take).on('end', resolve).on('error', reject);
      feed();
    });
}
