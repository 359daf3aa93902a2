/**
 * A request as a WHATWG `Request`, and the bodies of both messages on their way, piece by piece: what transports have in
 * common that hand requests to somebody who knows Fetch.
 */
import type { BodyReader, RequestBody } from '../content.js';
import { CloseError, LocalProtocolError } from '../exceptions.js';
import { textOfOctets } from '../fields.js';
import type { Request } from '../request.js';

/** Statuses whose responses have no body (Fetch §2.2.3). */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** Methods whose requests have no body in the eyes of `Request`. */
const SENDS_NO_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** How a request is put to who answers it. */
export interface Asking {
  /** The start of messages: what cannot be done. */
  readonly action: string;
  readonly redirect: RequestRedirect;
  /** Fields that who answers makes himself. */
  readonly without: ReadonlySet<string>;
}

/** True if a response with `status` to `request` has no body. */
export function hasNoBody(request: Request, status: number): boolean {
  return request.method === 'HEAD' || BODILESS.has(status);
}

/**
 * The request without credentials and fragment in its URL, as a server would see it; `body` in place of its own stream.
 * @throws LocalProtocolError for a request that cannot be a WHATWG `Request`
 */
export function webRequest(
  request: Request,
  asking: Asking,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null,
  signal: AbortSignal,
): globalThis.Request {
  const { method } = request;
  const { action, redirect, without } = asking;
  if (body !== null && SENDS_NO_BODY.has(method)) {
    throw new LocalProtocolError(`${action}: a ${method} that is a Request has no body (Fetch §5.4)`);
  }
  const headers = request.headers.octetItems().filter(([name]) => !without.has(name.toLowerCase()));
  try {
    // `duplex` is Fetch's, and not in every version of the types.
    const init: RequestInit & { duplex: 'half' } = { method, headers, body, signal, redirect, duplex: 'half' };
    return new globalThis.Request(urlOf(request, action), init);
  } catch (cause) {
    throw new LocalProtocolError(`${action}: ${(cause as Error).message}`, { cause });
  }
}

/** The body that a request has in memory, or `stream`'s; `null`: none. */
export function bodyOf(
  { stream }: Request,
  upload: Upload,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (stream.octets === null) return upload.readable();
  return stream.octets.length === 0 ? null : stream.octets;
}

function urlOf({ url, extensions }: Request, action: string): string {
  const plain = url.copyWith({ userinfo: null, fragment: null });
  const { target } = extensions;
  if (target === undefined || target === null) return plain.toWeb().href;
  const text = typeof target === 'string' ? target : textOfOctets(target);
  if (text.startsWith('/')) return `${url.origin}${text}`;
  throw new LocalProtocolError(`${action}: a Request has no target ${JSON.stringify(text)}`);
}

/** The request's body on its way to who answers. */
export class Upload {
  /** What reading the body threw. */
  failure: { readonly reason: unknown } | null = null;
  readonly #body: RequestBody;
  #reader: BodyReader | null = null;

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /** High-water mark 0: the body is read when it is asked for. */
  readable(): ReadableStream<Uint8Array> {
    const source: UnderlyingDefaultSource<Uint8Array> = {
      pull: async (controller) => {
        const piece = await this.#next();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      },
      cancel: () => this.end(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      this.#reader ??= this.#body.open();
      return await this.#reader.next();
    } catch (reason) {
      this.failure = { reason };
      throw reason;
    }
  }

  /** Nobody reads on: its source is told. */
  end(): void {
    const reason = new Error('The response came before the request body was read');
    if (this.#reader === null) this.#body.abandon(reason);
    else this.#reader.cancel(reason);
  }
}

/** The bodies of one transport, which end when it is closed. Only those that are being read are held on to. */
export class Downloads {
  readonly #reading = new Set<Download>();
  #isClosed = false;

  /** A step of reading `body`. @throws CloseError if it is closed before, or meanwhile */
  async during<T>(body: Download, step: () => Promise<T>): Promise<T> {
    this.#reading.add(body);
    try {
      if (this.#isClosed) body.stop(closed());
      const result = await step();
      if (!this.#isClosed) return result;
    } catch (error) {
      if (!this.#isClosed) throw error;
    } finally {
      this.#reading.delete(body);
    }
    throw closed();
  }

  close(): void {
    this.#isClosed = true;
    for (const body of this.#reading) body.stop(closed());
  }
}

function closed(): CloseError {
  return new CloseError('The client was closed while a response was being read', { phase: 'read', sent: 'full' });
}

/** The response's body on its way to the caller, piece by piece. */
export class Download implements AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #upload: Upload;
  readonly #aborter: AbortController;
  readonly #failed: (cause: unknown) => unknown;
  readonly #all: Downloads;

  /** `failed`: what the caller sees of what the body failed by. `all`: those of its transport. */
  constructor(
    body: ReadableStream<Uint8Array>,
    upload: Upload,
    aborter: AbortController,
    failed: (cause: unknown) => unknown,
    all: Downloads,
  ) {
    this.#all = all;
    this.#reader = body.getReader();
    this.#upload = upload;
    this.#aborter = aborter;
    this.#failed = failed;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    return this.#all.during(this, () => this.#next());
  }

  async #next(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    let result: ReadableStreamReadResult<Uint8Array>;
    try {
      result = await this.#reader.read();
    } catch (cause) {
      this.#upload.end();
      throw this.#upload.failure === null ? this.#failed(cause) : this.#upload.failure.reason;
    }
    if (!result.done) return { done: false, value: result.value as Uint8Array<ArrayBuffer> };
    this.#upload.end();
    return { done: true, value: undefined };
  }

  /** The response is closed before its end. */
  async return(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    await this.#end(new DOMException('The response was closed before its body had ended', 'AbortError'));
    return { done: true, value: undefined };
  }

  /** Its transport is closed: who answers is told, and a read that waits ends. */
  stop(reason: CloseError): void {
    this.#end(reason).then(undefined, () => {});
  }

  #end(reason: unknown): Promise<void> {
    this.#aborter.abort(reason);
    this.#upload.end();
    return this.#reader.cancel(reason);
  }
}
