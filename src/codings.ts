/**
 * Content codings as bodies know them (RFC 9110 §8.4.1): which can be undone, and who undoes them. The decoders are the
 * core's, decoding.ts: clients over sockets bring them along, as a late part, so that they are there at once. A client that has
 * nothing but the host's fetch, which decodes itself, does not: there they are loaded when a body first needs them.
 */
import type { DecodeLimits, Decoder } from './core-decoders.js';
import { isThenable } from './flow.js';
import type { Late } from './late.js';

/** Makes decoders, and decodes what is all there. */
export interface Decoders {
  /** Whether decoders of these codings can be made now; if not, what they need begins to load. @throws LoadError */
  areLoaded(codings: readonly string[]): boolean;
  /** Waits for what these codings need. Rejects with a LoadError. */
  loaded(codings: readonly string[]): Promise<void>;
  /** @throws DecodingError where there is no memory; Error for a coding that is unknown or was not loaded */
  decoderOf(coding: string, limits: DecodeLimits): Decoder;
  /** @throws DecodingError */
  wholeOf(coding: string, octets: Uint8Array, limits: DecodeLimits): Uint8Array<ArrayBuffer>;
}

/** Names, in lower case, of the content codings of HTTP that can be undone. */
const CODINGS: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);
type Part = { readonly coreDecoders: Decoders };
let part: Late<Part> | null = null;
let decoders: Decoders | null = null;

/** From now on there are decoders, with the first body that needs them. */
export function bringDecoders(brought: Late<Part>): void {
  part = brought;
}

/** The decoders, if they are loaded or can be at once; if not, they begin to. */
function atHand(): Decoders | null {
  if (decoders !== null || part === null) return decoders;
  const given = part.load();
  // Who waits is told of a failure.
  if (isThenable(given)) given.then(undefined, () => {});
  else decoders = given.coreDecoders;
  return decoders;
}

/** Whether a content coding (lower case) can be undone. */
export function canDecode(coding: string): boolean {
  return CODINGS.has(coding);
}

/** Whether decoders of these codings can be made now; if not, `loaded` waits for them. */
export function areLoaded(codings: readonly string[]): boolean {
  return codings.length === 0 || atHand()?.areLoaded(codings) === true;
}

/** Waits for what these codings need. Rejects with a LoadError; with what the host says where it cannot load a chunk. */
export async function loaded(codings: readonly string[]): Promise<void> {
  decoders ??= (await (part?.load() ?? import('./decoding.js'))).coreDecoders;
  await decoders.loaded(codings);
}

function known(): Decoders {
  const known = atHand();
  if (known === null) throw new Error('Cannot decode the body: its decoders are not loaded');
  return known;
}

/** As `Decoders` has it, once the coding is loaded. */
export function decoderOf(coding: string, limits: DecodeLimits): Decoder {
  return known().decoderOf(coding, limits);
}

/** As `Decoders` has it, once the coding is loaded. */
export function wholeOf(coding: string, octets: Uint8Array, limits: DecodeLimits): Uint8Array<ArrayBuffer> {
  return known().wholeOf(coding, octets, limits);
}
