import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUT, type Duration, durationMs, Limits, own, Timeout } from '../../src/config.js';

const polluted = Object.prototype as unknown as Record<string, unknown>;
afterEach(() => {
  for (const name of ['connect', 'maxConnections', 'keepaliveExpiry', 'total']) delete polluted[name];
});

describe('a duration', () => {
  test.each([
    [5, 5],
    [0.5, 0.5],
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['2m', 120_000],
    [null, null],
  ] as const)('%s is %s ms', (value, ms) => {
    expect(durationMs(value as Duration | null, 'timeout')).toBe(ms);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '0s', '-5s', '5', '5h', '', ' 5s', '5 s', '1e3ms', 'NaNs'])(
    '%j is a RangeError that names what was to be set',
    (value) => {
      expect(() => durationMs(value as Duration, 'timeout.read')).toThrow(RangeError);
      expect(() => durationMs(value as Duration, 'timeout.read')).toThrow('Cannot set timeout.read: expected');
    },
  );

  test.each([true, {}, [5], 5n, undefined])('%o is a TypeError', (value) => {
    expect(() => durationMs(value as unknown as Duration, 'timeout')).toThrow(TypeError);
  });
});

describe('Timeout', () => {
  const fields = (timeout: Timeout) => ({ ...timeout });

  test('one duration goes for connect, read, write and pool, not for total', () => {
    expect(fields(new Timeout('3s'))).toEqual({ connect: 3000, read: 3000, write: 3000, pool: 3000, total: null });
    expect(fields(new Timeout(null))).toEqual({ connect: null, read: null, write: null, pool: null, total: null });
  });

  test('the options win over the default', () => {
    expect(fields(new Timeout('3s', { read: '30s', pool: null, total: '1m' }))).toEqual({
      connect: 3000,
      read: 30_000,
      write: 3000,
      pool: null,
      total: 60_000,
    });
  });

  test('without a default all four must be given', () => {
    expect(fields(new Timeout(undefined, { connect: 1, read: 2, write: 3, pool: 4 }))).toMatchObject({ pool: 4 });
    expect(() => new Timeout(undefined, { connect: 1, read: 2, write: 3 })).toThrow('pool is missing');
    expect(() => new Timeout()).toThrow(TypeError);
  });

  test('another Timeout goes for all five', () => {
    const base = new Timeout('3s', { total: '9s' });
    expect(new Timeout(base).equals(base)).toBe(true);
    expect(fields(new Timeout(base, { read: 1 }))).toEqual({ ...base, read: 1 });
  });

  test('fields given first, unknown fields and bad durations are refused', () => {
    expect(() => new Timeout({ read: 1 } as unknown as number)).toThrow('expected a duration first');
    expect(() => new Timeout(1, { raed: 1 } as object)).toThrow("unknown option 'raed'");
    expect(() => new Timeout(1, { read: 0 })).toThrow('Cannot set timeout.read');
    expect(() => new Timeout('5' as Duration)).toThrow(RangeError);
    expect(() => new Timeout('1h' as Duration)).toThrow("in ms, s or m ('500ms', '5s', '2m'), got \"1h\"");
  });

  test('from() keeps the base’s fields for an object, and replaces it whole for a duration', () => {
    const base = new Timeout('3s', { total: '9s' });
    expect(Timeout.from(undefined, base)).toBe(base);
    expect(Timeout.from(DEFAULT_TIMEOUT, base)).toBe(DEFAULT_TIMEOUT);
    expect(fields(Timeout.from({ read: '30s' }, base))).toEqual({ ...base, read: 30_000 });
    expect(fields(Timeout.from(7, base))).toMatchObject({ connect: 7, total: null });
    expect(fields(Timeout.from(null, base))).toMatchObject({ connect: null, total: null });
  });

  test('equality is by fields', () => {
    expect(new Timeout(5).equals(new Timeout(undefined, { connect: 5, read: 5, write: 5, pool: 5 }))).toBe(true);
    expect(new Timeout(5).equals(new Timeout(5, { total: 5 }))).toBe(false);
    expect(new Timeout(5).equals(5)).toBe(false);
  });

  test('it cannot be changed, and shows its fields', () => {
    expect(Object.isFrozen(new Timeout(5))).toBe(true);
    expect(inspect(new Timeout('5s'))).toBe('Timeout(5000 ms)');
    expect(inspect(new Timeout('5s', { read: null }))).toBe(
      'Timeout(connect: 5000 ms, read: none, write: 5000 ms, pool: 5000 ms, total: none)',
    );
  });

  test('the default is five seconds each and no total', () => {
    expect(fields(DEFAULT_TIMEOUT)).toEqual({ connect: 5000, read: 5000, write: 5000, pool: 5000, total: null });
  });

  test('a polluted Object.prototype configures nothing', () => {
    polluted.connect = 1;
    polluted.total = 1;
    expect(new Timeout(5, {})).toMatchObject({ connect: 5, total: null });
    expect(() => new Timeout(undefined, { read: 1, write: 1, pool: 1 })).toThrow('connect is missing');
  });
});

describe('Limits', () => {
  test('without options only what a peer may send is limited, and idle time', () => {
    expect({ ...new Limits() }).toEqual({
      maxConnections: null,
      maxKeepaliveConnections: null,
      keepaliveExpiry: 5000,
      headOctets: 65536,
      fields: 256,
      interim: 16,
      decodedOctets: null,
      decodedRatio: null,
    });
  });

  test('a client’s default is 100, 20 and five seconds', () => {
    expect(DEFAULT_LIMITS).toMatchObject({ maxConnections: 100, maxKeepaliveConnections: 20, keepaliveExpiry: 5000 });
  });

  test('from() takes limits, fields or nothing', () => {
    expect(Limits.from(undefined, DEFAULT_LIMITS)).toBe(DEFAULT_LIMITS);
    expect(Limits.from({ maxConnections: 1 }, DEFAULT_LIMITS).equals(new Limits({ maxConnections: 1 }))).toBe(true);
    expect(Limits.from(null, DEFAULT_LIMITS).equals(new Limits())).toBe(true);
    expect(new Limits().equals(DEFAULT_LIMITS)).toBe(false);
    expect(new Limits().equals({})).toBe(false);
  });

  test('none may be kept, none may be interim, and idle connections may live for ever', () => {
    expect(new Limits({ maxKeepaliveConnections: 0, interim: 0, keepaliveExpiry: null })).toMatchObject({
      maxKeepaliveConnections: 0,
      interim: 0,
      keepaliveExpiry: null,
    });
  });

  test.each([
    { maxConnections: 0 },
    { maxConnections: 1.5 },
    { maxKeepaliveConnections: -1 },
    { keepaliveExpiry: 0 },
    { headOctets: 0 },
    { headOctets: 16777216 },
    { fields: 0 },
    { fields: 1e9 },
    { interim: -1 },
    { decodedOctets: 0 },
    { decodedRatio: 0.5 },
    { decodedRatio: Number.NaN },
  ])('%o is a RangeError', (options) => {
    expect(() => new Limits(options)).toThrow(RangeError);
  });

  test('other types and unknown options are TypeErrors', () => {
    expect(() => new Limits({ fields: '5' as unknown as number })).toThrow('expected a number, got string');
    expect(() => new Limits({ decodedRatio: '5' as unknown as number })).toThrow(TypeError);
    expect(() => new Limits({ max: 1 } as object)).toThrow("unknown option 'max'");
    expect(() => new Limits(5 as unknown as object)).toThrow(TypeError);
  });

  test('a polluted Object.prototype configures nothing', () => {
    polluted.maxConnections = 1;
    polluted.keepaliveExpiry = 1;
    expect(new Limits({})).toMatchObject({ maxConnections: null, keepaliveExpiry: 5000 });
  });
});

test('own() sees only what the object itself has', () => {
  polluted.connect = 1;
  expect(own({} as { connect?: number }, 'connect')).toBeUndefined();
  expect(own({ connect: 2 }, 'connect')).toBe(2);
  expect(own(null as { connect?: number } | null, 'connect')).toBeUndefined();
});
