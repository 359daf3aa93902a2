// What hosts count: the metered modules of the core, and what the exact layer of the benchmark does to them, row by row, with
// the counts that this process found. Instructions do not depend on the host: each must find the same.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { traces } from '../../bench/exact/fuel.mjs';
import { meter } from '../../wasm/meter.mjs';

const MODULES = ['core', 'codings'];
const built = (name) => fileURLToPath(new URL(`../../wasm/build/${name}.wasm`, import.meta.url));

/** Leaves core.wasm, codings.wasm and rows.json in the folder. */
export function writeCounts(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of MODULES) writeFileSync(join(folder, `${name}.wasm`), meter(readFileSync(built(name))));
  const paths = Object.fromEntries(MODULES.map((name) => [name, built(name)]));
  const nameOf = new Map(MODULES.map((name) => [paths[name], name]));
  const rows = traces(paths).map(({ name, module, steps }) => ({ name, module: nameOf.get(module), steps }));
  writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
}
