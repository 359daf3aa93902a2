/** `httpx-wasm/fetch`: the client over the host's fetch alone, which is loaded with its first call. */
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import * as httpx from '../../src/fetch-api.js';
import { failureOf } from '../support/client.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

function clientOf(options?: httpx.FetchClientOptions): httpx.AsyncClient {
  const client = new httpx.AsyncClient(options);
  onTestFinished(() => client.aclose());
  return client;
}

describe('a client over fetch alone', () => {
  test('sends by the host’s fetch, with the client’s settings', async () => {
    const server = await serve(always(answer('{"a":1}')));
    const client = clientOf({ baseUrl: server.url, auth: ['user', 'pass'], headers: { 'X-Of': 'client' } });
    const response = await client.post('/items', { json: { b: 2 } });
    expect([response.statusCode, response.json()]).toEqual([200, { a: 1 }]);
    const [request] = server.peer(0).requests;
    expect(request?.head).toMatch(/^POST \/items HTTP\/1\.1\r\n/);
    expect(fieldOf(request?.head ?? '', 'authorization')).toBe(`Basic ${btoa('user:pass')}`);
    expect(fieldOf(request?.head ?? '', 'x-of')).toBe('client');
    expect(request?.body.toString()).toBe('{"b":2}');
  });

  test('is the client of the root module in all else: hooks, redirects, errors', async () => {
    const server = await serve([
      dialogue().hear().say('HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\n\r\n').fin(),
      always(answer('no', '', '404 Not Found')),
    ]);
    const seen: string[] = [];
    const hook = (response: httpx.AsyncResponse): void => void seen.push(`${response.statusCode} ${response.url.path}`);
    const client = clientOf({ followRedirects: true, eventHooks: { response: [hook] } });
    const response = await client.get(server.url);
    expect(seen).toEqual(['302 /', '404 /there']);
    expect((await failureOf(() => response.raiseForStatus(), httpx.HTTPStatusError)).response).toBe(response);
  });

  test('the functions send one call each, and keep its cookies through a redirect', async () => {
    const script = [
      dialogue()
        .hear()
        .say('HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        .fin(),
      always(answer('end')),
    ];
    const server = await serve(script, { repeatLast: true });
    expect((await httpx.get(server.url, { cookies: { a: 'b' }, followRedirects: true })).text).toBe('end');
    expect(fieldOf(server.heads[1] ?? '', 'cookie')).toBe('a=b; c=d');
    await using response = await httpx.stream('GET', server.url);
    expect(new TextDecoder().decode(await response.aread())).toBe('end');
  });

  test('its fetch is one as the global', async () => {
    const server = await serve(always(answer('fetched')));
    const { fetch } = clientOf();
    expect(await (await fetch(server.url)).text()).toBe('fetched');
  });

  test('how the host’s fetch is used is a setting', async () => {
    const fetch = vi.fn(async () => new Response('from elsewhere'));
    const client = clientOf({ fetch: { fetch: fetch as typeof globalThis.fetch, credentials: 'include' } });
    expect((await client.get('https://host.example/')).text).toBe('from elsewhere');
    expect(fetch).toHaveBeenCalledWith(expect.anything(), { credentials: 'include' });
  });

  test('proxies of the environment are left to who fetches', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await serve(always(answer('direct')));
    expect((await clientOf().get(server.url)).text).toBe('direct');
  });

  test('a coded body of a transport of the user’s is decoded: the decoders are loaded for it', async () => {
    const { MockTransport, Response } = await httpx.load();
    const headers = { 'Content-Encoding': 'gzip' };
    const transport = new MockTransport(() => new Response(200, { headers, content: gzipSync('decoded') }));
    expect((await clientOf({ transport }).get('https://host.example/')).text).toBe('decoded');
  });
});

describe('before it is loaded', () => {
  test('options of sockets, and unknown ones, are refused by name', () => {
    expect(() => new httpx.AsyncClient({ verify: false } as object)).toThrow(/unknown option 'verify'/);
    expect(() => new httpx.AsyncClient({ base_url: '/' } as object)).toThrow(/did you mean 'baseUrl'\?/);
  });

  test('values that mean nothing fail the call', async () => {
    const client = clientOf({ timeout: -1 });
    await failureOf(client.get('https://host.example/'), RangeError);
    await failureOf(client.loaded(), RangeError);
  });

  test('what the options hold later changes nothing', async () => {
    const server = await serve(always(answer('ok')));
    const options = { headers: { 'X-A': 'first' }, baseUrl: server.url };
    const client = clientOf(options);
    options.baseUrl = 'http://nowhere.invalid/';
    expect((await client.get('/')).text).toBe('ok');
  });

  test('once it is closed a call fails, whenever it was begun', async () => {
    const early = new httpx.AsyncClient();
    await early.aclose();
    expect(early.isClosed).toBe(true);
    await failureOf(early.get('https://host.example/'), httpx.ClientClosed);
    const late = new httpx.AsyncClient();
    const call = late.get('https://host.example/');
    await Promise.all([late.aclose(), failureOf(call, httpx.ClientClosed)]);
  });

  test('as JSON it is what the whole client is, its password masked', async () => {
    const client = clientOf({ baseUrl: 'https://user:pass@host.example/v1/', headers: { authorization: 'hush' } });
    const shown = { client: 'AsyncClient', baseUrl: 'https://user:[secure]@host.example/v1/', isClosed: false };
    expect(JSON.parse(JSON.stringify(client))).toEqual(shown);
    expect(JSON.parse(JSON.stringify(await client.loaded()))).toEqual(shown);
    expect(clientOf().toJSON().baseUrl).toBe('');
    expect(clientOf({ baseUrl: new globalThis.URL('https://host.example/a@b:c@d') }).toJSON().baseUrl).toBe(
      'https://host.example/a@b:c@d',
    );
  });

  test('the whole client can be had: its settings, cookies, requests', async () => {
    const server = await serve(always(answer('ok')));
    const client = clientOf({ baseUrl: server.url });
    const whole = await client.loaded();
    whole.headers.set('X-Later', 'yes');
    expect((await client.send(whole.buildRequest('GET', '/'))).text).toBe('ok');
    expect(fieldOf(server.heads[0] ?? '', 'x-later')).toBe('yes');
    expect(await client.loaded()).toBe(whole);
  });
});
