/** The corpus of the benchmarks: the same on every host, and changed only on purpose. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Item {
  readonly name: string;
  readonly octets: number;
  readonly hash: string;
}
interface Hashes {
  corpusItems(): Item[];
  changesOf(items: readonly Item[], hashes: Record<string, string>): string[];
}

const { corpusItems, changesOf }: Hashes = await import(join(ROOT, 'bench/corpus/hashes.mjs'));
const known: Record<string, string> = JSON.parse(readFileSync(join(ROOT, 'bench/corpus/hashes.json'), 'utf8'));

describe('the corpus', () => {
  const items = corpusItems();

  test('is what its hashes say, on this release of Node, too', () => {
    expect(changesOf(items, known)).toEqual([]);
  });

  test('has changed if an item differs, is new, or is gone', () => {
    const [first, second] = items as [Item, Item];
    const changed = [{ ...first, hash: '0' }, ...items.slice(2), { name: 'new', octets: 1, hash: '1' }];
    expect(changesOf(changed, known)).toEqual([
      `${first.name}: another hash, ${first.hash} → 0`,
      'new: has no hash',
      `${second.name}: is not in the corpus`,
    ]);
  });
});

/** Ten processes, one after the other, on a machine that is busy. */
const RUNS_MS = 180_000;

describe('a run of the benchmarks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-bench-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const isOurs = (path: string): boolean => !/[\\/](node_modules|\.work)$/.test(path);
  cpSync(join(ROOT, 'bench'), join(folder, 'bench'), { recursive: true, filter: isOurs });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const heads = join(folder, 'bench/corpus/heads.mjs');
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(folder, 'bench/run.mjs'), ...words], { encoding: 'utf8' });

  test('fails and names what has changed, until its hash is changed, too', { timeout: RUNS_MS }, () => {
    expect(run('corpus').status).toBe(0);
    writeFileSync(heads, readFileSync(heads, 'utf8').replace("['Server', 'edge']", "['Server', 'Edge']"));
    for (const command of ['exact', 'parse', 'hpack', 'codings', 'client', 'corpus']) {
      const { status, stderr } = run(command);
      expect(stderr).toContain('head CDN, 20 fields: another hash');
      expect(status).toBe(2);
    }
    expect(run('corpus', '--update').status).toBe(0);
    expect(run('corpus').status).toBe(0);
  });
});
