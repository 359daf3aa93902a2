/**
 * The core's modules as JavaScript, for hosts without WebAssembly: made of the build without SIMD by wasm/script.mjs. Taken
 * under the condition `no-wasm`. The second module is loaded when brotli or zstd first comes.
 */
import { instantiate as core } from '../../../wasm/build/core.script.js';
import type { ScriptModule } from '../core-module.js';

let codings: ScriptModule | null = null;

/** The core, to be called for an instance. */
export function coreModule(): ScriptModule {
  return core;
}

/** The second module, in the same way. */
export function codingsModule(): ScriptModule | Promise<ScriptModule> {
  return codings ?? loadCodings();
}

async function loadCodings(): Promise<ScriptModule> {
  codings = (await import('../../../wasm/build/codings.script.js')).instantiate;
  return codings;
}
