// The suite in a process of a host with sockets of its own (Node.js, Deno, Bun). The servers' line comes as an argument.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';
import { runSuite } from './suite.mjs';
import { toFile } from './to-file.mjs';

const read = (name) => readFileSync(new URL(`counts/${name}`, import.meta.url));
const counted = () => ({
  modules: { core: new WebAssembly.Module(read('core.wasm')), codings: new WebAssembly.Module(read('codings.wasm')) },
  rows: JSON.parse(read('rows.json')),
});
/** A file for a while. */
function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-file-'));
  const path = join(folder, 'body');
  return {
    path,
    octets: () => new Uint8Array(readFileSync(path)),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}

const [servers, host] = process.argv.slice(2).map((text) => JSON.parse(text));
console.log(
  `RESULTS ${JSON.stringify(await runSuite({ httpx, core, fetching, counted, files: { toFile, scratch } }, servers, host))}`,
);
