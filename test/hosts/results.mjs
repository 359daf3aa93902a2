// What came of the cases that were tried on a host: `{ name, passed?, failed?, skipped?, retried? }`, the latter three in words.

const countOf = (results, key) => results.filter((result) => result[key] !== undefined).length;

/** How many passed, failed and were skipped. */
export function tally(results) {
  return {
    passed: countOf(results, 'passed'),
    failed: countOf(results, 'failed'),
    skipped: countOf(results, 'skipped'),
  };
}

/**
 * What `run` gives; if anything fails, it runs once more, since hosts are programs of others on a machine that may be busy. A case
 * that passed one of the two times has passed, and says by `retried` how it failed at first.
 */
export async function withSecondTry(run) {
  const first = await run();
  if (countOf(first, 'failed') === 0) return first;
  const before = new Map(first.map((result) => [result.name, result]));
  const results = (await run()).map((result) => {
    const earlier = before.get(result.name);
    before.delete(result.name);
    if (result.failed !== undefined) return earlier?.passed ? earlier : result;
    return earlier?.failed === undefined ? result : { ...result, retried: earlier.failed };
  });
  // What was told the first time alone: that a host gave no results, or cases that the second run did not come to.
  const isWhole = results.length > 0 && results.every(({ failed }) => failed === undefined);
  const rest = [...before.values()];
  if (!isWhole) return [...results, ...rest];
  const why = rest.filter(({ failed }) => failed !== undefined).map(({ name, failed }) => `${name}: ${failed}`);
  return why.length === 0 ? results : [{ ...results[0], retried: why.join('\n') }, ...results.slice(1)];
}

/** Prints what came of them, and what failed or was skipped by name. */
export function tell(name, results, note = '') {
  const { passed, failed, skipped } = tally(results);
  console.log(`\n── ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${note}`);
  for (const result of results) {
    if (result.failed !== undefined) console.log(`✗ ${result.name}: ${result.failed}`);
    if (result.retried !== undefined) console.log(`! ${result.name}, at a second try; at first: ${result.retried}`);
    if (result.skipped !== undefined) console.log(`- ${result.name}: ${result.skipped}`);
  }
}

function statusOf({ passed, skipped }) {
  if (passed) return 'passed';
  return skipped === undefined ? 'failed' : 'skipped';
}

/** What came of the hosts, `{ name, results }` each, in the form of vitest's report, which .ci reads. */
export function reportOf(table) {
  const testResults = table.map(({ name, results }) => ({
    name,
    status: countOf(results, 'failed') > 0 ? 'failed' : 'passed',
    assertionResults: results.map((result) => {
      const reason = result.skipped === undefined ? '' : ` (skipped: ${result.skipped})`;
      return {
        status: statusOf(result),
        title: result.name,
        fullName: `${name}: ${result.name}${reason}`,
        failureMessages: [result.failed, result.retried].filter((message) => message !== undefined),
      };
    }),
  }));
  return { testResults };
}
