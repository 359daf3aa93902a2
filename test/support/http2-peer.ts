/**
 * The server's side of HTTP/2 connections over sockets in memory. What it says are octets of http2-frames.ts; what it heard
 * is told frame by frame in words, so that a test reads like a dialogue: `HEADERS 1 END_STREAM GET /`, `DATA 1 5`,
 * `RST_STREAM 1 CANCEL`, `SETTINGS ACK`.
 */

import { HpackDecoder } from '../../src/core-hpack.js';
import { errorCodeName } from '../../src/http2-errors.js';
import type { AsyncClient } from '../../src/index.js';
import { type ClientOptions, type FakeEnvironment, fakeEnvironment, openClient } from './client.js';
import type { FakeSocket } from './fake-socket.js';
import { ACK, END_HEADERS, END_STREAM, PADDED, TYPE } from './http2-frames.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const NAMES = Object.fromEntries(
  Object.entries(TYPE).map(([name, type]) => [type, name.replace(/([A-Z])/g, '_$1').toUpperCase()]),
);

/** A frame as it came. */
export interface HeardFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A request head as it came: pseudo-fields by name, and all fields in order. */
export interface HeardHead {
  readonly stream: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** What of a client's octets are frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #isBegun = false;

  /** Frames that are complete. @throws Error unless the preface comes first */
  read(octets: Uint8Array): HeardFrame[] {
    this.#rest = Buffer.concat([this.#rest, octets]);
    if (!this.#isBegun) {
      if (this.#rest.length < PREFACE.length) return [];
      const preface = this.#rest.toString('latin1', 0, PREFACE.length);
      if (preface !== PREFACE) throw new Error(`Expected the preface of HTTP/2, got ${JSON.stringify(preface)}`);
      this.#rest = this.#rest.subarray(PREFACE.length);
      this.#isBegun = true;
    }
    const frames: HeardFrame[] = [];
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) break;
      const [type = 0, flags = 0] = this.#rest.subarray(3);
      const stream = this.#rest.readUInt32BE(5);
      frames.push({ type, flags, stream, payload: this.#rest.subarray(9, 9 + length) });
      this.#rest = this.#rest.subarray(9 + length);
    }
    return frames;
  }
}

/** One connection, from the server's side. */
export class Http2Peer {
  readonly socket: FakeSocket;
  /** Heads of requests, in order. */
  readonly heads: HeardHead[] = [];
  /** Content octets by stream. */
  readonly bodies = new Map<number, Buffer>();
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder();
  #takenUpTo = 0;
  #framesTaken = 0;

  constructor(socket: FakeSocket) {
    this.socket = socket;
    const offered = socket.address.tls?.alpn ?? [];
    socket.alpn = offered[0] ?? null;
  }

  /** Gives up what its decoder has in the core. */
  free(): void {
    this.#decoder.close();
  }

  /** Says frames, in one piece. */
  say(...frames: readonly Uint8Array[]): this {
    this.socket.say(Buffer.concat(frames));
    return this;
  }

  /** Frames that came since the last call. */
  take(): HeardFrame[] {
    const written = Buffer.from(this.socket.written, 'latin1');
    const frames = this.#reader.read(written.subarray(this.#takenUpTo));
    this.#takenUpTo = written.length;
    for (const frame of frames) this.#note(frame);
    this.#framesTaken += frames.length;
    return frames;
  }

  #note({ type, stream, payload }: HeardFrame): void {
    if (type === TYPE.headers)
      this.heads.push({ stream, fields: this.#decoder.decode(payload).map(([n, v]) => [n, v]) });
    if (type === TYPE.data) {
      this.bodies.set(stream, Buffer.concat([this.bodies.get(stream) ?? Buffer.alloc(0), payload]));
    }
  }

  /** The same in words, without the SETTINGS and WINDOW_UPDATE that every connection begins with. */
  heard(): string[] {
    const before = this.#framesTaken;
    const frames = this.take();
    return frames.slice(Math.max(0, 2 - before)).map((frame) => this.#inWords(frame));
  }

  #inWords({ type, flags, stream, payload }: HeardFrame): string {
    const name = NAMES[type] ?? `type ${type}`;
    const end = (flags & END_STREAM) !== 0 ? ' END_STREAM' : '';
    switch (type) {
      case TYPE.headers: {
        const { fields } = this.heads.find((head) => head.stream === stream) as HeardHead;
        const value = (wanted: string) => fields.find(([field]) => field === wanted)?.[1];
        const cut = (flags & END_HEADERS) === 0 ? ' …' : '';
        return `${name} ${stream}${end} ${value(':method')} ${value(':path')}${cut}`;
      }
      case TYPE.data:
        if ((flags & PADDED) !== 0) throw new Error('Unexpected padding');
        return `${name} ${stream} ${payload.length}${end}`;
      case TYPE.rstStream:
        return `${name} ${stream} ${errorCodeName(payload.readUInt32BE(0))}`;
      case TYPE.windowUpdate:
        return `${name} ${stream} ${payload.readUInt32BE(0)}`;
      case TYPE.goaway:
        return `${name} ${payload.readUInt32BE(0)} ${errorCodeName(payload.readUInt32BE(4))}`;
      case TYPE.settings:
      case TYPE.ping:
        return `${name}${(flags & ACK) !== 0 ? ' ACK' : ''}${payload.length > 0 ? ` ${payload.toString('latin1')}` : ''}`;
      default:
        return `${name} ${stream} ${payload.length}`;
    }
  }
}

/** A client, and the servers of its connections. */
export interface Http2Side {
  readonly client: AsyncClient;
  readonly environment: FakeEnvironment;
  /** One for each connection, in order. */
  readonly peers: Http2Peer[];
  /** The peer of a connection, once everything has come to rest. */
  peer(index?: number): Promise<Http2Peer>;
  /** Lets everything come to rest. */
  settled(): Promise<void>;
}

/** A client that speaks HTTP/2 with peers that a test plays. */
export function http2Side(options: ClientOptions = {}, onPeer: ((peer: Http2Peer) => void) | null = null): Http2Side {
  const environment = fakeEnvironment();
  const peers: Http2Peer[] = [];
  environment.connector.onSocket = (socket) => {
    const peer = new Http2Peer(socket);
    peers.push(peer);
    onPeer?.(peer);
  };
  const client = openClient({ http2: true, timeout: null, ...options }, environment);
  const settled = async () => {
    for (let turn = 0; turn < 3; turn++) await environment.host.settled();
  };
  const peer = async (index = 0) => {
    await settled();
    const found = peers[index];
    if (found === undefined) throw new Error(`No connection ${index}: ${peers.length} were made`);
    return found;
  };
  return { client, environment, peers, peer, settled };
}
