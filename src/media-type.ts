/**
 * The charset that Content-Type names: of all media types in the field, or fields, as WHATWG's "extract a MIME type" has it
 * (Fetch §2.2.1, MIME Sniffing §4.4). Where none of them is one, a charset parameter counts all the same, as for httpx.
 */

/** `type/subtype`; the rest is parameters. */
const TYPE = /^[ \t\r\n]*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)[ \t\r\n]*(?:;|$)/;
/** A parameter up to the semicolon behind it. Quotes that do not end go on to the end of the text. */
const PARAMETER = /[ \t\r\n]*([^;=]*)(?:=("(?:[^"\\]|\\.)*(?:"[^;]*|\\?$)|[^;]*))?(?:;|$)/sy;
const QUOTED = /^"((?:[^"\\]|\\.)*)/s;

/** In lower case, known or not; `null`: there is none. Several fields are joined by commas. */
export function charsetOf(contentType: string | null): string | null {
  if (contentType === null || !/charset/i.test(contentType)) return null;
  const values = partsOf(contentType);
  let essence: string | null = null;
  let charset: string | null = null;
  for (const value of values) {
    const [head, type] = TYPE.exec(value) ?? [];
    if (head === undefined || type === undefined || type === '*/*') continue;
    const named = charsetIn(value, head.length);
    if (named !== null || type.toLowerCase() !== essence) charset = named;
    essence = type.toLowerCase();
  }
  return essence === null ? charsetIn(values[0] as string, 0) : charset;
}

/** Parts between commas that no quotes enclose. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (isQuoted && unit === '\\') at++;
    else if (unit === '"') isQuoted = !isQuoted;
    else if (unit === ',' && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** The first charset parameter from `start` on that has a value. */
function charsetIn(value: string, start: number): string | null {
  for (let at = start; at < value.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const [, name = '', given = ''] = PARAMETER.exec(value) ?? [];
    if (name.trim().toLowerCase() !== 'charset') continue;
    const quoted = QUOTED.exec(given)?.[1];
    const charset = quoted?.replace(/\\(.)/gs, '$1') ?? given.trim();
    if ((quoted !== undefined || charset !== '') && /^[\x20-\x7e]*$/.test(charset)) return charset.toLowerCase();
  }
  return null;
}
