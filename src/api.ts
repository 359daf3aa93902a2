/** Functions for a single call: each makes a client, and leaves no connection behind (httpx: `httpx.get` and its like). */
import { AsyncClient } from './clients.js';
import {
  BODY_FUNCTION_OPTIONS,
  type BodyFunctionOptions,
  FUNCTION_OPTIONS,
  type FunctionOptions,
  oneCall,
} from './options.js';
import type { AsyncResponse } from './response.js';
import type { URLTypes } from './url.js';

/**
 * Sends a request of any method, with a body or without, and reads the response, whatever its status: `raiseForStatus()`
 * asks for success. Rejects with a `RequestError`: a `TransportError` (ConnectError, ReadTimeout, …), whose `retryable` tells
 * whether to try again, DecodingError, TooManyRedirects; or InvalidURL, LoadError, the signal's reason, what your body or
 * auth fails with; a TypeError for options that mean nothing.
 */
export async function request(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  const { client, call } = oneCall(options, BODY_FUNCTION_OPTIONS);
  return ended(await new AsyncClient(client).request(method, url, call));
}

/** A connection that is no longer HTTP ends with the call that asked for it: only `stream` hands one out. */
function ended(response: AsyncResponse): AsyncResponse {
  response.extensions.networkStream?.close();
  return response;
}

/** A request without a body. */
async function bare(method: string, url: URLTypes, options: FunctionOptions | undefined): Promise<AsyncResponse> {
  const { client, call } = oneCall(options, FUNCTION_OPTIONS);
  return ended(await new AsyncClient(client).request(method, url, call));
}

/** Sends a request; the response's body is unread, and closing the response closes its connection. */
export async function stream(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  const { client, call } = oneCall(options, BODY_FUNCTION_OPTIONS);
  return new AsyncClient(client).stream(method, url, call);
}

/** Sends GET and reads the response, whatever its status; fails as `request` does. */
export function get(url: URLTypes, options?: FunctionOptions): Promise<AsyncResponse> {
  return bare('GET', url, options);
}

/** Sends OPTIONS and reads the response. */
export function options(url: URLTypes, options?: FunctionOptions): Promise<AsyncResponse> {
  return bare('OPTIONS', url, options);
}

/** Sends HEAD: the response has no body. */
export function head(url: URLTypes, options?: FunctionOptions): Promise<AsyncResponse> {
  return bare('HEAD', url, options);
}

/** Sends POST, with its body as `json`, `data`, `files` or `content`, and reads the response; fails as `request` does. */
export function post(url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  return request('POST', url, options);
}

/** Sends PUT and reads the response. */
export function put(url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  return request('PUT', url, options);
}

/** Sends PATCH and reads the response. */
export function patch(url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  return request('PATCH', url, options);
}

/** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
export function query(url: URLTypes, options?: BodyFunctionOptions): Promise<AsyncResponse> {
  return request('QUERY', url, options);
}

/** Sends DELETE, without a body, and reads the response. */
function del(url: URLTypes, options?: FunctionOptions): Promise<AsyncResponse> {
  return bare('DELETE', url, options);
}

export { del as delete };
