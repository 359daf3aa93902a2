/**
 * A server that follows a script per accepted connection and keeps a record of what it saw (peer.ts), over TCP or TLS, on
 * a port of the system's choice. A connection for which no script is left is accepted, counted and reset.
 * It runs in the server's thread; tests see it as `ScriptedServer`.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Script } from './dialogue.js';
import { Peer } from './peer.js';
import { play } from './play.js';
import type { ScriptOptions, ServerFacts, ServerTls } from './server-facts.js';

export class Listener implements ServerFacts {
  accepted = 0;
  handshakes = 0;
  resumptions = 0;
  readonly handshakeErrors: string[] = [];
  readonly #peers: Peer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scripts: readonly Script[];
  readonly #options: ScriptOptions;
  readonly #context: SecureContext | null;
  readonly #plays: Promise<void>[] = [];

  constructor(
    scripts: readonly Script[],
    options: ScriptOptions,
    /** Told when a connection comes, speaks or goes. */
    readonly changed: () => void,
  ) {
    this.#scripts = scripts;
    this.#options = options;
    this.#context = options.tls === undefined ? null : contextOf(options.tls);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    const { uds, host = '127.0.0.1' } = this.#options;
    if (uds === undefined) this.#server.listen(0, host);
    else this.#server.listen(uds);
    await once(this.#server, 'listening');
  }

  get port(): number {
    const address = this.#server.address() as AddressInfo | string;
    return typeof address === 'string' ? 0 : address.port;
  }

  get begun(): number {
    return this.#peers.length;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  get heads(): string[] {
    return this.#peers.flatMap((peer) => peer.heads);
  }

  get octetsHeard(): number {
    return this.#peers.reduce((sum, peer) => sum + peer.octetsHeard, 0);
  }

  get octetsTaken(): number {
    return this.#peers.reduce((sum, peer) => sum + peer.octetsTaken, 0);
  }

  peer(index: number): Peer {
    const peer = this.#peers[index];
    if (peer === undefined) throw new Error(`connection ${index}: was never accepted (${this.begun} were)`);
    return peer;
  }

  /** Octets that the kernels have taken, when for `calmMs` they took no more. */
  async takenAtRest(calmMs: number): Promise<number> {
    let taken = -1;
    while (taken !== this.octetsTaken) {
      taken = this.octetsTaken;
      await new Promise((resolve) => setTimeout(resolve, calmMs));
      // A thread that was kept waiting hears its timers before its sockets.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return taken;
  }

  /** Ends what is open. @throws the first error of a script. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(this.#plays);
    const broken = this.#peers.find((peer) => peer.scriptError !== null);
    if (broken !== undefined) throw broken.scriptError;
  }

  #accept(raw: Socket): void {
    this.accepted++;
    this.#sockets.add(raw);
    raw.on('error', () => {});
    raw.on('close', () => {
      this.#sockets.delete(raw);
      this.changed();
    });
    const script = this.#scripts[this.#peers.length] ?? (this.#options.repeatLast ? this.#scripts.at(-1) : undefined);
    if (script === undefined || this.#context === null || script.silentFromTheStart) this.#begin(raw, raw, script);
    else this.#secure(raw, script, this.#context);
  }

  #secure(raw: Socket, script: Script, secureContext: SecureContext): void {
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

  #begin(socket: Socket | TLSSocket, raw: Socket, script: Script | undefined): void {
    const peer = new Peer(this.#peers.length, socket, raw, () => this.changed());
    this.#peers.push(peer);
    if (script === undefined) peer.reset();
    else {
      const finished = play(script, peer).then(() => this.changed());
      this.#plays.push(finished);
      void Promise.all([finished, peer.closed()]).then(() => peer.destroy());
    }
    this.changed();
  }
}

function contextOf(tls: ServerTls): SecureContext {
  return createSecureContext({
    cert: tls.cert,
    key: tls.key,
    sessionIdContext: 'httpx-wasm tests',
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
    ...(tls.maxVersion === undefined
      ? {}
      : { minVersion: 'TLSv1', maxVersion: tls.maxVersion, ciphers: 'DEFAULT:@SECLEVEL=0' }),
  });
}
