// Bundles an entry of the suite, with the package as the runtime's conditions give it.
import { join } from 'node:path';

/** The folder that holds the bundle: `entry`.js and what it loads. */
export async function bundled(folder, entry, conditions, options) {
  const { build } = await import('esbuild');
  const outdir = join(folder, `${entry}-bundle`);
  await build({
    entryPoints: [join(folder, `${entry}.mjs`)],
    outdir,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions,
    logLevel: 'error',
    ...options,
  });
  return outdir;
}
