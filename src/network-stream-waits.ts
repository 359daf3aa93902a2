/** Where calls of a network stream wait: for octets, for the host to take some, for a TLS handshake; each with its limit. */
import { disarm } from './deadlines.js';
import { ConnectTimeout, type TransportError } from './exceptions.js';
import { Park } from './flow.js';
import type { Cancel, ConnectPhase, Socket, Waitable } from './hosts/socket.js';

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** A call that waits for something: done, failed, or out of time. */
export class Waiting extends Park {
  done = false;
  error: unknown = null;
  octets: Uint8Array<ArrayBuffer> = NOTHING;
  readonly maxOctets: number;
  readonly #socket: Socket;
  readonly #late: (ms: number) => TransportError;

  constructor(socket: Socket, late: (ms: number) => TransportError, maxOctets = 0) {
    super();
    this.#socket = socket;
    this.#late = late;
    this.maxOctets = maxOctets;
  }

  override block(timeoutMs: number | null): boolean {
    if (this.#socket.blocking) this.#socket.wait(timeoutMs);
    return this.#socket.blocking;
  }

  /** Ends the wait once; what comes later does not count. */
  settle(error: unknown): void {
    if (this.done) return;
    this.done = true;
    this.error = error;
    disarm(this);
    this.wake();
  }

  override onExpire(ms: number): void {
    this.settle(this.#late(ms));
  }
}

/** A TLS handshake under way. */
export class Handshake extends Waiting implements Cancel {
  cancelled = false;
  onCancel: (() => void) | null = null;
  phase: ConnectPhase = 'tls';
  resolvedAt = 0;
  connectedAt = 0;
  securedAt = 0;
  socket: Socket | null = null;
  readonly now: () => number;
  /** What a blocking socket promised. */
  securing: Waitable<Socket> | null = null;

  constructor(below: Socket, origin: string, now: () => number) {
    super(
      below,
      (ms) =>
        new ConnectTimeout(`Cannot set up TLS with ${origin}: it was not done after ${ms} ms (timeout)`, {
          phase: 'tls',
        }),
    );
    this.now = now;
  }

  override block(timeoutMs: number | null): boolean {
    this.securing?.wait(timeoutMs);
    return this.securing !== null;
  }

  cancel(error: TransportError): void {
    this.cancelled = true;
    const { onCancel } = this;
    this.onCancel = null;
    onCancel?.();
    this.settle(error);
  }
}
