/**
 * JSON texts laid out anew, token by token: numbers stay as they were spelled (a double holds neither 2^64 nor 1.0 apart
 * from 1), names stay in order, and repeated ones stay. The work is linear in the text, the result bounded by it.
 */
import type { Paint } from './highlighting.js';
import { plain } from './highlighting.js';

const NOT_PLAIN_ASCII = /[\x7f-\uffff]/g;
const BLANKS = /[ \t\r\n]*/y;
/** A number or a name; the text is known to be JSON. */
const LITERAL = /[^ \t\r\n,:[\]{}"]+/y;

/** A text whose nesting makes its layout longer than this is left as it is. */
const GROWTH_MAX = 64;
const ALLOWANCE = 65536;
/** Characters of a layout from which on it is handed out. */
const PIECE = 65536;
/** A string without escapes, all of it printable ASCII. */
const AS_IT_IS = /^[\x20-\x5b\x5d-\x7e]*$/;

/** Index behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  pattern.test(text);
  return pattern.lastIndex;
}

/** Tokens of a JSON text, which has been found to be one. A name and its colon are one token. */
function* tokensOf(text: string): Generator<string> {
  for (let at = endOf(BLANKS, text, 0); at < text.length; ) {
    const first = text[at] as string;
    let end = at + 1;
    if (first === '"') end = endOfString(text, at);
    else if (!'{}[],'.includes(first)) end = endOf(LITERAL, text, at);
    const next = endOf(BLANKS, text, end);
    const isName = text[next] === ':';
    yield isName ? `${text.slice(at, end)}:` : text.slice(at, end);
    at = isName ? endOf(BLANKS, text, next + 1) : next;
  }
}

/** The string again, every character that is not printable ASCII escaped (as Python's `json.dumps`). */
function asciiString(token: string): string {
  if (AS_IT_IS.test(token)) return token;
  return JSON.stringify(JSON.parse(token)).replace(
    NOT_PLAIN_ASCII,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @throws SyntaxError unless the text is JSON. */
function checked(text: string): void {
  JSON.parse(text);
}

/** Without white space between tokens, otherwise as it was. @throws SyntaxError unless it is JSON. */
export function compacted(text: string): string {
  checked(text);
  return [...tokensOf(text)].join('');
}

/**
 * Indented by four for each level, in ASCII, as httpx prints it, in pieces; `null` if its nesting makes that too long.
 * @throws SyntaxError unless it is JSON.
 */
export function indented(text: string, paint: Paint = plain): Iterable<string> | null {
  checked(text);
  return indentOf(text) > ALLOWANCE + GROWTH_MAX * text.length ? null : layoutOf(text, paint);
}

/** Spaces and line feeds that a layout adds; no less, and of empty brackets a little more. */
function indentOf(text: string): number {
  let added = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const first = text[at];
    if (first === '"') at = endOfString(text, at) - 1;
    else if (first === '{' || first === '[') added += 4 * ++depth + 1;
    else if (first === ',') added += 4 * depth + 1;
    else if (first === '}' || first === ']') added += 4 * --depth + 1;
  }
  return added;
}

function* layoutOf(text: string, paint: Paint): Generator<string> {
  let out = '';
  let depth = 0;
  let before = '';
  for (const token of tokensOf(text)) {
    const closes = token === '}' || token === ']';
    const follows = before === '{' || before === '[' || before === ',';
    if (closes) depth--;
    if (closes ? !follows : follows) out += `\n${' '.repeat(4 * depth)}`;
    out += painted(token, paint);
    if (token === '{' || token === '[') depth++;
    before = token;
    if (out.length > PIECE) {
      yield out;
      out = '';
    }
  }
  yield out;
}

function painted(token: string, paint: Paint): string {
  if (token.endsWith(':')) return `${paint('key', asciiString(token.slice(0, -1)))}: `;
  if (token.startsWith('"')) return paint('string', asciiString(token));
  return '{}[],'.includes(token) ? token : paint('literal', token);
}
