// What jco makes of the component: JavaScript modules beside core modules. `node wasm/transpile.mjs component.wasm folder` is
// `jco transpile component.wasm --instantiation sync -o folder`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpileBytes } from '@bytecodealliance/jco-transpile';

/** Writes the modules of a component's file into a folder; the first of them is `http-core.js`. */
export async function transpile(component, folder) {
  const options = { name: 'http-core', instantiation: 'sync', noComponentErrorWrapping: false };
  const { files } = await transpileBytes(readFileSync(component), options);
  for (const [name, octets] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, octets);
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [, , component, folder] = process.argv;
  await transpile(component, folder);
}
