/**
 * AbortController and AbortSignal (DOM §3), without the rest of DOM: a signal has the methods of an event target and one type
 * of event, `abort`. Packages that make them leave the reason away, or are more than half for browsers of the past.
 */
import { DOMException } from './dom-exception.js';

/** What listeners are called with. */
export interface AbortEvent {
  readonly type: 'abort';
  readonly target: AbortSignal;
}

/** Who is told: a function, or an object with a method. */
export type AbortListener = ((event: AbortEvent) => void) | { handleEvent(event: AbortEvent): void };

/** How one is told. */
export interface AbortListenerOptions {
  readonly once?: boolean;
}

/** Aborts a signal; known to who makes it. */
let abort: (signal: AbortSignal, reason: unknown) => void;
const OWN: unique symbol = Symbol('own');

export class AbortSignal {
  /** Called before the listeners. */
  onabort: ((event: AbortEvent) => void) | null = null;
  #aborted = false;
  #reason: unknown;
  /** Each with whether it is told once; in order. */
  readonly #listeners: Map<AbortListener, boolean> = new Map();

  static {
    abort = (signal, reason) => signal.#abort(reason);
  }

  /** Only an AbortController makes one. */
  constructor(own?: symbol) {
    if (own !== OWN) throw new TypeError('Illegal constructor');
  }

  /** A signal that is aborted. */
  static abort(reason?: unknown): AbortSignal {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  }

  /** A signal that will be, with a TimeoutError. */
  static timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), ms);
    return controller.signal;
  }

  /** A signal that is aborted with the first of them. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const controller = new AbortController();
    const sources = [...signals];
    const aborted = sources.find((source) => source.aborted);
    if (aborted !== undefined) return AbortSignal.abort(aborted.reason);
    const follow = ({ target }: AbortEvent): void => {
      for (const source of sources) source.removeEventListener('abort', follow);
      controller.abort(target.reason);
    };
    for (const source of sources) source.addEventListener('abort', follow);
    return controller.signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** @throws the reason, once it is aborted. */
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(type: string, listener: AbortListener | null, options?: AbortListenerOptions | boolean): void {
    if (type !== 'abort' || listener === null || this.#listeners.has(listener)) return;
    this.#listeners.set(listener, typeof options === 'object' && options.once === true);
  }

  removeEventListener(type: string, listener: AbortListener | null): void {
    if (type === 'abort' && listener !== null) this.#listeners.delete(listener);
  }

  #abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const event: AbortEvent = { type: 'abort', target: this };
    if (this.onabort !== null) tell(this.onabort, event);
    for (const [listener, once] of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      if (once) this.#listeners.delete(listener);
      tell(listener, event);
    }
  }
}

/** What a listener throws is its own: the others are told all the same. */
function tell(listener: AbortListener, event: AbortEvent): void {
  try {
    if (typeof listener === 'function') listener.call(event.target, event);
    else listener.handleEvent(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class AbortController {
  readonly signal: AbortSignal = new AbortSignal(OWN);

  /** Aborts the signal; `reason`: what its users throw. */
  abort(reason?: unknown): void {
    abort(this.signal, reason);
  }
}
