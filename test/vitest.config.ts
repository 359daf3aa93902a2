import { defineConfig } from 'vitest/config';
import { latePartsOfSources, threadsOfSources } from './threads.js';

/** Tests run on the sources: the first condition of every `#` import and of the package itself leads to `src`. */
export default defineConfig({
  plugins: [threadsOfSources, latePartsOfSources],
  resolve: {
    conditions: ['httpx-wasm-source', 'node', 'import', 'module', 'default'],
  },
  ssr: {
    resolve: {
      conditions: ['httpx-wasm-source', 'node', 'import', 'module', 'default'],
      externalConditions: ['node'],
    },
  },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/hosts/**', 'test/sdks/**', 'test/interop/**'],
    globalSetup: ['test/threads.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
