/**
 * The sending half of an exchange: what the flow that uploads its body parks on, and the node of its write deadline. It is
 * made only for bodies that do not leave with the head, and for hosts that do not take what is written at once.
 */
import { arm, type DeadlineList, disarm } from './deadlines.js';
import { WriteTimeout } from './exceptions.js';
import type { Exchange } from './exchange.js';
import { type Flow, Park } from './flow.js';

/** Where the flow that sends waits: for the host, for the peer, or for the user's next piece. */
export class Sending extends Park {
  readonly #exchange: Exchange;
  /** The flow that sends goes on beside that of the call, which has its response without it. */
  isBeside = false;
  #isOver = false;
  #notTaken = '';
  #awaitsWritable = false;
  #awaitsLimit = false;
  #awaitsSource = false;
  /** The deadline is the one after which the body goes without leave: 100 (Continue), or the peer's SETTINGS. */
  #continueBy = false;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
  }

  /** @internal The flow that is parked here has something to do. */
  get ready(): boolean {
    const exchange = this.#exchange;
    if (exchange.unwanted || exchange.error !== null) return true;
    if (exchange.status !== 0 && (this.#continueBy || !this.isBeside)) return true;
    return (exchange.writable && this.#awaitsWritable) || (this.#awaitsLimit && !exchange.connection.settling);
  }

  /** The response has begun, and the rest of the body is not asked for, or cannot be sent. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** It waits for what is to be sent: nothing is on its way. */
  get awaitsSource(): boolean {
    return this.#awaitsSource;
  }

  /** Why the rest was not sent, for the message of who waits for the response in vain. */
  get notTaken(): string {
    return this.#notTaken;
  }

  /** @internal It waits for the peer's leave to send more. */
  get awaitsWritable(): boolean {
    return this.#awaitsWritable;
  }

  override onExpire(ms: number): void {
    const exchange = this.#exchange;
    if (exchange.ended || exchange.error !== null) return;
    if (this.#continueBy) {
      this.#continueBy = false;
      exchange.writable = true;
      this.wake();
      return;
    }
    const { origin } = exchange.connection;
    if (exchange.status !== 0) {
      this.#expireBehindHead(ms);
      return;
    }
    const message = `Cannot send the request to ${origin}: a piece of it was not taken within ${ms} ms (timeout.write)`;
    exchange.fail(new WriteTimeout(message, { phase: 'write' }).namingRequest(), ms);
  }

  /** @internal The peer has the time to take what is sent anew. */
  restart(): void {
    if (this.list !== null && !this.#continueBy) this.#arm(this.list);
  }

  /**
   * A peer that has begun to answer may do without the rest, which is not sent; what it says is read. But while our own user
   * lets what came lie, or what would come, it may be waiting for that: then so do we.
   */
  #expireBehindHead(ms: number): void {
    const exchange = this.#exchange;
    if (exchange.awaitsReader && !exchange.connection.socket.blocking) {
      this.#arm(exchange.limits.write);
      return;
    }
    this.#isOver = true;
    this.#notTaken = `; the rest of the request was not sent, since a piece was not taken within ${ms} ms (timeout.write)`;
    this.wake();
  }

  override block(timeoutMs: number | null): boolean {
    return this.#exchange.block(timeoutMs);
  }

  /**
   * Waits until the host took what was written, or it is not wanted any more. An error behind the head of the response is no
   * news of that: one of a request that has left whole waits for who reads the body, and of another nothing more is sent,
   * while what the peer has said is read. @throws WriteTimeout, WriteError
   */
  *drained(written: PromiseLike<void>): Flow<void> {
    const exchange = this.#exchange;
    let done = false;
    written.then(
      () => {
        done = true;
        this.wake();
      },
      (error) => {
        done = true;
        if (exchange.status !== 0 && exchange.sent !== 'full') this.#isOver = true;
        else if (exchange.error === null && !exchange.ended) exchange.error = error;
        this.wake();
      },
    );
    this.#arm(exchange.limits.write);
    try {
      while (!done && !exchange.unwanted && exchange.error === null) yield this;
      const isOfBody = exchange.status !== 0 && exchange.sent === 'full';
      if (exchange.error !== null && !isOfBody) throw exchange.error;
    } finally {
      disarm(this);
    }
  }

  /**
   * Waits for something that is not the network's (the user's next piece), unless it is not wanted any more: `undefined`. Who
   * waits for the response has its time anew, since nothing is sent meanwhile.
   */
  *unlessUnwanted<T>(promise: PromiseLike<T>): Flow<{ readonly value: T } | undefined> {
    const exchange = this.#exchange;
    let result: { readonly value: T } | undefined;
    let failure: { readonly error: unknown } | undefined;
    promise.then(
      (value) => {
        result = { value };
        this.wake();
      },
      (error) => {
        failure = { error };
        this.wake();
      },
    );
    this.#awaitsSource = true;
    if (exchange.status !== 0) exchange.nothingSent();
    try {
      for (;;) {
        if (exchange.error !== null) throw exchange.error;
        if (exchange.unwanted) return undefined;
        if (failure !== undefined) throw failure.error;
        if (result !== undefined) break;
        yield this;
      }
    } finally {
      this.#awaitsSource = false;
    }
    if (exchange.status !== 0) disarm(exchange);
    return result;
  }

  /**
   * Waits until the body may be sent, or is not wanted any more. `limit`: how long a body waits for 100 (Continue), in whose
   * place any response of HTTP/1.1 says that it is not (RFC 9110 §10.1.1); `null`: the stream's window is used up, the write
   * limit holds.
   */
  *permission(limit: DeadlineList | null): Flow<void> {
    const exchange = this.#exchange;
    this.#continueBy = limit !== null;
    this.#awaitsWritable = true;
    this.#arm(limit ?? exchange.limits.write);
    try {
      while (!exchange.writable && !exchange.unwanted) {
        if (exchange.error !== null) throw exchange.error;
        if (limit !== null && exchange.status !== 0 && !exchange.connection.multiplexes) this.#isOver = true;
        else yield this;
      }
      if (exchange.error !== null) throw exchange.error;
    } finally {
      this.#continueBy = false;
      this.#awaitsWritable = false;
      disarm(this);
    }
  }

  /**
   * Waits until the peer has said how many streams it takes, at most as long as `limit`: until then it may refuse this one,
   * and a body that can be read but once would be lost on it.
   */
  *limitKnown(limit: DeadlineList): Flow<void> {
    const exchange = this.#exchange;
    this.#continueBy = true;
    this.#awaitsLimit = true;
    this.#arm(limit);
    try {
      while (this.#continueBy && exchange.connection.settling && !exchange.unwanted && exchange.error === null)
        yield this;
    } finally {
      this.#continueBy = false;
      this.#awaitsLimit = false;
      disarm(this);
    }
  }

  #arm(list: DeadlineList | null): void {
    if (list !== null) arm(this, list, this.#exchange.connection.deadlines.tick());
  }
}
