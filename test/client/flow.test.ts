/** The drivers of flows and their guards, where a step runs while it is aborted or what it waits for cannot be called off. */
import { describe, expect, test } from 'vitest';
import { AsyncBaseTransport, type Request, type Response, TotalTimeout } from '../../src/index.js';
import { type FakeEnvironment, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { strayErrorsOf } from '../support/stray-errors.js';

const url = 'http://fake.invalid/';

/** Hands on, and is no part of the flow: what it answers with is a promise. */
class Passing extends AsyncBaseTransport {
  readonly #inner: AsyncBaseTransport;

  constructor(inner: AsyncBaseTransport) {
    super();
    this.#inner = inner;
  }

  override handleAsyncRequest(request: Request): Promise<Response> | Response {
    return this.#inner.handleAsyncRequest(request) as Promise<Response>;
  }

  override aclose(): Promise<void> {
    return this.#inner.aclose();
  }
}

describe('a call over a transport that only has promises', () => {
  const passing = (environment: FakeEnvironment) =>
    openClient(
      { wrapTransport: (inner) => new Passing(inner), limits: { maxConnections: 1 }, timeout: null },
      environment,
    );

  const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';

  async function lateResponseIsClosed(environment: FakeEnvironment, client: ReturnType<typeof openClient>) {
    const socket = environment.connector.socket(0);
    if (!socket.closed) socket.say(unfinished);
    await environment.host.settled();
    expect(socket.closed).toBe(true);
    environment.connector.onSocket = answering(() => answer('free'));
    expect((await client.get(url)).text).toBe('free');
  }

  test('when it is aborted, the response that comes all the same is closed, and its place is free', async () => {
    const environment = fakeEnvironment();
    const client = passing(environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    await lateResponseIsClosed(environment, client);
  });

  test('when its total time is up, too', async () => {
    const environment = fakeEnvironment();
    const client = passing(environment);
    const failed = failureOf(client.get(url, { timeout: { total: 100 } }), TotalTimeout);
    await environment.host.advance(100);
    await failed;
    await lateResponseIsClosed(environment, client);
  });

  test('when it is aborted and the transport then fails, nothing is unhandled', async () => {
    const environment = fakeEnvironment();
    const client = passing(environment);
    const controller = new AbortController();
    const strays = await strayErrorsOf(async () => {
      const call = client.get(url, { signal: controller.signal });
      await environment.host.settled();
      controller.abort();
      await expect(call).rejects.toBe(controller.signal.reason);
      environment.connector.socket(0).fin();
      await environment.host.settled();
    });
    expect(strays).toEqual([]);
  });
});

describe('an abort from within a step that then waits for a promise', () => {
  const hooks = ['request', 'response'] as const;

  test.each(hooks)('in a %s hook: that the promise fails is nobody’s error', async (event) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const controller = new AbortController();
    const hook = async () => {
      controller.abort();
      throw new Error('mine');
    };
    const client = openClient({ eventHooks: { [event]: [hook] }, timeout: null }, environment);
    const strays = await strayErrorsOf(async () => {
      const reason = await client.get(url, { signal: controller.signal }).then(
        () => null,
        (error: unknown) => error,
      );
      expect(reason).toBe(controller.signal.reason);
    });
    expect(strays).toEqual([]);
  });
});
