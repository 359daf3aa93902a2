/**
 * Flows and their drivers. A flow is a generator that says what it waits for: it yields a Park (someone will wake it), a
 * promise, or a plain value (it goes on at once). It neither knows nor cares who drives it.
 *
 * `runAsync` resumes a flow in the very step that wakes it and makes one promise in all; `drive` makes none; `runSync`
 * blocks its thread at each Park until that is woken, and refuses promises. An abort that fires while a step is running is
 * queued until the generator is suspended; yields inside `finally` are still driven afterwards.
 */
import { withCallerFrames } from './caller-frames.js';
import { DeadlineNode, type Deadlines, strike } from './deadlines.js';
import { HTTPError } from './exceptions.js';
import type { Guard } from './guard.js';

export type Flow<T> = Generator<unknown, T, unknown>;

/** What `Park.wake` resumes. */
export interface Resumable {
  step(failed: boolean, value: unknown): void;
}

/** A place where one flow waits until it is woken. It may have a deadline of its own. */
export class Park extends DeadlineNode {
  /** @internal */ run: Resumable | null = null;

  /** Resumes the flow that waits here, if one does. */
  wake(): void {
    const run = this.run;
    if (run === null) return;
    this.run = null;
    run.step(false, undefined);
  }

  /**
   * Blocks the thread until something happens that may wake who waits here, for `timeoutMs` at the most (`null`: as long as
   * it takes). False: what is waited for comes from this thread's own event loop, so that nothing can happen.
   */
  block(_timeoutMs: number | null): boolean {
    return false;
  }
}

/** True for promises and what acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Waits for a promise inside a flow (a value passes through). */
export function* wait<T>(value: T | PromiseLike<T>): Flow<T> {
  return (isThenable(value) ? yield value : value) as T;
}

/** Something a Guard can stop. */
export interface Abortable {
  abort(reason: unknown): void;
}

/** Drives one flow to its end. */
class Run<T> implements Resumable, Abortable {
  readonly #flow: Flow<T>;
  readonly #resolve: (value: T | PromiseLike<T>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #guard: Guard | null;
  readonly #isCall: boolean;
  #park: Park | null = null;
  #turn = 0;
  #waiting = false;
  #queuedAbort: { readonly reason: unknown } | null = null;

  /** `isCall`: `resolve` and `reject` are of a promise, whose errors of ours get the frames of who awaits it. */
  constructor(
    flow: Flow<T>,
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (error: unknown) => void,
    guard: Guard | null,
    isCall: boolean,
  ) {
    this.#flow = flow;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#guard = guard;
    this.#isCall = isCall;
    if (guard !== null) guard.target = this;
  }

  step(failed: boolean, value: unknown): void {
    this.#park = null;
    for (;;) {
      let result: IteratorResult<unknown, T>;
      try {
        result = failed ? this.#flow.throw(value) : this.#flow.next(value);
      } catch (error) {
        this.#guard?.leave(this);
        this.#fail(error);
        return;
      }
      if (result.done === true) {
        this.#finish(result.value);
        return;
      }
      const yielded = result.value;
      if (this.#queuedAbort !== null) {
        if (isThenable(yielded)) yielded.then(undefined, () => {});
        value = this.#queuedAbort.reason;
        this.#queuedAbort = null;
        failed = true;
      } else if (yielded instanceof Park) {
        this.#park = yielded;
        yielded.run = this;
        return;
      } else if (isThenable(yielded)) {
        this.#await(yielded);
        return;
      } else {
        value = yielded;
        failed = false;
      }
    }
  }

  /** The flow has its result. An abort that came in its last step still counts: what the flow made is disposed of. */
  #finish(value: T): void {
    this.#guard?.leave(this);
    if (this.#queuedAbort === null) {
      this.#resolve(value);
      return;
    }
    (value as Partial<Disposable> | null | undefined)?.[Symbol.dispose]?.();
    this.#fail(this.#queuedAbort.reason);
  }

  #fail(error: unknown): void {
    if (this.#isCall && error instanceof HTTPError) this.#resolve(withCallerFrames(error));
    else this.#reject(error);
  }

  #await(promise: PromiseLike<unknown>): void {
    const turn = ++this.#turn;
    this.#waiting = true;
    const settle = (failed: boolean, value: unknown) => {
      if (turn !== this.#turn || !this.#waiting) return;
      this.#waiting = false;
      this.step(failed, value);
    };
    promise.then(
      (value) => settle(false, value),
      (error) => settle(true, error),
    );
  }

  abort(reason: unknown): void {
    const park = this.#park;
    if (park !== null && park.run === this) {
      park.run = null;
      this.step(true, reason);
    } else if (this.#waiting) {
      this.#waiting = false;
      this.step(true, reason);
    } else {
      this.#queuedAbort = { reason };
    }
  }
}

/** Drives a flow for someone who is not a promise: `resolve` or `reject` is called in the step that ends it. */
export function drive<T>(flow: Flow<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  new Run(flow, resolve as (value: T | PromiseLike<T>) => void, reject, null, false).step(false, undefined);
}

/**
 * Drives a flow on an event loop; one promise in all. An error of ours arises where the network is heard, with none of the
 * caller's frames; they are added when it reaches the caller, so that a call that succeeds pays nothing for them.
 */
export function runAsync<T>(flow: Flow<T>, guard: Guard | null = null): Promise<T> {
  return new Promise((resolve, reject) => {
    new Run(flow, resolve, reject, guard, true).step(false, undefined);
  });
}

/** The run that this thread is in the middle of. */
let innermost: BlockingRun<unknown> | null = null;

/**
 * Drives one flow on a thread that blocks. No timer fires there: deadlines are kept by who waits. A run inside another (a
 * transport, a hook or a body that makes a call itself) keeps the limits of those around it, too: they cannot go on before.
 */
class BlockingRun<T> implements Resumable, Abortable {
  readonly #flow: Flow<T>;
  readonly #clock: Deadlines | null;
  readonly #guard: Guard | null;
  #outer: BlockingRun<unknown> | null = null;
  #resumed = false;
  #abort: { readonly reason: unknown } | null = null;

  constructor(flow: Flow<T>, clock: Deadlines | null, guard: Guard | null) {
    this.#flow = flow;
    this.#clock = clock;
    this.#guard = guard;
    if (guard !== null && guard.target === null) guard.target = this;
  }

  step(): void {
    this.#resumed = true;
  }

  abort(reason: unknown): void {
    this.#abort = { reason };
  }

  run(): T {
    this.#outer = innermost;
    innermost = this as BlockingRun<unknown>;
    try {
      let result = this.#flow.next();
      while (result.done !== true) {
        const { value } = result;
        const failure = value instanceof Park ? this.#wait(value) : this.#failureOf(value);
        result = failure === null ? this.#flow.next(value) : this.#flow.throw(failure.reason);
      }
      const aborted = this.#aborted();
      if (aborted === null) return result.value;
      (result.value as Partial<Disposable> | null | undefined)?.[Symbol.dispose]?.();
      throw aborted.reason;
    } finally {
      innermost = this.#outer;
      this.#guard?.leave(this);
    }
  }

  /** Why this run, or one around it, has to end; told once of its own guard, and each time of the others'. */
  #aborted(): { readonly reason: unknown } | null {
    const abort = this.#abort;
    this.#abort = null;
    if (abort !== null) return abort;
    for (let run = this.#outer; run !== null; run = run.#outer) {
      const stopped = run.#guard?.stopped ?? null;
      if (stopped !== null) return stopped;
    }
    return null;
  }

  /** Why the flow cannot go on with `value`, or `null`. */
  #failureOf(value: unknown): { readonly reason: unknown } | null {
    const refused = isThenable(value);
    if (refused) value.then(undefined, () => {});
    return this.#aborted() ?? (refused ? cannotWait(answerers.get(value) ?? UNNAMED_ANSWERERS) : null);
  }

  /** Strikes the guards, here and around, whose time is up. Milliseconds until the next one's is; `null`: none has a limit. */
  #strikeGuards(): number | null {
    let least: number | null = null;
    for (let run: BlockingRun<unknown> | null = this as BlockingRun<unknown>; run !== null; run = run.#outer) {
      const left = run.#guard?.leftMs() ?? null;
      if (left === null) continue;
      if (left <= 0) strike(run.#guard as Guard);
      else least = Math.min(least ?? left, left);
    }
    return least;
  }

  /** Blocks until the Park is woken; what went wrong meanwhile, or `null`. */
  #wait(park: Park): { readonly reason: unknown } | null {
    const clock = this.#clock;
    if (clock === null) return cannotWait('the transport');
    park.run = this;
    this.#resumed = false;
    for (;;) {
      const total = this.#strikeGuards();
      const now = clock.tick();
      const left = park.list === null ? null : park.expiresAt - now;
      const failure = this.#aborted();
      if (failure !== null) {
        park.run = null;
        return failure;
      }
      if (this.#resumed) return null;
      if (left !== null && left <= 0) strike(park);
      else if (!park.block(total === null || left === null ? (total ?? left) : Math.min(total, left))) {
        park.run = null;
        return cannotWait('the transport');
      }
    }
  }
}

/** Who answered with a promise, for the error of a flow that cannot wait for it. */
const answerers = new WeakMap<object, string>();
const UNNAMED_ANSWERERS = 'the body, the cookie jar or the trace extension';

/** Says whose answer a promise is that a blocking flow yields. */
export function answeredBy(promise: PromiseLike<unknown>, who: string): void {
  answerers.set(promise, who);
}

function cannotWait(who: string): { readonly reason: TypeError } {
  return { reason: new TypeError(`Cannot wait in a blocking call: ${who} answered with a promise`) };
}

/**
 * Drives a flow on a thread that blocks; `clock`: keeps its deadlines, `null` for a flow that parks nowhere. @throws what the
 * flow throws; into the flow, a TypeError where it waits for what only an event loop could bring
 */
export function runSync<T>(flow: Flow<T>, clock: Deadlines | null, guard: Guard | null = null): T {
  return new BlockingRun(flow, clock, guard).run();
}
