/**
 * What a client and its calls can be told, and the names of it, one list per kind of call. An option that nobody reads is a
 * misspelt one, or one of a feature that is not there: it is refused by name, never ignored. Values are checked elsewhere.
 */
import { type CertTypes, checkFields, type LimitsTypes, type TimeoutTypes, type VerifyTypes } from './config.js';
import type { ContentOptions, RequestContent } from './content.js';
import type { HeaderTypes } from './headers.js';
import type { Resolve } from './hosts/socket.js';
import type { QueryParamTypes } from './query-params.js';
import type { RequestExtensions } from './request.js';
import type { DefaultEncoding } from './response.js';
import type { RequestHook, ResponseHook } from './send.js';
import type { AsyncBaseTransport } from './transports/base.js';
import type { URLTypes } from './url.js';

/** Hooks by event, called in order. */
export interface EventHooks {
  readonly request?: readonly RequestHook[] | null | undefined;
  readonly response?: readonly ResponseHook[] | null | undefined;
}

/** Settings of a client. `undefined` and a missing name mean the default. */
export interface ClientOptions {
  /** Merged into every request's query; the request's own win. */
  readonly params?: QueryParamTypes | null | undefined;
  /** Merged into every request's headers; the request's own win. */
  readonly headers?: HeaderTypes | undefined;
  readonly verify?: VerifyTypes | null | undefined;
  readonly cert?: CertTypes | null | undefined;
  readonly timeout?: TimeoutTypes | undefined;
  readonly limits?: LimitsTypes | undefined;
  readonly eventHooks?: EventHooks | null | undefined;
  /** Goes before relative URLs. */
  readonly baseUrl?: URLTypes | null | undefined;
  /** Replaces the default transport. */
  readonly transport?: AsyncBaseTransport | null | undefined;
  /** Wraps the default transport, or the one given. */
  readonly wrapTransport?: ((inner: AsyncBaseTransport) => AsyncBaseTransport) | null | undefined;
  /** Asked for every address before connecting to it. */
  readonly allowAddress?: ((ip: string) => boolean) | null | undefined;
  /** Replaces DNS. */
  readonly resolve?: Resolve | null | undefined;
  readonly defaultEncoding?: DefaultEncoding | null | undefined;
}

/** Options of a call without a body. */
export interface CallOptions {
  readonly params?: QueryParamTypes | null | undefined;
  readonly headers?: HeaderTypes | undefined;
  readonly timeout?: TimeoutTypes | undefined;
  readonly extensions?: RequestExtensions | null | undefined;
  /** Cancels the call at any moment: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | null | undefined;
}

/** Options of a call with a body. */
export interface BodyCallOptions extends CallOptions, ContentOptions {
  readonly content?: RequestContent | null | undefined;
}

/** Options of `send`. */
export interface SendOptions {
  /** The body stays unread. */
  readonly stream?: boolean | null | undefined;
  readonly signal?: AbortSignal | null | undefined;
}

/** Options of a single call that make its client. */
export interface OneCallOptions {
  readonly verify?: VerifyTypes | null | undefined;
  readonly cert?: CertTypes | null | undefined;
}

/** Each name of `T`: the compiler sees to it that none is missing and none is too many. */
type Names<T> = Readonly<Record<keyof T, true>>;

const CALL: Names<CallOptions> = { params: true, headers: true, timeout: true, extensions: true, signal: true };
const CONTENT: Names<ContentOptions> = { content: true, data: true, json: true };
const ONE_CALL: Names<OneCallOptions> = { verify: true, cert: true };
const CLIENT: Names<ClientOptions> = {
  params: true,
  headers: true,
  verify: true,
  cert: true,
  timeout: true,
  limits: true,
  eventHooks: true,
  baseUrl: true,
  transport: true,
  wrapTransport: true,
  allowAddress: true,
  resolve: true,
  defaultEncoding: true,
};
const HOOKS: Names<EventHooks> = { request: true, response: true };
const SEND: Names<SendOptions> = { stream: true, signal: true };

/** Names of options that go together. */
export type OptionNames = readonly string[];

/** Of `new AsyncClient(…)`. */
export const CLIENT_OPTIONS: OptionNames = Object.keys(CLIENT);
/** Of `eventHooks`. */
export const EVENT_HOOKS: OptionNames = Object.keys(HOOKS);
/** Of verbs without a body. */
export const CALL_OPTIONS: OptionNames = Object.keys(CALL);
/** Of verbs with a body. */
export const BODY_CALL_OPTIONS: OptionNames = Object.keys({ ...CALL, ...CONTENT });
/** Of `buildRequest`: what a request keeps. */
export const BUILD_OPTIONS: OptionNames = BODY_CALL_OPTIONS.filter((name) => name !== 'signal');
/** Of `send`. */
export const SEND_OPTIONS: OptionNames = Object.keys(SEND);
/** Of functions without a body. */
export const FUNCTION_OPTIONS: OptionNames = Object.keys({ ...CALL, ...ONE_CALL });
/** Of functions with a body. */
export const BODY_FUNCTION_OPTIONS: OptionNames = Object.keys({ ...CALL, ...CONTENT, ...ONE_CALL });

/** @throws TypeError that names the first option which is not among `known`, and those that are. */
export function checkCall(options: object | null | undefined, known: OptionNames): void {
  if (options !== undefined) checkFields(options, known, 'send the request');
}
