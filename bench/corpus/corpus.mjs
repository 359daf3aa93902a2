/** The corpus of the exact layer, made in code from seeds, and its hash: equal everywhere, changed only on purpose. */
import { createHash } from 'node:crypto';
import { codedContents } from './coded.mjs';
import { messages } from './messages.mjs';

export function corpus() {
  return { messages: messages(), coded: codedContents() };
}

/** SHA-256 over the names and octets of every item, in order. */
export function hashOf({ messages, coded }) {
  const hash = createHash('sha256');
  for (const { name, octets } of [...messages, ...coded]) {
    hash.update(`${name}\n${octets.length}\n`);
    hash.update(octets);
  }
  return hash.digest('hex');
}
