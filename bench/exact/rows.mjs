/** One row for each item of the corpus, given whole (in pieces as large as the core takes) and octet by octet. */
import { corpus, hashOf } from '../corpus/corpus.mjs';

/**
 * @param {import('./core.mjs').MeteredCore} core
 * @returns the hash of the corpus, and rows { name, octets, whole, drip }: octets of the message, or of the content that
 *   was decoded; whole and drip are counts { instructions, bulk }
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
  return { corpus: hashOf(items), rows };
}
