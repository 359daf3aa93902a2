/** `DecoderStream` of httpx-wasm/core: what a pair of WHATWG streams owes to who uses it. */
import { describe, expect, test } from 'vitest';
import { type Coding, type DecodeOptions, DecoderStream, DecodingError } from '../../src/core-api.js';
import { codingsInUse } from '../../src/core-instance.js';
import { isSettled } from '../support/client.js';
import { encoders, zstdBomb, zstdFrame } from '../support/coded.js';
import { collected } from '../support/garbage.js';
import { octetsOf, patternOf } from '../support/octets.js';

const CODINGS: readonly Coding[] = ['gzip', 'deflate', 'deflate-raw', 'br', 'zstd'];
const encode = (coding: string, octets: Uint8Array): Buffer => (encoders[coding] as (o: Uint8Array) => Buffer)(octets);
const plain = patternOf(300_000);

/** A stream of pieces that counts how many were asked for. */
function sourceOf(pieces: readonly Uint8Array[]): { readonly stream: ReadableStream<Uint8Array>; asked: number } {
  const source = {
    asked: 0,
    stream: new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = pieces[source.asked++];
          if (piece === undefined) controller.close();
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    ),
  };
  return source;
}

function cut(octets: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += size) pieces.push(octets.subarray(at, at + size));
  return pieces;
}

async function decoded(coding: Coding, pieces: readonly Uint8Array[], options?: DecodeOptions): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const { stream } = sourceOf(pieces);
  for await (const part of stream.pipeThrough(new DecoderStream(coding, options))) parts.push(part);
  return Buffer.concat(parts);
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe.each(CODINGS)('%s', (coding) => {
  const coded = encode(coding, plain);

  test('whole, in pieces, and octet by octet: the same comes out', async () => {
    const small = encode(coding, plain.subarray(0, 5000));
    expect((await decoded(coding, [coded])).equals(octetsOf(plain))).toBe(true);
    expect((await decoded(coding, cut(coded, 1000))).equals(octetsOf(plain))).toBe(true);
    expect((await decoded(coding, cut(small, 1))).equals(octetsOf(plain.subarray(0, 5000)))).toBe(true);
    expect((await decoded(coding, [])).length).toBe(0);
    expect((await decoded(coding, [new Uint8Array(0), coded, new Uint8Array(0)])).length).toBe(plain.length);
  });

  test('damage errors both sides with the same DecodingError, what came before is read first', async () => {
    const stream = new DecoderStream(coding);
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    const writing = writer.write(Buffer.concat([coded, octetsOf('junk')]));
    writing.catch(() => {});
    const reader = stream.readable.getReader();
    let octets = 0;
    let error: unknown = null;
    while (error === null) {
      const result = await reader.read().catch((reason: unknown) => {
        error = reason;
        return null;
      });
      octets += result?.value?.length ?? 0;
    }
    expect(octets).toBe(plain.length);
    expect(error).toBeInstanceOf(DecodingError);
    expect((error as Error).message).toBe(`Cannot decode ${coding}: octets follow the coded data (RFC 9110 §8.4)`);
    expect(await failureOf(writing)).toBe(error);
    expect(await failureOf(writer.closed)).toBe(error);
    expect(codingsInUse().instances).toBe(0);
  });

  test('an end that comes too early fails the close, and whoever reads', async () => {
    const stream = new DecoderStream(coding);
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    const reading = (async () => {
      for await (const _ of stream.readable);
    })();
    reading.catch(() => {});
    await writer.write(coded.subarray(0, -1));
    const error = await failureOf(writer.close());
    expect(error).toBeInstanceOf(DecodingError);
    expect((error as Error).message).toContain(`Cannot decode ${coding}: the coded data ends too early`);
    expect(await failureOf(reading)).toBe(error);
    expect(codingsInUse().instances).toBe(0);
  });
});

test('gives what DecompressionStream gives', async () => {
  for (const format of ['gzip', 'deflate', 'deflate-raw'] as const) {
    const { stream } = sourceOf(cut(encode(format, plain), 1000));
    const theirs: Uint8Array[] = [];
    const native = new DecompressionStream(format) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
    for await (const part of stream.pipeThrough(native)) theirs.push(part);
    expect(Buffer.concat(theirs).equals(await decoded(format, cut(encode(format, plain), 1000)))).toBe(true);
  }
});

describe('back-pressure', () => {
  test('nothing is decoded that nobody asks for, and a write waits for its readers', async () => {
    const stream = new DecoderStream('zstd');
    const writer = stream.writable.getWriter();
    const writing = writer.write(zstdBomb(100));
    expect(await isSettled(writing)).toBe(false);
    const reader = stream.readable.getReader();
    let octets = 0;
    for (let i = 0; i < 10; i++) octets += (await reader.read()).value?.length ?? 0;
    expect(octets).toBeLessThanOrEqual(10 * 65536);
    expect(await isSettled(writing)).toBe(false);
    while (octets < 100 * 131072) octets += (await reader.read()).value?.length ?? 0;
    const last = reader.read();
    await writing;
    await writer.close();
    expect((await last).done).toBe(true);
  });

  test('a piece of no octets waits for nobody', async () => {
    const stream = new DecoderStream('gzip');
    const writer = stream.writable.getWriter();
    await writer.write(new Uint8Array(0));
    await writer.close();
    expect((await stream.readable.getReader().read()).done).toBe(true);
  });

  test('a source is read only as far as its reader goes', async () => {
    const pieces = cut(encode('gzip', plain), 100);
    const source = sourceOf(pieces);
    const reader = source.stream.pipeThrough(new DecoderStream('gzip')).getReader();
    await reader.read();
    await isSettled(reader.closed);
    expect(source.asked).toBeLessThan(pieces.length);
    await reader.cancel();
  });

  test('what was flushed comes out before the next piece', async () => {
    const stream = new DecoderStream('zstd');
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const first = reader.read();
    await writer.write(zstdFrame(octetsOf('first')));
    expect(octetsOf((await first).value ?? new Uint8Array(0)).toString()).toBe('first');
    await reader.cancel();
    writer.closed.catch(() => {});
  });
});

describe('giving up', () => {
  const half = encode('br', plain).subarray(0, 2000);
  const reason = new Error('enough');

  async function begun() {
    const stream = new DecoderStream('br');
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const writing = failureOf(writer.write(half));
    do {
      expect((await reader.read()).value?.length).toBeGreaterThan(0);
    } while (!(await isSettled(writing)));
    expect(codingsInUse().streams).toBe(1);
    return { writer, reader, closed: failureOf(writer.closed) };
  }

  test('cancel frees the decoder, and tells who writes why', async () => {
    const { writer, reader, closed } = await begun();
    await reader.cancel(reason);
    expect(codingsInUse().instances).toBe(0);
    expect(await closed).toBe(reason);
    expect(await failureOf(writer.write(half))).toBe(reason);
  });

  test('cancel lets go of a write that waits', async () => {
    const stream = new DecoderStream('zstd');
    const writer = stream.writable.getWriter();
    const writing = failureOf(writer.write(zstdBomb(10)));
    const closed = failureOf(writer.closed);
    const reader = stream.readable.getReader();
    await reader.read();
    await reader.cancel(reason);
    expect([await writing, await closed]).toEqual([reason, reason]);
    expect(codingsInUse().instances).toBe(0);
  });

  test('abort frees the decoder, and tells who reads why', async () => {
    const { writer, reader, closed } = await begun();
    const reading = failureOf(reader.read());
    await writer.abort(reason);
    expect(codingsInUse().instances).toBe(0);
    expect([await reading, await closed]).toEqual([reason, reason]);
  });

  test('abort does not wait for a write that nobody reads', async () => {
    const stream = new DecoderStream('zstd');
    const writer = stream.writable.getWriter();
    const writing = failureOf(writer.write(zstdBomb(10)));
    const closed = failureOf(writer.closed);
    await isSettled(writing);
    await writer.abort(reason);
    expect([await writing, await closed]).toEqual([reason, reason]);
    expect(codingsInUse().instances).toBe(0);
  });

  test('a pipe that is aborted ends it', async () => {
    const controller = new AbortController();
    const piece = zstdFrame(octetsOf('abcdef')).subarray(0, -1);
    const endless = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(piece) });
    const stream = new DecoderStream('zstd');
    const piping = failureOf(endless.pipeTo(stream.writable, { signal: controller.signal }));
    const reader = stream.readable.getReader();
    expect((await reader.read()).value?.length).toBe(5);
    const next = failureOf(reader.read());
    controller.abort(reason);
    expect(await piping).toBe(reason);
    expect(await next).toBe(reason);
    expect(codingsInUse().instances).toBe(0);
  });

  test('one that is dropped is collected with its decoder', async () => {
    const drop = async () => {
      const stream = new DecoderStream('br');
      void stream.writable.getWriter().write(half);
      await stream.readable.getReader().read();
    };
    await drop();
    expect(codingsInUse().streams).toBe(1);
    expect(await collected(() => codingsInUse().streams === 0)).toBe(true);
  });
});

describe('what is no use', () => {
  test.each([['brotli'], ['x-gzip'], [undefined]])('the coding %s is refused', (coding) => {
    expect(() => new DecoderStream(coding as Coding)).toThrow(TypeError);
  });

  test('limits that are none are refused', () => {
    expect(() => new DecoderStream('br', { decodedOctets: -1 })).toThrow(RangeError);
  });

  test('a piece that is no octets errors both sides', async () => {
    const stream = new DecoderStream('gzip');
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    const reading = failureOf(stream.readable.getReader().read());
    const error = await failureOf(writer.write('text' as unknown as Uint8Array));
    expect(error).toBeInstanceOf(TypeError);
    expect(await reading).toBe(error);
  });

  test('limits end a bomb', async () => {
    const error = await failureOf(decoded('zstd', [zstdBomb(100)], { decodedOctets: 1 << 20 }));
    expect((error as Error).message).toContain('the limit is 1048576 octets');
    expect(codingsInUse().instances).toBe(0);
  });
});
