// What came of the cases that were tried on a host: `{ name, passed?, failed?, skipped?, retried? }`, the latter three in
// words.

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
 * What `run` gives; if anything fails, it runs once more, since hosts are programs of others on a machine that may be busy. A
 * case that passed one of the two times has passed, and says by `retried` how it failed at first; so has what was told the first
 * time alone (a host that gave no results, a bundle that was not made), if nothing fails the second time.
 */
export async function withSecondTry(run) {
  const first = await run();
  if (countOf(first, 'failed') === 0) return first;
  const before = new Map(first.map((result) => [result.name, result]));
  const results = (await run()).map((result) => {
    const earlier = before.get(result.name);
    before.delete(result.name);
    if (earlier === undefined || earlier.skipped !== undefined) return result;
    if (result.passed) return earlier.passed ? result : { ...result, retried: earlier.failed };
    // What was skipped at its second try has not passed at it.
    return earlier.passed || result.skipped !== undefined ? earlier : result;
  });
  const rest = [...before.values()];
  if (results.length === 0 || countOf(results, 'failed') > 0) return [...results, ...rest];
  return [
    ...results,
    ...rest.map((result) =>
      result.failed === undefined ? result : { name: result.name, passed: true, retried: result.failed },
    ),
  ];
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
