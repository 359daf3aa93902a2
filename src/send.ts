/**
 * The send flow: hooks → transport → hooks, and the request attached to every error. Auth, redirects and cookies take their
 * places between the two; each is written once, here, for every client.
 */
import { HTTPError } from './exceptions.js';
import { type Flow, type Guard, isThenable } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';
import type { Request } from './request.js';
import { type DefaultEncoding, Response } from './response.js';
import { type AnyTransport, beginCall, endCall, hasFlow } from './transports/base.js';

/** Called with every request, just before it is sent. */
export type RequestHook = (request: Request) => MaybePromise<void>;
/** Called with every response, before its body is read. */
export type ResponseHook = (response: Response) => MaybePromise<void>;

/** What the client lends to the flow. */
export interface Io {
  transportFor(request: Request): AnyTransport;
  /** Asks a transport that is no flow, in the client's way. */
  ask(transport: AnyTransport, request: Request): MaybePromise<Response>;
  now(): number;
  /** Tells the developer. */
  readonly warn: (message: string) => void;
}

/** How one request is sent. */
export interface SendSettings {
  readonly requestHooks: readonly RequestHook[];
  readonly responseHooks: readonly ResponseHook[];
  /** The body stays unread. */
  readonly stream: boolean;
  readonly defaultEncoding: DefaultEncoding;
  /** Watches over the call; goes on watching over an unread body. */
  readonly guard: Guard | null;
}

/** Sends a request. */
export function* send(io: Io, request: Request, settings: SendSettings): Flow<Response> {
  const { requestHooks, responseHooks, guard } = settings;
  let response: Response | null = null;
  try {
    for (const hook of requestHooks) {
      const running = hook(request);
      if (isThenable(running)) yield running;
    }
    const transport = io.transportFor(request);
    const startedAt = io.now();
    if (hasFlow(transport)) response = yield* transport.flow(request);
    else response = yield* answered(io, request, transport);
    response.request = request;
    response.defaultEncoding = settings.defaultEncoding;
    response.sentAt(startedAt, io);
    for (const hook of responseHooks) {
      const running = hook(response);
      if (isThenable(running)) yield running;
    }
    if (!settings.stream) {
      if (!response.readNow()) yield* response.readFlow();
    } else {
      if (guard !== null && response.pending !== null) response.watchedBy(guard);
      response.reportIfDropped(io.warn);
    }
    return response;
  } catch (error) {
    response?.closeNow();
    request.stream.abandon(error);
    if (error instanceof HTTPError) error.attachRequest(request);
    throw error;
  }
}

/** Asks a transport that is no flow. If the call ends first, so does the transport's, and a late answer is closed. */
function* answered(io: Io, request: Request, transport: AnyTransport): Flow<Response> {
  let answer: MaybePromise<Response> | null = null;
  beginCall(request);
  try {
    answer = io.ask(transport, request);
    const response = checked(isThenable(answer) ? yield answer : answer);
    endCall(request, null);
    return response;
  } catch (error) {
    endCall(request, { reason: error });
    if (isThenable(answer)) {
      answer.then(
        (late) => {
          if (late instanceof Response) late.closeNow();
        },
        () => {},
      );
    }
    throw error;
  }
}

function checked(answer: unknown): Response {
  if (answer instanceof Response) return answer;
  throw new TypeError('Cannot use the answer of the transport: expected a Response');
}
