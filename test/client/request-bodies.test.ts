/** Request bodies in every shape, their framing, and what happens when a body does not keep its word. */
import { describe, expect, test } from 'vitest';
import {
  ConnectError,
  ConnectTimeout,
  LocalProtocolError,
  PoolTimeout,
  QueryParams,
  Request,
  type RequestData,
  StreamConsumed,
} from '../../src/index.js';
import {
  errorOf,
  type FakeEnvironment,
  failureOf,
  fakeEnvironment,
  openClient,
  type RequestOptions,
} from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { answer, fieldOf, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const okServer = () => serve(always(answer('ok')), { repeatLast: true });

async function* asynchronously(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
}

const streamOf = (...pieces: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

describe.each(clients)('$name', (kind) => {
  async function sent(options: RequestOptions): Promise<{ head: string; body: Buffer }> {
    const server = await okServer();
    await kind.open().post(server.url, options);
    const request = server.peer(0).requests[0];
    if (request === undefined) throw new Error('no request was heard');
    return request;
  }

  describe('framing', () => {
    const octets = Uint8Array.of(0, 255, 10, 13);
    test.each<[string, RequestOptions, string]>([
      ['a string, as UTF-8', { content: 'grün' }, 'gr\u00c3\u00bcn'],
      ['octets', { content: octets }, '\x00\xff\n\r'],
      ['an ArrayBuffer', { content: octets.slice().buffer }, '\x00\xff\n\r'],
      ['JSON', { json: { a: [1, 'é'] } }, '{"a":[1,"\u00c3\u00a9"]}'],
      ['a form', { data: { a: '1 2', b: ['x', 'y'] } }, 'a=1+2&b=x&b=y'],
    ])('%s has a Content-Length', async (_name, options, body) => {
      const request = await sent(options);
      expect(request.body.toString('latin1')).toBe(body);
      expect(fieldOf(request.head, 'content-length')).toBe(String(body.length));
      expect(fieldOf(request.head, 'transfer-encoding')).toBeNull();
    });

    test.each<[string, () => RequestOptions]>([
      ['an iterable of unknown length', () => ({ content: kind.pieces(['one', 'two']) })],
      ['an iterable', () => ({ content: ['one', 'two'].map((piece) => new TextEncoder().encode(piece)) })],
    ])('%s goes in chunks', async (_name, options) => {
      const request = await sent(options());
      expect(request.body.toString()).toBe('onetwo');
      expect(fieldOf(request.head, 'transfer-encoding')).toBe('chunked');
      expect(fieldOf(request.head, 'content-length')).toBeNull();
    });

    test('JSON and forms say what they are', async () => {
      expect(fieldOf((await sent({ json: null })).head, 'content-type')).toBeNull();
      expect(fieldOf((await sent({ json: {} })).head, 'content-type')).toBe('application/json');
      expect(fieldOf((await sent({ data: { a: 1 } })).head, 'content-type')).toBe('application/x-www-form-urlencoded');
    });

    test('a POST without a body says Content-Length: 0, a GET says nothing', async () => {
      const server = await okServer();
      const client = kind.open();
      await client.post(server.url);
      await client.get(server.url);
      expect(server.heads.map((head) => fieldOf(head, 'content-length'))).toEqual(['0', null]);
    });

    test('an empty piece makes no chunk, which would end the body', async () => {
      const request = await sent({ content: kind.pieces(['a', '', new Uint8Array(0), 'b']) });
      expect(request.body.toString()).toBe('ab');
    });

    test('an empty stream is an empty chunked body', async () => {
      const request = await sent({ content: kind.pieces([]) });
      expect(request.body.length).toBe(0);
      expect(fieldOf(request.head, 'transfer-encoding')).toBe('chunked');
    });

    test('a stream with a Content-Length given goes without chunks', async () => {
      const request = await sent({ content: kind.pieces(['abc', 'def']), headers: { 'Content-Length': '6' } });
      expect(request.body.toString()).toBe('abcdef');
      expect(fieldOf(request.head, 'transfer-encoding')).toBeNull();
    });

    test('eight megabytes from a stream arrive octet for octet', async () => {
      const pattern = patternOf(1 << 20);
      const request = await sent({ content: kind.pieces(Array.from({ length: 8 }, () => pattern)) });
      expect(request.body.length).toBe(8 << 20);
      for (let i = 0; i < 8; i++) expect(request.body.subarray(i << 20, (i + 1) << 20).equals(pattern)).toBe(true);
    });

    test('small head and body leave in one write', async () => {
      const server = await okServer();
      await kind.open().post(server.url, { content: 'small' });
      expect(server.peer(0).arrivals.length).toBe(1);
    });
  });

  describe('a body that breaks its word', () => {
    test.each([
      ['short', kind.pieces(['abc']), '10'],
      ['long', kind.pieces(['abc', 'defghijklm']), '10'],
    ])(
      'too %s for its Content-Length: LocalProtocolError, and the connection is not used again',
      async (_name, content, length) => {
        const server = await serve([dialogue().hearHead().stall(), always(answer('after'))]);
        const client = kind.open();
        const call = () => client.post(server.url, { content, headers: { 'Content-Length': length } });
        await failureOf(call, LocalProtocolError);
        expect((await client.get(server.url)).text).toBe('after');
        expect(server.accepted).toBe(2);
        expect(server.peer(0).octetsHeard).toBeLessThanOrEqual((server.peer(0).heads[0]?.length ?? 0) + 10);
      },
    );

    test('an error in the caller’s iterator is what the call rejects with, and the server sees no end of the body', async () => {
      const server = await serve(dialogue().hear());
      const mine = new Error('mine');
      function* failing(): Generator<Uint8Array> {
        yield new Uint8Array(10);
        throw mine;
      }
      expect(await errorOf(() => kind.open().post(server.url, { content: kind.pieces(failing()) }))).toBe(mine);
      await server.emptied();
      expect(server.peer(0).text).not.toContain('\r\n0\r\n');
      expect(server.peer(0).requests).toEqual([]);
    });

    test('a piece that is neither octets nor a string is a TypeError', async () => {
      const server = await serve(dialogue().hearHead().stall());
      function* wrong(): Generator<Uint8Array> {
        yield 17 as unknown as Uint8Array;
      }
      await failureOf(() => kind.open().post(server.url, { content: kind.pieces(wrong()) }), TypeError);
      await server.emptied();
    });
  });

  describe('a body whose length is not what was announced', () => {
    const lengths = (octets: number) => ({ 'Content-Length': String(octets) });

    test('Content-Length: 0 and octets all the same: LocalProtocolError, none of them leaves', async () => {
      const server = await serve(dialogue().hearHead().stall(), { repeatLast: true });
      const call = () => kind.open().post(server.url, { content: kind.pieces(['abc']), headers: lengths(0) });
      await failureOf(call, LocalProtocolError);
      await server.emptied();
      expect(server.peers.every((peer) => !peer.text.includes('abc'))).toBe(true);
    });

    test('Content-Length: 0 and a stream that is empty: a request like any other', async () => {
      const request = await sent({ content: kind.pieces([]), headers: lengths(0) });
      expect(fieldOf(request.head, 'content-length')).toBe('0');
      expect(request.body.length).toBe(0);
    });

    test('a longer one: the error says that part of the request was sent', async () => {
      const server = await serve(dialogue().hearHead().stall());
      const call = () => kind.open().post(server.url, { content: kind.pieces(['abc', 'def']), headers: lengths(3) });
      expect((await failureOf(call, LocalProtocolError)).sent).toBe('partial');
    });
  });

  describe('a server that answers early', () => {
    test('the response is delivered, the upload stops, the iterator is closed, the connection is not used again', async () => {
      const early = answer('no', 'Connection: close\r\n', '413 Content Too Large');
      const server = await serve([dialogue().hearHead().say(early).stall(), always(answer('next'))]);
      let pieces = 0;
      const returned = gate();
      function* endless(): Generator<Uint8Array> {
        try {
          for (;;) {
            pieces++;
            yield new Uint8Array(65536);
          }
        } finally {
          returned.open();
        }
      }
      const client = kind.open();
      const response = await client.post(server.url, { content: kind.pieces(endless()) });
      expect([response.statusCode, response.text]).toEqual([413, 'no']);
      await server.until(() => server.peer(0).clientClosedAt !== null);
      // A generator that was never begun has nothing to end.
      if (pieces > 0) await returned.opened;
      const stoppedAt = pieces;
      expect((await client.get(server.url)).text).toBe('next');
      expect(pieces).toBe(stoppedAt);
    });

    test('also without Connection: close, and also when the server has gone deaf', async () => {
      const server = await serve([
        dialogue().hearHead().goDeaf().say(answer('enough')).stall(),
        always(answer('next')),
      ]);
      const client = kind.open();
      const response = await client.post(server.url, { content: new Uint8Array(32 << 20) });
      expect(response.text).toBe('enough');
      expect((await client.get(server.url)).text).toBe('next');
      expect(server.accepted).toBe(2);
    });

    test('a reset behind it, met while the body is being sent, does not lose the response', async () => {
      const early = answer('big', 'Connection: close\r\n', '413 Content Too Large');
      const server = await serve(dialogue().hearHead().say(early).reset());
      function* pieces(): Generator<Uint8Array> {
        yield new Uint8Array(65536);
        // This thread hears nothing meanwhile, as one that has much to send.
        while (server.begun === 0 || !server.peer(0).finished);
        for (let i = 0; i < 100; i++) yield new Uint8Array(65536);
      }
      const response = await kind.open().post(server.url, { content: kind.pieces(pieces()) });
      expect([response.statusCode, response.text]).toEqual([413, 'big']);
      expect(server.peer(0).octetsHeard).toBeLessThan(1 << 20);
    });

    test('a reset without a response is a WriteError or a ReadError, at once', async () => {
      const server = await serve(dialogue().hearHead().reset());
      function* pieces(): Generator<Uint8Array> {
        yield new Uint8Array(65536);
        while (server.begun === 0 || !server.peer(0).finished);
        for (let i = 0; i < 100; i++) yield new Uint8Array(65536);
      }
      const error = await errorOf(() => kind.open().post(server.url, { content: kind.pieces(pieces()) }));
      expect(['WriteError', 'ReadError']).toContain((error as Error).constructor.name);
    });

    test('a reset after the response was sent still gives the response, when it had been read', async () => {
      const opened = gate();
      const early = answer('big', 'Connection: close\r\n', '413 Content Too Large');
      const server = await serve(dialogue().hearHead().say(early).until(opened).reset());
      const client = kind.open();
      const response = await client.stream('POST', server.url, { content: new Uint8Array(1 << 20) });
      opened.open();
      await server.emptied();
      expect(response.statusCode).toBe(413);
      const error = await errorOf(() => kind.read(response));
      if (error === null) expect(response.text).toBe('big');
      else expect((error as Error).constructor.name).toBe('ReadError');
    });
  });
});

describe('AsyncClient alone: streams', () => {
  test('an early response is heard however fast the body comes and goes', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    let pulled = 0;
    let written = '';
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => {
        if (written === '') socket.say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
        written = socket.written;
      };
    };
    const content = function* () {
      for (; pulled < 1000; pulled++) yield patternOf(10_000);
    };
    expect((await client.post('http://fast.invalid/', { content: content() })).statusCode).toBe(413);
    expect(pulled).toBeLessThan(300);
  });

  test.each<[string, () => RequestOptions]>([
    ['a ReadableStream', () => ({ content: streamOf('one', 'two') })],
    ['an async iterable', () => ({ content: asynchronously('one', 'two') })],
  ])('%s goes in chunks', async (_name, options) => {
    const server = await okServer();
    await openClient().post(server.url, options());
    const request = server.peer(0).requests[0];
    expect(request?.body.toString()).toBe('onetwo');
    expect(fieldOf(request?.head ?? '', 'transfer-encoding')).toBe('chunked');
  });

  test('a ReadableStream is cancelled when the server answers early', async () => {
    const server = await serve(dialogue().hearHead().say(answer('enough')).stall());
    const cancelled = gate();
    const content = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        controller.enqueue(new Uint8Array(65536));
      },
      cancel: () => cancelled.open(),
    });
    await openClient().post(server.url, { content });
    await cancelled.opened;
  });

  describe('a body that cannot be read (again)', () => {
    const url = 'http://fake.invalid/';

    function hearing(): FakeEnvironment {
      const environment = fakeEnvironment();
      environment.connector.onSocket = (socket) => {
        socket.onWritten = () => {
          if (socket.written.endsWith('\r\n0\r\n\r\n')) socket.say(answer('ok'));
        };
      };
      return environment;
    }

    const writtenTo = ({ connector }: FakeEnvironment) =>
      connector.sockets.map((socket) => socket.takeWritten()).join('');

    test.each<[string, () => NonNullable<RequestOptions['content']>]>([
      ['an iterator', () => asynchronously('abc')],
      ['a ReadableStream', () => streamOf('abc')],
    ])('%s sent a second time: StreamConsumed, and not even a head leaves', async (_name, content) => {
      const environment = hearing();
      const client = openClient({ timeout: null }, environment);
      const request = client.buildRequest('POST', url, { content: content() });
      expect((await client.send(request)).text).toBe('ok');
      expect(writtenTo(environment)).toContain('abc');
      await failureOf(client.send(request), StreamConsumed);
      await environment.host.settled();
      expect(writtenTo(environment)).toBe('');
    });

    test('a stream that someone else reads: StreamConsumed, and not even a head leaves', async () => {
      const environment = hearing();
      const content = streamOf('abc');
      content.getReader();
      await failureOf(openClient({ timeout: null }, environment).post(url, { content }), StreamConsumed);
      await environment.host.settled();
      expect(writtenTo(environment)).toBe('');
    });
  });

  describe('a stream whose turn never came is cancelled', () => {
    const url = 'http://fake.invalid/';
    type Client = ReturnType<typeof openClient>;
    type Post = (client: Client, options?: RequestOptions) => Promise<unknown>;

    const failures: [string, (environment: FakeEnvironment, post: Post) => Promise<void>][] = [
      [
        'an abort while connecting',
        async (environment, post) => {
          environment.connector.manual = true;
          const controller = new AbortController();
          const call = post(openClient({ timeout: null }, environment), { signal: controller.signal });
          await environment.host.settled();
          controller.abort();
          await expect(call).rejects.toBe(controller.signal.reason);
        },
      ],
      [
        'a failed connect',
        async (environment, post) => {
          environment.connector.manual = true;
          const failed = failureOf(post(openClient({ timeout: null }, environment)), ConnectError);
          await environment.host.settled();
          environment.connector.attempts[0]?.fail(new ConnectError('refused', { phase: 'connect' }));
          await failed;
        },
      ],
      [
        'a connect timeout',
        async (environment, post) => {
          environment.connector.manual = true;
          const failed = failureOf(post(openClient({ timeout: { connect: 100 } }, environment)), ConnectTimeout);
          await environment.host.advance(100);
          await failed;
        },
      ],
      [
        'a pool timeout',
        async (environment, post) => {
          const client = openClient({ timeout: { pool: 100, read: null }, limits: { maxConnections: 1 } }, environment);
          client.get(url).catch(() => {});
          const failed = failureOf(post(client), PoolTimeout);
          await environment.host.advance(100);
          await failed;
        },
      ],
      [
        'a head that must not be sent',
        async (environment, post) => {
          const call = post(openClient({}, environment), { headers: { 'Transfer-Encoding': 'gzip' } });
          await failureOf(call, LocalProtocolError);
        },
      ],
    ];

    test.each(failures)('after %s', async (_name, fail) => {
      const environment = fakeEnvironment();
      const cancelled: unknown[] = [];
      const content = new ReadableStream<Uint8Array>({ cancel: (reason) => void cancelled.push(reason) });
      await fail(environment, (client, options = {}) => client.post(url, { ...options, content }));
      await environment.host.settled();
      expect(cancelled.length).toBe(1);
      expect(cancelled[0]).toBeInstanceOf(Error);
    });
  });

  describe('back-pressure', () => {
    test('while the server is deaf the caller’s iterator is not pulled without end', async () => {
      const opened = gate();
      const server = await serve(dialogue().hearHead().goDeaf().until(opened).hearAgain().stall());
      let pulled = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          pulled += 65536;
          yield new Uint8Array(65536);
        }
      }
      const controller = new AbortController();
      const call = openClient({ timeout: null }).post(server.url, { content: endless(), signal: controller.signal });
      let last = -1;
      while (last !== pulled) {
        last = pulled;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      expect(pulled).toBeGreaterThan(0);
      expect(pulled).toBeLessThan(16 << 20);
      controller.abort();
      await expect(call).rejects.toBe(controller.signal.reason);
      opened.open();
    });
  });
});

test('a form of an object is spelled as query parameters are, one of the platform as that spells it', () => {
  const body = (data: RequestData): string =>
    new TextDecoder().decode(new Request('POST', 'http://a/', { data }).read());
  const fields = {
    a: '~*',
    'ü b': ["'()!", '\ud800'],
    none: null,
    out: undefined,
  };
  expect(body(fields)).toBe(new QueryParams(fields).toString());
  expect(body({ a: '~*' })).toBe('a=~%2A');
  expect(body(new URLSearchParams({ a: '~*' }))).toBe('a=%7E*');
});
