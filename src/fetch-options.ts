/** What clients of `httpx-wasm/fetch` can be told: the options of `AsyncClient` that mean something over the host's fetch. */
import type { AsyncClientOptions } from './options.js';
import type { FetchTransportOptions } from './transports/fetch.js';

/** Options of sockets: the host's fetch decides on all these. */
type OfSockets = 'verify' | 'cert' | 'trustEnv' | 'http1' | 'http2' | 'limits' | 'proxy' | 'allowAddress' | 'resolve';

/** Settings of the clients of `httpx-wasm/fetch`. */
export interface FetchClientOptions extends Omit<AsyncClientOptions, OfSockets> {
  /** How the host's fetch is used: `credentials`, `redirect`, `streamUploads`, or another function in its place. */
  readonly fetch?: FetchTransportOptions | null | undefined;
}

const NAMES: Readonly<Record<keyof FetchClientOptions, true>> = {
  auth: true,
  params: true,
  headers: true,
  cookies: true,
  timeout: true,
  followRedirects: true,
  maxRedirects: true,
  eventHooks: true,
  baseUrl: true,
  transport: true,
  mounts: true,
  wrapTransport: true,
  sensitiveHeaders: true,
  defaultEncoding: true,
  fetch: true,
};

/** Of `new AsyncClient(…)` of `httpx-wasm/fetch`. */
export const FETCH_CLIENT_OPTIONS: readonly string[] = Object.keys(NAMES);
