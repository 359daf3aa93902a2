/**
 * A peer that sends as much as our windows let it (RFC 9113 §5.2.1, §6.9.2), wherever it wants to: it counts them from the frames
 * that it hears, and acknowledges SETTINGS if it is to.
 */
import type { WrittenFrame } from './http2-driver.js';
import * as f from './http2-frames.js';

const FIRST_WINDOW = 65535;
const CONTENT = Buffer.alloc(16384, 'x');

/** The windows of one connection, as the peer has them. */
export class GreedyPeer {
  acknowledges = true;
  /** Octets of content that were sent. */
  sent = 0;
  readonly #windows = new Map<number, number>();
  #connection = FIRST_WINDOW;
  #initial = FIRST_WINDOW;
  #heard = 0;

  /** Hears frames of which those before were heard already, and answers them. */
  hear(frames: readonly Pick<WrittenFrame, 'type' | 'flags' | 'stream' | 'payload'>[]): Buffer {
    const answers: Buffer[] = [];
    for (const { type, flags, stream, payload } of frames.slice(this.#heard)) {
      if (type === f.TYPE.headers) this.#windows.set(stream, this.#initial);
      else if (type === f.TYPE.rstStream) this.#windows.delete(stream);
      else if (type === f.TYPE.windowUpdate) this.#widen(stream, Number.parseInt(payload, 16));
      else if (type === f.TYPE.settings && (flags & f.ACK) === 0 && this.acknowledges) {
        this.#set(payload);
        answers.push(f.settingsAck());
      }
    }
    this.#heard = frames.length;
    return Buffer.concat(answers);
  }

  /** DATA for the streams in their order, as much as the windows let go, and no more than `octets`. */
  say(streams: Iterable<number>, octets = Number.POSITIVE_INFINITY): Buffer {
    const frames: Buffer[] = [];
    let left = octets;
    for (const stream of streams) {
      for (let now = this.#share(stream, left); now > 0; now = this.#share(stream, left)) {
        frames.push(f.data(stream, CONTENT.subarray(0, now)));
        this.#windows.set(stream, (this.#windows.get(stream) ?? 0) - now);
        this.#connection -= now;
        this.sent += now;
        left -= now;
      }
    }
    return Buffer.concat(frames);
  }

  #share(stream: number, left: number): number {
    return Math.min(left, this.#connection, this.#windows.get(stream) ?? 0, CONTENT.length);
  }

  #widen(stream: number, increment: number): void {
    if (stream === 0) this.#connection += increment;
    else if (this.#windows.has(stream)) this.#windows.set(stream, (this.#windows.get(stream) ?? 0) + increment);
  }

  #set(payload: string): void {
    for (const [, id, value] of payload.matchAll(/(.{4})(.{8})/g)) {
      if (Number.parseInt(id as string, 16) !== f.SETTING.initialWindowSize) continue;
      const by = Number.parseInt(value as string, 16) - this.#initial;
      this.#initial += by;
      for (const [stream, window] of this.#windows) this.#windows.set(stream, window + by);
    }
  }
}
