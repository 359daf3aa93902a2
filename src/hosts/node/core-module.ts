/**
 * Reads and compiles the core's modules from the files beside the package (Node.js; also Deno and Bun through `node:`). A
 * bundle has left those behind: then they are looked for beside the bundle.
 */

/** The file of this module, or of the bundle that it is in. */
const here: string = import.meta.url;
let core: WebAssembly.Module | null = null;
let codings: WebAssembly.Module | null = null;

/** @throws Error, which says what is to be done, where there is no such file; what the host throws for one it cannot read. */
function compiled(file: URL, name: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(process.getBuiltinModule('node:fs').readFileSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const beside = new URL(name, here);
  try {
    return new WebAssembly.Module(process.getBuiltinModule('node:fs').readFileSync(beside));
  } catch (cause) {
    throw new Error(
      `Cannot load the protocol core: there is neither ${file} nor ${beside}; who bundles an application must leave ` +
        `httpx-wasm out of the bundle (external), or copy httpx-wasm/${name} beside it`,
      { cause },
    );
  }
}

/** The compiled core, from its file, once a thread. */
export function coreModule(): WebAssembly.Module {
  core ??= compiled(new URL('../../../wasm/build/core.wasm', import.meta.url), 'core.wasm');
  return core;
}

/** The compiled second module, in the same way; other hosts may answer with a promise of it. */
export function codingsModule(): WebAssembly.Module {
  codings ??= compiled(new URL('../../../wasm/build/codings.wasm', import.meta.url), 'codings.wasm');
  return codings;
}
