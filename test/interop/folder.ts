/**
 * One folder for the servers of a run: certificates, documents, logs. Everybody may read it, since some servers give up being
 * root; removed after the last test.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Absolute path. */
    interopFolder: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-interop-'));
  chmodSync(folder, 0o755);
  project.provide('interopFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
