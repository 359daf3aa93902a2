/**
 * Which heads are parsed, by whom, and the named targets. A subject is a module of subjects/ and an argument for it;
 * `native` stands for the C program. Measures, ratios and limits: as figures.mjs takes them.
 */
import { heads } from '../corpus/heads.mjs';
import { UsageError } from '../usage.mjs';

export const NATIVE = 'picohttpparser';
const TABLE = 'core table';
const STRINGS = 'core strings';
const EMPTY = 'llhttp empty';
const DRIVEN = 'llhttp as undici';

/** By name, which has no comma: `module` of subjects/ and its argument, or the C program. */
const HEAD_SUBJECTS = new Map([
  [NATIVE, { native: true }],
  [TABLE, { module: 'core', argument: { strings: false } }],
  [EMPTY, { module: 'llhttp' }],
  [STRINGS, { module: 'core', argument: { strings: true } }],
  ['client headers', { module: 'client' }],
  [DRIVEN, { module: 'llhttp-driven' }],
  ['node parser', { module: 'node-parser' }],
  ['http-parser-js', { module: 'http-parser-js' }],
]);

const HEAD_MEASURES = [
  {
    key: 'cpu',
    name: 'CPU',
    unit: 'ns/head',
    digits: 0,
    spread: true,
    of: ({ cpuUs, units }) => (cpuUs * 1000) / units,
  },
  { key: 'wall', name: 'wall', unit: 'ns/head', digits: 0, of: ({ wallMs, units }) => (wallMs * 1e6) / units },
];

/** Ratios of a head; with the targets where `named`. */
function headRatios(named) {
  const limit = (value) => (named ? { limit: value } : {});
  return [
    { of: 'cpu', to: NATIVE, peer: TABLE, ...limit(1.6) },
    { of: 'cpu', to: EMPTY, peer: TABLE, ...limit(0.5) },
    { of: 'cpu', to: DRIVEN, peer: STRINGS, ...limit(0.2) },
  ];
}

const head = (name, corpusName, named = false) => ({
  name,
  text: corpusName,
  measures: HEAD_MEASURES,
  subjects: HEAD_SUBJECTS,
  quick: true,
  ratios: headRatios(named),
});

export const ITEMS = [
  head('H5', 'head small, 5 fields'),
  head('H20', 'head CDN, 20 fields', true),
  head('H100', 'head, 100 fields'),
];

/** Every name that --peers can choose from. */
export const SUBJECTS = [...new Set(ITEMS.flatMap(({ subjects }) => [...subjects.keys()]))];

/** @throws {UsageError} for a name that is none */
export function itemOf(name) {
  const found = ITEMS.find((item) => item.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot parse ${name}: there are ${ITEMS.map((one) => one.name).join(', ')}`);
  }
  return found;
}

/** The octets of a head, as Latin-1 text. */
export function headTextOf({ text }) {
  return heads().find(([name]) => name === text)[1];
}
