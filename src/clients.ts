/** The two clients: how each drives a flow, asks a transport and closes. All else is BaseClient's. */
import { BaseAsyncClient, throwFailures } from './async-client.js';
import { BaseClient } from './client.js';
import { bringDecoders } from './codings.js';
import { own } from './config.js';
import { blockingRuntime, type Environment, runtime } from './environment.js';
import { type Flow, runSync } from './flow.js';
import type { Guard } from './guard.js';
import { Late } from './late.js';
import { refuseWhatHostCannot } from './network-options.js';
import {
  type AsyncClientOptions,
  type AsyncKind,
  type BaseClientOptions,
  type ClientKind,
  type ClientOptions,
  ONE_CALL_LIMITS,
  type SyncKind,
  transportOf,
} from './options.js';
import type { Proxy } from './proxy.js';
import type { Request } from './request.js';
import type { Response, SyncResponse } from './response.js';
import type { AsyncBaseTransport, BaseTransport } from './transports/base.js';
import { FetchTransport } from './transports/fetch.js';
import { HandlerTransport } from './transports/handler.js';
import { AsyncHTTPTransport, HTTPTransport, type HTTPTransportOptions } from './transports/http.js';

// Who imports a client over sockets has the decoders at once, for responses made by hand as well.
bringDecoders(new Late(() => import('./decoding.js')));

/** What the default transport is told, and the one behind `proxy`. */
function transportOptions<K extends ClientKind>(
  options: BaseClientOptions<K> | undefined,
  proxy: Proxy | null,
): HTTPTransportOptions<K['resolve']> {
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
  'http1',
  'limits',
  'allowAddress',
  'resolve',
];

/** A client for event loops. Its methods never throw: they reject. */
export class AsyncClient extends BaseAsyncClient {
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
    const settings = transportOptions<AsyncKind>(options, proxy);
    if (this.environment.connector.onlyFetches !== true) return new AsyncHTTPTransport(settings, this.environment);
    // Nobody asked for those of a single call; what fetch keeps is the host's.
    const given = settings.limits === ONE_CALL_LIMITS ? { ...settings, limits: null } : settings;
    refuseWhatHostCannot(given, OF_SOCKETS);
    // Where the host hides redirects it can only be let follow them itself.
    const redirect = own(options, 'followRedirects') === true ? 'follow' : 'manual';
    return new FetchTransport({ redirect }, this.environment);
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
    return new HTTPTransport(transportOptions<SyncKind>(options, proxy), this.environment);
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
    this.environment.connector.close();
    throwFailures(failures);
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
