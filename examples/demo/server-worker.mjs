// The demo's servers, in a thread of their own: what they cost is not the client's, and they answer while the client works.
// Nothing large is ever held: the download is made as it is sent, the upload counted and hashed as it comes.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { patternOf } from './pattern.mjs';

const CHUNK_PAUSE_MS = 20;
const LOOPBACK = '127.0.0.1';

const zipped = gzipSync(JSON.stringify({ lines: Array.from({ length: 500 }, (_, at) => `line ${at} of the demo`) }));

/** The download, at the pace of who reads it. */
async function sendBig(request, response) {
  const octets = Number(new URL(request.url, 'http://demo').searchParams.get('octets'));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': octets });
  await pipeline(patternOf(octets), response);
}

async function takeUpload(request, response) {
  const hash = createHash('sha256');
  let octets = 0;
  let pieces = 0;
  for await (const piece of request) {
    hash.update(piece);
    octets += piece.length;
    pieces += 1;
  }
  const framing = request.headers['transfer-encoding'] ?? `content-length ${request.headers['content-length']}`;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ octets, pieces, framing, sha256: hash.digest('hex') }));
}

function sendChunks(response) {
  response.setHeader('trailer', 'x-chunks');
  const words = ['one', 'two', 'three', 'four', 'five'];
  const next = (at) => {
    if (at < words.length) {
      response.write(`${words[at]}\n`);
      setTimeout(next, CHUNK_PAUSE_MS, at + 1);
      return;
    }
    response.addTrailers({ 'x-chunks': String(words.length) });
    response.end();
  };
  next(0);
}

const routes = {
  '/plain': (request, response) => {
    const from = new URL(request.url, 'http://demo').searchParams.get('n');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ n: Number(from), secure: request.socket.encrypted === true }));
  },
  '/gzip': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(zipped);
  },
  '/chunked': (_, response) => sendChunks(response),
  '/slow': () => {
    // No answer: the client gives up, or the server is closed.
  },
  '/failing': (_, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end('out of coffee');
  },
  '/malformed': (request) => {
    // Two lengths that disagree: who believed either could be made to take one answer for another's.
    request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello');
  },
  '/big': sendBig,
  '/upload': takeUpload,
};

const sockets = new Set();
let mostSockets = 0;

function answer(request, response) {
  const route = routes[request.url.split('?', 1)[0]];
  if (route === undefined) {
    response.writeHead(404).end();
    return;
  }
  Promise.resolve(route(request, response)).catch(() => response.destroy());
}

function listen(server) {
  server.on('connection', (socket) => {
    sockets.add(socket);
    mostSockets = Math.max(mostSockets, sockets.size);
    socket.on('close', () => sockets.delete(socket));
  });
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, LOOPBACK, () => resolve(server.address().port));
  });
}

const plain = createServer(answer);
const secure = createSecureServer({ cert: workerData.cert, key: workerData.key }, answer);
// A client that refuses the certificate ends the handshake: that is what the demo wants to see.
secure.on('tlsClientError', () => {});

const [plainPort, securePort] = await Promise.all([listen(plain), listen(secure)]);

parentPort.on('message', ({ kind }) => {
  if (kind === 'sockets') parentPort.postMessage({ kind: 'sockets', open: sockets.size, most: mostSockets });
  if (kind === 'close') {
    for (const socket of sockets) socket.destroy();
    plain.close();
    secure.close();
    parentPort.close();
  }
});
parentPort.postMessage({ kind: 'ready', plainPort, securePort });
