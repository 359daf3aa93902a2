/** `npm run bench -- corpus [--update] [--json]`: what is measured on, held to its hashes; `--update` takes it as it is now. */
import { tableOf } from '../table.mjs';
import { corpusHash, corpusItems, heldCorpus, writeHashes } from './hashes.mjs';

export async function corpus({ update, json }) {
  const items = update ? corpusItems() : heldCorpus();
  if (update) {
    writeHashes(items);
    console.error('bench/corpus/hashes.json holds these hashes now');
  }
  if (json) console.log(JSON.stringify({ corpus: corpusHash(items), items }, null, 2));
  else {
    const lines = items.map(({ name, octets, hash }) => [name, octets.toLocaleString('en-US'), hash.slice(0, 16)]);
    console.log(tableOf([['', 'octets', 'SHA-256, its begin'], ...lines]));
  }
}
