/**
 * Names and versions of all that a run measures with, each asked where it is: packages of npm by lockfile and manifest, what
 * Node brings by that Node, C by its compiler and the programs that were built with it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { neededPackages } from '../client/package.mjs';
import { buildNative as buildNghttp2 } from '../hpack/native.mjs';
import { buildNative as buildPicohttpparser } from '../parse/native.mjs';
import { nodeOf } from '../processes.mjs';

/** What draws the charts is no peer. */
const DRAWING = ['vega', 'vega-lite'];
/** Parts of Node that peers and servers are made of; `undici` is its fetch. */
const PARTS = ['v8', 'undici', 'llhttp', 'nghttp2', 'openssl', 'zlib', 'brotli', 'zstd'];

const jsonAt = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const printed = (command, words) => spawnSync(command, words, { encoding: 'utf8' }).stdout;

/** The peers: of npm, and C where it can be built. */
function peersOf() {
  const { dependencies } = jsonAt('../package.json');
  const pinned = Object.entries(dependencies).filter(([name]) => !DRAWING.includes(name));
  const { version: pako } = jsonAt('../../package-lock.json').packages['node_modules/pako'];
  const native = Object.entries({ picohttpparser: buildPicohttpparser(), nghttp2: buildNghttp2() });
  const built = native.filter(([, { path }]) => path !== undefined);
  const [compiler] = built.length === 0 ? [] : printed('cc', ['--version']).split('\n');
  return {
    ...Object.fromEntries(pinned),
    pako,
    ...Object.fromEntries(built.map(([name, { version }]) => [name, version])),
    ...(compiler === undefined ? {} : { compiler }),
  };
}

/** Parts of the measured Node, those that it has. */
function partsOf() {
  const versions = JSON.parse(printed(nodeOf().path, ['-p', 'JSON.stringify(process.versions)']));
  return Object.fromEntries(PARTS.filter((name) => name in versions).map((name) => [name, versions[name]]));
}

/** { peers, parts, needed }: versions by name; of the peers, of what is in the measured Node, of what our package needs. */
export function versionsOf() {
  const needed = neededPackages().map(([path, { version }]) => [path.replace('node_modules/', ''), version]);
  return { peers: peersOf(), parts: partsOf(), needed: Object.fromEntries(needed) };
}
