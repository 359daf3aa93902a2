/** What a failed connect is called: one wording for every host. */
import { ConnectError } from '../exceptions.js';
import type { Address, ConnectPhase } from './socket.js';

/** OpenSSL's own form of an error: its reason is the fifth part. */
const OPENSSL = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/;

/** What OpenSSL's reasons, and alerts of the peer (RFC 8446 §6), mean to who reads them; the first that fits. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /wrong[ _]version[ _]number|InvalidContentType/i,
    'the server does not speak TLS there; http:// in the URL asks for none',
  ],
  [
    /protocol version|unsupported protocol|no protocols available/,
    'the server speaks no version of TLS that is accepted',
  ],
  [
    // OpenSSL's words, then Deno's and, where Bun gives a number alone, BoringSSL's.
    /no[ _]?application[ _]?protocol|:?10000460/i,
    'the server speaks none of the protocols that were offered (ALPN); http1 and http2 say which those are',
  ],
  [/certificate required/, 'the server demands a certificate of this client'],
  [/(?:alert|ssl\/tls) handshake failure/, 'the server refused the handshake'],
  [
    /unable to (?:verify the first certificate|get (?:local )?issuer certificate)|self[- ]signed certificate/i,
    'its authority is not trusted; verify: { caFile } or { ca } names one that is',
  ],
];

/** The host's message, with the messages of an AggregateError's members, and without OpenSSL's addresses. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((each) => messageOf(each)))].join('; ');
  }
  const text =
    error instanceof Error && error.message !== ''
      ? error.message
      : String((error as { code?: unknown })?.code ?? error);
  // Of a certificate without addresses Node.js ends in a list of none.
  const reason = (OPENSSL.exec(text)?.[1] ?? text.trim()).replace(/ cert's list:$/, " cert's list, which is empty");
  const meaning = MEANINGS.find(([pattern]) => pattern.test(reason))?.[1];
  return meaning === undefined ? reason : `${meaning} (${reason})`;
}

/** An address as messages name it: host and port, or the path of a Unix socket. */
export function placeOf({ host, port, uds }: Address): string {
  return uds ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What could not be done in `phase`, as messages begin. */
export function failedAction(where: string, phase: ConnectPhase): string {
  if (phase === 'dns') return `Cannot resolve ${where}`;
  return phase === 'tls' ? `Cannot set up TLS with ${where}` : `Cannot connect to ${where}`;
}

/**
 * Codes of connections that broke off. A handshake that ended otherwise was decided, by a certificate or by what the two
 * sides can speak: to try again changes nothing.
 */
const BROKEN_OFF: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
]);

/** Whether another try may succeed. */
function mayPass(phase: ConnectPhase, error: unknown): boolean {
  return phase !== 'tls' || BROKEN_OFF.has((error as { readonly code?: unknown } | null | undefined)?.code);
}

/** What ended a connect to `where`; a ConnectError stays as it is. `retryable`: what a host says that knows no codes. */
export function connectError(
  where: string,
  phase: ConnectPhase,
  error: unknown,
  retryable: boolean = mayPass(phase, error),
): ConnectError {
  if (error instanceof ConnectError) return error;
  // Node.js repeats the address; where that is not `where`, it is what the name was resolved to.
  const reason = messageOf(error).replaceAll(` ${where.replace(/[[\]]/g, '')}`, '');
  return new ConnectError(`${failedAction(where, phase)}: ${reason}`, { cause: error, phase, retryable });
}

/** Alerts that, once the handshake is over, are about the certificate of this client (RFC 8446 §6.2). */
const ABOUT_OUR_CERTIFICATE =
  /^ERR_SSL_\w*ALERT_(?:(?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;

/**
 * Whether a connection ended because its server did not accept this client's certificate, or wants one. With TLS 1.3 the
 * client's handshake is over before the server has seen that (RFC 8446 §4.4.2): it is told in place of the first octets.
 */
export function refusesClient(error: unknown): boolean {
  const code: unknown = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && ABOUT_OUR_CERTIFICATE.test(code);
}
