/**
 * A server of node:http2 in a worker thread, so that a client that blocks its thread can be served too: over TLS where it is
 * given a certificate. What it answers is in the path. Messages to it: 'facts' (they are told), 'close'.
 */
import { constants, createSecureServer, createServer } from 'node:http2';
import { parentPort, workerData } from 'node:worker_threads';

const { tls, settings } = workerData;
const server = tls === null ? createServer({ settings }) : createSecureServer({ settings, ...tls });
const sessions = new Set();
const facts = { sessions: 0, streams: 0, streamsOpen: 0, mostAtOnce: 0, goaways: [], ends: 0, breaks: [] };

/** Answers with the number of octets that came. */
function count(stream) {
  let octets = 0;
  stream.on('data', (piece) => {
    octets += piece.length;
  });
  stream.on('end', () => {
    if (stream.destroyed) return;
    stream.respond({ ':status': 200 });
    stream.end(`${octets}`);
  });
}

const ANSWERS = {
  '/count': count,
  '/echo': (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  },
  '/large': (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(3_000_000));
  },
  '/open': (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('begun');
  },
  '/early': (stream) => {
    stream.respond({ ':status': 413 });
    stream.end('too much');
  },
  '/early-reset': (stream) => {
    stream.respond({ ':status': 413 });
    stream.end('too much');
    stream.on('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
  },
  '/reset': (stream) => {
    stream.once('data', () => stream.close(constants.NGHTTP2_CANCEL));
  },
};

server.on(tls === null ? 'connection' : 'secureConnection', (socket) => {
  socket.on('end', () => facts.ends++);
  socket.on('error', ({ code }) => facts.breaks.push(code));
});
server.on('request', (request, response) => {
  if (request.httpVersion === '1.1') response.end(request.url);
});
server.on('session', (session) => {
  let atOnce = 0;
  facts.sessions++;
  sessions.add(session);
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
  session.on('goaway', (code) => facts.goaways.push(code));
  session.on('stream', (stream) => {
    facts.streams++;
    facts.streamsOpen++;
    facts.mostAtOnce = Math.max(facts.mostAtOnce, ++atOnce);
    stream.on('close', () => {
      atOnce--;
      facts.streamsOpen--;
    });
  });
});
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  const path = headers[':path'];
  const answer = ANSWERS[path];
  if (answer !== undefined) {
    answer(stream);
    return;
  }
  setImmediate(() => {
    if (stream.destroyed) return;
    stream.respond({ ':status': 200 });
    stream.end(path);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));

parentPort.on('message', (message) => {
  if (message === 'facts') parentPort.postMessage({ ...facts, open: sessions.size });
  else {
    for (const session of sessions) session.destroy();
    server.close();
    parentPort.close();
  }
});
