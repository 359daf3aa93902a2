/**
 * Digest authentication of requests (RFC 7616). A request goes out plain; the challenge it meets is answered, and remembered
 * for the protection space it speaks of: its origin, and there the URIs that `domain` lists. Later requests into that space
 * are authenticated at once.
 *
 * What a redirect led to is answered where it stands, if that is the same origin: credentials for one URI are no use at
 * another, and another origin gets none (SECURITY 6.1, 6.9). Never answered: other schemes, unknown algorithms.
 */

import { host as ownHost } from '#host';
import { Auth, type AuthFlow, isAnswerTo, serverOf, utf8Octets } from './auth.js';
import { typeNameOf } from './config.js';
import type { Cookies } from './cookies.js';
import {
  type Credentials,
  type DigestChallenge,
  DigestSession,
  digestChallengeOf,
  hex,
  stillLoading,
} from './digest.js';
import { octetsOfText, textOfOctets } from './fields.js';
import { isThenable } from './flow.js';
import type { Digests, Host } from './hosts/host.js';
import type { Request } from './request.js';
import type { URL } from './url.js';

/** Octets of randomness in a client nonce, which has two digits for each (httpx). */
const CNONCE_OCTETS = 8;
/** Protection spaces that are remembered; the one that was used least recently is forgotten first. */
const SPACES_MAX = 64;
/** Challenges that one call answers: its own, those of redirects within the origin, and of nonces gone stale. */
const ANSWERS_MAX = 16;

/** Where a challenge holds. */
interface Space {
  /** The origin, as a key. */
  readonly server: string;
  /** What request targets in it begin with; `null`: anything. */
  readonly prefixes: readonly string[] | null;
  readonly session: DigestSession;
}

/** User and password, shown to the server only as a digest of both and what it said (RFC 7616). */
export class DigestAuth extends Auth {
  readonly #credentials: Credentials;
  readonly #host: Pick<Host, 'random' | 'digests'>;
  #spaces: readonly Space[] = [];
  /** What a flow waits for whose host is still loading hash functions. */
  #loading: PromiseLike<Request> | null = null;

  /**
   * MD5, SHA, SHA-256, SHA-512-256 and SHA-512, each with `-sess`: of several challenges the strongest is answered. One
   * object may serve any number of requests, of either client, at the same time.
   * @throws TypeError unless both are strings
   */
  constructor(username: string, password: string);
  /** `host` is for tests. @internal */
  constructor(username: string, password: string, host: Pick<Host, 'random' | 'digests'>);
  constructor(username: string, password: string, host: Pick<Host, 'random' | 'digests'> = ownHost) {
    super();
    if (typeof username !== 'string' || typeof password !== 'string') {
      const got = `${typeNameOf(username)} and ${typeNameOf(password)}`;
      throw new TypeError(`Cannot make DigestAuth: expected user and password to be strings, got ${got}`);
    }
    this.#credentials = { username: utf8Octets(username), password: utf8Octets(password) };
    this.#host = host;
  }

  /** For a proxy, whose challenges are answered elsewhere. @internal */
  get credentials(): Credentials {
    return this.#credentials;
  }

  override *authFlow(request: Request): AuthFlow {
    const known = this.#spaceOf(request.url);
    let response = yield known === null ? request : this.#authorized(request, known.session);
    for (let answers = 0; answers < ANSWERS_MAX && response.statusCode === 401; answers++) {
      const asked = response.request as Request;
      if (!isAnswerTo(request, response)) return;
      const challenge = digestChallengeOf(response.headers.octetsOf('www-authenticate'));
      // Credentials that were refused are wrong, unless the server says that only their nonce is.
      if (challenge === null || (answers > 0 && asked.headers.has('authorization') && !challenge.stale)) return;
      const next = asked === request ? request : asked.clone();
      const cookies = response.setsCookies ? response.cookies : null;
      const digests = this.#host.digests();
      if (isThenable(digests)) {
        this.#loading = digests.then((loaded) => this.#answered(next, challenge, cookies, loaded));
        response = yield this.#loading;
      } else response = yield this.#answered(next, challenge, cookies, digests as Digests);
    }
  }

  /** @throws LocalProtocolError on a host that is still loading hash functions */
  override *syncAuthFlow(request: Request): AuthFlow {
    const flow = super.syncAuthFlow(request);
    try {
      for (let step = flow.next(); step.done !== true; ) {
        if (step.value === this.#loading) {
          this.#loading.then(undefined, () => {});
          throw stillLoading('full');
        }
        step = flow.next(yield step.value);
      }
    } finally {
      flow.return();
    }
  }

  /** A client nonce. @internal */
  protected cnonce(): string {
    return hex(this.#host.random(CNONCE_OCTETS));
  }

  #answered(request: Request, challenge: DigestChallenge, cookies: Cookies | null, digests: Digests): Request {
    const server = serverOf(request.url);
    const before = this.#spaces.find(
      (space) => space.server === server && space.session.challenge.nonce === challenge.nonce,
    );
    const session = before?.session.renewed(challenge) ?? new DigestSession(challenge, digests, () => this.cnonce());
    this.#remember({ server, prefixes: prefixesOf(challenge.domain, request.url, server), session });
    this.#authorized(request, session);
    // What the server has just set may be part of what it asks for.
    if (cookies !== null) renewCookies(request, cookies);
    return request;
  }

  #authorized(request: Request, session: DigestSession): Request {
    const { target } = request.extensions;
    const uri = target === undefined || target === null ? request.url.target : targetOctets(target);
    const { octets } = request.stream;
    request.headers.set(
      'Authorization',
      session.authorization(this.#credentials, { method: request.method, uri, body: octets }),
    );
    return request;
  }

  /** In place of what was known of that realm, and of just these URIs. */
  #remember(space: Space): void {
    const { realm } = space.session.challenge;
    const isOther = ({ server, prefixes, session }: Space): boolean =>
      server !== space.server || (session.challenge.realm !== realm && String(prefixes) !== String(space.prefixes));
    this.#spaces = [space, ...this.#spaces.filter(isOther)].slice(0, SPACES_MAX);
  }

  #spaceOf(url: URL): Space | null {
    if (this.#spaces.length === 0) return null;
    const server = serverOf(url);
    const isIn = ({ server: of, prefixes, session }: Space): boolean =>
      of === server &&
      !session.isUsedUp &&
      (prefixes === null || prefixes.some((prefix) => url.target.startsWith(prefix)));
    const found = this.#spaces.find(isIn) ?? null;
    if (found !== null && found !== this.#spaces[0]) {
      this.#spaces = [found, ...this.#spaces.filter((space) => space !== found)];
    }
    return found;
  }
}

/** Adds what a response to `request` has set to its Cookie field, in place of what had the same names. */
function renewCookies(request: Request, cookies: Cookies): void {
  const older = request.headers.octetsOf('cookie').flatMap((field) => field.split('; '));
  request.headers.delete('cookie');
  request.addCookies(cookies);
  const newer = request.headers.octetsOf('cookie').flatMap((field) => field.split('; '));
  const names = new Set(newer.map(cookieName));
  const kept = older.filter((pair) => !names.has(cookieName(pair)));
  if (kept.length > 0) request.headers.set('Cookie', octetsOfText([...kept, ...newer].join('; ')));
}

function cookieName(pair: string): string {
  return pair.slice(0, Math.max(0, pair.indexOf('=')));
}

/** Beginnings of the targets on that server which `domain` lists; `null`: all. Other servers are not its to speak for. */
function prefixesOf(domain: string, url: URL, server: string): readonly string[] | null {
  const uris = domain.split(' ').filter((uri) => uri !== '');
  if (uris.length === 0) return null;
  return uris.flatMap((uri) => {
    const joined = joinedUrl(url, uri);
    return joined !== null && serverOf(joined) === server ? [joined.target] : [];
  });
}

function joinedUrl(base: URL, uri: string): URL | null {
  try {
    return base.join(uri);
  } catch {
    // What is no URL leads nowhere.
    return null;
  }
}

function targetOctets(target: string | Uint8Array): string {
  return typeof target === 'string' ? target : textOfOctets(target);
}
