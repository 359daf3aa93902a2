/** Bodies as streams: byte streams, iterators, back-pressure down to the socket, and giving up in the middle. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { KEPT, type Sink } from '../../src/hosts/socket.js';
import { type MaybePromise, ReadError, RemoteProtocolError, Response } from '../../src/index.js';
import { failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { type AnyResponse, clients } from '../support/clients.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { collected, heldOf } from '../support/garbage.js';
import { answer, octetsOf, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { strayErrorsOf } from '../support/stray-errors.js';

const head = (octets: number, fields = ''): string => `HTTP/1.1 200 OK\r\nContent-Length: ${octets}\r\n${fields}\r\n`;
const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

async function bodyOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(clients)('byte streams of $name', (kind) => {
  test('body gives the decoded octets, rawBody those of the wire', async () => {
    const coded = gzipSync('plain');
    const server = await serve(
      always(Buffer.concat([octetsOf(head(coded.length, 'Content-Encoding: gzip\r\n')), coded])),
      { repeatLast: true },
    );
    const client = kind.open();
    const decoded = await client.stream('GET', server.url);
    expect((await bodyOf(decoded.body)).toString()).toBe('plain');
    const raw = await client.stream('GET', server.url);
    expect((await bodyOf(raw.rawBody)).equals(coded)).toBe(true);
    expect(server.accepted).toBe(1);
  });

  test('a chunk arrives while the rest has not been sent', async () => {
    const opened = gate();
    const server = await serve(
      dialogue()
        .hear()
        .say(`${head(6)}abc`)
        .until(opened)
        .say('def'),
    );
    const response = await kind.open().stream('GET', server.url);
    const reader = response.body.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('abc');
    opened.open();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('def');
    expect((await reader.read()).done).toBe(true);
  });

  test('a BYOB reader gets its own memory filled', async () => {
    const pattern = patternOf(300_000);
    const server = await serve(dialogue().hear().say(head(pattern.length)).say(pattern));
    const response = await kind.open().stream('GET', server.url);
    const reader = response.body.getReader({ mode: 'byob' });
    const got: Buffer[] = [];
    let buffer = new ArrayBuffer(4096);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value !== undefined) got.push(Buffer.from(value));
      if (done) break;
      expect(value?.byteLength).toBeLessThanOrEqual(4096);
      buffer = value?.buffer as ArrayBuffer;
      expect(buffer.byteLength).toBe(4096);
    }
    expect(Buffer.concat(got).equals(pattern)).toBe(true);
  });

  test('a BYOB reader works on a decoded body too', async () => {
    const pattern = patternOf(100_000);
    const coded = gzipSync(pattern);
    const server = await serve(dialogue().hear().say(head(coded.length, 'Content-Encoding: gzip\r\n')).say(coded));
    const response = await kind.open().stream('GET', server.url);
    const reader = response.body.getReader({ mode: 'byob' });
    const got: Buffer[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(1000));
      if (value !== undefined) got.push(Buffer.from(value));
      if (done) break;
    }
    expect(Buffer.concat(got).equals(pattern)).toBe(true);
  });

  test('cancelling the stream closes the connection and frees its place', async () => {
    const server = await serve([
      dialogue()
        .hear()
        .say(`${head(1 << 30)}abc`)
        .sayForever('x'),
      always(answer('next')),
    ]);
    const client = kind.open({ limits: { maxConnections: 1 } });
    const response = await client.stream('GET', server.url);
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel();
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('next');
    expect(response.isClosed).toBe(true);
  });

  test('a body cut short errors the stream after what came', async () => {
    const server = await serve(
      dialogue()
        .hear()
        .say(`${head(10)}abc`)
        .fin(),
    );
    const response = await kind.open().stream('GET', server.url);
    const reader = response.body.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('abc');
    await failureOf(reader.read(), RemoteProtocolError);
  });

  test('a stream handed to another fetch API flows through', async () => {
    const pattern = patternOf(500_000);
    const server = await serve(dialogue().hear().say(head(pattern.length)).say(pattern));
    const response = await kind.open().stream('GET', server.url);
    const copy = new Uint8Array(await new globalThis.Response(response.body).arrayBuffer());
    expect(Buffer.from(copy).equals(pattern)).toBe(true);
  });
});

describe('byte streams, of AsyncClient alone', () => {
  test('a piece that fills a BYOB view exactly leaves no empty piece behind', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(head(6));
    };
    const response = await openClient({}, environment).stream('GET', 'http://fake.invalid/');
    const byob = response.body.getReader({ mode: 'byob' });
    const first = byob.read(new Uint8Array(3));
    environment.connector.socket(0).say('abc');
    expect(Buffer.from((await first).value ?? []).toString()).toBe('abc');
    byob.releaseLock();
    const reader = response.body.getReader();
    const second = reader.read();
    environment.connector.socket(0).say('def');
    expect(Buffer.from((await second).value ?? []).toString()).toBe('def');
    expect((await reader.read()).done).toBe(true);
  });

  test('the octets of a chunk belong to the reader and are never written to again', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () =>
        socket
          .say(`${head(6)}`)
          .say('abc')
          .say('def');
    };
    const response = await openClient({}, environment).stream('GET', 'http://fake.invalid/');
    const parts: Uint8Array[] = [];
    for await (const part of response.aiterRaw()) parts.push(part);
    expect(parts.map((part) => Buffer.from(part).toString()).join('')).toBe('abcdef');
  });

  test('a view of wider elements that an odd end leaves half filled errors the stream, and throws nowhere', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(`${chunkedHead}3\r\nabc\r\n`);
    };
    const client = openClient({ timeout: null }, environment);
    const strays = await strayErrorsOf(async () => {
      const response = await client.stream('GET', 'http://fake.invalid/');
      const reader = response.body.getReader({ mode: 'byob' });
      const first = await reader.read(new Uint16Array(4));
      expect(Buffer.from(first.value?.buffer ?? new ArrayBuffer(0), 0, 2).toString()).toBe('ab');
      const second = reader.read(new Uint16Array(4));
      const failed = second.then(
        () => null,
        (error: unknown) => error,
      );
      await environment.host.settled();
      environment.connector.socket(0).say('0\r\n\r\n');
      expect(await failed).toBeInstanceOf(TypeError);
    });
    expect(strays).toEqual([]);
    environment.connector.onSocket = null;
    const next = client.get('http://fake.invalid/');
    await environment.host.settled();
    environment.connector.sockets.find((socket) => !socket.closed)?.say('0\r\n\r\n');
    expect((await next).text).toBe('abc');
  });
});

describe('whose memory a piece is, of AsyncClient', () => {
  const pieces = [patternOf(20_000), patternOf(40_000).subarray(20_000)];
  const coded = Buffer.concat(
    pieces.flatMap((piece) => [octetsOf(`${piece.length.toString(16)}\r\n`), piece, octetsOf('\r\n')]),
  );

  /** A response whose body comes in one read, as two chunks, while it is being streamed. */
  async function lentTwice() {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(chunkedHead);
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    return {
      response,
      async say() {
        await environment.host.settled();
        expect(environment.connector.socket(0).lend).toBe(true);
        environment.connector.socket(0).say(Buffer.concat([coded, octetsOf('0\r\n\r\n')]));
      },
    };
  }

  test('two chunks of one read reach a byte stream’s reader both', async () => {
    const { response, say } = await lentTwice();
    const all = bodyOf(response.body);
    all.catch(() => {});
    await say();
    expect((await all).equals(Buffer.concat(pieces))).toBe(true);
  });

  test('two chunks of one read are one piece of its memory, which can be transferred', async () => {
    const { response, say } = await lentTwice();
    const iterator = response.aiterBytes();
    const first = iterator.next();
    await say();
    const piece = (await first).value as Uint8Array<ArrayBuffer>;
    expect(Buffer.from(piece).equals(Buffer.concat(pieces))).toBe(true);
    structuredClone(null, { transfer: [piece.buffer] });
    expect((await iterator.next()).done).toBe(true);
  });

  test('so are those behind pieces that wait, and a later read has its own', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(chunkedHead);
    };
    const other = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const later = other.aiterRaw();
    const begun = later.next();
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    for (const small of ['a', 'b']) socket.say(`1\r\n${small}\r\n`);
    for (let read = 0; read < 2; read++) socket.say(Buffer.from(coded));
    socket.say('0\r\n\r\n');
    const octets = [(await begun).value as Uint8Array];
    for await (const piece of later) octets.push(piece);
    expect(Buffer.concat(octets).equals(Buffer.concat([octetsOf('ab'), ...pieces, ...pieces]))).toBe(true);
    expect(octets.map(({ length }) => length)).toEqual([1, 1, 40_000, 40_000]);
  });

  test.each([
    [131072, 32768, true],
    [131072, 32767, false],
    [65536, 16384, true],
    [16384, 8192, true],
    [16384, 8191, false],
  ])('of %i octets lent, %i are kept: %s', async (lent, octets, kept) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(head(1_000_000));
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const first = response.aiterRaw().next();
    const memory = new Uint8Array(lent).fill(7);
    const { sink } = environment.connector.socket(0);
    expect(((sink as Sink).octets(memory, octets, true) & KEPT) !== 0).toBe(kept);
    const piece = (await first).value as Uint8Array;
    expect(piece.length).toBe(octets);
    expect(piece.buffer === memory.buffer).toBe(kept);
    await response.aclose();
  });

  test('octets that a response was made of stay their owner’s', async () => {
    const mine = new TextEncoder().encode('abc');
    const response = new Response(200, { content: mine });
    expect((await bodyOf(response.body)).toString()).toBe('abc');
    expect(Buffer.from(mine).toString()).toBe('abc');
  });

  test('pieces that were taken are not held, although the reader is always one behind', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(chunkedHead);
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const iterator = response.aiterRaw();
    const taken: WeakRef<Uint8Array>[] = [];
    const more = async () => {
      environment.connector.socket(0).say(`400\r\n${'x'.repeat(1024)}\r\n`);
      await environment.host.settled();
    };
    const take = async () => {
      taken.push(new WeakRef((await iterator.next()).value as Uint8Array));
    };
    await more();
    for (let turn = 0; turn < 40; turn++) {
      await more();
      await take();
    }
    expect(await collected(() => heldOf(taken) <= 2)).toBe(true);
    await response.aclose();
  });
});

describe.each(clients)('the content of a response of $name', (kind) => {
  const made: [string, () => MaybePromise<AnyResponse>][] = [
    ['received', () => kind.fake(answer('abc')).client.get('http://fake.invalid/')],
    ['made by hand', () => new Response(200, { content: new TextEncoder().encode('abc') })],
  ];

  test.each(made)('%s is not given away with its body', async (_name, make) => {
    const response = await make();
    const { content } = response;
    expect((await bodyOf(response.body)).toString()).toBe('abc');
    expect(Buffer.from(content).toString()).toBe('abc');
    expect(response.text).toBe('abc');
  });

  test.each(made)('%s is not what its iterator hands out', async (_name, make) => {
    const response = await make();
    const { content } = response;
    for await (const piece of kind.bytes(response)) piece.fill(0);
    expect(Buffer.from(content).toString()).toBe('abc');
    for await (const piece of kind.bytes(response)) structuredClone(null, { transfer: [piece.buffer] });
    expect(response.text).toBe('abc');
  });
});

describe('iterators, of AsyncClient alone', () => {
  test('calls that overlap get the pieces in their order, those that waited and those that did not', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(chunkedHead);
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const iterator = response.aiterBytes();
    const order: string[] = [];
    const calls: Promise<unknown>[] = [];
    let made = 0;
    const call = () => {
      const number = ++made;
      const turn = iterator.next().then(({ value }) => {
        order.push(`${number} ${value === undefined ? 'end' : Buffer.from(value).toString()}`);
        // A call made the moment another is answered comes after those that were there before.
        if (order.length === 1) call();
      });
      calls.push(turn);
    };
    const socket = environment.connector.socket(0);
    call();
    call();
    call();
    for (const piece of ['a', 'b', 'c', 'd']) socket.say(`1\r\n${piece}\r\n`);
    await environment.host.settled();
    call();
    socket.say('0\r\n\r\n');
    while (calls.length > 0) await calls.shift();
    expect(order).toEqual(['1 a', '2 b', '3 c', '4 d', '5 end']);
    call();
    await calls[0];
    expect(order.at(-1)).toBe('6 end');
  });

  test('a call behind one that fails ends after it', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(chunkedHead);
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const iterator = response.aiterRaw();
    const order: string[] = [];
    const failing = iterator.next().catch((error) => order.push((error as Error).constructor.name));
    await environment.host.settled();
    environment.connector.socket(0).sink?.ended(new ReadError('gone'));
    await Promise.all([failing, iterator.next().then(({ done }) => order.push(`done: ${done}`))]);
    expect(order).toEqual(['ReadError', 'done: true']);
  });

  const text = 'grüße\r\n€uro\nlast \u{1f600} line';
  const octets = Buffer.from(text);
  test.each(Array.from({ length: octets.length - 1 }, (_, i) => i + 1))(
    'text and lines are the same when the body is cut after octet %i',
    async (cut) => {
      const environment = fakeEnvironment();
      environment.connector.onSocket = (socket) => {
        socket.onWritten = () => {
          socket.say(head(octets.length)).say(octets.subarray(0, cut)).say(octets.subarray(cut));
        };
      };
      const client = openClient({}, environment);
      const whole = await client.stream('GET', 'http://fake.invalid/');
      let got = '';
      for await (const part of whole.aiterText()) got += part;
      expect(got).toBe(text);
      const byLine = await client.stream('GET', 'http://fake.invalid/');
      const lines: string[] = [];
      for await (const line of byLine.aiterLines()) lines.push(line);
      expect(lines).toEqual(['grüße', '€uro', 'last \u{1f600} line']);
    },
  );

  test('closing a response whose connection serves another request by now does not touch that', async () => {
    const opened = gate();
    const server = await serve(
      dialogue().hear().say(answer('first')).hear().until(opened).say(answer('second')).stall(),
    );
    const client = openClient({ limits: { maxConnections: 1 } });
    const controller = new AbortController();
    const first = await client.stream('GET', server.url, { signal: controller.signal });
    const second = client.get(server.url);
    await server.until(() => server.heads.length === 2);
    controller.abort();
    await first.aclose();
    opened.open();
    expect((await second).text).toBe('second');
  });
});

describe('back-pressure, of AsyncClient alone: who blocks takes nothing while it pauses', () => {
  test('of what the socket has for a reader that pauses, at most one mebibyte is taken', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(head(2 ** 40));
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', 'http://fake.invalid/');
    const reader = response.body.getReader();
    const first = reader.read();
    const socket = environment.connector.socket(0);
    let taken = 0;
    do {
      socket.say(new Uint8Array(65536));
      await environment.host.settled();
      taken += 65536;
    } while (socket.reading && taken < 4 << 20);
    await first;
    expect(taken).toBeLessThanOrEqual(1 << 20);
    await reader.cancel();
  });
});
