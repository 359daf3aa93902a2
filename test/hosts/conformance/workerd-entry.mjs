// The suite inside a worker: it runs when it is asked, and answers with its results.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';
import codingsModule from './counts/codings.wasm';
import coreModule from './counts/core.wasm';
import rows from './counts/rows.json';
import { runSuite } from './suite.mjs';

const counted = () => ({ modules: { core: coreModule, codings: codingsModule }, rows });

export default {
  async fetch(_request, env) {
    return Response.json(
      await runSuite({ httpx, core, fetching, counted }, JSON.parse(env.SERVERS), JSON.parse(env.HOST)),
    );
  },
};
