/**
 * One Set-Cookie field taken apart (RFC 6265bis §5.6). Text here is octets, one per code unit, so that what a server sent is
 * sent back to the octet. Whether a cookie is kept, and for whom, is the jar's business.
 */
import { cookieDateMs } from './cookie-dates.js';

/** When a cookie is sent along with requests from other sites: kept, and told; a client knows of no sites. */
export type SameSite = 'strict' | 'lax' | 'none';

/** What a Set-Cookie field says. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** Milliseconds since 1970; `null`: until the jar is gone. */
  readonly expires: number | null;
  /** In lower case, without a leading '.'; `null`: only the host that sent it. */
  readonly domain: string | null;
  /** `null`: that of the request. */
  readonly path: string | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | null;
}

/** Octets of name and value together. */
const PAIR_OCTETS_MAX = 4096;
/** Octets of an attribute's value; longer ones are as if not there. */
const ATTRIBUTE_OCTETS_MAX = 1024;
/** No cookie lives longer (RFC 6265bis §5.5). */
const AGE_MS_MAX = 400 * 86_400_000;
/** What makes a whole field void. */
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/;
const SECONDS = /^-?[0-9]+$/;
const SAME_SITE: ReadonlySet<string> = new Set(['strict', 'lax', 'none']);

type Draft = { -readonly [K in keyof SetCookie]: SetCookie[K] } & { maxAge: number | null };

/** `null` for a field that is to be ignored. `nowMs`: milliseconds since 1970. */
export function parsedSetCookie(field: string, nowMs: number): SetCookie | null {
  if (CONTROL.test(field)) return null;
  const [pair = '', ...attributes] = field.split(';');
  const at = pair.indexOf('=');
  // Without '=' there is no name (RFC 6265bis §5.6, step 4).
  const name = trimmed(pair.slice(0, Math.max(at, 0)));
  const value = trimmed(pair.slice(at + 1));
  if (name === '' && value === '') return null;
  if (name.length + value.length > PAIR_OCTETS_MAX) return null;
  const draft: Draft = {
    name,
    value,
    expires: null,
    domain: null,
    path: null,
    secure: false,
    httpOnly: false,
    sameSite: null,
    maxAge: null,
  };
  for (const attribute of attributes) apply(attribute, draft);
  const { maxAge, ...cookie } = draft;
  const expires = maxAge === null ? draft.expires : maxAge <= 0 ? 0 : nowMs + maxAge * 1000;
  return { ...cookie, expires: expires === null ? null : Math.min(expires, nowMs + AGE_MS_MAX) };
}

/** The last attribute of a name wins, unless its value means nothing. */
function apply(attribute: string, draft: Draft): void {
  const at = attribute.indexOf('=');
  const name = trimmed(at < 0 ? attribute : attribute.slice(0, at)).toLowerCase();
  const value = at < 0 ? '' : trimmed(attribute.slice(at + 1));
  if (value.length > ATTRIBUTE_OCTETS_MAX) return;
  switch (name) {
    case 'expires':
      draft.expires = cookieDateMs(value) ?? draft.expires;
      break;
    case 'max-age':
      if (SECONDS.test(value)) draft.maxAge = Number(value);
      break;
    case 'domain':
      // An empty one is ignored (RFC 6265 §5.2.3, and web-platform-tests).
      if (value !== '') draft.domain = value.replace(/^\./, '').toLowerCase() || null;
      break;
    case 'path':
      draft.path = value.startsWith('/') ? value : null;
      break;
    case 'secure':
      draft.secure = true;
      break;
    case 'httponly':
      draft.httpOnly = true;
      break;
    case 'samesite': {
      const sameSite = value.toLowerCase();
      draft.sameSite = SAME_SITE.has(sameSite) ? (sameSite as SameSite) : null;
    }
  }
}

/** Without spaces and tabs at both ends. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
