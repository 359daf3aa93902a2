/** Functions for a single call: each makes a client, and leaves no connection behind (httpx: `httpx.get` and its like). */
import { AsyncClient } from './client.js';
import { own } from './config.js';
import {
  BODY_FUNCTION_OPTIONS,
  type BodyCallOptions,
  type CallOptions,
  checkCall,
  FUNCTION_OPTIONS,
  type OneCallOptions,
  type OptionNames,
} from './options.js';
import type { Response } from './response.js';
import type { URLTypes } from './url.js';

/** Options of a function without a body. */
export type FunctionOptions = CallOptions & OneCallOptions;
/** Options of a function with a body. */
export type BodyFunctionOptions = BodyCallOptions & OneCallOptions;

/** A client whose connections end with their response, so that nobody has to close it; and what is left for its call. */
function once(
  options: BodyFunctionOptions | undefined,
  known: OptionNames,
): { readonly client: AsyncClient; readonly call: BodyCallOptions } {
  checkCall(options, known);
  const { verify: _verify, cert: _cert, ...call } = options ?? {};
  const client = new AsyncClient({
    verify: own(options, 'verify'),
    cert: own(options, 'cert'),
    limits: { maxConnections: 100, maxKeepaliveConnections: 0 },
  });
  return { client, call };
}

/** Sends a request of any method, with a body or without, and reads the response. */
export async function request(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  const { client, call } = once(options, BODY_FUNCTION_OPTIONS);
  return ended(await client.request(method, url, call));
}

/** A connection that is no longer HTTP ends with the call that asked for it: only `stream` hands one out. */
function ended(response: Response): Response {
  response.extensions.networkStream?.close();
  return response;
}

/** A request without a body. */
async function bare(method: string, url: URLTypes, options: FunctionOptions | undefined): Promise<Response> {
  const { client, call } = once(options, FUNCTION_OPTIONS);
  return ended(await client.request(method, url, call));
}

/** Sends a request; the response's body is unread, and closing the response closes its connection. */
export async function stream(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  const { client, call } = once(options, BODY_FUNCTION_OPTIONS);
  return client.stream(method, url, call);
}

/** Sends GET and reads the response. */
export function get(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('GET', url, options);
}

/** Sends OPTIONS and reads the response. */
export function options(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('OPTIONS', url, options);
}

/** Sends HEAD: the response has no body. */
export function head(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('HEAD', url, options);
}

/** Sends POST and reads the response. */
export function post(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('POST', url, options);
}

/** Sends PUT and reads the response. */
export function put(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('PUT', url, options);
}

/** Sends PATCH and reads the response. */
export function patch(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('PATCH', url, options);
}

/** Sends QUERY, which is safe and idempotent and has a body, and reads the response. */
export function query(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('QUERY', url, options);
}

/** Sends DELETE, without a body, and reads the response. */
function del(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('DELETE', url, options);
}

export { del as delete };
