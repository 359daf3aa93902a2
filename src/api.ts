/** Functions for a single call: each makes a client, and leaves no connection behind (httpx: `httpx.get` and its like). */
import { AsyncClient, type BodyCallOptions, type CallOptions } from './client.js';
import { type CertTypes, own, type VerifyTypes } from './config.js';
import type { Response } from './response.js';
import type { URLTypes } from './url.js';

/** Settings of the client that a function makes. */
interface OneCall {
  readonly verify?: VerifyTypes | null | undefined;
  readonly cert?: CertTypes | null | undefined;
}

/** Options of a function without a body. */
export type FunctionOptions = CallOptions & OneCall;
/** Options of a function with a body. */
export type BodyFunctionOptions = BodyCallOptions & OneCall;

/** A client whose connections end with their response, so that nobody has to close it. */
function once(options: OneCall | undefined): AsyncClient {
  return new AsyncClient({
    verify: own(options, 'verify'),
    cert: own(options, 'cert'),
    limits: { maxConnections: 100, maxKeepaliveConnections: 0 },
  });
}

/** Sends a request and reads the response. */
export async function request(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return once(options).request(method, url, options);
}

/** Sends a request; the response's body is unread, and closing the response closes its connection. */
export async function stream(method: string, url: URLTypes, options?: BodyFunctionOptions): Promise<Response> {
  return once(options).stream(method, url, options);
}

export function get(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return request('GET', url, options);
}

export function options(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return request('OPTIONS', url, options);
}

export function head(url: URLTypes, options?: FunctionOptions): Promise<Response> {
  return request('HEAD', url, options);
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
  return request('DELETE', url, options);
}

export { del as delete };
