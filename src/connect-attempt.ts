/**
 * One connect under way: what its flow parks on, and what the connector tells. Its socket may come in steps: to the proxy
 * first, then TLS over what stands. Knows nothing of the pool.
 */
import type { Deadlines } from './deadlines.js';
import { ConnectTimeout } from './exceptions.js';
import { isThenable, Park } from './flow.js';
import type {
  Address,
  Cancel,
  Connector,
  ConnectPhase,
  MaybePromise,
  Socket,
  TlsTarget,
  Waitable,
} from './hosts/socket.js';

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
  /** What a blocking host waits on. */
  #awaited: { wait(timeoutMs: number | null): boolean } | null = null;
  /** What TLS is being set up over. */
  #below: Socket | null = null;

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

  /** Connects; a socket that is there already is given up. */
  start(connector: Connector): void {
    this.socket?.close();
    this.socket = null;
    this.#follow(connector.blocking, () => connector.connect(this.#address, this));
  }

  /** The socket is there; who talks over it waits here. */
  talk(): Socket {
    const socket = this.socket as Socket;
    this.#awaited = socket.blocking ? socket : null;
    return socket;
  }

  /** TLS over the socket, whose place the secured one takes. */
  secure(tls: TlsTarget): void {
    const below = this.socket as Socket;
    this.#below = below;
    this.socket = null;
    this.#follow(below.blocking, () => below.startTls(tls, this));
  }

  #follow(blocking: boolean, begin: () => MaybePromise<Socket>): void {
    let made: MaybePromise<Socket>;
    this.#awaited = null;
    try {
      made = begin();
    } catch (error) {
      this.error ??= error;
      return;
    }
    if (!isThenable(made)) {
      this.#take(made as Socket);
      return;
    }
    if (blocking) this.#awaited = made as Waitable<Socket>;
    (made as PromiseLike<Socket>).then(
      (socket) => {
        if (this.cancelled) {
          socket.close();
          return;
        }
        this.#take(socket);
        this.wake();
      },
      (error) => {
        // Whoever closed the pool meanwhile has said why it ends.
        this.error ??= error;
        this.wake();
      },
    );
  }

  #take(socket: Socket): void {
    this.socket = socket;
    this.#below = null;
  }

  override block(timeoutMs: number | null): boolean {
    this.#awaited?.wait(timeoutMs);
    return this.#awaited !== null;
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
    this.#below?.close();
  }
}
