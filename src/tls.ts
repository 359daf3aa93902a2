/** Checks what users give as `verify` and `cert` (httpx: `create_ssl_context`). What is made of them: tls-material.ts. */
import { checkFields, own, type TlsOptions, typeNameOf, type VerifyTypes } from './config.js';
import type { TlsObject } from './hosts/socket.js';

const TLS_OPTIONS: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  caFile: true,
  cert: true,
  key: true,
  password: true,
  minVersion: true,
  pins: true,
};
/** What is done with the setting of a client, a transport or a stream, for messages. */
const USE = 'use verify';
const TLS_OPTION_NAMES = Object.keys(TLS_OPTIONS);
const MIN_VERSIONS: readonly unknown[] = ['TLSv1.2', 'TLSv1.3'];
/** The SHA-256 digest of something, in base64. */
const PIN = /^[A-Za-z0-9+/]{43}=$/;
/** A certificate in a PEM text (RFC 7468), or in OpenSSL's own form of one. */
export const CERTIFICATE: RegExp = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;

const isObject = (given: unknown): given is TlsObject => typeof given === 'string' || given instanceof Uint8Array;
const isText = (given: unknown): given is string => typeof given === 'string';
const isGiven = (given: unknown): boolean => given !== undefined && given !== null;

/** @throws TypeError unless it is a path, or two or three strings. */
export function checkCert(cert: unknown): void {
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

/** The authorities given, as a list. @throws TypeError for what can be none. */
export function authoritiesOf(given: TlsOptions['ca'], action: string = USE): readonly TlsObject[] | null {
  if (given === null || given === undefined) return null;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const each of list) {
    if (!isObject(each)) {
      throw new TypeError(`Cannot ${action}: expected ca to be PEM texts or DER octets, got ${typeNameOf(each)}`);
    }
    if (typeof each === 'string' && each !== 'system' && !CERTIFICATE.test(each)) {
      throw new TypeError(
        `Cannot ${action}: ca holds no certificate in PEM, and is not 'system' (a path is given as caFile)`,
      );
    }
  }
  return list as readonly TlsObject[];
}

/** @throws TypeError, RangeError for values that mean nothing; what they hold is found out by who uses them. */
function checkOptions(options: TlsOptions, action: string): void {
  checkFields(options, TLS_OPTION_NAMES, action);
  authoritiesOf(own(options, 'ca'), action);
  for (const name of ['caFile', 'password', 'cert', 'key'] as const) {
    const given: unknown = own(options, name);
    const isRight = name === 'cert' || name === 'key' ? isObject : isText;
    if (isGiven(given) && !isRight(given)) {
      throw new TypeError(`Cannot ${action}: expected ${name} to be a string, got ${typeNameOf(given)}`);
    }
  }
  const minVersion: unknown = own(options, 'minVersion');
  if (isGiven(minVersion) && !MIN_VERSIONS.includes(minVersion)) {
    throw new RangeError(
      `Cannot ${action}: expected minVersion to be 'TLSv1.2' or 'TLSv1.3', older ones are broken (RFC 8996); got ${isText(minVersion) ? JSON.stringify(minVersion) : typeNameOf(minVersion)}`,
    );
  }
  const pins: unknown = own(options, 'pins');
  const isPins = Array.isArray(pins) && pins.length > 0 && pins.every((pin) => isText(pin) && PIN.test(pin));
  if (isGiven(pins) && !isPins) {
    throw new TypeError(`Cannot ${action}: expected pins to be SHA-256 digests of public keys in base64, one or more`);
  }
}

/**
 * What is given as `verify`, or in the same way elsewhere: `action` is what cannot be done with a wrong one, for messages.
 * @throws TypeError, RangeError for what is no setting of TLS, or one that means nothing.
 */
export function checkVerify(verify: unknown, action: string = USE): asserts verify is VerifyTypes {
  const kind = typeof verify;
  if (verify === null || (kind !== 'boolean' && kind !== 'string' && kind !== 'object')) {
    throw new TypeError(`Cannot ${action}: expected a boolean, a path or TLS options, got ${String(verify)}`);
  }
  if (kind === 'object') checkOptions(verify as TlsOptions, action);
}
