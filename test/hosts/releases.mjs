// The releases of Node that test/hosts/package.json pins, as far as they are installed for this machine.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('./', import.meta.url);

/** `[{ major, version, path }]`, oldest first. @throws if one of them is not installed here. */
export function installedReleases() {
  const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  const platform = `${process.platform}-${process.arch}`;
  const names = Object.keys(optionalDependencies).filter(
    (name) => /^node-\d/.test(name) && name.endsWith(`-${platform}`),
  );
  if (names.length === 0) throw new Error(`Cannot find releases of Node: none is pinned for ${platform}`);
  return names
    .map((name) => {
      const installed = new URL(`node_modules/${name}/`, folder);
      if (!existsSync(installed)) throw new Error(`Cannot find ${name}: npm ci --prefix test/hosts --ignore-scripts`);
      const manifest = JSON.parse(readFileSync(new URL('package.json', installed), 'utf8'));
      const version = manifest.version.replace(/^v/, '');
      const path = fileURLToPath(new URL('bin/node', installed));
      return { major: Number.parseInt(version, 10), version, path };
    })
    .sort((a, b) => a.major - b.major);
}
