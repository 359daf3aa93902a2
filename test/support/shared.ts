/**
 * Vectors outside the repository: `../shared` beside it, or where HTTPX_WASM_SHARED says. They are read, never copied;
 * suites that need them skip with `withoutShared` in their title when they are absent.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = new URL('../..', import.meta.url).pathname;

export const sharedFolder: string = process.env.HTTPX_WASM_SHARED ?? join(repository, '..', 'shared');

/** Cases of `vectors/protocol/<name>.json`, or `null` when the file is not there. */
export function protocolCases<T>(name: string): readonly T[] | null {
  const path = join(sharedFolder, 'vectors', 'protocol', `${name}.json`);
  if (!existsSync(path)) return null;
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly T[] }).cases;
}

export const withoutShared = '(skipped: ../shared is absent)';

/** Cases of `vectors/httpx/<name>.json`, or `null` when the file is not there. */
export function httpxCases<T>(name: string): readonly T[] | null {
  const path = join(sharedFolder, 'vectors', 'httpx', `${name}.json`);
  if (!existsSync(path)) return null;
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly T[] }).cases;
}
