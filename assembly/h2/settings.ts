/**
 * SETTINGS (RFC 9113 §6.5, RFC 8441 §3): ours, behind the connection preface, of which only the initial window ever changes; the
 * peer's, each checked before it is used.
 */
import {
  H2_FLOW_CONTROL_ERROR,
  H2_NO_ERROR,
  H2_PROTOCOL_ERROR,
  HTTP2_FRAME_OCTETS_MAX,
  HTTP2_STREAM_WINDOW_OCTETS,
  HTTP2_STREAMS_FIRST,
  HTTP2_STREAMS_MAX,
  HTTP2_WINDOW_OCTETS,
  NONE,
} from '../abi';
import { encoderAllow } from '../hpack/encoder';
import { appendFrame, outputEnd, reserveOutput } from './output';
import { Connection, everyStream, Stream } from './stream';
import { shiftSend, WINDOW_FIRST, WINDOW_MAX } from './window';

export const TYPE_SETTINGS: u32 = 4;
export const TYPE_WINDOW_UPDATE: u32 = 8;

export const SETTING_OCTETS: u32 = 6;
const HEADER_TABLE_SIZE: u32 = 1;
const ENABLE_PUSH: u32 = 2;
const MAX_CONCURRENT_STREAMS: u32 = 3;
const INITIAL_WINDOW_SIZE: u32 = 4;
const MAX_FRAME_SIZE: u32 = 5;
const MAX_HEADER_LIST_SIZE: u32 = 6;
const ENABLE_CONNECT_PROTOCOL: u32 = 8;

/** Largest SETTINGS_MAX_FRAME_SIZE (§6.5.2). */
const FRAME_OCTETS_CEILING: u32 = 16777215;
const OUR_SETTINGS: u32 = 3;

/** "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" (§3.4). */
const PREFACE_OCTETS: u32 = 24;

/** What holds until the peer's SETTINGS come. */
export function beginSettings(c: Connection): void {
  c.peerStreamsMax = HTTP2_STREAMS_FIRST;
  c.peerWindow = WINDOW_FIRST;
  c.peerListOctetsMax = NONE;
  c.unacknowledged = 1;
  c.streamWindow = HTTP2_STREAM_WINDOW_OCTETS;
  c.nextWindow = HTTP2_STREAM_WINDOW_OCTETS;
}

/** The connection preface, our SETTINGS, and credit for the connection's window. False without memory. */
export function writePreface(c: Connection): bool {
  if (!reserveOutput(c, 96)) return false;
  const at = outputEnd(c);
  store<u64>(at, 0x5448202a20495250, 0, 1); // "PRI * HT"
  store<u64>(at, 0x0a0d302e322f5054, 8, 1); // "TP/2.0", CR LF
  store<u64>(at, 0x0a0d0a0d4d530a0d, 16, 1); // CR LF, "SM", CR LF CR LF
  c.outputOctets += PREFACE_OCTETS;
  let p = appendFrame(c, OUR_SETTINGS * SETTING_OCTETS, TYPE_SETTINGS, 0, 0);
  p = writeSetting(p, ENABLE_PUSH, 0);
  p = writeSetting(p, INITIAL_WINDOW_SIZE, HTTP2_STREAM_WINDOW_OCTETS);
  writeSetting(p, MAX_HEADER_LIST_SIZE, c.headOctetsMax);
  writeWindowUpdate(c, 0, HTTP2_WINDOW_OCTETS - WINDOW_FIRST);
  return true;
}

/** Asks for another initial window (§6.9.3), one SETTINGS at a time. There must be room for 15 octets. */
export function writeWindowSetting(c: Connection, octets: u32): void {
  c.nextWindow = octets;
  c.unacknowledged++;
  writeSetting(appendFrame(c, SETTING_OCTETS, TYPE_SETTINGS, 0, 0), INITIAL_WINDOW_SIZE, octets);
}

function writeSetting(at: usize, id: u32, value: u32): usize {
  store<u16>(at, bswap<u16>(<u16>id), 0, 1);
  store<u32>(at, bswap(value), 2, 1);
  return at + SETTING_OCTETS;
}

/** WINDOW_UPDATE (§6.9); there must be room for 13 octets. */
export function writeWindowUpdate(c: Connection, stream: u32, increment: u32): void {
  const at = appendFrame(c, 4, TYPE_WINDOW_UPDATE, 0, stream);
  store<u32>(at, bswap(increment), 0, 1);
}

/** The error code (H2_*) that the setting at `at` asks for, or H2_NO_ERROR: then it holds from now on. */
export function applySetting(c: Connection, at: usize): u32 {
  const value = bswap(load<u32>(at, 2, 1));
  switch (<u32>bswap<u16>(load<u16>(at, 0, 1))) {
    case HEADER_TABLE_SIZE:
      encoderAllow(c.encoder, value);
      break;
    case ENABLE_PUSH:
      // A server must not set it to 1 (§6.5.2).
      if (value != 0) return H2_PROTOCOL_ERROR;
      break;
    case MAX_CONCURRENT_STREAMS:
      c.peerStreamsMax = min(value, <u32>HTTP2_STREAMS_MAX);
      break;
    case INITIAL_WINDOW_SIZE:
      if (value > WINDOW_MAX) return H2_FLOW_CONTROL_ERROR;
      if (!everyStream(c, <i64>value - c.peerWindow, (_c: Connection, s: Stream, by: i64): bool => shiftSend(s, by))) {
        return H2_FLOW_CONTROL_ERROR;
      }
      c.peerWindow = value;
      break;
    case MAX_FRAME_SIZE:
      if (value < <u32>HTTP2_FRAME_OCTETS_MAX || value > FRAME_OCTETS_CEILING) return H2_PROTOCOL_ERROR;
      // We send no larger ones than anybody must take.
      break;
    case MAX_HEADER_LIST_SIZE:
      c.peerListOctetsMax = value;
      break;
    case ENABLE_CONNECT_PROTOCOL:
      // Once allowed, always (RFC 8441 §3).
      if (value > 1 || value < c.peerConnectProtocol) return H2_PROTOCOL_ERROR;
      c.peerConnectProtocol = value;
      break;
  }
  return H2_NO_ERROR;
}
