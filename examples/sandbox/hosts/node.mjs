// The sandbox in Node.js, through jco: a component becomes JavaScript beside core modules.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import { connections } from './connections.mjs';

const CLIENT = 'httpx-wasm:sandbox/client@0.1.0';
const TRANSPORT = 'httpx-wasm:sandbox/transport@0.1.0';
const SUSPENDS = ['connect', 'read', 'write'].map((name) => `${TRANSPORT}#${name}`);
const IS_SUSPENDED = ['send', 'open', 'relay', '[method]download.next', '[method]download.close'].map(
  (name) => `${CLIENT}#${name}`,
);

/** Writes what jco makes of a component into a folder, and makes an instance: its interface `client`. */
async function instantiated(component, folder, imports, options) {
  const { files } = await transpileBytes(readFileSync(component), {
    name: 'sandbox',
    instantiation: 'async',
    noComponentErrorWrapping: false,
    ...options,
  });
  for (const [name, octets] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), octets);
  }
  const { instantiate } = await import(pathToFileURL(join(folder, 'sandbox.js')).href);
  const compiled = (name) => WebAssembly.compile(readFileSync(join(folder, name)));
  return (await instantiate(compiled, imports)).client;
}

/**
 * `over-transport`: its calls are promises, to be made one at a time; while the host works for it, the component is suspended
 * (JSPI: Node.js 24 and later).
 */
export function overTransport(component, folder, transport = connections().transport) {
  const options = { asyncMode: 'jspi', asyncImports: SUSPENDS, asyncExports: IS_SUSPENDED };
  return instantiated(component, folder, { 'httpx-wasm:sandbox/transport': transport }, options);
}

/** `over-sockets`, `over-http`: its calls block. jco's shim gives it WASI, by a thread of its own. */
export function overWasi(component, folder) {
  return instantiated(component, folder, new WASIShim().getImportObject(), {});
}
