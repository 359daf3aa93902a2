/**
 * The caller's end of the link to its worker: one bell to sleep at, the port for what is rare, and the memory of the
 * channels. What the worker says is only noted here; it takes effect where somebody waits for it.
 */
import type { CarriedTarget, OpenedMessage, ToCaller, ToWorker } from './blocking-protocol.js';
import * as protocol from './blocking-protocol.js';
import { type CarriedError, rebuilt } from './carried-error.js';
import { connectError } from './connect-error.js';
import type { Ring } from './ring.js';
import type { TlsMaterial, TlsSessions, TlsTarget } from './socket.js';

/** A worker that was started. */
export interface StartedWorker {
  /** LINK_WORDS words that it shares with us. */
  readonly words: Int32Array;
  post(message: ToWorker): void;
  /** The next message, or `undefined`: none is there. */
  receive(): ToCaller | undefined;
  /** Asks the host, while this thread blocks. */
  isRunning(): boolean;
}

/** Something that can happen about what is waited for. */
export interface Progress {
  /** Lets happen what can. True: something did. */
  progress(): boolean;
}

/** How long one sleep lasts at the most, before the worker is looked after. */
const SLEEP_MS = 1000;
const STARTING_SLEEP_MS = 25;
/** How long a worker has to say what its sockets have received. */
const FENCE_MS = 1000;
/** Memory of closed channels that is kept for the next ones. */
const FREE_MAX = 16;
/** Objects of a kind that the worker knows by number. */
const OPTIONS_MAX = 64;
const SESSIONS_MAX = 1000;

/** Numbers for objects, so that each crosses to the worker once. The one that was not used for longest is forgotten. */
class Numbers<T extends object> {
  readonly #numbers = new Map<T, number>();
  readonly #max: number;
  readonly #tell: (number: number, object: T) => void;
  readonly #forget: (number: number) => void;
  #latest = 0;

  constructor(max: number, tell: (number: number, object: T) => void, forget: (number: number) => void) {
    this.#max = max;
    this.#tell = tell;
    this.#forget = forget;
  }

  /** The object's number, which the worker knows. */
  of(object: T): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      number = ++this.#latest;
      this.#tell(number, object);
      this.#makeRoom();
    } else this.#numbers.delete(object);
    this.#numbers.set(object, number);
    return number;
  }

  #makeRoom(): void {
    for (const [oldest, number] of this.#numbers) {
      if (this.#numbers.size < this.#max) return;
      this.#numbers.delete(oldest);
      this.#forget(number);
    }
  }
}

/** One socket of the worker: its memory, and what the worker said of it. */
export class Channel {
  readonly id: number;
  readonly link: Link;
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly inbound: Ring;
  readonly outbound: Ring;
  /** What was said and nobody has acted on. */
  opened: OpenedMessage | null = null;
  failed: Error | null = null;
  found: readonly string[] | null = null;
  ended: { readonly error: Error | null } | null = null;
  unsent: Error | null = null;
  closed = false;

  readonly #owner: Set<Channel>;

  constructor(id: number, link: Link, memory: SharedArrayBuffer, owner: Set<Channel>) {
    this.id = id;
    this.link = link;
    this.#owner = owner;
    owner.add(this);
    this.memory = memory;
    const { words, inbound, outbound } = protocol.partsOf(memory);
    this.words = words;
    this.inbound = inbound;
    this.outbound = outbound;
  }

  /** Why nothing can be had of it any more, or `null`. */
  get lost(): string | null {
    if (this.closed) return 'the socket was closed on this side';
    const { broken } = this.link;
    return broken === null ? null : `the worker that owns the sockets is gone: ${broken}`;
  }

  /** Tells the worker something about this channel, as long as it has one. */
  post(message: ToWorker): void {
    if (!this.closed) this.link.post(message);
  }

  /** There are octets to send: the worker shall look, unless it will anyhow. */
  ring(): void {
    if (Atomics.exchange(this.words, protocol.OUT_RUNG, 1) === 0) this.post(this.id);
  }

  /** Destroys the socket, or has it left (`Socket.leave`). Idempotent. */
  close(leaves = false): void {
    if (this.closed) return;
    this.closed = true;
    this.#owner.delete(this);
    this.link.closed(this, leaves);
  }
}

/** The link to one worker. */
export class Link {
  /** Who uses it; counted by who shares it. */
  users = 0;
  readonly #worker: StartedWorker;
  readonly #now: () => number;
  readonly #channels = new Map<number, Channel>();
  /** Memory of channels that the worker has not let go of yet, by id. */
  readonly #closing = new Map<number, SharedArrayBuffer>();
  readonly #free: SharedArrayBuffer[] = [];
  readonly #options: Numbers<TlsMaterial>;
  readonly #sessions: Numbers<TlsSessions>;
  #latestId = 0;
  #latestFence = 0;
  #heard = 0;
  #crash: CarriedError | null = null;
  #broken: string | null = null;
  #hasBegun = true;
  /** Since it was last waited for sockets were left, whose last words the worker may not have sent. */
  #isParting = false;

  constructor(worker: StartedWorker, now: () => number) {
    this.#worker = worker;
    this.#now = now;
    this.#options = new Numbers(
      OPTIONS_MAX,
      (id, options) => this.post({ kind: 'options', id, options }),
      (id) => this.post({ kind: 'forgetOptions', id }),
    );
    this.#sessions = new Numbers(
      SESSIONS_MAX,
      (id) => this.post({ kind: 'sessions', id }),
      (id) => this.post({ kind: 'forgetSessions', id }),
    );
  }

  /** Why nothing can be had of the worker any more, or `null`. */
  get broken(): string | null {
    return this.#broken;
  }

  /** Of a broken link: false if the worker never ran, so that another one would not either. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What the worker's end was caused by, where that is known. */
  get crash(): Error | null {
    return this.#crash === null ? null : rebuilt(this.#crash);
  }

  post(message: ToWorker): void {
    this.#worker.post(message);
  }

  /** A channel that is not connected yet; it is in `owner` until it is closed. */
  open(owner: Set<Channel>): Channel {
    this.listen();
    let memory = this.#free.pop();
    if (memory === undefined) memory = new SharedArrayBuffer(protocol.CHANNEL_OCTETS);
    else new Int32Array(memory, 0, protocol.CHANNEL_WORDS).fill(0);
    const channel = new Channel(++this.#latestId, this, memory, owner);
    this.#channels.set(channel.id, channel);
    return channel;
  }

  /** @internal */
  closed(channel: Channel, leaves: boolean): void {
    this.#channels.delete(channel.id);
    if (this.#broken !== null) return;
    this.#closing.set(channel.id, channel.memory);
    this.post({ kind: 'close', id: channel.id, leaves });
    this.#isParting ||= leaves;
  }

  /** A target as it crosses to the worker. @throws ConnectError for options that cannot be handed to another thread. */
  carriedTarget({ hostname, serverName, alpn, verify, options, sessions }: TlsTarget, where: string): CarriedTarget {
    try {
      const optionsId = this.#options.of(options);
      const sessionsId = sessions === null ? null : this.#sessions.of(sessions);
      return { hostname, serverName, alpn: [...alpn], verify, optionsId, sessionsId };
    } catch (error) {
      throw connectError(where, 'tls', error);
    }
  }

  /** Ends the worker; who still waits for it is told. */
  end(): void {
    if (this.#broken !== null) return;
    this.#broken = 'it was ended';
    this.post({ kind: 'end' });
  }

  /** Notes what the worker has said. */
  listen(): void {
    const { words } = this.#worker;
    const state = Atomics.load(words, protocol.STATE);
    const said = Atomics.load(words, protocol.MESSAGES);
    if (said !== this.#heard) {
      this.#heard = said;
      for (let message = this.#worker.receive(); message !== undefined; message = this.#worker.receive()) {
        this.#note(message);
      }
    }
    if (state === protocol.ENDED || state === protocol.FAILED) this.#broke();
  }

  #broke(): void {
    const state = Atomics.load(this.#worker.words, protocol.STATE);
    this.#hasBegun = state !== protocol.STARTING && state !== protocol.FAILED;
    this.#broken ??= this.#crash === null ? 'it ended unexpectedly' : `it failed: ${this.#crash.message}`;
  }

  #note(message: ToCaller): void {
    if (message.kind === 'crashed') {
      this.#crash = message.error;
      return;
    }
    if (message.kind === 'closed') {
      const memory = this.#closing.get(message.id);
      this.#closing.delete(message.id);
      if (memory !== undefined && this.#free.length < FREE_MAX) this.#free.push(memory);
      return;
    }
    const channel = this.#channels.get(message.id);
    // Of a channel that was closed meanwhile nothing is of interest.
    if (channel === undefined) return;
    if (message.kind === 'opened') channel.opened = message;
    else if (message.kind === 'found') channel.found = message.addresses;
    else if (message.kind === 'failed') channel.failed = rebuilt(message.error);
    else if (message.kind === 'unsent') channel.unsent = rebuilt(message.error);
    else channel.ended = { error: message.error === null ? null : rebuilt(message.error) };
  }

  /** Blocks until there is progress, for `timeoutMs` at the most (`null`: as long as it takes). False: there was none. */
  wait(what: Progress, timeoutMs: number | null): boolean {
    let until = -1;
    for (;;) {
      const bell = Atomics.load(this.#worker.words, protocol.BELL);
      this.listen();
      if (what.progress()) return true;
      let leftMs = SLEEP_MS;
      if (timeoutMs !== null) {
        const now = this.#now();
        if (until < 0) until = now + timeoutMs;
        leftMs = Math.min(leftMs, until - now);
        if (leftMs <= 0) return false;
      }
      this.#sleep(bell, leftMs);
    }
  }

  /** Sleeps until the bell is rung. A worker that died without a word is found out here. */
  #sleep(bell: number, ms: number): void {
    const { words } = this.#worker;
    const isStarting = Atomics.load(words, protocol.STATE) === protocol.STARTING;
    const most = isStarting ? Math.min(ms, STARTING_SLEEP_MS) : ms;
    if (Atomics.wait(words, protocol.BELL, bell, most) === 'timed-out' && !this.#worker.isRunning()) this.#broke();
  }

  /** Waits until what the peers of sockets that were left are told is on its way: the process may end, and the worker with it. */
  part(): void {
    if (this.#isParting) this.fence(null);
    this.#isParting = false;
  }

  /** Waits until all that has arrived at the worker's sockets by now stands in their rings; for `mostMs` if that is less. */
  fence(mostMs: number | null): void {
    const turn = ++this.#latestFence | 0;
    this.post({ kind: 'fence', turn });
    const passed = () => this.#broken !== null || Atomics.load(this.#worker.words, protocol.FENCE) === turn;
    this.wait({ progress: passed }, Math.min(mostMs ?? FENCE_MS, FENCE_MS));
  }
}
