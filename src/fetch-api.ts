/**
 * `httpx-wasm/fetch`: the client over the host's `fetch` alone, for pages and small edges. What a page loads at its start is
 * this file and the errors; the client and its classes (fetch-client.ts) are a chunk that comes with the first call, or with
 * `load()`. No sockets, no core.
 */
import { checkFields } from './config.js';
import { ClientClosed } from './exceptions.js';
import type * as whole from './fetch-client.js';
import { FETCH_CLIENT_OPTIONS, type FetchClientOptions } from './fetch-options.js';
import type { BodyCallOptions, CallOptions, SendOptions } from './options.js';
import type { AsyncRequest } from './request.js';
import type { AsyncResponse } from './response.js';
import type { URLTypes } from './url.js';

export type { BaseAsyncClient } from './async-client.js';
export type { AuthFlow, AuthTypes } from './auth.js';
export type { Duration, TimeoutOptions, TimeoutTypes } from './config.js';
export type { ContentChunk, RequestContent, RequestData } from './content.js';
export type { CookieTypes } from './cookies.js';
export {
  ClientClosed,
  ConnectError,
  CookieConflict,
  DecodingError,
  type ErrorCode,
  HTTPError,
  HTTPStatusError,
  InvalidURL,
  LocalProtocolError,
  NetworkError,
  type Phase,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  RequestError,
  RequestNotRead,
  ResponseNotRead,
  type Sent,
  StreamClosed,
  StreamConsumed,
  StreamError,
  TimeoutException,
  TooManyRedirects,
  TotalTimeout,
  TransportError,
  UnsupportedProtocol,
} from './exceptions.js';
export type { HeaderTypes } from './headers.js';
export type { RequestFile, RequestFiles } from './multipart.js';
export type { BodyCallOptions, CallOptions, EventHooks, SendOptions } from './options.js';
export type { QueryParamTypes } from './query-params.js';
export type { AsyncRequest } from './request.js';
export type { AsyncResponse } from './response.js';
export type { FetchTransportOptions } from './transports/fetch.js';
export type { URLTypes } from './url.js';
export type { FetchClientOptions };

/** What `load` gives: the whole client, and the classes that go with it. */
export type Loaded = typeof whole;
/** The whole client: settings that can be read and changed, cookies, `buildRequest`. */
export type LoadedClient = InstanceType<Loaded['AsyncClient']>;

/**
 * The client and its classes (`AsyncClient`, `Headers`, `URL`, `Request`, `Response`, `MockTransport`, auth, …), those of
 * the root module. Whatever is called first does this too; a page may do it ahead. Rejects as `import()` does.
 */
export function load(): Promise<Loaded> {
  return import('./fetch-client.js');
}

/** A password in a URL, and what stands before it. */
const PASSWORD = /(\/\/[^/?#:@]*):[^/?#]*@/;

/**
 * A client over the host's fetch. It is loaded with its first call; names of options are checked at once, their values
 * then: the call rejects with what is wrong. What needs no call (`headers`, `cookies`, `buildRequest`, …) is `loaded()`'s.
 */
export class AsyncClient {
  readonly #options: FetchClientOptions;
  #client: Promise<LoadedClient> | null = null;
  #closed = false;

  /** @throws TypeError for an option that is unknown, or is one of sockets */
  constructor(options?: FetchClientOptions) {
    checkFields(options, FETCH_CLIENT_OPTIONS, 'make a client');
    this.#options = Object.assign(Object.create(null), options);
  }

  /** The whole client, which shares everything with this one. Rejects with what is wrong with the options. */
  loaded(): Promise<LoadedClient> {
    if (this.#closed && this.#client === null) return Promise.reject(new ClientClosed());
    this.#client ??= this.#load();
    return this.#client;
  }

  async #load(): Promise<LoadedClient> {
    try {
      const { AsyncClient } = await load();
      const client = new AsyncClient(this.#options);
      if (this.#closed) await client.aclose();
      return client;
    } catch (error) {
      // A page that was offline can try again.
      this.#client = null;
      throw error;
    }
  }

  /** Its class, where its requests go and whether it is closed; the password masked. */
  toJSON(): { client: string; baseUrl: string; isClosed: boolean } {
    const baseUrl = String(this.#options.baseUrl ?? '').replace(PASSWORD, '$1:[secure]@');
    return { client: this.constructor.name, baseUrl, isClosed: this.#closed };
  }

  /** True once it was closed: every call fails with ClientClosed. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** As the global `fetch`, with this client's settings. It needs no `this`. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => (await this.loaded()).fetch(input, init);

  /** Sends a request of any method, with a body or without, and reads the response. */
  async request(method: string, url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).request(method, url, options);
  }

  /** Sends a request; the response's body is unread. */
  async stream(method: string, url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).stream(method, url, options);
  }

  /** Sends a request as it is. The body is read, unless `stream` is set. */
  async send(request: AsyncRequest, options?: SendOptions): Promise<AsyncResponse> {
    return (await this.loaded()).send(request, options);
  }

  /** Sends GET and reads the response. */
  async get(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).get(url, options);
  }

  /** Sends OPTIONS and reads the response. */
  async options(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).options(url, options);
  }

  /** Sends HEAD: the response has the head that GET would have, and no body. */
  async head(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).head(url, options);
  }

  /** Sends DELETE, without a body, and reads the response. */
  async delete(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).delete(url, options);
  }

  /** Sends POST and reads the response. */
  async post(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).post(url, options);
  }

  /** Sends PUT and reads the response. */
  async put(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).put(url, options);
  }

  /** Sends PATCH and reads the response. */
  async patch(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).patch(url, options);
  }

  /** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
  async query(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
    return (await this.loaded()).query(url, options);
  }

  /** Ends what is under way. Idempotent. */
  async aclose(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => null);
    await client?.aclose();
  }

  /** As `aclose()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }
}

/** A client for one call, which has nothing to close, and the call. Cookies are the client's: they outlive a redirect (httpx). */
function once<T extends CallOptions>(options: T | undefined): { readonly client: AsyncClient; readonly call: T } {
  const { cookies, ...call }: T = Object.assign(Object.create(null), options);
  // A fetch that hides redirects must be told of them when the client is made.
  return { client: new AsyncClient({ cookies, followRedirects: call.followRedirects === true }), call: call as T };
}

/** Sends a request of any method, with a body or without, and reads the response. */
export async function request(method: string, url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.request(method, url, call);
}

/** Sends a request; the response's body is unread. */
export async function stream(method: string, url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.stream(method, url, call);
}

/** Sends GET and reads the response. */
export async function get(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.get(url, call);
}

/** Sends OPTIONS and reads the response. */
export async function options(url: URLTypes, settings?: CallOptions): Promise<AsyncResponse> {
  const { client, call } = once(settings);
  return client.options(url, call);
}

/** Sends HEAD: the response has no body. */
export async function head(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.head(url, call);
}

/** Sends POST and reads the response. */
export async function post(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.post(url, call);
}

/** Sends PUT and reads the response. */
export async function put(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.put(url, call);
}

/** Sends PATCH and reads the response. */
export async function patch(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.patch(url, call);
}

/** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
export async function query(url: URLTypes, options?: BodyCallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.query(url, call);
}

/** Sends DELETE, without a body, and reads the response. */
async function del(url: URLTypes, options?: CallOptions): Promise<AsyncResponse> {
  const { client, call } = once(options);
  return client.delete(url, call);
}

export { del as delete };
