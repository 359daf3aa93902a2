/**
 * Streams as request bodies before anybody reads them: those of which nothing is left are refused before anything is sent,
 * an error of one is its call's and nobody else's, and a call that is refused leaves none open.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AsyncBaseTransport, ClientClosed, InvalidURL, Response, StreamConsumed } from '../../src/index.js';
import { errorOf, failureOf, fakeEnvironment, openClient, type RequestOptions } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const boom = new Error('the disk is gone');

afterEach(() => vi.unstubAllGlobals());

/** Settles when the stream is closed, and does not mind its error. */
function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => void (stream.closed ? resolve() : stream.once('close', () => resolve())));
}

async function readNode(): Promise<Readable> {
  const stream = Readable.from([Buffer.from('spent')]);
  for await (const _ of stream);
  return stream;
}

function webStream(...pieces: string[]): ReadableStream<Uint8Array> {
  const from = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull(controller) {
      const piece = from.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

async function readWeb(steps: number): Promise<ReadableStream<Uint8Array>> {
  const stream = webStream('one', 'two');
  const reader = stream.getReader();
  for (let step = 0; step < steps; step++) await reader.read();
  reader.releaseLock();
  return stream;
}

const SPENT: [string, () => Promise<Readable | ReadableStream<Uint8Array>>, string][] = [
  ['a stream of Node.js that was read', readNode, 'has been read to its end already'],
  ['one that was destroyed', async () => new Readable({ read() {} }).destroy(), 'was destroyed'],
  ['a WHATWG stream that was read', () => readWeb(3), 'has been read already'],
  ['one of which something was read', () => readWeb(1), 'has been read already'],
  [
    'one that somebody reads',
    async () => {
      const stream = webStream('one');
      stream.getReader();
      return stream;
    },
    'is locked: somebody else reads it',
  ],
];

const WAYS: [string, (stream: Readable | ReadableStream<Uint8Array>) => RequestOptions][] = [
  ['content', (content) => ({ content })],
  ['a file', (file) => ({ files: { file } })],
  ['a file with its name', (file) => ({ files: [['file', ['report.csv', file]]] })],
  ['what is compressed', (content) => ({ content, compress: 'gzip' })],
];

describe.each(clients)('$name', (kind) => {
  describe.each(SPENT)('%s', (_name, make, state) => {
    test.each(WAYS)('as %s is refused before anything is sent', async (_way, optionsOf) => {
      const { client, connector } = kind.fake(answer('ok'));
      const options = optionsOf(await make()) as object;
      const error = await failureOf(() => client.post(url, options), StreamConsumed);
      expect(error.message).toBe(
        `Cannot send the request body: its stream ${state}; make a new stream for each request, or give octets or a Blob`,
      );
      expect(connector.sockets.length).toBe(0);
    });
  });

  test('a call that is refused leaves no stream open', async () => {
    const { client } = kind.fake(answer('ok'));
    const streams: Readable[] = [];
    const file = (): Readable => {
      const stream = new Readable({ read() {} });
      streams.push(stream);
      return stream;
    };
    const refused = async (target: string, options: object) => {
      expect(await errorOf(() => client.post(target, options))).toBeInstanceOf(Error);
      expect(streams.map((stream) => stream.destroyed)).not.toContain(false);
    };
    await refused(url, { content: file(), unknown: 1 });
    await refused(url, { content: file(), timeout: 'soon' });
    await refused('http://[', { content: file() });
    await refused(url, { content: file(), json: 1, headers: { 'bad name': 'x' } });
    await refused(url, { files: { one: file(), two: await readNode(), three: ['c.txt', file()] } });
    await refused(url, {
      files: [
        ['one', file()],
        ['two', 7],
        ['three', file()],
      ],
    });
    await refused(url, { content: file(), signal: AbortSignal.abort() });
    await kind.close(client);
    await failureOf(() => client.post(url, { content: file() } as object), ClientClosed);
    await refused(url, { content: file() });
  });

  test('a missing file of a call that is refused is nobody’s uncaught error', async () => {
    const { client } = kind.fake(answer('ok'));
    const content = createReadStream('/no such/file');
    await failureOf(() => client.post('http://[', { content } as object), InvalidURL);
    await closed(content);
  });
});

describe('AsyncClient', () => {
  test('a stream of Node.js of which something was read gives the rest', async () => {
    const server = await serve([dialogue().hear().say(answer('ok')).stall()]);
    const content = Readable.from([Buffer.from('head;'), Buffer.from('the rest')]);
    await once(content, 'readable');
    expect(String(content.read())).toBe('head;');
    expect((await openClient().post(server.url, { content })).text).toBe('ok');
    expect(server.peer(0).requests[0]?.body.toString()).toBe('the rest');
  });

  test('a WHATWG stream is looked at without being locked or read', async () => {
    const client = openClient({}, fakeEnvironment());
    const content = webStream('one ', 'two');
    const request = client.buildRequest('POST', url, { content });
    expect(content.locked).toBe(false);
    expect(new TextDecoder().decode(await request.aread())).toBe('one two');
  });

  test('hosts without Response tell only who is locked', async () => {
    vi.stubGlobal('Response', undefined);
    const client = openClient({}, fakeEnvironment());
    const content = webStream('one');
    expect(() => client.buildRequest('POST', url, { content })).not.toThrow();
    content.getReader();
    expect(() => client.buildRequest('POST', url, { content })).toThrow(StreamConsumed);
  });

  test('a stream that was read between the request and its sending is not sent', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    const content = Readable.from([Buffer.from('spent')]);
    const request = client.buildRequest('POST', url, { content });
    for await (const _ of content);
    await failureOf(client.send(request), StreamConsumed);
    expect(environment.connector.sockets.length).toBe(0);
  });

  test('one stream as two files fails, and is no empty file', async () => {
    const environment = fakeEnvironment();
    const same = Readable.from([Buffer.from('once')]);
    await failureOf(openClient({}, environment).post(url, { files: { a: same, b: same } }), StreamConsumed);
  });

  test('a stream has one listener of ours, however many requests are made of it', () => {
    const client = openClient({}, fakeEnvironment());
    const content = new Readable({ read() {} });
    for (let request = 0; request < 20; request++) client.buildRequest('POST', url, { content });
    expect(content.listenerCount('error')).toBe(1);
  });
});

/** Answers without reading what it is asked. */
class Deaf extends AsyncBaseTransport {
  readonly #answer: () => Promise<Response>;

  constructor(answer: () => Promise<Response>) {
    super();
    this.#answer = answer;
  }

  handleAsyncRequest(): Promise<Response> {
    return this.#answer();
  }
}

/** A call with a body that nobody has begun to read: what it is waiting for, and a stream of it. */
type Waiting = (content: Readable) => Promise<{ failure: Promise<unknown>; afterwards?: () => Promise<void> }>;

const never = (): Promise<never> => new Promise(() => {});

const STATES: [string, Waiting][] = [
  [
    'a connection',
    async (content) => {
      const environment = fakeEnvironment();
      environment.connector.manual = true;
      return { failure: errorOf(openClient({}, environment).post(url, { content })) };
    },
  ],
  [
    'a place in the pool',
    async (content) => {
      const environment = fakeEnvironment();
      const client = openClient({ limits: { maxConnections: 1 } }, environment);
      const held = client.get(url);
      const failure = errorOf(client.post(url, { content }));
      await environment.host.settled();
      return {
        failure,
        afterwards: async () => {
          environment.connector.socket(0).say(answer('held'));
          expect((await held).text).toBe('held');
          expect(environment.connector.sockets.length).toBe(1);
        },
      };
    },
  ],
  [
    'a request hook',
    async (content) => ({
      failure: errorOf(openClient({ eventHooks: { request: [never] } }, fakeEnvironment()).post(url, { content })),
    }),
  ],
  [
    'an auth flow',
    async (content) => ({
      failure: errorOf(openClient({}, fakeEnvironment()).post(url, { content, auth: never })),
    }),
  ],
  [
    '100 (Continue)',
    async (content) => {
      const environment = fakeEnvironment();
      const failure = errorOf(openClient({}, environment).post(url, { content, headers: { Expect: '100-continue' } }));
      await environment.host.settled();
      expect(environment.connector.socket(0).written).toContain('Expect: 100-continue\r\n');
      return { failure };
    },
  ],
  [
    'the file before it',
    async (content) => {
      const environment = fakeEnvironment();
      const first = new PassThrough();
      const failure = errorOf(openClient({}, environment).post(url, { files: { first, content } }));
      await environment.host.settled();
      return {
        failure,
        afterwards: async () => {
          await environment.host.settled();
          expect(first.destroyed).toBe(true);
        },
      };
    },
  ],
  [
    'a transport that is no flow',
    async (content) => {
      return { failure: errorOf(openClient({ transport: new Deaf(never) }).post(url, { content })) };
    },
  ],
];

describe.each(STATES)('while a call waits for %s', (_name, begin) => {
  test('an error of its stream ends it, with just that error', async () => {
    const content = new Readable({ read() {} });
    const { failure, afterwards } = await begin(content);
    content.destroy(boom);
    expect(await failure).toBe(boom);
    await afterwards?.();
  });

  test('a file that is not there ends it', async () => {
    const { failure, afterwards } = await begin(createReadStream('/no such/file'));
    expect(await failure).toMatchObject({ code: 'ENOENT' });
    await afterwards?.();
  });
});

describe('an error of a stream', () => {
  test('on a connection that is there ends the call, and no other on it', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering((head) => (head.startsWith('GET') ? answer('ok') : null));
    const client = openClient({}, environment);
    await client.get(url);
    expect(await errorOf(client.post(url, { content: createReadStream('/no such/file') }))).toMatchObject({
      code: 'ENOENT',
    });
    expect((await client.get(url)).text).toBe('ok');
  });

  test('between a request and its sending fails the sending, before anything is sent', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    const content = new Readable({ read() {} });
    const request = client.buildRequest('POST', url, { content });
    content.destroy(boom);
    await closed(content);
    expect(await errorOf(client.send(request))).toBe(boom);
    expect(environment.connector.sockets.length).toBe(0);
  });

  test('before the call fails it, and those after it', async () => {
    const client = openClient({}, fakeEnvironment());
    const content = new Readable({ read() {} });
    content.on('error', () => {}).destroy(boom);
    await closed(content);
    expect(await errorOf(client.post(url, { content }))).toBe(boom);
    expect(await errorOf(client.post(url, { content }))).toBe(boom);
  });

  test('after a response that did not wait for it is not the response’s', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    const content = new Readable({ read() {}, destroy: (_error, done) => done(boom) });
    const call = client.stream('POST', url, { content, headers: { Expect: '100-continue' } });
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    socket.say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nso');
    const response = await call;
    await closed(content);
    socket.say('so');
    expect(await response.aread()).toEqual(new TextEncoder().encode('soso'));
  });

  test('of a call that was aborted is nobody’s', async () => {
    const client = openClient({}, fakeEnvironment());
    const content = createReadStream('/no such/file');
    const reason = new Error('enough');
    expect(await errorOf(client.post(url, { content, signal: AbortSignal.abort(reason) }))).toBe(reason);
    await closed(content);
  });

  test('that a transport never read is nobody’s', async () => {
    const client = openClient({ transport: new Deaf(async () => new Response(200)) });
    const content = new Readable({ read() {} });
    expect((await client.post(url, { content })).statusCode).toBe(200);
    content.destroy(boom);
    await closed(content);
  });
});
