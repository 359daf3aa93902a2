/**
 * Deadlines: one intrusive list per duration, in order of expiry by construction, and one host timer per list, set anew
 * only when it fires. To arm or disarm a node costs no allocation. A node is in at most one list. The process lives for a
 * list's timer only while somebody holds the list.
 * Knows nothing of what expires: the node's `onExpire` does.
 */
import type { Host, HostTimer } from './hosts/host.js';

/** The longest wait that hosts' timers know; a longer deadline is looked at again after that. */
const TIMER_MS_MAX = 2_147_483_647;

/** Something with a deadline. */
export class DeadlineNode {
  /** @internal */ earlier: DeadlineNode | null = null;
  /** @internal */ later: DeadlineNode | null = null;
  /** The list it is in: it has a deadline. @internal */ list: DeadlineList | null = null;
  /** @internal */ expiresAt = 0;

  /** Called once, after the node has left its list. `ms` is the duration that went by. */
  onExpire(_ms: number): void {}
}

/** All nodes that expire after the same duration. */
export class DeadlineList {
  readonly ms: number;
  readonly #owner: Deadlines;
  #timer: HostTimer | null = null;
  #firing = false;
  #holders = 0;
  /** @internal */ first: DeadlineNode | null = null;
  /** @internal */ last: DeadlineNode | null = null;

  constructor(owner: Deadlines, ms: number) {
    this.#owner = owner;
    this.ms = ms;
  }

  /** @internal Makes sure that the host will call. */
  watch(ms: number): void {
    if (this.#timer === null && !this.#firing) this.#start(ms);
  }

  /** Apart from `watch`, which would make room for the closure each time. */
  #start(ms: number): void {
    this.#timer = this.#owner.host.after(Math.min(ms, TIMER_MS_MAX), () => this.#fire());
    if (this.#holders > 0) this.#timer.keepAlive(true);
  }

  /** The process must live until a deadline in this list, which somebody waits for; once for each who says so. */
  hold(): void {
    if (this.#holders++ === 0) this.#timer?.keepAlive(true);
  }

  /** It need not any more, for one of those. */
  release(): void {
    if (--this.#holders === 0) this.#timer?.keepAlive(false);
  }

  #fire(): void {
    this.#timer = null;
    this.#firing = true;
    const now = this.#owner.tick();
    try {
      for (let node = this.first; node !== null && node.expiresAt <= now; node = this.first) {
        disarm(node);
        node.onExpire(this.ms);
      }
    } finally {
      this.#firing = false;
      if (this.first !== null) this.watch(Math.max(1, Math.ceil(this.first.expiresAt - now)));
    }
  }
}

/** The lists of one host, by duration. */
export class Deadlines {
  readonly host: Host;
  /** Time of the latest `tick`: taken once per read and once per send, not per use. */
  now = 0;
  readonly #lists = new Map<number, DeadlineList>();

  constructor(host: Host) {
    this.host = host;
  }

  /** Takes the time. */
  tick(): number {
    this.now = this.host.now();
    return this.now;
  }

  /** The list for `ms` milliseconds. */
  of(ms: number): DeadlineList {
    let list = this.#lists.get(ms);
    if (list === undefined) {
      if (this.#lists.size >= 256) this.#dropEmpty();
      list = new DeadlineList(this, ms);
      this.#lists.set(ms, list);
    }
    return list;
  }

  /** The list for `ms`, or `null` for no limit. */
  ofLimit(ms: number | null): DeadlineList | null {
    return ms === null ? null : this.of(ms);
  }

  #dropEmpty(): void {
    for (const [ms, list] of this.#lists) if (list.first === null) this.#lists.delete(ms);
  }
}

/** (Re)starts the node's deadline: `list.ms` from `now`. */
export function arm(node: DeadlineNode, list: DeadlineList, now: number): void {
  if (node.list !== null) disarm(node);
  node.expiresAt = now + list.ms;
  node.list = list;
  const last = list.last;
  node.earlier = last;
  node.later = null;
  if (last === null) list.first = node;
  else last.later = node;
  list.last = node;
  list.watch(list.ms);
}

/** Ends the node's deadline as its list would, on a thread that blocks, where no timer can. The node must be in a list. */
export function strike(node: DeadlineNode): void {
  const { ms } = node.list as DeadlineList;
  disarm(node);
  node.onExpire(ms);
}

/** Takes the node's deadline away, if it has one. */
export function disarm(node: DeadlineNode): void {
  const list = node.list;
  if (list === null) return;
  const { earlier, later } = node;
  if (earlier === null) list.first = later;
  else earlier.later = later;
  if (later === null) list.last = earlier;
  else later.earlier = earlier;
  node.earlier = node.later = node.list = null;
}
