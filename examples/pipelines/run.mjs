// Each pipeline once, against a server of its own: `node examples/pipelines/run.mjs`.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncClient } from 'httpx-wasm';
import { csv, forwarded, gzipped, ndjson } from './pipelines.mjs';
import { toFile } from './to-file.mjs';

const BODIES = {
  '/lamps.ndjson': '{"id":1,"name":"desk"}\n{"id":2,"name":"floor"}\n',
  '/lamps.csv': 'id,name\n1,desk\n2,floor\n',
};
const server = createServer((request, response) => {
  if (request.method === 'POST') request.pipe(response);
  else response.end(BODIES[request.url]);
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const folder = await mkdtemp(join(tmpdir(), 'pipelines-'));
const client = new AsyncClient({ baseUrl: `http://127.0.0.1:${server.address().port}`, trustEnv: false });
const body = (path) => client.stream('GET', path);
try {
  for await (const lamp of ndjson(await body('/lamps.ndjson'))) console.log('NDJSON', lamp);
  for await (const lamp of csv(await body('/lamps.csv'))) console.log('CSV', lamp);
  const packed = await new Response(gzipped(await body('/lamps.csv'))).arrayBuffer();
  console.log('gzip', packed.byteLength, 'octets');
  console.log('forwarded', JSON.stringify((await forwarded(await body('/lamps.csv'), client, '/copy')).text));
  const path = join(folder, 'lamps.csv');
  await toFile(await body('/lamps.csv'), path);
  console.log('file', JSON.stringify(await readFile(path, 'utf8')));
} finally {
  await client.aclose();
  server.close();
  await rm(folder, { recursive: true });
}
