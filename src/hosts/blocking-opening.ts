/** A connect, or a TLS handshake, that the worker is in the middle of, as seen by the thread that waits for it. */
import { ConnectError, LoadError } from '../exceptions.js';
import type { Channel, Progress } from './blocking-link.js';
import type { OpenedMessage } from './blocking-protocol.js';
import * as protocol from './blocking-protocol.js';
import { connectError, failedAction } from './connect-error.js';
import type { Cancel, ConnectPhase, Socket } from './socket.js';
import { Pending } from './waitable.js';

/** What becomes of an opening. */
export interface Outcome {
  /** For messages. */
  readonly where: string;
  /** Makes the socket. */
  made(opened: OpenedMessage): Socket;
  /** Those of the addresses found that may be connected to. @throws what the user's `allowAddress` throws. */
  allowed(found: readonly string[]): readonly string[];
}

export class Opening implements Progress {
  readonly socket: Pending<Socket> = new Pending<Socket>(this);
  readonly #channel: Channel;
  readonly #cancel: Cancel;
  readonly #outcome: Outcome;
  #reached = 0;
  #isOver = false;

  constructor(channel: Channel, cancel: Cancel, outcome: Outcome) {
    this.#channel = channel;
    this.#cancel = cancel;
    this.#outcome = outcome;
    cancel.onCancel = () => this.#end();
    if (channel.closed) return;
    Atomics.store(channel.words, protocol.REACHED, 0);
    Atomics.store(channel.words, protocol.PHASE, protocol.PHASES.indexOf(cancel.phase));
  }

  wait(timeoutMs: number | null): boolean {
    return this.#isOver || this.#channel.link.wait(this, timeoutMs);
  }

  /** Gives the channel up. */
  #end(): void {
    this.#isOver = true;
    this.#cancel.onCancel = null;
    this.#channel.close();
  }

  #fail(error: unknown): true {
    this.#end();
    const { where } = this.#outcome;
    this.socket.reject(error instanceof LoadError ? error : connectError(where, this.#cancel.phase, error));
    return true;
  }

  progress(): boolean {
    if (this.#isOver) return true;
    const isFurther = !this.#channel.closed && this.#follow();
    const channel = this.#channel;
    const { opened, failed, found, lost } = channel;
    if (opened !== null) {
      channel.opened = null;
      this.#isOver = true;
      this.#cancel.onCancel = null;
      this.socket.resolve(this.#outcome.made(opened));
      return true;
    }
    if (failed !== null) return this.#fail(failed);
    if (lost !== null) return this.#fail(this.#lost(lost));
    if (found !== null) {
      channel.found = null;
      return this.#allow(found) || isFurther;
    }
    return isFurther;
  }

  #lost(why: string): ConnectError {
    const { phase } = this.#cancel;
    const { crash, hasBegun } = this.#channel.link;
    const options = { phase, cause: crash, retryable: hasBegun };
    return new ConnectError(`${failedAction(this.#outcome.where, phase)}: ${why}`, options);
  }

  #allow(found: readonly string[]): boolean {
    let addresses: readonly string[];
    try {
      addresses = this.#outcome.allowed(found);
    } catch (error) {
      return this.#fail(error);
    }
    this.#channel.post({ kind: 'allowed', id: this.#channel.id, addresses });
    return false;
  }

  /** Tells who waits how far it is, by their own clock. True: further than before. */
  #follow(): boolean {
    const { words } = this.#channel;
    const cancel = this.#cancel;
    const phase = protocol.PHASES[Atomics.load(words, protocol.PHASE)] as ConnectPhase;
    const reached = Atomics.load(words, protocol.REACHED);
    const news = reached & ~this.#reached;
    if (news === 0 && phase === cancel.phase) return false;
    this.#reached = reached;
    const now = cancel.now();
    if ((news & protocol.RESOLVED) !== 0) cancel.resolvedAt = now;
    if ((news & protocol.CONNECTED) !== 0) cancel.connectedAt = now;
    if ((news & protocol.SECURED) !== 0) cancel.securedAt = now;
    if (phase !== cancel.phase) cancel.phase = phase;
    return true;
  }
}
