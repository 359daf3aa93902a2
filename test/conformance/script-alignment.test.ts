/**
 * The core as JavaScript (wasm/script.mjs) reads and writes only where its sources say how the address is aligned: each public
 * case goes through a build that checks it, whole and an octet at a time, behind heads and bodies of every length before it.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { type DecoderCore, decode, everyOctet as everyPlace } from '../core/coding/decoding.js';
import { loadAlignedScript } from '../support/aligned-script.js';
import { everyOctet, run } from '../support/core-connection.js';
import { BlockDecoder, BlockEncoder, type HpackCore } from '../support/hpack.js';
import { type Http2Driver, runHttp2 } from '../support/http2-driver.js';
import { withoutShared } from '../support/shared.js';
import { codingCases } from './coding-cases.js';
import { allCases, isPresent, type Judged } from './h1-cases.js';
import { begin, http2Cases, inputOf } from './h2-cases.js';

/** Inputs beyond that are taken whole only. */
const OCTETWISE_MAX = 4096;
const PATIENCE = 300_000;
const { core, accesses } = loadAlignedScript('core');
const codings = loadAlignedScript('codings');

test('an access that is not aligned is noticed, and there are some that are', () => {
  expect(accesses).toBeGreaterThan(1000);
  expect(codings.accesses).toBeGreaterThan(1000);
  const other = loadAlignedScript('core').core;
  const handle = other.connectionCreate(abi.PROTOCOL_HTTP_1_1, abi.ROLE_CLIENT, 65536, 256, 16);
  expect(() => other.connectionReceive(handle + 1, 0, 1)).toThrow(/no multiple of/);
});

test('HPACK at every alignment', () => {
  const hpack = core as HpackCore;
  const encoder = new BlockEncoder(hpack, 256);
  const decoder = new BlockDecoder(hpack, { tableOctets: 256 });
  for (let octets = 0; octets < 64; octets++) {
    const fields = [
      [`x-${'n'.repeat(octets)}`, 'v'.repeat(63 - octets)] as const,
      [':path', '/'.repeat(octets)] as const,
    ];
    const { rule, fields: decoded } = decoder.decode(encoder.encode(fields));
    expect([rule, decoded.map(({ name, value }) => [name, value])]).toEqual([0, fields]);
  }
  encoder.free();
  decoder.free();
});

describe.skipIf(!isPresent)(`the public cases ${isPresent ? '' : withoutShared}`, () => {
  test('of HTTP/1.1', { timeout: PATIENCE }, () => {
    const judged = allCases().filter((one): one is Judged => 'judge' in one);
    expect(judged.length).toBeGreaterThan(100);
    for (const { input, exchange } of judged) {
      const outcome = run(core, input, exchange);
      if (input.length <= OCTETWISE_MAX) expect(run(core, input, exchange, everyOctet(input))).toEqual(outcome);
    }
  });

  test('of HTTP/2', { timeout: PATIENCE }, () => {
    for (const one of http2Cases ?? []) {
      const { octets, closes } = inputOf(one);
      const start = (driver: Http2Driver): void => begin(one, driver);
      const after = (driver: Http2Driver): void => {
        if (closes) driver.close();
      };
      const outcome = runHttp2(core, octets, start, [], after);
      if (octets.length > OCTETWISE_MAX) continue;
      expect(runHttp2(core, octets, start, everyOctet(octets), after), one.id).toEqual(outcome);
    }
  });

  test.each(['coding-deflate', 'coding-brotli', 'coding-zstd'])('of %s', { timeout: PATIENCE }, (name) => {
    const own = (name === 'coding-deflate' ? core : codings.core) as DecoderCore;
    for (const { id, coding, input } of codingCases(name) ?? []) {
      const { rule } = decode(own, coding, input);
      if (input.length > OCTETWISE_MAX) continue;
      expect(decode(own, coding, input, everyPlace(input.length)).rule, id).toBe(rule);
    }
    expect(own.liveOctets()).toBe(0);
  });
});
