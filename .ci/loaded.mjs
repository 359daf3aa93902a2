// Prints, as JSON, which files of the package Node.js loads: `start`, by an import of it alone; `request`, by then making one
// plain request to a server of its own.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const { cache } = createRequire(import.meta.url);
const loaded = () => Object.keys(cache).filter((path) => path.startsWith(dist));

const { AsyncClient } = await import('httpx-wasm');
const start = loaded();
const server = createServer((_, response) => response.end('{}'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = new AsyncClient();
(await client.get(`http://127.0.0.1:${server.address().port}/`)).json();
await client.aclose();
server.close();
console.log(JSON.stringify({ start, request: loaded() }));
