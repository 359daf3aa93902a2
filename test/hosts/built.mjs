// Builds what the package is packed of, unless it is newer than its sources: a fresh checkout has none of it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isStale, ROOT, SCRIPT_SOURCES, WASM_SOURCES } from '../../bench/artefacts.mjs';

const inBuild = (...names) => names.map((name) => `wasm/build/${name}`);
/** What each script leaves and what it is made of, in the order of their needs. */
const BUILDS = [
  {
    script: 'build:wasm',
    files: inBuild('core.wasm', 'codings.wasm', 'core.script.js', 'codings.script.js'),
    sources: WASM_SOURCES,
  },
  {
    script: 'build:component',
    files: inBuild('http-core.component.wasm'),
    sources: [...WASM_SOURCES, 'wasm/component.mjs', 'wasm/http-core.wit'],
  },
  {
    script: 'build:js',
    files: ['dist/index.js', 'dist/index.d.ts'],
    sources: [...SCRIPT_SOURCES, ...WASM_SOURCES],
  },
];

/** @throws Error with what to run, if a build fails. */
export function buildWhatIsStale() {
  for (const { script, files, sources } of BUILDS) {
    const stale = files.filter((file) => isStale(join(ROOT, file), sources));
    if (stale.length === 0) continue;
    console.log(`── ${stale.join(', ')}: absent or older than its sources, made by npm run ${script}`);
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`Cannot build ${stale[0]} (npm ci; npm run ${script}): ${`${stdout}${stderr}`.slice(-2000)}`);
  }
}
