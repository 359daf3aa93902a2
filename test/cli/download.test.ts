/** Bodies into files, and to standard output. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Stopped } from '../../src/cli/system.js';
import { filesOf } from '../support/certificates.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';
import { fakeSystem, ran } from './fake-system.js';

const BODY = Buffer.alloc(300_000, 'abc\x00\xff', 'latin1');
const whole = (body: Buffer, fields = ''): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}content-length: ${body.length}\r\n\r\n`), body]);
const cut = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc');

/** The path of a file of this test, which holds `old`. */
const pathOf = (): string => filesOf({ target: 'old' }).target;

describe('a download', () => {
  test('writes the body as it is, and prints the head only', async () => {
    const server = await serve(always(whole(BODY)));
    const path = pathOf();
    const { code, stdout, stderr } = await ran([server.url, '--download', path]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'HTTP/1.1 200 OK\ncontent-length: 300000\n\n',
      stderr: '',
    });
    expect(readFileSync(path).equals(BODY)).toBe(true);
  });

  test('is decoded', async () => {
    const server = await serve(always(whole(gzipSync(BODY), 'content-encoding: gzip\r\n')));
    const path = pathOf();
    await ran([server.url, '--download', path]);
    expect(readFileSync(path).equals(BODY)).toBe(true);
  });

  test('of an empty body makes an empty file', async () => {
    const server = await serve(always(whole(Buffer.alloc(0))));
    const path = pathOf();
    expect(await ran([server.url, '--download', path])).toMatchObject({ code: 0 });
    expect(readFileSync(path)).toHaveLength(0);
  });

  test('of an error is saved too, with exit code 1 (as httpx)', async () => {
    const server = await serve(always('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno'));
    const path = pathOf();
    expect(await ran([server.url, '--download', path])).toMatchObject({ code: 1 });
    expect(readFileSync(path, 'utf8')).toBe('no');
  });

  test('that is cut short says so, and keeps what came', async () => {
    const server = await serve(dialogue().hear().say(cut).fin());
    const path = pathOf();
    const { code, stdout, stderr } = await ran([server.url, '--download', path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n\nRemoteProtocolError: [^\n]+; "[^\n]+" holds only the first 3 bytes of the body\n$/);
    expect(stdout).toContain(`; ${JSON.stringify(path)} holds`);
    expect(stderr).toBe('');
    expect(readFileSync(path, 'utf8')).toBe('abc');
  });

  test('that is cut short says so in one line, whatever the file is called', async () => {
    const server = await serve(dialogue().hear().say(cut).fin());
    const { stdout } = await ran([server.url, '--download', `${pathOf()}\x9b2J\u202e`]);
    expect(stdout).toMatch(/\n\nRemoteProtocolError: [^\n]*; "[^\n]*\\x9b2J\\u202e" holds only [^\n]*\n$/);
  });

  test('that never begins leaves the file alone', async () => {
    const server = await serve(dialogue().hear().fin());
    const path = pathOf();
    expect(await ran([server.url, '--download', path])).toMatchObject({ code: 1, stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('to a file that cannot be opened: one line, exit code 1, no connection left', async () => {
    const server = await serve(always(whole(BODY)));
    const path = join(pathOf(), 'below-a-file');
    const { code, stdout } = await ran([server.url, '--download', path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n\nError: Cannot open the file to download to: ENOTDIR[^\n]*\n$/);
    expect(existsSync(path)).toBe(false);
    await server.emptied();
  });

  test.skipIf(!existsSync('/dev/full'))('to a full disk says so', async () => {
    const server = await serve(always(whole(BODY)));
    const { code, stdout, stderr } = await ran([server.url, '--download', '/dev/full']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n\nError: ENOSPC[^\n]*; "\/dev\/full" holds only the first 0 bytes of the body\n$/);
    expect(stderr).toBe('');
  });

  test('that is interrupted says so, and ends the connection', async () => {
    const began = gate();
    const server = await serve(dialogue().hear().say(cut).open(began).stall());
    const path = pathOf();
    const system = fakeSystem();
    const running = ran([server.url, '--timeout', '1m', '--download', path], system);
    await began.opened;
    while (readFileSync(path, 'utf8') !== 'abc') await new Promise((resolve) => setImmediate(resolve));
    system.stop.abort(new Stopped(130));
    const { code, stdout, stderr } = await running;
    expect(code).toBe(130);
    expect(stdout.endsWith('\n\n')).toBe(true);
    expect(stderr).toBe(`Download is incomplete: ${JSON.stringify(path)} holds only the first 3 bytes of the body\n`);
    await server.emptied();
  });
});

describe('a download to standard output', () => {
  test('writes the body there and the head to standard error', async () => {
    const server = await serve(always(whole(BODY)));
    const { code, stderr, system } = await ran([server.url, '--download', '-']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'HTTP/1.1 200 OK\ncontent-length: 300000\n\n' });
    expect(system.stdout.octets.equals(BODY)).toBe(true);
  });

  test('keeps errors out of the body', async () => {
    const server = await serve(dialogue().hear().say(cut).fin());
    const { stdout, stderr } = await ran([server.url, '--download', '-']);
    expect(stdout).toBe('abc');
    expect(stderr).toMatch(
      /\n\nRemoteProtocolError: [^\n]+; standard output holds only the first 3 bytes of the body\n$/,
    );
  });

  test('is refused where that is a terminal', async () => {
    const server = await serve(always(whole(BODY)));
    expect(await ran([server.url, '--download', '-'], { isTTY: true })).toMatchObject({ code: 2, stdout: '' });
    expect(server.accepted).toBe(0);
  });
});

describe('the progress of a download', () => {
  test('is drawn on a terminal, to its end', async () => {
    let now = 0;
    const server = await serve(always(whole(BODY)));
    const { stderr } = await ran([server.url, '--download', pathOf()], { isTTY: true, now: () => (now += 50) });
    expect(stderr.startsWith('\r')).toBe(true);
    expect(stderr).toMatch(/100% {2}━+ {2}300\.0 kB of 300\.0 kB {2}[\d.]+ .?B\/s/);
    expect(stderr.endsWith('\x1b[K\n')).toBe(true);
  });

  test.each([
    ['given as a list', 'content-length: 5, 5\r\n'],
    ['given twice', 'content-length: 5\r\ncontent-length: 5\r\n'],
  ])('knows a length %s', async (_how, fields) => {
    const server = await serve(always(`HTTP/1.1 200 OK\r\n${fields}\r\nabcde`));
    const { code, stderr } = await ran([server.url, '--download', pathOf()], { isTTY: true });
    expect(code).toBe(0);
    expect(stderr).toMatch(/100% .* 5 bytes of 5 bytes {2}/);
  });

  test('goes on while nothing comes: the rate falls', async () => {
    let now = 0;
    const began = gate();
    const server = await serve(dialogue().hear().say(cut).open(began).stall());
    const system = fakeSystem({ isTTY: true, now: () => (now += 500) });
    const path = pathOf();
    const running = ran([server.url, '--timeout', '1m', '--download', path], system);
    await began.opened;
    while (!system.stderr.text.includes(' 3 bytes of')) await new Promise((resolve) => setImmediate(resolve));
    system.tick();
    system.tick();
    system.stop.abort(new Stopped(130));
    const rates = [...(await running).stderr.matchAll(/ 3 bytes of 1\.0 kB {2}(\d+) bytes\/s {2}/g)].map(([, rate]) =>
      Number(rate),
    );
    expect(rates.slice(0, 3)).toEqual([6, 5, 4]);
    expect(system.clocks).toBe(0);
  });

  test('has no share where the length is not known, or there is no body', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    const server = await serve([always(chunked), always('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')]);
    const first = await ran([server.url, '--download', pathOf()], { isTTY: true });
    const second = await ran([server.url, '-m', 'HEAD', '--download', pathOf()], { isTTY: true });
    for (const { code, stderr } of [first, second]) {
      expect(code).toBe(0);
      expect(stderr).not.toContain('%');
    }
  });
});
