// Builds the core as a component, wasm/build/http-core.component.wasm, out of assembly/component.ts and http-core.wit, with jco's
// library, and a build of it with assertions, and prints each one's size and SHA-256. `node wasm/component.mjs release` builds
// that one alone. What a WIT function is called there follows from its name here; a function that is missing or too many, an import other than those for resources,
// a rule without a name in the WIT, or a second build that differs (--twice), is an error.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import { Transform } from 'assemblyscript/transform';
import { compile, digest } from './compile.mjs';

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'));
const CONFIG = 'wasm/asconfig.component.json';
const WORLD = 'http-core';
const wit = readFileSync('wasm/http-core.wit', 'utf8');
const OUT_FILES = {
  release: 'wasm/build/http-core.component.wasm',
  debug: 'wasm/build/http-core.component.debug.wasm',
};

/** Functions that take or give lists: what these stand in is given back when the host has read the result. */
const WITH_LISTS = [
  '[method]connection.open',
  '[method]connection.end',
  '[method]connection.receive',
  '[method]connection.receive-end',
  '[method]field-decoder.decode',
  '[method]field-encoder.encode',
  '[method]content-decoder.decode',
];
const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** What assembly/component.ts calls a function of the canonical ABI; `null`: it has none. */
function nameOf(exported) {
  if (exported.endsWith('_post')) return WITH_LISTS.includes(exported.slice(0, -'_post'.length)) ? 'afterResult' : null;
  if (exported === 'cm32p2_realloc') return 'reallocate';
  if (exported === 'cm32p2_initialize') return 'initialize';
  const [, resource, method] = /^\[method\]([a-z-]+)\.([a-z-]+)$/.exec(exported) ?? [];
  if (method !== undefined) return camel(`${resource}-${method}`);
  return camel(exported.replace(/^\[constructor\](.*)$/, '$1-new').replace(/^(.*)_dtor$/, '$1-drop'));
}

/** What the world wants: the names of the canonical ABI by those of assembly/component.ts. */
async function wantedNames() {
  const module = new WebAssembly.Module(await componentEmbed({ witSource: wit, world: WORLD, dummy: true }));
  const wanted = new Map();
  for (const { name, kind } of WebAssembly.Module.exports(module)) {
    const own = kind === 'function' ? nameOf(name.slice(name.lastIndexOf('|') + 1)) : null;
    if (own !== null) wanted.set(own, [...(wanted.get(own) ?? []), name]);
  }
  return wanted;
}

/** Gives the functions their names of the canonical ABI. */
class CanonicalNames extends Transform {
  static wanted = new Map();

  afterCompile(module) {
    const { wanted } = CanonicalNames;
    const there = new Map();
    for (let i = 0; i < module.getNumExports(); i++) {
      const { name, value } = this.binaryen.getExportInfo(module.getExportByIndex(i));
      if (name !== 'memory') there.set(name, value);
    }
    const missing = [...wanted.keys()].filter((name) => !there.has(name));
    const surplus = [...there.keys()].filter((name) => !wanted.has(name));
    if (missing.length + surplus.length > 0) {
      throw new Error(`Cannot make the component: missing ${missing.join(', ')}; too many: ${surplus.join(', ')}`);
    }
    for (const [own, value] of there) {
      for (const name of wanted.get(own)) module.addFunctionExport(value, name);
      module.removeExport(own);
    }
    module.addMemoryExport('0', 'cm32p2_memory');
    module.removeExport('memory');
  }
}

/** @throws Error unless `enum rule` of the WIT names each rule of abi.ts, in the order of their numbers. */
function checkRules() {
  const abi = readFileSync('assembly/abi.ts', 'utf8');
  const rules = [...abi.matchAll(/^export const RULE_(\w+) = (\d+);$/gm)]
    .sort(([, , a], [, , b]) => Number(a) - Number(b))
    // A word of a WIT name begins with a letter.
    .map(([, name]) => name.toLowerCase().replaceAll(/_(\d)/g, '$1').replaceAll('_', '-'));
  const [, block] = /^ {2}enum rule \{\n([^}]*)\}/m.exec(wit) ?? [];
  const named = [...(block ?? '').replaceAll(/\/\/.*/g, '').matchAll(/[a-z0-9-]+/g)].map(([name]) => name);
  const at = rules.findIndex((name, i) => name !== named[i]);
  if (at >= 0 || named.length !== rules.length) {
    const where = at < 0 ? `${named.length} names for ${rules.length} rules` : `${named[at]} for ${rules[at]}`;
    throw new Error(`Cannot make the component: "enum rule" of the WIT has ${where} (see component/values.ts, too)`);
  }
}

async function build(target) {
  const files = await compile(CONFIG, target, { transforms: [CanonicalNames] });
  const [, module] = [...files].find(([name]) => name.endsWith('.wasm'));
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(module)).map(({ name }) => name);
  const foreign = imports.filter((name) => !name.endsWith('_new'));
  if (foreign.length > 0) throw new Error(`Cannot make the component: it imports ${foreign.join(', ')}`);
  return componentNew(await componentEmbed({ binary: module, witSource: wit, world: WORLD }), []);
}

checkRules();
CanonicalNames.wanted = await wantedNames();
mkdirSync('wasm/build', { recursive: true });
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('-'));
for (const target of chosen.length > 0 ? chosen : Object.keys(OUT_FILES)) {
  const component = await build(target);
  if (process.argv.includes('--twice') && digest(await build(target)) !== digest(component)) {
    throw new Error(`Cannot accept ${OUT_FILES[target]}: a second build gave other octets`);
  }
  writeFileSync(OUT_FILES[target], component);
  console.log(
    `${OUT_FILES[target].padEnd(42)} ${String(component.length).padStart(7)} octets  sha256 ${digest(component)}`,
  );
}
