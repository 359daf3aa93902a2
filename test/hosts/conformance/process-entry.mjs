// The suite in a process of a host with sockets of its own (Node.js, Deno, Bun). The servers' line comes as an argument.
import { readFileSync } from 'node:fs';
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';
import { runSuite } from './suite.mjs';

const read = (name) => readFileSync(new URL(`counts/${name}`, import.meta.url));
const counted = () => ({
  modules: { core: new WebAssembly.Module(read('core.wasm')), codings: new WebAssembly.Module(read('codings.wasm')) },
  rows: JSON.parse(read('rows.json')),
});
const [servers, host] = process.argv.slice(2).map((text) => JSON.parse(text));
console.log(`RESULTS ${JSON.stringify(await runSuite({ httpx, core, fetching, counted }, servers, host))}`);
