// What every bundle does: a request by each entry, decoding by both modules of the core, and a look at core.wasm itself.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';

const octetsOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

export function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}

const CASES = {
  async 'a request, its body decoded'(base) {
    const client = new httpx.AsyncClient();
    for (const coding of ['gzip', 'br']) equal((await client.get(`${base}/coded/${coding}`)).json().coding, coding);
    await client.aclose();
  },
  async 'gzip and brotli decoded in memory'() {
    const text = (octets) => new TextDecoder().decode(octets);
    equal(text(await core.decode('gzip', octetsOf('H4sIAAAAAAAAA0tJTc5PSU0BAPaa8BoHAAAA'))), 'decoded');
    equal(text(await core.decode('br', octetsOf('CwOAZGVjb2RlZAM='))), 'decoded');
  },
  async 'the entry over fetch alone, with the same errors'(base) {
    const call = fetching.get(`${base}/status/404`).then((response) => response.raiseForStatus());
    const error = await call.catch((thrown) => thrown);
    equal(error instanceof httpx.HTTPStatusError, true);
  },
};

/** The results of all cases, and of `more`, against the server of `base`. */
export async function resultsOf(base, more) {
  const results = [];
  for (const [name, run] of Object.entries({ ...CASES, ...more })) {
    try {
      await run(base);
      results.push({ name, passed: true });
    } catch (error) {
      results.push({ name, failed: String(error?.stack ?? error) });
    }
  }
  return results;
}
