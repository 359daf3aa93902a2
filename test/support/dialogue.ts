/**
 * What a scripted server does on one connection, written as a dialogue:
 * `dialogue().hear().say(answer('one')).hear().fin()`. Each step waits for the one before.
 * Steps that take time exist for the vectors; our own tests open a `Gate` instead of waiting for a clock.
 */
import { createGzip } from 'node:zlib';
import { octetsOf } from './octets.js';
import { ClientGone, type Peer } from './peer.js';

/** Something that has not happened until the test says so. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export type Step = (peer: Peer) => Promise<unknown> | unknown;

/** Most octets `sayForever` offers: a client that takes them all has no limit. */
const FOREVER_OCTETS = 64 * 1024 * 1024;
/** Least octets of one write of `sayForever`. */
const FOREVER_PIECE = 16 * 1024;

export class Dialogue {
  readonly steps: Step[] = [];
  /** Accept the TCP connection and say nothing, not even TLS. */
  silentFromTheStart = false;

  /** Any step, in the test's own words. */
  do(step: Step): this {
    this.steps.push(step);
    return this;
  }

  /** One whole request. */
  hear(): this {
    return this.do((peer) => peer.hear());
  }

  hearHead(): this {
    return this.do((peer) => peer.hearHead());
  }

  /** Octets of a body, without waiting for the rest of it. */
  hearOctets(count: number): this {
    return this.do((peer) => peer.hearOctets(count));
  }

  say(text: string | Uint8Array): this {
    return this.do((peer) => peer.say(text));
  }

  /** One octet after the other, each in a write of its own. */
  sayDripping(text: string | Uint8Array, everyMs: number): this {
    return this.do(async (peer) => {
      for (const octet of octetsOf(text)) {
        await peer.say(Uint8Array.of(octet));
        await pause(everyMs, peer);
      }
    });
  }

  /** The same octets again and again until the client closes (or has taken `FOREVER_OCTETS`). */
  sayForever(text: string | Uint8Array, everyMs = 0): this {
    const once = octetsOf(text);
    const piece = everyMs > 0 ? once : repeated(once, FOREVER_PIECE);
    return this.do(async (peer) => {
      while (peer.clientClosedAt === null && peer.octetsTaken < FOREVER_OCTETS) {
        await peer.say(piece);
        await pause(everyMs, peer);
      }
    });
  }

  /** `octets` zeros through gzip, in chunks (RFC 9112 §7.1), without the last chunk's end when the client closes first. */
  sayZerosInGzip(octets: number): this {
    return this.do(async (peer) => {
      const gzip = createGzip({ level: 9 });
      const zeros = Buffer.alloc(1 << 20);
      const feeding = (async () => {
        for (let left = octets; left > 0 && peer.clientClosedAt === null; left -= zeros.length) {
          const room = gzip.write(left < zeros.length ? zeros.subarray(0, left) : zeros);
          if (!room) await new Promise<void>((resolve) => gzip.once('drain', resolve));
        }
        gzip.end();
      })();
      for await (const part of gzip as AsyncIterable<Buffer>) {
        await peer.say(Buffer.concat([octetsOf(`${part.length.toString(16)}\r\n`), part, octetsOf('\r\n')]));
      }
      await feeding;
      await peer.say('0\r\n\r\n');
    });
  }

  waitMs(ms: number): this {
    return this.do((peer) => pause(ms, peer));
  }

  /** Nothing further until the test opens the gate. */
  until(opened: Gate): this {
    return this.do(() => opened.opened);
  }

  goDeaf(): this {
    return this.do((peer) => peer.goDeaf());
  }

  /** Ends the server's side in order; the client may still speak, and is heard by the steps that follow. */
  fin(): this {
    return this.do((peer) => peer.fin());
  }

  reset(): this {
    return this.do((peer) => peer.reset());
  }

  /** Says nothing for ever. */
  stall(): this {
    return this.do((peer) => peer.closed());
  }

  /** Notes in `peer.closes` how long the client took to close, or `null` if longer than `withinMs`. */
  hearClose(withinMs: number): this {
    return this.do(async (peer) => {
      const from = performance.now();
      await Promise.race([peer.closed(), pause(withinMs, peer)]);
      const { clientClosedAt } = peer;
      peer.closes.push(clientClosedAt === null ? null : Math.max(0, clientClosedAt - from));
    });
  }

  /** The steps of `inner` again and again, until the client closes. */
  loop(inner: Dialogue): this {
    return this.do(async (peer) => {
      for (;;) for (const step of inner.steps) await step(peer);
    });
  }

  /** Accepts and never says a word, on TLS connections not even a handshake. Must come first. */
  acceptOnly(): this {
    this.silentFromTheStart = true;
    return this.stall();
  }
}

export function dialogue(): Dialogue {
  return new Dialogue();
}

/** Answers every request on a connection with the same octets. */
export function always(text: string | Uint8Array): Dialogue {
  return dialogue().loop(dialogue().hear().say(text));
}

/** Runs the steps; what a client's early close breaks off is no error of the script. */
export async function play(script: Dialogue, peer: Peer): Promise<void> {
  try {
    for (const step of script.steps) {
      await step(peer);
      peer.changed();
    }
    peer.finished = true;
  } catch (error) {
    if (!(error instanceof ClientGone)) peer.scriptError = error;
  }
}

/** Waits, at most until the client closes; 0 is one turn of the event loop. */
function pause(ms: number, peer: Peer): Promise<void> {
  if (ms <= 0) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void peer.closed().then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function repeated(once: Buffer, least: number): Buffer {
  const times = Math.max(1, Math.ceil(least / once.length));
  return Buffer.concat(Array.from({ length: times }, () => once));
}
