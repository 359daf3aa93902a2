/**
 * A socket for a thread that blocks. The worker owns the real one; here octets are put into one ring and taken out of
 * another, and everything that comes is delivered inside `wait`. What comes is copied once, out of the ring, by who keeps
 * it: memory that two threads see is never handed on.
 */
import { CloseError, type TransportError, WriteError } from '../exceptions.js';
import type { Channel, Progress } from './blocking-link.js';
import { Opening } from './blocking-opening.js';
import type { OpenedMessage } from './blocking-protocol.js';
import * as protocol from './blocking-protocol.js';
import { messageOf } from './connect-error.js';
import type { Cancel, MaybePromise, Octets, Sink, Socket, TlsTarget } from './socket.js';
import { STOP } from './socket.js';
import { Pending } from './waitable.js';

/** Octets delivered at a time: room for more is made while the rest is looked at. */
const DELIVERED_OCTETS = 65536;

/** Octets that wait for room. */
interface Held {
  readonly octets: Octets;
  at: number;
}

export class BlockingSocket implements Socket, Progress {
  readonly blocking = true;
  readonly alpn: string | null;
  sink: Sink | null = null;
  /** Of no use here: what is kept must be copied out of the ring in any case. */
  lend = false;
  readonly #channel: Channel;
  #peer: string;
  readonly #opened: OpenedMessage;
  #stopped = false;
  /** The sink knows that the peer closed its side. */
  #told = false;
  /** The sink hears nothing more. */
  #closed = false;
  /** `close` was called. */
  #released = false;
  #held: Held[] = [];
  /** One for all writes that wait. */
  #draining: Pending<void> | null = null;
  #ending: Pending<void> | null = null;

  constructor(channel: Channel, peer: string, opened: OpenedMessage) {
    this.#channel = channel;
    this.#peer = peer;
    this.#opened = opened;
    this.alpn = opened.alpn;
  }

  get peer(): string {
    return this.#peer;
  }

  set peer(peer: string) {
    this.#peer = peer;
    if (!this.#channel.closed) this.#channel.post({ kind: 'peer', id: this.#channel.id, peer });
  }

  demand(): void {
    this.#stopped = false;
  }

  /** @throws Error if nothing can ever happen: our mistake, which would block for ever. */
  wait(timeoutMs: number | null, hostMs: number | null = null): boolean {
    const { link } = this.#channel;
    if (timeoutMs === null && (this.#closed || this.#stopped) && this.#draining === null && this.#ending === null) {
      throw new Error(`Cannot wait for ${this.#peer}: nothing is being read or written`);
    }
    if (timeoutMs !== 0) return link.wait(this, timeoutMs);
    if (link.wait(this, 0)) return true;
    link.fence(hostMs);
    return this.progress();
  }

  progress(): boolean {
    const sink = this.#closed || this.#stopped ? null : this.sink;
    // What the peer said before nothing could be sent any more is heard first: it may be why.
    if (sink !== null && this.#cannotSend() !== null && this.#deliver(sink)) return true;
    const settled = this.#settleWrites();
    if (sink === null) return settled;
    return this.#deliver(sink) || this.#tellEnd(sink) || settled;
  }

  // ── in ──

  #deliver(sink: Sink): boolean {
    const { inbound, words, id, closed } = this.#channel;
    if (closed) return false;
    const bytes = inbound.first(DELIVERED_OCTETS);
    const { length } = bytes;
    if (length === 0) return false;
    let answer = STOP;
    try {
      answer = sink.octets(bytes, length, false);
    } finally {
      if ((answer & STOP) !== 0) this.#stopped = true;
      // A channel that was closed meanwhile may have lent its memory to another.
      if (!this.#channel.closed) {
        inbound.taken(length);
        const isAwaited = Atomics.load(words, protocol.IN_STALLED) === 1 && inbound.room >= inbound.size / 2;
        if (isAwaited && Atomics.exchange(words, protocol.IN_STALLED, 0) === 1) this.#channel.post(id);
      }
    }
    return true;
  }

  /** Tells the end once; and, to who goes on writing after the peer ended its side, that the socket failed after all. */
  #tellEnd(sink: Sink): boolean {
    const { ended, lost } = this.#channel;
    if (lost !== null) {
      this.#closed = true;
      sink.ended(this.#lost(lost));
      return true;
    }
    if (ended === null || (this.#told && ended.error === null)) return false;
    this.#told = true;
    this.#closed = ended.error !== null;
    sink.ended(ended.error as TransportError | null);
    return true;
  }

  #lost(why: string): CloseError {
    return new CloseError(`The connection to ${this.#peer} was closed: ${why}`, { cause: this.#channel.link.crash });
  }

  // ── out ──

  write(head: Octets, body: Uint8Array | null): MaybePromise<void> {
    const channel = this.#channel;
    channel.link.listen();
    const failure = this.#cannotSend();
    if (failure !== null) {
      const refused = new Pending<void>(this);
      if (this.#closed || channel.closed || channel.inbound.used === 0) refused.reject(failure);
      else this.#draining ??= refused;
      return this.#draining ?? refused;
    }
    if (head.length > 0) this.#put(head);
    if (body !== null && body.length > 0) this.#put(body);
    channel.ring();
    if (this.#held.length > 0) this.#flush();
    // Who sends much shall notice what the peer says to it.
    const isAnswered = channel.inbound.used > 0 || (channel.ended !== null && !this.#told);
    if (this.#held.length === 0 && !isAnswered) return undefined;
    this.#draining ??= new Pending<void>(this);
    return this.#draining;
  }

  #put(octets: Octets): void {
    const at = this.#held.length > 0 ? 0 : this.#putFrom(octets, 0);
    if (at < octets.length) this.#held.push({ octets, at });
  }

  #putFrom(octets: Octets, at: number): number {
    const { outbound } = this.#channel;
    const put = typeof octets === 'string' ? outbound.putLatin1(octets, at) : outbound.put(octets, at, octets.length);
    return at + put;
  }

  /** Puts what is held, as far as there is room; asks to be told of more. */
  #flush(): void {
    const { words } = this.#channel;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      Atomics.store(words, protocol.OUT_STALLED, 1);
      const at = this.#putFrom(first.octets, first.at);
      const isProgress = at > first.at;
      first.at = at;
      if (isProgress) this.#channel.ring();
      if (at < first.octets.length) return;
      this.#held.shift();
    }
    Atomics.store(words, protocol.OUT_STALLED, 0);
  }

  /** Settles the writes that wait, if they can be. */
  #settleWrites(): boolean {
    const draining = this.#draining;
    const ending = this.#ending;
    if (draining === null && ending === null) return false;
    const failure = this.#cannotSend();
    if (failure === null && this.#held.length > 0) {
      this.#flush();
      if (this.#held.length === 0 && ending !== null) this.#sendEnd();
    }
    let settled = false;
    if (draining !== null && (failure !== null || this.#held.length === 0)) {
      this.#draining = null;
      this.#held = [];
      if (failure === null) draining.resolve();
      else draining.reject(failure);
      settled = true;
    }
    const { closed, words } = this.#channel;
    const isSent = !closed && Atomics.load(words, protocol.OUT_SENT) === 1;
    if (ending !== null && (failure !== null || isSent)) {
      this.#ending = null;
      if (isSent) ending.resolve();
      else ending.reject(failure);
      settled = true;
    }
    return settled;
  }

  /** Why nothing can be sent any more, or `null`. */
  #cannotSend(): TransportError | null {
    const { unsent, lost, ended } = this.#channel;
    if (unsent !== null) return unsent as TransportError;
    if (lost !== null && !this.#released) return this.#lost(lost);
    if (!this.#closed) return null;
    const cause = ended?.error?.cause ?? null;
    const why = cause === null ? 'the connection was closed' : messageOf(cause);
    return new WriteError(`Cannot send to ${this.#peer}: ${why}`, { cause });
  }

  closeWrite(): MaybePromise<void> {
    if (this.#ending !== null) return this.#ending;
    if (this.#channel.closed) return undefined;
    this.#ending = new Pending<void>(this);
    if (this.#held.length === 0) this.#sendEnd();
    return this.#ending;
  }

  #sendEnd(): void {
    Atomics.store(this.#channel.words, protocol.OUT_ENDED, 1);
    this.#channel.post(this.#channel.id);
  }

  // ── TLS, end, facts ──

  /** @throws ConnectError for TLS options that cannot be handed to another thread. */
  startTls(target: TlsTarget, cancel: Cancel): Pending<Socket> {
    const channel = this.#channel;
    const tls = channel.link.carriedTarget(target, this.#peer);
    this.#closed = true;
    this.sink = null;
    cancel.phase = 'tls';
    const opening = new Opening(channel, cancel, {
      where: this.#peer,
      made: (opened) => new BlockingSocket(channel, this.#peer, opened),
      allowed: (found) => found,
    });
    channel.post({ kind: 'startTls', id: channel.id, tls });
    return opening.socket;
  }

  close(): void {
    this.#close(false);
  }

  leave(): void {
    this.#close(this.#held.length === 0);
  }

  #close(leaves: boolean): void {
    this.#closed = true;
    this.#released = true;
    this.sink = null;
    this.#held = [];
    this.#channel.close(leaves);
  }

  /** No socket of a worker keeps the process alive. */
  ref(): void {}

  /** The host's socket lives on another thread: 'socket' and 'ssl_object' are not known here. */
  info(name: string): unknown {
    switch (name) {
      case 'client_addr':
        return this.#opened.clientAddress ?? undefined;
      case 'server_addr':
        return this.#opened.serverAddress ?? undefined;
      case 'is_readable':
        return this.#told || this.#closed;
      default:
        return undefined;
    }
  }
}
