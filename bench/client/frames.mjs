/**
 * As much of HTTP/2 (RFC 9113) as the server and the floor of the benchmarks need: frame heads, a walker over what comes, and
 * field blocks that are written by hand.
 */
export const DATA = 0;
export const HEADERS = 1;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export const SETTING_MAX_CONCURRENT_STREAMS = 3;
export const SETTING_INITIAL_WINDOW_SIZE = 4;

const FRAME_HEAD_OCTETS = 9;
export const WINDOW_OCTETS = 65535;
export const FRAME_OCTETS_MAX = 16384;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A frame; its stream can be changed afterwards with `setStream`. */
export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const octets = Buffer.alloc(FRAME_HEAD_OCTETS + payload.length);
  octets.writeUIntBE(payload.length, 0, 3);
  octets[3] = type;
  octets[4] = flags;
  octets.writeUInt32BE(stream, 5);
  payload.copy(octets, FRAME_HEAD_OCTETS);
  return octets;
}

export function setStream(octets, at, stream) {
  octets.writeUInt32BE(stream, at + 5);
}

export function settings(...pairs) {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(SETTINGS, 0, 0, payload);
}

export function windowUpdate(stream, octets) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(octets);
  return frame(WINDOW_UPDATE, 0, stream, payload);
}

/**
 * Walks the frames of a stream of octets that comes in pieces. Calls `take(type, flags, stream, length, payload)` for each
 * frame that is complete; `payload` is there but for DATA, whose octets are passed by.
 */
export class Frames {
  #take;
  /** The start of a frame that is not complete, and octets of DATA that are still to come. */
  #held = Buffer.alloc(0);
  #passing = 0;
  #end = null;

  constructor(take) {
    this.#take = take;
  }

  push(piece) {
    let octets = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    let at = Math.min(this.#passing, octets.length);
    this.#passing -= at;
    if (this.#passing === 0 && this.#end !== null) this.#endData();
    while (octets.length - at >= FRAME_HEAD_OCTETS) {
      const length = (octets[at] << 16) | (octets[at + 1] << 8) | octets[at + 2];
      const type = octets[at + 3];
      const flags = octets[at + 4];
      const stream = octets.readUInt32BE(at + 5);
      const start = at + FRAME_HEAD_OCTETS;
      const left = start + length - octets.length;
      if (left > 0) {
        if (type !== DATA) break;
        this.#passing = left;
        this.#end = [type, flags, stream, length];
        octets = octets.subarray(octets.length);
        at = 0;
        break;
      }
      at = start + length;
      this.#take(type, flags, stream, length, type === DATA ? null : octets.subarray(start, at));
    }
    // Copied, since the piece may be memory that is read into again.
    this.#held = at === octets.length ? octets.subarray(at) : Buffer.from(octets.subarray(at));
  }

  #endData() {
    const [type, flags, stream, length] = this.#end;
    this.#end = null;
    this.#take(type, flags, stream, length, null);
  }
}

// ── field blocks (RFC 7541), strings as they are ──

const text = (value) => {
  if (value.length >= 127) throw new Error('Cannot write a field: it is too long');
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
};
const literal = (kind, name, value) => Buffer.concat([Buffer.from([kind]), text(name), text(value)]);

/** A block of literals that leave the tables as they are. */
export function blockOf(fields) {
  return Buffer.concat(fields.map(([name, value]) => literal(0x00, name, value)));
}

/**
 * The blocks of a list on a new connection and from then on, as servers that know HPACK write them: what does not change is
 * inserted once and an index afterwards; `:status` is static; names in `varied` are literals each time.
 */
export function blocksOf(fields, varied) {
  const isKept = ([name]) => !varied.includes(name);
  const kept = fields.filter(isKept);
  const status = Buffer.from([0x88]); // :status 200
  const index = new Map(kept.map(([name], place) => [name, 0x80 | (61 + kept.length - place)]));
  const first = fields.map((field) => literal(isKept(field) ? 0x40 : 0x00, ...field));
  const later = fields.map((field) => (isKept(field) ? Buffer.from([index.get(field[0])]) : literal(0x00, ...field)));
  return { first: Buffer.concat([status, ...first]), later: Buffer.concat([status, ...later]) };
}
