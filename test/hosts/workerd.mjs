// Runs the suite in a worker of workerd: bundled as wrangler does it (esbuild with the conditions workerd, worker and browser;
// .wasm files stay modules), with the test's authority as the one that TLS trusts, and no compatibility flag: `node:` modules
// are not there.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bundled } from './bundle.mjs';

const STARTED_MS = 10_000;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function configOf(outdir, port, servers, host) {
  const modules = readdirSync(outdir)
    .filter((name) => name.endsWith('.wasm'))
    .map((name) => `(name = "${name}", wasm = embed "${name}")`);
  const text = (value) => JSON.stringify(value);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .suite),
    (name = "internet", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = false, trustedCertificates = [${text(servers.ca)}]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const suite :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "workerd-entry.js"), ${modules.join(', ')}],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "SERVERS", text = ${text(JSON.stringify(servers))}),
    (name = "HOST", text = ${text(JSON.stringify(host))}),
  ],
);
`;
}

/** What the worker answers, once it listens. */
async function answerOf(port, child) {
  const until = performance.now() + STARTED_MS;
  for (;;) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`)).json();
    } catch (error) {
      const isStarting = error.cause?.code === 'ECONNREFUSED' && child.exitCode === null && performance.now() < until;
      if (!isStarting) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The results of the suite, in the project `folder`. */
export async function workerdResults({ command, features }, servers, folder) {
  const outdir = await bundled(folder, 'workerd-entry', ['workerd', 'worker', 'browser'], {
    external: ['cloudflare:sockets'],
    loader: { '.wasm': 'copy' },
  });
  const port = await freePort();
  const config = join(outdir, 'config.capnp');
  writeFileSync(config, configOf(outdir, port, servers, { features, secureOptions: {} }));
  const child = spawn(command, ['serve', config], { cwd: outdir, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  try {
    return await answerOf(port, child);
  } catch (error) {
    return [{ name: 'the suite', failed: `${error.message}: ${said.slice(-2000)}` }];
  } finally {
    child.kill('SIGKILL');
  }
}
