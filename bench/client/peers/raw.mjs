/**
 * The floor: net and tls sockets with `onread` into one buffer, a prebuilt request, and counting octets. It parses
 * nothing and checks nothing but how many octets came.
 */
import net from 'node:net';

/** The digest of a download is not taken. */
const countsOnly = true;
const BUFFER = Buffer.allocUnsafeSlow(65536);

/** Makes sockets that give the length of each read to `onOctets`. */
async function connectorTo({ origin, ca }) {
  const { protocol, hostname: host, port } = new URL(origin);
  const tls = protocol === 'https:' ? await import('node:tls') : null;
  return (onOctets, onError) => {
    const onread = {
      buffer: BUFFER,
      callback(length) {
        onOctets(length);
        return true;
      },
    };
    const options = { host, port: Number(port), noDelay: true, onread };
    const socket = tls === null ? net.connect(options) : tls.connect({ ...options, ca });
    socket.setNoDelay(true);
    socket.on('error', onError);
    socket.on('close', () => onError(new Error('Cannot go on: the server closed the connection')));
    return socket;
  };
}

/** Sends `request` and counts `octets` of response, again and again until stopped. */
function repeat(connect, request, octets, state) {
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
    const socket = connect(onOctets, reject);
    socket.write(request, 'latin1');
  });
}

/** A connection that is used for one request after the other, and lies in `idle` between them. */
class Kept {
  #socket;
  #left = 0;
  #resolve = null;
  #reject = null;

  constructor(connect, idle) {
    const onOctets = (length) => {
      this.#left -= length;
      if (this.#left > 0) return;
      idle.push(this);
      this.#resolve();
    };
    this.#socket = connect(onOctets, (error) => this.#reject(error));
  }

  get(request, octets) {
    return new Promise((resolve, reject) => {
      this.#left = octets;
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(request, 'latin1');
    });
  }

  close() {
    this.#socket.removeAllListeners('close').destroy();
  }
}

export async function open(task) {
  const connect = await connectorTo(task);
  const { host } = new URL(task.origin);
  const head = (method, target, more = '') => `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
  const request = head('GET', '/');
  const idle = [];
  return {
    countsOnly,
    get: (expected) => (idle.pop() ?? new Kept(connect, idle)).get(request, expected.wireOctets),
    drive: (expected, concurrency, tally) =>
      Array.from({ length: concurrency }, () => repeat(connect, request, expected.wireOctets, tally)),
    async download(target, digest, _expected, octets) {
      const { bulkHead } = await import('../responses.mjs');
      const wireOctets = bulkHead(octets).length + octets;
      await repeat(connect, head('GET', target), wireOctets, { done: 0, stopped: true });
      digest.octets = octets;
    },
    upload: (target, piece, count) =>
      upload(connect, head('POST', target, 'Transfer-Encoding: chunked\r\n'), piece, count),
    close() {
      for (const kept of idle) kept.close();
    },
  };
}

/**
 * Sends `count` chunks, each as one prebuilt piece of memory; the number of body octets is the server's to say, and here only
 * that it answered.
 */
function upload(connect, head, piece, count) {
  return new Promise((resolve, reject) => {
    let left = count;
    const chunk = Buffer.concat([
      Buffer.from(`${piece.length.toString(16)}\r\n`, 'latin1'),
      piece,
      Buffer.from('\r\n'),
    ]);
    const go = () => {
      let room = true;
      while (room && left > 0) {
        left--;
        room = socket.write(chunk);
        if (left === 0) socket.write('0\r\n\r\n', 'latin1');
      }
    };
    const onOctets = () => {
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(piece.length * count);
    };
    const socket = connect(onOctets, reject);
    socket.on('drain', go);
    socket.write(head, 'latin1');
    go();
  });
}
