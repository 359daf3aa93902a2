/** `decode` and `decodeSync` of httpx-wasm/core. */
import { describe, expect, test, vi } from 'vitest';
import type * as core from '../../src/core-api.js';
import { type Coding, type DecodeOptions, DecodingError, decode, decodeSync } from '../../src/core-api.js';
import { codingsInUse, liveOctets } from '../../src/core-instance.js';
import { encoders, zstdBomb, zstdFrame } from '../support/coded.js';
import { octetsOf, patternOf } from '../support/octets.js';

const CODINGS: readonly Coding[] = ['gzip', 'deflate', 'deflate-raw', 'br', 'zstd'];
const encode = (coding: string, octets: Uint8Array): Buffer => (encoders[coding] as (o: Uint8Array) => Buffer)(octets);
const plain = patternOf(300_000);

/** Both, as one: asynchronous. */
const ways = [
  { name: 'decode', of: decode },
  { name: 'decodeSync', of: async (...given: Parameters<typeof decode>) => decodeSync(...given) },
];

describe.each(ways)('$name', ({ of }) => {
  const failure = async (coding: Coding, octets: Uint8Array, options?: DecodeOptions): Promise<Error> => {
    const error = await of(coding, octets, options).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  };

  test.each(CODINGS)('%s gives what was coded, as octets of the caller', async (coding) => {
    const coded = encode(coding, plain);
    const decoded = await of(coding, coded);
    expect(Buffer.from(decoded).equals(Buffer.from(plain))).toBe(true);
    expect(decoded.constructor).toBe(Uint8Array);
    expect((await of(coding, new Uint8Array(0))).length).toBe(0);
  });

  test.each([
    ['truly', (size: number) => size, 0],
    ['too few', (size: number) => size - 70_000, 0],
    ['too many', (size: number) => size + 70_000, 0],
    ['beyond what is believed', () => 0xffffffff, 0],
    ['more than is allowed', (size: number) => size + 70_000, plain.length],
  ])('what zstd says of its size, %s, is found out and costs no memory', async (_, said, limit) => {
    const block = (octets: Uint8Array, isLast: boolean): Buffer => {
      const head = (octets.length << 3) | (isLast ? 1 : 0);
      return Buffer.concat([Buffer.from([head & 255, (head >> 8) & 255, head >> 16]), octets]);
    };
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x48, 0, 0, 0, 0]);
    header.writeUInt32LE(said(plain.length), 6);
    const blocks = [0, 100_000, 200_000].map((at) => block(plain.subarray(at, at + 100_000), at === 200_000));
    const coded = Buffer.concat([header, ...blocks]);
    const options = limit === 0 ? {} : { decodedOctets: limit };
    if (said(plain.length) === plain.length) {
      const decoded = await of('zstd', coded, options);
      expect(Buffer.from(decoded).equals(Buffer.from(plain))).toBe(true);
      expect(decoded.buffer.byteLength).toBe(plain.length);
    } else expect((await failure('zstd', coded, options)).message).toMatch(/another size than its frame says/);
  });

  test('a gzip trailer of another member, or one that lies, costs no octet', async () => {
    const two = Buffer.concat([encode('gzip', plain), encode('gzip', plain.subarray(0, 1000))]);
    const decoded = await of('gzip', two);
    expect(decoded.length).toBe(plain.length + 1000);
    expect(decoded.buffer.byteLength).toBe(decoded.length);
    expect(Buffer.from(decoded.subarray(0, plain.length)).equals(Buffer.from(plain))).toBe(true);
    const twice = await of('gzip', Buffer.concat([encode('gzip', plain.subarray(0, 1000)), encode('gzip', plain)]));
    expect(Buffer.from(twice.subarray(1000)).equals(Buffer.from(plain))).toBe(true);
    const lying = Uint8Array.from(encode('gzip', plain));
    lying.set([0, 0, 1, 0], lying.length - 4);
    expect((await failure('gzip', lying)).message).toMatch(/length/i);
  });

  test('deflate is zlib or raw, deflate-raw only raw', async () => {
    expect((await of('deflate', encode('deflate-raw', plain))).length).toBe(plain.length);
    expect(await failure('deflate-raw', encode('deflate', plain))).toBeInstanceOf(DecodingError);
  });

  test('any view, and a buffer, may hold the octets', async () => {
    const coded = Uint8Array.from(encode('br', octetsOf('abc')));
    const padded = new Uint8Array(coded.length + 2);
    padded.set(coded, 1);
    const views = [
      coded.buffer,
      new DataView(padded.buffer, 1, coded.length),
      Buffer.from(coded),
      padded.subarray(1, 1 + coded.length),
    ];
    for (const view of views) expect(octetsOf(await of('br', view)).toString()).toBe('abc');
  });

  test.each(CODINGS)(
    '%s that is cut short, or has something behind it, is a DecodingError that says so',
    async (coding) => {
      const coded = encode(coding, plain);
      const short = await failure(coding, coded.subarray(0, -1));
      expect(short).toBeInstanceOf(DecodingError);
      expect(short.message).toBe(`Cannot decode ${coding}: the coded data ends too early (RFC 9110 §8.4)`);
      const long = await failure(coding, Buffer.concat([coded, octetsOf('junk')]));
      expect(long.message).toBe(`Cannot decode ${coding}: octets follow the coded data (RFC 9110 §8.4)`);
    },
  );

  test('limits are kept', async () => {
    const bomb = zstdBomb(16);
    expect((await failure('zstd', bomb, { decodedOctets: 1 << 20 })).message).toContain('the limit is 1048576 octets');
    expect((await failure('zstd', bomb, { decodedRatio: 1000 })).message).toContain('the limit is 1000 times');
    expect((await of('zstd', bomb, { decodedOctets: 1 << 21, decodedRatio: 40_000 })).length).toBe(1 << 21);
    expect((await of('zstd', bomb, null)).length).toBe(1 << 21);
  });

  test('a larger window is granted to who asks, up to 128 MiB', async () => {
    const wide = zstdFrame(octetsOf('abc'), 24);
    expect((await failure('zstd', wide)).message).toContain('the limit is 8388608 octets');
    expect((await of('zstd', wide, { windowOctets: 1 << 24 })).length).toBe(3);
    expect((await of('zstd', zstdFrame(octetsOf('abc'), 27), { windowOctets: 1 << 27 })).length).toBe(3);
    expect((await failure('zstd', zstdFrame(octetsOf('abc'), 20), { windowOctets: 1 << 19 })).message).toContain(
      '524288',
    );
  });

  test.each([
    [
      ['brotli', new Uint8Array(0)],
      TypeError,
      'expected one of gzip, deflate, deflate-raw, br, zstd as the coding, got "brotli"',
    ],
    [[1, new Uint8Array(0)], TypeError, 'got number'],
    [['br', 'text'], TypeError, 'Cannot decode: expected octets, got'],
    [['br', new Uint8Array(0), { decodedOctets: 0 }], RangeError, 'decodedOctets'],
    [['br', new Uint8Array(0), { decodedRatio: 0.5 }], RangeError, 'decodedRatio'],
    [['br', new Uint8Array(0), { windowOctets: '8 MiB' }], TypeError, 'windowOctets'],
    [['br', new Uint8Array(0), { windowOctets: 1 << 28 }], RangeError, 'from 1 to 134217728, got 268435456'],
    [['br', new Uint8Array(0), { windowOctets: 1.5 }], RangeError, 'windowOctets'],
    [['br', new Uint8Array(0), { limit: 1 }], TypeError, 'limit'],
  ] as const)('%j is refused', async (given, expected, message) => {
    const error = await of(...(given as unknown as Parameters<typeof decode>)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(expected);
    expect((error as Error).message).toContain(message);
  });

  test('nothing is left behind, whatever the end', async () => {
    await of('gzip', encode('gzip', plain));
    const before = liveOctets();
    for (const coding of CODINGS) {
      await of(coding, encode(coding, plain));
      await failure(coding, encode(coding, plain).subarray(0, -3));
    }
    expect(liveOctets()).toBe(before);
    expect(codingsInUse().instances).toBe(0);
  });
});

test('decode never throws: it rejects', async () => {
  await expect((decode as (...given: unknown[]) => Promise<unknown>)('br', null)).rejects.toBeInstanceOf(TypeError);
});

test('where the decoder loads asynchronously, decodeSync says so until it has', async () => {
  vi.resetModules();
  vi.doMock('#core-module', async (original) => {
    const host = (await original()) as typeof import('../../src/hosts/node/core-module.js');
    return { ...host, codingsModule: () => Promise.resolve(host.codingsModule()) };
  });
  const fresh: typeof core = await import('../../src/core-api.js');
  vi.doUnmock('#core-module');
  const coded = encode('br', octetsOf('abc'));
  expect(() => fresh.decodeSync('br', coded)).toThrow(
    'Cannot decode br at once: this host loads its decoder asynchronously, await decode() first',
  );
  expect(octetsOf(fresh.decodeSync('gzip', encode('gzip', octetsOf('abc')))).toString()).toBe('abc');
  expect(octetsOf(await fresh.decode('br', coded)).toString()).toBe('abc');
  expect(octetsOf(fresh.decodeSync('br', coded)).toString()).toBe('abc');
});
