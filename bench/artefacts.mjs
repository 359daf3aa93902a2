/** What is measured must be built from the sources as they are: builds an artefact unless it is newer than all of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)));
export const CORE = join(ROOT, 'wasm/build/core.wasm');
const CODINGS = join(ROOT, 'wasm/build/codings.wasm');
/** Written last. */
const DIST = join(ROOT, 'dist/index.d.ts');

/** Time of the latest change in a file, or in any file below a folder but prose; 0 if it is not there. */
function changedAt(path) {
  if (!existsSync(path) || path.endsWith('.md')) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, changedAt(join(path, name))), 0);
}

/** Whether `artefact` is absent, or older than any of `sources` (files and folders of this repository). */
export function isStale(artefact, sources) {
  const builtAt = existsSync(artefact) ? statSync(artefact).mtimeMs : 0;
  return sources.some((source) => changedAt(join(ROOT, source)) > builtAt);
}

function run(command, words) {
  console.error(`building: ${command} ${words.join(' ')}`);
  const { status, error } = spawnSync(command, words, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`Cannot build: ${command} ${words.join(' ')} ended with ${error ?? status}`);
}

export const WASM_SOURCES = ['assembly', 'asconfig.json', 'wasm/asconfig.codings.json', 'wasm/build.mjs'];
export const SCRIPT_SOURCES = ['src', '.config', 'rollup.config.mjs', 'package.json', 'tsconfig.json'];

/** Paths of both release modules. */
export function builtModules() {
  if ([CORE, CODINGS].some((module) => isStale(module, WASM_SOURCES)))
    run(process.execPath, ['wasm/build.mjs', 'release']);
  return { core: CORE, codings: CODINGS };
}

/** Sees to it that `npm pack` would pack the sources as they are. */
export function buildPackage() {
  const script = [...SCRIPT_SOURCES, ...WASM_SOURCES];
  if (isStale(DIST, script) || isStale(CORE, WASM_SOURCES) || isStale(CODINGS, WASM_SOURCES))
    run('npm', ['run', 'build']);
}
