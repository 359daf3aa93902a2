/**
 * Throw-away certificates: a root, leaves that it signed, a client certificate, and a leaf of a root that nobody trusts.
 * Made anew in each test process, valid for a day, never written to disk unless a test needs a path.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

/** A certificate and its private key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Names and addresses that a leaf is good for. */
export interface LeafNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

const DAY_MS = 86_400_000;

function validity(): { notBeforeDate: Date; notAfterDate: Date } {
  const now = Date.now();
  return { notBeforeDate: new Date(now - DAY_MS / 2), notAfterDate: new Date(now + DAY_MS / 2) };
}

export async function rootCertificate(commonName: string): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    ...validity(),
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** A leaf signed by `root`, or by itself; `expired`: its validity ended an hour ago. */
export async function leafCertificate(
  root: Certificate | null,
  commonName: string,
  names: LeafNames,
  expired = false,
): Promise<Certificate> {
  const { notBeforeDate, notAfterDate } = validity();
  const altNames = [
    ...(names.dns ?? []).map((value) => ({ type: 2 as const, value })),
    ...(names.ip ?? []).map((ip) => ({ type: 7 as const, ip })),
  ];
  const made = await generate([{ name: 'commonName', value: commonName }], {
    notBeforeDate,
    notAfterDate: expired ? new Date(Date.now() - DAY_MS / 24) : notAfterDate,
    keyType: 'ec',
    algorithm: 'sha256',
    ...(root === null ? {} : { ca: root }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames }]),
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** All that the TLS tests need. */
export interface Certificates {
  readonly root: Certificate;
  /** For localhost, *.test.invalid, 127.0.0.1 and ::1. */
  readonly server: Certificate;
  /** For other.invalid only. */
  readonly otherName: Certificate;
  readonly expired: Certificate;
  /** A client certificate of the root. */
  readonly client: Certificate;
  readonly strangerRoot: Certificate;
  /** As `server`, but of the root that nobody was told of. */
  readonly stranger: Certificate;
  /** As `server`, but signed by itself. */
  readonly selfSigned: Certificate;
  /** Its common name is localhost, and it has no other. */
  readonly commonNameOnly: Certificate;
  /** Its common name is localhost; in subjectAltName it has an address, and no name. */
  readonly addressAlone: Certificate;
  /** Names 127.0.0.1, as if that were the name of a host. */
  readonly addressAsName: Certificate;
}

async function makeCertificates(): Promise<Certificates> {
  const names = { dns: ['localhost', '*.test.invalid'], ip: ['127.0.0.1', '::1'] };
  const [root, strangerRoot] = await Promise.all([rootCertificate('Test root'), rootCertificate('Stranger root')]);
  const [server, otherName, expired, client, stranger, selfSigned, ...misnamed] = await Promise.all([
    leafCertificate(root, 'localhost', names),
    leafCertificate(root, 'other.invalid', { dns: ['other.invalid'] }),
    leafCertificate(root, 'localhost', names, true),
    leafCertificate(root, 'A client', {}),
    leafCertificate(strangerRoot, 'localhost', names),
    leafCertificate(null, 'localhost', names),
    leafCertificate(root, 'localhost', {}),
    leafCertificate(root, 'localhost', { ip: ['192.0.2.1'] }),
    leafCertificate(root, 'nobody', { dns: ['127.0.0.1'] }),
  ]);
  const [commonNameOnly, addressAlone, addressAsName] = misnamed as [Certificate, Certificate, Certificate];
  const strangers = { strangerRoot, stranger, selfSigned };
  return { root, server, otherName, expired, client, ...strangers, commonNameOnly, addressAlone, addressAsName };
}

let made: Promise<Certificates> | null = null;

/** The certificates of this process, made at the first call. */
export function certificates(): Promise<Certificates> {
  made ??= makeCertificates();
  return made;
}

/** Writes each text to a file of that name; the paths live until the test ends. */
export function filesOf<Name extends string>(texts: Record<Name, string>): Record<Name, string> {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = {} as Record<Name, string>;
  for (const name of Object.keys(texts) as Name[]) {
    paths[name] = join(folder, name);
    writeFileSync(paths[name], texts[name], { mode: 0o600 });
  }
  return paths;
}
