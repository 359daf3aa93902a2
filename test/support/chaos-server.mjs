/**
 * A server that misbehaves at random, run in a worker thread: it answers, drips, stalls, resets, closes and talks nonsense
 * by a seeded generator, so that a run can be repeated. Messages to it: 'count' (open sockets are told), 'close'.
 */
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';

/** mulberry32: small, seeded, good enough to choose a misdeed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = generator(workerData.seed);
const upTo = (n) => Math.floor(random() * n);
const sockets = new Set();

function plainAnswer() {
  const body = 'x'.repeat(upTo(5000));
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function chunkedAnswer() {
  let text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (let i = upTo(6); i > 0; i--) {
    const octets = 1 + upTo(3000);
    text += `${octets.toString(16)}\r\n${'y'.repeat(octets)}\r\n`;
  }
  return Buffer.from(`${text}0\r\nX-Trailer: 1\r\n\r\n`);
}

function codedAnswer() {
  const coded = gzipSync('z'.repeat(upTo(20000)));
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`;
  if (random() < 0.3 && coded.length > 12) coded[10 + upTo(coded.length - 10)] ^= 0x55;
  return Buffer.concat([Buffer.from(head), coded]);
}

const anyAnswer = () => [plainAnswer, chunkedAnswer, codedAnswer][upTo(3)]();

/** A proper answer in pieces, a little time between them. */
function drip(socket) {
  const octets = anyAnswer();
  let at = 0;
  const next = () => {
    if (socket.destroyed || at >= octets.length) return;
    const end = at + 1 + upTo(Math.ceil(octets.length / 6));
    socket.write(octets.subarray(at, end));
    at = end;
    setTimeout(next, 1 + upTo(15));
  };
  next();
}

/** Part of an answer, then `deed`. */
function cut(socket, deed) {
  const octets = anyAnswer();
  socket.write(octets.subarray(0, upTo(octets.length)), () => setTimeout(() => deed(socket), upTo(10)));
}

/** A socket that is ending cannot be reset: Node would neither reset nor close it. */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());
const fin = (socket) => socket.end(() => socket.destroySoon());

/** What is done with a request, and how often. */
const deeds = [
  [40, (socket) => socket.write(anyAnswer())],
  [8, drip],
  [5, (socket) => cut(socket, reset)],
  [5, (socket) => cut(socket, fin)],
  [4, (socket) => cut(socket, () => {})],
  [3, () => {}],
  [3, reset],
  [3, fin],
  [3, (socket) => socket.write(Buffer.concat([anyAnswer(), Buffer.from('surplus')]))],
  [3, (socket) => socket.write('HTTP/1.1 2OO OK\r\n\r\n')],
  [3, (socket) => socket.write(Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), anyAnswer()]))],
  [4, (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nuntil the end', () => fin(socket))],
  [4, (socket) => socket.write(anyAnswer(), () => setTimeout(() => reset(socket), upTo(30)))],
  [4, (socket) => socket.write(anyAnswer(), () => setTimeout(() => socket.write('unasked'), upTo(30)))],
  [2, (socket) => setTimeout(() => socket.write(plainAnswer()), 20 + upTo(60))],
];
const weights = deeds.reduce((sum, [weight]) => sum + weight, 0);

function anyDeed() {
  let at = upTo(weights);
  for (const [weight, deed] of deeds) {
    at -= weight;
    if (at < 0) return deed;
  }
  return deeds[0][1];
}

const server = createServer({ allowHalfOpen: false }, (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {});
  if (random() < 0.02) {
    reset(socket);
    return;
  }
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
    if (heard.length > 1 << 20) heard = heard.slice(-65536);
    for (;;) {
      const end = heard.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0);
      const chunked = /transfer-encoding/i.test(heard.slice(0, end));
      const last = chunked ? heard.indexOf('\r\n0\r\n\r\n', end) : end + 4 + length;
      const early = (length > 0 || chunked) && random() < 0.1;
      if (!early && (last < 0 || heard.length < last)) return;
      heard = early ? '' : heard.slice(chunked ? last + 7 : last);
      if (socket.destroyed || socket.writableEnded) return;
      anyDeed()(socket);
      if (early) return;
    }
  });
});

server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));

parentPort.on('message', (message) => {
  if (message === 'count') parentPort.postMessage({ open: sockets.size });
  if (message === 'close') {
    for (const socket of sockets) socket.destroy();
    server.close(() => parentPort.close());
  }
});
