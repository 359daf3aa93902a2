/**
 * The host's `fetch` as a transport: for browsers, and hosts that have no sockets. What fetch does itself cannot be undone:
 * connections, TLS, HTTP's version and content decoding are the host's, and what its rules forbid (CORS, forbidden fields, a
 * redirect shown) is forbidden here. docs/hosts.md names it. What it does is in host-fetch.ts, a late part.
 */

import { host as ownHost } from '#host';
import { checkFields, own, typeNameOf } from '../config.js';
import type { Environment } from '../environment.js';
import { Late } from '../late.js';
import type { AsyncRequest, Request } from '../request.js';
import type { Response } from '../response.js';
import { AsyncBaseTransport } from './base.js';
import type { FetchSettings, HostFetch } from './host-fetch.js';

/** Settings of a FetchTransport. */
export interface FetchTransportOptions {
  /** Used in place of `globalThis.fetch`. */
  readonly fetch?: typeof globalThis.fetch | null | undefined;
  /**
   * `'manual'` (default): redirects are left to the client, where the host shows them; a browser does not. `'follow'`: the
   * host follows them, unseen. `'error'`: a redirect is an error.
   */
  readonly redirect?: 'manual' | 'follow' | 'error' | null | undefined;
  /** Whether the host's own cookies and HTTP authentication go with the request (Fetch §2.2.5); the host's default. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | null | undefined;
  /**
   * Whether bodies that are not in memory are streamed; where not, they are read into memory first. Browsers stream over
   * HTTP/2 alone, and fail otherwise: there the default is `false`, elsewhere `true` if fetch can.
   */
  readonly streamUploads?: boolean | null | undefined;
}

const OPTIONS = [
  'fetch',
  'redirect',
  'credentials',
  'streamUploads',
] as const satisfies readonly (keyof FetchTransportOptions)[];
const HOST_FETCH = new Late(() => import('./host-fetch.js'));

/** Sends every request of an AsyncClient by the host's fetch. */
export class FetchTransport extends AsyncBaseTransport {
  readonly #settings: FetchSettings;
  readonly #host: Environment['host'];
  #sender: HostFetch | null = null;

  /** @throws TypeError for unknown settings */
  constructor(options?: FetchTransportOptions);
  /** `environment` is for tests. @internal */
  constructor(options: FetchTransportOptions | undefined, environment: Pick<Environment, 'host'> | undefined);
  constructor(options?: FetchTransportOptions, environment: Pick<Environment, 'host'> = { host: ownHost }) {
    super();
    checkFields(options, OPTIONS, 'make a transport');
    const given = own(options, 'fetch') ?? null;
    if (given !== null && typeof given !== 'function') {
      throw new TypeError(`Cannot make a FetchTransport: expected a function as fetch, got ${typeNameOf(given)}`);
    }
    this.#settings = {
      fetch: given,
      redirect: own(options, 'redirect') ?? 'manual',
      credentials: own(options, 'credentials') ?? null,
      streamUploads: own(options, 'streamUploads') ?? null,
    };
    this.#host = environment.host;
  }

  /**
   * The host's answer, its body unread and decoded by the host.
   * @throws ConnectError, NetworkError, ReadTimeout; LocalProtocolError for a request that cannot be a WHATWG `Request`,
   *   or that the host would change without a word; UnsupportedProtocol for a redirect that the host does not show
   */
  override handleAsyncRequest(given: AsyncRequest): Promise<Response> {
    if (this.#sender !== null) return this.#sender.answer(given as Request);
    const answer = HOST_FETCH.use(({ HostFetch }) => {
      this.#sender ??= new HostFetch(this.#settings, this.#host);
      return this.#sender.answer(given as Request);
    });
    return Promise.resolve(answer);
  }

  /** Bodies that are being read fail with CloseError. Idempotent. */
  override async aclose(): Promise<void> {
    this.#sender?.close();
  }
}
