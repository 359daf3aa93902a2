/** The built command as a process of its own: streams, signals, exit codes. Skipped, visibly, where dist is absent. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../source-syntax.js';
import { filesOf } from '../support/certificates.js';
import { always, dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

const PROGRAM = join(ROOT, 'dist/cli/main.js');
const isBuilt = existsSync(PROGRAM);

interface Running {
  readonly child: ChildProcess;
  /** Exit code, standard output, standard error. */
  readonly ended: Promise<{ code: number; stdout: string; stderr: string }>;
}

function start(words: readonly string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...words], { env: environment, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = Promise.all([once(child, 'close'), text(child.stdout).catch(() => ''), text(child.stderr)]);
  return {
    child,
    ended: ended.then(([[code, signal], stdout, stderr]) => ({ code: shellCode(code, signal), stdout, stderr })),
  };
}

/** An exit code as shells have it. */
function shellCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal as NodeJS.Signals];
}

/** The path of a named pipe that nobody has open. */
function pipeOf(): string {
  const { file } = filesOf({ file: '' });
  execFileSync('mkfifo', [`${file}-pipe`]);
  return `${file}-pipe`;
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n';

describe.skipIf(!isBuilt)(`the command${isBuilt ? '' : ' (skipped: dist is absent, run npm run build)'}`, () => {
  test('prints a response and exits with 0, without colours in a pipe', async () => {
    const server = await serve(always(`${HEAD}content-length: 2\r\n\r\nhi`));
    expect(await start([server.url]).ended).toEqual({
      code: 0,
      stdout: 'HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 2\n\nhi\n',
      stderr: '',
    });
  });

  test('has colours where FORCE_COLOR asks for them', async () => {
    const server = await serve(always(`${HEAD}content-length: 2\r\n\r\nhi`));
    const { stdout } = await start([server.url], { FORCE_COLOR: '1' }).ended;
    expect(stdout).toContain('\x1b[32m200 OK\x1b[39m');
  });

  test('exits with 1 and with 2', async () => {
    expect(await start(['example.org']).ended).toMatchObject({ code: 1, stderr: '' });
    expect(await start(['--nonsense']).ended).toMatchObject({ code: 2, stdout: '' });
  });

  test('reads standard input', async () => {
    const server = await serve(always(`${HEAD}content-length: 0\r\n\r\n`));
    const { child, ended } = start([server.url, '-j', '-']);
    child.stdin?.end('{"a": 1}');
    expect(await ended).toMatchObject({ code: 0 });
    expect(server.peer(0).text).toMatch(/\r\n\r\n\{"a":1\}$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends quietly at %s, with exit code %i', async (signal, code) => {
    const server = await serve(dialogue().hear().stall());
    const { child, ended } = start([server.url, '--timeout', '1m']);
    await server.until(() => server.heads.length === 1);
    child.kill(signal);
    expect(await ended).toEqual({ code, stdout: '', stderr: '' });
    await server.emptied();
  });

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s while it waits for a password, with exit code %i', async (signal, code) => {
    const { child, ended } = start(['http://127.0.0.1:1/', '--auth', 'ann', '-']);
    // More than the pipe holds: when it is written, somebody reads.
    await new Promise<void>((resolve) => child.stdin?.write('x'.repeat(4_000_000), () => resolve()));
    child.stdin?.on('error', () => {});
    child.kill(signal);
    expect(await ended).toEqual({ code, stdout: '', stderr: '' });
  });

  test.skipIf(process.platform === 'win32')('ends at a signal while a pipe to download to has no reader', async () => {
    const server = await serve(always(`${HEAD}content-length: 2\r\n\r\nhi`));
    const { child, ended } = start([server.url, '--download', pipeOf()]);
    // Said right before the pipe is opened.
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143, stderr: '' });
    await server.emptied();
  });

  test.skipIf(process.platform === 'win32')('ends at a signal while a pipe to send has no writer', async () => {
    const server = await serve(dialogue().hearHead().stall());
    const { child, ended } = start([server.url, '-f', 'up', pipeOf(), '--timeout', '1m']);
    await server.until(() => server.heads.length === 1);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 143, stdout: '', stderr: '' });
    await server.emptied();
  });

  test('ends quietly when nobody reads what it prints', async () => {
    const server = await serve(dialogue().hear().say(HEAD).say('\r\n').sayForever('a line\n'));
    const { child, ended } = start([server.url, '--download', '-']);
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    child.stdout?.destroy();
    const stderr = 'HTTP/1.1 200 OK\ncontent-type: text/plain\n\n';
    expect(await ended).toEqual({ code: 141, stdout: '', stderr });
    await server.emptied();
  });

  test('does not wait for the end of standard input that it does not read', async () => {
    expect(await start(['--version']).ended).toMatchObject({ code: 0, stderr: '' });
    const server = await serve(always(`${HEAD}content-length: 0\r\n\r\n`));
    expect(await start([server.url]).ended).toMatchObject({ code: 0 });
  });
});
