// The suite inside QuickJS: an engine without a platform and without WebAssembly, over sockets that its embedder gives.

import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import { installed, provideSockets } from 'httpx-wasm/polyfill';
import { connect } from './quickjs-platform.mjs';
import { runSuite } from './suite.mjs';

/** Begun by the embedder; its results go back to him. */
globalThis.begin = (servers, host) => {
  provideSockets(connect);
  const isBare =
    installed.includes('ReadableStream') && installed.includes('URL') && typeof WebAssembly === 'undefined';
  const facts = { name: 'the suite', failed: `the engine has a platform: it lacks ${installed}` };
  runSuite({ httpx, core }, JSON.parse(servers), JSON.parse(host))
    .catch((error) => [{ name: 'the suite', failed: `${error}\n${error.stack}` }])
    .then((results) => embedder.done(JSON.stringify(isBare ? results : [...results, facts])));
};
