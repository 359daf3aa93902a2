/**
 * The transports over sockets, as they are told (httpx: `HTTPTransport`, `AsyncHTTPTransport`). What they do is in sockets.ts,
 * which is loaded with the first request.
 */
import {
  type CertTypes,
  checkFields,
  DEFAULT_LIMITS,
  Limits,
  type LimitsTypes,
  own,
  type VerifyTypes,
} from '../config.js';
import type { Deadlines } from '../deadlines.js';
import { blockingRuntime, type Environment, runtime } from '../environment.js';
import { type Flow, isThenable, runAsync, runSync, wait } from '../flow.js';
import { Guard } from '../guard.js';
import type { Connector, MaybePromise, Resolve, SyncResolve } from '../hosts/socket.js';
import { Late } from '../late.js';
import { versionsOf } from '../negotiation.js';
import {
  localAddressOf,
  refuseWhatHostCannot,
  retriesOf,
  type SocketOptions,
  socketSettingsOf,
  udsOf,
} from '../network-options.js';
import { flagOf, functionOf } from '../options.js';
import type { ConnectionPool } from '../pool.js';
import { Proxy, type ProxyTypes } from '../proxy.js';
import type { AsyncRequest, Request, SyncRequest } from '../request.js';
import type { AsyncResponse, Response, SyncResponse } from '../response.js';
import { checkCert, checkVerify } from '../tls.js';
import { AsyncBaseTransport, BaseTransport, canBeAbandoned } from './base.js';
import type { SocketTransport, TransportSettings } from './sockets.js';

/** Settings of a transport over sockets. */
export interface HTTPTransportOptions<R = Resolve> {
  /** `true` (default): the runtime's store; `false`: certificates are not checked; path of a CA bundle; TLS options. */
  readonly verify?: VerifyTypes | null | undefined;
  /** The client's certificate. */
  readonly cert?: CertTypes | null | undefined;
  /** HTTP/1.1 may be spoken: `true` by default. Where it is off, `http:` means HTTP/2 without TLS. */
  readonly http1?: boolean | null | undefined;
  /** HTTP/2 may be spoken, where the server agrees to it in the TLS handshake (ALPN): `false` by default. */
  readonly http2?: boolean | null | undefined;
  /** Of the pool, and of what a peer may send; by default 100 connections, 20 of them kept idle, for 5 s. */
  readonly limits?: LimitsTypes | undefined;
  /** Whether the environment may say which authorities are trusted (SSL_CERT_FILE, SSL_CERT_DIR): `true` by default. */
  readonly trustEnv?: boolean | null | undefined;
  /** Path of a Unix socket that is connected to, whatever the URL's host and port; `allowAddress` has no say there. */
  readonly uds?: string | null | undefined;
  /** IP address of this host to connect from; of the peer's addresses, those of its family are connected to. */
  readonly localAddress?: string | null | undefined;
  /**
   * How often a connect that failed is tried again, by default never: at once, then after 0.5 s, 1 s, 2 s, … Each has the
   * whole `connect` timeout. Requests are not repeated, nor what cannot get better: a certificate that was refused, say.
   */
  readonly retries?: number | null | undefined;
  /** What TCP sockets are told once they are connected. */
  readonly socketOptions?: SocketOptions | null | undefined;
  /** Asked for every address before it is connected to. */
  readonly allowAddress?: ((ip: string) => boolean) | null | undefined;
  /** Replaces DNS. */
  readonly resolve?: R | null | undefined;
  /** Sends all requests through this proxy; none by default. */
  readonly proxy?: ProxyTypes | undefined;
}

const OPTIONS = [
  'verify',
  'cert',
  'http1',
  'http2',
  'limits',
  'trustEnv',
  'uds',
  'localAddress',
  'retries',
  'socketOptions',
  'allowAddress',
  'resolve',
  'proxy',
] as const satisfies readonly (keyof HTTPTransportOptions)[];

const SOCKETS = new Late(() => import('./sockets.js'));

/** @throws TypeError, RangeError, InvalidURL for settings that mean nothing */
function settingsOf(
  options: HTTPTransportOptions<Resolve | SyncResolve> | undefined,
  { connector }: Environment,
): TransportSettings {
  checkFields(options, OPTIONS, 'make a transport');
  refuseWhatHostCannot(options, connector.cannot);
  const limits = Limits.from(own(options, 'limits'), DEFAULT_LIMITS);
  const trustEnv = flagOf(own(options, 'trustEnv'), 'trustEnv') ?? true;
  const verify = own(options, 'verify') ?? true;
  checkVerify(verify);
  const cert = own(options, 'cert') ?? null;
  if (cert !== null) checkCert(cert);
  return {
    limits,
    trustEnv,
    verify,
    cert,
    versions: versionsOf(own(options, 'http1'), own(options, 'http2')),
    direct: {
      uds: udsOf(own(options, 'uds')),
      localAddress: localAddressOf(own(options, 'localAddress')),
      socketOptions: socketSettingsOf(own(options, 'socketOptions')),
      resolve: functionOf(own(options, 'resolve'), 'resolve', 'make a transport'),
      allowAddress: functionOf(own(options, 'allowAddress'), 'allowAddress', 'make a transport'),
    },
    proxy: Proxy.from(own(options, 'proxy')),
    retries: retriesOf(own(options, 'retries')),
  };
}

/** What both transports are: settings, and from the first request on what sends. */
class Sending {
  readonly settings: TransportSettings;
  readonly #environment: Environment;
  #sockets: SocketTransport | null = null;
  #isClosed = false;

  constructor(options: HTTPTransportOptions<Resolve | SyncResolve> | undefined, environment: Environment) {
    this.settings = settingsOf(options, environment);
    this.#environment = environment;
    // What a proxy cannot be is found out by who goes through it: now, where that is there now.
    if (this.settings.proxy === null) return;
    const sockets = this.#made();
    if (isThenable(sockets)) sockets.then(undefined, () => {});
  }

  /** For tests, where nothing is late. */
  get pool(): ConnectionPool {
    const sockets = this.#made();
    if (isThenable(sockets)) throw new Error('The pool is not loaded');
    return sockets.pool;
  }

  flow(request: Request): Flow<Response> {
    return this.#sockets === null ? this.#firstFlow(request) : this.#sockets.flow(request);
  }

  /** A response for who is no client. */
  *handedOver(request: Request): Flow<Response> {
    const response = yield* this.flow(request);
    response.request = request;
    response.reportIfDropped((message) => this.#environment.host.warn(message));
    return response;
  }

  close(): void {
    this.#isClosed = true;
    this.#sockets?.close();
  }

  *#firstFlow(request: Request): Flow<Response> {
    let sockets: SocketTransport;
    try {
      const made = this.#made();
      if (isThenable(made) && this.#environment.connector.blocking) throw notAtHand();
      sockets = yield* wait(made);
    } catch (error) {
      request.stream.abandon(error);
      throw error;
    }
    return yield* sockets.flow(request);
  }

  #made(): MaybePromise<SocketTransport> {
    if (this.#sockets !== null) return this.#sockets;
    const part = SOCKETS.load();
    return isThenable(part) ? part.then((loaded) => this.#from(loaded)) : this.#from(part);
  }

  #from(part: typeof import('./sockets.js')): SocketTransport {
    if (this.#sockets === null) {
      this.#sockets = new part.SocketTransport(this.settings, this.#environment);
      if (this.#isClosed) this.#sockets.close();
    }
    return this.#sockets;
  }
}

/** The transport of `AsyncClient`. */
export class AsyncHTTPTransport extends AsyncBaseTransport {
  readonly #sending: Sending;
  readonly #deadlines: Deadlines;

  /** @throws TypeError, RangeError for settings that mean nothing. */
  constructor(options?: HTTPTransportOptions);
  /** `environment` is for tests. @internal */
  constructor(options: HTTPTransportOptions | undefined, environment: Environment | undefined);
  constructor(options?: HTTPTransportOptions, environment: Environment = runtime) {
    super();
    this.#deadlines = environment.deadlines;
    this.#sending = new Sending(options, environment);
  }

  /** @internal */
  get pool(): ConnectionPool {
    return this.#sending.pool;
  }

  /** @internal */
  get proxy(): Proxy | null {
    return this.#sending.settings.proxy;
  }

  /** @internal */
  flow(request: Request): Flow<Response> {
    return this.#sending.flow(request);
  }

  override handleAsyncRequest(given: AsyncRequest): Promise<AsyncResponse> {
    const request = given as Request;
    const guard = new Guard(null, null, this.#deadlines, () => null);
    canBeAbandoned(request, { abort: (reason) => guard.stop(reason) });
    if (guard.stopped !== null) return Promise.reject(guard.stopped.reason);
    return runAsync(this.#sending.handedOver(request), guard);
  }

  /** Closes every connection; what is in flight fails with CloseError. Idempotent. */
  override async aclose(): Promise<void> {
    this.#sending.close();
  }
}

/** The transport of `Client`: blocks its thread where it waits. Until it opens a socket it costs nothing. */
export class HTTPTransport extends BaseTransport {
  readonly #sending: Sending;
  readonly #deadlines: Deadlines;
  /** That of a client, which others share, is the client's to close. */
  readonly #ownConnector: Connector | null;

  /** @throws TypeError, RangeError for settings that mean nothing. */
  constructor(options?: HTTPTransportOptions<SyncResolve>);
  /** `environment` is for tests. @internal */
  constructor(options: HTTPTransportOptions<SyncResolve> | undefined, environment: Environment | undefined);
  constructor(options?: HTTPTransportOptions<SyncResolve>, given?: Environment) {
    super();
    const environment = given ?? blockingRuntime();
    this.#deadlines = environment.deadlines;
    this.#sending = new Sending(options, environment);
    this.#ownConnector = given === undefined ? environment.connector : null;
  }

  /** @internal */
  get pool(): ConnectionPool {
    return this.#sending.pool;
  }

  /** @internal */
  get proxy(): Proxy | null {
    return this.#sending.settings.proxy;
  }

  /** @internal */
  flow(request: Request): Flow<Response> {
    return this.#sending.flow(request);
  }

  override handleRequest(request: SyncRequest): SyncResponse {
    return runSync(this.#sending.handedOver(request as Request), this.#deadlines);
  }

  /** Closes every connection, and ends what worked for them. Idempotent. */
  override close(): void {
    this.#sending.close();
    this.#ownConnector?.close();
  }
}

/** A part of the package would come with a promise, for which who blocks cannot wait. */
function notAtHand(): Error {
  return new Error(
    'Cannot send the request: not all of httpx-wasm is at hand for a blocking client; who bundles an application must leave ' +
      'httpx-wasm out of the bundle (external)',
  );
}
