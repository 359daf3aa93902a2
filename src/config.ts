/**
 * Settings as values: durations, timeouts, limits, TLS. Immutable, checked when they are made, read by own properties only
 * (SECURITY 5.6), so that a polluted `Object.prototype` configures nothing. They measure nothing and enforce nothing.
 */
import { HEAD_OCTETS_CEILING } from '../assembly/abi.js';

/** A span of time. A bare number is milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm'}`;

/** Where Node, Bun and Deno's `node:util` ask an object for its own way to be shown. @internal */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** The option if the object itself has it; what its prototypes say is not the caller's word. @internal */
export function own<T extends object, K extends keyof T>(options: T | null | undefined, name: K): T[K] | undefined {
  return options !== null && options !== undefined && Object.hasOwn(options, name) ? options[name] : undefined;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
]);
const DURATION = /^([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ms|s|m)$/;

/**
 * Milliseconds of a duration; `null` (no limit) stays `null`.
 * @throws RangeError for 0, negative, NaN, infinite and for strings that are no duration; TypeError for other types.
 */
export function durationMs(value: Duration | null, name: string): number | null {
  if (value === null) return null;
  let ms: number;
  if (typeof value === 'number') ms = value;
  else if (typeof value === 'string') {
    const parts = DURATION.exec(value);
    if (parts === null) {
      throw new RangeError(
        `Cannot set ${name}: expected milliseconds, or a string in ms, s or m ('500ms', '5s', '2m'), got ${JSON.stringify(value)}`,
      );
    }
    ms = Number(parts[1]) * (UNIT_MS.get(parts[2] ?? '') ?? Number.NaN);
  } else throw new TypeError(`Cannot set ${name}: expected a duration or null, got ${typeNameOf(value)}`);
  if (ms > 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new RangeError(`Cannot set ${name}: expected more than 0 (null for no limit), got ${String(value)}`);
}

/** How a message names the type of a value that should not be there. @internal */
export function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

/**
 * What a buffer or another view is taken for would be no octets, or others. `action`: what is to be done with them.
 * @throws TypeError for what is no Uint8Array, of whichever realm. @internal
 */
export function checkOctets(given: unknown, action: string): void {
  if (given instanceof Uint8Array) return;
  if (ArrayBuffer.isView(given) && Object.prototype.toString.call(given) === '[object Uint8Array]') return;
  throw new TypeError(`Cannot ${action}: expected a Uint8Array, got ${typeNameOf(given)}`);
}

/**
 * The fields of a `Timeout`, each a duration (a bare number is milliseconds) or `null` (no limit). A field that is left out
 * keeps the value of what the object completes: the client's timeout, or the default.
 */
export interface TimeoutOptions {
  /** DNS, TCP, proxy and TLS together: 5 s by default. */
  readonly connect?: Duration | null | undefined;
  /** The whole response head, then each silence in the body: 5 s by default. */
  readonly read?: Duration | null | undefined;
  /** Each write that the peer does not take: 5 s by default. */
  readonly write?: Duration | null | undefined;
  /** Waiting for a connection of the pool: 5 s by default. */
  readonly pool?: Duration | null | undefined;
  /** One call, from the pool to the last octet: no limit by default. */
  readonly total?: Duration | null | undefined;
}

/** Whatever may be given where a timeout is asked for: a duration, fields of a `Timeout`, or `null` for no limit at all. */
export type TimeoutTypes = Duration | Timeout | TimeoutOptions | null;

const TIMEOUT_FIELDS = ['connect', 'read', 'write', 'pool', 'total'] as const;

/** Limits of waiting, in milliseconds; `null` is no limit. */
export class Timeout {
  /** DNS, TCP, proxy and TLS together. */
  readonly connect: number | null;
  /** The whole response head, then each silence in the body. */
  readonly read: number | null;
  /** Each write that the peer does not take. */
  readonly write: number | null;
  /** Waiting for a connection of the pool. */
  readonly pool: number | null;
  /** One call, from the pool to the last octet, auth steps and redirects included. */
  readonly total: number | null;

  /**
   * `base` (a duration or `null`) goes for `connect`, `read`, `write` and `pool`, never for `total`; another `Timeout` goes
   * for all five. The options win.
   * @throws TypeError without a base unless all four fields are given (as httpx); RangeError for what is no duration.
   */
  constructor(base?: Duration | Timeout | null, options?: TimeoutOptions) {
    if (typeof base === 'object' && base !== null && !(base instanceof Timeout)) {
      throw new TypeError(
        'Cannot make a Timeout: expected a duration first, and its fields second: new Timeout("5s", { read: "30s" })',
      );
    }
    checkFields(options, TIMEOUT_FIELDS, 'make Timeout');
    const whole = base instanceof Timeout ? base : null;
    const common = base === undefined || whole !== null ? undefined : durationMs(base as Duration | null, 'timeout');
    this.connect = timeoutOf(options, 'connect', whole === null ? common : whole.connect);
    this.read = timeoutOf(options, 'read', whole === null ? common : whole.read);
    this.write = timeoutOf(options, 'write', whole === null ? common : whole.write);
    this.pool = timeoutOf(options, 'pool', whole === null ? common : whole.pool);
    this.total = timeoutOf(options, 'total', whole === null ? null : whole.total);
    Object.freeze(this);
  }

  /**
   * What `value` means where `base` holds: `undefined` is the base, a duration or `null` replaces it whole, and a plain
   * object's missing fields keep the base's.
   */
  static from(value: TimeoutTypes | undefined, base: Timeout): Timeout {
    if (value === undefined) return base;
    if (value instanceof Timeout) return value;
    if (typeof value === 'object' && value !== null) return new Timeout(base, value);
    return new Timeout(value);
  }

  /** True if all five limits are the same. */
  equals(other: unknown): boolean {
    return other instanceof Timeout && TIMEOUT_FIELDS.every((field) => this[field] === other[field]);
  }

  /** The limits in milliseconds, as people read them. */
  toString(): string {
    const { connect, read, write, pool, total } = this;
    if (connect === read && read === write && write === pool && total === null) return `Timeout(${spanOf(connect)})`;
    return `Timeout(${TIMEOUT_FIELDS.map((field) => `${field}: ${spanOf(this[field])}`).join(', ')})`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

function spanOf(ms: number | null): string {
  return ms === null ? 'none' : `${ms} ms`;
}

function timeoutOf(
  options: TimeoutOptions | undefined,
  field: keyof TimeoutOptions,
  otherwise: number | null | undefined,
): number | null {
  const value = own(options, field);
  if (value !== undefined) return durationMs(value, `timeout.${field}`);
  if (otherwise !== undefined) return otherwise;
  throw new TypeError(
    `Cannot make a Timeout: expected a default, or connect, read, write and pool all four; ${field} is missing`,
  );
}

/**
 * An option that nobody reads is a misspelt one. `action`: what they are for, as a message says it; `hint`: what more there
 * is to say of a name. @internal
 */
export function checkFields(
  options: object | null | undefined,
  known: readonly string[],
  action: string,
  hint?: (name: string, known: readonly string[]) => string,
): void {
  if (options === undefined || options === null) return;
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw new TypeError(
      `Cannot ${action}: expected an object, got ${typeNameOf(options)} (known: ${known.join(', ')})`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      const more = hint?.(name, known) ?? '';
      throw new TypeError(`Cannot ${action}: ${unknownOption(name, known)} (known: ${known.join(', ')})${more}`);
    }
  }
}

function unknownOption(name: string, known: readonly string[]): string {
  const plain = plainNameOf(name);
  const meant = known.find((each) => plainNameOf(each) === plain);
  return `unknown option '${name}'${meant === undefined ? '' : `, did you mean '${meant}'?`}`;
}

/** A name without what differs between spellings: case and '_'. */
function plainNameOf(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/**
 * The fields of `Limits`. A client that is given none has 100 connections, 20 of them kept idle; given limits replace those
 * whole, so that what they leave out has the default named here.
 */
export interface LimitsOptions {
  /** Connections, in use and idle together; `null`, the default, is no limit. */
  readonly maxConnections?: number | null | undefined;
  /** Idle connections kept for reuse; `null`, the default, is no limit, and 0 keeps none. */
  readonly maxKeepaliveConnections?: number | null | undefined;
  /** How long an idle connection is kept, in milliseconds or with a unit: 5 s by default; `null` is no limit. */
  readonly keepaliveExpiry?: Duration | null | undefined;
  /** Octets of a response's status line, field lines, trailers and interim heads together: 65536, also for `null`. */
  readonly headOctets?: number | null | undefined;
  /** Field lines of one head, at most 1024: 256, also for `null`. */
  readonly fields?: number | null | undefined;
  /** Interim responses (1xx) before one final response: 16, also for `null`. */
  readonly interim?: number | null | undefined;
  /** Octets that content decoding may make of one body; `null`, the default, is no limit. */
  readonly decodedOctets?: number | null | undefined;
  /** How many times larger than received a decoded body may become; `null`, the default, is no limit. */
  readonly decodedRatio?: number | null | undefined;
}

/** Whatever may be given where limits are asked for; `null` is `new Limits()`. */
export type LimitsTypes = Limits | LimitsOptions | null;

const LIMITS_FIELDS = [
  'maxConnections',
  'maxKeepaliveConnections',
  'keepaliveExpiry',
  'headOctets',
  'fields',
  'interim',
  'decodedOctets',
  'decodedRatio',
] as const;
/** Entries of the field table that stand before a head in the core's memory. */
const FIELDS_CEILING = 1024;

/** Limits of a pool and of what a peer may send; `null` is no limit, where a limit may be absent. */
export class Limits {
  /** Connections, in use and idle together. */
  readonly maxConnections: number | null;
  /** Idle connections kept for reuse. */
  readonly maxKeepaliveConnections: number | null;
  /** How long an idle connection is kept, in milliseconds. */
  readonly keepaliveExpiry: number | null;
  /** Octets of one response's status line, field lines, trailers and interim heads together. */
  readonly headOctets: number;
  /** Field lines of one head. */
  readonly fields: number;
  /** Interim responses before one final response. */
  readonly interim: number;
  /** Octets that content decoding may make of one body. */
  readonly decodedOctets: number | null;
  /** How many times larger than received a decoded body may become. */
  readonly decodedRatio: number | null;

  /** @throws RangeError for what is no count, ratio or duration; TypeError for unknown options and other types. */
  constructor(options?: LimitsOptions | null) {
    checkFields(options, LIMITS_FIELDS, 'make Limits');
    const expiry = own(options, 'keepaliveExpiry');
    this.maxConnections = countOrNull(options, 'maxConnections', 1);
    this.maxKeepaliveConnections = countOrNull(options, 'maxKeepaliveConnections', 0);
    this.keepaliveExpiry = expiry === undefined ? 5000 : durationMs(expiry, 'limits.keepaliveExpiry');
    this.headOctets = countOf(options, 'headOctets', 65536, HEAD_OCTETS_CEILING);
    this.fields = countOf(options, 'fields', 256, FIELDS_CEILING);
    this.interim = countOf(options, 'interim', 16, Number.MAX_SAFE_INTEGER);
    this.decodedOctets = countOrNull(options, 'decodedOctets', 1);
    this.decodedRatio = ratioOrNull(options, 'decodedRatio');
    Object.freeze(this);
  }

  /** What `value` means: `undefined` is the base, `null` and `{}` are `new Limits()`, a plain object as the constructor. */
  static from(value: LimitsTypes | undefined, base: Limits): Limits {
    if (value === undefined) return base;
    return value instanceof Limits ? value : new Limits(value);
  }

  /** True if all limits are the same. */
  equals(other: unknown): boolean {
    if (!(other instanceof Limits)) return false;
    return (Object.keys(this) as (keyof Limits)[]).every((field) => this[field] === other[field]);
  }
}

type CountField = 'maxConnections' | 'maxKeepaliveConnections' | 'headOctets' | 'fields' | 'interim' | 'decodedOctets';

function countOrNull(options: LimitsOptions | null | undefined, field: CountField, least: number): number | null {
  const value: unknown = own(options, field);
  if (value === undefined || value === null) return null;
  return checkedCount(value, field, least, Number.MAX_SAFE_INTEGER);
}

function countOf(
  options: LimitsOptions | null | undefined,
  field: CountField,
  otherwise: number,
  most: number,
): number {
  const value: unknown = own(options, field);
  return value === undefined || value === null
    ? otherwise
    : checkedCount(value, field, field === 'interim' ? 0 : 1, most);
}

function checkedCount(value: unknown, field: string, least: number, most: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Cannot set limits.${field}: expected a number, got ${typeNameOf(value)}`);
  }
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`Cannot set limits.${field}: expected an integer from ${least} to ${most}, got ${value}`);
}

function ratioOrNull(options: LimitsOptions | null | undefined, field: 'decodedRatio'): number | null {
  const value: unknown = own(options, field);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number') {
    throw new TypeError(`Cannot set limits.${field}: expected a number, got ${typeNameOf(value)}`);
  }
  if (value >= 1 && value < Number.POSITIVE_INFINITY) return value;
  throw new RangeError(`Cannot set limits.${field}: expected a number of at least 1, got ${value}`);
}

/**
 * How a TLS connection is checked and proves itself. Certificates and keys are PEM texts, DER octets (of keys: PKCS #8), or
 * files in PEM.
 */
export interface TlsOptions {
  /** Authorities to trust, and no others; `'system'`: the system's, where the host offers that. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined;
  /** Path of a PEM bundle of authorities, or of a folder of them; they add to `ca`. */
  readonly caFile?: string | null | undefined;
  /** The client's certificate chain. */
  readonly cert?: string | Uint8Array | null | undefined;
  /** The client's private key. */
  readonly key?: string | Uint8Array | null | undefined;
  /** Opens the private key. */
  readonly password?: string | null | undefined;
  /** The oldest version of TLS that is spoken: `'TLSv1.2'` by default. Older ones are refused (RFC 8996). */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | null | undefined;
  /** SHA-256 of acceptable public keys (SubjectPublicKeyInfo), in base64: that of the peer's certificate must be among them. */
  readonly pins?: readonly string[] | null | undefined;
}

/**
 * `true`: the runtime's default store, or what SSL_CERT_FILE or SSL_CERT_DIR name; `false`: the certificate is not checked; a
 * string: path of a CA bundle, or of a folder of them.
 */
export type VerifyTypes = boolean | string | TlsOptions;

/** A client certificate: one file that holds both, or certificate file, key file and the key's password. */
export type CertTypes = string | readonly [certFile: string, keyFile: string, password?: string | null | undefined];

/** Five seconds each; no limit on the whole. */
export const DEFAULT_TIMEOUT: Timeout = new Timeout(5000);

/** What a client uses unless told otherwise: 100 connections, 20 of them kept idle, for five seconds. */
export const DEFAULT_LIMITS: Limits = new Limits({ maxConnections: 100, maxKeepaliveConnections: 20 });
