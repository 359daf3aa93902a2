/**
 * What a client is told, and what its requests have of that. Knows neither transports nor who drives a call: client.ts.
 */
import { attempted } from './attempted.js';
import { type Auth, authOf } from './auth.js';
import { asBase, behind } from './base-url.js';
import { checkFields, DEFAULT_TIMEOUT, own, Timeout, type TimeoutTypes, typeNameOf } from './config.js';
import { Cookies, type CookieTypes } from './cookies.js';
import type { Environment } from './environment.js';
import { checkHooks, type Hooks, hooksOf } from './event-hooks.js';
import { TotalTimeout } from './exceptions.js';
import { Guard } from './guard.js';
import { Headers, type HeaderTypes } from './headers.js';
import {
  type BaseClientOptions,
  type BodyCallOptions,
  type CallOptions,
  CLIENT_OPTIONS,
  type ClientKind,
  flagOf,
  headerNamesOf,
  redirectsOf,
  type SendOptions,
  signalOf,
} from './options.js';
import { QueryParams, type QueryParamTypes } from './query-params.js';
import { givenUrl, methodOf, ownExtensions, Prepared, Request, type RequestExtensions, withParams } from './request.js';
import { type RequestBase, requestBase } from './request-base.js';
import { announcedBody } from './request-body.js';
import type { DefaultEncoding } from './response.js';
import type { SendSettings } from './send.js';
import type { Origin, URL, URLTypes } from './url.js';
import { USER_AGENT } from './version.js';

/** The headers that every client sends unless told otherwise, in this order (httpx). */
function defaultHeaders(): [string, string][] {
  return [
    ['Accept', '*/*'],
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['Connection', 'keep-alive'],
    ['User-Agent', USER_AGENT],
  ];
}

/** How a call sends its request. */
export interface Manner {
  readonly stream: boolean;
  readonly signal: AbortSignal | null;
  readonly auth: Auth | null;
  readonly followRedirects: boolean;
}

/** What the base of requests to one origin was made of. */
interface CachedBase {
  readonly client: Headers;
  readonly revision: number;
  readonly base: RequestBase;
}

/**
 * The settings of every client, and what a request has from them: base URL, parameters, headers, cookies, limits, and the manner
 * in which it is sent. What a request or a call says itself wins.
 */
export abstract class ClientSettings<K extends ClientKind> {
  /** @internal */ protected readonly environment: Environment;
  readonly #defaultEncoding: DefaultEncoding;
  readonly #sensitiveHeaders: ReadonlySet<string>;
  readonly #trustEnv: boolean;
  #auth: Auth | null;
  #followRedirects: boolean;
  #maxRedirects: number;
  #headers: Headers;
  #params: QueryParams;
  #cookies: Cookies;
  #timeout: Timeout;
  #baseUrl: URL;
  #extensions: RequestExtensions;
  #hooks: Hooks<K>;
  #bases = new WeakMap<Origin, CachedBase>();
  #settings: SendSettings | null = null;

  /** @throws TypeError, RangeError, InvalidURL for settings that mean nothing. @internal */
  constructor(options: BaseClientOptions<K> | undefined, environment: Environment) {
    checkFields(options, CLIENT_OPTIONS, 'make a client');
    this.environment = environment;
    this.#headers = new Headers(defaultHeaders());
    this.#headers.update(own(options, 'headers') ?? null);
    this.#params = new QueryParams(own(options, 'params') ?? null);
    this.#cookies = new Cookies(own(options, 'cookies') ?? null, environment.host);
    this.#timeout = Timeout.from(own(options, 'timeout'), DEFAULT_TIMEOUT);
    this.#extensions = ownExtensions(null, this.#timeout);
    this.#baseUrl = asBase(own(options, 'baseUrl') ?? '');
    this.#hooks = hooksOf<K>(own(options, 'eventHooks'));
    this.#auth = authOf(own(options, 'auth'), 'make a client');
    this.#followRedirects = flagOf(own(options, 'followRedirects'), 'followRedirects') ?? false;
    this.#maxRedirects = redirectsOf(own(options, 'maxRedirects') ?? 20);
    this.#sensitiveHeaders = headerNamesOf(own(options, 'sensitiveHeaders'));
    this.#trustEnv = flagOf(own(options, 'trustEnv'), 'trustEnv') ?? true;
    this.#defaultEncoding = encodingOf(own(options, 'defaultEncoding') ?? 'utf-8');
  }

  /** Headers of every request; the request's own win. */
  get headers(): Headers {
    return this.#headers;
  }

  /** Starts again from the default headers. */
  set headers(headers: HeaderTypes) {
    const fresh = new Headers(defaultHeaders());
    fresh.update(headers);
    this.#headers = fresh;
  }

  /** Query parameters of every request; the request's own win. */
  get params(): QueryParams {
    return this.#params;
  }

  set params(params: QueryParamTypes | null) {
    this.#params = new QueryParams(params);
  }

  /** Cookies that were given, and that servers have set: each request gets those that are for its URL. */
  get cookies(): Cookies {
    return this.#cookies;
  }

  /** Starts anew with these. */
  set cookies(cookies: CookieTypes) {
    this.#cookies = new Cookies(cookies, this.environment.host);
  }

  /** Limits of waiting, for calls that say nothing else. What a plain object leaves open is 5 s, and no limit in all. */
  get timeout(): Timeout {
    return this.#timeout;
  }

  set timeout(timeout: TimeoutTypes) {
    this.#timeout = Timeout.from(timeout, DEFAULT_TIMEOUT);
    this.#extensions = ownExtensions(null, this.#timeout);
  }

  /** Goes before relative URLs; its path ends in '/'. */
  get baseUrl(): URL {
    return this.#baseUrl;
  }

  set baseUrl(url: URLTypes) {
    this.#baseUrl = asBase(url);
  }

  /** Who sends the requests, for calls that say nothing else. */
  get auth(): Auth | null {
    return this.#auth;
  }

  set auth(auth: K['auth']) {
    this.#auth = authOf(auth, 'set client.auth');
  }

  /** Whether redirects are followed, for calls that say nothing else. */
  get followRedirects(): boolean {
    return this.#followRedirects;
  }

  set followRedirects(follow: boolean) {
    this.#followRedirects = flagOf(follow, 'followRedirects') ?? false;
    this.#settings = null;
  }

  /** How many redirects are followed in a row. */
  get maxRedirects(): number {
    return this.#maxRedirects;
  }

  set maxRedirects(most: number) {
    this.#maxRedirects = redirectsOf(most);
    this.#settings = null;
  }

  /** The hooks, by event; the lists may be changed and replaced. */
  get eventHooks(): { request: K['requestHook'][]; response: K['responseHook'][] } {
    return this.#hooks;
  }

  set eventHooks(hooks: K['eventHooks'] | null) {
    this.#hooks = hooksOf<K>(hooks);
  }

  /** Whether the environment may say which authorities are trusted. */
  get trustEnv(): boolean {
    return this.#trustEnv;
  }

  // ── requests ──

  /** A request as this client would send it. @throws InvalidURL, TypeError, RangeError @internal */
  protected built(
    method: string,
    url: URLTypes,
    options: BodyCallOptions<K['auth'], K['content']> | undefined,
  ): Request {
    const name = methodOf(method);
    const target = this.#mergedUrl(url, own(options, 'params'));
    const headers = this.#mergedHeaders(target, own(options, 'headers'));
    const cookies = this.#mergedCookies(own(options, 'cookies'));
    if (cookies?.answersLater === false) cookies.addNow(headers, target);
    const body = announcedBody(options, headers, name, this.environment.host);
    const extensions = this.#mergedExtensions(options);
    const request = new Request(name, target, new Prepared(headers, body, extensions, false, cookies === null));
    if (cookies?.answersLater === true) request.lateCookies = cookies;
    return request;
  }

  #mergedUrl(url: URLTypes, params: QueryParamTypes | null | undefined): URL {
    const given = givenUrl(url);
    const merged = given.isAbsoluteUrl || this.#baseUrl.href === '' ? given : behind(this.#baseUrl, given);
    if (this.#params.size === 0 && (params === null || params === undefined)) return merged;
    return withParams(merged, this.#params.merge(params ?? undefined));
  }

  #mergedHeaders(url: URL, extra: HeaderTypes | undefined): Headers {
    const client = this.#headers;
    // A transport of the user's may serve other schemes.
    if (!url.isWeb && url.scheme !== '') return requestBase(url.netloc, client).with(extra);
    const { origin } = url;
    let cached = this.#bases.get(origin);
    if (cached === undefined || cached.client !== client || cached.revision !== client.revision) {
      cached = { client, revision: client.revision, base: requestBase(origin.hostField, client) };
      this.#bases.set(origin, cached);
    }
    return cached.base.with(extra);
  }

  /** The cookies of a call: the client's own, those and others beside them, or none. */
  #mergedCookies(given: CookieTypes | undefined): Cookies | null {
    if (given === undefined) return this.#cookies;
    if (given === null) return null;
    const merged = new Cookies(null, this.environment.host);
    merged.update(this.#cookies);
    merged.update(given);
    return merged;
  }

  #mergedExtensions(options: CallOptions<K['auth']> | undefined): RequestExtensions {
    const timeout = own(options, 'timeout');
    const extensions = own(options, 'extensions') ?? null;
    if (timeout === undefined && extensions === null) return this.#extensions;
    const base = Timeout.from(timeout, this.#timeout);
    return ownExtensions(extensions, Timeout.from(own(extensions, 'timeout'), base));
  }

  /**
   * The limits of a request, which its extensions hold from here on: what they leave open is the client's (httpx). A plain
   * object is replaced by what it means now, so that whoever changes it later changes no request under way.
   */
  #settledTimeout(request: Request): Timeout {
    const { extensions } = request;
    const given = own(extensions, 'timeout');
    if (given === this.#timeout) return this.#timeout;
    const timeout = Timeout.from(given, this.#timeout);
    if (timeout !== given) request.extensions = { ...extensions, timeout };
    return timeout;
  }

  /** How a call sends its request; `leftOrigin`: where only auth of its own may go. @throws TypeError @internal */
  protected mannerOf(
    options: SendOptions<K['auth']> | CallOptions<K['auth']> | undefined,
    stream: boolean,
    leftOrigin: boolean,
  ): Manner {
    const given = own(options, 'auth');
    const inherited = leftOrigin ? null : this.#auth;
    return {
      stream,
      signal: signalOf(own(options, 'signal')),
      auth: given === undefined ? inherited : authOf(given, 'send the request'),
      followRedirects: flagOf(own(options, 'followRedirects'), 'followRedirects') ?? this.#followRedirects,
    };
  }

  /** What the send flow is told: the same object for calls that ask for nothing of their own. @throws TypeError @internal */
  protected settingsFor({ stream, followRedirects }: Manner, guard: Guard | null): SendSettings {
    const { request: requestHooks, response: responseHooks } = this.#hooks;
    const plain = !stream && guard === null && followRedirects === this.#followRedirects;
    const last = this.#settings;
    if (plain && last !== null && last.requestHooks === requestHooks && last.responseHooks === responseHooks)
      return last;
    checkHooks(requestHooks, 'request');
    checkHooks(responseHooks, 'response');
    const settings: SendSettings = {
      requestHooks,
      responseHooks,
      followRedirects,
      maxRedirects: this.#maxRedirects,
      sensitiveHeaders: this.#sensitiveHeaders,
      stream,
      defaultEncoding: this.#defaultEncoding,
      guard,
    };
    if (plain) this.#settings = settings;
    return settings;
  }

  /** Who watches over the call; `null`: neither a signal nor a total time ends it, nor its body. @internal */
  protected guardOf(request: Request, signal: AbortSignal | null): Guard | null {
    const { total } = this.#settledTimeout(request);
    if (signal === null && total === null && !request.stream.mayFailUnread) return null;
    const { deadlines } = this.environment;
    const expired = (ms: number) =>
      new TotalTimeout(`Cannot complete ${attempted(request)}: it is not done after ${ms} ms in all (timeout.total)`);
    return new Guard(signal, total, deadlines, expired);
  }
}

function encodingOf(given: unknown): DefaultEncoding {
  if (typeof given === 'string' || typeof given === 'function') return given as DefaultEncoding;
  throw new TypeError(
    `Cannot make a client: expected defaultEncoding to be a string or a function, got ${typeNameOf(given)}`,
  );
}
