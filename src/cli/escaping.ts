/**
 * What others send, made fit to be seen. A terminal obeys control characters: a server could move the cursor, hide text or
 * paste into the shell. So nothing of it is printed raw: C0 and C1 controls (C1 is eight-bit escape sequences), DEL, and the
 * controls that turn the direction of text around (U+202A-U+202E, U+2066-U+2069) become escapes one can read.
 */

const CONTROLS = /(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const CONTROLS_BUT_ENDS = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

function escapeOf(character: string): string {
  const unit = character.charCodeAt(0);
  return unit > 0xff ? `\\u${unit.toString(16)}` : `\\x${unit.toString(16).padStart(2, '0')}`;
}

/** One line, its controls escaped; tabs stay. */
export function visibleLine(text: string): string {
  return text.replace(CONTROLS, escapeOf);
}

/** A message as one line, its controls escaped. */
export function oneLine(message: string): string {
  return message
    .split(/\s*[\r\n]+\s*/)
    .map((line) => visibleLine(line))
    .join(' ');
}

/** Text of several lines, its controls escaped but for tabs and the ends of lines, which become line feeds. */
export function visibleText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS_BUT_ENDS, escapeOf);
}

/** `visibleText` of a text that comes in pieces, cut wherever. */
export class VisibleText {
  /** A carriage return that a line feed may follow. */
  #held = '';

  give(piece: string): string {
    const text = this.#held + piece;
    this.#held = text.endsWith('\r') ? '\r' : '';
    return visibleText(this.#held === '' ? text : text.slice(0, -1));
  }

  /** What is left when no more comes. */
  end(): string {
    const rest = visibleText(this.#held);
    this.#held = '';
    return rest;
  }
}
