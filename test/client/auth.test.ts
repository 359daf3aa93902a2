/** Authentication: what is sent, to whom, and how flows are driven and ended. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { failureOf, isSettled } from '../support/client.js';
import { blocking, type ClientKind, clients, type Settings } from '../support/clients.js';

const URL_ = 'https://example.org/';

/** A client whose requests are answered by `reply`, and what was sent. */
function asking(
  kind: ClientKind,
  options: Settings = {},
  reply: (index: number) => httpx.Response = () => new httpx.Response(200),
) {
  const seen: httpx.Request[] = [];
  const transport = new httpx.MockTransport((request) => {
    seen.push(request.clone());
    return reply(seen.length - 1);
  });
  return { client: kind.open({ transport, ...options }), seen };
}

const authorizations = (seen: readonly httpx.Request[]): (string | null)[] =>
  seen.map(({ headers }) => headers.get('authorization'));

/** Its auth may answer later. */
const waits = (kind: ClientKind): boolean => kind.name === 'AsyncClient';

/** What is no auth, as JavaScript may give it. */
const wrong = (value: unknown): httpx.AuthTypes => value as httpx.AuthTypes;

describe.each(clients)('auth of a client and of a call: $name', (kind) => {
  test('the call’s wins, null is none, undefined is the client’s', async () => {
    const { client, seen } = asking(kind, { auth: ['user', 'password'] });
    await client.get(URL_);
    await client.get(URL_, { auth: ['other', ''] });
    await client.get(URL_, { auth: null });
    await client.send(new httpx.Request('GET', URL_), { auth: undefined });
    await client.send(new httpx.Request('GET', URL_), { auth: null });
    client.auth = null;
    await client.get(URL_);
    expect(client.auth).toBeNull();
    client.auth = new httpx.BearerAuth('t');
    await client.get(URL_);
    const basic = `Basic ${btoa('user:password')}`;
    expect(authorizations(seen)).toEqual([basic, `Basic ${btoa('other:')}`, null, basic, null, null, 'Bearer t']);
  });

  test.each([
    ['a string', 'user', 'got string'],
    ['a number', 5, 'got number'],
    ['one item', ['user'], 'got a list of [string]'],
    ['three items', ['user', 'secret', 'more'], 'got a list of [string, string, string]'],
    ['another type of item', ['user', 5], 'got a list of [string, number]'],
    ['an object', { user: 'secret' }, 'got Object'],
  ])('%s is refused by name, and not shown', async (_name, value, message) => {
    const { client, seen } = asking(kind);
    const attempts = [() => kind.open({ auth: wrong(value) }), () => Object.assign(client, { auth: value })];
    for (const attempt of attempts) {
      expect(attempt).toThrow(TypeError);
      expect(attempt).toThrow(message);
      expect(attempt).not.toThrow(/secret/);
    }
    const error = await failureOf(() => client.get(URL_, { auth: wrong(value) }), TypeError);
    expect(error.message).toContain(
      'expected auth to be [user, password], an Auth (new BearerAuth(token), say) or a function',
    );
    expect(seen.length).toBe(0);
  });

  test('no secret is shown by what holds it', () => {
    const client = kind.open({ auth: ['user', 'hunter2'], baseUrl: 'https://u:hunter2@example.org' });
    const shown = [client, client.auth, new httpx.BearerAuth('hunter2'), client.baseUrl];
    for (const each of shown) expect(inspect(each, { depth: 9 })).not.toContain('hunter2');
    expect(String(client)).not.toContain('hunter2');
  });

  test('a function may change the request or give another, at once or later', async () => {
    const { client, seen } = asking(kind);
    const mark = (request: httpx.Request): httpx.Request => {
      request.headers.set('X-Mark', 'yes');
      return request;
    };
    await client.get(URL_, { auth: mark });
    await client.get(URL_, { auth: waits(kind) ? async (request) => mark(request) : mark });
    await client.get(URL_, { auth: () => new httpx.Request('GET', 'https://example.org/else') });
    expect(seen.map(({ headers }) => headers.get('x-mark'))).toEqual(['yes', 'yes', null]);
    expect(seen[2]?.url.path).toBe('/else');
    const nothing = (() => undefined) as unknown as (request: httpx.Request) => httpx.Request;
    const error = await failureOf(() => client.get(URL_, { auth: nothing }), TypeError);
    expect(error.message).toContain('expected the auth flow to yield a Request, got undefined');
  });

  test('a token may be asked for each time', async () => {
    const { client, seen } = asking(kind);
    let count = 0;
    client.auth = new httpx.BearerAuth(() => `t${++count}`);
    await client.get(URL_);
    await client.get(URL_, { auth: new httpx.BearerAuth(waits(kind) ? async () => 'later' : () => 'later') });
    await client.get(URL_);
    expect(authorizations(seen)).toEqual(['Bearer t1', 'Bearer later', 'Bearer t2']);
    const noToken = new httpx.BearerAuth((() => null) as unknown as () => string);
    const error = await failureOf(() => client.get(URL_, { auth: noToken }), TypeError);
    expect(error.message).toContain('expected the token to be a string, got null');
    expect(() => new httpx.BearerAuth(5 as unknown as string)).toThrow('expected a string or a function, got number');
    expect(() => new httpx.BasicAuth('u', 5 as unknown as string)).toThrow('got string and number');
    expect(() => new httpx.FunctionAuth('x' as unknown as () => httpx.Request)).toThrow('expected a function');
  });

  test('a token that is no field value is refused before anything is sent', async () => {
    const client = kind.open({ auth: new httpx.BearerAuth('a\r\nX: y') });
    const error = await failureOf(() => client.get('http://127.0.0.1:1/'), httpx.LocalProtocolError);
    expect(error.message).not.toContain('X: y');
  });
});

describe.each(clients)('credentials in a URL: $name', (kind) => {
  test('are sent as Basic, unless auth is given; and never elsewhere', async () => {
    const { client, seen } = asking(kind);
    await client.get('https://user:p%40ss@example.org/');
    await client.get('https://user:pass@example.org/', { auth: null });
    await client.get('https://user:pass@example.org/', { auth: ['arg', 'wins'] });
    await client.get('https://:@example.org/');
    await client.send(new httpx.Request('GET', 'https://u@example.org/'));
    expect(authorizations(seen)).toEqual(
      ['user:p@ss', 'user:pass', 'arg:wins', null, 'u:'].map((pair) => (pair === null ? null : `Basic ${btoa(pair)}`)),
    );
    expect(seen.every(({ headers }) => headers.get('host') === 'example.org')).toBe(true);
  });

  test('of a base URL are those of relative URLs only', async () => {
    const { client, seen } = asking(kind, { baseUrl: 'https://user:pass@example.org/api' });
    await client.get('/items');
    await client.get('https://other.org/');
    expect(authorizations(seen)).toEqual([`Basic ${btoa('user:pass')}`, null]);
    expect(seen[0]?.url.path).toBe('/api/items');
  });

  test('stay behind where a redirect leaves the origin', async () => {
    const locations = ['/same', 'https://other.org/'];
    const { client, seen } = asking(kind, { followRedirects: true }, (index) => {
      const location = locations[index];
      return location === undefined ? new httpx.Response(200) : new httpx.Response(302, { headers: { location } });
    });
    await client.get('https://user:pass@example.org/');
    expect(authorizations(seen)).toEqual([`Basic ${btoa('user:pass')}`, `Basic ${btoa('user:pass')}`, null]);
    expect(String(seen[2]?.url)).toBe('https://other.org/');
  });
});

describe.each(clients)('$name sends nextRequest', (kind) => {
  const to = (location: string) => new httpx.Response(302, { headers: { location } });

  /** A client with auth of its own, whose n-th request is redirected to the n-th Location; and what was sent. */
  function redirecting(...locations: string[]) {
    const seen: httpx.Request[] = [];
    const transport = new httpx.MockTransport((request) => {
      seen.push(request.clone());
      const location = locations[seen.length - 1];
      return location === undefined ? new httpx.Response(200) : to(location);
    });
    return { client: kind.open({ transport, auth: ['user', 'password'] }), seen };
  }

  const basic = `Basic ${btoa('user:password')}`;

  test('to another origin without the auth of the client, from there on', async () => {
    const { client, seen } = redirecting('https://other.org/x', '/y', URL_);
    let response = await client.get(URL_);
    for (let step = 0; step < 3; step++) response = await client.send((response.nextRequest as httpx.Request).clone());
    expect(seen.map(({ url }) => String(url))).toEqual([URL_, 'https://other.org/x', 'https://other.org/y', URL_]);
    expect(authorizations(seen)).toEqual([basic, null, null, null]);
  });

  test('to another origin with the auth of that call', async () => {
    const { client, seen } = redirecting('https://other.org/x');
    const { nextRequest } = await client.get(URL_);
    await client.send(nextRequest as httpx.Request, { auth: ['for', 'other'] });
    expect(authorizations(seen)).toEqual([basic, `Basic ${btoa('for:other')}`]);
  });

  test('on the same origin with the auth of the client', async () => {
    const { client, seen } = redirecting('/x');
    const { nextRequest } = await client.get(URL_);
    await client.send(nextRequest as httpx.Request);
    expect(authorizations(seen)).toEqual([basic, basic]);
  });
});

describe.each(clients)('an auth flow of $name', (kind) => {
  const answering = () => {
    const seen: httpx.Request[] = [];
    const transport = new httpx.MockTransport((request) => {
      seen.push(request);
      return new httpx.Response(200);
    });
    return { client: kind.open({ transport }), seen };
  };

  test('that keeps a request of its own sends it within the limits of each call, and leaves it as it was', async () => {
    const token = new httpx.Request('POST', 'https://auth.example.org/token');
    class Token extends httpx.Auth {
      override *authFlow(request: httpx.Request): Generator<httpx.Request, void, httpx.Response> {
        yield token;
        yield request;
      }
    }
    const { client, seen } = answering();
    await client.get(URL_, { auth: new Token(), timeout: '100ms' });
    await client.get(URL_, { auth: new Token(), timeout: '60s' });
    const limits = seen.map(({ extensions }) => String(extensions.timeout));
    expect(limits).toEqual([100, 100, 60_000, 60_000].map((ms) => `Timeout(${ms} ms)`));
    expect(token.extensions.timeout).toBeUndefined();
  });

  test.each([
    ['null', null, 'got null'],
    ['no generator', { throw: 1 }, 'got Object'],
    ['a list', [], 'got Array'],
  ])('that is %s is refused by name', async (_name, flow, got) => {
    class Wrong extends httpx.Auth {
      override authFlow(): httpx.AuthFlow {
        return flow as never;
      }
    }
    const { client } = answering();
    const error = await failureOf(() => client.get(URL_, { auth: new Wrong() }), TypeError);
    expect(error.message).toBe(`Cannot authenticate: expected the auth flow to be a generator, ${got}`);
  });

  test.each([
    ['answers', false, []],
    ['sends it after all', true, ['one', 'two']],
  ])('that sends another request and %s: a stream nobody read is told once', async (_name, sendsIt, expected) => {
    class Other extends httpx.Auth {
      override *authFlow(request: httpx.Request): Generator<httpx.Request, void, httpx.Response> {
        yield new httpx.Request('GET', URL_);
        if (sendsIt) yield request;
      }
    }
    const read: unknown[] = [];
    let told = 0;
    const pieces = ['one', 'two'];
    const content: Iterator<string> & Iterable<string> = {
      [Symbol.iterator]: () => content,
      next: () => {
        const value = pieces.shift();
        if (value === undefined) return { done: true, value };
        read.push(value);
        return { done: false, value };
      },
      return: () => {
        told++;
        return { done: true, value: undefined };
      },
    };
    const { client } = answering();
    expect((await client.post(URL_, { content, auth: new Other() })).statusCode).toBe(200);
    expect(read).toEqual(expected);
    expect(told).toBe(sendsIt ? 0 : 1);
  });
});

describe.each(clients)('a flow that nobody calls: $name', (kind) => {
  test('is refused where it is the only one, and nothing is sent', async () => {
    class Blocking extends httpx.Auth {
      override *syncAuthFlow(request: httpx.Request): httpx.AuthFlow {
        yield request;
      }
    }
    class Waiting extends httpx.Auth {
      override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
        yield request;
      }
    }
    const { client, seen } = asking(kind);
    const [fits, other] = waits(kind) ? [new Waiting(), new Blocking()] : [new Blocking(), new Waiting()];
    const error = await failureOf(() => client.get(URL_, { auth: other }), TypeError);
    expect(error.message).toBe(
      waits(kind)
        ? 'Cannot authenticate: AsyncClient does not call syncAuthFlow, the only flow of Blocking: write authFlow or asyncAuthFlow'
        : 'Cannot authenticate: Client does not call asyncAuthFlow, the only flow of Waiting: write authFlow or syncAuthFlow',
    );
    expect(seen.length).toBe(0);
    expect((await client.get(URL_, { auth: fits })).statusCode).toBe(200);
  });

  test.each(['auth_flow', 'sync_auth_flow', 'async_auth_flow', 'requires_request_body', 'requires_response_body'])(
    'is refused by its name in Python: %s',
    async (name) => {
      class Ported extends httpx.Auth {}
      class Derived extends Ported {}
      Object.defineProperty(Ported.prototype, name, { value: true });
      const meant = name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
      const { client, seen } = asking(kind);
      const error = await failureOf(() => client.get(URL_, { auth: new Derived() }), TypeError);
      expect(error.message).toMatch(new RegExp(`^Cannot .+: nobody reads auth\\.${name}, its name here is ${meant}$`));
      expect(() => kind.open({ auth: new Derived() })).toThrow(`auth.${name}`);
      expect(seen.length).toBe(0);
    },
  );

  test('is no flow at all: the request goes as it is (httpx)', async () => {
    class Plain extends httpx.Auth {}
    const { client, seen } = asking(kind);
    await client.get(URL_, { auth: new Plain() });
    expect(authorizations(seen)).toEqual([null]);
  });
});

describe.each(clients)('a flow: $name', (kind) => {
  /** A flow that sends the request `times`, and notes how it ends. */
  class Repeating extends httpx.Auth {
    ended = 0;
    constructor(readonly times: number) {
      super();
    }

    override *authFlow(request: httpx.Request): Generator<httpx.Request, void, httpx.Response> {
      try {
        for (let i = 0; i < this.times; i++) {
          const response = yield request;
          request.headers.set('X-Last', String(response.statusCode));
        }
      } finally {
        this.ended++;
      }
    }
  }

  test('gets each response, and the last one is the answer', async () => {
    const { client, seen } = asking(kind, {}, (index) => new httpx.Response(401 + index, { text: String(index) }));
    const auth = new Repeating(3);
    const response = await client.get(URL_, { auth });
    expect(response.statusCode).toBe(403);
    expect(response.text).toBe('2');
    expect(seen.map(({ headers }) => headers.get('x-last'))).toEqual([null, '401', '402']);
    expect(response.history.map(({ statusCode, history }) => [statusCode, history.length])).toEqual([
      [401, 0],
      [402, 1],
    ]);
    expect(auth.ended).toBe(1);
  });

  test('that yields nothing is an error', async () => {
    const { client, seen } = asking(kind);
    const error = await failureOf(() => client.get(URL_, { auth: new Repeating(0) }), TypeError);
    expect(error.message).toBe('Cannot authenticate: the auth flow ended without yielding a request');
    expect(seen.length).toBe(0);
  });

  test('is ended when the call fails, and its response closed', async () => {
    const auth = new Repeating(9);
    const { client } = asking(kind, {}, (index) => {
      if (index === 1) throw new httpx.ConnectError('refused');
      return new httpx.Response(401);
    });
    const error = await failureOf(() => client.get(URL_, { auth }), httpx.ConnectError);
    expect(String(error.request.url)).toBe(URL_);
    expect(auth.ended).toBe(1);
  });

  test('may read bodies when it says so', async () => {
    class Reading extends httpx.Auth {
      override readonly requiresRequestBody = true;
      override readonly requiresResponseBody = true;
      override *authFlow(request: httpx.Request): Generator<httpx.Request, void, httpx.Response> {
        request.headers.set('X-Length', String(request.content.length));
        const response = yield request;
        request.headers.set('X-Answer', response.text);
        yield request;
      }
    }
    const { client, seen } = asking(kind, {}, () => new httpx.Response(200, { stream: ['to', 'ken'] }));
    const content = kind.pieces(['four']);
    const response = await client.post(URL_, { content, auth: new Reading() });
    expect(response.text).toBe('token');
    expect(seen.map(({ headers }) => [headers.get('x-length'), headers.get('x-answer')])).toEqual([
      ['4', null],
      ['4', 'token'],
    ]);
  });

  test('that goes on from the default one drives it', async () => {
    class Logged extends Repeating {
      override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
        await Promise.resolve();
        yield* super.asyncAuthFlow(request);
      }

      override *syncAuthFlow(request: httpx.Request): httpx.AuthFlow {
        yield* super.syncAuthFlow(request);
      }
    }
    const { client, seen } = asking(kind);
    expect((await client.get(URL_, { auth: new Logged(2) })).history.length).toBe(1);
    expect(seen.length).toBe(2);
  });
});

describe('AsyncClient alone: a flow', () => {
  const asynchronous = clients.find(waits) as ClientKind;

  test('of a client may wait, and its clean-up is waited for', async () => {
    const events: string[] = [];
    class Waiting extends httpx.Auth {
      override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
        try {
          await Promise.resolve();
          const response = yield request;
          events.push(`${response.statusCode} ${(await response.aread()).length}`);
          yield request;
        } finally {
          await new Promise((resolve) => setImmediate(resolve));
          events.push('ended');
        }
      }
    }
    const { client } = asking(asynchronous, {}, (index) => {
      if (index === 1) throw new httpx.ReadError('broken');
      return new httpx.Response(401, { stream: ['abc'] });
    });
    await failureOf(() => client.get(URL_, { auth: new Waiting() }), httpx.ReadError);
    expect(events).toEqual(['401 3', 'ended']);
  });

  test('that waits for ever does not keep an aborted call', async () => {
    class Stuck extends httpx.Auth {
      override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
        await new Promise(() => {});
        yield request;
      }
    }
    const { client } = asking(asynchronous);
    const controller = new AbortController();
    const call = client.get(URL_, { auth: new Stuck(), signal: controller.signal }) as Promise<httpx.AsyncResponse>;
    const told = expect(call).rejects.toThrow('enough');
    expect(await isSettled(call)).toBe(false);
    controller.abort(new Error('enough'));
    await told;
  });
});

test('Client alone: a flow answers at once, or is refused', () => {
  const client = blocking.open({ transport: new httpx.MockTransport(() => new httpx.Response(200)) });
  const refused = 'Cannot wait in a blocking call: the auth answered with a promise';
  for (const auth of [async (request: httpx.Request) => request, new httpx.BearerAuth(async () => 'later')]) {
    expect(() => client.get(URL_, { auth })).toThrow(TypeError);
    expect(() => client.get(URL_, { auth })).toThrow(refused);
  }
});
