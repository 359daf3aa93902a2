// The hosts that the package is tried on: how each is started, and what it can do. A host that is not installed for this
// machine says so; nothing else here decides what runs.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { installedReleases } from './releases.mjs';

/** What a process with Node's sockets can do. */
const PROCESS_FEATURES = [
  'own sockets',
  'tls',
  'alpn',
  'own authorities',
  'addresses',
  'a process',
  'blocking',
  'trailers',
  'redirects',
  'cookies',
  'own 401',
  'own decoding',
  'streamed uploads',
];

/** What a worker can do: TLS trusts whom the configuration trusts and agrees on nothing, and addresses are not its own. */
const WORKER_FEATURES = PROCESS_FEATURES.filter(
  (feature) => !['blocking', 'addresses', 'own authorities', 'alpn', 'a process'].includes(feature),
);

/** What an engine can do whose embedder gives it sockets, and nothing else. */
const ENGINE_FEATURES = [...WORKER_FEATURES.filter((feature) => feature !== 'tls'), 'interpreted'];

/** What a page can do: all else is the browser's. */
const PAGE_FEATURES = ['own 401', 'a document'];
/** Where Debian and others put the browser. */
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Chromium, where the system has it. */
export function chromium() {
  const path = CHROMIUM.find((candidate) => existsSync(candidate));
  const absent = path === undefined ? 'no Chromium is installed (Debian: apt-get install chromium)' : null;
  return {
    name: 'Chromium',
    kind: 'chromium',
    command: path,
    words: [],
    features: PAGE_FEATURES,
    absent,
    mayBeAbsent: true,
  };
}

/** Path of a file of a pinned binary package for this machine. */
function binaryOf(name, file) {
  return fileURLToPath(new URL(`node_modules/${name}-${process.platform}-${process.arch}/${file}`, import.meta.url));
}

/** A host that is a program of its own: `words` stand before the script. */
function program(name, path, words = [], more = []) {
  const absent = existsSync(path) ? null : `${path} is not installed (npm ci --prefix test/hosts --ignore-scripts)`;
  return { name, kind: 'process', command: path, words, features: [...PROCESS_FEATURES, ...more], absent };
}

/** workerd, as wrangler brings it. */
export function workerd() {
  const machine = process.arch === 'x64' ? '64' : process.arch;
  const path = `node_modules/@cloudflare/workerd-${process.platform}-${machine}/bin/workerd`;
  const host = program('workerd', fileURLToPath(new URL(path, import.meta.url)));
  return { ...host, kind: 'workerd', features: WORKER_FEATURES };
}

/** What is not tried without WebAssembly: the host's own fetch may need it, and the instructions of JavaScript are not counted. */
const NOT_OF_SCRIPT = ['fetch', 'counts'];

/** A release of Node.js that takes the core as JavaScript, and has no WebAssembly to fall back to. */
function withoutWasm({ version, path }) {
  const words = ['--conditions=no-wasm', '--import=data:text/javascript,delete globalThis.WebAssembly'];
  const host = program(`Node.js ${version}, no WebAssembly`, path, words, ['reads up to a reset']);
  return { ...host, without: NOT_OF_SCRIPT };
}

/** QuickJS, which runs in this process. */
function quickjs() {
  const path = fileURLToPath(new URL('node_modules/quickjs-emscripten/package.json', import.meta.url));
  return { ...program('QuickJS', path), kind: 'quickjs', features: ENGINE_FEATURES, without: NOT_OF_SCRIPT };
}

/**
 * `{ name, kind, command, words, features, absent, mayBeAbsent? }` of each host; `absent` says why it cannot run here, or is
 * `null`.
 */
export function hosts() {
  return [
    ...installedReleases().map(({ version, path }) => program(`Node.js ${version}`, path, [], ['reads up to a reset'])),
    program('Deno', binaryOf('deno', 'deno'), ['run', '--allow-all', '--no-prompt']),
    program('Bun', binaryOf('bun', 'bin/bun'), ['run']),
    workerd(),
    chromium(),
    withoutWasm(installedReleases().at(-1)),
    quickjs(),
  ];
}
