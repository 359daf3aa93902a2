/** Native nghttp2: the machine's library (its development files come with `apt install libnghttp2-dev`), -O3. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORK } from '../client/package.mjs';

export const FOLDER = join(WORK, 'nghttp2');
const PROGRAM = join(FOLDER, 'coder');
const HARNESS = fileURLToPath(new URL('coder.c', import.meta.url));

/** { path, version } of the built program and the library in it, or { reason } why there is none. */
export function buildNative() {
  mkdirSync(FOLDER, { recursive: true });
  const { status, error, stderr } = spawnSync('cc', ['-O3', HARNESS, '-lnghttp2', '-o', PROGRAM], { encoding: 'utf8' });
  if (error !== undefined) return { reason: `cc cannot be run (${error.code})` };
  if (status === 0)
    return { path: PROGRAM, version: spawnSync(PROGRAM, ['version'], { encoding: 'utf8' }).stdout.trim() };
  return {
    reason: `cc failed: ${
      stderr
        .trim()
        .split('\n')
        .find((line) => line.includes('error')) ?? status
    }`,
  };
}
