/**
 * The floor of HTTP/2: one TLS socket with `onread` into one buffer, a prebuilt HEADERS frame for each request, windows that
 * need no care, and a walk over frame heads. It decodes nothing and checks nothing but that each stream ended.
 */
import tls from 'node:tls';
import * as h2 from '../frames.mjs';

const BUFFER = Buffer.allocUnsafeSlow(65536);
const WINDOW_MAX = 2147483647;

class Connection {
  #socket;
  #request;
  #stream = 1;
  #ended = 0;
  #out = [];
  onEnd = () => {};

  constructor({ origin, ca }) {
    const { hostname: host, port } = new URL(origin);
    const frames = new h2.Frames((...frame) => this.#take(...frame));
    const callback = (length, buffer) => {
      frames.push(buffer.subarray(0, length));
      for (; this.#ended > 0; this.#ended--) this.onEnd();
      this.#flush();
      return true;
    };
    this.#socket = tls.connect({ host, port, ca, ALPNProtocols: ['h2'], onread: { buffer: BUFFER, callback } });
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => {
      throw error;
    });
    const authority = `${host}:${port}`;
    this.#request = h2.frame(
      h2.HEADERS,
      h2.END_HEADERS | h2.END_STREAM,
      0,
      Buffer.concat([
        Buffer.from([0x82, 0x87, 0x84]), // :method GET, :scheme https, :path /
        h2.blockOf([
          [':authority', authority],
          ['user-agent', 'raw'],
          ['accept', '*/*'],
        ]),
      ]),
    );
    this.#out.push(h2.PREFACE, h2.settings([h2.SETTING_INITIAL_WINDOW_SIZE, WINDOW_MAX]));
    this.#out.push(h2.windowUpdate(0, WINDOW_MAX - h2.WINDOW_OCTETS));
  }

  request() {
    const request = Buffer.from(this.#request);
    h2.setStream(request, 0, this.#stream);
    this.#stream += 2;
    this.#out.push(request);
  }

  begin() {
    this.#flush();
  }

  close() {
    this.#socket.removeAllListeners().destroy();
  }

  #flush() {
    if (this.#out.length > 0) this.#socket.write(this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out));
    this.#out = [];
  }

  #received = 0;

  #take(type, flags, stream, length) {
    if (type === h2.SETTINGS && (flags & h2.ACK) === 0) this.#out.push(h2.frame(h2.SETTINGS, h2.ACK, 0));
    else if (type === h2.GOAWAY) throw new Error('Cannot go on: the server said GOAWAY');
    else if (type === h2.DATA) {
      if ((flags & h2.END_STREAM) !== 0) this.#ended++;
      this.#received += length;
      if (this.#received < WINDOW_MAX / 4) return;
      // The connection's window, and that of a stream that is as large.
      this.#out.push(h2.windowUpdate(0, this.#received));
      if ((flags & h2.END_STREAM) === 0) this.#out.push(h2.windowUpdate(stream, this.#received));
      this.#received = 0;
    }
  }
}

export async function open(task) {
  let connection = null;
  return {
    countsOnly: true,
    drive(_expected, concurrency, state) {
      connection = new Connection(task);
      const finished = new Promise((resolve) => {
        let open = concurrency;
        connection.onEnd = () => {
          state.done++;
          if (!state.stopped) connection.request();
          else if (--open === 0) resolve();
        };
      });
      for (let index = 0; index < concurrency; index++) connection.request();
      connection.begin();
      return [finished];
    },
    download(_target, digest, _expected, octets) {
      connection ??= new Connection(task);
      return new Promise((resolve) => {
        connection.onEnd = () => {
          digest.octets = octets;
          resolve();
        };
        connection.request();
        connection.begin();
      });
    },
    close() {
      connection?.close();
    },
  };
}
