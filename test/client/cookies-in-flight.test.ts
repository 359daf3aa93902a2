import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { FUNCTION_OPTIONS, oneCall } from '../../src/options.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { clients, type Settings } from '../support/clients.js';
import { answering } from '../support/fake-socket.js';
import { ToughJar } from '../support/tough-jar.js';

type Answers = (request: httpx.Request) => httpx.Response;

/** A client whose server answers so; `seen`: host and Cookie field of each request. */
function asking(
  answers: Answers,
  options: httpx.AsyncClientOptions = {},
): { client: httpx.AsyncClient; seen: string[] } {
  const seen: string[] = [];
  const transport = new httpx.MockTransport((request) => {
    seen.push(`${request.url.host} ${request.headers.get('cookie') ?? '-'}`);
    return answers(request);
  });
  return { client: openClient({ ...options, transport }, fakeEnvironment()), seen };
}

const setting =
  (...cookies: string[]): Answers =>
  () =>
    new httpx.Response(200, { headers: cookies.map((cookie) => ['Set-Cookie', cookie] as const) });
const redirecting =
  (to: string, ...cookies: string[]): Answers =>
  ({ url }) =>
    url.path === '/start'
      ? new httpx.Response(302, {
          headers: [['Location', to], ...cookies.map((cookie) => ['Set-Cookie', cookie] as const)],
        })
      : new httpx.Response(200);

describe('cookies', () => {
  test('of a client go with every request, those that servers set with the next ones', async () => {
    const { client, seen } = asking(setting('s=1', 'd=2; Domain=example.org'), { cookies: { c: '0' } });
    const response = await client.get('https://a.example.org/');
    await client.get('https://a.example.org/');
    await client.get('https://b.example.org/');
    expect(seen).toEqual(['a.example.org c=0', 'a.example.org c=0; s=1; d=2', 'b.example.org c=0; d=2']);
    expect([...response.cookies]).toEqual([
      ['s', '1'],
      ['d', '2'],
    ]);
    expect(response.cookies, 'made once').toBe(response.cookies);
  });

  test('of a call are for that call, and null is none', async () => {
    const { client, seen } = asking(setting(), { cookies: { c: '0', d: '0' } });
    await client.get('https://h.example/', { cookies: { c: '1', e: '2' } });
    await client.get('https://h.example/', { cookies: null });
    await client.get('https://h.example/', { cookies: { c: '1' }, headers: { Cookie: 'own=1' } });
    await client.get('https://h.example/');
    expect(seen).toEqual(['h.example c=1; d=0; e=2', 'h.example -', 'h.example own=1', 'h.example c=0; d=0']);
  });

  test('of a request made by hand are those that are for its URL', () => {
    const cookies = new httpx.Cookies({ a: '1' });
    cookies.set('b', '2', { domain: 'other.example' });
    const request = new httpx.Request('POST', 'https://h.example/', { cookies, content: 'x' });
    expect([...request.headers.keys()]).toEqual(['host', 'cookie', 'content-length']);
    expect(request.headers.get('cookie')).toBe('a=1');
  });

  test('are kept before hooks see the response, and of responses that fail too', async () => {
    const client = openClient(
      {
        transport: new httpx.MockTransport(() => new httpx.Response(500, { headers: { 'Set-Cookie': 'a=1' } })),
        eventHooks: {
          response: [
            () => {
              expect(client.cookies.get('a')).toBe('1');
              throw new Error('stop');
            },
          ],
        },
      },
      fakeEnvironment(),
    );
    await expect(client.get('https://h.example/')).rejects.toThrow('stop');
    expect(client.cookies.size).toBe(1);
  });

  test('come over a connection, and go back to the octet', async () => {
    const environment = fakeEnvironment();
    const heard: string[] = [];
    environment.connector.onSocket = answering((request) => {
      heard.push(/^cookie: (.*)\r$/im.exec(String(request))?.[1] ?? '-');
      return 'HTTP/1.1 200 OK\r\nset-cookie: a=\xe9\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n';
    });
    const client = openClient({}, environment);
    const response = await client.get('http://h.invalid/');
    await client.get('http://h.invalid/');
    expect(heard).toEqual(['-', 'a=\xe9; b=2']);
    expect(response.cookies.get('a')).toBe('é');
  });

  test('can be replaced as a whole', async () => {
    const { client, seen } = asking(setting('s=1'), { cookies: { c: '0' } });
    await client.get('https://h.example/');
    client.cookies = { d: '1' };
    await client.get('https://h.example/');
    expect(seen).toEqual(['h.example c=0', 'h.example d=1']);
  });

  test('of a function for one call are for its client, so that they outlive a redirect', () => {
    const { client, call } = oneCall({ cookies: { a: '1' }, params: { b: 2 } }, FUNCTION_OPTIONS);
    expect(client.cookies).toEqual({ a: '1' });
    expect(call).toEqual({ params: { b: 2 } });
  });
});

describe('when redirected', () => {
  test('cookies that the redirect sets go along, scoped', async () => {
    const { client, seen } = asking(redirecting('https://b.example.org/', 'h=1', 'd=2; Domain=example.org'), {
      followRedirects: true,
    });
    await client.get('https://a.example.org/start');
    expect(seen).toEqual(['a.example.org -', 'b.example.org d=2']);
  });

  test.each([
    ['https://b.example/', 'b.example -'],
    ['http://a.example/', 'a.example -'],
    ['https://a.example:444/', 'a.example -'],
    ['https://a.example/x', 'a.example c=0'],
  ])('cookies for every host are not for where a server leads: %s', async (to, expected) => {
    const { client, seen } = asking(redirecting(to), { followRedirects: true, cookies: { c: '0' } });
    await client.get('https://a.example/start', { cookies: { once: '1' } });
    expect(seen[1]).toBe(expected);
    const { client: other, seen: heard } = asking(redirecting(to), { cookies: { c: '0' } });
    const { nextRequest } = await other.get('https://a.example/start');
    await other.send(nextRequest as httpx.Request);
    expect(heard[1], 'nor for the next request sent by hand').toBe(expected);
  });
});

describe.each(clients)('a call of $name with cookies: null', (kind) => {
  function redirected(options: Settings) {
    const seen: (string | null)[] = [];
    const transport = new httpx.MockTransport((request) => {
      seen.push(request.headers.get('cookie'));
      return redirecting('/next', 'a=1')(request);
    });
    return { client: kind.open({ transport, cookies: { c: '0' }, ...options }), seen };
  }

  test('sends none after a redirect either, and keeps none', async () => {
    const { client, seen } = redirected({ followRedirects: true });
    const response = await client.get('https://h.example/start', { cookies: null });
    expect(seen).toEqual([null, null]);
    expect([...client.cookies]).toEqual([['c', '0']]);
    expect(response.history[0]?.cookies.get('a'), 'the response tells what it sets').toBe('1');
    await client.get('https://h.example/start');
    expect(seen.slice(2), 'of that call alone').toEqual(['c=0', 'c=0; a=1']);
  });

  test('nor does its nextRequest, nor a copy', async () => {
    const { client, seen } = redirected({});
    const { nextRequest } = await client.get('https://h.example/start', { cookies: null });
    expect((nextRequest as httpx.Request).headers.has('cookie')).toBe(false);
    const built = client.buildRequest('GET', 'https://h.example/start', { cookies: null }) as httpx.Request;
    await client.send(built.clone(), { followRedirects: true });
    expect(seen).toEqual([null, null, null]);
    expect(client.cookies.size).toBe(1);
  });

  test('sends none with the answer to a digest challenge that sets some', async () => {
    const seen: (string | null)[] = [];
    const challenge = [
      ['WWW-Authenticate', 'Digest realm="r", nonce="n", qop="auth"'],
      ['Set-Cookie', 'a=1'],
    ] as const;
    const transport = new httpx.MockTransport(({ headers }) => {
      seen.push(headers.get('cookie'));
      return headers.has('authorization') ? new httpx.Response(200) : new httpx.Response(401, { headers: challenge });
    });
    const client = kind.open({ transport, auth: new httpx.DigestAuth('u', 'p') });
    expect((await client.get('https://h.example/', { cookies: null })).statusCode).toBe(200);
    expect(seen).toEqual([null, null]);
  });
});

describe('a tough-cookie jar', () => {
  test.each([true, false])('keeps the cookies of a client; its store answers at once: %s', async (synchronous) => {
    const jar = new ToughJar(synchronous);
    const { client, seen } = asking(redirecting('/next', 'a=1'), { cookies: jar, followRedirects: true });
    await client.get('https://h.example/start');
    const request = client.buildRequest('GET', 'https://h.example/next');
    await client.send(request.clone());
    expect(seen).toEqual(['h.example -', 'h.example a=1', 'h.example a=1']);
    expect(client.cookies.jar).toBe(jar);
  });

  test('whose store answers later is refused by a client that blocks', () => {
    const transport = new httpx.MockTransport(() => new httpx.Response(200));
    const client = new httpx.Client({ cookies: new ToughJar(false), transport }, fakeEnvironment());
    expect(() => client.get('https://h.example/')).toThrow(TypeError);
    client.close();
  });
});
