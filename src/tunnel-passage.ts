/**
 * The way through a proxy: its handshake over a socket that is connected to it, then TLS with the origin. Socket in, socket out.
 *
 * Nothing that a proxy says before it agrees reaches the user but as a ProxyError; and once it agreed, nothing that it says
 * in the clear is taken for the origin's word (SECURITY 6.5).
 */
import type { ConnectAttempt } from './connect-attempt.js';
import { ConnectError, ProxyError, type TransportError } from './exceptions.js';
import type { CallLimits } from './exchange.js';
import { type Flow, isThenable } from './flow.js';
import { messageOf } from './hosts/connect-error.js';
import { GO_ON, type MaybePromise, type Octets, type Sink, type Socket, STOP, type TlsTarget } from './hosts/socket.js';
import type { Trace, TracedConnection } from './trace.js';
import type { Asked, Handshake, HandshakeStep, Tunnel } from './tunnel.js';

/** Listens while a handshake is under way. */
class Listener implements Sink {
  readonly #attempt: ConnectAttempt;
  readonly #socket: Socket;
  readonly #handshake: Handshake;
  readonly #where: string;
  #over = false;
  /** Octets that the host had read before it was told to stop. */
  #late = 0;

  constructor(attempt: ConnectAttempt, handshake: Handshake, where: string) {
    this.#attempt = attempt;
    this.#socket = attempt.talk();
    this.#handshake = handshake;
    this.#where = where;
    this.#socket.sink = this;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Octets that came behind the proxy's last word. */
  get surplus(): number {
    return this.#handshake.surplus + this.#late;
  }

  say(octets: Octets): void {
    const written = this.#socket.write(octets, null);
    if (isThenable(written)) written.then(undefined, (error) => this.#fail(this.#lost(error)));
  }

  octets(bytes: Uint8Array, length: number): number {
    if (this.#over) {
      this.#late += length;
      return STOP;
    }
    try {
      const next = this.#handshake.receive(bytes, length);
      if (next !== null) this.say(next);
    } catch (error) {
      this.#fail(error);
      return STOP;
    }
    if (this.#handshake.state === 'talking') return GO_ON;
    this.#end();
    return STOP;
  }

  ended(error: TransportError | null): void {
    const failure = error === null ? this.#handshake.ended() : this.#lost(error);
    if (failure === null) this.#end();
    else this.#fail(failure);
  }

  #lost(cause: unknown): ProxyError {
    // A ConnectError here is one of TLS with the proxy, which is decided.
    const retryable = !(cause instanceof ConnectError);
    return new ProxyError(`${this.#where}: ${messageOf(cause)}`, { cause, retryable });
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#attempt.error ??= error;
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempt.wake();
  }
}

/** What a promise of the user's comes to, within the attempt's limit. */
export function* settled<T>(attempt: ConnectAttempt, given: MaybePromise<T>): Flow<T> {
  if (!isThenable(given)) return given as T;
  let result: { readonly value: T } | null = null;
  (given as PromiseLike<T>).then(
    (value) => {
      result = { value };
      attempt.wake();
    },
    (error) => {
      attempt.error ??= error;
      attempt.wake();
    },
  );
  while (result === null && attempt.error === null) yield attempt;
  if (attempt.error !== null) throw attempt.error;
  return (result as unknown as { readonly value: T }).value;
}

/**
 * Leads an attempt whose socket is connected to the proxy on to the origin. False: the proxy wants another connection.
 * @throws ProxyError; ConnectError, ConnectTimeout from TLS with the origin
 */
export function* passThrough(
  attempt: ConnectAttempt,
  tunnel: Tunnel,
  asked: Pick<Asked, 'round' | 'address'>,
  limits: CallLimits,
  trace: Trace | null,
): Flow<boolean> {
  const where = `Cannot connect to ${attempt.origin} through ${tunnel.proxy}`;
  const connection: TracedConnection = { getExtraInfo: (name) => attempt.info(name) };
  const handshake = tunnel.handshake({ ...asked, where, connection });
  try {
    attempt.phase = 'proxy';
    const listener = new Listener(attempt, handshake, where);
    if (trace !== null) yield* begun(handshake.steps, trace);
    listener.say(handshake.begin());
    attempt.talk().demand();
    while (!listener.isOver && attempt.error === null) yield attempt;
    // What reads a socket must have returned before another listens to it.
    if (!attempt.talk().blocking) yield Promise.resolve();
    if (trace !== null && handshake.answer !== undefined) yield trace.end({ returnValue: handshake.answer });
    if (attempt.error !== null) throw attempt.error;
    if (trace !== null && handshake.answer === undefined) yield trace.end();
    if (handshake.state === 'again') return false;
    refuseSurplus(listener.surplus, where, tunnel.tls);
    attempt.talk().peer = tunnel.peer;
  } finally {
    handshake.free();
  }
  if (tunnel.tls !== null) yield* secured(attempt, tunnel.tls, `${tunnel.traced.tls}.start_tls`, limits, trace);
  return true;
}

/** The steps before the last take no time: what is said leaves in one write. */
function* begun(steps: readonly HandshakeStep[], trace: Trace): Flow<void> {
  for (const [name, info] of steps) yield* trace.next(name, info);
}

/** Who connected us must not speak for the origin: it answers nobody before it is asked (SECURITY 6.5). */
function refuseSurplus(octets: number, where: string, tls: TlsTarget | null): void {
  if (octets === 0) return;
  if (tls === null) throw new ProxyError(`${where}: it sent ${octets} octets behind its answer`);
  const message = `${where}: TLS cannot be set up: ${octets} octets came in the clear, behind the proxy's answer`;
  throw new ConnectError(message, { phase: 'tls', retryable: false });
}

function* secured(
  attempt: ConnectAttempt,
  tls: TlsTarget,
  step: string,
  limits: CallLimits,
  trace: Trace | null,
): Flow<void> {
  if (trace !== null) yield trace.startingTls(step, tls, limits);
  attempt.secure(tls);
  for (;;) {
    if (attempt.error !== null) throw attempt.error;
    if (attempt.socket !== null) break;
    yield attempt;
  }
  attempt.securedAt = attempt.now();
  if (trace !== null) yield trace.end({ returnValue: { getExtraInfo: (name: string) => attempt.info(name) } });
}
