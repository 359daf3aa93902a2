/**
 * What ends a call from outside: its signal, or its total time. A signal carries one listener however many calls share it, and
 * a call's total time keeps the process alive, whatever it waits for.
 */
import { arm, type DeadlineList, DeadlineNode, type Deadlines, disarm } from './deadlines.js';
import type { Abortable } from './flow.js';

/** How long a signal that no call uses keeps its listener, ms: calls in a row share one. */
const LISTENER_MS = 50;

/** All guards of one signal, so that a signal carries one listener however many calls share it. */
class Hub extends DeadlineNode {
  first: Guard | null = null;
  readonly #signal: AbortSignal;
  readonly #abortAll: () => void;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
    this.#abortAll = () => {
      for (let guard = this.first; guard !== null; guard = this.first) guard.stop(signal.reason);
    };
    signal.addEventListener('abort', this.#abortAll, { once: true });
  }

  /** A signal with a listener may never be collected: an unused one loses it. */
  override onExpire(): void {
    if (this.first !== null) return;
    this.#signal.removeEventListener('abort', this.#abortAll);
    hubs.delete(this.#signal);
  }
}

const hubs = new WeakMap<AbortSignal, Hub>();

/**
 * Stops one call when its signal fires or its total time is up. It watches the run of the call's flow first, then
 * (for a response whose body is still to be read) whatever it is moved to.
 */
export class Guard extends DeadlineNode {
  /** What is stopped; set by the run, or by `moveTo`. */
  target: Abortable | null = null;
  /** It has stopped its call, for this reason. */
  stopped: { readonly reason: unknown } | null = null;
  readonly #expired: (ms: number) => unknown;
  readonly #clock: Deadlines;
  #hub: Hub | null = null;
  #held: DeadlineList | null = null;
  #before: Guard | null = null;
  #after: Guard | null = null;

  /** `totalMs`: the call's time in all, `null` for no limit; `expired` makes the error for when it is up. */
  constructor(signal: AbortSignal | null, totalMs: number | null, clock: Deadlines, expired: (ms: number) => unknown) {
    super();
    this.#expired = expired;
    this.#clock = clock;
    if (signal !== null) {
      let hub = hubs.get(signal);
      if (hub === undefined) {
        hub = new Hub(signal);
        hubs.set(signal, hub);
      }
      disarm(hub);
      this.#hub = hub;
      this.#after = hub.first;
      if (hub.first !== null) hub.first.#before = this;
      hub.first = this;
    }
    if (totalMs === null) return;
    const list = clock.of(totalMs);
    arm(this, list, clock.tick());
    // Whatever the call waits for: nothing else may keep the process alive until this ends it.
    list.hold();
    this.#held = list;
  }

  override onExpire(ms: number): void {
    this.stop(this.#expired(ms));
  }

  /** It has stopped the call, or watches over nothing any more. */
  get hasStopped(): boolean {
    return this.target === null;
  }

  /** Milliseconds that are left of its total time; `null`: it has no limit, or has ended. */
  leftMs(): number | null {
    return this.list === null ? null : this.expiresAt - this.#clock.tick();
  }

  /** Leaves its lists and aborts the target. */
  stop(reason: unknown): void {
    const target = this.target;
    this.stopped = { reason };
    this.#unlink();
    target?.abort(reason);
  }

  /** The watch goes on over `target` after the run has ended; what is under way there keeps the process alive by itself. */
  moveTo(target: Abortable): void {
    this.target = target;
    this.#release();
  }

  /** `from` has ended: nothing to watch any more, unless the guard was moved. */
  leave(from: Abortable): void {
    if (this.target === from) this.#unlink();
  }

  /** Nothing is watched any more. */
  end(): void {
    this.#unlink();
  }

  #release(): void {
    this.#held?.release();
    this.#held = null;
  }

  #unlink(): void {
    disarm(this);
    this.#release();
    this.target = null;
    const hub = this.#hub;
    if (hub === null) return;
    this.#hub = null;
    if (this.#before === null) hub.first = this.#after;
    else this.#before.#after = this.#after;
    if (this.#after !== null) this.#after.#before = this.#before;
    this.#before = this.#after = null;
    if (hub.first === null) arm(hub, this.#clock.of(LISTENER_MS), this.#clock.tick());
  }
}
