/**
 * The way to a site: connecting, and on through a proxy where there is one. What is said to a proxy is the handshake's business,
 * how its octets go over the socket tunnel-passage.ts's, and the deadline the attempt's.
 */
import type { ConnectAttempt } from './connect-attempt.js';
import { arm } from './deadlines.js';
import { ConnectError, type ProxyError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import { type Flow, wait } from './flow.js';
import type { Address, Connector, MaybePromise, Octets, Socket, TlsTarget } from './hosts/socket.js';
import type { Trace, TracedConnection, TraceInfo } from './trace.js';
import type * as passage from './tunnel-passage.js';

/** One step of a handshake, as traces tell it. */
export type HandshakeStep = readonly [name: string, info: TraceInfo];

/** The client's side of what is said to a proxy before it connects us: octets in, octets out, no I/O. */
export interface Handshake {
  /** In order; all are begun before an answer is waited for. */
  readonly steps: readonly HandshakeStep[];
  /** The proxy's whole answer, as traces tell it; `undefined`: none, or it is none of theirs. */
  readonly answer: unknown;
  /** 'again': the proxy wants to be asked once more, over another connection. */
  readonly state: 'talking' | 'open' | 'again';
  /** Octets of the last `receive` that came behind the proxy's last word. */
  readonly surplus: number;
  /** What is said first. */
  begin(): Octets;
  /** bytes[0, length) came: what is said next, or `null`. @throws ProxyError */
  receive(bytes: Uint8Array, length: number): Octets | null;
  /** The proxy closed its side: an error, or `null` if the state says what follows. */
  ended(): ProxyError | null;
  /** Gives up what it holds. */
  free(): void;
}

/** How connections of one site come about. */
export interface Route {
  readonly address: Address;
  /** The way on from there, where `address` is a proxy's. */
  readonly tunnel: Tunnel | null;
}

/** How they go through a proxy. */
export interface Tunnel {
  /** The proxy, for messages. */
  readonly proxy: string;
  /** Where it leads: host and port, for messages. */
  readonly peer: string;
  /** What names of trace events begin with. */
  readonly traced: { readonly tcp: 'connection' | 'socks'; readonly tls: 'proxy' | 'socks' };
  /** Of the origin; `null`: what follows is in the clear. */
  readonly tls: TlsTarget | null;
  /** The address that the proxy is asked for in place of the origin's host, found and allowed here; `null`: none. */
  readonly pin: ((blocking: boolean) => MaybePromise<string>) | null;
  /** What must be there before a handshake; `null`: nothing. */
  readonly ready: ((blocking: boolean) => MaybePromise<unknown>) | null;
  /** How attempts go through: loaded with what knows of proxies. */
  readonly passage: typeof passage;
  handshake(asked: Asked): Handshake;
}

/** What a handshake is made for. */
export interface Asked {
  /** How messages begin. */
  readonly where: string;
  /** How often the attempt has connected before. */
  readonly round: number;
  /** For traces. */
  readonly connection: TracedConnection;
  /** In place of the origin's host; `null`: that itself. */
  readonly address: string | null;
}

/** Connects: to the address, and on through the tunnel if there is one. @throws ConnectError, ConnectTimeout, ProxyError */
export function* connectedSocket(
  attempt: ConnectAttempt,
  { address, tunnel }: Route,
  connector: Connector,
  limits: CallLimits,
  trace: Trace | null,
): Flow<Socket> {
  if (tunnel !== null && tunnel.ready !== null) yield* wait(tunnel.ready(connector.blocking));
  let pinned: string | null = null;
  for (let round = 0; ; round++) {
    if (trace !== null) yield trace.connecting(address, limits, tunnel?.traced.tcp ?? 'connection');
    // One limit, however often the proxy is connected to.
    if (round === 0 && limits.connect !== null) arm(attempt, limits.connect, attempt.now());
    if (round === 0 && tunnel !== null && tunnel.pin !== null)
      pinned = yield* tunnel.passage.settled(attempt, tunnel.pin(connector.blocking));
    attempt.start(connector);
    for (;;) {
      if (trace !== null && (yield* trace.follow(attempt, address, limits))) continue;
      if (attempt.error !== null) {
        throw tunnel === null ? attempt.error : throughProxy(attempt.error, attempt.origin, tunnel.proxy);
      }
      if (attempt.socket !== null) break;
      yield attempt;
    }
    if (tunnel === null) return attempt.socket;
    const asked = { round, address: pinned };
    if (yield* tunnel.passage.passThrough(attempt, tunnel, asked, limits, trace)) return attempt.socket;
  }
}

/** A failure to connect to the proxy, which then says whose it is, and where the way was to lead. */
export function throughProxy(error: unknown, origin: string, proxy: string): unknown {
  if (error instanceof ConnectError) {
    error.message = `Cannot connect to ${origin} through the proxy ${proxy}: ${error.message}`;
  }
  return error;
}
