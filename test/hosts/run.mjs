// Runs the suite on the pinned releases of Node. `node test/hosts/run.mjs` takes all, `node test/hosts/run.mjs 22 26`
// some; what follows `--` goes to vitest. They are installed by `npm ci --prefix test/hosts --ignore-scripts`.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedReleases } from './releases.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const words = process.argv.slice(2);
const split = words.includes('--') ? words.indexOf('--') : words.length;
const chosen = words.slice(0, split).map(Number);
const releases = installedReleases().filter(({ major }) => chosen.length === 0 || chosen.includes(major));
if (releases.length === 0) throw new Error(`Cannot run the suite: no release of Node among ${chosen.join(', ')}`);

let failed = 0;
for (const { version, path } of releases) {
  console.log(`\n── Node ${version} ──`);
  const { status } = spawnSync(
    path,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...words.slice(split + 1)],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: `${dirname(path)}${delimiter}${process.env.PATH}`,
      },
    },
  );
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
