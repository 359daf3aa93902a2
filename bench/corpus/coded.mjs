/**
 * Coded contents, made by pako: its output depends on nothing but its version, which the root package-lock.json fixes,
 * where zlib's differs from one Node to the next.
 */
import { deflate, deflateRaw, gzip } from 'pako';
import { jsonOf, noiseOf, proseOf } from './contents.mjs';

const OCTETS = 65536;

/** coding: as in the core's ABI (CODING_*): 1 gzip, 2 deflate as HTTP means it. */
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
  ];
}
