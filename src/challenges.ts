/**
 * Challenges: what WWW-Authenticate and Proxy-Authenticate hold (RFC 9110 §11.6.1), schemes with their parameters. Octets,
 * one per code unit: what they mean is the scheme's to say. One pass, no expression that could run away (SECURITY 5.5).
 *
 * A comma parts challenges and parameters alike: a name with '=' behind it goes on with the challenge, another begins one.
 */

/** One way to authenticate. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name, in lower case; the last one of a name counts. */
  readonly params: ReadonlyMap<string, string>;
  /** What stands in the place of parameters, as Negotiate has it; or `null`. */
  readonly token68: string | null;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*/y;
const BLANKS = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
/** Of a quoted string, up to what ends it or a pair. */
const UNESCAPED = /[^"\\]*/y;

/** The challenges of one field value, in order; `null` if it is malformed. */
export function challengesOf(field: string): readonly Challenge[] | null {
  const cursor = new Cursor(field);
  const challenges: Challenge[] = [];
  for (;;) {
    cursor.take(SEPARATORS);
    if (cursor.atEnd) return challenges;
    const scheme = cursor.take(TOKEN).toLowerCase();
    if (scheme === '') return null;
    const params = new Map<string, string>();
    let token68: string | null = null;
    const isParted = cursor.take(BLANKS) !== '';
    if (!cursor.endsItem()) {
      if (!isParted) return null;
      token68 = cursor.takeToken68();
      if (token68 === null && !takeParams(cursor, params)) return null;
    }
    challenges.push({ scheme, params, token68 });
  }
}

/** Takes parameters as long as there are any, one at least: false if not. */
function takeParams(cursor: Cursor, params: Map<string, string>): boolean {
  for (;;) {
    const before = cursor.at;
    const name = cursor.take(TOKEN).toLowerCase();
    cursor.take(BLANKS);
    if (name === '' || !cursor.takes('=')) {
      // Perhaps the next scheme: for who reads schemes to say.
      cursor.at = before;
      return params.size > 0;
    }
    cursor.take(BLANKS);
    const value = cursor.takeValue();
    if (value === null) return false;
    params.set(name, value);
    cursor.take(BLANKS);
    if (!cursor.endsItem()) return false;
    cursor.take(SEPARATORS);
  }
}

/** A place in a field value. */
class Cursor {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** An item of the list ends here. */
  endsItem(): boolean {
    return this.atEnd || this.#text[this.at] === ',';
  }

  /** Takes what matches here, perhaps nothing. `pattern` is sticky. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const taken = pattern.exec(this.#text)?.[0] ?? '';
    this.at += taken.length;
    return taken;
  }

  takes(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Takes a token68, which ends with the field or at a comma; `null` if what stands here is none. */
  takeToken68(): string | null {
    const before = this.at;
    const token = this.take(TOKEN68);
    this.take(BLANKS);
    if (token !== '' && this.endsItem()) return token;
    this.at = before;
    return null;
  }

  /** Takes a token, or a quoted string and unquotes it; `null` if there is neither, or no end to it. */
  takeValue(): string | null {
    return this.takes('"') ? this.#takeQuoted() : this.take(TOKEN) || null;
  }

  #takeQuoted(): string | null {
    let value = '';
    for (;;) {
      value += this.take(UNESCAPED);
      if (this.takes('"')) return value;
      if (!this.takes('\\') || this.atEnd) return null;
      value += this.#text[this.at++];
    }
  }
}
