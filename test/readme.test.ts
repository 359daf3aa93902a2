/**
 * Every TypeScript block of the README and of the documents compiles as strictly as the sources and runs to its end,
 * against servers of this test that stand in for those it names. What a block prints stands in it: each comment that begins
 * with an arrow is one line, in order, `…` being any text. Links between documents lead somewhere.
 */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { filesBelow, ROOT } from './source-syntax.js';
import { certificates } from './support/certificates.js';
import type { ProxyPorts } from './support/document-proxies.js';
import type { Ports } from './support/document-servers.js';

interface Block {
  /** Document and line on which the code begins. */
  readonly place: string;
  readonly code: string;
  /** Name of the module that is made of it, without ending. */
  readonly module: string;
}

const DOCUMENTS: readonly string[] = ['README.md', 'CHANGELOG.md', ...filesBelow('docs', ['.md'])];
const markdownOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

/** The TypeScript blocks of a document. */
function blocksOf(document: string): Block[] {
  const markdown = markdownOf(document);
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = markdown.slice(0, match.index).split('\n').length + 1;
    const module = `${document.replace(/\.md$/, '').replaceAll('/', '-')}-${line}`;
    return { place: `${document}:${line}`, code: match[1] ?? '', module };
  });
}

/** The lines that a block says it prints. */
function expectedOf(code: string): RegExp[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => {
    const literal = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return new RegExp(`^${literal.join('[^]*')}$`);
  });
}

const blocks = DOCUMENTS.flatMap(blocksOf);

let thread: Worker | null = null;
/** Below the root, so that the package finds itself by its name. */
let folder = '';

/** Files that the blocks read and write, by the name they have in the documents. */
async function files(): Promise<Record<string, string>> {
  const { root, client } = await certificates();
  return {
    'authority.pem': root.cert,
    'client.pem': client.cert,
    'client.key': client.key,
    'report.csv': 'hour;degrees\n'.repeat(10_000),
    'copy.bin': '',
  };
}

async function pinOf(): Promise<string> {
  const { server } = await certificates();
  const key = new X509Certificate(server.cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

beforeAll(async () => {
  const { root, server } = await certificates();
  thread = new Worker(new URL('./document-thread.js', inject('serverThread')), {
    workerData: { root, server },
    execArgv: [],
  });
  const [servers] = (await once(thread, 'message')) as [Ports & ProxyPorts];
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.build', 'readme-'));
  const replaced: [string, string][] = [
    ['https://api.example.org', `http://127.0.0.1:${servers.plainPort}`],
    ['https://internal.example.org', `https://localhost:${servers.securePort}`],
    ["'internal.example.org'", "'localhost'"],
    ['https://192.0.2.7', `https://127.0.0.1:${servers.securePort}`],
    ["'http://proxy.example.org:3128'", `'http://127.0.0.1:${servers.proxyPort}'`],
    ['socks5h://proxy.example.org:1080', `socks5h://127.0.0.1:${servers.socksPort}`],
    ['http://tools.example.org', `http://tools.example.org:${servers.plainPort}`],
    ['kd1Lr3UJtn4VjPvoRHCYyeNGtBAMtRUQSNYzeaTnn+E=', await pinOf()],
  ];
  for (const [name, text] of Object.entries(await files())) {
    writeFileSync(join(folder, name), text);
    replaced.push([`'${name}'`, JSON.stringify(join(folder, name))]);
  }
  for (const { module, code } of blocks) {
    const ready = replaced.reduce((text, [from, to]) => text.replaceAll(from, to), code);
    writeFileSync(join(folder, `${module}.mts`), ready);
  }
  const compilerOptions = { noEmit: false, outDir: '.', rootDir: '../..' };
  const include = ['*.mts'];
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include }),
  );
});

afterAll(async () => {
  await thread?.terminate();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

/** Compiles all blocks at once. @throws with the compiler's words. */
function compile(): void {
  const words = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder];
  try {
    execFileSync(process.execPath, words, { encoding: 'utf8' });
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout);
  }
}

/** Anchors of a document's headings, as hosts of Markdown make them. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  test('their blocks compile as strictly as the sources', () => {
    compile();
  });

  test.each(blocks)('the block at $place prints what it says', async ({ module, code }) => {
    const printed: string[] = [];
    const spy = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
      printed.push(format(...words));
    });
    try {
      await import(/* @vite-ignore */ join(folder, '.build', folder.split('/').at(-1) ?? '', `${module}.mjs`));
    } finally {
      spy.mockRestore();
    }
    const wanted = expectedOf(code);
    for (const [at, pattern] of wanted.entries()) expect(printed[at]).toMatch(pattern);
    expect(printed).toHaveLength(wanted.length);
  });

  test.each(DOCUMENTS)('every link of %s to a file of the project leads somewhere', (document) => {
    const links = [...markdownOf(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    for (const [link, path = '', anchor] of links) {
      const target = path === '' ? document : join(dirname(document), path);
      expect(existsSync(join(ROOT, target)), `${link} in ${document}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(markdownOf(target)), `${link} in ${document}`).toContain(anchor);
    }
  });
});
