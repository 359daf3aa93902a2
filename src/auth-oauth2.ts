/**
 * Access tokens of OAuth 2.0 (RFC 6749), fetched when there is none, shortly before one expires, and when the server refuses
 * one. Token requests go through the client whose call needs the token: its transport, hooks and timeouts, but no redirects,
 * since they carry secrets in their body.
 *
 * However many calls need a token, one asks for it: the others wait, and take what it gets, or fails with. If its call is
 * given up, the next of those who wait asks instead. Who blocks cannot wait, and asks for itself.
 */

import { host as ownHost } from '#host';
import { Auth, type AuthFlow, isAnswerTo, makeAsking } from './auth.js';
import { checkFields, own, typeNameOf } from './config.js';
import { CloseError, HTTPStatusError, InvalidURL, RemoteProtocolError, TransportError } from './exceptions.js';
import { isThenable } from './flow.js';
import type { Host } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';
import { Request } from './request.js';
import type { Response } from './response.js';
import { codes } from './status.js';
import { URL, type URLTypes } from './url.js';

/** Tokens as a token endpoint has given them. */
export interface OAuth2Tokens {
  /** Sent as a Bearer token. */
  readonly accessToken: string;
  /** The refresh token that is good from now on; `null`: there is none. */
  readonly refreshToken: string | null;
  /** How long the access token is good, from when it was asked for; `null`: the server does not say. */
  readonly expiresInMs: number | null;
}

/** What all ways to get tokens can be told. */
interface TokenOptions {
  /** URL of the token endpoint, without user and password. */
  readonly tokenUrl: URLTypes;
  /** What access is asked for, names parted by spaces. */
  readonly scope?: string | null | undefined;
  /**
   * Told of new tokens, to keep them beyond this process. The call that asked for them waits for a promise, and fails with
   * what is thrown; the tokens are good all the same, for all others. `Client` takes no promise.
   */
  readonly onTokens?: ((tokens: OAuth2Tokens) => unknown) | null | undefined;
}

/** What `OAuth2ClientCredentials` is made of. */
export interface OAuth2ClientCredentialsOptions extends TokenOptions {
  /** Name of the client, as the authorization server knows it. */
  readonly clientId: string;
  /** What proves the client; sent to the token endpoint only. */
  readonly clientSecret: string;
}

/** What `OAuth2RefreshToken` is made of. */
export interface OAuth2RefreshTokenOptions extends TokenOptions {
  /** The refresh token to begin with. */
  readonly refreshToken: string;
  /** Used until it is refused. */
  readonly accessToken?: string | null | undefined;
  /** Without a secret it is sent as a parameter, as public clients do. */
  readonly clientId?: string | null | undefined;
  /** What proves the client, where it has a secret; sent to the token endpoint only. */
  readonly clientSecret?: string | null | undefined;
}

const TOKEN_OPTIONS = ['tokenUrl', 'scope', 'onTokens', 'clientId', 'clientSecret'] as const;
/** A token is renewed that long before it expires, or a tenth of its life, whichever is less. */
const EARLY_MS = 30_000;
/** What may be shown of an error code, whose characters are the server's (RFC 6749 §5.2). */
const ERROR_CODE = /^[a-z_]{1,64}$/;

type Clock = Pick<Host, 'now'>;

/** A token that is being asked for. */
class Renewal {
  /** The request whose call asks. */
  readonly leader: Request;
  readonly tokenRequest: Request;
  readonly askedAt: number;
  /** Resolves when it is over, whichever way. */
  readonly ended: Promise<void>;
  /** What it got. */
  token: string | null = null;
  /** Why there is no token, for all who wait; `null` also if its call was given up. */
  failure: unknown = null;
  #end!: () => void;

  constructor(leader: Request, tokenRequest: Request, askedAt: number) {
    this.leader = leader;
    this.tokenRequest = tokenRequest;
    this.askedAt = askedAt;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }
}

/** Auth by an access token that it asks for itself. */
abstract class TokenAuth extends Auth {
  readonly #tokenUrl: URL;
  readonly #scope: string | null;
  readonly #onTokens: ((tokens: OAuth2Tokens) => unknown) | null;
  readonly #client: readonly [id: string | null, secret: string | null];
  readonly #clock: Clock;
  /** Requests of calls that block. */
  readonly #blocking = new WeakSet<Request>();
  #token: string | null;
  /** By the clock; Infinity if nobody knows. */
  #renewAt = Number.POSITIVE_INFINITY;
  #renewal: Renewal | null = null;

  /** @internal */
  constructor(
    options: TokenOptions & { readonly clientId?: unknown; readonly clientSecret?: unknown },
    token: string | null,
    name: string,
    clock: Clock,
  ) {
    super();
    this.#tokenUrl = tokenUrlOf(own(options, 'tokenUrl'), name);
    this.#scope = textOf(options, 'scope', name);
    this.#client = [textOf(options, 'clientId', name), textOf(options, 'clientSecret', name)];
    const onTokens = own(options, 'onTokens') ?? null;
    if (onTokens !== null && typeof onTokens !== 'function') {
      throw new TypeError(`Cannot make ${name}: expected onTokens to be a function, got ${typeNameOf(onTokens)}`);
    }
    this.#onTokens = onTokens;
    this.#clock = clock;
    this.#token = token;
    makeAsking(this, {
      isOwn: (request) => this.#renewal?.tokenRequest === request,
      failed: (request, error, isGivenUp) => {
        const renewal = this.#renewal;
        if (renewal?.leader === request && !isGivenUp && !(error instanceof CloseError)) renewal.failure = error;
      },
    });
  }

  /** What the token request asks with, beside scope and client. @internal */
  protected abstract grant(): Record<string, string>;

  /** The refresh token that is good from now on, if one came. @internal */
  protected abstract keep(refreshToken: string | null): string | null;

  override *authFlow(request: Request): AuthFlow {
    let used: string | null = null;
    let lead: Renewal | null = null;
    let isOver = false;
    /** The request, where there is a token for it; else a token request, or a promise of either. */
    const step = (renewal: Renewal | null): MaybePromise<Request> => {
      // Given up while it waited.
      if (isOver) return request;
      if (renewal !== null && renewal.failure !== null) throw sharedFailure(renewal.failure);
      used = renewal?.token ?? this.#usableToken();
      if (used !== null) return withToken(request, used);
      const other = this.#renewal;
      if (other !== null && !this.#blocking.has(request)) return other.ended.then(() => step(other));
      lead = new Renewal(request, this.#tokenRequest(), this.#clock.now());
      this.#renewal = lead;
      return lead.tokenRequest;
    };
    try {
      let next = step(null);
      for (let refusals = 0; ; ) {
        const response = yield next;
        const got = lead as Renewal | null;
        if (got !== null) {
          const tokens = this.#take(response, got);
          // Whatever becomes of telling: the token is good, and the others have waited long enough.
          this.#end(got);
          lead = null;
          const told = this.#onTokens?.(tokens);
          next = isThenable(told) ? (told.then(() => step(got)) as Promise<Request>) : step(got);
          continue;
        }
        if (response.statusCode !== 401 || !isAnswerTo(request, response)) return;
        if (this.#token === used) this.#token = null;
        if (++refusals > 1 || !request.isReplayable) return;
        next = step(null);
      }
    } finally {
      isOver = true;
      if (lead !== null) this.#end(lead);
    }
  }

  override *syncAuthFlow(request: Request): AuthFlow {
    this.#blocking.add(request);
    yield* super.syncAuthFlow(request);
  }

  #end(renewal: Renewal): void {
    if (this.#renewal === renewal) this.#renewal = null;
    renewal.end();
  }

  #usableToken(): string | null {
    return this.#clock.now() < this.#renewAt ? this.#token : null;
  }

  #tokenRequest(): Request {
    const [id, secret] = this.#client;
    const data: Record<string, string> = this.grant();
    if (this.#scope !== null) data.scope = this.#scope;
    if (id !== null && secret === null) data.client_id = id;
    const headers: [string, string][] = [['Accept', 'application/json']];
    if (id !== null && secret !== null) {
      // Both are encoded as a form encodes them before Basic does (RFC 6749 §2.3.1).
      headers.push(['Authorization', `Basic ${btoa(`${formEncoded(id)}:${formEncoded(secret)}`)}`]);
    }
    return new Request('POST', this.#tokenUrl, { headers, data });
  }

  /** Keeps what the token endpoint gave, and returns it. @throws HTTPStatusError, RemoteProtocolError */
  #take(response: Response, renewal: Renewal): OAuth2Tokens {
    try {
      const answer = answerOf(response, this.#tokenUrl);
      const refreshToken = this.keep(answer.refreshToken);
      const { accessToken, expiresInMs } = answer;
      this.#token = accessToken;
      renewal.token = accessToken;
      const early = Math.min(EARLY_MS, (expiresInMs ?? 0) / 10);
      this.#renewAt = expiresInMs === null ? Number.POSITIVE_INFINITY : renewal.askedAt + expiresInMs - early;
      return { accessToken, refreshToken, expiresInMs };
    } catch (error) {
      renewal.failure = error;
      throw error;
    }
  }
}

/**
 * A client's own access, without a user (RFC 6749 §4.4): `grant_type=client_credentials`, the client named by Basic. One
 * object serves any number of calls. A token endpoint that refuses raises `HTTPStatusError`, with its response; one that
 * answers with something else `RemoteProtocolError`.
 */
export class OAuth2ClientCredentials extends TokenAuth {
  /** @throws TypeError for unknown options and other types; InvalidURL */
  constructor(options: OAuth2ClientCredentialsOptions);
  /** `clock` is for tests. @internal */
  constructor(options: OAuth2ClientCredentialsOptions, clock: Clock);
  constructor(options: OAuth2ClientCredentialsOptions, clock: Clock = ownHost) {
    const name = 'OAuth2ClientCredentials';
    checkFields(options, TOKEN_OPTIONS, `make ${name}`);
    for (const needed of ['clientId', 'clientSecret'] as const) requireText(options, needed, name);
    super(options, null, name, clock);
  }

  /** @internal */
  protected override grant(): Record<string, string> {
    return { grant_type: 'client_credentials' };
  }

  /** @internal */
  protected override keep(refreshToken: string | null): string | null {
    return refreshToken;
  }
}

/**
 * A user's access, renewed by a refresh token (RFC 6749 §6): `accessToken`, if there is one, until it is refused or expires,
 * then what `grant_type=refresh_token` gives. A new refresh token replaces the old one: `onTokens` is told of it. Errors are
 * those of `OAuth2ClientCredentials`.
 */
export class OAuth2RefreshToken extends TokenAuth {
  #refreshToken: string;

  /** @throws TypeError for unknown options and other types; InvalidURL */
  constructor(options: OAuth2RefreshTokenOptions);
  /** `clock` is for tests. @internal */
  constructor(options: OAuth2RefreshTokenOptions, clock: Clock);
  constructor(options: OAuth2RefreshTokenOptions, clock: Clock = ownHost) {
    const name = 'OAuth2RefreshToken';
    checkFields(options, [...TOKEN_OPTIONS, 'refreshToken', 'accessToken'], `make ${name}`);
    const refreshToken = requireText(options, 'refreshToken', name);
    super(options, textOf(options, 'accessToken', name), name, clock);
    this.#refreshToken = refreshToken;
  }

  /** @internal */
  protected override grant(): Record<string, string> {
    return { grant_type: 'refresh_token', refresh_token: this.#refreshToken };
  }

  /** @internal */
  protected override keep(refreshToken: string | null): string | null {
    this.#refreshToken = refreshToken ?? this.#refreshToken;
    return this.#refreshToken;
  }
}

function withToken(request: Request, token: string): Request {
  request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

function tokenUrlOf(given: unknown, name: string): URL {
  if (given === undefined || given === null) throw new TypeError(`Cannot make ${name}: expected a tokenUrl, got none`);
  const url = new URL(given as URLTypes);
  // It is an error now rather than at the first call.
  void url.origin;
  if (url.username !== '' || url.password !== '') {
    const expected = 'expected a tokenUrl without user and password: the client is told by clientId and clientSecret';
    throw new InvalidURL(`Cannot make ${name}: ${expected}`);
  }
  return url;
}

function textOf<T extends object>(options: T, field: keyof T & string, name: string): string | null {
  const value = (own(options, field) as unknown) ?? null;
  if (value === null || typeof value === 'string') return value;
  throw new TypeError(`Cannot make ${name}: expected ${field} to be a string, got ${typeNameOf(value)}`);
}

function requireText<T extends object>(options: T, field: keyof T & string, name: string): string {
  const value = textOf(options, field, name);
  if (value === null) throw new TypeError(`Cannot make ${name}: expected ${field} to be a string, got none`);
  return value;
}

/** As a form's value: octets of UTF-8, '+' for spaces. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly token_type?: unknown;
  readonly expires_in?: unknown;
  readonly refresh_token?: unknown;
  readonly error?: unknown;
}

/** What a token endpoint said (RFC 6749 §5.1). Messages show none of it but a code. */
function answerOf(response: Response, url: URL): OAuth2Tokens {
  const answer = jsonOf(response);
  const action = `Cannot get an access token from ${url.origin}${url.path}`;
  if (!response.isSuccess) {
    const { statusCode, request } = response;
    const code = typeof answer?.error === 'string' && ERROR_CODE.test(answer.error) ? `, ${answer.error}` : '';
    const message = `${action}: it answered ${statusCode} ${codes.getReasonPhrase(statusCode)}${code}`;
    throw new HTTPStatusError(message, { request, response });
  }
  const refuse = (why: string) => new RemoteProtocolError(`${action}: ${why}`, { request: response.request });
  if (answer === null) throw refuse('its answer is no JSON object (RFC 6749 §5.1)');
  const { access_token: accessToken, token_type: type, expires_in: expiresIn, refresh_token: refreshToken } = answer;
  if (typeof accessToken !== 'string' || accessToken === '') {
    throw refuse('its answer has no access_token (RFC 6749 §5.1)');
  }
  if (type !== undefined && String(type).toLowerCase() !== 'bearer') {
    throw refuse('its answer has another token_type than Bearer (RFC 6749 §7.1)');
  }
  const seconds = Number(expiresIn ?? Number.NaN);
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : null,
    expiresInMs: seconds >= 0 ? seconds * 1000 : null,
  };
}

function jsonOf(response: Response): TokenAnswer | null {
  try {
    const answer: unknown = response.json();
    return typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** An error of its own for a call that waited for another one's token request. Of its own request nothing was sent. */
function sharedFailure(failure: unknown): unknown {
  if (failure instanceof HTTPStatusError) {
    const { message, request, response } = failure;
    return new HTTPStatusError(message, { request, response, cause: failure });
  }
  if (!(failure instanceof TransportError)) return failure;
  const Same = failure.constructor as typeof TransportError;
  const { phase, message } = failure;
  const options = { cause: failure, phase, sent: 'none', retryable: failure.retryable } as const;
  return new Same(`Cannot get an access token: ${message}`, options);
}
