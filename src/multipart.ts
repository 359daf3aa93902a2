/**
 * Forms with files, as multipart/form-data (RFC 7578; escaping and line ends as HTML § 4.10.21.8 has them). Nothing is read
 * before it is sent: a body of files knows its length where each part does, and can be sent again where each part can.
 */

import { own, typeNameOf } from './config.js';
import {
  type BodyReader,
  type EncodedContent,
  encodeContent,
  formBody,
  hasOwnFields,
  isFormData,
  octetsBody,
  RequestBody,
  type RequestContent,
  type RequestData,
} from './content.js';
import { contentTypeOf } from './content-types.js';
import { StreamConsumed } from './exceptions.js';
import { octetsOfText } from './fields.js';
import { isThenable } from './flow.js';
import { boundaryIn } from './form-boundary.js';
import { Headers, type HeaderTypes } from './headers.js';
import type { MaybePromise } from './hosts/socket.js';
import { concatenated } from './pieces.js';
import { primitiveText } from './query-params.js';

/** What a file consists of. */
export type FileContent = RequestContent;

/**
 * A file: its content; or `[filename, content, contentType, headers]`, the last two optional. A filename of `null` or ''
 * makes it a field without a name and a type.
 */
export type RequestFile<C = FileContent> =
  | C
  | readonly [filename: string | null, content: C]
  | readonly [filename: string | null, content: C, contentType: string | null]
  | readonly [filename: string | null, content: C, contentType: string | null, headers: HeaderTypes];

/** Files by the name of their field; a list of pairs may name a field twice. */
export type RequestFiles<C = FileContent> =
  | Readonly<Record<string, RequestFile<C>>>
  | readonly (readonly [string, RequestFile<C>])[];

/** One part: its head, and what follows. */
interface Part {
  readonly head: Uint8Array;
  readonly body: RequestBody;
}

/** Most octets of a whole form that are put together before they are sent. */
const JOINED_OCTETS_MAX = 65536;

const encoder = new TextEncoder();

/** A name as it stands between quotes: HTML's escapes, and no control character (httpx). */
function quoted(name: string): string {
  const escaped = name.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
    /["\x00-\x1a\x1c-\x1f]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}

const lineEnds = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

function fieldPart(name: string, value: string | Uint8Array): Part {
  const { body } = encodeContent(typeof value === 'string' ? lineEnds(value) : value);
  return { head: encoder.encode(`Content-Disposition: form-data; name=${quoted(lineEnds(name))}\r\n\r\n`), body };
}

function* dataParts(data: RequestData): Generator<Part> {
  if (data instanceof URLSearchParams) {
    for (const [name, value] of data) yield fieldPart(name, value);
    return;
  }
  if (isFormData(data)) {
    for (const [name, value] of data) yield typeof value === 'string' ? fieldPart(name, value) : filePart(name, value);
    return;
  }
  for (const [name, value] of Object.entries(data)) {
    for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (each instanceof Uint8Array) yield fieldPart(name, each);
      else if (each !== undefined) yield fieldPart(name, primitiveText(each, `encode form field '${name}'`));
    }
  }
}

/** The name that a file brings with it: a File's, or the last component of a Node.js stream's path; else 'upload' (httpx). */
function filenameOf(content: FileContent): string {
  if (typeof File !== 'undefined' && content instanceof File) return content.name;
  if (typeof content !== 'object') return 'upload';
  const source = content as object as { name?: unknown; path?: unknown };
  const name = own(source, 'name');
  const given = typeof name === 'string' ? name : own(source, 'path');
  return typeof given === 'string' ? lastComponent(given) : 'upload';
}

/** Of a path: one that begins with a drive letter is Windows', where a '\' separates as well. */
function lastComponent(path: string): string {
  const separators = /^[A-Za-z]:[\\/]/.test(path) ? /^.*[\\/]/s : /^.*\//s;
  return path.replace(separators, '');
}

function typeOf(content: FileContent, filename: string): string {
  const own = typeof Blob !== 'undefined' && content instanceof Blob ? content.type : '';
  return own !== '' ? own : (contentTypeOf(filename) ?? 'application/octet-stream');
}

/** @throws TypeError for what is no file, LocalProtocolError for header lines that must not be sent. */
function filePart(field: string, file: RequestFile): Part {
  const tuple = Array.isArray(file) ? (file as readonly unknown[]) : null;
  if (tuple !== null && (tuple.length < 2 || tuple.length > 4)) {
    throw new TypeError(
      `Cannot encode file '${field}': expected [filename, content, contentType, headers], got ${tuple.length} items`,
    );
  }
  const content = (tuple === null ? file : tuple[1]) as FileContent;
  if (content === null || content === undefined) {
    throw new TypeError(`Cannot encode file '${field}': expected its content, got ${content}`);
  }
  const filename = tuple === null ? filenameOf(content) : (tuple[0] ?? '');
  if (typeof filename !== 'string') {
    throw new TypeError(`Cannot encode file '${field}': expected its name to be a string, got ${typeNameOf(filename)}`);
  }
  const headers = new Headers((tuple?.[3] as HeaderTypes | undefined) ?? null);
  const given = (tuple?.[2] as string | null | undefined) ?? null;
  const type = given ?? (filename === '' ? null : typeOf(content, filename));
  if (type !== null && !headers.has('content-type')) headers.append('Content-Type', type);
  const named = filename === '' ? '' : `; filename=${quoted(filename)}`;
  const line = encoder.encode(`Content-Disposition: form-data; name=${quoted(lineEnds(field))}${named}\r\n`);
  return { head: beside(line, octetsOfText(`${headers.block()}\r\n`)), body: encodeContent(content).body };
}

const FILES_EXPECTED = 'expected files to be an object, or a list of [field, file] pairs';

/** @throws TypeError for what holds files elsewhere than in fields of its own: it would be an empty form */
export function checkFiles(files: unknown): void {
  if (Array.isArray(files) || hasOwnFields(files)) return;
  const hint = isFormData(files) || files instanceof URLSearchParams ? ' (a form is given as data)' : '';
  throw new TypeError(`Cannot encode files: ${FILES_EXPECTED}, got ${typeNameOf(files)}${hint}`);
}

function* fileParts(files: RequestFiles): Generator<Part> {
  for (const pair of Array.isArray(files) ? files : Object.entries(files)) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw new TypeError(`Cannot encode files: ${FILES_EXPECTED}, got a list of something else`);
    }
    yield filePart(pair[0], pair[1] as RequestFile);
  }
}

function beside(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatenated([first, second], first.length + second.length);
}

/** Bodies one behind the other. */
class SequenceBody extends RequestBody {
  readonly octets = null;
  readonly length: number | null;
  readonly replayable: boolean;
  readonly isAsync: boolean;
  readonly #bodies: readonly RequestBody[];
  #opened = false;

  constructor(bodies: readonly RequestBody[]) {
    super();
    this.#bodies = bodies;
    let length: number | null = 0;
    for (const body of bodies) length = length === null || body.length === null ? null : length + body.length;
    this.length = length;
    this.replayable = bodies.every((body) => body.replayable);
    this.isAsync = bodies.some((body) => body.isAsync);
  }

  override get mayFailUnread(): boolean {
    return this.#bodies.some((body) => body.mayFailUnread);
  }

  override whenFailed(failed: (error: unknown) => void): void {
    for (const body of this.#bodies) body.whenFailed(failed);
  }

  open(): BodyReader {
    if (this.#opened && !this.replayable) {
      throw new StreamConsumed('Cannot send the form again: a file of it is a stream that has been read');
    }
    this.#opened = true;
    return new SequenceReader(this.#bodies);
  }

  abandon(reason: unknown): void {
    if (this.#opened) return;
    for (const body of this.#bodies) body.abandon(reason);
  }
}

/** Reads bodies in order, each opened when it is its turn. */
class SequenceReader implements BodyReader {
  readonly #bodies: readonly RequestBody[];
  #reader: BodyReader | null = null;
  #at = 0;

  constructor(bodies: readonly RequestBody[]) {
    this.#bodies = bodies;
  }

  next(): MaybePromise<Uint8Array | null> {
    for (let body = this.#bodies[this.#at]; body !== undefined; body = this.#bodies[this.#at]) {
      this.#reader ??= body.open();
      const piece = this.#reader.next();
      if (isThenable(piece)) return piece.then((later) => later ?? this.#onwards());
      if (piece !== null) return piece as Uint8Array;
      this.#leave();
    }
    return null;
  }

  #onwards(): MaybePromise<Uint8Array | null> {
    this.#leave();
    return this.next();
  }

  #leave(): void {
    this.#reader = null;
    this.#at++;
  }

  cancel(reason: unknown): void {
    this.#reader?.cancel(reason);
    for (const body of this.#bodies.slice(this.#at)) body.abandon(reason);
    this.#reader = null;
    this.#at = this.#bodies.length;
  }
}

/** A form, and the Content-Type that must stand in its request in place of the caller's, which named no boundary. */
export interface EncodedForm extends EncodedContent {
  readonly contentType: string | null;
}

/**
 * Encodes fields, then files. `contentType`: what the caller set; the boundary it names is used. `random`: octets of a
 * cryptographically secure source, of which a boundary of our own has 16 (SECURITY 5.4).
 * @throws TypeError for what is no field or file, LocalProtocolError for a boundary that no form may have
 */
export function encodeMultipart(
  data: RequestData | null,
  files: RequestFiles | null,
  contentType: string | null,
  random: (n: number) => Uint8Array,
): EncodedForm {
  const named = contentType === null ? null : boundaryIn(contentType);
  const boundary = named?.boundary ?? [...random(16)].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const delimiter = octetsOfText(`--${boundary}\r\n`);
  const lineEnd = octetsBody(octetsOfText('\r\n'));
  const bodies: RequestBody[] = [];
  for (const parts of [data === null ? [] : dataParts(data), files === null ? [] : fileParts(files)]) {
    for (const { head, body } of parts) bodies.push(octetsBody(beside(delimiter, head)), body, lineEnd);
  }
  bodies.push(octetsBody(octetsOfText(`--${boundary}--\r\n`)));
  const body = whole(bodies);
  const framing = body.length === null ? 'Transfer-Encoding' : 'Content-Length';
  return {
    body,
    headers: [
      [framing, body.length === null ? 'chunked' : String(body.length)],
      ['Content-Type', `multipart/form-data; boundary=${boundary}`],
    ],
    contentType: named?.boundary === null ? `${named.contentType}; boundary=${boundary}` : null,
  };
}

/** One body of several; a small one that is all in memory is put together. */
function whole(bodies: readonly RequestBody[]): RequestBody {
  const octets = bodies.map((body) => body.octets).filter((each) => each !== null);
  const length = octets.reduce((sum, each) => sum + each.length, 0);
  if (octets.length < bodies.length || length > JOINED_OCTETS_MAX) return new SequenceBody(bodies);
  return formBody(concatenated(octets, length));
}
