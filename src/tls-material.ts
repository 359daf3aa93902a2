/**
 * What `verify` and `cert` mean for one connection (httpx: `create_ssl_context`), and what the environment adds to them:
 * SSL_CERT_FILE, SSL_CERT_DIR, SSLKEYLOGFILE. Makes no context and no handshake: a host does, of the material made here.
 */
import { type CertTypes, own, type TlsOptions, type VerifyTypes } from './config.js';
import { ConnectError } from './exceptions.js';
import type { Host } from './hosts/host.js';
import type { TlsMaterial, TlsObject, TlsSessions, TlsTarget } from './hosts/socket.js';
import { authoritiesOf, CERTIFICATE, checkCert, checkVerify } from './tls.js';

/** How OpenSSL names the files of a folder of authorities: by the hash of their subject (`openssl rehash`). */
const HASHED = /^[0-9a-f]{8}\.[0-9]+$/;

/**
 * TLS settings of one transport. Files and the environment are read once, when the first TLS connection is made; its targets
 * share one object of material, by which a host knows that what it made of it is good for the next connection too.
 */
export class TlsSettings {
  readonly verify: boolean;
  readonly #host: Host;
  readonly #verify: VerifyTypes;
  readonly #cert: CertTypes | null;
  readonly #trustEnv: boolean;
  #material: TlsMaterial | null = null;

  /**
   * `trustEnv`: whether the environment may replace the runtime's authorities. A key log is kept either way (httpx).
   * @throws TypeError, RangeError for what is neither, and for TLS options that mean nothing.
   */
  constructor(host: Host, verify: VerifyTypes, cert: CertTypes | null, trustEnv: boolean) {
    checkVerify(verify);
    if (cert !== null) checkCert(cert);
    this.#host = host;
    this.#verify = verify;
    this.#cert = cert;
    this.#trustEnv = trustEnv;
    this.verify = verify !== false;
  }

  /** What TLS is set up with. @throws ConnectError (phase 'tls') naming a file that cannot be used. */
  material(): TlsMaterial {
    this.#material ??= this.#made();
    return this.#material;
  }

  #made(): TlsMaterial {
    const verify = this.#verify;
    const given: TlsOptions = typeof verify === 'object' ? verify : {};
    const files = typeof this.#cert === 'string' ? [this.#cert, this.#cert] : this.#cert;
    return {
      ca: this.#authorities(
        authoritiesOf(own(given, 'ca')),
        typeof verify === 'string' ? verify : (own(given, 'caFile') ?? null),
      ),
      cert: own(given, 'cert') ?? this.#contents(files?.[0], 'the certificate'),
      key: own(given, 'key') ?? this.#contents(files?.[1], 'the private key'),
      password: own(given, 'password') ?? files?.[2] ?? null,
      minVersion: own(given, 'minVersion') ?? 'TLSv1.2',
      pins: own(given, 'pins') ?? null,
      keyLogFile: this.verify ? this.#keyLogFile() : null,
    };
  }

  /** For who debugs, whatever `trustEnv` is; without it a host may deny the variable (Deno), and then names no file. */
  #keyLogFile(): string | null {
    try {
      return this.#variable('SSLKEYLOGFILE');
    } catch (error) {
      if (this.#trustEnv) throw error;
      return null;
    }
  }

  /** An empty variable is none. */
  #variable(name: string): string | null {
    return this.#host.environment(name) || null;
  }

  /** Those given, and those of a file or folder; else those of the environment; `null`: the runtime's. */
  #authorities(given: readonly TlsObject[] | null, path: string | null): readonly TlsObject[] | null {
    if (path !== null) return [...(given ?? []), ...this.#certificates(path, 'the authorities')];
    if (given !== null || !this.verify || !this.#trustEnv) return given;
    const file = this.#variable('SSL_CERT_FILE');
    if (file !== null) return this.#certificates(file, 'the authorities that SSL_CERT_FILE names');
    const folders = this.#variable('SSL_CERT_DIR');
    return folders === null ? null : this.#listed(folders, 'the authorities that SSL_CERT_DIR names');
  }

  /** The certificates of a list of folders. One that cannot be used adds no trust (OpenSSL), if another does. */
  #listed(folders: string, what: string): readonly Uint8Array[] {
    let problem = unusable(what, folders, 'no folder is named', null);
    const found = foldersOf(folders).flatMap((path) => {
      try {
        return this.#certificates(path, what);
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        problem = error;
        return [];
      }
    });
    if (found.length === 0) throw problem;
    return found;
  }

  /** The certificates of a PEM file; of a folder, those of the files that OpenSSL would look into, else of all. */
  #certificates(path: string, what: string): readonly Uint8Array[] {
    const names = this.#read(path, what, () => this.#host.readFolder(path));
    if (names === null) return [this.#bundle(path, what)];
    const hashed = names.filter((name) => HASHED.test(name));
    const found = (hashed.length > 0 ? hashed : [...names].sort()).flatMap((name) => this.#member(`${path}/${name}`));
    if (found.length === 0) throw unusable(what, path, 'no file of this folder holds a certificate', null);
    return found;
  }

  /** What a file of a folder adds. One that cannot be read adds no trust (OpenSSL): a broken link, a folder. */
  #member(path: string): readonly Uint8Array[] {
    let octets: Uint8Array;
    try {
      octets = this.#host.readFile(path);
    } catch {
      return [];
    }
    return holdsCertificate(octets) ? [octets] : [];
  }

  #bundle(path: string, what: string): Uint8Array {
    const octets = this.#read(path, what, () => this.#host.readFile(path));
    if (!holdsCertificate(octets)) throw unusable(what, path, 'it holds no certificate in PEM', null);
    return octets;
  }

  #contents(path: string | null | undefined, what: string): Uint8Array<ArrayBuffer> | null {
    if (path === null || path === undefined) return null;
    return this.#read(path, what, () => this.#host.readFile(path));
  }

  #read<T>(path: string, what: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw unusable(what, path, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  /**
   * TLS towards one host. `serverName` replaces the host in SNI and in the certificate's check.
   * @throws ConnectError (phase 'tls') naming a file that cannot be used.
   */
  target(host: string, serverName: string | null, alpn: readonly string[], sessions: TlsSessions | null): TlsTarget {
    const name = serverName ?? (host.endsWith('.') ? host.slice(0, -1) : host);
    return { hostname: name, serverName: name, alpn, verify: this.verify, options: this.material(), sessions };
  }
}

/** As OpenSSL divides such a list: by colons, or on Windows, where a drive has one, by semicolons. */
function foldersOf(list: string): readonly string[] {
  const separator = /;|^[A-Za-z]:[\\/]/.test(list) ? ';' : ':';
  return list.split(separator).filter((path) => path !== '');
}

function holdsCertificate(pem: Uint8Array): boolean {
  return CERTIFICATE.test(new TextDecoder('latin1').decode(pem));
}

function unusable(what: string, path: string, reason: string, cause: unknown): ConnectError {
  return new ConnectError(`Cannot set up TLS: ${what} cannot be read from ${path}: ${reason}`, {
    cause,
    phase: 'tls',
    retryable: false,
  });
}
