/**
 * The host seam: clock, timers, randomness, environment, files, diagnostics. Nothing else in `src/` may ask the runtime
 * for any of these, so that a test can be the host.
 */

import type { MaybePromise } from './socket.js';

/** A timer that was set by `Host.after`. */
export interface HostTimer {
  cancel(): void;
  /** Whether the process stays alive for it: at first it does not. */
  keepAlive(wanted: boolean): void;
}

/** Domains below which names belong to different people: 'com', 'co.uk', 'github.io' (publicsuffix.org). */
export interface PublicSuffixes {
  /** `domain` in ASCII and lower case. */
  isPublicSuffix(domain: string): boolean;
}

/** From octets to the octets of their hash. */
export type HashFunction = (octets: Uint8Array) => Uint8Array;

/** Hash functions that HTTP's Digest authentication knows (RFC 7616). */
export interface Digests {
  readonly md5: HashFunction;
  readonly sha1: HashFunction;
  readonly sha256: HashFunction;
  readonly sha512: HashFunction;
  readonly sha512_256: HashFunction;
}

/** What a body can be compressed to, by the names of content codings: `deflate` is zlib (RFC 1950). */
export type CompressedFormat = 'gzip' | 'deflate';

/** Compresses one body, piece by piece. */
export interface Compressor {
  /** What can be said of the body so far, perhaps nothing; after the last piece, the rest of it. */
  push(piece: Uint8Array, isLast: boolean): Uint8Array<ArrayBuffer>;
}

/** One kind of event, for who watches the process (Node: a channel of `node:diagnostics_channel`). */
export interface Channel {
  /** Asked before a message is made. */
  readonly hasSubscribers: boolean;
  /** What a subscriber throws is not thrown here. */
  publish(message: object): void;
}

/** What can be watched; what is told is in `src/diagnostics.ts`. */
export interface Diagnostics {
  readonly request: Channel;
  readonly response: Channel;
  readonly error: Channel;
  readonly connection: Channel;
}

/** What fetch forbids a page by silence, in words. */
export interface PageRules {
  /** Fields that are left to the browser, of a request that names its sender so: `those`, and perhaps one more. */
  left(userAgent: string | null, those: ReadonlySet<string>): ReadonlySet<string>;
  /** @throws LocalProtocolError if the fields that the host kept lack some that it was given, by name */
  checkFieldsKept(given: readonly string[], kept: Headers): void;
  /** What may be behind a failure that a page is not told of, for the end of a message. */
  perhapsForbidden(streamsBody: boolean): string;
}

export interface Host {
  /** Name and version of the runtime, as in `node/24.1.0`. */
  readonly name: string;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970, as the system has it: it may jump. For dates, never for durations. */
  wallClock(): number;
  /** Calls `run` once after `ms` milliseconds. The timer does not keep the process alive unless it is told to. */
  after(ms: number, run: () => void): HostTimer;
  /** Calls `run` in a later turn of the event loop, after pending reads were delivered. */
  nextTurn(run: () => void): void;
  /** `n` octets from a cryptographically secure source. */
  random(n: number): Uint8Array<ArrayBuffer>;
  /** Value of an environment variable, or `undefined`. */
  environment(name: string): string | undefined;
  /** Contents of a file. @throws what the host throws. */
  readFile(path: string): Uint8Array<ArrayBuffer>;
  /** Names of what is in a folder; `null`: the path is that of a file. @throws what the host throws. */
  readFolder(path: string): readonly string[] | null;
  /** The public suffix list, which is loaded when it is first asked for. */
  publicSuffixes(): MaybePromise<PublicSuffixes>;
  /** The hash functions, which are loaded when they are first asked for. */
  digests(): MaybePromise<Digests>;
  /** A compressor that waits for nothing; `null` on hosts that have only the platform's streams. */
  readonly compressor: ((format: CompressedFormat) => Compressor) | null;
  readonly diagnostics: Diagnostics;
  /** Of a page, or what is like one: fetch streams a body over HTTP/2 alone there, and hides redirects. */
  readonly page?: PageRules;
  /** A warning for the developer. */
  warn(message: string): void;
}
