/**
 * A frame in its parts, as octets come: each part is read where it stands if the input holds it whole, else gathered; a field
 * block where its one frame stands, else from all its fragments; content is told, or left to the host to pass by.
 */
import { H2_ENHANCE_YOUR_CALM, HTTP2_FRAME_OCTETS_MAX, KIND_DATA, KIND_PASS, NONE, RULE_H2_BLOCK_OCTETS } from '../abi';
import { emit, fault } from '../event';
import { INPUT, SLACK_OCTETS, allocate, release, resize } from '../memory';
import {
  FLAG_END_HEADERS,
  PHASE_CONTENT,
  PHASE_FRAGMENT,
  PHASE_HEAD,
  PHASE_PASSED,
  PHASE_PAYLOAD,
  PHASE_PREFIX,
  PHASE_SKIP,
  endFrame,
  receiveHead,
  receivePayload,
  receivePrefix,
} from './frame';
import { endBlock } from './message';
import { HEAD_OCTETS } from './output';
import { refuse, refuseMemory } from './refusal';
import { Connection, smallOf } from './stream';

/** Reads the part of a frame that is awaited, as far as [p, end) has it, and answers where the next one begins. */
export function receivePart(c: Connection, p: usize, end: usize): usize {
  switch (c.phase) {
    case PHASE_HEAD:
      p = gather(c, p, end, HEAD_OCTETS);
      if (part) receiveHead(c, part);
      break;
    case PHASE_PREFIX:
      p = gather(c, p, end, c.left);
      if (part) receivePrefix(c, part);
      break;
    case PHASE_PAYLOAD:
      p = gather(c, p, end, c.left);
      if (!part) break;
      c.left = 0;
      c.phase = PHASE_SKIP;
      receivePayload(c, part);
      break;
    case PHASE_FRAGMENT:
      p = receiveFragment(c, p, end);
      break;
    case PHASE_CONTENT:
      p = receiveContent(c, p, end);
      break;
    case PHASE_SKIP: {
      const octets = min(c.left, <u32>(end - p));
      c.left -= octets;
      p += octets;
      break;
    }
  }
  endParts(c);
  return p;
}

/** Parts that have no octets, or none left, are over at once. */
export function endParts(c: Connection): void {
  while (c.left == 0 && c.phase != PHASE_HEAD && c.phase != PHASE_PASSED && !c.over) endPart(c);
}

/** The octets that `gather` has whole; 0: more are awaited. */
let part: usize = 0;

/** Comes by `octets` octets that belong together, where they stand or in a place of their own, and answers what follows. */
function gather(c: Connection, p: usize, end: usize, octets: u32): usize {
  if (c.gathered == 0 && <u32>(end - p) >= octets) {
    part = p;
    return p + octets;
  }
  const more = min(octets - c.gathered, <u32>(end - p));
  memory.copy(smallOf(c) + c.gathered, p, more);
  c.gathered += more;
  part = 0;
  if (c.gathered == octets) {
    c.gathered = 0;
    part = smallOf(c);
  }
  return p + more;
}

/** A part has come to its end, or has no octets: what follows it. */
function endPart(c: Connection): void {
  switch (c.phase) {
    case PHASE_PAYLOAD:
      c.phase = PHASE_SKIP;
      receivePayload(c, smallOf(c));
      break;
    case PHASE_FRAGMENT:
      if (c.flags & FLAG_END_HEADERS) endGathered(c);
      endContentPart(c);
      break;
    case PHASE_CONTENT:
      endContentPart(c);
      break;
    case PHASE_SKIP:
      c.phase = PHASE_HEAD;
      endFrame(c);
      break;
  }
}

/** Content or a fragment is over: padding may follow. */
export function endContentPart(c: Connection): void {
  c.phase = PHASE_SKIP;
  c.left = c.padding;
  c.padding = 0;
}

function receiveContent(c: Connection, p: usize, end: usize): usize {
  const rest = <u32>(end - p);
  if (c.left > rest) {
    emit(KIND_PASS, 0, c.stream, <u32>(p - INPUT), rest, 0, c.left - rest, 0);
    c.phase = PHASE_PASSED;
    return end;
  }
  emit(KIND_DATA, 0, c.stream, <u32>(p - INPUT), c.left, 0, 0, 0);
  p += c.left;
  c.left = 0;
  return p;
}

// ── field blocks ──

function receiveFragment(c: Connection, p: usize, end: usize): usize {
  if (c.blockOctets == 0 && c.flags & FLAG_END_HEADERS && c.left <= <u32>(end - p)) {
    const to = p + c.left;
    c.left = 0;
    decode(c, p, to);
    endContentPart(c);
    return to;
  }
  const octets = min(c.left, <u32>(end - p));
  if (!gatherBlock(c, p, octets)) return end;
  c.left -= octets;
  return p + octets;
}

/** Adds octets to the field block. False if it would be too long, or there is no memory: then the connection has ended. */
function gatherBlock(c: Connection, p: usize, octets: u32): bool {
  const most = max(c.headOctetsMax, <u32>HTTP2_FRAME_OCTETS_MAX);
  const wanted = c.blockOctets + octets;
  if (wanted > most) {
    fault(RULE_H2_BLOCK_OCTETS, 0, NONE, most);
    refuse(c, H2_ENHANCE_YOUR_CALM);
    return false;
  }
  if (wanted > c.blockRoom) {
    const room = max(wanted, c.blockRoom * 2);
    const size = <usize>room + SLACK_OCTETS;
    const block = c.block ? resize(c.block, c.blockOctets, size) : allocate(size);
    if (!block) {
      refuseMemory(c);
      return false;
    }
    c.block = block;
    c.blockRoom = room;
  }
  memory.copy(c.block + c.blockOctets, p, octets);
  c.blockOctets = wanted;
  return true;
}

function endGathered(c: Connection): void {
  decode(c, c.block, c.block + c.blockOctets);
  if (c.block) release(c.block);
  c.block = 0;
  c.blockOctets = 0;
  c.blockRoom = 0;
}

function decode(c: Connection, from: usize, to: usize): void {
  const stream = c.blockStream;
  c.blockStream = 0;
  endBlock(c, stream, c.outcome, from, to);
}
