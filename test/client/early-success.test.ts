/**
 * A response that begins with success while its request is still being sent: the upload goes on, over HTTP/1.1 as over HTTP/2,
 * until the response is complete or closed; one that says no success ends it at once (request-bodies.test.ts).
 */
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import { type AsyncResponse, Client, ReadError, ReadTimeout, StreamClosed, WriteTimeout } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import {
  type ClientOptions,
  errorOf,
  type FakeEnvironment,
  failureOf,
  fakeEnvironment,
  isSettled,
  openClient,
} from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { BlockingFakeConnector } from '../support/fake-blocking.js';
import { FakeHost } from '../support/fake-host.js';
import { answer, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const made = await certificates();

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

  test('the read limit holds from the end of the request', async () => {
    const { environment, body, response } = await answered({ timeout: { read: 100 } }, CHUNKED);
    const failed = failureOf(response.aread(), ReadTimeout);
    await environment.host.advance(1000);
    expect(await isSettled(failed)).toBe(false);
    body.end();
    await settled(environment);
    await environment.host.advance(99);
    expect(await isSettled(failed)).toBe(false);
    await environment.host.advance(1);
    expect((await failed).message).toContain('no octets for 100 ms');
  });

  test('a server that takes no more runs into the write limit: reading fails with it, and the source is told', async () => {
    const { environment, body, response, socket } = await answered({ timeout: { write: 100 } });
    const reading = errorOf(response.aread());
    socket.holdWrites();
    body.give('two');
    await settled(environment);
    await environment.host.advance(99);
    expect(await isSettled(reading)).toBe(false);
    await environment.host.advance(1);
    const error = await reading;
    expect(error).toBeInstanceOf(WriteTimeout);
    expect(String(error)).toContain('the response had begun');
    expect(body.cancelled).toEqual([error]);
    expect(socket.closed).toBe(true);
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

  test('where server and client both wait, the write limit says why', async () => {
    const { client, connector } = blockingSide((socket) => {
      socket.room = 200;
      socket.say(`${CHUNKED}3\r\nfor\r\n`, 1);
    });
    const call = () => client.post(url, { content: ['one', 'x'.repeat(1000), 'two'] });
    const error = await failureOf(call, WriteTimeout);
    expect(error.message).toMatch(/not taken within 100 ms.*the response had begun, which a blocking call reads when/);
    expect(connector.socket(0).closed).toBe(true);
  });
});

describe.each(clients)('$name on real sockets', (kind) => {
  test.each([
    ['HTTP', null],
    ['HTTPS', made.server],
  ])('the server has the whole body of an upload that it answered early, over %s', async (_name, tls) => {
    const body = patternOf(3 << 20);
    const script = dialogue()
      .hearHead()
      .say(`${CHUNKED}3\r\none\r\n`)
      .hearOctets(body.length)
      .say('3\r\ntwo\r\n0\r\n\r\n')
      .stall();
    const server = await serve(script, tls === null ? {} : { tls });
    const client = kind.open({ verify: { ca: made.root.cert } });
    expect((await client.post(server.url, { content: body })).text).toBe('onetwo');
  });

  test('a server that is deaf behind the head of a success: WriteTimeout', async () => {
    const server = await serve(dialogue().hearHead().goDeaf().say(CHUNKED).stall());
    const client = kind.open({ timeout: { write: 300 } });
    const error = await failureOf(() => client.post(server.url, { content: new Uint8Array(32 << 20) }), WriteTimeout);
    expect(error).toMatchObject({ sent: 'partial', retryable: false });
  });
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Where an HTTP server of one of three kinds listens until the test ends; that of HTTP/2 has the others' interface. */
async function listening(kind: 'http' | 'https' | 'http2', handle: Handler): Promise<string> {
  const { cert, key } = made.server;
  const server: Server =
    kind === 'http'
      ? http.createServer(handle)
      : kind === 'https'
        ? https.createServer({ cert, key }, handle)
        : http2.createSecureServer({ cert, key }, handle as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return `${kind === 'http' ? 'http' : 'https'}://127.0.0.1:${port}/`;
}

describe.each(['http', 'https', 'http2'] as const)('AsyncClient and a server of node:%s', (kind) => {
  const settings = { verify: { ca: made.root.cert }, http2: kind === 'http2' };

  test('that echoes: three megabytes there and back, which no buffer holds', async () => {
    const echo = await listening(kind, (request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      request.pipe(response);
    });
    const client = openClient(settings);
    const body = patternOf(3 << 20);
    const pieces = function* () {
      for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
    };
    for (const content of [body, pieces(), new Blob([body]).stream()]) {
      const response = await client.post(echo, { content });
      expect(Buffer.compare(response.content, body)).toBe(0);
    }
    await client.aclose();
  });

  test('that says success before it has read', async () => {
    let heard = 0;
    const counting = await listening(kind, (request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      request.on('data', (piece: Buffer) => {
        heard += piece.length;
      });
      request.on('end', () => void response.end(`${heard}`));
    });
    const client = openClient(settings);
    const slow = async function* () {
      for (let i = 0; i < 5; i++) {
        yield patternOf(10_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    expect((await client.post(counting, { content: slow() })).text).toBe('50000');
    await client.aclose();
  });
});
