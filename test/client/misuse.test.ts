/** What a caller may get wrong: each mistake is refused by name, as a typed error, before anything is sent. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  codes,
  InvalidURL,
  Limits,
  MockTransport,
  Request,
  RequestNotRead,
  Response,
  ResponseNotRead,
  StreamConsumed,
  UnsupportedProtocol,
} from '../../src/index.js';
import { failureOf, type RequestOptions } from '../support/client.js';
import { type AnyClient, clients, type Settings } from '../support/clients.js';
import { answer } from '../support/octets.js';

const url = 'http://fake.invalid/';

/** What only JavaScript can pass. */
const any = <T>(value: unknown): T => value as T;

describe.each(clients)('$name', (kind) => {
  const client = (settings?: Settings) => kind.fake(answer('ok'), settings);

  /** The message of the TypeError, and nothing was connected to. */
  async function refused(call: (client: AnyClient) => unknown, options?: Settings): Promise<string> {
    const { client: asked, connector } = client(options);
    const { message } = await failureOf(() => call(asked), TypeError);
    expect(connector.sockets.length).toBe(0);
    return message;
  }

  /** What is sent as the request line's target. */
  async function targetOf(baseUrl: string, reference: string): Promise<string> {
    const { client: asked, connector } = client({ baseUrl });
    await asked.get(reference);
    return connector.sockets[0]?.written.split(' ')[1] ?? '';
  }

  async function bodyOf(options: RequestOptions): Promise<string> {
    const { client: asked, connector } = client();
    await asked.post(url, options);
    return connector.sockets[0]?.written.split('\r\n\r\n')[1] ?? '';
  }

  describe('baseUrl', () => {
    test.each([
      ['http://h.invalid/a%2fb', 'x', '/a%2fb/x'],
      ['http://h.invalid/a%2Fb/', 'x?y=%2f', '/a%2Fb/x?y=%2f'],
      ['http://h.invalid/a%3Fd', 'x', '/a%3Fd/x'],
      ['http://h.invalid/a%23d%25', '/x', '/a%23d%25/x'],
      ['http://h.invalid', 'x', '/x'],
      ['http://h.invalid/a?key=1', 'x', '/a/x'],
      ['http://h.invalid/a%2F', 'x', '/a%2F/x'],
    ])('%s keeps its encoding: %s goes to %s', async (base, reference, target) => {
      expect(await targetOf(base, reference)).toBe(target);
    });

    test.each([
      ['api.example.org/v1', true],
      ['localhost:3000', true],
      ['localhost', true],
      ['127.0.0.1:80', true],
      ['/v1', false],
      ['//example.org', false],
      ['https//api/v1', false],
      ['http:x', false],
    ])('%s is kept, as by httpx, and named once it stands before a relative URL', async (baseUrl, isLikeHost) => {
      const asked = client({ baseUrl }).client;
      const { message } = await failureOf(() => asked.get('/items'), UnsupportedProtocol);
      expect(message).toContain(
        `Cannot put baseUrl before "/items": expected it to begin with 'http://' or 'https://'`,
      );
      expect(message).toContain(`got "${asked.baseUrl.href}"`);
      expect(message.endsWith('; to reach that host, write one of the two before it')).toBe(isLikeHost);
      expect((await asked.get('http://fake.invalid/items')).text).toBe('ok');
    });

    test.each([
      ['user:hunter2@example.org', '…@example.org/'],
      ['user:p/hunter2@example.org', '…@example.org/'],
      ['user:p?hunter2@example.org', '…?…'],
      ['hunter2@example.org', '…@example.org/'],
      ['//hunter2@example.org/a', '//example.org/a/'],
      ['api.example.org/?t=hunter2', 'api.example.org/?…'],
      ['/@scope/name#hunter2', '/@scope/name/'],
    ])('without a scheme, %s is shown without what may be secret', async (baseUrl, shown) => {
      const asked = client({ baseUrl }).client;
      const { message } = await failureOf(() => asked.get('/?t=hunter2'), UnsupportedProtocol);
      expect(message).toContain('before "/?…": ');
      expect(message).toContain(`got "${shown}"`);
      expect(message).not.toContain('hunter2');
    });

    test.each(['localhost:3000/?token=hunter2', 'localhost/?token=hunter2', 'user:3/hunter2@h'])(
      '%s as the URL of a call is told without what may be secret',
      async (url) => {
        const { message } = await failureOf(() => client().client.get(url), UnsupportedProtocol);
        expect(message).not.toContain('hunter2');
      },
    );

    test('stays as it is spelled when it is read', () => {
      expect(kind.open({ baseUrl: 'http://h.invalid/a%2fb' }).baseUrl.href).toBe('http://h.invalid/a%2fb/');
    });
  });

  describe('credentials in a URL', () => {
    test('that are empty are none', async () => {
      expect((await client().client.get('http://@fake.invalid/')).text).toBe('ok');
    });
  });

  describe('a URL that is none', () => {
    test.each([undefined, null, 5, {}])('%s is refused by name, not taken for the base', async (given) => {
      const base = { baseUrl: 'http://fake.invalid/users/' };
      const calls: ((asked: AnyClient) => unknown)[] = [
        (asked) => asked.delete(any(given)),
        (asked) => asked.get(any(given)),
        (asked) => asked.request('GET', any(given)),
        (asked) => asked.stream('GET', any(given)),
        (asked) => asked.post(any(given), { json: 1 }),
      ];
      for (const call of calls)
        expect(await refused(call, base)).toContain('expected url to be a string or a URL, got');
      expect(() => client(base).client.buildRequest('GET', any(given))).toThrow(/expected url/);
      expect(() => new Request('GET', any(given))).toThrow(/expected url/);
    });

    test('that is empty is the base', async () => {
      expect(await targetOf('http://fake.invalid/users', '')).toBe('/users/');
    });

    test('that is a host and its port says what to write', async () => {
      const { message } = await failureOf(() => client().client.get('localhost:3000/a'), UnsupportedProtocol);
      expect(message).toBe(
        "Request URL has an unsupported protocol 'localhost://'. To reach that host, write 'http://localhost:3000/a'.",
      );
    });

    test('that has no protocol is quoted, and baseUrl named', async () => {
      for (const given of ['', '/users', 'example.org/a']) {
        const { message } = await failureOf(() => client().client.get(given), UnsupportedProtocol);
        expect(message).toContain(`Got ${JSON.stringify(given)}`);
        expect(message).toContain('baseUrl');
      }
      const long = await failureOf(() => client().client.get(`/${'x'.repeat(500)}`), UnsupportedProtocol);
      expect(long.message.length).toBeLessThan(300);
      const secret = await failureOf(() => client().client.get('//user:hunter2@h/'), UnsupportedProtocol);
      expect(secret.message).not.toContain('hunter2');
    });
  });

  describe('arguments of another type', () => {
    test('a method', async () => {
      for (const method of [null, undefined, 5]) {
        const words = 'expected the method to be a string';
        expect(await refused((asked) => asked.request(any(method), url))).toContain(words);
        expect(() => new Request(any(method), url)).toThrow(words);
      }
    });

    test('a request', async () => {
      for (const request of [undefined, null, {}, url]) {
        expect(await refused((asked) => asked.send(any(request)))).toContain('expected a Request');
      }
    });

    test('a signal', async () => {
      for (const signal of [{}, 5, true, new AbortController()]) {
        const words = 'expected signal to be an AbortSignal';
        expect(await refused((asked) => asked.get(url, { signal: any(signal) }))).toContain(words);
        expect(await refused((asked) => asked.send(new Request('GET', url), { signal: any(signal) }))).toContain(words);
      }
    });

    test.each([
      ['onInterim', 5],
      ['sniHostname', 5],
      ['target', {}],
    ])('the extension %s', async (name, value) => {
      const words = `Cannot set extensions.${name}: expected`;
      const extensions = { [name]: value };
      expect(await refused((asked) => asked.get(url, { extensions }))).toContain(words);
      expect(() => new Request('GET', url, { extensions })).toThrow(words);
      const request = new Request('GET', url);
      expect(() => {
        request.extensions = extensions;
      }).toThrow(words);
    });

    test('extensions', async () => {
      for (const extensions of [5, 'x', []]) {
        expect(await refused((asked) => asked.get(url, { extensions: any(extensions) }))).toContain(
          'expected an object',
        );
      }
    });
  });

  describe('settings of another type', () => {
    const hook = () => {};
    test.each<[string, object, string]>([
      ['a hook for a list', { eventHooks: { request: hook } }, "a list of functions as 'request', got function"],
      ['a number for a hook', { eventHooks: { response: [hook, 5] } }, "functions in 'response', got number"],
      ['a list for eventHooks', { eventHooks: [hook] }, 'got Array'],
      ['an object for wrapTransport', { wrapTransport: {} }, 'expected wrapTransport to be a function'],
      ['nothing from wrapTransport', { wrapTransport: () => undefined }, 'expected wrapTransport to give a transport'],
      ['a promise from wrapTransport', { wrapTransport: async () => hook }, 'got Promise'],
      ['no transport', { transport: {} }, 'expected a transport'],
      ['a list for allowAddress', { allowAddress: [] }, 'expected allowAddress to be a function'],
      ['an object for resolve', { resolve: {} }, 'expected resolve to be a function'],
      ['a number for defaultEncoding', { defaultEncoding: 5 }, 'defaultEncoding'],
      ['an empty cert', { cert: [] }, 'expected a path, or [certFile, keyFile, password?], got []'],
      ['PEM texts for cert', { cert: { cert: 'a', key: 'b' } }, 'verify: { cert, key }'],
      ['octets for cert', { cert: ['a.pem', Uint8Array.of(1)] }, 'got [string, Uint8Array]'],
      ['too much for cert', { cert: ['a.pem', 'b.pem', null, 'c'] }, 'cert'],
    ])('%s', (_name, options, words) => {
      expect(() => kind.open(any(options))).toThrow(TypeError);
      expect(() => kind.open(any(options))).toThrow(words);
    });

    test('hooks that were replaced with no list', async () => {
      const { client: asked, connector } = client();
      asked.eventHooks.request = any(hook);
      expect((await failureOf(() => asked.get(url), TypeError)).message).toContain('a list of functions');
      expect(connector.sockets.length).toBe(0);
    });

    test('null for a limit that cannot be absent is its default', () => {
      expect(new Limits({ headOctets: null, fields: null, interim: null }).equals(new Limits())).toBe(true);
    });
  });

  describe('data', () => {
    test.each<[string, unknown, string]>([
      ['a string', 'abc', 'got string (text and octets are given as content)'],
      ['octets', Uint8Array.of(1), 'got Uint8Array (text'],
      ['a list', [['a', '1']], 'got Array'],
      ['a Map', new Map([['a', '1']]), 'got Map'],
      ['a Blob', new Blob(['x']), 'got Blob'],
      ['a Date', new Date(0), 'got Date'],
      ['a number', 5, 'got number'],
      ['a Date as a value', { a: new Date(0) }, "form field 'a': expected a string, number, boolean or null, got Date"],
      ['an object as a value', { a: [{}] }, "form field 'a'"],
      ['a function as a value', { a: () => {} }, "form field 'a'"],
    ])('%s is refused', async (_name, data, words) => {
      expect(await refused((asked) => asked.post(url, { data: any(data) }))).toContain(words);
      expect(() => new Request('POST', url, { data: any(data) })).toThrow(words);
    });

    test('undefined is left out, null is empty, as in params', async () => {
      const fields = { a: undefined, b: null, c: [1, undefined, true], d: 5n };
      expect(await bodyOf({ data: fields })).toBe('b=&c=1&c=true&d=5');
      expect(kind.open().buildRequest('GET', url, { params: fields }).url.query).toBe('b=&c=1&c=true&d=5');
    });

    test('an interface without index signature is a form, and parameters', async () => {
      interface Form {
        name: string;
        age?: number;
      }
      const filled: Form = { name: 'a b' };
      expect(await bodyOf({ data: filled })).toBe('name=a+b');
      expect(kind.open().buildRequest('GET', url, { params: filled }).url.query).toBe('name=a+b');
    });

    test('parameters are no Date', () => {
      expect(() => kind.open().buildRequest('GET', url, { params: new Date(0) })).toThrow(/got Date/);
    });
  });

  test('fetch’s Request is not sent, and who takes it is said', async () => {
    const given = new globalThis.Request(url);
    expect(await refused((asked) => asked.send(any(given)))).toBe(
      "Cannot send the request: expected a Request of httpx-wasm, got fetch's global Request: AsyncClient.fetch takes it",
    );
    expect(await refused((asked) => asked.send(any(url)))).toContain('a Request of httpx-wasm, got string');
  });

  test('a host that cannot be: the message shows what may not be in it', async () => {
    const { client: asked } = client();
    for (const host of ['exa mple.org', 'exa%20mple.org']) {
      const { message } = await failureOf(() => asked.get(`http://${host}/`), InvalidURL);
      expect(message).toBe(
        'Cannot send a request to "exa%20mple.org": expected a host that WHATWG URLs allow, not " " (%20)',
      );
    }
  });

  describe('content', () => {
    test.each<[string, unknown, string]>([
      ['URLSearchParams', new URLSearchParams('a=1'), 'got URLSearchParams (a form is given as data)'],
      ['FormData', new FormData(), 'got FormData (a form is given as data)'],
      ['a Uint16Array', Uint16Array.of(1), 'got Uint16Array'],
      ['a DataView', new DataView(new ArrayBuffer(1)), 'got DataView'],
      ['a Map', new Map(), 'got Map'],
      ['an object', { a: 1 }, 'got Object'],
      ['a list of numbers', [1, 2], 'expected Uint8Array or string pieces, got number'],
      ['a list of objects', ['a', new Date(0)], 'expected Uint8Array or string pieces, got Date'],
    ])('%s is refused before anything is sent', async (_name, content, words) => {
      expect(await refused((asked) => asked.post(url, { content: any(content) }))).toContain(words);
    });
  });

  describe('what messages and inspection say', () => {
    test('of a response that was not read, and one that was', () => {
      expect(new StreamConsumed().message).not.toMatch(/redirect|retry/);
      for (const error of [new ResponseNotRead(), new StreamConsumed()]) {
        expect(error.message).toContain('`response.read()` (Client) or `await response.aread()` (AsyncClient)');
      }
      expect(new ResponseNotRead().message).toContain('an auth flow gets it with `requiresResponseBody = true`');
      const unread = new RequestNotRead();
      expect(unread.message).toContain('an auth flow gets it with `requiresRequestBody = true`');
      expect(unread.message).toContain('`request.read()` (Client) or `await request.aread()` (AsyncClient)');
    });

    test('of a request whose body is a stream: both ways to read it', () => {
      const request = new Request('POST', url, { content: kind.pieces(['a']) });
      expect(() => request.content).toThrow('call `request.read()` (Client) or `await request.aread()` (AsyncClient)');
    });

    test('of a client: its settings, no secret, nothing of its inside', () => {
      const headers = { Authorization: 'Bearer hunter2', 'X-Team': 'lamps' };
      const { client: asked } = client({ baseUrl: 'https://api.example.org/v1', headers, params: { page: 1 } });
      const text = inspect(asked);
      expect(text).toBe(String(asked));
      expect(text).toMatch(
        new RegExp(`^<${kind.name}\\(baseUrl: "https://api\\.example\\.org/v1/", params: "page=1", headers: `),
      );
      expect(text).toContain('lamps');
      expect(text).toContain('timeout: Timeout(5000 ms), isClosed: false)>');
      expect(text).not.toMatch(/hunter2|environment|connector|#/);
    });

    test('a transport of one’s own is taken', async () => {
      const transport = new MockTransport(() => new Response(codes.OK, { text: 'mine' }));
      expect((await kind.open({ wrapTransport: () => transport }).get(url)).text).toBe('mine');
    });
  });
});
