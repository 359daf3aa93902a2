/**
 * The socket seam: all that a host's sockets must offer (DESIGN: Socket in, octets pushed to a Sink).
 * A socket knows neither HTTP nor deadlines; whoever waits on it owns the deadline.
 */

import type { ForEitherClient, TakenByClient } from '../either-client.js';
import type { TransportError } from '../exceptions.js';

/** A value now, or a promise of it. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** What a blocking host promises: who has nothing else to do can wait for it. Callbacks are called inside `wait`. */
export interface Waitable<T> extends PromiseLike<T> {
  /** Waits for something to happen about it, for `timeoutMs` at the most (`null`: as long as it takes). False: nothing did. */
  wait(timeoutMs: number | null): boolean;
}

/** A string stands for its Latin-1 octets. Hosts without such a write encode it. */
export type Octets = Uint8Array | string;

/** Answers of `Sink.octets`: bits. */
export const GO_ON = 0;
/** Stop reading until the next `demand`. */
export const STOP = 1;
/** The lent memory was kept: the socket must read into new memory. */
export const KEPT = 2;

/** Where a socket delivers. One call at a time; never from inside `write`, `close` or `connect`. */
export interface Sink {
  /** `bytes[0..length)` came; valid until this returns, unless `lent` and answered with KEPT. */
  octets(bytes: Uint8Array, length: number, lent: boolean): number;
  /** `null`: the peer closed its side in order; only a failure of our writing can still follow. An error is the last call. */
  ended(error: TransportError | null): void;
}

export interface Socket {
  /** Who is at the other end, for messages: host and port, or a path. Whom a proxy leads elsewhere has another one from then on. */
  peer: string;
  /** Protocol that TLS negotiated, or `null`. */
  readonly alpn: string | null;
  /** Nothing is delivered but inside `wait`. */
  readonly blocking: boolean;
  /** Set by the owner before its first `demand`; nothing is delivered earlier. */
  sink: Sink | null;
  /** A large body is being streamed: read into memory that the sink may keep. */
  lend: boolean;
  /** `startTls` is possible while no octets are wanted: a read that has begun cannot be taken back from the host. */
  readonly holdsReads?: true;
  /** Octets are wanted: reading is on again. */
  demand(): void;
  /**
   * Of a blocking socket: waits until something happens on it, for `timeoutMs` at the most (`null`: as long as it takes; 0:
   * not at all). True: octets or the end were delivered, or octets that waited to be sent were taken, so that the promise
   * of their `write` may have settled; both inside this call. What has arrived at the host counts as having happened; with a
   * `timeoutMs` of 0 the host is given time to say so: `hostMs` at the most (not given: as the host sees fit).
   */
  wait(timeoutMs: number | null, hostMs?: number | null): boolean;
  /** Sends head, then body, unbroken and in call order. `undefined`: the host took it; else a promise of its having done so. */
  write(head: Octets, body: Uint8Array | null): MaybePromise<void>;
  /** Closes our side only. A promise settles when what was written, and the end, have left. */
  closeWrite(): MaybePromise<void>;
  /** TLS over this socket, which must not be used afterwards. */
  startTls(options: TlsTarget, cancel: Cancel): MaybePromise<Socket>;
  /** Destroys the socket; idempotent; `sink` hears nothing more. */
  close(): void;
  /**
   * As `close`, but what was written leaves first, our end behind it, and the peer is given a moment to end its side. Idempotent,
   * and `close` ends it. What the peer does not read may keep the process for that moment, whatever `ref` says. Where it is
   * missing `close` does that, or nothing can.
   */
  leave?(): void;
  /** Whether this socket keeps the process alive. */
  ref(on: boolean): void;
  /** Addresses, certificate, …; `undefined` for what the host does not know (httpx: `get_extra_info`). */
  info(name: string): unknown;
}

/** TLS as one connection needs it. */
export interface TlsTarget {
  /** Name that the certificate must have (a host name or an IP address). */
  readonly hostname: string;
  /** Name sent as SNI; `null`: none. */
  readonly serverName: string | null;
  readonly alpn: readonly string[];
  /** False: the certificate is not checked. */
  readonly verify: boolean;
  /** One object for all targets of one setting: hosts keep what they made of it by its identity. */
  readonly options: TlsMaterial;
  /** Where sessions for resumption are kept: one per pool key. */
  readonly sessions: TlsSessions | null;
}

/** A PEM text, or DER octets of a certificate or of a PKCS #8 key. */
export type TlsObject = string | Uint8Array;

/** What a TLS connection is set up with, its files read; `null`: not given. */
export interface TlsMaterial {
  /** Authorities to trust in place of the runtime's; `'system'`: the system's. */
  readonly ca: readonly TlsObject[] | null;
  readonly cert: TlsObject | null;
  readonly key: TlsObject | null;
  /** Opens `key`. */
  readonly password: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** SHA-256 of public keys, in base64, one of which the peer's must be. */
  readonly pins: readonly string[] | null;
  /** File that the secrets of connections are added to, for who decrypts what was recorded of them. */
  readonly keyLogFile: string | null;
}

/** Keeps the latest session of one pool key. */
export interface TlsSessions {
  session: unknown;
}

/** What the socket is told once it is connected. */
export interface SocketSettings {
  /** Small writes leave at once (TCP_NODELAY). */
  readonly noDelay: boolean;
  /** The system asks an idle peer now and then whether it is there (SO_KEEPALIVE). */
  readonly keepAlive: boolean;
  /** How long the peer is idle before that, ms; `null`: as the system has it. */
  readonly keepAliveInitialDelayMs: number | null;
}

/** Where to connect. */
export interface Address {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, used instead of host and port. */
  readonly uds: string | null;
  readonly localAddress: string | null;
  readonly socketOptions: SocketSettings | null;
  readonly tls: TlsTarget | null;
  /** Replaces DNS. */
  readonly resolve: Resolve | null;
  /** Asked for every address before it is connected to. */
  readonly allowAddress: ((ip: string) => boolean) | null;
}

/** `resolve(host)`: the IP addresses of a host name. `Client` takes no promise of them. */
export type Resolve = ((host: string) => MaybePromise<readonly string[] | string>) & ForEitherClient;
/** What `Client` takes as `resolve`: it answers at once, unless its type is `Resolve`. */
export type SyncResolve =
  | ((host: string) => readonly string[] | string)
  | (((host: string) => MaybePromise<readonly string[] | string>) & TakenByClient);

/** What a connect attempt is in the middle of. */
export type ConnectPhase = 'dns' | 'connect' | 'proxy' | 'tls';

/** Shared by who waits for a connect and who does it. */
export interface Cancel {
  /** Set by the waiter. A socket that comes later is destroyed by the connector. */
  readonly cancelled: boolean;
  /** Called when the waiter gives up; set by the connector. */
  onCancel: (() => void) | null;
  /** Kept up to date by the connector. */
  phase: ConnectPhase;
  /** The waiter's clock. */
  now(): number;
  /** `now()` when DNS, TCP and TLS were done; 0 if not reached. Set by the connector. */
  resolvedAt: number;
  connectedAt: number;
  securedAt: number;
  /** What is known of the socket before it is there (`Socket.info`); set by a connector that can tell. */
  early?: ((name: string) => unknown) | null;
}

export interface Connector {
  /** What `connect` and its sockets promise is Waitable. */
  readonly blocking: boolean;
  /** True: it never connects; the host sends requests by its `fetch`. */
  readonly onlyFetches?: boolean;
  /** Options of transports, by name, that the host cannot honour: they are refused when a transport is made. */
  readonly cannot?: readonly string[];
  /** @throws (or rejects with) ConnectError, whose `phase` says what failed. */
  connect(address: Address, cancel: Cancel): MaybePromise<Socket>;
  /** Of a blocking connector: lets `ms` milliseconds go by. */
  pause?(ms: number): void;
  /** For who opened it, after all that connects through it: what it holds besides its sockets is given up. Idempotent. */
  close(): void;
}
