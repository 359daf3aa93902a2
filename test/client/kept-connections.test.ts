/** What becomes of a kept connection that turns out dead, or talks out of turn (SECURITY §§ 1.8, 2.1, 2.2). */
import { describe, expect, test } from 'vitest';
import { ConnectError, ReadError, RemoteProtocolError } from '../../src/index.js';
import { errorOf, type FakeEnvironment, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { type ScriptedServer, serve } from '../support/scripted-server.js';

/** Keeps the thread busy until `done`, and for a while: what came to the client's sockets meanwhile it has not seen. */
function busyUntil(server: ScriptedServer, done: () => boolean): void {
  server.blockUntil(done);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

const one = answer('one');
const two = answer('two');
const evil = answer('evil');

describe.each(clients)('$name', (kind) => {
  describe('a kept connection that is dead', () => {
    test.each(['fin', 'reset'] as const)(
      'ended by %s while the thread was busy with something else: also a POST gets through',
      async (end) => {
        const opened = gate();
        const server = await serve([dialogue().hear().say(one).until(opened)[end](), always(two)]);
        const client = kind.open();
        await client.get(server.url);
        opened.open();
        busyUntil(server, () => server.peer(0).finished);
        expect((await client.post(server.url, { content: 'x' })).text).toBe('two');
        expect(server.accepted).toBe(2);
      },
    );

    test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])(
      '%s is sent once more when the server closes as it arrives',
      async (method) => {
        const server = await serve([
          dialogue().hear().say(one).hear().fin(),
          always(method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n' : two),
        ]);
        const client = kind.open();
        await client.get(server.url);
        const response = await client.request(method, server.url);
        expect(response.statusCode).toBe(200);
        expect(server.accepted).toBe(2);
      },
    );

    test('also after a reset', async () => {
      const server = await serve([dialogue().hear().say(one).hear().reset(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      expect((await client.get(server.url)).text).toBe('two');
    });

    test.each(['POST', 'PATCH', 'LOCK'])('%s is never sent twice', async (method) => {
      const server = await serve([dialogue().hear().say(one).hear().fin(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      const error = await failureOf(() => client.request(method, server.url, { content: 'once' }), RemoteProtocolError);
      expect(error.retryable).toBe(false);
      expect(server.accepted).toBe(1);
      expect(server.heads.length).toBe(2);
    });

    test('a PUT whose body cannot be had again is not sent twice', async () => {
      const server = await serve([dialogue().hear().say(one).hear().fin(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      function* body(): Generator<Uint8Array> {
        yield new Uint8Array(3);
      }
      await failureOf(() => client.put(server.url, { content: kind.pieces(body()) }), RemoteProtocolError);
      expect(server.accepted).toBe(1);
    });

    test('a PUT with octets is sent again, whole', async () => {
      const server = await serve([dialogue().hear().say(one).hear().fin(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      expect((await client.put(server.url, { content: 'again' })).text).toBe('two');
      expect(server.peer(1).requests[0]?.body.toString()).toBe('again');
    });

    test('never a third time: the new connection’s failure is the caller’s', async () => {
      const server = await serve([dialogue().hear().say(one).hear().fin(), dialogue().hear().fin(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      await failureOf(() => client.get(server.url), RemoteProtocolError);
      expect(server.accepted).toBe(2);
    });

    test('a first request on a new connection is not sent again', async () => {
      const server = await serve([dialogue().hear().fin(), always(two)]);
      const error = await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
      expect(error.sent).toBe('full');
      expect(server.accepted).toBe(1);
    });

    test('not after one octet of an answer', async () => {
      const server = await serve([dialogue().hear().say(one).hear().say('H').fin(), always(two)]);
      const client = kind.open();
      await client.get(server.url);
      await failureOf(() => client.get(server.url), RemoteProtocolError);
      expect(server.accepted).toBe(1);
    });

    test('not after an interim response', async () => {
      const server = await serve([
        dialogue().hear().say(one).hear().say('HTTP/1.1 102 Processing\r\n\r\n').reset(),
        always(two),
      ]);
      const client = kind.open();
      await client.get(server.url);
      const error = await errorOf(() => client.get(server.url));
      expect(error instanceof ReadError || error instanceof RemoteProtocolError).toBe(true);
      expect(server.accepted).toBe(1);
    });
  });

  describe('octets that nobody asked for', () => {
    test.each([
      [
        'after a whole response, in the same segment',
        dialogue()
          .hear()
          .say(answer('one') + evil)
          .stall(),
      ],
      ['after 204', dialogue().hear().say(`HTTP/1.1 204 No Content\r\n\r\n${evil}`).stall()],
      ['after 304 with a length', dialogue().hear().say(`HTTP/1.1 304 X\r\nContent-Length: 4\r\n\r\nevil`).stall()],
      [
        'after the last chunk',
        dialogue().hear().say(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${evil}`).stall(),
      ],
      [
        'a single octet',
        dialogue()
          .hear()
          .say(`${answer('one')}\n`)
          .stall(),
      ],
    ])('%s: the connection is closed, they are no response', async (_name, script) => {
      const server = await serve([script, always(answer('two'))]);
      const client = kind.open();
      await client.get(server.url);
      await server.until(() => server.peer(0).clientClosedAt !== null);
      expect((await client.get(server.url)).text).toBe('two');
      expect(server.accepted).toBe(2);
    });

    test('after HEAD, a body that should not be there', async () => {
      const server = await serve([dialogue().hear().say(answer('body')).stall(), always(answer('two'))]);
      const client = kind.open();
      expect((await client.head(server.url)).content.length).toBe(0);
      expect((await client.get(server.url)).text).toBe('two');
      expect(server.accepted).toBe(2);
    });

    test('come while the event loop was busy, unseen so far: the next request is not answered by them', async () => {
      const opened = gate();
      const server = await serve([
        dialogue().hear().say(answer('one')).until(opened).say(evil).stall(),
        always(answer('two')),
      ]);
      const client = kind.open();
      await client.get(server.url);
      opened.open();
      busyUntil(server, () => server.octetsTaken === answer('one').length + evil.length);
      expect((await client.get(server.url)).text).toBe('two');
    });
  });
});

describe('AsyncClient alone: calls at once, and while no call is under way', () => {
  test('the retry takes a new connection, not another kept one that may be dead too', async () => {
    const opened = gate();
    const script = () => dialogue().hear().until(opened).say(one).hear().fin();
    const server = await serve([script(), script(), always(two)]);
    const client = openClient();
    const both = Promise.all([client.get(server.url), client.get(server.url)]);
    await server.until(() => server.heads.length === 2);
    opened.open();
    await both;
    expect((await client.get(server.url)).text).toBe('two');
    expect(server.accepted).toBe(3);
    expect(server.heads.length).toBe(4);
  });

  test('closed while idle: it is given up at once, and the next request has a new one, whatever its method', async () => {
    const server = await serve([dialogue().hear().say(one).fin(), always(two)]);
    const client = openClient();
    expect((await client.get(server.url)).text).toBe('one');
    await server.emptied();
    expect((await client.post(server.url, { content: 'x' })).text).toBe('two');
    expect(server.accepted).toBe(2);
  });

  test('behind a response that another request waited for: that one is not answered by them', async () => {
    const server = await serve([
      dialogue()
        .hear()
        .say(answer('one') + evil)
        .stall(),
      always(answer('two')),
    ]);
    const client = openClient({ limits: { maxConnections: 1 } });
    const texts = await Promise.all([client.get(server.url), client.get(server.url)]);
    expect(texts.map((response) => response.text)).toEqual(['one', 'two']);
    expect(server.accepted).toBe(2);
  });

  test('on an idle connection they close it at once', async () => {
    const opened = gate();
    const server = await serve([
      dialogue().hear().say(answer('one')).until(opened).say(evil).stall(),
      always(answer('two')),
    ]);
    const client = openClient();
    await client.get(server.url);
    opened.open();
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('two');
  });
});

test('when the retry cannot connect, the error still says that the request had been sent', async () => {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('warm'));
  const client = openClient({ timeout: null }, environment);
  await client.get('http://fake.invalid/');
  await environment.host.advance(10);
  environment.connector.socket(0).onWritten = null;
  environment.connector.manual = true;
  const failed = failureOf(client.get('http://fake.invalid/'), ConnectError);
  await environment.host.settled();
  environment.connector.socket(0).fin();
  await environment.host.settled();
  environment.connector.attempts[0]?.fail(new ConnectError('refused', { phase: 'connect', sent: 'none' }));
  expect(await failed).toMatchObject({ phase: 'connect', sent: 'full', retryable: true });
});

describe('a request that is aborted while its connection is looked at', () => {
  const url = 'http://fake.invalid/';

  async function warmed(): Promise<{ environment: FakeEnvironment; client: ReturnType<typeof openClient> }> {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering((head) => answer(head.includes('GET /next') ? 'next' : 'warm'));
    const client = openClient({ timeout: null, limits: { keepaliveExpiry: 1000 } }, environment);
    await client.get(url);
    return { environment, client };
  }

  async function aborted(client: ReturnType<typeof openClient>): Promise<void> {
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
  }

  test('does not prolong how long that is kept', async () => {
    const { environment, client } = await warmed();
    await environment.host.advance(600);
    await aborted(client);
    expect(environment.connector.socket(0).closed).toBe(false);
    await environment.host.advance(399);
    expect(environment.connector.socket(0).closed).toBe(false);
    await environment.host.advance(1);
    expect(environment.connector.socket(0).closed).toBe(true);
  });

  test('does not spare the next request the look: what had come unseen answers nobody', async () => {
    const { environment, client } = await warmed();
    await environment.host.advance(600);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    environment.connector.socket(0).say(answer('evil'));
    controller.abort();
    const next = client.get(`${url}next`);
    await expect(call).rejects.toBe(controller.signal.reason);
    expect((await next).text).toBe('next');
    expect(environment.connector.socket(0).written).not.toContain('/next');
  });
});
