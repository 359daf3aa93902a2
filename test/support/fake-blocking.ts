/**
 * Blocking sockets in memory: what shall happen is queued before the call, and happens while the client waits. A wait in
 * which nothing happens lets the fake clock go by; one without a limit in which nothing can happen fails the test.
 */
import type { TransportError } from '../../src/exceptions.js';
import type {
  Address,
  Cancel,
  Connector,
  MaybePromise,
  Octets,
  Sink,
  Socket,
  TlsTarget,
  Waitable,
} from '../../src/hosts/socket.js';
import { STOP } from '../../src/hosts/socket.js';
import type { FakeHost } from './fake-host.js';
import { octetsOf, textOf } from './octets.js';

type Settle = (error: unknown) => void;

/** What happens next, after `afterMs` of waiting. */
interface Arrival {
  readonly afterMs: number;
  happen(): void;
}

/** Things that happen in order, as somebody waits for them. */
class Script {
  readonly #arrivals: Arrival[] = [];
  #waited = 0;

  constructor(readonly host: FakeHost) {}

  get empty(): boolean {
    return this.#arrivals.length === 0;
  }

  add(afterMs: number, happen: () => void): void {
    this.#arrivals.push({ afterMs, happen });
  }

  clear(): void {
    this.#arrivals.length = 0;
  }

  wait(timeoutMs: number | null): boolean {
    const next = this.#arrivals[0];
    if (next === undefined && timeoutMs === null) throw new Error('Nothing will ever happen: the call would hang');
    const left = next === undefined ? Number.POSITIVE_INFINITY : next.afterMs - this.#waited;
    if (next === undefined || (timeoutMs !== null && left > timeoutMs)) {
      this.host.passBlocked(timeoutMs ?? 0);
      this.#waited += timeoutMs ?? 0;
      return false;
    }
    this.host.passBlocked(left);
    this.#waited = 0;
    this.#arrivals.shift();
    next.happen();
    return true;
  }
}

class Promised<T> implements Waitable<T> {
  readonly #script: Script;
  readonly #settled: Settle[] = [];
  #value: { readonly value: T } | { readonly error: unknown } | null = null;

  constructor(script: Script) {
    this.#script = script;
  }

  settle(result: { readonly value: T } | { readonly error: unknown }): void {
    this.#value = result;
    for (const settled of this.#settled.splice(0)) settled(null);
  }

  wait(timeoutMs: number | null): boolean {
    return this.#script.wait(timeoutMs);
  }

  // biome-ignore lint/suspicious/noThenProperty: a Waitable is a thenable
  then<A = T, B = never>(
    done?: ((value: T) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    const tell = () => {
      if (this.#value !== null && 'value' in this.#value) done?.(this.#value.value);
      else if (this.#value !== null) failed?.(this.#value.error);
    };
    if (this.#value !== null) tell();
    else this.#settled.push(tell);
    return this as unknown as PromiseLike<A | B>;
  }
}

export class BlockingFakeSocket implements Socket {
  readonly blocking = true;
  peer = 'peer';
  alpn: string | null = null;
  sink: Sink | null = null;
  lend = false;
  closed = false;
  writeClosed = false;
  /** Octets that a write takes before the rest has to wait. */
  room = Number.POSITIVE_INFINITY;
  /** How long the host takes to say what has arrived. */
  fenceMs = 0;
  readonly script: Script;
  readonly #written: Buffer[] = [];
  #held: Promised<void> | null = null;
  #ending: Promised<void> | null = null;
  #reading = true;

  constructor(
    readonly address: Address,
    host: FakeHost,
  ) {
    this.script = new Script(host);
  }

  get written(): string {
    return textOf(Buffer.concat(this.#written));
  }

  demand(): void {
    this.#reading = true;
  }

  wait(timeoutMs: number | null, hostMs?: number | null): boolean {
    if (timeoutMs === 0) this.script.host.passBlocked(Math.min(this.fenceMs, hostMs ?? this.fenceMs));
    return this.script.wait(timeoutMs);
  }

  write(head: Octets, body: Uint8Array | null): Promised<void> | undefined {
    const octets = Buffer.concat([octetsOf(head), body ?? Buffer.alloc(0)]);
    this.#written.push(octets);
    this.room -= octets.length;
    if (this.room >= 0) return undefined;
    this.#held = new Promised(this.script);
    return this.#held;
  }

  closeWrite(): Promised<void> | undefined {
    this.writeClosed = true;
    if (this.room >= 0) return undefined;
    this.#ending = new Promised(this.script);
    return this.#ending;
  }

  startTls(_target: TlsTarget, _cancel: Cancel): MaybePromise<Socket> {
    return this;
  }

  close(): void {
    this.closed = true;
    this.script.clear();
  }

  ref(): void {}

  info(): undefined {
    return undefined;
  }

  /** The peer sends octets, `afterMs` after the waiting for them began. */
  say(text: string | Uint8Array, afterMs = 0): this {
    this.script.add(afterMs, () => {
      const octets = new Uint8Array(octetsOf(text));
      if (!this.#reading) throw new Error('Octets were delivered to a connection that does not read');
      if (this.sink !== null && (this.sink.octets(octets, octets.length, false) & STOP) !== 0) this.#reading = false;
    });
    return this;
  }

  /** The peer ends its side, or the connection breaks. */
  end(error: TransportError | null = null, afterMs = 0): this {
    this.script.add(afterMs, () => this.sink?.ended(error));
    return this;
  }

  /** There is room again for all that waits to be sent. */
  takeWrites(afterMs = 0): this {
    this.script.add(afterMs, () => {
      this.room = Number.POSITIVE_INFINITY;
      this.#held?.settle({ value: undefined });
      this.#ending?.settle({ value: undefined });
    });
    return this;
  }
}

export class BlockingFakeConnector implements Connector {
  readonly blocking = true;
  readonly sockets: BlockingFakeSocket[] = [];
  closed = false;
  /** Told of every socket before the client has it. */
  onSocket: ((socket: BlockingFakeSocket, index: number) => void) | null = null;
  /** How long a connect takes, or what it fails with; `null`: for ever. */
  connects: number | TransportError | null = 0;
  cancelled = 0;

  constructor(readonly host: FakeHost) {}

  connect(address: Address, cancel: Cancel): Waitable<Socket> {
    const script = new Script(this.host);
    const promised = new Promised<Socket>(script);
    cancel.onCancel = () => this.cancelled++;
    const { connects } = this;
    if (connects === null) return promised;
    script.add(typeof connects === 'number' ? connects : 0, () => {
      cancel.onCancel = null;
      if (typeof connects !== 'number') {
        promised.settle({ error: connects });
        return;
      }
      const socket = new BlockingFakeSocket(address, this.host);
      this.sockets.push(socket);
      this.onSocket?.(socket, this.sockets.length - 1);
      promised.settle({ value: socket });
    });
    return promised;
  }

  pause(ms: number): void {
    this.host.passBlocked(ms);
  }

  close(): void {
    this.closed = true;
  }

  socket(index: number): BlockingFakeSocket {
    const socket = this.sockets[index];
    if (socket === undefined) throw new Error(`No connection ${index}: ${this.sockets.length} were made`);
    return socket;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.closed).length;
  }
}
