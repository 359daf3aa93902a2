/** What a response made by hand is made of: its options, checked, and the body that they give. */
import { own, typeNameOf } from './config.js';
import { type EncodedContent, encodeContent, encodeJson, octetsOf, type RequestContent } from './content.js';
import type { HeaderTypes } from './headers.js';
import { type AnyRequest, Request } from './request.js';
import type { AnyResponse, DefaultEncoding, ResponseExtensions, SyncResponseExtensions } from './response.js';
import { ResponseBody } from './response-body.js';

/** What a response is made of. The first of content, text, html and json that is given is its body. */
export interface ResponseOptions {
  /** Field lines; those of the body's kind and length are added. */
  readonly headers?: HeaderTypes | undefined;
  /** Octets, a string (as UTF-8), or a stream of them. */
  readonly content?: RequestContent | null | undefined;
  /** As text/plain in UTF-8. */
  readonly text?: string | null | undefined;
  /** As text/html in UTF-8. */
  readonly html?: string | null | undefined;
  /** As application/json. */
  readonly json?: unknown;
  /** A body that announces nothing of itself in the headers. */
  readonly stream?: RequestContent | null | undefined;
  /** The request that it answers, which `url` and `raiseForStatus` need. */
  readonly request?: AnyRequest | null | undefined;
  /** What `extensions` shall say. */
  readonly extensions?: ResponseExtensions | SyncResponseExtensions | null | undefined;
  /** Responses that led to it. */
  readonly history?: readonly AnyResponse[] | null | undefined;
  /** How `text` is decoded where the headers name no charset: 'utf-8' by default. */
  readonly defaultEncoding?: DefaultEncoding | null | undefined;
}

/** Their names. */
export const RESPONSE_OPTIONS: readonly (keyof ResponseOptions)[] = [
  'headers',
  'content',
  'text',
  'html',
  'json',
  'stream',
  'request',
  'extensions',
  'history',
  'defaultEncoding',
];

/** A response is the one class of such bodies. */
const isResponse = (value: unknown): boolean => value instanceof ResponseBody;

/** What an option must be, where it is given. */
const EXPECTED: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  text: ['a string', (value) => typeof value === 'string'],
  html: ['a string', (value) => typeof value === 'string'],
  request: ['a Request', (value) => value instanceof Request],
  extensions: ['an object', (value) => typeof value === 'object'],
  history: ['a list of Responses', (value) => Array.isArray(value) && value.every(isResponse)],
  defaultEncoding: ['a string or a function', (value) => typeof value === 'string' || typeof value === 'function'],
};

/** @throws TypeError for an option of another type */
export function checkOptions(options: ResponseOptions | undefined): void {
  for (const [name, [expected, fits]] of Object.entries(EXPECTED)) {
    const value = own(options, name as keyof ResponseOptions);
    if (value === undefined || value === null || fits(value)) continue;
    throw new TypeError(`Cannot make a response: expected ${name} to be ${expected}, got ${typeNameOf(value)}`);
  }
  const extensions = own(options, 'extensions');
  for (const name of ['httpVersion', 'reasonPhrase'] as const) {
    const value: unknown = own(extensions, name) ?? '';
    if (typeof value === 'string') continue;
    throw new TypeError(`Cannot make a response: expected extensions.${name} to be a string, got ${typeNameOf(value)}`);
  }
}

/** The body, and the fields that announce it: the first of content, text, html and json that is given. @throws TypeError */
export function responseContent(options: ResponseOptions | undefined): EncodedContent {
  const content = own(options, 'content');
  if (content !== null && content !== undefined) return encodeContent(content, 'response');
  const text = own(options, 'text');
  if (text !== null && text !== undefined) return octetsOf(text, 'text/plain; charset=utf-8');
  const html = own(options, 'html');
  if (html !== null && html !== undefined) return octetsOf(html, 'text/html; charset=utf-8');
  const json = own(options, 'json');
  if (json !== null && json !== undefined) return encodeJson(json, 'response');
  return encodeContent('');
}
