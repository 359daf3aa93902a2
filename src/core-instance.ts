/**
 * The WebAssembly boundary: instances of the core's two modules, their memory and their traps. With the
 * other files core-….ts, which use them, the only ones of the client that know offsets into it.
 *
 * - The first module (connections; gzip, deflate) has one instance in each thread, made at first use and kept.
 * - The second (brotli, zstd, whose windows are large) is compiled at first use, and lives in instances that last as long as
 *   their streams. Linear memory never shrinks: an instance that no stream uses is dropped, and the collector gives its
 *   memory back. One that has stayed small is taken up again while it is still there, since making one costs 0.1 ms.
 *
 * A host without WebAssembly gives both as JavaScript (wasm/script.mjs), whose memory does not leave its old views empty when
 * it grows: an instance is told.
 *
 * Invariants: every view of linear memory is made anew after growth. A trap is our bug: the instance is discarded, those
 * that it served fail with a named error, and a new instance serves what comes next.
 */
import { codingsModule, coreModule } from '#core-module';
import * as abi from '../assembly/abi.js';
import type { HeadLimits } from './core.js';
import { LoadError, ProtocolError } from './exceptions.js';
import { isThenable } from './flow.js';
import type { ScriptModule } from './hosts/core-module.js';

/** What instances are made of. */
type CoreModule = WebAssembly.Module | ScriptModule;

/** What both modules export. */
export interface DecoderExports {
  readonly memory: WebAssembly.Memory;
  inputOffset(): number;
  eventsOffset(): number;
  liveOctets(): number;
  /** `windowOctets`: for the second module. */
  decoderCreate(coding: number, decodedOctets: number, decodedRatio: number, windowOctets: number): number;
  decoderDecode(handle: number, from: number, to: number): number;
  decoderEnd(handle: number): number;
  decoderFree(handle: number): void;
}

/** What the first module exports. */
export interface CoreExports extends DecoderExports {
  connectionCreate(protocol: number, role: number, headOctets: number, fields: number, interim: number): number;
  connectionOpen(handle: number, open: number, from?: number, to?: number): number;
  connectionSend(handle: number, stream: number, octets: number): number;
  connectionEnd(handle: number, stream: number, from?: number, to?: number): number;
  connectionReceive(handle: number, from: number, to: number): number;
  connectionReceiveAt(handle: number, from: number, to: number, nowMs: number): number;
  connectionPassed(handle: number, unused: number): number;
  connectionReceiveEnd(handle: number, unused: number): number;
  connectionRelease(handle: number, stream: number, octets: number): number;
  connectionCancel(handle: number, stream: number): number;
  connectionGoAway(handle: number): number;
  connectionTakeOutput(handle: number): number;
  connectionWant(handle: number, stream: number): number;
  connectionCanOpen(handle: number, unused: number): number;
  connectionPlacesFree(handle: number): number;
  connectionCanConnectProtocol(handle: number): number;
  connectionCloseReason(handle: number): number;
  connectionFree(handle: number): number;
  hpackDecoderCreate(tableOctets: number, listOctets: number, fields: number): number;
  hpackDecoderAllow(handle: number, tableOctets: number): void;
  hpackDecode(handle: number, from: number, to: number): number;
  hpackDecoderFree(handle: number): void;
  hpackEncoderCreate(tableOctets: number): number;
  hpackEncoderAllow(handle: number, tableOctets: number): void;
  hpackEncode(handle: number, count: number, octets: number): number;
  hpackEncoderFree(handle: number): void;
}

/** One instance of a module, and the views of its memory. */
export abstract class Instance<E extends DecoderExports> {
  readonly exports: E;
  readonly input: number;
  readonly events: number;
  octets: Uint8Array = new Uint8Array(0);
  words: Uint32Array = new Uint32Array(0);
  broken: Error | null = null;

  constructor(module: CoreModule) {
    const isScript = typeof module === 'function';
    const exports = isScript ? module(() => this.#makeViews()) : new WebAssembly.Instance(module, {}).exports;
    this.exports = exports as unknown as E;
    this.input = this.exports.inputOffset();
    this.events = this.exports.eventsOffset() >>> 2;
    this.#makeViews();
  }

  /** Makes the views anew if memory has grown. */
  refresh(): void {
    if (this.octets.length === 0) this.#makeViews();
  }

  #makeViews(): void {
    this.octets = new Uint8Array(this.exports.memory.buffer);
    this.words = new Uint32Array(this.exports.memory.buffer);
  }

  /** After a trap: the instance is not used again; those that it served are told, outside of what is going on now. */
  discard(error: unknown): Error {
    if (this.broken === null) {
      this.broken = new Error('The protocol core failed', { cause: error });
      this.onDiscard(this.broken);
    }
    return this.broken;
  }

  protected abstract onDiscard(broken: Error): void;

  /** Calls the core outside of reading. @throws ProtocolError on a trap. */
  guarded<T>(work: (exports: E) => T): T {
    try {
      return work(this.exports);
    } catch (error) {
      throw coreFailure('Cannot use the protocol core', this.discard(error));
    }
  }

  record(word: number, index: number): number {
    return this.words[this.events + word * 8 + index] as number;
  }
}

/** A trap, which is our fault and neither the peer's nor the caller's. */
export function coreFailure(action: string, cause: unknown): ProtocolError {
  return new ProtocolError(`${action}: the protocol core failed, which is a bug in httpx-wasm`, { cause });
}

/** What a host could not give, for whatever reason. */
function loadFailure(what: string, cause: unknown): LoadError {
  return new LoadError(`Cannot load ${what}: ${(cause as Error | null)?.message ?? cause}`, { cause });
}

// ── the first module ──

/** Who is told when the core fails. */
interface Told {
  onCoreFailed(error: Error): void;
}

/** An instance of the first module. */
export class Core extends Instance<CoreExports> {
  /** Those to tell when it fails. */
  readonly connections: Set<Told> = new Set();

  /**
   * The handle of a new connection that speaks `protocol` (PROTOCOL_* of the ABI) as a client.
   * @throws RangeError if the core has no memory left; ProtocolError on a trap
   */
  createConnection(protocol: number, { headOctets, fields, interim }: HeadLimits, told: Told): number {
    const handle = this.guarded((exports) =>
      exports.connectionCreate(protocol, abi.ROLE_CLIENT, headOctets, fields, interim),
    );
    if (handle === 0) throw new RangeError('Cannot open a connection: the protocol core has no memory left');
    this.connections.add(told);
    this.refresh();
    return handle;
  }

  protected override onDiscard(broken: Error): void {
    if (current === this) current = null;
    const told = [...this.connections];
    this.connections.clear();
    queueMicrotask(() => {
      for (const connection of told) connection.onCoreFailed(broken);
    });
  }
}

let current: Core | null = null;

/** The thread's instance of the first module. @throws LoadError where the host cannot give the module */
export function core(): Core {
  if (current === null) current = new Core(firstModule());
  return current;
}

function firstModule(): CoreModule {
  try {
    return coreModule();
  } catch (cause) {
    throw loadFailure('the protocol core', cause);
  }
}

/** @internal Octets that the first module has allocated and not freed; 0 before its first use. */
export function liveOctets(): number {
  return current === null ? 0 : current.exports.liveOctets();
}

// ── the second module ──

/**
 * Each stream has an instance to itself as long as there are so many at the most: its memory then grows in place, and goes
 * when the stream ends. Hosts allow some thousands of instances in all.
 */
const UNSHARED_MAX = 64;
/** Most streams that share an instance beyond that: with usual windows they cannot use up what its memory may grow to. */
const STREAMS_MAX = 16;
/** An instance whose memory is larger than this is shared no further, and not used again. */
const REUSED_OCTETS_MAX = 8 * 1024 * 1024;
/** Most instances that may be used again. */
const RESTING_MAX = 16;

/** An instance of the second module. */
export class Codings extends Instance<DecoderExports> {
  streams = 0;
  /** How many streams it serves at the most, at a time. */
  streamsMax: number = STREAMS_MAX;
  readonly #reference: WeakRef<Codings> = new WeakRef(this);

  get isSmall(): boolean {
    return this.exports.memory.buffer.byteLength <= REUSED_OCTETS_MAX;
  }

  /** One stream fewer. */
  giveBack(): void {
    this.streams--;
    if (this.streams > 0 || !inUse.delete(this)) return;
    if (this.isSmall && resting.length < RESTING_MAX) resting.push(this.#reference);
  }

  protected override onDiscard(): void {
    inUse.delete(this);
  }
}

/** Instances that serve streams now, oldest first. */
const inUse = new Set<Codings>();
/** Instances that none uses, for as long as the collector leaves them. */
const resting: WeakRef<Codings>[] = [];
const SECOND_MODULE = 'the second module of the protocol core (brotli, zstd)';
let module: CoreModule | null = null;
let loading: PromiseLike<void> | null = null;

/**
 * Makes the second module ready: `null`, it is; a promise on hosts that compile asynchronously.
 * @throws (or rejects with) LoadError where the host cannot give it
 */
export function loadCodings(): PromiseLike<void> | null {
  if (module !== null) return null;
  if (loading !== null) return loading;
  const given = secondModule();
  if (!isThenable(given)) {
    module = given;
    return null;
  }
  loading = (given as PromiseLike<CoreModule>).then(
    (compiled) => {
      module = compiled;
      loading = null;
    },
    (cause) => {
      loading = null;
      throw loadFailure(SECOND_MODULE, cause);
    },
  );
  // Who waits is told of a failure; perhaps nobody does.
  loading.then(undefined, () => {});
  return loading;
}

function secondModule(): CoreModule | PromiseLike<CoreModule> {
  try {
    return codingsModule();
  } catch (cause) {
    throw loadFailure(SECOND_MODULE, cause);
  }
}

/** One that rests, or else one that is shared, when there are many. */
function findCodings(alone: boolean): Codings | null {
  for (let reference = resting.pop(); reference !== undefined; reference = resting.pop()) {
    const instance = reference.deref();
    if (instance !== undefined) return instance;
  }
  if (alone || inUse.size < UNSHARED_MAX) return null;
  for (const each of inUse) if (each.streams < each.streamsMax && each.isSmall) return each;
  return null;
}

/**
 * An instance of the second module, for one stream, which gives it back; `alone`: it is never shared.
 * @throws Error while the module is not loaded; RangeError if the host allows no further instance.
 */
export function borrowCodings(alone: boolean): Codings {
  if (module === null) throw new Error('The second module of the core is not loaded');
  const instance = findCodings(alone) ?? new Codings(module);
  if (instance.streams === 0) instance.streamsMax = alone ? 1 : STREAMS_MAX;
  instance.streams++;
  inUse.add(instance);
  return instance;
}

/** @internal What the second module holds: instances in use, their streams, octets of their memory. */
export function codingsInUse(): { readonly instances: number; readonly streams: number; readonly octets: number } {
  let streams = 0;
  let octets = 0;
  for (const each of inUse) {
    streams += each.streams;
    octets += each.exports.memory.buffer.byteLength;
  }
  return { instances: inUse.size, streams, octets };
}
