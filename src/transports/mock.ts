/** A transport that is a function: for tests of code that uses a client (httpx: `MockTransport`). */
import { typeNameOf } from '../config.js';
import { isThenable } from '../flow.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { AsyncRequest, Request, SyncRequest } from '../request.js';
import type { AsyncResponse, Response, SyncResponse } from '../response.js';
import { AsyncBaseTransport, type BaseTransport } from './base.js';

/** What answers: with a response made by hand, or with what a client of either kind gives. */
type Handler = (request: Request) => MaybePromise<AsyncResponse> | SyncResponse;

/** Answers every request of either client by calling `handler`, the request's body read before. */
export class MockTransport extends AsyncBaseTransport implements BaseTransport {
  /** What answers. */
  readonly handler: Handler;

  /** @throws TypeError unless `handler` is a function */
  constructor(handler: Handler) {
    super();
    if (typeof handler !== 'function') {
      throw new TypeError(`Cannot make a mock transport: expected a function, got ${typeNameOf(handler)}`);
    }
    this.handler = handler;
  }

  override async handleAsyncRequest(request: AsyncRequest): Promise<Response> {
    const asked = request as Request;
    await asked.aread();
    return (await this.handler(asked)) as Response;
  }

  /** @throws TypeError if the handler answers with a promise */
  handleRequest(request: SyncRequest): Response {
    const asked = request as Request;
    asked.read();
    const answer = this.handler(asked);
    if (!isThenable(answer)) return answer as Response;
    answer.then(
      (late) => (late as Response).closeNow(),
      () => {},
    );
    throw new TypeError('Cannot answer a blocking call: the handler of the mock transport answered with a promise');
  }

  /** There is nothing to close. */
  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }
}
