/**
 * Every TypeScript block of the README compiles as strictly as the sources and runs to its end, against servers of this
 * test that stand in for those it names.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from './source-syntax.js';
import { certificates } from './support/certificates.js';

interface Block {
  /** Line of the README on which the code begins. */
  readonly line: number;
  readonly code: string;
}

/** The fenced blocks of a language. */
function blocksOf(markdown: string, language: string): Block[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

const markdown = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = blocksOf(markdown, 'ts');

/** What each block prints, in order. A block that is new, or moved, needs its line here. */
const PRINTED: readonly (readonly RegExp[])[] = [
  [/^200 application\/json$/, /page/],
  [/lamp/, /^item 1 item 2$/],
  [/items/],
  [/^1048576 octets$/],
  [/^one two three$/],
  [/^24 lines$/],
  [/^404$/],
  [/after 250 ms/],
  [/^not needed any more$/],
  [/^over TLS$/],
];

const servers: Server[] = [];
/** Below the root, so that the package finds itself by its name. */
let folder = '';
let printed: string[] = [];

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  return text;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://test.invalid');
  const sent = await textOf(request);
  response.setHeader('content-type', pathname === '/items' ? 'application/json' : 'text/plain');
  if (pathname === '/items') response.end(sent || JSON.stringify({ items: [], page: searchParams.get('page') }));
  else if (pathname.startsWith('/items/')) response.end(`item ${pathname.slice('/items/'.length)}`);
  else if (pathname === '/big') response.end(new Uint8Array(2 ** 20));
  else if (pathname === '/words') response.end('one two three');
  else if (pathname === '/measurements') response.end(`${sent.trim().split('\n').length} lines`);
  else if (pathname === '/') response.end('over TLS');
  else if (pathname !== '/slow') response.writeHead(404).end('no such page');
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const { root, server } = await certificates();
  const plainPort = await portOf(createServer(answer));
  const securePort = await portOf(createSecureServer({ ...server }, answer));
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.build', 'readme-'));
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, root.cert);
  for (const [index, { code }] of blocks.entries()) {
    const ready = code
      .replaceAll('https://api.example.org', `http://127.0.0.1:${plainPort}`)
      .replaceAll('https://internal.example.org', `https://localhost:${securePort}`)
      .replaceAll("'authority.pem'", JSON.stringify(authority));
    writeFileSync(join(folder, `block-${index}.mts`), ready);
  }
  const compilerOptions = { noEmit: false, outDir: '.', rootDir: '../..' };
  const include = ['*.mts'];
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include }),
  );
});

afterAll(() => {
  for (const server of servers) {
    (server as ReturnType<typeof createServer>).closeAllConnections();
    server.close();
  }
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

describe('the README', () => {
  test('its blocks compile as strictly as the sources', () => {
    compile();
    expect(blocks.map(({ line }) => line)).toHaveLength(PRINTED.length);
  });

  test.each(blocks.map(({ line }, index) => ({ line, index })))('the block at line $line runs', async ({ index }) => {
    printed = [];
    const spy = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
      printed.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
    });
    try {
      await import(/* @vite-ignore */ join(folder, '.build', folder.split('/').at(-1) ?? '', `block-${index}.mjs`));
    } finally {
      spy.mockRestore();
    }
    const wanted = PRINTED[index] ?? [];
    expect(printed).toHaveLength(wanted.length);
    for (const [at, pattern] of wanted.entries()) expect(printed[at]).toMatch(pattern);
  });
});
