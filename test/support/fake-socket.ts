/**
 * Sockets in memory: the test is the peer. What the client wrote is read as text, what the peer says is delivered to the
 * socket's sink as a real event loop would: never inside a call of the client's, and not while it does not read.
 */
import type { TransportError } from '../../src/exceptions.js';
import {
  type Address,
  type Cancel,
  type Connector,
  type MaybePromise,
  type Octets,
  type Sink,
  type Socket,
  STOP,
  type TlsTarget,
} from '../../src/hosts/socket.js';
import { octetsOf, textOf } from './octets.js';

/** What waits to be delivered: octets, or the end with its error. */
type Arrival = Uint8Array | { readonly error: TransportError | null };

export class FakeSocket implements Socket {
  readonly blocking = false;
  peer = 'peer';
  alpn: string | null = null;
  sink: Sink | null = null;
  lend = false;
  /** Set: the host cannot take a read back that has begun. */
  holdsReads?: true;
  closed = false;
  writeClosed = false;
  referenced = true;
  /** Name and options of the TLS layer that was started over this socket. */
  tls: TlsTarget | null = null;
  readonly #arrivals: Arrival[] = [];
  readonly #written: Buffer[] = [];
  readonly #held: (() => void)[] = [];
  #reading = false;
  #holding = false;
  #scheduled = false;
  #takenUpTo = 0;
  /** Called in a later turn after each write, with all that was written and not yet taken. */
  onWritten: ((socket: FakeSocket) => void) | null = null;

  constructor(readonly address: Address) {}

  /** All that the client wrote. */
  get written(): string {
    return textOf(Buffer.concat(this.#written));
  }

  /** What the client wrote since the last call. */
  takeWritten(): string {
    const taken = this.written.slice(this.#takenUpTo);
    this.#takenUpTo += taken.length;
    return taken;
  }

  get reading(): boolean {
    return this.#reading;
  }

  demand(): void {
    this.#reading = true;
    this.#schedule();
  }

  wait(): boolean {
    return false;
  }

  write(head: Octets, body: Uint8Array | null): MaybePromise<void> {
    if (this.closed) throw new Error('Cannot write: the fake socket is closed');
    this.#written.push(Buffer.from(octetsOf(head)));
    if (body !== null) this.#written.push(Buffer.from(body));
    if (this.onWritten !== null) setImmediate(() => this.onWritten?.(this));
    if (!this.#holding) return undefined;
    return new Promise((resolve) => this.#held.push(resolve));
  }

  closeWrite(): void {
    this.writeClosed = true;
  }

  startTls(options: TlsTarget, _cancel: Cancel): MaybePromise<Socket> {
    this.tls = options;
    return this;
  }

  close(): void {
    this.closed = true;
    this.#arrivals.length = 0;
    this.releaseWrites();
  }

  ref(on: boolean): void {
    this.referenced = on;
  }

  info(_name: string): unknown {
    return undefined;
  }

  /** From now on writes are taken only by `releaseWrites`, as with full kernel buffers. */
  holdWrites(): void {
    this.#holding = true;
  }

  releaseWrites(): void {
    this.#holding = false;
    this.takeHeldWrites();
  }

  /** Takes the writes that wait; later ones will wait again. */
  takeHeldWrites(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** The peer sends octets. */
  say(text: string | Uint8Array): this {
    this.#arrivals.push(new Uint8Array(octetsOf(text)));
    this.#schedule();
    return this;
  }

  /** The peer ends its side in order. */
  fin(): this {
    this.#arrivals.push({ error: null });
    this.#schedule();
    return this;
  }

  /** The connection breaks. */
  fail(error: TransportError): this {
    this.#arrivals.push({ error });
    this.#schedule();
    return this;
  }

  #schedule(): void {
    if (this.#scheduled || !this.#reading || this.#arrivals.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#reading && !this.closed && this.sink !== null) {
      const arrival = this.#arrivals.shift();
      if (arrival === undefined) return;
      if (!(arrival instanceof Uint8Array)) {
        this.#reading = false;
        this.sink.ended(arrival.error);
        return;
      }
      const lent = this.lend;
      const bytes = new Uint8Array(arrival);
      const verdict = this.sink.octets(bytes, bytes.length, lent);
      if (!lent) bytes.fill(0xdd);
      if ((verdict & STOP) !== 0) this.#reading = false;
    }
  }
}

/** One attempt to connect that the test has not answered yet. */
export interface Attempt {
  readonly address: Address;
  readonly cancel: Cancel;
  succeed(): FakeSocket;
  fail(error: TransportError): void;
}

export class FakeConnector implements Connector {
  readonly blocking = false;
  readonly sockets: FakeSocket[] = [];
  readonly attempts: Attempt[] = [];
  /** Called for every new socket, before the client has it. */
  onSocket: ((socket: FakeSocket, index: number) => void) | null = null;
  /** True: attempts wait in `attempts` until the test answers them. */
  manual = false;

  connect(address: Address, cancel: Cancel): MaybePromise<Socket> {
    if (!this.manual) return Promise.resolve(this.#open(address));
    return new Promise((resolve, reject) => {
      this.attempts.push({
        address,
        cancel,
        succeed: () => {
          const socket = this.#open(address);
          resolve(socket);
          return socket;
        },
        fail: reject,
      });
    });
  }

  close(): void {}

  #open(address: Address): FakeSocket {
    const socket = new FakeSocket(address);
    this.sockets.push(socket);
    this.onSocket?.(socket, this.sockets.length - 1);
    return socket;
  }

  socket(index: number): FakeSocket {
    const socket = this.sockets[index];
    if (socket === undefined) throw new Error(`socket ${index}: was never connected (${this.sockets.length} were)`);
    return socket;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.closed).length;
  }
}

/** Answers each request written to the socket (one head, no body) with the octets that `reply` gives for it. */
export function answering(
  reply: (head: string, index: number) => string | Uint8Array | null,
): (socket: FakeSocket) => void {
  let index = 0;
  return (socket) => {
    let heard = '';
    socket.onWritten = () => {
      heard += socket.takeWritten();
      for (let end = heard.indexOf('\r\n\r\n'); end >= 0; end = heard.indexOf('\r\n\r\n')) {
        const text = reply(heard.slice(0, end + 4), index++);
        heard = heard.slice(end + 4);
        if (text !== null && !socket.closed) socket.say(text);
      }
    };
  };
}
