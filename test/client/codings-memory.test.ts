/** What brotli and zstd bodies cost in memory: instances of the second module, which streams share, and which go with them. */
import { describe, expect, test } from 'vitest';
import { Decoder } from '../../src/core-decoders.js';
import { borrowCodings, type Codings, codingsInUse, loadCodings } from '../../src/core-instance.js';
import { type AsyncResponse, DecodingError } from '../../src/index.js';
import { failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { encodedIn, zstdFrame } from '../support/coded.js';
import { collected, heldOf } from '../support/garbage.js';
import { octetsOf, patternOf } from '../support/octets.js';

const NO_LIMITS = { decodedOctets: null, decodedRatio: null };
const NOTHING_IN_USE = { instances: 0, streams: 0, octets: 0 };
const MIB = 1 << 20;
const url = 'http://fake.invalid/';

loadCodings();

const headOf = (coding: string, length: number): Buffer =>
  octetsOf(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${length}\r\n\r\n`);

/** A client whose server answers with the first `share` of a body, and says the rest when it is told to. */
function halting(coding: string, body: Buffer, share: number) {
  const environment = fakeEnvironment();
  environment.connector.onSocket = (socket) => {
    socket.onWritten = () => void socket.say(Buffer.concat([headOf(coding, body.length), body.subarray(0, share)]));
  };
  const client = openClient({ timeout: null }, environment);
  const goOn = () => {
    for (const socket of environment.connector.sockets) if (!socket.closed) socket.say(body.subarray(share));
  };
  return { client, environment, goOn };
}

/** Reads on to the end of each. */
async function readOn(pieces: readonly AsyncIterableIterator<Uint8Array, undefined>[]): Promise<number[]> {
  return Promise.all(
    pieces.map(async (each) => {
      let octets = 0;
      for await (const piece of each) octets += piece.length;
      return octets;
    }),
  );
}

const firstOf = async (response: AsyncResponse) => {
  const pieces = response.aiterBytes();
  expect((await pieces.next()).value?.length).toBeGreaterThan(0);
  return pieces;
};

describe('streams that last at the same time', () => {
  test('have an instance each, so that its memory goes with them', async () => {
    const frame = zstdFrame(patternOf(1000));
    const { client, goOn } = halting('zstd', frame, frame.length - 10);
    const responses = await Promise.all(Array.from({ length: 20 }, () => client.stream('GET', url)));
    const pieces = await Promise.all(responses.map(firstOf));
    expect(codingsInUse()).toMatchObject({ instances: 20, streams: 20 });
    goOn();
    expect(await readOn(pieces)).toEqual(Array.from({ length: 20 }, () => 10));
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
  });

  test('share them where they are many, sixteen an instance, unless its memory has grown', () => {
    const first = Array.from({ length: 64 }, () => borrowCodings(false));
    expect(new Set(first).size).toBe(64);
    const [oldest, grown, third] = [...new Set(first)] as [Codings, Codings, Codings];
    grown.exports.memory.grow(256);
    const more = Array.from({ length: 15 }, () => borrowCodings(false));
    expect(more.every((each) => each === oldest)).toBe(true);
    expect(oldest.streams).toBe(16);
    const next = borrowCodings(false);
    expect(next).toBe(third);
    expect(codingsInUse()).toMatchObject({ instances: 64, streams: 80 });
    for (const each of [...first, ...more, next]) each.giveBack();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
  });

  test('share none with one that may use larger windows than usual', () => {
    const large = borrowCodings(true);
    const others = Array.from({ length: 63 }, () => borrowCodings(false));
    const shared = borrowCodings(false);
    expect(shared).toBe(others[0]);
    const second = borrowCodings(true);
    expect([large.streams, second.streams]).toEqual([1, 1]);
    const decoder = new Decoder('zstd', { ...NO_LIMITS, windowOctets: 9 * MIB });
    expect(codingsInUse()).toMatchObject({ instances: 66, streams: 67 });
    decoder.free();
    for (const each of [large, ...others, shared, second]) each.giveBack();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
  });
});

describe('when no stream uses an instance', () => {
  test('the next one takes it up again, and the collector takes it', async () => {
    const references: WeakRef<Codings>[] = [];
    const use = () => {
      const instance = borrowCodings(false);
      references.push(new WeakRef(instance));
      instance.giveBack();
      return instance;
    };
    const isTakenUpAgain = () => {
      const first = use();
      return use() === first;
    };
    expect(isTakenUpAgain()).toBe(true);
    expect(await collected(() => heldOf(references) === 0)).toBe(true);
    use();
  });

  test('that has grown, the next one makes another', () => {
    const grown = borrowCodings(false);
    grown.exports.memory.grow(256);
    grown.giveBack();
    const next = borrowCodings(false);
    expect(next).not.toBe(grown);
    next.giveBack();
  });

  test('its memory comes back', async () => {
    const octets = 9 * MIB;
    const frame = zstdFrame(new Uint8Array(octets), 23);
    const memories: WeakRef<object>[] = [];
    const { Instance } = WebAssembly;
    const run = async () => {
      const { client, goOn } = halting('zstd', frame, frame.length - 5);
      const responses = await Promise.all(Array.from({ length: 6 }, () => client.stream('GET', url)));
      const readers = responses.map((response) => response.aiterBytes());
      for (const pieces of readers) {
        for (let got = 0; got < octets - 2 * 131072; ) got += (await pieces.next()).value?.length ?? 0;
      }
      const { streams, octets: held } = codingsInUse();
      expect(streams).toBe(6);
      expect(held).toBeGreaterThan(6 * 8 * MIB);
      expect(held).toBeLessThan(6 * 14 * MIB);
      goOn();
      await readOn(readers);
    };
    await collected(() => false);
    const before = process.memoryUsage().external;
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        memories.push(new WeakRef(this.exports.memory as WebAssembly.Memory));
      }
    };
    try {
      await run();
    } finally {
      WebAssembly.Instance = Instance;
    }
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
    expect(memories.length).toBe(6);
    expect(await collected(() => heldOf(memories) === 0)).toBe(true);
    expect(await collected(() => process.memoryUsage().external < before + 4 * MIB)).toBe(true);
  });
});

describe('a stream ends', () => {
  const body = encodedIn(['br'], patternOf(500_000));

  test('when its body is damaged, or its response closed or dropped', async () => {
    const cut = halting('br', Buffer.concat([body.subarray(0, -1), octetsOf('\xff\xff')]), body.length + 1);
    await failureOf(cut.client.get(url), DecodingError);
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);

    const { client } = halting('br', body, body.length >> 1);
    const closed = await client.stream('GET', url);
    await firstOf(closed);
    expect(codingsInUse().streams).toBe(1);
    await closed.aclose();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);

    const drop = async () => void (await firstOf(await client.stream('GET', url)));
    await drop();
    expect(codingsInUse().streams).toBe(1);
    expect(await collected(() => codingsInUse().streams === 0)).toBe(true);
  });

  test('when its decoder is dropped', async () => {
    const drop = () => void new Decoder('zstd', NO_LIMITS).decode(zstdFrame(patternOf(100)).subarray(0, 50), 0);
    drop();
    expect(codingsInUse().streams).toBe(1);
    expect(await collected(() => codingsInUse().streams === 0)).toBe(true);
  });

  test('once, however often it is freed', () => {
    const [first, second] = [new Decoder('br', NO_LIMITS), new Decoder('br', NO_LIMITS)];
    first.free();
    first.free();
    expect(codingsInUse().streams).toBe(1);
    second.free();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
  });
});

test('a host that has no memory for an instance makes a DecodingError', async () => {
  const { Instance } = WebAssembly;
  const refused = new RangeError('could not allocate memory');
  WebAssembly.Instance = class {
    constructor() {
      throw refused;
    }
  } as unknown as typeof WebAssembly.Instance;
  try {
    await collected(() => false);
    const error = await failureOf(() => new Decoder('br', NO_LIMITS), DecodingError);
    expect(error.message).toBe('Cannot decode br: the host gave the decoder no memory');
    expect(error.cause).toBe(refused);
  } finally {
    WebAssembly.Instance = Instance;
  }
  expect(codingsInUse()).toEqual(NOTHING_IN_USE);
});
