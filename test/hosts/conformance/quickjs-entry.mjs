// The suite inside QuickJS: an engine without a platform and without WebAssembly, over sockets that its embedder gives. What the
// package is evaluated with must be there before it.
import './quickjs-platform.mjs';

import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import { runSuite } from './suite.mjs';

/** Begun by the embedder; its results go back to him. */
globalThis.begin = (servers, host) => {
  const isBare = embedded.isBare && typeof WebAssembly === 'undefined';
  const notBare = { name: 'the suite', failed: 'the engine has a platform, or WebAssembly' };
  runSuite({ httpx, core }, JSON.parse(servers), JSON.parse(host))
    .catch((error) => [{ name: 'the suite', failed: `${error}\n${error.stack}` }])
    .then((results) => embedder.done(JSON.stringify(isBare ? results : [...results, notBare])));
};
