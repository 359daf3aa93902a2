/**
 * One row for each item of the corpus, given whole (in pieces as large as the core takes) and octet by octet. Field blocks of
 * HTTP/2 are whole by nature.
 */
import { corpus } from '../corpus/corpus.mjs';
import { isInSecondModule, REQUEST_OCTETS } from './core.mjs';

const octetsOf = (lists) => lists.flat().reduce((sum, [name, value]) => sum + name.length + value.length, 0);

/**
 * What is counted, row by row: { name, octets, messages?, inCodings?, whole(core), drip?(core) }. Octets of the message, of
 * the content that is decoded, or of names and values; messages, if not one; whole and drip count on a core and answer
 * { instructions, bulk }.
 */
export function rowsToCount() {
  const items = corpus();
  const inPieces = (count) => ({ whole: count(Number.POSITIVE_INFINITY), drip: count(1) });
  const messages = items.messages.map((item) => ({
    name: item.name,
    octets: item.octets.length,
    ...inPieces((most) => (core) => core.message(item, most)),
  }));
  const coded = items.coded.map((item) => ({
    name: item.name,
    octets: item.content.length,
    inCodings: isInSecondModule(item.coding),
    ...inPieces((most) => (core) => core.coded(item, most)),
  }));
  const lists = items.lists.flatMap(({ name, lists: some }) => {
    const octets = octetsOf(some);
    return [
      { name: `HPACK, encode ${name}`, octets, messages: some.length, whole: (core) => core.fieldLists(some).encoded },
      { name: `HPACK, decode ${name}`, octets, messages: some.length, whole: (core) => core.fieldLists(some).decoded },
    ];
  });
  const [first] = items.exchanges;
  const request = (core) => core.requests(first);
  const exchanges = items.exchanges.map((item) => ({
    name: item.name,
    octets: item.octets.length,
    messages: item.streams,
    ...inPieces((most) => (core) => core.exchange(item, most)),
  }));
  return [
    ...messages,
    ...coded,
    ...lists,
    { name: 'HTTP/2, a request that comes again', octets: REQUEST_OCTETS, whole: request },
    ...exchanges,
  ];
}

/**
 * @param {import('./core.mjs').MeteredCore} core of the first module
 * @param {import('./core.mjs').MeteredCore} codings of the second
 * @returns rows { name, octets, messages, whole, drip? }; whole and drip are counts { instructions, bulk }
 */
export function countAll(core, codings) {
  return rowsToCount().map(({ name, octets, messages = 1, inCodings, whole, drip }) => {
    const module = inCodings ? codings : core;
    return { name, octets, messages, whole: whole(module), ...(drip === undefined ? {} : { drip: drip(module) }) };
  });
}
