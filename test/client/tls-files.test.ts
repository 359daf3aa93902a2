/** Files that TLS settings name: read once, and told by name when they cannot be used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as nodeTls from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { tlsSettings } from '../../src/hosts/node/tls-settings.js';
import { AsyncClient, ConnectError } from '../../src/index.js';
import { TlsSettings } from '../../src/tls-material.js';
import { certificates } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients, type Settings } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { FakeHost } from '../support/fake-host.js';
import { answer, octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const noneKept = { limits: { maxKeepaliveConnections: 0 } } satisfies Settings;
const named: [string, Settings][] = [
  ['verify', { verify: 'ca.pem' }],
  ['caFile', { verify: { caFile: 'ca.pem' } }],
  ['caFile beside ca', { verify: { ca: made.strangerRoot.cert, caFile: 'ca.pem' } }],
  ['caFile beside several ca', { verify: { ca: [made.strangerRoot.cert], caFile: 'ca.pem' } }],
];

const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

/** The client's key, which a password opens. */
function lockedKey(passphrase: string): string {
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(made.client.key).export(locked) as string;
}

describe.each(clients)('$name', (kind) => {
  /** Real sockets, and files that are nowhere but here. */
  function withFiles(files: Record<string, string>) {
    const environment = kind.environment();
    for (const [name, text] of Object.entries(files)) {
      environment.host.files.set(name, Uint8Array.from(octetsOf(text)));
    }
    return { environment, read: vi.spyOn(environment.host, 'readFile') };
  }

  function secureServer(clientCa?: string) {
    const tls = clientCa === undefined ? made.server : { ...made.server, clientCa };
    return serve(always(answer('secure')), { tls, repeatLast: true });
  }

  describe('files are read by the host, once', () => {
    test.each(named)('the authorities of %s', async (_name, options) => {
      const server = await secureServer();
      const { environment, read } = withFiles({ 'ca.pem': made.root.cert });
      const client = kind.open({ ...options, ...noneKept }, environment);
      for (let i = 0; i < 3; i++) expect((await client.get(server.url)).text).toBe('secure');
      expect(server.handshakes).toBe(3);
      expect(read.mock.calls).toEqual([['ca.pem']]);
    });

    test('certificate and key', async () => {
      const server = await secureServer(made.root.cert);
      const { environment, read } = withFiles({ 'a.crt': made.client.cert, 'a.key': made.client.key });
      const client = kind.open({ verify: { ca: made.root.cert }, cert: ['a.crt', 'a.key'], ...noneKept }, environment);
      for (let i = 0; i < 2; i++) expect((await client.get(server.url)).text).toBe('secure');
      expect(read.mock.calls).toEqual([['a.crt'], ['a.key']]);
    });
  });

  describe('what cannot be used is told by name, in the phase tls, and nothing is connected', () => {
    const missing: [string, Settings][] = [
      ['ca.pem', { verify: 'ca.pem' }],
      ['ca.pem', { verify: { caFile: 'ca.pem' } }],
      ['a.crt', { cert: ['a.crt', 'a.key'] }],
      ['there.key', { cert: ['there.crt', 'there.key'] }],
      ['both.pem', { cert: 'both.pem' }],
    ];

    test.each(missing)('%s is missing: %j', async (file, options) => {
      const server = await secureServer();
      const { environment } = withFiles({ 'there.crt': made.client.cert });
      const error = await failureOf(() => kind.open(options, environment).get(server.url), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(error.message).toMatch(/^Cannot set up TLS: /);
      expect(error.message).toContain(file);
      expect(error.cause).toBeInstanceOf(Error);
      expect(server.accepted).toBe(0);
    });

    test('a file that comes later is found', async () => {
      const server = await secureServer();
      const { environment } = withFiles({});
      const client = kind.open({ verify: 'ca.pem' }, environment);
      await failureOf(() => client.get(server.url), ConnectError);
      environment.host.files.set('ca.pem', Uint8Array.from(octetsOf(made.root.cert)));
      expect((await client.get(server.url)).text).toBe('secure');
    });

    test.each<[string, Settings]>([
      ['a certificate that is none', { verify: { cert: 'nonsense', key: made.client.key } }],
      ['a key that is none', { verify: { cert: made.client.cert, key: 'nonsense' } }],
      ['a key of another certificate', { verify: { cert: made.client.cert, key: made.server.key } }],
    ])('%s', async (_name, options) => {
      const server = await secureServer();
      const error = await failureOf(() => kind.open(options).get(server.url), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(error.message).toMatch(/^Cannot set up TLS: /);
      expect(error.cause).toBeInstanceOf(Error);
      expect(server.octetsHeard).toBe(0);
    });

    test('TLS options that nobody reads', () => {
      const misspelt = { verify: { rejectUnauthorised: true } } as unknown as Settings;
      expect(() => new AsyncClient(misspelt)).toThrow(/'rejectUnauthorised' \(known: ca, caFile,/);
    });

    test.each<[string, Settings, string]>([
      [
        'authorities',
        { verify: 'notes.txt' },
        'the authorities cannot be read from notes.txt: it holds no certificate',
      ],
      ['authorities beside others', { verify: { ca: made.root.cert, caFile: 'notes.txt' } }, 'no certificate in PEM'],
      ['a key with the wrong password', { cert: ['a.crt', 'locked.key', 'wrong'] }, 'cannot be used'],
      ['a key without its password', { cert: ['a.crt', 'locked.key'] }, 'cannot be used'],
    ])('%s in a file that are none', async (_name, options, message) => {
      const files = { 'notes.txt': 'hello', 'a.crt': made.client.cert, 'locked.key': lockedKey('right') };
      const { environment } = withFiles(files);
      const error = await failureOf(() => kind.open(options, environment).get('https://127.0.0.1:1/'), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', retryable: false });
      expect(error.message).toContain(message);
    });

    test('a key opens with its password', async () => {
      const server = await secureServer(made.root.cert);
      const { environment } = withFiles({ 'a.crt': made.client.cert, 'a.key': lockedKey('right') });
      const settings: Settings = { verify: { ca: made.root.cert }, cert: ['a.crt', 'a.key', 'right'] };
      expect((await kind.open(settings, environment).get(server.url)).text).toBe('secure');
    });

    test('DER will do for certificates and keys that are given as octets', async () => {
      const server = await secureServer(made.root.cert);
      const key = createPrivateKey(made.client.key);
      const octets = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
      const verify = { ca: derOf(made.root.cert), cert: derOf(made.client.cert), key: octets };
      expect((await kind.open({ verify }).get(server.url)).text).toBe('secure');
      const cipher = { cipher: 'aes-256-cbc', passphrase: 'right' };
      const locked = new Uint8Array(key.export({ type: 'pkcs8', format: 'der', ...cipher }));
      const opened = { ...verify, key: locked, password: 'right' };
      expect((await kind.open({ verify: opened }).get(server.url)).text).toBe('secure');
    });

    const hasSystemStore = 'getCACertificates' in nodeTls;
    const systemStore = hasSystemStore
      ? "the system's store is asked"
      : "the system's store is not offered, and that is said";
    test(`ca: 'system': ${systemStore}`, async () => {
      const server = await secureServer();
      const error = await failureOf(() => kind.open({ verify: { ca: 'system' } }).get(server.url), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(error.message).toContain(hasSystemStore ? 'its authority is not trusted' : "Cannot use ca: 'system'");
      if (!hasSystemStore) return;
      const both = { verify: { ca: ['system', made.root.cert] } };
      expect((await kind.open(both).get(server.url)).text).toBe('secure');
    });

    test('no authorities at all trust nobody', async () => {
      const server = await secureServer();
      await failureOf(() => kind.open({ verify: { ca: [] } }).get(server.url), ConnectError);
      expect(server.octetsHeard).toBe(0);
    });
  });
});

test('and what they hold is made ready once for all connections of the client', () => {
  const host = new FakeHost();
  const settings = new TlsSettings(host, { ca: made.root.cert }, null, true);
  const contextOf = (name: string, of = settings) => tlsSettings(of.target(name, null, [], null)).secureContext;
  expect(contextOf('a.invalid')).toBeDefined();
  expect(contextOf('b.invalid')).toBe(contextOf('a.invalid'));
  expect(contextOf('a.invalid', new TlsSettings(host, { ca: made.root.cert }, null, true))).not.toBe(
    contextOf('a.invalid'),
  );
});
