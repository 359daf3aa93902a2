/** The core's modules as Cloudflare's runtime imports them: compiled when the worker is deployed, never at run time. */
import codings from '../../../wasm/build/codings.wasm';
import core from '../../../wasm/build/core.wasm';

/** The compiled core. */
export function coreModule(): WebAssembly.Module {
  return core;
}

/** The compiled second module. */
export function codingsModule(): WebAssembly.Module {
  return codings;
}
