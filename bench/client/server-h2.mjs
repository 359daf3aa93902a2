/**
 * The server of HTTP/2 over TLS, a process of its own: canned frames from raw sockets, so that it is never what bounds a
 * client. It understands just enough: a HEADERS frame is a GET; windows are obeyed; the first request for a large content on a
 * connection is that of the warm-up. Configured by one JSON word; tells its port to its parent, ends with it.
 */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { HEXADECIMAL, Random } from '../corpus/random.mjs';
import * as h2 from './frames.mjs';
import { PIECE } from './responses.mjs';
import { bulkList, canned, listOf } from './responses-h2.mjs';

const STREAMS_MAX = 256;
/** Frames of a large content that go in one write, so that TLS records are full. */
const FRAMES_PER_WRITE = 8;
/** Different heads, taken in turn. */
const VARIANTS = 8;
const VARIED = ['content-length', 'etag', 'age'];

/** The responses: HEADERS and DATA as one piece of memory, the place of the second frame known. */
function responsesOf(scenario) {
  const { content } = canned(scenario);
  const random = new Random(0x68327662);
  const made = Array.from({ length: VARIANTS }, () => {
    const changed = { etag: `"${random.text(40, HEXADECIMAL)}"`, age: String(random.below(300)) };
    return h2.blocksOf(
      listOf(scenario).map(([name, value]) => [name, changed[name] ?? value]),
      VARIED,
    );
  });
  const framed = (block) => {
    const head = h2.frame(h2.HEADERS, h2.END_HEADERS, 0, block);
    return { octets: Buffer.concat([head, h2.frame(h2.DATA, h2.END_STREAM, 0, content)]), data: head.length };
  };
  return { first: framed(made[0].first), later: made.map(({ later }) => framed(later)), content: content.length };
}

/** One connection: what it may send, and what waits for that. */
class Connection {
  #socket;
  #window = h2.WINDOW_OCTETS;
  #initialWindow = h2.WINDOW_OCTETS;
  #out = [];
  #preface = h2.PREFACE.length;
  #frames = new h2.Frames((...frame) => this.#take(...frame));
  #service;

  constructor(socket, serviceOf) {
    this.#socket = socket;
    this.#service = serviceOf(this);
    socket.write(h2.settings([h2.SETTING_MAX_CONCURRENT_STREAMS, STREAMS_MAX]));
    socket.on('data', (piece) => {
      const skipped = Math.min(this.#preface, piece.length);
      this.#preface -= skipped;
      this.#frames.push(piece.subarray(skipped));
      this.flush();
    });
    socket.on('drain', () => this.#service.go());
  }

  get window() {
    return this.#window;
  }

  get initialWindow() {
    return this.#initialWindow;
  }

  /** Whether the socket takes more. */
  get hasRoom() {
    return !this.#socket.writableNeedDrain;
  }

  /** Sends octets, `octets` of which are content. */
  send(piece, octets) {
    this.#window -= octets;
    this.#out.push(piece);
  }

  flush() {
    if (this.#out.length === 0) return;
    const out = this.#out;
    this.#out = [];
    this.#socket.write(out.length === 1 ? out[0] : Buffer.concat(out));
  }

  #take(type, flags, stream, _length, payload) {
    if (type === h2.HEADERS) {
      this.#service.request(stream);
    } else if (type === h2.SETTINGS && (flags & h2.ACK) === 0) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) !== h2.SETTING_INITIAL_WINDOW_SIZE) continue;
        this.#initialWindow = payload.readUInt32BE(at + 2);
      }
      this.#out.push(h2.frame(h2.SETTINGS, h2.ACK, 0));
    } else if (type === h2.PING && (flags & h2.ACK) === 0) {
      this.#out.push(h2.frame(h2.PING, h2.ACK, 0, Buffer.from(payload)));
    } else if (type === h2.WINDOW_UPDATE) {
      const octets = payload.readUInt32BE(0);
      if (stream === 0) this.#window += octets;
      else this.#service.credit(stream, octets);
      this.#service.go();
    }
  }
}

/** Answers each request with the next canned response, whole, as soon as the connection's window allows it. */
function small(responses) {
  return (connection) => {
    const waiting = [];
    let turn = -1;
    const answer = (stream) => {
      const { octets, data } = turn < 0 ? responses.first : responses.later[turn % VARIANTS];
      turn++;
      const mine = Buffer.from(octets);
      h2.setStream(mine, 0, stream);
      h2.setStream(mine, data, stream);
      connection.send(mine, responses.content);
    };
    const go = () => {
      while (waiting.length > 0 && connection.window >= responses.content) answer(waiting.shift());
    };
    return {
      request(stream) {
        waiting.push(stream);
        go();
      },
      credit() {},
      go,
    };
  };
}

/** Answers the first request with the content of the warm-up, others with the one that counts, as fast as they are taken. */
function bulk({ warmup, octets }) {
  return (connection) => {
    let stream = 0;
    let left = 0;
    let window = 0;
    let isWarm = false;
    /** Whether a frame was sent. No small ones: the window will be as large as a whole one again. */
    const sendFrame = () => {
      const length = Math.min(left, h2.FRAME_OCTETS_MAX);
      if (length === 0 || length > window || length > connection.window) return false;
      const from = ((isWarm ? octets : warmup) - left) % PIECE.length;
      const part = PIECE.subarray(from, from + length);
      const head = h2.frame(h2.DATA, left === length ? h2.END_STREAM : 0, stream);
      head.writeUIntBE(length, 0, 3);
      connection.send(head, 0);
      connection.send(part, length);
      left -= length;
      window -= length;
      if (left === 0) isWarm = true;
      return true;
    };
    const go = () => {
      let hasMore = true;
      while (hasMore && connection.hasRoom) {
        for (let frames = 0; frames < FRAMES_PER_WRITE && hasMore; frames++) hasMore = sendFrame();
        connection.flush();
      }
    };
    return {
      request(id) {
        stream = id;
        left = isWarm ? octets : warmup;
        window = connection.initialWindow;
        const block = h2.blockOf([[':status', '200'], ...bulkList(left)]);
        connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, block), 0);
        go();
      },
      credit(id, more) {
        if (id === stream) window += more;
      },
      go,
    };
  };
}

function start({ scenario, certificate }) {
  const serviceOf = scenario.kind === 'download' ? bulk(scenario) : small(responsesOf(scenario));
  const options = {
    key: readFileSync(certificate.key),
    cert: readFileSync(certificate.cert),
    ALPNProtocols: ['h2'],
  };
  const server = tls.createServer(options, (socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    new Connection(socket, serviceOf);
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

process.on('disconnect', () => process.exit());
start(JSON.parse(process.argv[2]));
