/** What a transport is: one method from request to response, and one that closes (httpx: `BaseTransport` and its twin). */
import type { Abortable, Flow } from '../flow.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { AsyncRequest, Request, SyncRequest } from '../request.js';
import type { AsyncResponse, Response, SyncResponse } from '../response.js';

/** Answers requests, waiting as it likes. Extend it for a transport of your own. */
export abstract class AsyncBaseTransport {
  /** The response's body may still be unread. */
  abstract handleAsyncRequest(request: AsyncRequest): MaybePromise<AsyncResponse>;

  /** Called when its client is closed; it may be called again. */
  async aclose(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }
}

/** Answers requests at once, blocking its thread where it waits. Extend it for a transport of your own. */
export abstract class BaseTransport {
  /** The response's body may still be unread. */
  abstract handleRequest(request: SyncRequest): SyncResponse;

  /** Called when its client is closed; it may be called again. */
  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A transport of either kind of client. */
export type AnyTransport = AsyncBaseTransport | BaseTransport;

/** A transport that can be part of a flow, without a promise in between. */
export interface FlowTransport {
  flow(request: Request): Flow<Response>;
}

/** @internal */
export function hasFlow(transport: object): transport is FlowTransport {
  return typeof (transport as Partial<FlowTransport>).flow === 'function';
}

/** What is being done about a request below the client. */
interface Underway {
  /** Calls of clients that sent it. */
  callers: number;
  /** Calls of transports that can be ended. */
  readonly calls: Set<Abortable>;
  /** Why nobody waits for its answer any more, though the transport that was asked may still be at it. */
  abandoned: { readonly reason: unknown } | null;
}

const underway = new WeakMap<Request, Underway>();

/** The call that answers `request` can be ended; at once, if nobody waits for the answer. @internal */
export function canBeAbandoned(request: Request, call: Abortable): void {
  const found = underway.get(request);
  if (found === undefined) return;
  if (found.abandoned === null) found.calls.add(call);
  else call.abort(found.abandoned.reason);
}

/** A client hands `request` to a transport that is no flow. @internal */
export function beginCall(request: Request): void {
  const found = underway.get(request);
  if (found === undefined || found.abandoned !== null) {
    underway.set(request, { callers: 1, calls: new Set(), abandoned: null });
  } else found.callers++;
}

/** Its call has been answered. @internal */
export function endCall(request: Request): void {
  const found = underway.get(request);
  if (found !== undefined && --found.callers === 0) underway.delete(request);
}

/**
 * Its call is over, for `reason`: nobody waits for the answer any more. What a transport below was asked, perhaps by one
 * above, ends, and so does what it is asked until the one above is done (`over`), unless another call sent, or sends, the
 * same request object. @internal
 */
export function abandonCall(request: Request, reason: unknown, over: PromiseLike<unknown> | null): void {
  const found = underway.get(request);
  if (found === undefined || --found.callers > 0) return;
  found.abandoned = { reason };
  const forget = () => {
    if (underway.get(request) === found) underway.delete(request);
  };
  if (over === null) forget();
  else over.then(forget, forget);
  for (const call of found.calls) call.abort(reason);
}
