// The host's side of `interface transport` on Node.js: connections by their numbers. Its functions are asynchronous; jco
// suspends the component meanwhile. What they throw is a sentence, which becomes the `err` of the result.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** Octets that a connection holds for one that does not read; the peer is made to wait at that. */
const HELD_OCTETS = 65536;

const NOTHING = new Uint8Array(0);

const sentence = ({ code, message }) => message || code;

/** One connection: what came waits here until it is read. */
class Connection {
  #socket;
  #ended = false;
  #error = null;
  #changed = () => {};

  constructor(host, port) {
    this.#socket = connect({ host, port, noDelay: true, highWaterMark: HELD_OCTETS, allowHalfOpen: true });
    const tell = () => this.#changed();
    for (const event of ['connect', 'readable', 'drain', 'close']) this.#socket.on(event, tell);
    this.#socket.on('end', () => {
      this.#ended = true;
      tell();
    });
    this.#socket.on('error', (error) => {
      this.#error = error;
      tell();
    });
  }

  /** Waits until `found` finds something, or the time is up: what it found, then or at last. */
  async #within(timeoutMs, found) {
    const until = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    for (let value = found(); ; value = found()) {
      const leftMs = until - performance.now();
      if (value !== null || leftMs <= 0) return value;
      let timer;
      await new Promise((resolve) => {
        this.#changed = resolve;
        if (leftMs < Infinity) timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
  }

  #check() {
    if (this.#error !== null) throw sentence(this.#error);
  }

  /** Whether it is connected in time. */
  async isConnected(timeoutMs) {
    const connected = await this.#within(timeoutMs, () => {
      this.#check();
      return this.#socket.connecting ? null : true;
    });
    if (connected === null) this.close();
    return connected !== null;
  }

  async read(timeoutMs) {
    const read = await this.#within(timeoutMs, () => {
      const octets = this.#socket.read();
      if (octets !== null) return [octets, false];
      this.#check();
      return this.#ended || this.#socket.destroyed ? [NOTHING, true] : null;
    });
    return read ?? [NOTHING, false];
  }

  async write(octets, timeoutMs) {
    const isReady = await this.#within(timeoutMs, () => {
      this.#check();
      if (this.#socket.destroyed) throw 'the connection is closed';
      return this.#socket.writableNeedDrain ? null : true;
    });
    if (isReady === null) return 0;
    // What is written may leave later than this call, whose octets are the component's.
    this.#socket.write(octets.slice());
    return octets.length;
  }

  close() {
    this.#socket.destroy();
  }
}

/** The interface, with connections of its own; `close` of what it answers closes them all. */
export function connections() {
  const all = new Map();
  let numbers = 0;
  const of = (number) => {
    const found = all.get(number);
    if (found === undefined) throw `there is no connection ${number}`;
    return found;
  };
  const transport = {
    async connect(host, port, timeoutMs) {
      const connection = new Connection(host, port);
      if (!(await connection.isConnected(timeoutMs))) return 0;
      all.set(++numbers, connection);
      return numbers;
    },
    read: async (number, timeoutMs) => of(number).read(timeoutMs),
    write: async (number, octets, timeoutMs) => of(number).write(octets, timeoutMs),
    close(number) {
      all.get(number)?.close();
      all.delete(number);
    },
    now: () => BigInt(Date.now()),
    random: (octets) => new Uint8Array(randomBytes(octets)),
  };
  return { transport, close: () => [...all.keys()].forEach(transport.close) };
}
