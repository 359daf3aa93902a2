// Builds what the package is packed of, where it is absent: a fresh checkout has none of it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What each script leaves, in the order of their needs. */
const SCRIPTS = {
  'build:wasm': ['core.wasm', 'codings.wasm', 'core.script.js', 'codings.script.js'].map(
    (name) => `wasm/build/${name}`,
  ),
  'build:component': ['wasm/build/http-core.component.wasm'],
  'build:js': ['dist/index.js', 'dist/index.d.ts'],
};

/** @throws Error with what to run, if a build fails. */
export function buildWhatIsAbsent() {
  for (const [script, files] of Object.entries(SCRIPTS)) {
    const absent = files.filter((file) => !existsSync(`${root}${file}`));
    if (absent.length === 0) continue;
    console.log(`── ${absent.join(', ')}: absent, made by npm run ${script}`);
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], { cwd: root, encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`Cannot build ${absent[0]} (npm ci; npm run ${script}): ${`${stdout}${stderr}`.slice(-2000)}`);
  }
}
