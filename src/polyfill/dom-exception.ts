/** DOMException (Web IDL §2.8) as far as the client, and what it is used with, make them: a name and a message. */

/** Codes that names had before there were only names. */
const CODES: Readonly<Record<string, number>> = {
  InvalidCharacterError: 5,
  AbortError: 20,
  TimeoutError: 23,
  DataCloneError: 25,
};

export class DOMException extends Error {
  readonly code: number;

  constructor(message: string = '', name: string = 'Error') {
    super(message);
    Object.defineProperty(this, 'name', { value: name, configurable: true });
    this.code = CODES[name] ?? 0;
  }
}
