/**
 * What a scripted server does on one connection, written as a dialogue:
 * `dialogue().hear().say(answer('one')).hear().fin()`. Each step waits for the one before.
 * A dialogue is data, since it is played in another thread (play.ts). Steps that take time exist for the vectors; our own
 * tests open a `Gate` instead of waiting for a clock.
 */
import type { Gate, GateCell } from './gate.js';

export { type Gate, gate } from './gate.js';

/** A string stands for its Latin-1 octets. */
export type Said = string | Uint8Array;

/** One step: its name and what it needs, all of which can be cloned. */
export type Step =
  | { readonly name: 'hear' | 'hearHead' | 'hearEnd' | 'sayTarget' | 'goDeaf' | 'hearAgain' | 'fin' | 'reset' }
  | { readonly name: 'hearOctets' | 'hearInAll'; readonly count: number }
  | { readonly name: 'hearClose'; readonly withinMs: number }
  | { readonly name: 'join'; readonly port: number }
  | { readonly name: 'say'; readonly said: Said }
  | { readonly name: 'sayDripping' | 'sayForever'; readonly said: Said; readonly everyMs: number }
  | { readonly name: 'sayZerosInGzip'; readonly octets: number }
  | { readonly name: 'wait'; readonly ms: number }
  | { readonly name: 'until' | 'open'; readonly cell: GateCell }
  | { readonly name: 'loop'; readonly steps: readonly Step[] };

/** What of a dialogue crosses to the server's thread. */
export interface Script {
  readonly steps: readonly Step[];
  /** Accept the TCP connection and say nothing, not even TLS. */
  readonly silentFromTheStart: boolean;
}

export class Dialogue {
  readonly #steps: Step[] = [];
  #silentFromTheStart = false;

  get script(): Script {
    return { steps: this.#steps, silentFromTheStart: this.#silentFromTheStart };
  }

  #then(step: Step): this {
    this.#steps.push(step);
    return this;
  }

  /** One whole request. */
  hear(): this {
    return this.#then({ name: 'hear' });
  }

  hearHead(): this {
    return this.#then({ name: 'hearHead' });
  }

  /** Octets of a body, without waiting for the rest of it. */
  hearOctets(count: number): this {
    return this.#then({ name: 'hearOctets', count });
  }

  /** Until `count` octets have come on this connection, those counted that earlier steps heard. */
  hearInAll(count: number): this {
    return this.#then({ name: 'hearInAll', count });
  }

  /** Until the client has ended its side. */
  hearEnd(): this {
    return this.#then({ name: 'hearEnd' });
  }

  say(said: Said): this {
    return this.#then({ name: 'say', said });
  }

  /** Answers the request heard last with its target. */
  sayTarget(): this {
    return this.#then({ name: 'sayTarget' });
  }

  /** One octet after the other, each in a write of its own. */
  sayDripping(said: Said, everyMs: number): this {
    return this.#then({ name: 'sayDripping', said, everyMs });
  }

  /** The same octets again and again until the client closes (or has taken `FOREVER_OCTETS` of play.ts). */
  sayForever(said: Said, everyMs = 0): this {
    return this.#then({ name: 'sayForever', said, everyMs });
  }

  /** `octets` zeros through gzip, in chunks (RFC 9112 §7.1), without the last chunk's end when the client closes first. */
  sayZerosInGzip(octets: number): this {
    return this.#then({ name: 'sayZerosInGzip', octets });
  }

  waitMs(ms: number): this {
    return this.#then({ name: 'wait', ms });
  }

  /** Nothing further until the test opens the gate. */
  until(opened: Gate): this {
    return this.#then({ name: 'until', cell: opened.cell });
  }

  /** Tells the test that the dialogue has come this far. */
  open(reached: Gate): this {
    return this.#then({ name: 'open', cell: reached.cell });
  }

  /** Reads no more: what the client sends stays in the kernel's buffers. */
  goDeaf(): this {
    return this.#then({ name: 'goDeaf' });
  }

  hearAgain(): this {
    return this.#then({ name: 'hearAgain' });
  }

  /** Ends the server's side in order; the client may still speak, and is heard by the steps that follow. */
  fin(): this {
    return this.#then({ name: 'fin' });
  }

  reset(): this {
    return this.#then({ name: 'reset' });
  }

  /** Says nothing for ever. */
  stall(): this {
    return this.hearEnd();
  }

  /** Notes in `peer.closes` how long the client took to close, or `null` if longer than `withinMs`. */
  hearClose(withinMs: number): this {
    return this.#then({ name: 'hearClose', withinMs });
  }

  /** From here on a proxy: octets go both ways between the client and whoever listens at `port`, until one of them closes. */
  join(port: number): this {
    return this.#then({ name: 'join', port });
  }

  /** The steps of `inner` again and again, until the client closes. */
  loop(inner: Dialogue): this {
    return this.#then({ name: 'loop', steps: inner.script.steps });
  }

  /** Accepts and never says a word, on TLS connections not even a handshake. Must come first. */
  acceptOnly(): this {
    this.#silentFromTheStart = true;
    return this.stall();
  }
}

export function dialogue(): Dialogue {
  return new Dialogue();
}

/** Answers every request on a connection with the same octets. */
export function always(said: Said): Dialogue {
  return dialogue().loop(dialogue().hear().say(said));
}
