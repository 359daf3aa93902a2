/**
 * The worker's side of blocking sockets: the host's ordinary connector on an event loop of its own, told what to do by a
 * thread that blocks. It knows nothing of HTTP, of deadlines or of who waits. A message that it cannot handle is a mistake
 * of ours: it throws, which ends the worker, and everyone who waits is told.
 */
import type { Found } from './addresses.js';
import type { CarriedTarget, ToCaller, ToWorker } from './blocking-protocol.js';
import * as protocol from './blocking-protocol.js';
import { carried } from './carried-error.js';
import type { Connector, TlsMaterial, TlsSessions, TlsTarget } from './socket.js';
import { type ChannelWorker, WorkerChannel } from './worker-channel.js';

/** What the worker stands on. */
export interface WorkerHost {
  readonly connector: Connector;
  /** The words that the caller and the worker share. */
  readonly words: Int32Array;
  post(message: ToCaller): void;
  lookUp(host: string): Promise<readonly Found[]>;
  /** Calls `run` in a later turn of the event loop, after pending reads were delivered. */
  nextTurn(run: () => void): void;
  /** Nothing more will be asked: the thread may end. */
  end(): void;
}

/** All sockets of one caller. */
export class SocketWorker implements ChannelWorker {
  readonly connector: Connector;
  readonly #host: WorkerHost;
  readonly #channels = new Map<number, WorkerChannel>();
  /** What targets name by number; the caller says when a number is free. */
  readonly #options = new Map<number, TlsMaterial>();
  readonly #sessions = new Map<number, TlsSessions>();

  constructor(host: WorkerHost) {
    this.#host = host;
    this.connector = host.connector;
    Atomics.store(host.words, protocol.STATE, protocol.RUNNING);
    this.ring();
  }

  lookUp(host: string): Promise<readonly Found[]> {
    return this.#host.lookUp(host);
  }

  post(message: ToCaller): void {
    this.#host.post(message);
    Atomics.add(this.#host.words, protocol.MESSAGES, 1);
    this.ring();
  }

  ring(): void {
    const { words } = this.#host;
    Atomics.add(words, protocol.BELL, 1);
    Atomics.notify(words, protocol.BELL);
  }

  /** The thread ends, for whatever reason. `failure`: a mistake of ours. */
  ended(): void {
    Atomics.store(this.#host.words, protocol.STATE, protocol.ENDED);
    this.ring();
  }

  /** An error that nobody caught ends the thread: the caller shall know which. */
  crashed(error: unknown): void {
    this.post({ kind: 'crashed', error: carried(error) });
  }

  /** @throws Error for what no caller of ours says. */
  receive(message: ToWorker): void {
    if (typeof message === 'number') {
      this.#channel(message).look();
      return;
    }
    switch (message.kind) {
      case 'connect': {
        const channel = new WorkerChannel(message.id, message.memory, this);
        this.#channels.set(message.id, channel);
        channel.connect(message, message.tls === null ? null : this.#targetOf(message.tls));
        return;
      }
      case 'allowed':
        this.#channel(message.id).allowed(message.addresses);
        return;
      case 'peer':
        this.#channel(message.id).name(message.peer);
        return;
      case 'startTls':
        this.#channel(message.id).startTls(this.#targetOf(message.tls));
        return;
      case 'close':
        this.#channel(message.id).close(message.leaves);
        this.#channels.delete(message.id);
        this.post({ kind: 'closed', id: message.id });
        return;
      case 'options':
        this.#options.set(message.id, message.options);
        return;
      case 'sessions':
        this.#sessions.set(message.id, { session: null });
        return;
      case 'forgetOptions':
        this.#options.delete(message.id);
        return;
      case 'forgetSessions':
        this.#sessions.delete(message.id);
        return;
      case 'fence':
        this.#host.nextTurn(() => {
          Atomics.store(this.#host.words, protocol.FENCE, message.turn);
          this.ring();
        });
        return;
      case 'end':
        for (const channel of this.#channels.values()) channel.close(false);
        this.#channels.clear();
        this.#host.end();
        return;
      default:
        throw new Error(`Cannot handle a message of kind ${String((message as { kind?: unknown }).kind)}`);
    }
  }

  #channel(id: number): WorkerChannel {
    const channel = this.#channels.get(id);
    if (channel === undefined) throw new Error(`Cannot handle a message: there is no channel ${id}`);
    return channel;
  }

  /** Objects of equal number are the same object each time: hosts keep what they made of them by identity. */
  #targetOf({ hostname, serverName, alpn, verify, optionsId, sessionsId }: CarriedTarget): TlsTarget {
    const options = this.#options.get(optionsId);
    const sessions = sessionsId === null ? null : this.#sessions.get(sessionsId);
    if (options === undefined || sessions === undefined) {
      throw new Error(`Cannot handle a message: there are no TLS options ${optionsId} or sessions ${sessionsId}`);
    }
    return { hostname, serverName, alpn, verify, options, sessions };
  }
}
