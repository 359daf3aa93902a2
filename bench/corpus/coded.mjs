/**
 * Coded contents. gzip and deflate are made by pako: its output depends on nothing but its version, which the root
 * package-lock.json fixes, where zlib's differs from one Node to the next. Of brotli and zstd there is no such encoder:
 * streams/ holds what encode.mjs made of the same contents, once.
 */
import { readFileSync } from 'node:fs';
import { deflate, deflateRaw, gzip } from 'pako';
import { jsonOf, noiseOf, proseOf } from './contents.mjs';

const OCTETS = 65536;

/** Contents of brotli and zstd with how they are encoded; `coding` as below. */
export function streams() {
  const json = jsonOf(OCTETS);
  const prose = proseOf(OCTETS);
  return [
    { name: 'brotli 4, JSON', coding: 5, level: 4, file: 'json-4.br', content: json },
    { name: 'brotli 11, text', coding: 5, level: 11, file: 'text-11.br', content: prose },
    { name: 'zstd 3, JSON', coding: 6, level: 3, file: 'json-3.zst', content: json },
    { name: 'zstd 19, text', coding: 6, level: 19, file: 'text-19.zst', content: prose },
  ];
}

export const urlOf = (file) => new URL(`streams/${file}`, import.meta.url);

/** coding: as in the core's ABI (CODING_*): 1 gzip, 2 deflate as HTTP means it, 5 brotli, 6 zstd, both of the second module. */
export function codedContents() {
  const json = jsonOf(OCTETS);
  const prose = proseOf(OCTETS);
  const noise = noiseOf(OCTETS / 4);
  return [
    { name: 'gzip 1, JSON', coding: 1, octets: gzip(json, { level: 1 }), content: json },
    { name: 'gzip 6, JSON', coding: 1, octets: gzip(json, { level: 6 }), content: json },
    { name: 'gzip 9, text', coding: 1, octets: gzip(prose, { level: 9 }), content: prose },
    { name: 'gzip 6, JSON of 1 KB', coding: 1, octets: gzip(json.subarray(0, 1024)), content: json.subarray(0, 1024) },
    { name: 'gzip 0, noise (stored)', coding: 1, octets: gzip(noise, { level: 0 }), content: noise },
    { name: 'deflate (zlib) 6, JSON', coding: 2, octets: deflate(json, { level: 6 }), content: json },
    { name: 'deflate (raw) 6, text', coding: 2, octets: deflateRaw(prose, { level: 6 }), content: prose },
    { name: 'gzip, fixed codes, JSON', coding: 1, octets: gzip(json, { strategy: 4 }), content: json },
    ...streams().map((one) => ({ ...one, octets: new Uint8Array(readFileSync(urlOf(one.file))) })),
  ];
}
