/** What `node:tls` must be told for one connection. Never weakens what was asked for: `verify: false` is the only switch. */
import { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import type * as tls from 'node:tls';
import type { TlsOptions } from '../../config.js';
import { ConnectError } from '../../exceptions.js';
import type { TlsTarget } from '../socket.js';
import { cryptoModule, tlsModule } from './late-modules.js';

type Pem = string | Uint8Array;

/** What `ca` stands for: itself, or all that the system trusts. */
function authoritiesOf(ca: Pem): (string | Buffer)[] {
  if (ca !== 'system') return [octetsOf(ca)];
  const { getCACertificates } = tlsModule() as { getCACertificates?: (type: string) => string[] };
  if (getCACertificates !== undefined) return getCACertificates('system');
  throw new ConnectError("Cannot use ca: 'system': this runtime does not offer the system's certificate store", {
    phase: 'tls',
    retryable: false,
  });
}

function authorities({ ca }: TlsOptions): { ca?: (string | Buffer)[] } {
  if (ca === null || ca === undefined) return {};
  return { ca: (Array.isArray(ca) ? (ca as readonly Pem[]) : [ca as Pem]).flatMap(authoritiesOf) };
}

function octetsOf(pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}

/**
 * Checks the certificate's name, then its pins: `pins` are base64 SHA-256 digests of public keys (SPKI), one of which the
 * peer's must be.
 */
function identityCheck(target: TlsTarget): Pick<tls.ConnectionOptions, 'checkServerIdentity'> {
  const { hostname } = target;
  const { pins } = target.options;
  return {
    checkServerIdentity(_name, certificate) {
      const problem = tlsModule().checkServerIdentity(hostname, certificate);
      if (problem !== undefined || pins === null || pins === undefined) return problem;
      const { createHash, X509Certificate } = cryptoModule();
      // Not `certificate.pubkey`: of an elliptic curve key that is the bare point.
      const key = new X509Certificate(certificate.raw).publicKey.export({ type: 'spki', format: 'der' });
      const found = createHash('sha256').update(key).digest('base64');
      return pins.includes(found)
        ? undefined
        : new Error(`the certificate's public key (SHA-256 ${found}) is not pinned`);
    },
  };
}

/** @throws ConnectError for authorities, a certificate or a key that OpenSSL does not take. */
function contextOf(options: TlsOptions): tls.SecureContext {
  const { cert, key, password } = options;
  const given: tls.SecureContextOptions = {
    ...authorities(options),
    minVersion: options.minVersion ?? 'TLSv1.2',
    ...(cert === null || cert === undefined ? {} : { cert: octetsOf(cert) }),
    ...(key === null || key === undefined ? {} : { key: octetsOf(key) }),
    ...(password === null || password === undefined ? {} : { passphrase: password }),
  };
  try {
    return tlsModule().createSecureContext(given);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(`Cannot set up TLS: the authorities, certificate or key given cannot be used: ${reason}`, {
      cause,
      phase: 'tls',
      retryable: false,
    });
  }
}

/** Made once of each options object, which all connections of one `TlsSettings` share. */
const contexts = new WeakMap<TlsOptions, tls.SecureContext>();

function sharedContext(options: TlsOptions): tls.SecureContext {
  let context = contexts.get(options);
  if (context === undefined) {
    context = contextOf(options);
    contexts.set(options, context);
  }
  return context;
}

/** Options for `tls.connect`, without address and transport. @throws ConnectError for settings that cannot be used. */
export function tlsSettings(target: TlsTarget): tls.ConnectionOptions {
  const { options, serverName, sessions } = target;
  return {
    secureContext: sharedContext(options),
    ...identityCheck(target),
    rejectUnauthorized: target.verify,
    ALPNProtocols: [...target.alpn],
    ...(serverName !== null && isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(sessions === null || sessions.session === null ? {} : { session: sessions.session as Buffer }),
  };
}
