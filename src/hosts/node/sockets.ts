/**
 * Sockets of Node.js: `node:net` and `node:tls`, octets delivered inside the read. One 64 KiB buffer serves every socket;
 * a socket that lends reads into memory of its own, which the sink may keep; of TLS, many records before they are
 * delivered as one. TLS over a given socket cannot use `onread` (Node 24 delivers nothing), nor can other hosts' sockets: there
 * 'data' events lend what the host allocated.
 */
import { Buffer } from 'node:buffer';
import * as net from 'node:net';
import type * as tls from 'node:tls';
import { LoadError, ReadError, WriteError } from '../../exceptions.js';
import { allowedOf } from '../addresses.js';
import { connectError, messageOf, placeOf, refusesClient } from '../connect-error.js';
import type { Cancel, Connector, MaybePromise, Octets, Sink, Socket, TlsTarget } from '../socket.js';
import { GO_ON, KEPT, STOP } from '../socket.js';
import { configure, follow, open, openOver, settle } from './connecting.js';
import { host } from './host.js';
import { canLeave, leave, UNHEARD_OCTETS_MAX } from './leaving.js';
import { keepFreed, LentMemory, RECORD_OCTETS } from './lent-memory.js';

const READ_OCTETS = 65536;
/**
 * What is lent after a read that filled all that was lent, for as long as half of it is used: a quarter as many pieces. Of TLS,
 * the most that is held of records.
 */
const LENT_OCTETS_MAX = 262144;
const shared = new Uint8Array(READ_OCTETS);

/** The socket that gave other memory to read into last, while it is not known whether Node.js took it. */
let moving: NodeSocket | null = null;
let isWatching = false;

/**
 * Node.js takes the memory for the next read from what the callback of the last one answers; but only when no exception came
 * out of what that callback left to `process.nextTick`. Where the process lives on after one (`uncaughtException`), reads go on
 * into the memory from before, which the user may have by now, and what is delivered is none of what came. So the socket whose
 * memory may not have moved is destroyed before it reads again.
 */
function noteMove(socket: NodeSocket): void {
  if (!isWatching) {
    isWatching = true;
    process.on('uncaughtExceptionMonitor', (_error, origin) => {
      if (origin === 'uncaughtException') moving?.interrupt();
      moving = null;
    });
  }
  if (moving === null) {
    host.nextTurn(() => {
      moving = null;
    });
  }
  moving = socket;
}

/**
 * Node.js destroys a socket that it cannot write to, and what the peer said before it closed its side is lost with it: the
 * early response to an upload. Without this the error is told and reading goes on, to the reset that stands behind it. Of a
 * TLS socket, whose records are below the stream, that is not known.
 */
function outliveWriteErrors(socket: net.Socket): void {
  if (isTls(socket)) return;
  const { _readableState, _writableState } = socket as unknown as Record<string, { autoDestroy?: boolean } | undefined>;
  if (_readableState !== undefined) _readableState.autoDestroy = false;
  if (_writableState !== undefined) _writableState.autoDestroy = false;
}

function isWriteError(error: Error): boolean {
  return (error as NodeJS.ErrnoException).syscall === 'write';
}

function isTls(socket: net.Socket): socket is tls.TLSSocket {
  return (socket as Partial<tls.TLSSocket>).encrypted === true;
}

/**
 * Whether a socket is read by 'data' events. Deno: all are; with `onread`, one that was told to stop never begins to read again,
 * and TLS over it never hears the peer (as through a proxy, and after 101). Bun: plain ones; it makes memory of its own for each
 * read, up to 512 KiB, of which `onread` gets copies.
 */
const { deno, bun } = process.versions;
const readsByEvents = (target: TlsTarget | null): boolean =>
  deno !== undefined || (bun !== undefined && target === null);

/** Somebody waits for the host to take what was written. */
class Draining {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: WriteError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Whether records are held: some came in this turn, or none since the last. */
type Gathering = 'no' | 'more' | 'waits';

const endTurn = (socket: NodeSocket): void => socket.endTurn();

class NodeSocket implements Socket {
  readonly blocking = false;
  sink: Sink | null = null;
  #lend = false;
  /** Octets that came before there was a sink. */
  #early: Uint8Array[] = [];
  /** The end came before there was a sink: with this error, or none. */
  #earlyEnd: { readonly error: Error | null } | null = null;
  peer: string;
  #socket: net.Socket;
  #own: LentMemory | null = null;
  /** What Node.js was given to read into. */
  #given: Uint8Array | null = null;
  #lentOctets = READ_OCTETS;
  /** Each read is one record of TLS, and many come in a turn. */
  readonly #isTls: boolean;
  #gathering: Gathering = 'no';
  #stopped = false;
  #told = false;
  /** The sink hears nothing more. */
  #closed = false;
  #isLeft = false;
  /** Octets that may still come when nobody hears them. */
  #unheardLeft = UNHEARD_OCTETS_MAX;
  #failure: Error | null = null;
  #draining: Draining | null = null;
  #hearsDrain = false;

  constructor(peer: string, open: (onread: net.OnReadOpts) => net.Socket) {
    this.peer = peer;
    this.#socket = open({
      buffer: () => this.#memory(),
      callback: (length, buffer) => this.#read(buffer as Uint8Array, length),
    });
    this.#isTls = isTls(this.#socket);
    if (this.#isTls) this.#lentOctets = RECORD_OCTETS;
    this.#listen();
  }

  get lend(): boolean {
    return this.#lend;
  }

  set lend(on: boolean) {
    this.#lend = on;
    if (!on && this.#own?.isHolding === false) this.#own = null;
  }

  /** Where the next read goes. */
  #memory(): Uint8Array {
    const memory = this.#lend ? this.#lent() : shared;
    if (memory !== this.#given) {
      if (this.#given !== null) noteMove(this);
      this.#given = memory;
    }
    return memory;
  }

  /** Nothing may be read any more: an exception may have kept the memory of the next read from Node.js. */
  interrupt(): void {
    this.#failure ??= new Error('an exception that nobody caught interrupted a read');
    this.#socket.destroy();
  }

  #lent(): Uint8Array {
    this.#own ??= new LentMemory(this.#lentOctets, this.#isTls);
    return this.#own.room;
  }

  /**
   * A read came: false if reading is to stop. A record of TLS that is full is held, and so is what comes behind it in this turn
   * and the next, until the memory is full or a turn brings nothing: what a record costs all who stand above is paid once for
   * many. Node.js keeps the memory it was given for the next read, so that only what is full can be handed out uncopied.
   */
  #read(bytes: Uint8Array, length: number): boolean {
    const own = this.#own;
    if (own === null || !this.#isTls || bytes !== this.#given) {
      if (own?.isHolding === true) this.#deliverHeld(own, false);
      return this.#deliver(bytes, length, bytes !== shared);
    }
    own.end += length;
    const holds = this.#gathering !== 'no' || length === RECORD_OCTETS;
    if (!holds || !this.#lend || own.isFull) return this.#deliverHeld(own, true);
    if (this.#gathering === 'no') setImmediate(endTurn, this);
    this.#gathering = 'more';
    return true;
  }

  /** The sockets have been read. */
  endTurn(): void {
    const own = this.#own;
    const isHolding = own?.isHolding === true;
    this.#gathering = isHolding && this.#gathering === 'more' ? 'waits' : 'no';
    if (this.#gathering === 'waits') setImmediate(endTurn, this);
    else if (isHolding && !this.#deliverHeld(own, false)) this.#socket.pause();
  }

  /** `lent`: nothing is read into its memory any more. How much is lent follows how much comes. */
  #deliverHeld(own: LentMemory, lent: boolean): boolean {
    const { octets, start, end } = own;
    const isHalf = (end - start) * 2 <= octets.length;
    if (lent && own.isFull) {
      keepFreed();
      this.#lentOctets = Math.min(octets.length * 2, LENT_OCTETS_MAX);
    } else if (isHalf) this.#lentOctets = Math.max(octets.length / 2, RECORD_OCTETS);
    own.start = end;
    if (lent) own.start = own.end = 0;
    const goesOn = this.#deliver(start === 0 ? octets : octets.subarray(start), end - start, lent);
    if (!this.#lend) this.#own = null;
    return goesOn;
  }

  /** Takes over a socket that delivers by 'data' events. */
  static overData(peer: string, socket: net.Socket): NodeSocket {
    const wrapped = new NodeSocket(peer, () => socket);
    socket.on('data', (bytes: Buffer) => {
      const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      if (!wrapped.#deliver(view, view.length, true)) socket.pause();
    });
    return wrapped;
  }

  get host(): net.Socket {
    return this.#socket;
  }

  get alpn(): string | null {
    const protocol = (this.#socket as Partial<tls.TLSSocket>).alpnProtocol;
    return typeof protocol === 'string' ? protocol : null;
  }

  #listen(): void {
    const socket = this.#socket;
    outliveWriteErrors(socket);
    socket.on('error', (error) => {
      this.#failure ??= error;
      if (isWriteError(error) && !socket.destroyed) this.#hearOut();
      else this.#tell(this.#failure);
    });
    socket.on('end', () => this.#tell(this.#failure));
    socket.on('close', () => this.#tell(this.#failure));
  }

  /** What is written goes nowhere from now on; what has arrived is delivered before the failure is told. */
  #hearOut(): void {
    const draining = this.#endDraining();
    if (this.#stopped) draining?.reject(this.#cannotSend());
    else draining?.resolve();
    host.nextTurn(() => {
      if (!this.#stopped) this.#socket.destroy();
    });
  }

  #deliver(bytes: Uint8Array, length: number, lent: boolean): boolean {
    const { sink } = this;
    if (this.#closed) {
      this.#unheardLeft -= length;
      if (this.#unheardLeft < 0) this.#socket.destroy();
      return true;
    }
    if (sink === null) {
      this.#early.push(bytes.slice(0, length));
      this.#stopped = true;
      return false;
    }
    const answer = sink.octets(bytes, length, lent);
    if (answer === GO_ON) return true;
    if ((answer & KEPT) !== 0) {
      this.#own = null;
      if (!this.#isTls) this.#lentOctets = this.#nextOctets(length, bytes.length);
    }
    if ((answer & STOP) === 0) return true;
    this.#stopped = true;
    return false;
  }

  /** How much to lend after a read that used `length` octets of what was lent. */
  #nextOctets(length: number, lent: number): number {
    if (length < lent && (lent < LENT_OCTETS_MAX || length * 2 < lent)) return READ_OCTETS;
    keepFreed();
    return LENT_OCTETS_MAX;
  }

  /** Tells the end once; and, to who goes on writing after the peer ended its side, that the socket failed after all. */
  #tell(error: Error | null): void {
    if (this.#closed || (this.#told && error === null)) return;
    if (this.#own?.isHolding === true) this.#deliverHeld(this.#own, false);
    const { sink } = this;
    if (sink === null) {
      if (this.#earlyEnd === null || error !== null) this.#earlyEnd = { error };
      return;
    }
    this.#told = true;
    if (error === null) {
      sink.ended(null);
      return;
    }
    this.#closed = true;
    if (isWriteError(error)) {
      sink.ended(new WriteError(`Cannot send to ${this.peer}: ${messageOf(error)}`, { cause: error }));
    } else if (refusesClient(error)) sink.ended(connectError(this.peer, 'tls', error));
    else sink.ended(new ReadError(`Cannot read from ${this.peer}: ${messageOf(error)}`, { cause: error }));
  }

  demand(): void {
    if (this.#early.length > 0 || this.#earlyEnd !== null) queueMicrotask(() => this.#deliverEarly());
    if (!this.#stopped) return;
    this.#stopped = false;
    // A stream that has failed does not begin to read again.
    if (this.#failure === null) this.#socket.resume();
    else this.#socket.destroy();
  }

  wait(): boolean {
    return false;
  }

  #deliverEarly(): void {
    for (const bytes of this.#early.splice(0)) this.#deliver(bytes, bytes.length, false);
    const end = this.#earlyEnd;
    this.#earlyEnd = null;
    if (end !== null) this.#tell(end.error);
  }

  write(text: Octets, body: Uint8Array | null): MaybePromise<void> {
    const socket = this.#socket;
    // Deno's TLS writes text that had to wait for what was written before as UTF-8, whatever its encoding.
    const head = deno !== undefined && typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
    // Who does not read is told the failure by nothing else.
    if (this.#failure !== null && !socket.destroyed)
      return this.#stopped ? Promise.reject(this.#cannotSend()) : undefined;
    let taken: boolean;
    if (body === null) {
      taken = typeof head === 'string' ? socket.write(head, 'latin1') : socket.write(head);
    } else {
      socket.cork();
      if (typeof head !== 'string') socket.write(head);
      else if (head !== '') socket.write(head, 'latin1');
      taken = socket.write(body);
      socket.uncork();
    }
    // What the kernel took at once leaves nothing to wait for, whatever the stream's high-water mark says.
    return (taken || socket.writableLength === 0) && !socket.destroyed ? undefined : this.#drained();
  }

  /** A promise of the host's having taken all that was written so far; one for all who wait. */
  #drained(): Promise<void> {
    if (this.#socket.destroyed) return Promise.reject(this.#cannotSend());
    if (!this.#hearsDrain) {
      this.#hearsDrain = true;
      this.#socket.on('drain', () => this.#endDraining()?.resolve());
      this.#socket.on('close', () => this.#endDraining()?.reject(this.#cannotSend()));
    }
    this.#draining ??= new Draining();
    return this.#draining.promise;
  }

  #endDraining(): Draining | null {
    const draining = this.#draining;
    this.#draining = null;
    return draining;
  }

  #cannotSend(): WriteError {
    const cause = this.#failure;
    const why = cause === null ? 'the connection was closed' : messageOf(cause);
    return new WriteError(`Cannot send to ${this.peer}: ${why}`, { cause });
  }

  closeWrite(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.end(() => resolve());
    });
  }

  startTls(target: TlsTarget, cancel: Cancel): Promise<Socket> {
    this.#closed = true;
    this.sink = null;
    cancel.phase = 'tls';
    return new Promise((resolve, reject) => {
      const upper = openOver(this.#socket, target);
      settle(upper, 'secureConnect', this.peer, cancel, resolve, reject, () => NodeSocket.overData(this.peer, upper));
    });
  }

  close(): void {
    this.#closed = true;
    this.sink = null;
    this.#socket.destroy();
  }

  leave(): void {
    const socket = this.#socket;
    if (this.#isLeft) return;
    if (this.#failure !== null || !canLeave(socket)) {
      this.close();
      return;
    }
    this.#isLeft = true;
    this.#closed = true;
    this.sink = null;
    this.lend = false;
    leave(socket);
  }

  ref(on: boolean): void {
    if (on) this.#socket.ref();
    else this.#socket.unref();
  }

  info(name: string): unknown {
    const socket = this.#socket;
    switch (name) {
      case 'client_addr':
        return socket.localAddress === undefined ? undefined : [socket.localAddress, socket.localPort];
      case 'server_addr':
        return socket.remoteAddress === undefined ? undefined : [socket.remoteAddress, socket.remotePort];
      case 'socket':
        return socket;
      case 'ssl_object':
        return isTls(socket) ? socket : undefined;
      case 'is_readable':
        return this.#told || this.#closed;
      default:
        return undefined;
    }
  }
}

/** Connects with `node:net` and `node:tls`; happy eyeballs as Node does them. */
export const connector: Connector = {
  blocking: false,
  connect(address, cancel) {
    const where = placeOf(address);
    const { allowAddress } = address;
    if (allowAddress !== null && address.uds === null && net.isIP(address.host) !== 0) {
      allowedOf([{ address: address.host, family: net.isIP(address.host) }], where, allowAddress);
    }
    return new Promise((resolve, reject) => {
      let socket: NodeSocket;
      try {
        socket = readsByEvents(address.tls)
          ? NodeSocket.overData(where, open(address, undefined))
          : new NodeSocket(where, (onread) => open(address, onread));
      } catch (error) {
        // What this package lacks is no matter of the network.
        reject(error instanceof LoadError ? error : connectError(where, cancel.phase, error));
        return;
      }
      cancel.early = (name) => socket.info(name);
      follow(socket.host, address, cancel);
      const event = address.tls === null ? 'connect' : 'secureConnect';
      settle(socket.host, event, where, cancel, resolve, reject, () => {
        configure(socket.host, address);
        return socket;
      });
    });
  },
  close() {},
};
