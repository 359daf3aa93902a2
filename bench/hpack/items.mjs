/**
 * What is decoded or encoded, by whom, and the named targets. A subject is a module of subjects/ and an argument for it;
 * `native` stands for the C program. Measures and ratios: as figures.mjs takes them.
 */
import { apiRequestLists, apiResponseLists, requestLists, responseLists } from '../corpus/lists.mjs';
import { UsageError } from '../usage.mjs';

export const NATIVE = 'nghttp2';
const TABLE = 'core table';
const STRINGS = 'HpackDecoder';
const ENCODED = 'core';
const FROM_STRINGS = 'HpackEncoder';
const NPM = ['hpack.js', 'http2'];

/** By name, which has no comma. */
const DECODERS = new Map([
  [NATIVE, { native: true }],
  [TABLE, { module: 'core' }],
  [STRINGS, { module: 'api' }],
  ['hpack.js', { module: 'hpack-js' }],
  ['http2', { module: 'http2' }],
]);
const ENCODERS = new Map([
  [NATIVE, { native: true }],
  [ENCODED, { module: 'core' }],
  [FROM_STRINGS, { module: 'api' }],
  ['hpack.js', { module: 'hpack-js' }],
  ['http2', { module: 'http2' }],
]);

const MEASURES = [
  {
    key: 'cpu',
    name: 'CPU',
    unit: 'ns/list',
    digits: 0,
    spread: true,
    of: ({ cpuUs, units }) => (cpuUs * 1000) / units,
  },
  { key: 'wall', name: 'wall', unit: 'ns/list', digits: 0, of: ({ wallMs, units }) => (wallMs * 1e6) / units },
];
const ratio = (peer, to, limit, stretch) => ({ of: 'cpu', to, peer, limit, stretch });

/** Not part of the short run. */
const FULL_ONLY = { quick: false };

const decoding = (name, text, listsOf, rest) => ({
  name,
  text,
  isDecoding: true,
  quick: true,
  listsOf,
  measures: MEASURES,
  subjects: DECODERS,
  ratios: [ratio(TABLE, NATIVE, 1), ratio(STRINGS, NATIVE, 2), ...NPM.map((peer) => ratio(STRINGS, peer, 0.25))],
  ...rest,
});

const encoding = (name, text, listsOf, rest) => ({
  name,
  text,
  isDecoding: false,
  quick: true,
  listsOf,
  measures: MEASURES,
  subjects: ENCODERS,
  ratios: [ratio(ENCODED, NATIVE, 2.5, 1.5), ...NPM.map((peer) => ratio(FROM_STRINGS, peer, 0.25))],
  ...rest,
});

export const ITEMS = [
  decoding('DR', 'decode the field blocks of responses, 20 fields each', responseLists),
  decoding('DQ', 'decode the field blocks of requests, 12 fields each', requestLists),
  decoding('DAR', 'decode what an API answers, 12 fields each', apiResponseLists, FULL_ONLY),
  decoding('DAQ', 'decode requests to an API, 10 fields each', apiRequestLists, FULL_ONLY),
  encoding('ER', 'encode responses', responseLists),
  encoding('EQ', 'encode requests', requestLists),
  encoding('EAR', 'encode what an API answers', apiResponseLists, FULL_ONLY),
  encoding('EAQ', 'encode requests to an API', apiRequestLists, FULL_ONLY),
];

/** Every name that --peers can choose from. */
export const SUBJECTS = [...new Set(ITEMS.flatMap(({ subjects }) => [...subjects.keys()]))];

/** @throws {UsageError} for a name that is none */
export function itemOf(name) {
  const found = ITEMS.find((item) => item.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot measure ${name}: there are ${ITEMS.map((one) => one.name).join(', ')}`);
  }
  return found;
}
