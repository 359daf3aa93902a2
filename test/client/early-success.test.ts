/**
 * A response that begins with success while its request is still being sent: the upload goes on, over HTTP/1.1 as over HTTP/2,
 * until the response is complete or closed; one that says no success ends it at once (request-bodies.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import {
  type AsyncResponse,
  Auth,
  Client,
  ReadError,
  ReadTimeout,
  type Request,
  StreamClosed,
} from '../../src/index.js';
import {
  type ClientOptions,
  errorOf,
  type FakeEnvironment,
  failureOf,
  fakeEnvironment,
  isSettled,
  openClient,
} from '../support/client.js';
import { BlockingFakeConnector } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import { answer, patternOf } from '../support/octets.js';

const url = 'http://fake.invalid/';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A body that a test gives piece by piece, and why its source was told to stop. */
function givenBody() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const cancelled: unknown[] = [];
  const content = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      cancel: (reason) => void cancelled.push(reason),
    },
    { highWaterMark: 0 },
  );
  return {
    content,
    cancelled,
    give: (piece: string) => controller.enqueue(new TextEncoder().encode(piece)),
    end: () => controller.close(),
    fail: (error: Error) => controller.error(error),
  };
}

/** A call whose body is on its way. */
async function begun(options: ClientOptions = {}) {
  const environment = fakeEnvironment();
  const client = openClient({ timeout: null, ...options }, environment);
  const body = givenBody();
  const call = client.stream('POST', url, { content: body.content });
  body.give('one');
  await settled(environment);
  const socket = environment.connector.socket(0);
  expect(socket.takeWritten().endsWith('\r\n\r\n3\r\none')).toBe(true);
  return { environment, client, body, call, socket };
}

async function settled({ host }: FakeEnvironment): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await host.settled();
}

/** The same, of which the head of a success has come. */
async function answered(options: ClientOptions = {}, said = `${CHUNKED}3\r\nfor\r\n`) {
  const side = await begun(options);
  side.socket.say(said);
  const response: AsyncResponse = await side.call;
  expect(response.statusCode).toBe(200);
  expect(side.body.cancelled).toEqual([]);
  return { ...side, response };
}

describe('AsyncClient over HTTP/1.1', () => {
  test('the response is read while the request is still being sent; the connection is kept when both are complete', async () => {
    const { environment, client, body, response, socket } = await answered();
    const pieces = response.aiterText();
    expect((await pieces.next()).value).toBe('for');
    body.give('two');
    await settled(environment);
    expect(socket.takeWritten()).toBe('\r\n3\r\ntwo');
    socket.say('2\r\nth\r\n');
    expect((await pieces.next()).value).toBe('th');
    body.end();
    await settled(environment);
    expect(socket.takeWritten()).toBe('\r\n0\r\n\r\n');
    expect(socket.closed).toBe(false);
    socket.say('0\r\n\r\n');
    expect((await pieces.next()).done).toBe(true);
    const next = client.get(url);
    await settled(environment);
    socket.say(answer('next'));
    expect((await next).text).toBe('next');
    expect(environment.connector.sockets.length).toBe(1);
    expect(body.cancelled).toEqual([]);
  });

  test.each([
    ['without content', ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], ''],
    ['204', ['HTTP/1.1 204 No Content\r\n\r\n'], ''],
    ['of known length, later', ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nend', 'ing'], 'ending'],
    ['in chunks, later', [CHUNKED, '3\r\nend\r\n', '0\r\n\r\n'], 'end'],
    ['that the connection ends', ['HTTP/1.1 200 OK\r\n\r\n', 'until', null], 'until'],
  ])(
    'one that ends first ends the upload and the connection, and its source is told: %s',
    async (_name, said, text) => {
      const { environment, body, call, socket } = await begun();
      for (const each of said) {
        expect(body.cancelled).toEqual([]);
        if (each === null) socket.fin();
        else socket.say(each);
        await settled(environment);
      }
      const response = await call;
      expect(new TextDecoder().decode(await response.aread())).toBe(text);
      await settled(environment);
      expect(String(body.cancelled)).toContain('The response came before the request body was sent');
      expect(socket.takeWritten()).toBe('');
      expect(socket.closed).toBe(true);
    },
  );

  test('a redirect ends it with its head', async () => {
    const { environment, body, call, socket } = await begun();
    socket.say('HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect((await call).statusCode).toBe(307);
    await settled(environment);
    expect(body.cancelled.length).toBe(1);
  });

  test('a final response in place of 100 is none that the body goes on behind', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: { read: 100 } }, environment);
    const body = givenBody();
    const call = client.stream('POST', url, { content: body.content, headers: { Expect: '100-continue' } });
    await settled(environment);
    const socket = environment.connector.socket(0);
    socket.say(CHUNKED);
    const failed = failureOf((await call).aread(), ReadTimeout);
    await settled(environment);
    expect(body.cancelled.length).toBe(1);
    expect(socket.written.endsWith('\r\n\r\n')).toBe(true);
    await environment.host.advance(100);
    expect((await failed).message).toContain('no octets for 100 ms');
  });

  test('behind 100 it goes on', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    const call = client.post(url, { content: 'body', headers: { Expect: '100-continue' } });
    await settled(environment);
    const socket = environment.connector.socket(0);
    socket.say(`HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}`);
    await settled(environment);
    expect(socket.written.endsWith('body')).toBe(true);
    socket.say('0\r\n\r\n');
    expect((await call).text).toBe('');
    expect(socket.closed).toBe(false);
  });

  test('the read limit holds while nothing is sent, anew from each piece and from the end', async () => {
    const { environment, body, response } = await answered({ timeout: { read: 100 } }, CHUNKED);
    const failed = failureOf(response.aread(), ReadTimeout);
    for (let piece = 0; piece < 5; piece++) {
      await environment.host.advance(99);
      body.give('two');
      await settled(environment);
    }
    await environment.host.advance(99);
    body.end();
    await settled(environment);
    await environment.host.advance(99);
    expect(await isSettled(failed)).toBe(false);
    await environment.host.advance(1);
    expect((await failed).message).toContain('no octets for 100 ms');
  });

  test('it does so while the source has no piece', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { read: 100 } }, CHUNKED);
    const failed = failureOf(response.aread(), ReadTimeout);
    await environment.host.advance(100);
    await failed;
    expect(body.cancelled.length).toBe(1);
    expect(socket.closed).toBe(true);
  });

  test('not while a piece is being sent', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { read: 100 } }, CHUNKED);
    const reading = errorOf(response.aread());
    socket.holdWrites();
    body.give('two');
    await settled(environment);
    await environment.host.advance(1000);
    expect(await isSettled(reading)).toBe(false);
    socket.releaseWrites();
    await settled(environment);
    await environment.host.advance(100);
    expect(await reading).toBeInstanceOf(ReadTimeout);
  });

  test('a server that takes no more, for the write limit, gets no more, and is read on', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { write: 100, read: 300 } });
    const reading = response.aread();
    socket.holdWrites();
    body.give('two');
    await settled(environment);
    await environment.host.advance(99);
    expect(body.cancelled).toEqual([]);
    await environment.host.advance(1);
    expect(body.cancelled.length).toBe(1);
    socket.say('3\r\nall\r\n0\r\n\r\n');
    expect(new TextDecoder().decode(await reading)).toBe('forall');
    expect(socket.closed).toBe(true);
  });

  test('one that says no more either is said to have had no more', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { write: 100, read: 300 } });
    const failed = failureOf(response.aread(), ReadTimeout);
    socket.holdWrites();
    body.give('two');
    await settled(environment);
    await environment.host.advance(100);
    await environment.host.advance(300);
    expect((await failed).message).toMatch(/no octets for 300 ms.*not sent, since a piece was not taken within 100 ms/);
  });

  test('while octets of it lie unread the write limit waits', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { write: 100, read: null } });
    socket.holdWrites();
    body.give('two');
    await settled(environment);
    await environment.host.advance(1050);
    expect(body.cancelled).toEqual([]);
    const pieces = response.aiterText();
    expect((await pieces.next()).value).toBe('for');
    socket.takeHeldWrites();
    await settled(environment);
    socket.releaseWrites();
    body.end();
    await settled(environment);
    socket.say('0\r\n\r\n');
    expect((await pieces.next()).done).toBe(true);
    expect(socket.closed).toBe(false);
  });

  test('a request that has left whole waits for no write any more', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => socket.holdWrites();
    const client = openClient({ timeout: { write: 100, read: null } }, environment);
    const call = client.stream('POST', url, { content: 'small' });
    await settled(environment);
    environment.connector.socket(0).say(CHUNKED);
    const response = await call;
    await environment.host.advance(1000);
    environment.connector.socket(0).say('0\r\n\r\n');
    expect(await response.aread()).toEqual(new Uint8Array(0));
  });

  test('closing the response ends the upload', async () => {
    const { environment, body, response, socket } = await answered();
    await response.aclose();
    await settled(environment);
    expect(body.cancelled.length).toBe(1);
    expect(body.cancelled[0]).toBeInstanceOf(StreamClosed);
    expect(socket.closed).toBe(true);
    expect(socket.takeWritten()).toBe('');
  });

  test('aborting the call while its response is read ends the upload', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    const body = givenBody();
    const aborting = new AbortController();
    const call = errorOf(client.post(url, { content: body.content, signal: aborting.signal }));
    body.give('one');
    await settled(environment);
    const socket = environment.connector.socket(0);
    socket.say(CHUNKED);
    await settled(environment);
    expect(body.cancelled).toEqual([]);
    const reason = new Error('enough');
    aborting.abort(reason);
    expect(await call).toBe(reason);
    await settled(environment);
    expect(body.cancelled.length).toBe(1);
    expect(socket.closed).toBe(true);
  });

  test('a source that fails fails who reads the response', async () => {
    const { environment, body, response, socket } = await answered();
    const error = new Error('the disk is gone');
    const reading = errorOf(response.aread());
    body.fail(error);
    expect(await reading).toBe(error);
    await settled(environment);
    expect(socket.closed).toBe(true);
  });

  test('a source that fails with null does so too', async () => {
    const { body, response } = await answered();
    const reading = errorOf(response.aread());
    body.fail(null as unknown as Error);
    expect(String(await reading)).toContain('its source failed without an error');
  });

  test('who sends the same request again reads its body when the upload before has let it go', async () => {
    const environment = fakeEnvironment();
    const told: string[] = [];
    const content: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]() {
        told.push('open');
        return {
          async next() {
            await new Promise((resolve) => setImmediate(resolve));
            return { done: false, value: patternOf(10) };
          },
          async return() {
            told.push('let go');
            return { done: true, value: undefined };
          },
        };
      },
    };
    class Twice extends Auth {
      override *authFlow(request: Request) {
        yield request;
        yield request;
      }
    }
    const client = openClient({ timeout: null, auth: new Twice() }, environment);
    const call = client.post(url, { content });
    await settled(environment);
    environment.connector.socket(0).say('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab');
    await settled(environment);
    environment.connector.socket(0).say('c');
    while (environment.connector.sockets.length < 2) await environment.host.settled();
    await settled(environment);
    environment.connector.socket(1).say(answer('again'));
    expect((await call).text).toBe('again');
    expect(told).toEqual(['open', 'let go', 'open', 'let go']);
  });

  test('a connection that breaks fails both', async () => {
    const { environment, body, response, socket } = await answered();
    const reading = errorOf(response.aread());
    const error = new ReadError('broken');
    socket.fail(error);
    expect(await reading).toBe(error);
    await settled(environment);
    expect(body.cancelled).toEqual([error]);
  });

  test('pieces that are there at once let others, and the end of the response, come between', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    environment.connector.onSocket = (socket) => {
      let writes = 0;
      socket.onWritten = () => {
        writes++;
        if (writes === 1) socket.say(CHUNKED);
        if (writes === 100) socket.say('0\r\n\r\n');
      };
    };
    let pulled = 0;
    const content = function* () {
      for (; pulled < 2000; pulled++) yield patternOf(10_000);
    };
    expect((await client.post(url, { content: content() })).statusCode).toBe(200);
    expect(pulled).toBeLessThan(2000);
  });

  test('a source is not asked again when the connection broke', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    let pulled = 0;
    let pulledBefore = -1;
    environment.connector.onSocket = (socket) => {
      let writes = 0;
      socket.onWritten = () => {
        writes++;
        if (writes === 1) socket.say(CHUNKED);
        if (writes === 100) socket.fail(new ReadError('broken'));
        if (socket.sink === null || writes > 100) return;
        const { sink } = socket;
        if (writes !== 2) return;
        const { ended } = sink;
        sink.ended = (error) => {
          ended.call(sink, error);
          pulledBefore = pulled;
        };
      };
    };
    const content = function* () {
      for (; pulled < 2000; pulled++) yield patternOf(10_000);
    };
    await failureOf(client.post(url, { content: content() }), ReadError);
    await settled(environment);
    expect(pulledBefore).toBeGreaterThan(0);
    expect(pulled).toBe(pulledBefore);
  });

  test('a response that nobody reads does not hold the upload up', async () => {
    const unread = 'x'.repeat(300_000);
    const { environment, body, response, socket } = await answered(
      {},
      `${CHUNKED}${(300_000).toString(16)}\r\n${unread}\r\n`,
    );
    expect(socket.reading).toBe(false);
    body.give('two');
    body.end();
    await settled(environment);
    expect(socket.takeWritten()).toBe('\r\n3\r\ntwo\r\n0\r\n\r\n');
    socket.say('0\r\n\r\n');
    expect((await response.aread()).length).toBe(300_000);
    expect(socket.closed).toBe(false);
  });
});

describe('Client', () => {
  function blockingSide(script: (socket: InstanceType<typeof BlockingFakeConnector>['sockets'][number]) => void) {
    const host = new FakeHost();
    const connector = new BlockingFakeConnector(host);
    connector.onSocket = script;
    const client = new Client(
      { timeout: { read: null, write: 100 } },
      { host, connector, deadlines: new Deadlines(host) },
    );
    return { client, connector };
  }

  test('sends the whole body before it reads the response', () => {
    const { client, connector } = blockingSide((socket) => {
      socket.room = 0;
      socket.say(`${CHUNKED}3\r\nfor\r\n`, 1).takeWrites(1).say('0\r\n\r\n', 1);
    });
    expect(client.post(url, { content: ['one', 'two'] }).text).toBe('for');
    expect(connector.socket(0).written.endsWith('\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n')).toBe(true);
    expect(connector.socket(0).closed).toBe(false);
  });

  test('where the server takes no more it reads, when the write limit has ended the upload', () => {
    const { client, connector } = blockingSide((socket) => {
      socket.room = 200;
      socket.say(`${CHUNKED}3\r\nfor\r\n`, 1).say('0\r\n\r\n', 150);
    });
    expect(client.post(url, { content: ['one', 'x'.repeat(1000), 'two'] }).text).toBe('for');
    expect(connector.socket(0).written).not.toContain('two');
    expect(connector.socket(0).closed).toBe(true);
  });
});
