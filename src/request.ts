/** A request: method, URL, headers, body, extensions (httpx: `Request`). Sending it is the client's business. */

import { host as ownHost } from '#host';
import { checkFields, INSPECT, own, type Timeout, type TimeoutTypes, typeNameOf } from './config.js';
import { encodeContent, joinedBody, NO_BODY, octetsBody, type RequestBody, type RequestContent } from './content.js';
import { Cookies, type CookieTypes } from './cookies.js';
import { RequestNotRead } from './exceptions.js';
import { type Flow, runAsync, runSync } from './flow.js';
import { Headers, type HeaderTypes } from './headers.js';
import { isHostName } from './origin.js';
import { QueryParams, type QueryParamTypes } from './query-params.js';
import { announcedBody, CONTENT_OPTIONS, type ContentOptions } from './request-body.js';
import type { TraceFunction } from './trace.js';
import { URL, type URLTypes } from './url.js';

/** What can be said about one request to the layers below (httpx: request extensions). */
export interface RequestExtensions {
  /** Limits of waiting; a bare number is milliseconds. What a plain object leaves open is the call's, then the client's. */
  readonly timeout?: TimeoutTypes | undefined;
  /** Name sent as SNI, and expected in the certificate, instead of the URL's host. */
  readonly sniHostname?: string | null | undefined;
  /** Request target, as it goes on the wire, instead of the URL's path and query. */
  readonly target?: string | Uint8Array | null | undefined;
  /** Called for every interim response (1xx but 101), in order. */
  readonly onInterim?: ((status: number, headers: Headers) => void) | null | undefined;
  /** Told of each step of the request, by httpcore's names; a promise is waited for where the step succeeded. */
  readonly trace?: TraceFunction | null | undefined;
  /** For transports of your own. */
  readonly [name: string]: unknown;
}

/** What a request is made of. */
export interface RequestOptions extends ContentOptions {
  /** A body, and no field that is not given: neither Host nor what would announce it. Excludes the options of bodies. */
  readonly stream?: RequestContent | null | undefined;
  /** Replaces the URL's query; empty ones leave it as it is. */
  readonly params?: QueryParamTypes | null | undefined;
  /** Its header fields; Host and what announces the body are added unless given. */
  readonly headers?: HeaderTypes | undefined;
  /** Sent as its Cookie field, as far as they are for its URL, unless its headers have one. */
  readonly cookies?: CookieTypes | undefined;
  /** What the layers below are told. */
  readonly extensions?: RequestExtensions | null | undefined;
}

const REQUEST_OPTIONS: Readonly<Record<keyof RequestOptions, true>> = {
  params: true,
  headers: true,
  cookies: true,
  ...CONTENT_OPTIONS,
  stream: true,
  extensions: true,
};
const REQUEST_OPTION_NAMES = Object.keys(REQUEST_OPTIONS);

/**
 * The same extensions, perhaps with another timeout, in an object without prototype: what `Object.prototype` holds is
 * nobody's word (SECURITY 5.6).
 * @throws TypeError for known ones of another type; the timeout is checked when the request is sent.
 */
export function ownExtensions(extensions: RequestExtensions | null, timeout?: Timeout): RequestExtensions {
  if (typeof extensions !== 'object' || Array.isArray(extensions)) {
    throw new TypeError(`Cannot set extensions: expected an object, got ${typeNameOf(extensions)}`);
  }
  const made: RequestExtensions = Object.assign(Object.create(null), extensions, timeout && { timeout });
  const { onInterim, sniHostname, target, trace } = made;
  checkExtension('onInterim', onInterim, typeof onInterim === 'function', 'a function');
  checkExtension('trace', trace, typeof trace === 'function', 'a function');
  checkExtension('sniHostname', sniHostname, isHostName(sniHostname), 'a host name in ASCII');
  checkExtension('target', target, typeof target === 'string' || target instanceof Uint8Array, 'a string or octets');
  return Object.freeze(made);
}

function checkExtension(name: string, value: unknown, fits: boolean, expected: string): void {
  if (fits || value === undefined || value === null) return;
  throw new TypeError(`Cannot set extensions.${name}: expected ${expected}, got ${typeNameOf(value)}`);
}

/** Methods in upper case already: to find that out anew costs more than to look here. */
const UPPER: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);

/** The method as it is sent. @throws TypeError @internal */
export function methodOf(method: unknown): string {
  if (UPPER.has(method)) return method as string;
  if (typeof method === 'string') return method.toUpperCase();
  throw new TypeError(`Cannot make a request: expected the method to be a string, got ${typeNameOf(method)}`);
}

/** The URL that was given. @throws TypeError for what is none, InvalidURL @internal */
export function givenUrl(url: unknown): URL {
  if (url instanceof URL) return url;
  if (typeof url === 'string' || url instanceof globalThis.URL) return new URL(url);
  const hint = url instanceof Request ? ', which client.send takes' : '';
  throw new TypeError(`Cannot make a request: expected url to be a string or a URL, got ${typeNameOf(url)}${hint}`);
}

/** The URL with parameters for its query, if there are any. @internal */
export function withParams(url: URL, params: QueryParams): URL {
  return params.size === 0 ? url : url.copyWith({ params });
}

/** The body that is given as a stream. @throws TypeError if it is none, or not the only one */
function streamOf(stream: RequestContent, options: RequestOptions | undefined): RequestBody {
  for (const name of Object.keys(CONTENT_OPTIONS) as (keyof ContentOptions)[]) {
    const other = own(options, name);
    if (other !== null && other !== undefined) {
      throw new TypeError(`Cannot make a request: stream and ${name} exclude each other`);
    }
  }
  return encodeContent(stream).body;
}

const NO_EXTENSIONS = ownExtensions(null);

/** A request whose parts are made already. */
export class Prepared {
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly extensions: RequestExtensions;
  readonly leftOrigin: boolean;
  readonly withoutCookies: boolean;

  /** `extensions` without prototype. */
  constructor(
    headers: Headers,
    body: RequestBody,
    extensions: RequestExtensions,
    leftOrigin = false,
    withoutCookies = false,
  ) {
    this.headers = headers;
    this.body = body;
    this.extensions = extensions;
    this.leftOrigin = leftOrigin;
    this.withoutCookies = withoutCookies;
  }
}

/** Value of the Host field: the host that is connected to; of other schemes than http and https, as it is written. */
function hostFieldOf(url: URL): string {
  return url.isWeb ? url.origin.hostField : url.netloc;
}

/** A request. Its headers and URL may be changed, its extensions replaced, until it is sent. */
export class Request {
  /** In upper case, unless it was set otherwise. */
  method: string;
  /** @internal Redirects led it to another origin, at least for a while: a client's auth is not meant for it. */
  readonly leftOrigin: boolean;
  /** @internal Its call was told `cookies: null`: it gets none on its way, and what its responses set is not kept. */
  readonly withoutCookies: boolean;
  /** Redirects change its method as Fetch has it, and not as httpx. @internal */
  redirectsAsFetch = false;
  /** Whose Cookie field is still to be asked for. @internal */
  lateCookies: Cookies | null = null;
  #url: URL;
  #headers: Headers;
  #extensions: RequestExtensions;
  #body: RequestBody;

  /**
   * Host goes first and what announces the body last, unless given. The method is upper-cased.
   * @throws InvalidURL for a URL that cannot be sent; TypeError for what is no method, URL, body or option
   */
  constructor(method: string, url: URLTypes, options?: RequestOptions);
  /** @internal */
  constructor(method: string, url: URL, options: Prepared);
  constructor(method: string, url: URLTypes, options?: RequestOptions | Prepared) {
    this.method = methodOf(method);
    if (options instanceof Prepared) {
      this.#url = url as URL;
      this.#headers = options.headers;
      this.leftOrigin = options.leftOrigin;
      this.withoutCookies = options.withoutCookies;
      this.#extensions = options.extensions;
      this.#body = options.body;
      return;
    }
    checkFields(options, REQUEST_OPTION_NAMES, 'make a request');
    const given = givenUrl(url);
    const params = own(options, 'params');
    this.#url = params === null || params === undefined ? given : withParams(given, new QueryParams(params));
    this.#headers = new Headers(own(options, 'headers') ?? null);
    this.leftOrigin = false;
    this.withoutCookies = false;
    const extensions = own(options, 'extensions') ?? null;
    this.#extensions = extensions === null ? NO_EXTENSIONS : ownExtensions(extensions);
    const stream = own(options, 'stream') ?? null;
    if (stream === null && this.url.host !== '' && !this.headers.has('host')) {
      this.headers.insert(0, 'Host', hostFieldOf(this.url));
    }
    const cookies = own(options, 'cookies') ?? null;
    if (cookies !== null) this.addCookies(new Cookies(cookies));
    this.#body =
      stream === null ? announcedBody(options, this.headers, this.method, ownHost) : streamOf(stream, options);
  }

  /**
   * Adds those cookies that are for its URL; those of a jar that answers later, when it is sent. Cookies for every host were
   * not meant for one that a server has led to. @internal
   */
  addCookies(cookies: Cookies): void {
    if (this.withoutCookies) return;
    if (cookies.answersLater) this.lateCookies = cookies;
    else cookies.addNow(this.headers, this.url, !this.leftOrigin);
  }

  /** Where it goes. What is set is made a `URL`. @throws TypeError, InvalidURL */
  get url(): URL {
    return this.#url;
  }

  set url(url: URLTypes) {
    this.#url = givenUrl(url);
  }

  /** Its header fields, in the order of sending. What is set is made `Headers`. @throws TypeError, LocalProtocolError */
  get headers(): Headers {
    return this.#headers;
  }

  set headers(headers: HeaderTypes) {
    this.#headers = headers instanceof Headers ? headers : new Headers(headers);
  }

  /** What the layers below are told: replace it as a whole. */
  get extensions(): RequestExtensions {
    return this.#extensions;
  }

  set extensions(extensions: RequestExtensions) {
    this.#extensions = ownExtensions(extensions);
  }

  /** The body as it is read when the request is sent: octets, by `for await`, or by `for` where nothing must be waited for. */
  get stream(): RequestBody {
    return this.#body;
  }

  /** True if the body can be sent again. */
  get isReplayable(): boolean {
    return this.#body.replayable;
  }

  /** The body's octets. @throws RequestNotRead if it is a stream, or a form with files, that was not read. */
  get content(): Uint8Array<ArrayBuffer> {
    const { octets, mustBeRead } = this.#body;
    if (octets === null || mustBeRead) throw new RequestNotRead();
    return octets;
  }

  /** Reads a streamed body into memory, so that it can be sent again, and returns it. */
  aread(): Promise<Uint8Array<ArrayBuffer>> {
    return runAsync(this.readFlow(false));
  }

  /** As `aread`, at once. @throws TypeError for a body that only an event loop can read */
  read(): Uint8Array<ArrayBuffer> {
    return runSync(this.readFlow(true), null);
  }

  /** @internal Reads the body into memory. */
  *readFlow(blocking: boolean): Flow<Uint8Array<ArrayBuffer>> {
    const { octets, mustBeRead } = this.#body;
    if (octets === null || mustBeRead) this.#body = octetsBody(octets ?? (yield* joinedBody(this.#body, blocking)));
    return this.content;
  }

  /** A request of its own with the same parts; the body is shared. */
  clone(): Request {
    const { leftOrigin, withoutCookies } = this;
    const parts = new Prepared(this.headers.copy(), this.#body, this.#extensions, leftOrigin, withoutCookies);
    const clone = new Request(this.method, this.url, parts);
    clone.lateCookies = this.lateCookies;
    clone.redirectsAsFetch = this.redirectsAsFetch;
    return clone;
  }

  /** Method and URL, the password masked. */
  toString(): string {
    return `<Request(${JSON.stringify(this.method)}, ${JSON.stringify(shown(this.url))})>`;
  }

  /** Method, URL and headers; password, credentials and cookies masked. */
  toJSON(): { method: string; url: string; headers: Record<string, string | string[]> } {
    const headers = this.headers.toJSON();
    if (headers.cookie !== undefined) headers.cookie = '[secure]';
    return { method: this.method, url: shown(this.url), headers };
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

/** A request as `AsyncClient` shows it: a `Request`, without what would block. */
export interface AsyncRequest extends Omit<Request, 'read' | 'clone'> {
  /** A request of its own with the same parts; the body is shared. */
  clone(): AsyncRequest;
}

/** A request as `Client` shows it: a `Request`, without what needs an event loop. */
export interface SyncRequest extends Omit<Request, 'aread' | 'clone'> {
  /** A request of its own with the same parts; the body is shared. */
  clone(): SyncRequest;
}

/** A request of either client, or made by hand. Whatever the view, it is a `Request`. */
export type AnyRequest = AsyncRequest | SyncRequest;

/** A URL as messages show it: no password. */
export function shown(url: URL): string {
  return url.password === ''
    ? url.toString()
    : url.copyWith({ password: '[secure]' }).toString().replace('%5Bsecure%5D', '[secure]');
}

/** What may hold a password in a URL reference, as WHATWG URLs take it: scheme and slashes, user; password. */
const PASSWORD = /^((?:[a-z][a-z\d+.-]*:[\\/]*|[\\/]{2,})[^\\/?#:@]*):[^\\/?#]*@/i;

/** A URL reference that somebody else wrote, as messages show it: as it is, but no password. */
export function shownReference(text: string): string {
  return text.replace(PASSWORD, '$1:[secure]@');
}

export { NO_BODY };
