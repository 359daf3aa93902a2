/** Where flows wait for a connection of the pool: in line, or for a look at an idle one; the line itself. */
import type { HttpConnection } from './connection.js';
import { ConnectTimeout, PoolTimeout, type TransportError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import { Park } from './flow.js';
import type { Host } from './hosts/host.js';
import type { Socket } from './hosts/socket.js';
import { isPaused, type Pausable, type Wish } from './pool-assignment.js';

/** One who waits for a place on a connection, or for leave to make one. */
export class Waiter<S extends Pausable & { readonly origin: string; readonly expects: number }>
  extends Park
  implements Wish<S>
{
  readonly site: S;
  readonly after: number;
  readonly limits: CallLimits;
  /** It waits for the connection that another is making: the limit of connecting holds. */
  following = false;
  connection: HttpConnection | null = null;
  mayConnect = false;
  error: TransportError | null = null;
  readonly #maxConnections: number | null;
  /** The pool's connections. */
  readonly #open: ReadonlySet<HttpConnection>;

  constructor(
    site: S,
    after: number,
    limits: CallLimits,
    maxConnections: number | null,
    open: ReadonlySet<HttpConnection>,
  ) {
    super();
    this.site = site;
    this.after = after;
    this.limits = limits;
    this.#maxConnections = maxConnections;
    this.#open = open;
  }

  get expects(): number {
    return this.site.expects;
  }

  override onExpire(ms: number): void {
    if (this.following) {
      this.error = new ConnectTimeout(
        `Cannot connect to ${this.site.origin}: the connection that is being made was not ready after ${ms} ms (timeout.connect)`,
      ).namingRequest();
      this.wake();
    } else if (isPaused(this.site, this.after)) {
      this.#fail(`the peer allowed no stream for ${ms} ms (timeout.pool; SETTINGS_MAX_CONCURRENT_STREAMS: 0)`);
    } else {
      this.#fail(`no connection of the pool became free after ${ms} ms (timeout.pool; ${this.#told()})`);
    }
  }

  /** Only this thread could free one, and it is here: even the registry of dropped responses needs the event loop. */
  override block(): boolean {
    this.#fail(
      `all connections of the pool are in use (${this.#told()}), and a blocking call cannot wait ` +
        'for one; read or close streamed responses, for one that is only dropped frees its connection no sooner than at ' +
        'the next turn of the event loop',
    );
    return true;
  }

  /** How many connections there may be, and how many of them wait for whoever has a response to read it. */
  #told(): string {
    let held = 0;
    for (const connection of this.#open) if (connection.hasOpenResponse) held++;
    const most = `maxConnections: ${this.#maxConnections}`;
    return held === 0 ? most : `${most}; held by responses that are neither read to their end nor closed: ${held}`;
  }

  #fail(why: string): void {
    this.error = new PoolTimeout(`Cannot send the request to ${this.site.origin}: ${why}`, {
      phase: 'pool',
      sent: 'none',
      retryable: true,
    }).namingRequest();
    this.wake();
  }
}

/** Who has left the front of a line is forgotten when they are at least so many, and half of all. */
const LEFT_MIN = 1024;

/** Who waits, first come first. To take the first costs the same however long the line is: `shift` of a long array does not. */
export class Line<T> {
  readonly #items: (T | undefined)[] = [];
  /** Where the first stands; those before it have left. */
  #front = 0;

  get length(): number {
    return this.#items.length - this.#front;
  }

  get first(): T | undefined {
    return this.#items[this.#front];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts it before all others. */
  unshift(item: T): void {
    if (this.#front > 0) this.#items[--this.#front] = item;
    else this.#items.unshift(item);
  }

  /** Takes it out. Answers whether it was in line. */
  remove(item: T): boolean {
    if (this.first !== item) {
      const index = this.#items.indexOf(item, this.#front);
      if (index >= 0) this.#items.splice(index, 1);
      return index >= 0;
    }
    this.#items[this.#front++] = undefined;
    if (this.length === 0 || (this.#front >= LEFT_MIN && this.#front * 2 >= this.#items.length)) {
      this.#items.splice(0, this.#front);
      this.#front = 0;
    }
    return true;
  }

  /** All, as they stand now. */
  all(): T[] {
    return this.#items.slice(this.#front) as T[];
  }
}

/** Where a flow waits for the host's next turn, after which an idle socket has delivered what came. */
export class NextTurn extends Park {
  readonly #socket: Socket;

  constructor(socket: Socket, host: Host) {
    super();
    this.#socket = socket;
    if (!socket.blocking) host.nextTurn(() => this.wake());
  }

  override block(timeoutMs: number | null): boolean {
    this.#socket.wait(0, timeoutMs);
    this.wake();
    return true;
  }
}
