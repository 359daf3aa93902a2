/**
 * The connections of a pool that nobody uses: in the order of their sites, and by age; those idle for a while no longer keep
 * the process alive, unless somebody waits for them; and how many there may be, and for how long. Who gets one, the pool decides.
 */
import type { Limits } from './config.js';
import type { HttpConnection } from './connection.js';
import { arm, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import type { Site } from './pool-site.js';

/** Whether somebody waits until its peer takes requests again: what says so may come at any time. */
const isAwaited = ({ paused, site }: HttpConnection): boolean => paused && (site as Site).waiting > 0;

/** An idle connection keeps the process alive for so long at the most. */
const REFERENCED_MS = 50;

/** Takes an item out of a list, if it is there. */
export function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

/** Its own deadline is the next look at those that keep the process alive. */
export class IdleConnections extends DeadlineNode {
  /** How many there are. */
  count = 0;
  readonly #open: ReadonlySet<HttpConnection>;
  readonly #deadlines: Deadlines;
  readonly #limits: Limits;
  readonly #blocking: boolean;
  /** Those beyond the limit are closed in the host's next turn. */
  #trimming = false;

  /** `open`: all connections, whether or not they are idle. */
  constructor(open: ReadonlySet<HttpConnection>, deadlines: Deadlines, limits: Limits, blocking: boolean) {
    super();
    this.#open = open;
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#blocking = blocking;
  }

  /** There are as many as there may be. */
  get isFull(): boolean {
    const { maxKeepaliveConnections: most } = this.#limits;
    return most !== null && this.count >= most;
  }

  /**
   * Whether one more connection may be idle. Beyond the limit it may until the host's next turn: where many responses end in
   * one turn, as on hosts that read many sockets at a time, those who go on at once shall find their connections.
   */
  mayAdd(): boolean {
    const { maxKeepaliveConnections: most } = this.#limits;
    if (most === null || this.count < most) return true;
    if (most === 0 || this.#blocking) return false;
    if (this.#trimming) return true;
    this.#trimming = true;
    this.#deadlines.host.nextTurn(() => {
      this.#trimming = false;
      for (const connection of this.byAge().slice(0, Math.max(0, this.count - most))) connection.close();
    });
    return true;
  }

  /** How long this connection may be idle, ms; `null`: no limit; 0: not at all. The peer's hint counts, less a margin. */
  expiryOf({ keepAliveSeconds: seconds }: HttpConnection): number | null {
    const { keepaliveExpiry } = this.#limits;
    if (seconds === null) return keepaliveExpiry;
    const hint = seconds * 1000 - Math.min(1000, seconds * 500);
    return keepaliveExpiry === null ? hint : Math.min(hint, keepaliveExpiry);
  }

  /** The connection is idle from now on. */
  add(connection: HttpConnection): void {
    const { idle, shared } = connection.site as Site;
    idle.push(connection);
    if (connection.multiplexes) remove(shared, connection);
    connection.idle = true;
    this.count++;
    if (this.list === null) arm(this, this.#deadlines.of(REFERENCED_MS), this.#deadlines.now);
  }

  /** The connection will be used. */
  take(connection: HttpConnection): void {
    this.remove(connection);
    if (connection.multiplexes) (connection.site as Site).shared.push(connection);
    connection.unseen = false;
    disarm(connection);
    this.#reference(connection);
  }

  #reference(connection: HttpConnection): void {
    if (connection.referenced) return;
    connection.referenced = true;
    connection.socket.ref(true);
  }

  /** Somebody waits for the site from now on: its paused connections keep the process alive. */
  awaited(site: Site): void {
    for (const connection of site.idle) if (connection.paused) this.#reference(connection);
    if (this.list === null) arm(this, this.#deadlines.of(REFERENCED_MS), this.#deadlines.now);
  }

  /** The connection is not idle any more. */
  remove(connection: HttpConnection): void {
    const { idle } = connection.site as Site;
    if (idle[idle.length - 1] === connection) idle.pop();
    else remove(idle, connection);
    connection.idle = false;
    this.count--;
  }

  /** All, longest idle first. */
  byAge(): HttpConnection[] {
    const all = [...this.#open].filter((connection) => connection.idle);
    return all.sort((a, b) => a.idleSince - b.idleSince);
  }

  /** The one that has been idle for the longest time. */
  oldest(): HttpConnection | null {
    return this.count === 0 ? null : (this.byAge()[0] ?? null);
  }

  override onExpire(): void {
    const since = this.#deadlines.now - REFERENCED_MS;
    let young = false;
    for (const connection of this.byAge()) {
      if (!connection.referenced) continue;
      if (connection.idleSince > since || isAwaited(connection)) young = true;
      else {
        connection.referenced = false;
        connection.socket.ref(false);
      }
    }
    if (young) arm(this, this.#deadlines.of(REFERENCED_MS), this.#deadlines.now);
  }

  /** Nobody looks after them any more. */
  close(): void {
    disarm(this);
  }
}
