/**
 * Responses, requests and errors as lines of text: pure. What others sent is escaped here (escaping.ts); a body only where
 * a terminal will show it, since a file wants what came.
 */
import { Buffer } from 'node:buffer';
import type { AsyncResponse, Headers, Request } from '../index.js';
import { visibleLine, visibleText } from './escaping.js';
import type { Paint, Part } from './highlighting.js';
import { indented } from './json-text.js';

/** Media types that are text although they say neither `text/` nor a charset. */
const TEXT =
  /^(?:text\/.*|.*\+(?:json|xml|yaml)|application\/(?:x-)?(?:json|json-seq|jsonl|ndjson|xml|xml-dtd|javascript|ecmascript|yaml|toml|sql|graphql|sh|www-form-urlencoded))$/;
const JSON_TYPE = /^(?:(?:application|text)\/json|.*\+json)$/;
const BYTE_ORDER_MARK = /^\ufeff/;

/** `name: value` lines, names as they were spelled. */
function fieldLines(headers: Headers, paint: Paint): string[] {
  const { encoding } = headers;
  return headers.raw.map(([name, value]) => {
    const text = Buffer.from(value).toString(encoding === 'utf-8' ? 'utf8' : 'latin1');
    return `${paint('name', visibleLine(Buffer.from(name).toString('latin1')))}: ${visibleLine(text)}`;
  });
}

function partOf(response: AsyncResponse): Part {
  if (response.isSuccess) return 'good';
  return response.isError ? 'bad' : 'other';
}

/** Status line, field lines and the empty line behind them. */
export function responseHead(response: AsyncResponse, paint: Paint): string[] {
  const { statusCode, reasonPhrase, httpVersion, headers } = response;
  const status = `${statusCode} ${visibleLine(reasonPhrase)}`.trimEnd();
  return [`${paint('version', httpVersion)} ${paint(partOf(response), status)}`, ...fieldLines(headers, paint), ''];
}

/** Request line, field lines and the empty line behind them. */
export function requestHead(request: Request, httpVersion: string, paint: Paint): string[] {
  const { method, url, headers, extensions } = request;
  const { target = url.rawPath } = extensions;
  const text = typeof target === 'string' ? target : Buffer.from(target ?? '').toString('latin1');
  const line = `${paint('method', method)} ${visibleLine(text)} ${paint('version', httpVersion)}`;
  return [line, ...fieldLines(headers, paint), ''];
}

/** The media type of a response, in lower case, without parameters. */
function mediaTypeOf(response: AsyncResponse): string {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** JSON indented, or `null` where it is none, or has no sensible layout. */
function layoutOf(text: string, paint: Paint): string | null {
  try {
    return indented(text.replace(BYTE_ORDER_MARK, ''), paint);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * What is shown of a body that has been read, ending in a line feed; '' of an empty one. `shielded`: a terminal will show it.
 */
export function bodyText(response: AsyncResponse, paint: Paint, shielded: boolean): string {
  const { length } = response.content;
  if (length === 0) return '';
  const type = mediaTypeOf(response);
  if (!TEXT.test(type) && response.charsetEncoding === null) {
    return `${paint('note', `<${length} ${length === 1 ? 'byte' : 'bytes'} of binary data>`)}\n`;
  }
  const { text } = response;
  const layout = JSON_TYPE.test(type) ? layoutOf(text, paint) : null;
  const shown = layout ?? (shielded ? visibleText(text) : text);
  return shown.endsWith('\n') ? shown : `${shown}\n`;
}

/** An error in one line: its class, and what it says. */
export function errorLine(error: unknown, paint: Paint): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const said = message
    .split(/\s*[\r\n]+\s*/)
    .map((line) => visibleLine(line))
    .join(' ');
  return `${paint('bad', visibleLine(name))}: ${said}`;
}
