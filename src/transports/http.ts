/**
 * The transports over sockets: pool → connection → exchange → response (httpx: `HTTPTransport`, `AsyncHTTPTransport`). The
 * one place where a request waits for the network, written once, as a flow; the two classes drive it.
 *
 * A kept-alive connection that turns out dead is replaced once, if nothing of a response came, the method is idempotent and
 * the body can be sent again (RFC 9110 §9.2.2); nothing else is ever repeated here.
 */
import * as abi from '../../assembly/abi.js';
import {
  type CertTypes,
  checkFields,
  DEFAULT_LIMITS,
  DEFAULT_TIMEOUT,
  Limits,
  type LimitsTypes,
  own,
  Timeout,
  type TimeoutTypes,
  type VerifyTypes,
} from '../config.js';
import type { HttpConnection } from '../connection.js';
import type { BodyReader, RequestBody } from '../content.js';
import type { RequestHead } from '../core.js';
import type { DecodeLimits } from '../core-decoders.js';
import { type Deadlines, disarm } from '../deadlines.js';
import { blockingRuntime, type Environment, runtime } from '../environment.js';
import {
  ConnectError,
  LocalProtocolError,
  ProxyError,
  ReadError,
  RemoteProtocolError,
  type Sent,
  TimeoutException,
  TransportError,
  WriteError,
} from '../exceptions.js';
import type { CallLimits, Exchange, Interim } from '../exchange.js';
import { textOfOctets } from '../fields.js';
import { type Flow, Guard, isThenable, runAsync, runSync } from '../flow.js';
import { Headers } from '../headers.js';
import type { Resolve, TlsSessions, TlsTarget } from '../hosts/socket.js';
import { localAddressOf, type SocketOptions, socketSettingsOf, udsOf } from '../network-options.js';
import { flagOf } from '../options.js';
import { type Acquired, ConnectionPool, type Site } from '../pool.js';
import { NextTurn } from '../pool-waiter.js';
import { Proxy, type ProxyTypes } from '../proxy.js';
import { type Direct, ProxyRoute } from '../proxy-route.js';
import { Received } from '../received.js';
import type { AsyncRequest, Request, SyncRequest } from '../request.js';
import { requestHead } from '../request-head.js';
import { type AsyncResponse, Response, type SyncResponse } from '../response.js';
import { TlsSettings } from '../tls.js';
import { Trace, TracedSource } from '../trace.js';
import type { Route } from '../tunnel.js';
import type { Origin } from '../url.js';
import { AsyncBaseTransport, BaseTransport, canBeAbandoned } from './base.js';

/** Settings of a transport over sockets. */
export interface HTTPTransportOptions {
  /** `true` (default): the runtime's store; `false`: certificates are not checked; path of a CA bundle; TLS options. */
  readonly verify?: VerifyTypes | null | undefined;
  /** The client's certificate. */
  readonly cert?: CertTypes | null | undefined;
  /** Of the pool, and of what a peer may send; by default 100 connections, 20 of them kept idle, for 5 s. */
  readonly limits?: LimitsTypes | undefined;
  /** Whether the environment may say which authorities are trusted (SSL_CERT_FILE, SSL_CERT_DIR): `true` by default. */
  readonly trustEnv?: boolean | null | undefined;
  /** Path of a Unix socket that is connected to, whatever the URL's host and port; `allowAddress` has no say there. */
  readonly uds?: string | null | undefined;
  /** IP address of this host to connect from; of the peer's addresses, those of its family are connected to. */
  readonly localAddress?: string | null | undefined;
  /** What TCP sockets are told once they are connected. */
  readonly socketOptions?: SocketOptions | null | undefined;
  /** Asked for every address before it is connected to. */
  readonly allowAddress?: ((ip: string) => boolean) | null | undefined;
  /** Replaces DNS. */
  readonly resolve?: Resolve | null | undefined;
  /** Sends all requests through this proxy; none by default. */
  readonly proxy?: ProxyTypes | undefined;
}

const OPTIONS = [
  'verify',
  'cert',
  'limits',
  'trustEnv',
  'uds',
  'localAddress',
  'socketOptions',
  'allowAddress',
  'resolve',
  'proxy',
] as const satisfies readonly (keyof HTTPTransportOptions)[];
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);
const ALPN: readonly string[] = ['http/1.1'];
/** Key of the site whose connections forward requests for all origins. */
const FORWARDING = 'forwarding';
/** How long a body waits for 100 (Continue) (RFC 9110 §10.1.1 asks for a limit). */
const CONTINUE_MS = 1000;
/**
 * Octets of a body that leave before the socket is listened to again. Pieces that are there at once and a network that takes
 * them would keep an early response unread until the peer, which closes behind it, resets the connection.
 */
const UNHEARD_OCTETS_MAX = 262144;
/** A body in memory of at most so many octets leaves together with its head. */
const INLINE_OCTETS_MAX = 65536;

/** Reads a body that is in memory. */
class PiecesReader implements BodyReader {
  #octets: Uint8Array | null;

  constructor(body: RequestBody) {
    this.#octets = body.octets;
  }

  next(): Uint8Array | null {
    const octets = this.#octets;
    this.#octets = null;
    return octets;
  }

  cancel(): void {}
}

/** Sends requests over pooled connections, whoever drives. */
class SocketTransport {
  readonly #environment: Environment;
  readonly #pool: ConnectionPool;
  readonly #tls: TlsSettings;
  readonly #limits: Limits;
  readonly #decodeLimits: DecodeLimits;
  /** What every address has in common. */
  readonly #direct: Direct;
  readonly #proxy: ProxyRoute | null;
  /** The latest timeout, and what it means. */
  #timeout: Timeout = DEFAULT_TIMEOUT;
  #callLimits: CallLimits;

  constructor(options: HTTPTransportOptions | undefined, environment: Environment) {
    checkFields(options, OPTIONS, 'make a transport');
    const { host, connector, deadlines } = environment;
    this.#environment = environment;
    this.#limits = Limits.from(own(options, 'limits'), DEFAULT_LIMITS);
    this.#decodeLimits = this.#limits;
    const trustEnv = flagOf(own(options, 'trustEnv'), 'trustEnv') ?? true;
    this.#tls = new TlsSettings(host, own(options, 'verify') ?? true, own(options, 'cert') ?? null, trustEnv);
    this.#direct = {
      uds: udsOf(own(options, 'uds')),
      localAddress: localAddressOf(own(options, 'localAddress')),
      socketOptions: socketSettingsOf(own(options, 'socketOptions')),
      resolve: own(options, 'resolve') ?? null,
      allowAddress: own(options, 'allowAddress') ?? null,
    };
    const proxy = Proxy.from(own(options, 'proxy'));
    this.#proxy = proxy === null ? null : new ProxyRoute(proxy, this.#direct, this.#limits, host, trustEnv);
    this.#pool = new ConnectionPool(connector, deadlines, this.#limits);
    this.#callLimits = this.#limitsFor(DEFAULT_TIMEOUT);
  }

  get pool(): ConnectionPool {
    return this.#pool;
  }

  get proxy(): Proxy | null {
    return this.#proxy?.proxy ?? null;
  }

  /** A response for who is no client. */
  *handedOver(request: Request): Flow<Response> {
    const response = yield* this.flow(request);
    response.request = request;
    response.reportIfDropped((message) => this.#environment.host.warn(message));
    return response;
  }

  close(): void {
    this.#pool.close();
    this.#environment.connector.close();
  }

  #limitsFor(timeout: Timeout): CallLimits {
    const { deadlines } = this.#environment;
    return {
      connect: deadlines.ofLimit(timeout.connect),
      read: deadlines.ofLimit(timeout.read),
      write: deadlines.ofLimit(timeout.write),
      pool: deadlines.ofLimit(timeout.pool),
    };
  }

  /** The limits that a request's `timeout` extension asks for; requests of one client share the object. */
  #limitsOf(request: Request): CallLimits {
    const { timeout } = request.extensions;
    if (timeout === this.#timeout) return this.#callLimits;
    const asked = timeout === undefined ? DEFAULT_TIMEOUT : Timeout.from(timeout as TimeoutTypes, DEFAULT_TIMEOUT);
    const limits = this.#limitsFor(asked);
    if (timeout !== asked) return limits;
    this.#timeout = asked;
    this.#callLimits = limits;
    return limits;
  }

  #siteOf(request: Request): Site {
    const { origin } = request.url;
    const proxy = this.#proxy;
    if (proxy?.forwards(origin) === true) {
      return this.#pool.find(FORWARDING) ?? this.#pool.add(FORWARDING, proxy.name, false, () => proxy.forwarding());
    }
    const serverName = origin.secure ? (own(request.extensions, 'sniHostname') ?? null) : null;
    const key = serverName === null ? origin.key : `${origin.key} ${serverName}`;
    return (
      this.#pool.find(key) ??
      this.#pool.add(key, origin.toString(), false, (sessions) => this.#routeTo(origin, serverName, sessions))
    );
  }

  #routeTo(origin: Origin, serverName: string | null, sessions: TlsSessions): Route {
    const tls = origin.secure ? this.#tlsTo(origin, serverName, sessions) : null;
    if (this.#proxy !== null) return this.#proxy.tunnelTo(origin, tls);
    const { host, port } = origin;
    return { address: { ...this.#direct, host, port, tls }, tunnel: null };
  }

  /** As it goes on the wire, checked. @throws LocalProtocolError, InvalidURL */
  #headOf(request: Request): RequestHead {
    const { method, url, headers, stream } = request;
    const proxy = this.#proxy;
    if (proxy?.forwards(url.origin) !== true)
      return requestHead(method, givenTarget(request) ?? url.target, headers.block(), stream);
    const target = givenTarget(request) ?? `${url.origin}${url.target}`;
    return requestHead(method, target, proxy.forwardedBlock(headers), stream);
  }

  #tlsTo(origin: Origin, serverName: string | null, sessions: { session: unknown }): TlsTarget {
    return this.#tls.target(origin.host, serverName, ALPN, sessions);
  }

  *flow(request: Request): Flow<Response> {
    const body = request.stream;
    const { blocking } = this.#environment.connector;
    if (blocking && body.async) throw asyncBody();
    let reader = body.octets === null ? body.open(blocking) : null;
    let sentBefore: Sent = 'none';
    let exchange: Exchange | null = null;
    try {
      const limits = this.#limitsOf(request);
      const startedAt = this.#environment.deadlines.tick();
      const site = this.#siteOf(request);
      const head = this.#headOf(request);
      const trace = this.#traceOf(request);
      const got: Acquired = { pooledAt: startedAt, resolvedAt: 0, connectedAt: 0, securedAt: 0, startedAt, trace };
      for (let after = -1; ; ) {
        const fresh = after >= 0;
        exchange = null;
        let reused = false;
        let connection: HttpConnection | null = null;
        try {
          // Who could not try again must know that the connection still stands.
          connection = fresh || !canRepeat(request) ? null : this.#pool.tryAcquire(site);
          if (connection === null) connection = yield* this.#pool.acquire(site, limits, after, got);
          reused = connection.hasServed;
          const telling = trace?.begin('http11.send_request_headers', { request });
          exchange = this.#begin(connection, head, body, limits, request);
          if (isThenable(telling)) yield telling;
          if (isThenable(connection.written)) yield* exchange.drained(connection.written);
          if (trace !== null) yield* trace.next('http11.send_request_body', { request });
          if (exchange.sent !== 'full') yield* this.#upload(exchange, connection, reader ?? new PiecesReader(body));
          if (trace !== null) yield* trace.next('http11.receive_response_headers', { request });
          while (exchange.status === 0) {
            if (exchange.error !== null) throw exchange.error;
            exchange.demand();
            yield exchange;
          }
          disarm(exchange);
          if (trace !== null) return yield* this.#traced(exchange, got, trace, request);
          return new Response(exchange.status, new Received(exchange, got, this.#decodeLimits));
        } catch (error) {
          exchange?.networkStream?.close();
          exchange?.close();
          if (exchange === null && connection !== null) this.#pool.back(connection);
          trace?.fail(error);
          if (exchange !== null) trace?.closed();
          if (fresh || !reused || exchange === null || !mayRepeat(error, exchange, request)) throw error;
          after = exchange.connection.multiplexes ? this.#pool.latest : Number.POSITIVE_INFINITY;
          sentBefore = exchange.sent;
          reader?.cancel(error);
          reader = body.octets === null ? body.open(blocking) : null;
        }
      }
    } catch (error) {
      reader?.cancel(error);
      throw described(error, request, exchange, sentBefore);
    }
  }

  #traceOf(request: Request): Trace | null {
    const trace = own(request.extensions, 'trace');
    if (trace === null || trace === undefined) return null;
    return new Trace(trace, (message) => this.#environment.host.warn(message));
  }

  /** A response whose body is read before witnesses. */
  *#traced(exchange: Exchange, got: Acquired, trace: Trace, request: Request): Flow<Response> {
    const source = new TracedSource(exchange, trace, request);
    const response = new Response(exchange.status, new Received(exchange, got, this.#decodeLimits, source));
    const { httpVersion, statusCode, reasonPhrase, headers } = response;
    yield trace.end({ returnValue: [httpVersion, statusCode, reasonPhrase, headers] });
    return response;
  }

  #begin(
    connection: HttpConnection,
    head: RequestHead,
    body: RequestBody,
    limits: CallLimits,
    request: Request,
  ): Exchange {
    const octets = body.octets;
    const empty = head.framing === null || (head.framing === 0 && octets !== null);
    const waits = !empty && (head.open & abi.OPEN_EXPECT_CONTINUE) !== 0;
    const inline =
      !empty && !waits && octets !== null && head.framing !== 'chunked' && octets.length <= INLINE_OCTETS_MAX;
    try {
      const exchange = connection.open(head, inline ? octets : null, empty, limits);
      if (waits) exchange.writable = false;
      const onInterim = own(request.extensions, 'onInterim');
      if (onInterim !== null && onInterim !== undefined) {
        exchange.onInterim = ({ status, head: { text, fields } }: Interim) => {
          const answer: unknown = onInterim(status, Headers.fromWire(text, fields));
          if (isThenable(answer)) answer.then(undefined, (error) => exchange.fail(error));
        };
      }
      return exchange;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Sends the body until it ends or a response comes first. */
  *#upload(exchange: Exchange, connection: HttpConnection, reader: BodyReader): Flow<void> {
    const { host, deadlines } = this.#environment;
    if (!exchange.writable) yield* exchange.permission(deadlines.of(CONTINUE_MS));
    let unheard = 0;
    while (exchange.status === 0) {
      const given = reader.next();
      let piece: Uint8Array | null;
      if (isThenable(given)) {
        if (connection.socket.blocking) throw asyncBody();
        const result = yield* exchange.unlessAnswered(given as PromiseLike<Uint8Array | null>);
        if (result === undefined) break;
        piece = result.value;
      } else {
        piece = given as Uint8Array | null;
        // The caller's code ran: it may have aborted the call.
        yield;
      }
      if (exchange.error !== null) throw exchange.error;
      if (piece === null) {
        connection.end(exchange);
        if (isThenable(connection.written)) yield* exchange.drained(connection.written);
        return;
      }
      yield* this.#sendPiece(exchange, connection, piece);
      unheard += piece.length;
      if (unheard < UNHEARD_OCTETS_MAX) continue;
      unheard = 0;
      if (!exchange.answered) yield new NextTurn(connection.socket, host);
    }
    reader.cancel(new Error('The response came before the request body was sent'));
  }

  *#sendPiece(exchange: Exchange, connection: HttpConnection, piece: Uint8Array): Flow<void> {
    for (let at = 0; at < piece.length && exchange.status === 0; ) {
      const taken = connection.send(exchange, piece, at);
      at += taken;
      if (taken === 0) {
        exchange.writable = false;
        yield* exchange.permission(null);
      } else if (isThenable(connection.written)) yield* exchange.drained(connection.written);
    }
  }
}

/** The transport of `AsyncClient`. */
export class AsyncHTTPTransport extends AsyncBaseTransport {
  readonly #sockets: SocketTransport;
  readonly #deadlines: Deadlines;

  /** @throws TypeError, RangeError for settings that mean nothing. */
  constructor(options?: HTTPTransportOptions);
  /** `environment` is for tests. @internal */
  constructor(options: HTTPTransportOptions | undefined, environment: Environment | undefined);
  constructor(options?: HTTPTransportOptions, environment: Environment = runtime) {
    super();
    this.#deadlines = environment.deadlines;
    this.#sockets = new SocketTransport(options, environment);
  }

  /** @internal */
  get pool(): ConnectionPool {
    return this.#sockets.pool;
  }

  /** @internal */
  get proxy(): Proxy | null {
    return this.#sockets.proxy;
  }

  /** @internal */
  flow(request: Request): Flow<Response> {
    return this.#sockets.flow(request);
  }

  override handleAsyncRequest(given: AsyncRequest): Promise<AsyncResponse> {
    const request = given as Request;
    const guard = new Guard(null, null, this.#deadlines, () => null);
    canBeAbandoned(request, { abort: (reason) => guard.stop(reason) });
    return runAsync(this.#sockets.handedOver(request), guard);
  }

  override async aclose(): Promise<void> {
    this.#sockets.close();
  }
}

/** The transport of `Client`: blocks its thread where it waits. Until it opens a socket it costs nothing. */
export class HTTPTransport extends BaseTransport {
  readonly #sockets: SocketTransport;
  readonly #deadlines: Deadlines;

  /** @throws TypeError, RangeError for settings that mean nothing. */
  constructor(options?: HTTPTransportOptions);
  /** `environment` is for tests. @internal */
  constructor(options: HTTPTransportOptions | undefined, environment: Environment | undefined);
  constructor(options?: HTTPTransportOptions, environment: Environment = blockingRuntime()) {
    super();
    this.#deadlines = environment.deadlines;
    this.#sockets = new SocketTransport(options, environment);
  }

  /** @internal */
  get pool(): ConnectionPool {
    return this.#sockets.pool;
  }

  /** @internal */
  get proxy(): Proxy | null {
    return this.#sockets.proxy;
  }

  /** @internal */
  flow(request: Request): Flow<Response> {
    return this.#sockets.flow(request);
  }

  override handleRequest(request: SyncRequest): SyncResponse {
    return runSync(this.#sockets.handedOver(request as Request), this.#deadlines);
  }

  override close(): void {
    this.#sockets.close();
  }
}

function asyncBody(): TypeError {
  return new TypeError(
    'Cannot send the request body: a blocking call takes no Blob, stream or async iterable; read it before, or use AsyncClient',
  );
}

/** The target that the request's extensions name, if they do. */
function givenTarget(request: Request): string | null {
  const target = own(request.extensions, 'target') ?? null;
  return target === null || typeof target === 'string' ? target : textOfOctets(target);
}

/** To send it twice does what sending it once does, and its body can be read again. */
function canRepeat(request: Request): boolean {
  return IDEMPOTENT.has(request.method) && request.isReplayable;
}

/** A dead kept-alive connection: nothing came, and to send again is safe (SECURITY §2.1). */
function mayRepeat(error: unknown, exchange: Exchange, request: Request): boolean {
  if (exchange.answered || !canRepeat(request)) return false;
  return error instanceof ReadError || error instanceof WriteError || error instanceof RemoteProtocolError;
}

/** The error with what is known of how far the request came. */
function described(error: unknown, request: Request, exchange: Exchange | null, sentBefore: Sent): unknown {
  if (!(error instanceof TransportError)) return error;
  const sent = exchange === null ? 'none' : exchange.sent;
  error.sent = sentBefore === 'full' || sent === 'none' ? sentBefore : sent;
  if (error instanceof LocalProtocolError) return error;
  if (error.phase === null && exchange !== null) error.phase = exchange.sent === 'full' ? 'read' : 'write';
  const transient =
    (error instanceof ConnectError && error.retryable && error.phase !== 'tls') ||
    (error instanceof ProxyError && error.retryable) ||
    error instanceof ReadError ||
    error instanceof WriteError ||
    error instanceof TimeoutException ||
    (error instanceof RemoteProtocolError && exchange !== null && !exchange.answered);
  error.retryable = transient && request.isReplayable && (error.sent === 'none' || IDEMPOTENT.has(request.method));
  return error;
}
