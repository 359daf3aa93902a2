/**
 * What `--verbose` shows beside responses: connections, their TLS, and request heads, as the client's trace tells of them.
 * What a certificate says is the peer's word, and escaped.
 */
import type { CipherNameAndProtocol, PeerCertificate, TLSSocket } from 'node:tls';
import type { Request, TracedConnection, TraceFunction, TraceInfo } from '../index.js';
import { visibleLine } from './escaping.js';
import type { Paint } from './highlighting.js';
import { requestHead } from './printing.js';

/** Attributes of names by what OpenSSL calls them at length (RFC 4519), as httpx shows them. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['C', 'countryName'],
  ['ST', 'stateOrProvinceName'],
  ['L', 'localityName'],
  ['O', 'organizationName'],
  ['OU', 'organizationalUnitName'],
  ['CN', 'commonName'],
]);

const quoted = (text: string): string => `'${visibleLine(text)}'`;

function nameLines(title: string, name: PeerCertificate['subject'] | undefined): string[] {
  const pairs = Object.entries(name ?? {}).flatMap(([key, value]) =>
    [value ?? []].flat().map((each) => `*     ${ATTRIBUTES.get(key) ?? visibleLine(key)}: ${quoted(each)}`),
  );
  return pairs.length === 0 ? [] : [`*   ${title}:`, ...pairs];
}

/** What a certificate says of its owner. */
export function certificateLines(certificate: PeerCertificate): string[] {
  const { subject, issuer, serialNumber, valid_from, valid_to, subjectaltname } = certificate;
  const names = (subjectaltname ?? '').split(', ').filter((name) => name !== '');
  return [
    '* Server certificate:',
    ...nameLines('subject', subject),
    ...nameLines('issuer', issuer),
    `*   serialNumber: ${quoted(serialNumber)}`,
    `*   notBefore: ${quoted(valid_from)}`,
    `*   notAfter: ${quoted(valid_to)}`,
    ...(names.length === 0 ? [] : ['*   subjectAltName:']),
    ...names.map((name) => {
      const at = name.indexOf(':');
      return `*     ${visibleLine(name.slice(0, at))}: ${quoted(name.slice(at + 1))}`;
    }),
  ];
}

/** `undefined`: the peer was gone before it could be asked. */
function tlsLines(socket: TLSSocket | undefined): string[] {
  if (socket === undefined) return [];
  // Both are absent, whatever their types say, once the handle of the socket is gone.
  const certificate: PeerCertificate | null = socket.getPeerCertificate();
  const cipher: CipherNameAndProtocol | undefined = socket.getCipher();
  const alpn = socket.alpnProtocol;
  return [
    `* SSL established using ${quoted(socket.getProtocol() ?? 'unknown')} / ${quoted(cipher?.standardName ?? 'unknown')}`,
    `* Selected ALPN protocol: ${typeof alpn === 'string' ? quoted(alpn) : 'none'}`,
    // A resumed session, or a peer without a certificate, has none to show.
    ...(certificate === null || Object.keys(certificate).length === 0 ? [] : certificateLines(certificate)),
  ];
}

/** `undefined`: the peer was gone before it could be asked. */
function addressLines(address: [host: string, port: number] | undefined): string[] {
  return address === undefined ? [] : [`* Connected to ${quoted(address[0])} on port ${address[1]}`];
}

/** What is shown of an event. */
function linesOf(event: string, info: TraceInfo, paint: Paint): readonly string[] {
  const connection = info.returnValue as TracedConnection;
  switch (event) {
    case 'connection.connect_tcp.started':
    case 'socks.connect_tcp.started':
      return [`* Connecting to ${quoted(String(info.host))}`];
    case 'connection.connect_tcp.complete':
    case 'socks.connect_tcp.complete':
      return addressLines(connection.getExtraInfo('server_addr') as [string, number] | undefined);
    case 'connection.start_tls.complete':
    case 'proxy.start_tls.complete':
    case 'socks.start_tls.complete':
      return tlsLines(connection.getExtraInfo('ssl_object') as TLSSocket | undefined);
    case 'http11.send_request_headers.started':
      return requestHead(info.request as Request, 'HTTP/1.1', paint);
    case 'http2.send_request_headers.started':
      return requestHead(info.request as Request, 'HTTP/2', paint);
    default:
      return [];
  }
}

/** A trace function that gives `show` the lines of what it is told. */
export function tracing(show: (lines: readonly string[]) => void, paint: Paint): TraceFunction {
  return (event, info) => {
    const lines = linesOf(event, info, paint);
    if (lines.length > 0) show(lines.map((line) => (line.startsWith('* ') ? paint('note', line) : line)));
  };
}
