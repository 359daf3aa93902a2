// The build for Node.js: modules of CommonJS, so that a part that is loaded late is there at once, by `require`: for blocking
// clients, under loaders and test runners, and beside a running `import()` of the package. In few files, since each costs a
// start 0.2 ms. A module of the same name for who imports gives on, by name, what `require` gives.
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { partsRequired } from './late-parts.mjs';

const { imports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const SOURCES = '.build/src';
/** Where it goes, below dist: flat, two folders down (core-module finds core.wasm relative to itself: three folders up). */
const FOLDER = 'builds/node';
const HASHED = `${FOLDER}/[name]-[hash].cjs`;

const fileOf = (name) => resolve(SOURCES, `${name}.js`);

/** Whether a module is loaded when one of these entries is. */
function isLoadedWith(id, names, getModuleInfo) {
  const found = new Set(names.map(fileOf));
  for (const each of found) for (const next of getModuleInfo(each)?.importedIds ?? []) found.add(next);
  return found.has(id);
}

/** The seams of Node.js, where they are known; and its worker's file, by the name that it has here. */
const seams = {
  name: 'seams-of-node',
  resolveId(id) {
    const path = imports[id]?.node;
    return path === undefined ? null : resolve(path.replace('./dist/', `${SOURCES}/`));
  },
  transform(code) {
    const renamed = code.replace(/(new URL\('\.\/[\w-]+-worker)\.js(', import\.meta\.url\))/g, '$1.cjs$2');
    return renamed === code ? null : { code: renamed, map: null };
  },
  // In a bundle of ES modules there is no such name: the program's file is the bundle, or beside it.
  resolveImportMeta(property) {
    const file = `typeof __filename === 'undefined' ? process.argv[1] : __filename`;
    return property === 'url' ? `process.getBuiltinModule('node:url').pathToFileURL(${file}).href` : null;
  },
};

/** Late parts are entries, whose files may export more to others, and are required where they are asked for. */
const lateParts = {
  name: 'late-parts-of-node',
  transform(code, id) {
    const rewritten = partsRequired(code, (path) => {
      const part = { type: 'chunk', id: resolve(id, '..', path), preserveSignature: 'allow-extension' };
      return `import.meta.ROLLUP_FILE_URL_${this.emitFile(part)}`;
    });
    return rewritten === null ? null : { code: rewritten, map: null };
  },
  resolveFileUrl: ({ fileName }) => JSON.stringify(`./${basename(fileName)}`),
};

/** What links files. It stands in `common`, which all others load first. */
const LINKER = `function $linked(path, given) {
  let linked = $linked.own[path];
  if (linked === undefined) {
    linked = $linked.own[path] = {};
    try {
      given()($linked, linked);
    } catch (error) {
      delete $linked.own[path];
      throw error;
    }
  }
  return linked;
}`.replace(/\s*\n\s*/g, ' ');

/**
 * A file that is neither an entry nor `common` gives a function, `module.exports = (($linked, exports) => { … })`: the copy of
 * the package that asks for the file runs it, with its own files in place of those that `require` would give. Who empties the
 * cache of modules (test runners do, and reloaders) would have two copies of each class otherwise, one in what was loaded, one
 * in what comes late. The paths that `require` is given stay literal, since bundlers look for them; modules of Node.js are not
 * asked of it, since a bundle of ES modules has no `require`.
 */
const linkedFiles = (entries) => ({
  name: 'linked-files',
  renderChunk(code, { name, fileName }, _, { chunks }) {
    const common = basename(Object.values(chunks).find((chunk) => chunk.name === 'common').fileName);
    const linked = code
      .replace(/^"use strict";/, '')
      .replace(/\brequire\("(node:[^"]+)"\)/g, 'process.getBuiltinModule("$1")')
      .replace(/\brequire\("(\.\/[^"]+)"\)/g, (asked, path) => `$linked("${path}", () => ${asked})`);
    const result = (head, tail = '') => ({ code: `"use strict"; ${head}${linked}${tail}`, map: null });
    const own = `$linked.own["./${basename(fileName)}"] = exports;`;
    if (name === 'common') return result(`exports.$linked = $linked; $linked.own = {}; ${own} ${LINKER}`);
    if (entries.includes(name)) return result(`const { $linked } = require("./${common}"); ${own}`);
    // In brackets an engine compiles it at once: it is called at once.
    return result('module.exports = (($linked, exports) => {', '\n});');
  },
});

/** A module beside each entry, for who imports. */
const modulesBeside = (entries) => ({
  name: 'modules-beside-commonjs',
  generateBundle(_, bundle) {
    for (const { isEntry, name, fileName, exports } of Object.values(bundle)) {
      if (!isEntry || !entries.includes(name)) continue;
      const source = `export {\n${exports.map((each) => `  ${each},\n`).join('')}} from './${basename(fileName)}';\n`;
      this.emitFile({ type: 'asset', fileName: fileName.replace(/\.cjs$/, '.js'), source });
    }
  },
});

/** Rollup's options: `entries` are public, `threads` what threads of their own begin with. */
export function nodeBuild({ entries, threads, external, plugins, onLog, output }) {
  const all = [...entries, ...threads];
  /**
   * The few files that a start reads beside its entry: what core and client have in common, the host, the client; and those of
   * a first request: connections of the core, what sends requests, sockets, which the blocking clients' worker needs too.
   */
  const chunkOf = (id, { getModuleInfo }) => {
    const isIn = (...names) => isLoadedWith(id, names, getModuleInfo);
    if (all.some((name) => id === fileOf(name))) return null;
    const isAtStart = isIn('index', 'fetch-client');
    if (isIn('core-api')) return isAtStart ? 'common' : isIn('transports/sockets') ? 'core' : null;
    if (isIn(...threads) && (isAtStart || isIn('hosts/node/sockets'))) return isAtStart ? 'host' : 'sockets';
    if (isAtStart) return 'client';
    return isIn('transports/sockets') ? 'sending' : null;
  };
  return {
    input: Object.fromEntries(all.map((name) => [name, join(SOURCES, `${name}.js`)])),
    external: (id) => external(id) && imports[id] === undefined,
    makeAbsoluteExternalsRelative: false,
    plugins: [seams, lateParts, ...plugins, linkedFiles(all), modulesBeside(entries)],
    onLog,
    output: {
      ...output,
      format: 'cjs',
      // What Node.js has is taken as it is: to copy it would read all its names.
      interop: 'esModule',
      generatedCode: { constBindings: true },
      entryFileNames: ({ name }) => (all.includes(name) ? `${FOLDER}/${basename(name)}.cjs` : HASHED),
      chunkFileNames: HASHED,
      manualChunks: chunkOf,
    },
  };
}
