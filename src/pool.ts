/**
 * The connection pool: who gets a place on which connection, and when. `assign` decides; `ConnectionPool` does what it says.
 *
 * Invariants: connections (connecting ones included) never outnumber `maxConnections`; who waits is served in order, and
 * nobody overtakes for the same site, so that who finds a place, or room, takes it from nobody; where one connection may
 * serve many, they wait for the one that is being made, or that its peer has paused; a cancelled flow leaves the pool as if
 * it had never been; an idle connection is used again only if nothing came on it, also not unseen: one that was idle before
 * the host's latest reads is looked at again in a later turn (SECURITY §1.8).
 */

import type { Limits } from './config.js';
import { type ConnectionOwner, HttpConnection } from './connection.js';
import { arm, type Deadlines, disarm } from './deadlines.js';
import { CloseError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import type { Flow } from './flow.js';
import type { Connector, Socket, TlsSessions } from './hosts/socket.js';
import { IdleConnections, remove } from './idle-connections.js';
import { type Versions, versionOf } from './negotiation.js';
import { assign, isPaused, type Offer } from './pool-assignment.js';
import { Connects } from './pool-connects.js';
import { Queue } from './pool-queue.js';
import { newSite, placesComing, type Site } from './pool-site.js';
import { NextTurn, Waiter } from './pool-waiter.js';
import type { Trace } from './trace.js';
import type { Route } from './tunnel.js';

export type { Site } from './pool-site.js';

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

/** Octets that come while this thread is busy for so long may be unseen. */
const UNSEEN_MS = 1;
/** Sites without a connection that are remembered (their TLS sessions). */
const SITES_MAX = 1000;

/** Whoever has a place on it may use it at once: it is in use, and read all the time. */
function isSeen(connection: HttpConnection): boolean {
  return !connection.unseen && !connection.socket.blocking;
}

/** Connections by site, within limits. */
export class ConnectionPool implements ConnectionOwner {
  readonly deadlines: Deadlines;
  readonly #connector: Connector;
  readonly #limits: Limits;
  readonly #sites = new Map<string, Site>();
  readonly #waiters: Queue;
  readonly #open = new Set<HttpConnection>();
  readonly #connects: Connects;
  readonly #idle: IdleConnections;
  #total = 0;
  /** Connections made so far. */
  #made = 0;
  #turn = 0;
  #assigning = false;
  #closed = false;

  constructor(connector: Connector, deadlines: Deadlines, limits: Limits, retries = 0) {
    this.#connector = connector;
    this.deadlines = deadlines;
    this.#limits = limits;
    this.#waiters = new Queue(deadlines);
    this.#connects = new Connects(connector, deadlines, retries);
    this.#idle = new IdleConnections(this.#open, deadlines, limits, connector.blocking);
  }

  /** The site of `key`, if there is one. */
  find(key: string): Site | undefined {
    return this.#sites.get(key);
  }

  /** A new site. */
  add(key: string, origin: string, versions: Versions, route: (sessions: TlsSessions) => Route): Site {
    if (this.#sites.size >= SITES_MAX) this.#forgetSites();
    const site = newSite(key, origin, versions, route, this.#connector.blocking);
    this.#sites.set(key, site);
    return site;
  }

  #forgetSites(): void {
    for (const [key, site] of this.#sites) {
      if (site.connections === 0 && site.waiting === 0) this.#sites.delete(key);
    }
  }

  /** A connection of the site that can be used at once, without looking at it; `null`: there is none, `acquire` one. */
  tryAcquire(site: Site): HttpConnection | null {
    if (site.shared.length > 0) {
      const shared = this.#sharedPlace(site, -1);
      if (shared !== null && isSeen(shared)) return this.#take(shared);
    }
    const { idle } = site;
    const connection = idle[idle.length - 1];
    return connection === undefined || connection.paused || !this.#justReleased(connection)
      ? null
      : this.#take(connection);
  }

  /** A connection in use that can serve one more. */
  #sharedPlace(site: Site, after: number): HttpConnection | null {
    for (const connection of site.shared) if (connection.number > after && connection.places > 0) return connection;
    return null;
  }

  /** Number of the latest connection. */
  get latest(): number {
    return this.#made - 1;
  }

  /**
   * A place on a connection of the site, looked at if it was idle; on one whose number is larger than `after`, so that
   * nothing but a new connection will do where that is infinite. Whoever gets it must open an exchange on it or give it `back`.
   * @throws PoolTimeout, ConnectTimeout, ConnectError, CloseError
   */
  *acquire(site: Site, limits: CallLimits, after: number, got: Acquired): Flow<HttpConnection> {
    const kept = yield* this.#checkedPlace(site, after);
    if (kept !== null) return kept;
    if (this.#closed) throw new CloseError('Cannot send the request: the connection pool is closed', { sent: 'none' });
    if (isPaused(site, after) || placesComing(site) > site.waiting || !this.#tryGrant(site)) {
      const served = yield* this.#inLine(site, limits, after);
      if (served !== null) {
        got.pooledAt = this.deadlines.tick();
        return served;
      }
    }
    return yield* this.#connect(site, limits, got);
  }

  /** Leave to connect, if there is room, or an idle connection that can make room. */
  #tryGrant(site: Site): boolean {
    const { maxConnections } = this.#limits;
    const isFull = maxConnections !== null && this.#total >= maxConnections;
    const oldest = isFull ? this.#idle.oldest() : null;
    if (isFull && oldest === null) return false;
    // Before the other closes: its room is not for those who wait for it while it is paused.
    this.#grant(site);
    oldest?.close();
    return true;
  }

  /** Leave to connect. */
  #grant(site: Site): void {
    this.#total++;
    site.connections++;
    site.connecting++;
  }

  /** A place on a connection in use, or on an idle one that proved alive in a later turn than it became idle in. */
  *#checkedPlace(site: Site, after: number): Flow<HttpConnection | null> {
    for (;;) {
      const connection =
        this.#sharedPlace(site, after) ?? site.idle.findLast(({ number, paused }) => number > after && !paused);
      if (connection === undefined) return null;
      const expires = connection.list !== null;
      const expired = expires && connection.expiresAt <= this.deadlines.tick();
      const seen = !connection.idle && isSeen(connection);
      this.#take(connection);
      if (expired) {
        connection.close();
        continue;
      }
      if (seen) return connection;
      connection.unseen = true;
      let checked = false;
      try {
        yield new NextTurn(connection.socket, this.deadlines.host);
        checked = true;
      } finally {
        if (!checked) this.#restore(connection, expires);
      }
      connection.unseen = false;
      if (connection.canOpen) return connection;
      this.back(connection);
    }
  }

  /** Nothing can have come on it unseen: no socket was read since, and no time went by. */
  #justReleased(connection: HttpConnection): boolean {
    return connection.releasedIn === this.#turn && this.deadlines.now - connection.idleSince < UNSEEN_MS;
  }

  /** Gives back a place unused; an idle connection as it was, with what is left of its time. */
  #restore(connection: HttpConnection, expires: boolean): void {
    if (connection.closed) return;
    connection.reserved--;
    if (!connection.empty) return;
    const leftMs = Math.ceil(connection.expiresAt - this.deadlines.tick());
    const wanted = this.#waiters.all().some(({ following }) => !following);
    // Nobody who waits may have it unchecked: its place goes to them.
    if (this.#closed || wanted || (expires && leftMs <= 0) || this.#idle.isFull) {
      connection.close();
      return;
    }
    this.#idle.add(connection);
    if (expires) arm(connection, this.deadlines.of(leftMs), this.deadlines.now);
  }

  /** Waits in line. A connection, or `null`: leave to connect (already counted). */
  *#inLine(site: Site, limits: CallLimits, after: number): Flow<HttpConnection | null> {
    const waiter = new Waiter(site, after, limits, this.#limits.maxConnections, this.#open);
    this.#waiters.join(waiter);
    this.#waiters.limit(waiter, placesComing(site) >= site.waiting);
    // A connection that is busy with a response that nobody reads does not keep the process alive.
    limits.pool?.hold();
    if (isPaused(site, after)) this.#idle.awaited(site);
    let taken = false;
    try {
      for (;;) {
        if (waiter.error !== null) throw waiter.error;
        if (waiter.connection?.canOpen === false) this.#serveAgain(waiter);
        if (waiter.connection !== null || waiter.mayConnect) break;
        yield waiter;
      }
      taken = true;
      return waiter.connection;
    } finally {
      limits.pool?.release();
      disarm(waiter);
      if (!taken) this.#withdraw(waiter);
    }
  }

  /** What it was served with closed before its flow went on: it is first in line again. */
  #serveAgain(waiter: Waiter<Site>): void {
    const connection = waiter.connection as HttpConnection;
    waiter.connection = null;
    this.#waiters.rejoin(waiter);
    this.back(connection);
    this.#assignWaiting();
  }

  #withdraw(waiter: Waiter<Site>): void {
    this.#waiters.leave(waiter);
    if (waiter.connection !== null) this.back(waiter.connection);
    else if (waiter.mayConnect) this.#leave(waiter.site);
  }

  *#connect(site: Site, limits: CallLimits, got: Acquired): Flow<HttpConnection> {
    let socket: Socket | null = null;
    let connection: HttpConnection | null = null;
    got.pooledAt = this.deadlines.tick();
    try {
      socket = yield* this.#connects.socketTo(site, limits, got);
      const version = versionOf(socket.alpn, site.versions, site.secure, site.origin);
      connection = new HttpConnection(socket, this, site.origin, site, this.#made++, version, this.#limits);
      this.deadlines.tick();
      this.#connected(connection, site);
      return connection;
    } catch (error) {
      this.#waiters.failFollowers(site, limits, error);
      throw error;
    } finally {
      if (connection === null) {
        socket?.close();
        this.#leave(site);
      }
    }
  }

  /**
   * A connection was made, and has a place for who made it. Others go to who waited for it; of HTTP/2 not before its peer
   * has said how many there are: for that they have the time of connecting anew.
   */
  #connected(connection: HttpConnection, site: Site): void {
    this.#open.add(connection);
    connection.tell('opened', null);
    connection.reserved++;
    site.connecting--;
    const { multiplexes } = connection;
    if (multiplexes) site.shared.push(connection);
    if (!multiplexes || this.#connector.blocking) site.expects = 1;
    if (site.waiting === 0) return;
    for (const waiter of this.#waiters.all())
      if (waiter.site === site && waiter.following) this.#waiters.limit(waiter, true);
    this.#assignFollowers(site);
  }

  /** Serves who waits for the site; who must wait on has the time of the pool from now on, unless a place is coming. */
  #assignFollowers(site: Site): void {
    this.#assignWaiting();
    let coming = placesComing(site);
    for (const waiter of this.#waiters.all()) {
      if (waiter.site === site && --coming < 0 && waiter.following) this.#waiters.limit(waiter, false);
    }
  }

  /** A slot is free again. */
  #leave(site: Site): void {
    this.#total--;
    site.connections--;
    site.connecting--;
    this.#assignWaiting();
    this.wakeWaiters();
  }

  /** Gives back a place on which nothing was begun. */
  back(connection: HttpConnection): void {
    connection.reserved--;
    if (connection.closed) return;
    this.released(connection);
    this.wakeWaiters();
  }

  // ── ConnectionOwner ──

  turned(): void {
    this.#turn++;
  }

  released(connection: HttpConnection): void {
    const { first } = this.#waiters;
    if (
      first !== undefined &&
      first.site === connection.site &&
      connection.number > first.after &&
      connection.places > 0
    ) {
      first.connection = this.#take(connection);
      this.#waiters.serve(first);
      return;
    }
    if (!connection.empty) {
      if (first !== undefined) this.#assignWaiting();
      return;
    }
    const expiry = this.#idle.expiryOf(connection);
    if (this.#closed || expiry === 0 || !(connection.canOpen || connection.paused) || !this.#idle.mayAdd()) {
      connection.close();
      return;
    }
    connection.idleSince = this.deadlines.now;
    connection.releasedIn = this.#turn;
    this.#idle.add(connection);
    if (expiry !== null) arm(connection, this.deadlines.of(expiry), this.deadlines.now);
    if (first !== undefined) this.#assignWaiting();
  }

  placesChanged(connection: HttpConnection): void {
    const site = connection.site as Site;
    const { streamsMax, paused } = connection;
    if (streamsMax !== null && !paused && !this.#connector.blocking) site.expects = Math.max(1, streamsMax);
    if (connection.idle && !connection.canOpen && !paused) connection.close();
    if (this.#waiters.length > 0) this.#assignFollowers(site);
  }

  dropped(connection: HttpConnection): void {
    const site = connection.site as Site;
    if (connection.idle) this.#idle.remove(connection);
    else if (connection.multiplexes) remove(site.shared, connection);
    if (!this.#open.delete(connection)) return;
    this.#total--;
    site.connections--;
    this.#assignWaiting();
  }

  wakeWaiters(): void {
    if (!this.#assigning) this.#waiters.wake();
  }

  /** Reserves a place on it. */
  #take(connection: HttpConnection): HttpConnection {
    if (connection.idle) this.#idle.take(connection);
    connection.reserved++;
    return connection;
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

  /** Connections with places left: those in use, then the idle ones, longest idle first. */
  #offers(): { readonly connection: HttpConnection; readonly offer: Offer<Site> }[] {
    const shared = [...this.#open].filter(({ multiplexes, idle }) => multiplexes && !idle);
    return [...shared, ...this.#idle.byAge()].map((connection) => {
      const { number, places, idle, paused } = connection;
      return { connection, offer: { site: connection.site as Site, number, places, idle, paused } };
    });
  }

  /** True if someone was served. */
  #assignOnce(): boolean {
    const offers = this.#offers();
    const waiting = this.#waiters.all();
    const sites = new Set(waiting.map(({ site }) => site));
    const assignments = assign({
      waiting,
      offers: offers.map(({ offer }) => offer),
      coming: new Map([...sites].map((site) => [site, placesComing(site)])),
      total: this.#total,
      maxConnections: this.#limits.maxConnections,
    });
    for (const { waiter: index, take, close } of assignments) {
      const waiter = waiting[index] as Waiter<Site>;
      this.#waiters.serve(waiter);
      if (take !== null) {
        waiter.connection = this.#take((offers[take] as (typeof offers)[number]).connection);
        continue;
      }
      waiter.mayConnect = true;
      this.#grant(waiter.site);
      if (close !== null) (offers[close] as (typeof offers)[number]).connection.close();
    }
    return assignments.length > 0;
  }

  /** Closes every connection; what is in flight fails with CloseError. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle.close();
    const error = ({ origin }: { readonly origin: string }) =>
      new CloseError(`The client was closed while a request to ${origin} was in flight`);
    this.#waiters.failAll(error);
    this.#connects.failAll(error);
    for (const connection of [...this.#open]) connection.closeWith(error(connection));
    this.wakeWaiters();
  }
}
