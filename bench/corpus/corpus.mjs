/** The corpus of the exact layer, made in code from seeds, and its hash: equal everywhere, changed only on purpose. */
import { createHash } from 'node:crypto';
import { codedContents } from './coded.mjs';
import { exchanges } from './exchanges.mjs';
import { requestLists, responseLists } from './lists.mjs';
import { messages } from './messages.mjs';

export function corpus() {
  const lists = [
    { name: '64 requests of 12 fields', lists: requestLists() },
    { name: '64 responses of 20 fields', lists: responseLists() },
  ];
  return { messages: messages(), coded: codedContents(), lists, exchanges: exchanges() };
}

/** SHA-256 over the names and octets of every item, in order. */
export function hashOf({ messages, coded, lists, exchanges: both }) {
  const hash = createHash('sha256');
  for (const { name, octets } of [...messages, ...coded, ...both]) {
    hash.update(`${name}\n${octets.length}\n`);
    hash.update(octets);
  }
  for (const one of lists) hash.update(JSON.stringify(one));
  return hash.digest('hex');
}
