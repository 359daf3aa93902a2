/**
 * Bodies on their way to the user: sources of octets, and their content decoding (RFC 9110 §8.4). A source is pulled;
 * nothing here reads ahead of who asks.
 */
import { DECODED_OCTETS_PER_CALL } from '../assembly/abi.js';
import { areLoaded, canDecode, decoderOf, loaded } from './codings.js';
import type { DecodeLimits, Decoder } from './core-decoders.js';
import { DecodingError, StreamClosed } from './exceptions.js';
import { type Flow, isThenable } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';

/** Octets, in order, pulled one piece at a time. Every piece belongs to who takes it. */
export interface ByteSource {
  /** The next piece, never empty; `null` after the last. */
  next(): Flow<Uint8Array<ArrayBuffer> | null>;
  /** A piece that can be had without waiting; `null`: ask `next`. */
  readNow(): Uint8Array<ArrayBuffer> | null;
  /** Large pieces are wanted uncopied from here on. */
  lend(): void;
  /** Fills the reader's own memory, if the source can: how many octets came, 0 at the end. */
  fill: ((view: Uint8Array) => Flow<number>) | null;
  /** Gives up what was not read; idempotent. */
  close(): void;
}

/** Most content codings that one body may have. */
const CODINGS_MAX = 5;

/**
 * Codings of a `Content-Encoding` value that must be undone, in the order they were applied (RFC 9110 §8.4). Unknown
 * codings are passed through, as httpx does.
 * @throws DecodingError if there are more than five.
 */
export function codingsOf(contentEncoding: string): readonly string[] {
  const codings = contentEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity');
  if (applied.length > CODINGS_MAX) {
    throw new DecodingError(
      `Cannot decode the body: ${applied.length} content codings, at most ${CODINGS_MAX} are undone`,
    );
  }
  return applied.filter(canDecode);
}

/** What all stages of a body go by. */
interface Chain {
  readonly limits: DecodeLimits;
  /** Octets of the body as it came that were taken. */
  wireOctets: number;
}

/** One coding undone: a decoder and the piece it is working on. */
class Stage {
  readonly #decoder: Decoder;
  readonly #chain: Chain;
  /** Octets come from another stage. */
  readonly #inner: boolean;
  #made = 0;
  #piece: Uint8Array | null = null;
  #at = 0;
  #more = false;

  constructor(coding: string, chain: Chain, inner: boolean) {
    this.#decoder = decoderOf(coding, chain.limits);
    this.#chain = chain;
    this.#inner = inner;
  }

  give(piece: Uint8Array): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** Decoded octets, or `null` when the piece is used up. */
  take(): Uint8Array<ArrayBuffer> | null {
    for (;;) {
      const piece = this.#piece;
      if (piece === null && !this.#more) return null;
      const { consumed, output, more } = this.#decoder.decode(piece ?? NOTHING, this.#at);
      if (!this.#inner) this.#chain.wireOctets += consumed;
      this.#at += consumed;
      this.#more = more;
      if (piece !== null && this.#at === piece.length) {
        this.#piece = null;
        this.#at = 0;
      }
      if (output !== null) {
        if (this.#inner) this.#count(output.length);
        return output;
      }
    }
  }

  /**
   * A decoder compares what it makes with what it takes. Where that comes from another decoder, the ratio of each could be
   * small and that of both together large: here it is compared with what came over the wire (SECURITY 4.1).
   */
  #count(octets: number): void {
    const { limits, wireOctets } = this.#chain;
    this.#made += octets;
    if (limits.decodedRatio === null || this.#made <= DECODED_OCTETS_PER_CALL) return;
    if (this.#made > limits.decodedRatio * wireOctets) throw this.#decoder.beyondRatio();
  }

  end(): void {
    this.#decoder.end();
  }

  free(): void {
    this.#decoder.free();
  }
}

const NOTHING = new Uint8Array(0);

/** A source whose content codings are undone, last applied first. */
export class DecodedSource implements ByteSource {
  readonly fill = null;
  readonly #inner: ByteSource;
  readonly #codings: readonly string[];
  readonly #chain: Chain;
  /** Made when what they need is loaded. */
  #stages: readonly Stage[] | null = null;
  #done = false;
  /** It was closed before its end. */
  #closed = false;

  constructor(inner: ByteSource, codings: readonly string[], limits: DecodeLimits) {
    this.#inner = inner;
    this.#codings = codings;
    this.#chain = { limits, wireOctets: 0 };
  }

  /** The stages; `null` while what they need is not loaded. */
  #ready(): readonly Stage[] | null {
    if (this.#stages !== null) return this.#stages;
    return areLoaded(this.#codings) ? this.#begin() : null;
  }

  #begin(): readonly Stage[] {
    const stages: Stage[] = [];
    this.#stages = stages;
    for (let i = this.#codings.length - 1; i >= 0; i--) {
      stages.push(new Stage(this.#codings[i] as string, this.#chain, stages.length > 0));
    }
    return stages;
  }

  /** Octets that the stages from `index` on still hold, or `null`. */
  #drain(stages: readonly Stage[], index: number): Uint8Array<ArrayBuffer> | null {
    const stage = stages[index] as Stage;
    for (;;) {
      if (index + 1 < stages.length) {
        const later = this.#drain(stages, index + 1);
        if (later !== null) return later;
      }
      const output = stage.take();
      if (output === null) return null;
      if (index + 1 === stages.length) return output;
      (stages[index + 1] as Stage).give(output);
    }
  }

  /** @throws DecodingError */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    if (this.#done) return null;
    return this.#guarded(() => {
      const stages = this.#ready();
      if (stages === null) return null;
      for (;;) {
        const output = this.#drain(stages, 0);
        if (output !== null) return output;
        const piece = this.#inner.readNow();
        if (piece === null) return null;
        (stages[0] as Stage).give(piece);
      }
    });
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      const output = this.readNow();
      if (output !== null) return output;
      if (this.#closed) throw new StreamClosed();
      if (this.#done) return null;
      try {
        const stages = this.#ready();
        if (stages === null) {
          yield loaded(this.#codings);
          continue;
        }
        const piece = yield* this.#inner.next();
        if (piece !== null) {
          (stages[0] as Stage).give(piece);
          continue;
        }
        for (const stage of stages) stage.end();
      } catch (error) {
        this.close();
        throw error;
      }
      this.#free();
      return null;
    }
  }

  lend(): void {
    this.#inner.lend();
  }

  close(): void {
    if (!this.#done) this.#closed = true;
    this.#free();
    this.#inner.close();
  }

  #free(): void {
    if (this.#done) return;
    this.#done = true;
    for (const stage of this.#stages ?? []) stage.free();
  }
}

/** A source over octets that are all there. */
export class OctetsSource implements ByteSource {
  readonly fill = null;
  #octets: Uint8Array<ArrayBuffer> | null;

  constructor(octets: Uint8Array<ArrayBuffer>) {
    this.#octets = octets.length === 0 ? null : octets;
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    const octets = this.#octets;
    this.#octets = null;
    return octets;
  }

  // biome-ignore lint/correctness/useYield: a source that never waits
  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    return this.readNow();
  }

  lend(): void {}

  close(): void {
    this.#octets = null;
  }
}

/** A body that the user gave, as a source: for responses made by hand. */
export class BodySource implements ByteSource {
  readonly fill = null;
  /** Octets that were read. */
  octets = 0;
  readonly #open: () => PieceReader;
  readonly #closer: (() => void) | null;
  #reader: PieceReader | null = null;
  #ended = false;
  #closed = false;
  #failure: { readonly reason: unknown } | null = null;
  /** Ends the wait for a piece. */
  #giveUp: ((reason: unknown) => void) | null = null;

  /** `closer`: called once, when nobody reads on. */
  constructor(body: { open(): PieceReader }, closer: (() => void) | null) {
    this.#open = () => body.open();
    this.#closer = closer;
  }

  readNow(): null {
    return null;
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    if (this.#failure !== null) throw this.#failure.reason;
    if (this.#closed) throw new StreamClosed();
    this.#reader ??= this.#open();
    const given = this.#reader.next();
    const piece = (isThenable(given) ? yield this.#unlessFailed(given) : given) as Uint8Array<ArrayBuffer> | null;
    if (piece !== null) this.octets += piece.length;
    else if (!this.#ended) {
      this.#ended = true;
      this.#closer?.();
    }
    return piece;
  }

  #unlessFailed(piece: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      piece.then(resolve, reject);
    });
  }

  /** All of it was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whoever reads it, or will, gets `reason`; its own source is told. */
  fail(reason: unknown): void {
    if (this.#ended || this.#closed) return;
    this.#failure = { reason };
    this.#giveUp?.(reason);
    this.close();
  }

  lend(): void {}

  close(): void {
    if (this.#ended || this.#closed) return;
    this.#closed = true;
    this.#reader ??= this.#open();
    this.#reader.cancel(new StreamClosed());
    this.#closer?.();
  }
}

/** What `BodySource` needs of a body's reader. */
interface PieceReader {
  next(): MaybePromise<Uint8Array | null>;
  cancel(reason: unknown): void;
}
