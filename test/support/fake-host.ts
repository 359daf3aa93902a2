/**
 * A host whose clock stands still until the test moves it: `advance(ms)` fires what became due, in order of time.
 * Randomness is a counter, the environment and the files are what the test puts in.
 */
import type { Channel, Digests, Host, HostTimer, PublicSuffixes } from '../../src/hosts/host.js';
import { digests } from '../../src/hosts/node/digests.js';
import { host } from '../../src/hosts/node/host.js';
import { publicSuffixes } from '../../src/hosts/node/public-suffixes.js';
import type { MaybePromise } from '../../src/hosts/socket.js';

interface Timer extends HostTimer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  keepsAlive: boolean;
}

/** A channel that a test listens to by `listener`. */
export class FakeChannel implements Channel {
  listener: ((message: object) => void) | null = null;

  get hasSubscribers(): boolean {
    return this.listener !== null;
  }

  publish(message: object): void {
    this.listener?.(message);
  }
}

export class FakeHost implements Host {
  readonly name = 'fake/1';
  readonly compressor = host.compressor;
  readonly diagnostics = {
    request: new FakeChannel(),
    response: new FakeChannel(),
    error: new FakeChannel(),
    connection: new FakeChannel(),
  };
  readonly warnings: string[] = [];
  readonly variables = new Map<string, string>();
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  #now = 1000;
  #order = 0;
  #random = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  /** 1 January 2026, 0:00, and what has passed since. */
  wallClock(): number {
    return 1_767_225_600_000 + this.#now - 1000;
  }

  publicSuffixes(): MaybePromise<PublicSuffixes> {
    return publicSuffixes();
  }

  digests(): MaybePromise<Digests> {
    return digests();
  }

  after(ms: number, run: () => void): HostTimer {
    const timer: Timer = {
      at: this.#now + Math.max(0, ms),
      order: this.#order++,
      run,
      keepsAlive: false,
      cancel: () => void this.#timers.delete(timer),
      keepAlive: (wanted) => {
        timer.keepsAlive = wanted;
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  random(n: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: n }, () => this.#random++ & 255);
  }

  environment(name: string): string | undefined {
    return this.variables.get(name);
  }

  readFile(path: string): Uint8Array<ArrayBuffer> {
    const octets = this.files.get(path);
    if (octets === undefined) throw new Error(`Cannot read ${path}: the fake host has no such file`);
    return octets;
  }

  readFolder(path: string): readonly string[] | null {
    const names = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
    return names.length === 0 ? null : names.map((name) => name.slice(path.length + 1));
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Whether a timer keeps the process alive. */
  get keptAlive(): boolean {
    return [...this.#timers].some(({ keepsAlive }) => keepsAlive);
  }

  /** Timers that are set and have not fired. */
  get timersSet(): number {
    return this.#timers.size;
  }

  /** Lets everything come to rest, then moves the clock by `ms`: due timers fire at their own time, and what they wake runs. */
  async advance(ms: number): Promise<void> {
    await this.settled();
    const end = this.#now + ms;
    for (let due = this.#dueBy(end); due !== undefined; due = this.#dueBy(end)) {
      this.#now = Math.max(this.#now, due.at);
      this.#timers.delete(due);
      due.run();
      await this.settled();
    }
    this.#now = end;
    await this.settled();
  }

  /** Time passes while the thread is blocked: no timer fires. */
  passBlocked(ms: number): void {
    this.#now += ms;
  }

  /** Lets promises, fake sockets and `nextTurn` come to rest. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #dueBy(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}
