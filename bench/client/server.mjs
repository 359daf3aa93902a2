/**
 * The server, a process of its own: canned octets from raw sockets, so that it is never what bounds a client. It
 * understands just enough: a GET ends with an empty line and is not pipelined; the target of a download is its length;
 * an upload is chunked, or has a Content-Length; where connections are counted, /-/ and a word is an order to the server.
 * Configured by one JSON word; tells its port to its parent, ends with it.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { headOf } from '../corpus/heads.mjs';
import { bulkHead, canned, PIECE, receiptFields } from './responses.mjs';

const EMPTY_LINE = 0x0d0a0d0a;
/** Ten thousand connections at once wait to be accepted, as far as the system lets them. */
const BACKLOG = 16384;
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** Whether octets that come in pieces end in an empty line: keeps the last four. */
class EmptyLine {
  #last = 0;

  endsWith(piece) {
    const length = piece.length;
    for (let at = Math.max(0, length - 4); at < length; at++) this.#last = (this.#last << 8) | piece[at];
    return this.#last >>> 0 === EMPTY_LINE;
  }
}

function serveSmall(socket, octets) {
  const line = new EmptyLine();
  socket.on('data', (piece) => {
    if (line.endsWith(piece)) socket.write(octets);
  });
}

/** Writes `octets` of content as fast as they are taken. */
function sendBulk(socket, octets) {
  let left = octets;
  const go = () => {
    let room = true;
    while (room && left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      room = socket.write(piece);
    }
    if (left > 0) socket.once('drain', go);
  };
  socket.write(bulkHead(octets));
  go();
}

function serveDownload(socket) {
  const line = new EmptyLine();
  let head = '';
  socket.on('data', (piece) => {
    head += piece.toString('latin1');
    if (!line.endsWith(piece)) return;
    const octets = Number(/^GET \/(\d+) /.exec(head)?.[1]);
    head = '';
    sendBulk(socket, octets);
  });
}

/** A small response of its own. */
function textResponse(text) {
  return headOf(receiptFields(text)) + text;
}

/** Answers each upload with the number of body octets that came. */
class Upload {
  #head = '';
  /** Octets of a body of known length still to come; `null`: chunked. */
  #left = null;
  #octets = -1;
  #tail = Buffer.alloc(0);

  /** The number of body octets once the request is complete, `null` before. */
  take(piece) {
    if (this.#octets >= 0) return this.#takeBody(piece);
    const head = this.#head + piece.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      this.#head = head;
      return null;
    }
    const known = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end + 2));
    this.#left = known === null ? null : Number(known[1]);
    this.#octets = 0;
    const body = piece.subarray(piece.length - (head.length - end - 4));
    this.#head = '';
    return this.#takeBody(body);
  }

  #takeBody(piece) {
    this.#octets += piece.length;
    if (this.#left === null) {
      this.#tail = piece.length >= 7 ? piece.subarray(-7) : Buffer.concat([this.#tail, piece]).subarray(-7);
      if (!this.#tail.equals(LAST_CHUNK)) return null;
    } else {
      this.#left -= piece.length;
      if (this.#left > 0) return null;
    }
    const octets = this.#octets;
    this.#octets = -1;
    this.#tail = Buffer.alloc(0);
    return octets;
  }
}

function serveUpload(socket) {
  const upload = new Upload();
  socket.on('data', (piece) => {
    const octets = upload.take(piece);
    if (octets === null) return;
    socket.write(textResponse(String(octets)));
  });
}

/**
 * A server that answers at once, or holds requests back until it is told to answer them. Orders: hold, release; held and
 * open ask how many requests are held back and how many connections are open.
 */
function holding(octets) {
  let isHolding = false;
  let held = [];
  let open = 0;
  const orders = {
    hold: () => {
      isHolding = true;
    },
    release: () => {
      isHolding = false;
      for (const socket of held) socket.write(octets);
      held = [];
    },
    held: () => held.length,
    open: () => open,
  };
  return (socket) => {
    const line = new EmptyLine();
    let head = '';
    open++;
    socket.on('close', () => open--);
    socket.on('data', (piece) => {
      head += piece.toString('latin1');
      if (!line.endsWith(piece)) return;
      const order = /^GET \/-\/(\w+) /.exec(head)?.[1];
      head = '';
      if (order !== undefined) socket.write(textResponse(String(orders[order]() ?? '')));
      else if (isHolding) held.push(socket);
      else socket.write(octets);
    });
  };
}

function handlerOf(scenario) {
  const { kind } = scenario;
  if (kind === 'download') return serveDownload;
  if (kind === 'upload') return serveUpload;
  const { wire } = canned(scenario);
  return kind === 'heap' || kind === 'growth' ? holding(wire) : (socket) => serveSmall(socket, wire);
}

function start({ scenario, certificate }) {
  const handler = handlerOf(scenario);
  const accept = (socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    handler(socket);
  };
  const server = scenario.tls
    ? tls.createServer({ key: readFileSync(certificate.key), cert: readFileSync(certificate.cert) }, accept)
    : net.createServer(accept);
  server.listen(0, '127.0.0.1', BACKLOG, () => process.send({ port: server.address().port }));
}

process.on('disconnect', () => process.exit());
start(JSON.parse(process.argv[2]));
