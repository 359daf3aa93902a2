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

/** Sends a request and reads the response. */
export async function request(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  const { client, call } = once(options, BODY_FUNCTION_OPTIONS);
  return client.request(method, url, call);
}

/** A request without a body. */
async function bare(method: string, url: URLTypes, options: FunctionOptions | undefined): Promise<Response> {
  const { client, call } = once(options, FUNCTION_OPTIONS);
  return client.request(method, url, call);
}

/** Sends a request; the response's body is unread, and closing the response closes its connection. */
export async function stream(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  const { client, call } = once(options, BODY_FUNCTION_OPTIONS);
  return client.stream(method, url, call);
}

export function get(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('GET', url, options);
}

export function options(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('OPTIONS', url, options);
}

export function head(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('HEAD', url, options);
}

export function post(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('POST', url, options);
}

export function put(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('PUT', url, options);
}

export function patch(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('PATCH', url, options);
}

/** QUERY: safe and idempotent, with a body. */
export function query(url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return request('QUERY', url, options);
}

function del(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return bare('DELETE', url, options);
}

export { del as delete };
