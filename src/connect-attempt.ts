/** One connect under way: what its flow parks on, and what the connector tells. Knows nothing of the pool. */
import type { Deadlines } from './deadlines.js';
import { ConnectTimeout } from './exceptions.js';
import { isThenable, Park } from './flow.js';
import type { Address, Cancel, Connector, ConnectPhase, MaybePromise, Socket, Waitable } from './hosts/socket.js';

/** A connect under way: what its flow parks on, and what the connector tells. */
export class ConnectAttempt extends Park implements Cancel {
  /** For messages. */
  readonly origin: string;
  readonly #address: Address;
  cancelled = false;
  onCancel: (() => void) | null = null;
  early: ((name: string) => unknown) | null = null;
  /** The flow is woken whenever the phase changes. */
  traced = false;
  #phase: ConnectPhase = 'dns';
  resolvedAt = 0;
  connectedAt = 0;
  securedAt = 0;
  socket: Socket | null = null;
  error: unknown = null;
  readonly #clock: Deadlines;
  /** What a blocking connector promised. */
  #connecting: Waitable<Socket> | null = null;

  constructor(origin: string, address: Address, clock: Deadlines) {
    super();
    this.origin = origin;
    this.#address = address;
    this.#clock = clock;
  }

  get phase(): ConnectPhase {
    return this.#phase;
  }

  set phase(phase: ConnectPhase) {
    this.#phase = phase;
    if (this.traced) this.wake();
  }

  /** What the host knows of the socket, also while it is connecting. */
  info(name: string): unknown {
    return this.socket === null ? this.early?.(name) : this.socket.info(name);
  }

  now(): number {
    return this.#clock.host.now();
  }

  start(connector: Connector): void {
    let made: MaybePromise<Socket>;
    try {
      made = connector.connect(this.#address, this);
    } catch (error) {
      this.error ??= error;
      return;
    }
    if (!isThenable(made)) {
      this.socket = made as Socket;
      return;
    }
    if (connector.blocking) this.#connecting = made as Waitable<Socket>;
    (made as PromiseLike<Socket>).then(
      (socket) => {
        if (this.cancelled) {
          socket.close();
          return;
        }
        this.socket = socket;
        this.wake();
      },
      (error) => {
        // Whoever closed the pool meanwhile has said why it ends.
        this.error ??= error;
        this.wake();
      },
    );
  }

  override block(timeoutMs: number | null): boolean {
    this.#connecting?.wait(timeoutMs);
    return this.#connecting !== null;
  }

  override onExpire(ms: number): void {
    const doing = {
      dns: 'its name was not resolved',
      connect: 'TCP was not connected',
      proxy: 'the proxy did not answer',
      tls: 'TLS was not set up',
    };
    this.error = new ConnectTimeout(`Cannot connect to ${this.origin}: ${doing[this.phase]} after ${ms} ms`, {
      phase: this.phase,
      sent: 'none',
      retryable: true,
    });
    this.wake();
  }

  cancel(): void {
    this.cancelled = true;
    const { onCancel } = this;
    this.onCancel = null;
    onCancel?.();
    this.socket?.close();
  }
}
