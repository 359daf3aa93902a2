/**
 * Frames of HTTP/2 as a peer writes them (RFC 9113 §6), legal or not: nothing is checked here. Fields are literals without
 * Huffman code that no table keeps, unless a test says otherwise, so that a script stands for itself.
 */

export type FieldPair = readonly [name: string, value: string];

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 32;

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

const buffer = (octets: string | Uint8Array): Buffer =>
  typeof octets === 'string' ? Buffer.from(octets, 'latin1') : Buffer.from(octets);

/** Any frame; `length`: what its head says, if that is not the truth. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: string | Uint8Array = '',
  length?: number,
): Buffer {
  const body = buffer(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

const u32 = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value >>> 0);
  return octets;
};

/** An HPACK integer (RFC 7541 §5.1) with the bits `first` before its prefix. */
function integer(value: number, prefixBits: number, first: number): Buffer {
  const most = (1 << prefixBits) - 1;
  if (value < most) return Buffer.of(first | value);
  const octets = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  return Buffer.from([...octets, rest]);
}

const text = (value: string): Buffer => Buffer.concat([integer(buffer(value).length, 7, 0), buffer(value)]);

/** A field block of literals without indexing; `indexed`: with it. */
export function block(fields: readonly FieldPair[], indexed = false): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.of(indexed ? 0x40 : 0), text(name), text(value)])),
  );
}

/** Fields of dynamic entries: 0 is the newest. */
export const indexedFields = (...entries: readonly number[]): Buffer =>
  Buffer.concat(entries.map((entry) => integer(62 + entry, 7, 0x80)));

export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  const entries = values.map(([id, value]) => Buffer.concat([Buffer.of(id >> 8, id & 255), u32(value)]));
  return frame(TYPE.settings, 0, 0, Buffer.concat(entries));
}

export const settingsAck = (): Buffer => frame(TYPE.settings, ACK, 0);

/** HEADERS with the whole section; `flags` beside END_HEADERS. */
export function headers(stream: number, fields: readonly FieldPair[] | Uint8Array, flags = 0): Buffer {
  const octets = fields instanceof Uint8Array ? fields : block(fields);
  return frame(TYPE.headers, END_HEADERS | flags, stream, octets);
}

/** A response head. */
export const head = (stream: number, status: number, fields: readonly FieldPair[] = [], flags = 0): Buffer =>
  headers(stream, [[':status', `${status}`], ...fields], flags);

/** A section over HEADERS and CONTINUATION, `octets` of it in each. */
export function fragmented(stream: number, fields: readonly FieldPair[], octets: number, flags = 0): Buffer {
  const whole = block(fields);
  const frames: Buffer[] = [];
  for (let at = 0; at < whole.length || at === 0; at += octets) {
    const isLast = at + octets >= whole.length;
    const type = at === 0 ? TYPE.headers : TYPE.continuation;
    frames.push(
      frame(type, (isLast ? END_HEADERS : 0) | (at === 0 ? flags : 0), stream, whole.subarray(at, at + octets)),
    );
  }
  return Buffer.concat(frames);
}

export const data = (stream: number, octets: string | Uint8Array, flags = 0): Buffer =>
  frame(TYPE.data, flags, stream, octets);

/** DATA with `padding` octets of padding behind its content. */
export const paddedData = (stream: number, octets: string, padding: number, flags = 0): Buffer =>
  frame(TYPE.data, PADDED | flags, stream, Buffer.concat([Buffer.of(padding), buffer(octets), Buffer.alloc(padding)]));

export const rstStream = (stream: number, code: number): Buffer => frame(TYPE.rstStream, 0, stream, u32(code));

export const ping = (payload: string, flags = 0): Buffer => frame(TYPE.ping, flags, 0, payload);

export const goaway = (last: number, code: number, debug = ''): Buffer =>
  frame(TYPE.goaway, 0, 0, Buffer.concat([u32(last), u32(code), buffer(debug)]));

export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(TYPE.windowUpdate, 0, stream, u32(increment));

/** What a server says first. */
export const hello = (...values: readonly (readonly [id: number, value: number])[]): Buffer =>
  Buffer.concat([settings(...values), settingsAck()]);

/** `count` times the same. */
export const times = (count: number, octets: Buffer): Buffer => Buffer.alloc(octets.length * count, octets);
