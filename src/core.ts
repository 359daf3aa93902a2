/**
 * Connections of the core as objects, which take octets and call back with what they mean: their shape, one for all versions of
 * HTTP. A view shown to `Events` is valid only inside that call.
 */
import type { ProtocolError } from './exceptions.js';
import type { Octets } from './hosts/socket.js';
import type { TableFields } from './table-fields.js';

/** Number of a stream on its connection (HTTP/1.1: of the exchange, counted from 1). */
export type StreamId = number;

/** What a request head says, ready to be written. */
export interface RequestHead {
  readonly method: string;
  /** Request target as it goes on the wire. */
  readonly target: string;
  /** Field lines, each ending in CRLF, validated. */
  readonly block: string;
  /** OPEN_* bits of the core's ABI, without OPEN_END_STREAM. */
  readonly open: number;
  /** How the body is framed: its length, 'chunked', or `null` for none. */
  readonly framing: number | 'chunked' | null;
  /** `:protocol` of extended CONNECT (RFC 8441), for HTTP/2 alone; `null`: an ordinary request. */
  readonly protocol: string | null;
}

/** Head octets as one Latin-1 string: field table, then the head; of HTTP/2, then the ids of HPACK's entries. */
export interface Head {
  readonly text: string;
  readonly fields: number;
  /** What those ids stand for, of HTTP/2. */
  readonly known: TableFields | null;
  /** Seconds of `Keep-Alive: timeout=n`, or `null`. */
  readonly keepAliveSeconds: number | null;
}

/** What a connection tells of its streams. Called inside `receive` and its like; must not run flows. */
export interface Events {
  onHead(stream: StreamId, status: number, flags: number, head: Head): void;
  onInterim(stream: StreamId, status: number, head: Head): void;
  /** Body octets bytes[from, to). True: the lent memory was kept. */
  onData(stream: StreamId, bytes: Uint8Array, from: number, to: number, lent: boolean): boolean;
  onEnd(stream: StreamId, keepAlive: boolean, trailers: Head | null): void;
  onWritable(stream: StreamId): void;
  /** bytes[from, to) already belong to the next protocol. */
  onUpgrade(stream: StreamId, bytes: Uint8Array, from: number, to: number): void;
  /**
   * HTTP/2: the stream is over, with the error code of RST_STREAM, or that of the GOAWAY that left it out.
   * `unprocessed`: the peer did nothing with the request, so that it may be sent again. After `onEnd` it says no more
   * than that the rest of the request's body is not wanted.
   */
  onReset(stream: StreamId, error: number, unprocessed: boolean): void;
  /**
   * HTTP/2: no more streams can be opened; those up to `lastStream` go on, each later one gets its `onReset`. `debug`: what the
   * peer says beside it, an octet a code unit, its first 128.
   */
  onGoaway(lastStream: StreamId, code: number, debug: string): void;
  /** HTTP/2: how many streams the peer lets be open at a time; `placesFree` may have grown or shrunk by it. */
  onStreamsMax(streams: number): void;
  /** HTTP/2: the peer broke a rule in one stream, which is over; the connection goes on. */
  onStreamError(stream: StreamId, error: ProtocolError, rule: number): void;
  /**
   * The peer broke a rule (`rule`: RULE_* of the ABI), or the core failed (0). The connection is finished. `stream`: the one
   * that what was wrong came on; 0: none, or not known.
   */
  onError(error: ProtocolError, rule: number, stream: StreamId): void;
}

/** Limits on what a peer may send in one head. */
export interface HeadLimits {
  readonly headOctets: number;
  readonly fields: number;
  readonly interim: number;
}

/** One protocol connection without I/O: octets in, calls out. One shape for all versions of HTTP. */
export interface Connection {
  readonly httpVersion: string;
  /** Whether `open` would begin an exchange now. */
  readonly canOpen: boolean;
  /**
   * How many exchanges could be begun now, one after the other: of HTTP/1.1 one or none; of HTTP/2 what the peer's limit
   * on concurrent streams leaves (100 until its SETTINGS have come, 1000 at the most, and where they have no limit).
   */
  readonly placesFree: number;
  /** Why the connection cannot be used again (CLOSE_* of the ABI); 0: it can. */
  readonly closeReason: number;
  /** bytes[0, length) came. True: the lent memory was kept. */
  receive(bytes: Uint8Array, length: number, lent: boolean, nowMs: number, to: Events): boolean;
  receiveEnd(to: Events): void;
  /**
   * Begins an exchange. HTTP/2: field names go out in lower case, Host becomes `:authority`, and fields that are about the
   * connection (RFC 9113 §8.2.2) are left out.
   * @throws LocalProtocolError if no exchange can be begun, or the head cannot be sent.
   */
  open(head: RequestHead, endStream: boolean): StreamId;
  /**
   * Announces `octets` of body. How many may follow now (all or some); 0: wait for `onWritable`. What `takeOutput` then
   * gives is written with those octets directly behind it, before `send` is called again for any stream.
   * @throws LocalProtocolError if the body is longer than its Content-Length.
   */
  send(stream: StreamId, octets: number): number;
  /**
   * Ends the body; `trailers`: field lines. Between `send` and `takeOutput` it marks the octets announced as the last.
   * @throws LocalProtocolError if the body is shorter than its Content-Length.
   */
  end(stream: StreamId, trailers: string | null): void;
  /**
   * Content was consumed: gives credit back. HTTP/2: each octet that `onData` has told of is to be released once, also
   * after the stream's end, or when it is dropped unread.
   */
  release(stream: StreamId, octets: number): void;
  /**
   * Content of the stream is waited for, all that came having been released: what others do not read is not to hold it up.
   * True: `takeOutput` has credit for the peer.
   */
  want(stream: StreamId): boolean;
  /** Nothing more is wanted of the stream, or told of it. HTTP/1.1: the connection is not used again. */
  cancel(stream: StreamId): void;
  /**
   * HTTP/2: says that the connection will be closed (GOAWAY, NO_ERROR), once; what is open goes on, nothing more is opened.
   * HTTP/1.1 has no word for it.
   */
  goAway(): void;
  /** What must be written before anything else, after every call above; `null`: nothing. */
  takeOutput(): Octets | null;
  free(): void;
}
