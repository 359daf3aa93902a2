/**
 * One connect under way: what its flow parks on, and what the connector tells. Its socket may come in steps: to the proxy
 * first, then TLS over what stands. It may begin with a pause, if others failed before it. Knows nothing of the pool.
 */
import { arm, type Deadlines, disarm } from './deadlines.js';
import { ConnectError, ConnectTimeout, ProxyError } from './exceptions.js';
import { type Flow, isThenable, Park } from './flow.js';
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

/** The pause before a second try again; each one after it is twice as long. Before the first there is none (httpx). */
const PAUSE_MS = 500;

/** True for what another connect may mend: a failure of the network, not a mistake or a decision of somebody's. */
export function mayConnectAgain(error: unknown): boolean {
  const isOfConnecting =
    error instanceof ConnectError || error instanceof ConnectTimeout || error instanceof ProxyError;
  return isOfConnecting && error.retryable;
}

/** Lets time go by on a thread that blocks. */
function passing(connector: Connector, ms: number): true {
  connector.pause?.(ms);
  return true;
}

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
  /** What is waited for is that time goes by. */
  #pausing = false;
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

  /** Lets time go by after so many failures. @throws CloseError */
  *pause(failures: number, connector: Connector): Flow<void> {
    if (failures < 2) return;
    const list = this.#clock.of(PAUSE_MS * 2 ** (failures - 2));
    this.#pausing = true;
    this.#awaited = connector.blocking ? { wait: (ms) => passing(connector, ms ?? 0) } : null;
    arm(this, list, this.#clock.tick());
    // Nothing else may keep the process alive until then.
    list.hold();
    try {
      while (this.#pausing && this.error === null) yield this;
    } finally {
      list.release();
      disarm(this);
    }
    if (this.error !== null) throw this.error;
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
    if (this.#pausing) {
      this.#pausing = false;
      this.wake();
      return;
    }
    const doing = {
      dns: 'its name was not resolved',
      connect: 'TCP was not connected',
      proxy: 'the proxy did not answer',
      tls: 'TLS was not set up',
    };
    this.error = new ConnectTimeout(
      `Cannot connect to ${this.origin}: ${doing[this.phase]} after ${ms} ms (timeout.connect)`,
      { phase: this.phase, sent: 'none', retryable: true },
    ).namingRequest();
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
