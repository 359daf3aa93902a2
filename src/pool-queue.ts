/**
 * Those who wait for a pool: in line, with the time that each has, and then served, until their flows are woken. Who is served
 * by what, the pool decides.
 */
import { arm, type Deadlines, disarm } from './deadlines.js';
import { ConnectTimeout, TotalTimeout, TransportError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import { ownOf } from './own-error.js';
import type { Site } from './pool-site.js';
import { Line, type Waiter } from './pool-waiter.js';

/** The time of connecting, ms. */
const connectMs = ({ connect }: CallLimits): number => connect?.ms ?? Number.POSITIVE_INFINITY;

/** Who waits, first come first; each counts as waiting for its site until it is served. */
export class Queue extends Line<Waiter<Site>> {
  readonly #deadlines: Deadlines;
  readonly #served: Waiter<Site>[] = [];
  #waking = false;

  constructor(deadlines: Deadlines) {
    super();
    this.#deadlines = deadlines;
  }

  /** One more waits, behind all others. */
  join(waiter: Waiter<Site>): void {
    this.push(waiter);
    waiter.site.waiting++;
  }

  /** One who was served in vain is first again. */
  rejoin(waiter: Waiter<Site>): void {
    this.unshift(waiter);
    waiter.site.waiting++;
  }

  /** One gives up, served or not. */
  leave(waiter: Waiter<Site>): void {
    if (this.remove(waiter)) waiter.site.waiting--;
  }

  /** Who waits for a connection that is being made has the time of connecting, others that of the pool; from now on. */
  limit(waiter: Waiter<Site>, following: boolean): void {
    waiter.following = following;
    const list = following ? waiter.limits.connect : waiter.limits.pool;
    if (list !== null) arm(waiter, list, this.#deadlines.tick());
    else disarm(waiter);
  }

  /** Serves one who waits, with what was noted in it; its flow is woken later. */
  serve(waiter: Waiter<Site>): void {
    this.remove(waiter);
    waiter.site.waiting--;
    this.#served.push(waiter);
  }

  /** Lets the flows of those go on who were served. */
  wake(): void {
    if (this.#waking || this.#served.length === 0) return;
    this.#waking = true;
    try {
      for (let waiter = this.#served.shift(); waiter !== undefined; waiter = this.#served.shift()) waiter.wake();
    } finally {
      this.#waking = false;
    }
  }

  /**
   * A connect of one with `limits` failed: so it did for those who waited for it, each with an error of its own; not for
   * those who would have waited longer, or for another connect.
   */
  failFollowers(site: Site, limits: CallLimits, error: unknown): void {
    if (site.connecting > 1 || !(error instanceof TransportError) || error instanceof TotalTimeout) return;
    for (const waiter of this.all().filter((each) => each.site === site && each.following)) {
      if (error instanceof ConnectTimeout && connectMs(waiter.limits) > connectMs(limits)) continue;
      waiter.error = ownOf(error);
      this.serve(waiter);
    }
  }

  /** Fails all, those served too, each with an error of its own. */
  failAll(errorOf: (site: Site) => TransportError): void {
    for (const waiter of this.#served) waiter.error = errorOf(waiter.site);
    for (const waiter of this.all()) {
      waiter.error = errorOf(waiter.site);
      this.serve(waiter);
    }
  }
}
