/**
 * Coded bodies, a process of its own, run by the Node that is measured: its encoders make them. Each is made once and kept in a
 * folder, under a hash of what it is made of: the content's octets, coding, level, version of the encoder. Configured by one
 * JSON word: { folder, wanted: [{ corpus, octets, coding, level }] }. Tells its parent those that this Node can make, each
 * with { file, codedOctets, whole, sampled }: where it is, and the digests of its content.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { jsonOf } from '../corpus/contents.mjs';
import { DOCUMENTS } from '../corpus/documents.mjs';
import { digestOf } from '../digest.mjs';
import { STRIDE } from './items.mjs';

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = zlib.constants;
const CONTENTS = new Map([['JSON', (octets) => jsonOf(octets)], ...DOCUMENTS]);

const ENCODERS = {
  gzip: { version: process.versions.zlib, encode: (content, level) => zlib.gzipSync(content, { level }) },
  br: {
    version: process.versions.brotli,
    encode: (content, level) =>
      zlib.brotliCompressSync(content, {
        params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: content.length },
      }),
  },
  zstd: {
    version: process.versions.zstd,
    encode: (content, level) => zlib.zstdCompressSync(content, { params: { [ZSTD_c_compressionLevel]: level } }),
  },
};

/** Contents made so far, with their digests. */
const made = new Map();

function contentOf(corpus, octets) {
  const key = `${corpus} ${octets}`;
  if (!made.has(key)) {
    const content = CONTENTS.get(corpus)(octets);
    const hash = createHash('sha256').update(content).digest('hex');
    made.set(key, { content, hash, whole: digestOf(content, 1), sampled: digestOf(content, STRIDE) });
  }
  return made.get(key);
}

function bodyOf({ corpus, octets, coding, level }, folder) {
  const { content, hash, whole, sampled } = contentOf(corpus, octets);
  const { version, encode } = ENCODERS[coding];
  const key = createHash('sha256').update(`${hash} ${coding} ${level} ${version}`).digest('hex');
  const file = join(folder, `${key.slice(0, 32)}.${coding}`);
  if (!existsSync(file)) {
    // Under another name first: what is there is complete.
    const part = `${file}.${process.pid}`;
    writeFileSync(part, encode(content, level));
    renameSync(part, file);
  }
  return { corpus, octets, coding, level, file, codedOctets: statSync(file).size, whole, sampled };
}

function main({ folder, wanted }) {
  mkdirSync(folder, { recursive: true });
  const possible = wanted.filter(({ coding }) => coding !== 'zstd' || 'zstdCompressSync' in zlib);
  return possible.map((one) => bodyOf(one, folder));
}

process.on('disconnect', () => process.exit());
process.send(main(JSON.parse(process.argv[2])), () => process.exit());
