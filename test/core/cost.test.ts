/**
 * What parsing costs, in executed instructions of the release build: whole heads stay under their figure, and octet by
 * octet costs at most three times the whole over all public inputs up to 4 KiB (create and free included in both).
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

  const skipped = isPresent ? '' : ' (skipped: ../shared/vectors is not there)';
  test.skipIf(!isPresent)(`octet by octet costs at most ${RATIO_MAX} times the whole${skipped}`, () => {
    const inputs = allCases()
      .filter((one): one is Judged => 'judge' in one)
      .filter(({ input }) => input.length <= CUT_OCTETS_MAX);
    const whole = cost(() => {
      for (const { input, exchange } of inputs) run(core, input, exchange);
    });
    const cut = cost(() => {
      for (const { input, exchange } of inputs) run(core, input, exchange, everyOctet(input));
    });
    console.log(`${inputs.length} inputs: whole ${whole}, octet by octet ${cut}: ${(cut / whole).toFixed(2)} times`);
    expect(cut / whole).toBeLessThanOrEqual(RATIO_MAX);
  });
});
