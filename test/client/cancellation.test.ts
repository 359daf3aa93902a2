/** An abort at any moment: it rejects with the signal's own reason, closes what it must, and frees its place. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { errorOf, type FakeEnvironment, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue, gate } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { collected, heldOf } from '../support/garbage.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';

/** One connection at most, so that a place not given back shows at once. */
const narrow = (environment: FakeEnvironment) =>
  openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);

/** A new request gets through: the place is free and nothing of the old one is left on the wire. */
async function placeIsFree(environment: FakeEnvironment, client: ReturnType<typeof openClient>): Promise<void> {
  environment.connector.manual = false;
  environment.connector.onSocket = answering(() => answer('free'));
  expect((await client.get(url)).text).toBe('free');
  expect(environment.connector.open).toBe(1);
}

describe('an abort', () => {
  test('before the call: nothing leaves the host, no connection is made', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const reason = new Error('mine');
    await expect(client.get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(environment.connector.sockets.length).toBe(0);
    await placeIsFree(environment, client);
  });

  test('without a reason rejects with the platform’s AbortError', async () => {
    const environment = fakeEnvironment();
    const controller = new AbortController();
    const call = narrow(environment).get(url, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect((controller.signal.reason as Error).name).toBe('AbortError');
  });

  test('of any value rejects with just that value', async () => {
    const environment = fakeEnvironment();
    const controller = new AbortController();
    const call = narrow(environment).get(url, { signal: controller.signal });
    controller.abort('a string');
    await expect(call).rejects.toBe('a string');
  });

  test('while connecting: the attempt is called off, a late socket is destroyed', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const client = narrow(environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect(environment.connector.attempts[0]?.cancel.cancelled).toBe(true);
    const late = environment.connector.attempts[0]?.succeed();
    await environment.host.settled();
    expect([late?.closed, late?.written]).toEqual([true, '']);
    await placeIsFree(environment, client);
  });

  test('while connecting, when the attempt then fails: nothing is unhandled', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const client = narrow(environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    environment.connector.attempts[0]?.fail(new Error('too late') as never);
    await placeIsFree(environment, client);
  });

  test('while waiting for the pool: who waited behind moves up', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const first = client.get(url);
    const controller = new AbortController();
    const second = client.get(url, { signal: controller.signal });
    const third = client.get(url);
    await environment.host.settled();
    controller.abort();
    await expect(second).rejects.toBe(controller.signal.reason);
    const socket = environment.connector.socket(0);
    socket.say(answer('first'));
    expect((await first).text).toBe('first');
    await environment.host.settled();
    socket.say(answer('third'));
    expect((await third).text).toBe('third');
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('in the very step that serves it from the pool: the connection is not lost', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const controller = new AbortController();
    const first = client.get(url).then((response) => {
      controller.abort();
      return response;
    });
    const second = client.get(url, { signal: controller.signal });
    second.catch(() => {});
    await environment.host.settled();
    environment.connector.socket(0).say(answer('first'));
    await first;
    await expect(second).rejects.toBe(controller.signal.reason);
    await placeIsFree(environment, client);
  });

  test('while the head is awaited: the connection is closed', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await environment.host.settled();
    environment.connector.socket(0).say('HTTP/1.1 20');
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect(environment.connector.socket(0).closed).toBe(true);
    await placeIsFree(environment, client);
  });

  test('while the body is read by the call itself', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await environment.host.settled();
    environment.connector.socket(0).say(`${head}abc`);
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect(environment.connector.socket(0).closed).toBe(true);
    await placeIsFree(environment, client);
  });

  test('while a streamed body is read: the reader gets the reason', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(`${head}abc`);
    };
    const client = narrow(environment);
    const controller = new AbortController();
    const response = await client.stream('GET', url, { signal: controller.signal });
    const reader = response.body.getReader();
    await reader.read();
    const pending = reader.read();
    controller.abort();
    await expect(pending).rejects.toBe(controller.signal.reason);
    expect(environment.connector.socket(0).closed).toBe(true);
    await placeIsFree(environment, client);
  });

  test('between two reads of a streamed body: the next one gets the reason', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say(`${head}abc`);
    };
    const client = narrow(environment);
    const controller = new AbortController();
    const response = await client.stream('GET', url, { signal: controller.signal });
    const iterator = response.aiterRaw();
    await iterator.next();
    controller.abort();
    await expect(iterator.next()).rejects.toBe(controller.signal.reason);
    await placeIsFree(environment, client);
  });

  test('while a write is not taken', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => socket.holdWrites();
    const client = narrow(environment);
    const controller = new AbortController();
    const call = client.post(url, { content: new Uint8Array(1000), signal: controller.signal });
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    expect(environment.connector.socket(0).closed).toBe(true);
    await placeIsFree(environment, client);
  });

  test('while the caller’s own iterator is awaited: it is closed', async () => {
    const environment = fakeEnvironment();
    const client = narrow(environment);
    const controller = new AbortController();
    let closed = false;
    const content: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          closed = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const call = client.post(url, { content, signal: controller.signal });
    await environment.host.settled();
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
    await environment.host.settled();
    expect(closed).toBe(true);
    await placeIsFree(environment, client);
  });

  test('after the call has settled does nothing', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('done'));
    const client = narrow(environment);
    const controller = new AbortController();
    const response = await client.get(url, { signal: controller.signal });
    controller.abort();
    await environment.host.settled();
    expect(response.text).toBe('done');
    expect(environment.connector.socket(0).closed).toBe(false);
  });

  test('of one signal ends all calls that share it, each with the same reason', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    const controller = new AbortController();
    const calls = Array.from({ length: 20 }, () => client.get(url, { signal: controller.signal }));
    await environment.host.settled();
    controller.abort();
    const settled = await Promise.allSettled(calls);
    expect(settled.every((call) => call.status === 'rejected' && call.reason === controller.signal.reason)).toBe(true);
    expect(environment.connector.open).toBe(0);
  });

  test('leaves no listener on a signal that outlives its calls', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const client = openClient({}, environment);
    const { signal } = new AbortController();
    for (let i = 0; i < 50; i++) await client.get(url, { signal });
    await Promise.all(Array.from({ length: 50 }, () => client.get(url, { signal })));
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
  });

  test('in a response hook ends the call, although the response was there', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => `${head}abc`);
    const controller = new AbortController();
    const client = openClient(
      { eventHooks: { response: [() => controller.abort()] }, limits: { maxConnections: 1 }, timeout: null },
      environment,
    );
    const reason = await client.get(url, { signal: controller.signal }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(reason).toBe(controller.signal.reason);
    expect(environment.connector.open).toBe(0);
  });

  test.each([
    ['the body is still to come', `${head}abc`],
    ['the body was all there', answer('whole')],
  ])('in a response hook ends a call for a stream too: %s', async (_name, text) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering((request) => (request.includes('GET /free') ? answer('free') : text));
    const controller = new AbortController();
    const hook = () => {
      if (!controller.signal.aborted) controller.abort();
    };
    const client = openClient(
      { eventHooks: { response: [hook] }, limits: { maxConnections: 1 }, timeout: null },
      environment,
    );
    const reason = await client.stream('GET', url, { signal: controller.signal }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(reason).toBe(controller.signal.reason);
    await environment.host.settled();
    expect((await client.get(`${url}free`)).text).toBe('free');
    expect(environment.connector.open).toBe(1);
  });

  test('leaves nothing that holds a signal of one call’s own, though it hangs on one that lives on', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const client = openClient({}, environment);
    const shutdown = new AbortController();
    const signals: WeakRef<AbortSignal>[] = [];
    const call = async (stream: boolean) => {
      const signal = AbortSignal.any([shutdown.signal, new AbortController().signal]);
      signals.push(new WeakRef(signal));
      const response = await (stream ? client.stream('GET', url, { signal }) : client.get(url, { signal }));
      await response.aread();
    };
    for (let i = 0; i < 100; i++) await call(i % 2 === 0);
    await environment.host.advance(1000);
    expect(await collected(() => heldOf(signals) <= 2)).toBe(true);
    expect(shutdown.signal.aborted).toBe(false);
  });

  test('is a request’s own: the next one on the same client is not touched by it', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    const controller = new AbortController();
    const one = client.get(url, { signal: controller.signal });
    const two = client.get(url);
    await environment.host.settled();
    controller.abort();
    await expect(one).rejects.toBe(controller.signal.reason);
    expect(await isSettled(two)).toBe(false);
    environment.connector.sockets.find((socket) => !socket.closed)?.say(answer('two'));
    expect((await two).text).toBe('two');
  });
});

test('on real sockets the server sees the close', async () => {
  const server = await serve(dialogue().hearHead().stall());
  const controller = new AbortController();
  const call = openClient().get(server.url, { signal: controller.signal });
  await server.until(() => server.heads.length === 1);
  controller.abort();
  await expect(call).rejects.toBe(controller.signal.reason);
  await server.emptied();
});

describe.each(clients)('$name, cancelled by code of its own thread', (kind) => {
  const partly = () => dialogue().hear().say(`${head}abc`).stall();

  test('before the call: nothing leaves the host', async () => {
    const { client, connector } = kind.fake(answer('ok'));
    const mine = new Error('mine');
    expect(await errorOf(() => client.get(url, { signal: AbortSignal.abort(mine) }))).toBe(mine);
    expect(connector.sockets.length).toBe(0);
  });

  test('in a request hook: nothing is sent', async () => {
    const controller = new AbortController();
    const { client, connector } = kind.fake(answer('ok'), { eventHooks: { request: [() => controller.abort()] } });
    expect(await errorOf(() => client.get(url, { signal: controller.signal }))).toBe(controller.signal.reason);
    expect(connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });

  test('in a response hook: the connection is closed', async () => {
    const server = await serve([partly(), dialogue().hear().say(answer('next'))]);
    const controller = new AbortController();
    const client = kind.open({
      eventHooks: { response: [() => controller.abort()] },
      limits: { maxConnections: 1 },
    });
    expect(await errorOf(() => client.get(server.url, { signal: controller.signal }))).toBe(controller.signal.reason);
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('next');
  });

  test('while an interim response is told', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 103 Early Hints\r\n\r\n').stall());
    const controller = new AbortController();
    const extensions = { onInterim: () => controller.abort() };
    const call = () => kind.open().get(server.url, { signal: controller.signal, extensions });
    expect(await errorOf(call)).toBe(controller.signal.reason);
    await server.emptied();
  });

  test('by the caller’s own iterator: when the call next waits, and the iterator is closed', async () => {
    const server = await serve(dialogue().hearHead().goDeaf().stall());
    const controller = new AbortController();
    const returned = gate();
    const most = 1024;
    let pulled = 0;
    function* content(): Generator<Uint8Array> {
      try {
        for (; pulled < most; pulled++) {
          if (pulled === 1) controller.abort();
          yield new Uint8Array(65536);
        }
      } finally {
        returned.open();
      }
    }
    const call = () => kind.open().post(server.url, { content: kind.pieces(content()), signal: controller.signal });
    expect(await errorOf(call)).toBe(controller.signal.reason);
    await returned.opened;
    expect(pulled).toBeLessThan(most);
  });

  test('between two pieces of a body: the next one gets the reason, and the place is free', async () => {
    const server = await serve([partly(), dialogue().hear().say(answer('next'))]);
    const controller = new AbortController();
    const client = kind.open({ limits: { maxConnections: 1 } });
    const pieces = kind.raw(await client.stream('GET', server.url, { signal: controller.signal }));
    await pieces.next();
    controller.abort();
    expect(await errorOf(() => pieces.next())).toBe(controller.signal.reason);
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('next');
  });

  test('after the call has ended does nothing', async () => {
    const server = await serve(dialogue().hear().say(answer('one')).hear().say(answer('two')).stall());
    const controller = new AbortController();
    const client = kind.open();
    const response = await client.get(server.url, { signal: controller.signal });
    controller.abort();
    expect(response.text).toBe('one');
    expect((await client.get(server.url)).text).toBe('two');
    expect(server.accepted).toBe(1);
  });
});
