/**
 * Code that tests run in threads of their own, as JavaScript: vitest translates only what the test's thread imports, and
 * Node 20 cannot run TypeScript. Compiled before the first test (tsconfig.threads.json), into a folder of this run alone, so
 * that runs side by side and a build do not disturb each other; removed after the last.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TestProject } from 'vitest/node';
import { partsAtOnce } from '../.config/late-parts.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the compiled server-thread.ts. */
    serverThread: string;
  }
}

const tests = dirname(fileURLToPath(import.meta.url));
const root = dirname(tests);
const runs = join(root, '.build/test');
const compiled = join(runs, String(process.pid));

/** URL of the JavaScript of a source file, named relative to the root without its extension. */
function urlOf(path: string): string {
  return pathToFileURL(join(compiled, `${path}.js`)).href;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes what runs left behind that were killed. */
function removeAbandoned(): void {
  let entries: string[] = [];
  try {
    entries = readdirSync(runs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  for (const entry of entries) if (!isAlive(Number(entry))) rmSync(join(runs, entry), { recursive: true, force: true });
}

export function setup(project: TestProject): void {
  removeAbandoned();
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const words = ['-p', join(tests, 'tsconfig.threads.json'), '--outDir', compiled];
  execFileSync(process.execPath, [compiler, ...words], { stdio: 'inherit' });
  for (const path of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    const code = path.endsWith('.js') ? partsAtOnce(readFileSync(join(compiled, path), 'utf8')) : null;
    if (code !== null) writeFileSync(join(compiled, path), code);
  }
  project.provide('serverThread', urlOf('test/support/server-thread'));
}

export function teardown(): void {
  rmSync(compiled, { recursive: true, force: true });
}

/** How a source file names the file beside it that its thread runs. */
const WORKER = /new URL\(['"]\.\/([\w-]+-worker)\.js['"], import\.meta\.url\)/g;

/** A vite plugin: threads of the client run the compiled file too, since there is only TypeScript beside it. */
export const threadsOfSources = {
  name: 'threads-of-sources',
  enforce: 'pre' as const,
  transform(code: string, id: string): string | null {
    const folder = relative(root, dirname(id));
    if (!folder.startsWith('src')) return null;
    const rewritten = code.replace(
      WORKER,
      (_, name: string) => `new URL(${JSON.stringify(urlOf(`${folder}/${name}`))})`,
    );
    return rewritten === code ? null : rewritten;
  },
};

/** A vite plugin: what the build for Node.js loads late is there at once. */
export const latePartsOfSources = {
  name: 'late-parts-of-sources',
  enforce: 'pre' as const,
  transform: (code: string, id: string): string | null => (id.startsWith(join(root, 'src')) ? partsAtOnce(code) : null),
};
