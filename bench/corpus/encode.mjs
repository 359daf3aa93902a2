/**
 * `node bench/corpus/encode.mjs`: makes streams/ anew from the contents, by this Node's brotli and zstd (24 or later). Their
 * versions decide what comes out, so the hashes change, too: `npm run bench -- corpus --update`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as zlib from 'node:zlib';
import { streams, urlOf } from './coded.mjs';

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = zlib.constants;
const ENCODERS = {
  5: (content, level) =>
    zlib.brotliCompressSync(content, {
      params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
  6: (content, level) => zlib.zstdCompressSync(content, { params: { [ZSTD_c_compressionLevel]: level } }),
};

mkdirSync(urlOf(''), { recursive: true });
for (const { name, coding, level, file, content } of streams()) {
  const octets = ENCODERS[coding](content, level);
  writeFileSync(urlOf(file), octets);
  console.log(`${file}: ${name}, ${content.length} octets became ${octets.length}`);
}
