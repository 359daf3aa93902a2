/** Calls, bodies and tunnels that somebody gives up half-way: nobody else is harmed, nobody is told less than the truth. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  AsyncBaseTransport,
  AsyncHTTPTransport,
  type AsyncRequest,
  type AsyncResponse,
  ConnectError,
  FetchTransport,
  HandlerTransport,
  type MaybePromise,
  ReadError,
  Request,
  Response,
  StreamClosed,
  TotalTimeout,
  WriteError,
} from '../../src/index.js';
import { failureOf, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { type AnyResponse, clients } from '../support/clients.js';
import { dialogue, gate } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer, octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { strayErrorsOf } from '../support/stray-errors.js';

const url = 'http://fake.invalid/';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const head = (octets: number, fields: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${octets}\r\n${fields}\r\n`;
const upgrade = { Connection: 'Upgrade', Upgrade: 'echo' };

describe.each(clients)('$name', (kind) => {
  describe('a body that is closed before its end', () => {
    const coded = gzipSync('x'.repeat(100_000), { level: 0 });
    const made = () => new Response(200, { stream: kind.pieces([coded, coded]) });
    const received = () => {
      const begun = octetsOf(head(coded.length, 'Content-Encoding: gzip\r\n'));
      return kind
        .fake(() => Buffer.concat([begun, coded.subarray(0, 70_000)]), { timeout: null })
        .client.stream('GET', url);
    };

    test.each<[string, () => MaybePromise<AnyResponse>]>([
      ['received and coded', received],
      ['made by hand', made],
    ])('is not at its end: %s', async (_name, open) => {
      const response = await open();
      const iterator = kind.bytes(response, 10);
      expect((await iterator.next()).done).toBe(false);
      await kind.close(response);
      const goOn = async () => {
        for (let result = await iterator.next(); result.done !== true; result = await iterator.next());
      };
      await failureOf(goOn, StreamClosed);
    });
  });

  test('an abort in onInterim leaves no tunnel behind that nobody has', async () => {
    const { client, connector, host } = kind.fake(`HTTP/1.1 103 Early Hints\r\n\r\n${switching}`, { timeout: null });
    const controller = new AbortController();
    const onInterim = () => controller.abort();
    const options = { headers: upgrade, extensions: { onInterim }, signal: controller.signal };
    await failureOf(() => client.stream('GET', url, options), DOMException);
    await host.settled();
    expect(connector.open).toBe(0);
  });

  test('decorating a stack never changes which error is thrown', async () => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (_error, frames) => frames;
    try {
      await failureOf(() => kind.open().get('http://127.0.0.1:1/'), ConnectError);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});

// From here on of AsyncClient alone: two things go on at the same time.

test('a kept connection whose look was cut short is not handed to who waits', async () => {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('ok'));
  const client = openClient({ timeout: null, limits: { maxConnections: 1 } }, environment);
  await client.get(url);
  await environment.host.advance(100);
  environment.connector.socket(0).say(answer('EVIL'));
  const controller = new AbortController();
  const first = client.get(`${url}1`, { signal: controller.signal });
  const second = client.get(`${url}2`);
  controller.abort();
  await expect(first).rejects.toBe(controller.signal.reason);
  expect((await second).text).toBe('ok');
});

test('a tunnel whose peer ended its side hears that writing fails, and gives its place back', async () => {
  const reset = gate();
  const server = await serve([
    dialogue().hear().say(switching).fin().until(reset).reset(),
    dialogue().hear().say(answer('next')),
  ]);
  const client = openClient({ limits: { maxConnections: 1 } });
  const response = await client.stream('GET', server.url, { headers: upgrade });
  const stream = response.extensions.networkStream as NonNullable<typeof response.extensions.networkStream>;
  expect((await stream.read()).length).toBe(0);
  reset.open();
  let failure: unknown = null;
  // The server is another thread, and hears of the gate when it runs.
  while (failure === null) {
    await stream.write(octetsOf('more')).catch((error) => {
      failure = error;
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(failure).toBeInstanceOf(Error);
  expect((await client.get(server.url)).text).toBe('next');
});

test('a call that is aborted does not end another of the same request object', async () => {
  const environment = fakeEnvironment();
  class Passing extends AsyncBaseTransport {
    readonly inner = new AsyncHTTPTransport({}, environment);

    override handleAsyncRequest(request: AsyncRequest): Promise<AsyncResponse> {
      return this.inner.handleAsyncRequest(request);
    }
  }
  const client = openClient({ transport: new Passing(), timeout: null }, environment);
  const request = new Request('GET', url);
  const controller = new AbortController();
  const one = client.send(request, { signal: controller.signal });
  const two = client.send(request);
  await environment.host.settled();
  controller.abort();
  await expect(one).rejects.toBe(controller.signal.reason);
  expect(await isSettled(two)).toBe(false);
  for (const socket of environment.connector.sockets) if (!socket.closed) socket.say(answer('two'));
  expect((await two).text).toBe('two');
});

describe('a transport that goes on after its call has ended', () => {
  /** A promise, and what keeps it. */
  const deferred = () => {
    let resolve = () => {};
    const promise = new Promise<void>((kept) => {
      resolve = kept;
    });
    return { promise, resolve };
  };

  /** Waits before it asks. */
  class Waiting extends AsyncBaseTransport {
    readonly inner: AsyncBaseTransport;
    readonly opened = deferred();
    asked: Promise<unknown> = Promise.resolve();

    constructor(inner: AsyncBaseTransport) {
      super();
      this.inner = inner;
    }

    override async handleAsyncRequest(request: AsyncRequest): Promise<AsyncResponse> {
      await this.opened.promise;
      const answered = this.inner.handleAsyncRequest(request) as Promise<AsyncResponse>;
      this.asked = Promise.resolve(answered).catch((error) => error);
      return answered;
    }
  }

  const sent: string[] = [];
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering((head) => {
    sent.push(head);
    return answer('sent');
  });
  const app = (request: globalThis.Request) => {
    sent.push(request.url);
    return new globalThis.Response('sent');
  };
  const fetching = async (input: unknown) => app(input as globalThis.Request);

  describe.each<[string, () => AsyncBaseTransport]>([
    ['AsyncHTTPTransport', () => new AsyncHTTPTransport({}, environment)],
    ['HandlerTransport', () => new HandlerTransport(app)],
    ['FetchTransport', () => new FetchTransport({ fetch: fetching as typeof fetch })],
  ])('over %s', (_name, inner) => {
    test('sends nothing more', async () => {
      sent.length = 0;
      const transport = new Waiting(inner());
      const client = openClient({ transport, timeout: null }, environment);
      const controller = new AbortController();
      const call = client.post(url, { content: 'once', signal: controller.signal });
      await environment.host.settled();
      controller.abort();
      await expect(call).rejects.toBe(controller.signal.reason);
      transport.opened.resolve();
      await environment.host.settled();
      expect(await transport.asked).toBe(controller.signal.reason);
      expect(sent).toEqual([]);
    });

    test('sends nothing more when the total time is up', async () => {
      sent.length = 0;
      const transport = new Waiting(inner());
      const client = openClient({ transport, timeout: { total: 100 } }, environment);
      const call = failureOf(client.get(url), TotalTimeout);
      await environment.host.advance(100);
      const failure = await call;
      transport.opened.resolve();
      await environment.host.settled();
      expect(await transport.asked).toBe(failure);
      expect(sent).toEqual([]);
    });

    test('does not keep the request from being sent by another call, or by hand once it is over', async () => {
      sent.length = 0;
      const transport = new Waiting(inner());
      const client = openClient({ transport, timeout: null }, environment);
      const request = new Request('GET', url);
      const controller = new AbortController();
      const call = client.send(request, { signal: controller.signal });
      controller.abort();
      await expect(call).rejects.toBe(controller.signal.reason);
      const again = client.send(request);
      transport.opened.resolve();
      expect((await again).text).toBe('sent');
      const late = client.send(request, { signal: AbortSignal.abort() });
      await expect(late).rejects.toThrow();
      const byHand = (await transport.inner.handleAsyncRequest(request)) as Response;
      expect(new TextDecoder().decode(await byHand.aread())).toBe('sent');
    });
  });

  test('keeps no request from being sent by hand once it has failed by itself', async () => {
    sent.length = 0;
    const inner = new AsyncHTTPTransport({}, environment);
    class Failing extends AsyncBaseTransport {
      override handleAsyncRequest(): Promise<AsyncResponse> {
        return Promise.reject(new ConnectError('no'));
      }
    }
    const client = openClient({ transport: new Failing(), timeout: null }, environment);
    const request = new Request('GET', url);
    await failureOf(() => client.send(request), ConnectError);
    const response = (await inner.handleAsyncRequest(request)) as Response;
    expect(new TextDecoder().decode(await response.aread())).toBe('sent');
  });
});

test('what an asynchronous onInterim throws fails the call, and is nobody else’s error', async () => {
  const environment = fakeEnvironment();
  environment.connector.onSocket = (socket) => {
    socket.onWritten = () => socket.say('HTTP/1.1 103 Early Hints\r\n\r\n');
  };
  const onInterim = async () => {
    throw new ReadError('mine');
  };
  const stray = await strayErrorsOf(async () => {
    const call = openClient({ timeout: null }, environment).get(url, {
      extensions: { onInterim: onInterim as unknown as () => void },
    });
    expect((await failureOf(call, ReadError)).message).toBe('mine');
  });
  expect(stray).toEqual([]);
});

test.each([
  ['the signal has fired', { signal: AbortSignal.abort() }, {}],
  ['a request hook throws', {}, { eventHooks: { request: [() => Promise.reject(new Error('no'))] } }],
])('a stream body is told when %s before it is read', async (_name, options, settings) => {
  let told = false;
  const content = new ReadableStream<Uint8Array>({
    cancel() {
      told = true;
    },
  });
  const client = openClient(settings);
  await client.post('http://127.0.0.1:1/', { content, ...options }).then(
    () => expect.unreachable(),
    () => {},
  );
  expect(told).toBe(true);
});

test('writes that wait for the host share one wait', async () => {
  const server = await serve([dialogue().hear().say(switching).stall()]);
  const response = await openClient().stream('GET', server.url, { headers: upgrade });
  const stream = response.extensions.networkStream as NonNullable<typeof response.extensions.networkStream>;
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  const writes = Array.from({ length: 40 }, () => stream.write(new Uint8Array(1 << 20)));
  const results = Promise.allSettled(writes);
  await new Promise((resolve) => setImmediate(resolve));
  stream.close();
  for (const result of await results)
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(WriteError);
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});
