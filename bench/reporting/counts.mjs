/** The counts of two runs, which must be equal on every host and machine. */

const MANNERS = ['whole', 'drip'];
const COUNTS = ['instructions', 'bulk'];

/** Each count of a row as [what, count]. */
const countsOf = (row) =>
  MANNERS.filter((manner) => row[manner] !== undefined).flatMap((manner) =>
    COUNTS.map((count) => [`${row.name}, ${manner}: ${count}`, row[manner][count]]),
  );

/** What two runs count otherwise: { compared, differing: sentences }. */
export function differingCounts(a, b) {
  const differing = a.corpus === b.corpus ? [] : [`the corpus has another hash: ${a.corpus}, ${b.corpus}`];
  const left = new Map(b.rows.flatMap(countsOf));
  let compared = 0;
  for (const [what, count] of a.rows.flatMap(countsOf)) {
    const other = left.get(what);
    left.delete(what);
    compared++;
    if (other !== count) differing.push(`${what} ${count}, ${other ?? 'not counted'}`);
  }
  for (const [what, count] of left) differing.push(`${what} not counted, ${count}`);
  return { compared, differing };
}
