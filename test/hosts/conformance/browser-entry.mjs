// The suite inside a page: over the browser's fetch. Its results go back to whoever served the page.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';
import { runSuite } from './suite.mjs';

const compiled = (name) => WebAssembly.compileStreaming(fetch(`/counts/${name}.wasm`));
const counted = async () => ({
  modules: { core: await compiled('core'), codings: await compiled('codings') },
  rows: await (await fetch('/counts/rows.json')).json(),
});
const { servers, host } = await (await fetch('/facts')).json();
const results = await runSuite({ httpx, core, fetching, counted }, servers, host).catch((error) => [
  { name: 'the suite', failed: String(error.stack ?? error) },
]);
await fetch('/results', { method: 'POST', body: JSON.stringify(results) });
