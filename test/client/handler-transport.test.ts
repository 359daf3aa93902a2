/** HandlerTransport: an application of this process answers. Bodies stream both ways; who gives up tells the other side. */
import { describe, expect, test } from 'vitest';
import {
  AsyncClient,
  Client,
  type ClientOptions,
  type FetchHandler,
  HandlerTransport,
  type HandlerTransportOptions,
  LocalProtocolError,
  RemoteProtocolError,
  Request,
  Response,
  StreamConsumed,
  TotalTimeout,
} from '../../src/index.js';
import { errorOf, failureOf, fakeEnvironment, isSettled } from '../support/client.js';

const url = 'http://app.test/';

const clientOf = (app: FetchHandler, options?: HandlerTransportOptions): AsyncClient =>
  new AsyncClient({ transport: new HandlerTransport(app, options) });

/** Pieces of a body, each noted when it is asked for. */
function noted(pieces: readonly string[], log: string[]): AsyncGenerator<string> {
  return (async function* () {
    try {
      for (const piece of pieces) {
        log.push(`ask ${piece}`);
        yield piece;
      }
    } finally {
      log.push('over');
    }
  })();
}

/** A stream that makes a piece each time it is asked, and notes it. */
function counting(log: string[], last = 1000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at === last) return controller.close();
        log.push(`make ${at}`);
        controller.enqueue(new TextEncoder().encode(`${at++},`));
      },
      cancel(reason) {
        log.push(`cancel ${(reason as Error).name}`);
      },
    },
    { highWaterMark: 0 },
  );
}

describe('the request', () => {
  test('comes as a server would see it: method, URL, fields and body', async () => {
    const client = clientOf(async (request) => {
      const { method, headers, signal } = request;
      const seen = { method, url: request.url, host: headers.get('host'), a: headers.get('x-a') };
      return globalThis.Response.json({ ...seen, body: await request.text(), aborted: signal.aborted });
    });
    const response = await client.post(`${url}a%20b?c=d#fragment`, {
      headers: [
        ['X-A', '1'],
        ['x-a', 'ü'],
      ],
      content: 'hello',
    });
    const seen = { method: 'POST', url: `${url}a%20b?c=d`, host: 'app.test', a: '1, ü' };
    expect(response.json()).toEqual({ ...seen, body: 'hello', aborted: false });
  });

  test('has no credentials in its URL: they are in its fields', async () => {
    const client = clientOf(
      (request) => new globalThis.Response(`${request.url} ${request.headers.get('authorization')}`),
    );
    expect((await client.get('http://u:p@app.test/')).text).toBe(`${url} Basic ${btoa('u:p')}`);
  });

  test('is asked by whatever is the fetch of an object, as a Worker exports it', async () => {
    const app = {
      greeting: 'hello',
      fetch(_request: globalThis.Request) {
        return new globalThis.Response(this.greeting);
      },
    };
    const client = new AsyncClient({ transport: new HandlerTransport(app) });
    expect((await client.get(url)).text).toBe('hello');
  });

  test('streams: each piece is asked for when the application reads it', async () => {
    const log: string[] = [];
    const client = clientOf(async (request) => {
      const reader = (request.body as ReadableStream<Uint8Array>).getReader();
      log.push('called');
      for (let result = await reader.read(); !result.done; result = await reader.read()) {
        log.push(`got ${new TextDecoder().decode(result.value)}`);
      }
      return new globalThis.Response('done');
    });
    expect((await client.post(url, { content: noted(['a', 'b'], log) })).text).toBe('done');
    expect(log).toEqual(['called', 'ask a', 'got a', 'ask b', 'got b', 'over']);
  });

  test('a body that nobody read is told, when the response is over', async () => {
    const log: string[] = [];
    const client = clientOf(() => new globalThis.Response(null, { status: 204 }));
    const cancelled = new ReadableStream<Uint8Array>({
      cancel(reason) {
        log.push(String(reason));
      },
    });
    await client.post(url, { content: cancelled });
    expect(log).toEqual(['Error: The response came before the request body was read']);
  });

  test('a body that fails is the error of the call, whatever the application makes of it', async () => {
    const failure = new Error('disk');
    async function* failing() {
      yield 'a';
      throw failure;
    }
    const apps: FetchHandler[] = [
      async (request) => new globalThis.Response(await request.text()),
      async (request) => new globalThis.Response(request.body),
    ];
    for (const app of apps) {
      for (const raiseAppExceptions of [true, false]) {
        const client = clientOf(app, { raiseAppExceptions });
        expect(await errorOf(client.post(url, { content: failing() }))).toBe(failure);
      }
    }
  });

  test.each([
    ['a GET with a body', () => new Request('GET', url, { content: 'x' }), 'has no body'],
    ['CONNECT', () => new Request('CONNECT', url), 'Cannot ask the application'],
    ['a target that is no path', () => new Request('OPTIONS', url, { extensions: { target: '*' } }), 'target "*"'],
  ])('%s cannot be handed over, and says so', async (_what, request, words) => {
    const client = clientOf(() => new globalThis.Response('never'), { raiseAppExceptions: false });
    const error = await failureOf(client.send(request()), LocalProtocolError);
    expect(error.message).toContain(words);
    expect(error.request.url.href).toBe(url);
  });

  test('a target of its own takes the place of path and query', async () => {
    const client = clientOf((request) => new globalThis.Response(request.url));
    expect((await client.get(url, { extensions: { target: '/other?x' } })).text).toBe(`${url}other?x`);
  });
});

describe('the response', () => {
  test('has status, reason and every field, each Set-Cookie on its own', async () => {
    const client = clientOf(() => {
      const response = new globalThis.Response('teapot', { status: 418, statusText: 'Short and stout' });
      for (const cookie of ['a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'b=2']) {
        response.headers.append('set-cookie', cookie);
      }
      return response;
    });
    const response = await client.get(url);
    expect([response.statusCode, response.reasonPhrase, response.text]).toEqual([418, 'Short and stout', 'teapot']);
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect([...client.cookies]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('streams: a piece is made when it is asked for', async () => {
    const log: string[] = [];
    const client = clientOf(() => new globalThis.Response(counting(log)));
    const response = await client.stream('GET', url);
    expect(log).toEqual([]);
    const pieces = response.aiterBytes();
    await pieces.next();
    await pieces.next();
    expect(log).toEqual(['make 0', 'make 1']);
    await response.aclose();
    expect(log).toEqual(['make 0', 'make 1', 'cancel AbortError']);
  });

  test('both ways at once: what is read of the response is what is read of the request', async () => {
    const log: string[] = [];
    const client = clientOf((request) => new globalThis.Response(request.body));
    const response = await client.stream('POST', url, { content: noted(['a', 'b', 'c'], log) });
    const pieces = response.aiterText();
    expect((await pieces.next()).value).toBe('a');
    expect(log).not.toContain('ask c');
    const rest: string[] = [];
    for await (const piece of pieces) rest.push(piece);
    expect(rest).toEqual(['b', 'c']);
    expect(log.at(-1)).toBe('over');
  });

  test('that is closed early aborts the request, and tells its body', async () => {
    const log: string[] = [];
    const client = clientOf((request) => {
      request.signal.addEventListener('abort', () => log.push(`signal ${(request.signal.reason as Error).name}`));
      return new globalThis.Response(request.body);
    });
    const response = await client.stream('POST', url, { content: noted(['a', 'b', 'c'], log) });
    await response.aiterBytes().next();
    await response.aclose();
    expect(await isSettled(response.aclose())).toBe(true);
    expect(log).toContain('signal AbortError');
    expect(log).toContain('over');
  });

  test('that was read does not abort the request', async () => {
    let signal: AbortSignal | undefined;
    const client = clientOf((request) => {
      signal = request.signal;
      return new globalThis.Response('all');
    });
    await client.get(url);
    expect(signal?.aborted).toBe(false);
  });

  test.each([204, 205, 304])('%i has no body, and is over', async (status) => {
    const response = await clientOf(() => new globalThis.Response(null, { status })).stream('GET', url);
    expect(await response.aread()).toHaveLength(0);
    expect(response.statusCode).toBe(status);
  });

  test('to HEAD has none either: what the application made of it is cancelled', async () => {
    const log: string[] = [];
    const client = clientOf(() => new globalThis.Response(counting(log), { headers: { 'content-length': '17' } }));
    const response = await client.head(url);
    expect(response.headers.get('content-length')).toBe('17');
    expect(response.content).toHaveLength(0);
    expect(log).toEqual(['cancel Error']);
  });

  test('is decoded where it says that it is coded', async () => {
    const client = clientOf(() => {
      const coded = new Blob(['hello']).stream().pipeThrough(new CompressionStream('gzip'));
      return new globalThis.Response(coded, { headers: { 'content-encoding': 'gzip' } });
    });
    expect((await client.get(url)).text).toBe('hello');
  });

  test('redirects are followed by the client, with its cookies', async () => {
    const client = clientOf((request) => {
      if (request.url !== url) return new globalThis.Response(request.headers.get('cookie'));
      return new globalThis.Response(null, { status: 302, headers: { location: '/next', 'set-cookie': 'a=1' } });
    });
    const response = await client.get(url, { followRedirects: true });
    expect([response.text, response.history.length]).toEqual(['a=1', 1]);
  });
});

describe('giving up', () => {
  test('an abort before the answer aborts the request with the same reason, and a late answer is cancelled', async () => {
    const log: string[] = [];
    const reason = new Error('enough');
    let answer: (response: globalThis.Response) => void = () => {};
    const client = clientOf((request) => {
      request.signal.addEventListener('abort', () => log.push(String(request.signal.reason)));
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const aborter = new AbortController();
    const call = client.get(url, { signal: aborter.signal });
    aborter.abort(reason);
    expect(await errorOf(call)).toBe(reason);
    expect(log).toEqual(['Error: enough']);
    answer(new globalThis.Response(counting(log)));
    expect(await isSettled(Promise.resolve())).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['Error: enough', 'cancel AbortError']);
  });

  test('an abort while the body is read ends it with the reason, also between two pieces', async () => {
    for (const waiting of [true, false]) {
      const log: string[] = [];
      const reason = new Error('enough');
      let made = 0;
      const silent = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => (made++ === 0 ? controller.enqueue(new Uint8Array(1)) : new Promise<void>(() => {})),
          cancel: () => void log.push('cancelled'),
        },
        { highWaterMark: 0 },
      );
      const aborter = new AbortController();
      const client = clientOf(() => new globalThis.Response(silent));
      const response = await client.stream('GET', url, { signal: aborter.signal });
      const pieces = response.aiterBytes();
      await pieces.next();
      const second = waiting ? pieces.next() : null;
      aborter.abort(reason);
      expect(await errorOf(second ?? pieces.next())).toBe(reason);
      expect(log).toEqual(['cancelled']);
      expect(response.isClosed).toBe(true);
    }
  });

  test('the total time ends a body that is silent, and the error has its request', async () => {
    const environment = fakeEnvironment();
    const silent = new ReadableStream<Uint8Array>({}, { highWaterMark: 0 });
    const transport = new HandlerTransport(() => new globalThis.Response(silent));
    const client = new AsyncClient({ transport, timeout: { total: '2s' } }, environment);
    const response = await client.stream('GET', url);
    const read = response.aread();
    environment.host.advance(2000);
    const error = await failureOf(read, TotalTimeout);
    expect(error.request.url.href).toBe(url);
  });
});

describe('an application that fails', () => {
  const failure = new Error('app failed');
  const throwing: FetchHandler[] = [
    () => {
      throw failure;
    },
    async () => {
      throw failure;
    },
  ];

  test('throws what it throws to the caller', async () => {
    for (const app of throwing) expect(await errorOf(clientOf(app).get(url))).toBe(failure);
  });

  test('is a response 500 where it is said so', async () => {
    for (const app of throwing) {
      const response = await clientOf(app, { raiseAppExceptions: false }).get(url);
      expect([response.statusCode, response.content.length]).toEqual([500, 0]);
    }
  });

  const broken = (): globalThis.Response => {
    let at = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (at++ > 0) throw failure;
      controller.enqueue(new TextEncoder().encode('part'));
    };
    return new globalThis.Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  };

  test('in the middle of the body throws it to who reads, and is never taken for the end', async () => {
    expect(await errorOf(clientOf(broken).get(url))).toBe(failure);
    const error = await failureOf(clientOf(broken, { raiseAppExceptions: false }).get(url), RemoteProtocolError);
    expect(error.cause).toBe(failure);
    expect(error.request.url.href).toBe(url);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'expected a Response of the platform, got undefined'],
    ['a string', 'hello', 'expected a Response of the platform, got string'],
    [
      'a Response of httpx',
      new Response(200),
      "got httpx-wasm's: make a globalThis.Response, or give the function to Mock",
    ],
    ['Response.error()', globalThis.Response.error(), 'answered with Response.error()'],
  ])('with %s says so', async (_what, answer, words) => {
    const error = (await errorOf(clientOf(() => answer as globalThis.Response).get(url))) as Error;
    expect(error.message).toContain(words);
  });

  test('with a body that was read before says so', async () => {
    const used = new globalThis.Response('x');
    await used.text();
    const error = await failureOf(clientOf(() => used).get(url), TypeError);
    expect(error.message).toContain('its body has been read');
  });
});

describe('misuse', () => {
  test('Client refuses it, wherever it is given, and says why', () => {
    const transport = new HandlerTransport(() => new globalThis.Response('x')) as unknown as NonNullable<
      ClientOptions['transport']
    >;
    for (const options of [{ transport }, { mounts: { 'all://': transport } }, { wrapTransport: () => transport }]) {
      expect(() => new Client(options)).toThrow(TypeError);
      expect(() => new Client(options)).toThrow('HandlerTransport is for AsyncClient, since a WHATWG body can only be');
    }
  });

  test('what is no application, and unknown settings, are refused', () => {
    const making = (app: unknown, options?: object) => () =>
      new HandlerTransport(app as FetchHandler, options as HandlerTransportOptions);
    expect(making(undefined)).toThrow('expected a function of a Request, or an object with it as fetch, got undefined');
    expect(making({ fetch: 1 })).toThrow(TypeError);
    expect(making(() => {}, { raise: true })).toThrow("unknown option 'raise'");
  });

  test('a one-shot body is not sent twice', async () => {
    const client = clientOf(async (request) => {
      await request.text();
      return new globalThis.Response(null, { status: 307, headers: { location: '/again' } });
    });
    async function* once() {
      yield 'x';
    }
    await failureOf(client.post(url, { content: once(), followRedirects: true }), StreamConsumed);
  });
});
