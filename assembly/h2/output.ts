/**
 * What a connection has to write, until the host takes it: frames in the order in which they were made, and behind them, if
 * there is one, the head of a DATA frame whose content the host writes itself. Grows as it fills.
 */
import { KIND_OUTPUT, NONE } from '../abi';
import { emit } from '../event';
import { lend, LINK_OCTETS } from '../lent';
import { allocate, release, resize } from '../memory';
import { Connection } from './stream';

export const HEAD_OCTETS: u32 = 9;
/** Room that is always left, for the head of a DATA frame. */
const RESERVE_OCTETS: u32 = 16;
/** What is kept of the memory when the host has taken what was in it. */
const KEPT_OCTETS: u32 = 4096;

/** Room for `octets` more. False without memory. */
export function reserveOutput(c: Connection, octets: u32): bool {
  const wanted = c.outputOctets + octets + RESERVE_OCTETS;
  if (wanted <= c.outputRoom) return true;
  const room = max(wanted, max(c.outputRoom * 2, KEPT_OCTETS));
  const block = c.output
    ? resize(c.output - LINK_OCTETS, LINK_OCTETS + c.outputOctets, LINK_OCTETS + room)
    : allocate(LINK_OCTETS + room);
  if (!block) return false;
  c.output = block + LINK_OCTETS;
  c.outputRoom = room;
  return true;
}

/** Where the next octet goes; there must be room. */
export function outputEnd(c: Connection): usize {
  return c.output + c.outputOctets;
}

/** Writes the head of a frame (RFC 9113 §4.1) at `at`. */
export function writeHead(at: usize, length: u32, type: u32, flags: u32, stream: u32): void {
  store<u32>(at, bswap((length << 8) | type), 0, 1);
  store<u8>(at, flags, 4);
  store<u32>(at, bswap(stream), 5, 1);
}

/** Begins a frame, for whose `length` octets of payload there must be room, and answers where that goes. */
export function appendFrame(c: Connection, length: u32, type: u32, flags: u32, stream: u32): usize {
  assert(c.outputOctets + HEAD_OCTETS + length <= c.outputRoom, 'appendFrame: no room');
  const at = outputEnd(c);
  writeHead(at, length, type, flags, stream);
  c.outputOctets += HEAD_OCTETS + length;
  c.answers++;
  return at + HEAD_OCTETS;
}

/** Makes what is to be written a record; nothing if there is nothing. `type`, `lastFlag`: those of a DATA frame. */
export function takeOutput(c: Connection, type: u32, lastFlag: u32): void {
  if (c.dataStream) {
    // SAFE: `reserveOutput` left room for it.
    writeHead(outputEnd(c), c.dataOctets, type, c.dataIsLast ? lastFlag : 0, c.dataStream);
    c.outputOctets += HEAD_OCTETS;
    c.dataStream = 0;
  }
  const octets = c.outputOctets;
  if (octets == 0) return;
  emit(KIND_OUTPUT, 0, 0, <u32>c.output, octets, 0, NONE, NONE);
  c.outputOctets = 0;
  c.answers = 0;
  if (c.outputRoom <= KEPT_OCTETS) return;
  lend(c.output - LINK_OCTETS);
  c.output = 0;
  c.outputRoom = 0;
}

export function freeOutput(c: Connection): void {
  if (c.output) release(c.output - LINK_OCTETS);
  c.output = 0;
  c.outputRoom = 0;
  c.outputOctets = 0;
}
