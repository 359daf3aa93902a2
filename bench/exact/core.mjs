/**
 * The metered core, fed without a client: copies octets in, reads the records, passes by what need not be shown to it,
 * as src/core-http1.ts does. Nothing but the core's own calls is counted.
 */
import { readFileSync } from 'node:fs';
import { BULK, INSTRUCTIONS, meter } from '../../wasm/meter.mjs';

/** The constants of assembly/abi.ts, which by its own rule is nothing but `export const NAME = number;`. */
function readAbi() {
  const source = readFileSync(new URL('../../assembly/abi.ts', import.meta.url), 'utf8');
  return Object.fromEntries(
    [...source.matchAll(/^export const (\w+) = (\w+);$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

const abi = readAbi();
/** A field list as `hpackEncode` takes it, and how many octets its names and values have. */
function laidOut(list) {
  const text = Buffer.from(list.flat().join(''), 'latin1');
  const lengths = Uint32Array.from(list.flatMap(([name, value]) => [name.length, value.length, 0]));
  const gap = Buffer.alloc((4 - (text.length % 4)) % 4);
  return { input: Buffer.concat([text, gap, Buffer.from(lengths.buffer)]), octets: text.length };
}

/** What src/core-http2.ts gives the core of a read, as long as content comes. */
const HTTP2_PIECE_OCTETS = 1024;
const REQUEST = Buffer.from(
  'GET /path/of/a/resource?page=2 https\r\nHost: example.org\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n' +
    'Connection: keep-alive\r\nUser-Agent: httpx-wasm/0.1.0\r\n',
);
/** The first stream of those that are counted; the connection has had one before. */
const FIRST_STREAM = 3;
export const REQUEST_OCTETS = REQUEST.length;
const LIMITS = { headOctets: 65536, fields: 256, interim: 16 };

/** Whether a coding is decoded in the second module. */
export function isInSecondModule(coding) {
  return coding === abi.CODING_BROTLI || coding === abi.CODING_ZSTD;
}

export class MeteredCore {
  #exports;
  #input;
  #events;

  #trace;

  /**
   * @param {string} path of a module, of connections or of codings
   * @param {import('./fuel.mjs').Trace | null} trace hears of all that is done to the module, in order
   */
  constructor(path, trace = null) {
    const module = new WebAssembly.Module(meter(readFileSync(path)));
    const { exports } = new WebAssembly.Instance(module, {});
    this.#exports = trace === null ? exports : trace.hearing(exports);
    this.#trace = trace;
    this.#input = this.#exports.inputOffset();
    this.#events = this.#exports.eventsOffset();
  }

  #put(octets) {
    this.#trace?.put(this.#input, octets);
    new Uint8Array(this.#exports.memory.buffer).set(octets, this.#input);
  }

  /** The records of one call as arrays of eight numbers. */
  #records(count) {
    const words = new Uint32Array(this.#exports.memory.buffer, this.#events, count * 8);
    return Array.from({ length: count }, (_, index) => words.subarray(index * 8, index * 8 + 8));
  }

  /** What `action` executed and moved. */
  #count(action) {
    const instructions = this.#exports[INSTRUCTIONS];
    const bulk = this.#exports[BULK];
    instructions.value = 0n;
    bulk.value = 0n;
    this.#trace?.begin();
    action();
    const counts = { instructions: Number(instructions.value), bulk: Number(bulk.value) };
    this.#trace?.end(counts);
    return counts;
  }

  /**
   * Counts one response on a connection that has had one before, given in pieces of at most `pieceOctets`.
   * @throws {Error} if the core did not find one head, `contentOctets` of content and an orderly end
   */
  message({ name, octets, contentOctets }, pieceOctets) {
    const exports = this.#exports;
    const handle = exports.connectionCreate(
      abi.PROTOCOL_HTTP_1_1,
      abi.ROLE_CLIENT,
      LIMITS.headOctets,
      LIMITS.fields,
      LIMITS.interim,
    );
    try {
      let seen;
      const once = () => {
        exports.connectionOpen(handle, abi.OPEN_END_STREAM);
        seen = this.#receive(handle, octets, pieceOctets);
      };
      once();
      const counts = this.#count(once);
      if (seen.heads !== 1 || seen.content !== contentOctets || seen.ends !== 1) {
        throw new Error(`Cannot count "${name}" in pieces of ${pieceOctets}: the core saw ${JSON.stringify(seen)}`);
      }
      return counts;
    } finally {
      exports.connectionFree(handle);
    }
  }

  #receive(handle, octets, pieceOctets) {
    const seen = { heads: 0, content: 0, ends: 0, error: null };
    const most = Math.min(pieceOctets, abi.INPUT_OCTETS);
    for (let at = 0; at < octets.length && seen.error === null; ) {
      const end = Math.min(octets.length, at + most);
      this.#put(octets.subarray(at, end));
      const passed = this.#note(this.#exports.connectionReceive(handle, 0, end - at), seen);
      at = end;
      if (passed === 0) continue;
      at += passed;
      if (at > octets.length) throw new Error('Cannot count: a body is longer than its message');
      seen.content += passed;
      this.#note(this.#exports.connectionPassed(handle), seen);
    }
    return seen;
  }

  /** Adds `count` records to what was seen; how many octets are to be passed by. */
  #note(count, seen) {
    let passed = 0;
    for (const [kind, code, stream, , length, , low, high] of this.#records(count)) {
      if (kind === abi.KIND_HEAD) seen.heads++;
      else if (kind === abi.KIND_DATA) seen.content += length;
      else if (kind === abi.KIND_END) seen.ends++;
      else if (kind === abi.KIND_ERROR) seen.error = code;
      else if (kind === abi.KIND_PASS) {
        seen.content += length;
        seen.stream = stream;
        passed = low + high * 4294967296;
      }
    }
    return passed;
  }

  /** A connection of HTTP/2 on which one exchange is over. */
  #http2({ before }) {
    const { headOctets, fields, interim } = LIMITS;
    const handle = this.#exports.connectionCreate(abi.PROTOCOL_HTTP_2, abi.ROLE_CLIENT, headOctets, fields, interim);
    this.#request(handle);
    this.#receiveAt(handle, before, Number.POSITIVE_INFINITY);
    return handle;
  }

  #request(handle) {
    this.#put(REQUEST);
    this.#exports.connectionOpen(handle, abi.OPEN_END_STREAM, 0, REQUEST.length);
    this.#exports.connectionTakeOutput(handle);
  }

  /** Counts a request whose fields are in the table by then: encoded, framed, taken. */
  requests(item) {
    const handle = this.#http2(item);
    const counts = this.#count(() => this.#request(handle));
    this.#exports.connectionFree(handle);
    return counts;
  }

  /**
   * Counts the responses of an exchange of HTTP/2, in pieces of at most `pieceOctets`, and the output of each taken.
   * @throws {Error} as `message`
   */
  exchange(item, pieceOctets) {
    const handle = this.#http2(item);
    for (let left = item.streams; left > 0; left--) this.#request(handle);
    let seen;
    const counts = this.#count(() => {
      seen = this.#receiveAt(handle, item.octets, pieceOctets);
    });
    this.#exports.connectionFree(handle);
    if (seen.heads !== item.streams || seen.content !== item.contentOctets || seen.ends !== item.streams) {
      throw new Error(`Cannot count "${item.name}" in pieces of ${pieceOctets}: the core saw ${JSON.stringify(seen)}`);
    }
    return counts;
  }

  /** As src/core-http2.ts: content that a piece ends in is passed by, so pieces are small. */
  #receiveAt(handle, octets, pieceOctets) {
    const seen = { heads: 0, content: 0, ends: 0, error: null, stream: FIRST_STREAM };
    const most = Math.min(pieceOctets, HTTP2_PIECE_OCTETS);
    for (let at = 0; at < octets.length && seen.error === null; ) {
      const end = Math.min(octets.length, at + most);
      this.#put(octets.subarray(at, end));
      const passed = this.#note(this.#exports.connectionReceiveAt(handle, 0, end - at, 0), seen);
      at = end + passed;
      if (passed > 0) {
        seen.content += passed;
        this.#note(this.#exports.connectionPassed(handle), seen);
      }
      this.#exports.connectionRelease(handle, seen.stream, passed);
      this.#exports.connectionTakeOutput(handle);
    }
    return seen;
  }

  /**
   * Counts the decoding of one coded content, given in pieces of at most `pieceOctets`.
   * @throws {Error} if the content that comes out differs
   */
  coded({ name, coding, octets, content }, pieceOctets) {
    let decoded;
    const counts = this.#count(() => {
      decoded = this.#decode(coding, octets, pieceOctets);
    });
    if (Buffer.compare(decoded, content) !== 0) {
      throw new Error(`Cannot count "${name}" in pieces of ${pieceOctets}: the content decoded is wrong`);
    }
    return counts;
  }

  /**
   * Counts field lists of one connection: their encoding, and the decoding of the blocks, by tables that begin empty. The
   * lists are laid out before.
   * @throws {Error} if other fields come out
   */
  fieldLists(lists) {
    const exports = this.#exports;
    const encoder = exports.hpackEncoderCreate(abi.HPACK_TABLE_OCTETS_DEFAULT);
    const decoder = exports.hpackDecoderCreate(abi.HPACK_TABLE_OCTETS_DEFAULT, LIMITS.headOctets, LIMITS.fields);
    const sum = { encoded: { instructions: 0, bulk: 0 }, decoded: { instructions: 0, bulk: 0 } };
    const add = (to, { instructions, bulk }) => {
      to.instructions += instructions;
      to.bulk += bulk;
    };
    for (const list of lists) {
      const { input, octets } = laidOut(list);
      this.#put(input);
      add(
        sum.encoded,
        this.#count(() => exports.hpackEncode(encoder, list.length, octets)),
      );
      const block = this.#pointedAt();
      this.#put(block);
      add(
        sum.decoded,
        this.#count(() => exports.hpackDecode(decoder, 0, block.length)),
      );
      const [[, rule, , , , , count]] = this.#records(1);
      const text = Buffer.from(this.#pointedAt()).toString('latin1');
      if (rule !== 0 || count !== list.length || text !== list.flat().join('')) {
        throw new Error(`Cannot count field lists: rule ${rule}, ${count} fields, not those that were given`);
      }
    }
    exports.hpackEncoderFree(encoder);
    exports.hpackDecoderFree(decoder);
    return sum;
  }

  /** A copy of the octets that the first record points to. */
  #pointedAt() {
    const [[, , , offset, length]] = this.#records(1);
    return new Uint8Array(this.#exports.memory.buffer).slice(offset, offset + length);
  }

  #decode(coding, octets, pieceOctets) {
    const exports = this.#exports;
    const handle = exports.decoderCreate(coding, 0, 0);
    const parts = [];
    try {
      const most = Math.min(pieceOctets, abi.INPUT_OCTETS);
      for (let at = 0; at < octets.length; at += most) {
        const piece = octets.subarray(at, at + most);
        this.#put(piece);
        let from = 0;
        let status = abi.DECODE_HAS_OUTPUT;
        while (status === abi.DECODE_HAS_OUTPUT) {
          status = exports.decoderDecode(handle, from, piece.length);
          const [[, , , offset, length, consumed, rule]] = this.#records(1);
          if (status === abi.DECODE_ERROR) throw new Error(`Cannot decode: the core reports rule ${rule}`);
          parts.push(new Uint8Array(exports.memory.buffer).slice(offset, offset + length));
          from += consumed;
        }
      }
      const rule = exports.decoderEnd(handle);
      if (rule !== 0) throw new Error(`Cannot end decoding: the core reports rule ${rule}`);
    } finally {
      exports.decoderFree(handle);
    }
    return Buffer.concat(parts);
  }
}
