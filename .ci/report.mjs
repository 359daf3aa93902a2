// Counts what vitest's JSON report holds and judges its skips: each must be on the list of skips.json.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const skipList = JSON.parse(readFileSync(new URL('skips.json', import.meta.url), 'utf8')).map((entry) => ({
  ...entry,
  pattern: new RegExp(entry.title),
}));

const root = fileURLToPath(new URL('..', import.meta.url));
/** As in test/support/shared.ts. */
export const sharedFolder = process.env.HTTPX_WASM_SHARED ?? join(root, '../shared');

/** True while the reason of a skip holds: `unlessShared`, a path below the shared folder, is absent. */
function isExcused({ unlessShared }) {
  return unlessShared === undefined || !existsSync(join(sharedFolder, unlessShared));
}

/** Prints each skip once per reason; gives the titles that are on no list. */
export function judgeSkips(titles) {
  const unlisted = [];
  const counts = new Map();
  for (const title of titles) {
    const entry = skipList.find((candidate) => candidate.pattern.test(title) && isExcused(candidate));
    if (entry === undefined) unlisted.push(title);
    else counts.set(entry, (counts.get(entry) ?? 0) + 1);
  }
  for (const [entry, count] of counts) console.log(`skipped: ${count} × "${entry.title}": ${entry.why}`);
  return unlisted;
}

const firstLine = (text) => String(text ?? '').split('\n', 1)[0];

/**
 * `{ passed, failed, skipped, retried, notes }` of a report. A file that could not be run, and a skip without a reason, is a
 * failure; `retried` counts what passed at its second try alone; `notes` names each of these.
 */
export function countReport(path, status) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0, retried: 0, notes: ['there is no report'] };
  const files = JSON.parse(readFileSync(path, 'utf8')).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const withStatus = (...wanted) => tests.filter((test) => wanted.includes(test.status));
  const passed = withStatus('passed').length;
  const retried = withStatus('passed').filter(({ failureMessages = [] }) => failureMessages.length > 0);
  const failing = withStatus('failed');
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const unlisted = judgeSkips(skipped.map((test) => test.fullName));
  const named = (what, list) =>
    list.map(({ fullName, failureMessages }) => `${what}: ${fullName}: ${firstLine(failureMessages?.[0])}`);
  const notes = [
    ...named('FAILED', failing),
    ...named('PASSED AT A SECOND TRY', retried),
    ...broken.map((file) => `COULD NOT BE RUN: ${file.name}: ${file.message}`),
    ...unlisted.map((title) => `NOT ALLOWED TO BE SKIPPED: ${title}`),
  ];
  let failed = failing.length + broken.length + unlisted.length;
  // An error outside of any test, or no test at all, fails vitest without a failed test.
  if (failed === 0 && (status !== 0 || passed === 0)) {
    failed = 1;
    notes.push(`NO TEST FAILED, BUT THE STATUS IS ${status}, ${passed} PASSED`);
  }
  return { passed, failed, skipped: skipped.length, retried: retried.length, notes };
}

/** How many inputs the fuzz tests of a report decoded: each that passed opens its title with their number. */
export function countInputs(path) {
  if (!existsSync(path)) return 0;
  const tests = JSON.parse(readFileSync(path, 'utf8')).testResults.flatMap((file) => file.assertionResults);
  const counts = tests.map(({ status, title }) =>
    status === 'passed' ? /^(\d+) .*(streams|frames)/.exec(title) : null,
  );
  return counts.reduce((sum, found) => sum + Number(found?.[1] ?? 0), 0);
}
