/**
 * One connection as the scripted server has it: what the client sent, what the server could write, when and how it ended.
 * Reading goes on all the time (so that the client's close is seen at once) unless the script has gone deaf.
 * Every `hear…` fails with `ClientGone` when the client closes first.
 */
import { connect, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { fieldOf, octetsOf, textOf } from './octets.js';
import type { HeardRequest, Noted, PeerFacts, PeerOrders, TlsFacts } from './server-facts.js';

/** The client closed while the script still wanted something of it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** Octets after which a connection is counted but no longer recorded. */
const RECORDED_OCTETS_MAX = 16 * 1024 * 1024;

const NOTED_MAX = 4096;

export class Peer implements PeerFacts, PeerOrders {
  readonly requests: HeardRequest[] = [];
  readonly clientAddress: string | null;
  readonly heads: string[] = [];
  octetsHeard = 0;
  octetsTaken = 0;
  readonly arrivals: Noted[] = [];
  readonly saidAfter: Noted[] = [];
  clientClosedAt: number | null = null;
  clientClosedBy: 'fin' | 'reset' | null = null;
  finished = false;
  readonly closes: (number | null)[] = [];
  readonly tls: TlsFacts | null;
  /** What went wrong in the script itself; a client that closed early is `clientClosedAt`, not an error. */
  scriptError: unknown = null;
  /** Resolves when the server has given the connection up. */
  readonly destroyed: Promise<void>;
  readonly #socket: Socket | TLSSocket;
  readonly #raw: Socket;
  readonly #inbound: Buffer[] = [];
  readonly #recorded: Buffer[] = [];
  readonly #wakers = new Set<() => void>();
  /** Where everything that comes goes on to. */
  #passOn: Socket | null = null;
  #giveUp = (): void => {};

  constructor(
    readonly index: number,
    socket: Socket | TLSSocket,
    raw: Socket,
    /** Told whenever something about this connection changed. */
    readonly changed: () => void,
  ) {
    this.#socket = socket;
    this.#raw = raw;
    this.clientAddress = raw.remoteAddress ?? null;
    this.tls = socket === raw ? null : tlsFactsOf(socket as TLSSocket);
    this.destroyed = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.#came(chunk));
    socket.on('end', () => this.#gone('fin'));
    socket.on('error', () => this.#gone('reset'));
    socket.on('close', () => this.#gone('reset'));
  }

  get octets(): Buffer {
    return Buffer.concat(this.#recorded);
  }

  get text(): string {
    return textOf(this.octets);
  }

  #came(chunk: Buffer): void {
    this.#passOn?.write(chunk);
    if (this.octetsHeard < RECORDED_OCTETS_MAX) {
      this.#recorded.push(chunk);
      this.#inbound.push(chunk);
    }
    this.octetsHeard += chunk.length;
    this.#note(this.arrivals);
    this.#wake();
  }

  #note(list: Noted[]): void {
    if (list.length < NOTED_MAX) list.push({ octetsHeard: this.octetsHeard, at: performance.now() });
  }

  #gone(by: 'fin' | 'reset'): void {
    if (this.clientClosedAt === null) {
      this.clientClosedAt = performance.now();
      this.clientClosedBy = by;
    }
    this.#wake();
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
    this.changed();
  }

  /** Resolves at the next octets or at the client's close. */
  #next(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }

  async #chunk(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#inbound.shift();
      if (chunk !== undefined) return chunk;
      if (this.clientClosedAt !== null) throw new ClientGone(`connection ${this.index}: the client closed first`);
      await this.#next();
    }
  }

  /** Octets up to and with `mark`. */
  async hearUntil(mark: string): Promise<Buffer> {
    let seen: Buffer = Buffer.alloc(0);
    for (;;) {
      const at = seen.indexOf(mark, 0, 'latin1');
      if (at >= 0) {
        const end = at + mark.length;
        if (end < seen.length) this.#inbound.unshift(seen.subarray(end));
        return seen.subarray(0, end);
      }
      seen = Buffer.concat([seen, await this.#chunk()]);
    }
  }

  async hearHead(): Promise<string> {
    const head = textOf(await this.hearUntil('\r\n\r\n'));
    this.heads.push(head);
    this.changed();
    return head;
  }

  async hearOctets(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0; ) {
      const chunk = await this.#chunk();
      parts.push(chunk.subarray(0, missing));
      if (chunk.length > missing) this.#inbound.unshift(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
    }
    return Buffer.concat(parts);
  }

  /** A whole request: head, and the body that it announces. */
  async hear(): Promise<HeardRequest> {
    const head = await this.hearHead();
    const [method = '', target = ''] = head.split(' ', 2);
    const request = { head, method, target, body: await this.hearBody(head) };
    this.requests.push(request);
    return request;
  }

  async hearBody(head: string): Promise<Buffer> {
    if (fieldOf(head, 'transfer-encoding') !== null) return this.#hearChunks();
    return this.hearOctets(Number(fieldOf(head, 'content-length') ?? 0));
  }

  async #hearChunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt(textOf(await this.hearUntil('\r\n')), 16);
      if (size === 0) break;
      parts.push(await this.hearOctets(size));
      await this.hearOctets(2);
    }
    while ((await this.hearUntil('\r\n')).length > 2);
    return Buffer.concat(parts);
  }

  /** Writes, and resolves when the kernel took all of it. A client that closed makes it fail with `ClientGone`. */
  say(text: string | Uint8Array): Promise<void> {
    const octets = octetsOf(text);
    this.#note(this.saidAfter);
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new ClientGone(`connection ${this.index}: closed while writing`));
      this.#socket.write(octets, (error) => {
        if (error) return reject(new ClientGone(`connection ${this.index}: closed while writing`, { cause: error }));
        this.octetsTaken += octets.length;
        this.changed();
        resolve();
      });
    });
  }

  /** Passes octets on both ways between the client and `port` of this machine; resolves when either has closed. */
  async join(port: number): Promise<void> {
    const other = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const chunk of this.#inbound.splice(0)) other.write(chunk);
    this.#passOn = other;
    other.on('data', (chunk) => void this.#socket.write(chunk));
    const ended = new Promise<void>((resolve) => {
      other
        .once('close', resolve)
        .once('end', resolve)
        .once('error', () => resolve());
    });
    await Promise.race([ended, this.closed()]);
    this.#passOn = null;
    other.destroy();
    this.#socket.end();
  }

  /** Stops reading: what the client sends stays in the kernel's buffers. */
  goDeaf(): void {
    this.#socket.pause();
  }

  hearAgain(): void {
    this.#socket.resume();
  }

  /** Ends our side in order, and resolves when that has left. The rest is destroyed when the client has closed too, or the server is. */
  fin(): Promise<void> {
    return new Promise((resolve) => void this.#socket.end(() => resolve()));
  }

  /** Resets the connection. One that is ending already is destroyed: Node would neither reset nor close it. */
  async reset(): Promise<void> {
    if (this.#raw.closed) return;
    const closed = new Promise<void>((resolve) => void this.#raw.once('close', () => resolve()));
    if (this.#raw.writableEnded) this.#raw.destroy();
    else this.#raw.resetAndDestroy();
    await closed;
  }

  destroy(): void {
    this.#giveUp();
    this.#socket.destroy();
    this.#raw.destroy();
  }

  /** Resolves when the client has closed. */
  async closed(): Promise<void> {
    while (this.clientClosedAt === null) await this.#next();
  }

  /** Resolves when `question` answers true; asked again whenever something came. */
  async until(question: () => boolean): Promise<void> {
    while (!question()) {
      if (this.clientClosedAt !== null) throw new ClientGone(`connection ${this.index}: the client closed first`);
      await this.#next();
    }
  }
}

function tlsFactsOf(socket: TLSSocket & { readonly servername?: string | false | null }): TlsFacts {
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  return { servername: socket.servername || null, clientName: subject?.CN?.toString() ?? null };
}
