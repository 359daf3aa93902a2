/**
 * Blocking sockets, the caller's side: a connector whose sockets live in a worker. One worker serves all connectors of a
 * thread; it is started by the first connect and ends when the last connector that used it is closed. The user's `resolve`
 * and `allowAddress` are called here, on the caller's thread.
 */
import { ConnectError } from '../exceptions.js';
import { allowedOf, type Found, resolvedAtOnce } from './addresses.js';
import { type Channel, Link, type StartedWorker } from './blocking-link.js';
import { Opening } from './blocking-opening.js';
import { BlockingSocket } from './blocking-socket.js';
import { failedAction, messageOf, placeOf } from './connect-error.js';
import type { Address, Cancel, Connector, Socket } from './socket.js';
import type { Pending } from './waitable.js';

/** What blocking sockets need of a host. */
export interface BlockingHost {
  /** @throws what the host throws if it cannot. */
  start(): StartedWorker;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** 4 or 6; 0: no IP address. */
  familyOf(ip: string): number;
}

/** The worker of a thread, shared by its connectors. */
export class SharedWorker {
  readonly host: BlockingHost;
  #link: Link | null = null;

  constructor(host: BlockingHost) {
    this.host = host;
  }

  /** The link for one more user; it may be a new one. @throws what the host throws if no worker can be started. */
  join(): Link {
    this.#link?.listen();
    if (this.#link === null || this.#link.broken !== null) {
      const { host } = this;
      this.#link = new Link(host.start(), () => host.now());
    }
    this.#link.users++;
    return this.#link;
  }

  leave(link: Link): void {
    link.users--;
    if (link.users > 0) return;
    link.end();
    if (this.#link === link) this.#link = null;
  }
}

/** Connects through the worker that it shares. */
export class BlockingConnector implements Connector {
  readonly blocking = true;
  readonly #worker: SharedWorker;
  #link: Link | null = null;
  /** How often it was closed. */
  #closings = 0;
  readonly #channels = new Set<Channel>();

  constructor(worker: SharedWorker) {
    this.#worker = worker;
  }

  /** @throws ConnectError for what needs no worker to be refused; all else comes with the promise. */
  connect(address: Address, cancel: Cancel): Pending<Socket> {
    const where = placeOf(address);
    const { host, port, uds, localAddress, socketOptions, allowAddress } = address;
    const isLiteral = uds !== null || this.#familyOf(host) !== 0;
    cancel.phase = isLiteral ? 'connect' : 'dns';
    const closings = this.#closings;
    const addresses = this.#addressesOf(address, where, isLiteral);
    if (closings !== this.#closings) {
      throw new ConnectError(`${failedAction(where, cancel.phase)}: the connector was closed meanwhile`, {
        phase: cancel.phase,
        retryable: false,
      });
    }
    const link = this.#joined(where);
    const tls = address.tls === null ? null : link.carriedTarget(address.tls, where);
    const channel = link.open(this.#channels);
    const opening = new Opening(channel, cancel, {
      where,
      made: (opened) => new BlockingSocket(channel, where, opened),
      allowed: (ips) => ipsOf(allowedOf(this.#found(ips), host, allowAddress as (ip: string) => boolean)),
    });
    const asks = !isLiteral && addresses === null && allowAddress !== null;
    const { id, memory } = channel;
    link.post({ kind: 'connect', id, memory, host, port, uds, localAddress, socketOptions, addresses, asks, tls });
    return opening.socket;
  }

  pause(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms);
  }

  #familyOf(ip: string): number {
    return this.#worker.host.familyOf(ip);
  }

  #found(ips: readonly string[]): Found[] {
    return ips.map((address) => ({ address, family: this.#familyOf(address) }));
  }

  /** What the user has to say about where to connect to; `null`: nothing, or DNS has to be asked first. */
  #addressesOf(address: Address, where: string, isLiteral: boolean): readonly string[] | null {
    const { host, uds, resolve, allowAddress } = address;
    if (isLiteral) {
      if (allowAddress !== null && uds === null) allowedOf(this.#found([host]), where, allowAddress);
      return null;
    }
    if (resolve === null) return null;
    const found = resolvedAtOnce(host, resolve, (ip) => this.#familyOf(ip));
    return ipsOf(allowAddress === null ? found : allowedOf(found, host, allowAddress));
  }

  #joined(where: string): Link {
    this.#link?.listen();
    if (this.#link !== null && this.#link.broken === null) return this.#link;
    if (this.#link !== null) this.#worker.leave(this.#link);
    this.#link = null;
    try {
      this.#link = this.#worker.join();
    } catch (cause) {
      const why = messageOf(cause);
      const message = `Cannot connect to ${where}: no worker for the sockets can be started: ${why}`;
      throw new ConnectError(message, { cause, retryable: false });
    }
    return this.#link;
  }

  /** Destroys its sockets; the worker ends with its last user. It may connect again. */
  close(): void {
    this.#closings++;
    for (const channel of [...this.#channels]) channel.close();
    if (this.#link !== null) {
      this.#link.part();
      this.#worker.leave(this.#link);
    }
    this.#link = null;
  }
}

function ipsOf(found: readonly Found[]): readonly string[] {
  return found.map(({ address }) => address);
}
