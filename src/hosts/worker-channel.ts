/**
 * One socket of a worker: moves octets between a socket of the host and the rings in shared memory, on an event loop.
 * Back-pressure goes through it both ways: a socket whose ring is full is not read, and no octets are taken out of a ring
 * while the host has not sent the ones before.
 */
import type { TransportError } from '../exceptions.js';
import type { Found } from './addresses.js';
import type { ConnectMessage, SocketAddress, ToCaller } from './blocking-protocol.js';
import * as protocol from './blocking-protocol.js';
import { carried } from './carried-error.js';
import { connectError } from './connect-error.js';
import type { Ring } from './ring.js';
import type { Address, Cancel, Connector, ConnectPhase, MaybePromise, Sink, Socket, TlsTarget } from './socket.js';
import { GO_ON, STOP } from './socket.js';

/** What a channel needs of its worker. */
export interface ChannelWorker {
  readonly connector: Connector;
  lookUp(host: string): Promise<readonly Found[]>;
  post(message: ToCaller): void;
  /** Wakes the caller: something that it may wait for has changed in shared memory. */
  ring(): void;
}

/** Nobody here waits by the clock: the caller takes the times when it is told. */
const NO_TIME = 0;

/** What the host's connector tells of a connect, written where the caller sees it. */
class ReportedCancel implements Cancel {
  cancelled = false;
  onCancel: (() => void) | null = null;
  readonly #words: Int32Array;
  readonly #ring: () => void;
  #phase: ConnectPhase = 'dns';

  constructor(words: Int32Array, ring: () => void) {
    this.#words = words;
    this.#ring = ring;
  }

  get phase(): ConnectPhase {
    return this.#phase;
  }

  set phase(phase: ConnectPhase) {
    this.#phase = phase;
    if (this.cancelled) return;
    Atomics.store(this.#words, protocol.PHASE, protocol.PHASES.indexOf(phase));
    this.#ring();
  }

  now(): number {
    return NO_TIME;
  }

  #reached(bit: number): void {
    if (this.cancelled) return;
    Atomics.or(this.#words, protocol.REACHED, bit);
    this.#ring();
  }

  get resolvedAt(): number {
    return NO_TIME;
  }

  set resolvedAt(_at: number) {
    this.#reached(protocol.RESOLVED);
  }

  get connectedAt(): number {
    return NO_TIME;
  }

  set connectedAt(_at: number) {
    this.#reached(protocol.CONNECTED);
  }

  get securedAt(): number {
    return NO_TIME;
  }

  set securedAt(_at: number) {
    this.#reached(protocol.SECURED);
  }

  /** The caller gave up: what comes later is destroyed by the connector. */
  giveUp(): void {
    this.cancelled = true;
    const { onCancel } = this;
    this.onCancel = null;
    onCancel?.();
  }
}

function socketAddressOf(value: unknown): SocketAddress | null {
  return Array.isArray(value) ? (value as unknown as SocketAddress) : null;
}

/** One socket and its rings. */
export class WorkerChannel implements Sink {
  readonly #id: number;
  readonly #worker: ChannelWorker;
  readonly #words: Int32Array;
  readonly #in: Ring;
  readonly #out: Ring;
  #cancel: ReportedCancel | null = null;
  #socket: Socket | null = null;
  #closed = false;
  /** Octets that were read and found no room. */
  #spilled: Uint8Array[] = [];
  /** The socket was told to stop. */
  #stopped = false;
  /** The end came and was not told, since octets before it have not found room. */
  #end: { readonly error: TransportError | null } | null = null;
  /** The host has not sent what it was given. */
  #sending = false;
  /** Nothing more can be sent, or our end is on its way. */
  #mute = false;
  /** TLS that starts as soon as what is to be sent in the clear has left. */
  #awaitedTls: TlsTarget | null = null;
  /** Takes the caller's answer to the addresses it was told. */
  #allow: ((addresses: readonly string[]) => void) | null = null;

  constructor(id: number, memory: SharedArrayBuffer, worker: ChannelWorker) {
    this.#id = id;
    this.#worker = worker;
    const { words, inbound, outbound } = protocol.partsOf(memory);
    this.#words = words;
    this.#in = inbound;
    this.#out = outbound;
  }

  // ── connecting ──

  connect(message: ConnectMessage, tls: TlsTarget | null): void {
    const { host, port, uds, localAddress, socketOptions, addresses, asks } = message;
    const address: Address = {
      host,
      port,
      uds,
      localAddress,
      socketOptions,
      tls,
      resolve: asks ? () => this.#allowedAddresses(host, port) : addresses === null ? null : () => addresses,
      allowAddress: null,
    };
    const cancel = this.#newCancel();
    void this.#open(cancel, () => this.#worker.connector.connect(address, cancel));
  }

  async #allowedAddresses(host: string, port: number): Promise<readonly string[]> {
    const found = await this.#worker.lookUp(host).catch((error: unknown) => {
      throw connectError(`${host}:${port}`, 'dns', error);
    });
    return new Promise((resolve) => {
      this.#allow = resolve;
      this.#post({ kind: 'found', id: this.#id, addresses: found.map(({ address }) => address) });
    });
  }

  allowed(addresses: readonly string[]): void {
    this.#allow?.(addresses);
    this.#allow = null;
  }

  #newCancel(): ReportedCancel {
    this.#cancel = new ReportedCancel(this.#words, () => this.#worker.ring());
    return this.#cancel;
  }

  async #open(cancel: ReportedCancel, connect: () => MaybePromise<Socket>): Promise<void> {
    try {
      const socket = await connect();
      if (cancel.cancelled) {
        socket.close();
        return;
      }
      this.#cancel = null;
      this.#socket = socket;
      this.#stopped = false;
      this.#sending = false;
      this.#post({
        kind: 'opened',
        id: this.#id,
        alpn: socket.alpn,
        clientAddress: socketAddressOf(socket.info('client_addr')),
        serverAddress: socketAddressOf(socket.info('server_addr')),
      });
      socket.sink = this;
      socket.demand();
      this.#send();
    } catch (error) {
      if (!cancel.cancelled) this.#post({ kind: 'failed', id: this.#id, error: carried(error) });
    }
  }

  #post(message: ToCaller): void {
    this.#worker.post(message);
  }

  // ── in ──

  octets(bytes: Uint8Array, length: number): number {
    // A host may hand on what it had already read when it was told to stop.
    const fit = this.#stopped ? 0 : this.#in.put(bytes, 0, length);
    if (fit < length) {
      this.#spilled.push(bytes.slice(fit, length));
      this.#stopped ||= !this.#unspill();
    }
    this.#worker.ring();
    return this.#stopped ? STOP : GO_ON;
  }

  /** Puts what found no room into the ring. False: there is too little, and the caller will say when there is more. */
  #unspill(): boolean {
    while (this.#spilled.length > 0) {
      const bytes = this.#spilled[0] as Uint8Array;
      const fit = this.#in.put(bytes, 0, bytes.length);
      if (fit === bytes.length) this.#spilled.shift();
      else {
        this.#spilled[0] = bytes.subarray(fit);
        Atomics.store(this.#words, protocol.IN_STALLED, 1);
        // The caller may have made room before it could see that it is asked to tell.
        const { room, size } = this.#in;
        if (room < size / 2 || Atomics.exchange(this.#words, protocol.IN_STALLED, 0) === 0) return false;
      }
    }
    return true;
  }

  #resume(): void {
    if (!this.#stopped || Atomics.load(this.#words, protocol.IN_STALLED) === 1) return;
    const isAll = this.#unspill();
    // For a part as well: the caller sleeps until it is rung.
    this.#worker.ring();
    if (!isAll) return;
    this.#stopped = false;
    this.#tellEnd();
    this.#socket?.demand();
  }

  ended(error: TransportError | null): void {
    this.#end = { error };
    if (this.#spilled.length === 0) this.#tellEnd();
  }

  #tellEnd(): void {
    const end = this.#end;
    if (end === null) return;
    this.#end = null;
    this.#post({ kind: 'ended', id: this.#id, error: end.error === null ? null : carried(end.error) });
  }

  // ── out ──

  /** The caller put octets, or made room. */
  look(): void {
    this.#resume();
    this.#send();
  }

  #send(): void {
    const socket = this.#socket;
    while (!this.#sending && socket !== null) {
      Atomics.store(this.#words, protocol.OUT_RUNG, 0);
      const first = this.#take();
      if (first === null) {
        this.#sent(socket);
        return;
      }
      const second = this.#take();
      if (Atomics.exchange(this.#words, protocol.OUT_STALLED, 0) === 1) this.#worker.ring();
      if (this.#mute) continue;
      const taken = second === null ? socket.write(first, null) : socket.write(first, second);
      if (taken !== undefined) void this.#await(taken);
    }
  }

  /** A copy of what stands first in the ring, which the host may keep. */
  #take(): Uint8Array<ArrayBuffer> | null {
    const view = this.#out.first(protocol.OUT_OCTETS);
    if (view.length === 0) return null;
    const octets = view.slice() as Uint8Array<ArrayBuffer>;
    this.#out.taken(octets.length);
    return octets;
  }

  async #await(taken: PromiseLike<void>): Promise<void> {
    this.#sending = true;
    try {
      await taken;
    } catch (error) {
      this.#cannotSend(error);
    }
    this.#sending = false;
    if (!this.#closed) this.#send();
  }

  #cannotSend(error: unknown): void {
    if (this.#mute || this.#closed) return;
    this.#mute = true;
    this.#post({ kind: 'unsent', id: this.#id, error: carried(error) });
  }

  /** Everything in the ring was sent. */
  #sent(socket: Socket): void {
    const tls = this.#awaitedTls;
    if (tls !== null) {
      this.#awaitedTls = null;
      this.#secure(socket, tls);
    } else if (!this.#mute && Atomics.load(this.#words, protocol.OUT_ENDED) === 1 && this.#out.used === 0) {
      this.#mute = true;
      void this.#closeWrite(socket);
    }
  }

  async #closeWrite(socket: Socket): Promise<void> {
    try {
      await socket.closeWrite();
      if (this.#closed) return;
      Atomics.store(this.#words, protocol.OUT_SENT, 1);
      this.#worker.ring();
    } catch (error) {
      this.#mute = false;
      this.#cannotSend(error);
    }
  }

  /** Who is at the other end from now on, for messages. */
  name(peer: string): void {
    if (this.#socket !== null) this.#socket.peer = peer;
  }

  // ── TLS over this socket ──

  startTls(tls: TlsTarget): void {
    this.#awaitedTls = tls;
    this.#send();
  }

  #secure(socket: Socket, tls: TlsTarget): void {
    const cancel = this.#newCancel();
    this.#sending = true;
    void this.#open(cancel, () => {
      if (this.#in.used > 0 || this.#spilled.length > 0 || this.#end !== null) {
        socket.close();
        throw new Error('octets came in the clear before TLS was started');
      }
      return socket.startTls(tls, cancel);
    });
  }

  // ── end ──

  /**
   * Octets that the caller put before it closed were announced before, and have been handed to the host: where the socket is
   * left (`Socket.leave`) those too that waited for it to take others.
   */
  close(leaves: boolean): void {
    const socket = this.#socket;
    const isLeft = leaves && socket?.leave !== undefined && this.#cancel === null && !this.#mute;
    if (isLeft) {
      this.#sending = false;
      this.#send();
    }
    this.#closed = true;
    this.#allow = null;
    this.#cancel?.giveUp();
    if (isLeft) socket.leave?.();
    else socket?.close();
    this.#spilled = [];
  }
}
