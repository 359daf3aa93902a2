/** What `verify` and `cert` mean for one connection (httpx: `create_ssl_context`). */
import { type CertTypes, own, type TlsOptions, type VerifyTypes } from './config.js';
import type { Host } from './hosts/host.js';
import type { TlsSessions, TlsTarget } from './hosts/socket.js';

/** TLS settings of one transport; files are read once, when the first TLS connection is made. */
export class TlsSettings {
  readonly verify: boolean;
  readonly #host: Host;
  readonly #verify: VerifyTypes;
  readonly #cert: CertTypes | null;
  #options: TlsOptions | null = null;

  /** @throws TypeError for what is neither. */
  constructor(host: Host, verify: VerifyTypes, cert: CertTypes | null) {
    const kind = typeof verify;
    if (verify === null || (kind !== 'boolean' && kind !== 'string' && kind !== 'object')) {
      throw new TypeError(`Cannot use verify: expected a boolean, a path or TLS options, got ${String(verify)}`);
    }
    this.#host = host;
    this.#verify = verify;
    this.#cert = cert;
    this.verify = verify !== false;
  }

  #made(): TlsOptions {
    const verify = this.#verify;
    const given: TlsOptions = typeof verify === 'object' ? verify : {};
    const files = typeof this.#cert === 'string' ? [this.#cert, this.#cert] : this.#cert;
    const read = (path: string | null | undefined) =>
      path === null || path === undefined ? null : this.#host.readFile(path);
    return {
      ca: own(given, 'ca') ?? null,
      caFile: typeof verify === 'string' ? verify : (own(given, 'caFile') ?? null),
      cert: own(given, 'cert') ?? read(files?.[0]),
      key: own(given, 'key') ?? read(files?.[1]),
      password: own(given, 'password') ?? files?.[2] ?? null,
      minVersion: own(given, 'minVersion') ?? null,
      pins: own(given, 'pins') ?? null,
    };
  }

  /** TLS towards one host. `serverName` replaces the host in SNI and in the certificate's check. */
  target(host: string, serverName: string | null, alpn: readonly string[], sessions: TlsSessions): TlsTarget {
    this.#options ??= this.#made();
    const name = serverName ?? (host.endsWith('.') ? host.slice(0, -1) : host);
    return { hostname: name, serverName: name, alpn, verify: this.verify, options: this.#options, sessions };
  }
}
