// Bundles what `tsc -p src/tsconfig.json` left in .build, twice: for Node.js, which has its own build since each file costs a
// start about a millisecond, and for all others. Invariants that hold the package together:
// - in the build for all, the host's modules stay files of their own, and `#sockets`, `#host`, `#core-module` stay imports:
//   package.json's "imports" choose among them by the condition of the runtime, not this file; in that for Node.js they are
//   its own, in few files;
// - an entry keeps its path below dist (core-module finds core.wasm relative to itself: three folders up);
// - what two entries of a build share becomes a chunk, so that an error class is the same object through each.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import ts from '@typescript/typescript6';
import { minify } from 'rolldown/experimental';
import { dts } from 'rollup-plugin-dts';
import { partsAtOnce } from './.config/late-parts.mjs';
import { nodeBuild } from './.config/node-build.mjs';

const { imports, dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** Files of dist that package.json's "imports" lead to, without folder and extension: `hosts/node/sockets`, … */
const hostEntries = Object.values(imports)
  .flatMap((conditions) => Object.values(conditions))
  .filter((path) => path.startsWith('./dist/'))
  .map((path) => path.slice('./dist/'.length, -'.js'.length));
/** What package.json's "exports" lead to. */
const publicEntries = ['index', 'sync', 'fetch-api', 'core-api', 'polyfill'];
/** What must have run before the packages that an entry imports are loaded: bundled with the entry it would run after them. */
const earlyEntries = ['polyfill/text'];
/** Files that threads of their own begin with: they are named by a URL beside the file that starts them. */
const threadEntries = ['hosts/node/blocking-worker'];
/** Those with a build for Node.js. */
const nodeEntries = ['index', 'sync', 'fetch-api', 'core-api'];
const entries = [...publicEntries, ...earlyEntries, ...new Set(hostEntries), ...threadEntries];
/** The command, and what it loads only when there is a request to send. */
const commandEntries = ['cli/main', 'cli/call'];

/** Gives rollup the maps that tsc wrote, so that dist's maps lead to the TypeScript. */
const tscSourceMaps = {
  name: 'tsc-source-maps',
  async load(id) {
    if (!id.endsWith('.js')) return null;
    const [code, map] = await Promise.all([readFile(id, 'utf8'), readFile(`${id}.map`, 'utf8')]);
    return {
      code: code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
      map: JSON.parse(map),
    };
  },
};

/** Puts the core's modules where the sources name them: hosts that cannot be given a file carry them in their code. */
const inlinedModules = {
  name: 'inlined-modules',
  transform(code, id) {
    const names = { 'core-octets.js': ['CORE_WASM', 'core'], 'codings-octets.js': ['CODINGS_WASM', 'codings'] };
    const [word, module] = names[basename(id)] ?? [];
    if (word === undefined) return null;
    const octets = readFileSync(new URL(`wasm/build/${module}.wasm`, import.meta.url));
    return { code: code.replace(word, JSON.stringify(octets.toString('base64'))), map: { mappings: '' } };
  },
};

/** Text of a declaration file without the class and interface members tagged `@internal` and without `implements`. */
function withoutInternals(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const cuts = [];
  const visit = (node) => {
    const isMember = ts.isClassElement(node) || ts.isTypeElement(node);
    const isInternal = isMember && ts.getJSDocTags(node).some((tag) => tag.tagName.text === 'internal');
    if (isInternal || (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword)) {
      cuts.push([node.getFullStart(), node.end]);
    } else ts.forEachChild(node, visit);
  };
  visit(file);
  return cuts.reduceRight((rest, [from, to]) => rest.slice(0, from) + rest.slice(to), text);
}

/**
 * Hides what is ours alone. tsc's own `stripInternal` also drops declarations that others name: the build turns it off, and
 * with it `isolatedDeclarations`, which needs it (`npm run check` holds both). Here such declarations stay, and the bundler
 * leaves out those that nothing public reaches. What a class implements is no part of its declared type.
 */
const publicDeclarations = {
  name: 'public-declarations',
  buildStart() {
    const paths = readdirSync('.build/src', { recursive: true, encoding: 'utf8' });
    for (const path of paths.filter((name) => name.endsWith('.d.ts')).map((name) => join('.build/src', name))) {
      writeFileSync(path, withoutInternals(path, readFileSync(path, 'utf8')));
    }
  },
};

/** Classes have one declaration, whoever asks: for `require`, which the one for imports gives on. The other way round is an error. */
const declarationsForImports = {
  name: 'declarations-for-imports',
  generateBundle() {
    for (const name of nodeEntries) {
      this.emitFile({ type: 'asset', fileName: `${name}.d.ts`, source: `export * from './${name}.cjs';\n` });
    }
  },
};

/** A warning here is a mistake in the sources: an import that does not resolve, a circle, a missing name. */
function failOnWarning(level, log) {
  if (level === 'warn') throw new Error(`Cannot bundle: ${log.message}`);
}

/** Comments are a third of what an engine would read at a start. Names stay as they are, for who reads a stack trace. */
const withoutComments = {
  name: 'without-comments',
  async renderChunk(code, { fileName }) {
    const options = { mangle: false, compress: false, codegen: { removeWhitespace: false }, sourcemap: true };
    const { code: bare, map, errors } = await minify(fileName, code, options);
    if (errors.length > 0) throw new Error(`Cannot strip ${fileName} of comments: ${errors[0].message}`);
    return { code: bare, map };
  },
};

/** Late parts are there from the start: none could be loaded without a promise, for which a blocking client cannot wait. */
const partsThere = {
  name: 'parts-at-once',
  transform: (code) => {
    const rewritten = partsAtOnce(code);
    return rewritten === null ? null : { code: rewritten, map: null };
  },
};

/** Where a chunk goes: what has a module of a host in it stays with that host. */
function folderOf(moduleIds) {
  return moduleIds.map((id) => /hosts\/[^/]+(?=\/)/.exec(id)?.[0]).find((folder) => folder !== undefined) ?? 'chunks';
}

/** The packages that this one needs, and package.json names. */
const packages = Object.keys(dependencies);

const isPackage = (id) => packages.some((name) => id === name || id.startsWith(`${name}/`));
/** Modules of a runtime, our own seams, and the core's files, where a runtime takes them for modules. */
const isExternal = (id) => /^(?:node:|cloudflare:|#)/.test(id) || /\.(?:wasm|script\.js)$/.test(id) || isPackage(id);
const buildOf = (names, ending = 'js') =>
  Object.fromEntries(names.map((name) => [name, `.build/src/${name}.${ending}`]));
/** How each bundle of code is written. */
const output = {
  dir: 'dist',
  format: 'es',
  sourcemap: true,
  // What a chunk imports only to have it loaded sooner, a bundler warns of: nothing of it has side effects.
  hoistTransitiveImports: false,
  entryFileNames: '[name].js',
  chunkFileNames: ({ moduleIds }) => `${folderOf(moduleIds)}/[name]-[hash].js`,
};

export default [
  {
    input: buildOf(entries),
    external: isExternal,
    makeAbsoluteExternalsRelative: false,
    plugins: [tscSourceMaps, partsThere, inlinedModules, withoutComments],
    onLog: failOnWarning,
    output,
  },
  nodeBuild({
    entries: nodeEntries,
    threads: threadEntries,
    external: isExternal,
    plugins: [tscSourceMaps, withoutComments],
    onLog: failOnWarning,
    output,
  }),
  {
    // A user of the package like any other: the package's own files are the same with the command and without.
    input: buildOf(commandEntries),
    external: (id) => isExternal(id) || id === '../index.js',
    makeAbsoluteExternalsRelative: false,
    plugins: [tscSourceMaps, withoutComments],
    onLog: failOnWarning,
    output: { ...output, chunkFileNames: 'cli/[name].js', paths: { '../index.js': '../builds/node/index.js' } },
  },
  {
    input: buildOf(publicEntries, 'd.ts'),
    external: isExternal,
    plugins: [publicDeclarations, dts(), declarationsForImports],
    onLog: failOnWarning,
    output: {
      dir: 'dist',
      format: 'es',
      entryFileNames: ({ name }) => `${name}.d.${nodeEntries.includes(name) ? 'c' : ''}ts`,
      chunkFileNames: 'chunks/[name]-[hash].d.cts',
    },
  },
];
