/**
 * What a test can ask of a scripted server and of its connections, and the messages that carry it between the test's thread
 * (scripted-server.ts) and the server's (server-thread.ts). Everything here can be cloned; instants are those of the
 * server's own clock, to be compared with each other only.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Script } from './dialogue.js';

/** The server's side of TLS, as the certificates of certificates.ts give it. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Certificate authority for client certificates; given, they are demanded. */
  readonly clientCa?: string;
  readonly alpn?: readonly string[];
  /** The newest version that it speaks; one that Node does not offer by itself is offered all the same. */
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2';
}

export interface ScriptOptions {
  readonly tls?: ServerTls;
  /** The last script serves every further connection too. */
  readonly repeatLast?: boolean;
  readonly host?: string;
  /** Path of a Unix socket to listen on, in place of a port. */
  readonly uds?: string;
}

/** What a server can be asked. */
export interface ServerFacts {
  /** TCP connections, also those that no script served or whose handshake failed. */
  readonly accepted: number;
  /** Connections that came to a script: those with a peer. */
  readonly begun: number;
  readonly openSockets: number;
  /** TLS handshakes that were completed, and how many of them resumed a session. */
  readonly handshakes: number;
  readonly resumptions: number;
  /** Handshakes that failed, with the server's reason. */
  readonly handshakeErrors: readonly string[];
  /** Heads of all requests, in the order of connections. */
  readonly heads: readonly string[];
  readonly octetsHeard: number;
  readonly octetsTaken: number;
}

/** A request as it came over the wire. */
export interface HeardRequest {
  /** Request line, field lines and the empty line. */
  readonly head: string;
  readonly method: string;
  readonly target: string;
  /** Content, after chunked coding. */
  readonly body: Buffer;
}

/** A moment in what was heard. */
export interface Noted {
  readonly octetsHeard: number;
  readonly at: number;
}

/** What the server knows of the client's TLS. */
export interface TlsFacts {
  /** The name the client asked for (SNI), or `null`. */
  readonly servername: string | null;
  /** Common name of the client's certificate, or `null`. */
  readonly clientName: string | null;
}

/** What a connection can be asked. */
export interface PeerFacts {
  readonly requests: readonly HeardRequest[];
  /** IP address that the client connected from; `null`: it came by a Unix socket. */
  readonly clientAddress: string | null;
  /** Every head that was heard, also of requests whose body was not asked for. */
  readonly heads: readonly string[];
  /** Everything the client sent on this connection, up to a bound. */
  readonly octets: Buffer;
  readonly text: string;
  /** Octets that came, script or no script. */
  readonly octetsHeard: number;
  /** Octets of ours that the kernel took. */
  readonly octetsTaken: number;
  /** Running total and time of what came, piece by piece, up to a bound. */
  readonly arrivals: readonly Noted[];
  /** What had been heard, and when, each time the script began to say something, up to a bound. */
  readonly saidAfter: readonly Noted[];
  /** When the client ended its side or the connection broke; `null` while it has not. */
  readonly clientClosedAt: number | null;
  /** How the client ended: in order, or by a reset. */
  readonly clientClosedBy: 'fin' | 'reset' | null;
  /** The script came to its end (or to its own close). */
  readonly finished: boolean;
  /** Answers of the `hearClose` steps: how long the client took, `null` when it did not close in time. */
  readonly closes: readonly (number | null)[];
  readonly tls: TlsFacts | null;
}

/** What a test can make a connection do, besides its script. */
export interface PeerOrders {
  goDeaf(): void;
  hearAgain(): void;
}

/** Asked of one server, or of its `peer`-th connection; answered at once. */
export interface Question {
  readonly server: number;
  readonly peer: number | null;
  readonly about: keyof ServerFacts | keyof PeerFacts | keyof PeerOrders;
}

export type Answer = { readonly value: unknown } | { readonly error: unknown };

/** What takes its time: answered by a `Done` with the same number. */
export type Task = { readonly task: number } & (
  | { readonly open: number; readonly scripts: readonly Script[]; readonly options: ScriptOptions }
  | { readonly close: number }
  | { readonly rest: number; readonly calmMs: number }
);

/** A task's end: the port of a server that was opened, the octets taken of one that is at rest; or why it failed. */
export type Done = { readonly task: number } & ({ readonly value: number | null } | { readonly error: unknown });

/** What the server's thread is started with. */
export interface ThreadData {
  /** Questions come and answers go here. */
  readonly questions: MessagePort;
  /** Word 0 counts the answers, word 1 whatever happens at the servers: both are notified. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

export const ANSWERS = 0;
export const CHANGES = 1;
