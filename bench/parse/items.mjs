/**
 * What is parsed or decoded, by whom, and the named targets. A subject is a module of subjects/ and an argument for it;
 * `native` stands for the C program. Measures, ratios and limits: as figures.mjs takes them.
 */
import { gzip } from 'pako';
import { jsonOf } from '../corpus/contents.mjs';
import { heads } from '../corpus/heads.mjs';
import { UsageError } from '../usage.mjs';

export const NATIVE = 'picohttpparser';
const TABLE = 'core table';
const STRINGS = 'core strings';
const EMPTY = 'llhttp empty';
const DRIVEN = 'llhttp as undici';
const OURS = 'httpx-wasm';
const ZLIB = 'zlib';

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
const WHOLE_SUBJECTS = new Map([
  [OURS, { module: 'gunzip-ours' }],
  [ZLIB, { module: 'gunzip-zlib' }],
]);
const PIECES_SUBJECTS = new Map([
  ...WHOLE_SUBJECTS,
  ['zlib 64 KB', { module: 'gunzip-zlib', argument: { chunkSize: 65536 } }],
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
const MIB = 2 ** 20;
const CONTENT_MEASURES = [
  { key: 'cpu', name: 'CPU', unit: 'µs/MiB', digits: 0, spread: true, of: ({ cpuUs, units }) => cpuUs / units },
  { key: 'rate', name: 'rate', unit: 'MiB/s', digits: 0, of: ({ units, wallMs }) => (units / wallMs) * 1000 },
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
  kind: 'head',
  measures: HEAD_MEASURES,
  subjects: HEAD_SUBJECTS,
  quick: true,
  ratios: headRatios(named),
});

const content = (name, text, pieceOctets, subjects, limit) => ({
  name,
  text,
  kind: 'content',
  pieceOctets,
  measures: CONTENT_MEASURES,
  subjects,
  ours: OURS,
  ratios: [{ of: 'cpu', to: ZLIB, limit }],
});

export const ITEMS = [
  head('H5', 'head small, 5 fields'),
  head('H20', 'head CDN, 20 fields', true),
  head('H100', 'head, 100 fields'),
  content('G1', 'gunzip of 1 MB of JSON, whole, against gunzipSync', null, WHOLE_SUBJECTS, 1),
  content('G16', 'gunzip of 1 MB of JSON, in pieces of 16 KB, against createGunzip', 16384, PIECES_SUBJECTS, 0.7),
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

/** { octets, pieces, content }: gzip (level 6) of JSON, whole and in pieces (`null`: not in pieces). */
export function codedOf({ pieceOctets }) {
  const plain = jsonOf(MIB);
  const octets = gzip(plain, { level: 6 });
  const pieces = pieceOctets === null ? null : piecesOf(octets, pieceOctets);
  return { octets, pieces, content: plain };
}

/** Copies, so that each piece has memory of its own, as pieces from a socket do. */
function piecesOf(octets, size) {
  const count = Math.ceil(octets.length / size);
  return Array.from({ length: count }, (_, index) => octets.slice(index * size, (index + 1) * size));
}
