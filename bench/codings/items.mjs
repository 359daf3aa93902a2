/**
 * What is decoded, by whom, and the named targets. A *cell* is one coded body; a *group* is a coding and a way to be given it,
 * whole or in pieces, with those who take part and what is asked of ours.
 *
 *   subjects  Map from name (no comma) to { module, argument? } of subjects/
 *   targets   [{ to, median?, worst? }]   largest ratio of our CPU to the peer's: the median over cells, that of any cell
 */
import { UsageError } from '../usage.mjs';

const KIB = 1024;
const MIB = 2 ** 20;

export const OURS = 'httpx-wasm';
/**
 * Who has no target, ours as the client uses it among them: measured in the first round alone, and left out of the short run
 * unless asked for.
 */
export const INFORMATION = ['Response', 'DecompressionStream', 'createBrotliDecompress', 'createZstdDecompress'];
/** Stride of the digests that each decoding is held to. */
export const STRIDE = 4093;
export const PIECE_OCTETS = 16 * KIB;

const CORPORA = ['JSON', 'HTML', 'JavaScript', 'text', 'binary', 'incompressible'];
export const SIZES = new Map([
  [64 * KIB, '64 KB'],
  [MIB, '1 MB'],
  [8 * MIB, '8 MB'],
]);
const LEVELS = { gzip: [1, 6, 9], br: [4, 11], zstd: [3, 19] };
const QUICK_SIZES = [MIB];
const QUICK_LEVELS = { gzip: [6], br: [4, 11], zstd: [3] };
/** What the short run leaves out. */
export const LEFT_BY_QUICK = ['bodies of 64 KB and 8 MB', 'gzip at levels 1 and 9', 'zstd at level 19'];

const ours = [OURS, { module: 'httpx-wasm' }];
const response = ['Response', { module: 'response' }];
const zlib = (name, argument) => [name, { module: 'zlib', argument }];

const group = (name, coding, pieces, subjects, targets) => ({
  name,
  coding,
  pieces,
  subjects: new Map(subjects),
  targets,
});

export const GROUPS = [
  group(
    'gzip',
    'gzip',
    false,
    [ours, response, zlib('gunzipSync'), ['pako', { module: 'pako' }], ['fflate', { module: 'fflate' }]],
    [
      { to: 'gunzipSync', median: 1, worst: 1.35 },
      { to: 'pako', median: 0.45 },
      { to: 'fflate', median: 0.45 },
    ],
  ),
  group(
    'gzip-pieces',
    'gzip',
    true,
    [
      ours,
      response,
      zlib('createGunzip'),
      zlib('createGunzip 64 KB', { chunkSize: 65536 }),
      ['DecompressionStream', { module: 'decompression-stream' }],
      ['pako', { module: 'pako' }],
      ['fflate', { module: 'fflate' }],
    ],
    [
      { to: 'createGunzip', median: 0.7 },
      { to: 'createGunzip 64 KB', median: 1.1 },
      { to: 'DecompressionStream' },
      { to: 'pako', median: 0.45 },
      { to: 'fflate', median: 0.45 },
    ],
  ),
  group(
    'br',
    'br',
    false,
    [ours, response, zlib('brotliDecompressSync'), ['brotli-dec-wasm', { module: 'brotli-dec-wasm' }]],
    [
      { to: 'brotliDecompressSync', median: 1.3 },
      { to: 'brotli-dec-wasm', median: 1 },
    ],
  ),
  group(
    'br-pieces',
    'br',
    true,
    [ours, response, zlib('createBrotliDecompress'), ['brotli-dec-wasm', { module: 'brotli-dec-wasm' }]],
    [{ to: 'createBrotliDecompress' }, { to: 'brotli-dec-wasm', median: 1 }],
  ),
  group(
    'zstd',
    'zstd',
    false,
    [ours, response, zlib('zstdDecompressSync'), ['fzstd', { module: 'fzstd' }]],
    [
      { to: 'zstdDecompressSync', median: 1.3 },
      { to: 'fzstd', median: 0.4 },
    ],
  ),
  group(
    'zstd-pieces',
    'zstd',
    true,
    [ours, response, zlib('createZstdDecompress'), ['fzstd', { module: 'fzstd' }]],
    [{ to: 'createZstdDecompress' }, { to: 'fzstd', median: 0.4 }],
  ),
];

/** Every name that --peers can choose from. */
export const SUBJECTS = [...new Set(GROUPS.flatMap(({ subjects }) => [...subjects.keys()]))];

/** @throws {UsageError} for a name that is none */
export function groupOf(name) {
  const found = GROUPS.find((one) => one.name === name);
  if (found === undefined) {
    throw new UsageError(`Cannot decode ${name}: there are ${GROUPS.map((one) => one.name).join(', ')}`);
  }
  return found;
}

/** The bodies that these groups need. */
export function wantedBy(groups, quick) {
  const levels = quick ? QUICK_LEVELS : LEVELS;
  const sizes = quick ? QUICK_SIZES : [...SIZES.keys()];
  const codings = [...new Set(groups.map(({ coding }) => coding))];
  return codings.flatMap((coding) =>
    sizes.flatMap((octets) =>
      levels[coding].flatMap((level) => CORPORA.map((corpus) => ({ corpus, octets, coding, level }))),
    ),
  );
}
