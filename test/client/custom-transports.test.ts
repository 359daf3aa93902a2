/** Transports of the user's own, of either kind: what a client asks of them, and what it does about what they answer. */
import { describe, expect, test } from 'vitest';
import {
  AsyncBaseTransport,
  AsyncClient,
  type AsyncRequest,
  type AsyncResponse,
  BaseTransport,
  Client,
  ReadError,
  Request,
  Response,
  StreamClosed,
  StreamConsumed,
  type SyncRequest,
  type SyncResponse,
  Timeout,
} from '../../src/index.js';
import { errorOf, failureOf } from '../support/client.js';

const url = 'http://own.test/';

type Answering = (request: Request) => Response;

class Own extends BaseTransport {
  closed = 0;
  constructor(readonly answer: Answering) {
    super();
  }

  override handleRequest(request: SyncRequest): SyncResponse {
    return this.answer(request as Request);
  }

  override close(): void {
    this.closed++;
  }
}

class AsyncOwn extends AsyncBaseTransport {
  closed = 0;
  constructor(readonly answer: Answering) {
    super();
  }

  override async handleAsyncRequest(request: AsyncRequest): Promise<AsyncResponse> {
    await Promise.resolve();
    return this.answer(request as Request);
  }

  override async aclose(): Promise<void> {
    this.closed++;
  }
}

/** A body that notes how far it was read. */
function* noted(log: string[]): Generator<string> {
  try {
    for (const piece of ['a', 'b', 'c']) {
      log.push(piece);
      yield piece;
    }
  } finally {
    log.push('over');
  }
}

const kinds = [
  {
    name: 'AsyncClient',
    open(answer: Answering) {
      const transport = new AsyncOwn(answer);
      const client = new AsyncClient({ transport });
      return { client, transport, close: () => client.aclose() };
    },
    pieces: (response: Response): AsyncIterator<Uint8Array> | Iterator<Uint8Array> => response.aiterBytes(),
    closeResponse: (response: Response): Promise<void> | void => response.aclose(),
    read: (response: Response): Promise<Uint8Array> | Uint8Array => response.aread(),
  },
  {
    name: 'Client',
    open(answer: Answering) {
      const transport = new Own(answer);
      const client = new Client({ transport });
      return { client, transport, close: () => client.close() };
    },
    pieces: (response: Response) => response.iterBytes(),
    closeResponse: (response: Response) => response.close(),
    read: (response: Response) => response.read(),
  },
];

describe.each(kinds)("a transport of one's own, of $name", (kind) => {
  test('is given the request as it would be sent, with its limits', async () => {
    let seen: Request | null = null;
    const { client } = kind.open((request) => {
      seen = request;
      return new Response(200);
    });
    const response = await client.post(url, { json: { a: 1 }, params: { b: 2 }, timeout: { read: '7s' } });
    const request = seen as Request | null;
    expect(request).toBeInstanceOf(Request);
    expect([request?.method, request?.url.href]).toEqual(['POST', `${url}?b=2`]);
    expect(request?.headers.get('content-type')).toBe('application/json');
    expect(new TextDecoder().decode(request?.content)).toBe('{"a":1}');
    expect(request?.extensions.timeout).toEqual(new Timeout('5s', { read: '7s' }));
    expect(response.request).toBe(request);
  });

  test('may stream: its body runs no further than it is read, and is told when it is left', async () => {
    const log: string[] = [];
    const { client } = kind.open(() => new Response(200, { content: noted(log) }));
    const response = (await client.stream('GET', url)) as Response;
    expect(log).toEqual([]);
    await kind.pieces(response).next();
    expect(log).toEqual(['a']);
    await kind.closeResponse(response);
    expect(log).toEqual(['a', 'over']);
    await failureOf(async () => kind.read(response), StreamConsumed);
  });

  test('a body that is closed unread never begins', async () => {
    const log: string[] = [];
    const { client } = kind.open(() => new Response(200, { content: noted(log) }));
    const response = (await client.stream('GET', url)) as Response;
    await kind.closeResponse(response);
    expect(log).toEqual([]);
    await failureOf(async () => kind.read(response), StreamClosed);
  });

  test('what it throws is what the caller gets, the request attached to errors of this package', async () => {
    const plain = new RangeError('mine');
    expect(
      await errorOf(async () =>
        kind
          .open(() => {
            throw plain;
          })
          .client.get(url),
      ),
    ).toBe(plain);
    const { client } = kind.open(() => {
      throw new ReadError('gone');
    });
    const error = await failureOf(async () => client.get(url), ReadError);
    expect(error.request.url.href).toBe(url);
  });

  test("its redirects, cookies and hooks are the client's", async () => {
    const seen: number[] = [];
    const { client } = kind.open(({ url: asked, headers }) =>
      asked.path === '/'
        ? new Response(302, { headers: { location: '/next', 'set-cookie': 'a=1' } })
        : new Response(200, { text: headers.get('cookie') ?? '' }),
    );
    (client.eventHooks.response as ((response: Response) => void)[]).push(
      ({ statusCode }) => void seen.push(statusCode),
    );
    const response = await client.get(url, { followRedirects: true });
    expect([response.text, response.history.length, seen]).toEqual(['a=1', 1, [302, 200]]);
  });

  test('is closed with its client, once', async () => {
    const { transport, close } = kind.open(() => new Response(200));
    await close();
    await close();
    expect(transport.closed).toBe(1);
  });

  test('an answer that is none is refused', async () => {
    const { client } = kind.open(() => 'ok' as unknown as Response);
    const { message } = await failureOf(async () => client.get(url), TypeError);
    expect(message).toContain('expected a Response');
  });
});

describe('the wrong kind', () => {
  test('Client refuses a transport that is only asynchronous, AsyncClient one that is only blocking', () => {
    const answer: Answering = () => new Response(200);
    expect(() => new Client({ transport: new AsyncOwn(answer) as unknown as BaseTransport })).toThrow(/handleRequest/);
    expect(() => new AsyncClient({ transport: new Own(answer) as unknown as AsyncBaseTransport })).toThrow(
      /handleAsyncRequest/,
    );
  });

  test('Client refuses a promise for an answer', async () => {
    const transport = new Own((async () => new Response(200)) as unknown as Answering);
    const { message } = await failureOf(async () => new Client({ transport }).get(url), TypeError);
    expect(message).toContain('promise');
  });
});
