/** The committed table of counts: what a change may cost, and what it must not cost unnoticed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const GOLDEN = new URL('../exact.golden.json', import.meta.url);
/** How much more than the golden count is still let through. */
const TOLERANCE = 0.02;

const MANNERS = ['whole', 'drip'];
const COUNTS = ['instructions', 'bulk'];

/** The golden table { corpus, rows by name }, or `null` if there is none yet. */
export function readGolden() {
  return existsSync(GOLDEN) ? JSON.parse(readFileSync(GOLDEN, 'utf8')) : null;
}

export function writeGolden({ corpus, rows }) {
  const byName = Object.fromEntries(rows.map(({ name, ...row }) => [name, row]));
  writeFileSync(GOLDEN, `${JSON.stringify({ corpus, rows: byName }, null, 2)}\n`);
}

function compareRow(row, golden, found) {
  for (const manner of MANNERS.filter((one) => row[one] !== undefined)) {
    for (const count of COUNTS) {
      const now = row[manner][count];
      const before = golden[manner][count];
      const change = before === 0 ? (now === 0 ? 0 : Number.POSITIVE_INFINITY) : now / before - 1;
      const line = `${row.name}, ${manner}: ${count} ${before} → ${now} (${(change * 100).toFixed(1)} %)`;
      if (change > TOLERANCE) found.worse.push(line);
      else if (change < -TOLERANCE) found.better.push(line);
    }
  }
}

/**
 * @returns { worse, better }: sentences; any in `worse` (a count above the tolerance, another corpus, a row without
 *   counterpart) means that the table does not hold
 */
export function compare({ corpus, rows }, golden) {
  const found = { worse: [], better: [] };
  if (corpus !== golden.corpus) found.worse.push(`the corpus has another hash: ${golden.corpus} → ${corpus}`);
  const left = new Map(Object.entries(golden.rows));
  for (const row of rows) {
    const before = left.get(row.name);
    left.delete(row.name);
    if (before === undefined) found.worse.push(`${row.name}: not in the golden table`);
    else compareRow(row, before, found);
  }
  for (const name of left.keys()) found.worse.push(`${name}: only in the golden table`);
  return found;
}
