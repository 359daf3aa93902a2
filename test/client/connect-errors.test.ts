/** What failed connects are called: the words of each host, and what they mean to who reads them. */
import { describe, expect, test } from 'vitest';
import { connectError } from '../../src/hosts/connect-error.js';

describe('a server without any of the protocols that were offered', () => {
  test.each([
    ['Node.js', '0:error:0A000460:SSL routines:ssl3_read_bytes:tlsv1 alert no application protocol:alert number 120'],
    ['Deno', 'received fatal alert: NoApplicationProtocol'],
    ['Bun, by name', 'error:10000460:SSL routines:OPENSSL_internal:TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
    ['Bun, by number', 'error:10000460'],
  ])('is called so by what %s says', (_host, said) => {
    const error = connectError('example.org:443', 'tls', new Error(said));
    expect(error.message).toContain('Cannot set up TLS with example.org:443: the server speaks none of the protocols');
    expect(error.message).toContain('(ALPN); http1 and http2 say which those are');
    expect(error.retryable).toBe(false);
  });
});
