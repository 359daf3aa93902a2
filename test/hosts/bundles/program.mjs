// The program of every bundler, for Node.js and for pages. Prints one line of results; in a page it posts them. Its words: the
// origin of the server, and the SHA-256 that core.wasm must have.
import { equal, resultsOf } from './cases.mjs';
import { coreOctets } from './core-octets.mjs';

const isPage = typeof document !== 'undefined';
const [base, digest] = isPage ? new URLSearchParams(location.search).getAll('word') : process.argv.slice(2);

// Not at the top: a bundle of CommonJS cannot wait there.
async function main() {
  const results = await resultsOf(base, {
    async 'core.wasm, as the bundler gives it'() {
      const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await coreOctets()));
      equal([...sum].map((octet) => octet.toString(16).padStart(2, '0')).join(''), digest);
    },
  });
  if (isPage) await fetch('/results', { method: 'POST', body: JSON.stringify(results) });
  else console.log(`RESULTS ${JSON.stringify(results)}`);
}

main();
