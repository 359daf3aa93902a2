/** What a transport is: one method from request to response, and one that closes (httpx: `AsyncBaseTransport`). */
import type { Flow } from '../flow.js';
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
