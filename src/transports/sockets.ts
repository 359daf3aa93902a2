/**
 * HTTP over sockets: pool → connection → exchange → response. The one place where a request waits for the network, written
 * once, as a flow; the two transports of http.ts drive it, and load it with their first request.
 *
 * A kept-alive connection that turns out dead is replaced once, if nothing of a response came, the method is idempotent and
 * the body can be sent again (RFC 9110 §9.2.2); nothing else is ever repeated here.
 */
import * as abi from '../../assembly/abi.js';
import {
  type CertTypes,
  DEFAULT_TIMEOUT,
  type Limits,
  own,
  Timeout,
  type TimeoutTypes,
  type VerifyTypes,
} from '../config.js';
import type { HttpConnection } from '../connection.js';
import type { RequestBody } from '../content.js';
import type { RequestHead } from '../core.js';
import type { DecodeLimits } from '../core-decoders.js';
import { disarm } from '../deadlines.js';
import type { Environment } from '../environment.js';
import { LocalProtocolError, ProtocolError, ReadError, RemoteProtocolError, type Sent } from '../exceptions.js';
import type { CallLimits, Exchange, Interim } from '../exchange.js';
import { textOfOctets } from '../fields.js';
import { type Flow, isThenable, wait } from '../flow.js';
import { Headers } from '../headers.js';
import type { TlsSessions, TlsTarget } from '../hosts/socket.js';
import { Late } from '../late.js';
import { alpnOf, HTTP_1_1_ONLY, type Versions } from '../negotiation.js';
import { type Acquired, ConnectionPool, type Site } from '../pool.js';
import type { Proxy } from '../proxy.js';
import type { ProxyDigest } from '../proxy-digest.js';
import type { Direct, ProxyRoute } from '../proxy-route.js';
import { Received } from '../received.js';
import type { Request } from '../request.js';
import { requestHead } from '../request-head.js';
import { Response } from '../response.js';
import type { TlsSettings } from '../tls-material.js';
import type { Trace } from '../trace.js';
import { type Route, throughProxy } from '../tunnel.js';
import type { Origin } from '../url.js';
import { canRepeat, described, isRefusal, repeatOf } from './repeat.js';
import { asyncBody, PiecesReader, upload, uploadAside, uploadUntilAnswered } from './upload.js';

const PROXIES = new Late(() => import('../proxy-route.js'));
const TLS = new Late(() => import('../tls-material.js'));
const TRACES = new Late(() => import('../trace.js'));

/** What a transport was told, checked. */
export interface TransportSettings {
  readonly limits: Limits;
  readonly verify: VerifyTypes;
  readonly cert: CertTypes | null;
  readonly trustEnv: boolean;
  readonly versions: Versions;
  readonly retries: number;
  /** What every address has in common. */
  readonly direct: Direct;
  readonly proxy: Proxy | null;
}

/** Key of the site whose connections forward requests for all origins. */
const FORWARDING = 'forwarding';
const PROXY_AUTHENTICATION_REQUIRED = 407;
/** Octets of a proxy's refusal that are read so that its connection can be used again. */
const DRAINED_OCTETS_MAX = 65536;
/** How long a body waits for 100 (Continue) (RFC 9110 §10.1.1 asks for a limit), or for the SETTINGS of HTTP/2. */
const CONTINUE_MS = 1000;
/** A body in memory of at most so many octets leaves together with its head. */
const INLINE_OCTETS_MAX = 65536;

/** Where a request is sent. */
interface Try {
  readonly site: Site;
  /** Number of the connection that its own must be later than. */
  readonly after: number;
  /** The connection had served others before. */
  readonly wasKept: boolean;
  /** How often the request was refused. */
  readonly refusals: number;
}

/** Sends requests over pooled connections, whoever drives. */
export class SocketTransport {
  readonly #environment: Environment;
  readonly #pool: ConnectionPool;
  readonly #verify: VerifyTypes;
  readonly #cert: CertTypes | null;
  readonly #trustEnv: boolean;
  /** `null`: nobody asked for TLS yet. */
  #tls: TlsSettings | null = null;
  readonly #decodeLimits: DecodeLimits;
  readonly #versions: Versions;
  /** What every address has in common. */
  readonly #direct: Direct;
  readonly #proxy: ProxyRoute | null;
  /** The latest timeout, and what it means. */
  #timeout: Timeout = DEFAULT_TIMEOUT;
  #callLimits: CallLimits;

  /** @throws InvalidURL, TypeError, LocalProtocolError for a proxy that cannot be used */
  constructor(settings: TransportSettings, environment: Environment) {
    const { limits, verify, cert, trustEnv, versions, retries, direct, proxy } = settings;
    const { host, connector, deadlines } = environment;
    this.#environment = environment;
    this.#decodeLimits = limits;
    this.#verify = verify;
    this.#cert = cert;
    this.#trustEnv = trustEnv;
    this.#versions = versions;
    this.#direct = direct;
    this.#proxy = proxy === null ? null : new PROXIES.module.ProxyRoute(proxy, direct, limits, host, trustEnv);
    this.#pool = new ConnectionPool(connector, deadlines, limits, retries);
    this.#callLimits = this.#limitsFor(DEFAULT_TIMEOUT);
  }

  get pool(): ConnectionPool {
    return this.#pool;
  }

  close(): void {
    this.#pool.close();
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

  /** `versions`: the transport's, or fewer. */
  #siteOf(request: Request, versions: Versions): Site {
    const { origin } = request.url;
    const proxy = this.#proxy;
    if (proxy?.forwards(origin) === true) {
      if (!versions.http1) throw notForwarded(proxy.name);
      proxy.checkForwarded(origin);
      return (
        this.#pool.find(FORWARDING) ?? this.#pool.add(FORWARDING, proxy.name, HTTP_1_1_ONLY, () => proxy.forwarding())
      );
    }
    const serverName = origin.secure ? (own(request.extensions, 'sniHostname') ?? null) : null;
    let key = serverName === null ? origin.key : `${origin.key} ${serverName}`;
    if (versions !== this.#versions) key += ' as HTTP/1.1';
    return (
      this.#pool.find(key) ??
      this.#pool.add(key, origin.toString(), versions, (sessions) =>
        this.#routeTo(origin, serverName, versions, sessions),
      )
    );
  }

  #routeTo(origin: Origin, serverName: string | null, versions: Versions, sessions: TlsSessions): Route {
    const tls = origin.secure ? this.#tlsTo(origin, serverName, versions, sessions) : null;
    if (this.#proxy !== null) return this.#proxy.tunnelTo(origin, tls);
    const { host, port } = origin;
    return { address: { ...this.#direct, host, port, tls }, tunnel: null };
  }

  /** As it goes on the wire, checked. @throws LocalProtocolError, InvalidURL */
  #headOf(request: Request, authorization: Uint8Array | null): RequestHead {
    const { method, url, headers, stream } = request;
    const proxy = this.#proxy;
    if (proxy?.forwards(url.origin) !== true)
      return requestHead(method, givenTarget(request) ?? url.target, headers.block(), stream);
    const target = forwardedTarget(request);
    return requestHead(method, target, proxy.forwardedBlock(headers, authorization), stream);
  }

  #tlsTo(origin: Origin, serverName: string | null, versions: Versions, sessions: TlsSessions): TlsTarget {
    this.#tls ??= new TLS.module.TlsSettings(this.#environment.host, this.#verify, this.#cert, this.#trustEnv);
    return this.#tls.target(origin.host, serverName, alpnOf(versions), sessions);
  }

  flow(request: Request): Flow<Response> {
    const digest = this.#proxy === null ? null : this.#proxy.digestFor(request.url.origin);
    return digest === null ? this.#sent(request, null) : this.#answering(request, digest);
  }

  /** Answers the challenge of the proxy that forwards, once, if the request can be sent again. */
  *#answering(request: Request, digest: ProxyDigest): Flow<Response> {
    yield* wait(digest.ready(this.#environment.connector.blocking));
    for (let isFirst = true; ; isFirst = false) {
      const { nonce } = digest;
      const authorization = digest.authorization(request.method, forwardedTarget(request), request.stream.octets);
      const response = yield* this.#sent(request, authorization);
      const mayAsk = response.statusCode === PROXY_AUTHENTICATION_REQUIRED && isFirst && request.isReplayable;
      if (!mayAsk || !canAnswer(digest, response, nonce)) return response;
      yield* dropped(response);
    }
  }

  *#sent(request: Request, authorization: Uint8Array | null): Flow<Response> {
    const body = request.stream;
    const { deadlines, connector } = this.#environment;
    const { blocking } = connector;
    if (blocking && body.isAsync) throw asyncBody();
    let reader = body.octets === null ? body.open(blocking) : null;
    let sentBefore: Sent = 'none';
    let exchange: Exchange | null = null;
    try {
      const limits = this.#limitsOf(request);
      const startedAt = deadlines.tick();
      let site = this.#siteOf(request, this.#versions);
      const head = this.#headOf(request, authorization);
      const trace = this.#traceOf(request);
      const got: Acquired = { pooledAt: startedAt, resolvedAt: 0, connectedAt: 0, securedAt: 0, startedAt, trace };
      let refusals = 0;
      for (let after = -1; ; ) {
        exchange = null;
        let wasKept = false;
        let connection: HttpConnection | null = null;
        try {
          // Who could not try again must know that the connection still stands.
          connection = after >= 0 || !canRepeat(request) ? null : this.#pool.tryAcquire(site);
          if (connection === null) connection = yield* this.#pool.acquire(site, limits, after, got);
          wasKept = connection.hasServed;
          const { multiplexes } = connection;
          const telling = multiplexes ? undefined : trace?.beginExchange(request);
          exchange = this.#begin(connection, head, body, limits, request);
          if (multiplexes) this.#pool.wakeWaiters();
          if (isThenable(telling)) yield telling;
          if (trace !== null && multiplexes) yield* trace.beganExchange(exchange, request);
          if (isThenable(connection.written)) yield* exchange.sending.drained(connection.written);
          if (trace !== null) yield* trace.nextStep('send_request_body');
          if (exchange.sent !== 'full') {
            const send = blocking ? upload : multiplexes ? uploadAside : uploadUntilAnswered;
            const source = reader ?? new PiecesReader(body, exchange.inlined);
            yield* send(exchange, source, deadlines.of(CONTINUE_MS), !request.isReplayable);
          }
          if (trace !== null) yield* trace.nextStep('receive_response_headers');
          while (exchange.status === 0) {
            if (exchange.error !== null) throw exchange.error;
            exchange.demand();
            yield exchange;
          }
          disarm(exchange);
          if (exchange.networkStream !== null) exchange.networkStream.hostname = request.url.origin.host;
          if (trace !== null) return yield* this.#traced(exchange, got, trace);
          return new Response(exchange.status, new Received(exchange, got, this.#decodeLimits));
        } catch (error) {
          exchange?.networkStream?.close();
          exchange?.close();
          if (exchange === null && connection !== null) this.#pool.back(connection);
          trace?.fail(error);
          if (exchange !== null) trace?.closed();
          if (exchange === null && site.key === FORWARDING)
            throw throughProxy(error, request.url.origin.toString(), site.origin);
          if (exchange === null) throw error;
          const next = this.#nextTry(error, exchange, request, { site, after, wasKept, refusals });
          if (next === null) throw error;
          ({ site, after, refusals } = next);
          sentBefore = exchange.sent;
          if (!exchange.bodyBegun) continue;
          reader?.cancel(error);
          reader = body.octets === null ? body.open(blocking) : null;
        }
      }
    } catch (error) {
      reader?.cancel(error);
      throw described(error, request, exchange, sentBefore);
    }
  }

  /** Where a request whose exchange failed is sent again, if it is. */
  #nextTry(error: unknown, exchange: Exchange, request: Request, { site, after, wasKept, refusals }: Try): Try | null {
    const tries = { mayBeDead: wasKept && after < 0, refusals, http1: this.#versions.http1 };
    const { multiplexes, number, paused } = exchange.connection;
    switch (repeatOf(error, exchange, request, tries)) {
      case 'dead connection':
        return { site, after: multiplexes ? this.#pool.latest : Number.POSITIVE_INFINITY, wasKept, refusals };
      case 'not processed':
        // One that is paused may take it later.
        return {
          site,
          after: paused ? number - 1 : number,
          wasKept,
          refusals: isRefusal(exchange) ? refusals + 1 : refusals,
        };
      case 'HTTP/1.1 required':
        return { site: this.#siteOf(request, HTTP_1_1_ONLY), after: -1, wasKept, refusals };
      default:
        return null;
    }
  }

  #traceOf(request: Request): Trace | null {
    const trace = own(request.extensions, 'trace');
    if (trace === null || trace === undefined) return null;
    return new TRACES.module.Trace(trace, (message) => this.#environment.host.warn(message));
  }

  /** A response whose body is read before witnesses. */
  *#traced(exchange: Exchange, got: Acquired, trace: Trace): Flow<Response> {
    const source = new TRACES.module.TracedSource(exchange, trace);
    trace.tellSettings(exchange.connection);
    const response = new Response(exchange.status, new Received(exchange, got, this.#decodeLimits, source));
    const { httpVersion, statusCode, reasonPhrase, headers } = response;
    const { multiplexes } = exchange.connection;
    const head = multiplexes ? [statusCode, headers] : [httpVersion, statusCode, reasonPhrase, headers];
    yield trace.end({ returnValue: head });
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
      if (!connection.multiplexes) connection.close();
      throw error;
    }
  }
}

function notForwarded(proxy: string): LocalProtocolError {
  return new LocalProtocolError(
    `Cannot send the request: ${proxy} forwards it as HTTP/1.1, which is off (http1: false)`,
  );
}

/** The target of a request that a proxy forwards: the whole URL, unless it is given. */
function forwardedTarget(request: Request): string {
  return givenTarget(request) ?? `${request.url.origin}${request.url.target}`;
}

/** Whether the challenge of a 407 to a request that answered `nonce` can be met. A malformed one cannot: the response stands. */
function canAnswer(digest: ProxyDigest, response: Response, nonce: string | null): boolean {
  try {
    return digest.challenged(response.headers, nonce);
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** Reads away what is left of a response, for the sake of its connection; one that is long, or breaks, ends with it. */
function* dropped(response: Response): Flow<void> {
  const source = response.takeRaw(DRAINED_OCTETS_MAX);
  try {
    for (let octets = 0; source !== null && octets <= DRAINED_OCTETS_MAX; ) {
      const piece = source.readNow() ?? (yield* source.next());
      if (piece === null) return;
      octets += piece.length;
    }
  } catch (error) {
    if (!(error instanceof ReadError || error instanceof RemoteProtocolError)) throw error;
  }
  response.closeNow();
}

/** The target that is not the URL's: what the request's extensions name, or the host and port that CONNECT asks for. */
function givenTarget({ method, url, extensions }: Request): string | null {
  const target = own(extensions, 'target') ?? null;
  if (target === null) return method === 'CONNECT' ? url.origin.authority : null;
  return typeof target === 'string' ? target : textOfOctets(target);
}
