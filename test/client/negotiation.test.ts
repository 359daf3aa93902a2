/** Which version of HTTP is offered, and what the answer of ALPN means: obeyed to the letter. */
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../../src/exceptions.js';
import { alpnOf, mayMultiplex, type Versions, versionOf, versionsOf } from '../../src/negotiation.js';

const one: Versions = { http1: true, http2: false };
const both: Versions = { http1: true, http2: true };
const two: Versions = { http1: false, http2: true };

test('HTTP/2 is offered first', () => {
  expect([one, both, two].map(alpnOf)).toEqual([['http/1.1'], ['h2', 'http/1.1'], ['h2']]);
});

test('HTTP/1.1 alone is the default, and something must be on', () => {
  expect(versionsOf(undefined, undefined)).toEqual(one);
  expect(versionsOf(undefined, true)).toEqual(both);
  expect(versionsOf(null, true)).toEqual(two);
  expect(() => versionsOf(false, undefined)).toThrow(/http1 and http2 are both off/);
  expect(() => versionsOf(null, null)).toThrow(TypeError);
  expect(() => versionsOf(true, 'yes')).toThrow(/http2/);
});

test('one connection may serve many only where HTTP/2 may be spoken', () => {
  const rows = [one, both, two].map((versions) => [mayMultiplex(versions, true), mayMultiplex(versions, false)]);
  expect(rows).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ]);
});

describe('the answer', () => {
  test.each([
    [one, 'http/1.1', 'http/1.1'],
    [one, null, 'http/1.1'],
    [both, 'h2', 'h2'],
    [both, 'http/1.1', 'http/1.1'],
    [both, null, 'http/1.1'],
    [two, 'h2', 'h2'],
  ] as const)('of %o to %s is %s', (versions, alpn, expected) => {
    expect(versionOf(alpn, versions, true, 'https://a.invalid')).toBe(expected);
  });

  test.each([
    [one, 'h2', /selected "h2" by ALPN, which was not offered/],
    [both, 'h3', /selected "h3" by ALPN, which was not offered/],
    [two, 'http/1.1', /selected "http\/1.1" by ALPN, which was not offered/],
    [two, null, /did not agree to HTTP\/2 by ALPN, and HTTP\/1.1 is off/],
  ] as const)('of %o to %s is refused', (versions, alpn, message) => {
    const answer = () => versionOf(alpn, versions, true, 'https://a.invalid');
    expect(answer).toThrow(ConnectError);
    expect(answer).toThrow(message);
    try {
      answer();
    } catch (error) {
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
    }
  });

  test.each([
    [one, 'http/1.1'],
    [both, 'http/1.1'],
    [two, 'h2'],
  ] as const)('without TLS there is none: %o speaks %s', (versions, expected) => {
    expect(versionOf(null, versions, false, 'http://a.invalid')).toBe(expected);
  });
});
