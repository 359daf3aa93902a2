/** What the pool knows of a site: how to connect to it, which connections there are, who waits for one. */
import type { HttpConnection } from './connection.js';
import type { TlsSessions } from './hosts/socket.js';
import { mayMultiplex, type Versions } from './negotiation.js';
import type { Route } from './tunnel.js';

/** Everything that connections are shared by: they are, only where all of it is equal. */
export interface Site extends Route {
  readonly key: string;
  /** For messages. */
  readonly origin: string;
  readonly secure: boolean;
  readonly versions: Versions;
  /** Idle connections, the latest used last. */
  readonly idle: HttpConnection[];
  /** Connections in use that serve many exchanges, whether or not they have places left. */
  readonly shared: HttpConnection[];
  /** Connections and connects under way. */
  connections: number;
  /** Connects under way. */
  connecting: number;
  /** Those who wait in line for it. */
  waiting: number;
  /** A new connection is expected to serve many exchanges: how many, as far as that is known; else 1. */
  expects: number;
}

/** A site without connections; those of sockets that block serve one exchange at a time. */
export function newSite(
  key: string,
  origin: string,
  versions: Versions,
  route: (sessions: TlsSessions) => Route,
  blocking: boolean,
): Site {
  const secure = origin.startsWith('https:');
  const shares = mayMultiplex(versions, secure) && !blocking;
  return {
    key,
    origin,
    secure,
    versions,
    ...route({ session: null }),
    idle: [],
    shared: [],
    connections: 0,
    connecting: 0,
    waiting: 0,
    expects: shares ? Number.POSITIVE_INFINITY : 1,
  };
}

/**
 * Places on their way, of connections that are being made or whose peers have not said yet how many they have, beside the
 * one that each has for who made it; as many as you like while nobody knows how many it will be.
 */
export function placesComing({ expects, shared, connecting }: Site): number {
  if (expects === 1) return 0;
  const making = shared.reduce((sum, { settling }) => (settling ? sum + 1 : sum), connecting);
  return making === 0 ? 0 : making * (expects - 1);
}
