// What the client loads when it first needs it (brotli and zstd, the public suffix list, hash functions), loaded while the
// component is made: a call that blocks could not wait for it. What is loaded stays in the memory that is saved.
import * as httpx from 'httpx-wasm';
import { decode } from 'httpx-wasm/core';

/** An empty body, by brotli (RFC 7932 §9.1). */
const EMPTY = Uint8Array.of(6);
const CHALLENGE = 'Digest realm="all", qop="auth", nonce="once", algorithm=SHA-256';

const client = new httpx.AsyncClient({
  timeout: null,
  transport: new httpx.MockTransport((request) =>
    request.headers.has('authorization')
      ? new httpx.Response(200, { headers: { 'set-cookie': 'a=b; Domain=example.org' } })
      : new httpx.Response(401, { headers: { 'www-authenticate': CHALLENGE } }),
  ),
});
// Digest asks for randomness. What it makes of it here is thrown away.
globalThis.crypto = { getRandomValues: (view) => view };
await decode('br', EMPTY);
await client.get('http://www.example.org/', { auth: new httpx.DigestAuth('user', 'password') });
await client.aclose();
globalThis.crypto = undefined;
