/**
 * What may still be sent of the requests of a `ClientConnection`: whose body is under way, and which fields may follow it.
 * The clients' own flow needs none of this: only who holds a `ClientConnection` may call in any order.
 *
 * Invariant: of an exchange nothing is kept once its body and its response are complete, or it was given up.
 */
import * as abi from '../assembly/abi.js';
import { typeNameOf } from './config.js';
import type { RequestHead, StreamId } from './core.js';
import { LocalProtocolError } from './exceptions.js';
import { Headers, type HeaderTypes } from './headers.js';

/**
 * Fields that frame, route, modify the request, authenticate or say how content is to be processed: who acts on those cannot
 * wait for the end of the body (RFC 9110 §6.5.1).
 */
const NO_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'max-forwards',
  'pragma',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An exchange whose body or response is not complete. */
interface Exchange {
  readonly framing: RequestHead['framing'];
  /** The body may go on behind the whole response. */
  readonly outlastsResponse: boolean;
  isSending: boolean;
  isAnswered: boolean;
}

/** The request bodies of a connection. */
export class Bodies {
  readonly #exchanges = new Map<StreamId, Exchange>();
  #lastStream: StreamId = 0;
  readonly #endsStreams: boolean;
  #isOver = false;

  /** `endsStreams`: what of a body has not gone when the response is complete is not wanted, but in a tunnel (HTTP/2). */
  constructor(endsStreams: boolean) {
    this.#endsStreams = endsStreams;
  }

  /** An exchange has begun; `isSending`: its body follows. */
  open(stream: StreamId, { framing, open }: RequestHead, isSending: boolean): void {
    const outlastsResponse = !this.#endsStreams || (open & abi.OPEN_CONNECT) !== 0;
    this.#lastStream = stream;
    this.#exchanges.set(stream, { framing, outlastsResponse, isSending, isAnswered: false });
  }

  /**
   * Answers how the stream's body, which is under way, is framed. `action`: what is to be done with it.
   * @throws LocalProtocolError saying why if it is not; TypeError for what is no stream.
   */
  check(stream: StreamId, action: string): RequestHead['framing'] {
    const exchange = this.#exchanges.get(stream);
    if (exchange?.isSending === true) return exchange.framing;
    if (typeof stream !== 'number') {
      throw new TypeError(`Cannot ${action}: expected the stream to be a number, got ${typeNameOf(stream)}`);
    }
    const isKnown = Number.isInteger(stream) && stream > 0 && stream <= this.#lastStream;
    let state = 'was never opened';
    if (this.#isOver) state = 'ended with its connection';
    else if (exchange !== undefined) state = exchange.framing === null ? 'has no body' : 'has a body that is complete';
    else if (isKnown) state = 'is over';
    throw new LocalProtocolError(`Cannot ${action}: stream ${stream} ${state}`, { sent: isKnown ? 'partial' : 'none' });
  }

  /** The stream's body is complete. */
  end(stream: StreamId): void {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined) return;
    exchange.isSending = false;
    if (exchange.isAnswered) this.drop(stream);
  }

  /** The stream's response is complete. */
  answer(stream: StreamId): void {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined) return;
    exchange.isAnswered = true;
    if (!exchange.isSending || !exchange.outlastsResponse) this.drop(stream);
  }

  /** Nothing more is sent of the stream. */
  drop(stream: StreamId): void {
    this.#exchanges.delete(stream);
  }

  /** Nothing more is sent of any. */
  finish(): void {
    this.#isOver = true;
    this.#exchanges.clear();
  }
}

/**
 * Field lines of trailers, `null` for none. `takesThem`: the body's framing has a place for them.
 * @throws LocalProtocolError if there is none, or a field must not be among them; TypeError for what is no headers.
 */
export function trailerBlock(trailers: HeaderTypes | undefined, takesThem: boolean): string | null {
  if (trailers === undefined || trailers === null) return null;
  const fields = new Headers(trailers);
  const block = fields.block();
  if (block === '') return null;
  if (!takesThem) refuse('only a chunked body has a place for them', 'RFC 9112 §7.1.2');
  for (const name of fields.keys()) {
    if (NO_TRAILERS.has(name)) refuse(`'${name}' must stand in the head`, 'RFC 9110 §6.5.1');
  }
  return block;
}

function refuse(what: string, source: string): never {
  throw new LocalProtocolError(`Cannot send the trailers: ${what} (${source})`, { sent: 'partial' });
}
