/**
 * The connections of a pool that nobody uses: in the order of their sites, and by age; those idle for a while no longer keep
 * the process alive, unless somebody waits for them. How many there may be, and for how long, the pool decides.
 */
import type { HttpConnection } from './connection.js';
import { arm, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import type { Site } from './pool.js';

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

  /** `open`: all connections, whether or not they are idle. */
  constructor(open: ReadonlySet<HttpConnection>, deadlines: Deadlines) {
    super();
    this.#open = open;
    this.#deadlines = deadlines;
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
