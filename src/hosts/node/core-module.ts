/** Reads and compiles the core's modules from the files beside the package (Node.js; also Deno and Bun through `node:`). */
import { readFileSync } from 'node:fs';

let core: WebAssembly.Module | null = null;
let codings: WebAssembly.Module | null = null;

/** The compiled core, from its file, once a thread. */
export function coreModule(): WebAssembly.Module {
  core ??= new WebAssembly.Module(readFileSync(new URL('../../../wasm/build/core.wasm', import.meta.url)));
  return core;
}

/** The compiled second module, in the same way; other hosts may answer with a promise of it. */
export function codingsModule(): WebAssembly.Module {
  codings ??= new WebAssembly.Module(readFileSync(new URL('../../../wasm/build/codings.wasm', import.meta.url)));
  return codings;
}
