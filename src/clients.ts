/** The two clients: how each drives a flow, asks a transport and closes. All else is BaseClient's. */
import { BaseClient } from './client.js';
import { own } from './config.js';
import { blockingRuntime, type Environment, runtime } from './environment.js';
import { type Fetch, fetchBy } from './fetch.js';
import { type Flow, type Guard, runAsync, runSync } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';
import { refuseWhatHostCannot } from './network-options.js';
import { type AsyncClientOptions, type AsyncKind, type ClientOptions, type SyncKind, transportOf } from './options.js';
import type { Proxy } from './proxy.js';
import type { Request } from './request.js';
import type { AsyncResponse, Response, SyncResponse } from './response.js';
import type { AsyncBaseTransport, BaseTransport } from './transports/base.js';
import { FetchTransport } from './transports/fetch.js';
import { HandlerTransport } from './transports/handler.js';
import { AsyncHTTPTransport, HTTPTransport, type HTTPTransportOptions } from './transports/http.js';

/** What the default transport is told, and the one behind `proxy`. */
function transportOptions(
  options: Pick<AsyncClientOptions, keyof HTTPTransportOptions & keyof AsyncClientOptions> | undefined,
  proxy: Proxy | null,
): HTTPTransportOptions {
  return {
    proxy,
    verify: own(options, 'verify'),
    cert: own(options, 'cert'),
    http1: own(options, 'http1'),
    http2: own(options, 'http2'),
    limits: own(options, 'limits'),
    trustEnv: own(options, 'trustEnv'),
    allowAddress: own(options, 'allowAddress'),
    resolve: own(options, 'resolve'),
  };
}

/** What a host that only fetches cannot honour. */
const OF_SOCKETS: readonly (keyof HTTPTransportOptions)[] = [
  'proxy',
  'verify',
  'cert',
  'limits',
  'allowAddress',
  'resolve',
];

/** What went wrong while every transport was closed. */
function throwFailures(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'Cannot close every transport of the client');
}

/** A client for event loops. Its methods never throw: they reject. */
export class AsyncClient extends BaseClient<AsyncKind> {
  /**
   * Sends as the global `fetch` does, with this client's settings: for code that takes such a function. It needs no `this`.
   * Redirects are followed unless `redirect` says otherwise; `credentials: 'omit'` sends neither cookies nor auth of the
   * client; `integrity` and `dispatcher` are refused; `mode`, `cache`, `referrer`, `keepalive` and their like mean nothing.
   * Rejects with the signal's reason, and with a TypeError whose `cause` is an error of this package where the network fails;
   * so does the body.
   */
  readonly fetch: Fetch = fetchBy(this, this.host);

  /** @throws TypeError, RangeError, InvalidURL for settings that mean nothing. */
  constructor(options?: AsyncClientOptions);
  /** `environment` is for tests. @internal */
  constructor(options: AsyncClientOptions | undefined, environment: Environment | undefined);
  constructor(options?: AsyncClientOptions, environment: Environment = runtime) {
    super(options, environment);
  }

  /** @internal */
  protected override defaultTransport(
    options: AsyncClientOptions | undefined,
    proxy: Proxy | null,
  ): AsyncBaseTransport {
    const settings = transportOptions(options, proxy);
    if (this.environment.connector.onlyFetches !== true) return new AsyncHTTPTransport(settings, this.environment);
    refuseWhatHostCannot(settings, OF_SOCKETS);
    // Where the host hides redirects it can only be let follow them itself.
    const redirect = own(options, 'followRedirects') === true ? 'follow' : 'manual';
    return new FetchTransport({ redirect }, this.environment);
  }

  /** @internal */
  protected override checked(transport: AsyncBaseTransport, source: string): AsyncBaseTransport {
    return transportOf(transport, source, ['handleAsyncRequest', 'aclose']);
  }

  /** @internal */
  override ask(transport: AsyncBaseTransport, request: Request): MaybePromise<Response> {
    return transport.handleAsyncRequest(request) as MaybePromise<Response>;
  }

  /** @internal */
  protected override run(flow: Flow<Response>, guard: Guard | null): Promise<AsyncResponse> {
    return runAsync(flow, guard);
  }

  /** @internal */
  protected override fail(error: unknown): Promise<AsyncResponse> {
    return Promise.reject(error);
  }

  /** Closes every connection; what is in flight fails with CloseError. Idempotent. */
  async aclose(): Promise<void> {
    if (!this.markClosed()) return;
    const closing = await Promise.allSettled(this.transports.map(async (transport) => transport.aclose()));
    throwFailures(closing.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
  }

  /** As `aclose()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }
}

/**
 * A client that blocks its thread until the answer is there. Hooks and transports must answer at once, not with promises;
 * a server in the same thread can never answer. It costs nothing until it opens a socket.
 */
export class Client extends BaseClient<SyncKind> {
  /** @throws TypeError, RangeError, InvalidURL for settings that mean nothing. */
  constructor(options?: ClientOptions);
  /** `environment` is for tests. @internal */
  constructor(options: ClientOptions | undefined, environment: Environment | undefined);
  constructor(options?: ClientOptions, environment: Environment = blockingRuntime()) {
    super(options, environment);
  }

  /** @internal */
  protected override defaultTransport(options: ClientOptions | undefined, proxy: Proxy | null): BaseTransport {
    return new HTTPTransport(transportOptions(options, proxy), this.environment);
  }

  /** @internal */
  protected override checked(transport: BaseTransport, source: string): BaseTransport {
    if ((transport as unknown) instanceof HandlerTransport) {
      throw new TypeError(
        'Cannot make a client: HandlerTransport is for AsyncClient, since a WHATWG body can only be read on an event loop, ' +
          'and Client blocks it',
      );
    }
    return transportOf(transport, source, ['handleRequest', 'close']);
  }

  /** @internal */
  override ask(transport: BaseTransport, request: Request): Response {
    return transport.handleRequest(request) as Response;
  }

  /** @internal */
  protected override run(flow: Flow<Response>, guard: Guard | null): SyncResponse {
    return runSync(flow, this.environment.deadlines, guard);
  }

  /** @internal */
  protected override fail(error: unknown): never {
    throw error;
  }

  /** Closes every connection, and ends what worked for them. Idempotent. */
  close(): void {
    if (!this.markClosed()) return;
    const failures: unknown[] = [];
    for (const transport of this.transports) {
      try {
        transport.close();
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures(failures);
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
