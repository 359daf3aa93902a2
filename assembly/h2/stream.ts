/**
 * A connection of HTTP/2 as a structure, and its streams: found by number, closed, remembered. Which streams wait for the
 * connection's window is a queue, so that those that have waited longest go on first.
 *
 *   Connection:  | members | 192 octets of a payload that came in pieces | numbers of streams closed last | times of errors |
 *                | lists of streams by number |
 */
import { HTTP2_STREAM_ERRORS_MAX, OPEN_END_STREAM } from '../abi';
import { allocate, release } from '../memory';
import { ENDED, GONE, IDLE, RESET, SENDING_HEAD, SENT_HEAD } from './state';
import { beginWindows, Windows } from './window';

/** A length that nobody said. */
export const ANY_LENGTH: u64 = 0xffffffffffffffff;

// ── what a stream with octets to send waits for ──
export const WAITS_NOT: u32 = 0;
export const WAITS_FOR_STREAM: u32 = 1;
/** It is in the queue. */
export const WAITS_FOR_CONNECTION: u32 = 2;

@unmanaged
export class Stream extends Windows {
  /** The next stream of its list. */
  next: usize;
  id: u32;
  state: u32;
  /** OPEN_* bits of its request. */
  open: u32;
  interims: u32;
  /** Octets that its field sections may still have. */
  listLeft: u32;
  waits: u32;
  /** 1: who reads its content waits for more. */
  wanted: u32;
  /** Its neighbours in the queue. */
  before: usize;
  after: usize;
  /** Octets that our body, and the response's content, still have: ANY_LENGTH, or as Content-Length says. */
  requestLeft: u64;
  responseLeft: u64;
}

/** The lists: a power of two. */
const LISTS: u32 = 128;
/** Numbers of streams that are remembered when they have been closed by the peer. */
const REMEMBERED: u32 = 64;
/** Most octets of a payload that are gathered: 32 settings. */
export const SMALL_OCTETS: u32 = 192;
/** Fields of a head that are compared with those of the next. */
export const SAME_FIELDS_MAX: u32 = 64;

@unmanaged
export class Connection extends Windows {
  closeReason: u32;
  /** Nothing more is said: after an error, or when the peer closed. */
  over: u32;
  /** Memory failed outside of reading: an ERROR record is due. */
  failing: u32;
  /** We said GOAWAY. */
  goingAway: u32;
  headOctetsMax: u32;
  fieldsMax: u32;
  interimMax: u32;
  decoder: usize;
  encoder: usize;
  /** The field section decoded last. */
  section: usize;

  // Streams.
  nextStream: u32;
  streamCount: u32;
  /** The queue, and the first of it who was not told that the window is open. */
  first: usize;
  last: usize;
  untold: usize;
  /** Whether streams of the queue, or those beyond `goawayLast`, are to be told of it. */
  telling: u32;
  /** Last stream of the peer's GOAWAY; NONE: none has come. */
  goawayLast: u32;
  goawayCode: u32;
  remembered: u32;

  // What the peer's SETTINGS say.
  peerStreamsMax: u32;
  peerWindow: u32;
  peerListOctetsMax: u32;
  peerConnectProtocol: u32;
  hasSettings: u32;
  /** Our SETTINGS that are not acknowledged. */
  unacknowledged: u32;
  /** Our initial window, as the peer has acknowledged it, and as it is to be. */
  streamWindow: u32;
  nextWindow: u32;

  // The frame that is being read (frame.ts).
  phase: u32;
  gathered: u32;
  /** Octets that its present part still has. */
  left: u32;
  length: u32;
  type: u32;
  flags: u32;
  stream: u32;
  padding: u32;
  /** What the frame does to its stream (DO_*), or, in a field block, what the block's first frame does. */
  outcome: u32;

  // The field block that is being read: gathered unless one frame of one input holds it.
  blockStream: u32;
  blockIsLast: u32;
  continuations: u32;
  block: usize;
  blockOctets: u32;
  blockRoom: u32;

  // What is to be written (output.ts).
  output: usize;
  outputOctets: u32;
  outputRoom: u32;
  /** Frames of it that answer the peer, or give it credit: all but HEADERS, and DATA whose content the host writes. */
  answers: u32;
  /** A DATA frame whose content the host writes behind it: its stream, its content, whether it is the last; 0: none. */
  dataStream: u32;
  dataOctets: u32;
  dataIsLast: u32;

  /** Content that was received and not released; streams whose content is waited for. */
  unreleased: u32;
  wanted: u32;

  // Rates (flood.ts).
  now: u32;
  idleFramesLeft: u32;
  idleFramesAt: u32;
  emptyData: u32;
  errors: u32;

  // The head told last (fields.ts).
  sameCount: u32;
  sameStatus: u32;
  sameFlags: u32;
  sameLength: u64;
}

const SMALL: usize = offsetof<Connection>();
const REMEMBERED_IDS: usize = SMALL + SMALL_OCTETS;
const ERROR_TIMES: usize = REMEMBERED_IDS + REMEMBERED * 4;
const SAME_IDS: usize = ERROR_TIMES + HTTP2_STREAM_ERRORS_MAX * 4;
const LIST_HEADS: usize = SAME_IDS + SAME_FIELDS_MAX * 4;
export const CONNECTION_OCTETS: usize = LIST_HEADS + LISTS * 4;

/** Where a payload is gathered. */
export function smallOf(c: Connection): usize {
  return changetype<usize>(c) + SMALL;
}

/** Place `index` (below HTTP2_STREAM_ERRORS_MAX) of the times of errors. */
export function errorTimeOf(c: Connection, index: u32): usize {
  return changetype<usize>(c) + ERROR_TIMES + index * 4;
}

/** Place `index` (below SAME_FIELDS_MAX) of the ids of the fields of the head told last. */
export function sameIdOf(c: Connection, index: u32): usize {
  return changetype<usize>(c) + SAME_IDS + index * 4;
}

function listOf(c: Connection, id: u32): usize {
  return changetype<usize>(c) + LIST_HEADS + ((id >> 1) % LISTS) * 4;
}

/** The open stream of that number, or null. */
export function findStream(c: Connection, id: u32): Stream | null {
  let at: usize = load<u32>(listOf(c, id));
  while (at) {
    const s = changetype<Stream>(at);
    if (s.id == id) return s;
    at = s.next;
  }
  return null;
}

/** State of a stream that is not open. */
export function stateOfClosed(c: Connection, id: u32): u32 {
  if (!(id & 1) || id >= c.nextStream) return IDLE;
  const ids = changetype<usize>(c) + REMEMBERED_IDS;
  for (let i: u32 = 0; i < REMEMBERED; i++) {
    const known = load<u32>(ids + i * 4);
    if (known >>> 1 == id) return known & 1 ? RESET : ENDED;
  }
  return GONE;
}

/** Opens the next stream; null without memory. */
export function openStream(c: Connection, open: u32, requestLeft: u64): Stream | null {
  const at = allocate(offsetof<Stream>());
  if (!at) return null;
  const s = changetype<Stream>(at);
  beginWindows(s, c.peerWindow, c.streamWindow);
  s.id = c.nextStream;
  s.state = open & OPEN_END_STREAM ? SENT_HEAD : SENDING_HEAD;
  s.open = open;
  s.interims = 0;
  s.listLeft = c.headOctetsMax;
  s.waits = WAITS_NOT;
  s.wanted = 0;
  s.requestLeft = requestLeft;
  s.responseLeft = ANY_LENGTH;
  const list = listOf(c, s.id);
  s.next = load<u32>(list);
  store<u32>(list, <u32>at);
  c.nextStream += 2;
  c.streamCount++;
  return s;
}

/** The stream is over, and how is remembered if it was the peer who ended it (`state`: ENDED or RESET; GONE: we). */
export function closeStream(c: Connection, s: Stream, state: u32): void {
  leaveQueue(c, s, WAITS_NOT);
  if (s.wanted) setWanted(c, s, 0);
  let link = listOf(c, s.id);
  while (load<u32>(link) != <u32>changetype<usize>(s)) {
    link = load<u32>(link) + offsetof<Stream>('next');
  }
  store<u32>(link, <u32>s.next);
  if (state != GONE) {
    const place = changetype<usize>(c) + REMEMBERED_IDS + (c.remembered++ % REMEMBERED) * 4;
    // A stream's number has 31 bits.
    store<u32>(place, (s.id << 1) | (state == RESET ? 1 : 0));
  }
  c.streamCount--;
  release(changetype<usize>(s));
}

/** Notes whether (1 or 0) who reads the stream's content waits for more. */
export function setWanted(c: Connection, s: Stream, wanted: u32): void {
  c.wanted += wanted - s.wanted;
  s.wanted = wanted;
}

/** Frees all streams. */
export function freeStreams(c: Connection): void {
  for (let i: u32 = 0; i < LISTS; i++) {
    let at: usize = load<u32>(listOf(c, i << 1));
    store<u32>(listOf(c, i << 1), 0);
    while (at) {
      const next = changetype<Stream>(at).next;
      release(at);
      at = next;
    }
  }
  c.streamCount = 0;
  c.first = 0;
  c.last = 0;
  c.untold = 0;
}

/** An open stream beyond `last`, or null. */
export function streamBeyond(c: Connection, last: u32): Stream | null {
  for (let i: u32 = 0; i < LISTS; i++) {
    for (let at: usize = load<u32>(listOf(c, i << 1)); at; at = changetype<Stream>(at).next) {
      if (changetype<Stream>(at).id > last) return changetype<Stream>(at);
    }
  }
  return null;
}

/**
 * Calls `visit` for each open stream until it answers false, which is then the answer. It must neither open nor close one.
 */
export function everyStream(c: Connection, by: i64, visit: (c: Connection, s: Stream, by: i64) => bool): bool {
  for (let i: u32 = 0; i < LISTS; i++) {
    for (let at: usize = load<u32>(listOf(c, i << 1)); at; at = changetype<Stream>(at).next) {
      if (!visit(c, changetype<Stream>(at), by)) return false;
    }
  }
  return true;
}

// ── the queue for the connection's window: who is told that it is open stays in its place until octets of it have gone ──

/** Puts the stream at the end of the queue, unless it is in it. */
export function joinQueue(c: Connection, s: Stream): void {
  if (s.waits == WAITS_FOR_CONNECTION) return;
  const at = changetype<usize>(s);
  s.waits = WAITS_FOR_CONNECTION;
  s.before = c.last;
  s.after = 0;
  if (c.last) changetype<Stream>(c.last).after = at;
  else c.first = at;
  c.last = at;
  if (!c.untold) c.untold = at;
}

/** Takes the stream out of the queue, if it is in it; `waits`: what it waits for from now on. */
export function leaveQueue(c: Connection, s: Stream, waits: u32): void {
  if (s.waits == WAITS_FOR_CONNECTION) {
    if (s.before) changetype<Stream>(s.before).after = s.after;
    else c.first = s.after;
    if (s.after) changetype<Stream>(s.after).before = s.before;
    else c.last = s.before;
    if (c.untold == changetype<usize>(s)) c.untold = s.after;
  }
  s.waits = waits;
}
