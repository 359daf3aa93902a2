// Compiles a target of an asconfig file in memory.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import asc from 'assemblyscript/asc';

/**
 * The files that the target makes, by their names.
 * @param options further ones of asc's API
 */
export async function compile(config, target, options = {}) {
  const files = new Map();
  const { error, stderr } = await asc.main(['--config', config, '--target', target], {
    readFile: (name, base) => {
      try {
        return readFileSync(resolve(base, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => void files.set(name, contents),
    listFiles: () => [],
    ...options,
  });
  if (error !== null) {
    process.stderr.write(stderr.toString());
    throw new Error(`Cannot build target ${target} of ${config}: ${error.message}`);
  }
  return files;
}

/** SHA-256, lower-case hex. */
export const digest = (octets) => createHash('sha256').update(octets).digest('hex');
