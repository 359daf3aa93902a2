/**
 * Reads and compiles the core's modules from the files beside the package (Node.js; also Deno and Bun through `node:`). A
 * bundle has left those behind: then they are looked for beside the bundle.
 */

/** The file of this module, or of the bundle that it is in: in one of CommonJS, bundlers leave `import.meta` empty. */
const here = (): string => import.meta.url ?? urlOf(__filename);
const urlOf = (path: string): string => process.getBuiltinModule('node:url').pathToFileURL(path).href;
let core: WebAssembly.Module | null = null;
let codings: WebAssembly.Module | null = null;

/**
 * @param file where the package has it; `null` in a bundle of CommonJS, which no longer knows where that was
 * @throws Error, which says what is to be done where there is no such file, and which one cannot be read or compiled.
 */
function compiled(file: URL | null, name: string): WebAssembly.Module {
  const places = file === null ? [] : [file.href];
  places.push(new URL(name, here()).href);
  // Beside the program, too: a bundler may have written into the bundle where this module was.
  const program = process.argv[1];
  if (program !== undefined) places.push(new URL(name, urlOf(program)).href);
  let cause: unknown;
  for (const place of places) {
    try {
      return new WebAssembly.Module(process.getBuiltinModule('node:fs').readFileSync(new URL(place)));
    } catch (error) {
      cause = error;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new Error(`${place} cannot be used: ${(error as Error).message}`, { cause });
    }
  }
  throw new Error(
    `there is none of ${[...new Set(places)].join(', ')}; who bundles an application must ` +
      `leave httpx-wasm out of the bundle (external), or copy httpx-wasm/${name} beside it`,
    { cause },
  );
}

const knows = (): boolean => import.meta.url !== undefined;

/** The compiled core, from its file, once a thread. */
export function coreModule(): WebAssembly.Module {
  core ??= compiled(knows() ? new URL('../../../wasm/build/core.wasm', import.meta.url) : null, 'core.wasm');
  return core;
}

/** The compiled second module, in the same way; other hosts may answer with a promise of it. */
export function codingsModule(): WebAssembly.Module {
  codings ??= compiled(knows() ? new URL('../../../wasm/build/codings.wasm', import.meta.url) : null, 'codings.wasm');
  return codings;
}
