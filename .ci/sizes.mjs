// What the package weighs where it is loaded: each entry of dist bundled for a host, minified and compressed, as an application
// would carry it. Prints the figures; fails where one is larger than it may be.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const KB = 1024;
/** Modules of a runtime, and the core's files, which stay what they are. */
const EXTERNAL = [/^node:/, /^cloudflare:/, /\.wasm$/];
/** The public suffix list is data, which a cookie's Domain loads: it does not count. */
const SUFFIX_LIST = /node_modules\/tldts/;
/**
 * What may be how large, in octets. `start`: what an import loads, the 60 KB of issue 9 on Node.js; `request`: with what a plain
 * request loads, as a process on Node.js tells it; `call`: with what any call may load, but for the suffix list.
 */
const NODE = { start: 60 * KB, request: 80 * KB, call: 116 * KB };
const FETCH = { start: 12 * KB, call: 60 * KB };
const CORE = { path: 'wasm/build/core.wasm', octets: 64 * KB };

/** Adds the chunks that those in `names` import to run. */
function closed(names, chunks) {
  for (const name of names) for (const next of chunks.get(name).imports) if (chunks.has(next)) names.add(next);
  return names;
}

/**
 * Octets of a module of dist and of `more` paths as one bundle, but for files that are `apart`: what runs at its start, and
 * what chunks add to it that hold a module like `late`.
 */
async function weigh(entry, host, { more = [], apart = () => false, late }) {
  const bundle = await rolldown({
    input: 'what-is-weighed',
    external: (id) => EXTERNAL.some((pattern) => pattern.test(id)) || apart(id),
    platform: host,
    resolve: { conditionNames: [host, 'import', 'module', 'default'] },
    plugins: [
      {
        name: 'what-is-weighed',
        resolveId: (id) => (id === 'what-is-weighed' ? id : null),
        load(id) {
          if (id !== 'what-is-weighed') return null;
          const beside = more.map((path) => `import ${JSON.stringify(path)};`);
          return [`export * from ${JSON.stringify(`${root}dist/${entry}.js`)};`, ...beside].join('\n');
        },
      },
    ],
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  await bundle.close();
  const code = output.filter(
    ({ type, moduleIds }) => type === 'chunk' && !moduleIds.some((id) => SUFFIX_LIST.test(id)),
  );
  const chunks = new Map(code.map((chunk) => [chunk.fileName, chunk]));
  const namesOf = (isWanted) => code.filter(isWanted).map(({ fileName }) => fileName);
  const start = closed(new Set(namesOf(({ isEntry }) => isEntry)), chunks);
  const lateOnes = namesOf(({ moduleIds }) => moduleIds.some((id) => late.test(id)));
  const call = closed(new Set([...start, ...lateOnes]), chunks);
  const octetsOf = (names) => [...names].reduce((sum, name) => sum + compressed(chunks.get(name).code), 0);
  return { start: octetsOf(start), call: octetsOf(call) };
}

const compressed = (code) => gzipSync(code, { level: 9 }).length;
const shown = (octets) => `${(octets / KB).toFixed(1)} KB`;
let isRight = true;

function judge(what, octets, most) {
  const holds = octets <= most;
  isRight &&= holds;
  console.log(`${holds ? '✓' : '✗'} ${what}: ${shown(octets)}, at most ${shown(most)}`);
}

/** What is on Node.js when these files of its build are loaded, and the others are not. */
async function ofFiles(more) {
  const apart = (id) => id.endsWith('.cjs') && !more.some((path) => basename(path) === basename(id));
  return (await weigh('builds/node/index', 'node', { more, apart, late: /^$/ })).start;
}

const loaded = JSON.parse(execFileSync(process.execPath, [`${root}.ci/loaded.mjs`], { encoding: 'utf8' }));
const onNode = await weigh('builds/node/index', 'node', { late: /\/(?:digests|legacy|sha2)\b/ });
judge('httpx-wasm on Node.js, at the start, minified and compressed', await ofFiles(loaded.start), NODE.start);
judge('httpx-wasm on Node.js, with what a plain request loads', await ofFiles(loaded.request), NODE.request);
judge('httpx-wasm on Node.js, with all but the suffix list', onNode.call, NODE.call);
const fetching = await weigh('fetch-api', 'browser', { late: /\/fetch-client\b/ });
judge('httpx-wasm/fetch in browsers, at the start, minified and compressed', fetching.start, FETCH.start);
judge('httpx-wasm/fetch in browsers, with what calls load later (the suffix list apart)', fetching.call, FETCH.call);
judge(`${CORE.path}, as it is`, readFileSync(`${root}${CORE.path}`).length, CORE.octets);
process.exitCode = isRight ? 0 : 1;
