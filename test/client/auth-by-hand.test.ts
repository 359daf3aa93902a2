/** The auth flows that users of httpx write by hand, in its own words (httpx's documentation, "Custom authentication schemes"). */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { type ClientKind, clients, type Settings } from '../support/clients.js';

const API = 'https://api.example.org/';
const TOKENS = 'https://auth.example.org/';

type Flow = Generator<httpx.Request, void, httpx.Response>;

/** A token that is refused is refreshed by the flow itself. */
class RefreshingAuth extends httpx.Auth {
  override readonly requiresResponseBody = true;

  constructor(
    private accessToken: string,
    private refreshToken: string,
    private readonly refreshUrl: string,
  ) {
    super();
  }

  override *authFlow(request: httpx.Request): Flow {
    request.headers.set('X-Authentication', this.accessToken);
    const response = yield request;
    if (response.statusCode === 401) {
      // If the server issues a 401 response, then issue a request to refresh tokens, and resend the request.
      const refreshed = yield this.buildRefreshRequest();
      this.updateTokens(refreshed);
      request.headers.set('X-Authentication', this.accessToken);
      yield request;
    }
  }

  private buildRefreshRequest(): httpx.Request {
    return new httpx.Request('POST', this.refreshUrl, { data: { refresh_token: this.refreshToken } });
  }

  private updateTokens(response: httpx.Response): void {
    const data = response.json<{ access_token: string; refresh_token: string }>();
    this.accessToken = data.access_token;
    this.refreshToken = data.refresh_token;
  }
}

/** Client credentials with a token kept until it expires: one flow for each kind of client, with I/O of its own. */
class ClientCredentialsAuth extends httpx.Auth {
  #token: { value: string; expiresAt: number } | null = null;
  #pending: Promise<string> | null = null;

  constructor(
    private readonly inner: Settings['transport'],
    private readonly now: () => number,
  ) {
    super();
  }

  #kept(): string | null {
    return this.#token !== null && this.now() < this.#token.expiresAt ? this.#token.value : null;
  }

  #keep(response: { json: httpx.Response['json'] }): string {
    const data = response.json<{ access_token: string; expires_in: number }>();
    this.#token = { value: data.access_token, expiresAt: this.now() + data.expires_in };
    return data.access_token;
  }

  #ask(): { auth: [string, string]; data: Record<string, string> } {
    return { auth: ['id', 'secret'], data: { grant_type: 'client_credentials' } };
  }

  override *syncAuthFlow(request: httpx.Request): Flow {
    let token = this.#kept();
    if (token === null) {
      const client = new httpx.Client({ transport: this.inner });
      token = this.#keep(client.post(TOKENS, this.#ask()).raiseForStatus());
      client.close();
    }
    request.headers.set('Authorization', `Bearer ${token}`);
    yield request;
  }

  override async *asyncAuthFlow(request: httpx.Request): AsyncGenerator<httpx.Request, void, httpx.Response> {
    const token = this.#kept() ?? (await this.#asked());
    request.headers.set('Authorization', `Bearer ${token}`);
    yield request;
  }

  async #asked(): Promise<string> {
    this.#pending ??= (async () => {
      const client = new httpx.AsyncClient({ transport: this.inner });
      try {
        return this.#keep((await client.post(TOKENS, this.#ask())).raiseForStatus());
      } finally {
        await client.aclose();
        this.#pending = null;
      }
    })();
    return await this.#pending;
  }
}

function server(accepts: (request: httpx.Request) => boolean, tokens: (body: string, n: number) => object) {
  const asked: string[] = [];
  const seen: (string | null)[] = [];
  const transport = new httpx.MockTransport((request) => {
    if (String(request.url) === TOKENS) {
      asked.push(new TextDecoder().decode(request.content));
      return new httpx.Response(200, { json: tokens(asked.at(-1) as string, asked.length) });
    }
    seen.push(request.headers.get('x-authentication') ?? request.headers.get('authorization'));
    return new httpx.Response(accepts(request) ? 200 : 401, { text: 'resource' });
  });
  return { transport, asked, seen };
}

describe.each(clients)('flows written by hand: $name', (kind: ClientKind) => {
  test('a refused token is refreshed', async () => {
    const { transport, asked, seen } = server(
      ({ headers }) => headers.get('x-authentication') === 'a1',
      (_body, n) => ({ access_token: `a${n}`, refresh_token: `r${n}` }),
    );
    const client = kind.open({ transport, auth: new RefreshingAuth('a0', 'r0', TOKENS) });
    const response = await client.post(API, { json: { item: 1 } });
    expect(response.text).toBe('resource');
    expect(response.history.map(({ statusCode }) => statusCode)).toEqual([401, 200]);
    expect((await client.get(API)).history).toEqual([]);
    expect(seen).toEqual(['a0', 'a1', 'a1']);
    expect(asked).toEqual(['refresh_token=r0']);
  });

  test('client credentials are asked for when the last ones have expired', async () => {
    let now = 0;
    const { transport, asked, seen } = server(
      () => true,
      (_body, n) => ({ access_token: `t${n}`, expires_in: 60 }),
    );
    const client = kind.open({ transport, auth: new ClientCredentialsAuth(transport, () => now) });
    for (now of [0, 59, 60]) await client.get(API);
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
    expect(asked).toEqual(['grant_type=client_credentials', 'grant_type=client_credentials']);
  });
});

test('AsyncClient: calls at the same time wait for one token', async () => {
  const { transport, asked, seen } = server(
    () => true,
    (_body, n) => ({ access_token: `t${n}`, expires_in: 60 }),
  );
  const kind = clients[0] as ClientKind;
  const client = kind.open({ transport, auth: new ClientCredentialsAuth(transport, () => 0) });
  await Promise.all([1, 2, 3].map(() => client.get(API)));
  expect(asked.length).toBe(1);
  expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
});
