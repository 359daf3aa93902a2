// What publint and Are The Types Wrong say of the package as it would be published: of its tarball, whose dist must be built.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is not to be mended, and why. */
const ALLOWED = {
  // It replaces globals that Node.js has: who asks for it there all the same can require it from 20.19 on.
  CJSResolvesToESM: ({ entrypoint }) => entrypoint === './polyfill',
  // The package needs Node.js 20.19, and the compilers that go with it: they all read "exports".
  NoResolution: ({ resolutionKind }) => resolutionKind === 'node10',
};

function packed(folder) {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { status, stdout, stderr } = spawnSync('npm', words, { cwd: root, encoding: 'utf8' });
  const listed = /^\[[\s\S]*^\]/m.exec(stdout) ?? /^\{[\s\S]*^\}/m.exec(stdout);
  if (status !== 0 || listed === null) throw new Error(`Cannot pack the package: ${stderr}`);
  const [{ filename }] = Object.values(JSON.parse(listed[0]));
  return new Uint8Array(readFileSync(join(folder, filename)));
}

async function ofPublint(tarball) {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

async function ofTypes(tarball) {
  // The modules of the core, and the component's interface, are no modules of a program: they have no types.
  const options = { excludeEntrypoints: [/\.(wasm|wit)$/] };
  const result = await checkPackage(createPackageFromTarballData(tarball), options);
  if (result.types === false) return ['the package has no types'];
  return result.problems
    .filter((problem) => ALLOWED[problem.kind]?.(problem) !== true)
    .map(({ kind, entrypoint, resolutionKind, ...rest }) => {
      const where = entrypoint === undefined ? JSON.stringify(rest) : `${entrypoint}, ${resolutionKind}`;
      return `types: ${kind} (${where})`;
    });
}

const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-packed-'));
try {
  const tarball = packed(folder);
  const problems = [...(await ofPublint(tarball)), ...(await ofTypes(tarball))];
  for (const problem of problems) console.log(`✗ ${problem}`);
  if (problems.length === 0) console.log('✓ publint and arethetypeswrong have nothing to say');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
