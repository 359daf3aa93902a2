/** A response's body as JSON; where it is none, an error that says whose answer that is, and how it begins. */
import { attempted } from './attempted.js';
import type { Response } from './response.js';
import { decodeJsonText } from './text.js';

/** Characters of a body that a message shows. */
const SHOWN_MAX = 60;

/** @throws SyntaxError, its cause the one of the engine; ResponseNotRead @internal */
export function jsonOf(response: Response): unknown {
  const text = decodeJsonText(response.content);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${named(response)} as JSON: ${described(text)} (${messageOf(cause)})`, {
      cause,
    });
  }
}

/** Whose body it is, by what a reader of logs can look for; field values but the type's may be secrets. */
function named({ asked, statusCode, headers, content }: Response): string {
  const whose = asked === null ? 'the body of a response' : `the body of ${attempted(asked)}`;
  return `${whose} (status ${statusCode}, ${headers.get('content-type') ?? 'no Content-Type'}, ${content.length} octets)`;
}

function described(text: string): string {
  if (text.trim() === '') return 'it is empty';
  return `it begins with ${JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
