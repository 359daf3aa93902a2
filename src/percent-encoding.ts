/**
 * Percent-encoding (RFC 3986 §2.1) with httpx's safe sets, and the form encoding of query parameters (WHATWG URL §5, as
 * Python's `urlencode` spells it). What is already encoded stays as it is, and so does a stray '%'.
 */

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Runs of what a component must encode: all but printable ASCII, and of that what delimits. */
export const UNSAFE_IN_FRAGMENT: RegExp = /[^!#-;=?-_a-~]+/g;
export const UNSAFE_IN_QUERY: RegExp = /[^!$-;=?-~]+/g;
export const UNSAFE_IN_PATH: RegExp = /[^!$-;=@-_a-z|~]+/g;
export const UNSAFE_IN_USERINFO: RegExp = /[^!$-.0-:A-Z_a-z~]+/g;
/** As userinfo, but a colon would end the username. */
export const UNSAFE_IN_CREDENTIAL: RegExp = /[^!$-.0-9A-Z_a-z~]+/g;
export const UNSAFE_IN_HOST: RegExp = /[^!"$-.0-9;=A-Z\\_`a-~]+/g;

const UNSAFE_IN_FORM = /[^A-Za-z0-9_.~-]+/g;
const ENCODED_RUN = /(?:%[0-9A-Fa-f]{2})+/g;

/** Encodes what `unsafe` finds, as UTF-8; a lone surrogate as U+FFFD. */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, encodedRun);
}

function encodedRun(run: string): string {
  let encoded = '';
  for (const octet of encoder.encode(run)) encoded += `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}

/** Decodes every %XX as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function percentDecode(text: string): string {
  return text.includes('%') ? text.replace(ENCODED_RUN, decodedRun) : text;
}

function decodedRun(run: string): string {
  const octets = new Uint8Array(run.length / 3);
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(run.slice(3 * i + 1, 3 * i + 3), 16);
  return utf8.decode(octets);
}

/** One name or value of a form. */
export function formEncode(text: string): string {
  return text.replace(UNSAFE_IN_FORM, (run) => encodedRun(run).replaceAll('%20', '+'));
}

/** The reverse of `formEncode`. */
export function formDecode(text: string): string {
  return percentDecode(text.includes('+') ? text.replaceAll('+', ' ') : text);
}
