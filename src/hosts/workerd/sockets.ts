/**
 * Sockets of Cloudflare's runtime (`cloudflare:sockets`): streams, so octets are pulled, one read in flight, and pushed on.
 * TLS trusts whom the runtime's configuration trusts; there is no ALPN, no choice of address, no certificate of ours.
 *
 * A socket belongs to the request of the worker that opened it: a client must not outlive that.
 */
import { connect, type WorkerSocket } from 'cloudflare:sockets';
import { ReadError, WriteError } from '../../exceptions.js';
import { connectError, messageOf, placeOf } from '../connect-error.js';
import type { Address, Cancel, Connector, MaybePromise, Octets, Sink, Socket, TlsTarget } from '../socket.js';
import { KEPT, STOP } from '../socket.js';

const READ_OCTETS = 65536;
/** Options that would need what the runtime does not offer. */
const CANNOT: readonly string[] = ['verify', 'cert', 'uds', 'localAddress', 'socketOptions', 'resolve', 'allowAddress'];

function encoded(octets: Octets): Uint8Array {
  if (typeof octets !== 'string') return octets;
  const made = new Uint8Array(octets.length);
  for (let i = 0; i < octets.length; i++) made[i] = octets.charCodeAt(i);
  return made;
}

/** Head and body in memory of their own: what is written may be changed by its owner as soon as `write` returns. */
function together(head: Octets, body: Uint8Array | null): Uint8Array {
  const first = encoded(head);
  const whole = new Uint8Array(first.length + (body?.length ?? 0));
  whole.set(first);
  if (body !== null) whole.set(body, first.length);
  return whole;
}

class WorkerdSocket implements Socket {
  readonly alpn = null;
  readonly blocking = false;
  readonly holdsReads = true;
  sink: Sink | null = null;
  lend = false;
  peer: string;
  readonly #socket: WorkerSocket;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #remoteAddress: string | undefined;
  #memory = new Uint8Array(READ_OCTETS);
  #reading = false;
  #wanted = false;
  #closed = false;
  #ended = false;

  constructor(peer: string, socket: WorkerSocket, remoteAddress: string | undefined) {
    this.peer = peer;
    this.#socket = socket;
    this.#remoteAddress = remoteAddress;
    this.#reader = socket.readable.getReader({ mode: 'byob' });
    this.#writer = socket.writable.getWriter();
    socket.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  demand(): void {
    this.#wanted = true;
    if (this.#reading || this.#ended) return;
    this.#reading = true;
    this.#pump().then(undefined, (error: unknown) => this.#tell(error));
  }

  async #pump(): Promise<void> {
    while (this.#wanted && !this.#closed) {
      const { value, done } = await this.#reader.read(this.#memory);
      if (this.#closed) return;
      if (value !== undefined) this.#memory = new Uint8Array(value.buffer);
      if (done) {
        this.#tell(null);
        return;
      }
      this.#deliver(value);
    }
    this.#reading = false;
  }

  #deliver(bytes: Uint8Array): void {
    const answer = this.sink?.octets(bytes, bytes.length, this.lend) ?? STOP;
    if ((answer & KEPT) !== 0) this.#memory = new Uint8Array(READ_OCTETS);
    if ((answer & STOP) !== 0) this.#wanted = false;
  }

  #tell(error: unknown): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#reading = false;
    const { sink } = this;
    if (error === null) sink?.ended(null);
    else sink?.ended(new ReadError(`Cannot read from ${this.peer}: ${messageOf(error)}`, { cause: error }));
  }

  wait(): boolean {
    return false;
  }

  write(head: Octets, body: Uint8Array | null): MaybePromise<void> {
    return this.#writer.write(together(head, body)).catch((cause: unknown) => {
      throw new WriteError(`Cannot send to ${this.peer}: ${messageOf(cause)}`, { cause });
    });
  }

  async closeWrite(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }

  async startTls(target: TlsTarget, cancel: Cancel): Promise<Socket> {
    cancel.phase = 'tls';
    this.#closed = true;
    this.sink = null;
    this.#reader.releaseLock();
    this.#writer.releaseLock();
    return opened(this.#socket.startTls({ expectedServerHostname: target.hostname }), target.hostname, cancel);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.sink = null;
    this.#socket.close().catch(() => {});
  }

  ref(): void {}

  info(name: string): unknown {
    switch (name) {
      case 'server_addr':
        return this.#remoteAddress;
      case 'socket':
        return this.#socket;
      case 'is_readable':
        return this.#ended || this.#closed;
      default:
        return undefined;
    }
  }
}

/** The socket, once it is connected. @throws ConnectError */
async function opened(socket: WorkerSocket, where: string, cancel: Cancel): Promise<Socket> {
  let giveUp!: (error: Error) => void;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  cancel.onCancel = () => giveUp(new Error('the attempt was given up'));
  try {
    const { remoteAddress } = await Promise.race([socket.opened, givenUp]);
    cancel.connectedAt = cancel.now();
    return new WorkerdSocket(where, socket, remoteAddress);
  } catch (error) {
    socket.close().catch(() => {});
    socket.closed.catch(() => {});
    // One message for all that can happen: a network that is down looks like a certificate that is refused.
    throw connectError(where, cancel.phase, error, true);
  } finally {
    cancel.onCancel = null;
  }
}

/** Connects with `cloudflare:sockets`. Resolving names, connecting and TLS are one step there. */
export const connector: Connector = {
  blocking: false,
  cannot: CANNOT,
  async connect(address: Address, cancel: Cancel) {
    const where = placeOf(address);
    cancel.phase = address.tls === null ? 'connect' : 'tls';
    const { host, port, tls } = address;
    const options = { secureTransport: tls === null ? 'starttls' : 'on', allowHalfOpen: true } as const;
    let socket: WorkerSocket;
    try {
      socket = connect({ hostname: tls?.hostname ?? host, port }, options);
    } catch (error) {
      throw connectError(where, cancel.phase, error);
    }
    const made = await opened(socket, where, cancel);
    if (tls !== null) cancel.securedAt = cancel.now();
    return made;
  },
  close() {},
};
