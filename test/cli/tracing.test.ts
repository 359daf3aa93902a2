/** What `--verbose` shows. */
import type { PeerCertificate } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { plain } from '../../src/cli/highlighting.js';
import { certificateLines, tracing } from '../../src/cli/tracing.js';
import type { TraceInfo } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { always, dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';
import { ran } from './fake-system.js';

const EMPTY = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const REDIRECT = 'HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n';

describe('with --verbose', () => {
  test('a connection, the request as it is sent, and the response', async () => {
    const server = await serve(always(EMPTY));
    const { stdout } = await ran([server.url, '-v', '-h', 'X-Spelt', 'a', '--auth', 'ann', 'b']);
    const sent = server.heads[0]?.replaceAll('\r\n', '\n');
    expect(sent).toContain('\nX-Spelt: a\n');
    expect(sent).toContain('\nAuthorization: Basic ');
    expect(stdout).toBe(
      `* Connecting to '127.0.0.1'\n* Connected to '127.0.0.1' on port ${server.port}\n${sent}` +
        'HTTP/1.1 200 OK\ncontent-length: 0\n\n',
    );
  });

  test('a kept connection is not shown again', async () => {
    const server = await serve(dialogue().hear().say(REDIRECT).hear().say(EMPTY));
    const { stdout } = await ran([server.url, '-v', '--follow-redirects']);
    const first = stdout.split('\n').map((line) => line.split(' ', 2).join(' '));
    expect(first.filter((line) => /^(?:\* \w+|GET .*|HTTP.*)$/.test(line))).toEqual([
      '* Connecting',
      '* Connected',
      'GET /',
      'HTTP/1.1 302',
      'GET /b',
      'HTTP/1.1 200',
    ]);
  });

  test('TLS and the certificate, which is shown unchecked too', async () => {
    const { server: tls } = await certificates();
    const server = await serve(always(EMPTY), { tls: { ...tls, alpn: ['http/1.1'] } });
    const { code, stdout } = await ran([server.url, '--no-verify', '-v']);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines.slice(2, 9)).toEqual([
      expect.stringMatching(/^\* SSL established using 'TLSv1\.3' \/ 'TLS_[A-Z0-9_]+'$/),
      "* Selected ALPN protocol: 'http/1.1'",
      '* Server certificate:',
      '*   subject:',
      "*     commonName: 'localhost'",
      '*   issuer:',
      "*     commonName: 'Test root'",
    ]);
    expect(stdout).toMatch(/\n\* {3}notBefore: '.* GMT'\n\* {3}notAfter: '.* GMT'\n\* {3}subjectAltName:\n/);
    expect(stdout).toContain("\n*     DNS: 'localhost'\n*     DNS: '*.test.invalid'\n*     IP Address: '127.0.0.1'\n");
    expect(stdout).toContain('\nGET / HTTP/1.1\nHost: 127.0.0.1:');
  });

  test('a handshake that fails: what was reached, and the error', async () => {
    const { server: tls } = await certificates();
    const server = await serve(always(EMPTY), { tls });
    const { code, stdout } = await ran([server.url, '-v']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\* Connecting to .*\n\* Connected to .*\nConnectError: [^\n]+\n$/);
  });

  test('everything but the body on standard error, where the body is on standard output', async () => {
    const server = await serve(always('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    const { stdout, stderr } = await ran([server.url, '-v', '--download', '-']);
    expect(stdout).toBe('hi');
    expect(stderr).toMatch(/^\* Connecting to/);
  });
});

test('a TLS connection that is gone by then has no certificate and no cipher to show', () => {
  const gone = {
    getPeerCertificate: () => null,
    getCipher: () => undefined,
    getProtocol: () => null,
    alpnProtocol: null,
  };
  const shown: string[] = [];
  const trace = tracing((lines) => shown.push(...lines), plain);
  trace('connection.start_tls.complete', { returnValue: { getExtraInfo: () => gone } } as unknown as TraceInfo);
  expect(shown).toEqual(["* SSL established using 'unknown' / 'unknown'", '* Selected ALPN protocol: none']);
});

describe('a certificate', () => {
  const certificate = (fields: object): PeerCertificate =>
    ({ serialNumber: '01', valid_from: 'a', valid_to: 'b', ...fields }) as PeerCertificate;

  test('says nothing to the terminal', () => {
    const evil = '\x1b]0;t\x07\n* fake';
    const lines = certificateLines(
      certificate({ subject: { CN: evil, [evil]: evil }, issuer: { O: [evil, 'b'] }, subjectaltname: `DNS:${evil}` }),
    );
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines).toContain("*     commonName: '\\x1b]0;t\\x07\\x0a* fake'");
    expect(lines).toContain("*     organizationName: 'b'");
  });

  test('may lack names', () => {
    expect(certificateLines(certificate({}))).toEqual([
      '* Server certificate:',
      "*   serialNumber: '01'",
      "*   notBefore: 'a'",
      "*   notAfter: 'b'",
    ]);
  });
});
