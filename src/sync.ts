/**
 * `httpx-wasm/sync`: the functions of the root module, blocking, under the same names. They share the thread's worker, which
 * stays for the next call and keeps no process alive.
 */
import type { SyncAuthTypes } from './auth.js';
import { Client } from './clients.js';
import type { SyncRequestContent } from './content.js';
import { blockingRuntime, type Environment } from './environment.js';
import {
  BODY_FUNCTION_OPTIONS,
  type BodyFunctionOptions,
  type ClientOptions,
  FUNCTION_OPTIONS,
  type FunctionOptions,
  oneCall,
} from './options.js';
import type { SyncResponse } from './response.js';
import type { URLTypes } from './url.js';

let environment: Environment | null = null;

function made(options: ClientOptions): Client {
  environment ??= blockingRuntime();
  return new Client(options, environment);
}

/**
 * Sends a request of any method, with a body or without, and reads the response, whatever its status: `raiseForStatus()`
 * asks for success. Throws a `RequestError`: a `TransportError` (ConnectError, ReadTimeout, …), whose `retryable` tells
 * whether to try again, DecodingError, TooManyRedirects; or InvalidURL, LoadError, the signal's reason, what your body or
 * auth fails with; a TypeError for options that mean nothing.
 */
export function request(
  method: string,
  url: URLTypes,
  options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>,
): SyncResponse {
  const { client, call } = oneCall(options, BODY_FUNCTION_OPTIONS);
  return ended(made(client).request(method, url, call));
}

/** A connection that is no longer HTTP ends with the call that asked for it: only `stream` hands one out. */
function ended(response: SyncResponse): SyncResponse {
  response.extensions.networkStream?.close();
  return response;
}

/** A request without a body. */
function bare(method: string, url: URLTypes, options: FunctionOptions<SyncAuthTypes> | undefined): SyncResponse {
  const { client, call } = oneCall(options, FUNCTION_OPTIONS);
  return ended(made(client).request(method, url, call));
}

/** Sends a request; the response's body is unread, and closing the response closes its connection. */
export function stream(
  method: string,
  url: URLTypes,
  options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>,
): SyncResponse {
  const { client, call } = oneCall(options, BODY_FUNCTION_OPTIONS);
  return made(client).stream(method, url, call);
}

/** Sends GET and reads the response, whatever its status; fails as `request` does. */
export function get(url: URLTypes, options?: FunctionOptions<SyncAuthTypes>): SyncResponse {
  return bare('GET', url, options);
}

/** Sends OPTIONS and reads the response. */
export function options(url: URLTypes, options?: FunctionOptions<SyncAuthTypes>): SyncResponse {
  return bare('OPTIONS', url, options);
}

/** Sends HEAD: the response has no body. */
export function head(url: URLTypes, options?: FunctionOptions<SyncAuthTypes>): SyncResponse {
  return bare('HEAD', url, options);
}

/** Sends POST, with its body as `json`, `data`, `files` or `content`, and reads the response; fails as `request` does. */
export function post(url: URLTypes, options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>): SyncResponse {
  return request('POST', url, options);
}

/** Sends PUT and reads the response. */
export function put(url: URLTypes, options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>): SyncResponse {
  return request('PUT', url, options);
}

/** Sends PATCH and reads the response. */
export function patch(url: URLTypes, options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>): SyncResponse {
  return request('PATCH', url, options);
}

/** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
export function query(url: URLTypes, options?: BodyFunctionOptions<SyncAuthTypes, SyncRequestContent>): SyncResponse {
  return request('QUERY', url, options);
}

/** Sends DELETE, without a body, and reads the response. */
function del(url: URLTypes, options?: FunctionOptions<SyncAuthTypes>): SyncResponse {
  return bare('DELETE', url, options);
}

export { Client, del as delete };
