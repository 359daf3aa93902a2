/**
 * The connection pool: who gets which connection, and when. `assign` decides and is pure; `ConnectionPool` does what it says.
 *
 * Invariants: connections (connecting ones included) never outnumber `maxConnections`; who waits is served in order, and
 * nobody overtakes for the same site; a cancelled flow leaves the pool as if it had never been; an idle connection is used
 * again only if nothing came on it, also not unseen: one that was idle before the host's latest reads is looked at again
 * in a later turn (SECURITY §1.8).
 */

import type { Limits } from './config.js';
import { ConnectAttempt } from './connect-attempt.js';
import { type ConnectionOwner, HttpConnection } from './connection.js';
import { arm, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import { CloseError, PoolTimeout, type TransportError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import { type Flow, Park } from './flow.js';
import type { Host } from './hosts/host.js';
import type { Address, Connector, Socket, TlsSessions } from './hosts/socket.js';
import type { Trace } from './trace.js';

/** Everything that connections are shared by: they are, only where all of it is equal. */
export interface Site {
  readonly key: string;
  /** For messages. */
  readonly origin: string;
  readonly address: Address;
  /** Idle connections, the latest used last. */
  readonly idle: HttpConnection[];
  /** Connections and connects under way. */
  connections: number;
}

/** What `assign` looks at. */
export interface PoolState<S = Site> {
  /** Sites of those who wait, first come first; `fresh`: only a new connection will do. */
  readonly waiting: readonly { readonly site: S; readonly fresh: boolean }[];
  /** Sites of idle connections, longest idle first. */
  readonly idle: readonly S[];
  /** Connections in all, connecting and idle ones included. */
  readonly total: number;
  readonly maxConnections: number | null;
}

/** What shall happen for one who waits: take an idle connection, or connect (after closing an idle one, perhaps). */
export interface Assignment {
  /** Index in `waiting`. */
  readonly waiter: number;
  /** Index in `idle` of the connection to take, or `null`: connect. */
  readonly take: number | null;
  /** Index in `idle` of the connection to close first, or `null`. */
  readonly close: number | null;
}

/** Who of the waiting is served by what: in order; an idle connection of the site, else room, else another's idle one. */
export function assign<S>(state: PoolState<S>): readonly Assignment[] {
  const assignments: Assignment[] = [];
  const used = new Set<number>();
  let { total } = state;
  const firstUnused = (fits: (site: S) => boolean) =>
    state.idle.findIndex((site, index) => !used.has(index) && fits(site));
  for (let waiter = 0; waiter < state.waiting.length; waiter++) {
    const { site, fresh } = state.waiting[waiter] as PoolState<S>['waiting'][number];
    const take = fresh ? -1 : firstUnused((each) => each === site);
    if (take >= 0) {
      used.add(take);
      assignments.push({ waiter, take, close: null });
      continue;
    }
    if (state.maxConnections === null || total < state.maxConnections) {
      total++;
      assignments.push({ waiter, take: null, close: null });
      continue;
    }
    const close = firstUnused(() => true);
    if (close < 0) break;
    used.add(close);
    assignments.push({ waiter, take: null, close });
  }
  return assignments;
}

/** One who waits for a connection, or for leave to make one. */
class Waiter extends Park {
  readonly site: Site;
  /** Only a new connection will do. */
  readonly fresh: boolean;
  readonly #maxConnections: number | null;
  connection: HttpConnection | null = null;
  mayConnect = false;
  error: TransportError | null = null;

  constructor(site: Site, fresh: boolean, maxConnections: number | null) {
    super();
    this.site = site;
    this.fresh = fresh;
    this.#maxConnections = maxConnections;
  }

  override onExpire(ms: number): void {
    this.#fail(`no connection of the pool became free after ${ms} ms (maxConnections: ${this.#maxConnections})`);
  }

  /** Only this thread could free one, and it is here: even the registry of dropped responses needs the event loop. */
  override block(): boolean {
    this.#fail(
      `all connections of the pool are in use (maxConnections: ${this.#maxConnections}), and a blocking call cannot wait ` +
        'for one; read or close streamed responses, for one that is only dropped frees its connection no sooner than at ' +
        'the next turn of the event loop',
    );
    return true;
  }

  #fail(why: string): void {
    this.error = new PoolTimeout(`Cannot send the request to ${this.site.origin}: ${why}`, {
      phase: 'pool',
      sent: 'none',
      retryable: true,
    });
    this.wake();
  }
}

/** Clock readings of one acquisition, ms; 0: not reached. */
export interface Acquired {
  startedAt: number;
  /** A connection, or leave to make one, was there. */
  pooledAt: number;
  resolvedAt: number;
  connectedAt: number;
  securedAt: number;
  /** Told of the connecting, if somebody asked for that. */
  readonly trace: Trace | null;
}

/** Where a flow waits for the host's next turn, after which an idle socket has delivered what came. */
class NextTurn extends Park {
  readonly #socket: Socket;

  constructor(socket: Socket, host: Host) {
    super();
    this.#socket = socket;
    if (!socket.blocking) host.nextTurn(() => this.wake());
  }

  override block(timeoutMs: number | null): boolean {
    this.#socket.wait(0, timeoutMs);
    this.wake();
    return true;
  }
}

/** Looks after idle connections: those idle for a while no longer keep the process alive. */
class Sweeper extends DeadlineNode {
  readonly #sweep: () => void;

  constructor(sweep: () => void) {
    super();
    this.#sweep = sweep;
  }

  override onExpire(): void {
    this.#sweep();
  }
}

/** Octets that come while this thread is busy for so long may be unseen. */
const UNSEEN_MS = 1;
/** An idle connection keeps the process alive for so long at the most. */
const REFERENCED_MS = 50;
/** Sites without a connection that are remembered (their TLS sessions). */
const SITES_MAX = 1000;

/** Connections by site, within limits. */
export class ConnectionPool implements ConnectionOwner {
  readonly deadlines: Deadlines;
  readonly #connector: Connector;
  readonly #limits: Limits;
  readonly #sites = new Map<string, Site>();
  readonly #waiters: Waiter[] = [];
  readonly #served: Waiter[] = [];
  readonly #open = new Set<HttpConnection>();
  readonly #attempts = new Set<ConnectAttempt>();
  readonly #sweeper = new Sweeper(() => this.#sweep());
  #total = 0;
  #idle = 0;
  #turn = 0;
  #waking = false;
  #assigning = false;
  #closed = false;

  constructor(connector: Connector, deadlines: Deadlines, limits: Limits) {
    this.#connector = connector;
    this.deadlines = deadlines;
    this.#limits = limits;
  }

  /** Connections in all, and those idle. */
  get counts(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    return { total: this.#total, idle: this.#idle, waiting: this.#waiters.length };
  }

  /** The site of `key`, if there is one. */
  find(key: string): Site | undefined {
    return this.#sites.get(key);
  }

  /** A new site. */
  add(key: string, origin: string, address: (sessions: TlsSessions) => Address): Site {
    if (this.#sites.size >= SITES_MAX) this.#forgetSites();
    const site: Site = { key, origin, address: address({ session: null }), idle: [], connections: 0 };
    this.#sites.set(key, site);
    return site;
  }

  #forgetSites(): void {
    const waiting = new Set(this.#waiters.map((waiter) => waiter.site));
    for (const [key, site] of this.#sites) if (site.connections === 0 && !waiting.has(site)) this.#sites.delete(key);
  }

  /** A connection of the site that can be used at once, without looking at it; `null`: there is none, `acquire` one. */
  tryAcquire(site: Site): HttpConnection | null {
    const { idle } = site;
    const connection = idle[idle.length - 1];
    if (connection === undefined || this.#waiters.length > 0 || !this.#justReleased(connection)) return null;
    this.#takeIdle(connection);
    return connection;
  }

  /**
   * A connection of the site, looked at if it was idle; `fresh`: a new one. Whoever gets it must open an exchange on it or
   * give it `back`.
   * @throws PoolTimeout, ConnectTimeout, ConnectError, CloseError
   */
  *acquire(site: Site, limits: CallLimits, fresh: boolean, got: Acquired): Flow<HttpConnection> {
    const idle = fresh ? null : yield* this.#checkedIdle(site);
    if (idle !== null) return idle;
    if (this.#closed) throw new CloseError('Cannot send the request: the connection pool is closed', { sent: 'none' });
    if (!this.#hasRoom()) {
      const served = yield* this.#inLine(site, limits, fresh);
      if (served !== null) return served;
    } else {
      this.#total++;
      site.connections++;
    }
    return yield* this.#connect(site, limits, got);
  }

  #hasRoom(): boolean {
    const { maxConnections } = this.#limits;
    if (maxConnections === null) return true;
    if (this.#waiters.length > 0) return false;
    if (this.#total < maxConnections) return true;
    const oldest = this.#oldestIdle();
    oldest?.close();
    return oldest !== null;
  }

  /** An idle connection that proved alive in a later turn than it became idle in. */
  *#checkedIdle(site: Site): Flow<HttpConnection | null> {
    while (this.#waiters.length === 0) {
      const connection = site.idle[site.idle.length - 1];
      if (connection === undefined) return null;
      const expired = connection.list !== null && connection.expiresAt <= this.deadlines.tick();
      const expires = connection.list !== null;
      this.#takeIdle(connection);
      if (expired) {
        connection.close();
        continue;
      }
      let checked = false;
      try {
        yield new NextTurn(connection.socket, this.deadlines.host);
        checked = true;
      } finally {
        if (!checked) this.#restore(connection, expires);
      }
      if (!connection.closed) return connection;
    }
    return null;
  }

  /** Nothing can have come on it unseen: no socket was read since, and no time went by. */
  #justReleased(connection: HttpConnection): boolean {
    return connection.releasedIn === this.#turn && this.deadlines.now - connection.idleSince < UNSEEN_MS;
  }

  /** Puts an idle connection back as it was, with what is left of its time. */
  #restore(connection: HttpConnection, expires: boolean): void {
    if (connection.closed) return;
    const leftMs = Math.ceil(connection.expiresAt - this.deadlines.tick());
    const { maxKeepaliveConnections: most } = this.#limits;
    // Nobody who waits may have it unchecked: its place goes to them.
    if (this.#closed || this.#waiters.length > 0 || (expires && leftMs <= 0) || (most !== null && this.#idle >= most)) {
      connection.close();
      return;
    }
    this.#shelve(connection);
    if (expires) arm(connection, this.deadlines.of(leftMs), this.deadlines.now);
  }

  /** Waits in line. A connection, or `null`: leave to connect (already counted). */
  *#inLine(site: Site, limits: CallLimits, fresh: boolean): Flow<HttpConnection | null> {
    const waiter = new Waiter(site, fresh, this.#limits.maxConnections);
    this.#waiters.push(waiter);
    if (limits.pool !== null) arm(waiter, limits.pool, this.deadlines.tick());
    let taken = false;
    try {
      for (;;) {
        if (waiter.error !== null) throw waiter.error;
        if (waiter.connection?.closed === true) this.#serveAgain(waiter);
        if (waiter.connection !== null || waiter.mayConnect) break;
        yield waiter;
      }
      taken = true;
      return waiter.connection;
    } finally {
      disarm(waiter);
      if (!taken) this.#withdraw(waiter);
    }
  }

  /** What it was served with closed before its flow went on: it is first in line again. */
  #serveAgain(waiter: Waiter): void {
    waiter.connection = null;
    this.#waiters.unshift(waiter);
    this.#assignWaiting();
  }

  #withdraw(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
    if (waiter.connection !== null) this.back(waiter.connection);
    else if (waiter.mayConnect) this.#leave(waiter.site);
  }

  *#connect(site: Site, limits: CallLimits, got: Acquired): Flow<HttpConnection> {
    const attempt = new ConnectAttempt(site.origin, site.address, this.deadlines);
    this.#attempts.add(attempt);
    let connection: HttpConnection | null = null;
    const { trace } = got;
    got.pooledAt = this.deadlines.tick();
    try {
      if (trace !== null) yield trace.connecting(site.address, limits);
      attempt.traced = trace !== null;
      if (limits.connect !== null) arm(attempt, limits.connect, this.deadlines.now);
      attempt.start(this.#connector);
      for (;;) {
        if (trace !== null && (yield* trace.follow(attempt, site.address, limits))) continue;
        if (attempt.error !== null) throw attempt.error;
        if (attempt.socket !== null) break;
        yield attempt;
      }
      connection = new HttpConnection(attempt.socket, this, site.origin, site, this.#limits);
      got.resolvedAt = attempt.resolvedAt;
      got.connectedAt = attempt.connectedAt;
      got.securedAt = attempt.securedAt;
      this.#open.add(connection);
      this.deadlines.tick();
      return connection;
    } catch (error) {
      trace?.fail(error);
      throw error;
    } finally {
      disarm(attempt);
      this.#attempts.delete(attempt);
      if (connection === null) {
        attempt.cancel();
        this.#leave(site);
      }
    }
  }

  /** A slot is free again. */
  #leave(site: Site): void {
    this.#total--;
    site.connections--;
    this.#assignWaiting();
    this.wakeWaiters();
  }

  /** Gives back a connection on which nothing was begun. */
  back(connection: HttpConnection): void {
    if (connection.closed) return;
    this.released(connection);
    this.wakeWaiters();
  }

  // ── ConnectionOwner ──

  turned(): void {
    this.#turn++;
  }

  released(connection: HttpConnection): void {
    const first = this.#waiters[0];
    if (first !== undefined && first.site === connection.site && !first.fresh) {
      this.#waiters.shift();
      first.connection = connection;
      this.#served.push(first);
      return;
    }
    const expiry = this.#expiryOf(connection);
    const { maxKeepaliveConnections: most } = this.#limits;
    if (this.#closed || expiry === 0 || (most !== null && this.#idle >= most)) {
      connection.close();
      return;
    }
    connection.idleSince = this.deadlines.now;
    connection.releasedIn = this.#turn;
    this.#shelve(connection);
    if (expiry !== null) arm(connection, this.deadlines.of(expiry), this.deadlines.now);
    if (first !== undefined) this.#assignWaiting();
  }

  #shelve(connection: HttpConnection): void {
    (connection.site as Site).idle.push(connection);
    connection.idle = true;
    this.#idle++;
    if (this.#sweeper.list === null) arm(this.#sweeper, this.deadlines.of(REFERENCED_MS), this.deadlines.now);
  }

  /** How long this connection may be idle, ms; `null`: no limit; 0: not at all. The peer's hint counts, less a margin. */
  #expiryOf(connection: HttpConnection): number | null {
    const { keepaliveExpiry } = this.#limits;
    const seconds = connection.keepAliveSeconds;
    if (seconds === null) return keepaliveExpiry;
    const hint = seconds * 1000 - Math.min(1000, seconds * 500);
    return keepaliveExpiry === null ? hint : Math.min(hint, keepaliveExpiry);
  }

  dropped(connection: HttpConnection): void {
    const site = connection.site as Site;
    if (connection.idle) {
      site.idle.splice(site.idle.indexOf(connection), 1);
      connection.idle = false;
      this.#idle--;
    }
    if (!this.#open.delete(connection)) return;
    this.#total--;
    site.connections--;
    this.#assignWaiting();
  }

  wakeWaiters(): void {
    if (this.#waking || this.#assigning || this.#served.length === 0) return;
    this.#waking = true;
    try {
      for (let waiter = this.#served.shift(); waiter !== undefined; waiter = this.#served.shift()) waiter.wake();
    } finally {
      this.#waking = false;
    }
  }

  #takeIdle(connection: HttpConnection): void {
    const { idle } = connection.site as Site;
    if (idle[idle.length - 1] === connection) idle.pop();
    else idle.splice(idle.indexOf(connection), 1);
    connection.idle = false;
    this.#idle--;
    disarm(connection);
    if (!connection.referenced) {
      connection.referenced = true;
      connection.socket.ref(true);
    }
  }

  #allIdle(): HttpConnection[] {
    const all = [...this.#open].filter((connection) => connection.idle);
    return all.sort((a, b) => a.idleSince - b.idleSince);
  }

  #oldestIdle(): HttpConnection | null {
    return this.#idle === 0 ? null : (this.#allIdle()[0] ?? null);
  }

  #assignWaiting(): void {
    if (this.#assigning) return;
    this.#assigning = true;
    try {
      while (this.#waiters.length > 0 && this.#assignOnce());
    } finally {
      this.#assigning = false;
    }
  }

  /** True if someone was served. */
  #assignOnce(): boolean {
    const idle = this.#allIdle();
    const waiting = this.#waiters.slice();
    const assignments = assign({
      waiting,
      idle: idle.map((connection) => connection.site as Site),
      total: this.#total,
      maxConnections: this.#limits.maxConnections,
    });
    for (const { waiter: index, take, close } of assignments) {
      const waiter = waiting[index] as Waiter;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      this.#served.push(waiter);
      if (take !== null) {
        waiter.connection = idle[take] as HttpConnection;
        this.#takeIdle(waiter.connection);
        continue;
      }
      waiter.mayConnect = true;
      this.#total++;
      waiter.site.connections++;
      if (close !== null) (idle[close] as HttpConnection).close();
    }
    return assignments.length > 0;
  }

  #sweep(): void {
    const since = this.deadlines.now - REFERENCED_MS;
    let young = false;
    for (const connection of this.#allIdle()) {
      if (!connection.referenced) continue;
      if (connection.idleSince > since) young = true;
      else {
        connection.referenced = false;
        connection.socket.ref(false);
      }
    }
    if (young) arm(this.#sweeper, this.deadlines.of(REFERENCED_MS), this.deadlines.now);
  }

  /** Closes every connection; what is in flight fails with CloseError. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    disarm(this.#sweeper);
    const error = ({ origin }: { readonly origin: string }) =>
      new CloseError(`The client was closed while a request to ${origin} was in flight`);
    for (const waiter of this.#served) waiter.error = error(waiter.site);
    for (const waiter of this.#waiters.splice(0)) {
      waiter.error = error(waiter.site);
      this.#served.push(waiter);
    }
    for (const attempt of [...this.#attempts]) {
      attempt.error ??= error(attempt);
      attempt.wake();
    }
    for (const connection of [...this.#open]) connection.closeWith(error(connection));
    this.wakeWaiters();
  }
}
