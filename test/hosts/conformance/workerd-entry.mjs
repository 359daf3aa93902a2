// The suite inside a worker: it runs when it is asked, and answers with its results.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import { runSuite } from './suite.mjs';

export default {
  async fetch(_request, env) {
    return Response.json(await runSuite({ httpx, core }, JSON.parse(env.SERVERS), JSON.parse(env.HOST)));
  },
};
