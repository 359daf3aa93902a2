/** A client from its making to its end: what closing does to what is in flight, and that nothing throws synchronously. */
import { describe, expect, test } from 'vitest';
import {
  type AsyncBaseTransport,
  AsyncClient,
  type AsyncClientOptions,
  Auth,
  Client,
  ClientClosed,
  CloseError,
  FetchTransport,
  HandlerTransport,
  MockTransport,
  ReadError,
  type Request,
  Response,
  StreamClosed,
} from '../../src/index.js';
import { errorOf, failureOf, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { type AnyClient, clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { outcomeOf, skipped } from '../support/own-process.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';

const wrong: [string, (client: AnyClient) => unknown][] = [
  ['a URL that is none', (client) => client.get('http://[')],
  ['a method that is none', (client) => client.request('G T', url)],
  ['a header that is none', (client) => client.get(url, { headers: { 'a b': 'c' } })],
  ['a timeout that is none', (client) => client.get(url, { timeout: -1 })],
  ['a body that is none', (client) => client.post(url, { content: 17 as unknown as string })],
  ['no URL at all', (client) => client.get(undefined as unknown as string)],
  ['JSON that is none', (client) => client.post(url, { json: 1n as unknown as number })],
];

describe.each(clients)('$name', (kind) => {
  test('closes idle connections and says so', async () => {
    const server = await serve(always(answer('ok')));
    const client = kind.open({ limits: { keepaliveExpiry: null } });
    await client.get(server.url);
    expect(client.isClosed).toBe(false);
    await kind.close(client);
    expect(client.isClosed).toBe(true);
    await server.emptied();
  });

  test('may be called again', async () => {
    const client = kind.open();
    await kind.close(client);
    await kind.close(client);
  });

  test('closing it ends a body that is being read', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').stall());
    const client = kind.open();
    const pieces = kind.raw(await client.stream('GET', server.url));
    await pieces.next();
    await kind.close(client);
    await failureOf(() => pieces.next(), CloseError);
    await server.emptied();
  });

  test('a closed client answers with ClientClosed, and still builds requests', async () => {
    const client = kind.open();
    await kind.close(client);
    const request = client.buildRequest('GET', url);
    for (const call of [() => client.get(url), () => client.stream('GET', url), () => client.send(request)]) {
      const error = await failureOf(call, ClientClosed);
      expect(error.code).toBe('ERR_CLIENT_CLOSED');
    }
  });

  test('Symbol.dispose of a response cancels without waiting and never throws', async () => {
    const server = await serve([dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').stall()]);
    const response = await kind.open().stream('GET', server.url);
    response[Symbol.dispose]();
    response[Symbol.dispose]();
    expect(response.isClosed).toBe(true);
    await server.emptied();
  });

  test('closing a response twice, or after it was read, does nothing', async () => {
    const server = await serve(always(answer('ok')));
    const client = kind.open();
    const response = await client.get(server.url);
    await kind.close(response);
    await kind.close(response);
    expect((await client.get(server.url)).text).toBe('ok');
    expect(server.accepted).toBe(1);
  });

  test('a response that was closed cannot be read', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').stall());
    const response = await kind.open().stream('GET', server.url);
    await kind.close(response);
    await server.emptied();
    await failureOf(() => kind.read(response), StreamClosed);
  });

  test.each(wrong)('%s fails the call before a connection is made', async (_name, call) => {
    const { client, connector } = kind.fake(answer('ok'));
    expect(await errorOf(() => call(client))).toBeInstanceOf(Error);
    expect(connector.sockets.length).toBe(0);
  });
});

describe('AsyncClient alone: aclose', () => {
  test('fails what is in flight with CloseError, whatever it waits for', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ limits: { maxConnections: 2 }, timeout: null }, environment);
    const forHead = client.get('http://one.invalid/');
    await environment.host.settled();
    environment.connector.manual = true;
    const forConnect = client.get('http://two.invalid/');
    const forPool = client.get('http://three.invalid/');
    await environment.host.settled();
    const failures = [forHead, forConnect, forPool].map((call) => failureOf(call, CloseError));
    await client.aclose();
    for (const failed of failures) expect((await failed).code).toBe('ERR_CLOSE');
    expect(environment.connector.open).toBe(0);
    const late = environment.connector.attempts[0]?.succeed();
    await environment.host.settled();
    expect(late?.closed ?? true).toBe(true);
  });

  test('fails a streamed body that is being read', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    };
    const client = openClient({ timeout: null }, environment);
    const response = await client.stream('GET', url);
    const reader = response.body.getReader();
    await reader.read();
    const failed = failureOf(reader.read(), CloseError);
    await client.aclose();
    await failed;
    expect(environment.connector.open).toBe(0);
  });

  test('fails an upload that is being written, and closes its iterator', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ timeout: null }, environment);
    let returned = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        yield new Uint8Array(1000);
        environment.connector.socket(0).holdWrites();
        for (;;) yield new Uint8Array(1000);
      } finally {
        returned = true;
      }
    }
    const call = client.post(url, { content: body() });
    await environment.host.settled();
    const failed = failureOf(call, CloseError);
    await client.aclose();
    await failed;
    await environment.host.settled();
    expect(returned).toBe(true);
  });

  test.each([
    ['was given the connection', ''],
    ['was given leave to connect', 'Connection: close\r\n'],
  ])('in a response hook fails a request that %s and did not begin', async (_name, fields) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok', fields));
    const client = openClient(
      { limits: { maxConnections: 1 }, timeout: null, eventHooks: { response: [() => void client.aclose()] } },
      environment,
    );
    const first = client.get(`${url}first`);
    const second = client.get(`${url}second`);
    for (const call of [first, second]) call.catch(() => {});
    expect(await isSettled(second)).toBe(true);
    await failureOf(second, CloseError);
    expect(await isSettled(first)).toBe(true);
    expect(environment.connector.sockets.every((socket) => !socket.written.includes('/second'))).toBe(true);
    expect(environment.connector.open).toBe(0);
  });

  test('leaves no timer and no socket', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const client = openClient({}, environment);
    await Promise.all(Array.from({ length: 10 }, () => client.get(url)));
    await client.aclose();
    expect(environment.connector.open).toBe(0);
    await environment.host.advance(60_000);
    expect(environment.host.timersSet).toBe(0);
  });
});

describe('AsyncClient alone: disposal', () => {
  const never = () => new Promise<never>(() => {});
  class Hanging extends Auth {
    // biome-ignore lint/correctness/useYield: it never comes to that.
    override async *asyncAuthFlow(): AsyncGenerator<Request, void, Response> {
      await never();
    }
  }

  test.each<[string, AsyncClientOptions]>([
    ['a transport of the user’s', { transport: new MockTransport(never) }],
    ['an application', { transport: new HandlerTransport(never) }],
    ['a request hook', { eventHooks: { request: [never] } }],
    ['a response hook', { transport: new MockTransport(() => new Response(200)), eventHooks: { response: [never] } }],
    ['an auth flow', { auth: new Hanging() }],
  ])('fails with CloseError what waits for %s', async (_name, options) => {
    const client = new AsyncClient({ timeout: null, ...options });
    const call = failureOf(client.get(url), CloseError);
    await new Promise((resolve) => setImmediate(resolve));
    await client.aclose();
    expect((await call).request.url.toString()).toBe(url);
  });

  test('tells an application whose answer nobody waits for any more', async () => {
    let signal: AbortSignal | null = null;
    const transport = new HandlerTransport((request) => {
      signal = request.signal;
      return never();
    });
    const client = new AsyncClient({ transport });
    const call = failureOf(client.get(url), CloseError);
    await client.aclose();
    expect((signal as AbortSignal | null)?.reason).toBe(await call);
  });

  const silent = (signal?: AbortSignal): globalThis.Response => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        signal?.addEventListener('abort', () => controller.error(signal.reason));
      },
    });
    return new globalThis.Response(body);
  };

  test.each<[string, () => AsyncBaseTransport]>([
    ['an application', () => new HandlerTransport(() => silent())],
    ['an application that heeds its signal', () => new HandlerTransport(({ signal }) => silent(signal))],
    [
      'the fetch of the host',
      () => new FetchTransport({ fetch: async (request) => silent((request as globalThis.Request).signal) }),
    ],
  ])('ends the body of %s while it is being read, and from then on', async (_name, made) => {
    const client = new AsyncClient({ transport: made(), timeout: null });
    const response = await client.stream('GET', url);
    const pieces = response.aiterBytes();
    expect((await pieces.next()).value?.length).toBe(3);
    const waiting = failureOf(pieces.next(), CloseError);
    const later = await client.stream('GET', url);
    await client.aclose();
    expect((await waiting).phase).toBe('read');
    await failureOf(later.aread(), CloseError);
  });

  test('Symbol.asyncDispose is aclose', async () => {
    const client = openClient();
    await client[Symbol.asyncDispose]();
    expect(client.isClosed).toBe(true);
  });

  test('Symbol.asyncDispose of a response closes it', async () => {
    const server = await serve([dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').stall()]);
    const response = await openClient().stream('GET', server.url);
    await response[Symbol.asyncDispose]();
    expect(response.isClosed).toBe(true);
    await server.emptied();
    await failureOf(response.aread(), StreamClosed);
  });
});

describe('AsyncClient alone: an iterator over a response that was closed meanwhile', () => {
  const unfinished = ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 'abc'];
  const whole = ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n', 'abc', 'def'];

  test.each([
    ['whose body had not come to its end', unfinished],
    ['whose body was all there', whole],
  ])('%s: next rejects with StreamClosed', async (_name, texts) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => {
        for (const text of texts) socket.say(text);
      };
    };
    const client = openClient({ timeout: null }, environment);
    for (const method of ['aiterRaw', 'aiterBytes', 'aiterText'] as const) {
      const response = await client.stream('GET', url);
      const pieces = response[method]();
      await environment.host.settled();
      expect((await pieces.next()).value?.length).toBe(3);
      await response.aclose();
      await failureOf(pieces.next(), StreamClosed);
    }
  });
});

describe('AsyncClient alone: nothing throws synchronously', () => {
  test.each(wrong)('%s rejects', async (_name, call) => {
    const client = openClient({}, fakeEnvironment());
    let promise: unknown;
    expect(() => {
      promise = call(client);
    }).not.toThrow();
    expect(promise).toBeInstanceOf(Promise);
    await expect(promise).rejects.toBeInstanceOf(Error);
  });

  test('closing a response while a read waits ends the read', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    };
    const response = await openClient({ timeout: null }, environment).stream('GET', url);
    const iterator = response.aiterRaw();
    await iterator.next();
    const pending = iterator.next();
    const ended = pending.then(
      (result) => result.done,
      (error: unknown) => error instanceof ReadError || error instanceof StreamClosed,
    );
    await response.aclose();
    expect(await ended).toBe(true);
  });
});

test('Client alone: Symbol.dispose is close', () => {
  const client = new Client();
  client[Symbol.dispose]();
  expect(client.isClosed).toBe(true);
});

describe.skipIf(skipped !== '')(`a process with nothing else to do${skipped}`, () => {
  const told = 'catch((error) => console.log(error.name))';
  const never = 'new Promise(() => {})';
  const total = "timeout: { total: '50ms' }";
  const mock = 'new httpx.MockTransport(() => new httpx.Response(200))';
  // Whatever kept the process alive would do so for ever.
  const kept = 'limits: { keepaliveExpiry: null }';

  test.each([
    ['a hook', `{ transport: ${mock}, ${total}, eventHooks: { request: [() => ${never}] } }`, '{}'],
    ['an auth function', `{ transport: ${mock}, ${total} }`, `{ auth: () => ${never} }`],
    ['a transport', `{ transport: new httpx.MockTransport(() => ${never}), ${total} }`, '{}'],
    ['a trace function', `{ ${total} }`, `{ extensions: { trace: () => ${never} } }`],
  ])('lives until the total time of a call that waits for %s is up', async (_name, client, call) => {
    const server = await serve(always(answer('ok')));
    const { code, said } = await outcomeOf(
      `await new httpx.AsyncClient(${client}).get(url, ${call}).${told};`,
      server.url,
    );
    expect([code, said]).toEqual([0, 'TotalTimeout']);
  });

  test.each([
    [
      'a call that is over',
      `await new httpx.AsyncClient({ transport: ${mock} }).get('http://a.invalid/', { timeout: { total: '60m' } })`,
    ],
    ['a call that failed', `await new httpx.AsyncClient().get('http://[', { timeout: { total: '60m' } }).${told}`],
    [
      'a call that is over beside one of the same limit that is not',
      `const client = new httpx.AsyncClient({ transport: ${mock}, timeout: { total: '60m' } });
      client.get('http://a.invalid/', { auth: () => ${never}, signal: AbortSignal.timeout(50) }).${told};
      await client.get('http://a.invalid/');`,
    ],
    [
      'a body that was closed unread',
      `await new httpx.AsyncClient({ ${kept}, timeout: { total: '60m' } }).stream('GET', url).then((r) => r.aclose())`,
    ],
    ['a blocking call', `new httpx.Client({ ${kept} }).get(url, { timeout: { total: '60m' } })`],
  ])('ends, whatever total time is left of %s', async (_name, script) => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const { code } = await outcomeOf(`${script};`, server.url);
    expect(code).toBe(0);
  });
});

test.skipIf(skipped !== '').each([
  ['AsyncClient', 'await new httpx.AsyncClient({ limits: { keepaliveExpiry: null } }).get'],
  ['Client', 'new httpx.Client({ limits: { keepaliveExpiry: null } }).get'],
])(`an idle %s does not keep the process alive${skipped}`, async (_name, get) => {
  const server = await serve(always(answer('ok')));
  const { code } = await outcomeOf(`${get}(url);`, server.url);
  expect(code).toBe(0);
});
