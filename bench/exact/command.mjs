/**
 * `npm run bench -- exact [--json] [--update]`: counts the instructions that the core executes for each item of the
 * corpus and holds them to the golden table. Exit code 1: a row is more than 2 % above, or the corpus is another one.
 */
import { builtCore } from '../artefacts.mjs';
import { tableOf } from '../table.mjs';
import { MeteredCore } from './core.mjs';
import { compare, readGolden, writeGolden } from './golden.mjs';
import { countAll } from './rows.mjs';

/** What octet-by-octet input may cost at most, as a multiple of the whole. */
const DRIP_MAX = 3;

const whole = (value) => value.toLocaleString('en-US');

function printTable(rows) {
  const headings = ['', 'octets', 'instructions', 'per octet', 'bulk', 'by octet', 'bulk', 'ratio'];
  const lines = rows.map(({ name, octets, whole: all, drip }) => [
    name,
    whole(octets),
    whole(all.instructions),
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

export async function exact({ json, update }) {
  const counted = countAll(new MeteredCore(builtCore()));
  if (json) console.log(JSON.stringify(counted, null, 2));
  else printTable(counted.rows);
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
