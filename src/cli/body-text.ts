/**
 * A response's body as text to be shown, piece by piece: text as it comes; JSON, laid out, when all of it is there, and what
 * no type is named of, if it is text; of all else the size. Only those two are kept, up to a limit. Controls are escaped only where a terminal will show them, since a file
 * wants what came. What is shown ends in a line feed, also when the body breaks off.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { AsyncResponse } from '../index.js';
import { VisibleText } from './escaping.js';
import type { Paint } from './highlighting.js';
import { indented } from './json-text.js';

/** Media types that are text although they say neither `text/` nor a charset. */
const TEXT =
  /^(?:text\/.*|.*\+(?:json|xml|yaml)|application\/(?:x-)?(?:json|json-seq|jsonl|ndjson|xml|xml-dtd|javascript|ecmascript|yaml|toml|sql|graphql|sh|www-form-urlencoded))$/;
const JSON_TYPE = /^(?:(?:application|text)\/json|.*\+json)$/;
const BYTE_ORDER_MARK = /^\ufeff/;

/** Characters of JSON that are laid out, and octets of binary data that are counted: what is longer wants a file. */
export const SHOWN_MAX: number = 32 * 1024 * 1024;

/** A body that is too long to be shown as it should be. */
export class BodyTooLong extends Error {
  override readonly name = 'BodyTooLong';
}

/** The media type of a response, in lower case, without parameters. */
function mediaTypeOf(response: AsyncResponse): string {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/**
 * What is shown of a body that was not read yet; nothing of an empty one. `shielded`: a terminal will show it.
 * @throws BodyTooLong, and what reading it throws
 */
export function bodyText(
  response: AsyncResponse,
  paint: Paint,
  shielded: boolean,
  shownMax: number = SHOWN_MAX,
): AsyncGenerator<string> {
  const type = mediaTypeOf(response);
  if (JSON_TYPE.test(type)) return jsonText(response, paint, shielded, shownMax);
  if (TEXT.test(type) || response.charsetEncoding !== null) return plainText(response.aiterText(), shielded);
  return type === '' ? untypedText(response, paint, shielded, shownMax) : sizeNote(response, paint, shownMax);
}

async function* plainText(pieces: AsyncIterable<string> | Iterable<string>, shielded: boolean): AsyncGenerator<string> {
  const visible = shielded ? new VisibleText() : null;
  let isLineOpen = false;
  try {
    for await (const piece of pieces) {
      const shown = visible === null ? piece : visible.give(piece);
      if (shown === '') continue;
      isLineOpen = !shown.endsWith('\n');
      yield shown;
    }
  } catch (error) {
    // The error is to stand on a line of its own.
    if (isLineOpen) yield '\n';
    throw error;
  }
  const rest = visible?.end() ?? '';
  if (isLineOpen || rest !== '') yield `${rest}\n`;
}

async function* jsonText(
  response: AsyncResponse,
  paint: Paint,
  shielded: boolean,
  shownMax: number,
): AsyncGenerator<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of response.aiterText()) {
    length += piece.length;
    if (length > shownMax) {
      throw new BodyTooLong(
        `Cannot show the body: it is JSON of more than ${shownMax} characters, the most that is laid out; --download FILE saves it`,
      );
    }
    pieces.push(piece);
  }
  const text = pieces.join('');
  const layout = layoutOf(text, paint);
  yield* plainText(layout ?? [text], shielded && layout === null);
}

/** JSON indented, or `null` where it is none, or has no sensible layout. */
function layoutOf(text: string, paint: Paint): Iterable<string> | null {
  try {
    return indented(text.replace(BYTE_ORDER_MARK, ''), paint);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A body whose type nobody names, once it is there: text if it is UTF-8 without NUL, which no text holds; else its size. */
async function* untypedText(
  response: AsyncResponse,
  paint: Paint,
  shielded: boolean,
  shownMax: number,
): AsyncGenerator<string> {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of response.aiterBytes()) {
    octets += piece.length;
    if (octets > shownMax) {
      yield tooLongNote(paint, shownMax);
      return;
    }
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  if (isUtf8(body) && !body.includes(0)) yield* plainText([body.toString('utf8')], shielded);
  else yield sizeOf(octets, paint);
}

async function* sizeNote(response: AsyncResponse, paint: Paint, shownMax: number): AsyncGenerator<string> {
  let octets = 0;
  for await (const piece of response.aiterBytes()) {
    octets += piece.length;
    if (octets > shownMax) {
      yield tooLongNote(paint, shownMax);
      return;
    }
  }
  if (octets > 0) yield sizeOf(octets, paint);
}

function sizeOf(octets: number, paint: Paint): string {
  return `${paint('note', `<${octets} ${octets === 1 ? 'byte' : 'bytes'} of binary data>`)}\n`;
}

function tooLongNote(paint: Paint, shownMax: number): string {
  return `${paint('note', `<more than ${shownMax} bytes of binary data; --download FILE saves them>`)}\n`;
}
