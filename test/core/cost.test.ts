/**
 * What parsing costs, in executed instructions of the release build: whole heads stay under their figure, and octet by
 * octet costs at most three times the whole over all public inputs up to 4 KiB (create and free included in both). Single
 * inputs may cost more: how many do is printed, and typical ones have figures of their own.
 */
import { describe, expect, test } from 'vitest';
import { INSTRUCTIONS, meter } from '../../wasm/meter.mjs';
import { allCases, isPresent, type Judged } from '../conformance/h1-cases.js';
import { everyOctet, octets, run } from '../support/core-connection.js';
import { type Core, instanceOf, octetsOf } from '../support/core-module.js';

const CUT_OCTETS_MAX = 4096;
const RATIO_MAX = 3;

const FIELDS = [
  'Date: Wed, 11 Nov 2026 10:00:00 GMT',
  'Server: nginx/1.25.3',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 64',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'Cache-Control: no-cache, no-store, must-revalidate',
  'ETag: "5f3e-1234567890abcdef"',
  'Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; Secure',
  'X-Request-Id: 7b0c3a6e-8f1d-4c62-9c5b-1f2e3d4c5b6a',
  'Strict-Transport-Security: max-age=31536000; includeSubDomains; preload',
];

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('instructions', () => {
  const core = instanceOf(meter(octetsOf('release')));
  const counter = (core as Core & Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;
  const cost = (work: () => void): number => {
    counter.value = 0n;
    work();
    return Number(counter.value);
  };

  test('a head of 11 field lines and some 480 octets stays under 4000', () => {
    const input = octets(`HTTP/1.1 200 OK\r\n${FIELDS.join('\r\n')}\r\n\r\n${'x'.repeat(64)}`);
    const found = cost(() => run(core, input));
    console.log(`a head of ${input.length - 64} octets and its body: ${found} instructions`);
    expect(found).toBeLessThan(4000);
  });

  test('a field line that the input ends in is scanned once', () => {
    const value = 'y'.repeat(4000);
    const cut = cost(() => run(core, octets(`HTTP/1.1 200 OK\r\nX: ${value}`)));
    const whole = cost(() => run(core, octets(`HTTP/1.1 200 OK\r\nX: ${value}\r\n\r\n${'z'.repeat(64)}`)));
    expect(cut / whole).toBeLessThan(1.2);
  });

  test('the cost of a line that drips grows as its octets do', () => {
    const drip = (length: number): number => {
      const input = octets(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(length)}`);
      return cost(() => run(core, input, {}, everyOctet(input)));
    };
    expect(drip(16000) / drip(4000)).toBeLessThan(4.1);
  });

  // What single inputs cost octet by octet, as a multiple of the whole: long names and values, which wide scanners read
  // 64 octets at a time, drip at a cost that no sum over short inputs shows.
  test.each([
    ['an empty response', 'HTTP/1.1 204 No Content\r\n\r\n', 2.3],
    ['a head of 11 field lines', `HTTP/1.1 200 OK\r\n${FIELDS.join('\r\n')}\r\n\r\n${'x'.repeat(64)}`, 6.5],
    ['chunks of 32 octets', `${CHUNKED}${`20\r\n${'x'.repeat(32)}\r\n`.repeat(64)}0\r\n\r\n`, 3.3],
    ['a chunk of 4000 octets', `${CHUNKED}fa0\r\n${'x'.repeat(4000)}\r\n0\r\n\r\n`, 3],
    ['a value of 4000 octets', `HTTP/1.1 204 X\r\nA: ${'y'.repeat(4000)}\r\n\r\n`, 28.5],
  ])('%s octet by octet', (name, text, most) => {
    const input = octets(text);
    const ratio = cost(() => run(core, input, {}, everyOctet(input))) / cost(() => run(core, input));
    console.log(`${name}, octet by octet: ${ratio.toFixed(2)} times the whole`);
    expect(ratio).toBeLessThan(most);
  });

  const skipped = isPresent ? '' : ' (skipped: ../shared/vectors is not there)';
  test.skipIf(!isPresent)(`octet by octet costs at most ${RATIO_MAX} times the whole${skipped}`, () => {
    const inputs = allCases()
      .filter((one): one is Judged => 'judge' in one)
      .filter(({ input }) => input.length <= CUT_OCTETS_MAX);
    const costs = inputs.map(({ id, file, input, exchange }) => {
      const whole = cost(() => run(core, input, exchange));
      const cut = cost(() => run(core, input, exchange, everyOctet(input)));
      return { id, file, whole, cut, ratio: cut / whole };
    });
    const sum = (of: (one: (typeof costs)[number]) => number): number => costs.reduce((all, one) => all + of(one), 0);
    const [whole, cut] = [sum((one) => one.whole), sum((one) => one.cut)];
    console.log(`${inputs.length} inputs: whole ${whole}, octet by octet ${cut}: ${(cut / whole).toFixed(2)} times`);
    const over = costs.filter(({ ratio }) => ratio > RATIO_MAX).sort((one, other) => other.ratio - one.ratio);
    console.log(`${over.length} of them cost more than ${RATIO_MAX} times the whole; the worst of each suite:`);
    for (const suite of new Set(over.map(({ file }) => file))) {
      const own = over.filter(({ file }) => file === suite);
      console.log(`  ${suite}: ${own.length}, ${own[0]?.id} ${own[0]?.ratio.toFixed(2)} times`);
    }
    expect(cut / whole).toBeLessThanOrEqual(RATIO_MAX);
  });
});
