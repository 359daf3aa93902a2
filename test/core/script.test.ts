/** The core as JavaScript, where it is more than its WebAssembly: memory that grows, or may not, and instances side by side. */

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { loadCore } from '../support/core-module.js';
import { type DecoderCore, decode, loadDecoders } from './coding/decoding.js';

const PAGE_OCTETS = 65536;
const memoryOf = (core: object): { grow(pages: number): number; readonly buffer: ArrayBuffer } =>
  (core as { readonly memory: { grow(pages: number): number; readonly buffer: ArrayBuffer } }).memory;

test('memory grows by pages, keeps its octets, and leaves its buffer', () => {
  const core = loadCore('script');
  const before = memoryOf(core).buffer;
  const pages = before.byteLength / PAGE_OCTETS;
  new Uint8Array(before)[before.byteLength - 1] = 7;
  expect(memoryOf(core).grow(2)).toBe(pages);
  const after = new Uint8Array(memoryOf(core).buffer);
  expect([after.length / PAGE_OCTETS, after[pages * PAGE_OCTETS - 1], after[pages * PAGE_OCTETS]]).toEqual([
    pages + 2,
    7,
    0,
  ]);
  expect(before.byteLength).toBe(0);
});

test.each([
  ['the module', 'codings', 16384],
  ['JavaScript', 'core', 32767],
] as const)('growth beyond the limit of %s is refused, not claimed', (_, module, pagesMax) => {
  const memory = memoryOf(loadCore('script', module));
  const pages = memory.buffer.byteLength / PAGE_OCTETS;
  expect([memory.grow(pagesMax - pages + 1), memory.grow(-1), memory.buffer.byteLength / PAGE_OCTETS]).toEqual([
    -1,
    -1,
    pages,
  ]);
});

test('growth that the host refuses is an error of the body', () => {
  const core = loadDecoders('script', 'codings');
  const window = brotliCompressSync(Buffer.alloc(4 << 20, 'a long window of text '));
  vi.stubGlobal(
    'ArrayBuffer',
    class {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    },
  );
  try {
    expect(decode(core, abi.CODING_BROTLI, window).rule).toBe(abi.RULE_CODING_MEMORY);
  } finally {
    vi.unstubAllGlobals();
  }
  expect(core.liveOctets()).toBe(0);
});

test('instances do not share memory', () => {
  const [one, other] = [loadCore('script'), loadCore('script')] as [DecoderCore, DecoderCore];
  const coded = gzipSync('all work and no play');
  const half = one.decoderCreate(abi.CODING_GZIP, 0, 0);
  expect(Buffer.from(decode(other, abi.CODING_GZIP, coded).octets).toString()).toBe('all work and no play');
  expect([one.liveOctets() > 0, other.liveOctets()]).toEqual([true, 0]);
  one.decoderFree(half);
});
