// The installed package, used by a CommonJS script.
const assert = require('node:assert/strict');
const { createServer } = require('node:http');
const httpx = require('httpx-wasm');

const server = createServer((_, response) => response.end('hello'));
server.listen(0, '127.0.0.1', async () => {
  const response = await httpx.get(`http://127.0.0.1:${server.address().port}/`);
  server.close();
  assert.equal(response.text, 'hello');
  assert.equal((await import('httpx-wasm')).HTTPError, httpx.HTTPError);
  console.log('smoke: require works');
});
