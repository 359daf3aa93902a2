/** What `node:tls` must be told for one connection. Never weakens what was asked for: `verify: false` is the only switch. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import * as tls from 'node:tls';
import { ConnectError } from '../../exceptions.js';
import type { TlsTarget } from '../socket.js';

type Pem = string | Uint8Array;

function authorities(target: TlsTarget): { ca?: (string | Buffer)[] } {
  const { ca, caFile } = target.options;
  const found: (string | Buffer)[] = [];
  if (ca === 'system') {
    const { getCACertificates } = tls as { getCACertificates?: (type: string) => string[] };
    if (getCACertificates === undefined) {
      throw new ConnectError("Cannot use ca: 'system': this runtime does not offer the system's certificate store", {
        phase: 'tls',
      });
    }
    found.push(...getCACertificates('system'));
  } else if (ca !== null && ca !== undefined) {
    for (const each of Array.isArray(ca) ? (ca as readonly Pem[]) : [ca as Pem]) found.push(octetsOf(each));
  }
  if (caFile !== null && caFile !== undefined) found.push(readFileSync(caFile));
  return found.length > 0 ? { ca: found } : {};
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
      const problem = tls.checkServerIdentity(hostname, certificate);
      if (problem !== undefined || pins === null || pins === undefined) return problem;
      const found = createHash('sha256')
        .update(certificate.pubkey as Buffer)
        .digest('base64');
      return pins.includes(found)
        ? undefined
        : new Error(`the certificate's public key (SHA-256 ${found}) is not pinned`);
    },
  };
}

/** Options for `tls.connect`, without address and transport. */
export function tlsSettings(target: TlsTarget): tls.ConnectionOptions {
  const { options, serverName, sessions } = target;
  return {
    ...authorities(target),
    ...identityCheck(target),
    rejectUnauthorized: target.verify,
    minVersion: (options.minVersion as tls.SecureVersion | null | undefined) ?? 'TLSv1.2',
    ALPNProtocols: [...target.alpn],
    ...(serverName !== null && isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(options.cert === null || options.cert === undefined ? {} : { cert: octetsOf(options.cert as Pem) }),
    ...(options.key === null || options.key === undefined ? {} : { key: octetsOf(options.key as Pem) }),
    ...(options.password === null || options.password === undefined ? {} : { passphrase: options.password }),
    ...(sessions === null || sessions.session === null ? {} : { session: sessions.session as Buffer }),
  };
}
