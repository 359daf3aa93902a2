/** Exchanges of HTTP/2 as a peer's octets: what stands before those that are counted, and these. */
import { jsonOf } from './contents.mjs';
import { smallFields } from './heads.mjs';
import { joined } from './messages.mjs';

const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const FRAME_OCTETS = 16384;
const STATUS_200 = 0x88;
/** First index of the dynamic table. */
const NEWEST = 62;

const latin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function frame(type, flags, stream, payload) {
  const { length } = payload;
  const head = [length >> 16, (length >> 8) & 255, length & 255, type, flags, 0, 0, stream >> 8, stream & 255];
  return joined([Uint8Array.from(head), payload]);
}

/** A string of less than 127 octets, without Huffman code. */
const string = (text) => joined([Uint8Array.of(text.length), latin1(text)]);

/** `:status: 200` and the fields as literals; `first`: 0x40 puts them into the table, 0 does not. */
function literals(fields, first) {
  const lines = fields.flatMap(([name, value]) => [Uint8Array.of(first), string(name.toLowerCase()), string(value)]);
  return joined([Uint8Array.of(STATUS_200), ...lines]);
}

/** The same as indexes of what was put into the table last. */
const indexes = (fields) =>
  Uint8Array.from([STATUS_200, ...fields.map((_, i) => 0x80 | (NEWEST + fields.length - 1 - i))]);

function dataOf(stream, content) {
  const frames = [];
  for (let at = 0; at < content.length; at += FRAME_OCTETS) {
    const isLast = at + FRAME_OCTETS >= content.length;
    frames.push(frame(DATA, isLast ? END_STREAM : 0, stream, content.subarray(at, at + FRAME_OCTETS)));
  }
  return joined(frames);
}

/** Streams of a page whose responses come mixed, and the octets of each of their frames. */
const MIXED_STREAMS = 16;
const MIXED_FRAME_OCTETS = 1024;

/**
 * Responses to requests that were sent at once, their DATA by turns as a fair server sends it, and between the rounds what a
 * peer has to say about the connection: credit, a PING, its acknowledgement of our SETTINGS.
 */
function mixed(block, content) {
  const streams = Array.from({ length: MIXED_STREAMS }, (_, index) => 3 + index * 2);
  const frames = streams.map((stream) => frame(HEADERS, END_HEADERS, stream, block));
  frames.push(frame(SETTINGS, ACK, 0, new Uint8Array(0)));
  for (let at = 0; at < content.length; at += MIXED_FRAME_OCTETS) {
    const isLast = at + MIXED_FRAME_OCTETS >= content.length;
    const part = content.subarray(at, at + MIXED_FRAME_OCTETS);
    for (const stream of streams) frames.push(frame(DATA, isLast ? END_STREAM : 0, stream, part));
    frames.push(frame(WINDOW_UPDATE, 0, 0, Uint8Array.of(0, 0, 64, 0)), frame(PING, 0, 0, latin1('12345678')));
  }
  return joined(frames);
}

/**
 * Exchanges with what a client must find in those that are counted: `streams` of them, the first being stream 3; that before
 * them is stream 1.
 */
export function exchanges() {
  const fieldsOf = (octets) => smallFields(octets).filter(([name]) => name !== 'Connection');
  const fields = fieldsOf(64);
  const content = jsonOf(64);
  const response = (stream, block, body) => joined([frame(HEADERS, END_HEADERS, stream, block), dataOf(stream, body)]);
  const after = (some, body) =>
    joined([frame(SETTINGS, 0, 0, new Uint8Array(0)), response(1, literals(some, 0x40), body)]);
  const before = after(fields, content);
  const large = (octets) => {
    const body = jsonOf(octets);
    const own = fields.map(([name, value]) => [name, name === 'Content-Length' ? `${octets}` : value]);
    return { octets: response(3, literals(own, 0), body), contentOctets: octets };
  };
  const single = [
    {
      name: 'HTTP/2, a head of literals',
      before,
      octets: response(3, literals(fields, 0), content),
      contentOctets: 64,
    },
    { name: 'HTTP/2, the head before again', before, octets: response(3, indexes(fields), content), contentOctets: 64 },
    { name: 'HTTP/2, body of 4 KB', before, ...large(4096) },
    { name: 'HTTP/2, body of 256 KB', before, ...large(262144) },
    {
      name: 'HTTP/2, 16 PINGs and a response',
      before,
      octets: joined([
        ...Array.from({ length: 16 }, () => frame(PING, 0, 0, latin1('12345678'))),
        response(3, indexes(fields), content),
      ]),
      contentOctets: 64,
    },
  ].map((item) => ({ ...item, streams: 1 }));
  const body = jsonOf(4096);
  const many = {
    name: 'HTTP/2, 16 responses of 4 KB mixed',
    before: after(fieldsOf(body.length), body),
    octets: mixed(indexes(fieldsOf(body.length)), body),
    contentOctets: MIXED_STREAMS * body.length,
    streams: MIXED_STREAMS,
  };
  return [...single, many];
}
