/**
 * Connections of vectors/httpx (proxy_wire.json) as sockets in memory, for either client: what comes is said when the
 * request before it is complete, and what was written, secured and closed is noted.
 */

import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import type { Address, Cancel, MaybePromise, Socket, TlsTarget } from '../../src/hosts/socket.js';
import * as httpx from '../../src/index.js';
import { fakeEnvironment } from './client.js';
import { BlockingFakeConnector, type BlockingFakeSocket } from './fake-blocking.js';
import { FakeHost } from './fake-host.js';
import type { FakeSocket } from './fake-socket.js';

/** An error that is raised in place of an answer. */
export interface Failure {
  readonly error: string;
  readonly message: string;
}

/** One connection, as the vectors script it. */
export interface WireConnection {
  readonly exchanges: readonly { readonly reads: readonly (string | Failure)[] }[];
  readonly connect_error?: Failure;
  readonly tls_error?: Failure;
  readonly alpn?: string;
}

/** What became of a connection. */
export interface SeenConnection {
  readonly target: string;
  readonly tls: readonly { readonly server_hostname: string; readonly alpn_offered: readonly string[] }[];
  readonly closed: boolean;
  readonly writes: string;
}

/** A stage on which the connections of one case are played. */
export interface Stage {
  readonly environment: Environment;
  seen(): SeenConnection[];
}

const errorOf = ({ error, message }: Failure): Error => {
  const Named = (httpx as unknown as Record<string, typeof httpx.TransportError>)[error];
  if (Named === undefined) throw new Error(`There is no error ${error}`);
  return new Named(message);
};
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Notes what is connected to and secured, and fails where the script says so. */
class Notes {
  readonly #connections: {
    readonly target: string;
    readonly tls: TlsTarget[];
    readonly script: WireConnection;
    socket: FakeSocket | BlockingFakeSocket | null;
  }[] = [];

  constructor(readonly scripts: readonly WireConnection[]) {}

  /** @throws what the script has the connect, or its TLS, fail with */
  connecting(address: Address): WireConnection {
    const index = Math.min(this.#connections.length, this.scripts.length - 1);
    const { host, port, tls, uds } = address;
    const script = this.scripts[index] as WireConnection;
    const target = uds === null ? `${host}:${port}` : `unix:${uds}`;
    this.#connections.push({ target, tls: tls === null ? [] : [tls], script, socket: null });
    return script;
  }

  opened(socket: FakeSocket | BlockingFakeSocket): void {
    const connection = this.#connections.at(-1);
    if (connection !== undefined) connection.socket = socket;
  }

  secured(socket: FakeSocket | BlockingFakeSocket, target: TlsTarget): void {
    this.#connections.find((each) => each.socket === socket)?.tls.push(target);
  }

  seen(): SeenConnection[] {
    return this.#connections.map(({ target, tls, script, socket }) => ({
      target,
      tls: tls.map(({ hostname, serverName, alpn }) => ({
        server_hostname: serverName ?? hostname,
        alpn_offered: [...alpn],
      })),
      closed: socket?.closed ?? script.connect_error === undefined,
      writes: socket?.written ?? '',
    }));
  }
}

/** What fails a connect before there is a socket. */
function refusal(script: WireConnection, address: Address): Failure | null {
  return script.connect_error ?? (address.tls === null ? null : (script.tls_error ?? null));
}

function startTlsOf(notes: Notes, script: WireConnection, socket: FakeSocket | BlockingFakeSocket): Socket['startTls'] {
  return (target: TlsTarget, _cancel: Cancel): MaybePromise<Socket> => {
    notes.secured(socket, target);
    if (script.tls_error !== undefined) throw errorOf(script.tls_error);
    socket.alpn = script.alpn ?? null;
    return socket;
  };
}

/** Whether what was heard since the last answer is something to answer. */
const isComplete = (heard: string): boolean => heard !== '' && (!/^[A-Z]/.test(heard) || /\r\n\r\n/.test(heard));

/** For `AsyncClient`. */
export function asyncStage(scripts: readonly WireConnection[]): Stage {
  const environment = fakeEnvironment();
  const { connector, host } = environment;
  const notes = new Notes(scripts);
  const connect = connector.connect.bind(connector);
  connector.connect = (address, cancel) => {
    const script = notes.connecting(address);
    const failure = refusal(script, address);
    if (failure !== null) return Promise.reject(errorOf(failure));
    connector.onSocket = (socket) => {
      notes.opened(socket);
      socket.startTls = startTlsOf(notes, script, socket);
      let exchange = 0;
      let heard = '';
      socket.onWritten = () => {
        heard += socket.takeWritten();
        if (!isComplete(heard)) return;
        heard = '';
        for (const read of script.exchanges[exchange++]?.reads ?? ['EOF']) {
          if (read === 'EOF') socket.fin();
          else if (typeof read === 'string') socket.say(octets(read));
          else if (/Timeout/.test(read.error)) void host.advance(10_000);
          else socket.fail(errorOf(read) as httpx.TransportError);
        }
      };
    };
    return connect(address, cancel);
  };
  return { environment, seen: () => notes.seen() };
}

/** For `Client`: everything is said in order, as somebody waits for it. */
export function blockingStage(scripts: readonly WireConnection[]): Stage {
  const host = new FakeHost();
  const connector = new BlockingFakeConnector(host);
  const notes = new Notes(scripts);
  const connect = connector.connect.bind(connector);
  connector.connect = (address, cancel) => {
    const script = notes.connecting(address);
    const failure = refusal(script, address);
    connector.connects = failure === null ? 0 : (errorOf(failure) as httpx.TransportError);
    connector.onSocket = (socket) => {
      notes.opened(socket);
      if (address.tls !== null) socket.alpn = script.alpn ?? null;
      socket.startTls = startTlsOf(notes, script, socket);
      script.exchanges.forEach(({ reads }, exchange) => {
        for (const read of reads) {
          // What answers a later request is not there yet when a kept connection is looked at.
          const afterMs = exchange === 0 ? 0 : 1;
          if (read === 'EOF') socket.end(null, afterMs);
          else if (typeof read === 'string') socket.say(octets(read), afterMs);
          else socket.end(errorOf(read) as httpx.TransportError, /Timeout/.test(read.error) ? 10_000 : afterMs);
        }
      });
      socket.end(null, 1);
    };
    return connect(address, cancel);
  };
  return { environment: { host, connector, deadlines: new Deadlines(host) }, seen: () => notes.seen() };
}
