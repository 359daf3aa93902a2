/** What TLS over a network stream is told: names and protocols, checked before anything is sent. */
import { type CertTypes, type Duration, typeNameOf, type VerifyTypes } from './config.js';
import { isHostName } from './origin.js';

/** Of a protocol's name in ALPN (RFC 7301 §3.1). */
const PROTOCOL_OCTETS_MAX = 255;

/** How TLS is set up over a network stream; what the client was told about TLS does not count here. */
export interface StartTlsOptions {
  /** Name sent as SNI, and expected in the certificate; unless given, the host of the request's URL. */
  readonly serverHostname?: string | null | undefined;
  /** Whether, and against which authorities, the certificate is checked; `true`, the runtime's store, by default. */
  readonly verify?: VerifyTypes | null | undefined;
  /** The client's certificate; none by default. */
  readonly cert?: CertTypes | null | undefined;
  /** Protocols to offer, the best first. */
  readonly alpn?: readonly string[] | null | undefined;
  /** How long the handshake may take, in milliseconds or with a unit; no limit by default. */
  readonly timeout?: Duration | null | undefined;
}

/** Their names. */
export const START_TLS_OPTIONS: readonly (keyof StartTlsOptions)[] = [
  'serverHostname',
  'verify',
  'cert',
  'alpn',
  'timeout',
];

/** The name to send and to expect; `null`: the URL's. @throws TypeError for what is no name */
export function hostnameGiven(given: unknown): string | null {
  if (given === undefined || given === null) return null;
  if (isHostName(given)) return given;
  throw new TypeError(
    `Cannot start TLS with the peer: expected serverHostname to be a host name in ASCII, got ${shown(given)}`,
  );
}

/** The protocols to offer. @throws TypeError for what cannot be offered (RFC 7301 §3.1) */
export function alpnGiven(given: unknown): readonly string[] {
  if (given === undefined || given === null) return [];
  const wrong = Array.isArray(given) ? given.findIndex((name) => !isProtocolName(name)) : -1;
  if (Array.isArray(given) && wrong < 0) return given;
  const got = shown(wrong < 0 ? given : (given as unknown[])[wrong]);
  throw new TypeError(
    `Cannot start TLS with the peer: expected alpn to be a list of names of 1 to 255 octets, got ${got}`,
  );
}

function isProtocolName(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  const octets = new TextEncoder().encode(name).length;
  return octets > 0 && octets <= PROTOCOL_OCTETS_MAX;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeNameOf(value);
}
