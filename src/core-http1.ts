/**
 * HTTP/1.1 over the core: that understands what comes; what goes is text made here, which it is told of. Offsets go in and out;
 * a response head and its field table leave the core as one Latin-1 string.
 */
import * as abi from '../assembly/abi.js';
import type { Connection, Events, Head, HeadLimits, RequestHead, StreamId } from './core.js';
import { type Core, core, coreFailure } from './core-instance.js';
import { LocalProtocolError } from './exceptions.js';
import { latin1 } from './latin1.js';
import { protocolError } from './rule-errors.js';

const EMPTY = new Uint8Array(0);

/** The core's calls on a connection that may make records. */
type ConnectionCall =
  | 'connectionOpen'
  | 'connectionEnd'
  | 'connectionPassed'
  | 'connectionReceiveEnd'
  | 'connectionCanOpen';

/** Most body octets of one chunk, and of one write: each has its own write limit. */
const WRITE_OCTETS_MAX = 65536;

let lastHead: RequestHead | null = null;
let lastText = '';

/** The head as it is sent; most requests repeat the head before. */
function textOf(head: RequestHead): string {
  if (head !== lastHead) {
    lastText = `${head.method} ${head.target} HTTP/1.1\r\n${head.block}\r\n`;
    lastHead = head;
  }
  return lastText;
}

/** An HTTP/1.1 connection: the core understands what comes; what goes is text made here, which the core is told of. */
class Http1Connection implements Connection {
  readonly onCoreFailed: (error: Error) => void;
  readonly #core: Core;
  #handle: number;
  #stream: StreamId = 0;
  #output: string | null = null;
  #framing: number | 'chunked' | null = null;
  #sentOctets = 0;
  #chunks = 0;
  /** Body octets that go by without the core: announced by KIND_PASS. */
  #passing = 0;
  /** A piece of the lent memory of this read was kept: the other pieces of it are not lent, so that each owns its memory. */
  #keeping = false;

  constructor(limits: HeadLimits, onCoreFailed: (error: Error) => void) {
    this.onCoreFailed = onCoreFailed;
    this.#core = core();
    this.#handle = this.#core.createConnection(abi.PROTOCOL_HTTP_1_1, limits, this);
  }

  get httpVersion(): string {
    return 'HTTP/1.1';
  }

  get canOpen(): boolean {
    return this.#handle !== 0 && this.#core.broken === null && this.#call('connectionCanOpen', 0) > 0;
  }

  get placesFree(): number {
    return this.canOpen ? 1 : 0;
  }

  get closeReason(): number {
    if (this.#handle === 0 || this.#core.broken !== null) return abi.CLOSE_CANCELLED;
    return this.#core.exports.connectionCloseReason(this.#handle);
  }

  open(head: RequestHead, endStream: boolean): StreamId {
    const stream = this.#call('connectionOpen', endStream ? head.open | abi.OPEN_END_STREAM : head.open);
    if (stream <= 0) {
      throw new LocalProtocolError('Cannot send a request: the connection is busy or closed', {
        cause: this.#core.broken ?? undefined,
      });
    }
    this.#stream = stream;
    this.#output = textOf(head);
    this.#framing = head.framing;
    this.#sentOctets = 0;
    this.#chunks = 0;
    return stream;
  }

  send(_stream: StreamId, wanted: number): number {
    const octets = Math.min(wanted, WRITE_OCTETS_MAX);
    if (this.#framing === 'chunked') {
      this.#append(`${this.#chunks++ === 0 ? '' : '\r\n'}${octets.toString(16)}\r\n`);
    } else if (this.#framing === null || this.#sentOctets + wanted > this.#framing) {
      throw new LocalProtocolError(
        `Cannot send the request body: it is longer than its Content-Length of ${this.#framing ?? 0} octets`,
      );
    }
    this.#sentOctets += octets;
    return octets;
  }

  end(stream: StreamId, trailers: string | null): void {
    if (this.#framing === 'chunked') {
      this.#append(`${this.#chunks === 0 ? '' : '\r\n'}0\r\n${trailers ?? ''}\r\n`);
    } else if (this.#sentOctets !== (this.#framing ?? 0)) {
      throw new LocalProtocolError(
        `Cannot end the request body: ${this.#sentOctets} octets were sent, Content-Length says ${this.#framing ?? 0}`,
      );
    }
    this.#call('connectionEnd', stream);
  }

  release(): void {}

  want(): boolean {
    return false;
  }

  cancel(stream: StreamId): void {
    if (this.#handle === 0 || this.#core.broken !== null) return;
    try {
      this.#core.exports.connectionCancel(this.#handle, stream);
    } catch (error) {
      this.#core.discard(error);
    }
  }

  goAway(): void {}

  takeOutput(): string | null {
    const output = this.#output;
    this.#output = null;
    return output;
  }

  free(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.#handle = 0;
    this.#core.connections.delete(this);
    if (this.#core.broken !== null) return;
    try {
      this.#core.exports.connectionFree(handle);
    } catch (error) {
      this.#core.discard(error);
    }
  }

  #append(text: string): void {
    this.#output = this.#output === null ? text : this.#output + text;
  }

  receive(bytes: Uint8Array, length: number, lent: boolean, _nowMs: number, to: Events): boolean {
    this.#keeping = false;
    let at = 0;
    if (this.#passing > 0) {
      at = Math.min(length, this.#passing);
      this.#passing -= at;
      this.#data(this.#stream, bytes, 0, at, lent, to);
      if (this.#passing > 0) return this.#keeping;
      this.#report(this.#call('connectionPassed', 0), bytes, 0, 0, length, lent, to);
    }
    const inner = this.#core;
    while (at < length && this.#handle !== 0) {
      const end = Math.min(length, at + abi.INPUT_OCTETS);
      if (inner.octets.length === 0) inner.refresh();
      inner.octets.set(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), inner.input);
      at = this.#report(this.#parse(end - at), bytes, at, end, length, lent, to);
    }
    return this.#keeping;
  }

  receiveEnd(to: Events): void {
    if (this.#handle === 0) return;
    this.#passing = 0;
    this.#report(this.#call('connectionReceiveEnd', 0), EMPTY, 0, 0, 0, false, to);
  }

  #data(stream: StreamId, bytes: Uint8Array, from: number, to: number, lent: boolean, events: Events): void {
    if (events.onData(stream, bytes, from, to, lent && !this.#keeping)) this.#keeping = true;
  }

  /** Records of `octets` octets in the input area; -1: the core failed. */
  #parse(octets: number): number {
    const inner = this.#core;
    if (inner.broken !== null) return -1;
    try {
      const records = inner.exports.connectionReceive(this.#handle, 0, octets);
      if (inner.octets.length === 0) inner.refresh();
      return records;
    } catch (error) {
      inner.discard(error);
      return -1;
    }
  }

  /** What another call answers; -1: the core failed. */
  #call(name: ConnectionCall, argument: number): number {
    const inner = this.#core;
    if (inner.broken !== null || this.#handle === 0) return -1;
    try {
      const answer = inner.exports[name](this.#handle, argument);
      if (inner.octets.length === 0) inner.refresh();
      return answer;
    } catch (error) {
      inner.discard(error);
      return -1;
    }
  }

  /** Turns records into calls. Where the octets that the core has not seen begin in `bytes`. */
  #report(
    records: number,
    bytes: Uint8Array,
    base: number,
    end: number,
    length: number,
    lent: boolean,
    to: Events,
  ): number {
    const { words } = this.#core;
    let at = this.#core.events;
    if (records < 0) {
      const cause = this.#core.broken;
      to.onError(coreFailure('Cannot read the response', cause), 0, 0);
      return length;
    }
    for (let i = 0; i < records; i++, at += 8) {
      const code = words[at + 1] as number;
      const stream = words[at + 2] as number;
      const offset = words[at + 3] as number;
      const octets = words[at + 4] as number;
      const a = words[at + 5] as number;
      switch (words[at]) {
        case abi.KIND_HEAD:
          to.onHead(stream, code, a, this.#head(at));
          break;
        case abi.KIND_DATA:
          if (a === 1) {
            const from = this.#core.input + offset;
            to.onData(stream, this.#core.octets, from, from + octets, false);
          } else this.#data(stream, bytes, base + offset, base + offset + octets, lent, to);
          break;
        case abi.KIND_END:
          to.onEnd(stream, code === 1, octets === 0 ? null : this.#head(at));
          break;
        case abi.KIND_PASS:
          return this.#pass(at, bytes, base, length, lent, to);
        case abi.KIND_INTERIM:
          to.onInterim(stream, code, this.#head(at));
          break;
        case abi.KIND_WRITABLE:
          to.onWritable(stream);
          break;
        case abi.KIND_UPGRADE:
          to.onUpgrade(stream, bytes, base + offset, length);
          return length;
        case abi.KIND_ERROR:
          to.onError(protocolError(code, a, words[at + 6] as number), code, stream);
          return length;
      }
    }
    return end;
  }

  #pass(at: number, bytes: Uint8Array, base: number, length: number, lent: boolean, to: Events): number {
    const { words } = this.#core;
    const stream = words[at + 2] as number;
    const from = base + (words[at + 3] as number);
    const shown = words[at + 4] as number;
    const high = words[at + 7] as number;
    const left = high === abi.PASS_UNLIMITED ? Number.POSITIVE_INFINITY : (words[at + 6] as number) + high * 4294967296;
    const more = Math.min(left, length - from - shown);
    this.#passing = left - more;
    if (shown + more > 0) this.#data(stream, bytes, from, from + shown + more, lent, to);
    if (this.#passing === 0) this.#report(this.#call('connectionPassed', 0), bytes, 0, 0, length, lent, to);
    return from + shown + more;
  }

  #head(at: number): Head {
    const { words, octets } = this.#core;
    const offset = words[at + 3] as number;
    const seconds = words[at + 7] as number;
    return {
      text: latin1(octets, offset, offset + (words[at + 4] as number)),
      fields: words[at + 6] as number,
      known: null,
      keepAliveSeconds: seconds === abi.NONE ? null : seconds,
    };
  }
}

/** A connection that speaks HTTP/1.1 as a client. `onCoreFailed`: a trap has ended it, and every other one. */
export function openHttp1(limits: HeadLimits, onCoreFailed: (error: Error) => void): Connection {
  return new Http1Connection(limits, onCoreFailed);
}
