/** Processes of Node.js that import the built package and have nothing else to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '../source-syntax.js';

/** Why there are none, as the end of a title; `''`: there are. */
export const skipped: string = existsSync(join(ROOT, 'dist/index.js')) ? '' : ' (skipped: dist is not built)';

/** What a process of its own says and how it ends that imports `httpx` and runs a script, with `url` for a server's. */
export async function outcomeOf(script: string, url = ''): Promise<{ code: number | null; said: string }> {
  // By its name: what users of Node.js are given.
  const program = `import * as httpx from 'httpx-wasm'; const url = ${JSON.stringify(url)}; ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: said.trim() };
}
