/**
 * A server that follows a script per accepted connection and keeps a record of what it saw (peer.ts), over TCP or TLS, on
 * a port of the system's choice. A connection for which no script is left is accepted, counted and reset.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { type Dialogue, play } from './dialogue.js';
import { Peer } from './peer.js';

/** The server's side of TLS, as the certificates of certificates.ts give it. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Certificate authority for client certificates; given, they are demanded. */
  readonly clientCa?: string;
  readonly alpn?: readonly string[];
}

export interface ScriptOptions {
  readonly tls?: ServerTls;
  /** The last script serves every further connection too. */
  readonly repeatLast?: boolean;
  readonly host?: string;
}

/** Longest that a test waits for something to happen at the server. */
const UNTIL_MS = 10_000;

export class ScriptedServer {
  readonly peers: Peer[] = [];
  /** TLS handshakes that were completed, and how many of them resumed a session. */
  handshakes = 0;
  resumptions = 0;
  /** Handshakes that failed, with the server's reason. */
  readonly handshakeErrors: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #wakers = new Set<() => void>();
  readonly #scripts: readonly Dialogue[];
  readonly #options: ScriptOptions;
  readonly #context: SecureContext | null;
  readonly #plays: Promise<void>[] = [];
  accepted = 0;

  constructor(scripts: readonly Dialogue[], options: ScriptOptions) {
    this.#scripts = scripts;
    this.#options = options;
    this.#context = options.tls === undefined ? null : contextOf(options.tls);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.#options.host ?? '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Base URL without a slash at its end. */
  get url(): string {
    return `${this.#context === null ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** The same server under a name, for TLS tests that resolve it themselves. */
  urlFor(host: string): string {
    return `${this.#context === null ? 'http' : 'https'}://${host}:${this.port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Everything heard on the n-th connection. */
  peer(index: number): Peer {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`connection ${index}: was never accepted (${this.peers.length} were)`);
    return peer;
  }

  /** Heads of all requests, in the order of connections. */
  get heads(): string[] {
    return this.peers.flatMap((peer) => peer.heads);
  }

  get octetsHeard(): number {
    return this.peers.reduce((sum, peer) => sum + peer.octetsHeard, 0);
  }

  get octetsTaken(): number {
    return this.peers.reduce((sum, peer) => sum + peer.octetsTaken, 0);
  }

  /** Resolves when `question` answers true; asked again when a connection comes, speaks or goes. */
  async until(question: () => boolean): Promise<void> {
    let overdue = false;
    const timer = setTimeout(() => {
      overdue = true;
      this.#wake();
    }, UNTIL_MS);
    try {
      while (!question()) {
        if (overdue) throw new Error(`Not within ${UNTIL_MS} ms: ${question}`);
        await new Promise<void>((resolve) => this.#wakers.add(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when no socket is open any more. */
  emptied(): Promise<void> {
    return this.until(() => this.#sockets.size === 0);
  }

  /** How many octets of ours the kernels have taken, when for `calmMs` no more were taken. */
  async takenAtRest(calmMs = 150): Promise<number> {
    let taken = -1;
    while (taken !== this.octetsTaken) {
      taken = this.octetsTaken;
      await new Promise((resolve) => setTimeout(resolve, calmMs));
    }
    return taken;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(this.#plays);
    const broken = this.peers.find((peer) => peer.scriptError !== null);
    if (broken !== undefined) throw broken.scriptError;
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }

  #accept(raw: Socket): void {
    this.accepted++;
    this.#sockets.add(raw);
    raw.on('error', () => {});
    raw.on('close', () => {
      this.#sockets.delete(raw);
      this.#wake();
    });
    const script = this.#scripts[this.peers.length] ?? (this.#options.repeatLast ? this.#scripts.at(-1) : undefined);
    if (script === undefined || this.#context === null || script.silentFromTheStart) this.#begin(raw, raw, script);
    else this.#secure(raw, script, this.#context);
  }

  #secure(raw: Socket, script: Dialogue, secureContext: SecureContext): void {
    const tls = this.#options.tls;
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext,
      requestCert: tls?.clientCa !== undefined,
      rejectUnauthorized: tls?.clientCa !== undefined,
      ...(tls?.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    });
    const failed = (error: Error): void => {
      this.handshakeErrors.push(error.message);
      raw.destroy();
    };
    socket.once('error', failed);
    socket.once('secure', () => {
      socket.off('error', failed);
      this.handshakes++;
      if (socket.isSessionReused()) this.resumptions++;
      this.#begin(socket, raw, script);
    });
    raw.once('close', () => socket.destroy());
  }

  #begin(socket: Socket | TLSSocket, raw: Socket, script: Dialogue | undefined): void {
    const peer = new Peer(this.peers.length, socket, raw, () => this.#wake());
    this.peers.push(peer);
    if (script === undefined) peer.reset();
    else {
      const finished = play(script, peer).then(() => this.#wake());
      this.#plays.push(finished);
      void Promise.all([finished, peer.closed()]).then(() => peer.destroy());
    }
    this.#wake();
  }
}

function contextOf(tls: ServerTls): SecureContext {
  return createSecureContext({
    cert: tls.cert,
    key: tls.key,
    sessionIdContext: 'httpx-wasm tests',
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
  });
}

/** A listening server that is closed when the test ends. */
export async function serve(
  scripts: Dialogue | readonly Dialogue[],
  options: ScriptOptions = {},
): Promise<ScriptedServer> {
  const server = new ScriptedServer(Array.isArray(scripts) ? scripts : [scripts as Dialogue], options);
  await server.listen();
  onTestFinished(() => server.close());
  return server;
}
