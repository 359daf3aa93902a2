/**
 * Who of those that wait gets which place, or leave to connect: pure, so that it can be read and tested as a table. A
 * connection of HTTP/1.1 has one place, one of HTTP/2 as many as its peer takes streams.
 */

/** A connection with places left. */
export interface Offer<S> {
  readonly site: S;
  /** Which connection of the pool it is: a later one has a larger number. */
  readonly number: number;
  readonly places: number;
  /** Nothing is under way on it: it may be closed in favour of another. */
  readonly idle: boolean;
  /** Its peer takes nothing for now: who waits for the site waits for that to change. */
  readonly paused: boolean;
}

/** Connections of a site, of which some may be paused. */
export interface Pausable {
  readonly shared: readonly Pick<Offer<unknown>, 'number' | 'paused'>[];
  readonly idle: readonly Pick<Offer<unknown>, 'number' | 'paused'>[];
}

/** Whether a connection of the site is paused whose number is larger than `after`: a new one would be, too, perhaps. */
export function isPaused({ shared, idle }: Pausable, after: number): boolean {
  const isOne = ({ number, paused }: Pick<Offer<unknown>, 'number' | 'paused'>) => paused && number > after;
  return shared.some(isOne) || idle.some(isOne);
}

/** One who waits. */
export interface Wish<S> {
  readonly site: S;
  /** Only a connection with a larger number will do. */
  readonly after: number;
  /** Places that a new connection of the site is expected to have; more than one: it is worth waiting for. */
  readonly expects: number;
}

/** What `assign` looks at. */
export interface PoolState<S> {
  /** First come first. */
  readonly waiting: readonly Wish<S>[];
  /** The best first: those in use, then the idle ones, longest idle first. */
  readonly offers: readonly Offer<S>[];
  /** Places on their way, by site: of connections that are being made, beside the one of who makes each. */
  readonly coming: ReadonlyMap<S, number>;
  /** Connections in all, connecting and idle ones included. */
  readonly total: number;
  readonly maxConnections: number | null;
}

/** What shall happen for one who waits: take a place, or connect (after closing an idle connection, perhaps). */
export interface Assignment {
  /** Index in `waiting`. */
  readonly waiter: number;
  /** Index in `offers` of the connection to take a place on, or `null`: connect. */
  readonly take: number | null;
  /** Index in `offers` of the connection to close first, or `null`. */
  readonly close: number | null;
}

/**
 * Who of the waiting is served by what, in order: a place on a connection of the site, else one that is coming or paused (they
 * go on waiting), else room for a new connection, else the room of another's idle one.
 */
export function assign<S>(state: PoolState<S>): readonly Assignment[] {
  const { waiting, offers, maxConnections } = state;
  const assignments: Assignment[] = [];
  const left = offers.map(({ places }) => places);
  const paused = offers.filter((offer) => offer.paused);
  const coming = new Map(state.coming);
  let placesLeft = left.reduce((sum, places) => sum + places, 0);
  let { total } = state;
  for (let waiter = 0; waiter < waiting.length; waiter++) {
    const { site, after, expects } = waiting[waiter] as Wish<S>;
    const take = offers.findIndex(
      (offer, at) => (left[at] as number) > 0 && offer.site === site && offer.number > after,
    );
    if (take >= 0) {
      (left[take] as number)--;
      placesLeft--;
      assignments.push({ waiter, take, close: null });
      continue;
    }
    if (paused.some((offer) => offer.site === site && offer.number > after)) continue;
    const due = coming.get(site) ?? 0;
    if (due > 0) {
      coming.set(site, due - 1);
      continue;
    }
    let close: number | null = null;
    if (maxConnections !== null && total >= maxConnections) {
      close = offers.findIndex(({ idle, places }, at) => idle && left[at] === places);
      if (close < 0 && placesLeft === 0) break;
      if (close < 0) continue;
      placesLeft -= left[close] as number;
      left[close] = 0;
    } else total++;
    coming.set(site, expects - 1);
    assignments.push({ waiter, take: null, close });
  }
  return assignments;
}
