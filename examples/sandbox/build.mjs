// Makes the components of this example: bundles a guest with the package, and puts it into QuickJS. `node build.mjs folder`
// makes all of them there, `node build.mjs folder over-transport` that one. They import what their world says and nothing
// else: what the engine itself would have of WASI are traps.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentize } from 'componentize-qjs';
import { build } from 'esbuild';
import { renamed } from './late-names.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const WORLDS = ['over-transport', 'over-sockets', 'over-http'];
const WASI = 'wasi:';
/** What it goes by until the component is made. */
const LATE = 'late:';

/** The package is the one that this example is part of; elsewhere it would be a dependency, and this would not be needed. */
const ownPackage = {
  name: 'own-package',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^httpx-wasm(\/|$)/ }, ({ path, kind, pluginData }) =>
      pluginData === 'own' ? undefined : resolve(path, { kind, resolveDir: here('../..'), pluginData: 'own' }),
    );
  },
};

/** Interfaces are imported from outside. */
const interfaces = {
  name: 'interfaces',
  setup({ onResolve }) {
    onResolve({ filter: /^(wasi|httpx-wasm):/ }, ({ path }) => ({ path: path.replace(WASI, LATE), external: true }));
  },
};

async function bundled(world) {
  const { outputFiles } = await build({
    entryPoints: [here(`guest/${world}.mjs`)],
    bundle: true,
    write: false,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['no-wasm'],
    target: 'es2023',
    logLevel: 'error',
    plugins: [ownPackage, interfaces],
  });
  return outputFiles[0].text;
}

/** Writes the interfaces into a folder, those of WASI by the other name. */
function writeInterfaces(folder) {
  cpSync(here('wit'), folder, { recursive: true });
  for (const name of readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.wit'))) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(WASI, LATE));
  }
}

const [folder = '.', ...chosen] = process.argv.slice(2);
const witPath = mkdtempSync(join(tmpdir(), 'httpx-wasm-wit-'));
try {
  writeInterfaces(witPath);
  mkdirSync(folder, { recursive: true });
  for (const world of WORLDS.filter((name) => chosen.length === 0 || chosen.includes(name))) {
    const jsSource = await bundled(world);
    const { component } = await componentize({ witPath, jsSource, world, sync: true, stubWasi: true });
    writeFileSync(join(folder, `${world}.wasm`), renamed(component, LATE, WASI));
    console.log(`${world}.wasm ${component.length} octets`);
  }
} finally {
  rmSync(witPath, { recursive: true, force: true });
}
