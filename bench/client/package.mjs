/**
 * What users get: packs the package, installs the tarball in bench/.work, its dependencies as the root's lockfile has them,
 * and leaves modules there that import it by its name. Built first if the sources have changed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildPackage, ROOT } from '../artefacts.mjs';

const BENCH = fileURLToPath(new URL('..', import.meta.url));
export const WORK = join(BENCH, '.work');

function npm(words, cwd) {
  const { status, error } = spawnSync('npm', words, { cwd, stdio: ['ignore', 'ignore', 2] });
  if (status !== 0) throw new Error(`Cannot prepare: npm ${words.join(' ')} ended with ${error ?? status}`);
}

const jsonIn = (folder, name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

/** What the package needs, as the root's lockfile has it: [path, entry]. */
export function neededPackages() {
  const { packages } = jsonIn(ROOT, 'package-lock.json');
  return Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
}

/** The lockfile of a folder that needs the tarball alone. */
function lockOf(manifest, tarball) {
  const { lockfileVersion, packages } = jsonIn(ROOT, 'package-lock.json');
  const { version, dependencies } = packages[''];
  const ours = { version, resolved: `file:${tarball}`, dependencies };
  const all = { '': manifest, 'node_modules/httpx-wasm': ours, ...Object.fromEntries(neededPackages()) };
  return { lockfileVersion, packages: all };
}

/** URL of a module that exports what the installed package exports; core.mjs beside it does so for `httpx-wasm/core`. */
export function installPackage() {
  buildPackage();
  const folder = join(WORK, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  npm(['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], ROOT);
  const [tarball] = readdirSync(folder);
  const manifest = { private: true, type: 'module', dependencies: { 'httpx-wasm': `file:${tarball}` } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockOf(manifest, tarball)));
  npm(['ci', '--ignore-scripts', '--prefer-offline'], folder);
  const entry = join(folder, 'entry.mjs');
  writeFileSync(entry, "export * from 'httpx-wasm';\n");
  writeFileSync(join(folder, 'core.mjs'), "export * from 'httpx-wasm/core';\n");
  return pathToFileURL(entry).href;
}

function isInstalled(name, version) {
  const folder = join(BENCH, 'node_modules', name);
  return existsSync(join(folder, 'package.json')) && jsonIn(folder, 'package.json').version === version;
}

/** Installs the pinned peers, unless each is there. */
export function installPeers() {
  const { dependencies } = jsonIn(BENCH, 'package.json');
  if (Object.entries(dependencies).every(([name, version]) => isInstalled(name, version))) return;
  console.error('installing the pinned peers: npm ci in bench/');
  npm(['ci', '--ignore-scripts'], BENCH);
}
