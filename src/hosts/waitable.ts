/** A promise for a thread that blocks: what it comes to is told inside `wait`, in the step that settles it. */
import { isThenable } from '../flow.js';
import type { Waitable } from './socket.js';

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** Settled by who made it; whoever waits for it waits for `source`. */
export class Pending<T> implements Waitable<T> {
  readonly #source: { wait(timeoutMs: number | null): boolean };
  #settled: Settled<T> | null = null;
  #listeners: ((settled: Settled<T>) => void)[] = [];

  constructor(source: { wait(timeoutMs: number | null): boolean }) {
    this.#source = source;
  }

  /** The first outcome counts. */
  resolve(value: T): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  #settle(settled: Settled<T>): void {
    if (this.#settled !== null) return;
    this.#settled = settled;
    for (const listener of this.#listeners.splice(0)) listener(settled);
  }

  wait(timeoutMs: number | null): boolean {
    return this.#settled !== null || this.#source.wait(timeoutMs);
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise to those who await it
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Pending<A | B> {
    const next = new Pending<A | B>(this.#source);
    const listener = (settled: Settled<T>): void => {
      try {
        if ('value' in settled) {
          next.#follow(fulfilled ? fulfilled(settled.value) : (settled.value as unknown as A));
        } else if (rejected) next.#follow(rejected(settled.error));
        else next.reject(settled.error);
      } catch (error) {
        next.reject(error);
      }
    };
    if (this.#settled === null) this.#listeners.push(listener);
    else listener(this.#settled);
    return next;
  }

  #follow(value: T | PromiseLike<T>): void {
    if (isThenable(value)) {
      (value as PromiseLike<T>).then(
        (settled) => this.resolve(settled),
        (error) => this.reject(error),
      );
    } else this.resolve(value as T);
  }
}
