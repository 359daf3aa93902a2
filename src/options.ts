/**
 * What a client and its calls can be told, and the names of it, one list per kind of call. An option that nobody reads is a
 * misspelt one, or one of a feature that is not there: it is refused by name, never ignored. Values are checked elsewhere.
 */
import type { AuthTypes, SyncAuthTypes } from './auth.js';
import {
  type CertTypes,
  checkFields,
  type LimitsTypes,
  own,
  type TimeoutTypes,
  typeNameOf,
  type VerifyTypes,
} from './config.js';
import type { RequestContent, SyncRequestContent } from './content.js';
import type { CookieTypes } from './cookies.js';
import type { HeaderTypes } from './headers.js';
import type { MaybePromise, Resolve, SyncResolve } from './hosts/socket.js';
import type { ProxyTypes } from './proxy.js';
import type { QueryParamTypes } from './query-params.js';
import type { AnyRequest, AsyncRequest, RequestExtensions, SyncRequest } from './request.js';
import type { ContentOptions } from './request-body.js';
import type { AsyncResponse, DefaultEncoding, SyncResponse } from './response.js';
import type { AnyTransport, AsyncBaseTransport, BaseTransport } from './transports/base.js';
import type { URLTypes } from './url.js';

// Hooks are declared as methods, whose parameters may be narrower: a hook that says it takes a `Response` is one of either
// client's, for that is what both call it with.

/** Called by `AsyncClient` with every request, just before it is sent; a promise is awaited. */
export type RequestHook = { hook(request: AsyncRequest): MaybePromise<void> }['hook'];
/** Called by `AsyncClient` with every response, before its body is read; a promise is awaited. */
export type ResponseHook = { hook(response: AsyncResponse): MaybePromise<void> }['hook'];
/** Called by `Client` with every request, just before it is sent; a promise is refused. */
export type SyncRequestHook = { hook(request: SyncRequest): Nothing }['hook'];
/** Called by `Client` with every response, before its body is read; a promise is refused. */
export type SyncResponseHook = { hook(response: SyncResponse): Nothing }['hook'];
/** No promise: what returns `void` alone takes one silently. */
// biome-ignore lint/suspicious/noConfusingVoidType: as a union it is none that a promise fits
type Nothing = void | undefined;

/** Hooks by event, called in order. What a hook throws, the call fails with. */
interface HookLists<Q, R> {
  /** Called with every request, just before it is sent. */
  readonly request?: readonly Q[] | null | undefined;
  /** Called with every response, before its body is read. */
  readonly response?: readonly R[] | null | undefined;
}

/** Hooks of `AsyncClient`: one may answer with a promise, which is awaited. */
export interface EventHooks extends HookLists<RequestHook, ResponseHook> {}

/** Hooks of `Client`: they answer at once, and a promise is refused. */
export interface SyncEventHooks extends HookLists<SyncRequestHook, SyncResponseHook> {}

/** What one kind of client gives, takes and sends by. */
export interface ClientKind {
  /** What a call gives. */
  readonly answer: Promise<AsyncResponse> | SyncResponse;
  /** How a request is seen. */
  readonly request: AnyRequest;
  readonly requestHook: RequestHook | SyncRequestHook;
  readonly responseHook: ResponseHook | SyncResponseHook;
  readonly eventHooks: EventHooks | SyncEventHooks;
  readonly transport: AnyTransport;
  readonly auth: AuthTypes;
  readonly content: RequestContent;
  readonly resolve: Resolve | SyncResolve;
}

/** `AsyncClient`. */
export interface AsyncKind extends ClientKind {
  readonly answer: Promise<AsyncResponse>;
  readonly request: AsyncRequest;
  readonly requestHook: RequestHook;
  readonly responseHook: ResponseHook;
  readonly eventHooks: EventHooks;
  readonly transport: AsyncBaseTransport;
  readonly auth: AuthTypes;
  readonly content: RequestContent;
  readonly resolve: Resolve;
}

/** `Client`. */
export interface SyncKind extends ClientKind {
  readonly answer: SyncResponse;
  readonly request: SyncRequest;
  readonly requestHook: SyncRequestHook;
  readonly responseHook: SyncResponseHook;
  readonly eventHooks: SyncEventHooks;
  readonly transport: BaseTransport;
  readonly auth: SyncAuthTypes;
  readonly content: SyncRequestContent;
  readonly resolve: SyncResolve;
}

/** Settings of a client of kind `K`. `undefined` and a missing name mean the default. */
export interface BaseClientOptions<K extends ClientKind> {
  /** Parameters of every request, in place of its URL's query; those that a call gives win, name by name. */
  readonly params?: QueryParamTypes | null | undefined;
  /** Merged into every request's headers; the request's own win. Accept, Accept-Encoding, Connection and User-Agent are set. */
  readonly headers?: HeaderTypes | undefined;
  /** Sent where they belong, beside those that servers set. A jar is used as it is, everything else copied. */
  readonly cookies?: CookieTypes | undefined;
  /** Whether, and against which authorities, certificates are checked; `true`, the runtime's store, by default. */
  readonly verify?: VerifyTypes | null | undefined;
  /** The certificate that this client shows: paths of PEM files. None by default. */
  readonly cert?: CertTypes | null | undefined;
  /** Whether the environment may say which authorities are trusted (SSL_CERT_FILE, SSL_CERT_DIR): `true` by default. */
  readonly trustEnv?: boolean | null | undefined;
  /** HTTP/1.1 may be spoken: `true` by default. Where it is off, `http:` means HTTP/2 without TLS. */
  readonly http1?: boolean | null | undefined;
  /** HTTP/2 may be spoken, where the server agrees to it in the TLS handshake (ALPN): `false` by default. */
  readonly http2?: boolean | null | undefined;
  /**
   * Limits of waiting: 5 s each for connect, read, write and pool by default, none for the whole call. A bare number is
   * milliseconds; `null` is no limit.
   */
  readonly timeout?: TimeoutTypes | undefined;
  /** Limits of the pool and of what a peer may send: 100 connections, 20 of them kept idle for 5 s, by default. */
  readonly limits?: LimitsTypes | undefined;
  /** Functions that are called with every request and every response. */
  readonly eventHooks?: K['eventHooks'] | null | undefined;
  /** Goes before relative URLs, which never leave its path by a leading '/'. Its path ends in '/', or is given one. */
  readonly baseUrl?: URLTypes | null | undefined;
  /**
   * The proxy of every request that no mount takes: a URL with http, https, socks5 or socks5h, a `Proxy`, or an object of its
   * fields. Those that the environment names by default; `null` is none.
   */
  readonly proxy?: ProxyTypes | undefined;
  /**
   * Replaces the default transport, and with it verify, cert, http1, http2, limits, proxies and resolve, which then mean
   * nothing; allowAddress is refused beside it.
   */
  readonly transport?: K['transport'] | null | undefined;
  /**
   * Transports for some URLs, by pattern: `all://`, `https://`, `all://example.org`, `all://*.example.org` (the names below
   * it), `all://*example.org` (those and itself), `http://localhost:8080`. The most exact pattern wins: one with a port, then
   * the longest host, then the longest scheme. `null` is the default transport.
   */
  readonly mounts?: Readonly<Record<string, K['transport'] | null>> | null | undefined;
  /** Wraps the default transport, or the one given, and each mounted one; called once for each, when the client is made. */
  readonly wrapTransport?: ((inner: K['transport']) => K['transport']) | null | undefined;
  /**
   * Asked for every address before connecting to it; only `true` allows it. The checked address is the one connected to.
   * Transports of one's own do not ask it: give it to them, those of `mounts` too; beside `transport` it is refused.
   */
  readonly allowAddress?: ((ip: string) => boolean) | null | undefined;
  /** Replaces DNS: the addresses of a host. `Client` takes no promise of them. */
  readonly resolve?: K['resolve'] | null | undefined;
  /** Who sends the requests, where a call says nothing else: none by default, but what a URL says. */
  readonly auth?: K['auth'] | undefined;
  /** Whether redirects are followed, where a call says nothing else: `false` by default. */
  readonly followRedirects?: boolean | null | undefined;
  /** How many redirects are followed in a row, before TooManyRedirects: 20 by default. */
  readonly maxRedirects?: number | null | undefined;
  /** Names of headers that no other origin than the first may see, beside those of credentials. */
  readonly sensitiveHeaders?: readonly string[] | null | undefined;
  /** How text is decoded where a response names no charset: 'utf-8' by default. */
  readonly defaultEncoding?: DefaultEncoding | null | undefined;
}

/** Settings of `AsyncClient`. */
export interface AsyncClientOptions extends BaseClientOptions<AsyncKind> {}

/** Settings of `Client`. Functions among them must answer at once, not with promises. */
export interface ClientOptions extends BaseClientOptions<SyncKind> {}

/** Options of a call without a body. `undefined` and a missing name mean the client's setting. */
export interface CallOptions<A = AuthTypes> {
  /** With the client's, they replace the URL's query; where there are none it stays as it is. */
  readonly params?: QueryParamTypes | null | undefined;
  /** Merged into the client's headers; these win. */
  readonly headers?: HeaderTypes | undefined;
  /** For this one request, beside the client's; these win. `null`: none at all. */
  readonly cookies?: CookieTypes | undefined;
  /** Limits of waiting, in milliseconds or with a unit; what a plain object leaves open is the client's; `null`: no limit. */
  readonly timeout?: TimeoutTypes | undefined;
  /** Who sends the request; `null`: nobody, but what the URL says. A function of `Client` answers at once. */
  readonly auth?: A | undefined;
  /** Whether redirects are followed; `null`: they are not. */
  readonly followRedirects?: boolean | null | undefined;
  /** What the layers below are told. */
  readonly extensions?: RequestExtensions | null | undefined;
  /**
   * Cancels the call, which fails with the signal's reason: at any moment with `AsyncClient`; with `Client`, at its next step
   * after code of yours (a hook, a body's iterator) has aborted it, for nothing else can run on its thread meanwhile.
   */
  readonly signal?: AbortSignal | null | undefined;
}

/** Options of a call with a body. */
export interface BodyCallOptions<A = AuthTypes, C = RequestContent> extends CallOptions<A>, ContentOptions<C> {}

/** Options of `send`. */
export interface SendOptions<A = AuthTypes> {
  /** The body stays unread: `false` by default. */
  readonly stream?: boolean | null | undefined;
  /** Who sends the request; `null`: nobody, but what the URL says. A function of `Client` answers at once. */
  readonly auth?: A | undefined;
  /** Whether redirects are followed; `null`: they are not. */
  readonly followRedirects?: boolean | null | undefined;
  /**
   * Cancels the call, which fails with the signal's reason: at any moment with `AsyncClient`; with `Client`, at its next step
   * after code of yours (a hook, a body's iterator) has aborted it, for nothing else can run on its thread meanwhile.
   */
  readonly signal?: AbortSignal | null | undefined;
}

/** Options of a single call that make its client. */
export interface OneCallOptions {
  /** Whether, and against which authorities, the certificate is checked; `true`, the runtime's store, by default. */
  readonly verify?: VerifyTypes | null | undefined;
  /** The certificate that is shown: paths of PEM files. None by default. */
  readonly cert?: CertTypes | null | undefined;
  /** Whether the environment may say which authorities are trusted (SSL_CERT_FILE, SSL_CERT_DIR): `true` by default. */
  readonly trustEnv?: boolean | null | undefined;
  /** The proxy: a URL, a `Proxy`, or an object of its fields. What the environment names by default; `null` is none. */
  readonly proxy?: ProxyTypes | undefined;
  /** HTTP/1.1 may be spoken: `true` by default. Where it is off, `http:` means HTTP/2 without TLS. */
  readonly http1?: boolean | null | undefined;
  /** HTTP/2 may be spoken, where the server agrees to it in the TLS handshake (ALPN): `false` by default. */
  readonly http2?: boolean | null | undefined;
}

/** Options of a function without a body. */
export type FunctionOptions<A = AuthTypes> = CallOptions<A> & OneCallOptions;
/** Options of a function with a body. */
export type BodyFunctionOptions<A = AuthTypes, C = RequestContent> = BodyCallOptions<A, C> & OneCallOptions;

/** Each name of `T`: the compiler sees to it that none is missing and none is too many. */
type Names<T> = Readonly<Record<keyof T, true>>;

const CALL: Names<CallOptions> = {
  params: true,
  headers: true,
  cookies: true,
  timeout: true,
  auth: true,
  followRedirects: true,
  extensions: true,
  signal: true,
};
const CONTENT: Names<ContentOptions> = { content: true, data: true, files: true, json: true, compress: true };
const ONE_CALL: Names<OneCallOptions> = {
  verify: true,
  cert: true,
  proxy: true,
  trustEnv: true,
  http1: true,
  http2: true,
};
const CLIENT: Names<BaseClientOptions<ClientKind>> = {
  params: true,
  headers: true,
  cookies: true,
  verify: true,
  cert: true,
  trustEnv: true,
  http1: true,
  http2: true,
  timeout: true,
  limits: true,
  eventHooks: true,
  baseUrl: true,
  proxy: true,
  transport: true,
  mounts: true,
  wrapTransport: true,
  allowAddress: true,
  resolve: true,
  auth: true,
  followRedirects: true,
  maxRedirects: true,
  sensitiveHeaders: true,
  defaultEncoding: true,
};
const HOOKS: Names<EventHooks> = { request: true, response: true };
const SEND: Names<SendOptions> = { stream: true, auth: true, followRedirects: true, signal: true };
/** What is for sending a request, and no part of it. */
const SENDING: readonly string[] = ['auth', 'followRedirects', 'signal'];

/** Names of options that go together. */
export type OptionNames = readonly string[];

/** Of `new AsyncClient(…)`. */
export const CLIENT_OPTIONS: OptionNames = Object.keys(CLIENT);
/** What an option that is not given has: the client's setting (httpx: `USE_CLIENT_DEFAULT`). `null` is none. */
export const USE_CLIENT_DEFAULT: undefined = undefined;

/** Of `eventHooks`. */
export const EVENT_HOOKS: OptionNames = Object.keys(HOOKS);
/** Of verbs without a body. */
export const CALL_OPTIONS: OptionNames = Object.keys(CALL);
/** Of verbs with a body. */
export const BODY_CALL_OPTIONS: OptionNames = Object.keys({ ...CALL, ...CONTENT });
/** Of `buildRequest`: what a request keeps. */
export const BUILD_OPTIONS: OptionNames = BODY_CALL_OPTIONS.filter((name) => !SENDING.includes(name));
/** Of `send`. */
export const SEND_OPTIONS: OptionNames = Object.keys(SEND);
/** Of functions without a body. */
export const FUNCTION_OPTIONS: OptionNames = Object.keys({ ...CALL, ...ONE_CALL });
/** Of functions with a body. */
export const BODY_FUNCTION_OPTIONS: OptionNames = Object.keys({ ...CALL, ...CONTENT, ...ONE_CALL });

/** Who takes what a call does not. The first line with a name counts; `send` alone does not take what is a call's. */
const TAKERS: readonly (readonly [names: object, taker: string])[] = [
  [SEND, 'send takes it'],
  [CALL, 'buildRequest takes it'],
  [CONTENT, 'request(method, …), buildRequest and the verbs with a body take it'],
  [ONE_CALL, 'a client takes it, and the functions (httpx.get, …) do, where there are sockets'],
  [CLIENT, 'a client takes it'],
];

/** What a message says of a name that is unknown here. */
function hintOf(name: string, known: OptionNames): string {
  const taker = TAKERS.find(([names]) => Object.hasOwn(names, name))?.[1];
  if (taker !== undefined) return `; ${taker}`;
  return known.includes('json') ? '; a body is given as json, data, files or content' : '';
}

/** @throws TypeError that names the first option which is not among `known`, those that are, and who takes it. */
export function checkCall(options: object | null | undefined, known: OptionNames, action = 'send the request'): void {
  if (options !== undefined) checkFields(options, known, action, hintOf);
}

/** No connection is kept, so that nobody has to close a client of one call. */
export const ONE_CALL_LIMITS: LimitsTypes = Object.freeze({ maxConnections: 100, maxKeepaliveConnections: 0 });

/** What of a function's options makes its client, and what is left for the call. */
export interface OneCall<A, C> {
  /** Settings of a client whose connections end with their response, so that nobody has to close it. */
  readonly client: OneCallOptions & {
    readonly limits: LimitsTypes;
    readonly cookies: CookieTypes | undefined;
    /** The call's, for hosts whose fetch must be told. */
    readonly followRedirects: boolean;
  };
  readonly call: BodyCallOptions<A, C>;
}

/** @throws TypeError for a name that is not among `known` */
export function oneCall<A, C = never>(
  options: BodyFunctionOptions<A, C> | undefined,
  known: OptionNames,
): OneCall<A, C> {
  checkCall(options, known);
  // What a prototype holds is nobody's word (SECURITY 5.6). Cookies are the client's, so that they outlive a redirect (httpx).
  const given: BodyFunctionOptions<A, C> = Object.assign(Object.create(null), options);
  const { verify, cert, proxy, trustEnv, http1, http2, cookies, ...call } = given;
  const followRedirects = call.followRedirects === true;
  const settings = { verify, cert, proxy, trustEnv, http1, http2, limits: ONE_CALL_LIMITS };
  return { client: { ...settings, cookies, followRedirects }, call };
}

/** The signal of a call. @throws TypeError for what is none. */
export function signalOf(signal: unknown): AbortSignal | null {
  if (signal === undefined || signal === null) return null;
  const { aborted, addEventListener } = signal as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return signal as AbortSignal;
  throw new TypeError(`Cannot send the request: expected signal to be an AbortSignal, got ${typeNameOf(signal)}`);
}

/** A setting that is a function, if it is given. @throws TypeError for anything else. */
export function functionOf<T extends (...args: never[]) => unknown>(
  given: T | null | undefined,
  name: string,
  action = 'make a client',
): T | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'function') return given;
  throw new TypeError(`Cannot ${action}: expected ${name} to be a function, got ${typeNameOf(given)}`);
}

/**
 * Who guards addresses relies on being asked: beside a `transport`, which connects or not as it likes, nobody would ask.
 * @throws TypeError for what is no function, and beside a transport.
 */
export function checkAllowAddress(options: BaseClientOptions<ClientKind> | undefined): void {
  const guard = functionOf(own(options, 'allowAddress'), 'allowAddress');
  if (guard === null || (own(options, 'transport') ?? null) === null) return;
  throw new TypeError(
    'Cannot make a client: allowAddress would never be asked beside transport; give it to the transport ' +
      '(AsyncHTTPTransport and HTTPTransport take it)',
  );
}

/** Whether something is on, if it is said. @throws TypeError for what is neither. */
export function flagOf(given: unknown, name: string): boolean | undefined {
  if (given === undefined || typeof given === 'boolean') return given;
  if (given === null) return false;
  throw new TypeError(`Cannot set ${name}: expected true or false, got ${typeNameOf(given)}`);
}

/** @throws RangeError unless it is a number of redirects; TypeError unless it is a number. */
export function redirectsOf(given: unknown): number {
  if (typeof given !== 'number') {
    throw new TypeError(`Cannot set maxRedirects: expected a number, got ${typeNameOf(given)}`);
  }
  if (Number.isSafeInteger(given) && given >= 0) return given;
  throw new RangeError(`Cannot set maxRedirects: expected an integer of at least 0, got ${given}`);
}

/** Names of headers, in lower case. @throws TypeError unless they are a list of strings. */
export function headerNamesOf(given: readonly string[] | null | undefined): ReadonlySet<string> {
  const names: unknown = given ?? [];
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw new TypeError('Cannot make a client: expected sensitiveHeaders to be a list of header names');
  }
  return new Set(names.map((name: string) => name.toLowerCase()));
}

/** What is mounted, by pattern. @throws TypeError for what is no record. */
export function mountsGiven<T>(given: Readonly<Record<string, T | null>> | null | undefined): [string, T | null][] {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object' || Symbol.iterator in given) {
    throw new TypeError(`Cannot make a client: expected mounts to be a record of transports, got ${typeNameOf(given)}`);
  }
  return Object.entries(given);
}

/** A transport, from `source`. @throws TypeError for what has not the methods of the client's kind of transport. */
export function transportOf<T extends AnyTransport>(transport: T, source: string, methods: readonly (keyof T)[]): T {
  const given = (transport ?? {}) as T;
  if (methods.every((name) => typeof given[name] === 'function')) return transport;
  throw new TypeError(
    `Cannot make a client: expected ${source} with ${methods.join(' and ')}, got ${typeNameOf(transport)}`,
  );
}
