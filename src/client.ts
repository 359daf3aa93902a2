/**
 * What all clients are: settings, transports, and the verbs, each written once. What differs between a blocking and an
 * asynchronous client is how a flow is driven, nothing else: clients.ts.
 */
import { type Auth, urlAuth } from './auth.js';
import { ClientSettings, type Manner } from './client-settings.js';
import { INSPECT, own, typeNameOf } from './config.js';
import type { Environment } from './environment.js';
import { ClientClosed } from './exceptions.js';
import type { Flow } from './flow.js';
import type { Guard } from './guard.js';
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
  type ClientKind,
  checkAllowAddress,
  checkCall,
  functionOf,
  mountsGiven,
  type OptionNames,
  SEND_OPTIONS,
  type SendOptions,
} from './options.js';
import { Proxy } from './proxy.js';
import { environmentMounts } from './proxy-environment.js';
import { type AnyRequest, Request } from './request.js';
import { abandonBodies } from './request-body.js';
import type { Response } from './response.js';
import { type Io, type SendSettings, send, sendAuthenticated, Waits } from './send.js';
import type { URLTypes } from './url.js';

/** Transports and verbs of every client; `K` says what it gives, takes and sends by. */
export abstract class BaseClient<K extends ClientKind> extends ClientSettings<K> {
  readonly #transport: K['transport'];
  /** `null`: all goes to the one transport. */
  readonly #mounts: Mounts<K['transport']> | null;
  #closed = false;
  /** @internal */
  readonly waits = new Waits();

  /** @throws TypeError, RangeError, InvalidURL for settings that mean nothing. @internal */
  constructor(options: BaseClientOptions<K> | undefined, environment: Environment) {
    super(options, environment);
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
    return this.trustEnv ? environmentMounts(this.environment.host, behind) : [];
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

  /** True once it was closed: every call fails with ClientClosed. */
  get isClosed(): boolean {
    return this.#closed;
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
    options?: Omit<BodyCallOptions<K['auth'], K['content']>, 'auth' | 'followRedirects' | 'signal'>,
  ): K['request'] {
    checkCall(options, BUILD_OPTIONS, 'build a request');
    return this.built(method, url, options) as K['request'];
  }

  /**
   * Sends a request as it is, within the client's timeout if it has none. The body is read, unless `stream` is set. The
   * client's auth does not go where a redirect led away from the first origin (`response.nextRequest`): a call's does.
   */
  send(request: AnyRequest, options?: SendOptions<K['auth']>): K['answer'] {
    let manner: Manner;
    try {
      checkCall(options, SEND_OPTIONS);
      if (!(request instanceof Request)) {
        throw new TypeError(`Cannot send the request: expected a Request of httpx-wasm, got ${sentOf(request)}`);
      }
      manner = this.mannerOf(options, own(options, 'stream') === true, request.leftOrigin);
    } catch (error) {
      return this.fail(error);
    }
    return this.#dispatch(request, manner);
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
      guard = this.guardOf(request, signal);
      if (guard !== null && request.stream.mayFailUnread) stopIfFailed(guard, request);
      settings = this.settingsFor(manner, guard);
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

  #call(
    method: string,
    url: URLTypes,
    options: BodyCallOptions<K['auth'], K['content']> | undefined,
    known: OptionNames,
    stream = false,
  ): K['answer'] {
    let request: Request;
    let manner: Manner;
    try {
      if (this.#closed) throw new ClientClosed();
      checkCall(options, known);
      manner = this.mannerOf(options, stream, false);
      request = this.built(method, url, options);
    } catch (error) {
      if (typeof options === 'object' && options !== null) abandonBodies(options, error);
      return this.fail(error);
    }
    return this.#dispatch(request, manner);
  }

  /**
   * Sends a request of any method, with a body or without, and reads the response, whatever its status:
   * `raiseForStatus()` asks for success. Fails with a `RequestError`: a `TransportError` (ConnectError, ReadTimeout, …),
   * whose `retryable` tells whether to try again, DecodingError, TooManyRedirects; or with ClientClosed, InvalidURL,
   * LoadError, the signal's reason, what your hooks, auth or body fail with; a TypeError for options that mean nothing.
   */
  request(method: string, url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call(method, url, options, BODY_CALL_OPTIONS);
  }

  /**
   * Sends a request; the response's body is unread, and closing the response gives its connection up. Fails as `request`
   * does.
   */
  stream(method: string, url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call(method, url, options, BODY_CALL_OPTIONS, true);
  }

  /** Sends GET and reads the response, whatever its status; fails as `request` does. */
  get(url: URLTypes, options?: CallOptions<K['auth']>): K['answer'] {
    return this.#call('GET', url, options, CALL_OPTIONS);
  }

  /** Sends OPTIONS and reads the response; `extensions: { target: '*' }` asks the server as a whole. */
  options(url: URLTypes, options?: CallOptions<K['auth']>): K['answer'] {
    return this.#call('OPTIONS', url, options, CALL_OPTIONS);
  }

  /** Sends HEAD: the response has the head that GET would have, and no body. */
  head(url: URLTypes, options?: CallOptions<K['auth']>): K['answer'] {
    return this.#call('HEAD', url, options, CALL_OPTIONS);
  }

  /** Sends DELETE, without a body (for one there is `request`), and reads the response. */
  delete(url: URLTypes, options?: CallOptions<K['auth']>): K['answer'] {
    return this.#call('DELETE', url, options, CALL_OPTIONS);
  }

  /** Sends POST, with its body as `json`, `data`, `files` or `content`, and reads the response; fails as `request` does. */
  post(url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call('POST', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends PUT and reads the response. */
  put(url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call('PUT', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends PATCH and reads the response. */
  patch(url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call('PATCH', url, options, BODY_CALL_OPTIONS);
  }

  /** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
  query(url: URLTypes, options?: BodyCallOptions<K['auth'], K['content']>): K['answer'] {
    return this.#call('QUERY', url, options, BODY_CALL_OPTIONS);
  }

  /** Its settings, credentials masked. */
  override toString(): string {
    const { baseUrl, timeout, headers, params, isClosed } = this;
    const base = baseUrl.isAbsoluteUrl ? `baseUrl: ${JSON.stringify(baseUrl)}, ` : '';
    const query = params.size === 0 ? '' : `params: ${JSON.stringify(params)}, `;
    const fields = JSON.stringify(headers);
    return `<${this.constructor.name}(${base}${query}headers: ${fields}, timeout: ${timeout}, isClosed: ${isClosed})>`;
  }

  /** Its class, where its requests go and whether it is closed; the password masked. */
  toJSON(): { client: string; baseUrl: string; isClosed: boolean } {
    return { client: this.constructor.name, baseUrl: this.baseUrl.toJSON(), isClosed: this.#closed };
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

/** An error of the body that comes before somebody reads it ends the call. @throws what there is of that already */
function stopIfFailed(guard: Guard, { stream }: Request): void {
  stream.whenFailed((error) => guard.stop(error));
}

/** What was given to be sent, though it is no request of this package. */
function sentOf(given: unknown): string {
  const isOfFetch = typeof (given as Partial<globalThis.Request> | null | undefined)?.arrayBuffer === 'function';
  return isOfFetch ? "fetch's global Request: AsyncClient.fetch takes it" : typeNameOf(given);
}
