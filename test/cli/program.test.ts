/** The program against a scripted server, its process given: what it prints where, what it sends, how it ends. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Stopped } from '../../src/cli/system.js';
import { filesOf } from '../support/certificates.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';
import { fakeSystem, keyboard, ran } from './fake-system.js';

const answer = (body: string, fields = 'content-type: text/plain\r\n'): Buffer =>
  Buffer.from(`HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
/** A server that gives every request an empty answer. */
const sink = () => serve(always(answer('')), { repeatLast: true });

describe('what is printed', () => {
  test('status line and fields, an empty line, the body', async () => {
    const server = await serve(always(answer('a\x1b[31mb\r\n')));
    const { code, stdout, stderr } = await ran([server.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 9\n\na\x1b[31mb\r\n');
  });

  test('in colours on a terminal, and no control character of the server raw', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-a: \x9b2J\r\ncontent-length: 9\r\n\r\n';
    const server = await serve(always(`${head}a\x1b]0;t\x07\r\n`));
    const { stdout } = await ran([server.url], { isTTY: true });
    expect(stdout).toContain('\x1b[32m200 OK\x1b[39m\n\x1b[36mcontent-type\x1b[39m: text/plain\n');
    expect(stdout).toContain('x-a\x1b[39m: \\x9b2J\n');
    expect(stdout).toMatch(/\n\na\\x1b\]0;t\\x07\n$/);
  });

  test('JSON in colours on a terminal', async () => {
    const server = await serve(always(answer('{"a":"é"}', 'content-type: application/json\r\n')));
    const { stdout } = await ran([server.url], { isTTY: true });
    expect(stdout).toContain('\n{\n    \x1b[34m"a"\x1b[39m: \x1b[32m"\\u00e9"\x1b[39m\n}\n');
  });

  test('a request that fails: one line, exit code 1', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc').fin());
    const { code, stdout, stderr } = await ran([server.url]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\ncontent-length: 9\n\nRemoteProtocolError: [^\n]+\n$/);
  });

  test('text as it comes', async () => {
    const shown = gate();
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
    const server = await serve(dialogue().hear().say(`${head}data: 1\n\n`).until(shown).say('data: 2\n').fin());
    const system = fakeSystem();
    const running = ran([server.url], system);
    while (!system.stdout.text.endsWith('\n\ndata: 1\n\n')) await new Promise((resolve) => setImmediate(resolve));
    shown.open();
    expect((await running).stdout).toMatch(/\n\ndata: 1\n\ndata: 2\n$/);
  });

  test('text that breaks off, and then the error on a line of its own', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n';
    const server = await serve(dialogue().hear().say(`${head}abc`).fin());
    const { code, stdout } = await ran([server.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n\nabc\nRemoteProtocolError: [^\n]+\n$/);
  });

  test.each([
    ['http://[::1', 'InvalidURL'],
    ['http://a b/', 'InvalidURL'],
    ['http://exa\x1bmple/', 'InvalidURL'],
    ['', 'UnsupportedProtocol'],
    ['ftp://example.org/', 'UnsupportedProtocol'],
    ['http:///', 'InvalidURL'],
  ])('the URL %j: one line, exit code 1', async (url, name) => {
    const { code, stdout, stderr } = await ran([url]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^${name}: [^\\n\\x1b]+\\n$`));
  });

  test.each([
    ['localhost:9101', 'Got "localhost:9101": type http://localhost:9101'],
    ['example.org/a?b', 'Got "example.org/a?b": type http://example.org/a?b'],
    ['user:hunter2@h', 'Got "…@h"'],
    ['user:p/hunter2@h', 'Got "…@h"'],
    ['/a', 'Got "/a"'],
  ])('the URL %s says what to type', async (url, said) => {
    const missing = "UnsupportedProtocol: Request URL is missing an 'http://' or 'https://' protocol.";
    expect((await ran([url])).stdout).toBe(`${missing} ${said}\n`);
  });

  test('an argument that cannot be sent: one line, exit code 1, nothing sent', async () => {
    const server = await sink();
    for (const words of [
      ['-h', 'X-A', 'a\r\nB: c'],
      ['-h', 'X A', 'a'],
      ['-m', 'G T'],
    ]) {
      const { code, stdout } = await ran([server.url, ...words]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^LocalProtocolError: [^\n]+\n$/);
    }
    expect(server.accepted).toBe(0);
  });

  test('a wrong command line: on standard error, with a hint, exit code 2', async () => {
    const { code, stdout, stderr } = await ran(['-y']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`Cannot read the command line: there is no option "-y"\nTry 'httpx-wasm --help' for help.\n`);
  });

  test('a name of the command line that a terminal would obey: escaped, in one line', async () => {
    const name = 'no\x1b[2J\nsuch\x9b2J\u202e';
    for (const words of [
      ['http://127.0.0.1:1/', '-f', 'up', name],
      ['http://127.0.0.1:1/', '--timeout', name],
      [`--${name}`],
    ]) {
      const { code, stderr } = await ran(words);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Cannot [^\n]*such\\x9b2J\\u202e[^\n]*\nTry 'httpx-wasm --help' for help\.\n$/);
      expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });

  test('the help and the version, exit code 0', async () => {
    expect(await ran(['--help'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: httpx-wasm <URL>/) });
    expect(await ran(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^httpx-wasm \d+\.\d+\.\d+\n$/),
    });
  });
});

describe('what is sent', () => {
  test('JSON with its numbers as they were spelled, announced once', async () => {
    const server = await sink();
    await ran([server.url, '-j', ' {"a": 1.0, "b": [12345678901234567890]} ']);
    await ran([server.url, '-j', '{}', '-h', 'content-type', 'application/geo+json']);
    await ran([server.url, '-j', 'null']);
    const [first, second, third] = server.peers.map(({ text }) => text);
    expect(first).toMatch(
      /^POST .*\r\nContent-Length: 36\r\nContent-Type: application\/json\r\n\r\n\{"a":1\.0,"b":\[/s,
    );
    expect(second?.match(/content-type/gi)).toHaveLength(1);
    expect(third).toMatch(/^POST .*\r\n\r\nnull$/s);
  });

  test('forms with every value of a name', async () => {
    const server = await sink();
    await ran([server.url, '-d', '2', 'é', '-d', '1', 'b c', '-d', '2', '']);
    expect(server.peer(0).text).toMatch(/\r\n\r\n2=%C3%A9&1=b\+c&2=$/);
  });

  test('headers beyond ASCII as UTF-8', async () => {
    const server = await sink();
    await ran([server.url, '-h', 'X-A', 'é→']);
    expect(server.peer(0).octets.includes(Buffer.from('X-A: é→\r\n'))).toBe(true);
  });

  test('cookies in one header, the last value of a name', async () => {
    const server = await sink();
    await ran([server.url, '--cookies', 'a', '1', '--cookies', 'b', 'x y', '--cookies', 'a', '2']);
    expect(server.heads[0]).toContain('\r\nCookie: a=2; b=x y\r\n');
  });

  test.each([
    ['', 'v'],
    ['a=b', 'v'],
    ['a', 'v;w'],
    ['a', 'v\r\nX: y'],
    ['é', 'v'],
  ])('no cookie %j=%j', async (name, value) => {
    expect(await ran(['http://127.0.0.1:1/', '--cookies', name, value])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Cannot send a? ?cookie/),
    });
  });
});

describe('standard input', () => {
  test('as content: what is short has a length', async () => {
    const server = await sink();
    await ran([server.url, '-c', '-'], { stdin: 'a body' });
    expect(server.peer(0).text).toMatch(/^POST .*\r\nContent-Length: 6\r\n\r\na body$/s);
  });

  test('as content: what is long is streamed', async () => {
    const server = await serve(dialogue().hear().say(answer('')));
    const body = Buffer.alloc(3_000_000, 'abcdefg');
    const stdin = new PassThrough();
    const running = ran([server.url, '-c', '-'], { stdin });
    for (let at = 0; at < body.length; at += 50_000) stdin.write(body.subarray(at, at + 50_000));
    await server.until(() => server.octetsHeard > 1_000_000);
    stdin.end();
    expect((await running).code).toBe(0);
    expect(server.peer(0).heads[0]).toContain('\r\nTransfer-Encoding: chunked\r\n');
    expect(server.peer(0).requests[0]?.body.equals(body)).toBe(true);
  });

  test('as JSON', async () => {
    const server = await sink();
    await ran([server.url, '-j', '-'], { stdin: '\ufeff[ 1 ]\n' });
    expect(server.peer(0).text).toMatch(/\r\n\r\n\[1\]$/);
    expect(await ran([server.url, '-j', '-'], { stdin: 'x' })).toMatchObject({ code: 2 });
  });

  test.each([
    ['JSON', ['-j', '-'], '--json'],
    ['a password', ['--auth', 'ann', '-'], 'the password'],
  ])('that is not UTF-8 is refused as %s', async (_what, words, named) => {
    const server = await sink();
    const { code, stderr } = await ran([server.url, ...words], { stdin: Buffer.from('"\xe9"\n', 'latin1') });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^Cannot read ${named}: standard input is not UTF-8\n`));
    expect(server.accepted).toBe(0);
  });

  test.each([
    ['content', ['-c', '-']],
    ['JSON', ['-j', '-']],
    ['a password', ['--auth', 'ann', '-']],
  ])('as %s is awaited no longer when the program is to end', async (_what, words) => {
    const stdin = new PassThrough();
    const system = fakeSystem({ stdin });
    const running = ran(['http://127.0.0.1:1/', ...words], system);
    await new Promise<void>((resolve) => stdin.write('begun', () => resolve()));
    system.stop.abort(new Stopped(130));
    expect(await running).toMatchObject({ code: 130, stdout: '', stderr: '' });
    expect(stdin.destroyed).toBe(true);
  });
});

describe('files', () => {
  test('go as a form, beside the fields, with a length', async () => {
    const server = await sink();
    const { 'a b.json': path, empty } = filesOf({ 'a b.json': '{}', empty: '' });
    await ran([server.url, '-f', 'up', path, '-d', 'title', 'é', '-f', 'up', empty]);
    const { text } = server.peer(0);
    const [, length] = /^POST .*\r\nContent-Length: (\d+)\r\n/s.exec(text) ?? [];
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toHaveLength(Number(length));
    expect(text.split(/--[0-9a-f]{32}/).slice(1)).toEqual([
      '\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xc3\xa9\r\n',
      '\r\nContent-Disposition: form-data; name="up"; filename="a b.json"\r\nContent-Type: application/json\r\n\r\n{}\r\n',
      '\r\nContent-Disposition: form-data; name="up"; filename="empty"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n',
      '--\r\n',
    ]);
  });

  test('may be standard input', async () => {
    const server = await sink();
    await ran([server.url, '-f', 'up', '-'], { stdin: 'piped' });
    const body = server.peer(0).requests[0]?.body.toString();
    expect(body).toContain('name="up"; filename="stdin"\r\nContent-Type: application/octet-stream\r\n\r\npiped\r\n');
  });

  test('that cannot be read are a usage error, before anything is sent', async () => {
    const server = await sink();
    const { file } = filesOf({ file: '' });
    for (const path of [`${file}-missing`, `${file}/below`, dirname(file)]) {
      const { code, stderr } = await ran([server.url, '-f', 'up', path]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Cannot send file "[^\n]+\n/);
    }
    expect(server.accepted).toBe(0);
  });

  test.skipIf(!existsSync('/proc/self/status'))('that the system makes up are read as they are', async () => {
    const server = await sink();
    await ran([server.url, '-f', 'up', '/proc/self/status']);
    expect(server.peer(0).text).toContain('\r\n\r\nName:');
  });
});

describe('a password', () => {
  const authorization = (user: string, password: string): string =>
    `\r\nAuthorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`;

  test('is sent with its user, and shown nowhere', async () => {
    const server = await sink();
    const { code, stdout, stderr } = await ran([server.url, '--auth', 'ann', 'hunter2']);
    expect(code).toBe(0);
    expect(server.heads[0]).toContain(authorization('ann', 'hunter2'));
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('is asked for on a terminal, without being shown', async () => {
    const server = await sink();
    const stdin = keyboard();
    const running = ran([server.url, '--auth', 'ann', '-'], { stdin });
    stdin.write('hunter2\r');
    expect(await running).toMatchObject({ code: 0, stderr: 'Password: \n' });
    expect(server.heads[0]).toContain(authorization('ann', 'hunter2'));
    expect(stdin.rawModes).toEqual([true, false]);
  });

  test('is asked for no longer after Ctrl-C', async () => {
    const stdin = keyboard();
    const running = ran(['http://127.0.0.1:1/', '--auth', 'ann', '-'], { stdin });
    stdin.write('hunt\x03');
    expect(await running).toMatchObject({ code: 130, stdout: '', stderr: 'Password: \n' });
    expect(stdin.rawModes).toEqual([true, false]);
  });

  test('is asked for no longer when the program is to end', async () => {
    const stdin = keyboard();
    const system = fakeSystem({ stdin });
    const running = ran(['http://127.0.0.1:1/', '--auth', 'ann', '-'], system);
    await once(stdin, 'resume');
    system.stop.abort(new Stopped(143));
    expect(await running).toMatchObject({ code: 143, stdout: '', stderr: 'Password: \n' });
    expect(stdin.rawModes).toEqual([true, false]);
  });

  test('is the first line of standard input where that is no terminal', async () => {
    const server = await sink();
    await ran([server.url, '--auth', 'ann', '-'], { stdin: 'hunter2\nmore\n' });
    expect(server.heads[0]).toContain(authorization('ann', 'hunter2'));
    expect(await ran([server.url, '--auth', 'ann', '-'], { stdin: '' })).toMatchObject({ code: 2 });
  });
});

describe('redirects', () => {
  const redirect = 'HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 3\r\n\r\nold';

  test('are shown, and exit with 1, unless they are followed', async () => {
    const server = await serve(always(redirect));
    const { code, stdout } = await ran([server.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^HTTP\/1\.1 302 Found\nlocation: \/b\ncontent-length: 3\n\n/);
  });

  test('that are followed show their heads, and the last body', async () => {
    const server = await serve(dialogue().hear().say(redirect).hear().say(answer('new')));
    const { code, stdout } = await ran([server.url, '--follow-redirects']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      'HTTP/1.1 302 Found\nlocation: /b\ncontent-length: 3\n\n' +
        'HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 3\n\nnew\n',
    );
  });

  test('without end are one line', async () => {
    const server = await serve(always(redirect));
    const { code, stdout } = await ran([server.url, '--follow-redirects']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n\nTooManyRedirects: [^\n]+\n$/);
  });
});

describe('the end of the program', () => {
  test('a reader of standard output that goes away: quiet, 141, and the request is cancelled', async () => {
    const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc').stall());
    const system = fakeSystem();
    system.stdout.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(await ran([server.url, '--timeout', '1m'], system)).toMatchObject({ code: 141, stdout: '', stderr: '' });
    await server.emptied();
  });

  test('standard output that cannot be written: said, exit code 1', async () => {
    const server = await serve(always(answer('a')));
    const system = fakeSystem();
    system.stdout.failure = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    expect(await ran([server.url], system)).toMatchObject({
      code: 1,
      stderr: 'Cannot write to standard output: ENOSPC: no space left\n',
    });
  });

  test('standard output that takes nothing keeps it no longer than a signal', async () => {
    const server = await serve(always(answer('a')));
    const system = fakeSystem();
    const asked = new Promise<void>((resolve) => {
      system.stdout._write = () => resolve();
    });
    const running = ran([server.url], system);
    await asked;
    system.stop.abort(new Stopped(143));
    expect(await running).toMatchObject({ code: 143 });
  });

  test('connections do not outlive it', async () => {
    const heard = gate();
    const server = await serve(dialogue().hear().say(answer('a')).open(heard).stall());
    await ran([server.url]);
    await heard.opened;
    await server.emptied();
    expect(server.accepted).toBe(1);
  });
});
