// What the package weighs where it is loaded: each entry of dist bundled for a host, minified and compressed, as an application
// would carry it. Prints the figures; fails where one is larger than it may be.
import { readFileSync } from 'node:fs';
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
 * What may be how large, in octets. `start`: what an import loads; `call`: with what a first call loads, by the name of that
 * chunk. The aim for the entry on Node.js is 60 KB (issue 9): both clients, HTTP/2, proxies and TLS behind one import do not
 * keep it, and what stands here keeps them from growing.
 */
const BUDGETS = [
  { entry: 'builds/node/index', host: 'node', start: 98 * KB, chunk: /\/(?:digests|legacy|sha2)\b/, call: 106 * KB },
  { entry: 'fetch-api', host: 'browser', start: 12 * KB, chunk: /\/fetch-client\b/, call: 60 * KB },
];
const CORE = { path: 'wasm/build/core.wasm', octets: 64 * KB };

const compressed = (code) => gzipSync(code, { level: 9 }).length;

/** Adds the chunks that those in `names` import to run. */
function closed(names, chunks) {
  for (const name of names) for (const next of chunks.get(name).imports) if (chunks.has(next)) names.add(next);
  return names;
}

/** Octets of an entry's chunks, but for the suffix list: `[at the start, with the chunks that hold a module like `late`]`. */
async function weigh(entry, host, late) {
  const bundle = await rolldown({
    input: `${root}dist/${entry}.js`,
    external: EXTERNAL,
    platform: host,
    resolve: { conditionNames: [host, 'import', 'module', 'default'] },
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
  const more = namesOf(({ moduleIds }) => moduleIds.some((id) => late.test(id)));
  const call = closed(new Set([...start, ...more]), chunks);
  return [start, call].map((names) =>
    [...names].reduce((octets, name) => octets + compressed(chunks.get(name).code), 0),
  );
}

const shown = (octets) => `${(octets / KB).toFixed(1)} KB`;
let isRight = true;

function judge(what, octets, most) {
  const holds = octets <= most;
  isRight &&= holds;
  console.log(`${holds ? '✓' : '✗'} ${what}: ${shown(octets)}, at most ${shown(most)}`);
}

for (const { entry, host, start, chunk, call } of BUDGETS) {
  const [atStart, withCall] = await weigh(entry, host, chunk);
  judge(`${entry} on ${host}, at the start, minified and compressed`, atStart, start);
  judge(`${entry} on ${host}, with what calls load later (the suffix list apart)`, withCall, call);
}
judge(`${CORE.path}, as it is`, readFileSync(`${root}${CORE.path}`).length, CORE.octets);
process.exitCode = isRight ? 0 : 1;
