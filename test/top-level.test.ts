/** The top level of the repository is a fixed list: what is new goes below it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './source-syntax.js';

const ALLOWED: readonly string[] = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'asconfig.json',
  'assembly',
  'bench',
  'docs',
  'examples',
  'package-lock.json',
  'package.json',
  'rollup.config.mjs',
  'src',
  'test',
  'tsconfig.json',
  'wasm',
];

/** What git ignores at the top: `*.tgz` as `.tgz`, a folder without its slash. */
const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replace(/^\*|\/$/g, ''));

const isIgnored = (name: string): boolean =>
  ignored.some((rule) => name === rule || (rule.startsWith('.') && name.endsWith(rule)));

test('the top level holds what it may, and nothing else but dotfiles', () => {
  const names = readdirSync(ROOT).filter((name) => !name.startsWith('.') && !isIgnored(name));
  expect(names.sort()).toEqual(ALLOWED);
});

test('package-lock.json names no registry: whoever installs uses their own', () => {
  expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
});
