/**
 * One row for each item of the corpus, given whole (in pieces as large as the core takes) and octet by octet. Field blocks of
 * HTTP/2 are whole by nature.
 */
import { corpus, hashOf } from '../corpus/corpus.mjs';

const octetsOf = (lists) => lists.flat().reduce((sum, [name, value]) => sum + name.length + value.length, 0);

/**
 * @param {import('./core.mjs').MeteredCore} core
 * @returns the hash of the corpus, and rows { name, octets, whole, drip? }: octets of the message, of the content that was
 *   decoded, or of names and values; whole and drip are counts { instructions, bulk }
 */
export function countAll(core) {
  const items = corpus();
  const rows = items.messages.map((item) => ({
    name: item.name,
    octets: item.octets.length,
    whole: core.message(item, Number.POSITIVE_INFINITY),
    drip: core.message(item, 1),
  }));
  for (const item of items.coded) {
    rows.push({
      name: item.name,
      octets: item.content.length,
      whole: core.coded(item, Number.POSITIVE_INFINITY),
      drip: core.coded(item, 1),
    });
  }
  for (const { name, lists } of items.lists) {
    const octets = octetsOf(lists);
    const { encoded, decoded } = core.fieldLists(lists);
    rows.push({ name: `HPACK, encode ${name}`, octets, whole: encoded });
    rows.push({ name: `HPACK, decode ${name}`, octets, whole: decoded });
  }
  const requests = core.requests(items.exchanges[0]);
  rows.push({ name: 'HTTP/2, a request that comes again', octets: requests.octets, whole: requests.counts });
  for (const item of items.exchanges) {
    rows.push({
      name: item.name,
      octets: item.octets.length,
      whole: core.exchange(item, Number.POSITIVE_INFINITY),
      drip: core.exchange(item, 1),
    });
  }
  return { corpus: hashOf(items), rows };
}
