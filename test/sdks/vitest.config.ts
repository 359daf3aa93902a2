import { defineConfig } from 'vitest/config';
import unit from '../vitest.config.js';

/** As the tests of the sources, for what `npm ci --prefix test/sdks` has installed. */
export default defineConfig({
  ...unit,
  test: { ...unit.test, include: ['test/sdks/*.test.ts'], exclude: ['**/node_modules/**'] },
});
