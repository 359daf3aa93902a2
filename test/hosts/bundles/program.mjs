// What every bundle does: a request by each entry, decoding by both modules of the core, and a look at core.wasm itself. Prints
// one line of results; in a page it posts them. Its words: the origin of the server, and the SHA-256 that core.wasm must have.
import * as httpx from 'httpx-wasm';
import * as core from 'httpx-wasm/core';
import * as fetching from 'httpx-wasm/fetch';
import { coreOctets } from './core-octets.mjs';

const isPage = typeof document !== 'undefined';
const [base, digest] = isPage ? new URLSearchParams(location.search).getAll('word') : process.argv.slice(2);
const octetsOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}

const cases = {
  async 'a request, its body decoded'() {
    const client = new httpx.AsyncClient();
    for (const coding of ['gzip', 'br']) equal((await client.get(`${base}/coded/${coding}`)).json().coding, coding);
    await client.aclose();
  },
  async 'gzip and brotli decoded in memory'() {
    const text = (octets) => new TextDecoder().decode(octets);
    equal(text(await core.decode('gzip', octetsOf('H4sIAAAAAAAAA0tJTc5PSU0BAPaa8BoHAAAA'))), 'decoded');
    equal(text(await core.decode('br', octetsOf('CwOAZGVjb2RlZAM='))), 'decoded');
  },
  async 'the entry over fetch alone, with the same errors'() {
    const call = fetching.get(`${base}/status/404`).then((response) => response.raiseForStatus());
    const error = await call.catch((thrown) => thrown);
    equal(error instanceof httpx.HTTPStatusError, true);
  },
  async 'core.wasm, as the bundler gives it'() {
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await coreOctets()));
    equal([...sum].map((octet) => octet.toString(16).padStart(2, '0')).join(''), digest);
  },
};

const results = [];
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    results.push({ name, passed: true });
  } catch (error) {
    results.push({ name, failed: String(error?.stack ?? error) });
  }
}
if (isPage) await fetch('/results', { method: 'POST', body: JSON.stringify(results) });
else console.log(`RESULTS ${JSON.stringify(results)}`);
