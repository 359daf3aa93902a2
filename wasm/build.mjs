// Builds both modules of the core for every target of their asconfig files and prints each one's size and SHA-256.
// `node wasm/build.mjs release` builds that target of both. A module with an import, or a second build that differs, is an error:
// the core must run wherever WebAssembly does, and equal sources must give equal octets.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, digest } from './compile.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const CONFIGS = ['asconfig.json', 'wasm/asconfig.codings.json'];
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const twice = process.argv.includes('--twice');

async function build(config, target, outFile) {
  const files = await compile(config, target);
  const octets = files.get(outFile);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(octets));
  if (imports.length > 0) {
    throw new Error(`Cannot accept ${outFile}: it imports ${imports.map((i) => `${i.module}.${i.name}`).join(', ')}`);
  }
  if (twice && digest((await compile(config, target)).get(outFile)) !== digest(octets)) {
    throw new Error(`Cannot accept ${outFile}: a second build gave other octets`);
  }
  mkdirSync(dirname(outFile), { recursive: true });
  for (const [name, contents] of files) writeFileSync(name, contents);
  console.log(`${outFile.padEnd(30)} ${String(octets.length).padStart(7)} octets  sha256 ${digest(octets)}`);
}

for (const config of CONFIGS) {
  const { targets } = JSON.parse(readFileSync(config, 'utf8'));
  for (const target of chosen.length > 0 ? chosen : Object.keys(targets)) {
    // Paths of a configuration are relative to its folder.
    await build(config, target, join(dirname(config), targets[target].outFile));
  }
}
