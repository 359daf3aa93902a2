/** Each row of SECURITY.md §§2 and 5, and of §6 on credentials, has a test that is named after it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, ROOT } from '../source-syntax.js';
import { sharedFolder, withoutShared } from '../support/shared.js';

const table = join(sharedFolder, 'SECURITY.md');
const isHere = existsSync(table);
/** Of §6 the rest is of proxies, TLS, addresses and cookies, which name their rows where they are. */
const ROWS = /^\| ((?:2|5)\.\d+|6\.[1239]) \|/gm;

test.skipIf(!isHere)(`the rows have tests of their names ${isHere ? '' : withoutShared}`, () => {
  const rows = [...readFileSync(table, 'utf8').matchAll(ROWS)].map(([, row]) => row as string);
  const suites = filesBelow('test/client', ['.test.ts']).filter((path) => path.includes('/security-'));
  const titles = suites.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/\(\s*['`](?:SECURITY )?(\d\.\d+)[: ]/g)].map(([, row]) => row),
  );
  expect(rows.length).toBeGreaterThanOrEqual(18);
  expect(rows.filter((row) => !titles.includes(row))).toEqual([]);
});
