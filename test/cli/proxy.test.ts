/** `--proxy`, and the proxies of the environment. */
import { describe, expect, test } from 'vitest';
import { certificates } from '../support/certificates.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { ran } from './fake-system.js';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

describe('--proxy', () => {
  test('sends the request through it', async () => {
    const between = await serve(always(answer('forwarded')));
    const { code, stdout } = await ran(['http://one.invalid/a', '--proxy', between.url]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('\n\nforwarded\n')]);
    expect(between.heads[0]).toMatch(/^GET http:\/\/one\.invalid\/a HTTP/);
  });

  test('shows with --verbose how the tunnel came about, but no password', async () => {
    const { server: tls } = await certificates();
    const server = await serve(always(answer('secure')), { tls });
    const between = await serve(dialogue().hearHead().say(ESTABLISHED).join(server.port));
    const proxy = between.url.replace('://', '://user:hunter2@');
    const { code, stdout } = await ran(['https://localhost/', '--no-verify', '-v', '--proxy', proxy]);
    expect(code).toBe(0);
    const firsts = stdout.split('\n').filter((line) => /^(?:\* (?:Conn|SSL)|CONNECT|GET|HTTP)/.test(line));
    expect(firsts).toEqual([
      "* Connecting to '127.0.0.1'",
      `* Connected to '127.0.0.1' on port ${between.port}`,
      'CONNECT localhost:443 HTTP/1.1',
      expect.stringMatching(/^\* SSL established/),
      'GET / HTTP/1.1',
      'HTTP/1.1 200 OK',
    ]);
    expect(stdout).toContain('\nProxy-Authorization: [secure]\n');
    expect(stdout).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
  });

  test.each(['ftp://user:hunter2@p', 'p:3128', 'http://user:hunter2@p:port', 'socks5://'])(
    '%s is a mistake in the command, told without a password',
    async (proxy) => {
      const { code, stdout, stderr } = await ran(['http://one.invalid/', '--proxy', proxy]);
      expect(code).toBe(proxy === 'socks5://' ? 1 : 2);
      expect(`${stdout}${stderr}`).not.toBe('');
      expect(`${stdout}${stderr}`).not.toContain('hunter2');
    },
  );
});
