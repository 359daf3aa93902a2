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
}

const underway = new WeakMap<Request, Underway>();

function underwayOf(request: Request): Underway {
  let found = underway.get(request);
  if (found === undefined) {
    found = { callers: 0, calls: new Set() };
    underway.set(request, found);
  }
  return found;
}

/** The call that answers `request` can be ended by `abandon`. @internal */
export function canBeAbandoned(request: Request, call: Abortable): void {
  underway.get(request)?.calls.add(call);
}

/** A client hands `request` to a transport that is no flow. @internal */
export function beginCall(request: Request): void {
  underwayOf(request).callers++;
}

/**
 * Its call is over. With an error, nobody waits for the answer any more: what a transport below was asked, perhaps by one
 * above, ends, unless another call sent the same request object. @internal
 */
export function endCall(request: Request, failure: { readonly reason: unknown } | null): void {
  const found = underwayOf(request);
  found.callers--;
  if (found.callers > 0) return;
  underway.delete(request);
  if (failure !== null) for (const call of found.calls) call.abort(failure.reason);
}
