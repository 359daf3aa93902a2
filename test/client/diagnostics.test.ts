/** What is told of requests and connections to who watches the process: in order, once, with no secret, and to nobody else. */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  BasicAuth,
  type ConnectionMessage,
  type ErrorMessage,
  HTTPStatusError,
  MockTransport,
  ReadError,
  RemoteProtocolError,
  type RequestMessage,
  Response,
  type ResponseMessage,
} from '../../src/index.js';
import { clockEnvironment, errorOf } from '../support/client.js';
import { clients, type Settings } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import type { FakeHost } from '../support/fake-host.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

type Kind = 'request' | 'response' | 'error' | 'connection';
type Told = { readonly kind: Kind; readonly message: object };

/** Listens to channels of a fake host. */
function listening(host: FakeHost, kinds: readonly Kind[] = ['request', 'response', 'error', 'connection']): Told[] {
  const told: Told[] = [];
  for (const kind of kinds) host.diagnostics[kind].listener = (message) => told.push({ kind, message });
  return told;
}

describe.each(clients)('$name', (kind) => {
  function open(settings: Settings, kinds?: readonly Kind[]) {
    const environment = clockEnvironment();
    const told = listening(environment.host, kinds);
    return { client: kind.open(settings, environment), told, host: environment.host };
  }
  const ok = new MockTransport(() => new Response(200, { text: 'ok', headers: { 'set-cookie': 'id=hunter2' } }));

  test('a request is told of before it is sent, its response when the head is there', async () => {
    const seen: string[] = [];
    const { client, told } = open({
      transport: new MockTransport(() => {
        seen.push(...told.map((each) => each.kind));
        return new Response(201, { text: 'made' });
      }),
    });
    await client.post('http://a.test/x?y', { content: 'z' });
    expect(seen).toEqual(['request']);
    expect(told.map((each) => each.kind)).toEqual(['request', 'response']);
    const [request, response] = told.map(({ message }) => message) as [RequestMessage, ResponseMessage];
    expect(request).toMatchObject({ method: 'POST', url: 'http://a.test/x?y' });
    expect(response.request).toBe(request);
    expect(response).toMatchObject({
      statusCode: 201,
      reasonPhrase: 'Created',
      httpVersion: 'HTTP/1.1',
      timings: null,
    });
    expect(response.line).toBe('HTTP Request: POST http://a.test/x?y "HTTP/1.1 201 Created"');
    expect(Object.isFrozen(request) && Object.isFrozen(response)).toBe(true);
  });

  test('every request of a call is told of: redirects and steps of auth flows', async () => {
    const { client, told } = open({
      followRedirects: true,
      transport: new MockTransport(({ url }) =>
        url.path === '/b' ? new Response(200) : new Response(302, { headers: { location: '/b' } }),
      ),
    });
    await client.get('http://a.test/a');
    const lines = told.flatMap(({ message }) => (message as Partial<ResponseMessage>).line ?? []);
    expect(lines).toEqual([
      'HTTP Request: GET http://a.test/a "HTTP/1.1 302 Found"',
      'HTTP Request: GET http://a.test/b "HTTP/1.1 200 OK"',
    ]);
  });

  test('no secret is told: passwords in URLs, credentials, cookies, sensitive headers', async () => {
    const { client, told } = open({
      transport: ok,
      auth: new BasicAuth('me', 'hunter2'),
      sensitiveHeaders: ['X-Api-Key'],
      cookies: { session: 'hunter2' },
    });
    await client.get('http://me:hunter2@a.test/', {
      headers: { 'x-api-key': 'hunter2', 'proxy-authorization': 'hunter2', 'x-open': 'seen' },
    });
    expect(told).toHaveLength(2);
    expect(JSON.stringify(told)).not.toMatch(/hunter2|aHVudGVyMg|bWU6/);
    const headers = new Map((told[0] as { message: RequestMessage }).message.headers);
    expect([headers.get('authorization'), headers.get('cookie'), headers.get('x-open')]).toEqual([
      '[secure]',
      '[secure]',
      'seen',
    ]);
  });

  test('an error is told of once, with its request; what fails before anything was sent is not', async () => {
    const failure = new ReadError('gone');
    const { client, told } = open({
      auth: new BasicAuth('u', 'p'),
      transport: new MockTransport(() => {
        throw failure;
      }),
    });
    expect(await errorOf(() => client.get('http://a.test/'))).toBe(failure);
    expect(told.map((each) => each.kind)).toEqual(['request', 'error']);
    expect(told[1]?.message).toEqual({
      request: told[0]?.message,
      error: { name: 'ReadError', code: 'ERR_READ', phase: 'read', sent: 'full', message: 'gone' },
    });
    await errorOf(() => client.get('/no/host'));
    expect(told).toHaveLength(2);
  });

  test('no live object is told: neither of errors, whose request has credentials, nor of what else was thrown', async () => {
    const thrown: unknown[] = [
      new ReadError('gone'),
      new DOMException('enough', 'AbortError'),
      'hunter2',
      { a: 'hunter2' },
    ];
    const { client, told } = open(
      {
        auth: new BasicAuth('me', 'hunter2'),
        transport: new MockTransport(() => {
          throw thrown.shift();
        }),
      },
      ['error'],
    );
    for (let i = thrown.length; i > 0; i--) await errorOf(() => client.get('http://a.test/'));
    const errors = told.map(({ message }) => (message as ErrorMessage).error);
    expect(errors.slice(1)).toEqual([
      { name: 'AbortError', code: null, phase: null, sent: null, message: 'enough' },
      { name: 'string', code: null, phase: null, sent: null, message: '' },
      { name: 'Object', code: null, phase: null, sent: null, message: '' },
    ]);
    for (const error of errors)
      expect([Object.getPrototypeOf(error), Object.isFrozen(error)]).toEqual([Object.prototype, true]);
    expect(inspect(told, { depth: 9, showHidden: true })).not.toMatch(/hunter2|aHVudGVyMg|bWU6/);
  });

  test('passwords in URLs that a header holds are not told', async () => {
    const headers = { location: 'http://me:hunter2@b.test/', 'content-location': '//me:hunter2@b.test/x' };
    const { client, told } = open({ transport: new MockTransport(() => new Response(302, { headers })) });
    await client.get('http://a.test/', { headers: { referer: 'https://me:hunter2@c.test/' } });
    expect(JSON.stringify(told)).not.toContain('hunter2');
    const [request, response] = told.map(({ message }) => new Map((message as RequestMessage).headers));
    expect(request?.get('referer')).toBe('https://me:[secure]@c.test/');
    expect(response?.get('location')).toBe('http://me:[secure]@b.test/');
  });

  test('what a response hook throws is an error of the request', async () => {
    const { client, told } = open({
      transport: new MockTransport(() => new Response(500)),
      eventHooks: { response: [(response) => void response.raiseForStatus()] },
    });
    expect(await errorOf(() => client.get('http://a.test/'))).toBeInstanceOf(HTTPStatusError);
    expect(told.map((each) => each.kind)).toEqual(['request', 'response', 'error']);
  });

  test('a body that breaks later is told of, too, and once', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').fin());
    const environment = kind.environment();
    const told = listening(environment.host, ['error']);
    const response = await kind.open({}, environment).stream('GET', server.url);
    expect(await errorOf(() => kind.read(response))).toBeInstanceOf(RemoteProtocolError);
    expect(await errorOf(() => kind.read(response))).not.toBeNull();
    expect(told).toHaveLength(1);
    expect((told[0] as { message: ErrorMessage }).message.request.url).toBe(server.url);
  });

  test('a connection is told of when it is opened and when it is closed; a response has its timings', async () => {
    const server = await serve(always(answer('ok')));
    const environment = kind.environment();
    const told = listening(environment.host, ['connection', 'response']);
    const client = kind.open({}, environment);
    await client.get(server.url);
    await client.get(server.url);
    await kind.close(client);
    await environment.host.settled();
    expect(told.map((each) => each.kind)).toEqual(['connection', 'response', 'response', 'connection']);
    const origin = server.url.replace(/\/$/, '');
    const [opened, response, , closed] = told.map(({ message }) => message);
    expect(opened).toEqual({ state: 'opened', origin, httpVersion: 'HTTP/1.1', error: null });
    expect((closed as ConnectionMessage).state).toBe('closed');
    expect((response as ResponseMessage).timings).toMatchObject({ end: expect.toSatisfy((end) => end !== undefined) });
  });

  test('only who listens is told, and nothing is made for who does not', async () => {
    const { client, told } = open({ transport: ok }, ['error']);
    await client.get('http://a.test/');
    expect(told).toEqual([]);
  });
});

describe('on Node.js', () => {
  test('the channels are those of node:diagnostics_channel, silent until somebody subscribes', async () => {
    const lines: string[] = [];
    const listener = (message: unknown): void => void lines.push((message as ResponseMessage).line);
    const transport = new MockTransport(() => new Response(204));
    for (const kind of clients) {
      await kind.open({ transport }).get('http://a.test/');
      subscribe('httpx-wasm:response', listener);
      onTestFinished(() => void unsubscribe('httpx-wasm:response', listener));
      await kind.open({ transport }).get('http://a.test/');
      unsubscribe('httpx-wasm:response', listener);
    }
    expect(lines).toEqual(Array(2).fill('HTTP Request: GET http://a.test/ "HTTP/1.1 204 No Content"'));
    const names = ['request', 'response', 'error', 'connection'];
    expect(names.map((name) => channel(`httpx-wasm:${name}`).hasSubscribers)).toEqual(Array(4).fill(false));
  });
});
