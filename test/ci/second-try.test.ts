// What `.ci/run` makes of a case that fails once: it is tried again, named, and counted apart.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
// @ts-expect-error: a program of .ci, without types
import { countReport } from '../../.ci/report.mjs';
// @ts-expect-error: a program of the hosts' suite, without types
import { reportOf, tally, withSecondTry } from '../hosts/results.mjs';

interface Result {
  name: string;
  passed?: boolean;
  failed?: string;
  skipped?: string;
  retried?: string;
}

const passed = (name: string): Result => ({ name, passed: true });
const failed = (name: string, why: string): Result => ({ name, failed: why });

/** Runs that give one list of results after the other. */
const runs = (...lists: Result[][]) => vi.fn(async () => lists.shift() ?? []);

describe('a host of which cases fail', () => {
  it('is not run again when nothing failed', async () => {
    const run = runs([passed('a'), { name: 'b', skipped: 'why' }]);
    expect(await withSecondTry(run)).toEqual([passed('a'), { name: 'b', skipped: 'why' }]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('is run once more, and says what failed at first', async () => {
    const run = runs([passed('a'), failed('b', 'late')], [passed('a'), passed('b')]);
    expect(await withSecondTry(run)).toEqual([passed('a'), { ...passed('b'), retried: 'late' }]);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('fails when the same case fails twice, with what it said last', async () => {
    const results = await withSecondTry(runs([failed('a', 'one')], [failed('a', 'two')], [passed('a')]));
    expect(results).toEqual([failed('a', 'two')]);
  });

  it('passes when different cases fail, each once', async () => {
    const results = await withSecondTry(runs([passed('a'), failed('b', 'one')], [failed('a', 'two'), passed('b')]));
    expect(results).toEqual([passed('a'), { ...passed('b'), retried: 'one' }]);
  });

  it('names each that was told of the first time alone, if nothing fails the second time', async () => {
    const first = [failed('the suite', 'no results'), failed('the bundle', 'not made')];
    const results = await withSecondTry(runs(first, [passed('a')]));
    expect(results).toEqual([
      passed('a'),
      { ...passed('the suite'), retried: 'no results' },
      { ...passed('the bundle'), retried: 'not made' },
    ]);
  });

  it('fails when what failed is skipped the second time', async () => {
    const results = await withSecondTry(runs([failed('a', 'one')], [{ name: 'a', skipped: 'why' }]));
    expect(results).toEqual([failed('a', 'one')]);
  });

  it('fails when it gives no results the second time', async () => {
    const first = [passed('a'), failed('b', 'one')];
    const results = await withSecondTry(runs(first, [failed('the suite', 'no results')]));
    expect(results).toEqual([failed('the suite', 'no results'), ...first]);
    expect(tally(results)).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });

  it('fails when it gives nothing at all the second time', async () => {
    expect(tally(await withSecondTry(runs([failed('a', 'one')], [])))).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('the report that is counted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-report-'));
  const path = join(folder, 'report.json');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names each that failed, that needed a second try and that may not be skipped', () => {
    const results = [
      passed('a'),
      failed('b', 'one\ntwo'),
      { ...passed('c'), retried: 'late' },
      { name: 'd', skipped: 'no' },
    ];
    writeFileSync(path, JSON.stringify(reportOf([{ name: 'Host', results }])));
    expect(countReport(path, 1)).toEqual({
      passed: 2,
      failed: 2,
      skipped: 1,
      retried: 1,
      notes: [
        'FAILED: Host: b: one',
        'PASSED AT A SECOND TRY: Host: c: late',
        'NOT ALLOWED TO BE SKIPPED: Host: d (skipped: no)',
      ],
    });
  });

  it('is a failure where it is absent, and where a command fails that has no failed test', () => {
    expect(countReport(path, 0)).toMatchObject({ failed: 1, notes: ['there is no report'] });
  });
});
