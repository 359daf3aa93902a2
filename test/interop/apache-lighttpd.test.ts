/** apache2 and lighttpd: documents, and those that ask who is there by Basic and Digest (MD5, SHA-256). */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { type ClientKind, clients } from '../support/clients.js';
import { documents } from './documents.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

const apache = peers.apache2.ports;
const lighttpd = peers.lighttpd.ports;

/** Digest at one place. */
function digest(kind: ClientKind, url: string, algorithm: string, verify: string): void {
  test(`Digest ${algorithm}: one challenge for many requests`, async () => {
    const client = kind.open({ verify, auth: new httpx.DigestAuth('user', 'pa:ss') });
    for (let i = 0; i < 5; i++) {
      const response = await client.get(`${url}/hello.txt?${i}`);
      expect([response.statusCode, response.text]).toEqual([200, 'hello\n']);
      expect(response.history.map(({ statusCode }) => statusCode)).toEqual(i === 0 ? [401] : []);
      if (i === 0) expect(response.request.headers.get('authorization')).toContain(`algorithm=${algorithm}`);
    }
  });

  test(`Digest ${algorithm}: wrong credentials are tried once`, async () => {
    const client = kind.open({ verify });
    expect((await client.get(`${url}/hello.txt`)).statusCode).toBe(401);
    const auth = new httpx.DigestAuth('user', 'wrong');
    const response = await client.get(`${url}/hello.txt`, { auth });
    expect([response.statusCode, response.history.length]).toEqual([401, 1]);
  });
}

servers('apache2', 'lighttpd').describe('apache2 and lighttpd', (place) => {
  describe.each(clients)('$name', (kind) => {
    describe('apache2', () => {
      documents(kind, place, { ...apache, codings: [] });
      digest(kind, `http://localhost:${apache.plain}/digest-md5`, 'MD5', place.ca);

      test.each(['gzip', 'br'])('it compresses by %s', async (coding) => {
        const url = `http://localhost:${apache.plain}/text.txt`;
        const response = await kind.open().get(url, { headers: { 'Accept-Encoding': coding } });
        expect(response.headers.get('content-encoding')).toBe(coding);
        expect(response.text.startsWith('1\n2\n3\n')).toBe(true);
      });

      test('Basic', async () => {
        const url = `http://localhost:${apache.plain}/basic/hello.txt`;
        const client = kind.open();
        expect((await client.get(url)).statusCode).toBe(401);
        expect((await client.get(url, { auth: ['user', 'pa:ss'] })).text).toBe('hello\n');
      });
    });

    describe('lighttpd', () => {
      documents(kind, place, { ...lighttpd, codings: ['gzip', 'deflate', 'br', 'zstd'] });
      digest(kind, `http://localhost:${lighttpd.plain}/digest-md5`, 'MD5', place.ca);
      digest(kind, `http://localhost:${lighttpd.plain}/digest-sha256`, 'SHA-256', place.ca);
      digest(kind, `https://localhost:${lighttpd.tls}/digest-sha256`, 'SHA-256', place.ca);
    });
  });
});
