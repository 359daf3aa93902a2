/** What every server of documents must pass: nginx, apache2, lighttpd, caddy, haproxy before nginx. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ClientKind, joined } from '../support/clients.js';
import type { Place } from './servers.js';

const MEGABYTE = 1_000_000;

/** What differs from server to server. */
export interface Traits {
  readonly plain: number;
  readonly tls: number;
  /** Content codings of `/text.txt`, by what is asked for. */
  readonly codings: readonly string[];
}

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** The tests, for one client. */
export function documents(kind: ClientKind, { ca, path }: Place, { plain, tls, codings }: Traits): void {
  describe.each([`http://localhost:${plain}`, `https://localhost:${tls}`])('%s', (baseUrl) => {
    const open = () => kind.open({ baseUrl, verify: ca, timeout: '30s' });

    test('documents come whole, one after the other, over kept connections', async () => {
      const client = open();
      for (let i = 0; i < 20; i++) expect((await client.get('/hello.txt')).text).toBe('hello\n');
      const large = await client.stream('GET', '/16m.bin', { headers: { 'Accept-Encoding': 'identity' } });
      const octets = await joined(kind.bytes(large));
      expect(sha256(octets)).toBe(sha256(readFileSync(path('www/16m.bin'))));
    });

    test.each(['identity', ...codings])('text comes as it is, by way of %s', async (coding) => {
      const response = await open().get('/text.txt', { headers: { 'Accept-Encoding': coding } });
      expect(response.headers.get('content-encoding') ?? 'identity').toBe(coding);
      expect(sha256(response.content)).toBe(sha256(readFileSync(path('www/text.txt'))));
    });

    test('HEAD, conditions and what is not there', async () => {
      const client = open();
      const head = await client.head('/hello.txt', { headers: { 'Accept-Encoding': 'identity' } });
      expect([head.statusCode, head.headers.get('content-length'), head.content.length]).toEqual([200, '6', 0]);
      const etag = (await client.get('/16m.bin', { headers: { Range: 'bytes=0-0' } })).headers.get('etag');
      const same = await client.get('/16m.bin', { headers: { 'If-None-Match': etag ?? '' } });
      expect(same.statusCode).toBe(304);
      expect((await client.get('/none')).statusCode).toBe(404);
    });

    test('a part', async () => {
      const headers = { Range: 'bytes=1-3', 'Accept-Encoding': 'identity' };
      const part = await open().get('/hello.txt', { headers });
      expect([part.statusCode, part.text, part.headers.get('content-range')]).toEqual([206, 'ell', 'bytes 1-3/6']);
    });

    test('a long download that is given up, and the client goes on', async () => {
      const client = open();
      const response = await client.stream('GET', '/16m.bin');
      let octets = 0;
      for await (const piece of kind.raw(response)) {
        octets += piece.length;
        if (octets > MEGABYTE) break;
      }
      await kind.close(response);
      expect((await client.get('/hello.txt')).text).toBe('hello\n');
    });
  });
}
