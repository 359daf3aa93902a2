/** Redirects: what is followed and how, what never leaves its origin, and what becomes of the responses in between. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type AsyncBaseTransport,
  type AsyncClient,
  Auth,
  type CallOptions,
  HandlerTransport,
  MockTransport,
  ReadError,
  RemoteProtocolError,
  Request,
  Response,
  StreamConsumed,
  TooManyRedirects,
  TotalTimeout,
  UnsupportedProtocol,
} from '../../src/index.js';
import { errorOf, failureOf, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';
import type { FakeSocket } from '../support/fake-socket.js';
import { answer, octetsOf } from '../support/octets.js';

const START = 'http://h.test/start';
const SECRETS = { Authorization: 'a', 'Proxy-Authorization': 'p', Cookie: 'c=1', 'X-Key': 'k', 'X-Plain': 'x' };

/** A client of a server that answers the n-th request with the n-th Location, and then with 200; and what was asked. */
function following(kind: ClientKind, locations: readonly string[], options: Settings = {}, status = 302) {
  const seen: Request[] = [];
  const transport = new MockTransport((request) => {
    seen.push(request.clone());
    const location = locations[seen.length - 1];
    return location === undefined ? new Response(200) : new Response(status, { headers: { location } });
  });
  return { client: kind.open({ followRedirects: true, transport, ...options }), seen };
}

/** Names of the secrets that the last request still had. */
async function keptAfter(
  kind: ClientKind,
  locations: readonly string[],
  options: Settings = {},
  from = START,
): Promise<string[]> {
  const { client, seen } = following(kind, locations, options);
  await client.get(from, { headers: SECRETS });
  const { headers } = seen.at(-1) as Request;
  return Object.keys(SECRETS).filter((name) => headers.has(name));
}

describe.each(clients)('following: $name', (kind) => {
  test('is off unless the client or the call says so', async () => {
    const { client, seen } = following(kind, ['/next'], { followRedirects: null });
    expect(client.followRedirects).toBe(false);
    const response = await client.get(START);
    expect(response.statusCode).toBe(302);
    expect(String(response.nextRequest?.url)).toBe('http://h.test/next');
    expect((await client.send(response.nextRequest as Request)).statusCode).toBe(200);
    seen.length = 0;
    expect((await client.get(START, { followRedirects: true })).history.length).toBe(1);
    seen.length = 0;
    client.followRedirects = true;
    expect((await client.get(START)).statusCode).toBe(200);
    seen.length = 0;
    expect((await client.get(START, { followRedirects: null })).statusCode).toBe(302);
    seen.length = 0;
    expect((await client.send(new Request('GET', START), { followRedirects: false })).statusCode).toBe(302);
  });

  test('settings of another type are refused by name', () => {
    const refused = (options: object, message: string): void => {
      expect(() => kind.open(options)).toThrow(message);
    };
    refused({ followRedirects: 'yes' }, 'Cannot set followRedirects: expected true or false, got string');
    refused({ maxRedirects: '3' }, 'Cannot set maxRedirects: expected a number, got string');
    refused({ maxRedirects: -1 }, 'Cannot set maxRedirects: expected an integer of at least 0, got -1');
    refused({ sensitiveHeaders: 'x-key' }, 'expected sensitiveHeaders to be a list of header names');
    refused({ sensitiveHeaders: [1] }, 'expected sensitiveHeaders to be a list of header names');
    const client = kind.open();
    expect(() => {
      client.maxRedirects = 1.5;
    }).toThrow(RangeError);
  });

  test('ends after maxRedirects, naming the request that was not sent', async () => {
    const { client, seen } = following(
      kind,
      Array.from({ length: 40 }, (_, i) => `/${i}`),
    );
    expect(client.maxRedirects).toBe(20);
    const error = await failureOf(() => client.get(START), TooManyRedirects);
    expect(seen.length).toBe(21);
    expect(String(error.request.url)).toBe('http://h.test/20');
    expect(error.message).toBe(
      'Cannot complete the request to http://h.test/start: more than 20 redirects (maxRedirects)',
    );
    seen.length = 0;
    client.maxRedirects = 0;
    await failureOf(() => client.get(START), TooManyRedirects);
    expect(seen.length).toBe(1);
  });

  test('QUERY stays what it is but for 303', async () => {
    for (const [status, method] of [
      [301, 'QUERY'],
      [302, 'QUERY'],
      [307, 'QUERY'],
      [303, 'GET'],
    ] as const) {
      const { client, seen } = following(kind, ['/next'], {}, status);
      await client.query(START, { json: {} });
      expect(seen[1]?.method).toBe(method);
    }
  });

  test('a body that goes takes with it what speaks of it', async () => {
    const { client, seen } = following(kind, ['/next'], {}, 303);
    const headers = { 'Content-Language': 'en', 'Content-Encoding': 'gzip', Expect: '100-continue', 'X-Plain': 'x' };
    await client.post(START, { content: 'x', headers });
    const names = [...(seen[1] as Request).headers.keys()];
    expect(names).toEqual(['host', 'accept', 'accept-encoding', 'connection', 'user-agent', 'x-plain']);
    expect((seen[1] as Request).content.length).toBe(0);
  });

  test('a stream that was read is not sent again, and says so', async () => {
    const { client } = kind.fake(answer('', 'Location: /next\r\n', '307 Temporary Redirect'), {
      followRedirects: true,
    });
    const content = (function* () {
      yield 'once';
    })();
    const error = await failureOf(() => client.post(START, { content }), StreamConsumed);
    expect(error.message).toContain('Cannot send the request body again');
  });

  test('hooks are called for each step, and an error of one ends the call', async () => {
    const { client } = following(kind, ['/1', '/2']);
    const paths: string[] = [];
    client.eventHooks.request.push((request) => void paths.push(`> ${request.url.path}`));
    client.eventHooks.response.push((response) => void paths.push(`< ${response.statusCode}`));
    await client.get(START);
    expect(paths).toEqual(['> /start', '< 302', '> /1', '< 302', '> /2', '< 200']);
    const second = following(kind, ['/1', '/2']);
    second.client.eventHooks.request.push((request) => {
      if (request.url.path === '/2') throw new Error('not there');
    });
    expect(String(await errorOf(() => second.client.get(START)))).toContain('not there');
    expect(second.seen.length).toBe(2);
  });
});

describe.each(clients)('where a Location leads: $name', (kind) => {
  test.each([
    ['ftp://h.test/', UnsupportedProtocol, "the protocol 'ftp:'"],
    ['file:///etc/passwd', UnsupportedProtocol, "the protocol 'file:'"],
    ['javascript:alert(1)', UnsupportedProtocol, "the protocol 'javascript:'"],
    ['data:text/plain,x', UnsupportedProtocol, "the protocol 'data:'"],
    ['/\\evil.test', RemoteProtocolError, 'it leads to http://h.test, but by the WHATWG rules to http://evil.test'],
    ['http:///evil.test', RemoteProtocolError, 'by the WHATWG rules to http://evil.test'],
    ['http://[bad]/', RemoteProtocolError, 'its Location is no URL that can be sent'],
    ['http://h.test:99999/', RemoteProtocolError, 'its Location is no URL that can be sent'],
  ] as const)('%s leads nowhere, with an error if it is followed', async (location, expected, message) => {
    const { client, seen } = following(kind, [location]);
    const error = await failureOf(() => client.get(START), expected);
    expect(error.message).toContain(`Cannot follow the redirect of ${START}`);
    expect(error.message).toContain(message);
    expect(String(error.request.url)).toBe(START);
    expect(error.retryable).toBe(false);
    expect(seen.length).toBe(1);
    seen.length = 0;
    const response = await client.get(START, { followRedirects: false });
    expect(response.nextRequest).toBeNull();
  });

  test('two that differ lead nowhere, the same twice is one', async () => {
    const answers = (second: string): Settings => ({
      followRedirects: true,
      transport: new MockTransport((request) => {
        if (request.url.path !== '/start') return new Response(200);
        const location = (value: string) => ['Location', value] as const;
        return new Response(302, { headers: [location('/a'), location(second)] });
      }),
    });
    expect((await kind.open(answers('/a')).get(START)).url.path).toBe('/a');
    const error = await failureOf(() => kind.open(answers('/b')).get(START), RemoteProtocolError);
    expect(error.message).toContain('2 Location fields that differ');
  });

  test.each([
    ['UTF-8', '/\xc3\xa9', '/%C3%A9'],
    ['Latin-1', '/\xe9', '/%E9'],
  ])('octets of %s name what the server named', async (_name, octets, target) => {
    const redirect = answer('', `Location: ${octets}\r\nX-Other: \xff\r\n`, '302 Found');
    const { client, connector } = kind.fake(redirect, { followRedirects: true, maxRedirects: 1 });
    await failureOf(() => client.get(START), TooManyRedirects);
    expect(connector.sockets[0]?.written).toContain(`\r\n\r\nGET ${target} `);
  });

  test('credentials in it are dropped: they are a server’s choice', async () => {
    const { client, seen } = following(kind, ['http://u:p@h.test/a', 'http://u:p@other.test/b', '//u@h.test/c']);
    await client.get(START);
    expect(seen.map(({ url }) => String(url))).toEqual([
      START,
      'http://h.test/a',
      'http://other.test/b',
      'http://h.test/c',
    ]);
    expect(seen.some(({ headers }) => headers.has('authorization'))).toBe(false);
    seen.length = 0;
    const { nextRequest } = await client.get(START, { followRedirects: false });
    expect(String(nextRequest?.url)).toBe('http://h.test/a');
  });

  test('a target of the first URL, and a name for its certificate, do not follow it elsewhere', async () => {
    const { client, seen } = following(kind, ['/same', 'http://other.test/'], {});
    await client.get(START, { extensions: { target: '/odd', sniHostname: 'inner.test', mine: 1 } });
    expect(seen.map(({ extensions }) => extensions.target ?? null)).toEqual(['/odd', null, null]);
    expect(seen.map(({ extensions }) => extensions.sniHostname ?? null)).toEqual(['inner.test', 'inner.test', null]);
    expect(seen.map(({ extensions }) => extensions.mine)).toEqual([1, 1, 1]);
  });
});

describe.each(clients)('what leaves an origin (SECURITY 6.1): $name', (kind) => {
  const ALL_BUT_COOKIE = ['Authorization', 'Proxy-Authorization', 'X-Key', 'X-Plain'];

  test.each([
    ['the same path', 'http://h.test/b'],
    ['another case', 'http://H.TEST/'],
    ['its own port', 'http://h.test:80/'],
  ])('%s is the same origin: all stays but the cookies', async (_name, location) => {
    expect(await keptAfter(kind, [location], { sensitiveHeaders: ['x-key'] })).toEqual(ALL_BUT_COOKIE);
  });

  test.each([
    ['another port', 'http://h.test:8080/'],
    ['a subdomain', 'http://a.h.test/'],
    ['a suffix', 'http://evilh.test/'],
    ['a trailing dot', 'http://h.test./'],
    ['https on another port', 'https://h.test:8443/'],
  ])('%s is another origin: no credentials go there', async (_name, location) => {
    expect(await keptAfter(kind, [location], { sensitiveHeaders: ['X-KEY'] })).toEqual(['X-Plain']);
  });

  test('http from https is another origin', async () => {
    expect(await keptAfter(kind, ['http://h.test/'], {}, 'https://h.test/')).toEqual(['X-Key', 'X-Plain']);
  });

  test('https on the same host is another origin, on its own port or not', async () => {
    expect(await keptAfter(kind, ['https://h.test/'], { sensitiveHeaders: ['x-key'] })).toEqual(['X-Plain']);
    expect(await keptAfter(kind, ['https://h.test/'], {}, 'http://h.test:8080/')).toEqual(['X-Key', 'X-Plain']);
  });

  test('what is gone does not come back with the origin', async () => {
    expect(await keptAfter(kind, ['http://o.test/', START])).toEqual(['X-Key', 'X-Plain']);
  });

  test('Host is the new one; on the same origin the caller’s own stays', async () => {
    const { client, seen } = following(kind, ['/same', 'http://o.test:81/']);
    await client.get(START, { headers: { Host: 'virtual' } });
    expect(seen.map(({ headers }) => headers.get('host'))).toEqual(['virtual', 'virtual', 'o.test:81']);
  });
});

test('AsyncClient alone: a stream that no redirect will read is told', async () => {
  let told: unknown = null;
  const content = new ReadableStream({
    cancel(reason) {
      told = reason;
    },
  });
  const asked: string[] = [];
  const transport = {
    handleAsyncRequest: async (request: Request) => {
      asked.push(request.method);
      return asked.length === 1 ? new Response(303, { headers: { location: '/next' } }) : new Response(200);
    },
    aclose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  await openClient({ followRedirects: true, transport }).post(START, { content });
  expect(asked).toEqual(['POST', 'GET']);
  expect(String(told)).toContain('without the body');
});

describe('a response in between', () => {
  const redirect = (body: string, fields = ''): string => answer(body, `Location: /next\r\n${fields}`, '302 Found');

  /** Sockets that answer the n-th request (of all) with the n-th text. */
  function answers(...texts: (string | ((socket: FakeSocket) => void))[]) {
    const environment = fakeEnvironment();
    let index = 0;
    environment.connector.onSocket = (socket) => {
      let heard = '';
      socket.onWritten = () => {
        heard += socket.takeWritten();
        if (!heard.endsWith('\r\n\r\n')) return;
        heard = '';
        const next = texts[index++];
        if (typeof next === 'string') socket.say(next);
        else next?.(socket);
      };
    };
    return { environment, client: openClient({ followRedirects: true }, environment) };
  }

  test('is read, so that its connection serves the next request; its content can be asked for', async () => {
    const { client, environment } = answers(redirect('moved'), answer('ok'));
    const response = await client.get(START);
    expect(response.text).toBe('ok');
    expect(environment.connector.sockets.length).toBe(1);
    const [first] = response.history;
    expect(first?.isClosed).toBe(true);
    expect(first?.text).toBe('moved');
    expect(new TextDecoder().decode(await first?.aread())).toBe('moved');
  });

  test('is not decoded before somebody asks', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000)).toString('latin1');
    const { client } = answers(redirect('no gzip', 'Content-Encoding: gzip\r\n'), answer('ok'));
    const [broken] = (await client.get(START)).history;
    expect(() => broken?.content).toThrow('Cannot decode');
    const second = answers(redirect(bomb, 'Content-Encoding: gzip\r\n'), answer('ok'));
    const [bombed] = (await second.client.get(START)).history;
    expect(bombed?.numBytesDownloaded).toBe(bomb.length);
    expect(bombed?.content.length).toBe(1_000_000);
  });

  test('that says it is long is given up at once, with its connection', async () => {
    const { client, environment } = answers(
      'HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 65537\r\n\r\n',
      answer('ok'),
    );
    const response = await client.get(START);
    expect(response.text).toBe('ok');
    expect(environment.connector.sockets.map(({ closed }) => closed)).toEqual([true, false]);
    expect(response.history[0]?.isClosed).toBe(true);
  });

  test('that turns out long is given up after 64 KiB', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const { client, environment } = answers((socket) => {
      socket.say('HTTP/1.1 302 Found\r\nLocation: /next\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let i = 0; i < 5; i++) socket.say(chunk);
    }, answer('ok'));
    const response = await client.get(START);
    expect(response.text).toBe('ok');
    expect(environment.connector.sockets.map(({ closed }) => closed)).toEqual([true, false]);
    expect(response.history[0]?.numBytesDownloaded).toBeLessThanOrEqual(5 * 0x4000);
  });

  test('that drips is given up when the read limit has passed', async () => {
    let dripping: FakeSocket | null = null;
    const { client, environment } = answers((socket) => {
      dripping = socket;
      socket.say('HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 1000\r\n\r\nx');
    }, answer('ok'));
    const call = client.get(START, { timeout: { read: 1000 } });
    for (let i = 0; i < 4; i++) {
      await environment.host.advance(400);
      (dripping as FakeSocket | null)?.say('x');
    }
    expect((await call).text).toBe('ok');
    expect((dripping as FakeSocket | null)?.closed).toBe(true);
  });

  const CUT = 'HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 10\r\n\r\nabc';
  const BROKEN = 'HTTP/1.1 302 Found\r\nLocation: /next\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz';

  test.each<[string, (socket: FakeSocket) => void]>([
    ['that falls silent', (socket) => socket.say(CUT)],
    ['that is cut short', (socket) => socket.say(CUT).fin()],
    [
      'whose connection breaks',
      (socket) => {
        socket.say(CUT);
        socket.fail(new ReadError('broken'));
      },
    ],
    ['that breaks the protocol', (socket) => socket.say(BROKEN)],
  ])('%s is given up, and followed', async (_name, say) => {
    const { client, environment } = answers(say, answer('ok'));
    const call = client.get(START, { timeout: { read: 1000 } });
    if (!(await isSettled(call))) await environment.host.advance(1000);
    const response = await call;
    expect(response.text).toBe('ok');
    expect(environment.connector.sockets.map(({ closed }) => closed)).toEqual([true, false]);
    expect(response.history[0]?.isClosed).toBe(true);
    await expect(response.history[0]?.aread()).rejects.toThrow();
  });

  const silent = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ start: (body) => body.enqueue(octetsOf('abc')) });
  const never = async function* (): AsyncGenerator<Uint8Array> {
    yield octetsOf('abc');
    await new Promise(() => {});
  };
  const MOVED = { location: '/next' };

  test.each<[string, (isFirst: boolean) => AsyncBaseTransport]>([
    [
      'an application',
      (isFirst) =>
        new HandlerTransport(
          () => new globalThis.Response(isFirst ? silent() : 'ok', { status: isFirst ? 302 : 200, headers: MOVED }),
        ),
    ],
    [
      'a transport of the user’s',
      (isFirst) =>
        new MockTransport(() =>
          isFirst ? new Response(302, { headers: MOVED, stream: never() }) : new Response(200, { text: 'ok' }),
        ),
    ],
  ])('that falls silent is given up after the read limit: of %s', async (_name, transport) => {
    const environment = fakeEnvironment();
    class Twice extends Auth {
      override *authFlow(request: Request): Generator<Request, void, Response> {
        yield request;
        yield request;
      }
    }
    for (const options of [{ followRedirects: true }, { auth: new Twice() }]) {
      let asked = 0;
      const client = openClient(
        {
          wrapTransport: () =>
            new MockTransport((request) => transport(asked++ === 0).handleAsyncRequest(request) as Promise<Response>),
        },
        environment,
      );
      const call = client.get(START, { timeout: { read: 1000 }, ...options });
      await environment.host.advance(999);
      expect(await isSettled(call)).toBe(false);
      await environment.host.advance(1);
      const response = await call;
      expect(response.text).toBe('ok');
      expect(response.history[0]?.isClosed).toBe(true);
    }
  });

  test('that is a step of an auth flow is given up too, and the flow goes on', async () => {
    class Twice extends Auth {
      override *authFlow(request: Request): Generator<Request, void, Response> {
        yield request;
        yield request;
      }
    }
    const { client, environment } = answers((socket) => {
      socket.say('HTTP/1.1 401 Unauthorized\r\nContent-Length: 10\r\n\r\nabc');
      socket.fail(new ReadError('broken'));
    }, answer('ok'));
    expect((await client.get(START, { auth: new Twice() })).text).toBe('ok');
    expect(environment.connector.sockets.length).toBe(2);
  });

  test.each<[string, (client: AsyncClient, controller: AbortController) => unknown, CallOptions, string]>([
    ['the total time', () => undefined, { timeout: { read: 1000, total: 500 } }, 'after 500 ms in all'],
    ['an abort', (_client, controller) => controller.abort(new ReadError('enough')), {}, 'enough'],
    ['the end of the client', (client) => client.aclose(), {}, 'was closed'],
  ])('whose reading %s ends is not followed', async (_name, end, options, message) => {
    const { client, environment } = answers((socket) => socket.say(CUT), answer('ok'));
    const controller = new AbortController();
    const call = client.get(START, { signal: controller.signal, ...options });
    const told = expect(call).rejects.toThrow(message);
    await environment.host.settled();
    await end(client, controller);
    await environment.host.advance(600);
    await told;
    expect(environment.connector.sockets.map(({ closed }) => closed)).toEqual([true]);
  });

  test('counts towards the total time and the signal of the call', async () => {
    const { client, environment } = answers(redirect(''), redirect(''), redirect(''));
    let asked = 0;
    client.eventHooks.request.push(async () => {
      if (asked++ > 0) await environment.host.advance(300);
    });
    const late = failureOf(client.get(START, { timeout: { total: 500 } }), TotalTimeout);
    expect(String((await late).request.url)).toBe('http://h.test/next');

    const second = answers(redirect(''), () => controller.abort(new Error('enough')));
    const controller = new AbortController();
    await expect(second.client.get(START, { signal: controller.signal })).rejects.toThrow('enough');
    expect(second.environment.connector.sockets.every(({ closed }) => closed)).toBe(true);
  });

  test('leaves the last body unread where it is streamed', async () => {
    const { client } = answers(redirect('moved'), answer('ok'));
    const response = await client.stream('GET', START);
    expect(response.isClosed).toBe(false);
    expect(response.history[0]?.isClosed).toBe(true);
    expect(new TextDecoder().decode(await response.aread())).toBe('ok');
  });
});
