/** A transport that is a function: for tests of code that uses a client (httpx: `MockTransport`). */
import type { MaybePromise } from '../hosts/socket.js';
import type { Request } from '../request.js';
import type { Response } from '../response.js';
import { AsyncBaseTransport } from './base.js';

/** Answers every request by calling `handler`, the request's body read before. */
export class MockTransport extends AsyncBaseTransport {
  readonly handler: (request: Request) => MaybePromise<Response>;

  constructor(handler: (request: Request) => MaybePromise<Response>) {
    super();
    this.handler = handler;
  }

  override async handleAsyncRequest(request: Request): Promise<Response> {
    await request.aread();
    return this.handler(request);
  }
}
