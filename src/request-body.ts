/**
 * A request's body, of whichever option gives it, and the header fields that announce it (httpx: `encode_request`).
 */
import { own } from './config.js';
import {
  checkForm,
  type EncodedContent,
  encodeContent,
  encodeForm,
  encodeJson,
  isFormData,
  NO_BODY,
  type RequestBody,
  type RequestContent,
  type RequestData,
} from './content.js';
import type { Headers } from './headers.js';
import type { Host } from './hosts/host.js';
import { Late } from './late.js';
import type { RequestFiles } from './multipart.js';

const MULTIPART = new Late(() => import('./multipart.js'));
const COMPRESSION = new Late(() => import('./compression.js'));

/** What a request can be given as its body: at most one is used, in this order (httpx); data and files go together. */
export interface ContentOptions<C = RequestContent> {
  /**
   * The body as it is sent. What is streamed goes chunked, unless it is a Blob or Content-Length is given. `Client` takes no
   * Blob, WHATWG stream or async iterable.
   */
  readonly content?: C | null | undefined;
  /** A form: `null` is an empty value, `undefined` is left out. Sent urlencoded, but multipart with files and as FormData. */
  readonly data?: RequestData | null | undefined;
  /** Files by field name, sent as multipart/form-data behind the fields of `data`. */
  readonly files?: RequestFiles<C> | null | undefined;
  /** Sent as JSON. `null` is no body (as httpx): for the text 'null' give it as `content`. */
  readonly json?: unknown;
  /** Compresses the body while it is sent, and says so by Content-Encoding. A body of no octets stays as it is. */
  readonly compress?: 'gzip' | 'deflate' | null | undefined;
}

/** The names of these options. */
export const CONTENT_OPTIONS: Readonly<Record<keyof ContentOptions, true>> = {
  content: true,
  data: true,
  files: true,
  json: true,
  compress: true,
};

/** Methods that announce an empty body (RFC 9110 §8.6). */
const ANNOUNCES_NO_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

function isEmpty(given: object | null | undefined): boolean {
  if (given === null || given === undefined) return true;
  if (isFormData(given)) return false;
  return given instanceof URLSearchParams ? given.size === 0 : Object.keys(given).length === 0;
}

/** Encodes whichever option is given: content, else files and data, else data, else json. @throws TypeError, RangeError */
function encode(options: ContentOptions, headers: Headers, host: Pick<Host, 'random'>): EncodedContent | null {
  const content = own(options, 'content');
  if (content !== null && content !== undefined) return encodeContent(content);
  const data = own(options, 'data') ?? null;
  const files = own(options, 'files') ?? null;
  if (data !== null) checkForm(data);
  if (files !== null) MULTIPART.module.checkFiles(files);
  if (!isEmpty(files) || isFormData(data)) {
    const form = MULTIPART.module.encodeMultipart(data, files, headers.get('content-type'), (n) => host.random(n));
    if (form.contentType !== null) headers.set('Content-Type', form.contentType);
    return form;
  }
  if (data !== null && !isEmpty(data)) return encodeForm(data);
  const json = own(options, 'json');
  return json === null || json === undefined ? null : encodeJson(json);
}

/** Adds what announces the body: Content-Length: 0 behind Host, other fields at the end, none that is given. */
function announceBody(headers: Headers, method: string, fields: readonly (readonly [string, string])[]): void {
  const framed = headers.has('content-length') || headers.has('transfer-encoding');
  if (fields.length === 0) {
    if (!framed && ANNOUNCES_NO_BODY.has(method)) headers.insert(headers.has('host') ? 1 : 0, 'Content-Length', '0');
    return;
  }
  for (const [name, value] of fields) {
    const framing = name === 'Content-Length' || name === 'Transfer-Encoding';
    if (framing ? !framed : !headers.has(name)) headers.append(name, value);
  }
}

/**
 * The body that the options give, announced in `headers`.
 * @throws TypeError, RangeError for what is no body
 */
export function announcedBody(
  options: ContentOptions | undefined,
  headers: Headers,
  method: string,
  host: Pick<Host, 'random' | 'compressor'>,
): RequestBody {
  let encoded = options === undefined ? null : encode(options, headers, host);
  const compress = own(options, 'compress') ?? null;
  if (compress !== null) {
    encoded = COMPRESSION.module.compressed(encoded ?? { body: NO_BODY, headers: [] }, compress, headers, host);
  }
  if (encoded !== null || method !== 'GET') announceBody(headers, method, encoded?.headers ?? []);
  return encoded?.body ?? NO_BODY;
}

/** A call is refused before it has a request: sources that would have been read are told, as those of a request are. */
export function abandonBodies(options: ContentOptions, reason: unknown): void {
  abandonSource(own(options, 'content'), reason);
  const files: unknown = own(options, 'files');
  if (typeof files !== 'object' || files === null) return;
  for (const each of Array.isArray(files) ? files : Object.entries(files)) {
    const file: unknown = Array.isArray(each) ? each[1] : null;
    abandonSource(Array.isArray(file) ? file[1] : file, reason);
  }
}

function abandonSource(source: unknown, reason: unknown): void {
  if (typeof source !== 'object' || source === null) return;
  try {
    encodeContent(source as RequestContent).body.abandon(reason);
  } catch {
    // What is no body, or has nothing left, holds nothing for this call.
  }
}
