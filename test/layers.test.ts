/**
 * Who may import whom. A file imports values only from lower ranks or, without a circle, its own; type-only imports are
 * exempt. A file without a rank fails here until somebody decides where it belongs.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, type ImportSite, importsOf, namesOf, parse, ROOT } from './source-syntax.js';

type Ranks = readonly (readonly string[])[];

/** Lowest first. An entry that ends in `/` is a folder: each file in it has that rank. Paths are relative to the tree. */
const CLIENT: Ranks = [
  [
    'abi',
    'attempted',
    'base-url',
    'byte-stream',
    'charsets',
    'links',
    'media-type',
    'either-client',
    'event-hooks',
    'exceptions',
    'basic-credentials',
    'challenges',
    'config',
    'content-types',
    'cookie-dates',
    'cookie-jar',
    'digest',
    'netrc',
    'set-cookie',
    'options',
    'start-tls',
    'status',
    'origin',
    'negotiation',
    'other-protocol',
    'own-error',
    'told-error',
    'percent-encoding',
    'pieces',
    'polyfill/',
    'punycode',
    'url',
    'url-components',
    'url-syntax',
    'field-list',
    'fields',
    'fetch-options',
    'form-boundary',
    'given-stream',
    'table-fields',
    'wire-fields',
    'headers',
    'http2-errors',
    'http2-rules',
    'latin1',
    'mounts',
    'network-options',
    'ip-addresses',
    'proxy',
    'proxy-environment',
    'query-params',
    'request-base',
    'rules',
    'tls',
    'tls-material',
    'version',
    'waiting-pieces',
  ],
  [
    'core',
    'core-decoders',
    'core-hpack',
    'core-hpack-fields',
    'core-http1',
    'core-http2',
    'core-instance',
    'caller-frames',
    'flow',
    'guard',
    'late',
    'rule-errors',
    'text',
    'deadlines',
    'environment',
    'network-stream',
    'network-stream-waits',
    'hosts/socket',
    'hosts/host',
    'hosts/addresses',
    'hosts/connect-error',
    'hosts/blocking',
    'hosts/blocking-link',
    'hosts/blocking-opening',
    'hosts/blocking-protocol',
    'hosts/blocking-socket',
    'hosts/blocking-worker',
    'hosts/carried-error',
    'hosts/ring',
    'hosts/waitable',
    'hosts/worker-channel',
    'hosts/packages',
    'hosts/core-module',
    'hosts/given-blocking-sockets',
    'hosts/given-sockets',
    'hosts/script/',
    'hosts/node/',
    'hosts/web/',
    'hosts/workerd/',
  ],
  [
    'connection',
    'connection-streams',
    'connect-attempt',
    'connect-handshake',
    'proxy-digest',
    'exchange',
    'received',
    'sending',
    'socks',
    'trace',
    'tunnel',
    'tunnel-passage',
    'body',
    'body-readers',
    'codings',
    'decoding',
    'decoder-stream',
  ],
  [
    'pool',
    'pool-assignment',
    'pool-connects',
    'pool-queue',
    'pool-site',
    'pool-waiter',
    'idle-connections',
    'proxy-route',
  ],
  [
    'transports/',
    'request',
    'request-stream',
    'request-body',
    'request-head',
    'core-connection',
    'core-bodies',
    'response',
    'response-body',
    'response-options',
    'status-message',
    'json-body',
    'web-response',
    'cookies',
    'diagnostics',
    'foreign-jar',
    'compression',
    'content',
    'multipart',
  ],
  ['send', 'redirect', 'auth', 'auth-digest', 'auth-netrc', 'auth-oauth2'],
  ['client', 'client-settings', 'clients', 'async-client', 'fetch', 'fetch-client'],
  ['index', 'api', 'sync', 'fetch-api', 'core-api', 'polyfill'],
  ['cli/'],
];
const CORE: Ranks = [
  ['abi'],
  ['memory'],
  ['cursor', 'octets'],
  ['event', 'fields', 'lent'],
  ['hpack/'],
  ['h1/', 'h2/', 'coding/'],
  ['connection'],
  ['component/'],
  ['index', 'component', 'codings'],
];
/** Folders of one rank that must not know each other. */
const STRANGERS = ['h1/', 'h2/', 'coding/'];

/** Where `#` imports lead, so that ranks hold across them. */
const HOST_IMPORTS: ReadonlyMap<string, string> = new Map([
  ['#sockets', 'hosts/node/connector'],
  ['#host', 'hosts/node/host'],
  ['#blocking', 'hosts/node/blocking-connector'],
  ['#core-module', 'hosts/node/core-module'],
]);

/** What is imported from packages, and by which host module. */
const PACKAGES: readonly { readonly file: string; readonly names: readonly string[] }[] = [
  { file: 'hosts/node/public-suffixes', names: ['tldts'] },
  { file: 'hosts/node/digests', names: ['@noble/hashes/legacy.js', '@noble/hashes/sha2.js'] },
  { file: 'hosts/web/host', names: ['tldts', '@noble/hashes/legacy.js', '@noble/hashes/sha2.js'] },
  { file: 'hosts/packages', names: ['tldts', '@noble/hashes/legacy.js', '@noble/hashes/sha2.js'] },
  { file: 'hosts/workerd/sockets', names: ['cloudflare:sockets'] },
  { file: 'polyfill', names: ['web-streams-polyfill', 'whatwg-url'] },
  { file: 'polyfill/text', names: ['@exodus/bytes/encoding.js'] },
  { file: 'polyfill/base64', names: ['@exodus/bytes/base64.js'] },
];

/** What only a host may ask the runtime for (and what a component of ours must not be tied to). */
const HOST_ONLY: ReadonlySet<string> = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'AbortSignal.timeout',
  'Math.random',
  'crypto',
  'performance',
  'process',
  'console',
  'Deno',
  'Bun',
  'require',
]);

/** Rank of a file (path without extension), or -1. */
function rankOf(ranks: Ranks, path: string): number {
  return ranks.findIndex((entries) =>
    entries.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry)),
  );
}

const isHostFile = (path: string): boolean => /^hosts\/[^/]+\//.test(path);

interface Module {
  /** Relative to the tree, without extension. */
  readonly path: string;
  readonly imports: readonly ImportSite[];
  readonly names: ReturnType<typeof namesOf>;
}

function modulesOf(tree: string): Module[] {
  return filesBelow(tree, ['.ts']).map((file) => {
    const source = parse(file);
    const path = file.slice(tree.length + 1, -'.ts'.length);
    return { path, imports: importsOf(source), names: namesOf(source) };
  });
}

/** The file of the same tree that an import leads to; `abi` for the core's numbers; null for what is outside. */
function targetOf(from: string, specifier: string): string | null {
  if (/\.(?:wasm|script\.js)$/.test(specifier)) return null;
  const host = HOST_IMPORTS.get(specifier);
  if (host !== undefined) return host;
  if (!specifier.startsWith('.')) return null;
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '');
  return path === '../assembly/abi' ? 'abi' : path;
}

const client = modulesOf('src');
const core = modulesOf('assembly');

/** Every value import against the table, in words. */
function breaches(ranks: Ranks, modules: readonly Module[]): string[] {
  return modules.flatMap((module) =>
    module.imports.flatMap((site) => {
      const target = targetOf(module.path, site.specifier);
      if (site.typeOnly || target === null) return [];
      const own = rankOf(ranks, module.path);
      const other = rankOf(ranks, target);
      if (other >= 0 && other <= own) return [];
      return [`${module.path}:${site.line} (rank ${own}) imports ${site.specifier} (rank ${other})`];
    }),
  );
}

/** The first circle of value imports, as a path; null if there is none. */
function circle(modules: readonly Module[]): string[] | null {
  const edges = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports.flatMap((site) => (site.typeOnly ? [] : (targetOf(path, site.specifier) ?? []))),
    ]),
  );
  const done = new Set<string>();
  for (const start of edges.keys()) {
    const trail: string[] = [];
    const waiting: { readonly path: string; readonly depth: number }[] = [{ path: start, depth: 0 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const left of trail.splice(next.depth)) done.add(left);
      if (trail.includes(next.path)) return [...trail.slice(trail.indexOf(next.path)), next.path];
      if (done.has(next.path)) continue;
      trail.push(next.path);
      for (const path of edges.get(next.path) ?? []) waiting.push({ path, depth: trail.length });
    }
    for (const left of trail) done.add(left);
  }
  return null;
}

/** Whether a README names a file: by its path in backticks, or by its folder. */
function isNamed(map: string, path: string): boolean {
  return map.includes(`\`${path}.ts\``) || map.includes(`\`${posix.dirname(path)}/\``);
}

describe.each([
  { tree: 'src', ranks: CLIENT, modules: client },
  { tree: 'assembly', ranks: CORE, modules: core },
])('the layers of $tree', ({ tree, ranks, modules }) => {
  test('every file has a rank', () => {
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.map(({ path }) => path).filter((path) => rankOf(ranks, path) < 0)).toEqual([]);
  });

  test('values come from lower ranks or from the same', () => {
    expect(breaches(ranks, modules)).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(circle(modules)).toBeNull();
  });

  test('the map in its README names every file', () => {
    const map = readFileSync(join(ROOT, tree, 'README.md'), 'utf8');
    expect(modules.map(({ path }) => path).filter((path) => !isNamed(map, path))).toEqual([]);
  });
});

describe('the core', () => {
  test('HTTP/1.1, HTTP/2 and the content codings do not know each other', () => {
    const folderOf = (path: string): string | undefined => STRANGERS.find((folder) => path.startsWith(folder));
    const meetings = core.flatMap(({ path, imports }) =>
      imports
        .map((site) => targetOf(path, site.specifier) ?? '')
        .filter((target) => folderOf(path) !== undefined && folderOf(target) !== undefined)
        .filter((target) => folderOf(path) !== folderOf(target))
        .map((target) => `${path} imports ${target}`),
    );
    expect(meetings).toEqual([]);
  });

  test('it imports nothing from outside assembly/', () => {
    const outside = core.flatMap(({ path, imports }) =>
      imports
        .filter((site) => (targetOf(path, site.specifier) ?? '../').startsWith('../'))
        .map((site) => `${path} imports ${site.specifier}`),
    );
    expect(outside).toEqual([]);
  });

  test('abi.ts holds number constants and nothing else', () => {
    const other = parse('assembly/abi.ts')
      .statements.map((statement) => statement.getText())
      .filter((text) => !/^export const [A-Z][A-Z0-9_]* = (0x[0-9a-f]+|\d+);$/.test(text));
    expect(other).toEqual([]);
  });
});

describe('the client', () => {
  test('the table in its README has the ranks that are here', () => {
    const rows = readFileSync(join(ROOT, 'src/README.md'), 'utf8').matchAll(/^\| ([1-9]) \| (.*) \|$/gm);
    const told = Array.from(rows, ([, rank, files = '']) => [
      Number(rank),
      (files.match(/[\w-]+(?=\.ts`)/g) ?? []).sort(),
    ]);
    // Rank 0 is all others; folders are told as such.
    const held = CLIENT.map((entries, rank) => [rank, entries.filter((entry) => !entry.includes('/')).sort()]);
    expect(told.reverse()).toEqual(held.slice(1));
  });

  /** Where one of the names stands although its file may not use it. */
  const misuses = (isForbidden: (path: string, name: string) => boolean): string[] =>
    client.flatMap(({ path, names }) =>
      names.filter(({ name }) => isForbidden(path, name)).map(({ name, line }) => `${path}:${line} names ${name}`),
    );

  test('only core-instance.ts and the core-module of a host mention WebAssembly', () => {
    const mayMention = (path: string): boolean =>
      path === 'core-instance' || /^hosts\/[^/]+\/(?:core-module|modules\.d)$/.test(path);
    expect(misuses((path, name) => name === 'WebAssembly' && !mayMention(path))).toEqual([]);
  });

  test('only a host, the command, and what stands in for a host ask for time, timers, randomness or the environment', () => {
    const mayAsk = (path: string): boolean => isHostFile(path) || /^(?:cli\/main|polyfill(?:\/.*)?)$/.test(path);
    expect(misuses((path, name) => HOST_ONLY.has(name) && !mayAsk(path))).toEqual([]);
  });

  test('node: modules are imported in hosts/node and by the command only', () => {
    const mayImport = (path: string): boolean => path.startsWith('hosts/node/') || path.startsWith('cli/');
    const sites = client.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith('node:') && !mayImport(path))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(sites).toEqual([]);
  });

  test('hosts are reached through # imports only', () => {
    const sites = client.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith('.') && isHostFile(targetOf(path, specifier) ?? ''))
        .filter(() => !isHostFile(path))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(sites).toEqual([]);
  });

  test('the command is a user of the package: it knows its public names, its version, and nothing else', () => {
    const sites = client.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => path.startsWith('cli/') && !/^(?:node:|\.\/)/.test(specifier))
        .filter(({ specifier }) => specifier !== '../index.js' && specifier !== '../version.js')
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(sites).toEqual([]);
  });

  test('only core-instance.ts loads the core, and no package is imported but by the host that has a use for it', () => {
    const isPackage = (path: string, specifier: string): boolean =>
      PACKAGES.some(({ file, names }) => file === path && names.includes(specifier));
    const sites = client.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .filter(({ specifier }) => !isPackage(path, specifier))
        .filter(
          ({ specifier }) => !HOST_IMPORTS.has(specifier) || (specifier === '#core-module' && path !== 'core-instance'),
        )
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(sites).toEqual([]);
  });
});
