/**
 * The client over the host's `fetch` alone, and every class that goes with it: the chunk that `httpx-wasm/fetch` loads with
 * the first call. It is the client of the root module, flow by flow; what is absent is sockets, and the core: the host has
 * decoded what its fetch gives, and for transports of the user the decoders are loaded when a body needs them.
 */
import { host } from '#host';
import { BaseAsyncClient } from './async-client.js';
import { Deadlines } from './deadlines.js';
import type { Environment } from './environment.js';
import { ConnectError } from './exceptions.js';
import type { FetchClientOptions } from './fetch-options.js';
import { FetchTransport } from './transports/fetch.js';

export { Auth, BasicAuth, BearerAuth, FunctionAuth } from './auth.js';
export { DigestAuth } from './auth-digest.js';
export { OAuth2ClientCredentials, OAuth2RefreshToken } from './auth-oauth2.js';
export { Timeout } from './config.js';
export { Cookies } from './cookies.js';
export { Headers } from './headers.js';
export { QueryParams } from './query-params.js';
export { Request } from './request.js';
export { Response } from './response.js';
export { codes } from './status.js';
export { AsyncBaseTransport } from './transports/base.js';
export { HandlerTransport } from './transports/handler.js';
export { MockTransport } from './transports/mock.js';
export { Origin, URL } from './url.js';
export { FetchTransport };

/** Proxies are the business of who fetches: the environment's are not read a second time. */
const environment: Environment = {
  host: { ...host, environment: () => undefined },
  connector: {
    blocking: false,
    onlyFetches: true,
    connect() {
      throw new ConnectError('Cannot connect: httpx-wasm/fetch has no sockets', { retryable: false });
    },
    close() {},
  },
  deadlines: new Deadlines(host),
};

/** A client for event loops that sends by the host's fetch. Its methods never throw: they reject. */
export class AsyncClient extends BaseAsyncClient {
  /** @throws TypeError, RangeError, InvalidURL for settings that mean nothing. */
  constructor(options?: FetchClientOptions) {
    const { fetch, ...settings }: FetchClientOptions = Object.assign(Object.create(null), options);
    // Where the host hides redirects it can only be let follow them itself.
    const redirect = host.page !== undefined && settings.followRedirects === true ? 'follow' : 'manual';
    const transport = settings.transport ?? new FetchTransport({ redirect, ...fetch }, environment);
    super({ ...settings, transport }, environment);
  }

  /** @internal */
  protected override defaultTransport(): FetchTransport {
    return new FetchTransport({}, environment);
  }
}
