/** Content codings undone: each, in chains, within limits; what is no whole body is an error that says so. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DecodingError, type LimitsOptions } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients, joined } from '../support/clients.js';
import { encodedIn, encoders, zstdBomb, zstdFrame } from '../support/coded.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import { octetsOf, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const text = octetsOf('all work and no play '.repeat(5000));

/** An answer whose body is octets. */
function answerOf(body: Uint8Array, coding: string): Buffer {
  const fields = `Content-Length: ${body.length}\r\nContent-Encoding: ${coding}\r\nConnection: close\r\n`;
  return Buffer.concat([octetsOf(`HTTP/1.1 200 OK\r\n${fields}\r\n`), body]);
}

const once = (body: Uint8Array, coding: string): Dialogue => dialogue().hear().say(answerOf(body, coding));

/** Chains of every length in which each coding stands at each place, without a pattern. */
const chains: readonly (readonly string[])[] = [
  ['gzip', 'br'],
  ['br', 'gzip'],
  ['zstd', 'gzip'],
  ['gzip', 'zstd'],
  ['zstd', 'br', 'deflate'],
  ['deflate', 'zstd', 'br'],
  ['br', 'zstd', 'gzip', 'deflate'],
  ['gzip', 'br', 'deflate', 'zstd', 'br'],
  ['zstd', 'zstd', 'zstd', 'zstd', 'zstd'],
  ['br', 'br', 'br', 'br', 'br'],
];

describe.each(clients)('$name', (kind) => {
  const { open } = kind;

  /** What a client with these limits makes of a body. */
  async function contentOf(body: Uint8Array, coding: string, limits: LimitsOptions = {}): Promise<Uint8Array> {
    const server = await serve(once(body, coding));
    return (await open({ limits }).get(server.url)).content;
  }

  const failing = (body: Uint8Array, coding: string, limits: LimitsOptions = {}): Promise<DecodingError> =>
    failureOf(contentOf(body, coding, limits), DecodingError);

  test.each([
    ['gzip', encoders.gzip],
    ['x-gzip', encoders.gzip],
    ['deflate', encoders.deflate],
    ['deflate', (octets: Uint8Array) => deflateRawSync(octets)],
    ['br', encoders.br],
    ['zstd', encoders.zstd],
    ['BR', encoders.br],
    ['Zstd', encoders.zstd],
    [' br ,', encoders.br],
  ] as const)("Content-Encoding '%s' is undone", async (coding, encode = () => Buffer.alloc(0)) => {
    const coded = encode(text);
    const server = await serve(once(coded, coding));
    const response = await open().get(server.url);
    expect(octetsOf(response.content).equals(text)).toBe(true);
    expect(response.numBytesDownloaded).toBe(coded.length);
    expect(response.headers.get('content-encoding')).toBe(coding.trim());
  });

  test.each(chains.map((chain) => [chain.join(', '), chain] as const))(
    'the chain %s is undone, last first',
    async (name, chain) => {
      const coded = encodedIn(chain, text);
      const server = await serve(once(coded, name));
      const response = await open().get(server.url);
      expect(octetsOf(response.content).equals(text)).toBe(true);
      expect(response.numBytesDownloaded).toBe(coded.length);
    },
  );

  test('codings that are not known are passed over, wherever they stand', async () => {
    expect(octetsOf(await contentOf(encodedIn(['br', 'zstd'], text), 'br, rot13, zstd')).equals(text)).toBe(true);
    const raw = encodedIn(['br'], text);
    expect(octetsOf(await contentOf(raw, 'compress')).equals(raw)).toBe(true);
    expect(octetsOf(await contentOf(raw, 'deflate-raw')).equals(raw)).toBe(true);
  });

  test('six codings are refused, before anything is decoded', async () => {
    const error = await failing(octetsOf('anything'), 'br, br, br, br, br, br');
    expect(error.message).toBe('Cannot decode the body: 6 content codings, at most 5 are undone');
  });

  test.each(['br', 'zstd', 'zstd, br'])('raw access to a body in %s gives it as it came', async (coding) => {
    const coded = encodedIn(coding.split(', '), text);
    const server = await serve(always(answerOf(coded, coding)), { repeatLast: true });
    const client = open();
    const response = await client.stream('GET', server.url);
    expect((await joined(kind.raw(response))).equals(coded)).toBe(true);
    expect(response.numBytesDownloaded).toBe(coded.length);
    const decoded = await client.stream('GET', server.url);
    expect((await joined(kind.bytes(decoded))).equals(text)).toBe(true);
  });

  test('what a server flushes comes out, however it is coded', async () => {
    const frames = [zstdFrame(octetsOf('first ')), zstdFrame(octetsOf('second'))] as const;
    const head = 'HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nConnection: close\r\n\r\n';
    const server = await serve(dialogue().hear().say(octetsOf(head)).say(frames[0]).hear().say(frames[1]).fin());
    const client = open();
    const response = await client.stream('GET', server.url);
    const pieces = kind.bytes(response);
    expect(octetsOf((await pieces.next()).value ?? new Uint8Array(0)).toString()).toBe('first ');
    await kind.close(response);
  });

  const damaged: readonly (readonly [string, string, (coded: Buffer) => Uint8Array, RegExp])[] = [
    ['gzip', 'cut short', (coded) => coded.subarray(0, -5), /^Cannot decode gzip: the coded data ends too early/],
    ['deflate', 'cut short', (coded) => coded.subarray(0, -5), /^Cannot decode deflate: the coded data ends too early/],
    ['br', 'cut short', (coded) => coded.subarray(0, -1), /^Cannot decode br: the coded data ends too early/],
    ['zstd', 'cut short', (coded) => coded.subarray(0, -1), /^Cannot decode zstd: the coded data ends too early/],
    ['gzip', 'followed by junk', (c) => Buffer.concat([c, octetsOf('junk')]), /^Cannot decode gzip: octets follow/],
    [
      'deflate',
      'followed by junk',
      (c) => Buffer.concat([c, octetsOf('junk')]),
      /^Cannot decode deflate: octets follow/,
    ],
    ['br', 'followed by junk', (c) => Buffer.concat([c, octetsOf('junk')]), /^Cannot decode br: octets follow/],
    ['zstd', 'followed by junk', (c) => Buffer.concat([c, octetsOf('junk')]), /^Cannot decode zstd: octets follow/],
    ['gzip', 'that is none', () => octetsOf('plain text'), /^Cannot decode gzip: expected 0x1f 0x8b/],
    ['br', 'that is none', () => octetsOf('\x11 plain text'), /^Cannot decode br: expected no window beyond 16 MiB/],
    ['zstd', 'that is none', () => octetsOf('plain text'), /^Cannot decode zstd: expected the magic number/],
  ];

  test.each(damaged)(
    '%s %s is a DecodingError that names the coding and the fault',
    async (coding, _how, damage, message) => {
      const error = await failing(damage((encoders[coding] as (octets: Uint8Array) => Buffer)(text)), coding);
      expect(error.message).toMatch(message);
      expect(error.code).toBe('ERR_DECODING');
      expect(String(error.request.url)).toContain('127.0.0.1');
    },
  );

  test('in a chain, the coding that is damaged is named', async () => {
    const inner = encodedIn(['br'], text).subarray(0, -1);
    expect((await failing(encodedIn(['gzip'], inner), 'br, gzip')).message).toMatch(
      /^Cannot decode br: the coded data/,
    );
    const outer = encodedIn(['br', 'gzip'], text).subarray(0, -9);
    expect((await failing(outer, 'br, gzip')).message).toMatch(/^Cannot decode gzip: the coded data ends too early/);
  });

  test('gzip of several members, and zstd of several frames with one to be skipped, decode whole', async () => {
    const halves = [text.subarray(0, 1000), text.subarray(1000)] as const;
    const members = Buffer.concat(halves.map((half) => encodedIn(['gzip'], half)));
    expect(octetsOf(await contentOf(members, 'gzip')).equals(text)).toBe(true);
    const skipped = Buffer.concat([Buffer.of(0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0), octetsOf('note')]);
    const frames = Buffer.concat([zstdFrame(halves[0]), skipped, zstdFrame(halves[1])]);
    expect(octetsOf(await contentOf(frames, 'zstd')).equals(text)).toBe(true);
  });

  test('zstd that asks for a window of more than 8 MiB is refused', async () => {
    expect(octetsOf(await contentOf(zstdFrame(text, 23), 'zstd')).equals(text)).toBe(true);
    const error = await failing(zstdFrame(text, 24), 'zstd');
    expect(error.message).toMatch(/^Cannot decode zstd: expected no larger window .*, the limit is 8388608 octets/);
  });

  const zeros = Buffer.alloc(4 << 20);
  const bombs: readonly (readonly [string, Uint8Array])[] = [
    ['gzip', encodedIn(['gzip'], zeros)],
    ['deflate', encodedIn(['deflate'], zeros)],
    ['br', encodedIn(['br'], zeros)],
    ['zstd', zstdBomb(32)],
    ['gzip, gzip', encodedIn(['gzip', 'gzip'], zeros)],
    ['zstd, br', encodedIn(['br'], zstdBomb(32))],
    ['br, zstd', encodedIn(['br', 'zstd'], zeros)],
  ];

  test.each(bombs)('decodedOctets and decodedRatio end a bomb in %s', async (coding, bomb) => {
    const octets = await failing(bomb, coding, { decodedOctets: 1 << 20 });
    expect(octets.message).toMatch(/^Cannot decode \w+: .*Limits\.decodedOctets, the limit is 1048576 octets/);
    const ratio = await failing(bomb, coding, { decodedRatio: 100 });
    expect(ratio.message).toMatch(/^Cannot decode \w+: .*Limits\.decodedRatio, the limit is 100 times/);
    expect((await contentOf(bomb, coding)).length).toBe(zeros.length);
  });

  test('the ratio of a chain is that of what comes out to what came over the wire', async () => {
    const random = patternOf(3000);
    const plain = Buffer.concat(Array.from({ length: 400 }, () => random));
    const once = encodedIn(['zstd'], encodedIn(['gzip'], plain));
    // Each of two codings stays below 200, both together do not.
    const twice = encodedIn(['gzip', 'gzip'], zeros);
    const [outer, inner] = [
      encodedIn(['gzip'], zeros).length / twice.length,
      zeros.length / encodedIn(['gzip'], zeros).length,
    ];
    expect(Math.max(outer, inner)).toBeLessThan(1100);
    expect(outer * inner).toBeGreaterThan(2200);
    expect((await failing(twice, 'gzip, gzip', { decodedRatio: 1100 })).message).toMatch(
      /decodedRatio, the limit is 1100/,
    );
    expect((await contentOf(once, 'gzip, zstd', { decodedRatio: 1100 })).length).toBe(plain.length);
  });

  test('a body without content is whole in every coding', async () => {
    for (const coding of ['gzip', 'deflate', 'br', 'zstd', 'br, zstd']) {
      expect((await contentOf(new Uint8Array(0), coding)).length, coding).toBe(0);
    }
  });
});
