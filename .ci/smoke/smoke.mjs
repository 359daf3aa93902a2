// The installed package, used by an ES module: two requests, one error that is an instance of the exported class.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import * as httpx from 'httpx-wasm';
import { decode, decodeSync } from 'httpx-wasm/core';

const server = createServer((request, response) => {
  if (request.url !== '/br') response.end('{"answer":42}');
  else response.setHeader('content-encoding', 'br').end(brotliCompressSync('in the second module'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}/`;

const client = new httpx.AsyncClient();
try {
  const response = await client.get(base);
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { answer: 42 });
  assert.equal((await client.get(`${base}br`)).text, 'in the second module');
} finally {
  await client.aclose();
  server.close();
}
assert.equal(Buffer.from(decodeSync('br', brotliCompressSync('ab'))).toString(), 'ab');
await assert.rejects(decode('gzip', Buffer.from('no gzip')), httpx.DecodingError);
await assert.rejects(httpx.get(base), httpx.ConnectError);
console.log('smoke: import works');
