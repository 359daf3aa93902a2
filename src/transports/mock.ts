/** A transport that is a function: for tests of code that uses a client (httpx: `MockTransport`). */
import { isThenable } from '../flow.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { Request } from '../request.js';
import type { Response } from '../response.js';
import { AsyncBaseTransport, type BaseTransport } from './base.js';

/** Answers every request of either client by calling `handler`, the request's body read before. */
export class MockTransport extends AsyncBaseTransport implements BaseTransport {
  readonly handler: (request: Request) => MaybePromise<Response>;

  constructor(handler: (request: Request) => MaybePromise<Response>) {
    super();
    this.handler = handler;
  }

  override async handleAsyncRequest(request: Request): Promise<Response> {
    await request.aread();
    return this.handler(request);
  }

  /** @throws TypeError if the handler answers with a promise */
  handleRequest(request: Request): Response {
    request.read();
    const answer = this.handler(request);
    if (!isThenable(answer)) return answer;
    answer.then(
      (late) => late.closeNow(),
      () => {},
    );
    throw new TypeError('Cannot answer a blocking call: the handler of the mock transport answered with a promise');
  }

  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }
}
