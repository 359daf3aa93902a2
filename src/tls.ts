/** What `verify` and `cert` mean for one connection (httpx: `create_ssl_context`). */
import { type CertTypes, checkFields, own, type TlsOptions, typeNameOf, type VerifyTypes } from './config.js';
import { ConnectError } from './exceptions.js';
import type { Host } from './hosts/host.js';
import type { TlsSessions, TlsTarget } from './hosts/socket.js';

type Authorities = NonNullable<TlsOptions['ca']>;

const TLS_OPTIONS: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  caFile: true,
  cert: true,
  key: true,
  password: true,
  minVersion: true,
  pins: true,
};
const TLS_OPTION_NAMES = Object.keys(TLS_OPTIONS);

/** Authorities that were given, and those of a file. */
function withFile(given: Authorities | null, file: Uint8Array | null): Authorities | null {
  if (file === null) return given;
  if (given === null) return [file];
  return typeof given === 'string' || given instanceof Uint8Array ? [given, file] : [...given, file];
}

/** @throws TypeError unless it is a path, or two or three strings. */
function checkCert(cert: unknown): void {
  if (typeof cert === 'string') return;
  const expected = 'Cannot use cert: expected a path, or [certFile, keyFile, password?]';
  if (!Array.isArray(cert)) {
    const hint = typeof cert === 'object' ? ' (PEM texts are given as verify: { cert, key })' : '';
    throw new TypeError(`${expected}, got ${typeNameOf(cert)}${hint}`);
  }
  const [certFile, keyFile, password] = cert as readonly unknown[];
  const isPassword = password === undefined || password === null || typeof password === 'string';
  if (cert.length <= 3 && typeof certFile === 'string' && typeof keyFile === 'string' && isPassword) return;
  throw new TypeError(`${expected}, got [${cert.map(typeNameOf).join(', ')}]`);
}

/**
 * TLS settings of one transport. Files are read once, when the first TLS connection is made; its targets share one options
 * object, by which a host knows that what it made of them is good for the next connection too.
 */
export class TlsSettings {
  readonly verify: boolean;
  readonly #host: Host;
  readonly #verify: VerifyTypes;
  readonly #cert: CertTypes | null;
  #options: TlsOptions | null = null;

  /** @throws TypeError for what is neither, and for unknown TLS options. */
  constructor(host: Host, verify: VerifyTypes, cert: CertTypes | null) {
    const kind = typeof verify;
    if (verify === null || (kind !== 'boolean' && kind !== 'string' && kind !== 'object')) {
      throw new TypeError(`Cannot use verify: expected a boolean, a path or TLS options, got ${String(verify)}`);
    }
    if (kind === 'object') checkFields(verify as TlsOptions, TLS_OPTION_NAMES, 'use verify');
    if (cert !== null) checkCert(cert);
    this.#host = host;
    this.#verify = verify;
    this.#cert = cert;
    this.verify = verify !== false;
  }

  /** @throws ConnectError (phase 'tls') naming a file that cannot be read. */
  #made(): TlsOptions {
    const verify = this.#verify;
    const given: TlsOptions = typeof verify === 'object' ? verify : {};
    const files = typeof this.#cert === 'string' ? [this.#cert, this.#cert] : this.#cert;
    const caFile = typeof verify === 'string' ? verify : (own(given, 'caFile') ?? null);
    return {
      ca: withFile(own(given, 'ca') ?? null, this.#contents(caFile, 'authorities')),
      caFile: null,
      cert: own(given, 'cert') ?? this.#contents(files?.[0], 'the certificate'),
      key: own(given, 'key') ?? this.#contents(files?.[1], 'the private key'),
      password: own(given, 'password') ?? files?.[2] ?? null,
      minVersion: own(given, 'minVersion') ?? null,
      pins: own(given, 'pins') ?? null,
    };
  }

  #contents(path: string | null | undefined, what: string): Uint8Array<ArrayBuffer> | null {
    if (path === null || path === undefined) return null;
    try {
      return this.#host.readFile(path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConnectError(`Cannot set up TLS: ${what} cannot be read from ${path}: ${reason}`, {
        cause,
        phase: 'tls',
        retryable: false,
      });
    }
  }

  /**
   * TLS towards one host. `serverName` replaces the host in SNI and in the certificate's check.
   * @throws ConnectError (phase 'tls') naming a file that cannot be read.
   */
  target(host: string, serverName: string | null, alpn: readonly string[], sessions: TlsSessions | null): TlsTarget {
    this.#options ??= this.#made();
    const name = serverName ?? (host.endsWith('.') ? host.slice(0, -1) : host);
    return { hostname: name, serverName: name, alpn, verify: this.verify, options: this.#options, sessions };
  }
}
