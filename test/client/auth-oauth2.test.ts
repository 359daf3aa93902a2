/** OAuth 2.0: when a token is asked for, by whom, with what; who waits; what errors say and do not show. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { errorOf, failureOf, isSettled } from '../support/client.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';
import { FakeHost } from '../support/fake-host.js';

const API = 'https://api.example.org/';
const TOKEN = 'https://auth.example.org/token';
const asynchronous = clients[0] as ClientKind;

type Clocked<O, A> = new (options: O, clock: FakeHost) => A;
const ClientCredentials = httpx.OAuth2ClientCredentials as Clocked<
  httpx.OAuth2ClientCredentialsOptions,
  httpx.OAuth2ClientCredentials
>;
const RefreshToken = httpx.OAuth2RefreshToken as Clocked<httpx.OAuth2RefreshTokenOptions, httpx.OAuth2RefreshToken>;

const credentials = { tokenUrl: TOKEN, clientId: 'id', clientSecret: 'hunter2' };
const bodyOf = (request: httpx.Request | undefined): string => new TextDecoder().decode(request?.content);
const answer = (json: object, status = 200): httpx.Response => new httpx.Response(status, { json });

/** A server of tokens t1, t2 …, and one that takes those that `accepts` says. What came is in two lists. */
function serving(
  kind: ClientKind,
  settings: Settings,
  { accepts = () => true, token = (n: number) => answer({ access_token: `t${n}`, token_type: 'Bearer' }) } = {} as {
    accepts?: (authorization: string | null) => boolean;
    token?: (n: number) => httpx.Response;
  },
) {
  const asked: httpx.Request[] = [];
  const seen: (string | null)[] = [];
  const transport = new httpx.MockTransport((request) => {
    if (String(request.url).startsWith(TOKEN)) {
      asked.push(request.clone());
      return token(asked.length);
    }
    const authorization = request.headers.get('authorization');
    seen.push(authorization);
    return new httpx.Response(accepts(authorization) ? 200 : 401);
  });
  return { client: kind.open({ transport, ...settings }), asked, seen };
}

describe.each(clients)('client credentials: $name', (kind) => {
  test('a token is asked for once, with the client named by Basic (RFC 6749 §2.3.1), and used', async () => {
    const auth = new httpx.OAuth2ClientCredentials({
      tokenUrl: TOKEN,
      clientId: 'my id',
      clientSecret: 'pä:ss+',
      scope: 'read write',
    });
    const { client, asked, seen } = serving(kind, { auth });
    for (let i = 0; i < 3; i++) expect((await client.get(API)).statusCode).toBe(200);
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
    expect(asked.length).toBe(1);
    expect(asked[0]?.method).toBe('POST');
    expect(bodyOf(asked[0])).toBe('grant_type=client_credentials&scope=read+write');
    expect(asked[0]?.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    expect(asked[0]?.headers.get('accept')).toBe('application/json');
    expect(asked[0]?.headers.get('authorization')).toBe(`Basic ${btoa('my+id:p%C3%A4%3Ass%2B')}`);
  });

  test('it is renewed before it expires, by the clock', async () => {
    const clock = new FakeHost();
    const { client, seen } = serving(
      kind,
      { auth: new ClientCredentials(credentials, clock) },
      { token: (n) => answer({ access_token: `t${n}`, expires_in: 3600 }) },
    );
    await client.get(API);
    await clock.advance(3_569_000);
    await client.get(API);
    await clock.advance(2_000);
    await client.get(API);
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  test.each([
    ['0', { expires_in: 0 }, ['t1', 't2']],
    ['a string', { expires_in: '100' }, ['t1', 't1']],
    ['no number', { expires_in: 'soon' }, ['t1', 't1']],
    ['absent', {}, ['t1', 't1']],
  ])('a life of %s', async (_name, life, tokens) => {
    const auth = new ClientCredentials(credentials, new FakeHost());
    const { client, seen } = serving(kind, { auth }, { token: (n) => answer({ access_token: `t${n}`, ...life }) });
    await client.get(API);
    await client.get(API);
    expect(seen).toEqual(tokens.map((token) => `Bearer ${token}`));
  });

  test('a token that is refused is renewed, once a call', async () => {
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const { client, seen, asked } = serving(kind, { auth }, { accepts: (given) => given === 'Bearer t2' });
    const response = await client.post(API, { content: 'body' });
    expect(response.statusCode).toBe(200);
    expect(response.history.map(({ statusCode }) => statusCode)).toEqual([200, 401, 200]);
    const never = serving(kind, { auth }, { accepts: () => false });
    expect((await never.client.get(API)).statusCode).toBe(401);
    expect([seen.length, asked.length, never.seen.length, never.asked.length]).toEqual([2, 2, 2, 1]);
  });

  test('a stream is not sent twice: the 401 is the answer, and the next call has a new token', async () => {
    const answers = [answer({ access_token: 't1' }), new httpx.Response(401), answer({ access_token: 't2' })];
    // It reads no body: MockTransport would, and a body that was read can be sent again.
    const reply = (): httpx.Response => answers.shift() ?? new httpx.Response(200);
    const transport = { handleRequest: reply, handleAsyncRequest: async () => reply(), close() {}, async aclose() {} };
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const client = kind.open({ auth, transport: transport as unknown as httpx.MockTransport });
    expect((await client.post(API, { content: kind.pieces(['body']) })).statusCode).toBe(401);
    const { request, statusCode } = await client.get(API);
    expect([statusCode, request.headers.get('authorization')]).toEqual([200, 'Bearer t2']);
  });

  test.each([
    [401, { error: 'invalid_client', error_description: 'hunter2 is wrong' }, '401 Unauthorized, invalid_client'],
    [400, { error: 'hunter2\r\n' }, '400 Bad Request'],
    [503, {}, '503 Service Unavailable'],
    [307, {}, '307 Temporary Redirect'],
  ])('a token endpoint that answers %i is an error that says so, and shows no secret', async (status, json, told) => {
    const auth = new httpx.OAuth2ClientCredentials({ ...credentials, tokenUrl: `${TOKEN}?key=hunter2` });
    const location = { location: 'https://evil.example/' };
    const token = () => new httpx.Response(status, { json, headers: location });
    const { client, seen, asked } = serving(kind, { auth, followRedirects: true }, { token });
    const error = await failureOf(() => client.get(API), httpx.HTTPStatusError);
    expect(error.message).toBe(`Cannot get an access token from ${TOKEN}: it answered ${told}`);
    expect(error.response.statusCode).toBe(status);
    expect(error.response.json()).toEqual(json);
    expect(String(error.request.url)).toContain(TOKEN);
    expect(inspect(error, { depth: 9 })).not.toContain(btoa('id:hunter2'));
    expect([seen.length, asked.length]).toEqual([0, 1]);
  });

  test.each([
    ['no JSON', new httpx.Response(200, { text: 'hunter2' }), 'its answer is no JSON object (RFC 6749 §5.1)'],
    ['a list', answer([]), 'its answer is no JSON object (RFC 6749 §5.1)'],
    ['no token', answer({ token: 'hunter2' }), 'its answer has no access_token (RFC 6749 §5.1)'],
    ['an empty one', answer({ access_token: '' }), 'its answer has no access_token (RFC 6749 §5.1)'],
    [
      'another type',
      answer({ access_token: 'hunter2', token_type: 'mac' }),
      'its answer has another token_type than Bearer (RFC 6749 §7.1)',
    ],
  ])('a token endpoint that answers with %s is an error that says so', async (_name, response, told) => {
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const { client } = serving(kind, { auth }, { token: () => response });
    const error = await failureOf(() => client.get(API), httpx.RemoteProtocolError);
    expect(error.message).toBe(`Cannot get an access token from ${TOKEN}: ${told}`);
  });

  test('the token goes to no other origin, and another origin’s 401 renews nothing (SECURITY 6.1)', async () => {
    const asked: string[] = [];
    const seen: (string | null)[] = [];
    const transport = new httpx.MockTransport((request) => {
      if (request.url.path === '/token') {
        asked.push('token');
        return answer({ access_token: 't1' });
      }
      seen.push(request.headers.get('authorization'));
      if (request.url.host === 'api.example.org') {
        return new httpx.Response(302, { headers: { location: 'https://else.example/' } });
      }
      return new httpx.Response(401);
    });
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const client = kind.open({ transport, auth, followRedirects: true });
    expect((await client.get(API)).statusCode).toBe(401);
    expect(seen).toEqual(['Bearer t1', null]);
    expect(asked.length).toBe(1);
  });

  test('a streamed response stays unread', async () => {
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const transport = new httpx.MockTransport(({ url }) =>
      String(url) === TOKEN ? answer({ access_token: 't' }) : new httpx.Response(200, { stream: kind.pieces(['a']) }),
    );
    const response = await kind.open({ auth, transport }).stream('GET', API);
    expect(response.isClosed).toBe(false);
    expect(new TextDecoder().decode(await kind.read(response))).toBe('a');
  });
});

describe.each(clients)('onTokens: $name', (kind) => {
  test('what it throws fails the call that asked, and the token is kept', async () => {
    const failure = new Error('disk full');
    const onTokens = (): void => {
      throw failure;
    };
    const { client, asked, seen } = serving(kind, {
      auth: new httpx.OAuth2ClientCredentials({ ...credentials, onTokens }),
    });
    expect(await errorOf(() => client.get(API))).toBe(failure);
    expect((await client.get(API)).statusCode).toBe(200);
    expect([asked.length, seen]).toEqual([1, ['Bearer t1']]);
  });
});

test('AsyncClient: a promise of onTokens is waited for by the call that asked, and fails it', async () => {
  const kept: ((failure: Error | null) => void)[] = [];
  const onTokens = (): Promise<void> =>
    new Promise((resolve, reject) => {
      kept.push((failure) => (failure === null ? resolve() : reject(failure)));
    });
  const life = { expires_in: 0 };
  const auth = new ClientCredentials({ ...credentials, onTokens }, new FakeHost());
  const { client, seen } = serving(
    asynchronous,
    { auth },
    { token: (n) => answer({ access_token: `t${n}`, ...life }) },
  );
  const call = async () => client.get(API);
  const first = call();
  expect(await isSettled(first)).toBe(false);
  expect(seen).toEqual([]);
  kept[0]?.(null);
  await first;
  const second = errorOf(call());
  await isSettled(second);
  const failure = new Error('disk full');
  kept[1]?.(failure);
  expect(await second).toBe(failure);
  expect(seen).toEqual(['Bearer t1']);
});

test('Client takes no promise from onTokens: the call fails, and what becomes of the promise is nobody’s fault', async () => {
  const onTokens = async (): Promise<void> => {
    throw new Error('disk full');
  };
  const kind = clients[1] as ClientKind;
  const { client, seen } = serving(kind, { auth: new httpx.OAuth2ClientCredentials({ ...credentials, onTokens }) });
  const error = await failureOf(() => client.get(API), TypeError);
  expect(error.message).toContain('promise');
  expect((await client.get(API)).statusCode).toBe(200);
  expect(seen).toEqual(['Bearer t1']);
});

describe.each(clients)('a refresh token: $name', (kind) => {
  test('the access token is used until it is refused; the refresh token that comes replaces the old one', async () => {
    const told: httpx.OAuth2Tokens[] = [];
    const auth = new httpx.OAuth2RefreshToken({
      tokenUrl: TOKEN,
      refreshToken: 'r0',
      accessToken: 't0',
      clientId: 'id',
      onTokens: (tokens) => told.push(tokens),
    });
    let valid = 'Bearer t0';
    const { client, asked, seen } = serving(
      kind,
      { auth },
      {
        accepts: (given) => given === valid,
        token: (n) => answer({ access_token: `t${n}`, refresh_token: n === 1 ? 'r1' : undefined, expires_in: 60 }),
      },
    );
    await client.get(API);
    for (valid of ['Bearer t1', 'Bearer t2', 'Bearer t3']) await client.get(API);
    expect(seen).toEqual(['t0', 't0', 't1', 't1', 't2', 't2', 't3'].map((token) => `Bearer ${token}`));
    expect(asked.map(bodyOf)).toEqual(
      ['r0', 'r1', 'r1'].map((token) => `grant_type=refresh_token&refresh_token=${token}&client_id=id`),
    );
    expect(asked[0]?.headers.has('authorization')).toBe(false);
    expect(told.map(({ accessToken, refreshToken }) => [accessToken, refreshToken])).toEqual([
      ['t1', 'r1'],
      ['t2', 'r1'],
      ['t3', 'r1'],
    ]);
    expect(told[0]?.expiresInMs).toBe(60_000);
  });

  test('a client with a secret is named by Basic', async () => {
    const auth = new RefreshToken({ ...credentials, refreshToken: 'r', scope: 'a' }, new FakeHost());
    const { client, asked } = serving(kind, { auth });
    await client.get(API);
    expect(asked[0]?.headers.get('authorization')).toBe(`Basic ${btoa('id:hunter2')}`);
    expect(bodyOf(asked[0])).toBe('grant_type=refresh_token&refresh_token=r&scope=a');
  });
});

describe('AsyncClient: calls that need a token at the same time', () => {
  /** A token endpoint that answers when it is told to. */
  function waiting(settings: Settings = {}) {
    const answers: ((response: httpx.Response | Error) => void)[] = [];
    const seen: (string | null)[] = [];
    const transport = new httpx.MockTransport((request) => {
      if (String(request.url) === TOKEN) {
        return new Promise((resolve, reject) => {
          answers.push((response) => (response instanceof Error ? reject(response) : resolve(response)));
        });
      }
      seen.push(request.headers.get('authorization'));
      return new httpx.Response(200);
    });
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const client = asynchronous.open({ transport, auth, ...settings }) as httpx.AsyncClient;
    return { client, answers, seen };
  }

  test('one asks, the others wait', async () => {
    const { client, answers, seen } = waiting();
    const calls = [1, 2, 3, 4, 5].map(() => client.get(API));
    expect(await isSettled(Promise.race(calls))).toBe(false);
    expect(answers.length).toBe(1);
    answers[0]?.(answer({ access_token: 't1', expires_in: 0 }));
    await Promise.all(calls);
    expect(answers.length).toBe(1);
    expect(seen).toEqual(Array.from({ length: 5 }, () => 'Bearer t1'));
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['hangs', () => new Promise<void>(() => {})],
  ])('if onTokens %s, those who wait have the token all the same', async (_name, onTokens) => {
    const auth = new httpx.OAuth2ClientCredentials({ ...credentials, onTokens });
    const { client, asked, seen } = serving(asynchronous, { auth });
    const controller = new AbortController();
    const first = errorOf((client as httpx.AsyncClient).get(API, { signal: controller.signal }));
    const others = [client.get(API), client.get(API)];
    for (const { statusCode } of await Promise.all(others)) expect(statusCode).toBe(200);
    controller.abort(new Error('disk full'));
    expect(await first).toMatchObject({ message: 'disk full' });
    expect([asked.length, seen]).toEqual([1, ['Bearer t1', 'Bearer t1']]);
  });

  test('if the first is aborted, the second asks, and only that one; an aborted one that waits asks for nothing', async () => {
    const { client, answers, seen } = waiting();
    const [first, third] = [new AbortController(), new AbortController()];
    const call = client.get(API, { signal: first.signal });
    const others = [client.get(API), client.get(API, { signal: third.signal }), client.get(API)];
    await isSettled(call);
    third.abort(new Error('enough'));
    await expect(others[1]).rejects.toThrow('enough');
    first.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await isSettled(Promise.race(others));
    expect(answers.length).toBe(2);
    answers[1]?.(answer({ access_token: 't2' }));
    await Promise.all([others[0], others[2]]);
    expect(answers.length).toBe(2);
    expect(seen).toEqual(['Bearer t2', 'Bearer t2']);
  });

  test('if the last who waits is aborted too, the next call begins anew', async () => {
    const { client, answers } = waiting();
    const controller = new AbortController();
    const calls = [1, 2].map(() => client.get(API, { signal: controller.signal }));
    await isSettled(Promise.race(calls));
    controller.abort(new Error('enough'));
    for (const call of calls) await expect(call).rejects.toThrow('enough');
    const later = client.get(API);
    await isSettled(later);
    answers.at(-1)?.(answer({ access_token: 't' }));
    expect((await later).statusCode).toBe(200);
    expect(answers.length).toBe(2);
  });

  test.each([
    ['refuses', answer({ error: 'invalid_client' }, 401), httpx.HTTPStatusError],
    ['cannot be reached', new httpx.ConnectError('refused'), httpx.ConnectError],
    ['answers with something else', answer({}), httpx.RemoteProtocolError],
  ])('if the token endpoint %s, each fails by an error of its own', async (_name, told, expected) => {
    const { client, answers, seen } = waiting();
    const calls = [1, 2, 3].map(() => errorOf(client.get(API)));
    await isSettled(calls[0] as Promise<unknown>);
    answers[0]?.(told);
    const errors = (await Promise.all(calls)) as Error[];
    expect(answers.length).toBe(1);
    expect(seen).toEqual([]);
    for (const error of errors) expect(error).toBeInstanceOf(expected);
    expect(new Set(errors).size).toBe(3);
    expect([errors[1]?.cause, errors[2]?.cause]).toEqual([errors[0], errors[0]]);
    const again = client.get(API);
    await isSettled(again);
    answers[1]?.(answer({ access_token: 't' }));
    expect((await again).statusCode).toBe(200);
  });

  test('a token that several had refused is renewed once', async () => {
    let valid = 'Bearer t1';
    const auth = new httpx.OAuth2ClientCredentials(credentials);
    const { client, asked } = serving(asynchronous, { auth }, { accepts: (given) => given === valid });
    await client.get(API);
    valid = 'Bearer t2';
    const responses = await Promise.all([1, 2, 3].map(() => client.get(API)));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(asked.length).toBe(2);
  });
});

test('Client: a call that a hook makes while a token is asked for asks for itself', () => {
  const kind = clients[1] as ClientKind;
  const auth = new httpx.OAuth2ClientCredentials(credentials);
  let depth = 0;
  const settings: Settings = {
    auth,
    eventHooks: {
      request: [
        (request) => {
          if (String(request.url) === TOKEN && depth++ === 0) void served.client.get(`${API}inner`);
        },
      ],
    },
  };
  const served = serving(kind, settings);
  void served.client.get(API);
  expect(served.asked.length).toBe(2);
  expect(served.seen.length).toBe(2);
});

test('a flow of one’s own may go on from it', async () => {
  class Named extends httpx.OAuth2ClientCredentials {
    override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
      request.headers.set('X-Team', 'lamps');
      yield* super.asyncAuthFlow(request);
    }
  }
  const { client, seen } = serving(asynchronous, { auth: new Named(credentials) });
  expect((await client.get(API)).request.headers.get('x-team')).toBe('lamps');
  expect(seen).toEqual(['Bearer t1']);
});

test('what they are made of is checked by name, and never shown', () => {
  const made = (options: object) => () => new httpx.OAuth2ClientCredentials(options as never);
  const refreshing = (options: object) => () => new httpx.OAuth2RefreshToken(options as never);
  expect(made(TOKEN as unknown as object)).toThrow(
    'Cannot make OAuth2ClientCredentials: expected an object, got string (known: tokenUrl, scope, onTokens, clientId, clientSecret)',
  );
  expect(made({ ...credentials, tokenURL: TOKEN })).toThrow("'tokenURL'");
  expect(made({ tokenUrl: TOKEN, clientId: 'id' })).toThrow(
    'Cannot make OAuth2ClientCredentials: expected clientSecret to be a string, got none',
  );
  expect(made({ ...credentials, scope: ['hunter2'] })).toThrow('expected scope to be a string, got Array');
  expect(made({ ...credentials, onTokens: 5 })).toThrow('expected onTokens to be a function, got number');
  expect(made({ clientId: 'id', clientSecret: 's' })).toThrow('expected a tokenUrl, got none');
  expect(made({ ...credentials, tokenUrl: '/token' })).toThrow(httpx.UnsupportedProtocol);
  expect(refreshing({ tokenUrl: TOKEN })).toThrow('expected refreshToken to be a string, got none');
  for (const user of [':hunter2', 'hunter2', 'me:hunter2']) {
    const tokenUrl = TOKEN.replace('//', `//${user}@`);
    const why = 'expected a tokenUrl without user and password: the client is told by clientId and clientSecret';
    const refused = {
      clientCredentials: made({ ...credentials, tokenUrl }),
      refreshing: refreshing({ tokenUrl, refreshToken: 'r' }),
    };
    expect(refused.clientCredentials).toThrow(httpx.InvalidURL);
    expect(refused.clientCredentials).toThrow(`Cannot make OAuth2ClientCredentials: ${why}`);
    expect(refused.refreshing).toThrow(`Cannot make OAuth2RefreshToken: ${why}`);
  }
  const auths = [
    new httpx.OAuth2ClientCredentials(credentials),
    new httpx.OAuth2RefreshToken({ tokenUrl: TOKEN, refreshToken: 'hunter2', accessToken: 'hunter2' }),
  ];
  for (const auth of auths) expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain('hunter2');
});
