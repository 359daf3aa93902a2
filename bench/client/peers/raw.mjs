/**
 * The floor: net and tls sockets with `onread` into one buffer, a prebuilt request, and counting octets. It parses
 * nothing and checks nothing but how many octets came.
 */
import net from 'node:net';
import tls from 'node:tls';
import { bulkHead } from '../responses.mjs';

/** The digest of a download is not taken. */
const countsOnly = true;
const BUFFER = Buffer.allocUnsafeSlow(65536);

/** A socket that gives the length of each read to `onOctets`. */
function connect({ origin, ca }, onOctets, onError) {
  const { protocol, hostname: host, port } = new URL(origin);
  const onread = {
    buffer: BUFFER,
    callback(length) {
      onOctets(length);
      return true;
    },
  };
  const options = { host, port: Number(port), noDelay: true, onread };
  const socket = protocol === 'https:' ? tls.connect({ ...options, ca }) : net.connect(options);
  socket.setNoDelay(true);
  socket.on('error', onError);
  socket.on('close', () => onError(new Error('Cannot go on: the server closed the connection')));
  return socket;
}

/** Sends `request` and counts `octets` of response, again and again until stopped. */
function repeat(task, request, octets, state) {
  return new Promise((resolve, reject) => {
    let left = octets;
    const onOctets = (length) => {
      left -= length;
      if (left > 0) return;
      state.done++;
      left = octets;
      if (state.stopped) {
        socket.removeAllListeners('close');
        socket.destroy();
        resolve();
      } else socket.write(request, 'latin1');
    };
    const socket = connect(task, onOctets, reject);
    socket.write(request, 'latin1');
  });
}

export async function open(task) {
  const { host } = new URL(task.origin);
  const head = (method, target, more = '') => `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
  const state = { done: 0, stopped: true };
  return {
    countsOnly,
    drive(expected, concurrency, tally) {
      const request = head('GET', '/');
      return Array.from({ length: concurrency }, () => repeat(task, request, expected.wire.length, tally));
    },
    async download(target, digest, octets) {
      await repeat(task, head('GET', target), bulkHead(octets).length + octets, state);
      digest.octets = octets;
    },
    upload: (target, piece, count) =>
      upload(task, head('POST', target, 'Transfer-Encoding: chunked\r\n'), piece, count),
    close: () => {},
  };
}

/** Sends `count` chunks; the number of body octets is the server's to say, and here only that it answered. */
function upload(task, head, piece, count) {
  return new Promise((resolve, reject) => {
    let left = count;
    const prefix = `${piece.length.toString(16)}\r\n`;
    const go = () => {
      let room = true;
      while (room && left > 0) {
        left--;
        socket.cork();
        socket.write(prefix, 'latin1');
        socket.write(piece);
        room = socket.write(left === 0 ? '\r\n0\r\n\r\n' : '\r\n', 'latin1');
        socket.uncork();
      }
    };
    const onOctets = () => {
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(piece.length * count);
    };
    const socket = connect(task, onOctets, reject);
    socket.on('drain', go);
    socket.write(head, 'latin1');
    go();
  });
}
