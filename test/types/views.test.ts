/**
 * The two views of requests and responses, as the compiler sees them: what one client gives can be handed on to whatever
 * serves that client, what was made by hand to either, and what the other client's way of waiting would need is not there.
 * `tsc` reads this file (`npm run check:types`): each `@ts-expect-error` is a misuse that must not compile.
 */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';

const url = 'http://example.org/';
const ok = (): httpx.Response => new httpx.Response(200, { text: 'ok' });
const mock = new httpx.MockTransport(ok);
const client = new httpx.Client({ transport: mock });
const asyncClient = new httpx.AsyncClient({ transport: mock });

describe('what Client gives', () => {
  test('is the answer of a transport of its kind', () => {
    class Relay extends httpx.BaseTransport {
      override handleRequest(request: httpx.SyncRequest): httpx.SyncResponse {
        return client.send(request);
      }
    }
    class Plain extends httpx.BaseTransport {
      override handleRequest(request: httpx.Request): httpx.Response {
        return new httpx.Response(200, { text: request.method });
      }
    }
    using relayed = new httpx.Client({ transport: new Relay(), wrapTransport: (inner) => inner });
    expect(relayed.get(url).text).toBe('ok');
    using plain = new httpx.Client({ transport: new Plain() });
    expect(plain.get(url).text).toBe('GET');
  });

  test('is the answer of a mock transport', () => {
    using mocked = new httpx.Client({ transport: new httpx.MockTransport(() => client.get(url)) });
    expect(mocked.get(url).text).toBe('ok');
  });

  test('can be named by an error, and put into a response made by hand', () => {
    const response = client.get(url);
    const { request } = response;
    const error = new httpx.HTTPStatusError('no', { request, response });
    expect([error.response, error.request]).toEqual([response, request]);
    expect(new httpx.ReadError('no', { request }).request).toBe(request);
    const { extensions, headers } = response;
    const made = new httpx.Response(200, { request, extensions, headers, history: [response] });
    expect([made.request, made.history[0]]).toEqual([request, response]);
  });

  test('is what its hooks are called with, and what they answer is no promise', () => {
    const hooks: httpx.SyncEventHooks = {
      request: [(request) => request.headers.set('X-Hook', 'yes'), (request: httpx.SyncRequest) => void request.read()],
      response: [
        (response: httpx.SyncResponse) => void response.read(),
        (response: httpx.Response) => void response.read(),
        // @ts-expect-error: nothing waits for a promise
        (response) => void response.aread(),
      ],
    };
    // @ts-expect-error: it is no response of AsyncClient
    const alien: httpx.SyncResponseHook = (response: httpx.AsyncResponse) => void response.headers;
    // @ts-expect-error: nothing waits for a promise
    const late: httpx.SyncResponseHook = async () => {};
    // @ts-expect-error: nothing waits for a promise
    const later: httpx.SyncRequestHook = async () => {};
    expect([hooks.request?.length, alien.length, late.length, later.length]).toEqual([2, 1, 0, 0]);
    using hooked = new httpx.Client({ transport: mock, eventHooks: { response: [(r) => void r.read()] } });
    hooked.eventHooks.response.push((response) => void [...response.iterBytes()]);
    hooked.eventHooks = { request: [(request) => void request.read()] };
    // @ts-expect-error: nothing waits for a promise
    hooked.eventHooks.request.push((request) => void request.aread);
    expect(hooked.eventHooks.request.length).toBe(2);
  });

  test('has a connection that answers with octets, not with promises of them', () => {
    const hook: httpx.SyncResponseHook = ({ extensions: { networkStream } }) => {
      const octets: Uint8Array<ArrayBuffer> | undefined = networkStream?.read();
      // @ts-expect-error: it is there when the call returns
      networkStream?.read().then;
      expect(octets).toBeUndefined();
    };
    using hooked = new httpx.Client({ transport: mock, eventHooks: { response: [hook] } });
    expect(hooked.get(url).statusCode).toBe(200);
  });

  test('has requests and earlier responses of the same view', () => {
    const response = client.get(url);
    const built: httpx.SyncRequest = client.buildRequest('GET', url);
    expect(client.send(built.clone()).request.read()).toHaveLength(0);
    expect(response.nextRequest?.read()).toBeUndefined();
    for (const earlier of response.history) earlier.request.read();
    // @ts-expect-error: nothing waits for a promise
    expect(typeof response.request.aread).toBe('function');
    // @ts-expect-error: nothing waits for a promise
    expect(typeof built.clone().aread).toBe('function');
    // @ts-expect-error: nothing waits for a promise
    expect(typeof response.aiterBytes).toBe('function');
  });
});

describe('what AsyncClient gives', () => {
  test('is the answer of a transport of its kind', async () => {
    class Relay extends httpx.AsyncBaseTransport {
      override handleAsyncRequest(request: httpx.AsyncRequest): Promise<httpx.AsyncResponse> {
        return asyncClient.send(request);
      }
    }
    class Plain extends httpx.AsyncBaseTransport {
      override async handleAsyncRequest(request: httpx.Request): Promise<httpx.Response> {
        return new httpx.Response(200, { text: request.method });
      }
    }
    await using relayed = new httpx.AsyncClient({ transport: new Relay(), wrapTransport: (inner) => inner });
    expect((await relayed.get(url)).text).toBe('ok');
    await using plain = new httpx.AsyncClient({ transport: new Plain() });
    expect((await plain.get(url)).text).toBe('GET');
  });

  test('is the answer of a mock transport', async () => {
    const transport = new httpx.MockTransport((request) => asyncClient.send(request));
    await using mocked = new httpx.AsyncClient({ transport });
    expect((await mocked.get(url)).text).toBe('ok');
  });

  test('can be named by an error, and put into a response made by hand', async () => {
    const response = await asyncClient.get(url);
    const { extensions, request } = response;
    expect(new httpx.HTTPStatusError('no', { request, response }).response).toBe(response);
    expect(new httpx.Response(200, { request, extensions, history: [response] }).history[0]).toBe(response);
  });

  test('is what its hooks are called with', async () => {
    const hooks: httpx.EventHooks = {
      request: [async (request) => void (await request.aread()), (request: httpx.Request) => void request.headers],
      response: [
        async (response) => void (await response.aread()),
        (response: httpx.Response) => void response.headers,
        // @ts-expect-error: nothing may block
        (response) => void response.read,
      ],
    };
    // @ts-expect-error: it is no response of Client
    const alien: httpx.ResponseHook = (response: httpx.SyncResponse) => void response.headers;
    expect(alien).toHaveLength(1);
    await using hooked = new httpx.AsyncClient({ transport: mock, eventHooks: hooks });
    expect((await hooked.get(url)).text).toBe('ok');
  });

  test('has requests and earlier responses of the same view', async () => {
    const response = await asyncClient.get(url);
    const built: httpx.AsyncRequest = asyncClient.buildRequest('GET', url);
    expect(await (await asyncClient.send(built.clone())).request.aread()).toHaveLength(0);
    // @ts-expect-error: nothing may block
    expect(typeof response.request.read).toBe('function');
    // @ts-expect-error: nothing may block
    expect(typeof built.clone().read).toBe('function');
    // @ts-expect-error: nothing may block
    expect(typeof response.iterBytes).toBe('function');
  });
});

describe('what was made by hand', () => {
  test('is a response and a request of either', () => {
    const response = ok();
    const views: readonly [httpx.AsyncResponse, httpx.SyncResponse] = [response, response];
    expect(views[0].text).toBe(views[1].text);
    const request = new httpx.Request('GET', url);
    const requests: readonly [httpx.AsyncRequest, httpx.SyncRequest] = [request, request];
    expect(requests[0].method).toBe(requests[1].method);
    expect(client.send(request).request).toBe(request);
  });

  test('is not what the other client gives', async () => {
    // @ts-expect-error: a promise is no answer at once
    const transport: httpx.BaseTransport['handleRequest'] = () => asyncClient.get(url);
    // @ts-expect-error: a response of AsyncClient is none of Client
    const handed: httpx.SyncResponse = await asyncClient.get(url);
    // @ts-expect-error: a response of Client is none of AsyncClient
    const other: httpx.AsyncResponse = client.get(url);
    expect([transport.length, handed.text, other.text]).toEqual([0, 'ok', 'ok']);
  });
});
