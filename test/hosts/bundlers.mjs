// Builds a program with the packed package by each bundler, for Node.js and for browsers (by wrangler for workerd), and runs what
// came of it. A bundle for browsers runs in Chromium, and in Node.js, too: it has taken what is meant for pages, and asks for
// nothing else.
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageResults } from './chromium.mjs';
import { chromium, workerd } from './hosts.mjs';
import { installedReleases } from './releases.mjs';
import { COMPATIBILITY_DATE, workerResults } from './workerd.mjs';

const PROGRAM = 'program.mjs';
const WORKER = 'worker.mjs';
const RUN_MS = 60_000;
/** What the program may import without its being in the bundle. */
const OF_NODE = /^node:/;

/** How a module asks a bundler for core.wasm as a file beside the bundle: its octets are `coreOctets()`. */
const coreOctets = (declaration, path) => `${declaration}
export async function coreOctets() {
  const url = new URL(${path}, import.meta.url);
  if (url.protocol === 'file:') return (await import('node:fs/promises')).readFile(url);
  return (await fetch(url)).arrayBuffer();
}
`;
const IMPORTED = coreOctets(`import path from 'httpx-wasm/core.wasm';`, 'path');

async function esbuild(entry, outdir, target, format = 'esm') {
  const { build } = await import('esbuild');
  const isForNode = target === 'node';
  await build({
    entryPoints: [entry],
    outdir,
    outExtension: { '.js': format === 'cjs' ? '.cjs' : '.mjs' },
    bundle: true,
    splitting: format === 'esm',
    format,
    platform: target,
    target: 'es2022',
    external: isForNode ? [] : ['node:*'],
    loader: { '.wasm': 'file' },
    logLevel: 'error',
  });
}

/** What esbuild does for Node.js when nobody says otherwise: one file of CommonJS, in which `import.meta` is empty. */
const esbuildToCommonJS = (entry, outdir, target) => esbuild(entry, outdir, target, 'cjs');
const READ = `import { readFile } from 'node:fs/promises';
export const coreOctets = () => readFile(__dirname + '/core.wasm');
`;

/** Gives a `.wasm` file that is imported as the URL of a file beside the bundle: Rollup has no such thing of its own. */
const wasmAsFile = {
  name: 'wasm-as-file',
  async load(id) {
    if (!id.endsWith('.wasm')) return null;
    const { readFile } = await import('node:fs/promises');
    const reference = this.emitFile({ type: 'asset', name: 'core.wasm', source: await readFile(id) });
    return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
  },
};

async function rollup(entry, outdir, target) {
  const [{ rollup: bundled }, { nodeResolve }] = await Promise.all([
    import('rollup'),
    import('@rollup/plugin-node-resolve'),
  ]);
  const bundle = await bundled({
    input: entry,
    external: OF_NODE,
    plugins: [nodeResolve({ exportConditions: [target], preferBuiltins: true }), wasmAsFile],
    onLog(level, log) {
      // A dependency's own circles are none of ours.
      if (level === 'warn' && log.code !== 'CIRCULAR_DEPENDENCY') throw new Error(log.message);
    },
  });
  await bundle.write({ dir: outdir, format: 'es', entryFileNames: PROGRAM });
  await bundle.close();
}

async function vite(entry, outdir, target) {
  const { build } = await import('vite');
  const isForNode = target === 'node';
  await build({
    configFile: false,
    logLevel: 'error',
    base: './',
    ...(isForNode ? { ssr: { noExternal: true, target: 'node' } } : {}),
    build: {
      ssr: isForNode,
      ssrEmitAssets: true,
      outDir: outdir,
      target: 'es2022',
      modulePreload: false,
      assetsInlineLimit: 0,
      rollupOptions: {
        input: entry,
        external: OF_NODE,
        output: { entryFileNames: PROGRAM, chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
}

async function webpack(entry, outdir, target) {
  const { default: compilerOf } = await import('webpack');
  const compiler = compilerOf({
    mode: 'production',
    target: target === 'node' ? 'node20' : ['web', 'es2022'],
    entry,
    output: { path: outdir, filename: PROGRAM, module: true, chunkFormat: 'module', chunkLoading: 'import' },
    experiments: { outputModule: true },
    externalsPresets: { node: true },
    externalsType: 'module-import',
    performance: false,
  });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, made) => (error ? reject(error) : resolve(made)));
  });
  await new Promise((resolve) => compiler.close(resolve));
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
}

/** Wrangler bundles for workers alone; it deploys nothing here, and tells nobody of it. */
async function wrangler(entry, outdir) {
  const own = join(outdir, '..');
  const config = { name: 'program', main: entry, compatibility_date: COMPATIBILITY_DATE, send_metrics: false };
  writeFileSync(join(own, 'wrangler.json'), JSON.stringify(config));
  const script = fileURLToPath(new URL('node_modules/wrangler/bin/wrangler.js', import.meta.url));
  // It is for newer releases than the oldest that the package runs on.
  const { path } = installedReleases().at(-1);
  const words = [script, 'deploy', '--dry-run', '--config', join(own, 'wrangler.json'), '--outdir', outdir];
  const env = { ...process.env, CI: 'true', HOME: own, XDG_CONFIG_HOME: own, WRANGLER_SEND_METRICS: 'false' };
  const text = await outputOf(path, words, { cwd: own, env });
  if (!text.includes('--dry-run: exiting now')) throw new Error(text.slice(-2000));
}

/** `targets`: Node.js and browsers unless it says so. `program`: the bundle's name, if not that of the source. `leavesFiles`: of a bundle for Node.js, the core's files must be put beside it by hand, as docs/hosts.md says. */
const BUNDLERS = [
  { name: 'esbuild', build: esbuild, core: IMPORTED, leavesFiles: true },
  {
    name: 'esbuild, CommonJS',
    build: esbuildToCommonJS,
    core: READ,
    leavesFiles: true,
    targets: ['node'],
    program: 'program.cjs',
  },
  { name: 'Rollup', build: rollup, core: IMPORTED, leavesFiles: true },
  {
    name: 'Vite',
    build: vite,
    core: coreOctets(`import path from 'httpx-wasm/core.wasm?url';`, `path.replace(/^[/]/, './')`),
    leavesFiles: true,
  },
  {
    name: 'webpack',
    build: webpack,
    core: coreOctets('', `'httpx-wasm/core.wasm'`),
    leavesFiles: false,
  },
  { name: 'wrangler', build: wrangler, core: '', leavesFiles: false, targets: ['worker'] },
];

/** The bundlers, as hosts.mjs has hosts. */
export function bundlers() {
  return BUNDLERS.map((bundler) => ({ ...bundler, kind: 'bundler', absent: null }));
}

/** What a program prints, and whether it ended by itself. */
function outputOf(command, words, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
    child.on('error', (error) => (text += error.message));
    child.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

/** The folder of what a bundler made of the program. */
async function built(bundler, target, folder) {
  const own = join(folder, 'bundles', `${bundler.name}-${target}`);
  const outdir = join(own, 'out');
  mkdirSync(outdir, { recursive: true });
  cpSync(fileURLToPath(new URL('bundles', import.meta.url)), own, { recursive: true });
  writeFileSync(join(own, 'core-octets.mjs'), bundler.core);
  await bundler.build(join(own, target === 'worker' ? WORKER : PROGRAM), outdir, target);
  if (target === 'node' && bundler.leavesFiles) {
    for (const name of ['core.wasm', 'codings.wasm']) {
      copyFileSync(join(folder, 'node_modules/httpx-wasm/wasm/build', name), join(outdir, name));
    }
  }
  return outdir;
}

async function runInNode(outdir, words, { program = PROGRAM }) {
  const text = await outputOf(process.execPath, [join(outdir, program), ...words]);
  const found = /^RESULTS (.*)$/m.exec(text);
  if (found === null) throw new Error(`no results: ${text.slice(-2000)}`);
  return JSON.parse(found[1]);
}

async function runInPage(outdir, words) {
  const { command, absent } = chromium();
  if (absent !== null) return [{ name: 'the bundle', skipped: absent }];
  const query = new URLSearchParams(words.map((word) => ['word', word]));
  return pageResults(command, outdir, { script: PROGRAM, query, profile: join(outdir, '../chromium') });
}

function runInWorkerd(outdir, [base]) {
  const { command, absent } = workerd();
  if (absent !== null) throw new Error(absent);
  return workerResults(command, outdir, { script: 'worker.js', bindings: { BASE: base } });
}

/** Who runs what is built for a target. */
const RUNS = {
  node: { node: runInNode },
  browser: { browser: runInNode, Chromium: runInPage },
  worker: { workerd: runInWorkerd },
};

/** The results of one bundler, in the project `folder`: `{ name, passed?, failed? }`, their names begun by who ran it. */
export async function bundlerResults(bundler, servers, folder, digest) {
  const words = [`http://127.0.0.1:${servers.plain}`, digest];
  const results = [];
  for (const target of bundler.targets ?? ['node', 'browser']) {
    let outdir = null;
    for (const [name, run] of Object.entries(RUNS[target])) {
      try {
        outdir ??= await built(bundler, target, folder);
        for (const result of await run(outdir, words, bundler))
          results.push({ ...result, name: `${name}: ${result.name}` });
      } catch (error) {
        results.push({ name: `${name}: the bundle`, failed: String(error?.message ?? error) });
      }
    }
  }
  return results;
}
