/**
 * One connection as the scripted server has it: what the client sent, what the server could write, when and how it ended.
 * Reading goes on all the time (so that the client's close is seen at once) unless the script has gone deaf.
 * Every `hear…` fails with `ClientGone` when the client closes first.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { fieldOf, octetsOf, textOf } from './octets.js';

/** The client closed while the script still wanted something of it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** A request as it came over the wire. */
export interface HeardRequest {
  /** Request line, field lines and the empty line. */
  readonly head: string;
  readonly method: string;
  readonly target: string;
  /** Content, after chunked coding. */
  readonly body: Buffer;
}

/** Octets after which a connection is counted but no longer recorded. */
const RECORDED_OCTETS_MAX = 16 * 1024 * 1024;

const NOTED_MAX = 4096;

export class Peer {
  readonly openedAt: number = performance.now();
  readonly requests: HeardRequest[] = [];
  /** Every head that was heard, also of requests whose body was not asked for. */
  readonly heads: string[] = [];
  /** Octets that came, script or no script. */
  octetsHeard = 0;
  /** Octets of ours that the kernel took. */
  octetsTaken = 0;
  /** Running total and time of what came, piece by piece (the first `NOTED_MAX`). */
  readonly arrivals: { readonly octetsHeard: number; readonly at: number }[] = [];
  /** What had been heard, and when, each time the script began to say something (the first `NOTED_MAX`). */
  readonly saidAfter: { readonly octetsHeard: number; readonly at: number }[] = [];
  /** When the client ended its side or the connection broke; `null` while it has not. */
  clientClosedAt: number | null = null;
  /** How the client ended: in order, or by a reset. */
  clientClosedBy: 'fin' | 'reset' | null = null;
  /** The script came to its end (or to its own close). */
  finished = false;
  /** What went wrong in the script itself; a client that closed early is `clientClosedAt`, not an error. */
  scriptError: unknown = null;
  /** Answers of the `hearClose` steps: how long the client took, `null` when it did not close in time. */
  readonly closes: (number | null)[] = [];
  readonly #socket: Socket | TLSSocket;
  readonly #raw: Socket;
  readonly #inbound: Buffer[] = [];
  readonly #recorded: Buffer[] = [];
  readonly #wakers = new Set<() => void>();
  #deaf = false;

  constructor(
    readonly index: number,
    socket: Socket | TLSSocket,
    raw: Socket,
    /** Told whenever something about this connection changed. */
    readonly changed: () => void,
  ) {
    this.#socket = socket;
    this.#raw = raw;
    socket.on('data', (chunk: Buffer) => this.#came(chunk));
    socket.on('end', () => this.#gone('fin'));
    socket.on('error', () => this.#gone('reset'));
    socket.on('close', () => this.#gone('reset'));
  }

  /** Everything the client sent on this connection, up to a bound. */
  get octets(): Buffer {
    return Buffer.concat(this.#recorded);
  }

  get text(): string {
    return textOf(this.octets);
  }

  get tls(): TLSSocket | null {
    return this.#socket === this.#raw ? null : (this.#socket as TLSSocket);
  }

  get open(): boolean {
    return !this.#raw.destroyed;
  }

  #came(chunk: Buffer): void {
    if (this.octetsHeard < RECORDED_OCTETS_MAX) {
      this.#recorded.push(chunk);
      this.#inbound.push(chunk);
    }
    this.octetsHeard += chunk.length;
    this.#note(this.arrivals);
    this.#wake();
  }

  #note(list: { readonly octetsHeard: number; readonly at: number }[]): void {
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

  /** Stops reading: what the client sends stays in the kernel's buffers. */
  goDeaf(): void {
    this.#deaf = true;
    this.#socket.pause();
  }

  get deaf(): boolean {
    return this.#deaf;
  }

  hearAgain(): void {
    this.#deaf = false;
    this.#socket.resume();
  }

  /** Ends our side in order. The rest is destroyed when the client has closed too, or the server is. */
  fin(): void {
    this.#socket.end();
  }

  /** Resets the connection. One that is ending already is destroyed: Node would neither reset nor close it. */
  reset(): void {
    if (this.#raw.writableEnded) this.#raw.destroy();
    else this.#raw.resetAndDestroy();
  }

  destroy(): void {
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
