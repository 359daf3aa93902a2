/**
 * Users and passwords from a netrc file (httpx: `NetRCAuth`), sent as Basic to the hosts that the file names. Nobody reads
 * such a file but this class, and a redirect to another origin takes nothing from it (SECURITY 6.2).
 */

import { host as ownHost } from '#host';
import { Auth, type AuthFlow, BasicAuth } from './auth.js';
import { typeNameOf } from './config.js';
import type { Host } from './hosts/host.js';
import { type Netrc, parsedNetrc } from './netrc.js';
import type { Request } from './request.js';

/** User and password by host, from a netrc file that is read once, when this is made. */
export class NetRCAuth extends Auth {
  readonly #netrc: Netrc;

  /**
   * `file`: a path; by default `.netrc` in the user's home (HOME, or USERPROFILE). A request gets the entry of its URL's
   * host, in lower case, else the file's `default`; an entry without a password is none.
   * @throws SyntaxError for what is no netrc file, naming the line; Error for one that cannot be read, its cause and `code` the
   * host's
   */
  constructor(file?: string | null | undefined);
  /** `host` is for tests. @internal */
  constructor(file: string | null | undefined, host: Pick<Host, 'readFile' | 'environment'>);
  constructor(file?: string | null | undefined, host: Pick<Host, 'readFile' | 'environment'> = ownHost) {
    super();
    if (file !== undefined && file !== null && typeof file !== 'string') {
      throw new TypeError(`Cannot make NetRCAuth: expected file to be a path, got ${typeNameOf(file)}`);
    }
    this.#netrc = parsedNetrc(new TextDecoder().decode(contentsOf(file ?? defaultFile(host), host)));
  }

  override *authFlow(request: Request): AuthFlow {
    const { machines, fallback } = this.#netrc;
    const entry = machines.get(request.url.host) ?? fallback;
    if (entry === null || entry.password === '') yield request;
    else yield* new BasicAuth(entry.login, entry.password).authFlow(request);
  }
}

function contentsOf(path: string, host: Pick<Host, 'readFile'>): Uint8Array {
  try {
    return host.readFile(path);
  } catch (cause) {
    const { message, code } = cause as Error & { readonly code?: unknown };
    const error = new Error(`Cannot make NetRCAuth: the netrc file cannot be read from ${path}: ${message}`, { cause });
    throw Object.assign(error, { code });
  }
}

function defaultFile(host: Pick<Host, 'environment'>): string {
  const home = host.environment('HOME') ?? host.environment('USERPROFILE');
  if (home === undefined) throw new Error('Cannot find the netrc file: neither HOME nor USERPROFILE is set');
  return `${home}/.netrc`;
}
