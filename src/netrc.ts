/**
 * Netrc files: which user and password are for which host. Read as CPython 3.11 reads them, which httpx does: tokens parted
 * by white space, quoted or with backslashes where they hold any; the last entry of a host counts; macros are skipped.
 * Messages name the line and never what stands in it: it may be a password.
 */

/** User and password of one host. */
export interface NetrcEntry {
  readonly login: string;
  /** '' if the entry has none. */
  readonly password: string;
}

/** What a netrc file holds. */
export interface Netrc {
  readonly machines: ReadonlyMap<string, NetrcEntry>;
  /** For hosts without an entry of their own. */
  readonly fallback: NetrcEntry | null;
}

/** @throws SyntaxError for what is no netrc file */
export function parsedNetrc(text: string): Netrc {
  const lexer = new Lexer(text.replace(/\r\n?/g, '\n'));
  const machines = new Map<string, NetrcEntry>();
  let fallback: NetrcEntry | null = null;
  for (;;) {
    const line = lexer.line;
    const token = lexer.next();
    if (token === '') return { machines, fallback };
    if (token === '#' && lexer.line === line) lexer.skipLine();
    else if (token === 'machine') machines.set(lexer.name('the name of a machine'), entryOf(lexer));
    else if (token === 'default') fallback = entryOf(lexer);
    else if (token === 'macdef') skipMacro(lexer);
    else if (token[0] !== '#') throw lexer.error('expected machine, default or macdef');
  }
}

/** The rest of an entry: up to the next one, or the end. */
function entryOf(lexer: Lexer): NetrcEntry {
  let login = '';
  let password = '';
  for (;;) {
    const line = lexer.line;
    const token = lexer.next();
    if (token.startsWith('#')) {
      if (lexer.line === line) lexer.skipLine();
    } else if (token === 'login' || token === 'user') login = lexer.next();
    else if (token === 'password') password = lexer.next();
    else if (token === 'account') lexer.next();
    else if (token === '' || token === 'machine' || token === 'default' || token === 'macdef') {
      lexer.giveBack(token);
      return { login, password };
    } else throw lexer.error('expected login, user, account or password');
  }
}

/** Skips a macro, which ends at an empty line. */
function skipMacro(lexer: Lexer): void {
  lexer.name('the name of a macro');
  for (;;) {
    const line = lexer.skipLine();
    if (line === null) throw lexer.error('expected an empty line after the macro');
    if (line === '') return;
  }
}

const BLANK = /[ \t\n]/;

/** Takes tokens from a text. */
class Lexer {
  line = 1;
  readonly #text: string;
  #at = 0;
  #given: string | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  error(expected: string): SyntaxError {
    return new SyntaxError(`Cannot read the netrc file, line ${this.line}: ${expected}`);
  }

  /** The next token is that one again. */
  giveBack(token: string): void {
    this.#given = token;
  }

  name(what: string): string {
    const name = this.next();
    if (name === '') throw this.error(`expected ${what}`);
    return name;
  }

  /** The next token, and the character after it; '' at the end. */
  next(): string {
    if (this.#given !== null) {
      const given = this.#given;
      this.#given = null;
      return given;
    }
    let first = this.#take();
    while (BLANK.test(first)) first = this.#take();
    const isQuoted = first === '"';
    let token = '';
    for (let character = isQuoted ? this.#take() : first; character !== ''; character = this.#take()) {
      if (isQuoted ? character === '"' : BLANK.test(character)) break;
      token += character === '\\' ? this.#take() : character;
    }
    return token;
  }

  /** The rest of the line, `null` at the end of the text. */
  skipLine(): string | null {
    if (this.#at >= this.#text.length) return null;
    const end = this.#text.indexOf('\n', this.#at);
    const rest = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    if (end >= 0) this.line++;
    return rest;
  }

  #take(): string {
    const character = this.#text[this.#at] ?? '';
    this.#at++;
    if (character === '\n') this.line++;
    return character;
  }
}
