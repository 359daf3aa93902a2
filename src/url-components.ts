/** Components by name, as `new URL(url, components)` and `copyWith` take them: checked one by one, then put in place. */
import { own, typeNameOf } from './config.js';
import { InvalidURL } from './exceptions.js';
import { textOfOctets } from './fields.js';
import { QueryParams, type QueryParamTypes } from './query-params.js';
import { checkText, encodeCredential, normalised, splitAuthority, type UrlParts } from './url-syntax.js';

/** Components that replace a URL's own; `null` removes one. */
export interface URLComponents {
  /** Without the ':'. */
  readonly scheme?: string | null | undefined;
  /** User name and password in one, encoded, with a ':' between them. */
  readonly userinfo?: string | null | undefined;
  /** Not yet encoded. */
  readonly username?: string | null | undefined;
  /** Not yet encoded. */
  readonly password?: string | null | undefined;
  /** Name or address; an IPv6 address with or without brackets. */
  readonly host?: string | null | undefined;
  /** `null`: the scheme's own. */
  readonly port?: number | null | undefined;
  /** Host and port in one. */
  readonly netloc?: string | null | undefined;
  /** What is encoded stays so; what must be is. A '?' or '#' is refused. */
  readonly path?: string | null | undefined;
  /** Without the '?'. */
  readonly query?: string | null | undefined;
  /** Path and query in one. */
  readonly rawPath?: string | Uint8Array | null | undefined;
  /** Without the '#'. */
  readonly fragment?: string | null | undefined;
  /** Replaces the query. */
  readonly params?: QueryParamTypes | undefined;
}

const NAMES: ReadonlySet<string> = new Set([
  'scheme',
  'userinfo',
  'username',
  'password',
  'host',
  'port',
  'netloc',
  'path',
  'query',
  'rawPath',
  'fragment',
  'params',
]);
const SCHEME = /^(?:[A-Za-z][A-Za-z0-9+.-]*)?$/;

type TextName = Exclude<keyof URLComponents, 'port' | 'params'>;

/** The text of a component; `undefined` if it is not given, '' if it is `null`. */
function textOf(components: URLComponents, name: TextName): string | undefined {
  let value: unknown = own(components, name);
  if (value === undefined) return undefined;
  if (value === null) return '';
  if (name === 'rawPath' && value instanceof Uint8Array) value = textOfOctets(value);
  if (typeof value !== 'string') {
    throw new TypeError(`Cannot make URL: expected '${name}' to be a string, got ${typeNameOf(value)}`);
  }
  // A control character in credentials is encoded like any other; everywhere else it is a mistake.
  if (name !== 'username' && name !== 'password') checkText(value, `URL component '${name}'`);
  return value;
}

/** `null` stays `null`, for the components whose emptiness and absence differ. */
function textOrNull(components: URLComponents, name: TextName): string | null | undefined {
  return own(components, name) === null ? null : textOf(components, name);
}

function without(text: string, delimiters: RegExp, name: string): string {
  const found = delimiters.exec(text);
  if (found === null) return text;
  const message = `Cannot make URL: expected no '${found[0]}' in '${name}', got one at position ${found.index}`;
  throw new InvalidURL(message, { position: found.index });
}

/** @throws TypeError for unknown names and wrong types; InvalidURL for what cannot stand in its place. */
export function replaced(parts: UrlParts, components: URLComponents): UrlParts {
  if (typeof components !== 'object' || components === null) {
    throw new TypeError(`Cannot make URL: expected components as an object, got ${typeNameOf(components)}`);
  }
  for (const name of Object.keys(components)) {
    if (!NAMES.has(name)) {
      throw new TypeError(`Cannot make URL: unknown component '${name}' (known: ${[...NAMES].join(', ')})`);
    }
  }
  const scheme = textOf(components, 'scheme') ?? parts.scheme;
  if (!SCHEME.test(scheme)) throw new InvalidURL(`Cannot make URL: expected a scheme, got ${JSON.stringify(scheme)}`);
  const fragment = textOrNull(components, 'fragment');
  return normalised({
    scheme,
    userinfo: userinfoOf(parts, components),
    ...hostAndPortOf(parts, components),
    ...pathAndQueryOf(parts, components),
    fragment: fragment === undefined ? parts.fragment : fragment,
  });
}

function userinfoOf(parts: UrlParts, components: URLComponents): string {
  const whole = textOf(components, 'userinfo') ?? parts.userinfo;
  const username = textOf(components, 'username');
  const password = textOf(components, 'password');
  if (username === undefined && password === undefined) return without(whole, /@/, 'userinfo');
  const at = whole.indexOf(':');
  const user = username === undefined ? whole.slice(0, at < 0 ? whole.length : at) : encodeCredential(username);
  const secret = password === undefined ? whole.slice(at < 0 ? whole.length : at + 1) : encodeCredential(password);
  return secret === '' ? user : `${user}:${secret}`;
}

function hostAndPortOf(parts: UrlParts, components: URLComponents): Pick<UrlParts, 'host' | 'port'> {
  let host = parts.host;
  let port = parts.port;
  const netloc = textOf(components, 'netloc');
  if (netloc !== undefined) {
    const split = splitAuthority(without(netloc, /[@/?#]/, 'netloc'), 0);
    host = split.host;
    port = split.port;
  }
  host = textOf(components, 'host') ?? host;
  const number: unknown = own(components, 'port');
  return { host, port: number === undefined ? port : checkedPort(number) };
}

function checkedPort(port: unknown): number | null {
  if (port === null) return null;
  if (typeof port !== 'number' || !Number.isInteger(port)) {
    throw new TypeError(`Cannot make URL: expected 'port' to be an integer, got ${typeNameOf(port)}`);
  }
  if (port >= 0 && port <= 65535) return port;
  throw new InvalidURL(`Cannot make URL: expected a port from 0 to 65535, got ${port}`);
}

function pathAndQueryOf(parts: UrlParts, components: URLComponents): Pick<UrlParts, 'path' | 'query'> {
  let path = textOf(components, 'path') ?? parts.path;
  let query = textOrNull(components, 'query');
  if (query === undefined) query = parts.query;
  const raw = textOrNull(components, 'rawPath');
  if (raw !== undefined) {
    const at = raw === null ? -1 : raw.indexOf('?');
    path = at < 0 ? (raw ?? '') : (raw ?? '').slice(0, at);
    query = at < 0 ? null : (raw ?? '').slice(at + 1);
  }
  const params = own(components, 'params');
  if (params !== undefined) {
    const made = new QueryParams(params);
    query = made.size === 0 ? null : made.toString();
  }
  return { path: without(path, /[?#]/, 'path'), query: query === null ? null : without(query, /#/, 'query') };
}
