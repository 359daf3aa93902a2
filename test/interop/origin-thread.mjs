/**
 * An origin behind servers under test, in a thread of its own, since `Client` blocks that of the test: of HTTP/1.1, where what it
 * does is in the path, and of HTTP/2 without TLS, which answers with a trailer. Its parent is told both ports, and closes it by
 * any message.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { parentPort } from 'node:worker_threads';

const DRIPS = 20;
const DRIP_MS = 10;
/** Answers that are not to come to an end. */
const doomed = new Set();

const ANSWERS = {
  '/trailers': (_request, response) => {
    response.writeHead(200, { Trailer: 'x-t' });
    response.write('hi');
    response.addTrailers({ 'x-t': '1' });
    response.end();
  },
  '/early': (_request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.end('early');
  },
  '/echo': (request, response) => {
    request.pipe(response);
  },
  '/digest': (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece) => hash.update(piece));
    request.on('end', () => response.end(hash.digest('hex')));
  },
  '/drip': (_request, response) => {
    let drips = 0;
    const timer = setInterval(() => {
      response.write('x');
      if (++drips < DRIPS) return;
      clearInterval(timer);
      response.end();
    }, DRIP_MS);
  },
  '/doomed': (_request, response) => {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('part');
    doomed.add(response);
  },
  '/doom': (_request, response) => {
    for (const each of doomed) each.destroy();
    doomed.clear();
    response.end('done');
  },
};

const server = createServer((request, response) => {
  const answer = ANSWERS[request.url];
  if (answer !== undefined) answer(request, response);
  else response.end(request.url);
});
// Kept connections stay: who sends a request on one that is just being closed has lost it.
server.keepAliveTimeout = 0;
const http2Server = createHttp2Server();
const sessions = new Set();
http2Server.on('session', (session) => sessions.add(session));
http2Server.on('stream', (stream) => {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '1' }));
  stream.end('hi');
});
for (const each of [server, http2Server]) await once(each.listen(0, '127.0.0.1'), 'listening');
parentPort.postMessage([server.address().port, http2Server.address().port]);
parentPort.on('message', () => {
  for (const session of sessions) session.destroy();
  http2Server.close();
  server.close();
  server.closeAllConnections();
  parentPort.close();
});
