/**
 * What the built package asks of its host. `dist` is made by `npm run build` (and by `npm ci`); without it these tests
 * are skipped, and say so.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from '@typescript/typescript6';
import { describe, expect, onTestFinished, test } from 'vitest';
import { filesBelow, importsOf, parse, ROOT } from './source-syntax.js';

/**
 * Everything of Node that the package may use. No http, http2, child_process: the core does what they would. zlib is for
 * compressing request bodies where nothing can be waited for.
 */
const NODE_MODULES: readonly string[] = [
  'node:buffer',
  'node:crypto',
  'node:diagnostics_channel',
  'node:dns',
  'node:fs',
  'node:module',
  'node:net',
  'node:process',
  'node:tls',
  'node:url',
  'node:worker_threads',
  'node:zlib',
];
/** What the command may use besides. */
const COMMAND_MODULES: readonly string[] = [
  'node:events',
  'node:fs/promises',
  'node:path',
  'node:readline',
  'node:stream',
  'node:util',
];
/** What is imported late from other packages, by a host module. */
const PACKAGES: readonly string[] = ['@noble/hashes', 'tldts'];
/** What is imported by the polyfill, and by nothing else. */
const POLYFILLS: readonly string[] = ['@exodus/bytes', 'web-streams-polyfill', 'whatwg-url'];
const isPolyfill = (path: string): boolean => /^dist\/polyfill(?:\/\w+)?\.js$/.test(path);
const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '';
/** What is of Node.js: its own build, and its modules in the build for all. */
const isOfNode = (path: string): boolean => /^dist\/(?:hosts|builds)\/node\//.test(path);
const SEAMS: readonly string[] = ['#blocking', '#core-module', '#host', '#sockets'];

const isBuilt = existsSync(join(ROOT, 'dist/index.js'));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

/** Runs a module (or a script, where `--input-type=commonjs`) in a new process, as a user's would: on dist. */
function runNode(source: string, inputType: 'module' | 'commonjs'): string {
  const words = [`--input-type=${inputType}`, '--no-warnings', '-e', source];
  return execFileSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    env: {},
  }).trim();
}

describe.skipIf(!isBuilt)(`the built package${isBuilt ? '' : ' (skipped: dist is absent, run npm run build)'}`, () => {
  const sites = filesBelow('dist', ['.js', '.cjs']).flatMap((path) =>
    importsOf(parse(path)).map(({ specifier, isLate, line }) => ({
      path,
      specifier,
      isLate,
      line,
    })),
  );
  const listed = (chosen: typeof sites): string[] => chosen.map((s) => `${s.path}:${s.line} imports ${s.specifier}`);

  test('every import is a file of dist, a seam, or a module on a list', () => {
    expect(sites.length).toBeGreaterThan(0);
    const knownTo = (path: string): readonly string[] =>
      path.startsWith('dist/cli/') ? [...NODE_MODULES, ...COMMAND_MODULES] : [...NODE_MODULES, ...SEAMS];
    const isKnown = (s: (typeof sites)[number]): boolean =>
      s.specifier.startsWith('.') ||
      (s.specifier === 'cloudflare:sockets' && s.path.startsWith('dist/hosts/workerd/')) ||
      knownTo(s.path).includes(s.specifier) ||
      (PACKAGES.includes(packageOf(s.specifier)) && (s.path.startsWith('dist/hosts/') || isOfNode(s.path))) ||
      (POLYFILLS.includes(packageOf(s.specifier)) && isPolyfill(s.path));
    expect(listed(sites.filter((s) => !isKnown(s)))).toEqual([]);
  });

  test('none of a file is for nothing but its effects, of which bundlers are told that there are none', () => {
    const bare = filesBelow('dist', ['.js', '.cjs']).flatMap((path) =>
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^import\s*["'](\.[^"']*)["']/gm)].map(([, to]) => [
        path,
        to,
      ]),
    );
    expect(bare).toEqual([]);
  });

  test('zlib is loaded late, by a host module, and nowhere else', () => {
    expect(listed(sites.filter(({ specifier }) => specifier === 'node:zlib'))).toEqual([]);
  });

  test('a Node module that is loaded late is on the list too, and loaded by a host module of Node', () => {
    const late = filesBelow('dist', ['.js', '.cjs']).flatMap((path) =>
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(/getBuiltinModule\(([^)]*)\)/g)].map(([, name]) => ({
        path,
        name: String(name).slice(1, -1),
      })),
    );
    expect(late.length).toBeGreaterThan(0);
    expect(late.filter(({ path, name }) => !isOfNode(path) || !NODE_MODULES.includes(name))).toEqual([]);
  });

  test('httpx-wasm/core reaches no socket, no environment and no clock', () => {
    const reached = new Set(['dist/core-api.js']);
    for (const path of reached) {
      for (const { specifier } of sites.filter((site) => site.path === path)) {
        reached.add(specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier);
      }
    }
    expect([...reached].filter((name) => !/^dist\/(?:core-api|chunks\/[\w-]+)\.js$/.test(name))).toEqual([
      '#core-module',
    ]);
  });

  test('httpx-wasm/fetch, with all that it loads for a call, reaches no socket and no core', () => {
    const reached = new Set(['dist/fetch-api.js']);
    const outside = new Set<string>();
    for (const path of reached) {
      for (const { specifier, isLate } of sites.filter((site) => site.path === path)) {
        // The decoders alone come later than a call: when a body of a transport of the user's needs them.
        if (isLate && specifier.includes('decoding')) continue;
        const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
        if (target.startsWith('dist/')) reached.add(target);
        else outside.add(target);
      }
    }
    expect([...reached].some((path) => path.includes('fetch-client'))).toBe(true);
    expect([...outside]).toEqual(['#host']);
  });

  test('Node modules are imported by what is of Node, and by the command, only', () => {
    const mayImport = (path: string): boolean => isOfNode(path) || path.startsWith('dist/cli/');
    const outside = sites.filter((s) => s.specifier.startsWith('node:') && !mayImport(s.path));
    expect(listed(outside)).toEqual([]);
  });

  test('nothing of the package loads the command', () => {
    const loads = sites.filter((s) => !s.path.startsWith('dist/cli/') && s.specifier.includes('cli/'));
    expect(listed(loads)).toEqual([]);
  });

  test('the package needs no other packages but these, which nothing loads before they are needed', () => {
    expect(Object.keys(manifest.dependencies ?? {}).sort()).toEqual([...PACKAGES, ...POLYFILLS].sort());
    const source = `
      const { Cookies, DigestAuth } = require('httpx-wasm');
      new Cookies({ a: '1' }).set('b', '2', { domain: 'example.org' });
      new DigestAuth('user', 'password');
      console.log(Object.keys(require.cache).filter((path) => /tldts|noble/.test(path)).length);`;
    expect(runNode(source, 'commonjs')).toBe('0');
  });

  test('Digest finds its hash functions, at once and without a warning', () => {
    const source = `
      const { Client, DigestAuth, MockTransport, Response } = require('httpx-wasm');
      process.on('warning', ({ message }) => console.log(message));
      const headers = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", algorithm=SHA-256' };
      const transport = new MockTransport((request) => {
        const text = request.headers.get('authorization') ?? '';
        return new Response(text === '' ? 401 : 200, { headers, text });
      });
      const client = new Client({ transport, auth: new DigestAuth('user', 'password') });
      console.log(client.get('https://example.org/').text.slice(0, 22));`;
    expect(runNode(source, 'commonjs')).toBe('Digest username="user"');
  });

  test('no file awaits at its top: whoever requires it has it at once', () => {
    const waits = (node: ts.Node): boolean =>
      ts.isAwaitExpression(node) ||
      (ts.isForOfStatement(node) && node.awaitModifier !== undefined) ||
      (!ts.isFunctionLike(node) && !ts.isClassStaticBlockDeclaration(node) && (ts.forEachChild(node, waits) ?? false));
    const waiting = filesBelow('dist', ['.js', '.cjs']).filter(
      (path) => !path.startsWith('dist/cli/') && waits(parse(path)),
    );
    expect(waiting).toEqual([]);
  });

  test('in a bundle without the core the error says what to do, and its files are found beside the bundle', () => {
    const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-bundle-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const bundle = join(folder, 'bundle.mjs');
    copyFileSync(join(ROOT, 'dist/hosts/node/core-module.js'), bundle);
    const source = `
      import { coreModule } from ${JSON.stringify(pathToFileURL(bundle).href)};
      try { console.log(String(coreModule())); } catch ({ message }) { console.log(message); }`;
    expect(runNode(source, 'module')).toContain('copy httpx-wasm/core.wasm beside it');
    copyFileSync(join(ROOT, 'wasm/build/core.wasm'), join(folder, 'core.wasm'));
    expect(runNode(source, 'module')).toBe('[object WebAssembly.Module]');
  });

  test('the seams are those of package.json, and each leads to a file', () => {
    expect(Object.keys(manifest.imports).sort()).toEqual(SEAMS);
    for (const conditions of Object.values(manifest.imports)) {
      for (const path of Object.values(conditions)) expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  test('the declarations stand alone', () => {
    const declarations = filesBelow('dist', ['.d.ts', '.d.cts']);
    const declarationOf = (specifier: string): string => specifier.replace(/(c?)js$/, 'd.$1ts');
    const loose = declarations.flatMap((path) =>
      importsOf(parse(path))
        .map(({ specifier }) => specifier)
        .filter((specifier) => !declarations.includes(posix.join(posix.dirname(path), declarationOf(specifier)))),
    );
    expect(declarations).toContain('dist/sync.d.ts');
    expect(loose).toEqual([]);
  });

  test('importing it leaves nothing that keeps a process alive', () => {
    const source = `import 'httpx-wasm'; console.log(JSON.stringify(process.getActiveResourcesInfo()));`;
    const active = JSON.parse(runNode(source, 'module')) as string[];
    expect(active.filter((name) => !/^(PipeWrap|TTYWrap|FSReqPromise|CloseReq)$/.test(name))).toEqual([]);
  });
});
