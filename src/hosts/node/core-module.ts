/** Reads and compiles the core from the file beside the package (Node.js; also Deno and Bun through `node:`). */
import { readFileSync } from 'node:fs';

let compiled: WebAssembly.Module | null = null;

/** The compiled core, from its file, once a thread. */
export function coreModule(): WebAssembly.Module {
  if (compiled === null) {
    compiled = new WebAssembly.Module(readFileSync(new URL('../../../wasm/build/core.wasm', import.meta.url)));
  }
  return compiled;
}
