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
  test('share an instance, sixteen at the most', async () => {
    const frame = zstdFrame(patternOf(1000));
    const { client, goOn } = halting('zstd', frame, frame.length - 10);
    const responses = await Promise.all(Array.from({ length: 20 }, () => client.stream('GET', url)));
    const pieces = await Promise.all(responses.map(firstOf));
    expect(codingsInUse()).toMatchObject({ instances: 2, streams: 20 });
    goOn();
    expect(await readOn(pieces)).toEqual(Array.from({ length: 20 }, () => 10));
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
  });

  test('do not share one whose memory has grown', () => {
    const grown = borrowCodings(false);
    const other = borrowCodings(false);
    expect(other).toBe(grown);
    grown.exports.memory.grow(256);
    const fresh = borrowCodings(false);
    expect(fresh).not.toBe(grown);
    for (const each of [grown, other, fresh]) each.giveBack();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
    const next = borrowCodings(false);
    expect(next).toBe(fresh);
    next.giveBack();
  });

  test('have one to themselves if they may use larger windows than usual', () => {
    const small = new Decoder('zstd', NO_LIMITS);
    const large = new Decoder('zstd', { ...NO_LIMITS, windowOctets: 64 * MIB });
    const other = new Decoder('br', NO_LIMITS);
    expect(codingsInUse()).toMatchObject({ instances: 2, streams: 3 });
    for (const each of [small, large, other]) each.free();
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

  test('its memory comes back', async () => {
    const octets = 9 * MIB;
    const frame = zstdFrame(new Uint8Array(octets), 23);
    const run = async () => {
      const { client, goOn } = halting('zstd', frame, frame.length - 5);
      const responses = await Promise.all(Array.from({ length: 6 }, () => client.stream('GET', url)));
      const readers = responses.map((response) => response.aiterBytes());
      const most = await Promise.all(
        readers.map(async (pieces) => {
          let got = 0;
          while (got < octets - 2 * 131072) got += (await pieces.next()).value?.length ?? 0;
          return got;
        }),
      );
      expect(most.length).toBe(6);
      const { streams, octets: held } = codingsInUse();
      expect(streams).toBe(6);
      expect(held).toBeGreaterThan(6 * 8 * MIB);
      expect(process.memoryUsage().external).toBeGreaterThan(held);
      goOn();
      await readOn(readers);
    };
    await collected(() => false);
    const before = process.memoryUsage().external;
    await run();
    expect(codingsInUse()).toEqual(NOTHING_IN_USE);
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
    // Each has room for sixteen: the one that may be there is filled first.
    const decoders: Decoder[] = [];
    const fill = () => {
      for (let i = 0; i < 17; i++) decoders.push(new Decoder('br', NO_LIMITS));
    };
    const error = await failureOf(fill, DecodingError);
    expect(error.message).toBe('Cannot decode br: the host gave the decoder no memory');
    expect(error.cause).toBe(refused);
    for (const each of decoders) each.free();
  } finally {
    WebAssembly.Instance = Instance;
  }
  expect(codingsInUse()).toEqual(NOTHING_IN_USE);
});
