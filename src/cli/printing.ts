/** Heads of responses and requests, and errors, as lines of text: pure. What others sent is escaped here (escaping.ts). */
import { Buffer } from 'node:buffer';
import type { AsyncResponse, Headers, Request } from '../index.js';
import { oneLine, visibleLine } from './escaping.js';
import type { Paint, Part } from './highlighting.js';

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

/** An error in one line: its class, and what it says. */
export function errorLine(error: unknown, paint: Paint): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${paint('bad', visibleLine(name))}: ${oneLine(message)}`;
}
