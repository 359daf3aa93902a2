/** What the environment says of TLS: SSL_CERT_FILE and SSL_CERT_DIR, as far as it is trusted, and SSLKEYLOGFILE. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../../src/index.js';
import { certificates, filesOf } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients, type Settings } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer, octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const secureServer = () => serve(always(answer('secure')), { tls: made.server, repeatLast: true });

describe.each(clients)('$name', (kind) => {
  /** A client whose host has these variables and files. */
  function clientWith(variables: Record<string, string>, files: Record<string, string>, settings: Settings = {}) {
    const environment = kind.environment();
    for (const [name, value] of Object.entries(variables)) environment.host.variables.set(name, value);
    for (const [name, text] of Object.entries(files)) environment.host.files.set(name, Uint8Array.from(octetsOf(text)));
    return kind.open(settings, environment);
  }

  describe('authorities', () => {
    const files = {
      'ca.pem': made.root.cert,
      'certs/0123abcd.0': made.root.cert,
      'C:\\certs/0123abcd.0': made.root.cert,
      'other/0123abcd.0': made.strangerRoot.cert,
      'stranger.pem': made.strangerRoot.cert,
    };

    test.each([
      ['SSL_CERT_FILE', { SSL_CERT_FILE: 'ca.pem' }],
      ['SSL_CERT_FILE that is a folder', { SSL_CERT_FILE: 'certs' }],
      ['SSL_CERT_DIR', { SSL_CERT_DIR: 'certs' }],
      ['SSL_CERT_DIR that is a list', { SSL_CERT_DIR: 'other:nowhere::certs' }],
      ['SSL_CERT_DIR that is a list of Windows', { SSL_CERT_DIR: 'C:\\other;C:\\certs' }],
      ['SSL_CERT_DIR that is one folder of Windows', { SSL_CERT_DIR: 'C:\\certs' }],
      ['SSL_CERT_FILE before SSL_CERT_DIR', { SSL_CERT_FILE: 'ca.pem', SSL_CERT_DIR: 'nowhere' }],
      ['SSL_CERT_DIR where SSL_CERT_FILE is empty', { SSL_CERT_FILE: '', SSL_CERT_DIR: 'certs' }],
    ])('%s replaces the default store', async (_name, variables) => {
      const server = await secureServer();
      expect((await clientWith(variables, files).get(server.url)).text).toBe('secure');
      const settings: Settings = { verify: { minVersion: 'TLSv1.3' } };
      expect((await clientWith(variables, files, settings).get(server.url)).text).toBe('secure');
    });

    test.each<[string, Settings]>([
      ['with trustEnv: false', { trustEnv: false }],
      ['beside a path', { verify: 'stranger.pem' }],
      ['beside authorities', { verify: { ca: made.strangerRoot.cert } }],
    ])('it has no say %s', async (_name, settings) => {
      const server = await secureServer();
      const error = await failureOf(
        () => clientWith({ SSL_CERT_FILE: 'ca.pem' }, files, settings).get(server.url),
        ConnectError,
      );
      expect(error.message).toContain('its authority is not trusted');
    });

    test('what it names and cannot be read is told with the name of the variable', async () => {
      const server = await secureServer();
      for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR']) {
        const error = await failureOf(() => clientWith({ [name]: 'gone' }, {}).get(server.url), ConnectError);
        expect(error.message).toMatch(
          `Cannot set up TLS: the authorities that ${name} names cannot be read from gone: `,
        );
      }
      for (const [list, why] of [
        ['gone:lost', 'from lost: '],
        [':', 'from :: no folder is named'],
      ] as const) {
        const error = await failureOf(() => clientWith({ SSL_CERT_DIR: list }, {}).get(server.url), ConnectError);
        expect(error.message).toContain(why);
      }
      expect((await clientWith({ SSL_CERT_FILE: 'gone' }, {}, { verify: false }).get(server.url)).text).toBe('secure');
      expect(server.accepted).toBe(1);
    });

    test('whether it is trusted can be read', () => {
      expect([kind.open().trustEnv, kind.open({ trustEnv: false }).trustEnv]).toEqual([true, false]);
      expect(() => kind.open({ trustEnv: 'no' as unknown as boolean })).toThrow(
        'Cannot set trustEnv: expected true or false',
      );
    });
  });

  describe('a folder of authorities', () => {
    function folderOf(files: Record<string, string>): string {
      const { placeholder } = filesOf({ placeholder: '' });
      const folder = join(placeholder, '..', 'authorities');
      mkdirSync(join(folder, 'folder'), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      symlinkSync('nowhere', join(folder, 'broken.pem'));
      return folder;
    }

    test('every certificate in it is trusted; what holds none, and what cannot be read, adds nothing', async () => {
      const server = await secureServer();
      const folder = folderOf({ 'a.pem': made.strangerRoot.cert, 'b.crt': made.root.cert, 'notes.txt': 'hello' });
      expect((await kind.open({ verify: folder }).get(server.url)).text).toBe('secure');
      expect((await kind.open({ verify: { caFile: folder } }).get(server.url)).text).toBe('secure');
    });

    test('if OpenSSL has hashed it, those of its hashes alone, as OpenSSL does', async () => {
      const server = await secureServer();
      const folder = folderOf({ '0123abcd.0': made.strangerRoot.cert, 'b.crt': made.root.cert });
      await failureOf(() => kind.open({ verify: folder }).get(server.url), ConnectError);
      writeFileSync(join(folder, '89abcdef.1'), made.root.cert);
      expect((await kind.open({ verify: folder }).get(server.url)).text).toBe('secure');
    });

    test('one without any certificate is told', async () => {
      const folder = folderOf({ 'notes.txt': 'hello' });
      const error = await failureOf(() => kind.open({ verify: folder }).get('https://127.0.0.1:1/'), ConnectError);
      expect(error.message).toContain(`${folder}: no file of this folder holds a certificate`);
    });
  });

  describe('SSLKEYLOGFILE', () => {
    test('is given the secrets of each connection, also with trustEnv: false', async () => {
      const server = await secureServer();
      const { log } = filesOf({ log: '' });
      rmSync(log);
      for (const trustEnv of [true, false]) {
        const settings = { verify: { ca: made.root.cert }, trustEnv };
        await clientWith({ SSLKEYLOGFILE: log }, {}, settings).get(server.url);
      }
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
      const randoms = new Set(lines.map((line) => /^[A-Z0-9_]+ ([0-9a-f]{64}) [0-9a-f]+$/.exec(line)?.[1]));
      expect([randoms.size, randoms.has(undefined)]).toEqual([2, false]);
      expect(lines.some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0 '))).toBe(true);
    });

    test('is none with verify: false, nor if it is empty', async () => {
      const server = await secureServer();
      const { log } = filesOf({ log: '' });
      rmSync(log);
      await clientWith({ SSLKEYLOGFILE: log }, {}, { verify: false }).get(server.url);
      await clientWith({ SSLKEYLOGFILE: '' }, {}, { verify: { ca: made.root.cert } }).get(server.url);
      expect(existsSync(log)).toBe(false);
    });

    test('a host that denies its variables is asked for none with trustEnv: false', async () => {
      const server = await secureServer();
      const environment = kind.environment();
      environment.host.environment = (name) => {
        throw new Error(`Cannot read ${name}`);
      };
      const settings = { verify: { ca: made.root.cert }, trustEnv: false };
      expect((await kind.open(settings, environment).get(server.url)).text).toBe('secure');
      expect(() => kind.open({}, environment)).toThrow(/^Cannot read/);
    });

    test('one that cannot be written fails the connection, and says so', async () => {
      const server = await secureServer();
      const settings = { verify: { ca: made.root.cert } };
      const client = clientWith({ SSLKEYLOGFILE: '/nonexistent/keys.log' }, {}, settings);
      const error = await failureOf(() => client.get(server.url), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none' });
      expect(error.message).toContain(
        'the key log that SSLKEYLOGFILE names cannot be written to /nonexistent/keys.log: ',
      );
      expect(server.heads).toEqual([]);
    });
  });
});
