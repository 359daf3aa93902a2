// The program of wrangler, for workerd: answers with its results. It is bound to the origin of the server as BASE.
import core from 'httpx-wasm/core.wasm';
import { equal, resultsOf } from './cases.mjs';

export default {
  async fetch(_request, { BASE }) {
    const results = await resultsOf(BASE, {
      async 'core.wasm, as the bundler gives it'() {
        equal(core instanceof WebAssembly.Module, true);
      },
    });
    return Response.json(results);
  },
};
