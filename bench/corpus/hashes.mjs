/**
 * What holds the corpus still: SHA-256 of each of its items in hashes.json. Every command looks at them before it measures, so
 * that no figure is of another corpus than the one before, unless its hash was changed on purpose
 * (`npm run bench -- corpus --update`).
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { UsageError } from '../usage.mjs';
import { jsonOf } from './contents.mjs';
import { corpus } from './corpus.mjs';
import { DOCUMENTS } from './documents.mjs';

const FILE = new URL('hashes.json', import.meta.url);
/** How much of each document is hashed: what is longer begins the same. */
const DOCUMENT_OCTETS = 2 ** 20;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** Every item with its octets: { name, octets, hash }. */
export function corpusItems() {
  const { messages, coded, lists, exchanges } = corpus();
  const item = (name, ...parts) => {
    const octets = parts.reduce((sum, part) => sum + part.length, 0);
    return { name, octets, hash: sha256(...parts) };
  };
  const documents = [['JSON', (octets) => jsonOf(octets)], ...DOCUMENTS];
  return [
    ...messages.map(({ name, octets }) => item(name, octets)),
    ...coded.map(({ name, octets, content }) => item(name, octets, content)),
    ...lists.map((one) => item(`HPACK, ${one.name}`, JSON.stringify(one.lists))),
    ...exchanges.map(({ name, before, octets }) => item(name, before, octets)),
    ...documents.map(([name, make]) => item(`1 MB of ${name}`, make(DOCUMENT_OCTETS))),
  ];
}

/** One hash for the whole corpus, to stand beside what was measured on it. */
export function corpusHash(items) {
  return sha256(...items.map(({ name, hash }) => `${name}: ${hash}\n`));
}

/** Sentences about what is not as `hashes` (an object: name to hash) say; none if all is. */
export function changesOf(items, hashes) {
  const left = new Map(Object.entries(hashes));
  const changes = [];
  for (const { name, hash } of items) {
    const before = left.get(name);
    left.delete(name);
    if (before === undefined) changes.push(`${name}: has no hash`);
    else if (before !== hash) changes.push(`${name}: another hash, ${before} → ${hash}`);
  }
  for (const name of left.keys()) changes.push(`${name}: is not in the corpus`);
  return changes;
}

/** The items, if they are those of hashes.json. @throws {UsageError} that names those that are not */
export function heldCorpus() {
  const items = corpusItems();
  const changes = changesOf(items, JSON.parse(readFileSync(FILE, 'utf8')));
  if (changes.length > 0) {
    const how = 'npm run bench -- corpus --update takes it as it is now';
    throw new UsageError(`Cannot measure: the corpus has changed\n  ${changes.join('\n  ')}\n${how}`);
  }
  return items;
}

export function writeHashes(items) {
  const hashes = Object.fromEntries(items.map(({ name, hash }) => [name, hash]));
  writeFileSync(FILE, `${JSON.stringify(hashes, null, 2)}\n`);
}
