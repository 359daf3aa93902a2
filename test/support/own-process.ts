/** Processes of Node.js that import the built package and have nothing else to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { onTestFinished } from 'vitest';

const built = new URL('../../dist/index.js', import.meta.url);
/** Why there are none, as the end of a title; `''`: there are. */
export const skipped: string = existsSync(built) ? '' : ' (skipped: dist is not built)';

/** What a process of its own says and how it ends that imports `httpx` and runs a script, with `url` for a server's. */
export async function outcomeOf(script: string, url = ''): Promise<{ code: number | null; said: string }> {
  const program = `import * as httpx from ${JSON.stringify(built.href)}; const url = ${JSON.stringify(url)}; ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
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
