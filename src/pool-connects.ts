/**
 * The connects of a pool that are under way: from a site to a socket, tried again where another may mend what failed. Whether
 * there is room for one, the pool knows.
 */
import { ConnectAttempt, mayConnectAgain } from './connect-attempt.js';
import { type Deadlines, disarm } from './deadlines.js';
import type { TransportError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import type { Flow } from './flow.js';
import type { Connector, Socket } from './hosts/socket.js';
import type { Acquired } from './pool.js';
import type { Site } from './pool-site.js';
import { connectedSocket } from './tunnel.js';

/** Connects under way. */
export class Connects {
  readonly #connector: Connector;
  readonly #deadlines: Deadlines;
  /** How often a failed connect is tried again. */
  readonly #retries: number;
  readonly #attempts = new Set<ConnectAttempt>();

  constructor(connector: Connector, deadlines: Deadlines, retries: number) {
    this.#connector = connector;
    this.#deadlines = deadlines;
    this.#retries = retries;
  }

  /**
   * A socket to the site, and in `got` when each step was done. A connect that fails is tried again, as often as `retries` says
   * (httpx).
   * @throws ConnectTimeout, ConnectError, ProxyError, CloseError
   */
  *socketTo(site: Site, limits: CallLimits, got: Acquired): Flow<Socket> {
    const { trace } = got;
    for (let failures = 0; ; failures++) {
      const attempt = new ConnectAttempt(site.origin, site.address, this.#deadlines);
      this.#attempts.add(attempt);
      let socket: Socket | null = null;
      try {
        attempt.traced = trace !== null;
        if (failures > 0) {
          yield trace?.retrying(site.address, limits);
          yield* attempt.pause(failures, this.#connector);
          yield trace?.end();
        }
        socket = yield* connectedSocket(attempt, site, this.#connector, limits, trace);
        got.resolvedAt = attempt.resolvedAt;
        got.connectedAt = attempt.connectedAt;
        got.securedAt = attempt.securedAt;
        return socket;
      } catch (error) {
        trace?.fail(error);
        if (failures >= this.#retries || !mayConnectAgain(error)) throw error;
      } finally {
        disarm(attempt);
        this.#attempts.delete(attempt);
        if (socket === null) attempt.cancel();
      }
    }
  }

  /** Ends each of them with an error of its own, unless it has failed already. */
  failAll(errorOf: (attempt: ConnectAttempt) => TransportError): void {
    for (const attempt of [...this.#attempts]) {
      attempt.error ??= errorOf(attempt);
      attempt.wake();
    }
  }
}
