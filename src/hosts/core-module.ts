/** A module of the core as `#core-module` gives it on hosts without WebAssembly. */

/** An instance's exports; `buffer` is another one when memory has grown. */
export interface ScriptExports {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** A module as JavaScript: each call makes an instance. `grown` is called whenever its memory has left a buffer for another. */
export type ScriptModule = (grown: (left: ArrayBuffer) => void) => ScriptExports;
