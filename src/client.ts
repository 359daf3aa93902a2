/**
 * What all clients are: settings, what a request inherits from them, and the verbs, each written once. What differs between
 * a blocking and an asynchronous client is how a flow is driven, nothing else: clients.ts.
 */
import { attempted } from './attempted.js';
import { type Auth, type AuthTypes, authOf, urlAuth } from './auth.js';
import { asBase, behind } from './base-url.js';
import { checkFields, DEFAULT_TIMEOUT, INSPECT, own, Timeout, type TimeoutTypes, typeNameOf } from './config.js';
import { Cookies, type CookieTypes } from './cookies.js';
import type { Environment } from './environment.js';
import { ClientClosed, TotalTimeout } from './exceptions.js';
import type { Flow } from './flow.js';
import { Guard } from './guard.js';
import { Headers, type HeaderTypes, type RequestBase } from './headers.js';
import type { Host } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';
import { Mounts } from './mounts.js';
import {
  type BaseClientOptions,
  BODY_CALL_OPTIONS,
  type BodyCallOptions,
  BUILD_OPTIONS,
  CALL_OPTIONS,
  type CallOptions,
  CLIENT_OPTIONS,
  type ClientKind,
  checkAllowAddress,
  checkCall,
  checkHooks,
  EVENT_HOOKS,
  flagOf,
  functionOf,
  type HookLists,
  headerNamesOf,
  hookListOf,
  mountsGiven,
  type OptionNames,
  redirectsOf,
  SEND_OPTIONS,
  type SendOptions,
  signalOf,
} from './options.js';
import { Proxy } from './proxy.js';
import { environmentMounts } from './proxy-environment.js';
import { QueryParams, type QueryParamTypes } from './query-params.js';
import {
  type AnyRequest,
  givenUrl,
  methodOf,
  ownExtensions,
  Prepared,
  Request,
  type RequestExtensions,
  withParams,
} from './request.js';
import { announcedBody } from './request-body.js';
import type { DefaultEncoding, Response } from './response.js';
import { type Io, type SendSettings, send, sendAuthenticated, Waits } from './send.js';
import type { Origin, URL, URLTypes } from './url.js';
import { USER_AGENT } from './version.js';

/** The hooks of a client: the lists may be changed and replaced. */
interface Hooks<K extends ClientKind> {
  request: K['requestHook'][];
  response: K['responseHook'][];
}

/** The headers that every client sends unless told otherwise, in this order (httpx). */
function defaultHeaders(): [string, string][] {
  return [
    ['Accept', '*/*'],
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['Connection', 'keep-alive'],
    ['User-Agent', USER_AGENT],
  ];
}

/** What a client of kind `K` takes as hooks. */
type HooksGiven<K extends ClientKind> = HookLists<K['requestHook'], K['responseHook']>;

/** Sealed: a list under another name would never be called. @throws TypeError for other names, and for what is no function. */
function hooksOf<K extends ClientKind>(given: HooksGiven<K> | null | undefined): Hooks<K> {
  checkFields(given, EVENT_HOOKS, 'set event hooks');
  return Object.seal({
    request: hookListOf(own(given, 'request'), 'request'),
    response: hookListOf(own(given, 'response'), 'response'),
  });
}

/** How a call sends its request. */
interface Manner {
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

/** Settings and verbs of every client; `K` says what it gives, takes and sends by. */
export abstract class BaseClient<K extends ClientKind> {
  /** @internal */ protected readonly environment: Environment;
  readonly #transport: K['transport'];
  /** `null`: all goes to the one transport. */
  readonly #mounts: Mounts<K['transport']> | null;
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
  #closed = false;
  /** @internal */
  readonly waits = new Waits();

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
    checkAllowAddress(options);
    functionOf(own(options, 'resolve'), 'resolve');
    const wrapped = this.#wrapper(functionOf(own(options, 'wrapTransport'), 'wrapTransport'));
    const given = own(options, 'transport') ?? null;
    this.#transport = wrapped(this.checked(given ?? this.defaultTransport(options, null), 'a transport'));
    const proxied = given === null ? this.#proxied(options, wrapped) : [];
    const mounted = mountsGiven(own(options, 'mounts')).map(([pattern, given]) => {
      const transport = given === null ? this.#transport : wrapped(this.checked(given, 'a transport to mount'));
      return [pattern, transport] as const;
    });
    this.#mounts = proxied.length + mounted.length === 0 ? null : new Mounts([...proxied, ...mounted]);
  }

  /** Transports behind proxies, by pattern: the one given, or those of the environment. */
  #proxied(
    options: BaseClientOptions<K> | undefined,
    wrapped: (inner: K['transport']) => K['transport'],
  ): (readonly [pattern: string, transport: K['transport']])[] {
    const behind = (proxy: Proxy | null): K['transport'] =>
      proxy === null ? this.#transport : wrapped(this.defaultTransport(options, proxy));
    const given = own(options, 'proxy');
    if (given !== undefined) return given === null ? [] : [['all://', behind(Proxy.from(given))]];
    return this.#trustEnv ? environmentMounts(this.environment.host, behind) : [];
  }

  /** Wraps each transport once, wherever it is mounted. */
  #wrapper(wrap: ((inner: K['transport']) => K['transport']) | null): (inner: K['transport']) => K['transport'] {
    if (wrap === null) return (inner) => inner;
    const outer = new Map<K['transport'], K['transport']>();
    return (inner) => {
      const known = outer.get(inner);
      if (known !== undefined) return known;
      const made = this.checked(wrap(inner), 'wrapTransport to give a transport');
      outer.set(inner, made);
      return made;
    };
  }

  /** @internal */
  protected abstract defaultTransport(options: BaseClientOptions<K> | undefined, proxy: Proxy | null): K['transport'];
  /** @internal A transport of this client's kind, from `source`. @throws TypeError */
  protected abstract checked(transport: K['transport'], source: string): K['transport'];
  /** @internal Asks a transport for its answer. */
  abstract ask(transport: K['transport'], request: Request): MaybePromise<Response>;
  /** @internal Drives a flow the client's way. */
  protected abstract run(flow: Flow<Response>, guard: Guard | null): K['answer'];
  /** @internal A call that fails before it begins. */
  protected abstract fail(error: unknown): K['answer'];

  // ── settings ──

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

  set auth(auth: AuthTypes) {
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

  set eventHooks(hooks: HookLists<K['requestHook'], K['responseHook']> | null) {
    this.#hooks = hooksOf<K>(hooks);
  }

  /** True once it was closed: every call fails with ClientClosed. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether the environment may say which authorities are trusted. */
  get trustEnv(): boolean {
    return this.#trustEnv;
  }

  // ── Io ──

  /** @internal */
  transportFor(request: Request): K['transport'] {
    return this.#mounts === null ? this.#transport : (this.#mounts.at(request.url) ?? this.#transport);
  }

  /** @internal Each once, in the order in which they are closed: the default one, then those mounted, by priority (httpx). */
  protected get transports(): readonly K['transport'][] {
    return [...new Set([this.#transport, ...(this.#mounts?.values ?? [])])];
  }

  /** @internal */
  get warn(): (message: string) => void {
    const { host } = this.environment;
    return (message) => host.warn(message);
  }

  /** @internal */
  get host(): Host {
    return this.environment.host;
  }

  /** @internal */
  now(): number {
    return this.environment.deadlines.tick();
  }

  /** @internal */
  get blocking(): boolean {
    return this.environment.connector.blocking;
  }

  // ── requests ──

  /**
   * A request as this client would send it: its base URL, params and headers merged in.
   * @throws InvalidURL, TypeError, RangeError
   */
  buildRequest(
    method: string,
    url: URLTypes,
    options?: Omit<BodyCallOptions, 'auth' | 'followRedirects' | 'signal'>,
  ): K['request'] {
    checkCall(options, BUILD_OPTIONS, 'build a request');
    return this.#built(method, url, options) as K['request'];
  }

  #built(method: string, url: URLTypes, options: BodyCallOptions | undefined): Request {
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
    if (!url.isWeb && url.scheme !== '') return Headers.requestBase(url.netloc, client).with(extra);
    const { origin } = url;
    let cached = this.#bases.get(origin);
    if (cached === undefined || cached.client !== client || cached.revision !== client.revision) {
      cached = { client, revision: client.revision, base: Headers.requestBase(origin.hostField, client) };
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

  #mergedExtensions(options: CallOptions | undefined): RequestExtensions {
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

  /**
   * Sends a request as it is, within the client's timeout if it has none. The body is read, unless `stream` is set. The
   * client's auth does not go where a redirect led away from the first origin (`response.nextRequest`): a call's does.
   */
  send(request: AnyRequest, options?: SendOptions): K['answer'] {
    let manner: Manner;
    try {
      checkCall(options, SEND_OPTIONS);
      if (!(request instanceof Request)) {
        throw new TypeError(`Cannot send the request: expected a Request, got ${typeNameOf(request)}`);
      }
      manner = this.#mannerOf(options, own(options, 'stream') === true, request.leftOrigin ? null : this.#auth);
    } catch (error) {
      return this.fail(error);
    }
    return this.#dispatch(request, manner);
  }

  /** @throws TypeError */
  #mannerOf(options: SendOptions | CallOptions | undefined, stream: boolean, clientAuth: Auth | null): Manner {
    const auth = own(options, 'auth');
    return {
      stream,
      signal: signalOf(own(options, 'signal')),
      auth: auth === undefined ? clientAuth : authOf(auth, 'send the request'),
      followRedirects: flagOf(own(options, 'followRedirects'), 'followRedirects') ?? this.#followRedirects,
    };
  }

  #dispatch(request: Request, manner: Manner): K['answer'] {
    const { signal } = manner;
    let guard: Guard | null = null;
    let settings: SendSettings;
    let auth: Auth | null;
    try {
      if (this.#closed) throw new ClientClosed();
      if (signal?.aborted) throw signal.reason;
      auth = manner.auth ?? urlAuth(request.url);
      guard = this.#guardOf(request, signal);
      settings = this.#settingsFor(manner, guard);
    } catch (error) {
      guard?.end();
      request.stream.abandon(error);
      return this.fail(error);
    }
    const io = this as Io;
    return this.run(
      auth === null ? send(io, request, settings) : sendAuthenticated(io, request, auth, settings),
      guard,
    );
  }

  #settingsFor({ stream, followRedirects }: Manner, guard: Guard | null): SendSettings {
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

  #guardOf(request: Request, signal: AbortSignal | null): Guard | null {
    const { total } = this.#settledTimeout(request);
    if (signal === null && total === null) return null;
    const { deadlines } = this.environment;
    const expired = (ms: number) =>
      new TotalTimeout(`Cannot complete ${attempted(request)}: it is not done after ${ms} ms in all (timeout.total)`);
    return new Guard(signal, total, deadlines, expired);
  }

  #call(
    method: string,
    url: URLTypes,
    options: BodyCallOptions | undefined,
    known: OptionNames,
    stream = false,
  ): K['answer'] {
    let request: Request;
    let manner: Manner;
    try {
      if (this.#closed) throw new ClientClosed();
      checkCall(options, known);
      manner = this.#mannerOf(options, stream, this.#auth);
      request = this.#built(method, url, options);
    } catch (error) {
      return this.fail(error);
    }
    return this.#dispatch(request, manner);
  }

  /** Sends a request of any method, with a body or without, and reads the response. */
  request(method: string, url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call(method, url, options, BODY_CALL_OPTIONS);
  }

  /** Sends a request; the response's body is unread, and closing the response gives its connection up. */
  stream(method: string, url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call(method, url, options, BODY_CALL_OPTIONS, true);
  }

  /** Sends GET and reads the response. */
  get(url: URLTypes, options?: CallOptions): K['answer'] {
    return this.#call('GET', url, options, CALL_OPTIONS);
  }

  /** Sends OPTIONS and reads the response; `extensions: { target: '*' }` asks the server as a whole. */
  options(url: URLTypes, options?: CallOptions): K['answer'] {
    return this.#call('OPTIONS', url, options, CALL_OPTIONS);
  }

  /** Sends HEAD: the response has the head that GET would have, and no body. */
  head(url: URLTypes, options?: CallOptions): K['answer'] {
    return this.#call('HEAD', url, options, CALL_OPTIONS);
  }

  /** Sends DELETE, without a body (for one there is `request`), and reads the response. */
  delete(url: URLTypes, options?: CallOptions): K['answer'] {
    return this.#call('DELETE', url, options, CALL_OPTIONS);
  }

  /** Sends POST and reads the response. */
  post(url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call('POST', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends PUT and reads the response. */
  put(url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call('PUT', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends PATCH and reads the response. */
  patch(url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call('PATCH', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
  query(url: URLTypes, options?: BodyCallOptions): K['answer'] {
    return this.#call('QUERY', url, options, BODY_CALL_OPTIONS);
  }

  /** Its settings, credentials masked. */
  toString(): string {
    const { baseUrl, timeout, headers, params, isClosed } = this;
    const base = baseUrl.isAbsoluteUrl ? `baseUrl: ${JSON.stringify(baseUrl)}, ` : '';
    const query = params.size === 0 ? '' : `params: ${JSON.stringify(params)}, `;
    const fields = JSON.stringify(headers);
    return `<${this.constructor.name}(${base}${query}headers: ${fields}, timeout: ${timeout}, isClosed: ${isClosed})>`;
  }

  /** Its class, where its requests go and whether it is closed; the password masked. */
  toJSON(): { client: string; baseUrl: string; isClosed: boolean } {
    return { client: this.constructor.name, baseUrl: this.#baseUrl.toJSON(), isClosed: this.#closed };
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }

  /** @internal True the first time. */
  protected markClosed(): boolean {
    const first = !this.#closed;
    this.#closed = true;
    this.waits.end();
    return first;
  }
}

function encodingOf(given: unknown): DefaultEncoding {
  if (typeof given === 'string' || typeof given === 'function') return given as DefaultEncoding;
  throw new TypeError(
    `Cannot make a client: expected defaultEncoding to be a string or a function, got ${typeNameOf(given)}`,
  );
}
