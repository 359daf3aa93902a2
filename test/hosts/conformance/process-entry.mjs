// The suite in a process of a host with sockets of its own (Node.js, Deno, Bun). The servers' line comes as an argument.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import { runSuite } from './suite.mjs';

const [servers, host] = process.argv.slice(2).map((text) => JSON.parse(text));
console.log(`RESULTS ${JSON.stringify(await runSuite({ httpx, core }, servers, host))}`);
