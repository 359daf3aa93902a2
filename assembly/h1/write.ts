/**
 * What goes of HTTP/1.1: request heads and the framing of bodies (RFC 9112 §6, §7.1), for hosts of the component. The client in
 * src/ makes the same octets as one string; test/component/ holds both to each other. Heads come checked; body octets never
 * enter: they are announced, and the host writes them behind what is taken here.
 */
import { NONE, RULE_H2_REQUEST_LONGER, RULE_H2_REQUEST_SHORTER, RULE_MEMORY, RULE_TRAILER_FORBIDDEN } from '../abi';
import { allocate, release, resize } from '../memory';
import { CRLF } from '../octets';

/** How a body is framed. */
export const BODY_NONE: u32 = 0;
export const BODY_LENGTH: u32 = 1;
export const BODY_CHUNKED: u32 = 2;

/** Most octets of one chunk, and of one write. */
const SENT_OCTETS_MAX: u32 = 65536;
/** Room for what frames a chunk: a line end, eight digits, a line end. */
const CHUNK_LINE_OCTETS: u32 = 12;
const FIRST_ROOM: u32 = 1024;
const ZERO: u32 = 0x30;

@unmanaged
export class Writer {
  /** What is to be written, how much of it there is, and for how much there is room; no block, no room. */
  output: usize;
  outputOctets: u32;
  outputRoom: u32;
  /** The stream whose body goes; 0: none. */
  stream: u32;
  /** BODY_*; octets that a length leaves; chunks that went. */
  framing: u32;
  chunks: u32;
  left: u64;
}

/** Begins an exchange: its head is [p, end). False without memory, and nothing was begun. */
export function writeHead(w: Writer, stream: u32, framing: u32, length: u64, p: usize, end: usize): bool {
  if (!append(w, p, <u32>(end - p))) return false;
  w.stream = stream;
  w.framing = framing;
  w.chunks = 0;
  w.left = length;
  return true;
}

/** Announces `octets` octets of body: how many may follow; below 0: the rule that forbids it. */
export function announce(w: Writer, octets: u32): i32 {
  const now = min(octets, SENT_OCTETS_MAX);
  if (w.framing != BODY_CHUNKED) {
    if (<u64>octets > w.left) return -RULE_H2_REQUEST_LONGER;
    w.left -= now;
    return now;
  }
  // A chunk of no octets would be the last.
  if (now == 0) return 0;
  return beginChunk(w, now) ? now : -RULE_MEMORY;
}

/** Ends the body, with trailers [p, end) if it is chunked. 0, or below 0 the rule that forbids it. */
export function finishBody(w: Writer, p: usize, end: usize): i32 {
  if (w.framing == BODY_CHUNKED) {
    const octets = <u32>(end - p);
    if (!reserve(w, CHUNK_LINE_OCTETS + octets + 2)) return -RULE_MEMORY;
    beginChunk(w, 0);
    append(w, p, octets);
    putLineEnd(w);
  } else {
    if (w.left) return -RULE_H2_REQUEST_SHORTER;
    if (p != end) return -RULE_TRAILER_FORBIDDEN;
  }
  w.stream = 0;
  return 0;
}

/** Takes what is to be written: how many octets stand at `output`, until more is made. */
export function takeWritten(w: Writer): u32 {
  const octets = w.outputOctets;
  w.outputOctets = 0;
  return octets;
}

export function freeWriter(w: Writer): void {
  if (w.output) release(w.output);
}

/** Ends the chunk before, and writes the line of the next one. */
function beginChunk(w: Writer, octets: u32): bool {
  if (!reserve(w, CHUNK_LINE_OCTETS)) return false;
  if (w.chunks) putLineEnd(w);
  w.chunks++;
  let shift: i32 = octets ? (31 - <i32>clz(octets)) & ~3 : 0;
  for (; shift >= 0; shift -= 4) {
    const digit = (octets >> shift) & 15;
    store<u8>(w.output + w.outputOctets, digit < 10 ? ZERO + digit : 0x57 + digit);
    w.outputOctets++;
  }
  putLineEnd(w);
  return true;
}

function append(w: Writer, p: usize, octets: u32): bool {
  if (!reserve(w, octets)) return false;
  memory.copy(w.output + w.outputOctets, p, octets);
  w.outputOctets += octets;
  return true;
}

/** SAFE: the caller has reserved the room. */
function putLineEnd(w: Writer): void {
  store<u16>(w.output + w.outputOctets, CRLF, 0, 1);
  w.outputOctets += 2;
}

/** Makes room for so many octets more. */
function reserve(w: Writer, octets: u32): bool {
  const needed = <u64>w.outputOctets + <u64>octets;
  if (needed <= <u64>w.outputRoom) return true;
  if (needed > <u64>(NONE >> 2)) return false;
  const room = max(<u32>needed, max(w.outputRoom * 2, FIRST_ROOM));
  const block = w.output ? resize(w.output, w.outputOctets, room) : allocate(room);
  if (!block) return false;
  w.output = block;
  w.outputRoom = room;
  return true;
}
