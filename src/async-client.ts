/** What clients for event loops are, whatever sends for them: how they drive a flow, ask a transport and close. */
import { BaseClient } from './client.js';
import type { Fetch } from './fetch.js';
import { type Flow, isThenable, runAsync } from './flow.js';
import type { Guard } from './guard.js';
import type { MaybePromise } from './hosts/socket.js';
import { Late } from './late.js';
import { type AsyncKind, transportOf } from './options.js';
import type { Request } from './request.js';
import type { AsyncResponse, Response } from './response.js';
import type { AsyncBaseTransport } from './transports/base.js';

const FETCH = new Late(() => import('./fetch.js'));

/** What went wrong while every transport was closed. */
export function throwFailures(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'Cannot close every transport of the client');
}

/** A client for event loops. Its methods never throw: they reject. */
export abstract class BaseAsyncClient extends BaseClient<AsyncKind> {
  /**
   * Sends as the global `fetch` does, with this client's settings: for code that takes such a function. It needs no `this`.
   * Redirects are followed unless `redirect` says otherwise; `credentials: 'omit'` sends neither cookies nor auth of the
   * client; `integrity` and `dispatcher` are refused; `mode`, `cache`, `referrer`, `keepalive` and their like mean nothing.
   * Rejects with the signal's reason, and with a TypeError whose `cause` is an error of this package where the network fails;
   * so does the body.
   */
  readonly fetch: Fetch = (input, init) => {
    const part = FETCH.load();
    if (!isThenable(part)) return part.fetchBy(this, this.host, input, init);
    return Promise.resolve(part).then(({ fetchBy }) => fetchBy(this, this.host, input, init));
  };

  /** @internal */
  protected override checked(transport: AsyncBaseTransport, source: string): AsyncBaseTransport {
    return transportOf(transport, source, ['handleAsyncRequest', 'aclose']);
  }

  /** @internal */
  override ask(transport: AsyncBaseTransport, request: Request): MaybePromise<Response> {
    return transport.handleAsyncRequest(request) as MaybePromise<Response>;
  }

  /** @internal */
  protected override run(flow: Flow<Response>, guard: Guard | null): Promise<AsyncResponse> {
    return runAsync(flow, guard);
  }

  /** @internal */
  protected override fail(error: unknown): Promise<AsyncResponse> {
    return Promise.reject(error);
  }

  /** Closes every connection; what is in flight fails with CloseError. Idempotent. */
  async aclose(): Promise<void> {
    if (!this.markClosed()) return;
    const closing = await Promise.allSettled(this.transports.map(async (transport) => transport.aclose()));
    throwFailures(closing.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
  }

  /** As `aclose()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }
}
