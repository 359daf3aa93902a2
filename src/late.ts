/**
 * Parts of the package that few programs need, or none before its first request, each behind one seam. It is written
 * `new Late(() => import(…))`, to the letter, since builds look for it (`.config/late-parts.mjs`): the one for Node.js requires
 * parts when they are first asked for, in the other they are there from the start, since blocking clients cannot wait for one.
 * As sources that nobody built, a part comes with a promise.
 */
import { LoadError } from './exceptions.js';
import { isThenable } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';

/** A module that is loaded late. */
export class Late<T extends object> {
  /** The module; `null` until it was loaded. Ask this first: then nothing is waited for. */
  loaded: T | null = null;
  readonly #load: () => MaybePromise<T>;

  constructor(load: () => MaybePromise<T>) {
    this.#load = load;
  }

  /** The module, loaded. @throws LoadError where its file cannot be; it is tried again by who asks next */
  load(): MaybePromise<T> {
    if (this.loaded !== null) return this.loaded;
    let given: MaybePromise<T>;
    try {
      given = this.#load();
    } catch (cause) {
      const [what] = String((cause as Error).message).split('\n', 1);
      throw new LoadError(`Cannot load a part of httpx-wasm: ${what}`, { cause });
    }
    return isThenable(given) ? (given as Promise<T>).then((module) => this.#kept(module)) : this.#kept(given);
  }

  /** The module, at once, as every build has it. @throws LoadError where its file cannot be, and in sources not built */
  get module(): T {
    const module = this.load();
    if (isThenable(module))
      throw new LoadError('Cannot load a part of httpx-wasm: these are its sources, and no build of it');
    return module as T;
  }

  /** What `work` makes of it: at once, or with a promise. */
  use<R>(work: (module: T) => MaybePromise<R>): MaybePromise<R> {
    const module = this.load();
    return isThenable(module) ? (module as Promise<T>).then(work) : work(module);
  }

  #kept(module: T): T {
    this.loaded = module;
    return module;
  }
}
