/** What field blocks cost, in executed instructions of the release build; and that the tables are what their generator writes. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { INSTRUCTIONS, meter } from '../../../wasm/meter.mjs';
import { ROOT } from '../../source-syntax.js';
import { octetsOf } from '../../support/core-module.js';
import { BlockDecoder, BlockEncoder, type Field, type HpackCore, hpackOf } from '../../support/hpack.js';

describe('instructions', () => {
  const core = hpackOf(meter(octetsOf('release')));
  const counter = (core as HpackCore & Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;

  /** Instructions for each octet of the last block, the others being decoded before. */
  function costOf(...blocks: Uint8Array[]): number {
    const decoder = new BlockDecoder(core);
    for (const block of blocks.slice(0, -1)) decoder.decode(block);
    const last = blocks.at(-1) as Uint8Array;
    counter.value = 0n;
    decoder.decode(last);
    const cost = Number(counter.value) / last.length;
    decoder.free();
    return cost;
  }
  const big = Uint8Array.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e, ...new Array<number>(4000).fill(0x76)]);

  test('an indexed field beyond the limit costs less than 100, whatever its entry has', () => {
    expect(costOf(big, new Uint8Array(60_000).fill(0xbe))).toBeLessThan(100);
    expect(costOf(new Uint8Array(60_000).fill(0x82))).toBeLessThan(100);
  });

  test('entries that are inserted and evicted at once cost less than 200 for each octet', () => {
    const pairs = Array.from({ length: 15_000 }, (_, i) => [0x40, 1, 0x61 + (i % 20), 0]).flat();
    expect(costOf(Uint8Array.from(pairs))).toBeLessThan(200);
  });

  test('Huffman codes cost less than 40 for each octet, long ones less than 200', () => {
    const coded = (octet: number): Uint8Array =>
      Uint8Array.from([0x00, 1, 0x61, 0xff, 0xa1, 0x9b, 0x02, ...new Array<number>(40_000).fill(octet)]);
    expect(costOf(coded(0x00))).toBeLessThan(40);
    // 0xff 0xff … is EOS, which ends the block: the dearest that goes on is a code of 28 bits.
    const long = [0xff, 0xff, 0xfe, 0x2f, 0xff, 0xff, 0xe2];
    const block = Uint8Array.from([0x00, 1, 0x61, 0xff, 0xd9, 0xb5, 0x02, ...Array<number[]>(5720).fill(long).flat()]);
    expect(costOf(block)).toBeLessThan(200);
  });

  test('a value that is new each time costs the same however many of its name were sent before', () => {
    const encoder = new BlockEncoder(core, 65536);
    encoder.allow(65536);
    const costs = Array.from({ length: 200 }, (_, i) => {
      const list: Field[] = [['x-request-id', `${i + 100}`.repeat(8)]];
      counter.value = 0n;
      encoder.encode(list);
      return Number(counter.value);
    });
    encoder.free();
    // The first one spells the name out.
    expect(Math.max(...costs.slice(1))).toBeLessThan(1.5 * Math.min(...costs.slice(1)));
  });
});

test('the tables are what their generator writes', () => {
  execFileSync(process.execPath, [join(ROOT, 'wasm/generate-hpack-tables.mjs'), '--check'], { cwd: ROOT });
});
