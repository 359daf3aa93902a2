// Runs the suite in a worker of workerd: bundled as wrangler does it (esbuild with the conditions workerd, worker and browser;
// .wasm files stay modules), with the test's authority as the one that TLS trusts, and no compatibility flag: `node:` modules
// are not there.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundled } from './bundle.mjs';

export const COMPATIBILITY_DATE = '2026-11-01';
/** Where workerd tells what it does, one JSON text a line. */
const CONTROL = 3;

/** `trusted`: certificates of authorities, in place of the web's. */
function configOf(outdir, { script, bindings, trusted = [] }) {
  const modules = readdirSync(outdir)
    .filter((name) => name.endsWith('.wasm'))
    .map((name) => `(name = "${name}", wasm = embed "${name}")`);
  const text = (value) => JSON.stringify(value);
  const bound = Object.entries(bindings).map(([name, value]) => `(name = "${name}", text = ${text(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .suite),
    (name = "internet", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = false, trustedCertificates = [${trusted.map(text).join(', ')}]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const suite :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "${script}"), ${modules.join(', ')}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bound.join(', ')}],
);
`;
}

/** The port that the system chose, once workerd listens. @throws if it ended before */
async function portOf(child) {
  for await (const line of createInterface({ input: child.stdio[CONTROL] })) {
    const { event, port } = JSON.parse(line);
    if (event === 'listen') return port;
  }
  throw new Error('workerd ended before it listened');
}

/** What the worker `script` of `outdir` answers, in JSON. */
export async function workerResults(command, outdir, settings) {
  const config = join(outdir, 'config.capnp');
  writeFileSync(config, configOf(outdir, settings));
  const words = ['serve', `--control-fd=${CONTROL}`, config];
  const child = spawn(command, words, { cwd: outdir, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  try {
    return await (await fetch(`http://127.0.0.1:${await portOf(child)}/`)).json();
  } catch (error) {
    return [{ name: 'the suite', failed: `${error.message}: ${said.slice(-2000)}` }];
  } finally {
    child.kill('SIGKILL');
  }
}

/** The results of the suite, in the project `folder`. */
export async function workerdResults({ command, features }, servers, folder) {
  const outdir = await bundled(folder, 'workerd-entry', ['workerd', 'worker', 'browser'], {
    external: ['cloudflare:sockets'],
    loader: { '.wasm': 'copy' },
  });
  const host = { features, secureOptions: {} };
  const bindings = { SERVERS: JSON.stringify(servers), HOST: JSON.stringify(host) };
  return workerResults(command, outdir, { script: 'workerd-entry.js', bindings, trusted: [servers.ca] });
}
