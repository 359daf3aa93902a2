/** Request bodies over HTTP/2: windows, fairness, and how an upload ends before its body does. */
import { describe, expect, test } from 'vitest';
import { ReadTimeout, RemoteProtocolError } from '../../src/index.js';
import { failureOf, isSettled } from '../support/client.js';
import { data, END_STREAM, head, hello, rstStream, SETTING, windowUpdate } from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';

const url = 'https://fake.invalid/';
const CANCEL = 8;

describe('uploads', () => {
  test('obey the windows of stream and connection', async () => {
    const { client, peer, settled } = http2Side({}, (each) => each.say(hello([SETTING.initialWindowSize, 10_000])));
    const call = client.post(url, { content: new Uint8Array(100_000) });
    const server = await peer();
    const sent = () => server.bodies.get(1)?.length ?? 0;
    server.heard();
    const first = sent();
    expect([10_000, 65_535]).toContain(first);
    server.say(windowUpdate(1, 200_000));
    await settled();
    server.heard();
    expect(sent()).toBe(65_535);
    server.say(windowUpdate(0, 200_000));
    await settled();
    expect(server.heard().at(-1)).toBe('DATA 1 0 END_STREAM');
    expect(sent()).toBe(100_000);
    server.say(head(1, 200, [], END_STREAM));
    await call;
  });

  test('share the connection’s window fairly', async () => {
    const { client, peer, settled } = http2Side({}, (each) => each.say(hello([SETTING.initialWindowSize, 1_000_000])));
    const first = client.get(url);
    const server = await peer();
    server.say(head(1, 200, [], END_STREAM));
    await first;
    const calls = [3, 5, 7].map(() => client.post(url, { content: new Uint8Array(500_000) }));
    await settled();
    server.heard();
    for (let round = 0; round < 8; round++) {
      server.say(windowUpdate(0, 3 * 16_384));
      await settled();
    }
    server.heard();
    const shares = [3, 5, 7].map((stream) => server.bodies.get(stream)?.length ?? 0);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(65_535 + 16_384);
    expect(Math.min(...shares)).toBeGreaterThan(100_000);
    for (const call of calls) call.catch(() => {});
  });

  test('of a body without length end the stream, without Transfer-Encoding', async () => {
    const { client, peer } = http2Side({}, (each) => each.say(hello()));
    const content = (async function* () {
      yield new Uint8Array(3);
      yield new Uint8Array(4);
    })();
    const call = client.post(url, { content });
    const server = await peer();
    const heard = ['HEADERS 1 POST /', 'SETTINGS ACK', 'DATA 1 3', 'DATA 1 4', 'DATA 1 0 END_STREAM'];
    expect(server.heard()).toEqual(heard);
    expect(server.heads[0]?.fields.map(([name]) => name)).not.toContain('transfer-encoding');
    server.say(head(1, 200, [], END_STREAM));
    await call;
  });

  test.each([
    ['an early refusal', [head(1, 413, [], END_STREAM)], 413],
    ['an early refusal with a body', [head(1, 413), data(1, 'no', END_STREAM)], 413],
    ['an early success that ends', [head(1, 200), data(1, 'enough', END_STREAM)], 200],
  ] as const)('%s ends one, and its source is told', async (_name, answer, status) => {
    const { client, peer, settled } = http2Side({}, (each) => each.say(hello()));
    let isReturned = false;
    const content = (async function* () {
      try {
        for (;;) {
          yield new Uint8Array(10_000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        isReturned = true;
      }
    })();
    const call = client.post(url, { content });
    const server = await peer();
    server.say(...answer);
    expect((await call).statusCode).toBe(status);
    await settled();
    expect(isReturned).toBe(true);
    expect(server.heard().at(-1)).toMatch(/^RST_STREAM 1 (CANCEL|NO_ERROR)$/);
    expect(server.socket.closed).toBe(false);
  });

  test('a response that begins with success is read while the request is still being sent', async () => {
    const { client, peer, settled } = http2Side();
    let give: ((piece: Uint8Array | null) => void) | null = null;
    const content = (async function* () {
      for (;;) {
        const piece = await new Promise<Uint8Array | null>((resolve) => {
          give = resolve;
        });
        if (piece === null) return;
        yield piece;
      }
    })();
    const call = client.stream('POST', url, { content });
    const server = await peer();
    server.say(hello(), head(1, 200), data(1, 'one'));
    const response = await call;
    const pieces = response.aiterText();
    expect((await pieces.next()).value).toBe('one');
    server.heard();
    (give as unknown as (piece: Uint8Array) => void)(new Uint8Array(5));
    await settled();
    expect(server.heard()).toEqual(['DATA 1 5']);
    server.say(data(1, 'two'));
    expect((await pieces.next()).value).toBe('two');
    (give as unknown as (piece: null) => void)(null);
    await settled();
    expect(server.heard()).toEqual(['DATA 1 0 END_STREAM']);
    server.say(data(1, '', END_STREAM));
    expect((await pieces.next()).done).toBe(true);
  });

  test('the read limit of a response that began early holds while nothing of its request is sent', async () => {
    const { client, environment, peer, settled } = http2Side({ timeout: { read: 100 } }, (each) => each.say(hello()));
    const source = new TransformStream<Uint8Array, Uint8Array>();
    const writer = source.writable.getWriter();
    const call = client.post(url, { content: source.readable });
    const server = await peer();
    server.say(head(1, 200));
    const failed = failureOf(call, ReadTimeout);
    for (let piece = 0; piece < 5; piece++) {
      await environment.host.advance(90);
      await writer.write(new Uint8Array(10));
      await settled();
    }
    expect(await isSettled(failed)).toBe(false);
    await writer.close();
    await settled();
    expect(server.heard().at(-1)).toBe('DATA 1 0 END_STREAM');
    await environment.host.advance(99);
    expect(await isSettled(failed)).toBe(false);
    await environment.host.advance(1);
    expect((await failed).message).toContain('no octets for 100 ms');
  });

  test('the read limit of an early refusal holds at once', async () => {
    const { client, environment, peer } = http2Side({ timeout: { read: 100 } }, (each) => each.say(hello()));
    const { readable } = new TransformStream<Uint8Array, Uint8Array>();
    const failed = failureOf(client.post(url, { content: readable }), ReadTimeout);
    (await peer()).say(head(1, 413), data(1, 'a part'));
    await environment.host.advance(101);
    expect((await failed).message).toContain('no octets for 100 ms');
  });

  test('Expect: 100-continue waits for 100', async () => {
    const { client, peer, settled } = http2Side();
    const call = client.post(url, { content: 'body', headers: { Expect: '100-continue' } });
    const server = await peer();
    expect(server.heard()).toEqual(['HEADERS 1 POST /']);
    server.say(hello(), head(1, 100));
    await settled();
    expect(server.heard()).toEqual(['SETTINGS ACK', 'DATA 1 4', 'DATA 1 0 END_STREAM']);
    server.say(head(1, 200, [], END_STREAM));
    await call;
  });

  test('one that is reset fails, and its source is told', async () => {
    const { client, peer } = http2Side();
    let reason: unknown = null;
    const content = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: (why) => {
        reason = why;
      },
    });
    const call = failureOf(client.post(url, { content }), RemoteProtocolError);
    const server = await peer();
    server.say(hello(), rstStream(1, CANCEL));
    expect(await call).toMatchObject({ sent: 'partial', retryable: false });
    expect((await call).message).toContain('CANCEL');
    expect(reason).toBeInstanceOf(RemoteProtocolError);
    expect(server.socket.closed).toBe(false);
  });
});
