/** The frame of the second module, whatever codings are in it. */
import { expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS } from '../../support/core-module.js';
import { loadDecoders } from './decoding.js';

test.each(BUILDS)('build %s has the calls of decoders and no others', (build) => {
  expect(Object.keys(loadDecoders(build, 'codings')).sort()).toEqual([
    'decoderCreate',
    'decoderDecode',
    'decoderEnd',
    'decoderFree',
    'eventsOffset',
    'failAllocationsAfter',
    'inputOffset',
    'liveOctets',
    'memory',
  ]);
});

test.each(BUILDS)('build %s refuses a coding that is not in it, and says so', (build) => {
  const core = loadDecoders(build, 'codings');
  for (const coding of [0, abi.CODING_GZIP, abi.CODING_DEFLATE, abi.CODING_DEFLATE_RAW, abi.CODING_ZLIB, 7, -1]) {
    expect(core.decoderCreate(coding, 0, 0, 0) >>> 0).toBe(abi.NO_SUCH_CODING);
  }
  expect(core.liveOctets()).toBe(0);
});

test.each(BUILDS)('build %s answers for handle 0 that there was no memory', (build) => {
  const core = loadDecoders(build, 'codings');
  expect(core.decoderDecode(0, 0, 0)).toBe(abi.DECODE_ERROR);
  const record = new Uint32Array(core.memory.buffer, core.eventsOffset(), 8);
  expect([record[0], record[4], record[5], record[6]]).toEqual([abi.KIND_DECODED, 0, 0, abi.RULE_CODING_MEMORY]);
  expect(core.decoderEnd(0)).toBe(abi.RULE_CODING_MEMORY);
  core.decoderFree(0);
});
