/** Tunnels of every kind as a test plays them: the script of a proxy that leads to a port, and the URL of such a proxy. */
import type { ProxyFields } from '../../src/index.js';
import { certificates } from './certificates.js';
import { type Dialogue, dialogue } from './dialogue.js';
import { type ScriptedServer, serve } from './scripted-server.js';

/** A tunnel of each kind to `port`. */
export interface TunnelKind {
  readonly kind: string;
  readonly secure: boolean;
  script(port: number): Dialogue;
  url(proxyPort: number): string;
}

export const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
export const SOCKS_OPEN: Uint8Array = Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80);
/** The name that a SOCKS proxy is asked for: octets of `example.test.invalid`. */
export const EXAMPLE: readonly number[] = [...'example.test.invalid'].map((letter) => letter.charCodeAt(0));

/** Greeting, and a request for a name of so many octets. */
const socksRequest = (nameOctets: number): number => 4 + 1 + nameOctets + 2;
export const connecting = (port: number): Dialogue => dialogue().hearHead().say(ESTABLISHED).join(port);
const socks = (port: number): Dialogue =>
  dialogue().hearOctets(3).say(Uint8Array.of(5, 0)).hearOctets(socksRequest(EXAMPLE.length)).say(SOCKS_OPEN).join(port);

export const TUNNELS: readonly TunnelKind[] = [
  { kind: 'CONNECT', secure: false, script: connecting, url: (port) => `http://127.0.0.1:${port}` },
  { kind: 'CONNECT over TLS', secure: true, script: connecting, url: (port) => `https://127.0.0.1:${port}` },
  { kind: 'SOCKS 5', secure: false, script: socks, url: (port) => `socks5h://127.0.0.1:${port}` },
];

/** A proxy that leads to `port`, and how a client is told of it. */
export async function proxyTo(
  port: number,
  { script, secure, url }: TunnelKind,
): Promise<{ readonly server: ScriptedServer; readonly proxy: ProxyFields }> {
  const made = await certificates();
  const server = await serve(script(port), { repeatLast: true, ...(secure ? { tls: made.server } : {}) });
  return { server, proxy: { url: url(server.port), tls: { ca: made.root.cert } } };
}
