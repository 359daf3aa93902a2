/**
 * `npm run bench -- exact [--json] [--update] [--fuel]`: counts the instructions that the core executes for each item of the
 * corpus and holds them to the golden table; `--fuel`: and to what wasmtime counts. Exit code 1: a row is more than 2 % above,
 * the table is of another corpus, or wasmtime counts otherwise; 2: there is no wasmtime to ask.
 */
import { builtModules } from '../artefacts.mjs';
import { corpusHash, heldCorpus } from '../corpus/hashes.mjs';
import { tableOf } from '../table.mjs';
import { MeteredCore } from './core.mjs';
import { checkFuel, wasmtimeVersion } from './fuel.mjs';
import { compare, readGolden, writeGolden } from './golden.mjs';
import { countAll } from './rows.mjs';

/** What octet-by-octet input may cost at most, as a multiple of the whole. */
const DRIP_MAX = 3;

const whole = (value) => value.toLocaleString('en-US');

function printTable(rows) {
  const headings = ['', 'octets', 'instructions', 'per message', 'per octet', 'bulk', 'by octet', 'bulk', 'ratio'];
  const lines = rows.map(({ name, octets, messages, whole: all, drip }) => [
    name,
    whole(octets),
    whole(all.instructions),
    whole(Math.round(all.instructions / messages)),
    (all.instructions / octets).toFixed(3),
    whole(all.bulk),
    ...(drip === undefined
      ? ['', '', '']
      : [whole(drip.instructions), whole(drip.bulk), (drip.instructions / all.instructions).toFixed(2)]),
  ]);
  console.log(tableOf([headings, ...lines]));
  const dear = rows.filter(({ whole: all, drip }) => drip?.instructions > DRIP_MAX * all.instructions);
  for (const { name } of dear) console.log(`octet by octet costs more than ${DRIP_MAX} times the whole: ${name}`);
}

/** Counts of every row on the modules that are built: { corpus, rows }. */
export function countRows({ core, codings }) {
  return { corpus: corpusHash(heldCorpus()), rows: countAll(new MeteredCore(core), new MeteredCore(codings)) };
}

/** Tells what wasmtime counts. @returns whether it is the same */
function tellFuel(modules, version) {
  const rows = checkFuel(modules);
  const wrong = rows.filter(({ differing }) => differing !== null);
  for (const { name, differing } of wrong)
    console.error(`OTHERWISE: ${name}: we count ${differing[0]}, wasmtime ${differing[1]}`);
  const counts = rows.reduce((sum, row) => sum + row.counts, 0);
  console.error(`wasmtime ${version}: ${rows.length} rows, ${counts} counts, ${wrong.length} rows otherwise`);
  return wrong.length === 0;
}

export async function exact({ json, update, fuel }) {
  const version = fuel ? wasmtimeVersion() : null;
  const modules = builtModules();
  const counted = countRows(modules);
  if (json) console.log(JSON.stringify(counted, null, 2));
  else printTable(counted.rows);
  if (version !== null && !tellFuel(modules, version)) process.exitCode = 1;
  if (update) {
    writeGolden(counted);
    console.error('bench/exact.golden.json holds these counts now');
    return;
  }
  const golden = readGolden();
  if (golden === null) throw new Error('Cannot compare: bench/exact.golden.json is missing; --update makes it');
  const { worse, better } = compare(counted, golden);
  for (const line of better) console.error(`better: ${line}`);
  for (const line of worse) console.error(`WORSE: ${line}`);
  if (better.length > 0) console.error('--update would hold what was gained');
  console.error(worse.length === 0 ? 'the golden table holds' : 'the golden table does not hold');
  if (worse.length > 0) process.exitCode = 1;
}
