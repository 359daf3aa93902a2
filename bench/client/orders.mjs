/** Orders to the server of the benchmarks: to hold requests back, to answer them, to say how many there are. */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 5;
const POLLS_MAX = 6000;

/** A connection on which the server takes orders. */
export class Orders {
  #socket;
  #text = '';
  #answer = null;

  constructor(origin) {
    const { hostname, port } = new URL(origin);
    this.#socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding('latin1').on('data', (piece) => {
      this.#text += piece;
      const [, length, body] = /Content-Length: (\d+)\r\n\r\n(.*)$/s.exec(this.#text) ?? [];
      if (body === undefined || body.length < Number(length)) return;
      this.#text = '';
      this.#answer(Number(body));
    });
  }

  /** What the server says to one order. */
  give(order) {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.write(`GET /-/${order} HTTP/1.1\r\nHost: orders\r\n\r\n`);
    });
  }

  async waitFor(order, number) {
    for (let polls = 0; (await this.give(order)) !== number; polls++) {
      if (polls === POLLS_MAX) throw new Error(`Cannot go on: "${order}" does not become ${number}`);
      await delay(POLL_MS);
    }
  }

  close() {
    this.#socket.destroy();
  }
}
