/**
 * Request bodies: what the user gives becomes octets with a known length, or a stream of them, and the header fields that
 * say so (httpx: `encode_request`). Framing on the wire is not decided here but from those fields.
 */

import { ByteStream } from './byte-stream.js';
import { typeNameOf } from './config.js';
import type { ForEitherClient, TakenByClient } from './either-client.js';
import { StreamConsumed } from './exceptions.js';
import { type Flow, isThenable, wait } from './flow.js';
import { checkUnread, type GivenStream, givenStream } from './given-stream.js';
import type { MaybePromise } from './hosts/socket.js';
import { formEncode } from './percent-encoding.js';
import { concatenated } from './pieces.js';
import { type ObjectOfFields, type PrimitiveData, primitiveText } from './query-params.js';
import { type BodyReader, RequestBody } from './request-stream.js';

export { type BodyReader, RequestBody } from './request-stream.js';

/** Pieces of a streamed body. A string is UTF-8. */
export type ContentChunk = Uint8Array | string;

/** Whatever a request body can be. */
export type RequestContent =
  | string
  | Uint8Array
  | ArrayBuffer
  | Iterable<ContentChunk>
  | ((Blob | ReadableStream<Uint8Array> | AsyncIterable<ContentChunk>) & ForEitherClient);
/** Whatever a request body of `Client` can be: nothing that must be waited for, unless its type is `RequestContent`. */
export type SyncRequestContent =
  | string
  | Uint8Array
  | ArrayBuffer
  | Iterable<ContentChunk>
  | ((Blob | ReadableStream<Uint8Array> | AsyncIterable<ContentChunk>) & TakenByClient);

/** Fields of a form by name; a list repeats its name. */
export type RequestData =
  | Readonly<Record<string, PrimitiveData | readonly PrimitiveData[]>>
  | URLSearchParams
  | FormData
  | ObjectOfFields;

const encoder = new TextEncoder();

/** A body in memory. */
class OctetsBody extends RequestBody {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly replayable = true;
  readonly isAsync = false;

  constructor(octets: Uint8Array<ArrayBuffer>) {
    super();
    this.octets = octets;
  }

  get length(): number {
    return this.octets.length;
  }

  open(): BodyReader {
    let octets: Uint8Array | null = this.octets.length > 0 ? this.octets : null;
    return {
      next() {
        const all = octets;
        octets = null;
        return all;
      },
      cancel() {},
    };
  }

  abandon(): void {}
}

/** No body. */
export const NO_BODY: RequestBody = new OctetsBody(new Uint8Array(0));

/** A body of octets in memory. */
export function octetsBody(octets: Uint8Array<ArrayBuffer>): RequestBody {
  return new OctetsBody(octets);
}

/** A form that was put together in memory: as one that was not, it is `content` only when it was read. */
class JoinedForm extends OctetsBody {
  override get mustBeRead(): boolean {
    return true;
  }
}

/** A form of octets in memory. */
export function formBody(octets: Uint8Array<ArrayBuffer>): RequestBody {
  return new JoinedForm(octets);
}

/** All octets of a body. `blocking`: as of `open`. */
export function* joinedBody(body: RequestBody, blocking: boolean): Flow<Uint8Array<ArrayBuffer>> {
  const reader = body.open(blocking);
  const pieces: Uint8Array[] = [];
  let octets = 0;
  try {
    for (let piece = yield* wait(reader.next()); piece !== null; piece = yield* wait(reader.next())) {
      pieces.push(piece);
      octets += piece.length;
    }
  } catch (error) {
    reader.cancel(error);
    throw error;
  }
  return concatenated(pieces, octets);
}

/** A body that is read piece by piece. */
class StreamBody extends RequestBody {
  readonly octets = null;
  readonly length: number | null;
  readonly replayable: boolean;
  readonly isAsync: boolean;
  readonly #open: () => BodyReader;
  readonly #check: () => void;
  readonly #given: GivenStream | null;
  #opened = false;

  /**
   * `check` throws if there is nothing to read any more; `given`: the stream of Node.js that it is.
   * @throws what `check` does
   */
  constructor(
    length: number | null,
    kind: { replayable: boolean; isAsync: boolean },
    open: () => BodyReader,
    check: () => void = () => {},
    given: GivenStream | null = null,
  ) {
    super();
    this.length = length;
    this.replayable = kind.replayable;
    this.isAsync = kind.isAsync;
    this.#open = open;
    this.#check = check;
    this.#given = given;
    check();
  }

  override get mayFailUnread(): boolean {
    return this.#given !== null;
  }

  override whenFailed(failed: (error: unknown) => void): void {
    if (this.#given === null || this.#opened) return;
    this.#check();
    this.#given.failed = failed;
  }

  open(): BodyReader {
    if (this.#opened && !this.replayable) {
      throw new StreamConsumed('Cannot send the request body again: it is a stream that has been read');
    }
    this.#check();
    this.#opened = true;
    return this.#open();
  }

  abandon(reason: unknown): void {
    if (this.#opened || this.replayable) return;
    this.#opened = true;
    try {
      this.#open().cancel(reason);
    } catch {
      // A stream that somebody else reads is theirs to end.
    }
  }
}

function chunkOf(value: unknown, whose: string): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`Cannot send the ${whose} body: expected Uint8Array or string pieces, got ${typeNameOf(value)}`);
}

/** Reads an iterator, async or not; empty pieces are left out. */
class IteratorReader implements BodyReader {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #given: GivenStream | null;
  readonly #whose: string;
  #done = false;

  /** `given`: the stream of Node.js that it reads. `whose` body it is, in errors. */
  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>, given: GivenStream | null, whose: string) {
    this.#iterator = iterator;
    this.#given = given;
    this.#whose = whose;
  }

  next(): MaybePromise<Uint8Array | null> {
    // Whoever reads has its errors from now on.
    if (this.#given !== null) this.#given.failed = null;
    for (;;) {
      if (this.#done) return null;
      const result = this.#iterator.next();
      if (isThenable(result)) return this.#afterwards(result as Promise<IteratorResult<unknown>>);
      const piece = this.#pieceOf(result as IteratorResult<unknown>);
      if (piece === null || piece.length > 0) return piece;
    }
  }

  async #afterwards(first: Promise<IteratorResult<unknown>>): Promise<Uint8Array | null> {
    let piece = this.#pieceOf(await first);
    while (piece !== null && piece.length === 0) piece = this.#pieceOf(await this.#iterator.next());
    return piece;
  }

  #pieceOf(result: IteratorResult<unknown>): Uint8Array | null {
    if (result.done !== true) return chunkOf(result.value, this.#whose);
    this.#done = true;
    return null;
  }

  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#given !== null) this.#given.failed = null;
    // What the source says about being told is nobody's result: the request has its own.
    try {
      const ended = this.#iterator.return?.();
      if (isThenable(ended)) ended.then(undefined, () => {});
      // An iterator that never began, or waits for its source, cannot clean up: a Node.js stream is told itself.
      this.#given?.destroy();
    } catch {}
  }
}

/** Reads a WHATWG stream. */
class StreamReader implements BodyReader {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #whose: string;
  #done = false;

  /** `whose` body it is, in errors. */
  constructor(stream: ReadableStream<unknown>, whose: string) {
    this.#reader = stream.getReader();
    this.#whose = whose;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#done = true;
        this.#reader.releaseLock();
        return null;
      }
      const piece = chunkOf(value, this.#whose);
      if (piece.length > 0) return piece;
    }
  }

  cancel(reason: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#reader.cancel(reason).then(undefined, () => {});
  }
}

/** Body and the fields that announce it. */
export interface EncodedContent {
  readonly body: RequestBody;
  readonly headers: readonly (readonly [string, string])[];
}

const NOTHING: EncodedContent = { body: NO_BODY, headers: [] };

function ofOctets(octets: Uint8Array, type: string | null): EncodedContent {
  if (octets.length === 0 && type === null) return NOTHING;
  const headers: [string, string][] = [['Content-Length', String(octets.length)]];
  if (type !== null) headers.push(['Content-Type', type]);
  return { body: new OctetsBody(octets as Uint8Array<ArrayBuffer>), headers };
}

/** A body that was made for a request. */
function ofBody(body: RequestBody): EncodedContent {
  if (body.length === 0) return NOTHING;
  return { body, headers: body.length === null ? CHUNKED : [['Content-Length', String(body.length)]] };
}

/** Text as a body of a given type, announced even when empty. */
export function octetsOf(text: string, type: string): EncodedContent {
  return ofOctets(encoder.encode(text), type);
}

const CONTENT_EXPECTED = 'expected a string, octets, Blob, ReadableStream or iterable as content';
const CHUNKED: readonly (readonly [string, string])[] = [['Transfer-Encoding', 'chunked']];

/** What iterates, or is an object, and yet is no content; and what to do with it. */
function notContent(content: unknown): string | null {
  if (content instanceof URLSearchParams) return 'URLSearchParams (a form is given as data)';
  if (isFormData(content)) return 'FormData (a form is given as data)';
  if (ArrayBuffer.isView(content) || content instanceof Map) return typeNameOf(content);
  return null;
}

export function isFormData(value: unknown): value is FormData {
  return typeof FormData !== 'undefined' && value instanceof FormData;
}

/**
 * Encodes `content`. Iterables, streams and Blobs are read when the request is sent; an iterable that makes a new iterator
 * each time can be sent again. `whose` body it is, in errors.
 * @throws TypeError for anything else, and for lists whose pieces are neither octets nor strings; StreamConsumed for a stream
 * of which there is nothing left, or what it failed with.
 */
export function encodeContent(content: RequestContent, whose = 'request'): EncodedContent {
  if (typeof content === 'string') return ofOctets(encoder.encode(content), null);
  if (content instanceof Uint8Array) return ofOctets(content, null);
  if (content instanceof ByteStream) return ofOctets(content.octets, null);
  if (content instanceof RequestBody) return ofBody(content);
  if (content instanceof ArrayBuffer) return ofOctets(new Uint8Array(content), null);
  const other = notContent(content);
  if (other !== null) throw new TypeError(`Cannot encode the ${whose} body: ${CONTENT_EXPECTED}, got ${other}`);
  if (Array.isArray(content)) for (const piece of content) chunkOf(piece, whose);
  if (typeof Blob !== 'undefined' && content instanceof Blob) {
    const body = new StreamBody(
      content.size,
      { replayable: true, isAsync: true },
      () => new StreamReader(content.stream(), whose),
    );
    return { body, headers: [['Content-Length', String(content.size)]] };
  }
  if (content instanceof ReadableStream) {
    const open = () => new StreamReader(content, whose);
    const body = new StreamBody(null, { replayable: false, isAsync: true }, open, () => checkUnread(content, whose));
    return { body, headers: CHUNKED };
  }
  if (typeof content === 'object' && content !== null) {
    const oneShot = typeof (content as { next?: unknown }).next === 'function';
    if (Symbol.asyncIterator in content) {
      const source = content as AsyncIterable<unknown>;
      const given = givenStream(source);
      const open = () => new IteratorReader(source[Symbol.asyncIterator](), given, whose);
      const kind = { replayable: !oneShot && given === null, isAsync: true };
      const body = new StreamBody(null, kind, open, () => given?.check(whose), given);
      return { body, headers: CHUNKED };
    }
    if (Symbol.iterator in content) {
      const source = content as Iterable<unknown>;
      const open = () => new IteratorReader(source[Symbol.iterator](), null, whose);
      return { body: new StreamBody(null, { replayable: !oneShot, isAsync: false }, open), headers: CHUNKED };
    }
  }
  const isFile = typeof (content as { createReadStream?: unknown } | null | undefined)?.createReadStream === 'function';
  const hint = isFile ? ': give file.createReadStream(), or await openAsBlob(path) of node:fs' : '';
  throw new TypeError(`Cannot encode the ${whose} body: ${CONTENT_EXPECTED}, got ${typeNameOf(content)}${hint}`);
}

/**
 * JSON as httpx writes it: compact, non-ASCII kept, NaN and Infinity refused. `whose` body it is, in errors.
 * @throws TypeError, RangeError
 */
export function encodeJson(value: unknown, whose = 'request'): EncodedContent {
  const refuse = (_key: string, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) {
      throw new RangeError(`Cannot encode the ${whose} body as JSON: ${each} has no JSON form`);
    }
    return each;
  };
  const text = jsonText(value, refuse, whose);
  if (text === undefined)
    throw new TypeError(`Cannot encode the ${whose} body as JSON: ${typeof value} has no JSON form`);
  if (text === '{}') checkEmpty(value as object, whose);
  return ofOctets(encoder.encode(text), 'application/json');
}

/** What keeps its content elsewhere than in fields of its own is `{}` to JSON. @throws TypeError for such a `value` */
function checkEmpty(value: object, whose: string): void {
  if (hasOwnFields(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
  const hint =
    value instanceof Map ? ': give Object.fromEntries(map)' : Symbol.iterator in value ? ': give Array.from(…)' : '';
  const what = isThenable(value) ? 'a promise, which is to be awaited first,' : typeNameOf(value);
  throw new TypeError(`Cannot encode the ${whose} body as JSON: ${what} would be {}${hint}`);
}

/** @throws TypeError for what the engine cannot write: a BigInt, what holds itself */
function jsonText(value: unknown, refuse: (key: string, each: unknown) => unknown, whose: string): string | undefined {
  try {
    return JSON.stringify(value, refuse);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const [reason] = cause.message.split('\n', 1);
    throw new TypeError(`Cannot encode the ${whose} body as JSON: json holds what has no JSON form (${reason})`, {
      cause,
    });
  }
}

/**
 * A form, as application/x-www-form-urlencoded: lists repeat their name, `null` is empty, `undefined` is left out, and it is
 * spelled, as in query parameters; a `URLSearchParams` as the platform spells it. @throws TypeError for what is no such thing.
 */
export function encodeForm(data: RequestData): EncodedContent {
  checkForm(data);
  const form = data instanceof URLSearchParams ? data.toString() : fieldsText(data);
  return ofOctets(encoder.encode(form), 'application/x-www-form-urlencoded');
}

function fieldsText(data: RequestData): string {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (each === undefined) continue;
      fields.push(`${formEncode(name)}=${formEncode(primitiveText(each, `encode form field '${name}'`))}`);
    }
  }
  return fields.join('&');
}

/** True for objects of own fields: what keeps its content elsewhere (a Map, a Blob, a FormData) would be an empty one. */
export function hasOwnFields(given: unknown): boolean {
  if (Object.prototype.toString.call(given) !== '[object Object]') return false;
  return !(Symbol.iterator in (given as object)) && !(Symbol.asyncIterator in (given as object));
}

/** @throws TypeError for what is no form */
export function checkForm(data: unknown): void {
  if (data instanceof URLSearchParams || isFormData(data) || hasOwnFields(data)) return;
  const hint = typeof data === 'string' || ArrayBuffer.isView(data) ? ' (text and octets are given as content)' : '';
  throw new TypeError(
    `Cannot encode the request body: expected an object, URLSearchParams or FormData as data, got ${typeNameOf(data)}${hint}`,
  );
}
