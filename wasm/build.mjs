// Builds both modules of the core for every target of their asconfig files and prints each one's size and SHA-256.
// `node wasm/build.mjs release` builds that target of both. A module with an import, or a second build that differs, is an error:
// the core must run wherever WebAssembly does, and equal sources must give equal octets. Where it does not, there is what
// script.mjs makes of the target `script`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, digest } from './compile.mjs';
import { scriptOf } from './script.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const CONFIGS = ['asconfig.json', 'wasm/asconfig.codings.json'];
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const twice = process.argv.includes('--twice');

/** Writes the JavaScript beside the module that it was made of. */
function buildScript(octets, { options }, outFile) {
  const name = outFile.replace(/wasm$/, 'js');
  const text = scriptOf(octets, options.maximumMemory);
  if (twice && scriptOf(octets, options.maximumMemory) !== text) {
    throw new Error(`Cannot accept ${name}: a second conversion gave other text`);
  }
  writeFileSync(name, text);
  console.log(`${name.padEnd(30)} ${String(text.length).padStart(7)} octets  sha256 ${digest(text)}`);
}

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
  return octets;
}

for (const config of CONFIGS) {
  const settings = JSON.parse(readFileSync(config, 'utf8'));
  for (const target of chosen.length > 0 ? chosen : Object.keys(settings.targets)) {
    // Paths of a configuration are relative to its folder.
    const outFile = join(dirname(config), settings.targets[target].outFile);
    const octets = await build(config, target, outFile);
    if (target === 'script') buildScript(octets, settings, outFile);
  }
}
