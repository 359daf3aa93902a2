// The server that sandboxes are tried against. It notes what it saw and when, by the `id` of each request's query: what is
// sent on only when the guest has handled, or passed on, what came before shows that nothing is held back.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const PIECES = ['one', 'two', 'three', 'four'];
/** Octets of a body that nobody takes: more than any host holds on its way. */
const FLOOD_OCTETS = 67_108_864;
const FLOOD_PIECE = Buffer.alloc(65536, 'f');

/** How long connections are kept: longer than any host takes. */
const KEPT_MS = 600_000;

/** A body in pieces, each sent when somebody says so. */
class Pieces {
  #left = PIECES.map((piece, i) => [i + 1, piece]);
  #response;
  #note;

  constructor(response, note) {
    this.#response = response;
    this.#note = note;
    this.next();
  }

  next() {
    const [number, piece] = this.#left.shift() ?? [];
    if (number === undefined) {
      this.#response.end();
      return;
    }
    this.#note(`sent ${number}`);
    this.#response.write(piece);
  }
}

async function flood(response) {
  const closed = once(response, 'close');
  for (let sent = 0; sent < FLOOD_OCTETS && !response.destroyed; sent += FLOOD_PIECE.length) {
    if (!response.write(FLOOD_PIECE)) await Promise.race([once(response, 'drain'), closed]);
  }
  response.end();
}

/** Starts it: where it is, what it noted of an id, and a way to stop it. */
export async function startServer() {
  const notes = new Map();
  const pieces = new Map();
  const notesOf = (id) => {
    if (!notes.has(id)) notes.set(id, []);
    return notes.get(id);
  };

  const routes = {
    '/greeting'({ response }) {
      response.setHeader('content-encoding', 'gzip').setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(gzipSync('hello from the server'));
    },
    '/echo'({ request, response, note }) {
      const { host, 'content-length': length, 'transfer-encoding': coding } = request.headers;
      note(`${request.method} ${host} ${length ?? coding}`);
      request.pipe(response);
    },
    '/connection'({ request, response }) {
      response.end(String(request.socket.remotePort));
    },
    '/pieces'({ id, response, note }) {
      pieces.set(id, new Pieces(response, note));
      response.on('close', () => response.writableEnded || note('left'));
    },
    '/wait-for-left'({ id, response }) {
      const timer = setInterval(() => notesOf(id).includes('left') && response.end('it left'), 10);
      response.on('close', () => clearInterval(timer));
    },
    '/handled'({ id, request, response, note }) {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => (body += text));
      request.on('end', () => {
        note(`handled ${body}`);
        response.writeHead(204).end();
        pieces.get(id).next();
      });
    },
    '/collect'({ id, request, response, note }) {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => {
        body += text;
        note(`collected ${text}`);
        pieces.get(id).next();
      });
      request.on('end', () => response.end(body));
    },
    '/silent'({ response, note }) {
      response.on('close', () => note('closed'));
    },
    '/cut'({ response }) {
      response.writeHead(200, { 'content-length': '100' });
      response.write('a beginning', () => response.destroy());
    },
    '/flood'({ response }) {
      flood(response);
    },
    '/deaf'({ request }) {
      request.pause();
    },
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://server');
    const id = searchParams.get('id');
    const note = (text) => notesOf(id).push(text);
    // Who goes away in the middle is what some of these are about.
    for (const stream of [request, response]) stream.on('error', () => {});
    routes[pathname]({ id, request, response, note });
  });
  // No connection ends because a host was slow.
  server.keepAliveTimeout = KEPT_MS;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    notesOf,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
