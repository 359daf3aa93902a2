/** What a transport is: one method from request to response, and one that closes (httpx: `AsyncBaseTransport`). */
import type { Abortable, Flow } from '../flow.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { Request } from '../request.js';
import type { Response } from '../response.js';

/** Answers requests, waiting as it likes. Extend it for a transport of your own. */
export abstract class AsyncBaseTransport {
  /** The response's body may still be unread. */
  abstract handleAsyncRequest(request: Request): MaybePromise<Response>;

  async aclose(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }
}

/** A transport that can be part of a flow, without a promise in between. */
export interface FlowTransport {
  flow(request: Request): Flow<Response>;
}

/** @internal */
export function hasFlow(transport: object): transport is FlowTransport {
  return typeof (transport as Partial<FlowTransport>).flow === 'function';
}

const running = new WeakMap<Request, Set<Abortable>>();

/** The call that answers `request` can be ended by `abandon`. @internal */
export function canBeAbandoned(request: Request, call: Abortable): void {
  const calls = running.get(request);
  if (calls === undefined) running.set(request, new Set([call]));
  else calls.add(call);
}

/** Nobody waits for the answer to `request` any more: what a transport below was asked, perhaps by one above, ends. @internal */
export function abandon(request: Request, reason: unknown): void {
  const calls = running.get(request);
  if (calls === undefined) return;
  running.delete(request);
  for (const call of calls) call.abort(reason);
}
