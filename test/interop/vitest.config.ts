import { defineConfig } from 'vitest/config';
import unit from '../vitest.config.js';

/**
 * As the tests of the sources, but one file after the other: the servers' ports are fixed. Their programs are not ours, nor is
 * when these close: what fails is tried once more, and `.ci/run` names what needed it.
 */
export default defineConfig({
  ...unit,
  test: {
    ...unit.test,
    include: ['test/interop/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['test/threads.ts', 'test/interop/folder.ts'],
    fileParallelism: false,
    retry: 1,
  },
});
