// Packs the package as npm would publish it, installs it in an empty folder and uses it there.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.mjs';

const MINUTE_MS = 60_000;
/** What users need, and nothing else. */
const WANTED = [
  /^dist\/[\w./-]+\.(c?js|c?js\.map|d\.c?ts)$/,
  /^wasm\/build\/(core|codings|http-core\.component)\.wasm$/,
  /^wasm\/build\/(core|codings)\.script\.js$/,
  /^wasm\/http-core\.wit$/,
  /^docs\/[\w-]+\.md$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^package\.json$/,
];
const REQUIRED = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.d.cts',
  'dist/builds/node/index.js',
  'dist/builds/node/index.cjs',
  'wasm/build/core.wasm',
  'wasm/build/codings.wasm',
  'wasm/build/core.script.js',
  'wasm/build/codings.script.js',
  'wasm/build/http-core.component.wasm',
  'wasm/http-core.wit',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** Runs the checks on one release of Node: `{ passed, failed, notes }`; `notes` names what failed. */
export async function checkPackage({ root, scratch, env, nodePath }) {
  const folder = join(scratch, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const smoke = join(root, '.ci/smoke');
  for (const name of ['smoke.mjs', 'smoke.cjs', 'smoke.mts']) copyFileSync(join(smoke, name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');

  const counts = { passed: 0, failed: 0, notes: [] };
  const check = (title, isRight) => {
    counts[isRight ? 'passed' : 'failed'] += 1;
    if (!isRight) counts.notes.push(`FAILED: ${title}`);
    console.log(`${isRight ? '✓' : '✗'} ${title}`);
    return isRight;
  };
  const run = (command, words, cwd, quiet = false) =>
    runCommand(command, words, {
      cwd,
      env: {
        ...env,
        PATH: `${dirname(nodePath)}${delimiter}${process.env.PATH}`,
      },
      timeoutMs: 2 * MINUTE_MS,
      quiet,
    });

  // The folder was built a moment ago: `prepack` need not build it again.
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root, true);
  const listed = /^\[[\s\S]*^\]/m.exec(packed.output) ?? /^\{[\s\S]*^\}/m.exec(packed.output);
  if (!check('npm pack works', packed.status === 0 && listed !== null)) {
    console.log(packed.output);
    return counts;
  }
  const [{ files, filename, size, unpackedSize }] = Object.values(JSON.parse(listed[0]));
  const paths = files.map((file) => file.path);
  const unwanted = paths.filter((path) => !WANTED.some((pattern) => pattern.test(path)));
  const missing = REQUIRED.filter((path) => !paths.includes(path));
  console.log(`${filename}: ${paths.length} files, ${size} octets packed, ${unpackedSize} unpacked`);
  check(`it holds nothing that users do not need ${unwanted.join(' ')}`, unwanted.length === 0);
  check(`it holds all that users need ${missing.join(' ')}`, missing.length === 0);

  const tarball = join(folder, filename);
  const words = ['install', '--ignore-scripts', '--prefer-offline', tarball];
  check('it installs', (await run('npm', words, folder)).status === 0);
  for (const name of ['smoke.mjs', 'smoke.cjs']) {
    check(`${name} runs`, (await run(nodePath, [name], folder)).status === 0);
  }
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const target = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom,dom.iterable'];
  const types = await run(process.execPath, [compiler, ...strict, ...target, '--types', '', 'smoke.mts'], folder);
  check('its declarations hold with every strictness on', types.status === 0);
  const { version, scripts } = JSON.parse(readFileSync(join(folder, 'node_modules/httpx-wasm/package.json'), 'utf8'));
  const asked = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts);
  check(`it has no script that npm would ask its users about ${asked.join(' ')}`, asked.length === 0);
  console.log(`checked httpx-wasm ${version}`);
  return counts;
}
