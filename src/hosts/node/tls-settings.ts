/** What `node:tls` must be told for one connection. Never weakens what was asked for: `verify: false` is the only switch. */
import { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import type * as tls from 'node:tls';
import { ConnectError } from '../../exceptions.js';
import { messageOf } from '../connect-error.js';
import type { TlsMaterial, TlsObject, TlsTarget } from '../socket.js';
import { cryptoModule, tlsModule } from './late-modules.js';
import { UNSET_CONTEXT, UNSET_TLS } from './unset-options.js';

/** What `ca` stands for: itself, or all that the system trusts. */
function authoritiesOf(ca: TlsObject): (string | Buffer)[] {
  if (ca !== 'system') return [certificateOf(ca)];
  const { getCACertificates } = tlsModule() as { getCACertificates?: (type: string) => string[] };
  if (getCACertificates !== undefined) return getCACertificates('system');
  throw new ConnectError("Cannot use ca: 'system': this runtime does not offer the system's certificate store", {
    phase: 'tls',
    retryable: false,
  });
}

/** First octet of everything in DER that is given here: a SEQUENCE. */
const DER_SEQUENCE = 0x30;

function isDer(given: TlsObject): given is Uint8Array {
  return typeof given !== 'string' && given[0] === DER_SEQUENCE;
}

/** Node takes PEM alone. */
function certificateOf(given: TlsObject): string | Buffer {
  if (typeof given === 'string') return given;
  const octets = Buffer.from(given.buffer, given.byteOffset, given.length);
  if (!isDer(given)) return octets;
  return `-----BEGIN CERTIFICATE-----\n${octets.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function keyOf(given: TlsObject, passphrase: string | null): string | Buffer {
  if (!isDer(given)) return certificateOf(given);
  const key = Buffer.from(given.buffer, given.byteOffset, given.length);
  const opened = cryptoModule().createPrivateKey({
    key,
    format: 'der',
    type: 'pkcs8',
    ...(passphrase === null ? {} : { passphrase }),
  });
  return opened.export({ format: 'pem', type: 'pkcs8' });
}

/**
 * Checks the certificate's name, then its pins: `pins` are base64 SHA-256 digests of public keys (SPKI), one of which the
 * peer's must be. Where a certificate has no name of a host, Node takes its common name for one, which RFC 9110 §4.3.4
 * forbids: Node is not shown it.
 */
function identityCheck(target: TlsTarget): Pick<tls.ConnectionOptions, 'checkServerIdentity'> {
  const { hostname } = target;
  const { pins } = target.options;
  return {
    checkServerIdentity(_name, certificate) {
      const subject = { ...certificate.subject, CN: '' };
      const problem = tlsModule().checkServerIdentity(hostname, { ...certificate, subject });
      if (problem !== undefined || pins === null) return problem;
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
function contextOf({ ca, cert, key, password, minVersion }: TlsMaterial): tls.SecureContext {
  try {
    return tlsModule().createSecureContext({
      ...UNSET_CONTEXT,
      minVersion,
      ...(ca === null ? {} : { ca: ca.flatMap(authoritiesOf) }),
      ...(cert === null ? {} : { cert: certificateOf(cert) }),
      ...(key === null ? {} : { key: keyOf(key, password) }),
      ...(password === null ? {} : { passphrase: password }),
    });
  } catch (cause) {
    if (cause instanceof ConnectError) throw cause;
    const reason = messageOf(cause);
    throw new ConnectError(`Cannot set up TLS: the authorities, certificate or key given cannot be used: ${reason}`, {
      cause,
      phase: 'tls',
      retryable: false,
    });
  }
}

/** Made once of each options object, which all connections of one `TlsSettings` share. */
const contexts = new WeakMap<TlsMaterial, tls.SecureContext>();

function sharedContext(options: TlsMaterial): tls.SecureContext {
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
    ...UNSET_TLS,
    secureContext: sharedContext(options),
    ...identityCheck(target),
    rejectUnauthorized: target.verify,
    ALPNProtocols: [...target.alpn],
    ...(serverName !== null && isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(sessions === null || sessions.session === null ? {} : { session: sessions.session as Buffer }),
  };
}
